package crawler

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/store"
)

// Conditional requests spare portals and us the pages that have not changed. Some servers, and firewalls before them, cannot
// deal with them: they answer 404, 403, 412, with nothing or with the home page to what they would serve otherwise. So
// nothing but a page or "not modified" is believed of such an answer. It is archived as a failure, and the page is asked
// for again at once, without conditions and by the clock of the site.

// entityTag is one that may be sent back: RFC 9110, 8.8.3, also with spaces, and those bare words that servers write without
// the quotes. What has a comma or a star without them would be a list, or stand for all pages. An empty one names nothing,
// and what is not ASCII the archive does not have as it was sent.
var entityTag = regexp.MustCompile(`^(?:(?:W/)?"[\x20\x21\x23-\x7e]+"|[0-9A-Za-z][-0-9A-Za-z:._+/=]*)$`)

// validators returns those of an answer that may be sent back, "" for what may not: a Last-Modified that is no HTTP-date
// (RFC 9110, 5.6.7) is one to which servers answer anything, and by one that lies in the future nothing changes until then.
func validators(c store.Capture) (etag, date string) {
	if etag = alone(c.Header, "ETag"); !entityTag.MatchString(etag) {
		etag = ""
	}
	date = alone(c.Header, "Last-Modified")
	modified, err := http.ParseTime(date)
	if err != nil {
		return etag, ""
	}
	now, err := http.ParseTime(c.Header.Get("Date"))
	if err != nil {
		now = c.Time.Add(time.Duration(c.Took) * time.Millisecond)
	}
	if modified.After(now.Add(time.Second)) { // HTTP-dates have whole seconds
		date = ""
	}
	return etag, date
}

// alone returns the value of a field that has one, "" otherwise.
func alone(h http.Header, name string) string {
	if values := h.Values(name); len(values) == 1 {
		return strings.TrimSpace(values[0])
	}
	return ""
}

// misnamed reports whether a "not modified" names another version than the one held: RFC 9111, 4.3.4, does not let it
// speak for that.
func (p urlHistory) misnamed(h http.Header) bool {
	named, date := alone(h, "ETag"), alone(h, "Last-Modified")
	if p.etag != "" {
		return named != "" && opaque(named) != opaque(p.etag)
	}
	held, err1 := http.ParseTime(p.date)
	now, err2 := http.ParseTime(date)
	return err1 == nil && err2 == nil && now.After(held)
}

// opaque returns what an entity tag says, without what servers add to it for a body that they pack.
func opaque(etag string) string {
	etag = strings.Trim(strings.TrimPrefix(etag, "W/"), `"`)
	for _, packed := range []string{"-gzip", ";gzip", ":gzip", "-br", ";br", "-df"} {
		etag = strings.TrimSuffix(etag, packed)
	}
	return strings.TrimRight(etag, "-")
}

// rebuff begins the Error of the capture of an answer to a conditional request that was not believed.
const rebuff = "to a conditional request: "

// wasRebuff reports whether a capture is one.
func wasRebuff(c store.Capture) bool {
	return c.State == store.StateFailed && strings.HasPrefix(c.Error, rebuff)
}

// disbelieve makes a failure of what is not to be believed as the answer to a conditional request. A server that asks to be left
// alone for a while is obeyed first, and no answer at all says nothing about conditions.
func disbelieve(p *visit.Page) {
	switch {
	case !p.Conditional, p.Rebuffed, p.Cut, p.Status == 0, p.State == store.StateUnchanged, p.State == store.StateRefused,
		p.State == store.StateOK && (p.Kind != store.KindRobots || len(bytes.TrimSpace(p.Body)) > 0),
		p.Wait > 0, p.Status == http.StatusTooManyRequests, p.State == store.StateRedirect && toSession(p):
		return
	}
	p.Rebuffed = true
	p.State, p.Wall, p.Error = store.StateFailed, false, rebuff+cmp.Or(p.Error, store.StatusText(p.Status))
}

// toSession reports whether a redirect leads to the page itself, with the session of a visitor in its address.
func toSession(p *visit.Page) bool {
	base, err1 := url.Parse(p.URL)
	if err1 != nil {
		return false
	}
	to, err := base.Parse(p.Header.Get("Location"))
	return err == nil && to.String() != p.URL && weburl.Canonical(to).String() == p.URL
}

// insist asks for a page, and once more without conditions when the answer to a conditional request is not to be believed;
// that one is archived. look completes an answer.
func (s *site) insist(ctx context.Context, t visit.Target, known urlHistory, sum *PortalSummary, look func(*visit.Page) error) (visit.Page, error) {
	send := func() (visit.Page, error) {
		p, err := s.request(ctx, t, known, sum)
		if err == nil {
			err = look(&p)
		}
		disbelieve(&p)
		return p, err
	}
	p, err := send()
	if err != nil || !p.Rebuffed || s.closed != "" {
		return p, err
	}
	if err := s.archive(&p, known, sum); err != nil {
		return visit.Page{}, err
	}
	first := p
	known.doubted = true
	p, err = send()
	if err == nil && (p.State == store.StateOK || p.State == store.StateUnchanged) {
		s.distrust(first)
	}
	return p, err
}

// mostBalks is how many faults in a row that may pass, each of them gone without conditions, are taken for a server that
// cannot deal with these.
const mostBalks = 2

// distrust notes that a page was there when it was asked for without conditions: for a while none are sent to the site, or
// each of its pages would cost two requests.
func (s *site) distrust(rebuffed visit.Page) {
	h := &s.clock.Host
	if h.Balks++; rebuffed.Passing && h.Balks < mostBalks {
		return
	}
	h.Balks, h.Lied = 0, rebuffed.Time.UTC()
	s.log.Info("does not answer conditional requests as it should: for a while none are sent to the site", "site", s.scope.Site,
		"url", rebuffed.URL, "answer", rebuffed.Error)
}
