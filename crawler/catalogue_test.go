package crawler

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/crawler/pace"
	"gongkai/crawler/weburl"
	"gongkai/seeds"
	"gongkai/store"
)

// A nation answers for every host of the real catalogue: a home page, a section of disclosure, and in it the column of
// annual reports, of which the catalogue knows nothing. The columns that it does know have moved.
type nation struct {
	reports int
	gap     time.Duration

	mu    sync.Mutex
	asked map[string]int       // by host
	last  map[string]time.Time // end of the last answer, by site
	total int
	rude  []string
}

func (n *nation) RoundTrip(r *http.Request) (*http.Response, error) {
	site := weburl.Site(r.URL)
	n.mu.Lock()
	n.total++
	n.asked[r.URL.Host]++
	if last, ok := n.last[site]; ok && time.Since(last) < n.gap {
		n.rude = append(n.rude, r.URL.String())
	}
	n.mu.Unlock()
	if err := pace.Sleep(r.Context(), 200*time.Millisecond); err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.last[site] = time.Now()
	n.mu.Unlock()
	w := &recorder{header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, status: http.StatusOK}
	switch path := r.URL.Path; {
	case path == "/":
		io.WriteString(w, `<html><head><title>某人民政府</title></head><body><a href="/xw/">新闻中心</a><a href="/gkzl/">政府信息公开</a><a href="/wznb/">政府网站工作年度报表</a></body></html>`)
	case path == "/gkzl/":
		io.WriteString(w, `<html><body><a href="/zn/">政府信息公开指南</a><a href="/gkzl/ndbg/">政府信息公开年报</a></body></html>`)
	case path == "/gkzl/ndbg/":
		io.WriteString(w, "<html><head><title>政府信息公开年报</title></head><body><ul>")
		for i := range n.reports {
			fmt.Fprintf(w, `<li><a href="/gkzl/ndbg/r%d.html">%d年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, i, 2024-i%17)
		}
		io.WriteString(w, "</ul></body></html>")
	case strings.HasPrefix(path, "/gkzl/ndbg/r"):
		io.WriteString(w, "<html><body><p>2021年政府信息公开工作年度报告</p></body></html>")
	default:
		w.status = http.StatusNotFound
	}
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), Request: r}, nil
}

var wholeCatalogue = flag.Bool("catalogue", false, "crawl a simulation of the whole catalogue with 30 reports a portal")

// TestCatalogue: the real catalogue in one process. Where only the home page is known the listing is discovered, and
// where a listing has moved it is found again; the run after that begins at what was found and searches no more.
func TestCatalogue(t *testing.T) {
	portals, err := seeds.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	every, reports := 40, 3
	if *wholeCatalogue {
		every, reports = 1, 30
	}
	synctest.Test(t, func(t *testing.T) {
		n := &nation{reports: reports, gap: 3 * time.Second, asked: map[string]int{}, last: map[string]time.Time{}}
		dir := fast(t)
		s, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c := &Crawler{UserAgent: "gongkai/test", Delay: n.gap, Hosts: 256, Network: n, Store: s, Discover: true}
		with, seen := 0, map[string]bool{}
		for i, p := range portals {
			home, err := url.Parse(p.HomePage())
			if err != nil || i%every != 0 && p.Confidence != seeds.Seen || p.Home == "" || seen[weburl.BareHost(home)] || len(p.Start) == 0 || !sameSite(p.Home, p.Start) {
				continue // one portal a host: the nation knows but one column on each
			}
			seen[weburl.BareHost(home)] = true
			c.Portals = append(c.Portals, p)
			with++
		}
		peak := 0 // of memory, in MB
		c.Watch = func(Progress) { peak = max(peak, anonymous()) }
		began := time.Now()
		sum, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		if got := sum.Reports + sum.Rejected; got != with*reports {
			t.Errorf("%d reports of %d portals archived, want %d", got, with, with*reports)
		}
		if len(n.rude) > 0 {
			t.Errorf("%d requests came too soon, the first to %s", len(n.rude), n.rude[0])
		}
		t.Logf("%d portals: %d requests in %v; %s, %d MB at most without the pages of files", with, n.total, took, footprint(), peak)
		if peak > mostMemory {
			t.Errorf("took %d MB of memory, more than %d", peak, mostMemory)
		}
		found, err := seeds.ReadDiscoveries(dir)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(21 * time.Hour)
		before := n.total
		if sum, err = c.Run(t.Context()); err != nil || n.total-before > with*(2+reports)+20 {
			t.Errorf("the next night of a program that goes on: %v, %v, %d requests", sum, err, n.total-before)
		}
		before = n.total
		c.Portals = found.Apply(c.Portals)
		for _, p := range c.Portals {
			if p.Confidence != seeds.Verified || !strings.HasSuffix(p.Start[0], "/gkzl/ndbg/") {
				t.Fatalf("not discovered: %+v", p)
			}
		}
		time.Sleep(time.Hour)
		if sum, err = c.Run(t.Context()); err != nil || n.total-before > with*2 {
			t.Errorf("the next run: %v, %v, %d requests", sum, err, n.total-before)
		}
	})
}

// mostMemory is how many MB a crawl of the whole catalogue may take, the simulation of the country and this test's share of
// the machine included. Pages of the archive that are mapped into memory do not count: the system takes them back.
const mostMemory = 400

// anonymous returns how many MB of memory the process has that are no pages of files; 0 where the system does not tell.
func anonymous() (mb int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			fmt.Sscan(rest, &mb)
			return mb >> 10
		}
	}
	return 0
}

func sameSite(home string, starts []string) bool {
	for _, s := range starts {
		a, err1 := url.Parse(s)
		b, err2 := url.Parse(home)
		if err1 != nil || err2 != nil || weburl.Site(a) != weburl.Site(b) {
			return false
		}
	}
	return true
}
