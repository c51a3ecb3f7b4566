// Package history tells what became of a report in the course of time: its revisions, when each was there, and what
// happened to it besides: it was withdrawn, came back, moved, was dated back. And it compares readings, revisions and
// texts. It tells what the archive shows; it does not choose between pages, and corrects nothing.
//
//	history.go        the life of one page: revisions and events
//	report.go         that of a report, which may be at several addresses
//	asof.go           what was held at a time
//	dates.go          dates that do not fit what was seen
//	differences.go    two readings, field by field
//	revisiondiff.go   two revisions: figures, sections, attachments
//	words.go          two texts, word by word
package history

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"gongkai/store"
)

// A Revision is a version of a report at one address. A page that was not read as a report, as a challenge, an error
// page or one that says that it is gone, is none; neither is reading a page again.
type Revision struct {
	Number     int       `json:"revision"`             // from 1, at its address
	Capture    uint64    `json:"capture"`              // that brought it
	Time       time.Time `json:"time"`                 // of that
	Seen       time.Time `json:"seen"`                 // when it was there last
	Visits     int       `json:"visits"`               // answers that had it
	Suspicious string    `json:"suspicious,omitempty"` // what it has lost, when it is not believed yet
	Change     string    `json:"change"`               // against the one before it: first, cosmetic, text, figures; see store.ChangeFirst
	SameAs     int       `json:"same_as,omitempty"`

	// The four digests: of the bytes, of the text, of metadata and figures, and of what is attached ("" when nothing
	// is).
	SHA256      string `json:"sha256"`
	Text        string `json:"text_sha256"`
	Fields      string `json:"fields_sha256"`
	Attachments string `json:"attachments_sha256,omitempty"`

	Key       string `json:"key"` // agency and year that it claims
	Scope     string `json:"scope"`
	Title     string `json:"title"`
	Published string `json:"published,omitempty"`
	Quality   string `json:"quality"`
	Figures   int    `json:"figures"`
	Extractor int    `json:"extractor"` // version of the reader
	Record    uint64 `json:"record"`    // capture whose record is what is known of it: later than Capture when more parts could be had

	read []reading
}

// A reading is a visit from which a record of a revision is.
type reading struct {
	capture uint64
	time    time.Time
}

// RecordAt returns the capture whose record is what was known of the revision at a time, when it was there.
func (r *Revision) RecordAt(at time.Time) uint64 {
	capture := r.Capture
	for _, v := range r.read {
		if !v.time.After(at) {
			capture = v.capture
		}
	}
	return capture
}

// An Event is something that happened to a page other than a revision.
type Event struct {
	Kind      string    `json:"event"`
	URL       string    `json:"url"`
	Capture   uint64    `json:"capture"` // the first that shows it
	Time      time.Time `json:"time"`    // of that
	Last      time.Time `json:"last"`    // of the last that shows it
	Answers   int       `json:"answers"` // that show it
	Confirmed bool      `json:"confirmed,omitempty"`
	To        string    `json:"to,omitempty"` // of a move or a redirect: where to
	Detail    string    `json:"detail,omitempty"`

	nights  int       // on which it showed
	counted time.Time // the last of them
}

// The kinds of events. Scripts count them; they do not change.
const (
	Withdrawal   = "withdrawal"   // the page is not there any more; confirmed when it was missing on Repeated days in a row
	Absent       = "not there"    // there is nothing at the address, and there never was
	Reappearance = "reappearance" // it is there again
	Move         = "move"         // the report is at another address, and not here any more
	BackDating   = "back-dating"  // after the day that it gives it was seen not to be there; or its text is new, and its date an older one
	ReDating     = "re-dating"    // the day that it gives is another
	Redirect     = "redirect"     // the address leads elsewhere
	NoReport     = "no report"    // there is a page, and it is no report
	Blocked      = "blocked"      // a challenge came instead, or robots.txt forbids it
	Failed       = "failed"       // no answer, or none that can be used
	Unread       = "unread"       // a page that has not been read yet
	MoreParts    = "parts"        // the page is the same; other parts of it could be had
)

// Repeated is on how many days in a row a page must be missing to be taken for withdrawn. One 404 is often a fault, and
// so are several within minutes; a crawl asks again on the following days. A night may begin a little earlier than the
// one before.
const (
	Repeated = 3
	night    = 20 * time.Hour
)

// A Page is the life of one address.
type Page struct {
	URL       string     `json:"url"`
	Kind      string     `json:"kind"` // what it was asked for as last: see store.KindReport
	Revisions []Revision `json:"revisions"`
	Events    []Event    `json:"events"`
	First     time.Time  `json:"first"` // asked for
	Last      time.Time  `json:"last"`
	Asked     int        `json:"asked"`
}

// OfPage tells the life of an address; a Page without revisions when the archive has no report from there.
func OfPage(s *store.Store, url string) (*Page, error) {
	w := pageWalk{store: s, page: &Page{URL: url}, open: map[string]*Event{}, none: map[string]bool{}}
	for c, err := range s.CapturesOf(url) {
		if err != nil {
			return nil, err
		}
		if err := w.capture(&c); err != nil {
			return nil, err
		}
	}
	w.close()
	if err := dates(s, w.page); err != nil {
		return nil, err
	}
	w.page.sort()
	return w.page, nil
}

func (p *Page) sort() {
	slices.SortStableFunc(p.Events, func(a, b Event) int { return cmp.Compare(a.Capture, b.Capture) })
}

// At returns the revision that was there last at a time; nil when there was none yet.
func (p *Page) At(at time.Time) *Revision {
	var found *Revision
	for i := range p.Revisions {
		if !p.Revisions[i].Time.After(at) {
			found = &p.Revisions[i]
		}
	}
	return found
}

// A pageWalk goes through the captures of a page, oldest first.
type pageWalk struct {
	store *store.Store
	page  *Page
	open  map[string]*Event // answers in a row that show the same, by kind
	none  map[string]bool   // digests of bodies that are no reports
	away  *Event            // the page is not there, or not the report: what will be ended by its reappearance
}

func (w *pageWalk) capture(c *store.Capture) error {
	p := w.page
	if p.Asked++; p.Asked == 1 {
		p.First = c.Time
	}
	p.Last, p.Kind = c.Time, c.Kind
	switch c.State {
	case store.StateOK, store.StateUnchanged:
		return w.answer(c)
	case store.StateGone:
		w.closeKinds(Blocked, Failed, Redirect, NoReport)
		if w.last() == nil {
			w.event(Absent, c, goneWord(c))
		} else {
			w.leave(w.event(Withdrawal, c, goneWord(c)))
		}
	case store.StateRedirect:
		w.closeKinds(Blocked, Failed, Withdrawal, Absent, NoReport)
		e := w.event(Redirect, c, "to "+c.Header.Get("Location"))
		e.To = target(c)
		w.leave(e)
	case store.StateBlocked:
		w.event(Blocked, c, c.Error)
	default:
		w.event(Failed, c, strings.TrimSpace(c.State+" "+c.Error))
	}
	return nil
}

// answer takes in an answer with a body: a version of the report, or none.
func (w *pageWalk) answer(c *store.Capture) error {
	rec, read, err := w.store.Record(c.ID)
	switch {
	case err != nil:
		return err
	case read && rec.Rejected != "":
		w.none[rec.SHA256] = true
		w.noReport(c, rec.Rejected)
	case read && rec.Report != nil:
		w.version(c, &rec)
	case w.none[c.SHA256]:
		w.noReport(c, "")
	case w.last() != nil && w.last().SHA256 == c.SHA256:
		w.seen(c)
	case c.Kind == store.KindReport:
		w.event(Unread, c, "archived, and not read yet")
	}
	return nil
}

func (w *pageWalk) noReport(c *store.Capture, why string) {
	w.closeKinds(Blocked, Failed, Redirect, Withdrawal, Absent)
	w.leave(w.event(NoReport, c, why))
}

// leave notes that the report is not there, if it was.
func (w *pageWalk) leave(e *Event) {
	if w.last() != nil && w.away == nil {
		w.away = e
	}
}

func (w *pageWalk) last() *Revision {
	if n := len(w.page.Revisions); n > 0 {
		return &w.page.Revisions[n-1]
	}
	return nil
}

// version takes in a record: another revision, or more of what is there.
func (w *pageWalk) version(c *store.Capture, rec *store.Record) {
	last := w.last()
	if last != nil && (rec.Change == store.ChangeNone || rec.Change == store.ChangeParts) {
		last.Attachments, last.Record, last.Quality, last.Figures = rec.Attachments, rec.Capture, rec.Report.Quality, len(rec.Report.Figures)
		last.Text, last.Fields, last.Extractor = rec.Text, rec.Fields, rec.Version
		last.read = append(last.read, reading{rec.Capture, c.Time})
		w.seen(c)
		if rec.Change == store.ChangeParts {
			w.event(MoreParts, c, "the page is the same; other parts of the report could be had")
			w.closeKinds(MoreParts)
		}
		return
	}
	r := Revision{Number: len(w.page.Revisions) + 1, Capture: c.ID, Time: c.Time, Seen: c.Time, Visits: 1, Change: rec.Change, Suspicious: rec.Suspicious,
		SHA256: rec.SHA256, Text: rec.Text, Fields: rec.Fields, Attachments: rec.Attachments,
		Key: rec.Report.Key().String(), Scope: rec.Report.Scope, Title: rec.Report.Title, Published: rec.Report.Published,
		Quality: rec.Report.Quality, Figures: len(rec.Report.Figures), Extractor: rec.Version, Record: rec.Capture,
		read: []reading{{rec.Capture, c.Time}}}
	for i := range w.page.Revisions {
		if old := &w.page.Revisions[i]; old.SHA256 == r.SHA256 && old.Attachments == r.Attachments {
			r.SameAs = old.Number
		}
	}
	w.back(c, fmt.Sprintf("as revision %d", r.Number))
	w.page.Revisions = append(w.page.Revisions, r)
}

// seen notes that the last revision is still there.
func (w *pageWalk) seen(c *store.Capture) {
	w.back(c, "as it was")
	r := w.last()
	r.Seen = c.Time
	r.Visits++
}

// back notes that the report is there again, if it was away.
func (w *pageWalk) back(c *store.Capture, how string) {
	if w.away != nil {
		w.closeKinds(Reappearance)
		e := w.event(Reappearance, c, fmt.Sprintf("%s; it was away since %s: %s", how, w.away.Time.Format(time.RFC3339), w.away.Kind))
		e.Confirmed = w.away.Confirmed
	}
	w.close()
}

// event counts one more answer that shows the same as those before it, or begins an event.
func (w *pageWalk) event(kind string, c *store.Capture, detail string) *Event {
	e := w.open[kind]
	if e == nil {
		e = &Event{Kind: kind, URL: c.URL, Capture: c.ID, Time: c.Time, Detail: detail}
		w.open[kind] = e
	}
	e.Last = c.Time
	if e.Answers++; e.nights == 0 || c.Time.Sub(e.counted) >= night {
		e.nights, e.counted = e.nights+1, c.Time
	}
	e.Confirmed = kind == Withdrawal && e.nights >= Repeated
	if detail != "" {
		e.Detail = detail
	}
	return e
}

// closeKinds ends events of these kinds: what is shown next is another matter.
func (w *pageWalk) closeKinds(kinds ...string) {
	for _, kind := range kinds {
		if e := w.open[kind]; e != nil {
			w.page.Events = append(w.page.Events, *e)
			delete(w.open, kind)
		}
	}
}

// close ends all events.
func (w *pageWalk) close() {
	w.closeKinds(Withdrawal, Absent, Redirect, NoReport, Blocked, Failed, Unread, MoreParts, Reappearance)
	w.away = nil
}

func goneWord(c *store.Capture) string {
	word := strings.TrimSpace(fmt.Sprint("HTTP ", c.Status, " ", http.StatusText(c.Status)))
	if c.Error != "" {
		word += ", " + c.Error
	}
	return word
}
