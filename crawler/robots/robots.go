// Package robots decides for one crawler what one robots.txt permits (RFC 9309). It fetches nothing: who asks for
// the file, when, and how often is up to the caller.
//
// The lines are read and patterns are matched by a port of Google's parser; which rules concern us, percent-encoding,
// and what is no part of the standard but asked for (Crawl-delay, Request-rate, Visit-time) are ours.
package robots

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jimsmart/grobotstxt"
)

// MaxSize is how much of a robots.txt is read; RFC 9309 asks for this much at least.
const MaxSize = 500 << 10

// Silent is the reason of a decision where nobody answered the request for the file.
const Silent = "robots.txt unreachable"

// MaxDelay is the longest Crawl-delay that is kept to. More is the wish not to be crawled, which Disallow says.
const MaxDelay = time.Hour

// Rules are what a robots.txt says to one crawler. The zero Rules permit everything.
type Rules struct {
	Delay time.Duration // the Crawl-delay for us; 0 when there is none

	Sitemaps []string // maps of the site that it names, as they stand there

	rates  []rate // of Request-rate
	visits []span // of Visit-time; none: any time
	rules  []rule
	all    string // when not "", the reason for one decision about everything
	deny   bool   // that decision
}

type rule struct {
	allow   bool
	pattern string // normalised
	text    string // "Disallow: /private/"
}

// A Decision says whether a URL may be asked for, and why.
type Decision struct {
	Allowed bool
	Reason  string // the rule that decided, or why none did: "no rule", "404", "unreachable"
}

// Read returns the rules of an answer to the request for a robots.txt; status is 0 when there was no answer.
// A file that does not exist permits everything; one that cannot be had just now forbids everything, until it can.
// Statuses that speak of the request or of the moment count as the latter, although RFC 9309 has them with the other
// 4xx; so do parts of a file (206), promises of one (202), and redirects: whoever asks has followed them.
func Read(status int, body []byte, userAgent string) *Rules {
	switch status {
	case http.StatusOK, http.StatusNonAuthoritativeInfo, http.StatusNoContent:
		return Parse(body, userAgent)
	case 0:
		return Unread(Silent)
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
	default:
		if status >= 400 && status < 500 { // "unavailable" in the words of RFC 9309
			return &Rules{all: "no robots.txt: " + strconv.Itoa(status)}
		}
	}
	return Unread("robots.txt answers " + strconv.Itoa(status))
}

// Unread returns the rules where there may be a file and it cannot be had, for the reason given: nothing is permitted.
func Unread(reason string) *Rules { return &Rules{all: reason, deny: true} }

// Parse reads the text of a robots.txt. Whatever is no line of the format is passed over.
func Parse(body []byte, userAgent string) *Rules {
	text := decode(body)
	if len(text) > MaxSize {
		text = text[:MaxSize]
		if i := strings.LastIndexAny(text, "\r\n"); i >= 0 {
			text = text[:i] // half a rule could forbid or permit too much
		}
	}
	r := &reader{product: Product(userAgent)}
	grobotstxt.Parse(escape(text), r)
	rules := r.anyone.rules()
	if r.named {
		rules = r.ours.rules()
	}
	rules.Sitemaps = r.sitemaps
	return rules
}

// Legible reports whether bytes may be a robots.txt, or a page in place of one, and no packed or damaged data: those have
// no rules in them, which would permit everything. Of what was said to be packed, that must show in the text.
func Legible(body []byte, packed bool) bool {
	if kind := http.DetectContentType(body); !strings.HasPrefix(kind, "text/") && kind != "application/octet-stream" {
		return false
	}
	text := decode(body)
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1a", r) || r == 0x7f }) {
		return false
	}
	return !packed || len(body) == 0 || known.MatchString(text)
}

// known is how a line of the format, a comment or a web page begins.
var known = regexp.MustCompile(`(?im)^\s*(?:#|<|(?:user-?agent|allow|disallow|sitemap|crawl-?delay|host|request-rate|visit-time)\s*:)`)

// Unreachable reports whether the file could not be had, which forbids everything for now.
func (r *Rules) Unreachable() bool { return r.deny }

// Check decides on one URL.
func (r *Rules) Check(u *url.URL) Decision {
	if r.all != "" {
		return Decision{!r.deny, r.all}
	}
	path := target(u)
	if path == "/robots.txt" {
		return Decision{true, "robots.txt itself"}
	}
	best := -1
	for i, rule := range r.rules {
		if grobotstxt.Matches(path, rule.pattern) && (best < 0 || rule.beats(r.rules[best])) {
			best = i
		}
	}
	if best < 0 {
		return Decision{true, "no rule"}
	}
	return Decision{r.rules[best].allow, r.rules[best].text}
}

// beats reports whether a goes before b where both match: the longer pattern, and Allow between equals.
func (a rule) beats(b rule) bool {
	if len(a.pattern) != len(b.pattern) {
		return len(a.pattern) > len(b.pattern)
	}
	return a.allow && !b.allow
}

// Product returns the product token by which a robots.txt addresses a crawler with this User-Agent: "gongkai" for
// "gongkai/0.1 (+https://…)" and for "Mozilla/5.0 (compatible; gongkai/0.1)".
func Product(userAgent string) string {
	if _, after, found := strings.Cut(userAgent, "(compatible;"); found {
		userAgent = strings.TrimSpace(after)
	}
	end := strings.IndexFunc(userAgent, func(r rune) bool {
		return !strings.ContainsRune("-_.~+", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end < 0 {
		return userAgent
	}
	return userAgent[:end]
}
