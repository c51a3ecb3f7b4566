package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

const (
	officePage = "http://www.qjq.gov.cn/art/2022/1/29/art_1.html"
	mirrorPage = "http://www.zjqz.gov.cn/mirror.html"
	cityPage   = "http://www.xinyu.gov.cn/2021.html"
	guidePage  = "http://www.qjq.gov.cn/guide.html"
)

// newArchive holds an office with a revision and a rival page, a city with two scopes, one page that nobody can
// place, and one that is no report.
func newArchive(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	archive := func(url, body string, rec store.Record) {
		t.Helper()
		last, err := s.LastID()
		if err != nil {
			t.Fatal(err)
		}
		c := store.Capture{URL: url, Time: time.Date(2024, 3, 1, 22, int(last), 0, 5e8, time.UTC), Kind: store.KindReport, Portal: "qujiang",
			Title: "=HYPERLINK(1)", State: store.StateOK, Status: 200, Header: http.Header{"Content-Type": {"text/html"}},
			Robots: store.Robots{Allowed: true, Reason: "no rule"}}
		if err := s.AddCapture(&c, []byte(body), &rec); err != nil {
			t.Fatal(err)
		}
	}
	archive(officePage, "v1", store.Record{Report: office("68")})
	archive(guidePage, "guide", store.Record{Rejected: "title: a guide, not a report"})
	archive(mirrorPage, "mirror", store.Record{Report: excerpt()})
	archive(officePage, "v2", store.Record{Report: office("69")})
	archive(officePage, "v3: another visit", store.Record{Report: office("69")})
	archive(cityPage, "own", store.Record{Report: city(extract.ScopeOwn)})
	archive(cityPage+"?all", "all", store.Record{Report: city(extract.ScopeAggregate)})
	archive("http://www.xinyu.gov.cn/odd.html", "odd", store.Record{Report: &extract.Report{Title: "年度报告", Scope: extract.ScopeOwn}})
	return s
}

func office(received string) *extract.Report {
	t3 := func(row, column, value, blank string) form.Figure {
		return form.Figure{Table: "t3", Row: row, Column: column, Value: value, Raw: value, Blank: blank, Unit: "件", Form: "v2019",
			Check: form.CheckOK, Locator: "table 2 " + row}
	}
	r := &extract.Report{
		Title:     "=衢江区人民政府办公室2021年度报告",
		Agency:    extract.Agency{Key: "330803-人民政府办公室", Name: "衢州市衢江区人民政府办公室", Division: "330803", Level: "county"},
		Year:      2021,
		Scope:     extract.ScopeOwn,
		Published: "2022-01-29",
		Fields: []extract.Field{{Name: "index_no", Value: "330803-003/2022-47148"}, {Name: "doc_no", Value: "-"},
			{Name: "publisher", Value: "区政府办, \"公开\"科"}},
		Sections: []extract.Section{{Heading: "一、总体情况", Text: "平稳。\n\t甲\t乙"}},
		Forms:    map[string]string{"t4": "v2021", "t2": "v2021", "t3": "v2019"},
		Figures: []form.Figure{
			{Table: "t2.art20_1", Row: "normative", Column: "made", Value: "5", Raw: "5", Unit: "件", Form: "v2021", Locator: "table 1 row 3 cell 2"},
			{Table: "t2.art20_8", Row: "fees", Column: "amount", Value: "961716", Raw: "961716元", Unit: "元", Form: "v2021", Locator: "table 1 row 9 cell 2"},
			t3("r1", "total", received, ""),
			t3("r1", "natural", "", "empty"),
			{Table: "t3", Row: "r2", Column: "total", Raw: "=1+1", Form: "v2019", Locator: "table 2 r2"},
			{Table: "t3", Row: "r4", Column: "total", Value: "-5", Raw: "-5", Form: "v2019", Check: form.CheckFailed, Locator: "table 2 r4"},
		},
		Checks: []form.Check{{ID: "T3-BALANCE", Table: "t3", At: "total", Result: form.CheckFailed, Detail: "69 = -5 does not hold"},
			{ID: "T3-COLSUM", Table: "t3", At: "r1", Result: form.CheckFailed, Detail: "told twice"},
			{ID: "T3-COLSUM", Table: "t3", At: "r2", Result: form.CheckOK}},
		Problems: []form.Problem{{Kind: "cell", Where: "t3 r2 total", Detail: `"=1+1" is not a number`},
			{Kind: "identity", Where: "t3 r1", Detail: "T3-COLSUM: told twice"}},
	}
	for n := 1; n <= 5; n++ {
		r.Figures = append(r.Figures, t3(fmt.Sprint("r3.5.", n), "total", fmt.Sprint(n), ""))
	}
	for n := 1; n <= 3; n++ {
		r.Figures = append(r.Figures, t3(fmt.Sprint("r3.4.", n), "total", fmt.Sprint(n), ""))
	}
	r.Figures[len(r.Figures)-1].Value, r.Figures[len(r.Figures)-1].Blank = "", "dash"
	return r
}

// excerpt is the office's report on another portal, with less in it.
func excerpt() *extract.Report {
	r := office("68")
	r.Figures = r.Figures[:2]
	return r
}

func city(scope string) *extract.Report {
	return &extract.Report{
		Title:  "新余市2021年报告",
		Agency: extract.Agency{Key: "360500-人民政府", Name: "新余市人民政府", Division: "360500", Level: "prefecture"},
		Year:   2021, Scope: scope, Published: "2022年", Sections: []extract.Section{{Text: "文"}},
	}
}

func mustWrite(t testing.TB, s *store.Store, dir string, o Options) Summary {
	t.Helper()
	sum, err := Write(t.Context(), s, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func mustCSV(t testing.TB, s *store.Store, dir string, o Options) Summary {
	t.Helper()
	sum, err := CSV(t.Context(), s, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestGolden(t *testing.T) {
	dir := t.TempDir()
	sum := mustCSV(t, newArchive(t), dir, Options{})
	for _, name := range []string{"reports.csv", "figures.csv", "problems.csv", "captures.csv", "coverage.csv"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "golden", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
	}
	if want := (Summary{8, sum.Log, sum.Commit, time.Date(2024, 3, 1, 22, 7, 0, 5e8, time.UTC), []string{"csv"}, 3, 14, 8, 8, 0}); sum.Commit == "" || !reflect.DeepEqual(sum, want) {
		t.Errorf("summary %+v, want %+v", sum, want)
	}
}

func TestPanel(t *testing.T) {
	dir := t.TempDir()
	mustCSV(t, newArchive(t), dir, Options{Agency: "330803-人民政府办公室"})
	rows := readCSV(t, filepath.Join(dir, "panel.csv"))
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	for column, want := range map[string]string{
		"agency_id": "330803-人民政府办公室", "division_code": "330803", "province": "浙江省", "prefecture": "衢州市", "problems": "3", // the rival is in problems.csv, and no doubt about the report
		"req_received":         "69",
		"req_received_natural": "",   // blank
		"req_carried_in":       "",   // unreadable
		"req_carried_out":      "-5", // as printed; the failed identity is counted in problems
		"out_not_processed":    "15", // a sum
		"out_unable":           "",   // a sum with a blank in it
		"normative_made":       "5",
		"fees_amount_wan":      "", // printed in 元
		"review_total":         "", // absent
	} {
		if got, ok := rows[0][column]; got != want || !ok {
			t.Errorf("%s = %q (%v), want %q", column, got, ok, want)
		}
	}
}

func TestSameMomentSameBytes(t *testing.T) {
	s := newArchive(t)
	first, again := filepath.Join(t.TempDir(), "new", "folder"), t.TempDir()
	o := Options{Formats: Formats(), BOM: true, Tool: "gongkai 0.1", AsOf: 6}
	mustWrite(t, s, first, o)
	c := store.Capture{URL: officePage, Time: time.Now(), Kind: store.KindReport, State: store.StateOK}
	if err := s.AddCapture(&c, []byte("v4"), &store.Record{Report: office("70")}); err != nil {
		t.Fatal(err)
	}
	mustCSV(t, s, again, Options{}) // is overwritten
	mustWrite(t, s, again, o)
	names, err := filepath.Glob(filepath.Join(first, "*"))
	if err != nil || len(names) != 4*7+4 {
		t.Fatalf("%d files %v, %v", len(names), names, err)
	}
	for _, name := range names {
		a, _ := os.ReadFile(name)
		b, _ := os.ReadFile(filepath.Join(again, filepath.Base(name)))
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs", filepath.Base(name))
		}
		if strings.HasSuffix(name, ".csv") != bytes.HasPrefix(a, []byte(byteOrderMark)) {
			t.Errorf("%s begins with %q", name, a[:3])
		}
	}
	if _, err := os.Stat(filepath.Join(again, partialName)); !os.IsNotExist(err) {
		t.Errorf("%s stayed: %v", partialName, err)
	}
}

func TestDescriptor(t *testing.T) {
	dir := t.TempDir()
	mustCSV(t, newArchive(t), dir, Options{Tool: "gongkai 0.1", Years: Years{2020, 2021}})
	text, err := os.ReadFile(filepath.Join(dir, descriptorName))
	if err != nil {
		t.Fatal(err)
	}
	var d dataDescriptor
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if d.AsOf.Commit == "" || d.AsOf.Log == 0 || d.AsOf != (asOf{Capture: 8, Log: d.AsOf.Log, Time: "2024-03-01T22:07:00Z", Commit: d.AsOf.Commit}) || d.Software.Tool != "gongkai 0.1" || d.Filters.From != 2020 {
		t.Errorf("descriptor %+v", d)
	}
	var names []string
	for _, r := range d.Resources {
		names = append(names, r.Path)
		body, err := os.ReadFile(filepath.Join(dir, r.Path))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(body)
		if int64(len(body)) != r.Bytes || "sha256:"+hex.EncodeToString(sum[:]) != r.Hash {
			t.Errorf("%s: %d bytes %s", r.Path, r.Bytes, r.Hash)
		}
		if r.Schema == nil {
			continue
		}
		rows := readCSV(t, filepath.Join(dir, r.Path))
		if len(rows) != *r.Rows {
			t.Errorf("%s: %d rows, described as %d", r.Path, len(rows), *r.Rows)
		}
		for _, f := range r.Schema.Fields {
			if f.Title == "" || f.Description == "" || f.Type == "" {
				t.Errorf("%s: column %s is not described", r.Path, f.Name)
			}
		}
		checkKey(t, r, rows)
	}
	if want := []string{"reports.csv", "figures.csv", "panel.csv", "problems.csv", "captures.csv", "coverage.csv", "codebook.csv", "README.md"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
}

func checkKey(t *testing.T, r dataResource, rows []map[string]string) {
	t.Helper()
	seen := map[string]bool{}
	for _, row := range rows {
		var key []string
		for _, k := range r.Schema.PrimaryKey {
			key = append(key, row[k])
		}
		if id := strings.Join(key, "\x00"); len(key) > 0 && seen[id] {
			t.Errorf("%s: two rows with the key %q", r.Path, key)
		} else {
			seen[id] = true
		}
	}
}

func TestCodebook(t *testing.T) {
	dir := t.TempDir()
	mustCSV(t, newArchive(t), dir, Options{})
	book := map[string]map[string]string{}
	for _, e := range readCSV(t, filepath.Join(dir, "codebook.csv")) {
		if e["id"] == "" || e["en"] == "" || e["zh"] == "" {
			t.Errorf("entry %v says nothing", e)
		}
		book[e["item"]+" "+e["id"]] = e
	}
	for _, id := range []string{"table t3", "row t3/r3.4.1", "column t4/lit_direct.upheld", "row t2.art20_1/normative", "series lit_total",
		"field panel.lit_total", "field figures.value", "field codebook.note", "field problems.kind"} {
		if book[id] == nil {
			t.Errorf("the codebook does not explain %s", id)
		}
	}
}

func TestFilters(t *testing.T) {
	s := newArchive(t)
	for _, tt := range []struct {
		name                        string
		o                           Options
		reports, problems, captures int
	}{
		{"agency", Options{Agency: "360500-人民政府"}, 2, 2, 2},
		{"division", Options{Division: "330803"}, 1, 4, 4},
		{"prefecture", Options{Division: "330800"}, 1, 4, 4},
		{"province", Options{Division: "360000"}, 2, 2, 2},
		{"level", Options{Level: "county"}, 1, 4, 4},
		{"years", Options{Years: Years{From: 2022}}, 0, 0, 0},
		{"open years", Options{Years: Years{To: 2021}}, 3, 7, 7}, // and the page without a year
		{"as of", Options{AsOf: 1}, 1, 3, 1},
	} {
		got := mustCSV(t, s, t.TempDir(), tt.o)
		if got.Reports != tt.reports || got.Problems != tt.problems || got.Captures != tt.captures {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if _, err := CSV(t.Context(), s, t.TempDir(), Options{AsOf: 99}); err == nil {
		t.Error("a moment to come was exported")
	}
}

func TestEmptyArchive(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dir := t.TempDir()
	if sum := mustCSV(t, s, dir, Options{}); sum.Reports != 0 {
		t.Errorf("summary %v", sum)
	}
	if rows := readCSV(t, filepath.Join(dir, "reports.csv")); len(rows) != 0 {
		t.Errorf("rows %v", rows)
	}
}

func TestForeignFolder(t *testing.T) {
	s := newArchive(t)
	dir := t.TempDir()
	letter := filepath.Join(dir, "reports.csv")
	if err := os.WriteFile(letter, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := CSV(t.Context(), s, dir, Options{}); err == nil || !strings.Contains(err.Error(), "holds other things") {
		t.Errorf("a foreign folder: %v", err)
	}
	if text, _ := os.ReadFile(letter); string(text) != "mine" {
		t.Error("a foreign file was overwritten")
	}
	if _, err := CSV(t.Context(), s, letter, Options{}); err == nil {
		t.Error("exported into a file")
	}
	killed := t.TempDir() // before anything was in place
	if err := os.MkdirAll(filepath.Join(killed, partialName, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	mustCSV(t, s, killed, Options{})
}

// TestNamesStayInside: what pages say makes no names of files, and neither does what an edited descriptor says.
func TestNamesStayInside(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, name := range []string{"../../escaped", "/escaped", `..\escaped`, "..", "C:escaped", "escaped\x00.csv", "'][*?:/\\"} {
		r := office("69")
		r.Agency.Key, r.Agency.Name, r.Title = extract.AgencyKey("330803-"+name), name, name
		r.Figures[0].Table = name
		c := store.Capture{URL: fmt.Sprint(officePage, i), Time: time.Unix(1.7e9, 0), Kind: store.KindReport, Portal: "../escaped", State: store.StateOK}
		if err := s.AddCapture(&c, fmt.Append(nil, i), &store.Record{Report: r}); err != nil && !strings.Contains(name, "\x00") {
			t.Fatal(err)
		}
	}
	around := t.TempDir()
	dir := filepath.Join(around, "in", "export")
	mustWrite(t, s, dir, Options{Formats: Formats()})
	for _, name := range names(t, dir) {
		if !ours.MatchString(name) && name != descriptorName {
			t.Errorf("a file is called %q", name)
		}
	}
	victim := filepath.Join(around, "in", "reports.csv")
	if err := os.WriteFile(victim, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	edited := fmt.Sprintf(`{"resources": [{"path": "../reports.csv"}, {"path": %q}, {"path": "mine.txt"}, {"path": "sub/../../reports.csv"}]}`, victim)
	if err := os.WriteFile(filepath.Join(dir, descriptorName), []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	mustCSV(t, s, dir, Options{})
	for _, file := range []string{victim, mine} {
		if text, err := os.ReadFile(file); err != nil || string(text) != "mine" {
			t.Errorf("%s: %q, %v", file, text, err)
		}
	}
	if got := names(t, filepath.Join(around, "in")); !slices.Equal(got, []string{"export", "reports.csv"}) {
		t.Errorf("beside the export lie %q", got)
	}
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestNothingHalfDone breaks an export half way: the folder stays as it was.
func TestNothingHalfDone(t *testing.T) {
	dir := t.TempDir()
	d, err := openFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.put("reports.csv", []byte("half")); err != nil {
		t.Fatal(err)
	}
	if err := d.finish(io.ErrUnexpectedEOF); err == nil {
		t.Error("the error was swallowed")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func readCSV(t testing.TB, path string) (rows []map[string]string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("\r\n")) {
		t.Errorf("%s has CRLF", path)
	}
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte(byteOrderMark)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// TestSuspicious: a version that has lost most figures is a problem, and the one before it is exported.
func TestSuspicious(t *testing.T) {
	s := newArchive(t)
	dir := t.TempDir()
	before := mustCSV(t, s, dir, Options{})
	var last store.Record
	for r, err := range s.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Report.Figures) > 2 {
			last = r
		}
	}
	c := store.Capture{URL: last.URL, Kind: store.KindReport, Portal: last.Portal, Time: last.Time.AddDate(0, 0, 1), State: store.StateOK, Status: 200}
	if err := s.AddCapture(&c, []byte("cut"), nil); err != nil {
		t.Fatal(err)
	}
	cut := *last.Report
	cut.Figures = cut.Figures[:1]
	if err := s.PutRecord(&store.Record{Capture: c.ID, Report: &cut}); err != nil {
		t.Fatal(err)
	}
	after := mustCSV(t, s, dir, Options{})
	if after.Figures != before.Figures || after.Problems != before.Problems+1 {
		t.Errorf("%v, and before it %v", after, before)
	}
	for _, p := range readCSV(t, filepath.Join(dir, "problems.csv")) {
		if p["kind"] == "suspicious" && p["url"] == c.URL && p["capture_sha256"] == c.SHA256 && strings.Contains(p["detail"], "it has 1 figures, and had") {
			return
		}
	}
	t.Error("nobody tells")
}
