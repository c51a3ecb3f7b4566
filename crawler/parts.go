package crawler

import (
	"context"
	"fmt"
	"net/url"

	"gongkai/extract"
	"gongkai/store"
)

// report asks for the parts of a report whose page has been archived, and reads it, unless it has been read from the
// same bytes before.
func (w *walk) report(ctx context.Context, t target, p page, body []byte) error {
	w.had[t.url] = true
	if body == nil {
		return nil // the archive has lost it, as has been told
	}
	unvisited := w.sum.Unvisited
	g := gathering{store: w.Store, deny: w.scope.deny, ask: func(part store.Part) error { return w.part(ctx, t, part) }}
	if err := g.gather(p.Capture, body); err != nil {
		return err
	}
	if n := w.sum.Unvisited - unvisited; n > 0 {
		w.problem(t, fmt.Sprintf("%d parts not visited, site left alone: %s", n, w.closed))
	}
	for _, part := range g.parts {
		if part.Missing != "" {
			w.sum.Missing++
			w.Log.Debug("part missing", "portal", t.portal, "url", t.url, "part", part.URL, "why", part.Missing)
		}
	}
	last, read, err := w.Store.LastRecord(t.url)
	if err != nil || read && g.same(p.Capture, &last) {
		return err
	}
	rec := g.read(p.Capture, w.portal)
	if read && last.Same(&rec) { // we know more of why something is missing: no other version of the report
		rec.Capture = last.Capture
		return w.Store.PutRecord(&rec)
	}
	if err := w.Store.PutRecord(&rec); err != nil {
		return err
	}
	w.sum.read(&rec)
	return nil
}

// part asks for a part of a report and archives the answer, and again at once when a fault may pass: the report is
// read when its parts are there.
func (w *walk) part(ctx context.Context, report target, p store.Part) error {
	t := target{url: p.URL, kind: store.KindPart, portal: report.portal, from: report.url, title: p.Title}
	if p.Kind == extract.PartAttachment {
		t.kind = store.KindAttachment
	}
	u, err := url.Parse(t.url)
	if err != nil || w.scope.deny(u) != "" {
		return nil // the record says why
	}
	for !w.had[t.url] {
		if w.closed != "" {
			w.sum.Unvisited++
			return nil
		}
		known, err := recall(w.Store, t.url)
		if err != nil {
			return err
		}
		a, err := w.ask(ctx, t, known, w.sum)
		if err != nil {
			return err
		}
		if err := w.archive(&a, w.sum); err != nil {
			return err
		}
		if a.passing && t.tries+1 < mostTries {
			t.tries++
			if err := sleep(ctx, w.pause(t.tries)); err != nil {
				return err
			}
			continue
		}
		w.had[t.url] = true
		switch a.State {
		case store.StateOK, store.StateUnchanged:
		case store.StateRedirect:
			next, reason := redirected(t, a.Header.Get("Location"), w.scope)
			if reason != "" {
				w.sum.Failed++
				w.problem(t, reason)
				return nil
			}
			t = next
			t.from = report.url // where it belongs, and not the last hop
		default:
			w.complain(t, a)
		}
	}
	return nil
}
