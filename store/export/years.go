package export

import (
	"fmt"
	"math/big"
	"strings"

	"gongkai/extract"
)

// AcrossYears tests what a report says of the year before against what was reported for that year, by the same agency
// in the same scope: nil unless the years follow each other. A figure that is absent, blank, unreadable or there twice
// with different values is unknown, and nothing is tested with it. These are doubts about a pair of reports: agencies
// merge, and correct themselves.
func AcrossYears(before, now *extract.Report) []extract.Problem {
	if now.Year != before.Year+1 {
		return nil
	}
	var problems []extract.Problem
	for _, rule := range yearRules {
		var odd []string
		for _, t := range rule.tests(before, now) {
			want, known := t.want()
			if is, ok := rational(now, t.is); known && ok && is.Cmp(want) != 0 {
				odd = append(odd, fmt.Sprintf("%s %s, not %s", t.name, is.RatString(), want.RatString()))
			}
		}
		if len(odd) > 0 {
			detail := fmt.Sprintf("%s: %s %d: %s", rule.id, rule.about, before.Year, strings.Join(odd, "; "))
			problems = append(problems, extract.Problem{Kind: "across-years", Where: rule.where, Detail: detail})
		}
	}
	return problems
}

// A yearRule ties figures of one year to those of the year before.
type yearRule struct {
	id, where, about string
	tests            func(before, now *extract.Report) []yearTest
}

// A yearTest is one equation: a figure of this year is a sum of others.
type yearTest struct {
	name string
	is   extract.Term
	want func() (*big.Rat, bool)
}

var yearRules = []yearRule{
	{"X-CARRY", "t3 r2", "carried over is not what was carried forward in", func(before, now *extract.Report) (tests []yearTest) {
		for _, c := range extract.Schema().Table("t3").Columns {
			if c.Type == "header" || now.Forms["t3"] == "" || before.Forms["t3"] == "" {
				continue
			}
			tests = append(tests, yearTest{c.ID, extract.Term{Table: "t3", Row: "r2", Column: c.ID},
				func() (*big.Rat, bool) { return rational(before, extract.Term{Table: "t3", Row: "r4", Column: c.ID}) }})
		}
		return tests
	}},
	{"X-STOCK", "t2.art20_1 valid", "in force is not made less repealed, and what was in force in", func(before, now *extract.Report) (tests []yearTest) {
		if before.Forms["t2"] != "v2021" || now.Forms["t2"] != "v2021" {
			return nil
		}
		for _, row := range []string{"regulations", "normative"} {
			cell := func(column string) extract.Term { return extract.Term{Table: "t2.art20_1", Row: row, Column: column} }
			tests = append(tests, yearTest{row, cell("valid"), func() (*big.Rat, bool) {
				held, ok := rational(before, cell("valid"))
				made, ok2 := rational(now, cell("made"))
				repealed, ok3 := rational(now, cell("repealed"))
				if !ok || !ok2 || !ok3 {
					return nil, false
				}
				return held.Add(held, made).Sub(held, repealed), true
			}})
		}
		return tests
	}},
	{"X-ITEMS", "t2 prev_items", "items of the year before are not those of, and the change in,", func(before, now *extract.Report) (tests []yearTest) {
		if before.Forms["t2"] != "v2019" || now.Forms["t2"] != "v2019" {
			return nil
		}
		for _, r := range [][2]string{{"t2.art20_5", "licensing"}, {"t2.art20_5", "other_services"}, {"t2.art20_6", "penalty"},
			{"t2.art20_6", "coercion"}, {"t2.art20_8", "fees"}} {
			cell := func(column string) extract.Term { return extract.Term{Table: r[0], Row: r[1], Column: column} }
			tests = append(tests, yearTest{r[1], cell("prev_items"), func() (*big.Rat, bool) {
				items, ok := rational(before, cell("prev_items"))
				delta, ok2 := rational(before, cell("delta_items"))
				if !ok || !ok2 {
					return nil, false
				}
				return items.Add(items, delta), true
			}})
		}
		return tests
	}},
}

// rational returns the value of a figure, if it is certain.
func rational(r *extract.Report, t extract.Term) (*big.Rat, bool) {
	v, ok := certain(r, t)
	if !ok {
		return nil, false
	}
	return new(big.Rat).SetString(v)
}
