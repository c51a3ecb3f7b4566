package docx_test

import (
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"testing"

	"gongkai/extract"
	"gongkai/extract/docx"
	"gongkai/extract/form"
	"gongkai/testdata"
)

// TestReports reads whole reports that LibreOffice saved as .docx. Every figure must be the one that was read by hand
// from the page that the document was made of.
func TestReports(t *testing.T) {
	for _, portal := range []string{"changshu", "qujiang"} {
		t.Run(portal, func(t *testing.T) {
			body, err := os.ReadFile("testdata/" + portal + ".docx")
			if err != nil {
				t.Fatal(err)
			}
			checkFigures(t, portal, body)
		})
	}
}

func checkFigures(t *testing.T, portal string, body []byte) {
	t.Helper()
	page, err := docx.HTML(body)
	if err != nil {
		t.Fatal(err)
	}
	d, err := extract.Parse(page, "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := extract.ReadReport(d, extract.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Year == 0 || r.Title == "" || len(r.Sections) < 6 {
		t.Errorf("title %q, year %d, %d sections", r.Title, r.Year, len(r.Sections))
	}
	compareFigures(t, portal, r.Figures)
}

// compareFigures compares with the figures read by hand, blank for blank.
func compareFigures(t *testing.T, portal string, figures []form.Figure) {
	t.Helper()
	data, err := fs.ReadFile(testdata.Portals(), portal+"/figures.json")
	if err != nil {
		t.Fatal(err)
	}
	var want [][4]any
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	got := map[[3]string]form.Figure{}
	for _, f := range figures {
		got[[3]string{f.Table, f.Row, f.Column}] = f
	}
	for _, w := range want {
		key := [3]string{w[0].(string), w[1].(string), w[2].(string)}
		f, ok := got[key]
		delete(got, key)
		if w[3] == nil {
			if !ok || f.Blank == "" || f.Value != "" {
				t.Errorf("%v = %+v, want a blank", key, f)
			}
			continue
		}
		n, err := json.Number(f.Value).Float64()
		if !ok || err != nil || n != w[3].(float64) {
			t.Errorf("%v = %q, want %v", key, f.Value, w[3])
		}
	}
	for key, f := range got {
		t.Errorf("%v = %q is no figure of the report", key, f.Value)
	}
}

// BenchmarkHTML reads a whole report.
func BenchmarkHTML(b *testing.B) {
	body, err := os.ReadFile("testdata/qujiang.docx")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := docx.HTML(body); err != nil {
			b.Fatal(err)
		}
	}
}
