package form

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

var numbering = regexp.MustCompile(`^\s*[(（]?(?:[一二三四五六七八九十]{1,3}|[0-9０-９]{1,2})\s*[)）]?\s*[、.．,，:：]?\s*`)

// rowLabel is the key of a row's label without its number: "（三） 1．属于国家秘密" is "属于国家秘密".
func rowLabel(s string) string {
	key := text.Key(numbering.ReplaceAllString(s, ""))
	if key == "" {
		return text.Key(s)
	}
	return key
}

// A labelled thing is a row or column of the form with the keys that name it.
type labelled struct {
	id   string
	keys []string
}

// nearest finds the thing that a key names. exact reports whether the key is one of the thing's own labels; else
// it is a shortened, lengthened or misspelt one, and no other thing comes as close. ok is false when there is none.
func nearest(key string, things []labelled) (at int, exact, ok bool) {
	for i, thing := range things {
		if slices.Contains(thing.keys, key) {
			return i, true, true
		}
	}
	if otherThing.MatchString(key) {
		return -1, false, false // last year's column is close to this year's in letters only
	}
	best, second := 0.0, 0.0
	at = -1
	for i, thing := range things {
		for _, k := range thing.keys {
			s := similarity(key, k)
			switch {
			case s > best:
				if at != i {
					second = best
				}
				best, at = s, i
			case s > second && i != at:
				second = s
			}
		}
	}
	if best < 0.7 || best-second < 0.1 {
		return -1, false, false
	}
	return at, false, true
}

var otherThing = regexp.MustCompile(`上年|去年|上一年|历年|累计|以前|20\d\d|听证|同比|增长|占比|比例`)

// similarity is 1 for equal keys, high for one that begins or ends with the other, and otherwise the share of
// characters that need no edit.
func similarity(a, b string) float64 {
	ra, rb := utf8.RuneCountInString(a), utf8.RuneCountInString(b)
	if ra > rb {
		a, b, ra, rb = b, a, rb, ra
	}
	if ra < 2 || ra < 3 && rb > 4 {
		return 0
	}
	if ra >= 4 && (strings.HasPrefix(b, a) || strings.HasSuffix(b, a)) {
		return 0.75 + 0.2*float64(ra)/float64(rb)
	}
	if rb-ra > rb/3 {
		return 0
	}
	return 1 - float64(editDistance([]rune(a), []rune(b)))/float64(rb)
}

// editDistance is Levenshtein's. Labels have at most some forty characters.
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ca := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, cb := range b {
			cost := 1
			if ca == cb {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

// formLabels holds the labels of the statutory tables, ready for nearest.
type formLabels struct {
	t2Rows    []labelled            // id is "t2.art20_1/normative"
	t2Columns map[string][]labelled // by table; id is the index into the table's Columns
	t3Rows    []labelled
	t3Columns []labelled
	t4Leaves  []labelled
}

var labelsOfForm = sync.OnceValue(func() *formLabels {
	l := &formLabels{t2Columns: map[string][]labelled{}}
	for _, t := range Schema().Tables {
		switch {
		case strings.HasPrefix(t.ID, "t2."):
			for _, r := range t.Rows {
				l.t2Rows = append(l.t2Rows, labelled{t.ID + "/" + r.ID, labelKeys(r.ZH, r.Aliases)})
			}
			for _, c := range t.Columns {
				l.t2Columns[t.ID] = append(l.t2Columns[t.ID], labelled{c.ID, labelKeys(withoutUnit(c.ZH), c.Aliases)})
			}
		case t.ID == "t3":
			for _, r := range t.Rows {
				if r.ID != "r3.6h" { // the same label as r3.6: a head when rows follow below it
					l.t3Rows = append(l.t3Rows, labelled{r.ID, labelKeys(r.ZH, r.Aliases)})
				}
			}
			for _, c := range t.Columns {
				if c.Type != "header" {
					l.t3Columns = append(l.t3Columns, labelled{c.ID, labelKeys(c.ZH, c.Aliases)})
				}
			}
		case t.ID == "t4":
			for _, c := range t.Columns {
				if c.Parent == "review" {
					l.t4Leaves = append(l.t4Leaves, labelled{strings.TrimPrefix(c.ID, "review."), labelKeys(c.ZH, c.Aliases)})
				}
			}
		}
	}
	return l
})

func labelKeys(zh string, aliases []string) []string {
	keys := []string{rowLabel(zh)}
	for _, a := range aliases {
		keys = append(keys, rowLabel(a))
	}
	return keys
}

// rowKey is the key of a row's label on a page: neither its number counts, nor what explains it in brackets.
func rowKey(text string) string {
	key := rowLabel(text)
	if !strings.ContainsAny(text, "(（") {
		return key
	}
	return cmp.Or(explained(numbering.ReplaceAllString(text, ""), key), key)
}

// explained returns the key of a label without what it says in brackets, where that is a label of the form, and the whole is none: as
// "上一年项目数量（指2019年事项数）"; "" for all others. Brackets that tell of another year than the column's explain nothing.
func explained(s, whole string) string {
	words := wordsOfForm()
	if words[whole] {
		return ""
	}
	bare := text.Narrow(text.Simplify(s))
	for range 4 { // as deep as brackets stand in each other
		if slices.ContainsFunc(bracketed.FindAllString(bare, -1), func(b string) bool { return otherThing.MatchString(b) && !explains.MatchString(b) }) {
			return ""
		}
		bare = innermost.ReplaceAllString(bare, "")
	}
	if key := text.Key(bare); words[key] {
		return key
	}
	return ""
}

var (
	innermost = regexp.MustCompile(`\([^()]*\)`)
	explains  = regexp.MustCompile(`^\(\s*(?:指|即|含|包括|包含|是指|填|填写|注|按|以|如)`)
)

// wordsOfForm are the keys of all labels of the statutory tables, their heads included.
var wordsOfForm = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{"信息内容": true, "申请人情况": true, "法人或其他组织": true, "行政复议": true, "行政诉讼": true, "未经复议直接起诉": true, "复议后起诉": true}
	l := labelsOfForm()
	for _, things := range [][]labelled{l.t2Rows, l.t3Rows, l.t3Columns, l.t4Leaves} {
		for _, thing := range things {
			for _, k := range thing.keys {
				words[k] = true
			}
		}
	}
	for _, things := range l.t2Columns {
		for _, thing := range things {
			for _, k := range thing.keys {
				words[k] = true
			}
		}
	}
	return words
})

// headKey is the key of a column's label: neither a unit in brackets counts, nor what explains it there.
func headKey(c *markup.Cell) string {
	if !strings.ContainsAny(c.Text, "(（") {
		return c.Key()
	}
	if key := explained(c.Text, c.Key()); key != "" {
		return key
	}
	s := text.Narrow(text.Simplify(c.Text))
	if short := bareUnit.ReplaceAllString(unitInHeader.ReplaceAllString(s, ""), ""); short != s {
		return text.Key(short)
	}
	return c.Key()
}

var bareUnit = regexp.MustCompile(`\(\s*(?:单位\s*:?)?\s*(?:人民币)?(?:件|项|個|个|宗|百万元|万元|千元|亿元|元|件次)\s*\)`)

// moneyWord is a unit of money in a head, in brackets or not.
var moneyWord = regexp.MustCompile(`百万元|万元|千元|亿元|元`)

var unitInHeader = regexp.MustCompile(`[(（]\s*单位\s*[:：]?\s*(\p{Han}{1,3})\s*[)）]`)

// withoutUnit strips "（单位：万元）" from a column's label.
func withoutUnit(label string) string { return unitInHeader.ReplaceAllString(label, "") }
