package export

import (
	"fmt"
	"slices"
	"strings"

	"gongkai/extract/form"
	"gongkai/store"
)

// rival names the pages that claim a report and were not chosen for it, and says in how many figures each differs.
func rival(c store.Choice) problem {
	pages := make([]string, len(c.Others))
	for i, o := range c.Others {
		pages[i] = o.URL + " (" + compareFigures(c.Report.Figures, o.Figures) + ")"
	}
	what := "1 other page claims this report: "
	if len(pages) > 1 {
		what = fmt.Sprintf("%d other pages claim this report: ", len(pages))
	}
	return newProblem(&c.Record, "rival", "", "", what+strings.Join(pages, "; "))
}

// compareFigures says in how many cells the figures of another page differ from those of the page chosen: "the same
// figures", "figures: 2 differ, 12 only on the page chosen". How a blank is printed makes no difference, and neither
// does where a cell stands.
func compareFigures(chosen, other []form.Figure) string {
	a, b := cells(chosen), cells(other)
	differ, missing, more := 0, 0, 0
	for at, values := range a {
		switch o, ok := b[at]; {
		case !ok:
			missing++
		case !slices.Equal(values, o):
			differ++
		}
	}
	for at := range b {
		if _, ok := a[at]; !ok {
			more++
		}
	}
	var parts []string
	for _, n := range []struct {
		count int
		what  string
	}{{differ, "differ"}, {missing, "only on the page chosen"}, {more, "only there"}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprint(n.count, " ", n.what))
		}
	}
	switch {
	case len(a)+len(b) == 0:
		return "neither has figures"
	case len(parts) == 0:
		return "the same figures"
	}
	return "figures: " + strings.Join(parts, ", ")
}

// cells are the values that figures have, by table, row and column; a cell that stands twice has two.
func cells(figures []form.Figure) map[[3]string][]string {
	m := make(map[[3]string][]string, len(figures))
	for _, f := range figures {
		value := f.Value + f.Unit
		switch {
		case f.Blank != "":
			value = "blank"
		case f.Value == "":
			value = "raw " + f.Raw // unreadable: what is printed is all there is to compare
		}
		at := [3]string{f.Table, f.Row, f.Column}
		m[at] = append(m[at], value)
	}
	for _, values := range m {
		slices.Sort(values)
	}
	return m
}
