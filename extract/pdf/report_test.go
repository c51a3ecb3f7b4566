package pdf_test

import (
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/extract/pdf"
	"gongkai/testdata"
)

// reader is shared by the tests, and keeps compiled code: compiling takes seconds, and a minute under the race
// detector.
var reader = sync.OnceValue(func() *pdf.Reader {
	r := &pdf.Reader{}
	if dir, err := os.UserCacheDir(); err == nil {
		r.CacheDir = filepath.Join(dir, "gongkai-test", "wazero")
	}
	return r
})

// readReport reads a PDF as a report.
func readReport(t *testing.T, file string) (*extract.Report, []byte) {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page, err := reader().HTML(t.Context(), body)
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
	return r, page
}

// TestReports reads whole reports. Every figure must be the one that was read by hand from the page that the PDF was
// made of. The files are named after the portal, then the program that made them. PDF_DIR may name a directory with
// more of them.
func TestReports(t *testing.T) {
	files, err := filepath.Glob("testdata/*.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("PDF_DIR"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		name := filepath.Base(file)
		portal, _, _ := strings.Cut(name, ".")
		if _, err := fs.Stat(testdata.Portals(), portal); err != nil {
			continue // of another test
		}
		t.Run(name, func(t *testing.T) {
			r, page := readReport(t, file)
			if out := os.Getenv("PDF_OUT"); out != "" {
				_ = os.WriteFile(filepath.Join(out, name+".html"), page, 0o666)
			}
			if r.Year == 0 || !strings.HasSuffix(r.Title, "年度報告") && !strings.HasSuffix(r.Title, "年度报告") || len(r.Sections) < 6 {
				t.Errorf("title %q, year %d, %d sections", r.Title, r.Year, len(r.Sections))
			}
			compareFigures(t, portal, r.Figures)
		})
	}
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
