package division

import "testing"

func TestCurrent(t *testing.T) {
	for code, want := range map[string]string{
		"110118": "110118", // in use
		"110228": "110118", // 密云县 became a district
		"110103": "",       // 崇文区 was merged into 东城区
		"320621": "320685", // 海安县 became a city
		"129999": "",
		"":       "",
	} {
		if got := Current(code); got != want {
			t.Errorf("Current(%q) = %q, want %q", code, got, want)
		}
	}
	if !Former("110103") || Former("110101") || Former("129999") {
		t.Error("Former knows the wrong codes")
	}
}

func TestFind(t *testing.T) {
	for _, tt := range []struct{ name, within, want string }{
		{"四川省遂宁市安居区人民政府", "", "510904"},
		{"江油市人民政府门户网站", "", "510781"},
		{"东城区人民政府", "", "110101"},
		{"普陀区人民政府", "", ""}, // Shanghai and Zhoushan have one
		{"普陀区人民政府", "330900", "330903"},
		{"密云县", "", ""}, // a former name alone is no proof
		{"某县人民政府", "", ""},
	} {
		if got := Find(tt.name, tt.within); got != tt.want {
			t.Errorf("Find(%q, %q) = %q, want %q", tt.name, tt.within, got, tt.want)
		}
	}
}

// TestDivisions: every name has a place in time, and codes of today are there once.
func TestAll(t *testing.T) {
	current := map[string]bool{}
	renamed := 0
	for _, d := range All() {
		if d.Until != 0 && d.Since > d.Until {
			t.Errorf("%s %s ends in %d, before it begins in %d", d.Code, d.Name, d.Until, d.Since)
		}
		if d.Until != 0 {
			if !current[d.Code] && Current(d.Code) != "" {
				renamed++
			}
			continue
		}
		if current[d.Code] {
			t.Errorf("%s is there twice", d.Code)
		}
		current[d.Code] = true
	}
	if len(current) < 3300 || renamed < 200 {
		t.Errorf("%d divisions of today, %d former ones with a successor", len(current), renamed)
	}
}

func TestFullName(t *testing.T) {
	for _, tt := range []struct{ name, division, want string }{
		{"市公安局", "360900", "宜春市公安局"},
		{"宜春市公安局", "360900", "宜春市公安局"},
		{"宜春市市公安局", "360900", "宜春市公安局"},
		{"公积金管理中心", "360900", "宜春市公积金管理中心"},
		{"市场监督管理局", "360900", "宜春市市场监督管理局"},
		{"区教育局", "330803", "衢江区教育局"},
		{"县教育局", "331127", "景宁畲族自治县教育局"},
		{"州教育局", "513400", "凉山彝族自治州教育局"},
		{"市中区财政局", "511100", "市中区财政局"},
		{"区划地名办公室", "330803", "衢江区区划地名办公室"},
		{"上方镇", "330803", "衢江区上方镇"},
		{"樟树市财政局", "360900", "樟树市财政局"},
		{"县教育局", "360900", "县教育局"}, // of one of its counties,
		{"市公安局", "", "市公安局"},
	} {
		if got := FullName(tt.name, tt.division); got != tt.want {
			t.Errorf("FullName(%q, %q) = %q, want %q", tt.name, tt.division, got, tt.want)
		}
	}
}

func TestPath(t *testing.T) {
	for code, want := range map[string][3]string{
		"330803": {"浙江省", "衢州市", "衢江区"},
		"360500": {"江西省", "新余市", ""},
		"330000": {"浙江省", "", ""},
		"110101": {"北京市", "", "东城区"},
		"999999": {"", "", ""},
		"":       {"", "", ""},
	} {
		p, f, c := Path(code)
		if got := [3]string{p, f, c}; got != want {
			t.Errorf("Path(%q) = %q, want %q", code, got, want)
		}
	}
}
