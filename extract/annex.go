package extract

import (
	"fmt"
	"regexp"
	"strings"
)

// t14 reads the annex of 2014 to 2018 (国办发〔2014〕32号): label, unit, number, a row each; some print it in two such
// columns abreast, or with a further column of cumulated numbers. Rows of the same wording stand in several places;
// the order of the form tells them apart. It reports whether the table is the annex.
func (f *figureReader) t14(t *Table) bool {
	schema := Schema().Table("t14")
	f.prepareT14(schema)
	type match struct {
		row  int
		cell *Cell
	}
	var matches []match
	last := -1
	for x := range t.width() {
		for y := range t.Rows {
			if x >= len(t.Rows[y]) || t.Rows[y][x] == nil || t.Rows[y][x].Row != y || t.Rows[y][x].Col != x {
				continue
			}
			row, ok := f.t14Row(t.Rows[y][x].Text, last)
			if !ok {
				continue
			}
			last = row
			if c := f.valueAfter(t.Rows[y][x+1:]); c != nil {
				matches = append(matches, match{row, c})
			}
		}
	}
	if len(matches) < 8 {
		return false
	}
	for _, m := range matches {
		row := schema.Rows[m.row]
		if !row.Leaf {
			continue // a head; some print a sum beside it
		}
		f.vote("t14", "v2014")
		f.add(t, "t14", row.ID, valueColumn{id: "value", unit: row.Unit, form: "v2014"}, m.cell)
	}
	return true
}

// t14Row finds the next row of the form with a label, after the last one matched.
func (f *figureReader) t14Row(text string, last int) (row int, ok bool) {
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

// valueAfter is the cell with the number of the year: the first after the label and its unit. Columns of cumulated
// numbers stand behind it.
func (f *figureReader) valueAfter(cells []*Cell) *Cell {
	var blank *Cell
	for i, c := range cells {
		if c == nil {
			continue
		}
		parsed := parseCell(c.Text)
		switch {
		case parsed.ok && parsed.value != "":
			return c
		case parsed.ok && blank == nil && i > 0:
			blank = c // the unit's place, when it is empty too, is not the number's
		case !parsed.ok && i > 0:
			return blank // the label of the column abreast
		}
	}
	return blank
}

func (f *figureReader) prepareT14(schema *FormTable) {
	if f.t14Keys != nil {
		return
	}
	for _, r := range schema.Rows {
		f.t14Keys = append(f.t14Keys, annexKey(r.ZH))
	}
}

// annexKey is the key of an annex label: number, 其中 and what stands in brackets do not count.
func annexKey(text string) string {
	text = numbering.ReplaceAllString(narrow(Simplify(text)), "")
	text = bracketed.ReplaceAllString(text, "")
	return strings.TrimPrefix(labelKey(text), "其中")
}

var bracketed = regexp.MustCompile(`\([^)]*\)`)

// lastValue is the last cell that is a number, else the last one that is blank.
func lastValue(cells []*Cell) *Cell {
	var blank *Cell
	for i := len(cells) - 1; i >= 0; i-- {
		switch c := parseCell(cells[i].Text); {
		case c.ok && c.value != "":
			return cells[i]
		case c.ok && blank == nil:
			blank = cells[i]
		}
	}
	return blank
}

// generic reads a table of no statutory form by its own labels: the rows before the first with numbers name the
// columns, the cells before a row's first number name the row. Its id is "other." and the table's number.
func (f *figureReader) generic(t *Table) {
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
	table := fmt.Sprintf("other.%d", t.Number)
	for y := first; y < len(t.Rows); y++ {
		var labels []string
		for x, c := range t.Rows[y] {
			if c == nil || c.Col != x && c.Row == y {
				continue
			}
			if parsed := parseCell(c.Text); len(labels) == 0 || !parsed.ok {
				if c.Col == x {
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
				f.add(t, table, row, valueColumn{id: column}, c)
			}
		}
	}
}

func lastNumber(cells []*Cell) *Cell {
	if c := lastValue(cells); c != nil && parseCell(c.Text).value != "" {
		return c
	}
	return nil
}

// headAbove joins the labels above a column.
func headAbove(t *Table, x, first int) string {
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
