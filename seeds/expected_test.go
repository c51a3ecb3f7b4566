package seeds

import (
	"strings"
	"testing"

	"gongkai/extract"
)

func TestExpected(t *testing.T) {
	portals, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	all := Expected(portals, 2000, 2023, true)
	by := map[extract.AgencyKey]map[int]Expectation{}
	owed := map[int]int{}
	for i, e := range all {
		if i > 0 && (all[i-1].Agency > e.Agency || all[i-1].Agency == e.Agency && all[i-1].Year >= e.Year) {
			t.Fatalf("%s %d follows %s %d", e.Agency, e.Year, all[i-1].Agency, all[i-1].Year)
		}
		if by[e.Agency] == nil {
			by[e.Agency] = map[int]Expectation{}
		}
		by[e.Agency][e.Year] = e
		if e.Not == "" && strings.HasSuffix(string(e.Agency), "-人民政府") {
			owed[e.Year]++
		}
	}
	for _, tt := range []struct {
		key      extract.AgencyKey
		from, to int // years that a report is owed for
		portal   string
	}{
		{"330803-人民政府", 2008, 2023, "qujiang"},
		{"110118-人民政府", 2008, 2023, "110118"}, // 密云县 until 2015
		{"110103-人民政府", 2008, 2009, ""},       // 崇文区, merged
		{"120116-人民政府", 2009, 2023, "120116"}, // 滨海新区, new
		{"152500-行政公署", 2008, 2023, "152500"}, // 锡林郭勒盟
		{"530000-人力资源和社会保障厅", 2010, 2023, "530000-hrss"},
		{"510705-财政局", 2008, 2023, "510705-czj"},
		{"610800-生态环境局", 2008, 2023, "610800-hb"},
		{"440000-文化和旅游厅", 2019, 2023, "440000-whly"},
		{"510400-教育和体育局", 2020, 2023, "510400-jytyj"}, // who knows since when
		{"000000-水利部", 2008, 2023, "mwr"},
		{"000000-农业农村部", 2008, 2023, "moa"}, // 农业部 until 2018
		{"000000-自然资源部", 2018, 2023, "mnr"},
		{"000000-国家医疗保障局", 2018, 2023, "nhsa"},
		{"000000-国家金融监督管理总局", 2023, 2023, "nfra"},
	} {
		years := by[tt.key]
		for year := 2008; year <= 2023; year++ {
			e, ok := years[year]
			if want := year >= tt.from && year <= tt.to; !ok || (e.Not == "") != want {
				t.Errorf("%s %d: got %v %q, want owed %v", tt.key, year, ok, e.Not, want)
			}
			if got := e.Portal; (got == nil) != (tt.portal == "") || got != nil && got.ID != tt.portal {
				t.Errorf("%s %d: portal %+v, want %s", tt.key, year, got, tt.portal)
			}
		}
	}
	for _, key := range []extract.AgencyKey{"110228-人民政府", "710000-人民政府", "460321-人民政府"} {
		if by[key] != nil {
			t.Errorf("%s is expected", key)
		}
	}
	for year, n := range owed {
		if n < 3140 || n > 3230 {
			t.Errorf("%d: %d governments", year, n)
		}
	}
	few := Expected([]Portal{{ID: "x", Agency: "衢江区人民政府办公室", Division: "330803", Level: "county"}}, 2022, 2023, false)
	if len(few) != 2 || few[0].Agency != "330803-人民政府" || few[0].Name != "衢江区人民政府" || few[1].Year != 2023 {
		t.Errorf("of one portal: %+v", few)
	}
	if len(owed) != 2023-FirstYear+1 {
		t.Errorf("years %v", owed)
	}
}
