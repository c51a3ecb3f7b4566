// Package radical knows which characters of writing stand behind the radicals of dictionaries, that look the same. Fonts of
// PDF files map glyphs to either, so that 文 is found as U+2F42, and pages copied from such files have them too.
package radical

import "golang.org/x/text/unicode/norm"

const (
	first  = '\u2e80' // CJK Radicals Supplement
	kangxi = '\u2f00' // Kangxi Radicals, which all have a compatibility decomposition
	last   = '\u2fd5'
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

var table = func() (m [last - first + 1]rune) {
	pairs := []rune(supplement)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]-first] = pairs[i+1]
	}
	for r := kangxi; r <= last; r++ {
		for _, plain := range norm.NFKC.String(string(r)) {
			m[r-first] = plain
		}
	}
	return m
}()

// Unified returns the character of writing that a radical stands for, and every other character as it is.
func Unified(r rune) rune {
	if r < first || r > last || table[r-first] == 0 {
		return r
	}
	return table[r-first]
}
