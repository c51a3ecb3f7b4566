package export

import (
	"fmt"
	"math/big"
	"strings"

	"gongkai/extract"
	"gongkai/extract/form"
)

// AcrossYears tests what a report says of the year before against what was reported for that year, by the same agency
// in the same scope: nil unless the years follow each other. A figure that is absent, blank, unreadable or there twice
// with different values is unknown, and nothing is tested with it. These are doubts about a pair of reports: agencies
// merge, and correct themselves.
func AcrossYears(before, now *extract.Report) []form.Problem {
	l := newLayout()
	return l.acrossYears(before, now, l.cellsOf(before), l.cellsOf(now))
}

// acrossYears is AcrossYears for reports whose cells have been looked up.
func (l *layout) acrossYears(before, now *extract.Report, was, is []known) (problems []form.Problem) {
	if now.Year != before.Year+1 {
		return nil
	}
	for i := range l.rules {
		rule := &l.rules[i]
		if !rule.fits(before.Forms[rule.table]) || !rule.fits(now.Forms[rule.table]) {
			continue
		}
		var odd []string
		for k := range rule.tests {
			if t := &rule.tests[k]; !t.holds(was, is) {
				got, want := t.sums(was, is)
				odd = append(odd, fmt.Sprintf("%s %s, not %s", t.name, got.RatString(), want.RatString()))
			}
		}
		if len(odd) > 0 {
			detail := fmt.Sprintf("%s: %s %d: %s", rule.id, rule.about, before.Year, strings.Join(odd, "; "))
			problems = append(problems, form.Problem{Kind: "across-years", Where: rule.where, Detail: detail})
		}
	}
	return problems
}

// A yearRule ties figures of one year to those of the year before.
type yearRule struct {
	id, where, about string
	table            string // whose form
	form             string // both reports must have; "" is any
	tests            []yearTest
}

func (r *yearRule) fits(form string) bool { return form != "" && (r.form == "" || r.form == form) }

// A yearTest is one equation: a figure of this year is a sum of others. Figures are numbers of cells.
type yearTest struct {
	name string
	is   int
	sum  []yearTerm
}

type yearTerm struct {
	cell   int
	before bool // of the year before
	minus  bool
}

func (l *layout) yearRules() []yearRule {
	carry := yearRule{id: "X-CARRY", where: "t3 r2", about: "carried over is not what was carried forward in", table: "t3"}
	for _, c := range form.Schema().Table("t3").Columns {
		if c.Type == "header" {
			continue
		}
		carry.tests = append(carry.tests, yearTest{c.ID, l.number(form.Term{Table: "t3", Row: "r2", Column: c.ID}),
			[]yearTerm{{cell: l.number(form.Term{Table: "t3", Row: "r4", Column: c.ID}), before: true}}})
	}
	stock := yearRule{id: "X-STOCK", where: "t2.art20_1 valid", about: "in force is not made less repealed, and what was in force in", table: "t2", form: "v2021"}
	for _, row := range []string{"regulations", "normative"} {
		cell := func(column string) int { return l.number(form.Term{Table: "t2.art20_1", Row: row, Column: column}) }
		stock.tests = append(stock.tests, yearTest{row, cell("valid"),
			[]yearTerm{{cell: cell("valid"), before: true}, {cell: cell("made")}, {cell: cell("repealed"), minus: true}}})
	}
	items := yearRule{id: "X-ITEMS", where: "t2 prev_items", about: "items of the year before are not those of, and the change in,", table: "t2", form: "v2019"}
	for _, r := range [][2]string{{"t2.art20_5", "licensing"}, {"t2.art20_5", "other_services"}, {"t2.art20_6", "penalty"},
		{"t2.art20_6", "coercion"}, {"t2.art20_8", "fees"}} {
		cell := func(column string) int { return l.number(form.Term{Table: r[0], Row: r[1], Column: column}) }
		items.tests = append(items.tests, yearTest{r[1], cell("prev_items"),
			[]yearTerm{{cell: cell("prev_items"), before: true}, {cell: cell("delta_items"), before: true}}})
	}
	return []yearRule{carry, stock, items}
}

// holds reports whether an equation holds; with an unknown figure it does.
func (t *yearTest) holds(was, is []known) bool {
	if !is[t.is].certain {
		return true
	}
	total, whole := int64(0), true
	for _, term := range t.sum {
		c := term.of(was, is)
		if !c.certain {
			return true
		}
		n, _, small := small(c.value, "0")
		if whole = whole && small; term.minus {
			n = -n
		}
		total += n
	}
	if n, _, small := small(is[t.is].value, "0"); whole && small {
		return n == total
	}
	got, want := t.sums(was, is)
	return got.Cmp(want) == 0
}

func (t yearTerm) of(was, is []known) *known {
	if t.before {
		return &was[t.cell]
	}
	return &is[t.cell]
}

// sums returns both sides of an equation all of whose figures are known.
func (t *yearTest) sums(was, is []known) (got, want *big.Rat) {
	want = new(big.Rat)
	for _, term := range t.sum {
		n := rational(term.of(was, is))
		if term.minus {
			n.Neg(n)
		}
		want.Add(want, n)
	}
	return rational(&is[t.is]), want
}

// rational returns the value of a figure that is certain.
func rational(c *known) *big.Rat {
	r, ok := new(big.Rat).SetString(c.value)
	if !ok {
		return new(big.Rat) // unreachable: a certain value is a decimal
	}
	return r
}
