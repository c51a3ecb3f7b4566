package visit

import (
	"net/url"
	"strings"

	"gongkai/crawler/weburl"
	"gongkai/seeds"
)

// A Scope is where a crawl of one site may go.
type Scope struct {
	Site  string
	Hosts map[string]bool // hosts that may be visited besides those below gov.cn; the sites of a run share it, nobody writes to it

	Anywhere bool // any host of any site
}

// Allowed returns the hosts that may be visited besides those below gov.cn, with or without port: those of the
// catalogue, also with and without www, and those allowed by hand.
func Allowed(portals []seeds.Portal, byHand []string) map[string]bool {
	hosts := make(map[string]bool)
	for _, host := range byHand {
		hosts[strings.ToLower(host)] = true
	}
	for _, p := range portals {
		for _, start := range p.Start {
			if u, err := url.Parse(start); err == nil {
				bare := weburl.BareHost(u)
				hosts[bare], hosts["www."+bare] = true, true
			}
		}
	}
	return hosts
}

// Deny says why a URL is out of bounds, or "".
func (s Scope) Deny(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "not http"
	case len(u.String()) > weburl.Longest:
		return "too long"
	case s.Anywhere:
		return ""
	case weburl.Site(u) != s.Site:
		return "off the site"
	case strings.HasSuffix(host, ".gov.cn"), s.Hosts[host], s.Hosts[weburl.HostPort(u)]:
		return ""
	}
	return "host not allowed"
}
