package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/crawler"
	"gongkai/extract"
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

// What the archive has of an agency and year. The words are printed and do not change.
const (
	coverHeld    = "held"
	coverMissing = "missing"
	coverNone    = "not_expected"
)

// A cover is an agency and year.
type cover struct {
	Key      string `json:"agency_id"`
	Name     string `json:"agency_name"`
	Division string `json:"division_code"`
	Level    string `json:"level"`
	Year     int    `json:"year"`
	State    string `json:"state"`
	Quality  string `json:"quality,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// A coverMap is what coverage shows: a line an agency.
type coverMap struct {
	years  []int
	lines  []coverLine
	counts map[string]int // by state
}

type coverLine struct {
	Key, Name, Division, Level string
	cells                      []cover // a year each
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
	var span yearSpan
	if err := span.UnmarshalText([]byte(q.years)); err != nil {
		return usagef("-years: %w", err)
	}
	return e.view(func(c config, s *store.Store) error {
		portals, err := c.portals(nil)
		if err != nil {
			return err
		}
		wanted, err := c.expectations(ctx, s, portals, crawler.Years(span), nil, time.Now())
		if err != nil {
			return err
		}
		m, err := coverOf(s, wanted, q.division, crawler.Years(span), time.Now())
		if err != nil {
			return err
		}
		if q.by != "" {
			return e.coverNumbers(m, q.by)
		}
		w, done, err := e.output(q.out)
		if err != nil {
			return err
		}
		switch {
		case e.asJSON:
			err = writeJSON(w, m.rows())
		case q.format == "csv":
			err = m.csv(w)
		case q.format == "html" && !q.all && q.division == "":
			err = m.html(w, m.known(), time.Now())
		case q.format == "html":
			err = m.html(w, m.lines, time.Now())
		case q.all || q.division != "":
			m.table(newPlainWriter(w), m.lines)
		default:
			m.summary(newPlainWriter(w))
		}
		return done(err)
	})
}

// output returns where to write: a new file that appears when done is called without an error, or stdout.
func (e *env) output(path string) (w io.Writer, done func(error) error, err error) {
	if path == "" {
		return e.exact(), func(err error) error { return err }, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), newPrefix+"*")
	if err != nil {
		return nil, nil, err
	}
	return f, func(err error) error {
		if err == nil {
			err = f.Chmod(0o644)
		}
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			os.Remove(f.Name())
			return err
		}
		_, err = fmt.Fprintln(e.stdout, path)
		return err
	}, nil
}

// lastDue is the last year whose reports are due: they must be published by the end of January (by the end of March
// before 2019).
func lastDue(now time.Time) int {
	if now.Month() == time.January {
		return now.Year() - 2
	}
	return now.Year() - 1
}

// coverOf makes the map. Years without any knowledge are left out unless they are asked for.
func coverOf(s *store.Store, wanted []expectation, division string, span crawler.Years, now time.Time) (coverMap, error) {
	m := coverMap{counts: map[string]int{}}
	held, err := holdings(s)
	if err != nil {
		return m, err
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(division, "00"), "00")
	held = slices.DeleteFunc(held, func(h holding) bool { return !strings.HasPrefix(h.Key.Division(), stem) })
	wanted = slices.DeleteFunc(wanted, func(x expectation) bool { return !strings.HasPrefix(x.agency.Division(), stem) })
	first, last := bounds(held, wanted, span, now)
	for year := first; year <= last && first != 0; year++ {
		m.years = append(m.years, year)
	}
	at := map[extract.AgencyKey]int{}
	for _, h := range held {
		at[h.Key] = len(m.lines)
		m.lines = append(m.lines, m.line(h, now))
	}
	for _, x := range wanted {
		i, known := at[x.agency]
		if !known {
			i = len(m.lines)
			at[x.agency] = i
			m.lines = append(m.lines, m.line(holding{Key: x.agency, Name: x.name, Level: x.level}, now))
		}
		m.expect(&m.lines[i], x)
	}
	slices.SortFunc(m.lines, func(a, b coverLine) int { return cmp.Compare(a.Key, b.Key) })
	for _, l := range m.lines {
		for _, c := range l.cells {
			m.counts[c.State]++
		}
	}
	return m, nil
}

func bounds(held []holding, wanted []expectation, span crawler.Years, now time.Time) (first, last int) {
	if span != (crawler.Years{}) {
		return span.First, span.Last
	}
	note := func(year int) {
		if first == 0 || year < first {
			first = year
		}
		last = max(last, year)
	}
	for _, h := range held {
		for year := range h.Years {
			note(year)
		}
	}
	for _, x := range wanted {
		note(x.year)
	}
	if first != 0 {
		last = max(last, lastDue(now))
	}
	return first, last
}

// line fills in what is held of an agency; what is not, from its first year on, is missing.
func (m *coverMap) line(h holding, now time.Time) coverLine {
	l := coverLine{Key: string(h.Key), Name: h.Name, Division: h.Key.Division(), Level: h.Level}
	since := 0
	for year := range h.Years {
		if since == 0 || year < since {
			since = year
		}
	}
	for _, year := range m.years {
		c := cover{Key: l.Key, Name: l.Name, Division: l.Division, Level: l.Level, Year: year, State: coverNone}
		quality, ok := h.Years[year]
		switch {
		case ok:
			c.State, c.Quality = coverHeld, quality
			if quality == extract.QualityUnread {
				c.Reason = unreadWord(h.Forms[year])
			}
		case since == 0:
			c.Reason = "nothing is known of it for this year"
		case year < since:
			c.Reason = "before the first report held"
		case year > lastDue(now):
			c.Reason = "not due yet"
		default:
			c.State = coverMissing
		}
		l.cells = append(l.cells, c)
	}
	return l
}

// expect puts in what is expected where nothing is held.
func (m *coverMap) expect(l *coverLine, x expectation) {
	i := slices.Index(m.years, x.year)
	if i < 0 || l.cells[i].State == coverHeld {
		return
	}
	l.cells[i].State, l.cells[i].Reason = coverMissing, x.why
	if x.reason != "" {
		l.cells[i].State, l.cells[i].Reason = coverNone, x.reason
	}
}

func (m *coverMap) rows() []cover {
	rows := []cover{}
	for _, l := range m.lines {
		rows = append(rows, l.cells...)
	}
	return rows
}

func (m *coverMap) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	out.Write([]string{"agency_id", "agency_name", "division_code", "level", "year", "state", "quality", "reason"})
	for _, c := range m.rows() {
		out.Write([]string{export.Inert(c.Key), export.Inert(c.Name), c.Division, c.Level, strconv.Itoa(c.Year), c.State, c.Quality, export.Inert(c.Reason)})
	}
	out.Flush()
	return out.Error()
}

// coverSign is what stands for a cell in a table.
func coverSign(c cover) string {
	switch {
	case c.State == coverHeld && c.Quality != "":
		return strings.ToUpper(c.Quality[:1])
	case c.State == coverHeld:
		return "?"
	case c.State == coverMissing:
		return "."
	}
	return " "
}

// known are the lines of agencies of which the archive knows anything: a report is held, or there is a reason why none is that
// is more than that nobody has looked.
func (m *coverMap) known() (lines []coverLine) {
	for _, l := range m.lines {
		if slices.ContainsFunc(l.cells, func(c cover) bool {
			return c.State == coverHeld || c.State == coverMissing && !unasked(c.Reason)
		}) {
			lines = append(lines, l)
		}
	}
	return lines
}

// unasked reports whether a gap is there because nobody has looked.
func unasked(reason string) bool {
	class, _, _ := strings.Cut(reason, ":")
	return class == gapNoAddress || class == gapUncrawled || reason == gapUndiscovered+": not looked for yet"
}

// A summary has the lines of so many agencies at most: one screen.
const mostSummed = 40

// summary says what there is to a person who asks for nothing more.
func (m *coverMap) summary(w io.Writer) {
	m.numbers(w, "level", m.count("level"), 4)
	var some []coverCount
	none, owed := 0, 0
	for _, n := range m.count("province") {
		if n.Held > 0 {
			some = append(some, n)
			continue
		}
		none, owed = none+1, owed+n.Expected
	}
	fmt.Fprintln(w)
	if len(some) > 0 {
		m.numbers(w, "province", some, 4)
	}
	if none > 0 {
		fmt.Fprintf(w, "none held of %d provinces, of %d expected (-by province lists them)\n", none, owed)
	}
	fmt.Fprintln(w)
	if lines := m.known(); len(lines) > 0 && len(lines) <= mostSummed {
		m.table(w, lines)
	} else {
		fmt.Fprintln(w, m.sum())
	}
	fmt.Fprint(w, `
More: -by province, level, year or reason for numbers; -division 330000 or -all for agencies x years; -format csv or -json for
every row with its reason; -format html -out coverage.html for a map to print.
`)
}

func (m *coverMap) table(w io.Writer, lines []coverLine) {
	t := newTableOn(w, "agency", "name")
	head := table.Row{"agency", "name"}
	for _, y := range m.years {
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
		for _, c := range l.cells {
			row = append(row, coverSign(c))
		}
		t.AppendRow(row)
	}
	t.Render()
	fmt.Fprintf(w, "%s\n", m.sum())
	fmt.Fprintln(w, "C clean  N noted  D doubtful  U unread  . missing  blank: not expected")
}

// sum says it in one line.
func (m *coverMap) sum() string {
	years := "no year"
	if len(m.years) > 0 {
		years = crawler.Years{First: m.years[0], Last: m.years[len(m.years)-1]}.String()
	}
	return fmt.Sprintf("%d agencies, %s: %d reports held, %d missing", len(m.lines), years, m.counts[coverHeld], m.counts[coverMissing])
}
