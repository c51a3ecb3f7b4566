package history

import (
	"slices"
	"time"

	"gongkai/store"
)

// A HeldAt says of a report as it was at a time which revision that is, and what the page was then.
type HeldAt struct {
	Time     time.Time `json:"time"`
	URL      string    `json:"url"`
	Revision Revision  `json:"revision"`
	Of       int       `json:"of"` // revisions at this address
	Before   *Revision `json:"before,omitempty"`
	After    *Revision `json:"after,omitempty"`
	Since    []Event   `json:"then,omitempty"` // what was so at the time: the page was withdrawn, blocked

	First *Revision `json:"-"` // the earliest of all that the records claim; nil when there is none
	pages []*Page
}

// AsOf finds what was held at a time of some pages, which are given by a record of each. It returns, of each page whose
// revision then claims the report that its record claims, the record of that revision; none when nothing was held yet.
// Choose fills in the rest for one of them.
func AsOf(s *store.Store, records []store.Record, at time.Time) (*HeldAt, []store.Record, error) {
	then := &HeldAt{Time: at.UTC()}
	var held []store.Record
	for _, r := range records {
		p, err := OfPage(s, r.URL)
		if err != nil {
			return nil, nil, err
		}
		then.pages = append(then.pages, p)
		v := then.revision(p, r.Report.Key().String())
		if v == nil {
			continue
		}
		rec, ok, err := s.Record(v.RecordAt(at))
		if err != nil {
			return nil, nil, err
		}
		if ok && rec.Report != nil {
			held = append(held, rec)
		}
	}
	return then, held, nil
}

// revision returns the last revision that a page had until the time and that claims a report, and notes the first ever.
// When another report has taken its place, that is the last that the report was.
func (h *HeldAt) revision(p *Page, key string) (last *Revision) {
	for i := range p.Revisions {
		v := &p.Revisions[i]
		if v.Key != key {
			continue
		}
		if h.First == nil || v.Time.Before(h.First.Time) {
			h.First = v
		}
		if !v.Time.After(h.Time) {
			last = v
		}
	}
	return last
}

// Choose fills in what is known of the revision that a record is of: one that AsOf has returned. A nil HeldAt stays
// nil.
func (h *HeldAt) Choose(r store.Record) {
	if h == nil {
		return
	}
	p := h.pages[slices.IndexFunc(h.pages, func(p *Page) bool { return p.URL == r.URL })]
	i := slices.IndexFunc(p.Revisions, func(v Revision) bool { return v.RecordAt(h.Time) == r.Capture })
	h.URL, h.Of, h.Revision = p.URL, len(p.Revisions), p.Revisions[i]
	if i > 0 {
		h.Before = &p.Revisions[i-1]
	}
	if i+1 < len(p.Revisions) {
		h.After = &p.Revisions[i+1]
	}
	for _, e := range p.Events {
		if e.Time.After(h.Revision.Time) && holds(p, e, h.Time) {
			h.Since = append(h.Since, e)
		}
	}
}

// holds reports whether an event went on at a time, as far as is known: a page that is not there, or is no report,
// stays so until it is seen again.
func holds(p *Page, e Event, at time.Time) bool {
	switch {
	case e.Time.After(at):
		return false
	case !e.Last.Before(at):
		return true
	case e.Kind != Withdrawal && e.Kind != Redirect && e.Kind != NoReport:
		return false
	}
	return !slices.ContainsFunc(p.Events, func(later Event) bool {
		return later.Kind == Reappearance && later.Time.After(e.Time) && !later.Time.After(at)
	})
}

// Standing returns the record that stands of a URL among the captures up to one: the newest that is a report and
// believed.
func Standing(s *store.Store, url string, last uint64) (newest store.Record, ok bool, err error) {
	for c, err := range s.CapturesOf(url) {
		if err != nil {
			return newest, false, err
		}
		if c.ID > last {
			break
		}
		r, have, err := s.Record(c.ID)
		if err != nil {
			return newest, false, err
		}
		if have && r.Rejected == "" && (!ok || r.Replaces(&newest)) {
			newest, ok = r, true
		}
	}
	return newest, ok, nil
}
