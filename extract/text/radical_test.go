package text

import (
	"testing"
	"unicode"
)

func TestUnified(t *testing.T) {
	for radical, want := range map[rune]rune{
		'\u2f42': '文', '\u2f8f': '行', '\u2fa6': '金', '\u2f00': '一', '\u2fd5': '龠', '\u2f06': '二', '\u2f2f': '工', '\u2f08': '人',
		'\u2ea0': '民', '\u2ed3': '长', '\u2ed4': '门', '\u2ec4': '西', '\u2ed8': '青', '\u2eda': '页', '\u2ee9': '黄', '\u2ec5': '见', '\u2ecb': '车', '\u2ef3': '龟',
		'\uf90a': '金', '\ufa08': '行', '\uf98e': '年', '\uf967': '不', '\ufa0a': '見', '\ufa01': '度', '\u31d0': '一', '\u31e0': '乙', '\U0002f81a': '\u51ac',
		'\ufa0e': '\ufa0e', '\u3001': '、', '\u3000': '\u3000', '\u31c0': '\u31c0', '\ufb00': '\ufb00', '\uf8ff': '\uf8ff', '\U0002fa20': '\U0002fa20', '\U00020000': '\U00020000',
		'文': '文', 'a': 'a', '\u2e7f': '\u2e7f', '\u2fd6': '\u2fd6', '\u2e9a': '\u2e9a',
	} {
		if got := Unified(radical); got != want {
			t.Errorf("U+%04X is %c, want %c", radical, got, want)
		}
	}
	for _, block := range [][2]rune{{'\u2f00', '\u2fd5'}, {'\uf900', '\ufa0d'}, {'\ufa70', '\ufad9'}, {'\U0002f800', '\U0002fa1d'}} {
		for r := block[0]; r <= block[1]; r++ {
			if got := Unified(r); got == r || !unicode.Is(unicode.Han, got) || Unified(got) != got {
				t.Errorf("U+%04X is U+%04X", r, got)
			}
		}
	}
}
