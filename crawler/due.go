package crawler

import (
	"net/http"
	"time"

	"gongkai/crawler/fetch"
	"gongkai/crawler/visit"
	"gongkai/extract/filetype"
	"gongkai/store"
)

// An urlHistory is what the archive knows of one URL.
type urlHistory struct {
	first time.Time     // of the first capture; zero where nobody asks: a body is held, and the page was there last
	last  store.Capture // the newest; its State is "" when there is none

	held        string    // digest of the newest body
	changed     time.Time // when that body was first served
	contentType string    // it was served with
	etag, date  string    // its validators, as they may be sent: see validators
	seen, cut   bool      // it was served, and when it was last, it may have been a part only

	believed int       // answers in a row, the newest ones, that said only "not modified"; counted up to mostBelieved
	gone     int       // days of the answers in a row, the newest ones, that said that the page is not there
	missed   time.Time // of the oldest answer counted in gone
	answered bool      // somebody answered
	doubted  bool      // the newest answer was neither a page nor "not modified": what comes next is asked for without conditions
}

const (
	// mostBelieved is how often in a row a server is believed that says that a page has not changed. Then the page is
	// asked for without conditions: validators of government sites have been seen to lie.
	mostBelieved = 10
	// mostGone is how often in a row, on different days, a page must be found missing to be taken for withdrawn. Answers to
	// conditional requests do not count: see rebuff.
	mostGone = 3
	// mostRead bounds the captures that are read to count these days, however often a page is asked for.
	mostRead = 100
	// liarFor is for how long a server's validators are of no account after a page had changed under the same ones.
	liarFor = 30 * 24 * time.Hour
)

// recall reads what is known of a URL: a few captures, however many there are.
func recall(s *store.Store, url string) (p urlHistory, err error) {
	var oldest store.Capture
	streak := true
	looked := 0
	err = s.Newest(url, func(c store.Capture) bool {
		if looked == 0 {
			p.last = c
		}
		streak = streak && p.repeats(c)
		p.learn(c)
		oldest = c
		looked++
		counting := streak && p.gone > 0 && p.gone < mostGone && looked < mostRead
		return counting || p.held == "" && looked <= mostBelieved
	})
	if err != nil || looked == 0 {
		return p, err
	}
	if p.held == "" && looked > mostBelieved {
		c, ok, err := s.LastBefore(url, oldest.ID, store.StateOK)
		if err != nil {
			return p, err
		}
		if ok {
			p.learn(c)
		}
	}
	if p.held == "" || p.gone > 0 {
		c, _, err := s.FirstCapture(url)
		p.first = c.Time
		return p, err
	}
	return p, nil
}

// repeats counts an answer that says the same as all newer ones, and reports whether it does.
func (p *urlHistory) repeats(c store.Capture) bool {
	switch {
	case c.Status == http.StatusNotModified && p.gone == 0 && p.believed < mostBelieved:
		p.believed++
	case c.State == store.StateGone && p.believed == 0 && p.gone < mostGone:
		if p.gone == 0 || p.missed.Sub(c.Time) >= shortest {
			p.gone++
			p.missed = c.Time
		}
	default:
		return false
	}
	return true
}

// learn takes what a capture says of the body that is held: the newest validators are those of the last 304.
func (p *urlHistory) learn(c store.Capture) {
	had := c.State == store.StateOK || c.State == store.StateUnchanged
	if c.Status != 0 && !p.answered {
		p.answered, p.doubted = true, !had
	}
	if !had {
		return
	}
	if !p.seen {
		p.seen, p.cut = true, c.Truncated != ""
	}
	etag, date := validators(c)
	p.etag, p.date = newer(etag, p.etag), newer(date, p.date)
	if c.State == store.StateOK {
		p.held, p.changed, p.contentType = c.SHA256, c.Time, c.Header.Get("Content-Type")
	}
}

func newer(old, value string) string {
	if value != "" {
		return value
	}
	return old
}

// conditions returns the header that asks for the page only if it is another than the one held.
func (p urlHistory) conditions() http.Header {
	h := http.Header{}
	if p.held == "" || p.cut || p.believed == mostBelieved || p.doubted {
		return h // of a part, the whole is wanted (RFC 9111, 3.3)
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
func (p urlHistory) contradicts(c store.Capture) bool {
	if p.held == "" || p.cut || c.Truncated != "" || c.State != store.StateOK || c.SHA256 == p.held {
		return false
	}
	etag, date := validators(c)
	return etag != "" && etag == p.etag || etag == "" && p.etag == "" && date != "" && date == p.date
}

// header returns the part of the body's header that is needed to read it.
func (p urlHistory) header() http.Header { return http.Header{"Content-Type": {p.contentType}} }

// due reports whether a report page should be asked for again. What failed, or led elsewhere, always should.
func (p urlHistory) due(now time.Time) bool { return !now.Before(p.dueAt()) }

// dueAt returns from when on.
func (p urlHistory) dueAt() time.Time {
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

// takePart takes what there is of a body that broke off for the answer if the same has come before: it is then the
// server's way to end it, and no accident. Of a robots.txt no part will do, and none takes the place of a whole body
// unless the document has its own end.
func takePart(p *visit.Page, t visit.Target, a fetch.Answer, known urlHistory) {
	if !p.Cut {
		p.Completed = known.cut && p.State == store.StateOK
		return
	}
	again := known.last.Error == p.Error || known.last.Truncated == p.Error
	if !again || t.Kind == store.KindRobots || len(a.Body) == 0 || known.held != "" && !known.cut && !filetype.Ended(a.Body) {
		return
	}
	why := p.Error
	a.Err = nil
	*p = visit.Judge(t, a, "")
	p.Cut = true
	if p.State == store.StateOK {
		p.Truncated = why
	}
}
