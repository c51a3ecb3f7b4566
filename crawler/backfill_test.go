package crawler

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/crawler/pace"
	"gongkai/crawler/visit"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/frontier"
)

func TestMayBeOf(t *testing.T) {
	years := Years{2015, 2017}
	for _, test := range []struct {
		title, date, url string
		want             bool
	}{
		{"某县2016年政府信息公开工作年度报告", "2017-01-20", "/a.html", true},
		{"某县2016年政府信息公开工作年度报告", "2024-06-01", "/2024/0601/a.html", true}, // the portal was rebuilt
		{"某县2018年政府信息公开工作年度报告", "2017-01-20", "/2016/0120/a.html", false},
		{"某县二〇一五年政府信息公开工作年度报告", "", "/a.html", true},
		{"某县财政局信息公开年度报告", "2014-12-30", "/a.html", false},
		{"某县财政局信息公开年度报告", "2016-01-30", "/a.html", true},
		{"某县财政局信息公开年度报告", "2023-01-30", "/a.html", true}, // nobody knows
		{"某县财政局信息公开年度报告", "", "/art/2013/1/15/art_12_3456.html", false},
		{"某县财政局信息公开年度报告", "", "/zwgk/201302/t20130215_123.html", false},
		{"某县财政局信息公开年度报告", "", "/2016-01/15/content_1.htm", true},
		{"某县财政局信息公开年度报告", "", "/col2013888/a.html", true}, // no date
	} {
		if got := mayBeOf(years, visit.Target{Title: test.title, Date: test.date, URL: "http://a.gov.cn" + test.url}); got != test.want {
			t.Errorf("%s, %s, %s: %v, want %v", test.title, test.date, test.url, got, test.want)
		}
	}
}

// yearly lists a report a year.
func yearly(first, last int, rest string) http.HandlerFunc {
	var b strings.Builder
	for y := first; y <= last; y++ {
		fmt.Fprintf(&b, `<li><a href="/nb/%d.html">某市%d年政府信息公开工作年度报告</a><span>%d-01-29</span></li>`, y, y, y+1)
	}
	return body("<html><body><ul>" + b.String() + "</ul>" + rest + "</body></html>")
}

// chronicle is a portal with a report a year, which answers as fast as the network does.
func chronicle(t *testing.T, first, last int) (*Crawler, *fake) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	f := &fake{pages: map[string]http.HandlerFunc{start: yearly(first, last, "")}, took: 100 * time.Millisecond}
	for y := first; y <= last; y++ {
		f.pages[fmt.Sprintf("www.a.gov.cn/nb/%d.html", y)] = body(fmt.Sprintf("<html><body><p>某市%d年政府信息公开工作年度报告</p></body></html>", y))
	}
	return &Crawler{UserAgent: "gongkai/test", Delay: 3 * time.Second, Hosts: 2, Store: s, Network: f,
		Portals: []seeds.Portal{{ID: "a", Agency: "某市人民政府", Division: "330100", Start: []string{"http://" + start}}}}, f
}

// TestBackfill: only reports of the years asked for, and none that is held; a budget is kept and the next run goes on,
// however much later; the nightly crawl's walk is another one.
func TestBackfill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := chronicle(t, 2008, 2020)
		deep := *c
		deep.Years, deep.MaxRequests = Years{2010, 2013}, 4
		sum, err := deep.Run(t.Context())
		if err != nil || sum.Requests != 4 || sum.Unvisited != 2 || !sum.Clean() {
			t.Fatalf("with a budget of 4: %v, %v, %v", sum, sum.Problems(), err)
		}
		time.Sleep(60 * 24 * time.Hour)
		f.pages["www.a.gov.cn/nb/2020.html"] = body("<html><body><p>某市2020年政府信息公开工作年度报告 改</p></body></html>")
		if sum, err = c.Run(t.Context()); err != nil || sum.Requests != 2+13 || sum.New != 11 {
			t.Fatalf("the nightly crawl in between: %v, %v, want all that is listed, of which two are held", sum, err)
		}
		f.log = nil
		deep.MaxRequests = 0
		if sum, err = deep.Run(t.Context()); err != nil || len(f.log) != 0 {
			t.Fatalf("to the end: asked for %s, %v", f.urls(), err)
		}
		f.checkGaps(t, c.Delay)
	})
}

// TestBackfillGoesOn: what a budget has cut off is asked for by the next run, without a look at the listings again.
func TestBackfillGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := chronicle(t, 2008, 2020)
		c.Years, c.MaxRequests = Years{2008, 2020}, 5
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * 24 * time.Hour)
		f.log, c.MaxRequests = nil, 0
		sum, err := c.Run(t.Context())
		if err != nil || sum.Unvisited != 0 || len(f.log) != 1+13-3 || strings.Contains(f.urls(), start+" ") {
			t.Errorf("%v, %v: asked for %s", sum, err, f.urls())
		}
		other := *c
		other.Years = Years{2008, 2009}
		if sum, err := other.Run(t.Context()); err != nil || sum.Requests != 1 || sum.LeftAlone != 2 {
			t.Errorf("other years begin anew, and have all: %v, %v", sum, err)
		}
	})
}

// TestLanes: a nightly crawl that begins during a backfill goes first, portal by portal; both keep to one clock.
func TestLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := chronicle(t, 2008, 2020)
		f.pages[start] = inTurn(f.pages[start], yearly(2018, 2020, ""))
		traffic, err := pace.OpenTraffic(c.Store.Dir())
		if err != nil {
			t.Fatal(err)
		}
		c.Traffic = traffic
		deep := *c
		deep.Years, deep.UserAgent = Years{2008, 2015}, "gongkai/backfill"
		done := make(chan error)
		go func() {
			_, err := deep.Run(t.Context())
			done <- err
		}()
		time.Sleep(8 * time.Second) // robots.txt, the listing, one report; the next one is already waiting for its turn
		night, err := c.Run(t.Context())
		if err != nil || night.New != 4 && night.New != 3 {
			t.Errorf("nightly: %v, %v", night, err)
		}
		f.mu.Lock()
		during := len(f.log)
		f.mu.Unlock()
		if err := <-done; err != nil {
			t.Error(err)
		}
		f.checkGaps(t, c.Delay)
		agents := ""
		for _, r := range f.log {
			agents += string(strings.TrimPrefix(r.agent, "gongkai/")[0])
		}
		if want := "bbbb" + strings.Repeat("t", during-4) + "bbbbbb"; agents != want {
			t.Errorf("asked in the order %s, want %s: %s", agents, want, f.urls())
		}
		runs, err := traffic.Frontier().Runs(5)
		if err != nil || len(runs) != 2 || runs[0].Outcome != "done" || runs[1].Outcome != "done" {
			t.Errorf("runs: %+v, %v", runs, err)
		}
		if err := traffic.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestWaitInterrupted: a backfill that waits to try again gives the site up at once, and one that is told to stop stops.
func TestWaitInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := chronicle(t, 2008, 2009)
		f.pages["www.a.gov.cn/nb/2008.html"] = status(http.StatusServiceUnavailable, "Retry-After", "600")
		traffic, err := pace.OpenTraffic(c.Store.Dir())
		if err != nil {
			t.Fatal(err)
		}
		defer traffic.Close()
		c.Traffic = traffic
		c.Years = Years{2008, 2008}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := c.Run(ctx)
			done <- err
		}()
		time.Sleep(time.Minute)
		began := time.Now()
		lock, err := traffic.Lock(t.Context(), "a.gov.cn", pace.Nightly)
		if err != nil || time.Since(began) > time.Second {
			t.Errorf("the site was given up after %v, %v", time.Since(began), err)
		}
		if h, _, err := traffic.Frontier().Host("a.gov.cn"); err != nil || h.Barred.Before(time.Now()) {
			t.Errorf("the clock handed over: %+v, %v", h, err)
		}
		for w, err := range traffic.Frontier().Walks() {
			if err != nil || w.Stopped == "" || w.Lane == "" || w.States[frontier.New] != 1 {
				t.Errorf("the walk in between: %+v, %v", w, err)
			}
		}
		cancel()
		if err := <-done; err == nil {
			t.Error("a stopped run has no error")
		}
		lock.Unlock()
	})
}
