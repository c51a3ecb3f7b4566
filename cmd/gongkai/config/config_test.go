package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// program is whose configuration the tests read.
const program = "gongkai/0.1.0"

// TestConfigBounds: each bound of a setting, from both sides: "" is taken.
func TestConfigBounds(t *testing.T) {
	for text, want := range map[string]string{
		"[crawl]\nmax_page_bytes = \"1023B\"":       "crawl.max_page_bytes is 1023",
		"[crawl]\nmax_page_bytes = \"1KiB\"":        "",
		"[crawl]\nmax_page_bytes = \"2TiB\"":        "is not a size",
		"[crawl]\nmax_page_bytes = \"1GiB\"":        "",
		"[crawl]\nmax_page_bytes = \"1025MiB\"":     "2: crawl.max_page_bytes is 1074790400, not between 1KiB and 1GiB",
		"[archive]\n\n\"path\" = ''":                "3: archive.path is empty",
		"[archive]\n\"p\\u0061th\" = ''":            "archive.path is empty",
		"[crawl]\njitter = 10.01":                   "crawl.jitter is 10.01",
		"[crawl]\njitter = 10.0":                    "",
		"[crawl]\njitter = 0.0":                     "",
		"[crawl]\nhosts = 10000":                    "",
		"[crawl]\nhosts = 10001":                    "crawl.hosts is 10001",
		"[crawl]\nhosts = 1":                        "",
		"[crawl]\nportal_requests = 0":              "",
		"[crawl]\nportal_time = \"-1ns\"":           "is negative",
		"[report]\nkeep = -1":                       "report.keep is -1",
		"[report]\nkeep = 0":                        "",
		"[report]\ntimeout = \"0s\"":                "report.timeout is 0",
		"[report]\ntimeout = \"1s\"":                "",
		"[report]\nwebhook = \"ftp://example.org\"": "report.webhook",
		"[schedule]\nverify = -1":                   "schedule.verify is -1",
		"[schedule]\nmissed = \"twice\"":            "schedule.missed is",
		"[schedule]\nexport_formats = [\"csv\"]":    "",
		"[schedule]\nexport_formats = [\"dbf\"]":    `"dbf" is none of`,
		"[archive]\npath = \"\"":                    "2: archive.path is empty",
	} {
		c := Default(program)
		err := decode([]byte(text), &c)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{"2008-2024": "", "2019": "", "": "", "2019-2019": "", "2003-2004": "", "2002-2004": "begins before 2003", "2020-2019": "ends before it begins",
		"08-24": "is not a range of years", "2008-": "is not a range of years", "2008-24": "is not a range of years"} {
		var y YearSpan
		err := y.UnmarshalText([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("years %s: got %v, want %q", text, err, want)
		}
	}
}

// TestResolve: what a configuration names lies beside it, unless it says otherwise.
func TestResolve(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	var c Config
	c.Archive.Path, c.Report.Path, c.Seeds.Files = "a", elsewhere, []string{"mine.csv", filepath.Join(elsewhere, "theirs.csv")}
	c.resolve(dir)
	if c.Archive.Path != filepath.Join(dir, "a") || c.Report.Path != elsewhere || c.Schedule.Export != "" ||
		!slices.Equal(c.Seeds.Files, []string{filepath.Join(dir, "mine.csv"), filepath.Join(elsewhere, "theirs.csv")}) {
		t.Errorf("%+v %+v %+v %v", c.Archive, c.Report, c.Schedule, c.Seeds.Files)
	}
}

// TestDefaultsAreDocumented: config.toml in the repository holds the defaults, all of them.
func TestDefaultsAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../../config.toml")
	if err != nil {
		t.Fatal(err)
	}
	var written Config
	written.Crawl.UserAgent = Default(program).Crawl.UserAgent // names the version, so the file cannot
	if err := decode(data, &written); err != nil {
		t.Fatal(err)
	}
	written.Crawl.AllowHosts, written.Seeds.Files = nil, nil // empty lists
	if got, want := fmt.Sprintf("%+v", written), fmt.Sprintf("%+v", Default(program)); got != want {
		t.Errorf("config.toml says\n%s\nthe defaults are\n%s", got, want)
	}
}
