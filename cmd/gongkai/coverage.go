package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/crawler"
	"gongkai/crawler/coverage"
	"gongkai/internal/atomicfile"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/export"
)

func newCoverage(e *env) *cobra.Command {
	var q coverQuery
	cmd := &cobra.Command{
		Use:   "coverage",
		Short: "agencies (机关) x years (年份): held, missing, not expected",
		Long: `Coverage shows of which agency and year the archive holds a report, how far it can be trusted, and where there is none.
Without flags it sums up: what is held of each level and province, and the agencies of which anything is known. -division shows
all agencies of a place, -all those of the whole catalogue.

  table  for the terminal: C clean, N noted, D doubtful, U unread, . missing, blank not expected
  csv    every row, one an agency and year: agency_id, agency_name, division_code, level, year, state, quality, reason
  html   a page with heat maps that print well, of provinces and of agencies; it needs nothing else

With -json it prints the same rows as csv does, and with -by the numbers. Expected are the reports of every government for the years from 2008 in which
its division existed, those of other bodies in the catalogue from the year from which their name is known to exist (2008, or the
reform that formed them; 2020 where the name does not tell), and of each body all from the first one held, up to the last year
whose reports are due. A report of a government's office stands for that of the government. Each gap has its reason:

  no address known   no portal of the catalogue is that body's
  not discovered     its portal is known, its listing not (yet)
  not crawled        its listing is known and was not asked for yet
  blocked            robots.txt or a firewall forbids it
  unreachable        its portal, or its listing, does not answer
  moved              its listing is gone
  failed             the listing names the report; its page could not be had
  no report          the listing names the report; its page was had and is none
  not published      the listing was read and does not name one

and of a report without figures: image only, attachment unread, no tables.`,
		Example: `  gongkai coverage
  gongkai coverage -division 330000
  gongkai coverage -by province
  gongkai coverage -format html -out coverage.html`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.coverage(cmd.Context(), q) },
	}
	flags := cmd.Flags()
	flags.StringVar(&q.format, "format", "table", "table, csv or html")
	flags.StringVar(&q.out, "out", "", "write to this `FILE` instead of printing")
	flags.StringVar(&q.division, "division", "", "only agencies of this division (行政区划) and those below it, by `CODE`")
	flags.StringVar(&q.by, "by", "", "only numbers, by `WHAT`: province, level, year or reason")
	flags.StringVar(&q.years, "years", "", "only these years, `A-B` (default all that anything is known of)")
	flags.BoolVar(&q.all, "all", false, "every agency (机关) of the catalogue, also those of which nothing is known yet")
	return cmd
}

// A coverQuery is what coverage is asked for.
type coverQuery struct {
	format, out, division, years, by string
	all                              bool
}

func (e *env) coverage(ctx context.Context, q coverQuery) error {
	switch {
	case q.by != "" && !slices.Contains([]string{"province", "level", "year", "reason"}, q.by):
		return usagef("-by is province, level, year or reason, not %q", q.by)
	case !slices.Contains([]string{"table", "csv", "html"}, q.format):
		return usagef("-format is table, csv or html, not %q", q.format)
	case q.by != "" && (q.format != "table" || q.out != ""):
		return usagef("-by prints numbers, as a table or with -json: not with -format or -out")
	case q.division != "" && !knownDivision(q.division):
		return usagef("-division is a six-digit code of GB/T 2260, such as 330803, not %q", q.division)
	}
	var span config.YearSpan
	if err := span.UnmarshalText([]byte(q.years)); err != nil {
		return usagef("-years: %w", err)
	}
	return e.view(func(c config.Config, s *store.Store) error {
		found, err := seeds.ReadDiscoveries(c.Archive.Path)
		if err != nil {
			return err
		}
		portals, err := c.Catalogue(found)
		if err != nil {
			return err
		}
		years, now := coverage.Span(span), time.Now()
		expected, err := coverage.Expectations(ctx, s, coverage.Query{Portals: portals, Found: found, Builtin: c.Seeds.Builtin, Span: years, Now: now})
		if err != nil {
			return err
		}
		m, err := coverage.Of(s, expected, q.division, years, now)
		if err != nil {
			return err
		}
		if q.by != "" {
			return e.coverNumbers(&m, q.by)
		}
		w, done, err := e.output(q.out)
		if err != nil {
			return err
		}
		switch {
		case e.asJSON:
			err = term.WriteJSON(w, m.Cells())
		case q.format == "csv":
			err = coverCSV(w, &m)
		case q.format == "html" && !q.all && q.division == "":
			err = coverHTML(w, &m, m.Known(), now)
		case q.format == "html":
			err = coverHTML(w, &m, m.Lines, now)
		case q.all || q.division != "":
			coverTable(term.NewWriter(w), &m, m.Lines)
		default:
			coverSummary(term.NewWriter(w), &m)
		}
		return done(err)
	})
}

// output returns where to write: a new file that appears when done is called without an error, or stdout.
func (e *env) output(path string) (w io.Writer, done func(error) error, err error) {
	if path == "" {
		return e.exact(), func(err error) error { return err }, nil
	}
	f, err := atomicfile.Create(path)
	if err != nil {
		return nil, nil, err
	}
	return f, func(err error) error {
		if err != nil {
			f.Discard()
			return err
		}
		if err := f.Publish(); err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.stdout, path)
		return err
	}, nil
}

func coverCSV(w io.Writer, m *coverage.Map) error {
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

// coverSummary says what there is to a person who asks for nothing more.
func coverSummary(w io.Writer, m *coverage.Map) {
	coverTallies(w, m, coverage.ByLevel, m.Count(coverage.ByLevel), 4)
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
		coverTallies(w, m, coverage.ByProvince, some, 4)
	}
	if none > 0 {
		fmt.Fprintf(w, "none held of %d provinces, of %d expected (-by province lists them)\n", none, owed)
	}
	fmt.Fprintln(w)
	if lines := m.Known(); len(lines) > 0 && len(lines) <= mostSummed {
		coverTable(w, m, lines)
	} else {
		fmt.Fprintln(w, coverSum(m))
	}
	fmt.Fprint(w, `
More: -by province, level, year or reason for numbers; -division 330000 or -all for agencies x years; -format csv or -json for
every row with its reason; -format html -out coverage.html for a map to print.
`)
}

func coverTable(w io.Writer, m *coverage.Map, lines []coverage.Line) {
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
	fmt.Fprintf(w, "%s\n", coverSum(m))
	fmt.Fprintln(w, "C clean  N noted  D doubtful  U unread  . missing  blank: not expected")
}

// coverSum says it in one line.
func coverSum(m *coverage.Map) string {
	years := "no year"
	if len(m.Years) > 0 {
		years = crawler.Years{First: m.Years[0], Last: m.Years[len(m.Years)-1]}.String()
	}
	return fmt.Sprintf("%d agencies, %s: %d reports held, %d missing", len(m.Lines), years, m.Counts[coverage.Held], m.Counts[coverage.Missing])
}

// coverNumbers prints coverage in numbers.
func (e *env) coverNumbers(m *coverage.Map, by string) error {
	counts := m.Count(by)
	if e.asJSON {
		if counts == nil {
			counts = []coverage.Count{}
		}
		return e.printJSON(counts)
	}
	coverTallies(e.stdout, m, by, counts, 8)
	_, err := fmt.Fprintln(e.stdout, coverSum(m))
	return err
}

// coverTallies prints counts, with the share that is held of the reports for each of so many years.
func coverTallies(w io.Writer, m *coverage.Map, by string, counts []coverage.Count, lastYears int) {
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
		t.AppendRow(append(row, strings.Join(countList(n.Reasons), ", ")))
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
