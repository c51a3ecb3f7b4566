package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gongkai/crawler/runreport"
	"gongkai/extract"
	"gongkai/store"
)

// TestToldOnce: a report goes on where the one before it ended, so that it tells what a run archived that was killed
// before its own report.
func TestToldOnce(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config, archive := filepath.Join(dir, "config.toml"), filepath.Join(dir, "a")
	told := func() (n runreport.Report) {
		t.Helper()
		mustRun(t, "crawl", "-config", config, "-archive", archive, "-log-level", "error", "-portal", "qujiang")
		if err := json.Unmarshal([]byte(mustRun(t, "report", "-json", "-config", config, "-archive", archive)), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := told()
	s, err := store.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	killed := store.Capture{URL: "http://a.gov.cn/1.html", Time: time.Now().UTC(), Kind: store.KindReport, Portal: "qujiang", State: store.StateOK, Status: 200}
	rec := store.Record{Version: extract.Version, Report: &extract.Report{Title: "年度报告", Year: 2022, Agency: extract.Agency{Key: "330803-财政局"}}}
	if err := errors.Join(s.AddCapture(&killed, []byte("x"), &rec), s.Close()); err != nil {
		t.Fatal(err)
	}
	second, third := told(), told()
	if first.To == 0 || second.After != first.To || third.After != second.To {
		t.Errorf("reports tell %d-%d, %d-%d, %d-%d", first.After, first.To, second.After, second.To, third.After, third.To)
	}
	if len(second.New) != 1 || second.New[0].URL != killed.URL || len(third.New) != 0 {
		t.Errorf("told as new: %+v, then %+v", second.New, third.New)
	}
}

// TestTwoArchives: archives that lie in one folder, and so share a folder of reports, tell each of its own captures,
// and all of them; each shows the report on its own last run.
func TestTwoArchives(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	told := func(archive string) (n runreport.Report) {
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
