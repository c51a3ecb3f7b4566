package extract_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/testdata"
)

var update = flag.Bool("update", false, "rewrite the golden records; review their diff like code")

// A saved page is a whole HTTP response of a portal, as testdata keeps it.
type savedPage struct {
	portal, path string
	body         []byte
	contentType  string
	base         *url.URL
}

func (p savedPage) parse(t testing.TB) *extract.Document {
	t.Helper()
	d, err := extract.Parse(p.body, p.contentType, p.base)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var portals = []string{"anju", "changshu", "jiangyou", "qujiang", "xinyu"}

// reportPage loads the report of a sample portal.
func reportPage(t testing.TB, portal string) savedPage {
	t.Helper()
	fsys := testdata.Portals()
	var site struct {
		Host, Report string
		Pages        map[string]string
	}
	manifest, err := fs.ReadFile(fsys, portal+"/site.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(manifest, &site); err != nil {
		t.Fatal(err)
	}
	return loadPage(t, portal, site.Pages[site.Report], "http://"+site.Host+site.Report)
}

func loadPage(t testing.TB, portal, file, address string) savedPage {
	t.Helper()
	raw, err := fs.ReadFile(testdata.Portals(), portal+"/"+file)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	if err != nil {
		t.Fatalf("%s/%s: %v", portal, file, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s/%s: %v", portal, file, err)
	}
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return savedPage{portal, file, body, resp.Header.Get("Content-Type"), base}
}

var hints = map[string]extract.Hints{
	"anju":     {Agency: "遂宁市安居区人民政府", Division: "510904"},
	"changshu": {Agency: "常熟市人民政府办公室", Division: "320581"},
	"jiangyou": {Agency: "江油市人民政府", Division: "510781"},
	"qujiang":  {Agency: "衢州市衢江区人民政府办公室", Division: "330803"},
	"xinyu":    {Agency: "新余市人民政府", Division: "360500"},
}

func readSample(t testing.TB, portal string) *extract.Report {
	t.Helper()
	r, err := extract.ReadReport(reportPage(t, portal).parse(t), hints[portal])
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGolden compares everything read from the sample reports with the goldens.
func TestGolden(t *testing.T) {
	for _, portal := range portals {
		t.Run(portal, func(t *testing.T) {
			got, err := json.MarshalIndent(readSample(t, portal), "", " ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			file := filepath.Join("..", "testdata", "portals", portal, "report.golden.json")
			if *update {
				if err := os.WriteFile(file, got, 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("record differs from %s: %s", file, firstDifference(got, want))
			}
		})
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got " + g[i] + ", want " + w[i]
		}
	}
	return "lengths differ"
}

// TestFigures compares every figure with those read from the reports by hand, blank for blank. These goldens are
// never rewritten by a program.
func TestFigures(t *testing.T) {
	for _, portal := range portals {
		t.Run(portal, func(t *testing.T) {
			compareWithFigures(t, portal, readSample(t, portal))
		})
	}
}

// compareWithFigures compares a report's figures with those of a sample.
func compareWithFigures(t *testing.T, portal string, r *extract.Report) {
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
	for _, f := range r.Figures {
		got[[3]string{f.Table, f.Row, f.Column}] = f
	}
	for _, w := range want {
		key := [3]string{w[0].(string), w[1].(string), w[2].(string)}
		f, ok := got[key]
		delete(got, key)
		switch value := w[3].(type) {
		case nil:
			if !ok || f.Blank == "" || f.Value != "" {
				t.Errorf("%v = %+v, want a blank", key, f)
			}
		case float64:
			n, err := json.Number(f.Value).Float64()
			if !ok || err != nil || n != value {
				t.Errorf("%v = %q, want %v", key, f.Value, value)
			}
		}
	}
	for key, f := range got {
		t.Errorf("%v = %q is no figure of the report", key, f.Value)
	}
}

// TestIdentityOfSamples holds what a researcher looks at first, apart from the goldens.
func TestIdentityOfSamples(t *testing.T) {
	type claim struct {
		name, division, scope, published, t2, t3 string
		year, sections, failed                   int
	}
	for portal, want := range map[string]claim{
		"anju":     {"遂宁市安居区人民政府", "510904", "aggregate", "2024-01-30", "v2021", "v2021", 2023, 6, 0},
		"changshu": {"常熟市人民政府办公室", "320581", "own", "2022-01-28", "v2021", "v2019", 2021, 6, 0},
		"jiangyou": {"江油市人民政府", "510781", "aggregate", "2021-01-28", "v2019", "v2019", 2020, 6, 0},
		"qujiang":  {"衢江区人民政府办公室", "330803", "own", "2022-01-29", "v2021", "v2021", 2021, 6, 0},
		"xinyu":    {"新余市政务服务中心", "360500", "own", "2022-11-21", "v2021", "v2021", 2021, 6, 0},
	} {
		r := readSample(t, portal)
		got := claim{r.Agency.Name, r.Agency.Division, r.Scope, r.Published, r.Forms["t2"], r.Forms["t3"], r.Year, 0, 0}
		for _, s := range r.Sections {
			if s.Number > 0 {
				got.sections++
			}
		}
		for _, c := range r.Checks {
			if c.Result == form.CheckFailed || c.Result == form.CheckInconclusive {
				got.failed++
			}
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", portal, got, want)
		}
	}
}

// TestListingIsNoReport makes sure that listings and home pages are told from reports.
func TestListingIsNoReport(t *testing.T) {
	for _, portal := range portals {
		files, err := fs.Glob(testdata.Portals(), portal+"/*.http")
		if err != nil {
			t.Fatal(err)
		}
		report := reportPage(t, portal).path
		for _, file := range files {
			file = filepath.Base(file)
			if file == report || strings.Contains(file, "robots") || strings.Contains(file, "rows") {
				continue
			}
			d := loadPage(t, portal, file, "http://example.gov.cn/").parse(t)
			if _, err := extract.ReadReport(d, hints[portal]); !errors.Is(err, extract.ErrNotReport) {
				t.Errorf("%s/%s: read as a report (%v)", portal, file, err)
			}
		}
	}
}
