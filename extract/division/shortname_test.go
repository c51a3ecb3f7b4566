package division_test

import (
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/extract/division"
)

// TestShortNames takes every autonomous place of the gazetteer, of today and of former years, by all that it goes by:
// each is the place of today, for whoever looks for it from above, from itself, or from nowhere.
func TestShortNames(t *testing.T) {
	rows := 0
	for _, d := range division.All() {
		if !strings.Contains(d.Name, "自治") {
			continue
		}
		rows++
		code := division.Current(d.Code)
		names, bare := division.ShortNames(d)
		for _, name := range append(names, d.Name, bare) {
			for _, tail := range []string{"人民政府", "政府", "人民政府办公室", "人民政府门户网站", ""} {
				for _, within := range []string{"", code, code[:4] + "00", code[:2] + "0000"} {
					want := code
					if name == "东乡县" && within == "" || name == "" {
						want = "" // a county of Jiangxi was called 东乡县, too
					}
					if got := division.Find(name+tail, within); got != want && !(want == "" && got == within) {
						t.Errorf("Find(%q, %q) = %q, want %q", name+tail, within, got, want)
					}
				}
			}
			if name == "" {
				continue
			}
			for _, tail := range []string{"人民政府", "政府", ""} {
				if got := extract.Identify(name+tail, code); got.Key != extract.AgencyKey(code+"-人民政府") {
					t.Errorf("Identify(%q) = %s, want that of the government of %s", name+tail, got.Key, code)
				}
			}
		}
		if len(names) == 0 && bare == "" {
			t.Errorf("%s has no short name", d.Name)
		}
	}
	if rows < 165 {
		t.Errorf("%d autonomous places", rows)
	}
}

func TestCustomaryNames(t *testing.T) {
	n := 0
	for code, names := range division.Customary() {
		for _, name := range names {
			n++
			if got := division.Find(name+"人民政府", code[:4]+"00"); got != code || division.Current(code) != code {
				t.Errorf("%s: got %q, want %s", name, got, code)
			}
		}
	}
	if n < 40 {
		t.Errorf("%d customary names", n)
	}
}

func TestPlacesByShortNames(t *testing.T) {
	for _, tt := range []struct{ name, within, want string }{
		{"凉山州", "513400", "513400"},
		{"凉山州木里县人民政府", "", "513422"},
		{"凉山彝族自治州木里县", "513400", "513422"},
		{"四川凉山州木里藏族自治县人民政府办公室", "", "513422"},
		{"鄂温克旗人民政府", "150700", "150724"},
		{"延边州人力资源和社会保障局", "", "222400"},
		{"湖北恩施州恩施市人民政府", "", "422801"},
		{"大理市人民政府", "", "532901"},
		{"大理州人民政府", "532901", "532900"},
		{"东乡县人民政府", "622900", "622926"},
		{"东乡县人民政府", "361000", "361003"}, // what was a county of Jiangxi
		{"东乡县人民政府", "330000", ""},
		{"河南县人民政府", "632300", "632324"},
		{"河南省人民政府", "632324", "410000"},
		{"海南州人民政府", "", "632500"},
		{"海南省人民政府", "632500", "460000"},
		{"本溪县人民政府", "", "210521"},
		{"本溪市人民政府", "", "210500"},
		{"巴州区人民政府", "511900", "511902"},
		{"巴州人民政府", "652800", "652800"},
		{"管城区人民政府", "410100", "410104"},
		// provinces without the word for their kind
		{"广西壮族自治区财政厅", "", "450000"},
		{"广西财政厅", "", "450000"},
		{"广西人民政府", "330803", "450000"},
		{"广西", "", "450000"},
		{"四川", "", ""},
		{"吉林", "", ""},
		{"新疆自治区人民政府", "", "650000"},
		{"内蒙古乌海市人民政府", "", "150300"},
		{"四川遂宁市安居区人民政府", "", "510904"},
		{"香港特区政府", "", "810000"},
		{"新疆生产建设兵团办公室", "", ""},
		{"新疆大学", "", ""},
		{"广西地质公园管理局", "450300", ""},
		{"四川平昌经济开发区管理委员会", "", ""},
		{"上海路街道办事处", "", ""},
		{"吉林市人民政府", "", "220200"},
	} {
		if got := division.Find(tt.name, tt.within); got != tt.want {
			t.Errorf("Find(%q, %q) = %q, want %q", tt.name, tt.within, got, tt.want)
		}
	}
}
