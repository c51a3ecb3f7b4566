package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"html/template"
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
)

func newCoverage(e *env) *cobra.Command {
	var format, out, division, years, by string
	cmd := &cobra.Command{
		Use:   "coverage",
		Short: "agencies (机关) x years (年份): held, missing, not expected",
		Long: `Coverage shows of which agency and year the archive holds a report, how far it can be trusted, and where there is none.

  table  for the terminal: C clean, N noted, D doubtful, U unread, . missing, blank not expected
  csv    a row an agency and year: agency_id, agency_name, division_code, level, year, state, quality, reason
  html   a page with a heat map that prints well; it needs nothing else

With -json it prints the same rows as csv does. Expected are the reports of every government for the years from 2008 in which
its division existed, those of other bodies in the catalogue from 2020, and of each body all from the first one held, up to the last
year whose reports are due. A report of a government's office stands for that of the government. Each gap has its reason:

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
		Example: `  gongkai coverage -division 330000
  gongkai coverage -by province
  gongkai coverage -format html -out coverage.html`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return e.coverage(format, out, division, years, by) },
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "table", "table, csv or html")
	flags.StringVar(&out, "out", "", "write to this `FILE` instead of printing")
	flags.StringVar(&division, "division", "", "only agencies of this division (行政区划) and those below it, by `CODE`")
	flags.StringVar(&by, "by", "", "only numbers, by `WHAT`: province, level, year or reason")
	flags.StringVar(&years, "years", "", "only these years, `A-B` (default all that anything is known of)")
	return cmd
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

func (e *env) coverage(format, out, division, years, by string) error {
	if by != "" && !slices.Contains([]string{"province", "level", "year", "reason"}, by) {
		return usagef("-by is province, level, year or reason, not %q", by)
	}
	if !slices.Contains([]string{"table", "csv", "html"}, format) {
		return usagef("-format is table, csv or html, not %q", format)
	}
	if division != "" && !knownDivision(division) {
		return usagef("-division is a six-digit code of GB/T 2260, such as 330803, not %q", division)
	}
	var span yearSpan
	if err := span.UnmarshalText([]byte(years)); err != nil {
		return usagef("-years: %w", err)
	}
	return e.view(func(c config, s *store.Store) error {
		portals, err := c.portals(nil)
		if err != nil {
			return err
		}
		wanted, err := c.expectations(s, portals, crawler.Years(span), nil, time.Now())
		if err != nil {
			return err
		}
		m, err := coverOf(s, wanted, division, crawler.Years(span), time.Now())
		if err != nil {
			return err
		}
		if by != "" {
			return e.coverNumbers(m, by)
		}
		w, done, err := e.output(out)
		if err != nil {
			return err
		}
		switch {
		case e.asJSON && out == "":
			err = e.printJSON(m.rows())
		case format == "csv":
			err = m.csv(w)
		case format == "html":
			err = m.html(w, time.Now())
		default:
			m.table(newPlainWriter(w))
		}
		return done(err)
	})
}

// output returns where to write: a new file that appears when done is called without an error, or stdout.
func (e *env) output(path string) (w io.Writer, done func(error) error, err error) {
	if path == "" {
		return e.exact(), func(err error) error { return err }, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
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
		out.Write([]string{inert(c.Key), inert(c.Name), c.Division, c.Level, strconv.Itoa(c.Year), c.State, c.Quality, inert(c.Reason)})
	}
	out.Flush()
	return out.Error()
}

// inert puts an apostrophe before a text that a spreadsheet could take for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
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

func (m *coverMap) table(w io.Writer) {
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
	for _, l := range m.lines {
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

// The shape of the heat map, in units of SVG.
const (
	coverCell  = 14
	coverLabel = 230
	coverRows  = 60 // agencies on one printed page
)

// html writes a page with a heat map for every so many agencies, so that they print one a page.
func (m *coverMap) html(w io.Writer, now time.Time) error {
	type cell struct {
		X     int
		Class string
		Title string
	}
	type line struct {
		Y, Text int
		Name    string
		Cells   []cell
	}
	type chart struct {
		Width, Height int
		Years         []cell
		Lines         []line
	}
	var charts []chart
	for from := 0; from < len(m.lines); from += coverRows {
		c := chart{Width: coverLabel + coverCell*len(m.years) + 4}
		for i, y := range m.years {
			c.Years = append(c.Years, cell{X: coverLabel + coverCell*i + coverCell/2, Title: fmt.Sprintf("%02d", y%100)})
		}
		for k, l := range m.lines[from:min(from+coverRows, len(m.lines))] {
			y := 20 + coverCell*k
			row := line{Y: y, Text: y + coverCell - 4, Name: clip(cmp.Or(l.Name, l.Key), 22)}
			for i, v := range l.cells {
				class := v.State
				if v.State == coverHeld {
					class = cmp.Or(v.Quality, "held")
				}
				title := strings.TrimSpace(fmt.Sprintf("%s %s %d: %s %s %s", l.Key, l.Name, v.Year, strings.ReplaceAll(v.State, "_", " "), v.Quality, v.Reason))
				row.Cells = append(row.Cells, cell{X: coverLabel + coverCell*i, Class: class, Title: title})
			}
			c.Lines = append(c.Lines, row)
			c.Height = y + coverCell + 4
		}
		charts = append(charts, c)
	}
	return coverPage.Execute(w, map[string]any{"Sum": m.sum(), "Charts": charts, "Cell": coverCell, "Side": coverCell - 2,
		"Label": coverLabel - 6, "Made": clockWord(now), "Program": "gongkai " + version()})
}

// clip cuts a text that is longer than n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

var coverPage = template.Must(template.New("coverage").Parse(`<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>政府信息公开工作年度报告：收录情况 coverage</title>
<style>
body { font: 14px/1.4 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; margin: 1.5em; color: #222; background: #fff; }
h1 { font-size: 1.3em; font-weight: 600; margin: 0 0 .2em; }
p { margin: .2em 0; }
ul { list-style: none; padding: 0; margin: .6em 0 1em; display: flex; flex-wrap: wrap; gap: .3em 1.2em; }
svg { display: block; }
text { font-size: 10px; fill: #222; }
rect, .swatch { stroke: #999; stroke-width: .4; fill: #fff; }
.swatch { width: 12px; height: 12px; vertical-align: -1px; margin-right: .4em; display: inline-block; }
.clean { fill: #c7dfc2; } .noted { fill: #e3ebc6; } .doubtful { fill: #f6dfae; } .unread { fill: #dcdcdc; }
.missing { fill: #fff; stroke: #b5482f; stroke-width: 1; } .not_expected { fill: #fff; stroke: #e4e4e4; } .held { fill: #c7dfc2; }
@media print { body { margin: 0; font-size: 11px; } figure { break-inside: avoid; break-after: page; } figure:last-of-type { break-after: auto; } @page { margin: 12mm; } }
figure { margin: 0 0 1em; }
</style>
</head>
<body>
<h1>政府信息公开工作年度报告：收录情况</h1>
<p>Annual reports on government information disclosure: agencies × years. {{.Sum}}</p>
<p>{{.Made}}, {{.Program}}</p>
<ul>
<li><svg class="swatch"><rect class="clean" width="12" height="12"/></svg>clean 数据一致</li>
<li><svg class="swatch"><rect class="noted" width="12" height="12"/></svg>noted 有注意事项</li>
<li><svg class="swatch"><rect class="doubtful" width="12" height="12"/></svg>doubtful 数据存疑</li>
<li><svg class="swatch"><rect class="unread" width="12" height="12"/></svg>unread 未能读取</li>
<li><svg class="swatch"><rect class="missing" x="1" y="1" width="10" height="10"/></svg>missing 缺失</li>
<li><svg class="swatch"><rect class="not_expected" width="12" height="12"/></svg>not expected 不应有</li>
</ul>
{{$side := .Side}}{{$label := .Label}}{{range .Charts}}<figure>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{.Width}} {{.Height}}" width="{{.Width}}" height="{{.Height}}" role="img" aria-label="coverage">
{{range .Years}}<text x="{{.X}}" y="12" text-anchor="middle">{{.Title}}</text>
{{end}}{{range .Lines}}{{$y := .Y}}<text x="{{$label}}" y="{{.Text}}" text-anchor="end">{{.Name}}</text>
{{range .Cells}}<rect class="{{.Class}}" x="{{.X}}" y="{{$y}}" width="{{$side}}" height="{{$side}}"><title>{{.Title}}</title></rect>
{{end}}{{end}}</svg>
</figure>
{{end}}</body>
</html>
`))
