package pdf

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A block is a line of text, a paragraph once lines are joined, or a table.
type block struct {
	line
	table *table
}

// layOut turns pages into paragraphs and tables, in reading order.
func layOut(pages []*page) []block {
	perPage := make([][]block, len(pages))
	for i, p := range pages {
		perPage[i] = blocksOf(p, i)
	}
	dropMargins(perPage)
	var all []block
	for i, blocks := range perPage {
		if i > 0 && len(blocks) > 0 && len(all) > 0 {
			last := all[len(all)-1].table
			if last != nil && blocks[0].table != nil && last.goesOn(blocks[0].table) {
				last.join(blocks[0].table)
				blocks = blocks[1:]
			}
		}
		all = append(all, blocks...)
	}
	return joinLines(all)
}

// blocksOf reads the tables and lines of one page, top to bottom.
func blocksOf(p *page, number int) []block {
	var blocks []block
	rest := p.chars
	for _, g := range findGrids(p) {
		rest = g.take(rest)
		if t := g.table(); t != nil {
			blocks = append(blocks, block{line: line{box: g.box(), page: number}, table: t})
		}
	}
	loose := lines(rest)
	for _, l := range loose {
		l.page = number
		blocks = append(blocks, block{line: l})
	}
	slices.SortStableFunc(blocks, func(a, b block) int { return cmpFloat(a.y0, b.y0) })
	return alignedTables(blocks)
}

var pageNumber = regexp.MustCompile(`^[-—–－_·•~～\s]*(?:第\s*)?\d{1,4}\s*(?:页)?\s*(?:[/／,，共]?\s*(?:共\s*)?\d{1,4}\s*页?)?[-—–－_·•~～\s]*$`)

// dropMargins leaves out page numbers, and lines that head or foot most pages alike.
func dropMargins(pages [][]block) {
	for _, last := range [2]bool{false, true} {
		counts := map[string]int{}
		for _, blocks := range pages {
			if b := margin(blocks, last); b != nil {
				counts[marginKey(b.text)]++
			}
		}
		for i, blocks := range pages {
			b := margin(blocks, last)
			if b == nil {
				continue
			}
			n := counts[marginKey(b.text)]
			if last && pageNumber.MatchString(b.text) || n >= 3 && n*2 > len(pages) {
				pages[i] = without(blocks, last)
			}
		}
	}
}

// margin returns the first or last line of a page; nil where the page begins or ends with a table or has nothing else.
func margin(blocks []block, last bool) *block {
	if len(blocks) == 0 {
		return nil
	}
	b := &blocks[0]
	if last {
		b = &blocks[len(blocks)-1]
	}
	if b.table != nil {
		return nil
	}
	return b
}

func without(blocks []block, last bool) []block {
	if last {
		return blocks[:len(blocks)-1]
	}
	return blocks[1:]
}

// marginKey is a line without its digits: page numbers differ.
func marginKey(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// A measure is the column that the text is set in.
type measure struct {
	left, right float64
	size        float64 // of most of the text
	leading     float64 // from the middle of a line to that of the next, or +Inf where no two lines follow each other
	indents     bool    // paragraphs begin with an indent
}

// longLine is how many characters a line has at least that tells the measure.
const longLine = 15

// measureOf finds the measure of a document whose pages look alike: the left and right edges that most of its longer
// lines share.
func measureOf(blocks []block) measure {
	sizes := map[int]int{}
	var lefts, rights, leadings []float64
	for i, b := range blocks {
		if n := len([]rune(b.text)); b.table == nil && n >= longLine {
			sizes[int(math.Round(b.size))] += n
			lefts, rights = append(lefts, b.x0), append(rights, b.x1)
			if i > 0 && blocks[i-1].table == nil && blocks[i-1].page == b.page {
				leadings = append(leadings, b.midY()-blocks[i-1].midY())
			}
		}
	}
	m := measure{size: commonest(sizes), right: math.Inf(1), leading: math.Inf(1)}
	if len(leadings) > 0 {
		slices.Sort(leadings)
		m.leading = leadings[len(leadings)/2]
	}
	if len(lefts) == 0 {
		return m
	}
	slices.Sort(lefts)
	slices.Sort(rights)
	m.left, m.right = lefts[len(lefts)/20], rights[len(rights)-1-len(rights)/20]
	m.indents = indented(lefts, m) >= 3
	return m
}

// commonest is the size that most characters have, the smaller one of two; 12 points where there are none.
func commonest(sizes map[int]int) float64 {
	size, most := 12, 0
	for s, n := range sizes {
		if n > most || n == most && s < size {
			size, most = s, n
		}
	}
	return float64(size)
}

// indented counts the lines that begin as paragraphs do, by their left edges.
func indented(lefts []float64, m measure) (count int) {
	for _, x := range lefts {
		if x > m.left+m.size && x < m.left+4*m.size {
			count++
		}
	}
	return count
}

// measures returns the measure of every page: pages of one document may have margins of their own. A page with little
// text has those of the whole.
func measures(blocks []block) map[int]measure {
	perPage := map[int][]block{}
	for _, b := range blocks {
		perPage[b.page] = append(perPage[b.page], b)
	}
	whole := measureOf(blocks)
	out := map[int]measure{}
	for page, own := range perPage {
		m := measureOf(own)
		long := 0
		for _, b := range own {
			if b.table == nil && len([]rune(b.text)) >= longLine {
				long++
			}
		}
		if long < 5 {
			m.left, m.right, m.leading = whole.left, whole.right, whole.leading
		}
		m.size, m.indents = whole.size, whole.indents
		out[page] = m
	}
	return out
}

// joinLines joins the lines of a paragraph, over pages too.
func joinLines(blocks []block) []block {
	ms := measures(blocks)
	var out []block
	var text []byte // of the paragraph at the end of out, while it has several lines
	end := func() {
		if len(text) > 0 {
			out[len(out)-1].text, text = string(text), text[:0]
		}
	}
	for i, b := range blocks {
		if b.table == nil && i > 0 && blocks[i-1].table == nil && wraps(blocks[i-1].line, b.line, ms) {
			if len(text) == 0 {
				text = append(text, out[len(out)-1].text...)
			}
			text = goOn(text, b.text)
			continue
		}
		end()
		out = append(out, b)
	}
	end()
	return out
}

var (
	// brokenWord is a word that was parted at the end of a line; one letter with a hyphen is no part of a word
	// (e-mail).
	brokenWord = regexp.MustCompile(`\p{Latin}{2}[-‐]$`)
	// spaced ends a line after which a word or number begins, written with a blank before it.
	spaced = regexp.MustCompile(`[\p{Latin}\d.,;:!?)%]$`)
	// address ends a line in the middle of an address, which has no blanks.
	address = regexp.MustCompile(`(?:://|www\.|@)[!-~]*$`)
)

// goOn appends the next line of a paragraph: Chinese as it is, words with the blank that the end of the line stood for,
// and the rest of a word that was parted without its hyphen. Numbers are taken for one, as in Chinese.
func goOn(text []byte, next string) []byte {
	end, first := text[max(len(text)-200, 0):], firstRune(next)
	switch {
	case brokenWord.Match(end) && isLatin(first) && unicode.IsLower(first):
		_, hyphen := utf8.DecodeLastRune(end)
		text = text[:len(text)-hyphen]
	case isLatin(first) && spaced.Match(end) && !address.Match(end), unicode.IsDigit(first) && isLatin(lastRune(string(end))) && !address.Match(end):
		text = append(text, ' ')
	}
	return append(text, next...)
}

var (
	// heading begins a line that never continues the one above. numbered begins one that hardly does: a wrapped line
	// may well begin with 一是 or 2.5.
	heading  = regexp.MustCompile(`^\s*(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)])`)
	numbered = regexp.MustCompile(`^\s*(?:第?[一二三四五六七八九十]{1,3}(?:[、.．，,]|部分|是)|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[、.．]\D|[①-⑳])`)
	ended    = regexp.MustCompile(`[。；;！!？?：:]["”’）)]*$`)
)

// wraps reports whether the paragraph that ends with line a goes on in line b.
func wraps(a, b line, ms map[int]measure) bool {
	ma, mb := ms[a.page], ms[b.page]
	if isTitle(a, ma) || isTitle(b, mb) {
		return isTitle(a, ma) && isTitle(b, mb) && math.Abs(a.size-b.size) < 1 && !reportEnds(a.text) && b.y0-a.y1 < a.size*1.5
	}
	if a.x1 < ma.right-max(2*ma.size, b.unbroken()+ma.size) || math.Abs(a.size-b.size) > 0.25*ma.size {
		return false
	}
	if b.midY()-a.midY() > 1.5*ma.leading { // never overleaf, where b is the higher
		return false
	}
	if b.x0 > mb.left+mb.size {
		return false // an indent begins a paragraph
	}
	if ma.indents { // the lack of one says that the paragraph goes on, but headings may stand at the margin
		return !heading.MatchString(b.text)
	}
	return !numbered.MatchString(b.text) && !ended.MatchString(a.text)
}

// unbroken is how wide the word, number or address is that a line begins with, 0 for Chinese: what had to go to this
// line in one piece.
func (l line) unbroken() float64 {
	n := 0
	for n < len(l.chars) && l.chars[n].r < 0x250 && (n == 0 || !apart(l.chars[n-1], l.chars[n])) {
		n++
	}
	if n == 0 {
		return 0
	}
	return l.chars[n-1].x1 - l.chars[0].x0
}

// isTitle reports whether a line is set larger than the text, and centred.
func isTitle(l line, m measure) bool {
	if l.size < m.size*1.15 || math.IsInf(m.right, 1) {
		return false
	}
	middle := (m.left + m.right) / 2
	return math.Abs(l.midX()-middle) < 2*l.size
}

// reportEnds reports whether a line of a title ends what it names: a second title, or a signature, follows.
func reportEnds(s string) bool {
	return strings.HasSuffix(s, "报告") || strings.HasSuffix(s, "報告")
}
