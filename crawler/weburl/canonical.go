package weburl

import (
	"net/url"
	"regexp"
	"strings"
)

// sessionParameters name visits, not pages.
var sessionParameters = regexp.MustCompile(`(?i)^(?:jsessionid|phpsessid|aspsessionid\w*|asp\.net_sessionid|sessionid|session_id|sid_for_share|_wzasid|utm_\w+|spm)$`)

// sessionInPath is the session of a visitor without cookies.
var sessionInPath = regexp.MustCompile(`(?i);(?:jsessionid|phpsessid|sessionid|sid)=[^/?#;]*`)

// sessionSegment is that of ASP.NET: /(S(lit3py55t21z5v55vlm25s55))/page.aspx, also with other letters before or behind it.
var sessionSegment = regexp.MustCompile(`/\((?:[A-Z]\([0-9A-Za-z_-]{12,}\))+\)`)

// rewrites turn the address of a copy into that of the original.
var rewrites = []struct {
	from *regexp.Regexp
	to   string
}{
	// Guangdong's catalogue has a page for telephones beside each document.
	{regexp.MustCompile(`^(https?://[^?#]*/gkmlpt/[^?#]*/)mpost_(\d+\.html)`), "${1}post_${2}"},
	// A gateway that writes pages in traditional script.
	{regexp.MustCompile(`^https?://big5\.[^/]+/gate/big5/([^/?#]+\.gov\.cn(?:[/?#]|$))`), "http://${1}"},
}

// Canonical returns the address to ask for instead of u: without the session of a visitor, without a fragment, and
// the original where u is known to be a copy. It returns u when that is it already.
func Canonical(u *url.URL) *url.URL {
	c := *u
	c.Fragment, c.RawFragment = "", ""
	if strings.Contains(c.Path, ";") {
		c.Path, c.RawPath = sessionInPath.ReplaceAllString(c.Path, ""), sessionInPath.ReplaceAllString(c.RawPath, "")
	}
	if strings.Contains(c.Path, "/(") {
		c.Path, c.RawPath = sessionSegment.ReplaceAllString(c.Path, ""), sessionSegment.ReplaceAllString(c.RawPath, "")
	}
	c.RawQuery = withoutSession(c.RawQuery)
	text := c.String()
	for _, r := range rewrites {
		if r.from.MatchString(text) {
			if original, err := c.Parse(r.from.ReplaceAllString(text, r.to)); err == nil {
				return original
			}
		}
	}
	if text == u.String() {
		return u
	}
	return &c
}

// withoutSession leaves the order of the other parameters alone: servers have been seen to mind.
func withoutSession(query string) string {
	if query == "" {
		return ""
	}
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(part, "="); !sessionParameters.MatchString(name) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

// The bounds of addresses that are believed.
const (
	mostSegments = 20
	mostRepeated = 3
	mostPairs    = 30
)

// Trap says by which bound an address is one of endlessly many, or "". Directories that link to themselves by a
// relative path, and searches that add a parameter at each step, go on for ever.
func Trap(u *url.URL) string {
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(segments) > mostSegments {
		return "path too deep"
	}
	count := make(map[string]int)
	for _, s := range segments {
		if count[s]++; s != "" && count[s] > mostRepeated {
			return "path repeats itself"
		}
	}
	if strings.Count(u.RawQuery, "&") >= mostPairs {
		return "too many parameters"
	}
	return ""
}
