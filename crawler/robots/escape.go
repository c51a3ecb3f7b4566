package robots

import (
	"net/url"
	"strings"
)

// target returns the part of a URL that rules are about: path and query, normalised.
func target(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	return normal(path)
}

const upperHex = "0123456789ABCDEF"

// normal gives equivalent spellings one form (RFC 9309, 2.2.2): octets beyond ASCII are percent-encoded, encoded
// letters, digits and -._~ are not, and hex digits are capital. Everything else stays: %2F is not a slash.
func normal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if !isEscape(s[i:]) {
			writeOctet(&b, s[i], s[i] > ' ' && s[i] < 0x7f)
			continue
		}
		octet := unhex(s[i+1])<<4 | unhex(s[i+2])
		writeOctet(&b, octet, isUnreserved(octet))
		i += 2
	}
	return b.String()
}

// escape percent-encodes what is beyond ASCII in the text of a robots.txt and makes hex digits capital. The parser
// does so too, but takes "%e5" for "%E" and a control character; here nothing is left for it to do.
func escape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if isEscape(text[i:]) {
			b.WriteString(strings.ToUpper(text[i : i+3]))
			i += 2
			continue
		}
		writeOctet(&b, text[i], text[i] < 0x80)
	}
	return b.String()
}

// isEscape reports whether s begins with a percent-encoded octet.
func isEscape(s string) bool { return len(s) > 2 && s[0] == '%' && isHex(s[1]) && isHex(s[2]) }

func writeOctet(b *strings.Builder, c byte, plain bool) {
	if plain {
		b.WriteByte(c)
		return
	}
	b.WriteByte('%')
	b.WriteByte(upperHex[c>>4])
	b.WriteByte(upperHex[c&15])
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
