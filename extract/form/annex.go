package form

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// t14 reads the annex of 2014 to 2018 (国办发〔2014〕32号): label, unit, number, a row each; some print it in two such
// columns abreast, or with a further column of cumulated numbers. Rows of the same wording stand in several places;
// the order of the form tells them apart. It reports whether the table is the annex.
func (f *reader) t14(t *markup.Table) bool {
	schema := Schema().Table("t14")
	f.prepareT14(schema)
	type match struct {
		row  int
		unit string
		cell *markup.Cell
	}
	var matches []match
	last, several := -1, false
	for x := range t.Width() {
		for y := range t.Rows {
			if x >= len(t.Rows[y]) || t.Rows[y][x] == nil || t.Rows[y][x].Row != y || t.Rows[y][x].Col != x {
				continue
			}
			row, ok := f.t14Row(t.Rows[y][x].Text, last)
			if !ok {
				continue
			}
			last = row
			c, unit, more := f.valueAfter(t, y, x)
			several = several || more
			if c != nil {
				matches = append(matches, match{row, unit, c})
			}
		}
	}
	if len(matches) < 8 {
		return false
	}
	if several {
		f.problem("alignment", "t14", "table %d has several columns of numbers and no head tells which is the year's; the first was read", t.Number)
	}
	for _, m := range matches {
		row := schema.Rows[m.row]
		if moneyWord.MatchString(row.Unit) && m.unit != "" {
			row.Unit = m.unit
		}
		if !row.Leaf {
			continue // a head; some print a sum beside it
		}
		f.vote("t14", "v2014")
		f.add(t, "t14", row.ID, valueColumn{id: "value", unit: row.Unit, form: "v2014"}, m.cell)
	}
	return true
}

// t14Row finds the next row of the form with a label, after the last one matched.
func (f *reader) t14Row(text string, last int) (row int, ok bool) {
	key := annexKey(text)
	if key == "" {
		return 0, false
	}
	for row := last + 1; row < len(f.t14Keys); row++ {
		if f.t14Keys[row] == key {
			return row, true
		}
	}
	for row := last + 1; row < min(last+6, len(f.t14Keys)); row++ {
		if similarity(key, f.t14Keys[row]) > 0.8 {
			return row, true
		}
	}
	return 0, false
}

// valueAfter finds the cell with the number of the year in the row of a label at (x, y), up to the next label: that
// below a head that names the year or 统计数, else the first. Columns of other years, of cumulated numbers and of
// codes are none. unit is what a cell before it prints of money; more says that other numbers might be meant as well.
func (f *reader) valueAfter(t *markup.Table, y, x int) (value *markup.Cell, unit string, more bool) {
	var first, best, blank *markup.Cell
	for _, c := range t.Rows[y][x+1:] {
		if c == nil || c.Row != y || c == t.Rows[y][x] {
			continue
		}
		parsed := parseCell(c.Text)
		if !parsed.ok {
			if u := moneyWord.FindString(text.Simplify(c.Text)); u != "" {
				unit = u
			}
			if annexUnit[text.Key(c.Text)] || first == nil && blank == nil && len(c.Text) < 12 {
				continue
			}
			break // the label of the column abreast
		}
		switch head := text.Narrow(text.Simplify(headAbove(t, c.Col, y))); {
		case notOfYear.MatchString(head), statedYearOnly.MatchString(head) && f.ofOtherYear(head+"年"):
		case parsed.value == "":
			if blank == nil && c.Col > x+1 {
				blank = c // the unit's place, when it is empty too, is not the number's
			}
		case first == nil:
			first = c
			if ofYear.MatchString(head) {
				best = c
			}
		default:
			more = true
			if best == nil && ofYear.MatchString(head) {
				best = c
			}
		}
	}
	switch {
	case best != nil:
		return best, unit, false
	case first != nil:
		return first, unit, more
	}
	return blank, unit, false
}

var (
	annexUnit      = map[string]bool{"条": true, "件": true, "次": true, "篇": true, "个": true, "人": true, "人次": true, "万元": true, "元": true}
	notOfYear      = regexp.MustCompile(`累计|上年|去年|历年|代码|序号|编号|编码|行次`)
	ofYear         = regexp.MustCompile(`统计数|本年|20\d\d|数量|^数$|数据`)
	statedYearOnly = regexp.MustCompile(`20\d\d`)
)

func (f *reader) prepareT14(schema *Table) {
	if f.t14Keys != nil {
		return
	}
	for _, r := range schema.Rows {
		f.t14Keys = append(f.t14Keys, annexKey(r.ZH))
	}
}

// annexKey is the key of an annex label: number, 其中 and what stands in brackets do not count.
func annexKey(s string) string {
	s = numbering.ReplaceAllString(text.Narrow(text.Simplify(s)), "")
	s = bracketed.ReplaceAllString(s, "")
	return strings.TrimPrefix(text.Key(s), "其中")
}

var bracketed = regexp.MustCompile(`\([^)]*\)`)

// generic reads a table of no statutory form by its own labels: the rows before the first with numbers name the
// columns, the cells before a row's first number name the row. Its id is "other." and the table's number.
func (f *reader) generic(t *markup.Table) {
	first := -1
	for y := range t.Rows {
		own := t.Own(y)
		if len(own) > 1 && lastNumber(own[1:]) != nil {
			first = y
			break
		}
	}
	if first < 1 || len(t.Rows) > 500 {
		return // no numbers, or no head that could name them
	}
	table := fmt.Sprint(otherTable, t.Number)
	for y := first; y < len(t.Rows); y++ {
		var labels []string
		unit := ""
		for x, c := range t.Rows[y] {
			if c == nil || c.Col != x && c.Row == y {
				continue
			}
			if parsed := parseCell(c.Text); len(labels) == 0 || !parsed.ok {
				switch {
				case c.Col != x:
				case len(labels) > 0 && isUnit(t, c, first):
					unit = c.Text
				default:
					labels = append(labels, c.Text)
				}
				continue
			}
			if c.Row != y {
				continue
			}
			column := headAbove(t, x, first)
			row := strings.Join(labels, " / ")
			if column != "" && row != "" {
				f.add(t, table, row, valueColumn{id: column, unit: unit}, c)
			}
		}
	}
}

// isUnit reports whether a cell says in what its row is counted: by its own word, or by its column's.
func isUnit(t *markup.Table, c *markup.Cell, first int) bool {
	return annexUnit[c.Key()] || unitColumn.MatchString(text.Narrow(text.Simplify(headAbove(t, c.Col, first)))) && len(c.Text) < 16
}

var unitColumn = regexp.MustCompile(`^(?:计量|统计|数量)?\s*单\s*位$`)

// lastNumber is the last cell that is a number, or nil.
func lastNumber(cells []*markup.Cell) *markup.Cell {
	for _, c := range slices.Backward(cells) {
		if parseCell(c.Text).value != "" {
			return c
		}
	}
	return nil
}

// headAbove joins the labels above a column.
func headAbove(t *markup.Table, x, first int) string {
	var parts []string
	for y := 0; y < first; y++ {
		if x < len(t.Rows[y]) && t.Rows[y][x] != nil {
			if s := t.Rows[y][x].Text; s != "" && (len(parts) == 0 || parts[len(parts)-1] != s) {
				parts = append(parts, s)
			}
		}
	}
	return strings.Join(parts, " / ")
}
