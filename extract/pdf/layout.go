package pdf

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
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
	indents     bool    // paragraphs begin with an indent
}

// measureOf finds the measure of a document whose pages look alike: the left and right edges that most of its longer
// lines share.
func measureOf(blocks []block) measure {
	sizes := map[int]int{}
	var lefts, rights []float64
	for _, b := range blocks {
		if n := len([]rune(b.text)); b.table == nil && n >= 15 {
			sizes[int(math.Round(b.size))] += n
			lefts, rights = append(lefts, b.x0), append(rights, b.x1)
		}
	}
	m := measure{size: 12, right: math.Inf(1)}
	most := 0
	for size, n := range sizes {
		if n > most || n == most && float64(size) < m.size {
			m.size, most = float64(size), n
		}
	}
	if len(lefts) == 0 {
		return m
	}
	slices.Sort(lefts)
	slices.Sort(rights)
	m.left, m.right = lefts[len(lefts)/20], rights[len(rights)-1-len(rights)/20]
	indented := 0
	for _, x := range lefts {
		if x > m.left+m.size && x < m.left+4*m.size {
			indented++
		}
	}
	m.indents = indented >= 3
	return m
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
			if b.table == nil && len([]rune(b.text)) >= 15 {
				long++
			}
		}
		if long < 5 {
			m.left, m.right = whole.left, whole.right
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
	var text strings.Builder // of the paragraph at the end of out
	for i, b := range blocks {
		if n := len(out) - 1; b.table == nil && i > 0 && blocks[i-1].table == nil && wraps(blocks[i-1].line, b.line, ms) {
			if needsBlank(text.String(), b.text) {
				text.WriteByte(' ')
			}
			text.WriteString(b.text)
			out[n].text = text.String()
			continue
		}
		out = append(out, b)
		text.Reset()
		text.WriteString(b.text)
	}
	return out
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
	if a.x1 < ma.right-2*ma.size || math.Abs(a.size-b.size) > 0.25*ma.size {
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
