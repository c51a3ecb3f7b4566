package text

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

// t2sData is the character and phrase table of OpenCC (Apache-2.0; see NOTICE), traditional to simplified: lines
// of character pairs, a blank line, lines of phrase pairs for the characters that have no single answer.
//
//go:embed t2s.txt
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

// The scripts a text may be written in.
const (
	Simplified  = "hans"
	Traditional = "hant"
)

// Script tells the script of a text by the share of its Han characters that only traditional script uses. The
// traditional prose seen has 30 % of them; simplified prose has a stray one at most.
func Script(s string) string {
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
		return Traditional
	}
	return Simplified
}
