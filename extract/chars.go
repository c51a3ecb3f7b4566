package extract

import (
	"bytes"
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"gongkai/extract/radical"
)

// t2sData is the character and phrase table of OpenCC (Apache-2.0; see NOTICE), traditional to simplified: lines
// of character pairs, a blank line, lines of phrase pairs for the characters that have no single answer.
//
//go:embed data/t2s.txt
var t2sData string

// t2sPhrases holds, by first character, the words in which a character has another answer than usual.
var t2sPhrases = map[rune][][2]string{}

// t2sTable maps single characters; 0 stays as it is. All traditional characters of the table lie in the first plane.
var t2sTable = func() *[1 << 16]rune {
	table := new([1 << 16]rune)
	pairs, words, _ := strings.Cut(t2sData, "\n\n")
	for line := range strings.Lines(pairs) {
		rs := []rune(strings.TrimSpace(line))
		for i := 0; i+1 < len(rs); i += 2 {
			if rs[i] < 1<<16 {
				table[rs[i]] = rs[i+1]
			}
		}
	}
	for line := range strings.Lines(words) {
		if t, s, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			first := []rune(t)[0]
			t2sPhrases[first] = append(t2sPhrases[first], [2]string{t, s})
		}
	}
	return table
}()

// traditional reports whether only traditional script uses r.
func traditional(r rune) bool { return r >= 0x2e80 && r < 1<<16 && t2sTable[r] != 0 }

// simplified returns r, or what simplified script has for it.
func simplified(r rune) rune {
	if traditional(r) {
		return t2sTable[r]
	}
	return r
}

// Simplify converts traditional script to simplified, for matching and for names; stored text stays as served.
// On text that is simplified already it would still change the few characters that both scripts use (乾, 瞭), so
// callers ask for the script of the page first, or use it only to compare.
func Simplify(s string) string {
	if !strings.ContainsFunc(s, traditional) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
			i++
			continue
		}
		if t, to := longestPhrase(s[i:]); t != "" {
			b.WriteString(to)
			i += len(t)
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		b.WriteRune(simplified(r))
	}
	return b.String()
}

func longestPhrase(s string) (from, to string) {
	first, _ := utf8.DecodeRuneInString(s)
	for _, p := range t2sPhrases[first] {
		if len(p[0]) > len(from) && strings.HasPrefix(s, p[0]) {
			from, to = p[0], p[1]
		}
	}
	return from, to
}

// scriptOf tells the script of a text by the share of its Han characters that only traditional script uses. The
// traditional prose seen has 30 % of them; simplified prose has a stray one at most.
func scriptOf(s string) string {
	var han, only int
	for _, r := range s[:min(len(s), 8<<10)] { // a character cut in two counts for nothing
		if r < 0x2e80 || !unicode.Is(unicode.Han, r) {
			continue
		}
		han++
		if traditional(r) {
			only++
		}
	}
	if only > 3 && only*25 > han {
		return ScriptTraditional
	}
	return ScriptSimplified
}

// narrow folds full-width forms (（，：１Ａ) to ASCII and the odd spaces of Word and CMS editors to a blank, so that
// what looks the same compares the same.
func narrow(s string) string {
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
		return radical.Unified(r)
	}, s)
}

// labelKey reduces a label to what identifies it: simplified script, half-width, letters and digits only.
// "（三） 不予公開" and "(三)不予公开" are the same label.
func labelKey(s string) string {
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
		if r = radical.Unified(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			b = utf8.AppendRune(b, simplified(r))
		}
	}
	if bytes.Contains(b, []byte("其它")) {
		b = bytes.ReplaceAll(b, []byte("其它"), []byte("其他")) // two spellings of one word
	}
	return string(b)
}

// compact collapses white space of every kind to single blanks and trims it, and has characters of writing for radicals.
func compact(s string) string {
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
			if plain := radical.Unified(r); plain != r {
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
