package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"gongkai/crawler"
	"gongkai/crawler/coverage"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/history"
)

// A nightReport tells what a run came to, for the person who reads it in the morning. Each capture of the archive is
// in one report: a report goes on where the one before it ended, so that what a killed run archived is not passed over.
type nightReport struct {
	Version  int            `json:"version"` // of this shape: 1
	Program  string         `json:"program"`
	Kind     string         `json:"kind"` // crawl, recheck, full, backfill 2008-2024
	Started  time.Time      `json:"started"`
	Ended    time.Time      `json:"ended"`
	Outcome  string         `json:"outcome"`
	ExitCode int            `json:"exit_code"`
	After    uint64         `json:"captures_after"` // the captures told of have ids above this one
	To       uint64         `json:"captures_to"`    // up to this one
	Portals  int            `json:"portals"`
	Counts   crawler.Counts `json:"counts"`

	New        []newsItem        `json:"new"`                  // reports that the archive did not have
	Revised    []newsItem        `json:"revised"`              // in text, figures or attachments
	Withdrawn  []newsItem        `json:"withdrawn"`            // were there, and are 404 or 410 now
	Dead       []deadPortal      `json:"dead"`                 // portals that gave nothing
	Few        []crawler.Problem `json:"few"`                  // suspiciously few: listings that give less than they should
	Suspicious []crawler.Problem `json:"suspicious,omitempty"` // revisions that have lost much and are not believed yet
	Blocked    []crawler.Problem `json:"blocked"`
	Failing    []crawler.Problem `json:"failing"`
	Gone       []crawler.Problem `json:"gone"`
	Skipped    []crawler.Problem `json:"skipped"`           // not asked for, as the site is left alone, or for lack of time
	Missing    []missingYears    `json:"missing,omitempty"` // of a backfill: what it was asked for and is still not held
	More       map[string]int    `json:"more,omitempty"`    // how many a list leaves out

	Steps    []step   `json:"steps,omitempty"` // after the crawl
	DiskFree int64    `json:"disk_free"`
	Notes    []string `json:"notes,omitempty"`
}

// A newsItem is a report of which there is news.
type newsItem struct {
	Key     string   `json:"key"` // agency/year
	Agency  string   `json:"agency"`
	Title   string   `json:"title"`
	URL     string   `json:"url"`
	Portal  string   `json:"portal"`
	Capture uint64   `json:"capture"`
	Change  string   `json:"change,omitempty"`  // text or figures
	Figures []string `json:"figures,omitempty"` // of a revision, the first that differ: "t3 r1 total \"69\" -> \"70\""
}

// A deadPortal gave nothing in this run.
type deadPortal struct {
	Portal string    `json:"portal"`
	Agency string    `json:"agency"`
	URL    string    `json:"url"`
	Why    string    `json:"why"`
	Since  time.Time `json:"last_success,omitzero"` // zero: it never gave anything
}

// A step is something done after the crawl.
type step struct {
	Name    string  `json:"name"`
	Outcome string  `json:"outcome"` // done, failed, skipped
	Detail  string  `json:"detail,omitempty"`
	Seconds float64 `json:"seconds"`
}

const (
	stepDone    = "done"
	stepFailed  = "failed"
	stepSkipped = "skipped"
)

// mostListed is how many entries of each kind a report has; mostFigures how many figures of a revision. mostRepeated is
// how many characters of a text it repeats that somebody else has written: a title, a cell. crawler.Problem has its own bound.
const (
	mostListed   = 5000
	mostFigures  = 12
	mostRepeated = 300
)

// news fills in what the captures of the report tell. An interrupted reading of the archive is an error.
func (n *nightReport) news(s *store.Store) (err error) {
	if n.To, err = s.LastID(); err != nil {
		return err
	}
	for c, err := range s.Captures(n.After) {
		switch {
		case err != nil:
			return err
		case c.ID > n.To:
			return nil
		case c.Kind != store.KindReport:
			continue
		}
		if err := n.capture(s, c); err != nil {
			return err
		}
	}
	return nil
}

func (n *nightReport) capture(s *store.Store, c store.Capture) error {
	switch c.State {
	case store.StateGone:
		before, known, err := s.LastBefore(c.URL, c.ID, store.StateOK, store.StateUnchanged, store.StateGone, store.StateRedirect)
		if err != nil || !known || before.State != store.StateOK && before.State != store.StateUnchanged {
			return err // it was not there before either, as far as anybody answered
		}
		rec, read, err := history.Standing(s, c.URL, before.ID)
		if err == nil && read && rec.Report != nil {
			add(n, "withdrawn", &n.Withdrawn, item(rec, c))
		}
		return err
	case store.StateOK, store.StateUnchanged:
		rec, read, err := s.Record(c.ID)
		if err != nil || !read || rec.Report == nil {
			return err
		}
		switch rec.Change {
		case store.ChangeFirst:
			add(n, "new", &n.New, item(rec, c))
		case store.ChangeText, store.ChangeFigures:
			return n.revised(s, rec, c)
		}
	}
	return nil
}

func (n *nightReport) revised(s *store.Store, rec store.Record, c store.Capture) error {
	it := item(rec, c)
	it.Change = rec.Change
	before, known, err := history.Standing(s, c.URL, c.ID-1)
	if err != nil {
		return err
	}
	if known {
		for _, d := range history.Differences(&before, &rec) {
			if d.Field == "figures" && len(it.Figures) < mostFigures {
				it.Figures = append(it.Figures, fmt.Sprintf("%s %s -> %s", clip(d.Where, mostRepeated), clip(d.Old, mostRepeated), clip(d.New, mostRepeated)))
			}
		}
	}
	add(n, "revised", &n.Revised, it)
	return nil
}

func item(r store.Record, c store.Capture) newsItem {
	return newsItem{Key: clip(r.Report.Key().String(), mostRepeated), Agency: clip(r.Report.Agency.Name, mostRepeated),
		Title: clip(r.Report.Title, mostRepeated), URL: clip(r.URL, mostRepeated), Portal: c.Portal, Capture: c.ID}
}

// add appends to a list of the report, up to a bound.
func add[T any](n *nightReport, name string, list *[]T, entry T) {
	if len(*list) < mostListed {
		*list = append(*list, entry)
		return
	}
	if n.More == nil {
		n.More = map[string]int{}
	}
	n.More[name]++
}

// problems fills in what the crawler tells of the portals. last says when each has given something before.
func (n *nightReport) problems(portals []seeds.Portal, sum crawler.Summary, last map[string]time.Time) {
	n.Counts, n.Portals = sum.Counts, len(sum.Portals)
	for i, p := range sum.Portals {
		if d, dead := deadOf(portals[i], p); dead {
			d.Since = last[p.ID]
			add(n, "dead", &n.Dead, d)
			continue
		}
		for _, problem := range p.Problems {
			switch problem.Kind {
			case crawler.ProblemSuspicious:
				add(n, "suspicious", &n.Suspicious, problem)
			case crawler.ProblemFew:
				add(n, "few", &n.Few, problem)
			case crawler.ProblemBlocked:
				add(n, "blocked", &n.Blocked, problem)
			case crawler.ProblemGone:
				add(n, "gone", &n.Gone, problem)
			case crawler.ProblemSkipped, crawler.ProblemBound:
				add(n, "skipped", &n.Skipped, problem)
			default:
				add(n, "failing", &n.Failing, problem)
			}
		}
		if more := p.Trouble - len(p.Problems); more > 0 {
			if n.More == nil {
				n.More = map[string]int{}
			}
			n.More["problems of "+p.ID] = more
		}
	}
}

// deadOf says that a portal gave nothing, and what it said last.
func deadOf(p seeds.Portal, sum crawler.PortalSummary) (deadPortal, bool) {
	d := deadPortal{Portal: sum.ID, Agency: p.Agency}
	left := slices.ContainsFunc(sum.Problems, func(p crawler.Problem) bool { return p.Kind == crawler.ProblemBound })
	if sum.New+sum.Unchanged > 0 || sum.Trouble == 0 || left {
		return d, false
	}
	d.Why = fmt.Sprintf("%d requests, no page had", sum.Requests)
	if len(sum.Problems) > 0 {
		d.URL, d.Why = sum.Problems[0].URL, sum.Problems[0].Detail
	}
	return d, true
}

// stopped puts into words why a run ended before its end; "" when it did not.
func stopped(cause error) string {
	switch {
	case cause == nil:
		return ""
	case errors.Is(cause, errWindowClosed):
		return "stopped, the window has closed; the next run goes on"
	case errors.Is(cause, errUntil):
		return "stopped, the time given is over; the next run goes on"
	case isDiskFull(cause):
		return "stopped: " + cause.Error()
	}
	return "stopped before the end; the next run goes on"
}

// perSection is how many entries of a list the text shows.
const perSection = 25

// text writes the report for a person.
func (n *nightReport) text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "gongkai %s: %s\n\n", n.Kind, n.Outcome)
	fmt.Fprintf(&b, "  from %s to %s, %v\n", clockWord(n.Started), clockWord(n.Ended), n.Ended.Sub(n.Started).Round(time.Second))
	fmt.Fprintf(&b, "  %d portals, %v\n", n.Portals, n.Counts)
	if n.DiskFree > 0 {
		fmt.Fprintf(&b, "  %s free on the disk of the archive\n", humanize.IBytes(uint64(n.DiskFree)))
	}
	for _, s := range n.Steps {
		fmt.Fprintf(&b, "  %s: %s\n", s.Name, strings.TrimSpace(s.Outcome+" "+s.Detail))
	}
	for _, note := range n.Notes {
		fmt.Fprintf(&b, "  note: %s\n", note)
	}
	section(&b, n, "new", "new reports", n.New, newsItem.String)
	section(&b, n, "revised", "revised reports", n.Revised, newsItem.String)
	section(&b, n, "withdrawn", "withdrawn reports: they were there, and are gone", n.Withdrawn, newsItem.String)
	section(&b, n, "dead", "portals that gave nothing", n.Dead, deadPortal.String)
	section(&b, n, "suspicious", "suspicious: they have lost much", n.Suspicious, problemWord)
	section(&b, n, "few", "suspiciously few", n.Few, problemWord)
	section(&b, n, "blocked", "blocked", n.Blocked, problemWord)
	section(&b, n, "failing", "failing", n.Failing, problemWord)
	section(&b, n, "gone", "listed, and not there", n.Gone, problemWord)
	section(&b, n, "skipped", "not asked for", n.Skipped, problemWord)
	section(&b, n, "missing", "still missing in the years asked for", n.Missing, missingYears.String)
	_, err := io.WriteString(w, plain(b.String())) // files of reports are read on terminals, too
	return err
}

func section[T any](b *strings.Builder, n *nightReport, name, title string, list []T, word func(T) string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s (%d):\n", title, len(list)+n.More[name])
	for _, entry := range list[:min(len(list), perSection)] {
		fmt.Fprintf(b, "  %s\n", word(entry))
	}
	if more := len(list) + n.More[name] - perSection; more > 0 {
		fmt.Fprintf(b, "  … and %d more, in the report's JSON\n", more)
	}
}

func (i newsItem) String() string {
	text := fmt.Sprintf("%s  %s\n    %s", i.Key, i.Title, i.URL)
	if i.Change != "" {
		text += ", other " + i.Change
	}
	for _, f := range i.Figures {
		text += "\n    " + f
	}
	return text
}

func (d deadPortal) String() string {
	since := "it never gave anything"
	if !d.Since.IsZero() {
		since = "last gave something " + clockWord(d.Since)
	}
	return fmt.Sprintf("%s  %s\n    %s: %s (%s)", d.Portal, d.Agency, d.URL, d.Why, since)
}

func problemWord(p crawler.Problem) string {
	return fmt.Sprintf("%s  %s: %s", p.Portal, p.URL, p.Detail)
}

// missingYears is an agency and the years asked for that the archive has no report of.
type missingYears struct {
	Portal string `json:"portal,omitempty"`
	Key    string `json:"agency,omitempty"`
	Name   string `json:"name"`
	Years  []int  `json:"years"`
}

func (m missingYears) String() string {
	return fmt.Sprintf("%s  %s: %s", cmp.Or(m.Key, m.Portal), m.Name, yearList(m.Years))
}

// yearList writes "2008-2011, 2014".
func yearList(years []int) string {
	var parts []string
	for i := 0; i < len(years); {
		k := i
		for k+1 < len(years) && years[k+1] == years[k]+1 {
			k++
		}
		parts = append(parts, crawler.Years{First: years[i], Last: years[k]}.String())
		i = k + 1
	}
	return strings.Join(parts, ", ")
}

// missing lists, for agencies of which the portals' archive holds a report and for portals of which it holds none, the
// years of a span without one.
func missing(s *store.Store, portals []seeds.Portal, y crawler.Years) (list []missingYears, err error) {
	held, err := coverage.Holdings(s)
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{}
	for _, p := range portals {
		asked[p.ID] = true
	}
	seen := map[string]bool{}
	for _, h := range held {
		ours := false
		for _, id := range h.Portals {
			ours = ours || asked[id]
			seen[id] = true
		}
		m := missingYears{Key: string(h.Key), Name: h.Name}
		for year := y.First; year <= y.Last; year++ {
			if _, ok := h.Years[year]; !ok {
				m.Years = append(m.Years, year)
			}
		}
		if ours && len(m.Years) > 0 {
			list = append(list, m)
		}
	}
	for _, p := range portals {
		if !seen[p.ID] {
			m := missingYears{Portal: p.ID, Name: p.Agency}
			for year := y.First; year <= y.Last; year++ {
				m.Years = append(m.Years, year)
			}
			list = append(list, m)
		}
	}
	return list, nil
}
