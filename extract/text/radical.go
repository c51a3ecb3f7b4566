package text

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fonts of PDF files map glyphs to radicals, strokes and compatibility ideographs as well as to characters of writing, so that 文 is
// found as U+2F42 and 行 as U+FA08, and pages copied from such files have them too.

const (
	firstRadical = '\u2e80' // CJK Radicals Supplement, then Kangxi Radicals, which all have a compatibility decomposition
	lastStroke   = '\u31e3' // CJK Strokes
)

// supplement has pairs of a radical of the CJK Radicals Supplement and the unified ideograph that Unicode gives for it
// (EquivalentUnifiedIdeograph.txt), where that lies in the first plane.
const supplement = "" +
	"⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺒巳⺓幺⺔彑⺕彐⺖忄" +
	"⺗㣺⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺟母⺠民⺡氵⺢氺⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺩王⺫目⺬示" +
	"⺭礻⺯糹⺰纟⺱罓⺲罒⺳㓁⺶羊⺹耂⺺肀⺻聿⺼月⺽臼⺾艹⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见" +
	"⻆角⻈讠⻉贝⻋车⻌辶⻍辶⻎辶⻏阝⻐钅⻑長⻒镸⻓长⻔门⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞" +
	"⻝食⻟飠⻠饣⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀" +
	"⻳龟"

// strokes has those of the CJK Strokes that are characters of writing too.
const strokes = "㇐一㇑丨㇒丿㇔丶㇠乙"

// The compatibility ideographs of both planes are canonically equivalent to unified ones, but for a dozen, which are unified
// ideographs themselves.
const (
	firstCompatible, lastCompatible       = '\uf900', '\ufaff'
	firstSupplementary, lastSupplementary = '\U0002f800', '\U0002fa1f'
)

// radicals, compatible and supplementary have 0 for what stands for itself.
var (
	radicals      = tableOf(firstRadical, lastStroke, norm.NFKC, supplement+strokes)
	compatible    = tableOf(firstCompatible, lastCompatible, norm.NFC, "")
	supplementary = tableOf(firstSupplementary, lastSupplementary, norm.NFC, "")
)

// tableOf makes the table of a range of characters, of a normal form where it has another character, and of pairs.
func tableOf(from, to rune, form norm.Form, pairs string) []rune {
	m := make([]rune, to-from+1)
	for r := from; r <= to; r++ {
		if plain := []rune(form.String(string(r))); plain[0] != r && len(plain) == 1 && unicode.Is(unicode.Han, plain[0]) {
			m[r-from] = plain[0]
		}
	}
	list := []rune(pairs)
	for i := 0; i < len(list); i += 2 {
		m[list[i]-from] = list[i+1]
	}
	return m
}

// Unified returns the character of writing that a radical, a stroke or a compatibility ideograph stands for, and every other
// character as it is.
func Unified(r rune) rune {
	var plain rune
	switch {
	case r < firstRadical, r > lastStroke && r < firstCompatible: // nearly all
	case r <= lastStroke:
		plain = radicals[r-firstRadical]
	case r <= lastCompatible:
		plain = compatible[r-firstCompatible]
	case r >= firstSupplementary && r <= lastSupplementary:
		plain = supplementary[r-firstSupplementary]
	}
	if plain == 0 {
		return r
	}
	return plain
}
