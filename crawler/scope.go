package crawler

import (
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"gongkai/seeds"
)

// siteOf names the site of a URL: the registrable domain, so that http and https, www and bare, and a city's
// bureaus are one site with one clock. gov.cn is a public suffix. An address without a domain is a site by port.
func siteOf(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if net.ParseIP(host) == nil {
		if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
			return domain
		}
	}
	return hostPort(u)
}

// hostPort returns the host of a URL in lower case, with its port unless that is the scheme's own.
func hostPort(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch {
	case u.Scheme == "http":
		return strings.TrimSuffix(host, ":80")
	case u.Scheme == "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// authority names what one robots.txt is about.
func authority(u *url.URL) string { return u.Scheme + "://" + hostPort(u) }

// key tells pages apart within one run: the twins of a page over http and https, with and without www, and with the
// parameters of its query in another order, are one.
func key(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	query := u.RawQuery
	if values, err := url.ParseQuery(query); err == nil {
		query = values.Encode()
	}
	return strings.TrimPrefix(hostPort(u), "www.") + path + "?" + query
}

// longest is the most bytes a URL may have. The archive takes no longer ones, and they are traps.
const longest = 2000

// A scope is where a crawl of one site may go.
type scope struct {
	site  string
	hosts map[string]bool // allowed ones; the sites of a run share it, nobody writes to it

	anywhere bool // any host of any site
}

// allowed returns the hosts that may be visited besides those below gov.cn, with or without port: those of the
// catalogue, their twins with and without www, and those allowed by hand.
func allowed(portals []seeds.Portal, byHand []string) map[string]bool {
	hosts := make(map[string]bool)
	for _, host := range byHand {
		hosts[strings.ToLower(host)] = true
	}
	for _, p := range portals {
		for _, start := range p.Start {
			if u, err := url.Parse(start); err == nil {
				bare := strings.TrimPrefix(hostPort(u), "www.")
				hosts[bare], hosts["www."+bare] = true, true
			}
		}
	}
	return hosts
}

// deny says why a URL is out of bounds, or "".
func (s scope) deny(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "not http"
	case len(u.String()) > longest:
		return "too long"
	case s.anywhere:
		return ""
	case siteOf(u) != s.site:
		return "off the site"
	case strings.HasSuffix(host, ".gov.cn"), s.hosts[host], s.hosts[hostPort(u)]:
		return ""
	}
	return "host not allowed"
}
