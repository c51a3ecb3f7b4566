package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.yaml.in/yaml/v3"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/disk"
	"gongkai/crawler/runreport"
	"gongkai/store"
)

// waiting returns a daemon on the schedule of a configuration, whose nights do as they are told.
func waiting(t *testing.T, night func(ctx context.Context, s session) error) (*daemon, session) {
	t.Helper()
	e := &env{stdout: io.Discard, stderr: io.Discard, logFormat: "text", logLevel: "error"}
	s := session{Config: config.Default(program()), log: slog.New(slog.DiscardHandler)}
	m, err := e.serveMetrics(&s.Config, s.log, false)
	if err != nil {
		t.Fatal(err)
	}
	return &daemon{env: e, log: s.log, metrics: m, done: time.Now(), night: night}, s
}

// TestDaemonClock: a run a night, on the hour of the zone; one at a time, and what was missed meanwhile is made up for
// once, or skipped; the end comes at once.
func TestDaemonClock(t *testing.T) {
	for missed, want := range map[string]string{
		config.MissedOnce: "01T14:00 02T14:00 04T19:00 05T14:00 06T14:00 ",
		config.MissedSkip: "01T14:00 02T14:00 05T14:00 06T14:00 ",
	} {
		synctest.Test(t, func(t *testing.T) {
			began := ""
			d, s := waiting(t, nil)
			d.night = func(ctx context.Context, _ session) error {
				began += time.Now().UTC().Format("02T15:04 ")
				took := time.Hour
				if strings.Count(began, " ") == 2 {
					took = 53 * time.Hour // over two nights
				}
				time.Sleep(took)
				return nil
			}
			s.Schedule.Missed = missed
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- d.loop(ctx, s, nil) }()
			time.Sleep(6*24*time.Hour - time.Hour) // from 2000-01-01T00:00Z
			cancel()
			stop := time.Now()
			if err := <-ended; err != nil || time.Since(stop) > time.Second {
				t.Errorf("%v after %v", err, time.Since(stop))
			}
			if began != want {
				t.Errorf("missed = %s: runs began %s, want %s", missed, began, want)
			}
		})
	}
}

// TestReload: a new configuration is used for the next run; a bad one is not, and that is said.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.toml")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		began := ""
		d, s := waiting(t, func(_ context.Context, s session) error {
			began += time.Now().UTC().Format("02T15:04 ")
			return nil
		})
		d.configFile, d.log = file, slog.New(slog.NewTextHandler(&log, nil))
		ctx, cancel := context.WithCancel(t.Context())
		reload := make(chan os.Signal)
		ended := make(chan error)
		go func() { ended <- d.loop(ctx, s, reload) }()
		time.Sleep(24 * time.Hour)
		write(t, file, "[schedule]\ncrawl = \"every night\"\n")
		reload <- syscall.SIGHUP
		time.Sleep(24 * time.Hour)
		write(t, file, "[schedule]\ncrawl = \"30 6 * * *\"\nzone = \"UTC\"\n")
		reload <- syscall.SIGHUP
		time.Sleep(24 * time.Hour)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if want := "01T14:00 02T14:00 03T06:30 "; began != want {
			t.Errorf("runs began %s, want %s", began, want)
		}
		if !strings.Contains(log.String(), "the old one stays") || !strings.Contains(log.String(), "every night") {
			t.Errorf("log: %s", log.String())
		}
	})
}

// hook is a webhook that keeps what it gets, after a while.
type hook struct {
	mu   sync.Mutex
	got  []runreport.Report
	hang chan struct{} // nil: it answers at once
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var n runreport.Report
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.got = append(h.got, n)
	h.mu.Unlock()
	if h.hang != nil {
		<-h.hang
	}
}

// TestBadNight: a portal is dead, a page has changed, another is gone, the webhook hangs. The report tells it, the rest
// is done, and the exit code is 3.
func TestBadNight(t *testing.T) {
	t.Parallel()
	dir, farm := replicas(t)
	config := filepath.Join(dir, "config.toml")
	h := &hook{hang: make(chan struct{})}
	server := httptest.NewServer(h)
	defer server.Close()
	defer close(h.hang)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, "crawl", "-config", config, "-log-level", "error")
	first := mustRun(t, "report", "-config", config)
	if !strings.Contains(first, "gongkai crawl: done\n") || !strings.Contains(first, "new reports (5):") || !strings.Contains(first, "330803-") {
		t.Errorf("the first report:\n%s", first)
	}

	write(t, config, string(text)+"[report]\nwebhook = \""+server.URL+"/hook\"\ntimeout = \"300ms\"\n")
	anju := farm.Site("anju")
	if err := anju.Edit(anju.Report, func(body []byte) []byte { return bytes.Replace(body, []byte("14285"), []byte("14286"), 1) }); err != nil {
		t.Fatal(err)
	}
	farm.Site("qujiang").Remove(farm.Site("qujiang").Report)
	farm.Site("jiangyou").Stop()
	stdout, stderr, code := gongkai(t, "crawl", "-recheck", "-config", config, "-log-level", "error")
	if code != exitPartial || !strings.Contains(stdout, " revised") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	if !strings.Contains(stderr, "could not be sent") {
		t.Errorf("nothing is said of the webhook: %s", stderr)
	}
	got := mustRun(t, "report", "-config", config)
	for _, want := range []string{"revised reports (1):", "14285", "14286", "withdrawn reports: they were there, and are gone (1):", "衢江区", "note: this report could not be sent: webhook"} {
		if !strings.Contains(got, want) {
			t.Errorf("the report does not say %q:\n%s", want, got)
		}
	}
	var n runreport.Report
	if err := json.Unmarshal([]byte(mustRun(t, "report", "-json", "-config", config)), &n); err != nil {
		t.Fatal(err)
	}
	if len(n.New) != 0 || len(n.Revised) != 1 || len(n.Withdrawn) != 1 || n.ExitCode != exitPartial || n.Revised[0].Change != store.ChangeFigures || len(n.Dead) != 1 || n.Dead[0].Portal != "jiangyou" || n.Dead[0].Since.IsZero() {
		t.Errorf("as JSON: %+v", n)
	}
	h.mu.Lock()
	if len(h.got) != 1 || h.got[0].Kind != "recheck" {
		t.Errorf("the webhook got %+v", h.got)
	}
	h.mu.Unlock()
	if list := mustRun(t, "report", "-list", "-config", config); strings.Count(list, "\n") != 2 {
		t.Errorf("the list:\n%s", list)
	}
}

// TestFullDisk: a run does not begin on a full disk, and stops when it gets full; what was archived is kept, the report
// says why, and the exit code is 1.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	var stdout, stderr bytes.Buffer
	e := &env{stdout: &stdout, stderr: &stderr, configFile: config, logFormat: "text", logLevel: "error"}
	e.free = func(string) (int64, error) { return 1 << 20, nil }
	err := e.crawl(t.Context(), nil, false, false)
	if !errors.Is(err, disk.ErrFull) || codeOf(err) != exitFailed {
		t.Errorf("crawl: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "archive", "archive.db")); err == nil {
		t.Error("an archive was made on a full disk")
	}
	if got := mustRun(t, "report", "-config", config); !strings.Contains(got, "nearly full") || !strings.Contains(got, "archive.min_free") {
		t.Errorf("the report:\n%s", got)
	}
}

// TestDiskFills: the disk gets full in the middle of a crawl.
func TestDiskFills(t *testing.T) {
	dir, farm := replicas(t)
	s, err := (&env{configFile: filepath.Join(dir, "config.toml"), logFormat: "text", logLevel: "error", stderr: io.Discard}).setUp(nil)
	if err != nil {
		t.Fatal(err)
	}
	farm.Close()
	synctest.Test(t, func(t *testing.T) {
		e := &env{stdout: io.Discard, stderr: io.Discard, asJSON: true}
		began := time.Now()
		e.free = func(string) (int64, error) { return int64(5<<30) - int64(time.Since(began)/time.Second)<<27, nil } // 128 MiB a second
		s.Crawl.Delay = config.Duration(time.Hour)
		ctx, stop := e.guard(t.Context(), dir, s.Archive.MinFree)
		defer stop()
		<-ctx.Done()
		if cause := context.Cause(ctx); !disk.IsFull(cause) || time.Since(began) < 30*time.Second || time.Since(began) > 45*time.Second {
			t.Errorf("after %v: %v", time.Since(began), cause)
		}
	})
}

// TestDaemonNight: the daemon crawls at its time, exports, reports, serves its metrics, and ends when told to.
func TestDaemonNight(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, string(text)+"[schedule]\ncrawl = \"* * * * *\"\nlongest = \"10m\" # the next minute does not cut the night\nbackfill = \"2008-2024\"\nexport = \"export\"\nexport_formats = [\"csv\", \"jsonl\"]\n[metrics]\nlisten = \""+freePort(t)+"\"\n")
	var stdout, stderr syncBuffer
	e := &env{stdout: &stdout, stderr: &stderr, configFile: config, logFormat: "text", logLevel: "info"}
	s, err := e.setUp(nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.serveMetrics(&s.Config, s.log, false)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	d := &daemon{env: e, log: s.log, metrics: m, done: time.Now().Add(-2 * time.Minute)}
	ctx, cancel := context.WithCancel(t.Context())
	nights := make(chan error, 1)
	d.night = func(ctx context.Context, s session) error {
		err := d.nightly(ctx, s)
		nights <- err
		<-ctx.Done() // one is enough
		return nil
	}
	ended := make(chan error)
	go func() { ended <- d.loop(ctx, s, nil) }()
	if err := <-nights; err != nil {
		t.Errorf("the night: %v\n%s", err, stderr.String())
	}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if len(reportFolder(&s.Config).State().Success) == 2 {
			break // the backfill has ended too
		}
	}
	numbers := get(t, "http://"+s.Metrics.Listen+"/metrics")
	for _, want := range []string{`gongkai_last_success_timestamp_seconds{kind="crawl"}`, `gongkai_pages_total{kind="crawl",state="ok"}`,
		`gongkai_portal_last_success_timestamp_seconds{portal="qujiang"}`, "gongkai_disk_free_bytes", "gongkai_archive_bytes", "gongkai_last_run_failed 0"} {
		if !strings.Contains(numbers, want) {
			t.Errorf("metrics without %s:\n%s", want, numbers)
		}
	}
	if health := get(t, "http://"+s.Metrics.Listen+"/healthz"); health != "ok\n" {
		t.Errorf("health: %s", health)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
	checkExport(t, filepath.Join(dir, "export"))
	if _, err := os.Stat(filepath.Join(dir, "export", "figures.jsonl")); err != nil {
		t.Error(err)
	}
	if names, err := reportFolder(&s.Config).Runs(); err != nil || len(names) != 2 {
		t.Errorf("reports: %v, %v\n%s", names, err, stderr.String())
	}
	reopened, err := store.Open(s.Archive.Path) // it has let go of the archive
	if err != nil {
		t.Fatal(err)
	}
	reopened.Close()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A syncBuffer may be written to by several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestBackfillCommand: years, budget, what is missing; and the mistakes.
func TestBackfillCommand(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	stdout, stderr, code := gongkai(t, "backfill", "-years", "2021", "-config", config, "-log-level", "error", "-max-requests", "6")
	if code != exitDone || !strings.Contains(stdout, "backfill 2021: 6 requests") || !strings.Contains(stderr, "stopped after 6 requests") {
		t.Errorf("with a budget: %d, %s%s", code, stdout, stderr)
	}
	stdout = mustRun(t, "backfill", "-years", "2021", "-config", config, "-log-level", "error")
	if !strings.Contains(stdout, "still missing in 2021: ") {
		t.Errorf("to the end: %s", stdout)
	}
	mustRun(t, "export", "-config", config, "-out", filepath.Join(dir, "export"))
	for _, r := range readCSV(t, filepath.Join(dir, "export", "reports.csv")) {
		if r["year"] != "2021" {
			t.Errorf("a report on %s: %s", r["year"], r["url"])
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "-years A-B"},
		{[]string{"-years", "2024-2008"}, "ends before it begins"},
		{[]string{"-years", "1999"}, "begins before"},
		{[]string{"-years", "2090"}, "no reports on 2090 yet"},
		{[]string{"-years", "2020", "-division", "330803", "-until", "noon"}, "-until"},
		{[]string{"-years", "2020", "-division", "990000"}, "GB/T 2260"},
		{[]string{"-years", "2020", "-division", "110000"}, "no portal of the catalogue"},
		{[]string{"-years", "2020", "-max-requests", "-1"}, "-max-requests"},
	} {
		if _, stderr, code := gongkai(t, append([]string{"backfill", "-config", config}, test.args...)...); code != exitUsage || !strings.Contains(stderr, test.want) {
			t.Errorf("backfill %v: %d, %s", test.args, code, stderr)
		}
	}
}

// TestAlerts: every metric that an alert names is one that the daemon has, and nothing stands in the file that
// Prometheus would not take.
func TestAlerts(t *testing.T) {
	text, err := deploy.ReadFile("deploy/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("metrics/metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`gongkai_\w+`).FindAllString(string(text), -1) {
		if !strings.Contains(string(source), `describe("`+strings.TrimPrefix(name, "gongkai_")+`"`) {
			t.Errorf("alerts.yml names %s, which is no metric", name)
		}
	}
	checkRules(t, text)
}

// TestService: units have the paths that were asked for.
func TestService(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "service", "-out", dir, "-binary", "/opt/gongkai/gongkai", "-service-config", "/etc/gk.toml")
	unit, err := os.ReadFile(filepath.Join(dir, "gongkai.service"))
	if err != nil || !strings.Contains(string(unit), "ExecStart=/opt/gongkai/gongkai daemon -config /etc/gk.toml ") || strings.Contains(string(unit), "{{") {
		t.Errorf("%v: %s", err, unit)
	}
	for _, name := range []string{"gongkai-crawl.service", "gongkai-crawl.timer", "Containerfile", "alerts.yml"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if stdout := mustRun(t, "service", "container"); !strings.HasPrefix(stdout, "# gongkai daemon in a container") {
		t.Errorf("got %s", stdout)
	}
	for _, args := range [][]string{{"service", "upstart"}, {"service", "-binary", "gongkai"}, {"service", "-binary", "/a b"}} {
		if _, stderr, code := gongkai(t, args...); code != exitUsage {
			t.Errorf("%v: %d, %s", args, code, stderr)
		}
	}
	verifyUnits(t)
}

// verifyUnits lets systemd itself judge the units, where there is one.
func verifyUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	self, err := os.Executable() // systemd wants the program to exist
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mustRun(t, "service", "systemd", "-out", dir, "-binary", self)
	for _, name := range services["systemd"] {
		out, err := exec.Command(analyze, "verify", "--man=no", filepath.Join(dir, name)).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("systemd-analyze verify %s: %v\n%s", name, err, out)
		}
	}
}

// checkRules holds a file of alerts against the shape that Prometheus takes: strictly these keys.
func checkRules(t *testing.T, text []byte) {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr         string
				For                 time.Duration
				Labels, Annotations map[string]string
			}
		}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	rules := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			rules++
			if r.Alert == "" || r.Expr == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || strings.Count(r.Expr, "(") != strings.Count(r.Expr, ")") {
				t.Errorf("rule %+v", r)
			}
		}
	}
	if rules < 5 {
		t.Errorf("%d rules", rules)
	}
}
