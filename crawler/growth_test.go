package crawler

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// BenchmarkGrowth tells how the processor time of a night grows with what it has to do: with the portals that share a site,
// and with the nights that an archive has seen. An exponent of 1 is a cost that grows as the work does; more than 1.05 is a
// loop that looks at everything for each.
func BenchmarkGrowth(b *testing.B) {
	b.Run("portals", func(b *testing.B) {
		growth(b, []int{5, 20, 80}, func(b *testing.B, portals int) time.Duration {
			s, c := sharedSite(b, portals, 10)
			defer s.Close()
			runCost(b, c)
			return runCost(b, c)
		})
	})
	b.Run("nights", func(b *testing.B) { // the whole of so many nights, in which each report is asked for
		growth(b, []int{2, 8, 32}, func(b *testing.B, nights int) (all time.Duration) {
			s, c := sharedSite(b, 2, 25)
			defer s.Close()
			c.Recheck = true
			for range nights {
				all += runCost(b, c)
			}
			return all
		})
	})
}

// growth measures a cost at several sizes and reports the exponent of its growth from the first to the last.
func growth(b *testing.B, sizes []int, cost func(b *testing.B, size int) time.Duration) {
	for b.Loop() {
		var costs []float64
		for _, n := range sizes {
			took := cost(b, n)
			costs = append(costs, took.Seconds())
			b.ReportMetric(took.Seconds()*1e3/float64(n), fmt.Sprintf("ms-each-of-%d", n))
		}
		last := len(sizes) - 1
		b.ReportMetric(math.Log(costs[last]/costs[0])/math.Log(float64(sizes[last])/float64(sizes[0])), "exponent")
	}
}

// runCost crawls and returns the processor time that it took.
func runCost(b *testing.B, c *Crawler) time.Duration {
	before := cpu(b)
	if _, err := c.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
	return cpu(b) - before
}

// sharedSite is an archive and what crawls into it: so many portals on one site, each of so many reports that never change.
func sharedSite(b *testing.B, portals, reports int) (*store.Store, *Crawler) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		var portal, report int
		switch n, _ := fmt.Sscanf(r.URL.Path, "/p%d/r%d.html", &portal, &report); n {
		case 2:
			fmt.Fprintf(w, "<html><body><h1>%s局2021年政府信息公开工作年度报告</h1><p>本年度报告由%[1]s局编制。</p></body></html>", bureau(portal, report))
		case 1:
			for n := range reports {
				fmt.Fprintf(w, `<li><a href="r%d.html">%s局2021年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, n, bureau(portal, n))
			}
		default:
			http.NotFound(w, r)
		}
	}))
	b.Cleanup(server.Close)
	s, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	c := &Crawler{UserAgent: "gongkai/test", Hosts: 4, AllowPrivate: true, Store: s}
	for n := range portals {
		c.Portals = append(c.Portals, seeds.Portal{ID: fmt.Sprint("p", n), Agency: "衢江区人民政府", Division: "330803",
			Start: []string{fmt.Sprintf("%s/p%d/", server.URL, n)}})
	}
	return s, c
}

// TestListingsKept: a listing that has not changed is not read again the next night, and leads where it led; one that has
// changed is, and so is every one in a full crawl.
func TestListingsKept(t *testing.T) {
	rows := "x y"
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/":           func(w http.ResponseWriter, r *http.Request) { listing(rows, "")(w, r) },
		"www.a.gov.cn/nb/x.html":  article,
		"www.a.gov.cn/nb/y.html":  article,
		"www.a.gov.cn/nb/z.html":  article,
		"www.a.gov.cn/robots.txt": http.NotFound,
	}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		crawl := func(want string, asked int) {
			t.Helper()
			var log bytes.Buffer
			c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			f.log = nil
			if _, err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), want) || strings.Count(f.urls(), ".html") != asked {
				t.Errorf("want %s, and %d reports asked for\n%s%s", want, asked, f.urls(), log.String())
			}
			time.Sleep(40 * 24 * time.Hour)
		}
		crawl("reports=2 items=2 announced=0 next=0 kept=false", 2)
		crawl("reports=2 items=2 announced=0 next=0 kept=true", 2)
		rows = "x y z"
		crawl("reports=3 items=3 announced=0 next=0 kept=false", 3)
		c.Full = true
		crawl("reports=3 items=3 announced=0 next=0 kept=false", 3)
	})
}
