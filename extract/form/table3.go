package form

import (
	"slices"
	"strings"

	"gongkai/extract/markup"
)

// A requestHead is the head of table 3: its seven columns of figures, and how many slots its rows have; some agencies
// add a column of remarks.
type requestHead struct {
	columns []valueColumn
	width   int
}

// t3 reads the table of requests: a head of up to three rows, labels on the left, seven figures on the right.
func (f *reader) t3(t *markup.Table) {
	columns, bottom := f.t3Head(t)
	if columns == nil {
		return
	}
	head := requestHead{columns, len(t.Rows[bottom])}
	head.columns = f.t3Order(t, head, bottom+1)
	f.head = &head
	f.t3Body(t, head, bottom+1)
}

// t3Head finds the seven columns by their labels, and the last row of the head.
func (f *reader) t3Head(t *markup.Table) (columns []valueColumn, bottom int) {
	first := -1
	for y := range t.Rows {
		if _, values := byLabel(t.Own(y), 7); first >= 0 && values != nil {
			break // below the head; some pages print it again further down
		}
		for _, c := range t.Own(y) {
			key := headKey(c)
			if key == "自然人" && first < 0 {
				first = c.Col
			}
			if key == "商业企业" || key == "科研机构" || key == "社会公益组织" || key == "法律服务机构" || key == "自然人" {
				bottom = y
			}
		}
	}
	slots := t.Rows[bottom]
	for x := first; x < len(slots); x++ {
		if slots[x] == nil || slots[x].Col != x {
			continue
		}
		named := lowestLabel(t, x, bottom)
		at, exact, ok := nearest(headKey(named), f.labels.t3Columns)
		if !ok && headKey(named) == "备注" {
			continue
		}
		if !ok {
			f.problem("column", "t3", "column %q is not in the form", named.Text)
			continue
		}
		if !exact {
			f.problem("label", "t3", "column %q taken for %s", named.Text, f.labels.t3Columns[at].id)
		}
		columns = append(columns, valueColumn{x: x, id: f.labels.t3Columns[at].id, unit: "件"})
	}
	columns = f.oneTotal(t, columns, bottom+1)
	if first < 1 || len(columns) != len(f.labels.t3Columns) {
		f.problem("column", "t3", "%d of 7 columns found in table %d; its figures were not read", len(columns), t.Number)
		return nil, 0
	}
	return columns, bottom
}

// lowestLabel is the cell that names a column: the lowest of its head that is not blank.
func lowestLabel(t *markup.Table, x, bottom int) *markup.Cell {
	for y := bottom; y >= 0; y-- {
		if x < len(t.Rows[y]) && t.Rows[y][x] != nil && t.Rows[y][x].Key() != "" {
			return t.Rows[y][x]
		}
	}
	return t.Rows[bottom][x]
}

// oneTotal drops one of two columns that are called a total, as a subtotal of the organisations is: that with which the
// totals of more rows are no sums.
func (f *reader) oneTotal(t *markup.Table, columns []valueColumn, from int) []valueColumn {
	isTotal := func(c valueColumn) bool { return c.id == "total" }
	first := slices.IndexFunc(columns, isTotal)
	if first < 0 || !slices.ContainsFunc(columns[first+1:], isTotal) {
		return columns
	}
	second := first + 1 + slices.IndexFunc(columns[first+1:], isTotal)
	width := columns[len(columns)-1].x + 1
	without := func(i int) requestHead { return requestHead{slices.Delete(slices.Clone(columns), i, i+1), width} }
	keep := without(first)
	if t3Sums(t, without(second), from) > t3Sums(t, keep, from) {
		keep = without(second)
	}
	f.problem("label", "t3", "two columns of table %d are called a total; the one whose sums agree was read", t.Number)
	return keep.columns
}

// t3Order decides what the columns are when their heads do not stand in the order of the form: either the agency has
// put them otherwise, or the spans of the head are wrong and heads stand above other columns than they name. The
// reading under which the totals of more rows are the sums of their kinds is taken, and said.
func (f *reader) t3Order(t *markup.Table, head requestHead, from int) []valueColumn {
	columns := head.columns
	form := Schema().Table("t3").leafColumns("v2021")
	asForm := make([]valueColumn, len(form))
	for i, c := range form {
		asForm[i] = valueColumn{x: -1, id: c.ID, unit: c.Unit}
	}
	if slices.EqualFunc(columns, asForm, func(a, b valueColumn) bool { return a.id == b.id }) {
		return columns
	}
	if byHead, byForm := t3Sums(t, head, from), t3Sums(t, requestHead{asForm, 0}, from); byHead >= byForm {
		f.problem("label", "t3", "the columns of table %d stand in another order than in the form", t.Number)
		return columns
	}
	f.problem("alignment", "t3", "the heads of table %d do not stand above their columns; the last seven cells of each row were read in the order of the form", t.Number)
	return asForm
}

// t3Sums counts the rows whose total is the sum of the kinds when columns are read so.
func t3Sums(t *markup.Table, head requestHead, from int) int {
	good := 0
	for y := from; y < len(t.Rows); y++ {
		_, cells, _ := t3Row(t, y, head)
		var sum, total int64
		for i, c := range cells {
			n, _ := millionths(parseCell(c.Text).value)
			if head.columns[i].id == "total" {
				total = n
			} else {
				sum += n
			}
		}
		if cells != nil && sum == total && total != 0 {
			good++
		}
	}
	return good
}

// t3Continued reads a table that carries on the last t3 on the next page, without a head of its own.
// It reports whether the table is one.
func (f *reader) t3Continued(t *markup.Table) bool {
	for y := range t.Rows {
		if labels, values := byLabel(t.Own(y), len(f.head.columns)); values != nil && len(labels) > 0 {
			f.t3Body(t, *f.head, 0)
			return true
		}
	}
	return false
}

// byLabel splits the cells of a row after its last cell that is a label of table 3: n figures follow there.
func byLabel(own []*markup.Cell, n int) (labels, values []*markup.Cell) {
	for i := len(own) - 1 - n; i >= 0; i-- {
		if _, exact, ok := nearest(rowKey(own[i].Text), labelsOfForm().t3Rows); ok && exact {
			return own[:i+1], own[i+1 : i+1+n]
		}
	}
	return nil, nil
}

func (f *reader) t3Body(t *markup.Table, head requestHead, from int) {
	under := "" // the head the last row stood under
	for y := from; y < len(t.Rows); y++ {
		labels, values, straight := t3Row(t, y, head)
		if values == nil || slices.ContainsFunc(values, func(c *markup.Cell) bool { k := headKey(c); return k == "商业企业" || k == "自然人" }) {
			continue // nothing, or the head again
		}
		id, ok := f.t3RowID(labels, under)
		if !ok && f.t3HeadOfRows(labels) && allBlank(values) {
			continue
		}
		if !ok {
			f.problem("row", "t3", "row %d of table %d, %q, is not in the form; values: %s", y+1, t.Number, texts(labels), texts(values))
			continue
		}
		if strings.HasPrefix(id, "r3.6") {
			under = "r3.6"
		}
		if !straight {
			f.problem("alignment", "t3 "+id, "row %d of table %d has spans that do not fit; its last seven cells were read", y+1, t.Number)
		}
		switch id {
		case "r3.6":
			f.vote("t3", "v2019")
		case "r3.6.1", "r3.6.2", "r3.6.3":
			f.vote("t3", "v2021")
		}
		for i, c := range head.columns {
			f.add(t, "t3", id, c, values[i])
		}
	}
}

// t3Row splits a row into its label cells, those that span down from rows above included, and its seven figures.
// straight reports whether the figures stand below their column heads; where they do not, because the page's
// spans are wrong, the last seven cells of the row are taken. values is nil for a row without figures.
func t3Row(t *markup.Table, y int, head requestHead) (labels, values []*markup.Cell, straight bool) {
	columns, slots := head.columns, t.Rows[y]
	own := t.Own(y)
	first := columns[0].x
	if first < 0 { // the head says nothing on places
		labels, values = cutRow(own, len(columns))
		return labels, values, true
	}
	for x := 0; x < min(first, len(slots)); x++ {
		if c := slots[x]; c != nil && (len(labels) == 0 || labels[len(labels)-1] != c) {
			labels = append(labels, c)
		}
	}
	for _, col := range columns {
		if col.x >= len(slots) || slots[col.x] == nil || slots[col.x].Row != y || slots[col.x].ColSpan != 1 {
			break
		}
		values = append(values, slots[col.x])
	}
	if len(values) == len(columns) && len(own) > len(columns) && len(slots) == head.width {
		return labels, values, true
	}
	labels, values = cutRow(own, len(columns))
	return labels, values, false
}

// cutRow takes the n figures of a row whose spans cannot be trusted: those after its label, else its last n cells. A
// row with fewer cells is a head between rows, or was cut short: what it lacks is reported as missing.
func cutRow(own []*markup.Cell, n int) (labels, values []*markup.Cell) {
	if len(own) <= n {
		return nil, nil
	}
	if labels, values = byLabel(own, n); values != nil {
		return labels, values
	}
	return own[:len(own)-n], own[len(own)-n:]
}

// t3RowID finds the row by its last label. 其他 and 总计 are rows only in their places; (六)其他处理 is a row of
// its own only where no row below it took its place (form v2019).
func (f *reader) t3RowID(labels []*markup.Cell, under string) (string, bool) {
	for i := len(labels) - 1; i >= 0; i-- {
		key := rowKey(labels[i].Text)
		if key == "" {
			continue
		}
		if key == "其他" && under != "r3.6" && !slices.ContainsFunc(labels[:i], func(c *markup.Cell) bool { return rowKey(c.Text) == "其他处理" }) {
			return "", false
		}
		at, exact, ok := nearest(key, f.labels.t3Rows)
		if !ok {
			return "", false
		}
		id := f.labels.t3Rows[at].id
		if !Schema().Table("t3").row(id).Leaf {
			return "", false
		}
		if !exact {
			f.problem("label", "t3 "+id, "row %q taken for %s", labels[i].Text, Schema().Table("t3").row(id).ZH)
		}
		return id, true
	}
	return "", false
}

// t3HeadOfRows reports whether a row's label is that of a group, which some pages give a row of its own.
func (f *reader) t3HeadOfRows(labels []*markup.Cell) bool {
	if len(labels) == 0 {
		return false
	}
	at, exact, ok := nearest(rowKey(labels[len(labels)-1].Text), f.labels.t3Rows)
	return ok && exact && !Schema().Table("t3").row(f.labels.t3Rows[at].id).Leaf
}

func allBlank(cells []*markup.Cell) bool {
	return !slices.ContainsFunc(cells, func(c *markup.Cell) bool { return parseCell(c.Text).blank == "" })
}

// dropHead takes back the row (六)其他处理 of a page that has its three rows below it: it was their head, all blank.
func (f *reader) dropHead() {
	if f.forms["t3"]["v2021"] == 0 || f.forms["t3"]["v2019"] == 0 {
		return
	}
	isHead := func(fig Figure) bool { return fig.Table == "t3" && fig.Row == "r3.6" }
	for _, fig := range f.figures {
		if isHead(fig) && fig.Blank == "" {
			return // it holds numbers: a sum, which is not the form's, or a row that is
		}
	}
	f.figures = slices.DeleteFunc(f.figures, isHead)
	clear(f.seen)
	for i, fig := range f.figures {
		f.seen[[3]string{fig.Table, fig.Row, fig.Column}] = i
	}
	delete(f.forms["t3"], "v2019")
}
