package robots

import (
	"bytes"
	"encoding/binary"
	"net/url"
	"strings"
	"unicode/utf16"
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
	return literal.Replace(normal(path))
}

// literal spells the signs that mean something in a pattern as a pattern has to spell them when they do not (RFC 9309,
// 2.2.3).
var literal = strings.NewReplacer("*", "%2A", "$", "%24")

// pattern returns the pattern of a rule, normalised: a $ that is not its last sign is an ordinary one.
func pattern(rule string) string {
	s := normal(rule)
	if body, anchored := strings.CutSuffix(s, "$"); anchored {
		return strings.ReplaceAll(body, "$", "%24") + "$"
	}
	return strings.ReplaceAll(s, "$", "%24")
}

const upperHex = "0123456789ABCDEF"

// normal gives equivalent spellings one form (RFC 9309, 2.2.2): octets beyond ASCII and those that no
// URL may have (RFC 3986, 2) are percent-encoded, encoded letters, digits and -._~ are not, and hex digits are capital.
// Everything else stays: %2F is not a slash.
func normal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if !isEscape(s[i:]) {
			writeOctet(&b, s[i], s[i] > ' ' && s[i] < 0x7f && strings.IndexByte("\"<>\\^`{|}", s[i]) < 0)
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

// decode returns the text of a robots.txt. Editors save it as UTF-16, and put byte order marks in front of it, in the
// middle where files were joined, twice, or in part; a NUL is no part of any line.
func decode(body []byte) string {
	text := string(body)
	if order := byteOrder(body); order != nil {
		units := make([]uint16, 0, len(body)/2)
		for ; len(body) > 1; body = body[2:] {
			units = append(units, order.Uint16(body))
		}
		text = string(utf16.Decode(units))
	}
	text = marks.Replace(text)
	for text != "" && strings.IndexByte("\xef\xbb\xbf\xfe\xff", text[0]) >= 0 {
		text = text[1:]
	}
	return text
}

// marks are byte order marks, also such as were taken for Latin letters and encoded again, and NULs.
var marks = strings.NewReplacer("\x00", "", "\ufeff", "", "\u00ef\u00bb\u00bf", "")

// byteOrder returns that of UTF-16 with a mark; nil for anything else.
func byteOrder(body []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return binary.LittleEndian
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return binary.BigEndian
	}
	return nil
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
