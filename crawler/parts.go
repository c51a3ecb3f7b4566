package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gongkai/crawler/visit"
	"gongkai/extract"
	"gongkai/extract/markup"
	"gongkai/store"
	"gongkai/store/reading"
)

// report asks for the parts of a report whose page has been archived, and reads it. body is nil where the page has not
// changed, and is then taken from the archive if need be.
func (w *walk) report(ctx context.Context, t visit.Target, p visit.Page, body []byte) (err error) {
	if done, err := w.reconsider(p); err != nil || done {
		return err
	}
	unvisited := w.sum.Unvisited
	p.Body = nil // body is it, and is to be gone while parts are asked for
	if p.State == store.StateUnchanged && !p.Old {
		if same, err := w.untouched(ctx, t, p); err != nil || same && !w.mended {
			return err
		}
		if body, err = w.site.recover(ctx, &p, w.sum); err != nil {
			return err
		}
	}
	if body == nil {
		return nil // the archive has lost it, as has been told
	}
	if location, ok := visit.Moved(p, body); ok {
		return w.redirect(t, location)
	}
	g := reading.Gathering{Store: w.store, Deny: w.site.scope.Deny, Ask: func(part store.Part) error { return w.part(ctx, t, part) }}
	defer g.Free()
	if err := g.Gather(ctx, w.site.lease, p.Capture, body); err != nil {
		return err
	}
	if n := w.sum.Unvisited - unvisited; n > 0 {
		w.skipped(t.URL, fmt.Sprintf("%d parts not visited", n))
	}
	for _, part := range g.Parts() {
		if part.Missing != "" {
			w.sum.Missing++
			w.site.log.Debug("part missing", "portal", t.Portal, "url", t.URL, "part", part.URL, "why", part.Missing)
		}
	}
	return w.record(t, p, &g)
}

// record reads a report that has been gathered, unless it has been read from the same bytes before, and keeps what it says.
func (w *walk) record(t visit.Target, p visit.Page, g *reading.Gathering) error {
	last, read, err := w.store.LastRecord(t.URL)
	if err != nil || read && !w.mended && g.Same(p.Capture, &last) && !w.site.budget.Retries(&last) {
		if p.Old {
			w.sum.read(&last) // the process was killed before it could count it
		}
		return err
	}
	rec, err := g.Read(p.Capture, publisher(w.portal))
	if err != nil {
		return err
	}
	w.unread(t, rec.Rejected)
	if read && !w.mended && last.Same(&rec) { // we know more of why something is missing: no other version of the report
		rec.Capture = last.Capture
		return w.store.PutRecord(&rec)
	}
	if err := w.store.PutRecord(&rec); err != nil {
		return err
	}
	w.sum.read(&rec)
	w.site.run.live.read(&rec)
	if rec.Suspicious != "" && p.Conditional && t.Tries == 0 {
		t.Tries++
		return w.again(t) // without conditions, as the record is suspicious
	}
	w.suspect(&rec)
	if !read {
		return w.halved(&rec)
	}
	if rec.Suspicious == "" && last.Suspicious != "" && last.Capture > w.front.First {
		w.site.distrust(visit.Page{Capture: store.Capture{URL: t.URL, Time: rec.Time, Error: "another page"}}) // with conditions it was that
	}
	return nil
}

// suspect tells of a version that has lost much, and is not believed yet.
func (w *walk) suspect(r *store.Record) {
	if r.Suspicious != "" {
		w.sum.note(ProblemSuspicious, r.URL, r.Suspicious+"; what was there before stands until another day confirms it")
	}
}

// halved tells of a report that is new and has fewer than half the figures of its agency's for the year before, by the same
// forms as far as it has tables: it may have been cut before it was ever seen. It stands, as nothing else does for its year.
func (w *walk) halved(r *store.Record) error {
	if r.Report == nil {
		return nil
	}
	key := r.Report.Key()
	key.Year--
	most := 0
	for was, err := range w.store.RecordsOf(key) {
		if err != nil {
			return err
		}
		if was.Suspicious == "" && was.Report.Scope == r.Report.Scope && sameForms(r.Report, was.Report) {
			most = max(most, was.Report.Filled())
		}
	}
	if n := r.Report.Filled(); 2*n < most {
		w.sum.note(ProblemSuspicious, r.URL, fmt.Sprintf("it has %d figures, and the report of its agency for %d has %d", n, key.Year, most))
	}
	return nil
}

// sameForms reports whether the tables of a report are by the forms that those of another are by.
func sameForms(r, other *extract.Report) bool {
	for table, form := range r.Forms {
		if other.Forms[table] != form {
			return false
		}
	}
	return true
}

// reconsider takes up a version that is suspicious and was served again. On another day that confirms it: the archive then
// finds so. It reports whether there is nothing else to be done about the page.
func (w *walk) reconsider(p visit.Page) (done bool, err error) {
	last, read, err := w.store.LastBrief(p.URL)
	if err != nil || !read || last.Suspicious == "" || last.SHA256 != p.SHA256 {
		return false, err
	}
	if p.Status == http.StatusNotModified || p.Time.Sub(last.Time) < shortest {
		w.suspect(&last)
		return true, nil
	}
	if last, _, err = w.store.Record(last.Capture); err != nil {
		return false, err
	}
	last.Read = time.Time{}
	if err := w.store.PutRecord(&last); err != nil {
		return false, err
	}
	w.suspect(&last)
	return last.Suspicious != "", nil
}

// untouched reports whether a page that has not changed still has the parts that it was last read with. They are asked
// for, and the page is not parsed: it names the same ones.
func (w *walk) untouched(ctx context.Context, t visit.Target, p visit.Page) (bool, error) {
	last, read, err := w.store.LastBrief(t.URL)
	if err != nil || !read || last.SHA256 != p.SHA256 || w.site.budget.Retries(&last) {
		return false, err
	}
	g := reading.Gathering{Store: w.store, Deny: w.site.scope.Deny}
	for _, known := range last.Parts {
		if err := w.part(ctx, t, known); err != nil {
			return false, err
		}
		if err := g.Find(known); err != nil {
			return false, err
		}
	}
	if !g.Same(p.Capture, &last) {
		return false, nil
	}
	for _, part := range g.Parts() {
		if part.Missing != "" {
			w.sum.Missing++
		}
	}
	return true, nil
}

// unread notes of a page that it is archived and too large to be read, if that is why.
func (w *walk) unread(t visit.Target, why string) {
	if strings.HasPrefix(why, markup.ErrTooLarge.Error()) {
		w.sum.note(ProblemUnread, t.URL, "archived, and not read: "+why)
	}
}

// part asks for a part of a report and archives the answer, and again at once when a fault may pass: the report is
// read when its parts are there.
func (w *walk) part(ctx context.Context, report visit.Target, p store.Part) error {
	t := visit.Target{URL: p.URL, Kind: store.KindPart, Portal: report.Portal, From: report.URL, Title: p.Title}
	if p.Kind == extract.PartAttachment {
		t.Kind = store.KindAttachment
	}
	u, err := url.Parse(t.URL)
	if err != nil || w.site.scope.Deny(u) != "" {
		return nil // the record says why
	}
	for {
		if w.site.closed != "" {
			w.sum.Unvisited++
			return nil
		}
		a, had, err := w.askPart(ctx, &t)
		if errors.Is(err, errClosed) {
			continue
		}
		if err != nil {
			return err
		}
		if !had && a.Passing && t.Tries+1 < mostTries {
			t.Tries++
			if err := w.site.sleep(ctx, max(w.site.clock.Pause(t.Tries), a.Wait)); err != nil && !errors.Is(err, errClosed) {
				return err
			}
			continue
		}
		w.mended = w.mended || a.Completed
		if a.State != store.StateRedirect {
			w.partial(t, a)
			if !had && a.State != store.StateOK && a.State != store.StateUnchanged {
				w.lament(t, a)
			}
			return nil
		}
		t.Cookie = t.Cookie || visit.SetsCookie(a.Header)
		next, reason := visit.Redirected(t, a.Destination(), w.site.scope)
		if reason != "" {
			if !had {
				w.sum.Failed++
				w.problem(t, reason)
			}
			return nil
		}
		t = next
		t.From = report.URL // where it belongs, and not the last hop
	}
}

// askPart asks for a part and archives the answer; or returns the one that the archive has, when it had been asked for in
// this walk and nothing else is to be hoped for.
func (w *walk) askPart(ctx context.Context, t *visit.Target) (a visit.Page, had bool, err error) {
	known, err := recall(w.store, t.URL)
	if err != nil {
		return visit.Page{}, false, err
	}
	had, err = w.had(t, known)
	if err != nil {
		return visit.Page{}, false, err
	}
	if had && !t.Visited(t.URL) { // otherwise it has sent us away for a cookie
		return archived(known.last), true, nil
	}
	if a, err = w.site.ask(ctx, *t, known, w.sum); err != nil {
		return visit.Page{}, false, err
	}
	return a, false, w.site.archive(&a, known, w.sum)
}
