package crawler

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/store"
)

// A yield is what a listing gave when it gave most. Listings of reports grow; one that gives clearly less than it once
// did has lost pages, or answers something else, or is not read as it should be, though every request went well.
type yield struct {
	Reports int       `json:"reports"`
	Time    time.Time `json:"time"` // when it last gave that many
}

// fadesIn is for how long more is expected of a listing than it gives.
const fadesIn = 30 * 24 * time.Hour

// falls reports whether so many reports are suspiciously few.
func (y yield) falls(reports int) bool { return reports*10 < y.Reports*9 }

// expect compares what each listing gave with what it gave before, and remembers the better of both for a while.
func (w *walk) expect() error {
	yields := make(map[string]yield)
	if _, err := w.front.Remembered(&yields); err != nil {
		return err
	}
	now := time.Now().UTC()
	for _, listing := range slices.Sorted(maps.Keys(w.Tallies)) {
		y, before := w.Tallies[listing], yields[listing]
		if before.falls(y.Reports) {
			w.sum.note(ProblemFew, listing, fmt.Sprintf("lists %d reports, and %d on %s", y.Reports, before.Reports, before.Time.Format(time.DateOnly)))
			if now.Sub(before.Time) < fadesIn {
				continue
			}
		}
		if y.Reports > 0 || before.Reports > 0 {
			yields[listing] = yield{y.Reports, now}
		}
	}
	for listing, before := range yields {
		if w.Tallies[listing] == nil { // nothing leads there any more
			w.sum.note(ProblemFew, listing, fmt.Sprintf("is not linked any more; it listed %d reports on %s", before.Reports, before.Time.Format(time.DateOnly)))
			if now.Sub(before.Time) >= fadesIn {
				delete(yields, listing)
			}
		}
	}
	return w.front.Remember(yields)
}

// unlisted queues the known reports of the portal that no listing leads to any more, those that are due: that a page is
// withdrawn shows there first. It reports whether there were any.
func (w *walk) unlisted() (found bool, err error) {
	if w.conf.backfills() {
		return false, nil
	}
	for _, from := range slices.Sorted(maps.Keys(w.site.robots)) {
		reports, err := w.reportsOf(from)
		if err != nil {
			return found, err
		}
		for _, address := range reports {
			u, err := url.Parse(address)
			if err != nil || w.site.scope.Deny(u) != "" {
				continue
			}
			if state, err := w.front.State(weburl.Key(u)); err != nil || state != "" {
				if err != nil {
					return found, err
				}
				continue
			}
			t, due, err := w.forgotten(address)
			if err != nil {
				return found, err
			}
			if due {
				found = true
				if err := w.queue(t, weburl.Key(u)); err != nil {
					return found, err
				}
			}
		}
	}
	return found, nil
}

// reportsOf returns the addresses of an authority that were last asked for as reports of the walk's portal, in order. They
// are looked up once for all portals of the site: thousands may share one. What a walk of this run has taken over from
// another since then it has asked for, so that nothing is missed.
func (w *walk) reportsOf(from string) ([]string, error) {
	byPortal := w.site.reports[from]
	if byPortal == nil {
		byPortal = make(map[string][]string)
		for address, err := range w.store.URLs(from + "/") {
			if err != nil {
				return nil, err
			}
			last, ok, err := w.store.LastCapture(address)
			if err != nil {
				return nil, err
			}
			if ok && last.Kind == store.KindReport {
				byPortal[last.Portal] = append(byPortal[last.Portal], address)
			}
		}
		w.site.reports[from] = byPortal
	}
	return byPortal[w.portal.ID], nil
}

// forgotten returns the target of a known report of the portal, if it is due. What was taken for a report and was none is
// of no interest.
func (w *walk) forgotten(address string) (t visit.Target, due bool, err error) {
	known, err := recall(w.store, address)
	if err != nil || known.held == "" || known.last.Kind != store.KindReport || known.last.Portal != w.portal.ID {
		return t, false, err
	}
	if !w.conf.Full && !w.conf.Recheck && !known.due(time.Now()) {
		return t, false, nil
	}
	rec, read, err := w.store.LastBrief(address)
	if err != nil || !read || rec.Rejected != "" {
		return t, false, err
	}
	c := known.last
	return visit.Target{URL: address, Kind: store.KindReport, Portal: w.portal.ID, From: c.From, Title: c.Title, Date: c.Date}, true, nil
}

// withdrawn says of a report that was found missing on one day too many that it is taken for withdrawn, or "".
func (w *walk) withdrawn(p visit.Page, known urlHistory) (string, error) {
	if p.State != store.StateGone || p.Old || known.held == "" || known.gone != mostGone-1 {
		return "", nil
	}
	now, err := recall(w.store, p.URL)
	if err != nil || now.gone < mostGone {
		return "", err // it was missing on this day already
	}
	w.sum.Withdrawn++
	return fmt.Sprintf("withdrawn: not there for the %d. time in a row; it was first seen on %s", mostGone, known.first.Format(time.DateOnly)), nil
}
