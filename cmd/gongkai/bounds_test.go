package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/cmd/gongkai/config"
	"gongkai/crawler"
	"gongkai/crawler/runreport"
)

// TestNightHasAnEnd: beside a portal that asks for an hour between requests, a night is over at its time, is told, and
// comes to its end; the next one goes on.
func TestNightHasAnEnd(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			io.WriteString(w, "User-agent: *\nCrawl-delay: 1000000000\n")
			return
		}
		io.WriteString(w, `<html><body><a href="/1.html">某市2021年政府信息公开工作年度报告</a></body></html>`)
	}))
	defer slow.Close()
	seeds, err := os.OpenFile(filepath.Join(dir, "my-portals.toml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(seeds, "[[portal]]\nid = \"slow\"\nagency = \"某市人民政府\"\ndivision = \"330803\"\nlevel = \"county\"\nstart = [%q]\n", slow.URL+"/nb/")
	if err := seeds.Close(); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config.toml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, string(text)+"[schedule]\nlongest = \"30m\"\n")
	for range 2 {
		stdout, stderr, code := gongkai(t, "crawl", "-config", config, "-log-level", "error")
		if code != exitPartial || !strings.Contains(stdout, "1 not visited") || !strings.Contains(stderr, "schedule.longest") {
			t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
		}
	}
	var n runreport.Report
	if err := json.Unmarshal([]byte(mustRun(t, "report", "-json", "-config", config)), &n); err != nil {
		t.Fatal(err)
	}
	if len(n.Dead) != 0 || len(n.Skipped) != 1 || n.Skipped[0].Portal != "slow" || n.Skipped[0].Kind != crawler.ProblemBound {
		t.Errorf("dead %+v, skipped %+v", n.Dead, n.Skipped)
	}
	for _, command := range [][]string{{"status"}, {"why", strings.TrimPrefix(slow.URL, "http://")}} {
		if got := mustRun(t, append(command, "-config", config)...); !strings.Contains(got, "the run has come to its end (schedule.longest, or the next run is due)") {
			t.Errorf("%v: %s", command, got)
		}
	}
}

// TestUntilNext: a night is over in time for what follows it to be done when the next is due, or after
// schedule.longest.
func TestUntilNext(t *testing.T) {
	for _, test := range []struct {
		crawl         string
		longest, rest time.Duration
		want          string
	}{
		{"0 22 * * *", 0, 0, "2026-11-26T20:48:00+08:00"},
		{"* * * * *", 0, 0, "2026-11-25T22:00:57+08:00"},
		{"* * * * *", 0, 10 * time.Second, "2026-11-25T22:00:45+08:00"},
		{"* * * * *", 0, time.Hour, "2026-11-25T22:00:30+08:00"},
		{"0 22 * * *", 30 * time.Hour, time.Hour, "2026-11-27T04:00:00+08:00"},
		{"", 0, 0, "0001-01-01T00:00:00Z"},
	} {
		d, s := waiting(t, nil)
		s.Schedule.Crawl, s.Schedule.Longest, d.rest = test.crawl, config.Duration(test.longest), test.rest
		if got := d.until(s, time.Date(2026, 11, 25, 22, 0, 0, 0, time.FixedZone("", 8*60*60))).Format(time.RFC3339); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}

// TestWindowTooLate: a window that opens only after the run has to be over is not waited for.
func TestWindowTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // from 2000-01-01T00:00Z
		var w config.Window
		if err := w.UnmarshalText([]byte("06:00-08:00 UTC")); err != nil {
			t.Fatal(err)
		}
		_, d := waiting(t, nil)
		began := time.Now()
		_, _, err := waitFor(t.Context(), w, began.Add(time.Hour), d.log)
		if codeOf(err) != exitPartial || !time.Now().Equal(began) {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, cancel, err := waitFor(t.Context(), w, began.Add(7*time.Hour), d.log)
		if err != nil || time.Since(began) != 6*time.Hour {
			t.Fatalf("%v after %v", err, time.Since(began))
		}
		defer cancel()
		if ends, _ := ctx.Deadline(); !ends.Equal(began.Add(8 * time.Hour)) {
			t.Errorf("ends %v", ends)
		}
	})
}

// TestStall: health tells of a run that asks for nothing and does not know when it will, and of one that is overdue.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := waiting(t, nil)
		m := d.metrics
		health := func() string {
			w := httptest.NewRecorder()
			m.Health(w, nil)
			if ok := w.Code == http.StatusOK; ok != (w.Body.String() == "ok\n") {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
			return w.Body.String()
		}
		look := func(p crawler.Progress, during time.Duration) string {
			for range int(during / time.Minute) {
				m.Progress("crawl", p)
				time.Sleep(time.Minute)
			}
			return health()
		}
		m.Due(time.Now().Add(24 * time.Hour))
		if got := look(crawler.Progress{Requests: 1, Queued: 7}, 14*time.Minute); got != "ok\n" {
			t.Errorf("after 14 minutes: %s", got)
		}
		if got := look(crawler.Progress{Requests: 1, Queued: 7}, 3*time.Minute); !strings.Contains(got, "stalled") || !strings.Contains(got, "7 pages") {
			t.Errorf("after 17 minutes: %s", got)
		}
		if got := look(crawler.Progress{Requests: 2}, time.Minute); got != "ok\n" {
			t.Errorf("it goes on: %s", got)
		}
		if got := look(crawler.Progress{Requests: 2, Next: time.Now().Add(time.Hour)}, 50*time.Minute); got != "ok\n" {
			t.Errorf("it waits for a site: %s", got)
		}
		m.Ended("crawl", nil)
		time.Sleep(time.Hour)
		if got := health(); got != "ok\n" {
			t.Errorf("no run goes on: %s", got)
		}
		m.Due(time.Now().Add(-59 * time.Second))
		if got := health(); got != "ok\n" {
			t.Errorf("just due: %s", got)
		}
		time.Sleep(2 * time.Second)
		if got := health(); !strings.Contains(got, "has not begun") {
			t.Errorf("overdue: %s", got)
		}
		m.Due(time.Time{})
		m.Ended("crawl", context.DeadlineExceeded)
		m.Ended("backfill 2008", nil)
		if got := health(); !strings.Contains(got, "the last run failed: crawl") {
			t.Errorf("failed: %s", got)
		}
	})
}

// TestNobodyAnswers: a run of which no portal has answered has failed: in its exit code, in what is kept for health and
// metrics, and in the report, which tells what came instead.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	dir, farm := replicas(t)
	config := filepath.Join(dir, "config.toml")
	s := runreport.Folder{Dir: filepath.Join(dir, "reports"), Archive: filepath.Join(dir, "archive")}
	farm.Site("qujiang").Stop()
	_, stderr, code := gongkai(t, "crawl", "-portal", "qujiang", "-config", config, "-log-level", "error")
	if code != exitFailed || !strings.Contains(stderr, "no portal has answered") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if st := s.State(); !st.Success["crawl"].IsZero() || !strings.Contains(st.Failed["crawl"], "no portal has answered") {
		t.Errorf("kept %+v", st)
	}
	if got := mustRun(t, "report", "-config", config); !strings.Contains(got, "could not: no portal has answered") || !strings.Contains(got, "qujiang") {
		t.Errorf("the report:\n%s", got)
	}
}
