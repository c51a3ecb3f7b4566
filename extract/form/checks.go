package form

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract/text"
)

// Check tests every identity of the form on the figures, marks each figure that an identity covers, and tells what
// does not hold.
func (r *Reading) Check() (checks []Check, problems []Problem) {
	c := &checker{figures: r.Figures, at: r.at, checks: make([]Check, 0, 48)}
	for _, f := range r.Figures {
		c.domain(f)
	}
	for _, id := range Schema().Identities {
		version := r.Forms[id.Table]
		if version == "" || !slices.Contains(id.Versions, version) {
			continue
		}
		t := Schema().Table(id.Table)
		if id.On == "rows" {
			for _, column := range t.leafColumns(version) {
				c.test(id, column.ID, func(term string) [3]string { return [3]string{id.Table, term, column.ID} })
			}
			continue
		}
		for _, row := range t.leafRows(version) {
			c.test(id, row.ID, func(term string) [3]string { return [3]string{id.Table, row.ID, term} })
		}
	}
	return c.checks, c.problems
}

type checker struct {
	figures  []Figure
	at       map[[3]string]int // table, row, column -> index in figures
	checks   []Check
	problems []Problem
}

// test tests one identity on one column or row. A blank counts as zero first: that is what agencies mean when they
// leave cells empty. Where the equation fails so, but would hold with some count in a blank cell, nobody can tell.
func (c *checker) test(id Identity, at string, key func(term string) [3]string) {
	left, right := c.sum(id.Left, key), c.sum(id.Right, key)
	result := Check{ID: id.ID, Table: id.Table, At: at}
	equation := func() string { return c.sumText(id.Left, key) + " = " + c.sumText(id.Right, key) }
	switch {
	case left.unknown || right.unknown:
		result.Result, result.Detail = CheckInconclusive, "a figure is missing or unreadable"
	case left.total == right.total && left.blanks+right.blanks == 0:
		result.Result = CheckOK
	case left.total == right.total:
		result.Result = CheckBlankZero
	case left.total > right.total && right.blanks > 0, left.total < right.total && left.blanks > 0:
		result.Result, result.Detail = CheckInconclusive, equation()+" holds only with a count in a blank cell"
	default:
		result.Result, result.Detail = CheckFailed, equation()+" does not hold"
	}
	c.checks = append(c.checks, result)
	switch result.Result {
	case CheckOK, CheckBlankZero:
		c.mark(id, key, CheckOK)
		return
	case CheckFailed:
		c.mark(id, key, CheckFailed)
	}
	c.problems = append(c.problems, Problem{"identity", id.Table + " " + at, id.ID + ": " + result.Detail})
}

func (c *checker) mark(id Identity, key func(string) [3]string, outcome string) {
	for _, side := range [2][]string{id.Left, id.Right} {
		for _, term := range side {
			if i, ok := c.at[key(term)]; ok && c.figures[i].Check != CheckFailed {
				c.figures[i].Check = outcome
			}
		}
	}
}

// A side is one side of an equation, in millionths.
type side struct {
	total   int64
	blanks  int
	unknown bool
}

func (c *checker) sum(terms []string, key func(string) [3]string) (s side) {
	for _, term := range terms {
		i, ok := c.at[key(term)]
		if !ok {
			s.unknown = true
			continue
		}
		f := &c.figures[i]
		if f.Blank != "" {
			s.blanks++
			continue
		}
		n, ok := millionths(f.Value)
		if !ok {
			s.unknown = true
			continue
		}
		s.total += n
	}
	return s
}

// sumText writes a side for a person: "11+0"; zeros among many terms are left out.
func (c *checker) sumText(terms []string, key func(string) [3]string) string {
	var shown []string
	for _, term := range terms {
		if i, ok := c.at[key(term)]; ok && c.figures[i].Value != "" && (c.figures[i].Value != "0" || len(terms) <= 2) {
			shown = append(shown, c.figures[i].Value)
		}
	}
	if len(shown) == 0 {
		return "0"
	}
	return strings.Join(shown, "+")
}

// millionths reads a canonical decimal as a whole number of millionths, so that sums are exact. ok is false beyond
// six decimals or nine million million: no count of the form comes near.
func millionths(value string) (n int64, ok bool) {
	if len(value) < 10 && value != "" && text.AllDigits(value) {
		for _, c := range []byte(value) {
			n = n*10 + int64(c-'0')
		}
		return n * 1_000_000, true
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if len(fraction) > 6 || len(whole) > 13 || whole == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+fraction+"000000"[len(fraction):], 10, 64)
	return n, err == nil
}

// domain reports figures that cannot be what their column counts: S-NONNEG.
func (c *checker) domain(f Figure) {
	if f.Value == "" {
		return
	}
	if !strings.ContainsAny(f.Value, "-.") {
		return
	}
	kind := "int"
	if t := Schema().Table(f.Table); t != nil {
		for _, col := range t.Columns {
			if col.ID == f.Column && slices.Contains(col.Versions, f.Form) {
				kind = col.Type
			}
		}
	}
	where := f.Table + " " + f.Row + " " + f.Column
	switch {
	case strings.HasPrefix(f.Value, "-") && kind != "signed_int":
		c.problems = append(c.problems, Problem{"domain", where, fmt.Sprintf("S-NONNEG: %s is negative", f.Value)})
	case strings.Trim(fractionOf(f.Value), "0") != "" && kind != "decimal":
		c.problems = append(c.problems, Problem{"domain", where, fmt.Sprintf("S-NONNEG: %s is not a whole number", f.Value)})
	}
}

func fractionOf(value string) string {
	_, fraction, _ := strings.Cut(value, ".")
	return fraction
}
