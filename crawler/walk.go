package crawler

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"gongkai/crawler/portal"
	"gongkai/seeds"
	"gongkai/store"
)

// mostListings is how many listing pages of one portal are read in a run.
const mostListings = 200

// A walk is one visit to one portal.
type walk struct {
	*site
	portal seeds.Portal
	sum    *PortalSummary

	listings, extras, reports, retries []target // still to be asked for, in this order
	seen                               map[string]bool
	signatures                         map[string]bool
	tallies                            map[string]*tally // by listing
	rows                               int
}

// A tally compares what a listing says it holds with what was there.
type tally struct {
	pages, found int             // further pages that a script announces, and those that were there
	rows         int             // rows that it says it has; 0 when it does not say
	items        map[string]bool // rows that were there
	missed       int             // pages that were not there, or repeated another
	inRow        int             // the last so many of these, one after the other
	dropped      int             // pages not asked for as too many before them were not there
}

// mostMissed is how many pages in a row may be missing before the rest is not asked for: a counter gone wild
// announces thousands.
const mostMissed = 3

// tally returns what is known of the listing that a page belongs to.
func (w *walk) tally(t target) *tally {
	known := w.tallies[t.listing()]
	if known == nil {
		known = &tally{items: make(map[string]bool)}
		w.tallies[t.listing()] = known
	}
	return known
}

func (y *tally) miss() { y.missed++; y.inRow++ }

// walk visits the pages of one portal. Its error means that the run cannot go on.
func (s *site) walk(ctx context.Context, e errand, sum *PortalSummary) error {
	sum.ID = e.portal.ID
	w := &walk{site: s, portal: e.portal, sum: sum, seen: make(map[string]bool), signatures: make(map[string]bool),
		tallies: make(map[string]*tally)}
	var start []target
	for _, u := range e.start {
		bare, _, _ := strings.Cut(u, "#") // some sites drawn by script name the column behind it
		start = append(start, target{url: bare, kind: store.KindListing, portal: e.portal.ID, request: portal.Start(u)})
	}
	w.add(start)
	for s.closed == "" {
		t, ok, err := w.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := w.visit(ctx, t); err != nil {
			return err
		}
	}
	w.conclude()
	return nil
}

// next takes the next target: listings before reports, and what failed in passing when its time has come.
func (w *walk) next(ctx context.Context) (t target, ok bool, err error) {
	for _, queue := range []*[]target{&w.listings, &w.extras, &w.reports, &w.retries} {
		for len(*queue) > 0 {
			t, *queue = (*queue)[0], (*queue)[1:]
			if !w.idle(t) {
				return t, true, sleep(ctx, time.Until(t.after))
			}
		}
	}
	return target{}, false, ctx.Err()
}

// idle reports whether nothing is to be hoped for from a page that a script announces: those before it were not
// there, or it would stand in for one that was not, and all were.
func (w *walk) idle(t target) bool {
	y := w.tally(t)
	switch {
	case t.kind != store.KindListing:
		return false
	case t.extra:
		return y.missed == 0
	case t.guess && y.inRow >= mostMissed:
		y.dropped++
		return true
	}
	return false
}

// visit asks for one page, archives the answer, and queues what it leads to.
func (w *walk) visit(ctx context.Context, t target) error {
	known, err := recall(w.Store, t.url)
	if err != nil {
		return err
	}
	if t.kind == store.KindReport && t.tries == 0 && !w.Full && !w.Recheck {
		if due, err := w.due(known, t.url); err != nil || !due {
			w.sum.LeftAlone++
			return err
		}
	}
	p, err := w.ask(ctx, t, known, w.sum)
	if err != nil {
		return err
	}
	body, err := w.keep(&p, w.sum)
	if err != nil {
		return err
	}
	switch p.State {
	case store.StateOK, store.StateUnchanged:
		if p.Header.Get("Content-Type") == "" { // a 304 need not say
			p.Header = known.header()
		}
		if t.kind == store.KindListing {
			return w.list(t, p, body)
		}
		return w.report(ctx, t, p, body)
	case store.StateRedirect:
		return w.redirect(ctx, t, p)
	}
	w.complain(t, p)
	return nil
}

// due reports whether a report should be asked for again: its page is due, it was archived but not read as the run
// before was stopped in between, or some of its parts could not be had for now.
func (w *walk) due(known past, url string) (bool, error) {
	if known.due(time.Now()) {
		return true, nil
	}
	if known.held == "" {
		return false, nil
	}
	rec, read, err := w.Store.LastRecord(url)
	return !read || rec.Pending(), err
}

// list queues what a listing page leads to.
func (w *walk) list(t target, p page, body []byte) error {
	if u, err := url.Parse(t.url); err == nil && u.Path == "/" && u.RawQuery == "" {
		w.homes[authority(u)] = body
	}
	y := w.tally(t)
	if t.guess && len(t.via) == 0 {
		y.found++
	}
	l, err := listed(p.Capture, body, w.portal, t.request)
	if err != nil {
		w.problem(t, err.Error())
		return nil
	}
	w.Log.Debug("listing", "portal", t.portal, "url", t.url, "family", l.Family.Name, "evidence", l.Family.Evidence,
		"reports", len(l.Rows), "items", len(l.Items), "announced", l.Announced.Rows, "next", len(l.Next))
	repeated := w.signatures[l.Signature]
	w.signatures[l.Signature] = true
	if t.request.Number > 0 && t.request.Series != nil && (repeated || len(l.Items) == 0) {
		y.miss()
	} else {
		y.inRow = 0
	}
	y.rows = max(y.rows, l.Announced.Rows)
	for _, item := range l.Items {
		y.items[item] = true
	}
	w.rows += len(l.Rows)
	targets, err := w.spare(follow(t, l, repeated))
	w.add(targets)
	return err
}

// wrongFor is how long a script is believed to count wrong as it did.
const wrongFor = 7 * 24 * time.Hour

// spare drops the pages that a listing's script announces and that were not there last time, unless it announces
// more than it did then: to ask again each night would cost the portal a request for nothing.
func (w *walk) spare(targets []target) ([]target, error) {
	if w.Full || w.Recheck {
		return targets, nil
	}
	var left, wrong []target
	for _, t := range targets {
		if !t.guess {
			left = append(left, t)
			continue
		}
		c, known, err := w.Store.LastCapture(t.url)
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
		if y := w.tally(t); !t.extra {
			y.pages++ // still true, and still a problem when none is there
			y.missed++
		}
	}
	return left, nil
}

// add queues the targets that are within bounds and new.
func (w *walk) add(targets []target) {
	for _, t := range targets {
		u, err := url.Parse(t.url)
		if err != nil {
			continue // a malformed link leads nowhere
		}
		deny := w.scope.deny(u)
		if deny == "" {
			deny = portal.Trap(u)
		}
		if deny != "" {
			w.Log.Debug("not followed", "portal", t.portal, "url", t.url, "from", t.from, "why", deny)
			continue
		}
		if w.claim(key(u), t.kind) {
			w.queue(t)
		}
	}
}

// claim reports whether a page has not been queued before: in this walk, and for reports on this site.
func (w *walk) claim(key, kind string) bool {
	if w.seen[key] || kind == store.KindReport && w.asked[key] {
		return false
	}
	w.seen[key] = true
	w.asked[key] = w.asked[key] || kind == store.KindReport
	return true
}

func (w *walk) queue(t target) {
	switch {
	case t.kind == store.KindReport:
		w.reports = append(w.reports, t)
		return
	case w.sum.Listings == mostListings:
		w.problem(t, fmt.Sprintf("not read: the bound of %d listing pages is reached", mostListings))
	case w.sum.Listings < mostListings && t.extra:
		w.extras = append(w.extras, t)
		return
	case w.sum.Listings < mostListings:
		w.listings = append(w.listings, t)
	}
	w.sum.Listings++
	if t.guess {
		w.tally(t).pages++
	}
}

// redirect goes on where a redirect leads, on the same site.
func (w *walk) redirect(ctx context.Context, t target, p page) error {
	next, reason := redirected(t, p.Header.Get("Location"), w.scope)
	if reason != "" {
		w.sum.Failed++
		w.problem(t, reason)
		return nil
	}
	from, err := url.Parse(t.url)
	if err != nil {
		return err // it was asked for
	}
	to, err := url.Parse(next.url)
	if err != nil {
		return err // redirected has made it from one
	}
	if key(from) != key(to) && !w.claim(key(to), t.kind) || w.closed != "" {
		return nil // it has been asked for by another name
	}
	return w.visit(ctx, next)
}

// complain deals with a page that could not be had.
func (w *walk) complain(t target, p page) {
	switch {
	case p.passing && t.tries+1 < mostTries:
		t.tries++
		t.after = time.Now().Add(w.pause(t.tries))
		w.retries = append(w.retries, t)
	case p.State == store.StateGone && t.guess:
		w.tally(t).miss() // the script counted a page too many, as it may
	case p.State == store.StateGone && p.Error != "":
		w.sum.Gone++
		w.problem(t, p.Error)
	case p.State == store.StateGone:
		w.sum.Gone++
		w.problem(t, "gone: "+statusText(p.Status))
	case p.State == store.StateFailed:
		w.sum.Failed++
		w.problem(t, p.Error)
	default:
		w.problem(t, p.Error)
	}
}

// problem notes what went wrong with a page.
func (w *walk) problem(t target, detail string) { w.sum.problem(t.url, detail) }

// short says why a listing gave less than it says it holds, or "". Pinned rows are counted twice by some sites: one
// in fifty may be missing.
func (y *tally) short() string {
	switch {
	case y.pages > 0 && y.found == 0:
		return fmt.Sprintf("announces %d further pages, none was there", y.pages)
	case len(y.items) < y.rows-y.rows/50:
		return fmt.Sprintf("announces %d rows, %d were found", y.rows, len(y.items))
	case y.dropped > 0:
		return fmt.Sprintf("announces %d further pages, %d were not asked for as %d before them were not there", y.pages, y.dropped, mostMissed)
	}
	return ""
}

// conclude says what only the end of a walk can tell.
func (w *walk) conclude() {
	if left := len(w.listings) + len(w.extras) + len(w.reports) + len(w.retries); left > 0 {
		w.sum.Unvisited += left
		w.sum.problem(w.portal.Start[0], fmt.Sprintf("%d pages not visited, site left alone: %s", left, w.closed))
	}
	for _, listing := range slices.Sorted(maps.Keys(w.tallies)) {
		if reason := w.tallies[listing].short(); reason != "" && w.closed == "" {
			w.sum.problem(listing, reason)
		}
	}
	if w.rows == 0 && w.closed == "" {
		w.sum.problem(w.portal.Start[0], "no annual report is listed")
	}
	for _, p := range w.sum.Problems {
		w.Log.Warn(p.Detail, "portal", w.portal.ID, "url", p.URL)
	}
	w.Log.Info("portal visited", "portal", w.portal.ID, "result", w.sum.Counts.String())
}
