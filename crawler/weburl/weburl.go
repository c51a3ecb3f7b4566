// Package weburl says which page an address is: what site it lies on, which addresses are one page, and which of several
// stands for it. It asks nobody, and what an address may be asked for is not its to say.
package weburl

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Longest is the most bytes an address may have. The archive takes no longer ones, and they are traps.
const Longest = 2000

// Site names the site of an address: the registrable domain, so that http and https, www and bare, and a city's
// bureaus are one site with one clock. gov.cn is a public suffix. An address without a domain is a site by port.
func Site(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if net.ParseIP(host) == nil {
		if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
			return domain
		}
	}
	return HostPort(u)
}

// HostPort returns the host of an address in lower case, with its port unless that is the scheme's own.
func HostPort(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch {
	case u.Scheme == "http":
		return strings.TrimSuffix(host, ":80")
	case u.Scheme == "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// BareHost is HostPort without www.
func BareHost(u *url.URL) string { return strings.TrimPrefix(HostPort(u), "www.") }

// Authority names what one robots.txt is about.
func Authority(u *url.URL) string { return u.Scheme + "://" + HostPort(u) }

// Key tells pages apart within one run: a page over http and https, with and without www, and with the parameters of
// its query in another order, is one.
func Key(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	query := u.RawQuery
	if values, err := url.ParseQuery(query); err == nil {
		query = values.Encode()
	}
	return BareHost(u) + path + "?" + query
}

// KeyOf is Key of a text; "" when that is no address.
func KeyOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return Key(u)
}

// IsHome reports whether an address is that of a host's home page.
func IsHome(u *url.URL) bool { return u.Path == "/" && u.RawQuery == "" }

// WithoutFragment returns an address without what begins at its #.
func WithoutFragment(address string) string {
	bare, _, _ := strings.Cut(address, "#")
	return bare
}

// Alternate returns the address to try next for a home or start page at which nobody answers: under the other scheme,
// as one portal in a hundred has moved so; then, under the first scheme again, with www or without. u is the address
// tried last, and tried is how many alternates have been before; false when there are no more. An address with a port
// has none.
func Alternate(u *url.URL, tried int) (string, bool) {
	if u.Port() != "" || tried > 1 {
		return "", false
	}
	other := *u
	if other.Scheme = "http"; u.Scheme == "http" {
		other.Scheme = "https"
	}
	if tried == 1 {
		bare, www := strings.CutPrefix(u.Host, "www.")
		if other.Host = bare; !www {
			other.Host = "www." + bare
		}
	}
	return other.String(), true
}

var changing = regexp.MustCompile(`[0-9]+|[0-9a-fA-F-]{12,}`)

// Shape names what an address has in common with others of its site that differ in numbers and long hexadecimal words
// of the path only, together with the names of some parameters.
func Shape(u *url.URL, parameters []string) string {
	return changing.ReplaceAllString(u.Host+u.EscapedPath(), "#") + "?" + strings.Join(parameters, "&")
}

// Differing names the parameters in which two queries differ, sorted; nil when anything else differs too, or nothing.
func Differing(a, b string) []string {
	p, err1 := url.ParseQuery(a)
	q, err2 := url.ParseQuery(b)
	if err1 != nil || err2 != nil || len(p) != len(q) {
		return nil
	}
	var names []string
	for name, values := range p {
		switch other, ok := q[name]; {
		case !ok:
			return nil
		case !slices.Equal(values, other):
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
