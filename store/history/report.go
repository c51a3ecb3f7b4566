package history

import (
	"cmp"
	"slices"
	"time"

	"gongkai/extract"
	"gongkai/store"
)

// A Report is the life of an agency's report for a year and scope: of all addresses that claim it, or did.
type Report struct {
	Key   string  `json:"key"`
	Scope string  `json:"scope"`
	Pages []*Page `json:"pages"` // in the order in which they had it first
	Moves []Event `json:"moves"`
}

// Of tells the life of a report.
func Of(s *store.Store, key extract.Key, scope string) (*Report, error) {
	r := &Report{Key: key.String(), Scope: scope}
	var urls []string
	for rec, err := range s.RecordsOf(key) {
		if err != nil {
			return nil, err
		}
		if rec.Report != nil && rec.Report.Scope == scope && !slices.Contains(urls, rec.URL) {
			urls = append(urls, rec.URL)
		}
	}
	for _, url := range urls {
		p, err := OfPage(s, url)
		if err != nil {
			return nil, err
		}
		r.Pages = append(r.Pages, p)
	}
	slices.SortFunc(r.Pages, func(a, b *Page) int {
		return cmp.Or(r.first(a).Compare(r.first(b)), cmp.Compare(a.URL, b.URL))
	})
	r.forgetAbsence()
	return r, r.findMoves(s)
}

// OfRecord tells the life of the report that a record claims; of a record whose agency or year is unknown that of its
// page.
func OfRecord(s *store.Store, rec store.Record) (*Report, error) {
	if key := rec.Report.Key(); key.Agency != "" && key.Year != 0 {
		return Of(s, key, rec.Report.Scope)
	}
	p, err := OfPage(s, rec.URL)
	return &Report{Key: rec.Report.Key().String(), Scope: rec.Report.Scope, Pages: []*Page{p}}, err
}

// forgetAbsence takes back what OfPage says of pages to which the report came from another one: that it was not there
// on the day that it gives shows nothing then.
func (r *Report) forgetAbsence() {
	for i, p := range r.Pages {
		if own := r.own(p); i > 0 && len(own) > 0 {
			p.Events = slices.DeleteFunc(p.Events, func(e Event) bool { return e.Kind == BackDating && e.Capture == own[0].Capture })
		}
	}
}

// own lists the revisions of a page that claim the report: others may have been there before, or since.
func (r *Report) own(p *Page) (list []Revision) {
	for _, v := range p.Revisions {
		if v.Key == r.Key && v.Scope == r.Scope {
			list = append(list, v)
		}
	}
	return list
}

// first is when a page had the report first.
func (r *Report) first(p *Page) time.Time {
	if own := r.own(p); len(own) > 0 {
		return own[0].Time
	}
	return p.First
}

// Events lists what happened to all pages, in the order in which it showed.
func (r *Report) Events() []Event {
	var list []Event
	for _, p := range r.Pages {
		list = append(list, p.Events...)
	}
	list = append(list, r.Moves...)
	slices.SortStableFunc(list, func(a, b Event) int { return cmp.Compare(a.Capture, b.Capture) })
	return list
}

// findMoves finds pages that are gone, or lead elsewhere, and whose report is at another address.
func (r *Report) findMoves(s *store.Store) error {
	for _, from := range r.Pages {
		left := departure(from)
		if left == nil {
			continue
		}
		for _, to := range r.Pages {
			if to == from || len(to.Revisions) == 0 || !to.Last.After(from.Revisions[len(from.Revisions)-1].Seen) {
				continue
			}
			why, err := r.same(s, from, to, left)
			if err != nil {
				return err
			}
			if why == "" {
				continue
			}
			e := *left
			if first := r.own(to)[0]; first.Time.After(e.Time) { // it shows when both are known
				e.Time, e.Capture = first.Time, first.Capture
			}
			e.Kind, e.To, e.Detail, e.Last, e.Answers = Move, to.URL, why, e.Time, 1
			r.Moves = append(r.Moves, e)
			break
		}
	}
	return nil
}

// departure is the event by which a page stopped being there; nil when it is there as far as is known.
func departure(p *Page) *Event {
	if len(p.Revisions) == 0 {
		return nil
	}
	seen := p.Revisions[len(p.Revisions)-1].Seen
	for i := range p.Events {
		if e := &p.Events[i]; (e.Kind == Withdrawal || e.Kind == Redirect || e.Kind == NoReport) && e.Time.After(seen) {
			return e
		}
	}
	return nil
}

// same says why what is at one address is what was at the other; "" when nothing shows it.
func (r *Report) same(s *store.Store, from, to *Page, left *Event) (string, error) {
	leads, err := leadsTo(s, left.To, to.URL)
	if err != nil || leads {
		return "its address leads there", err
	}
	for _, a := range r.own(from) {
		for _, b := range r.own(to) {
			switch {
			case a.SHA256 == b.SHA256:
				return "the same bytes are there", nil
			case a.Text != "" && a.Text == b.Text:
				return "the same text is there", nil
			case a.Figures > 0 && a.Fields == b.Fields:
				return "the same metadata and figures are there", nil
			}
		}
	}
	return "", nil
}

// mostHops is how many redirects are followed.
const mostHops = 10

// leadsTo follows redirects that the archive has seen.
func leadsTo(s *store.Store, from, to string) (bool, error) {
	for range mostHops {
		if from == "" || from == to {
			return from == to, nil
		}
		c, ok, err := s.LastCapture(from)
		if err != nil || !ok || c.State != store.StateRedirect {
			return false, err
		}
		from = target(&c)
	}
	return false, nil
}
