// Package metrics serves numbers on the runs of a process for Prometheus, and its health. It opens no archive: it tells
// what runs tell it, and what files say.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gongkai/crawler"
	"gongkai/crawler/runreport"
)

// An Options says what is served, and where.
type Options struct {
	Listen  string                // address; "" is nowhere
	Lenient bool                  // when the address is taken, by a daemon perhaps, it is said and done without
	Version string                // of the program
	Archive string                // folder of the archive
	Reports runreport.Folder      // of the archive's runs
	MinFree int64                 // with less free space no run begins
	Free    func() (int64, error) // space on the disk of the archive
	Log     *slog.Logger
}

// A Server serves /metrics and /healthz. Its methods may be called by several goroutines.
type Server struct {
	Options
	server *http.Server // nil: served nowhere
	served sync.WaitGroup

	mu     sync.Mutex
	state  runreport.State           // freshness
	before map[string]map[string]int // answers of ended runs, by kind and state
	runs   map[string]going          // on, by kind
	next   time.Time                 // of the daemon's timetable
	began  time.Time
}

// Serve begins to serve until Close.
func Serve(o Options) (*Server, error) {
	m := &Server{Options: o, state: o.Reports.State(), before: map[string]map[string]int{}, runs: map[string]going{}, began: time.Now()}
	if o.Listen == "" {
		return m, nil
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil && o.Lenient {
		o.Log.Warn("no metrics", "err", err)
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("metrics.listen: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m) // a collector without fixed descriptions cannot collide
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /healthz", m.Health)
	m.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	m.served.Go(func() {
		if err := m.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Error("metrics", "err", err)
		}
	})
	o.Log.Info("metrics", "address", "http://"+l.Addr().String()+"/metrics")
	return m, nil
}

// Close ends the serving, in a second at most.
func (m *Server) Close() {
	if m.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if m.server.Shutdown(ctx) != nil {
		m.server.Close()
	}
	m.served.Wait()
}

// Progress takes note of a run that goes on.
func (m *Server) Progress(kind string, p crawler.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	g, known := m.runs[runreport.BaseKind(kind)]
	if !known || p.Requests != g.Requests || p.Done != g.Done || p.Next.After(now) {
		g.moved = now
	}
	g.Progress = p
	m.runs[runreport.BaseKind(kind)] = g
}

// A going is a run that goes on.
type going struct {
	crawler.Progress
	moved time.Time // when it last asked for something, or knew when it would
}

// How long a run may stand still, and how late one may begin, before something is wrong. A request takes three minutes
// at most.
const (
	stillFor = 15 * time.Minute
	lateFor  = time.Minute
)

// Ended takes note of the end of a run. failed says why it could not do its work; nil when it could, in part at least.
func (m *Server) Ended(kind string, failed error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kind = runreport.BaseKind(kind)
	if m.before[kind] == nil {
		m.before[kind] = map[string]int{}
	}
	for state, n := range m.runs[kind].States {
		m.before[kind][state] += n
	}
	delete(m.runs, kind)
	before := m.state.Failed
	m.state = m.Reports.State()
	m.state.Failed = before
	if failed != nil {
		m.state.Failed[kind] = failed.Error() // also of a run that could not be reported
	} else {
		delete(m.state.Failed, kind)
	}
}

// Due takes note of when the next run is due.
func (m *Server) Due(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next = t
}

// Health answers 200 while the process does what it should, and 503 when its last run failed.
func (m *Server) Health(w http.ResponseWriter, _ *http.Request) {
	wrong := m.wrong()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if len(wrong) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, strings.Join(wrong, "\n"))
		return
	}
	fmt.Fprintln(w, "ok")
}

// wrong says what is wrong with the runs of this process; nothing when all is well.
func (m *Server) wrong() (words []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(m.runs)) {
		if g := m.runs[kind]; time.Since(g.moved) > stillFor {
			words = append(words, fmt.Sprintf("stalled: a %s goes on, and asks for nothing since %s; %d pages are queued", kind, clock(g.moved), g.Queued))
		}
	}
	if !m.next.IsZero() && time.Since(m.next) > lateFor {
		words = append(words, fmt.Sprintf("the run that was due at %s has not begun: the one before goes on", clock(m.next)))
	}
	for _, kind := range slices.Sorted(maps.Keys(m.state.Failed)) {
		words = append(words, fmt.Sprintf("the last run failed: %s: %s", kind, m.state.Failed[kind]))
	}
	return words
}

// mostPortals bounds the portals that metrics name one by one: those that have given nothing for longest.
const mostPortals = 100

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("gongkai_"+name, help, labels, nil)
}

// The metrics. alerts.yml in deploy/ uses them by name.
var (
	descSuccess  = describe("last_success_timestamp_seconds", "When a run of this kind came to its end last, in part at least.", "kind")
	descPortal   = describe("portal_last_success_timestamp_seconds", "When a portal gave something last; the longest ago ones only.", "portal")
	descPortals  = describe("portals", "Portals that have ever given something, by the time since.", "fresh")
	descPages    = describe("pages_total", "Answers archived by this process.", "kind", "state")
	descRequests = describe("run_requests", "Requests that the run going on has sent.", "kind")
	descRunning  = describe("run_going_on", "1 while a run goes on.", "kind")
	descQueue    = describe("queue_pages", "Pages known that are still to be asked for.", "kind")
	descSites    = describe("sites", "Sites of the run going on: asking, waiting, done.", "kind", "state")
	descCommit   = describe("commit_seconds", "Time taken to archive the answers of the run going on.", "kind")
	descArchive  = describe("archive_bytes", "Size of the files of the archive.")
	descFree     = describe("disk_free_bytes", "Free space on the disk of the archive.")
	descLeast    = describe("disk_min_free_bytes", "archive.min_free: with less free space no run begins.")
	descNext     = describe("next_run_timestamp_seconds", "When the daemon's next run is due.")
	descFailed   = describe("last_run_failed", "1 when the last run could not do its work.")
	descInfo     = describe("info", "1; the version.", "version")
	descBegan    = describe("start_timestamp_seconds", "When this process began.")
)

// Describe sends nothing: what there is depends on the runs that go on.
func (m *Server) Describe(chan<- *prometheus.Desc) {}

// Collect sends what is known now.
func (m *Server) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	gauge(descInfo, 1, m.Version)
	gauge(descBegan, seconds(m.began))
	for kind, t := range m.state.Success {
		gauge(descSuccess, seconds(t), kind)
	}
	m.collectPortals(gauge)
	m.collectRuns(ch, gauge)
	if !m.next.IsZero() {
		gauge(descNext, seconds(m.next))
	}
	failed := 0.0
	if len(m.state.Failed) > 0 {
		failed = 1
	}
	gauge(descFailed, failed)
	gauge(descArchive, float64(folderSize(m.Archive)))
	if free, err := m.Free(); err == nil {
		gauge(descFree, float64(free))
	}
	gauge(descLeast, float64(m.MinFree))
}

func (m *Server) collectPortals(gauge func(*prometheus.Desc, float64, ...string)) {
	type portal struct {
		id   string
		last time.Time
	}
	var all []portal
	fresh := map[string]int{"day": 0, "week": 0, "older": 0}
	for id, last := range m.state.Portals {
		all = append(all, portal{id, last})
		switch age := time.Since(last); {
		case age < 24*time.Hour:
			fresh["day"]++
		case age < 7*24*time.Hour:
			fresh["week"]++
		default:
			fresh["older"]++
		}
	}
	slices.SortFunc(all, func(a, b portal) int { return a.last.Compare(b.last) })
	for _, p := range all[:min(len(all), mostPortals)] {
		gauge(descPortal, seconds(p.last), p.id)
	}
	for word, n := range fresh {
		gauge(descPortals, float64(n), word)
	}
}

func (m *Server) collectRuns(ch chan<- prometheus.Metric, gauge func(*prometheus.Desc, float64, ...string)) {
	pages := map[string]map[string]int{}
	for kind, states := range m.before {
		pages[kind] = map[string]int{}
		for state, n := range states {
			pages[kind][state] += n
		}
	}
	for kind, p := range m.runs {
		if pages[kind] == nil {
			pages[kind] = map[string]int{}
		}
		archived := 0
		for state, n := range p.States {
			pages[kind][state] += n
			archived += n
		}
		gauge(descRunning, 1, kind)
		gauge(descRequests, float64(p.Requests), kind)
		gauge(descQueue, float64(p.Queued), kind)
		gauge(descSites, float64(p.Asking), kind, "asking")
		gauge(descSites, float64(max(p.Sites-p.Done-p.Asking, 0)), kind, "waiting")
		gauge(descSites, float64(p.Done), kind, "done")
		ch <- prometheus.MustNewConstSummary(descCommit, uint64(archived), p.Commits.Seconds(), nil, kind)
	}
	for kind, states := range pages {
		for state, n := range states {
			ch <- prometheus.MustNewConstMetric(descPages, prometheus.CounterValue, float64(n), kind, state)
		}
	}
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// folderSize adds up the files of an archive; what cannot be seen counts nothing.
func folderSize(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}
