package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/crawler/coverage"
	"gongkai/extract"
	"gongkai/store"
	"gongkai/store/storetest"
)

// TestCoverageCommand: formats, files, and mistakes.
func TestCoverageCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	archive := filepath.Join(dir, "archive")
	s, err := store.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	storetest.AddReport(t, s, "http://a.gov.cn/1", "330803-财政局", "财政局", 2020, extract.QualityClean)
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
	storetest.AddReport(t, s, "http://a.gov.cn/1", "330803-财政局", "财政局", 2020, extract.QualityClean)
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
