package crawler

import (
	"fmt"
	"strings"

	"gongkai/seeds"
	"gongkai/store"
)

// Counts say what came of a crawl, page by page. Listings, reports, their parts and robots.txt files all count as pages.
type Counts struct {
	Requests  int `json:"requests"`
	New       int `json:"new"`        // bodies that the archive did not have as their URL's last
	Unchanged int `json:"unchanged"`  // the same as last time
	Gone      int `json:"gone"`       // 404 or 410
	Withdrawn int `json:"withdrawn"`  // of these, reports that were missing often enough to be taken for withdrawn
	Failed    int `json:"failed"`     // no usable answer, in the end
	Refused   int `json:"refused"`    // too large to be kept
	Blocked   int `json:"blocked"`    // forbidden by robots.txt, or behind a challenge
	LeftAlone int `json:"left_alone"` // known reports that were not due
	Unvisited int `json:"unvisited"`  // wanted, but the site was left alone before their turn
	Reports   int `json:"reports"`    // read from new bodies
	Rejected  int `json:"rejected"`   // new bodies that were asked for as reports and are none
	Revisions int `json:"revisions"`  // known reports whose text, figures or attachments differ
	Missing   int `json:"missing"`    // parts of the reports visited that are not held: pages, frames, attachments
}

// What kind of problem it is.
const (
	ProblemFailed  = "failed"  // no usable answer, or none that leads on
	ProblemGone    = "gone"    // 404 or 410, or a page that says so
	ProblemBlocked = "blocked" // by robots.txt or a challenge
	ProblemSkipped = "skipped" // not asked for, as the site is left alone
	ProblemBound   = "bound"   // left to the next run, as a bound of this one was reached
	ProblemUnread  = "unread"  // archived, and too large to be read
	ProblemFew     = "few"     // a listing gives less than it announces, or than it should

	ProblemSuspicious = "suspicious" // a version of a report has lost much, and is not believed yet
)

// A Problem says what went wrong with which page.
type Problem struct {
	Portal string `json:"portal"`
	Kind   string `json:"kind"` // one of the Problem constants
	URL    string `json:"url"`
	Detail string `json:"detail"`
}

// A PortalSummary says what came of one portal.
type PortalSummary struct {
	ID string `json:"id"`
	Counts
	Listings int       `json:"listings"`           // listing pages found
	Problems []Problem `json:"problems,omitempty"` // the first of them
	Trouble  int       `json:"trouble"`            // how many there were

	resumed int // walks that went on where an earlier run had stopped
}

// A Summary says what came of a run.
type Summary struct {
	Counts
	Sent    int             `json:"sent"`    // requests of this run alone
	Answers int             `json:"answers"` // to these, whatever they said
	Portals []PortalSummary `json:"portals"` // in the order of the catalogue

	SetAside string `json:"set_aside,omitempty"` // path of a damaged frontier in whose place a new one was made
}

// mostProblems is how many problems of one portal are kept.
const mostProblems = 20

// problem notes that something failed.
func (s *PortalSummary) problem(url, detail string) { s.note(ProblemFailed, url, detail) }

// note notes a problem of a kind.
func (s *PortalSummary) note(kind, url, detail string) {
	s.Trouble++
	if len(s.Problems) < mostProblems {
		s.Problems = append(s.Problems, Problem{s.ID, kind, clip(url), clip(detail)})
	}
}

// mostText is how many bytes a Problem repeats of an address or of what a server said: a redirect can be as long as a book.
const mostText = 500

func clip(text string) string {
	if len(text) <= mostText {
		return text
	}
	return strings.ToValidUTF8(text[:mostText], "") + "…"
}

// count counts an archived capture. What failed or is gone is counted where it is known to be wanted and final.
func (s *PortalSummary) count(state string) {
	switch state {
	case store.StateOK:
		s.New++
	case store.StateUnchanged:
		s.Unchanged++
	case store.StateRefused:
		s.Refused++
	case store.StateBlocked:
		s.Blocked++
	}
}

// read counts an archived record.
func (s *PortalSummary) read(rec *store.Record) {
	if rec.Rejected != "" {
		s.Rejected++
		return
	}
	s.Reports++
	if rec.Change == store.ChangeText || rec.Change == store.ChangeFigures {
		s.Revisions++
	}
}

// Add adds the numbers of o to c.
func (c *Counts) Add(o Counts) {
	c.Requests += o.Requests
	c.New += o.New
	c.Unchanged += o.Unchanged
	c.Gone += o.Gone
	c.Withdrawn += o.Withdrawn
	c.Failed += o.Failed
	c.Refused += o.Refused
	c.Blocked += o.Blocked
	c.LeftAlone += o.LeftAlone
	c.Unvisited += o.Unvisited
	c.Reports += o.Reports
	c.Rejected += o.Rejected
	c.Revisions += o.Revisions
	c.Missing += o.Missing
}

// String says it in one line; what did not happen is left out, except that nothing was new.
func (c Counts) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests: %d new", c.Requests, c.New)
	for _, n := range []struct {
		count int
		what  string
	}{
		{c.Unchanged, "unchanged"}, {c.Gone, "gone"}, {c.Withdrawn, "withdrawn"}, {c.Failed, "failed"}, {c.Refused, "refused"}, {c.Blocked, "blocked"},
		{c.LeftAlone, "left alone"}, {c.Unvisited, "not visited"},
		{c.Reports, "reports read"}, {c.Rejected, "rejected"}, {c.Revisions, "revised"}, {c.Missing, "parts missing"},
	} {
		if n.count > 0 {
			fmt.Fprintf(&b, ", %d %s", n.count, n.what)
		}
	}
	return b.String()
}

// String says it in one line.
func (s Summary) String() string { return s.Counts.String() }

// Problems returns the problems kept of all portals.
func (s Summary) Problems() []Problem {
	var all []Problem
	for _, p := range s.Portals {
		all = append(all, p.Problems...)
	}
	return all
}

// Clean reports whether everything that was wanted was had, and every portal listed reports.
func (s Summary) Clean() bool {
	for _, p := range s.Portals {
		if p.Trouble > 0 {
			return false
		}
	}
	return true
}

// summarize puts together what the sites have counted, one summary a portal.
func summarize(portals []seeds.Portal, sites [][]PortalSummary) Summary {
	at := make(map[string]int)
	var s Summary
	for _, p := range portals {
		at[p.ID] = len(s.Portals)
		s.Portals = append(s.Portals, PortalSummary{ID: p.ID})
	}
	for _, sums := range sites {
		for _, part := range sums {
			i, known := at[part.ID]
			if !known {
				continue // its turn never came
			}
			whole := &s.Portals[i]
			whole.Counts.Add(part.Counts)
			whole.Listings += part.Listings
			whole.Trouble += part.Trouble
			whole.resumed += part.resumed
			whole.Problems = append(whole.Problems, part.Problems...)
			s.Counts.Add(part.Counts)
		}
	}
	return s
}
