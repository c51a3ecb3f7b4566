package form

import (
	"slices"
	"strconv"
	"strings"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// t4 reads the table of reviews and litigation: fifteen figures in one row below a head of three.
func (f *reader) t4(t *markup.Table) {
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
func (f *reader) t4Row(t *markup.Table, bottom, columns int) (row int, ok bool) {
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
func (f *reader) t4Columns(t *markup.Table, bottom int) []valueColumn {
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
