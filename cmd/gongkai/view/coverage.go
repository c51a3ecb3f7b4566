package view

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"gongkai/cmd/gongkai/term"
	"gongkai/crawler"
	"gongkai/crawler/coverage"
	"gongkai/store/export"
)

// CoverageCSV writes every cell of a map as a row.
func CoverageCSV(w io.Writer, m *coverage.Map) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	out.Write([]string{"agency_id", "agency_name", "division_code", "level", "year", "state", "quality", "reason"})
	for _, c := range m.Cells() {
		out.Write([]string{export.Inert(c.Key), export.Inert(c.Name), c.Division, c.Level, strconv.Itoa(c.Year), c.State, c.Quality, export.Inert(c.Reason)})
	}
	out.Flush()
	return out.Error()
}

// coverSign is what stands for a cell in a table.
func coverSign(c coverage.Cell) string {
	switch {
	case c.State == coverage.Held && c.Quality != "":
		return strings.ToUpper(c.Quality[:1])
	case c.State == coverage.Held:
		return "?"
	case c.State == coverage.Missing:
		return "."
	}
	return " "
}

// A summary has the lines of so many agencies at most: one screen.
const mostSummed = 40

// CoverageSummary says what there is to a person who asks for nothing more.
func CoverageSummary(w io.Writer, m *coverage.Map) {
	CoverageCounts(w, m, coverage.ByLevel, m.Count(coverage.ByLevel), 4)
	var some []coverage.Count
	none, owed := 0, 0
	for _, n := range m.Count(coverage.ByProvince) {
		if n.Held > 0 {
			some = append(some, n)
			continue
		}
		none, owed = none+1, owed+n.Expected
	}
	fmt.Fprintln(w)
	if len(some) > 0 {
		CoverageCounts(w, m, coverage.ByProvince, some, 4)
	}
	if none > 0 {
		fmt.Fprintf(w, "none held of %d provinces, of %d expected (-by province lists them)\n", none, owed)
	}
	fmt.Fprintln(w)
	if lines := m.Known(); len(lines) > 0 && len(lines) <= mostSummed {
		CoverageTable(w, m, lines)
	} else {
		fmt.Fprintln(w, CoverageLine(m))
	}
	fmt.Fprint(w, `
More: -by province, level, year or reason for numbers; -division 330000 or -all for agencies x years; -format csv or -json for
every row with its reason; -format html -out coverage.html for a map to print.
`)
}

// CoverageTable writes lines of a map with a sign for each cell.
func CoverageTable(w io.Writer, m *coverage.Map, lines []coverage.Line) {
	t := term.NewTable(w, "agency", "name")
	head := table.Row{"agency", "name"}
	for _, y := range m.Years {
		head = append(head, y%100)
	}
	t.ResetHeaders()
	for i := range head {
		if n, isYear := head[i].(int); isYear {
			head[i] = fmt.Sprintf("%02d", n)
		}
	}
	t.AppendHeader(head)
	for _, l := range lines {
		row := table.Row{l.Key, l.Name}
		for _, c := range l.Cells {
			row = append(row, coverSign(c))
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(w, "%s\n", CoverageLine(m))
	fmt.Fprintln(w, "C clean  N noted  D doubtful  U unread  . missing  blank: not expected")
}

// CoverageLine sums a map up in one line.
func CoverageLine(m *coverage.Map) string {
	years := "no year"
	if len(m.Years) > 0 {
		years = crawler.Years{First: m.Years[0], Last: m.Years[len(m.Years)-1]}.String()
	}
	return fmt.Sprintf("%d agencies, %s: %d reports held, %d missing", len(m.Lines), years, m.Counts[coverage.Held], m.Counts[coverage.Missing])
}

// CoverageCounts prints counts, with the share that is held of the reports for each of so many years.
func CoverageCounts(w io.Writer, m *coverage.Map, by string, counts []coverage.Count, lastYears int) {
	head := []any{by, "expected", "held", "held %", "unread"}
	years := m.Years[max(0, len(m.Years)-lastYears):]
	if by == coverage.ByYear || by == coverage.ByReason {
		years = nil
	}
	for _, y := range years {
		head = append(head, fmt.Sprintf("%02d %%", y%100))
	}
	if by == coverage.ByReason {
		head = []any{by, "reports"}
	} else {
		head = append(head, "gaps")
	}
	t := term.NewTable(w, head...)
	for _, n := range counts {
		if by == coverage.ByReason {
			t.AppendRow(table.Row{n.What, n.Expected})
			continue
		}
		row := []any{n.What, n.Expected, n.Held, percent(n.Held, n.Expected), n.Unread}
		for _, y := range years {
			row = append(row, percent(n.Years[y].Held, n.Years[y].Expected))
		}
		t.AppendRow(append(row, strings.Join(Counts(n.Reasons), ", ")))
	}
	term.RenderWithin(t, w, len(head), term.Width(w))
}

// percent is a share in whole percent, which is 100 only when nothing is missing.
func percent(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprint(part * 100 / whole)
}
