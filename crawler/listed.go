package crawler

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"gongkai/crawler/portal"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/extract/markup"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
)

// listed reads a listing, the answer to a request. Its error says in few words why it is no page.
func listed(b *reading.Budget, c store.Capture, body []byte, p seeds.Portal, r portal.Request) (portal.Listing, error) {
	return visit.Read(b, c, body, r.URL, func(u *url.URL) (portal.Listing, error) {
		return portal.Read(body, c.Header.Get("Content-Type"), u, p, r)
	})
}

// publisher is who publishes on a portal.
func publisher(p seeds.Portal) reading.Publisher {
	return reading.Publisher{Agency: p.Agency, Division: p.Division}
}

// mostListings is how many listing pages of one portal are read in a run, deepListings in a backfill.
const (
	mostListings = 200
	deepListings = 2000
)

func (c *Crawler) mostListings() int {
	if c.backfills() {
		return deepListings
	}
	return mostListings
}

// A tally compares what a listing says it holds with what was there.
type tally struct {
	Pages   int `json:"pages,omitempty"`   // further pages that a script announces
	Found   int `json:"found,omitempty"`   // those that were there
	Rows    int `json:"rows,omitempty"`    // rows that it says it has; 0 when it does not say
	Items   int `json:"items,omitempty"`   // rows that were there
	Reports int `json:"reports,omitempty"` // of these, those that claim to be reports
	Missed  int `json:"missed,omitempty"`  // pages that were not there, or repeated another
	InRow   int `json:"in_row,omitempty"`  // the last so many of these, one after the other
	Dropped int `json:"dropped,omitempty"` // pages not asked for as too many before them were not there
}

// mostMissed is how many pages in a row may be missing before the rest is not asked for: a counter gone wild
// announces thousands.
const mostMissed = 3

// tally returns what is known of the listing that a page belongs to.
func (w *walk) tally(t visit.Target) *tally {
	known := w.Tallies[t.Listing()]
	if known == nil {
		known = new(tally)
		w.Tallies[t.Listing()] = known
	}
	return known
}

func (y *tally) miss() { y.Missed++; y.InRow++ }

// idle reports whether nothing is to be hoped for from a page that a script announces: those before it were not
// there, or it would stand in for one that was not, and all were.
func (w *walk) idle(t visit.Target) bool {
	if t.Kind != store.KindListing {
		return false
	}
	switch y := w.tally(t); {
	case t.Extra:
		return y.Missed == 0
	case t.Guess && y.InRow >= mostMissed:
		y.Dropped++
		return true
	}
	return false
}

// list queues what a listing page leads to.
func (w *walk) list(t visit.Target, p visit.Page, body []byte) error {
	if u, err := url.Parse(t.URL); err == nil && weburl.IsHome(u) {
		w.site.homes[weburl.Authority(u)] = home{p.SHA256, len(body)}
	}
	y := w.tally(t)
	if t.Guess && len(t.Via) == 0 {
		y.Found++
	}
	l, kept, err := w.listing(t, p, body)
	if errors.Is(err, markup.ErrTooLarge) {
		w.unread(t, err.Error())
		return nil
	}
	if err != nil {
		w.problem(t, err.Error())
		return nil
	}
	w.site.log.Debug("listing", "portal", t.Portal, "url", t.URL, "family", l.Family.Name, "evidence", l.Family.Evidence,
		"reports", len(l.Rows), "items", len(l.Items), "announced", l.Announced.Rows, "next", len(l.Next), "kept", kept)
	first, err := w.front.Mark("page " + l.Signature)
	if err != nil {
		return err
	}
	repeated := !first
	if t.Request.Number > 0 && t.Request.Series != nil && (repeated || len(l.Items) == 0) {
		y.miss()
	} else {
		y.InRow = 0
	}
	y.Rows = max(y.Rows, l.Announced.Rows)
	for _, item := range l.Items {
		first, err := w.front.Mark("item " + t.Listing() + " " + item)
		if err != nil {
			return err
		}
		if first {
			y.Items++
		}
	}
	w.Rows += len(l.Rows)
	if n := len(l.Lost); n > 0 {
		w.sum.note(ProblemFew, t.URL, fmt.Sprintf("%d rows are titled as reports and have no address that could be asked for: %s", n,
			strings.Join(l.Lost[:min(n, mostNamed)], ", ")))
	}
	if !repeated && !t.Anew {
		y.Reports += len(l.Rows)
	}
	targets, err := w.spare(w.within(visit.Follow(t, l, repeated, w.conf.deepest())))
	if err != nil {
		return err
	}
	return w.addFrom(t, targets)
}

// mostNamed is how many rows without an address are named.
const mostNamed = 3

// wrongFor is how long a script is believed to count wrong as it did.
const wrongFor = 7 * 24 * time.Hour

// spare drops the pages that a listing's script announces and that were not there last time, unless it announces
// more than it did then: to ask again each night would cost the portal a request for nothing.
func (w *walk) spare(targets []visit.Target) ([]visit.Target, error) {
	if w.conf.Full || w.conf.Recheck || w.conf.backfills() {
		return targets, nil
	}
	var left, wrong []visit.Target
	for _, t := range targets {
		if !t.Guess {
			left = append(left, t)
			continue
		}
		c, known, err := w.store.LastCapture(t.URL)
		switch {
		case err != nil:
			return nil, err
		case !known:
			return targets, nil // it announces more
		case c.State == store.StateGone && time.Since(c.Time) < wrongFor:
			wrong = append(wrong, t)
		default:
			left = append(left, t)
		}
	}
	for _, t := range wrong {
		if y := w.tally(t); !t.Extra {
			y.Pages++ // still true, and still a problem when none is there
			y.Missed++
		}
	}
	return left, nil
}

// room counts a listing page, and reports whether it is within the bound. Reports are not bounded.
func (w *walk) room(t visit.Target) bool {
	if t.Kind == store.KindReport {
		return true
	}
	most := w.conf.mostListings()
	if w.sum.Listings == most {
		w.problem(t, fmt.Sprintf("not read: the bound of %d listing pages is reached", most))
	}
	if t.Extra {
		return w.sum.Listings < most
	}
	w.sum.Listings++
	if t.Guess {
		w.tally(t).Pages++
	}
	return w.sum.Listings <= most
}

// short says why a listing gave less than it says it holds, or "". Pinned rows are counted twice by some sites: one
// in fifty may be missing.
func (y *tally) short() string {
	switch {
	case y.Pages > 0 && y.Found == 0:
		return fmt.Sprintf("announces %d further pages, none was there", y.Pages)
	case y.Items < y.Rows-y.Rows/50:
		return fmt.Sprintf("announces %d rows, %d were found", y.Rows, y.Items)
	case y.Dropped > 0:
		return fmt.Sprintf("announces %d further pages, %d were not asked for as %d before them were not there", y.Pages, y.Dropped, mostMissed)
	}
	return ""
}
