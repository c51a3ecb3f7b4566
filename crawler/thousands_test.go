package crawler

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/crawler/pace"
	"gongkai/seeds"
	"gongkai/store"
)

// A country is a network of many portals that are all alike, but for their size and speed. Portal n is at
// www.pn.gov.cn; every tenth is slow to answer, and every twentieth is silent.
type country struct {
	sizes []int // reports by portal, 24 a listing page

	asked, under, most atomic.Int64 // requests, those under way, and the most that were at one time
	last               []time.Time  // end of the last answer, by portal; each is asked by one goroutine
	rude               atomic.Int64 // requests that came too soon
	gap                time.Duration
}

func (c *country) slow(n int) bool   { return n%10 == 3 }
func (c *country) silent(n int) bool { return n%20 == 7 }

func (c *country) took(n int) time.Duration {
	if c.slow(n) {
		return 2500 * time.Millisecond
	}
	return 200 * time.Millisecond
}

func (c *country) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.URL.Hostname(), "www.p"), ".gov.cn"))
	if err != nil {
		return nil, err
	}
	c.asked.Add(1)
	c.most.Store(max(c.most.Load(), c.under.Add(1)))
	defer c.under.Add(-1)
	if !c.last[n].IsZero() && time.Since(c.last[n]) < c.gap {
		c.rude.Add(1)
	}
	defer func() { c.last[n] = time.Now() }()
	if c.silent(n) {
		if err := pace.Sleep(r.Context(), 30*time.Second); err != nil {
			return nil, err
		}
		return nil, os.ErrDeadlineExceeded
	}
	if err := pace.Sleep(r.Context(), c.took(n)); err != nil {
		return nil, err
	}
	w := &recorder{header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, status: http.StatusOK}
	c.answer(w, n, r.URL.Path)
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), Request: r}, nil
}

func (c *country) answer(w *recorder, n int, path string) {
	page := 0
	switch {
	case path == "/robots.txt":
		w.status = http.StatusNotFound
	case strings.HasPrefix(path, "/nb/r"):
		io.WriteString(w, "<html><body><p>某市2021年政府信息公开工作年度报告</p></body></html>")
	case path == "/nb/":
		c.list(w, n, page)
	default:
		if _, err := fmt.Sscanf(path, "/nb/index_%d.html", &page); err != nil {
			w.status = http.StatusNotFound
			return
		}
		c.list(w, n, page)
	}
}

const perPage = 24

func (c *country) pages(n int) int { return max((c.sizes[n]+perPage-1)/perPage, 1) }

func (c *country) list(w *recorder, n, page int) {
	io.WriteString(w, "<html><body><ul>")
	for i := page * perPage; i < min((page+1)*perPage, c.sizes[n]); i++ {
		fmt.Fprintf(w, `<li><a href="/nb/r%d.html">某市%d局2021年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, i, i)
	}
	io.WriteString(w, "</ul>")
	if c.pages(n) > 1 {
		fmt.Fprintf(w, "<script>createPageHTML(%d, %d, 'index', 'html')</script>", c.pages(n), page)
	}
	io.WriteString(w, "</body></html>")
}

// bound is the time that the portal with most to ask for takes if nothing ever waits for another portal.
func (c *country) bound(delay time.Duration) (bound time.Duration) {
	for n := range c.sizes {
		if c.silent(n) {
			continue
		}
		requests := time.Duration(1 + c.pages(n) + c.sizes[n])
		gap := max(delay, c.took(n))
		bound = max(bound, requests*c.took(n)+(requests-1)*gap)
	}
	return bound
}

// visitCountry crawls portals of about as many reports as said, a few of them with ten times as many.
func visitCountry(t testing.TB, portals, reports int) (made *country, sum Summary, took time.Duration) {
	const delay = 3 * time.Second
	made = &country{last: make([]time.Time, portals), gap: delay}
	c := &Crawler{UserAgent: "gongkai/test", Delay: delay, Hosts: 256, Network: made}
	for n := range portals {
		size := reports*2/3 + n%reports
		if n%100 == 1 {
			size *= 8
		}
		made.sizes = append(made.sizes, size)
		c.Portals = append(c.Portals, seeds.Portal{ID: fmt.Sprint("p", n), Start: []string{fmt.Sprintf("http://www.p%d.gov.cn/nb/", n)}})
	}
	dir := fast(t)
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c.Store = s
	began := time.Now()
	if sum, err = c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	took = time.Since(began)
	if n := made.rude.Load(); n > 0 {
		t.Errorf("%d requests came too soon", n)
	}
	want := 0
	for n, size := range made.sizes {
		if !made.silent(n) {
			want += size
		}
	}
	if got := sum.Reports + sum.Rejected; got != want {
		t.Errorf("%d reports archived, want %d", got, want)
	}
	return made, sum, took
}

// fast returns a folder in memory where there is one: time stands still in a bubble, but not in the test's caller.
func fast(t testing.TB) string {
	if dir, err := os.MkdirTemp("/dev/shm", "gongkai-test-"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	return t.TempDir()
}

// TestThousandsOfPortals: one process visits them all in about the time that the largest of them takes, though some
// are slow, some silent, and there are places for few.
func TestThousandsOfPortals(t *testing.T) {
	portals, reports := 800, 9
	if *wholeCatalogue {
		portals = 3209
	}
	if testing.Short() || raced {
		portals, reports = 150, 14 // the largest of few must still take longer than a silent one
	}
	synctest.Test(t, func(t *testing.T) {
		made, sum, took := visitCountry(t, portals, reports)
		bound := made.bound(3 * time.Second)
		if took > bound*105/100 {
			t.Errorf("took %v, the largest portal alone %v", took, bound)
		}
		t.Logf("%v: %d requests, at most %d at a time, took %v, bound %v: %.3f; %s", sum, made.asked.Load(), made.most.Load(), took, bound, float64(took)/float64(bound), footprint())
	})
}

// footprint says what the process takes and has taken.
func footprint() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	text := fmt.Sprintf("heap %d MB of %d", m.HeapInuse>>20, m.Sys>>20)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return text
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			text += ", peak " + string(bytes.TrimSpace(rest))
		}
	}
	return text
}
