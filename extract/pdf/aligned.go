package pdf

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// Tables without rules are told by their figures: rows of five and more that stand below each other. What such a table
// cannot show is which labels belong together, so its cells have no spans but the heads'.
const (
	fewFigures  = 5  // in a row, for the row to count
	aloneAt     = 10 // figures from which a single row is a table
	maxLabels   = 3  // label cells of a row
	maxLabelGap = 4  // lines of labels between two rows of figures
	maxHead     = 12 // lines above the first row of figures
)

// How wide a blank is at least, in sizes of the text: between figures, which are never set apart; between the heads of
// narrow columns; between the labels of a row, in which there may be some blank.
const (
	figureGap = 0.3
	headGap   = 0.25
	labelGap  = 0.9
)

// A word is a piece of a line with blank on either side.
type word struct {
	box
	text string
}

// alignedTables replaces the lines of tables without rules by the tables.
func alignedTables(blocks []block) []block {
	var out []block
	end := 0 // of the last table
	for i := 0; i < len(blocks); {
		t, from, to := alignedAt(blocks, i, i-end)
		if t == nil {
			out = append(out, blocks[i])
			i++
			continue
		}
		out = out[:len(out)-(i-from)] // the lines of its head and first label
		b := block{line: blocks[from].line, table: t}
		for _, l := range blocks[from:to] {
			b.box = b.box.union(l.box)
		}
		out = append(out, b)
		i, end = to, to
	}
	return out
}

// columns are the middles of the columns of figures.
type columns []float64

// alignedAt reads the table whose first row of figures is block i. It begins with block from, at most free blocks
// before i, and ends before block to. The table is nil when there is none.
func alignedAt(blocks []block, i, free int) (t *table, from, to int) {
	rows := figureRows(blocks, i)
	if len(rows) == 0 {
		return nil, 0, 0
	}
	var cols columns
	size := blocks[i].size
	for _, y := range rows {
		if own := figuresOf(blocks[y].line); len(own) > len(cols) {
			cols = own
		}
	}
	if len(rows) == 1 && len(cols) < aloneAt {
		return nil, 0, 0
	}
	first := i
	for i-first < min(free, maxHead) && blocks[first-1].headOf(cols, blocks[first].y0, size) {
		first--
	}
	head, labels := splitHead(blocks[first:i], cols, size)
	last := rows[len(rows)-1] + 1
	for last < len(blocks) && last-rows[len(rows)-1] < 2 && blocks[last].isLabel(cols, size) && blocks[last].y0-blocks[last-1].y1 < 0.4*size {
		last++ // the label of the last row goes on
	}
	t = &table{}
	t.addHead(head, cols, size)
	lines := slices.Concat(labels, blocks[i:last])
	t.addRows(lines, cols, size)
	return t, first, last
}

// figureRows returns the blocks from i on that are rows of figures below each other.
func figureRows(blocks []block, i int) []int {
	cols := figuresOf(blocks[i].line)
	if len(cols) < fewFigures {
		return nil
	}
	rows := []int{i}
	for j := i + 1; j < len(blocks) && j-rows[len(rows)-1] <= maxLabelGap; j++ {
		own := figuresOf(blocks[j].line)
		switch {
		case len(own) >= fewFigures && own.below(cols, blocks[j].size):
			rows = append(rows, j)
			if len(own) > len(cols) {
				cols = own
			}
		case blocks[j].table != nil || !cols.rightOf(blocks[j].line, blocks[j].size):
			return rows
		}
	}
	return rows
}

var blankSign = regexp.MustCompile(`^[-—/－]+$`)

// figuresOf returns the middles of the figures that a line ends with.
func figuresOf(l line) columns {
	var cols columns
	for _, w := range slices.Backward(l.words(figureGap)) {
		if !figure.MatchString(w.text) && !blankSign.MatchString(w.text) {
			break
		}
		cols = append(cols, w.midX())
	}
	slices.Reverse(cols)
	return cols
}

// below reports whether every figure stands below one of others, or the other way round.
func (c columns) below(others columns, size float64) bool {
	few, many := c, others
	if len(few) > len(many) {
		few, many = many, few
	}
	for _, x := range few {
		if math.Abs(many[nearestEdge(many, x)]-x) > size {
			return false
		}
	}
	return true
}

// left is where the columns of figures begin: half a column left of the middle of the first.
func (c columns) left(size float64) float64 {
	return c[0] - max(size, min(2*size, (c[1]-c[0])/2))
}

// rightOf reports whether a line stands left of the figures.
func (c columns) rightOf(l line, size float64) bool { return l.x1 < c[0] && l.midX() < c.left(size) }

// isLabel reports whether a block is a line of a label, and no heading.
func (b block) isLabel(cols columns, size float64) bool {
	return b.table == nil && cols.rightOf(b.line, size) && !heading.MatchString(b.text)
}

// headOf reports whether a block is a line of the head above columns, the next line of which begins at y.
func (b block) headOf(cols columns, y, size float64) bool {
	if b.table != nil || y-b.y1 > 5*size || len(figuresOf(b.line)) >= fewFigures {
		return false
	}
	if b.x1 < cols.left(size) {
		return !heading.MatchString(b.text) && len([]rune(b.text)) < 40 // a label beside the head
	}
	for _, w := range b.words(headGap) {
		if w.midX() > cols.left(size) && w.x1-w.x0 < cols[len(cols)-1]-cols[0] {
			return true
		}
	}
	return false
}

// splitHead parts the lines above the first row of figures: those at the end that stand left of the figures are the
// beginning of the first row's label, unless a gap parts them from it.
func splitHead(lines []block, cols columns, size float64) (head, labels []block) {
	n := len(lines)
	for n > 0 && lines[n-1].isLabel(cols, size) {
		n--
	}
	return lines[:n], lines[n:]
}

// A headWord is a word above the columns [from, to).
type headWord struct {
	word
	line, from, to int
}

// addHead adds the heads: last a row of what stands directly above each column, its lines put together; before it a row
// for each line of what stands higher or above several columns.
func (t *table) addHead(lines []block, cols columns, size float64) {
	if len(lines) == 0 {
		return
	}
	bottom := make([]*tableCell, maxLabels+len(cols))
	var upper []headWord
	above := make([][]headWord, len(cols)) // top to bottom
	var beside strings.Builder
	for i, l := range lines {
		for _, w := range l.words(headGap) {
			from, to := cols.under(w, size)
			h := headWord{w, i, from, to}
			switch {
			case from < 0:
				beside.WriteString(w.text)
			case to-from > 1:
				upper = append(upper, h)
			default:
				above[from] = append(above[from], h)
			}
		}
	}
	bottom[0] = &tableCell{text: beside.String()}
	for x, words := range above {
		at := len(words)
		for at > 0 && (at == len(words) || words[at].y0-words[at-1].y1 < 0.5*size) {
			at--
		}
		cell := &tableCell{}
		for _, w := range words[at:] {
			cell.text += w.text
		}
		bottom[maxLabels+x] = cell
		upper = append(upper, words[:at]...)
	}
	t.addUpper(upper, len(lines), len(bottom))
	t.rows = append(t.rows, filled(bottom))
}

// addUpper adds a row for each of the lines that has words in it.
func (t *table) addUpper(words []headWord, lines, width int) {
	for i := range lines {
		row := make([]*tableCell, width)
		any := false
		for _, w := range words {
			if w.line != i {
				continue
			}
			any = true
			cell := &tableCell{text: w.text}
			for x := w.from; x < w.to; x++ {
				row[maxLabels+x] = cell
			}
		}
		if any {
			t.rows = append(t.rows, filled(row))
		}
	}
}

// under returns the range of columns whose middles stand below a word, at least the nearest; (-1, 0) for a word that
// stands left of them all.
func (c columns) under(w word, size float64) (from, to int) {
	if w.midX() < c.left(size) {
		return -1, 0
	}
	from = len(c)
	for x, middle := range c {
		if middle > w.x0-1 && middle < w.x1+1 {
			from, to = min(from, x), x+1
		}
	}
	if to == 0 {
		from = nearestEdge(c, w.midX())
		to = from + 1
	}
	return from, to
}

func filled(row []*tableCell) []*tableCell {
	for x, c := range row {
		if c == nil {
			row[x] = &tableCell{}
		}
	}
	return row
}

// addRows adds a row for each line with figures; lines of labels go to the row that they are nearest to.
func (t *table) addRows(lines []block, cols columns, size float64) {
	var rows []block
	for _, l := range lines {
		if len(figuresOf(l.line)) >= fewFigures {
			rows = append(rows, l)
		}
	}
	labels := make([][]word, len(rows))
	for _, l := range lines {
		at := 0
		for y := range rows {
			if math.Abs(rows[y].midY()-l.midY()) < math.Abs(rows[at].midY()-l.midY()) {
				at = y
			}
		}
		labels[at] = append(labels[at], labelsOf(l.line)...)
	}
	for y, l := range rows {
		row := make([]*tableCell, maxLabels+len(cols))
		for x, text := range labelCells(labels[y]) {
			row[x] = &tableCell{text: text}
		}
		words := l.words(figureGap)
		for _, w := range words[len(words)-len(figuresOf(l.line)):] {
			row[maxLabels+nearestEdge(cols, w.midX())] = &tableCell{text: w.text}
		}
		t.rows = append(t.rows, filled(row))
	}
}

// labelsOf returns the labels of a line, without its figures where it is a row of them.
func labelsOf(l line) []word {
	n := len(figuresOf(l))
	if n < fewFigures {
		return l.words(labelGap)
	}
	words := l.words(figureGap)
	chars := 0
	for _, w := range words[:len(words)-n] {
		chars += len([]rune(w.text))
	}
	l.chars = l.chars[:chars]
	return l.words(labelGap)
}

// labelCells puts words into cells: words above each other into one. The cells end at the figures, so that the last
// is the row's own label.
func labelCells(words []word) [maxLabels]string {
	type stack struct {
		box
		words []word
	}
	var stacks []stack
	for _, w := range words {
		at := slices.IndexFunc(stacks, func(s stack) bool { return w.x0 < s.x1 && s.x0 < w.x1 })
		if at < 0 {
			stacks = append(stacks, stack{box: w.box, words: []word{w}})
			continue
		}
		stacks[at].box = stacks[at].box.union(w.box)
		stacks[at].words = append(stacks[at].words, w)
	}
	slices.SortStableFunc(stacks, func(a, b stack) int { return cmpFloat(a.x0, b.x0) })
	var cells [maxLabels]string
	for i, s := range stacks {
		var b strings.Builder
		slices.SortStableFunc(s.words, func(a, b word) int { return cmpFloat(a.y0, b.y0) })
		for _, w := range s.words {
			b.WriteString(w.text)
		}
		cells[max(maxLabels-len(stacks)+i, 0)] += b.String()
	}
	return cells
}
