package crawler

import (
	"net/http"
	"time"

	"gongkai/store"
)

// A past is what the archive knows of one URL.
type past struct {
	first time.Time     // of the first capture
	last  store.Capture // the newest; its State is "" when there is none

	held        string    // digest of the newest body
	changed     time.Time // when that body was first served
	contentType string    // it was served with
	etag, date  string    // its validators
}

// recall reads what is known of a URL: a few captures, however many there are.
func recall(s *store.Store, url string) (past, error) {
	last, known, err := s.LastCapture(url)
	if err != nil || !known {
		return past{}, err
	}
	first, _, err := s.FirstCapture(url)
	if err != nil {
		return past{}, err
	}
	p := past{first: first.Time, last: last}
	brought, held, err := s.LastBefore(url, 0, store.StateOK)
	if err != nil || !held {
		return p, err
	}
	p.held, p.changed = brought.SHA256, brought.Time
	p.contentType = brought.Header.Get("Content-Type")
	p.etag, p.date = brought.Header.Get("ETag"), brought.Header.Get("Last-Modified")
	confirmed, _, err := s.LastBody(url) // the newest validators are those of the last 304
	p.etag, p.date = newer(p.etag, confirmed.Header.Get("ETag")), newer(p.date, confirmed.Header.Get("Last-Modified"))
	return p, err
}

func newer(old, value string) string {
	if value != "" {
		return value
	}
	return old
}

// conditions returns the header that asks for the page only if it is another than the one held.
func (p past) conditions() http.Header {
	h := http.Header{}
	if p.held == "" {
		return h
	}
	if p.etag != "" {
		h.Set("If-None-Match", p.etag)
	}
	if p.date != "" {
		h.Set("If-Modified-Since", p.date)
	}
	return h
}

// header returns the part of the body's header that is needed to read it.
func (p past) header() http.Header { return http.Header{"Content-Type": {p.contentType}} }

// due reports whether a report page should be asked for again. What failed, or led elsewhere, always should.
func (p past) due(now time.Time) bool { return !now.Before(p.dueAt()) }

// dueAt returns from when on.
func (p past) dueAt() time.Time {
	switch p.last.State {
	case "", store.StateFailed, store.StateBlocked, store.StateRedirect:
		return time.Time{}
	}
	changed := p.changed
	if changed.IsZero() {
		changed = p.first
	}
	return dueAt(changed, p.last.Time)
}

// The bounds of the time between two visits to one page. A nightly run that starts a little earlier than the one
// before still finds young pages due.
const (
	shortest = 20 * time.Hour
	rarest   = 30 * 24 * time.Hour
)

// dueAt returns when a page that changed last and was visited last at these times should be visited again: after as
// long again as it had been unchanged.
func dueAt(changed, visited time.Time) time.Time {
	return visited.Add(min(max(visited.Sub(changed), shortest), rarest))
}
