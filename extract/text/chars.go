// Package text knows the characters that Chinese documents are written with: scripts, widths, blanks, and characters that look
// alike, so that what a reader takes for the same compares the same. It knows nothing of documents, and what is stored stays as served.
package text

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Narrow folds full-width forms (（，：１Ａ) to ASCII and the odd spaces of Word and CMS editors to a blank, so that
// what looks the same compares the same.
func Narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r < 0x7f:
			return r
		case zeroWidth(r), unseen(r):
			return -1
		case isOddSpace(r):
			return ' '
		case r >= 0xff00 && r < 0xfff0:
			if n := width.LookupRune(r).Narrow(); n != 0 {
				return n
			}
		}
		return Unified(r)
	}, s)
}

// Key reduces a label to what identifies it: simplified script, half-width, letters and digits only.
// "（三） 不予公開" and "(三)不予公开" are the same label.
func Key(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x80 || c-'0' > 9 {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r < 0x80:
			if c := byte(r); c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
				b = append(b, c)
			}
			continue
		case r >= 0x4e00 && r < 0xa000: // the common case needs no table of properties
			b = utf8.AppendRune(b, simplified(r))
			continue
		case r >= 0xff00 && r < 0xfff0:
			if n := width.LookupRune(r).Narrow(); n != 0 {
				r = n
			}
		}
		if r = Unified(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			b = utf8.AppendRune(b, simplified(r))
		}
	}
	if bytes.Contains(b, []byte("其它")) {
		b = bytes.ReplaceAll(b, []byte("其它"), []byte("其他")) // two spellings of one word
	}
	return string(b)
}

// Compact collapses white space of every kind to single blanks and trims it, and has characters of writing for radicals.
func Compact(s string) string {
	if tidy(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	gap := false
	for i := 0; i < len(s); {
		c, size := s[i], 1
		space := c == ' ' || c >= '\t' && c <= '\r'
		if c == 0xc2 || c == 0xe2 || c == 0xe3 || c == 0xef || c == 0xf0 { // what odd spaces and radicals begin with
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if isOddSpace(r) {
				space = true
				if zeroWidth(r) {
					i += size
					continue
				}
			}
			if plain := Unified(r); plain != r {
				if gap {
					b, gap = append(b, ' '), false
				}
				b = utf8.AppendRune(b, plain)
				i += size
				continue
			}
		}
		switch {
		case space:
			gap = len(b) > 0
		case gap:
			b = append(b, ' ')
			gap = false
			fallthrough
		default:
			b = append(b, s[i:i+size]...)
		}
		i += size
	}
	return string(b)
}

// tidy reports whether a string is free of white space and of what might be odd spaces.
func tidy(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ', c == 0xc2, c == 0xe2, c == 0xef, c == 0xf0:
			return false
		case c == 0xe3 && strings.HasPrefix(s[i:], "\u3000"):
			return false
		}
	}
	return true
}

// zeroWidth reports whether an odd space takes no room: it is dropped, not turned into a blank.
func zeroWidth(r rune) bool { return r >= 0x200b && r <= 0x200d || r == 0xfeff || r == 0xad }

// unseen reports whether no reader sees a character: controls, and what turns the direction of writing.
func unseen(r rune) bool {
	return r < ' ' && (r < '\t' || r > '\r') || r >= 0x7f && r < 0xa0 && r != 0x85 || r == 0x61c || r >= 0x200e && r <= 0x200f ||
		r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f
}

// Visible leaves out what no reader sees.
func Visible(s string) string {
	if !strings.ContainsFunc(s, unseen) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, s)
}

func isOddSpace(r rune) bool {
	switch {
	case r < 0xa0:
		return r == 0x85 // NEL
	case r == 0xa0, r == 0xad, r == 0x3000, r == 0xfeff:
		return true
	case r >= 0x2000 && r <= 0x200d, r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f:
		return true
	}
	return false
}

// Plain is a title as it is compared: simplified script, half-width, no blanks and quotation marks.
func Plain(title string) string {
	s := strings.ReplaceAll(Narrow(Simplify(Compact(title))), " ", "")
	return quotes.Replace(s)
}

var quotes = strings.NewReplacer("《", "", "》", "", "“", "", "”", "", `"`, "", "О", "〇", "о", "〇")

// Fold maps each character to what labels are compared in, one to one, so that positions stay.
func Fold(rs []rune) []rune {
	out := make([]rune, len(rs))
	for i, r := range rs {
		r = simplified(r)
		switch {
		case isOddSpace(r) || unicode.IsSpace(r):
			r = ' '
		case r == '：' || r == '∶' || r == '﹕':
			r = ':'
		}
		out[i] = r
	}
	return out
}

// AllDigits reports whether a text holds nothing but the digits 0 to 9; an empty one does.
func AllDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
