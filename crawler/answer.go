package crawler

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gongkai/crawler/portal"
	"gongkai/extract/coding"
	"gongkai/store"
)

// A page is an answer as it will be archived, and what the walk must know of it beyond that.
type page struct {
	store.Capture
	body    []byte
	passing bool          // the fault may pass: worth asking again, later
	wait    time.Duration // how long the server asks to be left alone
	wall    bool          // a challenge answered: the site does not want us
	old     bool          // it was archived before the process was killed, and nobody asked again
	cut     bool          // the body broke off: no fault of the site as a whole
	mended  bool          // the body has come whole, and that of the last time had not

	conditional bool // the request had conditions
	rebuffed    bool // and this is no answer to be believed: see rebuff
}

// judge says what an answer to a target means. held is the digest of the body that the conditions were about, ""
// when there were none.
func judge(t target, a answer, held string) page {
	p := page{Capture: t.capture()}
	p.Time, p.Took = a.start, a.took.Milliseconds()
	p.Status, p.Header, p.Remote, p.TLS = a.status, a.header, a.remote, a.tls
	p.State = store.StateFailed
	switch s := a.status; {
	case errors.Is(a.err, coding.ErrTooLarge), errors.Is(a.err, coding.ErrBomb):
		p.State, p.Error = store.StateRefused, a.err.Error()
	case a.err != nil && (!isCut(a.err) || isPage(a)): // the body of any other status does not matter
		p.Error, p.passing, p.cut = a.err.Error(), mayPass(a.err), isCut(a.err)
	case portal.Wall(s, a.header, a.body).Kind != "":
		p.State, p.Error, p.wall = store.StateBlocked, portal.Wall(s, a.header, a.body).String(), true
	case s == http.StatusNotModified && held != "":
		p.State, p.SHA256 = store.StateUnchanged, held
	case isPage(a):
		p.State, p.body = store.StateOK, a.body
	case s > 300 && s < 400 && s != http.StatusNotModified && a.header.Get("Location") != "":
		p.State = store.StateRedirect
	case s == http.StatusNotFound, s == http.StatusGone:
		p.State = store.StateGone
	default:
		p.Error = statusText(s)
		p.passing = passing(p.Capture)
		p.wait = retryAfter(a.header.Get("Retry-After"), time.Now())
	}
	return p
}

// isPage reports whether an answer has the status of a page: 200, or one of those that portals send with a page all the
// same.
func isPage(a answer) bool {
	switch a.status {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
		return true
	case http.StatusCreated, http.StatusAccepted, http.StatusPartialContent, http.StatusIMUsed:
		return len(a.body) > 0
	}
	return false
}

// isCut reports whether an answer came, and its body broke off.
func isCut(err error) bool {
	var cut *cutError
	return errors.As(err, &cut)
}

// takePart takes what there is of a body that broke off for the answer if the same has come before: it is then the
// server's way to end it, and no accident. Of a robots.txt no part will do, and none takes the place of a whole body
// unless the document has its own end.
func (p *page) takePart(t target, a answer, known past) {
	if !p.cut {
		p.mended = known.cut && p.State == store.StateOK
		return
	}
	again := known.last.Error == p.Error || known.last.Truncated == p.Error
	if !again || t.kind == store.KindRobots || len(a.body) == 0 || known.held != "" && !known.cut && !ended(a.body) {
		return
	}
	why := p.Error
	a.err = nil
	*p = judge(t, a, "")
	p.cut = true
	if p.State == store.StateOK {
		p.Truncated = why
	}
}

// statusText describes a status; not every one has a name.
func statusText(status int) string {
	return strings.TrimSpace("status " + strconv.Itoa(status) + " " + http.StatusText(status))
}

// mayPass reports whether a fault may be gone in a minute. A name that does not exist, a certificate that is wrong,
// and an address that is forbidden will not.
func mayPass(err error) bool {
	var dns *net.DNSError
	return !isPrivate(err) && !(errors.As(err, &dns) && dns.IsNotFound) && !errors.As(err, new(*tlsError))
}

// retryAfter reads both forms of a Retry-After header; 0 when it says nothing.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<30)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// missed says of a page that was served as if all were well that it is none any more: p.State becomes StateGone, and
// what was served is archived as the evidence. home is the home page of the host, nil when that is not known.
func (p *page) missed(u *url.URL, home []byte) {
	if p.State != store.StateOK || p.Kind == store.KindRobots {
		return
	}
	if v := portal.Gone(p.body, p.Header.Get("Content-Type"), u, home); v.Kind != "" {
		p.State, p.Error = store.StateGone, v.String()
	}
}
