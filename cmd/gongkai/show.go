package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/extract"
	"gongkai/store"
	"gongkai/store/export"
)

func newShow(e *env) *cobra.Command {
	var raw, history bool
	cmd := &cobra.Command{
		Use:   "show KEY",
		Short: "one report as a person wants to read it",
		Long: `Show prints a report: where it comes from, its metadata, its sections with their tables, every doubt, also where it
does not fit the report of the year before, and its attachments, archived or not.
KEY is agency and year as exports and lists print them, 330803-人民政府办公室/2021, or the division and year,
330803/2021, or the URL of a report. When several agencies, scopes or pages match, the others are named first, each with
its key, scope, quality and address, and then the best is shown: of one agency and scope, the one that an export takes.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("show takes one KEY, such as 330803-人民政府办公室/2021")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if raw && history {
				return usagef("-raw and -history exclude each other")
			}
			return e.show(args[0], raw, history)
		},
	}
	cmd.Flags().BoolVar(&raw, "raw", false, "the page as it was served, byte for byte")
	cmd.Flags().BoolVar(&history, "history", false, "every version and visit of the report, oldest first")
	return cmd
}

func (e *env) show(key string, raw, history bool) error {
	return e.view(func(_ config, s *store.Store) error { return e.showIn(s, key, raw, history) })
}

func (e *env) showIn(s *store.Store, key string, raw, history bool) error {
	records, err := findRecords(s, key)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fmt.Errorf("no report %s in the archive; gongkai export lists what there is", key)
	}
	best := records[0]
	for _, r := range records[1:] {
		if store.Better(r, best) {
			best = r
		}
	}
	others := othersThan(best, records)
	switch {
	case raw:
		body, err := s.Body(best.SHA256)
		if err == nil {
			_, err = e.exact().Write(body)
		}
		return err
	case history:
		return e.showHistory(s, best.URL)
	case e.asJSON:
		return e.showJSON(s, best, others)
	}
	e.showOthers(key, others)
	return e.showReport(s, best)
}

// An other is a record that a key stands for as well, and that is not shown.
type other struct {
	Key     string `json:"key"`
	Scope   string `json:"scope"`
	Quality string `json:"quality"`
	URL     string `json:"url"`
}

func othersThan(shown store.Record, records []store.Record) (list []other) {
	for _, r := range records {
		if r.URL != shown.URL {
			list = append(list, other{r.Report.Key().String(), r.Report.Scope, r.Report.Quality, r.URL})
		}
	}
	return list
}

// showOthers names what matches a key besides the report that follows.
func (e *env) showOthers(key string, others []other) {
	if len(others) == 0 {
		return
	}
	fmt.Fprintf(e.stdout, "%s is also, besides the report below:\n", key)
	t := e.newTable("key", "scope", "quality", "url")
	for _, o := range others {
		t.AppendRow(table.Row{o.Key, o.Scope, o.Quality, o.URL})
	}
	t.Render()
	fmt.Fprintln(e.stdout)
}

// findRecords finds the newest record of each URL that a key stands for: agency/year, division/year, or a URL.
func findRecords(s *store.Store, key string) ([]store.Record, error) {
	records := s.Records()
	match := func(r store.Record) bool { return r.URL == key }
	division, year, _ := strings.Cut(key, "/")
	if k, ok := extract.ParseKey(key); ok {
		records, match = s.RecordsOf(k), func(store.Record) bool { return true }
	} else if _, err := strconv.Atoi(year); err == nil {
		match = func(r store.Record) bool {
			return r.Report.Agency.Key.Division() == division && strconv.Itoa(r.Report.Year) == year
		}
	}
	var found []store.Record
	for r, err := range records {
		switch {
		case err != nil:
			return nil, err
		case r.Report == nil || !match(r):
			continue
		}
		// Records come by URL and capture: a later one of the same URL takes the place of the earlier.
		if i := slices.IndexFunc(found, func(f store.Record) bool { return f.URL == r.URL }); i >= 0 {
			found[i] = r
			continue
		}
		found = append(found, r)
	}
	return found, nil
}

func (e *env) showReport(s *store.Store, rec store.Record) error {
	r := rec.Report
	across, err := acrossYears(s, r)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s\n\n", r.Title)
	for _, pair := range [][2]string{
		{"key", r.Key().String()},
		{"agency", r.Agency.Name},
		{"scope", r.Scope},
		{"published", r.Published},
		{"quality", r.Quality},
		{"form", r.Form},
		{"forms", formsOf(r)},
		{"url", rec.URL},
		{"captured", rec.Time.In(time.Local).Format(time.DateTime)},
		{"sha256", rec.SHA256},
		{"change", rec.Change},
	} {
		if pair[1] != "" {
			fmt.Fprintf(e.stdout, "%-10s %s\n", pair[0], pair[1])
		}
	}
	for _, f := range r.Fields {
		fmt.Fprintf(e.stdout, "%-16s %s  (%s, %s)\n", f.Name, f.Value, f.Label, f.Where)
	}
	e.showSections(r)
	fmt.Fprintf(e.stdout, "\n%s\n", checksOf(r))
	failedChecks(e.stdout, r)
	for _, p := range slices.Concat(r.Problems, across) {
		fmt.Fprintf(e.stdout, "  problem: %s %s: %s\n", p.Kind, p.Where, p.Detail)
	}
	return e.showParts(s, rec.Parts)
}

// showSections prints the sections. Where figures were read from the tables of one, these are drawn as the form has them;
// all others as the page does.
func (e *env) showSections(r *extract.Report) {
	parts := formParts(r)
	for _, s := range r.Sections {
		ours := func(p formPart) bool {
			table := sectionTables(s.Number)
			return table != "" && (p.table.ID == table || strings.HasPrefix(p.table.ID, table+"."))
		}
		fmt.Fprintf(e.stdout, "\n%s\n", s.Heading)
		if !slices.ContainsFunc(parts, ours) {
			drawText(e.stdout, s.Text)
			continue
		}
		fmt.Fprint(e.stdout, proseOf(s.Text))
		for _, p := range parts {
			if ours(p) {
				p.draw(e.stdout)
			}
		}
		parts = slices.DeleteFunc(parts, ours)
	}
	for _, p := range parts {
		p.draw(e.stdout)
	}
}

// showJSON prints a record, what only the year before can tell of it, and what else the key stands for.
func (e *env) showJSON(s *store.Store, rec store.Record, others []other) error {
	across, err := acrossYears(s, rec.Report)
	if err != nil {
		return err
	}
	return e.printJSON(struct {
		store.Record
		Across []extract.Problem `json:"across_years,omitempty"`
		Others []other           `json:"others,omitempty"`
	}{rec, across, others})
}

// acrossYears tests a report against the agency's report on the year before in the same scope, as an export does.
func acrossYears(s *store.Store, r *extract.Report) ([]extract.Problem, error) {
	if r.Agency.Key == "" || r.Year == 0 {
		return nil, nil
	}
	var rivals store.Rivals
	for before, err := range s.RecordsOf(extract.Key{Agency: r.Agency.Key, Year: r.Year - 1}) {
		if err != nil {
			return nil, err
		}
		rivals.Add(before)
	}
	for _, c := range rivals.Choices() {
		if c.Report.Scope == r.Scope {
			return export.AcrossYears(c.Report, r), nil
		}
	}
	return nil, nil
}

// showParts prints what belongs to a report besides its page, and what was had of it.
func (e *env) showParts(s *store.Store, parts []store.Part) error {
	if len(parts) > 0 {
		fmt.Fprintln(e.stdout)
	}
	for _, p := range parts {
		state := "not archived: " + p.Missing
		if p.Capture != 0 {
			c, _, err := s.Capture(p.Capture)
			if err != nil {
				return err
			}
			state = fmt.Sprintf("%s, sha256 %s", humanize.IBytes(uint64(c.Size)), p.SHA256)
			switch {
			case p.Unread != "":
				state += ", cannot be read: " + p.Unread
			case p.Read:
				state += ", read"
			default:
				state += ", kept, not needed for reading"
			}
		}
		fmt.Fprintf(e.stdout, "%s: %s\n  %s\n", strings.TrimSpace(p.Name+" "+p.Title), p.URL, state)
	}
	return nil
}

// drawText prints paragraphs, and draws runs of table rows as tables.
func drawText(w io.Writer, text string) {
	var rows []table.Row
	draw := func() {
		if len(rows) == 0 {
			return
		}
		t := table.NewWriter()
		t.SetOutputMirror(w)
		t.SetStyle(table.StyleLight)
		t.AppendRows(rows)
		t.Render()
		rows = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if row, ok := strings.CutPrefix(line, "\t"); ok {
			var cells table.Row
			for cell := range strings.SplitSeq(row, "\t") {
				cells = append(cells, cell)
			}
			rows = append(rows, cells)
			continue
		}
		draw()
		fmt.Fprintln(w, line)
	}
	draw()
}

func formsOf(r *extract.Report) string {
	var parts []string
	for table, form := range r.Forms {
		parts = append(parts, table+" "+form)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// checksOf sums up the identities: "42 identities tested: 34 hold, 8 hold with blanks as zero".
func checksOf(r *extract.Report) string {
	n := map[string]int{}
	for _, c := range r.Checks {
		n[c.Result]++
	}
	text := fmt.Sprintf("%d figures; %d identities tested: %d hold", len(r.Figures), len(r.Checks), n[extract.CheckOK])
	for _, rest := range [][2]string{
		{extract.CheckBlankZero, "hold with blanks as zero"},
		{extract.CheckFailed, "FAIL"},
		{extract.CheckInconclusive, "cannot be decided"},
	} {
		if n[rest[0]] > 0 {
			text += fmt.Sprintf(", %d %s", n[rest[0]], rest[1])
		}
	}
	return text
}

func (e *env) showHistory(s *store.Store, url string) error {
	type visit struct {
		Capture uint64    `json:"capture"`
		Time    time.Time `json:"time"`
		State   string    `json:"state"`
		Status  int       `json:"status"`
		SHA256  string    `json:"sha256,omitempty"`
		Change  string    `json:"change,omitempty"`
	}
	var visits []visit
	for c, err := range s.CapturesOf(url) {
		if err != nil {
			return err
		}
		r, _, err := s.Record(c.ID)
		if err != nil {
			return err
		}
		visits = append(visits, visit{c.ID, c.Time, c.State, c.Status, c.SHA256, r.Change})
	}
	if e.asJSON {
		return e.printJSON(visits)
	}
	fmt.Fprintln(e.stdout, url)
	t := e.newTable("capture", "time", "state", "status", "change", "sha256")
	for _, v := range visits {
		t.AppendRow(table.Row{v.Capture, v.Time.In(time.Local).Format(time.DateTime), v.State, v.Status, v.Change, shorten(v.SHA256)})
	}
	t.Render()
	return nil
}

func shorten(digest string) string { return digest[:min(len(digest), 12)] }
