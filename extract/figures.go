package extract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// A figureReader reads the statutory tables of one report. Which table it has before it, which form version, and
// what each row and column means it learns from their labels alone, never from the year: reports mix forms.
type figureReader struct {
	labels   *formLabels
	figures  []Figure
	problems []Problem
	forms    map[string]map[string]int // "t2" -> version -> columns or rows that speak for it
	seen     map[[3]string]int         // table, row, column -> index in figures
	year     int                       // that the title says is reported on; 0 when it does not
	settled  map[string]string         // "t2" -> version, once all is read
	head     *requestHead              // of the last t3 seen, for a table that goes on without one
	t14Keys  []string                  // of the annex's rows
}

// A valueColumn is a column of figures: where it stands and what it counts.
type valueColumn struct {
	x    int
	id   string
	unit string
	form string
}

// A requestHead is the head of table 3: its seven columns of figures, and how many slots its rows have; some agencies
// add a column of remarks.
type requestHead struct {
	columns []valueColumn
	width   int
}

// readFigures reads what it can from the tables, in page order, and says what it could not. Where the page has a
// statutory table only as text, flat puts it together.
func readFigures(tables []*markup.Table, year int, flat func(have map[string]bool) []*markup.Table) *figureReader {
	f := &figureReader{labels: labelsOfForm(), forms: map[string]map[string]int{}, year: year}
	if len(tables) > 0 {
		f.figures = make([]Figure, 0, 208) // what a whole form has
	}
	f.seen = make(map[[3]string]int, cap(f.figures))
	for _, t := range tables {
		f.table(t)
	}
	have := map[string]bool{}
	for _, fig := range f.figures {
		group, _, _ := strings.Cut(fig.Table, ".")
		have[group] = true
	}
	if !have["t2"] || !have["t3"] || !have["t4"] {
		for _, t := range flat(have) {
			f.table(t)
		}
	}
	f.dropHead()
	f.settled = f.settleForms()
	f.missing(f.settled)
	return f
}

func (f *figureReader) problem(kind, where, format string, args ...any) {
	f.problems = append(f.problems, Problem{kind, where, fmt.Sprintf(format, args...)})
}

// table reads one table as what its labels say it is; a table of other things is left alone.
func (f *figureReader) table(t *markup.Table) {
	if t.Cut {
		f.problem("table", fmt.Sprintf("table %d", t.Number), "larger than %d cells; the rest was not read", markup.MaxSlots)
	}
	keys := map[string]bool{}
	for y := range t.Rows {
		for _, c := range t.Own(y) {
			keys[headKey(c)] = true
		}
	}
	if keys["结果维持"] || keys["自然人"] || keys["信息内容"] {
		if f.ofOtherYear(t.Note) {
			f.problem("table", fmt.Sprintf("table %d", t.Number), "%q stands above it; not read", t.Note)
			return
		}
		if t.Section == 1 || t.Section > 4 {
			f.problem("table", fmt.Sprintf("table %d", t.Number), "a statutory table outside its section")
		}
	}
	switch {
	case keys["自然人"] && (keys["商业企业"] || keys["科研机构"] || keys["社会公益组织"]):
		f.t3(t)
	case keys["结果维持"] && (keys["行政复议"] || keys["行政诉讼"] || keys["未经复议直接起诉"] || keys["复议后起诉"]):
		f.t4(t)
	case f.t2(t):
	case f.head != nil && f.t3Continued(t):
	case f.t14(t):
	default:
		f.generic(t)
	}
}

// ofOtherYear reports whether a text names a year, and another than the one reported on.
func (f *figureReader) ofOtherYear(text string) bool {
	years := statedYear.FindAllStringSubmatch(text, -1)
	return f.year != 0 && len(years) > 0 && !slices.ContainsFunc(years, func(m []string) bool { return atoi(m[1]) == f.year })
}

// t2 reads the blocks of article 20 and reports whether the table has any. The blocks may share a table or have one
// each, with the article's item above or beside them; a row's own label says which block it belongs to.
func (f *figureReader) t2(t *markup.Table) bool {
	found := false
	var head []*markup.Cell
	var foreign []int // rows below a head that are none of the form's
	defer func() {
		for _, y := range foreign {
			if found {
				f.problem("row", "t2", "row %d of table %d is not in the form; values: %s", y+1, t.Number, texts(t.Own(y)))
			}
		}
	}()
	for y := range t.Rows {
		own := t.Own(y)
		if len(own) == 0 {
			continue
		}
		if f.t2Head(own) {
			head = own
			continue
		}
		if head != nil && f.goesOn(own, head) {
			head = f.joinHeads(head, own)
			continue
		}
		label, at, exact := f.t2Label(own, head != nil)
		if label < 0 || label+1 >= len(own) {
			if head != nil && len(own) > 1 && own[0].Key() != "" && !parseCell(own[0].Text).ok && lastNumber(own[1:]) != nil {
				foreign = append(foreign, y)
			}
			continue
		}
		found = true
		table, row, _ := strings.Cut(f.labels.t2Rows[at].id, "/")
		if !exact {
			f.problem("label", table+" "+row, "row %q taken for %s", own[label].Text, Schema().Table(table).row(row).ZH)
		}
		if head == nil {
			f.problem("column", table+" "+row, "no head above row %d of table %d; values not read: %s", y+1, t.Number, texts(own[label+1:]))
			continue
		}
		f.t2Row(t, y, table, row, own[label], head)
	}
	return found
}

// t2Head reports whether a row names columns: it says 信息内容, or holds nothing but column labels beside its first cell.
func (f *figureReader) t2Head(own []*markup.Cell) bool {
	if slices.ContainsFunc(own, func(c *markup.Cell) bool { return headKey(c) == "信息内容" }) {
		return true
	}
	if len(own) < 2 {
		return false
	}
	for _, columns := range f.labels.t2Columns {
		if !slices.ContainsFunc(own[1:], func(c *markup.Cell) bool {
			_, exact, ok := nearest(headKey(c), columns)
			return !ok || !exact
		}) {
			return true
		}
	}
	return false
}

// goesOn reports whether a row is a further line of the head above it: nothing below 信息内容, and no number.
func (f *figureReader) goesOn(own, head []*markup.Cell) bool {
	words := false
	for _, c := range own {
		switch {
		case parseCell(c.Text).value != "", c.Col == head[0].Col && c.Key() != "":
			return false
		case c.Key() != "" && !parseCell(c.Text).ok:
			words = true
		}
	}
	return words && !slices.ContainsFunc(own, func(c *markup.Cell) bool {
		_, exact, ok := nearest(rowKey(c.Text), f.labels.t2Rows)
		return ok && exact
	})
}

// joinHeads puts two lines of a head together: a cell with nothing below it keeps its label, others take what stands below, with what
// stands above before it where only both are a label of the form.
func (f *figureReader) joinHeads(upper, lower []*markup.Cell) []*markup.Cell {
	var joined []*markup.Cell
	for _, c := range upper {
		below := slices.DeleteFunc(slices.Clone(lower), func(b *markup.Cell) bool { return b.Col < c.Col || b.Col >= c.Col+c.ColSpan || b.Key() == "" })
		if len(below) == 0 {
			joined = append(joined, c)
		}
		for _, b := range below {
			if !wordsOfForm()[headKey(b)] {
				b = b.WithText(c.Text + b.Text)
			}
			joined = append(joined, b)
		}
	}
	return joined
}

// t2Label finds the cell with the label of a row of the form, among the first two. Without a head above, only the
// form's own words count.
func (f *figureReader) t2Label(own []*markup.Cell, headed bool) (label, at int, exact bool) {
	for i, c := range own[:min(2, len(own))] {
		key := rowKey(c.Text)
		if key == "" {
			continue
		}
		at, exact, ok := nearest(key, f.labels.t2Rows)
		if ok && (exact || headed && i == 0) {
			return i, at, exact
		}
	}
	return -1, 0, false
}

func (f *figureReader) t2Row(t *markup.Table, y int, table, row string, label *markup.Cell, head []*markup.Cell) {
	schema := Schema().Table(table)
	columns := f.labels.t2Columns[table]
	used := map[*markup.Cell]bool{}
	shift := 0 // how far the row stands left of its head, where a rowspan beside it is too short
	if i := slices.IndexFunc(head, func(c *markup.Cell) bool { return headKey(c) == "信息内容" }); i >= 0 {
		shift = label.Col - head[i].Col
	}
	if shift != 0 {
		f.problem("alignment", table+" "+row, "row %d of table %d stands %d columns beside its head; it was read by its label", y+1, t.Number, shift)
	}
	for _, h := range head {
		x := h.Col + shift
		if x <= label.Col || h.Key() == "" || headKey(h) == "信息内容" {
			continue
		}
		at, exact, ok := nearest(headKey(h), columns)
		if !ok {
			f.problem("column", table+" "+row, "column %q is not in the form", h.Text)
			continue
		}
		if !exact {
			f.problem("label", table+" "+row, "column %q taken for %s", h.Text, schema.Columns[at].ZH)
		}
		if x >= len(t.Rows[y]) || t.Rows[y][x] == nil {
			continue // reported as missing
		}
		c := t.Rows[y][x]
		if c.Row != y || used[c] {
			f.problem("alignment", table+" "+row, "one cell (%q, %s) stands below several heads or beside several rows; not read", c.Text, locator(t, c))
			continue
		}
		used[c] = true
		column := schema.Columns[at]
		v := valueColumn{x: x, id: column.ID, unit: column.Unit}
		if column.Type == "decimal" {
			v.unit = f.money(t, h, c, column, table+" "+row)
		}
		if len(column.Versions) == 1 {
			v.form = column.Versions[0]
			f.vote("t2", v.form)
		}
		f.add(t, table, row, v, c)
	}
	for _, c := range t.Own(y) {
		if c.Col > label.Col && !used[c] && parseCell(c.Text).value != "" {
			f.problem("alignment", table+" "+row, "%q (%s) stands below no head of the form", c.Text, locator(t, c))
		}
	}
}

// money finds the unit of an amount: in the cell, in its head, in the line above the table. The form prints it in
// the head; where it stands nowhere, nobody knows.
func (f *figureReader) money(t *markup.Table, head, c *markup.Cell, column FormColumn, where string) string {
	for _, s := range [...]string{c.Text, head.Text, t.Note} {
		if unit := moneyWord.FindString(text.Narrow(text.Simplify(s))); unit != "" {
			return unit
		}
	}
	if column.Unit == "unspecified" {
		return column.Unit // the form of 2019 prints none for procurement
	}
	if parseCell(c.Text).value != "" && strings.Trim(c.Text, "0. ") != "" {
		f.problem("unit", where, "%q has no unit in cell, head or above the table", c.Text)
	}
	return ""
}

// t3 reads the table of requests: a head of up to three rows, labels on the left, seven figures on the right.
func (f *figureReader) t3(t *markup.Table) {
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
func (f *figureReader) t3Head(t *markup.Table) (columns []valueColumn, bottom int) {
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
func (f *figureReader) oneTotal(t *markup.Table, columns []valueColumn, from int) []valueColumn {
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
func (f *figureReader) t3Order(t *markup.Table, head requestHead, from int) []valueColumn {
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
func (f *figureReader) t3Continued(t *markup.Table) bool {
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

func (f *figureReader) t3Body(t *markup.Table, head requestHead, from int) {
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
func (f *figureReader) t3RowID(labels []*markup.Cell, under string) (string, bool) {
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
func (f *figureReader) t3HeadOfRows(labels []*markup.Cell) bool {
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
func (f *figureReader) dropHead() {
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

// t4 reads the table of reviews and litigation: fifteen figures in one row below a head of three.
func (f *figureReader) t4(t *markup.Table) {
	bottom := 0
	for y := range t.Rows {
		for _, c := range t.Own(y) {
			if k := headKey(c); strings.HasPrefix(k, "结果") || strings.HasPrefix(k, "尚未") {
				bottom = max(bottom, y)
			}
		}
	}
	columns := f.t4Columns(t, bottom)
	want := Schema().Table("t4").leafColumns("v2021")
	y, ok := f.t4Row(t, bottom, max(len(columns), 5))
	if !ok {
		return
	}
	own := t.Own(y)
	switch {
	case len(columns) > 0 && len(columns) <= len(own) && standBelow(t, y, columns):
		for _, c := range columns { // all fifteen, or one group in a table of its own
			f.add(t, "t4", "cases", c, t.Rows[y][c.x])
		}
	case len(own) == 1 && parseCell(own[0].Text).blank != "" && len(columns) > 0:
		for _, c := range columns { // 无, once for the whole row
			f.add(t, "t4", "cases", c, own[0])
		}
	case len(own) == len(want):
		f.problem("column", "t4", "%d of 15 columns found by their labels in table %d; row %d was read in the order of the form", len(columns), t.Number, y+1)
		for i, c := range want {
			f.add(t, "t4", "cases", valueColumn{id: c.ID, unit: c.Unit}, own[i])
		}
	default:
		f.problem("row", "t4", "row %d of table %d has %d cells for %d columns; values: %s", y+1, t.Number, len(own), len(columns), texts(own))
	}
	f.vote("t4", "v2021") // the table is the same in both forms; settleForms aligns it
}

// t4Row finds the row of figures below the head. The form has one; where there are more, as of several years, the one
// that names the year reported on counts, else the first, and it is said. A row that numbers the columns is none.
func (f *figureReader) t4Row(t *markup.Table, bottom, columns int) (row int, ok bool) {
	var rows, blank []int
	for y := bottom + 1; y < len(t.Rows); y++ {
		own := t.Own(y)
		readable := 0
		for _, c := range own {
			if parseCell(c.Text).ok {
				readable++
			}
		}
		whole := len(own) == 1 && own[0].ColSpan >= columns && readable == 1
		if (readable >= columns || readable >= 5 || whole) && !numbersColumns(own) {
			if lastNumber(own) == nil {
				blank = append(blank, y)
				continue
			}
			rows = append(rows, y)
		}
	}
	switch {
	case len(rows) == 0 && len(blank) > 0:
		return blank[0], true
	case len(rows) == 0:
		return 0, false
	case len(rows) == 1:
		return rows[0], true
	}
	for _, y := range rows {
		if label := t.Own(y)[0].Text; statedYear.MatchString(text.Narrow(label)) && !f.ofOtherYear(text.Narrow(label)) {
			return y, true
		}
	}
	f.problem("conflict", "t4", "table %d has %d rows of figures; the first was read", t.Number, len(rows))
	return rows[0], true
}

// numbersColumns reports whether a row only counts the columns: 1, 2, 3, …
func numbersColumns(own []*markup.Cell) bool {
	for i, c := range own {
		if c.Text != strconv.Itoa(i+1) {
			return false
		}
	}
	return len(own) > 4
}

// t4Columns names the columns by the head above each: the group from any row of the head, the outcome from the
// last. Where pages cut the outcomes short ("结果" for 结果维持) the five columns of a group are told by their order,
// provided that every label is at least the beginning of the one the form has in its place.
func (f *figureReader) t4Columns(t *markup.Table, bottom int) []valueColumn {
	var columns []valueColumn
	for _, group := range [...]string{"review", "lit_direct", "lit_after"} {
		var at []int
		var keys []string
		for x := range t.Rows[bottom] {
			if g, key := t4Above(t, x, bottom); g == group {
				at, keys = append(at, x), append(keys, key)
			}
		}
		if len(at) != len(f.labels.t4Leaves) {
			continue
		}
		var named []valueColumn
		for i, leaf := range f.labels.t4Leaves {
			if keys[i] != "" && slices.ContainsFunc(leaf.keys, func(k string) bool { return strings.HasPrefix(k, keys[i]) }) {
				named = append(named, valueColumn{x: at[i], id: group + "." + leaf.id, unit: "件"})
			}
		}
		if len(named) == len(at) {
			columns = append(columns, named...)
		}
	}
	return columns
}

// t4Above returns the group a column stands in and the key of the lowest label above its figures.
func t4Above(t *markup.Table, x, bottom int) (group, key string) {
	for y := 0; y <= bottom; y++ {
		if x >= len(t.Rows[y]) || t.Rows[y][x] == nil {
			continue
		}
		k := headKey(t.Rows[y][x])
		for left := x - 1; y < bottom && k == "" && left >= 0 && t.Rows[y][left] != nil; left-- {
			k = headKey(t.Rows[y][left]) // a group whose label stands above its first column alone
		}
		switch k {
		case "": // what is blank takes what stands above
		case "行政复议":
			group = "review"
		case "未经复议直接起诉":
			group = "lit_direct"
		case "复议后起诉":
			group = "lit_after"
		case "行政诉讼":
		default:
			key = k
		}
	}
	return group, key
}

func standBelow(t *markup.Table, y int, columns []valueColumn) bool {
	for _, c := range columns {
		if c.x >= len(t.Rows[y]) || t.Rows[y][c.x] == nil || t.Rows[y][c.x].Row != y || t.Rows[y][c.x].ColSpan != 1 {
			return false
		}
	}
	return true
}

func (f *figureReader) vote(table, version string) {
	if f.forms[table] == nil {
		f.forms[table] = map[string]int{}
	}
	f.forms[table][version]++
}

// add keeps a figure. A figure that stands twice, as on pages that repeat a block for mobile screens, is kept once;
// if the two differ that is a problem.
func (f *figureReader) add(t *markup.Table, table, row string, column valueColumn, c *markup.Cell) {
	parsed := parseCell(c.Text)
	fig := Figure{
		Table: table, Row: row, Column: column.id, Value: parsed.value, Raw: c.Text, Blank: parsed.blank,
		Unit: column.unit, Form: column.form, Locator: locator(t, c),
	}
	if c.Opaque || c.Unsure {
		parsed, fig.Value, fig.Blank = cell{}, "", ""
	}
	if parsed.unit != "" {
		fig.Unit = parsed.unit
	}
	at := [3]string{table, row, column.id}
	if i, ok := f.seen[at]; ok {
		if f.figures[i].Value != fig.Value || f.figures[i].Blank != fig.Blank {
			f.problem("conflict", strings.Join(at[:], " "), "%q in %s, %q in %s; the first was kept", f.figures[i].Raw, f.figures[i].Locator, fig.Raw, fig.Locator)
		}
		return
	}
	f.seen[at] = len(f.figures)
	f.figures = append(f.figures, fig)
	if moneyWord.MatchString(parsed.unit) && column.unit == "件" {
		f.problem("domain", strings.Join(at[:], " "), "S-NONNEG: %q counts money in a column of cases", c.Text)
	}
	switch {
	case c.Unsure:
		f.problem("cell", strings.Join(at[:], " "), "%q may not be what a reader sees: it is styled out of sight or out of its place in part (%s)", c.Text, fig.Locator)
	case c.Opaque:
		f.problem("cell", strings.Join(at[:], " "), "%q is not a number (%s)", "a picture, control or script", fig.Locator)
	case !parsed.ok:
		f.problem("cell", strings.Join(at[:], " "), "%q is not a number (%s)", c.Text, fig.Locator)
	}
}

// locator says where a cell stands, counted from 1: "table 2 row 5 cell 4".
func locator(t *markup.Table, c *markup.Cell) string {
	b := make([]byte, 0, 32)
	if t.Part != "" {
		b = append(append(b, t.Part...), ' ')
	}
	if t.Number == 0 {
		b = append(b, "text"...) // put together from lines: there is no table to count
	} else {
		b = append(b, "table "...)
		b = strconv.AppendInt(b, int64(t.Number), 10)
	}
	b = append(b, " row "...)
	b = strconv.AppendInt(b, int64(c.Row+1), 10)
	b = append(b, " cell "...)
	return string(strconv.AppendInt(b, int64(c.Order), 10))
}

// settleForms decides the form version of each table and writes it into the figures that do not say it themselves.
func (f *figureReader) settleForms() map[string]string {
	forms := map[string]string{}
	for table, votes := range f.forms {
		for version, n := range votes {
			if best := forms[table]; best == "" || n > votes[best] || n == votes[best] && version > best {
				forms[table] = version
			}
		}
	}
	if f.has("t3") && forms["t3"] == "" {
		forms["t3"] = "v2021"
		f.problem("missing", "t3 r3.6", "neither the row (六)其他处理 of the form of 2019 nor its three rows of 2021; taken for 2021")
	}
	if forms["t4"] != "" && forms["t3"] != "" {
		forms["t4"] = forms["t3"] // the same table in both: it goes with its neighbour
	}
	for i := range f.figures {
		if f.figures[i].Form == "" {
			table, _, _ := strings.Cut(f.figures[i].Table, ".")
			f.figures[i].Form = forms[table]
		}
	}
	return forms
}

func (f *figureReader) has(table string) bool {
	return slices.ContainsFunc(f.figures, func(fig Figure) bool { return fig.Table == table })
}

// missing reports the tables and figures of the form that the page does not have.
func (f *figureReader) missing(forms map[string]string) {
	for _, t := range Schema().Tables {
		group, _, _ := strings.Cut(t.ID, ".")
		version := forms[group]
		if version == "" || !slices.Contains(t.Versions, version) {
			continue
		}
		var absent []string
		total := 0
		for _, r := range t.leafRows(version) {
			for _, c := range t.leafColumns(version) {
				total++
				if _, ok := f.seen[[3]string{t.ID, r.ID, c.ID}]; !ok {
					absent = append(absent, r.ID+" "+c.ID)
				}
			}
		}
		switch {
		case len(absent) == total:
			f.problem("missing", t.ID, "the whole table")
		case len(absent) > 0:
			f.problem("missing", t.ID, "%d of %d figures: %s", len(absent), total, strings.Join(absent, ", "))
		}
	}
}

func texts(cells []*markup.Cell) string {
	parts := make([]string, len(cells))
	for i, c := range cells {
		parts[i] = c.Text
	}
	return strings.Join(parts, " | ")
}

// row returns the row with an id; the zero row when there is none.
func (t *FormTable) row(id string) FormRow {
	for _, r := range t.Rows {
		if r.ID == id {
			return r
		}
	}
	return FormRow{}
}
