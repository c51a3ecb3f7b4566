package export

import (
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract"
)

// panelTable has a column for each harmonised series of the schema.
func panelTable() table[*report] {
	t := table[*report]{
		name: "panel",
		en: "One row a report, one column a series that can be followed over editions of the form. A value is the sum of the figures that " +
			"codebook.csv names. It is empty when any of them is absent, blank, unreadable, there twice with different values, or in " +
			"another unit of money than the form's: blank is not zero, and no number is made up. figures.csv has what there is. " +
			"Values are as printed, also where an identity fails: mind the column problems.",
		zh:  "面板数据，每份报告一行，每个可比指标一列；构成项缺失、空白或无法识读时为空，空白不等于零",
		key: []string{"agency_id", "year", "scope"},
		columns: slices.Concat(identity(self)[:1], []column[*report]{agencyName, divisionCode, province, prefecture, level},
			identity(self)[1:], []column[*report]{formVersion, problemCount}),
	}
	for _, s := range extract.Schema().Harmonised {
		t.columns = append(t.columns, column[*report]{s.Name, decimal, s.EN, s.ZH, func(r *report) value { return decimalValue(r.seriesValue(s)) }})
	}
	return t
}

// seriesValue adds up the figures of a series, for the form that the report's tables have. It is empty when there
// is any doubt.
func (r *report) seriesValue(s extract.Series) string {
	version, ok := versionFor(r.Report, s)
	if !ok {
		return ""
	}
	total := ""
	for i, term := range s.Terms[version] {
		v, ok := r.termValue(term, version)
		switch {
		case !ok:
			return ""
		case i == 0:
			total = v
		default:
			total = sum(total, v)
		}
	}
	return total
}

// versionFor returns the form version that all tables of a series have. Reports mix versions, so it is asked of the
// tables and not of the year.
func versionFor(r *extract.Report, s extract.Series) (string, bool) {
	for _, version := range slices.Sorted(maps.Keys(s.Terms)) {
		terms := s.Terms[version]
		other := func(t extract.Term) bool { return r.Forms[tableGroup(t.Table)] != version }
		if len(terms) > 0 && !slices.ContainsFunc(terms, other) {
			return version, true
		}
	}
	return "", false
}

// tableGroup is the table whose version a subtable shares: "t2" for "t2.art20_1".
func tableGroup(id string) string {
	group, _, _ := strings.Cut(id, ".")
	return group
}

// termValue returns the value of one figure, if it is certain and in the unit of the form.
func (r *report) termValue(t extract.Term, version string) (value string, ok bool) {
	f, ok := r.cells[t]
	if !ok || !f.certain || !sameMoney(f.unit, formUnit(t, version)) {
		return "", false
	}
	return f.value, true
}

// A known is what a report says of one cell of the form.
type known struct {
	value   string
	certain bool   // there, not blank, readable, and the same wherever it stands
	unit    string // of money, if any is
}

// cellsOf looks up all figures of a report at once.
func cellsOf(r *extract.Report) map[extract.Term]known {
	m := make(map[extract.Term]known, len(r.Figures))
	for i := range r.Figures {
		f := &r.Figures[i]
		at := extract.Term{Table: f.Table, Row: f.Row, Column: f.Column}
		k, twice := m[at]
		k.certain = f.Blank == "" && isDecimal(f.Value) && (!twice || k.certain && k.value == f.Value && sameMoney(k.unit, f.Unit))
		k.value = f.Value
		if !twice || strings.HasSuffix(f.Unit, "元") {
			k.unit = f.Unit
		}
		m[at] = k
	}
	return m
}

// certain returns the value of one figure, unless it is absent, blank, unreadable, or there twice with different values.
func certain(r *extract.Report, t extract.Term) (value string, ok bool) {
	for _, f := range r.Figures {
		if f.Table != t.Table || f.Row != t.Row || f.Column != t.Column {
			continue
		}
		if f.Blank != "" || !isDecimal(f.Value) || ok && f.Value != value {
			return "", false
		}
		value, ok = f.Value, true
	}
	return value, ok
}

// formUnit returns the unit of a figure according to the form.
func formUnit(t extract.Term, version string) string {
	if form := extract.Schema().Table(t.Table); form != nil {
		for _, c := range form.Columns {
			if c.ID == t.Column && slices.Contains(c.Versions, version) {
				return c.Unit
			}
		}
	}
	return ""
}

// sameMoney is false for 元 where 万元 belongs. Counts have many words for "piece", which all mean one.
func sameMoney(a, b string) bool {
	return a == b || a == "" || b == "" || !strings.HasSuffix(a, "元") && !strings.HasSuffix(b, "元")
}

// sum adds two decimals exactly, with as many places as the one that has more.
func sum(a, b string) string {
	if x, y, ok := small(a, b); ok {
		return strconv.FormatInt(x+y, 10)
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if !okX || !okY {
		return "" // unreachable: termValue lets only decimals through
	}
	return x.Add(x, y).FloatString(max(places(a), places(b)))
}

// small reads two whole numbers whose sum is far from the limit of 64 bits, as nearly all are.
func small(a, b string) (x, y int64, ok bool) {
	if len(a) > 17 || len(b) > 17 {
		return 0, 0, false
	}
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	return x, y, errX == nil && errY == nil
}

func places(s string) int {
	_, fraction, _ := strings.Cut(s, ".")
	return len(fraction)
}
