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

	believed int // answers in a row, the newest ones, that said only "not modified"; counted up to mostBelieved
	gone     int // the same of those that said that the page is not there; counted up to mostGone
}

const (
	// mostBelieved is how often in a row a server is believed that says that a page has not changed. Then the page is
	// asked for without conditions: validators of government sites have been seen to lie.
	mostBelieved = 10
	// mostGone is how often in a row, on different days, a page must be found missing to be taken for withdrawn.
	mostGone = 3
	// liarFor is for how long a server's validators are of no account after a page had changed under the same ones.
	liarFor = 30 * 24 * time.Hour
)

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
	if err := p.streaks(s, url); err != nil {
		return past{}, err
	}
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

// streaks counts how often in a row the newest answers said the same.
func (p *past) streaks(s *store.Store, url string) (err error) {
	for c, ok := p.last, true; ok && err == nil; c, ok, err = s.LastBefore(url, c.ID) {
		switch {
		case c.Status == http.StatusNotModified && p.gone == 0 && p.believed < mostBelieved:
			p.believed++
		case c.State == store.StateGone && p.believed == 0 && p.gone < mostGone:
			p.gone++
		default:
			return nil
		}
	}
	return err
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
	if p.held == "" || p.believed == mostBelieved {
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

// contradicts reports whether an answer with another body has the validators of the one held: a server that sends such
// says "not modified" of pages that were.
func (p past) contradicts(c store.Capture) bool {
	if p.held == "" || c.State != store.StateOK || c.SHA256 == p.held {
		return false
	}
	etag, date := c.Header.Get("ETag"), c.Header.Get("Last-Modified")
	return etag != "" && etag == p.etag || etag == "" && p.etag == "" && date != "" && date == p.date
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
	if p.last.State == store.StateGone && p.gone < mostGone {
		return p.last.Time.Add(shortest) // it may be a fault; soon we know
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
