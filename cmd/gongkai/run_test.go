package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gongkai/crawler/replica"
	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
	"gongkai/testdata"
)

// gongkai runs one command line and returns what it printed and its exit code.
func gongkai(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return out.String(), errs.String(), code
}

// mustRun runs a command line that must end with exit code 0.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := gongkai(t, args...)
	if code != exitDone {
		t.Fatalf("gongkai %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// replicas serves the sample portals and writes a configuration and a seeds file for them, as somebody with portals
// that the catalogue does not know would. It returns the folder.
func replicas(t *testing.T) (dir string, farm *replica.Farm) {
	t.Helper()
	farm, err := replica.Start(testdata.Portals())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(farm.Close)
	dir = t.TempDir()
	portals, err := demoPortals(farm)
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	for _, p := range portals {
		fmt.Fprintf(&file, "[[portal]]\nid = %q\nagency = %q\ndivision = %q\nlevel = %q\nstart = [%q]\n\n", p.ID, p.Agency, p.Division, p.Level, p.Start[0])
	}
	write(t, filepath.Join(dir, "my-portals.toml"), file.String())
	write(t, filepath.Join(dir, "config.toml"), `
[crawl]
user_agent = "gongkai/test (+mail@example.org)"
delay = "10ms"
allow_private_networks = true
[seeds]
builtin = false
files = ["my-portals.toml"]
`)
	return dir, farm
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// readCSV returns the rows of a CSV file as maps from column to cell.
func readCSV(t *testing.T, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// TestDemo is the promise of the README: one command, no network, the whole job, every figure right.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stdout := mustRun(t, "demo", "-dir", dir, "-log-level", "error")
	if !strings.Contains(stdout, "衢江区人民政府办公室") {
		t.Errorf("the table does not name 衢江:\n%s", stdout)
	}
	checkExport(t, filepath.Join(dir, "export"))
}

// checkExport compares an export of the five portals with the figures read from the reports by hand.
func checkExport(t *testing.T, dir string) {
	t.Helper()
	type want struct{ id, published, index, division string }
	wants := map[string]want{
		"常熟市人民政府办公室": {"changshu", "2022-01-28", "", "320581"},
		"遂宁市安居区人民政府": {"anju", "2024-01-30", "", "510904"},
		"新余市政务服务中心":  {"xinyu", "2022-11-21", "", "360500"},
		"衢江区人民政府办公室": {"qujiang", "2022-01-29", "330803-003/2022-47148", "330803"},
		"江油市人民政府":    {"jiangyou", "2021-01-28", "", "510781"},
	}
	reports := readCSV(t, filepath.Join(dir, "reports.csv"))
	if len(reports) != len(wants) {
		t.Errorf("%d reports, want %d", len(reports), len(wants))
	}
	sample := map[string]string{} // agency id -> sample
	for _, r := range reports {
		w := wants[r["agency_name"]]
		got := want{w.id, r["published"], r["index_no"], r["division_code"]}
		if got != w {
			t.Errorf("%s: %+v, want %+v", r["agency_name"], got, w)
		}
		sample[r["agency_id"]] = w.id
	}
	got := map[string]string{}
	for _, f := range readCSV(t, filepath.Join(dir, "figures.csv")) {
		value := f["value"]
		if f["blank"] == "true" {
			value = "blank"
		}
		got[sample[f["agency_id"]]+" "+f["table"]+" "+f["row"]+" "+f["column"]] = value
	}
	for _, id := range sample {
		data, err := fs.ReadFile(testdata.Portals(), id+"/figures.json")
		if err != nil {
			t.Fatal(err)
		}
		var figures [][4]any
		if err := json.Unmarshal(data, &figures); err != nil {
			t.Fatal(err)
		}
		for _, f := range figures {
			key := fmt.Sprintf("%s %v %v %v", id, f[0], f[1], f[2])
			value := "blank"
			if n, ok := f[3].(float64); ok {
				value = strings.TrimSuffix(fmt.Sprintf("%.0f", n), ".0")
			}
			if got[key] != value {
				t.Errorf("%s = %q, want %q", key, got[key], value)
			}
			delete(got, key)
		}
	}
	for key := range got {
		t.Errorf("%s is no figure of the report", key)
	}
}

// TestSecondRun: the same portals again cost no new body; a changed figure on one page becomes a revision.
func TestSecondRun(t *testing.T) {
	t.Parallel()
	dir, farm := replicas(t)
	config := filepath.Join(dir, "config.toml")
	mustRun(t, "crawl", "-config", config, "-log-level", "error")
	for _, again := range [][]string{nil, {"-recheck"}, {"-full"}} {
		stdout := mustRun(t, append([]string{"crawl", "-config", config, "-log-level", "error"}, again...)...)
		if !strings.Contains(stdout, " 0 new") {
			t.Errorf("crawl %v: %s, want 0 new", again, stdout)
		}
	}
	anju := farm.Site("anju")
	if err := anju.Edit(anju.Report, func(body []byte) []byte {
		return bytes.Replace(body, []byte("14285"), []byte("14286"), 1)
	}); err != nil {
		t.Fatal(err)
	}
	stdout := mustRun(t, "crawl", "-config", config, "-recheck", "-log-level", "error")
	if !strings.Contains(stdout, " revised") {
		t.Errorf("crawl after an edit: %s, want a revision", stdout)
	}
	stdout = mustRun(t, "show", "510904/2023", "-history", "-config", config)
	if !strings.Contains(stdout, store.ChangeFigures) {
		t.Errorf("history of the edited report:\n%s\nwant a change of figures", stdout)
	}
	mustRun(t, "export", "-config", config, "-out", filepath.Join(dir, "export"))
	for _, r := range readCSV(t, filepath.Join(dir, "export", "reports.csv")) {
		if r["division_code"] == "510904" && r["revisions"] != "2" {
			t.Errorf("安居: %s revisions, want 2", r["revisions"])
		}
	}
}

// TestForeignSeeds: portals that only a seeds file knows are crawled just as well; nothing depends on the demo.
func TestForeignSeeds(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	mustRun(t, "crawl", "-config", config, "-log-level", "error")
	mustRun(t, "export", "-config", config, "-out", filepath.Join(dir, "export"))
	checkExport(t, filepath.Join(dir, "export"))
}

// TestExtractAgain: reading the archive again changes nothing as long as the extractor is the same.
func TestExtractAgain(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	mustRun(t, "crawl", "-config", config, "-log-level", "error")
	for _, test := range []struct{ flag, want string }{{"-all", "5 pages read (0 for the first time, 0 came out otherwise"}, {"", "0 pages read"}} {
		args := []string{"extract", "-config", config}
		if test.flag != "" {
			args = append(args, test.flag)
		}
		if stdout := mustRun(t, args...); !strings.Contains(stdout, test.want) {
			t.Errorf("extract %s: %s, want %s", test.flag, stdout, test.want)
		}
	}
}

// TestMistakes: what users get wrong is answered by one sentence and the documented exit code.
func TestMistakes(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, text)
		return path
	}
	config := filepath.Join(dir, "config.toml")
	badSelector := file("bad-selector.toml", `[[portal]]
id = "a"
agency = "甲县人民政府"
division = "330803"
level = "county"
start = ["http://a.gov.cn/"]
rows = "a[["
evidence = "made up"
`)
	notArchive := filepath.Join(dir, "papers")
	if err := os.Mkdir(notArchive, 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(notArchive, "archive.db"), "this is not a database\n")
	held := filepath.Join(dir, "held")
	s, err := store.Open(held)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	empty := filepath.Join(dir, "empty")
	made, err := store.Open(empty)
	if err != nil {
		t.Fatal(err)
	}
	made.Close()
	const china = 8 * time.Hour
	exportTo := func(args ...string) []string {
		return append([]string{"export", "-archive", empty, "-out", filepath.Join(dir, "out")}, args...)
	}

	for _, test := range []struct {
		args []string
		code int
		want string // in the sentence
	}{
		{[]string{"frobnicate"}, exitUsage, `unknown command "frobnicate"`},
		{[]string{"crawl", "-bogus"}, exitUsage, "-bogus"},
		{[]string{"crawl", "now"}, exitUsage, `"now"`},
		{[]string{"crawl", "-full", "-recheck", "-config", config}, exitUsage, "exclude each other"},
		{[]string{"crawl", "-portal", "nowhere", "-config", config}, exitUsage, `no portal "nowhere"`},
		{[]string{"crawl", "-config", filepath.Join(dir, "none.toml")}, exitUsage, "none.toml"},
		{[]string{"crawl", "-config", file("key.toml", "[crawl]\n\ndely = \"3s\"\n")}, exitUsage, "key.toml:3: unknown setting crawl.dely"},
		{[]string{"crawl", "-config", file("value.toml", "[crawl]\ndelay = \"soon\"\n")}, exitUsage, `value.toml:2: crawl.delay: "soon" is not a duration`},
		{[]string{"crawl", "-config", file("size.toml", "[crawl]\nmax_page_bytes = \"big\"\n")}, exitUsage, `"big" is not a size`},
		{[]string{"crawl", "-config", file("window.toml", "[crawl]\nwindow = \"22:00-06:00\"\n")}, exitUsage, "names no time zone"},
		{[]string{"crawl", "-config", file("hosts.toml", "[crawl]\nhosts = 0\n")}, exitUsage, "crawl.hosts is 0"},
		{[]string{"crawl", "-config", file("syntax.toml", "[crawl\n")}, exitUsage, "syntax.toml:1: expected"},
		{[]string{"crawl", "-config", file("selector.toml", "[seeds]\nfiles = [\"bad-selector.toml\"]\n")}, exitUsage, badSelector + `:7: portal a: selector "a[["`},
		{[]string{"crawl", "-config", config, "-log-format", "xml"}, exitUsage, "-log-format"},
		{[]string{"export", "-config", config}, exitUsage, "-out DIR"},
		{[]string{"export", "-out", dir, "-format", "wks", "-config", config}, exitUsage, "wks"},
		{exportTo("-level", "bogus"), exitUsage, `-level is one of central, province, prefecture, county, township, not "bogus"`},
		{exportTo("-division", "99"), exitUsage, `not "99"`},
		{exportTo("-division", "999999"), exitUsage, `not "999999"`},
		{exportTo("-division", "+33080"), exitUsage, `not "+33080"`},
		{exportTo("-as-of", "7"), exitUsage, "no capture 7"},
		{exportTo("-as-of", time.Now().Add(time.Hour).Format(time.RFC3339)), exitUsage, "is not over yet"},
		{exportTo("-as-of", time.Now().UTC().Add(china).Format(time.DateOnly)), exitUsage, "is not over yet"}, // today, in China
		{exportTo("-as-of", "2999-12-31"), exitUsage, "2999-12-31 is not over yet"},
		{exportTo("-as-of", "2001-01-01"), exitUsage, "nothing from before 2001-01-01"},
		{[]string{"show", "-config", config}, exitUsage, "one KEY"},
		{[]string{"status", "-archive", filepath.Join(dir, "nothing")}, exitFailed, "there is no such folder"},
		{[]string{"extract", "-archive", filepath.Join(dir, "nothing"), "-config", config}, exitFailed, "there is no such folder"},
		{[]string{"extract", "-archive", dir, "-config", config}, exitFailed, "the folder has no archive.db"},
		{[]string{"status", "-archive", notArchive}, exitFailed, "not an archive"},
		{[]string{"crawl", "-archive", notArchive, "-config", config}, exitFailed, "not an archive"},
		{[]string{"crawl", "-archive", held, "-config", config}, exitLocked, "archive is in use"},
	} {
		_, stderr, code := gongkai(t, test.args...)
		if code != test.code || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("gongkai %s: exit code %d, want %d; said %q, want one line with %q",
				strings.Join(test.args, " "), code, test.code, stderr, test.want)
		}
	}
}

// TestDivisions: codes of the gazetteer, codes that are no longer in use, and that of central bodies are known.
func TestDivisions(t *testing.T) {
	for code, want := range map[string]bool{"330803": true, "330800": true, "330000": true, "110000": true, "110228": true, "469000": true,
		"000000": true, "": false, "3308": false, "33080a": false, "-33080": false, "990000": false, "3308030": false} {
		if knownDivision(code) != want {
			t.Errorf("%q: known %v, want %v", code, !want, want)
		}
	}
}

// TestReadmeKinds: every kind of problem that an export can have is explained.
func TestReadmeKinds(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, kinds, _ := strings.Cut(string(readme), "Kinds of problems:")
	kinds, _, _ = strings.Cut(kinds, "\n\n")
	for _, row := range readCSV(t, "../../store/export/testdata/golden/problems.csv") {
		if !strings.Contains(kinds, "`"+row["kind"]+"`") {
			t.Errorf("README.md does not list problems of kind %s", row["kind"])
		}
	}
}

// TestShowOthers: what else a key stands for comes first, then the report.
func TestShowOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct{ url, unit, scope, quality, value string }{
		{"http://a.gov.cn/1.html", "财政局", extract.ScopeOwn, extract.QualityUnread, ""},
		{"http://a.gov.cn/2.html", "人民政府", extract.ScopeAggregate, extract.QualityNoted, "69"},
		{"http://b.gov.cn/2.html", "人民政府", extract.ScopeAggregate, extract.QualityDoubtful, ""},
	} {
		report := &extract.Report{Title: "年度报告 " + r.url, Year: 2021, Scope: r.scope, Quality: r.quality,
			Agency: extract.Agency{Key: extract.AgencyKey("330803-" + r.unit), Name: r.unit, Division: "330803"}}
		if r.value != "" {
			report.Figures = []form.Figure{{Table: "t3", Row: "r1", Column: "total", Value: r.value}}
		}
		c := store.Capture{URL: r.url, Time: time.Now(), Kind: store.KindReport, State: store.StateOK, Status: 200}
		if err := s.AddCapture(&c, []byte(r.url), &store.Record{Report: report}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for key, others := range map[string][]string{
		"330803/2021":            {"330803-财政局/2021 own unread http://a.gov.cn/1.html", "330803-人民政府/2021 aggregate doubtful http://b.gov.cn/2.html"},
		"330803-人民政府/2021":       {"330803-人民政府/2021 aggregate doubtful http://b.gov.cn/2.html"},
		"http://b.gov.cn/2.html": nil,
		"330803-财政局/2021":        nil,
	} {
		stdout := mustRun(t, "show", key, "-archive", dir)
		before, _, ok := strings.Cut(stdout, "年度报告 http://")
		before = strings.Join(strings.Fields(before), " ")
		if !ok || (len(others) == 0) != (before == "") {
			t.Errorf("show %s begins with %q", key, before)
		}
		for _, o := range others {
			if !strings.Contains(before, o) {
				t.Errorf("show %s begins with %q, want %s there", key, before, o)
			}
		}
		var printed struct{ Others []other }
		if err := json.Unmarshal([]byte(mustRun(t, "show", key, "-archive", dir, "-json")), &printed); err != nil || len(printed.Others) != len(others) {
			t.Errorf("show %s -json: %d others, want %d (%v)", key, len(printed.Others), len(others), err)
		}
	}
}

var (
	readmeBlock   = regexp.MustCompile("(?s)```sh\n(.*?)```")
	readmeCommand = regexp.MustCompile(`(?m)^gongkai (.*?)(?:\s+#.*)?$`)
)

// readmeCommands lists the gongkai commands in the shell blocks of a document, without their comments.
func readmeCommands(t *testing.T, file string) (commands []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range readmeBlock.FindAllStringSubmatch(string(text), -1) {
		for _, c := range readmeCommand.FindAllStringSubmatch(b[1], -1) {
			commands = append(commands, strings.TrimSpace(c[1]))
		}
	}
	return commands
}

// TestReadme runs every gongkai command of the README, in order, against the replicas. TestReadmesAgree holds the
// Chinese one to the same.
func TestReadme(t *testing.T) {
	commands := readmeCommands(t, "../../README.md")
	if len(commands) < 10 {
		t.Fatalf("found only %d commands in README.md", len(commands))
	}
	dir, _ := replicas(t)
	t.Chdir(dir)
	for _, c := range commands {
		mustRun(t, strings.Fields(c)...)
	}
}

// TestWhy: after a crawl, why and status tell what the frontier knows.
func TestWhy(t *testing.T) {
	t.Parallel()
	dir, farm := replicas(t)
	config := filepath.Join(dir, "config.toml")
	mustRun(t, "crawl", "-config", config)
	site := farm.Site("qujiang")
	got := mustRun(t, "why", "-config", config, site.URL+site.Report)
	for _, want := range []string{"robots.txt permits it", "as report: ok HTTP 200", "frontier   qujiang: done", "last answer 20", "walk       qujiang (crawl, begun"} {
		if !strings.Contains(got, want) {
			t.Errorf("why does not say %q:\n%s", want, got)
		}
	}
	if got := mustRun(t, "why", "-config", config, "www.nowhere.gov.cn"); !strings.Contains(got, "nowhere.gov.cn") || !strings.Contains(got, "never asked") {
		t.Errorf("why of a host that was never asked:\n%s", got)
	}
	if got := mustRun(t, "why", "-json", "-config", config, site.URL+"/private/x.html"); !strings.Contains(got, `"captures": 0`) {
		t.Errorf("why -json:\n%s", got)
	}
	if got := mustRun(t, "status", "-config", config); !strings.Contains(got, "last runs:\n  1 20") || !strings.Contains(got, ", done after ") {
		t.Errorf("status:\n%s", got)
	}
	if _, stderr, code := gongkai(t, "why"); code != exitUsage {
		t.Errorf("why without an argument: %d, %s", code, stderr)
	}
}
