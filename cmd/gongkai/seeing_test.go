package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gongkai/cmd/gongkai/term"
	"gongkai/crawler/coverage"
	"gongkai/extract"
	"gongkai/store"
)

// aReport archives a report of an agency and year.
func aReport(t *testing.T, s *store.Store, url string, key extract.AgencyKey, name string, year int, quality string, figures ...extract.Figure) {
	t.Helper()
	r := &extract.Report{Title: name + "年度报告", Year: year, Scope: extract.ScopeOwn, Quality: quality, Figures: figures,
		Agency: extract.Agency{Key: key, Name: name, Division: key.Division(), Level: "county"}}
	c := store.Capture{URL: url, Time: time.Now(), Kind: store.KindReport, State: store.StateOK, Status: 200, Portal: "p"}
	if err := s.AddCapture(&c, []byte(url), &store.Record{Report: r}); err != nil {
		t.Fatal(err)
	}
}

// TestCoverage: what is held, with the best quality; what is missing since the first report; what is not expected.
func TestCoverage(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	aReport(t, s, "http://a.gov.cn/1", "330803-财政局", "<财政局>", 2019, extract.QualityDoubtful)
	aReport(t, s, "http://a.gov.cn/2", "330803-财政局", "<财政局>", 2019, extract.QualityClean)
	aReport(t, s, "http://a.gov.cn/3", "330803-财政局", "<财政局>", 2021, extract.QualityUnread)
	aReport(t, s, "http://a.gov.cn/4", "110101-人民政府", "=1+1", 2021, extract.QualityNoted)
	m, err := coverage.Of(s, nil, "", coverage.Span{}, at(t, "2024-06-01T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	var table, text, page bytes.Buffer
	coverTable(&table, &m, m.Lines)
	for _, want := range []string{"330803-财政局    <财政局>  C   .   U   .   .", "110101-人民政府  =1+1              N   .   .", "2 agencies, 2019-2023: 3 reports held, 5 missing"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table does not say %q:\n%s", want, table.String())
		}
	}
	if err := coverCSV(&text, &m); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 11 || strings.Join(rows[1], " ") != "110101-人民政府 '=1+1 110101 county 2019 not_expected  before the first report held" {
		t.Errorf("CSV: %v %q", err, rows)
	}
	if err := coverHTML(&page, &m, m.Known(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "&lt;财政局&gt;") || strings.Contains(page.String(), "<财政局>") || strings.Count(page.String(), "<figure>") != 2 {
		t.Errorf("the page:\n%s", page.String())
	}
	_, svg, _ := strings.Cut(page.String(), "<figure>")
	svg, _, _ = strings.Cut(svg, "</figure>")
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the drawing is no SVG: %v", err)
		}
	}
	if m, err = coverage.Of(s, nil, "330000", coverage.Span{First: 2021, Last: 2021}, time.Now()); err != nil || len(m.Lines) != 1 || len(m.Cells()) != 1 {
		t.Errorf("chosen: %+v, %v", m, err)
	}
}

// TestCoverageCommand: formats, files, and mistakes.
func TestCoverageCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	archive := filepath.Join(dir, "archive")
	s, err := store.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	aReport(t, s, "http://a.gov.cn/1", "330803-财政局", "财政局", 2020, extract.QualityClean)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var rows []coverage.Cell
	if err := json.Unmarshal([]byte(mustRun(t, "coverage", "-archive", archive, "-years", "2020", "-division", "330803", "-json")), &rows); err != nil || len(rows) != 2 || rows[1].Quality != "clean" ||
		rows[0].Key != "330803-人民政府" || rows[0].State != coverage.Missing || rows[0].Reason != coverage.Uncrawled {
		t.Errorf("JSON: %+v, %v", rows, err)
	}
	file := filepath.Join(dir, "coverage.html")
	if out := mustRun(t, "coverage", "-archive", archive, "-format", "html", "-out", file); out != file+"\n" {
		t.Errorf("said %q", out)
	}
	if page, err := os.ReadFile(file); err != nil || !bytes.Contains(page, []byte("财政局")) {
		t.Errorf("%v: %s", err, page)
	}
	summary := mustRun(t, "coverage", "-archive", archive)
	for _, want := range []string{"\ncounty ", "\n浙江省 ", "\nnone held of 31 provinces", "\n330803-财政局 ", "1 reports held", "-by province"} {
		if !strings.Contains(summary, want) {
			t.Errorf("the summary does not say %q:\n%s", want, summary)
		}
	}
	if n := strings.Count(summary, "\n"); n > 30 {
		t.Errorf("the summary has %d lines:\n%s", n, summary)
	}
	if all := mustRun(t, "coverage", "-archive", archive, "-all"); strings.Count(all, "\n") < 3000 {
		t.Errorf("-all leaves agencies out: %d lines", strings.Count(all, "\n"))
	}
	for _, args := range [][]string{{"-format", "pdf"}, {"-division", "99"}, {"-years", "x"}, {"-by", "province", "-format", "csv"}} {
		if _, _, code := gongkai(t, append([]string{"coverage", "-archive", archive}, args...)...); code != exitUsage {
			t.Errorf("coverage %v: %d", args, code)
		}
	}
}

// TestForm: figures are drawn as the form has them, blanks blank, failed identities marked, one wide row turned round.
func TestForm(t *testing.T) {
	figure := func(table, row, column, value string) extract.Figure {
		return extract.Figure{Table: table, Row: row, Column: column, Value: value, Form: "v2021"}
	}
	bad := figure("t3", "r1", "total", "70")
	bad.Check = extract.CheckFailed
	odd := figure("t3", "r1", "business", "")
	odd.Raw = "三"
	none := figure("t3", "r1", "natural", "")
	none.Blank = "dash"
	r := &extract.Report{Figures: []extract.Figure{bad, odd, none, figure("t3", "r9.9", "total", "1"), figure("t4", "cases", "review.upheld", "2")}}
	var b bytes.Buffer
	for _, p := range formParts(r) {
		p.draw(&b)
	}
	for _, want := range []string{"│ 一、本年新收政府信息公开申请数量             │        │     三 ? │          │              │              │      │ 70 ✗ │",
		"│   （三）不予公开 ", "│   不计其他情形）  ", "│ r9.9 ", "│ 行政复议           │      │", "│   结果维持         │    2 │"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("not drawn: %s\n%s", want, b.String())
		}
	}
	b.Reset()
	w := term.NewWriter(&b)
	io.WriteString(w, formParts(r)[0].cell(heading{id: "r1"}, heading{id: "total"}, w.Paint))
	if b.String() != "\x1b[31m70 ✗\x1b[0m" {
		t.Errorf("in colour: %q", b.String())
	}
}

// TestManners: what was meant is guessed at, and said what to do.
func TestManners(t *testing.T) {
	dir := t.TempDir()
	held, err := store.Open(filepath.Join(dir, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"crwal"}, `did you mean "crawl"?`},
		{[]string{"crawl", "-portl", "x"}, `did you mean "-portal"?`},
		{[]string{"extract", "-archive", filepath.Join(dir, "archive")}, "wait until that ends"},
		{[]string{"report", "-archive", filepath.Join(dir, "archive")}, "gongkai crawl makes the first report"},
		{[]string{"report", "2020", "2021"}, "one RUN"},
		{[]string{"man"}, "one DIR"},
	} {
		if _, stderr, code := gongkai(t, test.args...); code == exitDone || !strings.Contains(stderr, test.want) {
			t.Errorf("%v: %d, %s, want %q", test.args, code, stderr, test.want)
		}
	}
}

// TestCompletion: shells are offered portals, agencies, years, and flags with as many dashes as were begun with.
func TestCompletion(t *testing.T) {
	t.Parallel()
	archive := filepath.Join(t.TempDir(), "archive")
	s, err := store.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	aReport(t, s, "http://a.gov.cn/1", "330803-财政局", "财政局", 2020, extract.QualityClean)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"crawl", "-por"}, "-portal\t"},
		{[]string{"crawl", "--por"}, "--portal\t"},
		{[]string{"crawl", "-portal", "qu"}, "qujiang\t"},
		{[]string{"show", "-archive", archive, "33"}, "330803-财政局/2020\n"},
		{[]string{"export", "-archive", archive, "-agency", "3"}, "330803-财政局\t财政局"},
		{[]string{"export", "-archive", archive, "-year", ""}, "2020\n"},
		{[]string{"export", "-level", "p"}, "province\nprefecture\n"},
		{[]string{"service", ""}, "systemd\n"},
		{[]string{"export", "-format", "c"}, "csv\n:"},
		{[]string{"export", "-format", "csv,parquet,"}, "csv,parquet,jsonl\ncsv,parquet,xlsx\ncsv,parquet,dta\ncsv,parquet,sqlite\n:"},
		{[]string{"coverage", "-by", "r"}, "reason\n:"},
		{[]string{"show", "-archive", filepath.Join(archive, "none"), ""}, ":4\n"},
	} {
		if stdout := mustRun(t, append([]string{"__complete"}, test.args...)...); !strings.HasPrefix(stdout, test.want) {
			t.Errorf("%v: offered %q, want %q", test.args, stdout, test.want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if stdout := mustRun(t, "completion", shell); !strings.Contains(stdout, "__complete") {
			t.Errorf("%s: %s", shell, stdout)
		}
	}
}

// TestMan: a page a command, the same each time.
func TestMan(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "man", dir)
	page, err := os.ReadFile(filepath.Join(dir, "gongkai-backfill.1"))
	if err != nil || !bytes.Contains(page, []byte("\n\\fB-max-requests\\fP")) {
		t.Errorf("%v: %s", err, page)
	}
	page, err = os.ReadFile(filepath.Join(dir, "gongkai-export.1"))
	if err != nil || !bytes.Contains(page, []byte("\ncsv      for everything")) || !bytes.Contains(page, []byte(".EX\ncsv ")) {
		t.Errorf("the list of formats is not laid out: %v: %s", err, page)
	}
}
