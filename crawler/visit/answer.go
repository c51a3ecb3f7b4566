package visit

import (
	"errors"
	"math"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gongkai/crawler/fetch"
	"gongkai/crawler/pace"
	"gongkai/crawler/portal"
	"gongkai/extract/coding"
	"gongkai/store"
)

// A Page is an answer as it will be archived, and what the walk must know of it beyond that.
type Page struct {
	store.Capture
	Body      []byte
	Passing   bool          // the fault may pass: worth asking again, later
	Wait      time.Duration // how long the server asks to be left alone, at most pace.MostAsked
	Wall      bool          // a challenge answered: the site does not want us
	Old       bool          // it was archived before the process was killed, and nobody asked again
	Cut       bool          // the body broke off: no fault of the site as a whole
	Completed bool          // the body has come whole, and that of the last time had not

	Conditional bool // the request had conditions
	Rebuffed    bool // what came to a request with conditions is not to be believed
}

// Judge says what an answer to a target means. held is the digest of the body that the conditions were about, ""
// when there were none.
func Judge(t Target, a fetch.Answer, held string) Page {
	p := Page{Capture: t.Capture()}
	p.Time, p.Took = a.Start, a.Took.Milliseconds()
	p.Status, p.Header, p.Remote, p.TLS, p.Mended = a.Status, a.Header, a.Remote, a.TLS, a.Mended
	p.State = store.StateFailed
	if a.Status >= 300 { // what came with it need not be whole to be obeyed
		p.Wait = min(retryAfter(a.Header.Values("Retry-After"), a.Start.Add(a.Took)), pace.MostAsked)
	}
	itself, onward := sentOn(t, a)
	switch s := a.Status; {
	case errors.Is(a.Err, coding.ErrTooLarge), errors.Is(a.Err, coding.ErrBomb):
		p.State, p.Error = store.StateRefused, a.Err.Error()
	case a.Mended != "" && t.Kind == store.KindRobots: // who sends such a head may mean anything by it
		p.Error, p.Passing, p.Cut = "the head of the answer had to be mended: "+a.Mended, true, true
	case a.Err != nil && (!fetch.IsCut(a.Err) || isPage(a) || t.Kind == store.KindRobots): // elsewhere the body of another status does not matter
		p.Error, p.Passing, p.Cut = a.Err.Error(), fetch.MayPass(a.Err), fetch.IsCut(a.Err)
	case portal.Wall(s, a.Header, a.Body).Kind != "":
		p.State, p.Error, p.Wall = store.StateBlocked, portal.Wall(s, a.Header, a.Body).String(), true
	case onward && itself && slices.Contains(t.Via, t.URL):
		p.State, p.Error, p.Wall = store.StateBlocked, "challenge:cookie (refreshes itself, also when it gets the cookie that it has set)", true
	case onward:
		p.State = store.StateRedirect
	case s == http.StatusNotModified && held != "":
		p.State, p.SHA256 = store.StateUnchanged, held
	case isPage(a):
		p.State, p.Body = store.StateOK, a.Body
	case s > 300 && s < 400 && s != http.StatusNotModified && a.Header.Get("Location") != "":
		p.State = store.StateRedirect
	case s == http.StatusNotFound, s == http.StatusGone:
		p.State = store.StateGone
	default:
		p.Error = store.StatusText(s)
		p.Passing = p.MayPass()
	}
	return p
}

// isPage reports whether an answer has the status of a page: 200, or one of those that portals send with a page all the
// same.
func isPage(a fetch.Answer) bool {
	switch a.Status {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
		return true
	case http.StatusCreated, http.StatusAccepted, http.StatusPartialContent, http.StatusIMUsed:
		return len(a.Body) > 0
	}
	return false
}

// sentOn reports whether a page is an answer that only sends its reader on, see portal.Onward.
func sentOn(t Target, a fetch.Answer) (itself, ok bool) {
	u, err := url.Parse(t.Address())
	if err != nil || a.Err != nil || a.Status != http.StatusOK || t.Kind == store.KindRobots {
		return false, false
	}
	defer func() {
		if recover() != nil { // one hostile page must not end a night's crawl
			itself, ok = false, false
		}
	}()
	return portal.Onward(a.Header, a.Body, u)
}

// SetsCookie reports whether an answer has set one.
func SetsCookie(h http.Header) bool { return h.Get("Set-Cookie") != "" }

// delaySeconds is the first form of a Retry-After header, and what servers make of it: "8.5", "8, 9", "300 seconds".
var delaySeconds = regexp.MustCompile(`^"?\+?([0-9]*\.?[0-9]+)\s*(\pL*)`)

// units are those that servers write, by how they begin; those of no unit are seconds.
var units = []struct {
	begins string
	unit   time.Duration
}{{"ms", time.Millisecond}, {"milli", time.Millisecond}, {"m", time.Minute}, {"分", time.Minute}, {"h", time.Hour}, {"小时", time.Hour}, {"d", 24 * time.Hour}, {"天", 24 * time.Hour}}

// retryAfter reads both forms of a Retry-After header (RFC 9110, 10.2.3), leniently; of several the longest. It is 0
// when they say nothing, or name a time that is over.
func retryAfter(values []string, now time.Time) (wait time.Duration) {
	for _, value := range values {
		value = strings.TrimSpace(value)
		if date, ok := readDate(value); ok {
			wait = max(wait, date.Sub(now))
			continue
		}
		for part := range strings.SplitSeq(value, ",") {
			wait = max(wait, readDelay(strings.TrimSpace(part)))
		}
	}
	return wait
}

// readDate reads the three forms of a date in HTTP, and those of mail and RFC 3339, which some servers take for them.
func readDate(value string) (date time.Time, ok bool) {
	date, err := http.ParseTime(value)
	if err != nil {
		date, err = mail.ParseDate(value)
	}
	if err != nil {
		date, err = time.Parse(time.RFC3339, value)
	}
	return date, err == nil
}

// readDelay reads a number and its unit.
func readDelay(value string) time.Duration {
	m := delaySeconds.FindStringSubmatch(value)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil && !math.IsInf(n, 1) {
		return 0
	}
	unit := time.Second
	for _, u := range units {
		if strings.HasPrefix(strings.ToLower(m[2]), u.begins) {
			unit = u.unit
			break
		}
	}
	if n >= float64(math.MaxInt64/unit) {
		return math.MaxInt64
	}
	return time.Duration(math.Ceil(n * float64(unit)))
}

// Missed says of a page that was served as if all were well that it is none any more: p.State becomes StateGone, and
// what was served is archived as the evidence. home is the home page of the host, nil when that is not known.
func (p *Page) Missed(u *url.URL, home []byte) {
	if p.State != store.StateOK || p.Kind == store.KindRobots {
		return
	}
	if v := portal.Gone(p.Body, p.Header.Get("Content-Type"), u, home); v.Kind != "" {
		p.State, p.Error = store.StateGone, v.String()
	}
}

// Moved returns where a page sends its reader that has nothing else to say: by a meta tag, or by a script that names the
// address.
func Moved(p Page, body []byte) (location string, ok bool) {
	u, err := url.Parse(p.URL)
	if err != nil || len(body) == 0 {
		return "", false
	}
	defer func() {
		if recover() != nil { // one hostile page must not end a night's crawl
			location, ok = "", false
		}
	}()
	return portal.Moved(body, p.Header.Get("Content-Type"), u)
}
