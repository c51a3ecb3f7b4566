package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/crawler/pace"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/frontier"
	"gongkai/store/reading"
)

// TestFarm holds the crawler to its manners on sixty real servers, as these see it, faults and redirects included.
func TestFarm(t *testing.T) {
	t.Parallel()
	const rule = 50 * time.Millisecond
	faults := []string{"", "500-", "", "reset-", "", "moved-", "", "slow-", "429-", ""}
	f := newFarm(t, 60, 20, func(portal, n int) string {
		if (portal+n)%4 != 0 {
			return fmt.Sprint("r", n)
		}
		return fmt.Sprint(faults[(portal+n/2)%len(faults)], "r", n)
	})
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := &Crawler{UserAgent: "gongkai/test", Delay: rule, Jitter: 0.1, Hosts: 64, AllowPrivate: true, Portals: f.seeds(), Store: s}
	began := time.Now()
	sum, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v in %v", sum, time.Since(began))
	if got := sum.Reports + sum.Rejected; got != 60*20 || !sum.Clean() {
		t.Errorf("%d of %d reports: %v", got, 60*20, sum.Problems())
	}
	for _, p := range f.portals {
		for _, line := range p.rude(rule) {
			t.Error(line)
		}
	}
}

// night crawls fake portals, sets up the crawler as said, and calls what follows.
func night(t *testing.T, pages map[string]http.HandlerFunc, hosts int, then func(t *testing.T, c *Crawler, f *fake)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f := &fake{pages: pages, took: 100 * time.Millisecond}
		c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: hosts, Store: s, Network: f, MaxPageBytes: 1 << 16}
		seen := map[string]bool{}
		for address := range pages {
			host, _, _ := strings.Cut(address, "/")
			if name := strings.TrimSuffix(strings.TrimPrefix(host, "www."), ".gov.cn"); !seen[name] {
				seen[name] = true
				c.Portals = append(c.Portals, seeds.Portal{ID: name, Start: []string{"http://" + host + "/"}})
			}
		}
		then(t, c, f)
	})
}

// ended returns when the last request to a host had its answer.
func (f *fake) ended(host string) (end time.Time) {
	for _, r := range f.log {
		if strings.HasPrefix(r.url, host+"/") {
			end = r.end
		}
	}
	return end
}

// TestSlowHost: with a single place, sites that are slow, silent or wait for their Retry-After hold up nobody else.
func TestSlowHost(t *testing.T) {
	quickSite := listing("x y z", "")
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); panic(r.Context().Err()) }
	pages := map[string]http.HandlerFunc{"www.quick.gov.cn/": quickSite}
	for _, name := range []string{"x", "y", "z"} {
		pages["www.quick.gov.cn/nb/"+name+".html"] = article
	}
	var alone time.Duration
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		began := time.Now()
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		alone = f.ended("www.quick.gov.cn").Sub(began)
	})
	for i := range 20 {
		pages[fmt.Sprintf("www.silent%d.gov.cn/", i)] = silent
		pages[fmt.Sprintf("www.busy%d.gov.cn/", i)] = status(503, "Retry-After", "600")
	}
	night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
		began := time.Now()
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := f.ended("www.quick.gov.cn").Sub(began); took > alone+7*time.Second {
			t.Errorf("took %v beside slow sites, %v alone", took, alone)
		}
	})
}

// TestRetryAfterOverRestart: what a server asked for holds for the next process as well, and so does the delay.
func TestRetryAfterOverRestart(t *testing.T) {
	for name, header := range map[string]func() string{
		"seconds": func() string { return "600" },
		"date":    func() string { return time.Now().Add(601 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		busy := true
		pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("x y", ""), "www.a.gov.cn/nb/y.html": article,
			"www.a.gov.cn/nb/x.html": func(w http.ResponseWriter, r *http.Request) {
				if busy {
					w.Header().Set("Retry-After", header())
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				article(w, r)
			}}
		night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := c.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			busy = false
			last := f.ended("www.a.gov.cn")
			sum, err := c.Run(t.Context())
			if err != nil || !sum.Clean() {
				t.Fatalf("%s: %v, %v", name, sum.Problems(), err)
			}
			if n := len(f.log); n != 5 { // robots.txt, the listing, x, and after the restart y and x
				t.Fatalf("%s: %s", name, f.urls())
			}
			if gap := f.log[3].start.Sub(last); gap < 600*time.Second || gap > 602*time.Second {
				t.Errorf("%s: asked again after %v", name, gap)
			}
			if sum.Requests != 5 || sum.Rejected != 2 {
				t.Errorf("%s: both runs together: %v", name, sum)
			}
		})
	}
}

// TestDelayOverRestart: a process that follows another at once does not begin with a request.
func TestDelayOverRestart(t *testing.T) {
	pages := map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": body("User-agent: *\nCrawl-delay: 20\n"), "www.a.gov.cn/": listing("x", ""), "www.a.gov.cn/nb/x.html": article}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		for range 3 {
			if _, err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		f.checkGaps(t, 20*time.Second)
		if len(f.log) != 3+1+1 {
			t.Errorf("got %s", f.urls())
		}
	})
}

// TestAfterKill: when the process before was killed nobody noted the end of its last request.
func TestAfterKill(t *testing.T) {
	pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("x", ""), "www.a.gov.cn/nb/x.html": article}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		fr, err := frontier.Open(c.Store.Dir())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fr.Begin(&frontier.Run{Started: time.Now()}); err != nil { // and no End
			t.Fatal(err)
		}
		fr.Close()
		began := time.Now()
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if gap := f.log[3].start.Sub(began); gap < c.Delay {
			t.Errorf("the first request came %v after the start", gap)
		}
	})
}

func TestVisitTime(t *testing.T) {
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/robots.txt": body("User-agent: *\nVisit-time: 0200-0210\nRequest-rate: 1/2m 0200-0210\n"),
		"www.a.gov.cn/":           listing("1 2 3 4 5 6 7", ""),
		"www.b.gov.cn/":           listing("x", ""), "www.b.gov.cn/nb/x.html": article,
	}
	for i := range 7 {
		pages[fmt.Sprintf("www.a.gov.cn/nb/%d.html", i+1)] = article
	}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		began := time.Now() // midnight, UTC
		if sum, err := c.Run(t.Context()); err != nil || !sum.Clean() {
			t.Fatal(sum.Problems(), err)
		}
		var last time.Time
		for _, r := range f.log {
			if !strings.HasPrefix(r.url, "www.a.") || strings.HasSuffix(r.url, "/robots.txt") {
				continue
			}
			if clock := r.start.UTC().Format("15:04"); clock < "02:00" || clock >= "02:10" {
				t.Errorf("%s asked for at %s", r.url, clock)
			}
			if r.start.Sub(last) < 2*time.Minute {
				t.Errorf("%s came %v after the answer before it", r.url, r.start.Sub(last))
			}
			last = r.end
		}
		if days := last.Sub(began); days < 24*time.Hour || days > 27*time.Hour {
			t.Errorf("five pages a night, eight of them took %v", days)
		}
		if took := f.ended("www.b.gov.cn").Sub(began); took > 10*time.Second {
			t.Errorf("the other site took %v", took)
		}
	})
}

// TestSharedAddress: portals on one machine are not asked as if each had its own.
func TestSharedAddress(t *testing.T) {
	pages := map[string]http.HandlerFunc{}
	for i := range 10 {
		pages[fmt.Sprintf("www.s%d.gov.cn/", i)] = listing("x", "")
		pages[fmt.Sprintf("www.s%d.gov.cn/nb/x.html", i)] = article
	}
	for address, shared := range map[string]bool{"203.0.113.7": true, "10.0.0.7": false} {
		night(t, pages, 10, func(t *testing.T, c *Crawler, f *fake) {
			f.took = 900 * time.Millisecond
			c.Network, c.resolve = f, func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("203.0.113.99"), netip.MustParseAddr(address)}, nil
			}
			began := time.Now()
			if sum, err := c.Run(t.Context()); err != nil || sum.New != 20 {
				t.Fatal(sum, err)
			}
			var most int
			for i, r := range f.log {
				n := 0
				for _, o := range f.log[:i] {
					if d := r.start.Sub(o.start).Abs(); d < pace.LeastDelay {
						n++
					}
				}
				most = max(most, n)
			}
			took := time.Since(began)
			if shared && most > 0 || !shared && most == 0 {
				t.Errorf("%s: %d requests within one delay", address, most+1)
			}
			if shared && (took < 29*pace.LeastDelay || took > 31*pace.LeastDelay) {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestRobotsOnceADay: the archive has the file for a day, and for another when it cannot be had again.
func TestRobotsOnceADay(t *testing.T) {
	robotsStatus := 200
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/robots.txt": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(robotsStatus)
			fmt.Fprint(w, "User-agent: *\nDisallow: /nb/x\n")
		},
		"www.a.gov.cn/": listing("x y", ""), "www.a.gov.cn/nb/x.html": article, "www.a.gov.cn/nb/y.html": article,
	}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		visit := func(what string, robots, pages int) {
			t.Helper()
			before := len(f.log)
			if _, err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, r := range f.log[before:] {
				if strings.HasSuffix(r.url, "/robots.txt") {
					got++
				}
				if strings.Contains(r.url, "/nb/x") {
					t.Errorf("%s: %s is forbidden", what, r.url)
				}
			}
			if got != robots || len(f.log)-before-got != pages {
				t.Errorf("%s: %d requests for robots.txt, %d others; want %d, %d", what, got, len(f.log)-before-got, robots, pages)
			}
		}
		visit("first", 1, 2)
		time.Sleep(23 * time.Hour)
		visit("the next night", 0, 2)
		robotsStatus = 500
		time.Sleep(2 * time.Hour)
		visit("it cannot be had", mostTries, 1)
		time.Sleep(24 * time.Hour)
		visit("it cannot be had for too long", mostTries, 0)
	})
}

// TestRetryAfterObeyed: what a server asks for is obeyed whatever it comes with.
func TestRetryAfterObeyed(t *testing.T) {
	for name, answer := range map[string]string{
		"429, cut":             "HTTP/1.1 429 No\r\nRetry-After: 8\r\nContent-Length: 99\r\n\r\n<html>",
		"503, cut":             "HTTP/1.1 503 No\r\nRetry-After: 8\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<html>",
		"503, odd coding":      "HTTP/1.1 503 No\r\nRetry-After: 8\r\nContent-Encoding: x-secret\r\n\r\n<html>",
		"429, gzip of nothing": "HTTP/1.1 429 No\r\nRetry-After: 8\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b",
		"503, too large":       "HTTP/1.1 503 No\r\nRetry-After: 8\r\nContent-Length: 9999999\r\n\r\n<html>",
		"two of them":          "HTTP/1.1 503 No\r\nRetry-After: 1\r\nRetry-After: 8\r\nContent-Length: 0\r\n\r\n",
		"a list":               "HTTP/1.1 429 No\r\nRetry-After: 1, 8\r\nContent-Length: 0\r\n\r\n",
		"a redirect":           "HTTP/1.1 302 Found\r\nRetry-After: 8\r\nLocation: /nb/y.html\r\nContent-Length: 0\r\n\r\n",
		"a redirect, cut":      "HTTP/1.1 302 Found\r\nRetry-After: 8\r\nLocation: /nb/y.html\r\nContent-Length: 9\r\n\r\n",
		"not there":            "HTTP/1.1 404 Gone\r\nRetry-After: 8\r\nContent-Length: 0\r\n\r\n",
		"forbidden":            "HTTP/1.1 403 No\r\nRetry-After: 8\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("x y", ""), "www.a.gov.cn/nb/y.html": article}
			night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
				raw := &answer
				c.Network = brokenNetwork{f, "/nb/x.html", &raw}
				if _, err := c.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				for i, r := range f.log[:len(f.log)-1] {
					if gap := f.log[i+1].start.Sub(r.end); strings.HasSuffix(r.url, "/x.html") && gap < 8*time.Second {
						t.Errorf("%s was asked for after %v", f.log[i+1].url, gap)
					}
				}
				if len(f.log) < 4 { // robots.txt, the listing, x, y
					t.Errorf("asked for %s", f.urls())
				}
			})
		})
	}
}

// TestRetryAfterForEver: a slip in a Retry-After bars a site for a week; then one request shows whether it still does.
func TestRetryAfterForEver(t *testing.T) {
	for _, value := range []string{"999999999999", strings.Repeat("9", 50), "Wed, 21 Oct 2099 07:28:00 GMT"} {
		pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("x y", ""), "www.a.gov.cn/nb/x.html": article,
			"www.a.gov.cn/nb/y.html": article, "www.a.gov.cn/robots.txt": status(503, "Retry-After", value)}
		night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
			visit := func(when string, want int) {
				t.Helper()
				f.log = nil
				if _, err := c.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if len(f.log) != want {
					t.Errorf("%.20s, %s: asked for %s; want %d requests", value, when, f.urls(), want)
				}
			}
			visit("first", 1)
			time.Sleep(6*24*time.Hour + 23*time.Hour)
			visit("in the week", 0)
			time.Sleep(2 * time.Hour)
			visit("after the week", 1)
			time.Sleep(24 * time.Hour)
			visit("in the next week", 0)
			time.Sleep(7 * 24 * time.Hour)
			delete(f.pages, "www.a.gov.cn/robots.txt")
			visit("when it has come to its senses", 4)
		})
	}
}

// TestLeastDelay: no delay that is asked for lets a public site be asked more often.
func TestLeastDelay(t *testing.T) {
	for _, tt := range []struct {
		addr    string // of the site; "": nobody knows
		private bool   // networks are allowed
		least   time.Duration
	}{{"61.1.2.3", false, pace.LeastDelay}, {"61.1.2.3", true, pace.LeastDelay}, {"", true, pace.LeastDelay}, {"10.0.0.1", false, pace.LeastDelay}, {"10.0.0.1", true, time.Millisecond}, {"127.0.0.1", true, time.Millisecond}} {
		pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("x y", ""), "www.a.gov.cn/nb/x.html": article, "www.a.gov.cn/nb/y.html": article}
		night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
			f.took = 0
			c.Delay, c.AllowPrivate = time.Millisecond, tt.private
			c.resolve = func(context.Context, string) ([]netip.Addr, error) {
				addr, err := netip.ParseAddr(tt.addr)
				return []netip.Addr{addr}, err
			}
			if _, err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, r := range f.log[1:] {
				if gap := r.start.Sub(f.log[i].end); gap < tt.least || gap > tt.least+time.Second {
					t.Errorf("%+v: %s came after %v", tt, r.url, gap)
				}
			}
		})
	}
}

// TestNothingHeld: reports are the same when their pages are not held in memory while their parts are asked for.
func TestNothingHeld(t *testing.T) {
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/":            listing("x", ""),
		reportX:                    reportPage(sections(1, 2, 5) + `<script>createPageHTML(2, 0, "x", "html")</script>`),
		"www.a.gov.cn/nb/x_1.html": body("<html><body><div>" + sections(3, 6, 5) + "<p><a href='a.doc'>附件</a></p></div></body></html>"),
		"www.a.gov.cn/nb/a.doc":    body("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old"),
	}
	var want store.Record
	for _, held := range []bool{true, false} {
		night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
			b, err := reading.OpenBudget(c.Store.Dir(), reading.LeastMemory, false)
			if err != nil {
				t.Fatal(err)
			}
			if c.Budget = b; !held {
				b.Hold(b.Aside())
			}
			if _, err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := record(t, c.Store)
			if held {
				want = got
			}
			if len(got.Parts) != 2 || described(got) != described(want) || got.Fields != want.Fields || got.Text != want.Text {
				t.Errorf("got %s", described(got))
			}
		})
	}
}

// TestWhy: the reasons are told without a request.
func TestWhy(t *testing.T) {
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/robots.txt": body("User-agent: *\nDisallow: /nb/z\n"),
		"www.a.gov.cn/":           listing("x y z", ""), "www.a.gov.cn/nb/x.html": article,
		"www.a.gov.cn/nb/y.html": status(503, "Retry-After", "86400"),
	}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		if y, err := c.Why("www.a.gov.cn"); err != nil || y.Host != nil || y.Site != "a.gov.cn" || strings.Join(y.Portals, " ") != "a" {
			t.Errorf("before any run: %+v, %v", y, err)
		}
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := len(f.log)
		why := func(about string) Why {
			t.Helper()
			y, err := c.Why(about)
			if err != nil {
				t.Fatal(err)
			}
			return y
		}
		if y := why("http://www.a.gov.cn/nb/x.html"); y.Held != 1 || y.Due == nil || len(y.Found) != 1 || y.Found[0].State != frontier.Done || !y.Robots.Allowed || y.Denied != "" {
			t.Errorf("x: %+v", y)
		}
		if y := why("http://www.a.gov.cn/nb/y.html"); y.Last.State != store.StateFailed || y.Due != nil || y.Found[0].Item == nil || y.Found[0].Item.After.IsZero() {
			t.Errorf("y: %+v", y)
		}
		if y := why("http://www.a.gov.cn/nb/z.html"); y.Robots.Allowed || y.Robots.Reason != "Disallow: /nb/z" || y.Last != nil || y.Found[0].State != frontier.New {
			t.Errorf("z: %+v", y)
		}
		if y := why("http://www.b.cn/"); y.Denied != "host not allowed" || y.Host != nil || len(y.Found) > 0 {
			t.Errorf("elsewhere: %+v", y)
		}
		y := why("bureau.a.gov.cn")
		if wait := time.Until(y.Next); wait < 23*time.Hour || y.Wait != "asks to be left alone for 24h0m0s" || y.URL != "" || len(y.Walks) != 1 || y.Walks[0].Stopped == "" || y.Walks[0].States[frontier.New] != 2 {
			t.Errorf("the host: %+v", y)
		}
		if len(f.log) != n {
			t.Errorf("why asked for %s", f.urls())
		}
	})
}

// TestResume: a run that was stopped goes on where it was; one of another kind, or another night, begins anew.
func TestResume(t *testing.T) {
	pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("1 2 3 4 5 6", "")}
	for i := range 6 {
		pages[fmt.Sprintf("www.a.gov.cn/nb/%d.html", i+1)] = article
	}
	for _, tt := range []struct {
		name  string
		setup func(c *Crawler)
		want  string
	}{
		{"at once", func(*Crawler) {}, "8 requests: 7 new, 6 rejected"},
		{"unconditionally", func(c *Crawler) { c.Full = true }, "7 requests: 3 new, 4 unchanged, 3 rejected"},
		{"the next night", func(*Crawler) { time.Sleep(20 * time.Hour) }, "7 requests: 3 new, 4 unchanged, 3 rejected"},
	} {
		night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if sum, err := c.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || sum.New != 4 {
				t.Fatal(sum, err)
			}
			tt.setup(c)
			sum, err := c.Run(t.Context())
			if err != nil || sum.String() != tt.want {
				t.Errorf("%s: %v, %v, want %s", tt.name, sum, err, tt.want)
			}
			fr, err := frontier.OpenReadOnly(c.Store.Dir())
			if err != nil {
				t.Fatal(err)
			}
			defer fr.Close()
			runs, err := fr.Runs(2)
			if err != nil || len(runs) != 2 || runs[1].Outcome != "stopped" || runs[0].Outcome != "done" || (runs[0].Resumed == 1) != (tt.name == "at once") {
				t.Errorf("%s: runs %+v, %v", tt.name, runs, err)
			}
		})
	}
}

// TestFrontierDeleted: what the frontier knew can be done without.
func TestFrontierDeleted(t *testing.T) {
	pages := map[string]http.HandlerFunc{"www.a.gov.cn/": listing("x", ""), "www.a.gov.cn/nb/x.html": article}
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(c.Store.Dir(), frontier.FileName)); err != nil {
			t.Fatal(err)
		}
		if sum, err := c.Run(t.Context()); err != nil || sum.String() != "1 requests: 0 new, 1 unchanged, 1 left alone" {
			t.Errorf("%v, %v", sum, err)
		}
	})
}
