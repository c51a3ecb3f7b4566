package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/cmd/gongkai/view"
	"gongkai/crawler/coverage"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/atomicfile"
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

// check refuses flags that do not fit each other, and returns the years asked for.
func (q *coverQuery) check() (span config.YearSpan, err error) {
	switch {
	case q.by != "" && !slices.Contains([]string{"province", "level", "year", "reason"}, q.by):
		return span, usagef("-by is province, level, year or reason, not %q", q.by)
	case !slices.Contains([]string{"table", "csv", "html"}, q.format):
		return span, usagef("-format is table, csv or html, not %q", q.format)
	case q.by != "" && (q.format != "table" || q.out != ""):
		return span, usagef("-by prints numbers, as a table or with -json: not with -format or -out")
	case q.division != "" && !knownDivision(q.division):
		return span, usagef("-division is a six-digit code of GB/T 2260, such as 330803, not %q", q.division)
	}
	if err := span.UnmarshalText([]byte(q.years)); err != nil {
		return span, usagef("-years: %w", err)
	}
	return span, nil
}

func (e *env) coverage(ctx context.Context, q coverQuery) error {
	span, err := q.check()
	if err != nil {
		return err
	}
	return e.view(func(c config.Config, s *store.Store) error {
		now := time.Now()
		m, err := coverageOf(ctx, &c, s, q.division, coverage.Span(span), now)
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
		return done(e.writeCoverage(w, &m, q, now))
	})
}

// coverageOf makes the map of what the archive holds now and of what the catalogue expects.
func coverageOf(ctx context.Context, c *config.Config, s *store.Store, division string, years coverage.Span, now time.Time) (m coverage.Map, err error) {
	found, err := seeds.ReadDiscoveries(c.Archive.Path)
	if err != nil {
		return m, err
	}
	portals, err := c.Catalogue(found)
	if err != nil {
		return m, err
	}
	expected, err := coverage.Expectations(ctx, s, coverage.Query{Portals: portals, Found: found, Builtin: c.Seeds.Builtin, Span: years, Now: now})
	if err != nil {
		return m, err
	}
	return coverage.Of(s, expected, division, years, now)
}

// writeCoverage writes a map as it is asked for.
func (e *env) writeCoverage(w io.Writer, m *coverage.Map, q coverQuery, now time.Time) error {
	whole := q.all || q.division != ""
	switch {
	case e.asJSON:
		return term.WriteJSON(w, m.Cells())
	case q.format == "csv":
		return view.CoverageCSV(w, m)
	case q.format == "html" && whole:
		return view.CoverageHTML(w, m, m.Lines, now, "gongkai "+version())
	case q.format == "html":
		return view.CoverageHTML(w, m, m.Known(), now, "gongkai "+version())
	case whole:
		view.CoverageTable(term.NewWriter(w), m, m.Lines)
	default:
		view.CoverageSummary(term.NewWriter(w), m)
	}
	return nil
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

// coverNumbers prints coverage in numbers.
func (e *env) coverNumbers(m *coverage.Map, by string) error {
	counts := m.Count(by)
	if e.asJSON {
		if counts == nil {
			counts = []coverage.Count{}
		}
		return e.printJSON(counts)
	}
	view.CoverageCounts(e.stdout, m, by, counts, 8)
	_, err := fmt.Fprintln(e.stdout, view.CoverageLine(m))
	return err
}
