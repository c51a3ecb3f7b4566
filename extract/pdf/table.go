package pdf

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// A table is a grid that no longer knows the page: it can be joined with the table it goes on in overleaf.
type table struct {
	xs   []float64      // edges of the columns; nil for a table without rules
	rows [][]*tableCell // of a slot the cell that fills it; a cell fills every slot it spans
}

// maxRows is from where on a table is not joined with what goes on overleaf.
const maxRows = 2000

type tableCell struct{ text string }

// table turns a grid into a table; nil when no cell has text: a drawing.
func (g *grid) table() *table {
	if !slices.ContainsFunc(g.cells, func(c *gridCell) bool { return c.text != "" }) {
		return nil
	}
	t := &table{xs: g.xs, rows: make([][]*tableCell, len(g.ys)-1)}
	for y := range t.rows {
		t.rows[y] = make([]*tableCell, len(g.xs)-1)
	}
	for _, c := range g.cells {
		cell := &tableCell{text: c.text}
		for y := c.row; y < c.row+c.rows; y++ {
			for x := c.col; x < c.col+c.cols; x++ {
				t.rows[y][x] = cell
			}
		}
	}
	return t
}

// goesOn reports whether next, the first thing on a page, continues t, the last thing on the page before: the right
// sides agree, and so do most column edges. Browsers leave the left side open beside a cell that spans many rows.
func (t *table) goesOn(next *table) bool {
	if len(t.xs) == 0 || len(next.xs) == 0 || len(t.xs) > maxEdges || len(t.rows) > maxRows {
		return false // without rules there are no edges to agree; without a limit there is no end
	}
	shared := 0
	for _, x := range t.xs {
		if math.Abs(next.xs[nearestEdge(next.xs, x)]-x) <= near {
			shared++
		}
	}
	if math.Abs(t.xs[len(t.xs)-1]-next.xs[len(next.xs)-1]) > near || shared*5 < min(len(t.xs), len(next.xs))*4 {
		return false
	}
	return math.Abs(t.xs[0]-next.xs[0]) <= near || shared >= 5
}

// join appends the rows of next, which may have other columns, repeat the head, and begin in the middle of a row.
func (t *table) join(next *table) {
	edges := cluster(slices.Concat(t.xs, next.xs), near)
	t.spread(edges)
	next.spread(edges)
	rows := next.rows[repeatedHead(t, next):]
	if len(rows) == 0 {
		return
	}
	t.rows = append(t.rows, t.bridge(rows)...)
}

// spread gives the table the columns between edges, which hold its own. Beyond an open side there is one cell.
func (t *table) spread(edges []float64) {
	open := &tableCell{}
	for y, row := range t.rows {
		wide := make([]*tableCell, len(edges)-1)
		for x := range wide {
			if at, ok := slotOf(t.xs, (edges[x]+edges[x+1])/2); ok {
				wide[x] = row[at]
			} else {
				wide[x] = open
			}
		}
		t.rows[y] = wide
	}
	t.xs = edges
}

// repeatedHead counts the rows that next begins with and t does too: heads that are printed again on every page.
func repeatedHead(t, next *table) int {
	n := 0
	for n < len(t.rows) && n < len(next.rows) && rowText(t.rows[n]) == rowText(next.rows[n]) {
		n++
	}
	if n > 0 && strings.Trim(rowText(t.rows[0]), "\t") == "" {
		return 0
	}
	// Rows of figures are no head, even if they happen to agree.
	for n > 0 && hasFigure(next.rows[n-1]) {
		n--
	}
	return n
}

func rowText(row []*tableCell) string {
	var b strings.Builder
	for x, c := range row {
		if x > 0 && row[x-1] == c {
			b.WriteByte('\t')
			continue
		}
		b.WriteByte('\n')
		if c != nil {
			b.WriteString(c.text)
		}
	}
	return b.String()
}

var figure = regexp.MustCompile(`^[+-]?[\d０-９][\d０-９.,，]*$`)

func hasFigure(row []*tableCell) bool {
	return slices.ContainsFunc(row, func(c *tableCell) bool { return c != nil && figure.MatchString(c.text) })
}

// newItem begins a label that is one of its own.
var newItem = regexp.MustCompile(`^\s*(?:[一二三四五六七八九十]{1,3}[、.．，,]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[、.．]|其他|总计|總計|合计|第[一二三四五六七八九十]+)`)

// bridge joins what the page break cut: a row that goes on overleaf, and the cells that span down across it. rows are
// the rows that follow; those that are still rows of their own are returned.
func (t *table) bridge(rows [][]*tableCell) [][]*tableCell {
	last, first := t.rows[len(t.rows)-1], rows[0]
	if splitRow(last, first) {
		joinHalves(last, first, rows[1:])
		return rows[1:]
	}
	if label(first) != "" { // else blanks and figures below a head
		t.joinSpans(rows)
	}
	return rows
}

// joinHalves adds the lower half of a row to the upper, also where its cells span down into the rows below.
func joinHalves(upper, lower []*tableCell, below [][]*tableCell) {
	for x, down := range lower {
		if x == 0 || down != lower[x-1] {
			upper[x].text += down.text
		}
	}
	for x, down := range lower {
		swap(below, down, upper[x])
	}
}

// joinSpans joins the cells that span down across the page break before rows. To the right of a row's own label are its
// figures, blank or not: these are no such cells.
func (t *table) joinSpans(rows [][]*tableCell) {
	last, first := t.rows[len(t.rows)-1], rows[0]
	head, left := inHead(last, first), true
	for x := range first {
		if x > 0 && first[x-1] == first[x] {
			continue
		}
		up, down := last[x], first[x]
		spans := len(t.rows) > 1 && t.rows[len(t.rows)-2][x] == up || len(rows) > 1 && rows[1][x] == down
		blank := down != nil && down.text == ""
		if !(left && spans || head && blank) || !sameCell(last, first, x) {
			left = false
			continue
		}
		up.text += down.text
		swap(rows, down, up)
	}
}

// inHead reports whether the page break stands between two rows of a head: neither has figures, and the lower begins
// with a blank cell, so that what is blank in it belongs to the cells above.
func inHead(last, first []*tableCell) bool {
	return !hasFigure(last) && !hasFigure(first) && first[0] != nil && first[0].text == "" && label(first) != ""
}

// swap puts one cell in the place of another.
func swap(rows [][]*tableCell, old, by *tableCell) {
	for _, row := range rows {
		for x := range row {
			if row[x] == old {
				row[x] = by
			}
		}
	}
}

// sameCell reports whether the cells at column x of the rows above and below a page break can be one: as wide as each
// other, no figures, and the lower says nothing new.
func sameCell(above, below []*tableCell, x int) bool {
	up, down := above[x], below[x]
	return up != nil && down != nil && sameSides(above, below, x) && !figure.MatchString(up.text) && !figure.MatchString(down.text) &&
		!newItem.MatchString(down.text)
}

// sameSides reports whether the cells at column x of two rows span the same columns.
func sameSides(a, b []*tableCell, x int) bool {
	for i := range a {
		if (a[i] == a[x]) != (b[i] == b[x]) {
			return false
		}
	}
	return true
}

// splitRow reports whether two rows are the halves of one that a page break cut: the cells have the same sides, no cell
// has a figure in both, one half has no figures at all, and the lower half begins nothing new. A row of blank cells
// under one of figures is not taken for a half, because its label begins something new.
func splitRow(upper, lower []*tableCell) bool {
	for x := range lower {
		up, down := upper[x], lower[x]
		if up == nil || down == nil || !sameSides(upper, lower, x) || !halves(up.text, down.text) {
			return false
		}
	}
	if !slices.ContainsFunc(lower, func(c *tableCell) bool { return c.text != "" }) {
		return !hasFigure(upper) || label(upper) != ""
	}
	return label(upper) != "" && hasFigure(upper) != hasFigure(lower)
}

// halves reports whether two texts can be the halves of that of one cell. A figure is a whole.
func halves(up, down string) bool {
	if newItem.MatchString(down) {
		return false
	}
	return up == "" || down == "" || !figure.MatchString(up) && !figure.MatchString(down)
}

// label is the text of the cells of a row that are no figures.
func label(row []*tableCell) string {
	var b strings.Builder
	for x, c := range row {
		if c != nil && (x == 0 || row[x-1] != c) && !figure.MatchString(c.text) {
			b.WriteString(c.text)
		}
	}
	return b.String()
}
