package warc

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var leadingWWW = regexp.MustCompile(`^(https?://)www\d*\.`)

// urlKey returns the key under which indexes sort an address: its host from the right, without www, then path and query,
// in lower case, the parameters in order. cn,gov,example)/a?b=1. It is what warcio writes.
func urlKey(address string) string {
	u, err := url.Parse(leadingWWW.ReplaceAllString(strings.ToLower(address), "$1"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return address
	}
	parts := strings.Split(u.Hostname(), ".")
	slices.Reverse(parts)
	key := strings.Join(parts, ",")
	if p := u.Port(); p != "" && !(u.Scheme == "http" && p == "80" || u.Scheme == "https" && p == "443") {
		key += ":" + p
	}
	key += ")"
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	key += escape(path, " \"<>`{}")
	if u.RawQuery != "" {
		args := strings.Split(escape(u.RawQuery, " \"'<>"), "&")
		slices.Sort(args)
		key += "?" + strings.Join(args, "&")
	}
	return key
}

// escape writes what is not ASCII, and some characters, in percent.
func escape(s, also string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= 0x20 || c >= 0x7f || strings.IndexByte(also, c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// asciiURL returns an address as a WARC file may have it: the characters that RFC 3986 does not know are in percent, as a
// browser would send them.
func asciiURL(address string) string { return escape(address, " \"<>\\^`{|}") }
