package extract

import (
	_ "embed"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// t2sData is the character and phrase table of OpenCC (Apache-2.0; see NOTICE), traditional to simplified: lines
// of character pairs, a blank line, lines of phrase pairs for the characters that have no single answer.
//
//go:embed data/t2s.txt
var t2sData string

// t2sRunes maps single characters; t2sPhrases, by first character, the words in which a character has another
// answer than usual.
var t2sRunes, t2sPhrases = loadT2S(t2sData)

func loadT2S(data string) (map[rune]rune, map[rune][][2]string) {
	runes, phrases := map[rune]rune{}, map[rune][][2]string{}
	pairs, words, _ := strings.Cut(data, "\n\n")
	for line := range strings.Lines(pairs) {
		rs := []rune(strings.TrimSpace(line))
		for i := 0; i+1 < len(rs); i += 2 {
			runes[rs[i]] = rs[i+1]
		}
	}
	for line := range strings.Lines(words) {
		if t, s, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			first := []rune(t)[0]
			phrases[first] = append(phrases[first], [2]string{t, s})
		}
	}
	return runes, phrases
}

// Simplify converts traditional script to simplified, for matching and for names; stored text stays as served.
// On text that is simplified already it would still change the few characters that both scripts use (乾, 瞭), so
// callers ask for the script of the page first, or use it only to compare.
func Simplify(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return t2sRunes[r] != 0 }) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r := rune(s[i])
		if r < 0x80 {
			b.WriteByte(s[i])
			i++
			continue
		}
		if t, to := longestPhrase(s[i:]); t != "" {
			b.WriteString(to)
			i += len(t)
			continue
		}
		for _, r = range s[i:] {
			break
		}
		i += len(string(r))
		if to, ok := t2sRunes[r]; ok {
			r = to
		}
		b.WriteRune(r)
	}
	return b.String()
}

func longestPhrase(s string) (from, to string) {
	for _, r := range s {
		for _, p := range t2sPhrases[r] {
			if len(p[0]) > len(from) && strings.HasPrefix(s, p[0]) {
				from, to = p[0], p[1]
			}
		}
		break
	}
	return from, to
}

// scriptOf tells the script of a text by the share of its Han characters that only traditional script uses. The
// traditional prose seen has 30 % of them; simplified prose has a stray one at most.
func scriptOf(s string) string {
	var han, traditional int
	for _, r := range s {
		if r < 0x2e80 || !unicode.Is(unicode.Han, r) {
			continue
		}
		han++
		if t2sRunes[r] != 0 {
			traditional++
		}
	}
	if traditional > 3 && traditional*25 > han {
		return ScriptTraditional
	}
	return ScriptSimplified
}

// narrow folds full-width forms (（，：１Ａ) to ASCII and the odd spaces of Word and CMS editors to a blank, so that
// what looks the same compares the same.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x80:
			return r
		case r == '\u00a0', r == '\u3000', r == '\u2002', r == '\u2003', r == '\u2009', r == '\u202f':
			return ' '
		case r == '\u200b', r == '\u200c', r == '\u200d', r == '\ufeff', r == '\u00ad':
			return -1
		case r >= 0xff00 && r < 0xfff0:
			if n := width.LookupRune(r).Narrow(); n != 0 {
				return n
			}
		}
		return r
	}, s)
}

// labelKey reduces a label to what identifies it: simplified script, half-width, letters and digits only.
// "（三） 不予公開" and "(三)不予公开" are the same label.
func labelKey(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range narrow(s) {
		if to, ok := t2sRunes[r]; ok {
			r = to
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// compact collapses white space of every kind to single blanks and trims it.
func compact(s string) string {
	s = narrowSpaces(s)
	fields := strings.Fields(s)
	switch len(fields) {
	case 0:
		return ""
	case 1:
		return fields[0]
	}
	return strings.Join(fields, " ")
}

// narrowSpaces turns odd spaces into blanks and drops zero-width characters; everything else stays as printed.
func narrowSpaces(s string) string {
	if !strings.ContainsFunc(s, isOddSpace) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if !isOddSpace(r) {
			return r
		}
		if r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\ufeff' || r == '\u00ad' {
			return -1
		}
		return ' '
	}, s)
}

func isOddSpace(r rune) bool {
	switch r {
	case '\u00a0', '\u3000', '\u2002', '\u2003', '\u2009', '\u202f', '\u200b', '\u200c', '\u200d', '\ufeff', '\u00ad':
		return true
	}
	return false
}
