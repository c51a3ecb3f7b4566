package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gongkai/store/export"
)

func TestParseFormats(t *testing.T) {
	for text, want := range map[string][]string{"csv": {"csv"}, "csv,parquet": {"csv", "parquet"}, "dta, xlsx,dta": {"dta", "xlsx"}, "": nil, "csv,": nil, "CSV": nil, "odt": nil} {
		got, err := parseFormats(text)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("parseFormats(%q) = %v, %v", text, got, err)
		}
	}
}

// TestExportFormats: several formats in one pass, with the figures of the reports, and a summary for programs.
func TestExportFormats(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config, out := filepath.Join(dir, "config.toml"), filepath.Join(dir, "export")
	mustRun(t, "crawl", "-config", config, "-log-level", "error")
	stdout := mustRun(t, "export", "-config", config, "-out", out, "-format", strings.Join(export.Formats(), ","), "-json")
	var sum export.Summary
	if err := json.Unmarshal([]byte(stdout), &sum); err != nil || sum.Reports != 5 || !slices.Equal(sum.Formats, export.Formats()) {
		t.Errorf("summary %s: %v", stdout, err)
	}
	checkExport(t, out)
	for _, name := range []string{"README.md", "figures.jsonl", "panel.parquet", "coverage.dta", "gongkai.xlsx", "gongkai.sqlite"} {
		if found, err := filepath.Glob(filepath.Join(out, name)); err != nil || len(found) != 1 {
			t.Errorf("no %s", name)
		}
	}
	if _, stderr, code := gongkai(t, "export", "-config", config, "-out", out, "-format", "odt"); code != exitUsage || !strings.Contains(stderr, "parquet") {
		t.Errorf("an unknown format: exit code %d, %s", code, stderr)
	}
	if _, stderr, code := gongkai(t, "export", "-config", config, "-out", out, "-agency", "人民政府办公室"); code != exitUsage || !strings.Contains(stderr, "330803-") {
		t.Errorf("an agency that is no key: exit code %d, %s", code, stderr)
	}
	if _, stderr, code := gongkai(t, "export", "-config", config, "-out", out, "-agency", "330803-没有的局"); code != exitDone || !strings.Contains(stderr, "no report of the archive fits") {
		t.Errorf("an agency that is not there: exit code %d, %s", code, stderr)
	}
}
