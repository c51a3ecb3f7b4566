package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/view"
	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
	"gongkai/store/export"
	"gongkai/store/history"
)

// A showing is what is asked for of a report.
type showing struct {
	raw, history, diff bool
	at                 string
	between            []string // what -diff compares
}

func newShow(e *env) *cobra.Command {
	var o showing
	cmd := &cobra.Command{
		Use:   "show KEY [-at TIME] [-raw] | show KEY -history | show KEY -diff [A [B]]",
		Short: "one report as a person wants to read it, as it is or was, its history, and what was changed in it",
		Long: `Show prints a report: where it comes from, its metadata, its sections with their tables, every doubt, also where it
does not fit the report of the year before, and its attachments, archived or not.
KEY is agency and year as exports and lists print them, 330803-人民政府办公室/2021, or the division and year,
330803/2021, or the URL of a report. When several agencies, scopes or pages match, the others are named first, each with
its key, scope, quality and address, and then the best is shown: of one agency and scope, the one that an export takes.

With -at it prints the report as it was at a time, a day (which means its end in China) or an RFC 3339 time, as it is
read today, and says which revision that was, what came before and after it, and whether the page was there.

With -history it prints the life of a report: for each address its revisions, with when they were there, what changed (cosmetic:
only bytes; text; figures: figures, metadata or attachments) and four digests: of the bytes, the text, metadata with figures,
and attachments. Then what happened besides:

  withdrawal     the page is missing; confirmed when it was three times in a row
  reappearance   it is there again
  move           the report is at another address now, and no longer here
  back-dating    after the day that it gives it was seen not to be there; or its text is new, and its date an older one
  re-dating      the date that it gives is another one
  redirect, no report, not there, blocked, failed, unread, parts

A challenge, an error page, and reading a page again make no revision.

With -diff it prints what two revisions differ in: metadata, figures one by one, the text word by word, and attachments. A and B
are numbers of revisions as -history has them, days or times, or captures, as in c1234; without them the last two are
compared, and without B, A with the last.`,
		Example: `  gongkai show 330803/2021
  gongkai show 330803/2021 -at 2023-05-01
  gongkai show 330803/2021 -history
  gongkai show 330803/2021 -diff 1 3`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 || len(args) > 1 && !o.diff:
				return usagef("show takes one KEY, such as 330803-人民政府办公室/2021")
			case len(args) > 3:
				return usagef("show -diff takes one KEY and two revisions at most")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.between = args[1:]
			for _, pair := range [][2]string{{"raw", "history"}, {"raw", "diff"}, {"history", "diff"}, {"at", "history"}, {"at", "diff"}} {
				if cmd.Flags().Changed(pair[0]) && cmd.Flags().Changed(pair[1]) {
					return usagef("-%s and -%s exclude each other", pair[0], pair[1])
				}
			}
			return e.show(args[0], o)
		},
	}
	cmd.Flags().BoolVar(&o.raw, "raw", false, "the page as it was served, byte for byte")
	cmd.Flags().StringVar(&o.at, "at", "", "the report as it was at a `TIME`: 2023-05-01, or an RFC 3339 time")
	cmd.Flags().BoolVar(&o.history, "history", false, "its revisions and what happened to it, oldest first")
	cmd.Flags().BoolVar(&o.diff, "diff", false, "what two revisions differ in, A and B; the last two")
	return cmd
}

func (e *env) show(key string, o showing) error {
	return e.view(func(_ config.Config, s *store.Store) error { return e.showIn(s, key, o) })
}

func (e *env) showIn(s *store.Store, key string, o showing) error {
	records, err := findRecords(s, key)
	if err != nil {
		return err
	}
	if len(records) == 0 && o.history && strings.Contains(key, "://") {
		return e.showPage(s, key)
	}
	if len(records) == 0 {
		return fmt.Errorf("no report %s in the archive; gongkai export lists what there is", key)
	}
	var then *history.HeldAt
	if o.at != "" {
		if then, records, err = heldThen(s, key, records, o.at); err != nil {
			return err
		}
	}
	best := bestOf(records)
	then.Choose(best)
	if o.raw {
		return e.showRaw(s, best)
	}
	others := othersThan(best, records)
	switch {
	case o.history || o.diff:
		others = slices.DeleteFunc(others, func(o other) bool { // the other pages of a report are part of its life
			return o.Key == best.Report.Key().String() && o.Scope == best.Report.Scope
		})
		if !e.asJSON {
			e.showOthers(key, others)
		}
		if o.history {
			return e.showHistory(s, best)
		}
		return e.showDiff(s, best, o.between)
	case e.asJSON:
		return e.showJSON(s, best, others, then)
	}
	e.showOthers(key, others)
	view.Held(e.stdout, then)
	return e.showReport(s, best)
}

// bestOf returns the best of some records, of which there is one at least.
func bestOf(records []store.Record) store.Record {
	best := records[0]
	for _, r := range records[1:] {
		if store.Better(r, best) {
			best = r
		}
	}
	return best
}

// showRaw prints the page of a record as it was served.
func (e *env) showRaw(s *store.Store, rec store.Record) error {
	body, err := s.Body(rec.SHA256)
	if err == nil {
		_, err = e.exact().Write(body)
	}
	return err
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
	division, year, _ := strings.Cut(key, "/")
	if k, ok := extract.ParseKey(key); ok {
		return newestOfEach(s.RecordsOf(k), func(*store.Record) bool { return true })
	}
	if _, err := strconv.Atoi(year); err != nil {
		return reportAt(s, key)
	}
	found, err := newestOfEach(s.Outlines(), func(r *store.Record) bool {
		return r.Report.Agency.Key.Division() == division && strconv.Itoa(r.Report.Year) == year
	})
	for i := range found {
		whole, ok, err := s.Record(found[i].Capture)
		if err != nil || !ok {
			return nil, errors.Join(err, store.ErrNotFound)
		}
		found[i] = whole
	}
	return found, err
}

// newestOfEach returns, of each URL, the last report that fits and stands.
func newestOfEach(records iter.Seq2[store.Record, error], fits func(*store.Record) bool) (found []store.Record, err error) {
	at := map[string]int{}
	for r, err := range records {
		switch {
		case err != nil:
			return nil, err
		case r.Report == nil || !fits(&r):
			continue
		}
		// Records come by URL and capture: a later one of the same URL takes the place of the earlier.
		i, known := at[r.URL]
		if !known {
			i = len(found)
			at[r.URL] = i
			found = append(found, r)
		}
		if r.Replaces(&found[i]) {
			found[i] = r
		}
	}
	return found, nil
}

// reportAt returns the newest record of an address that is a report, if there is one.
func reportAt(s *store.Store, url string) (found []store.Record, err error) {
	last, ok, err := s.LastRecord(url)
	if err != nil || !ok {
		return nil, err
	}
	if last.Report != nil && last.Suspicious == "" {
		return []store.Record{last}, nil
	}
	newest, ok, err := history.Standing(s, url, last.Capture)
	if ok && newest.Report != nil {
		found = append(found, newest)
	}
	return found, err
}

func (e *env) showReport(s *store.Store, rec store.Record) error {
	doubts, err := doubtsBeside(s, rec)
	if err != nil {
		return err
	}
	view.Report(e.stdout, rec, doubts)
	return e.showParts(s, rec.Parts)
}

// doubtsBeside are the doubts about a record that do not come from its page.
func doubtsBeside(s *store.Store, rec store.Record) ([]form.Problem, error) {
	across, err := acrossYears(s, rec.Report)
	if err != nil {
		return nil, err
	}
	doubted, err := doubtedSince(s, rec)
	return slices.Concat(across, doubted), err
}

// showJSON prints a record, what only the year before can tell of it, and what else the key stands for.
func (e *env) showJSON(s *store.Store, rec store.Record, others []other, then *history.HeldAt) error {
	across, err := acrossYears(s, rec.Report)
	if err != nil {
		return err
	}
	doubted, err := doubtedSince(s, rec)
	if err != nil {
		return err
	}
	return e.printJSON(struct {
		store.Record
		Across  []form.Problem  `json:"across_years,omitempty"`
		Doubted []form.Problem  `json:"newer,omitempty"`
		Others  []other         `json:"others,omitempty"`
		Then    *history.HeldAt `json:"at,omitempty"`
	}{rec, across, doubted, others, then})
}

// acrossYears tests a report against the agency's report on the year before in the same scope, as an export does.
func acrossYears(s *store.Store, r *extract.Report) ([]form.Problem, error) {
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

// doubtedSince tells of a newer version of a record's page that is not believed yet.
func doubtedSince(s *store.Store, rec store.Record) ([]form.Problem, error) {
	last, ok, err := s.LastRecord(rec.URL)
	if err != nil || !ok || last.Suspicious == "" || last.Capture <= rec.Capture {
		return nil, err
	}
	return []form.Problem{{Kind: "suspicious", Detail: fmt.Sprintf("a newer version, of %s, is not believed yet: %s", view.Clock(last.Time), last.Suspicious)}}, nil
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
