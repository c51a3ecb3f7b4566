package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/store"
	"gongkai/store/frontier"
)

// TestTwoArchives: archives that lie in one folder, and so share a folder of reports, tell each of its own captures, and
// all of them; each shows the report on its own last run.
func TestTwoArchives(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	told := func(archive string) (n nightReport) {
		t.Helper()
		if err := json.Unmarshal([]byte(mustRun(t, "report", "-json", "-config", config, "-archive", archive)), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	mustRun(t, "crawl", "-config", config, "-archive", a, "-log-level", "error")
	if _, _, code := gongkai(t, "report", "-config", config, "-archive", b); code != exitFailed {
		t.Errorf("b shows a report before it was crawled: exit code %d", code)
	}
	mustRun(t, "crawl", "-config", config, "-archive", b, "-log-level", "error", "-portal", "qujiang")
	if n := told(b); len(n.New) != 1 || n.Portals != 1 {
		t.Errorf("b tells %d new reports of %d portals, want 1 of 1", len(n.New), n.Portals)
	}
	if n := told(a); len(n.New) != 5 || n.Portals != 5 {
		t.Errorf("a tells %d new reports of %d portals, want 5 of 5", len(n.New), n.Portals)
	}
	mustRun(t, "crawl", "-config", config, "-archive", b, "-log-level", "error")
	if n := told(b); len(n.New) != 4 {
		t.Errorf("b tells %d new reports the second time, want 4", len(n.New))
	}
	mustRun(t, "crawl", "-config", config, "-archive", a, "-log-level", "error")
	if n := told(a); len(n.New) != 0 {
		t.Errorf("a tells %d new reports the second time, want 0", len(n.New))
	}
	if list := mustRun(t, "report", "-list", "-config", config, "-archive", b); strings.Count(list, "\n") != 2 {
		t.Errorf("b lists:\n%s", list)
	}
}

// TestOldState: reports and state.json that archives shared are read on by the archive that they are of, and by no other.
func TestOldState(t *testing.T) {
	dir := t.TempDir()
	began := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	runs := map[string][]int{"a": {0, 2}, "b": {1}} // by the hour
	for archive, hours := range runs {
		s := shelf{filepath.Join(dir, "reports"), filepath.Join(dir, archive)}
		if err := os.MkdirAll(s.archive, 0o777); err != nil {
			t.Fatal(err)
		}
		f, err := frontier.Open(s.archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hours {
			r := frontier.Run{Kind: "crawl", Started: began.Add(time.Duration(h)*time.Hour + time.Minute)}
			if _, err := f.Begin(&r); err != nil {
				t.Fatal(err)
			}
			if err := f.End(&r); err != nil {
				t.Fatal(err)
			}
		}
		f.Close()
	}
	reports := filepath.Join(dir, "reports")
	if err := os.Mkdir(reports, 0o777); err != nil {
		t.Fatal(err)
	}
	for h := range 3 {
		start := began.Add(time.Duration(h) * time.Hour)
		n := nightReport{Kind: "crawl", Started: start, Ended: start.Add(10 * time.Minute), To: uint64(100 * (h + 1))}
		if err := (shelf{dir: reports}).write(start.Format("2006-01-02T1504Z"), &n); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(reports, oldState), `{"told":300,"portals":{"x":"2026-11-25T16:00:00Z"},"success":{"crawl":"2026-11-25T16:10:00Z"}}`)
	a, b := shelf{reports, filepath.Join(dir, "a")}.state(), shelf{reports, filepath.Join(dir, "b")}.state()
	if want := []string{"2026-11-25T1400Z", "2026-11-25T1600Z"}; a.Told != 300 || a.Portals["x"].IsZero() || !slices.Equal(a.Reports, want) {
		t.Errorf("the archive of the last run: %+v", a)
	}
	if want := []string{"2026-11-25T1500Z"}; b.Told != 200 || len(b.Portals) != 0 || !slices.Equal(b.Reports, want) {
		t.Errorf("the other one: %+v", b)
	}
}

// TestKeep: of an archive's own reports the newest are kept, as many as are to be, and those of others are left alone; no
// two have one name.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	mine, other := shelf{dir, filepath.Join(dir, "a")}, shelf{dir, filepath.Join(dir, "b")}
	n := nightReport{Kind: "crawl", Started: time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)}
	if _, err := other.put(&n, other.state(), 3); err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 12 {
		n.To = uint64(i)
		name, err := mine.put(&n, mine.state(), 3)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	got, err := mine.runs()
	if err != nil || !slices.Equal(got, names[9:]) || got[0] == got[1] || got[1] == got[2] {
		t.Errorf("kept %v, %v of %v", got, err, names)
	}
	if newest, err := mine.get(got[2]); err != nil || newest.To != 11 {
		t.Errorf("the newest is that up to %d: %v", newest.To, err)
	}
	if got, err := other.runs(); err != nil || len(got) != 1 {
		t.Errorf("of the other archive: %v, %v", got, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "2026*"))
	if err != nil || len(files) != 2*4 {
		t.Errorf("files: %v, %v", files, err)
	}
	if _, err := mine.put(&n, mine.state(), 0); err != nil {
		t.Fatal(err)
	}
	if got, _ := mine.runs(); len(got) != 4 {
		t.Errorf("0 keeps %v", got)
	}
}

// TestSweepReports: a report goes whose writing was broken off for good, and no other.
func TestSweepReports(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{newPrefix + "1": 61 * time.Minute, newPrefix + "2": 59 * time.Minute, "mine": 1000 * time.Hour} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	mine := shelf{dir, filepath.Join(dir, "a")}
	if _, err := mine.put(&nightReport{Kind: "crawl"}, mine.state(), 3); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{newPrefix + "1": false, newPrefix + "2": true, "mine": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBoundedItem: what somebody else has written goes into a report in part only.
func TestBoundedItem(t *testing.T) {
	long := strings.Repeat("某", 1<<18)
	r := store.Record{URL: "http://www.a.gov.cn/" + long, Report: &extract.Report{Title: long, Agency: extract.Agency{Name: long}}}
	if text, err := json.Marshal(item(r, store.Capture{})); err != nil || len(text) > 4000 || !strings.Contains(string(text), "某…") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
