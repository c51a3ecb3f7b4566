package form

import (
	"iter"
	"slices"
	"strings"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// Flattened text: reports that reach us without their tables' structure, a cell a line or rows with bars between the
// cells, as copied text, some PDF readers and careless editors leave them. The cells are still in reading order, and
// labels still say what follows: from them the tables are put together again, and read like any other.

// A token is one cell of flattened text. A blank cell is a token only where bars show that it was there.
type token struct {
	text string
	key  string // rowLabel of text
	pad  bool   // a blank that a row of bars at the end of a line may only have left over
}

// flatTables puts together the statutory tables that a report has as lines of text: those of kinds that have none as
// tables.
func flatTables(lines iter.Seq[string], have map[string]bool) []*markup.Table {
	tokens := tokensOf(lines)
	var tables []*markup.Table
	if !have["t2"] {
		tables = append(tables, flatT2(tokens)...)
	}
	if !have["t3"] {
		tables = append(tables, flatT3(tokens)...)
	}
	if !have["t4"] {
		tables = append(tables, flatT4(tokens)...)
	}
	return tables
}

// tokensOf cuts lines of text at bars and tabs. An empty piece between two bars, or a line of nothing but a bar after a
// cell, is a blank cell.
func tokensOf(lines iter.Seq[string]) []token {
	var tokens []token
	for line := range lines {
		if len(line) > 600 {
			continue
		}
		pieces := []string{line}
		padded := false
		if strings.ContainsFunc(line, isBar) {
			padded = strings.HasSuffix(line, "||")
			if pieces = strings.FieldsFunc(strings.ReplaceAll(line, "||", "| |"), isBar); len(pieces) == 0 {
				pieces = []string{""}
			}
		}
		first := len(tokens)
		for _, p := range pieces {
			p = text.Compact(p)
			tokens = append(tokens, token{text: p, key: rowKey(bareUnit.ReplaceAllString(text.Narrow(p), ""))})
		}
		for i := len(tokens) - 1; padded && i >= first && tokens[i].text == ""; i-- {
			tokens[i].pad = true
		}
	}
	return tokens
}

func isBar(r rune) bool { return r == '|' || r == '｜' || r == '\t' || r == '¦' }

// flatRow makes a table row of the texts.
func flatRow(t *markup.Table, texts ...string) {
	y := len(t.Rows)
	cells := make([]*markup.Cell, len(texts))
	for x, s := range texts {
		cells[x] = &markup.Cell{Text: s, Row: y, Col: x, RowSpan: 1, ColSpan: 1, Order: x + 1}
	}
	t.Rows = append(t.Rows, cells)
}

// value reports whether a token can be a cell of figures: a number or a blank, not a label.
func (t token) value() bool {
	c := parseCell(t.text)
	return c.ok
}

// values takes the next n values from tokens[i:]. Blanks at the end that a row's padding left over are skipped by
// whoever looks for the next label. ok is false when fewer than n come before the next label.
func values(tokens []token, i, n int) (texts []string, next int, ok bool) {
	for ; i < len(tokens) && len(texts) < n && tokens[i].value(); i++ {
		texts = append(texts, tokens[i].text)
	}
	return texts, i, len(texts) == n
}

// valuesOfRow takes n values where a row may begin with a bar of its own: when enough follow from the first number on,
// the blanks before it are no cells.
func valuesOfRow(tokens []token, i, n int) (texts []string, next int, ok bool) {
	number := i
	for number < len(tokens) && tokens[number].text == "" {
		number++
	}
	texts, next, ok = values(tokens, number, n)
	if ok && !slices.ContainsFunc(tokens[number:next], func(t token) bool { return t.pad }) {
		return texts, next, true
	}
	return values(tokens, i, n)
}

// flatT2 reads the blocks of article 20: 信息内容, column labels, then row labels each followed by their values.
func flatT2(tokens []token) []*markup.Table {
	rows := labelsOfForm().t2Rows
	isRow := func(key string) bool {
		_, exact, ok := nearest(key, rows)
		return ok && exact
	}
	t := &markup.Table{}
	var head []string
	for i := 0; i < len(tokens); i++ {
		switch {
		case tokens[i].key == "信息内容":
			head = []string{tokens[i].text}
			for i+1 < len(tokens) && !isRow(tokens[i+1].key) && len(head) < 5 && !tokens[i+1].number() {
				i++
				if tokens[i].text != "" && tokens[i].key != "备注" {
					head = append(head, tokens[i].text)
				}
			}
			flatRow(t, head...)
		case isRow(tokens[i].key) && len(head) > 1:
			texts, next, ok := values(tokens, i+1, len(head)-1)
			if ok {
				flatRow(t, append([]string{tokens[i].text}, texts...)...)
				i = next - 1
			}
		}
	}
	if len(t.Rows) < 2 {
		return nil
	}
	return []*markup.Table{t}
}

func (t token) number() bool { return parseCell(t.text).value != "" }

// flatT3 reads the table of requests: the seven column labels in their order, then row labels each followed by seven
// values.
func flatT3(tokens []token) []*markup.Table {
	l := labelsOfForm()
	at := slices.IndexFunc(tokens, func(t token) bool { return t.key == "自然人" })
	if at < 0 {
		return nil
	}
	// The head in reading order: 自然人, (法人或其他组织,) 总计, 商业企业 … 其他. What counts is that all labels are there
	// before the first row; the columns of figures stand in the order of the form.
	seen := map[string]bool{}
	i := at
	for ; i < len(tokens) && i < at+14; i++ {
		if k, exact, ok := nearest(tokens[i].key, l.t3Columns); ok && exact {
			seen[l.t3Columns[k].id] = true
		} else if tokens[i].key == "商业" || tokens[i].key == "科研" { // a head broken in two lines
			seen[map[string]string{"商业": "business", "科研": "research"}[tokens[i].key]] = true
		} else if _, exact, ok := nearest(tokens[i].key, l.t3Rows); ok && exact {
			break
		}
	}
	if len(seen) != len(l.t3Columns) {
		return nil
	}
	t := &markup.Table{}
	head := []string{""}
	for _, c := range Schema().Table("t3").leafColumns("v2021") {
		head = append(head, c.ZH)
	}
	flatRow(t, head...)
	under := ""
	for ; i < len(tokens); i++ {
		k, exact, ok := nearest(tokens[i].key, l.t3Rows)
		if !ok || !exact && !strings.HasPrefix(tokens[i].key, l.t3Rows[k].keys[0]) {
			continue
		}
		if strings.HasPrefix(l.t3Rows[k].id, "r3.6") {
			under = tokens[i].text
		}
		texts, next, ok := values(tokens, i+1, len(head)-1)
		if !ok {
			continue // a head of rows, or a row that lost cells: what it lacks is reported as missing
		}
		label := tokens[i].text
		if tokens[i].key == "其他" && under != "" {
			flatRow(t, append([]string{label}, texts...)...)
		} else if tokens[i].key != "其他" {
			flatRow(t, append([]string{label}, texts...)...)
		}
		i = next - 1
	}
	if len(t.Rows) < 2 {
		return nil
	}
	return []*markup.Table{t}
}

// flatT4 reads the table of reviews and litigation, whole or a group at a time: the groups' labels, their outcomes,
// and then five values a group, in the same order.
func flatT4(tokens []token) []*markup.Table {
	var tables []*markup.Table
	var groups []string
	outcomes := 0
	for i := 0; i < len(tokens); i++ {
		switch key := tokens[i].key; {
		case key == "行政复议" || key == "未经复议直接起诉" || key == "复议后起诉":
			groups = append(groups, key)
		case len(groups) > 0 && (key == "总计" || key == "合计"):
			outcomes++
		case outcomes > 0 && outcomes == len(groups) && tokens[i].value() && !tokens[i].pad:
			texts, next, ok := valuesOfRow(tokens, i, 5*len(groups))
			if ok {
				tables = append(tables, t4Table(groups, texts))
				i = next - 1
			}
			groups, outcomes = nil, 0
		}
	}
	return tables
}

// t4Table puts groups of five values under the head that the form has for them.
func t4Table(groups, texts []string) *markup.Table {
	var above, leaves []string
	for _, g := range groups {
		for _, leaf := range labelsOfForm().t4Leaves {
			above, leaves = append(above, g), append(leaves, leaf.keys[0])
		}
	}
	t := &markup.Table{}
	flatRow(t, above...)
	flatRow(t, leaves...)
	flatRow(t, texts...)
	return t
}
