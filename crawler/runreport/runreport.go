// Package runreport tells what a run of the crawler came to: what is new, what is wrong, and what is still missing, and
// keeps the reports of an archive's runs in a folder. It does not run anything, and writes no sentence for a person.
//
//	runreport.go   a report, and what goes into it
//	folder.go      the reports in a folder, and what the next one must know
//	webhook.go     sending one
package runreport

import (
	"fmt"
	"slices"
	"time"

	"gongkai/crawler"
	"gongkai/crawler/coverage"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/history"
)

// A Report tells what a run came to, for the person who reads it in the morning. Each capture of the archive is
// in one report: a report goes on where the one before it ended, so that what a killed run archived is not passed over.
type Report struct {
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

	New        []NewsItem        `json:"new"`                  // reports that the archive did not have
	Revised    []NewsItem        `json:"revised"`              // in text, figures or attachments
	Withdrawn  []NewsItem        `json:"withdrawn"`            // were there, and are 404 or 410 now
	Dead       []DeadPortal      `json:"dead"`                 // portals that gave nothing
	Few        []crawler.Problem `json:"few"`                  // suspiciously few: listings that give less than they should
	Suspicious []crawler.Problem `json:"suspicious,omitempty"` // revisions that have lost much and are not believed yet
	Blocked    []crawler.Problem `json:"blocked"`
	Failing    []crawler.Problem `json:"failing"`
	Gone       []crawler.Problem `json:"gone"`
	Skipped    []crawler.Problem `json:"skipped"`           // not asked for, as the site is left alone, or for lack of time
	Missing    []MissingYears    `json:"missing,omitempty"` // of a backfill: what it was asked for and is still not held
	More       map[string]int    `json:"more,omitempty"`    // how many a list leaves out

	Steps    []Step   `json:"steps,omitempty"` // after the crawl
	DiskFree int64    `json:"disk_free"`
	Notes    []string `json:"notes,omitempty"`
}

// A NewsItem is a report of which there is news.
type NewsItem struct {
	Key     string   `json:"key"` // agency/year
	Agency  string   `json:"agency"`
	Title   string   `json:"title"`
	URL     string   `json:"url"`
	Portal  string   `json:"portal"`
	Capture uint64   `json:"capture"`
	Change  string   `json:"change,omitempty"`  // text or figures
	Figures []string `json:"figures,omitempty"` // of a revision, the first that differ: "t3 r1 total \"69\" -> \"70\""
}

// A DeadPortal gave nothing in this run.
type DeadPortal struct {
	Portal string    `json:"portal"`
	Agency string    `json:"agency"`
	URL    string    `json:"url"`
	Why    string    `json:"why"`
	Since  time.Time `json:"last_success,omitzero"` // zero: it never gave anything
}

// A Step is something done after the crawl.
type Step struct {
	Name    string  `json:"name"`
	Outcome string  `json:"outcome"` // StepDone, StepFailed, StepSkipped
	Detail  string  `json:"detail,omitempty"`
	Seconds float64 `json:"seconds"`
}

// The outcomes of steps.
const (
	StepDone    = "done"
	StepFailed  = "failed"
	StepSkipped = "skipped"
)

// mostListed is how many entries of each kind a report has; mostFigures how many figures of a revision. mostRepeated is
// how many characters of a text it repeats that somebody else has written: a title, a cell. crawler.Problem has its own
// bound.
const (
	mostListed   = 5000
	mostFigures  = 12
	mostRepeated = 300
)

// TellNews fills in what the captures after After tell, up to the newest, and sets To.
func (n *Report) TellNews(s *store.Store) (err error) {
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

func (n *Report) capture(s *store.Store, c store.Capture) error {
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

func (n *Report) revised(s *store.Store, rec store.Record, c store.Capture) error {
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

func item(r store.Record, c store.Capture) NewsItem {
	return NewsItem{Key: clip(r.Report.Key().String(), mostRepeated), Agency: clip(r.Report.Agency.Name, mostRepeated),
		Title: clip(r.Report.Title, mostRepeated), URL: clip(r.URL, mostRepeated), Portal: c.Portal, Capture: c.ID}
}

// add appends to a list of the report, up to a bound.
func add[T any](n *Report, name string, list *[]T, entry T) {
	if len(*list) < mostListed {
		*list = append(*list, entry)
		return
	}
	if n.More == nil {
		n.More = map[string]int{}
	}
	n.More[name]++
}

// TellProblems fills in what the crawler tells of the portals, of which sum has one each, in their order. last says
// when each has given something before.
func (n *Report) TellProblems(portals []seeds.Portal, sum crawler.Summary, last map[string]time.Time) {
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
func deadOf(p seeds.Portal, sum crawler.PortalSummary) (DeadPortal, bool) {
	d := DeadPortal{Portal: sum.ID, Agency: p.Agency}
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

// A MissingYears is an agency, or a portal of which nothing is held, and the years asked for that the archive has no
// report of.
type MissingYears struct {
	Portal string `json:"portal,omitempty"`
	Key    string `json:"agency,omitempty"`
	Name   string `json:"name"`
	Years  []int  `json:"years"`
}

// Missing lists, for agencies of which the portals' archive holds a report and for portals of which it holds none, the
// years of a span without one.
func Missing(s *store.Store, portals []seeds.Portal, y crawler.Years) (list []MissingYears, err error) {
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
		m := MissingYears{Key: string(h.Key), Name: h.Name}
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
			m := MissingYears{Portal: p.ID, Name: p.Agency}
			for year := y.First; year <= y.Last; year++ {
				m.Years = append(m.Years, year)
			}
			list = append(list, m)
		}
	}
	return list, nil
}

// clip cuts a text that is longer than n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
