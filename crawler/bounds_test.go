package crawler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/seeds"
)

// names returns so many names, numbered from a number on.
func names(from, n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("r%03d", from+i))
	}
	return strings.Join(all, " ")
}

// since returns the paths that a host was asked for since a number of requests, robots.txt left out.
func (f *fake) since(n int, host string) (paths []string) {
	for _, r := range f.log[n:] {
		if path, ok := strings.CutPrefix(r.url, host); ok && path != "/robots.txt" {
			paths = append(paths, path)
		}
	}
	return paths
}

// bounds returns what is told of portals that were left to the next run.
func bounds(s Summary) (all []string) {
	for _, p := range s.Problems() {
		if p.Kind == ProblemBound {
			all = append(all, p.Portal+": "+p.Detail)
		}
	}
	return all
}

// TestSlowPortals: a portal that asks for an hour between requests, lists more than can be had, or has a time of visits that
// is past, does not hold a run up; what is left of it is told.
func TestSlowPortals(t *testing.T) {
	for name, test := range map[string]struct {
		robots   string
		requests int
		took     time.Duration
		want     string // of the slow portal's pages
		told     string
	}{
		"Crawl-delay":  {"User-agent: *\nCrawl-delay: 1000000000\n", 0, 4 * time.Hour, "/ /nb/r000.html /nb/r001.html", "58 pages not visited, the next run goes on with them: it has had the time"},
		"many links":   {"", 21, time.Minute, "", "41 pages not visited, the next run goes on with them: it has had the requests"},
		"Visit-time":   {"User-agent: *\nVisit-time: 0200-0201\nCrawl-delay: 20\n", 0, 3 * time.Hour, "/ /nb/r000.html /nb/r001.html", "58 pages not visited, the next run goes on with them: the run has come to its end"},
		"Visit-time 2": {"User-agent: *\nVisit-time: 2200-2201\n", 0, 10 * time.Second, "", "the run has come to its end"},
	} {
		pages := map[string]http.HandlerFunc{"www.slow.gov.cn/robots.txt": body(test.robots), "www.slow.gov.cn/": listing(names(0, 60), ""),
			"www.quick.gov.cn/": listing("x", ""), "www.quick.gov.cn/nb/x.html": article}
		for _, r := range strings.Fields(names(0, 60)) {
			pages["www.slow.gov.cn/nb/"+r+".html"] = article
		}
		night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
			began := time.Now()
			c.PortalTime, c.PortalRequests, c.Until = 4*time.Hour-time.Minute, test.requests, began.Add(20*time.Hour)
			sum, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(name, err)
			}
			if took := time.Since(began); took > test.took {
				t.Errorf("%s: took %v, want %v at most", name, took, test.took)
			}
			if got := f.since(0, "www.quick.gov.cn"); len(got) != 2 {
				t.Errorf("%s: of the quick portal %v was had", name, got)
			}
			if got := strings.Join(f.since(0, "www.slow.gov.cn"), " "); test.want != "" && !strings.HasPrefix(got, test.want) || test.requests > 0 && len(f.since(0, "www.slow.gov.cn")) != test.requests-1 {
				t.Errorf("%s: asked for %s, want %s", name, got, test.want)
			}
			if got := bounds(sum); len(got) != 1 || !strings.Contains(got[0], test.told) || sum.Clean() {
				t.Errorf("%s: told %v, want %s", name, got, test.told)
			}
		})
	}
}

// TestManyNights: a portal that takes several nights is gone on with: each report is asked for once before any is asked for
// again, and what is new on its listing comes first.
func TestManyNights(t *testing.T) {
	const all, each = 50, 12
	pages := map[string]http.HandlerFunc{"www.big.gov.cn/": listing(names(0, all), "")}
	for _, r := range strings.Fields(names(0, all)) {
		pages["www.big.gov.cn/nb/"+r+".html"] = article
	}
	pages["www.big.gov.cn/nb/new.html"] = article
	night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
		c.PortalRequests = each
		asked := map[string]int{}
		for n := range 5 {
			if n == 2 {
				pages["www.big.gov.cn/"] = listing("new "+names(0, all), "")
			}
			before := len(f.log)
			sum, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := f.since(before, "www.big.gov.cn")
			if sent := len(f.log) - before; sent > each || sum.Requests != sent {
				t.Errorf("night %d: %d requests were sent, and %d told", n, sent, sum.Requests)
			}
			if n > 0 && n < 4 && got[0] != "/" {
				t.Errorf("night %d: the listing was not looked at first: %v", n, got)
			}
			if n == 2 && got[1] != "/nb/new.html" {
				t.Errorf("the new report did not come first: %v", got)
			}
			for _, path := range got {
				asked[path]++
			}
			if left := all + 1 - len(asked); n < 4 && (len(bounds(sum)) != 1 || sum.Unvisited == 0) {
				t.Errorf("night %d: %d are left, told %v, %d unvisited", n, left, bounds(sum), sum.Unvisited)
			}
			time.Sleep(24*time.Hour - 10*time.Minute)
		}
		for path, times := range asked {
			if path != "/" && times != 1 {
				t.Errorf("%s was asked for %d times", path, times)
			}
		}
		if len(asked) != all+2 {
			t.Errorf("%d addresses were asked for, want %d", len(asked), all+2)
		}
	})
}

// TestOldestFirst: when known reports are due, those that were looked at longest ago come first, whatever their place in the
// listing, and new ones before them.
func TestOldestFirst(t *testing.T) {
	pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("c d", "")}
	for _, r := range strings.Fields("a b c d n") {
		pages["www.a.gov.cn/nb/"+r+".html"] = article
	}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		for _, rows := range []string{"c d", "a b c d", "a b c d n"} {
			pages["www.a.gov.cn/"] = listing(rows, "")
			before := len(f.log)
			if _, err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := f.since(before, "www.a.gov.cn/nb/")
			if want := map[string][]string{"c d": {"c.html", "d.html"}, "a b c d": {"a.html", "b.html", "c.html", "d.html"},
				"a b c d n": {"n.html", "a.html", "b.html", "c.html", "d.html"}}[rows]; !slices.Equal(got, want) {
				t.Errorf("%s: asked for %v, want %v", rows, got, want)
			}
			time.Sleep(21 * time.Hour)
		}
	})
}

// TestRunEnds: a run is over at its time, whatever is under way then; nothing is lost by that, and the next run goes on.
func TestRunEnds(t *testing.T) {
	stall := true
	pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("x y", ""), "www.a.gov.cn/nb/y.html": article,
		"www.a.gov.cn/nb/x.html": func(w http.ResponseWriter, r *http.Request) {
			if stall {
				<-r.Context().Done()
				panic(r.Context().Err())
			}
			article(w, r)
		},
		"www.b.gov.cn/": listing("z", ""), "www.b.gov.cn/nb/z.html": article}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		began := time.Now()
		c.Until = began.Add(20 * time.Second)
		sum, err := c.Run(t.Context())
		if took := time.Since(began); err != nil || took != 20*time.Second {
			t.Fatalf("%v after %v", err, took)
		}
		if got := bounds(sum); len(got) != 1 || !strings.Contains(got[0], "a: 2 pages not visited") || !strings.HasSuffix(got[0], overAll) {
			t.Errorf("told %v", got)
		}
		if len(f.since(0, "www.b.gov.cn")) != 2 {
			t.Errorf("asked for %s", f.urls())
		}
		stall, c.Until = false, time.Now().Add(time.Hour)
		before := len(f.log)
		sum, err = c.Run(t.Context())
		if got := f.since(before, "www.a.gov.cn"); err != nil || !sum.Clean() || strings.Join(got, " ") != "/nb/x.html /nb/y.html" {
			t.Errorf("the next run: %v, %v, %v", got, sum.Problems(), err)
		}
	})
}

// TestTurns: of portals that share a site, the next run begins with those that the run before did not get to.
func TestTurns(t *testing.T) {
	pages := map[string]http.HandlerFunc{}
	for _, p := range strings.Fields("a b c") {
		pages["www.s.gov.cn/"+p+"/"] = listing(names(0, 30), "")
	}
	for _, r := range strings.Fields(names(0, 30)) {
		for _, p := range strings.Fields("a b c") {
			pages["www.s.gov.cn/nb/"+r+".html"] = article
			pages["www.s.gov.cn/"+p+"/nb/"+r+".html"] = article
		}
	}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		c.Portals = nil
		for _, p := range strings.Fields("a b c") {
			c.Portals = append(c.Portals, seeds.Portal{ID: p, Start: []string{"http://www.s.gov.cn/" + p + "/"}})
		}
		c.PortalTime = 15 * time.Second
		for n, want := range []string{"/a/ /b/", "/c/ /a/", "/b/ /c/"} {
			c.Until = time.Now().Add(28 * time.Second)
			before := len(f.log)
			sum, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var starts []string
			for _, path := range f.since(before, "www.s.gov.cn") {
				if len(path) == 3 {
					starts = append(starts, path)
				}
			}
			if got := strings.Join(starts, " "); got != want {
				t.Errorf("night %d: turns of %s, want %s", n, got, want)
			}
			if got := bounds(sum); len(got) != 3 {
				t.Errorf("night %d: told %v", n, got)
			}
			time.Sleep(24 * time.Hour)
		}
	})
}
