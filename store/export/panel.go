package export

import (
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract"
	"gongkai/extract/form"
)

// panelTable has a column for each harmonised series of the schema.
func panelTable(l *layout) table[*report] {
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
	for _, s := range form.Schema().Harmonised {
		sums := l.sumsOf(s)
		t.columns = append(t.columns, column[*report]{s.Name, decimal, s.EN, s.ZH, func(r *report) value { return decimalValue(r.seriesValue(sums)) }})
	}
	return t
}

// A layout numbers the cells of the forms that panel and the rules across years ask for. One goroutine uses it.
type layout struct {
	numbers map[form.Term]int
	rules   []yearRule
	last    []place // of the figures of the last report: most stand where they stood there
}

type place struct {
	term   form.Term
	number int // -1: nobody asks for it
}

func newLayout() *layout {
	l := &layout{numbers: map[form.Term]int{}}
	for _, s := range form.Schema().Harmonised {
		for _, version := range slices.Sorted(maps.Keys(s.Terms)) {
			for _, t := range s.Terms[version] {
				l.number(t)
			}
		}
	}
	l.rules = l.yearRules()
	return l
}

func (l *layout) number(t form.Term) int {
	n, ok := l.numbers[t]
	if !ok {
		n = len(l.numbers)
		l.numbers[t] = n
	}
	return n
}

// A sumOf is how a series is made of the figures of a form.
type sumOf struct {
	version string
	groups  []string // of tables, which must have that form
	terms   []sumTerm
}

type sumTerm struct {
	cell int
	unit string // according to the form
}

// sumsOf returns the sums of a series in the order of form versions.
func (l *layout) sumsOf(s form.Series) (sums []sumOf) {
	for _, version := range slices.Sorted(maps.Keys(s.Terms)) {
		if len(s.Terms[version]) == 0 {
			continue
		}
		sum := sumOf{version: version}
		for _, t := range s.Terms[version] {
			if group := tableGroup(t.Table); !slices.Contains(sum.groups, group) {
				sum.groups = append(sum.groups, group)
			}
			sum.terms = append(sum.terms, sumTerm{l.number(t), formUnit(t, version)})
		}
		sums = append(sums, sum)
	}
	return sums
}

// seriesValue adds up the figures of a series, for the form that the report's tables have: reports mix versions, so it is
// asked of the tables and not of the year. It is empty when there is any doubt.
func (r *report) seriesValue(sums []sumOf) string {
	i := slices.IndexFunc(sums, func(s sumOf) bool {
		return !slices.ContainsFunc(s.groups, func(group string) bool { return r.Forms[group] != s.version })
	})
	if i < 0 {
		return ""
	}
	total := ""
	for k, t := range sums[i].terms {
		c := &r.cells[t.cell]
		switch {
		case !c.certain || c.mixed || !sameMoney(c.unit, t.unit):
			return ""
		case k == 0:
			total = c.value
		default:
			total = sum(total, c.value)
		}
	}
	return total
}

// tableGroup is the table whose version a subtable shares: "t2" for "t2.art20_1".
func tableGroup(id string) string {
	group, _, _ := strings.Cut(id, ".")
	return group
}

// A known is what a report says of one cell of the form. The zero one is absent.
type known struct {
	value   string
	there   bool
	certain bool   // there, not blank, readable, and the same wherever it stands
	mixed   bool   // it stands in several units of money
	unit    string // of money, if any is
}

// cellsOf looks up all figures of a report at once, by the numbers of their cells.
func (l *layout) cellsOf(r *extract.Report) []known {
	cells := make([]known, len(l.numbers))
	for i := range r.Figures {
		f := &r.Figures[i]
		n := l.find(i, f)
		if n < 0 {
			continue
		}
		c := &cells[n]
		twice := c.there
		c.mixed = c.mixed || twice && !sameMoney(c.unit, f.Unit)
		c.certain = f.Blank == "" && isDecimal(f.Value) && (!twice || c.certain && c.value == f.Value)
		c.there, c.value = true, f.Value
		if !twice || strings.HasSuffix(f.Unit, "元") {
			c.unit = f.Unit
		}
	}
	return cells
}

// find returns the number of the cell of a report's i-th figure, -1 when nobody asks for it.
func (l *layout) find(i int, f *form.Figure) int {
	if i < len(l.last) {
		if p := &l.last[i]; p.term.Table == f.Table && p.term.Row == f.Row && p.term.Column == f.Column {
			return p.number
		}
	}
	p := place{form.Term{Table: f.Table, Row: f.Row, Column: f.Column}, -1}
	if n, asked := l.numbers[p.term]; asked {
		p.number = n
	}
	const most = 4096 // no form has as many
	switch {
	case i < len(l.last):
		l.last[i] = p
	case i == len(l.last) && i < most:
		l.last = append(l.last, p)
	}
	return p.number
}

// formUnit returns the unit of a figure according to the form.
func formUnit(t form.Term, version string) string {
	if form := form.Schema().Table(t.Table); form != nil {
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
		return "" // unreachable: a certain cell is a decimal
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
