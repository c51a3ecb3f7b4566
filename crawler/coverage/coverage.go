// Package coverage tells of which agency and year an archive holds a report, where one is owed and not held, and why
// not. It only reads: it asks no portal, and draws nothing.
//
//	coverage.go   a map: a line an agency, a cell a year
//	expected.go   what the catalogue expects, joined with what is held
//	gaps.go       why what is expected is not held
//	holdings.go   what is held of each agency
//	count.go      the cells of a map in numbers
package coverage

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gongkai/extract"
	"gongkai/store"
)

// What the archive has of an agency and year. The words are printed and do not change.
const (
	Held        = "held"
	Missing     = "missing"
	NotExpected = "not_expected"
)

// A Cell is an agency and year.
type Cell struct {
	Key      string `json:"agency_id"`
	Name     string `json:"agency_name"`
	Division string `json:"division_code"`
	Level    string `json:"level"`
	Year     int    `json:"year"`
	State    string `json:"state"`             // Held, Missing or NotExpected
	Quality  string `json:"quality,omitempty"` // of what is held: see extract.QualityClean
	Reason   string `json:"reason,omitempty"`  // why nothing is held, or why what is has no figures
}

// A Map shows agencies by years.
type Map struct {
	Years  []int          // without holes
	Lines  []Line         // by key
	Counts map[string]int // of cells, by state
}

// A Line is an agency, with a cell for each year of its map.
type Line struct {
	Key, Name, Division, Level string
	Cells                      []Cell
}

// A Span is a range of years; the zero one leaves the range open.
type Span struct{ First, Last int }

// Of makes the map of an archive and of what is expected. A division leaves out agencies outside of it; "" leaves out
// none. An open span is that of the years of which anything is known. It is empty when nothing is held or expected.
func Of(s *store.Store, expected []Expectation, division string, span Span, now time.Time) (Map, error) {
	m := Map{Counts: map[string]int{}}
	held, err := Holdings(s)
	if err != nil {
		return m, err
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(division, "00"), "00")
	outside := func(key extract.AgencyKey) bool { return !strings.HasPrefix(key.Division(), stem) }
	held = slices.DeleteFunc(held, func(h Holding) bool { return outside(h.Key) })
	expected = slices.DeleteFunc(slices.Clone(expected), func(x Expectation) bool { return outside(x.Agency) })
	if span == (Span{}) {
		span = spanOf(held, expected, now)
	}
	for year := span.First; year <= span.Last && span.First != 0; year++ {
		m.Years = append(m.Years, year)
	}
	at := map[extract.AgencyKey]int{}
	add := func(h Holding) int {
		at[h.Key] = len(m.Lines)
		m.Lines = append(m.Lines, m.line(h, now))
		return at[h.Key]
	}
	for _, h := range held {
		add(h)
	}
	for _, x := range expected {
		i, known := at[x.Agency]
		if !known {
			i = add(Holding{Key: x.Agency, Name: x.Name, Level: x.Level})
		}
		m.expect(&m.Lines[i], x)
	}
	slices.SortFunc(m.Lines, func(a, b Line) int { return cmp.Compare(a.Key, b.Key) })
	for _, c := range m.Cells() {
		m.Counts[c.State]++
	}
	return m, nil
}

// spanOf is from the first year of which anything is known to the last one, or the last that is due.
func spanOf(held []Holding, expected []Expectation, now time.Time) (span Span) {
	note := func(year int) {
		if span.First == 0 || year < span.First {
			span.First = year
		}
		span.Last = max(span.Last, year)
	}
	for _, h := range held {
		for year := range h.Years {
			note(year)
		}
	}
	for _, x := range expected {
		note(x.Year)
	}
	if span.First != 0 {
		span.Last = max(span.Last, lastDue(now))
	}
	return span
}

// line fills in what is held of an agency; what is not, from its first year on, is missing.
func (m *Map) line(h Holding, now time.Time) Line {
	l := Line{Key: string(h.Key), Name: h.Name, Division: h.Key.Division(), Level: h.Level}
	since := 0
	for year := range h.Years {
		if since == 0 || year < since {
			since = year
		}
	}
	for _, year := range m.Years {
		c := Cell{Key: l.Key, Name: l.Name, Division: l.Division, Level: l.Level, Year: year, State: NotExpected}
		quality, ok := h.Years[year]
		switch {
		case ok:
			c.State, c.Quality = Held, quality
			if quality == extract.QualityUnread {
				c.Reason = unreadReason(h.Forms[year])
			}
		case since == 0:
			c.Reason = "nothing is known of it for this year"
		case year < since:
			c.Reason = "before the first report held"
		case year > lastDue(now):
			c.Reason = "not due yet"
		default:
			c.State = Missing
		}
		l.Cells = append(l.Cells, c)
	}
	return l
}

// unreadReason says why a report has no figures, from the form that it has.
func unreadReason(form string) string {
	switch form {
	case extract.FormImage:
		return "image only"
	case extract.FormAttachment:
		return "attachment unread"
	}
	return "no tables"
}

// expect puts in what is expected where nothing is held.
func (m *Map) expect(l *Line, x Expectation) {
	i := slices.Index(m.Years, x.Year)
	if i < 0 || l.Cells[i].State == Held {
		return
	}
	l.Cells[i].State, l.Cells[i].Reason = Missing, x.Why
	if x.Not != "" {
		l.Cells[i].State, l.Cells[i].Reason = NotExpected, x.Not
	}
}

// Cells lists the cells of all lines, line by line; it is not nil.
func (m *Map) Cells() []Cell {
	cells := []Cell{}
	for _, l := range m.Lines {
		cells = append(cells, l.Cells...)
	}
	return cells
}

// Known are the lines of agencies of which the archive knows anything: a report is held, or there is a reason why none
// is that is more than that nobody has looked.
func (m *Map) Known() (lines []Line) {
	for _, l := range m.Lines {
		if slices.ContainsFunc(l.Cells, func(c Cell) bool {
			return c.State == Held || c.State == Missing && !unasked(c.Reason)
		}) {
			lines = append(lines, l)
		}
	}
	return lines
}
