package export

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

// yearly is a report on a year whose figures are written "t3 r2 total=4"; "" is a blank cell.
func yearly(year int, edition string, figures ...string) *extract.Report {
	r := &extract.Report{Title: "年度报告", Agency: extract.Agency{Key: "330803-人民政府", Division: "330803", Level: "county"}, Year: year,
		Scope: extract.ScopeOwn, Forms: map[string]string{"t2": edition, "t3": edition}, Quality: extract.QualityClean, Form: extract.FormHTML}
	for _, f := range figures {
		name, value, _ := strings.Cut(f, "=")
		at := strings.Fields(name)
		figure := form.Figure{Table: at[0], Row: at[1], Column: at[2], Value: value, Raw: value, Form: edition, Locator: "table 1 row 1 cell 1"}
		if value == "" {
			figure.Blank = "empty"
		}
		r.Figures = append(r.Figures, figure)
	}
	return r
}

func TestAcrossYears(t *testing.T) {
	const v19, v21 = "v2019", "v2021"
	tests := []struct {
		name        string
		before, now *extract.Report
		want        []string
	}{
		{"carried", yearly(2020, v19, "t3 r4 natural=3", "t3 r4 total=4"), yearly(2021, v21, "t3 r2 natural=3", "t3 r2 total=4"), nil},
		{"carried otherwise", yearly(2020, v19, "t3 r4 natural=3", "t3 r4 business=1", "t3 r4 total=4"), yearly(2021, v21, "t3 r2 natural=4", "t3 r2 business=1", "t3 r2 total=5"),
			[]string{"X-CARRY: carried over is not what was carried forward in 2020: natural 4, not 3; total 5, not 4"}},
		{"a year between", yearly(2019, v19, "t3 r4 total=4"), yearly(2021, v21, "t3 r2 total=5"), nil},
		{"the same year", yearly(2021, v21, "t3 r4 total=4"), yearly(2021, v21, "t3 r2 total=5"), nil},
		{"blank before", yearly(2020, v21, "t3 r4 total="), yearly(2021, v21, "t3 r2 total=5"), nil},
		{"blank now", yearly(2020, v21, "t3 r4 total=5"), yearly(2021, v21, "t3 r2 total="), nil},
		{"unreadable", yearly(2020, v21, "t3 r4 total=三"), yearly(2021, v21, "t3 r2 total=5"), nil},
		{"contradicted", yearly(2020, v21, "t3 r4 total=4", "t3 r4 total=5"), yearly(2021, v21, "t3 r2 total=6"), nil},
		{"in stock", yearly(2023, v21, "t2.art20_1 normative valid=597"),
			yearly(2024, v21, "t2.art20_1 normative made=50", "t2.art20_1 normative repealed=227", "t2.art20_1 normative valid=420"), nil},
		{"out of stock", yearly(2023, v21, "t2.art20_1 normative valid=597", "t2.art20_1 regulations valid=11"),
			yearly(2024, v21, "t2.art20_1 normative made=50", "t2.art20_1 normative repealed=227", "t2.art20_1 normative valid=597",
				"t2.art20_1 regulations made=2", "t2.art20_1 regulations repealed=", "t2.art20_1 regulations valid=99"),
			[]string{"X-STOCK: in force is not made less repealed, and what was in force in 2023: normative 597, not 420"}},
		{"no stock in the old form", yearly(2020, v19, "t2.art20_1 normative valid=1"),
			yearly(2021, v21, "t2.art20_1 normative made=0", "t2.art20_1 normative repealed=0", "t2.art20_1 normative valid=9"), nil},
		{"items", yearly(2019, v19, "t2.art20_5 licensing prev_items=245", "t2.art20_5 licensing delta_items=-5", "t2.art20_8 fees prev_items=30", "t2.art20_8 fees delta_items=3"),
			yearly(2020, v19, "t2.art20_5 licensing prev_items=240", "t2.art20_8 fees prev_items=30"),
			[]string{"X-ITEMS: items of the year before are not those of, and the change in, 2019: fees 30, not 33"}},
		{"no items in the new form", yearly(2020, v19, "t2.art20_8 fees prev_items=30", "t2.art20_8 fees delta_items=3"), yearly(2021, v21, "t2.art20_8 fees prev_items=30"), nil},
	}
	for _, tt := range tests {
		var got []string
		for _, p := range AcrossYears(tt.before, tt.now) {
			if p.Kind != "across-years" || p.Where == "" {
				t.Errorf("%s: %+v", tt.name, p)
			}
			got = append(got, p.Detail)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

// TestYearsAndParts exports two years that do not fit, the second one read from an attachment.
func TestYearsAndParts(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	add := func(kind, url, body string, rec *store.Record) uint64 {
		t.Helper()
		c := store.Capture{URL: url, Time: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC), Kind: kind, State: store.StateOK, Status: 200}
		if err := s.AddCapture(&c, []byte(body), rec); err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	add(store.KindReport, "http://a.gov.cn/2020.html", "2020", &store.Record{Report: yearly(2020, "v2021", "t3 r4 total=4")})
	attachment := add(store.KindAttachment, "http://a.gov.cn/moved/a.pdf", "%PDF", nil)
	now := yearly(2021, "v2021", "t3 r2 total=5", "t3 r1 total=1")
	now.Figures[0].Locator = "attachment 1 table 2 row 3 cell 4"
	now.Form, now.Quality = extract.FormPDF, extract.QualityNoted
	other := yearly(2020, "v2021", "t3 r4 total=5") // of another scope: says nothing about ours
	other.Scope = extract.ScopeAggregate
	add(store.KindReport, "http://a.gov.cn/2020all.html", "2020 all", &store.Record{Report: other})
	add(store.KindReport, "http://a.gov.cn/2021.html", "2021", &store.Record{Report: now, Parts: []store.Part{
		{Name: "attachment 1", Kind: extract.PartAttachment, URL: "http://a.gov.cn/a.pdf", Capture: attachment, Read: true},
		{Name: "attachment 2", Kind: extract.PartAttachment, URL: "http://b.com/b.pdf", Missing: "off the site"},
	}})
	for _, years := range []Years{{}, {From: 2021}} { // a filter does not hide a doubt
		dir := t.TempDir()
		sum := mustCSV(t, s, dir, Options{Years: years})
		if want := 3; years.From != 0 && sum.Reports != 1 || years.From == 0 && sum.Reports != want {
			t.Errorf("%v: %v", years, sum)
		}
		problems := readCSV(t, filepath.Join(dir, "problems.csv"))
		if len(problems) != 1 || problems[0]["kind"] != "across-years" || problems[0]["id"] != "X-CARRY" || problems[0]["year"] != "2021" ||
			problems[0]["where"] != "t3 r2" || problems[0]["url"] != "http://a.gov.cn/2021.html" {
			t.Errorf("%v: problems %v", years, problems)
		}
		for _, r := range readCSV(t, filepath.Join(dir, "reports.csv")) {
			if r["year"] == "2021" && (r["attachments"] != "2" || r["form"] != "pdf" || r["quality"] != "noted" || r["problems"] != "1") {
				t.Errorf("%v: report %v", years, r)
			}
		}
		for _, f := range readCSV(t, filepath.Join(dir, "figures.csv")) {
			c, _, err := s.Capture(attachment)
			if err != nil {
				t.Fatal(err)
			}
			if attached := strings.HasPrefix(f["locator"], "attachment"); attached != (f["capture_sha256"] == c.SHA256) || attached != (f["url"] == "http://a.gov.cn/a.pdf") {
				t.Errorf("%v: figure %v", years, f)
			}
		}
		var kinds []string
		for _, c := range readCSV(t, filepath.Join(dir, "captures.csv")) {
			kinds = append(kinds, c["kind"])
		}
		if want := 4; len(kinds) != want && years.From == 0 || len(kinds) != 2 && years.From != 0 || !slices.Contains(kinds, store.KindAttachment) {
			t.Errorf("%v: captures %v", years, kinds)
		}
	}
}
