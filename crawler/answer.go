package crawler

import (
	"bytes"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gongkai/store"
)

// A page is an answer as it will be archived, and what the walk must know of it beyond that.
type page struct {
	store.Capture
	body    []byte
	passing bool          // the fault may pass: worth asking again, later
	wait    time.Duration // how long the server asks to be left alone
	wall    bool          // a challenge answered: the site does not want us
}

// judge says what an answer to a target means. held is the digest of the body that the conditions were about, ""
// when there were none.
func judge(t target, a answer, held string) page {
	p := page{Capture: t.capture()}
	p.Time, p.Took = a.start, a.took.Milliseconds()
	p.Status, p.Header, p.Remote = a.status, a.header, a.remote
	p.State = store.StateFailed
	switch s := a.status; {
	case errors.Is(a.err, errTooLarge):
		p.State, p.Error = store.StateRefused, a.err.Error()
	case a.err != nil:
		p.Error, p.passing = a.err.Error(), mayPass(a.err)
	case challenge(s, a.body) != "":
		p.State, p.Error, p.wall = store.StateBlocked, challenge(s, a.body), true
	case s == http.StatusNotModified && held != "":
		p.State, p.SHA256 = store.StateUnchanged, held
	case s == http.StatusOK, s == http.StatusNonAuthoritativeInfo:
		p.State, p.body = store.StateOK, a.body
	case s > 300 && s < 400 && s != http.StatusNotModified && a.header.Get("Location") != "":
		p.State = store.StateRedirect
	case s == http.StatusNotFound, s == http.StatusGone:
		p.State = store.StateGone
	default:
		p.Error = statusText(s)
		p.passing = s >= 500 || s == http.StatusTooManyRequests || s == http.StatusRequestTimeout
		p.wait = retryAfter(a.header.Get("Retry-After"), time.Now())
	}
	return p
}

// statusText describes a status; not every one has a name.
func statusText(status int) string {
	return strings.TrimSpace("status " + strconv.Itoa(status) + " " + http.StatusText(status))
}

// mayPass reports whether a fault may be gone in a minute. A name that does not exist, a certificate that is wrong,
// and an address that is forbidden will not.
func mayPass(err error) bool {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return !isPrivate(err) && !(errors.As(err, &dns) && dns.IsNotFound) &&
		!errors.As(err, &authority) && !errors.As(err, &host) && !errors.As(err, &invalid)
}

// retryAfter reads both forms of a Retry-After header; 0 when it says nothing.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<31)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// walls are the statuses by which firewalls in use before Chinese portals send a challenge: a script to be run
// before the page is served. Where bare is set the status has other uses too: only a page without text counts.
var walls = []struct {
	status int
	bare   bool
}{
	{412, false}, {468, false}, {521, false}, {403, true}, {405, true}, {202, true}, {200, true},
}

// wallMarks are what the scripts of a challenge contain. A page served with 200 must have one to be called one:
// portals that draw themselves by script are bare as well.
var wallMarks = [][]byte{[]byte("__jsl_clearance"), []byte("$_ts"), []byte("acw_sc__v2"), []byte("safeline"), []byte("_guard/")}

// challenge says which challenge an answer is, "" for none.
func challenge(status int, body []byte) string {
	for _, w := range walls {
		if w.status != status || status == http.StatusOK && !marked(body) || w.bare && !bare(body) {
			continue
		}
		return "challenge " + strconv.Itoa(status)
	}
	return ""
}

func marked(body []byte) bool {
	return slices.ContainsFunc(wallMarks, func(mark []byte) bool { return bytes.Contains(body, mark) })
}

var (
	unseen = regexp.MustCompile(`(?is)<script\b.*?</script>|<style\b.*?</style>|<noscript\b.*?</noscript>|<title\b.*?</title>|<!--.*?-->`)
	markup = regexp.MustCompile(`(?s)<[^>]*>`)
)

// bare reports whether a body is a page with a script and next to no text.
func bare(body []byte) bool {
	if len(body) > 256<<10 || !bytes.Contains(bytes.ToLower(body), []byte("<script")) {
		return false
	}
	text := markup.ReplaceAll(unseen.ReplaceAll(body, nil), nil)
	return len(bytes.Join(bytes.Fields(text), nil)) < 100
}
