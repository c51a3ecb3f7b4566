package extract

import "testing"

func TestCurrentDivision(t *testing.T) {
	for code, want := range map[string]string{
		"110118": "110118", // in use
		"110228": "110118", // 密云县 became a district
		"110103": "",       // 崇文区 was merged into 东城区
		"320621": "320685", // 海安县 became a city
		"129999": "",
		"":       "",
	} {
		if got := CurrentDivision(code); got != want {
			t.Errorf("CurrentDivision(%q) = %q, want %q", code, got, want)
		}
	}
	if !FormerDivision("110103") || FormerDivision("110101") || FormerDivision("129999") {
		t.Error("FormerDivision knows the wrong codes")
	}
}

func TestFindDivision(t *testing.T) {
	for _, tt := range []struct{ name, within, want string }{
		{"四川省遂宁市安居区人民政府", "", "510904"},
		{"江油市人民政府门户网站", "", "510781"},
		{"东城区人民政府", "", "110101"},
		{"普陀区人民政府", "", ""}, // Shanghai and Zhoushan have one
		{"普陀区人民政府", "330900", "330903"},
		{"密云县", "", ""}, // a former name alone is no proof
		{"某县人民政府", "", ""},
	} {
		if got := FindDivision(tt.name, tt.within); got != tt.want {
			t.Errorf("FindDivision(%q, %q) = %q, want %q", tt.name, tt.within, got, tt.want)
		}
	}
}

// TestDivisions: every name has a place in time, and codes of today are there once.
func TestDivisions(t *testing.T) {
	current := map[string]bool{}
	renamed := 0
	for _, d := range Divisions() {
		if d.Until != 0 && d.Since > d.Until {
			t.Errorf("%s %s ends in %d, before it begins in %d", d.Code, d.Name, d.Until, d.Since)
		}
		if d.Until != 0 {
			if !current[d.Code] && CurrentDivision(d.Code) != "" {
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
