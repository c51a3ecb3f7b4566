package crawler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"gongkai/crawler/pace"
	"gongkai/crawler/portal"
	"gongkai/seeds"
	"gongkai/store"
)

// A fake is a network of sites that misbehave as their pages say. It keeps the log by which manners are judged.
type fake struct {
	pages  map[string]http.HandlerFunc // by URL without the scheme http; what is not there answers 404
	took   time.Duration               // for each answer
	remote string                      // address and port of the machine that all sites are on; "" when each has its own

	mu  sync.Mutex
	log []request
}

type request struct {
	url, agent string
	start, end time.Time
}

// errReset is what a handler panics with to hang up.
var errReset = errors.New("connection reset by peer")

func (f *fake) RoundTrip(r *http.Request) (res *http.Response, err error) {
	start := time.Now()
	defer func() {
		if p := recover(); p != nil {
			res, err = nil, p.(error)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.log = append(f.log, request{strings.TrimPrefix(r.URL.String(), "http://"), r.UserAgent(), start, time.Now()})
	}()
	if err := pace.Sleep(r.Context(), f.took); err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && f.remote != "" {
		trace.GotConn(httptrace.GotConnInfo{Conn: fakeConn{remote: f.remote}})
	}
	handler, ok := f.pages[strings.TrimPrefix(r.URL.String(), "http://")]
	if !ok {
		handler = http.NotFound
	}
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	handler(w, r)
	res = w.response(r)
	if n, err := strconv.Atoi(w.header.Get("Content-Length")); err == nil && n > w.body.Len() {
		res.ContentLength = int64(n)
		res.Body = io.NopCloser(io.MultiReader(&w.body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return res, nil
}

// A fakeConn knows where it leads.
type fakeConn struct {
	net.Conn
	remote string
}

func (c fakeConn) Close() error { return nil }

func (c fakeConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.remote))
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) response(r *http.Request) *http.Response {
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), Request: r}
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// urls returns what was asked for, in order.
func (f *fake) urls() string {
	var all []string
	for _, r := range f.log {
		all = append(all, r.url)
	}
	return strings.Join(all, " ")
}

// checkGaps fails the test when a request came too soon after the answer before it.
func (f *fake) checkGaps(t *testing.T, min time.Duration) {
	t.Helper()
	for i := 1; i < len(f.log); i++ {
		if gap := f.log[i].start.Sub(f.log[i-1].end); gap < min {
			t.Errorf("%s came %v after the answer before it, want %v", f.log[i].url, gap, min)
		}
	}
}

// body answers with a page.
func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, text)
	}
}

func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// inTurn answers with one handler after the other, and with the last one ever after.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		h := handlers[min(n, len(handlers)-1)]
		n++
		h(w, r)
	}
}

// listing is a page of rows, reports by their names, and whatever follows them.
func listing(rows string, rest string) http.HandlerFunc {
	var b strings.Builder
	for _, name := range strings.Fields(rows) {
		fmt.Fprintf(&b, `<li><a href="/nb/%s.html">某市%s局2021年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, name, name)
	}
	return body("<html><body><ul>" + b.String() + "</ul>" + rest + "</body></html>")
}

var article = body("<html><body><p>某市2021年政府信息公开工作年度报告</p></body></html>")

const start = "www.a.gov.cn/nb/"

// crawl runs a crawler over one portal on a fake network, in a bubble where time costs nothing.
func crawl(t *testing.T, pages map[string]http.HandlerFunc, check func(t *testing.T, c *Crawler, f *fake, sum Summary)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f := &fake{pages: pages, took: 100 * time.Millisecond}
		c := &Crawler{UserAgent: "gongkai/test", Delay: 3 * time.Second, Jitter: 0.3, Hosts: 2, Store: s, Network: f, MaxPageBytes: 1 << 16,
			Portals: []seeds.Portal{{ID: "a", Agency: "某市人民政府", Division: "330100", Start: []string{"http://" + start}}}}
		sum, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		f.checkGaps(t, c.Delay)
		if len(f.log) > 0 && !strings.HasSuffix(f.log[0].url, "/robots.txt") {
			t.Errorf("the first request is for %s", f.log[0].url)
		}
		check(t, c, f, sum)
	})
}

// states returns state and path of every capture but of robots.txt, in order.
func states(t *testing.T, s *store.Store) string {
	t.Helper()
	var all []string
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind != store.KindRobots {
			all = append(all, c.State+" "+c.URL[strings.LastIndex(c.URL, "/"):])
		}
	}
	return strings.Join(all, ", ")
}

func TestWalk(t *testing.T) {
	tests := []struct {
		name     string
		pages    map[string]http.HandlerFunc
		states   string // of captures, in order
		trouble  string // part of the one problem; "" for none
		requests int    // robots.txt included
	}{
		{"one page", map[string]http.HandlerFunc{start: listing("x y", ""), "www.a.gov.cn/nb/x.html": article, "www.a.gov.cn/nb/y.html": article},
			"ok /, ok /x.html, ok /y.html", "", 4},
		{"pager by links, clamped past the end", map[string]http.HandlerFunc{
			start:                listing("x", `<a href="?page=2">下一页</a>`),
			start + "?page=2":    listing("y", `<a href="?page=3">下一页</a>`),
			start + "?page=3":    listing("y", `<a href="?page=4">下一页</a>`),
			start + "?page=4":    listing("z", `<a href="?page=5">下一页</a>`),
			start[:16] + "x.htm": article,
		}, "ok /, ok /?page=2, ok /?page=3, gone /x.html, gone /y.html", "gone: status 404 Not Found", 6},
		{"pager by script, numbered from 0", map[string]http.HandlerFunc{
			start: listing("", `<script>createPageHTML('p', 2, 1, 'list', 'shtml', 1)</script>`), start + "list_1.shtml": listing("x", ""), "www.a.gov.cn/nb/x.html": article,
		}, "ok /, gone /list_2.shtml, ok /list_1.shtml, ok /x.html", "", 5},
		{"pager by script, numbered from 1", map[string]http.HandlerFunc{
			start: listing("", `<script>createPageHTML('p', 2, 1, 'list', 'shtml', 1)</script>`), start + "list_2.shtml": listing("x", ""), "www.a.gov.cn/nb/x.html": article,
		}, "ok /, ok /list_2.shtml, ok /x.html", "", 4},
		{"pager by script, nothing there", map[string]http.HandlerFunc{
			start: listing("x", `<script>createPageHTML(2, 0, 'list', 'shtml')</script>`), "www.a.gov.cn/nb/x.html": article,
		}, "ok /, gone /list_1.shtml, gone /list_2.shtml, ok /x.html", "announces 1 further pages, none was there", 5},
		{"counter gone wild", map[string]http.HandlerFunc{
			start: listing("x", `<script>createPageHTML(99, 0, 'list', 'shtml')</script>`), start + "list_1.shtml": listing("y", ""), "www.a.gov.cn/nb/x.html": article, "www.a.gov.cn/nb/y.html": article,
		}, "ok /, ok /list_1.shtml, gone /list_2.shtml, gone /list_3.shtml, gone /list_4.shtml, gone /list_99.shtml, ok /x.html, ok /y.html", "announces 98 further pages, 94 were not asked for as 3 before them were not there", 9},
		{"fewer rows than announced", map[string]http.HandlerFunc{
			start: listing("x", `共<b>20</b>条`), "www.a.gov.cn/nb/x.html": article,
		}, "ok /, ok /x.html", "announces 20 rows, 1 were found", 3},
		{"redirect by script, frame", map[string]http.HandlerFunc{
			start: body(`<script>location.replace("/gk/");</script>`), "www.a.gov.cn/gk/": body(`<iframe src="list.html"></iframe>`), "www.a.gov.cn/gk/list.html": listing("x", ""), "www.a.gov.cn/nb/x.html": article,
		}, "ok /, ok /, ok /list.html, ok /x.html", "", 5},
		{"withdrawn report, and one that says so", map[string]http.HandlerFunc{
			start: listing("x y", ""), "www.a.gov.cn/nb/x.html": body(`<html><meta http-equiv="refresh" content="0;URL=../"></html>`), "www.a.gov.cn/nb/y.html": body("<html><p>您访问的页面不存在</p></html>"),
		}, "ok /, gone /x.html, gone /y.html", "gone:withdrawn (a page of 60 bytes that leads to /)", 4},
		{"self-linking directories, session ids", map[string]http.HandlerFunc{
			start: body(`<ul><li><a href="/nb/x.html;jsessionid=1">某市2021年政府信息公开工作年度报告</a></li><li><a href="/nb/x.html;jsessionid=2">某市2021年政府信息公开工作年度报告</a></li>
				<li><a href="/nb/nb/nb/nb/nb/y.html">某市2020年政府信息公开工作年度报告</a></li></ul>`), "www.a.gov.cn/nb/x.html": article,
		}, "ok /, ok /x.html", "", 3},
		{"column, then year", map[string]http.HandlerFunc{
			start:                   body(`<a href="/zwgk/">政务公开</a><a href="/zn/">信息公开指南</a><a href="/gk/">信息公开年报</a>`),
			"www.a.gov.cn/gk/":      body(`<a href="/gk/2021/">2021年</a>`),
			"www.a.gov.cn/gk/2021/": listing("x", ""), "www.a.gov.cn/nb/x.html": article,
		}, "ok /, ok /, ok /, ok /x.html", "", 5},
		{"off the site", map[string]http.HandlerFunc{
			start: body(`<a href="http://www.b.gov.cn/x.html">某市2021年政府信息公开工作年度报告</a><a href="http://mp.weixin.qq.com/x">某市2020年政府信息公开工作年度报告</a>`),
		}, "ok /", "", 2},
		{"no reports", map[string]http.HandlerFunc{start: body("<p>建设中</p>")}, "ok /", "no annual report is listed", 2},
		{"500, then fine", map[string]http.HandlerFunc{start: listing("x y", ""), "www.a.gov.cn/nb/x.html": inTurn(status(500), status(502), article), "www.a.gov.cn/nb/y.html": article},
			"ok /, failed /x.html, ok /y.html, failed /x.html, ok /x.html", "", 6},
		{"500 for ever", map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": status(500)},
			"ok /, failed /x.html, failed /x.html, failed /x.html", "status 500", 5},
		{"reset, then fine", map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": inTurn(func(http.ResponseWriter, *http.Request) { panic(errReset) }, article)},
			"ok /, failed /x.html, ok /x.html", "", 4},
		{"no answer, then fine", map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": inTurn(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); panic(r.Context().Err()) }, article)},
			"ok /, failed /x.html, ok /x.html", "", 4},
		{"oversized", map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": body(strings.Repeat("x", 1<<16+1))},
			"ok /, refused /x.html", "larger than the limit of 65536 bytes", 3},
		{"redirect to https", map[string]http.HandlerFunc{start: status(301, "Location", "https://"+start), "https://" + start: listing("x", ""), "https://www.a.gov.cn/nb/x.html": article},
			"redirect /, ok /, ok /x.html", "", 5},
		{"redirect off the site", map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": status(302, "Location", "http://www.b.gov.cn/")},
			"ok /, redirect /x.html", "redirects to http://www.b.gov.cn/: off the site", 3},
		{"redirect loop", map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": status(302, "Location", "/nb/y.html"), "www.a.gov.cn/nb/y.html": status(302, "Location", "x.html")},
			"ok /, redirect /x.html, redirect /y.html", "redirects in a circle", 4},
		{"robots forbids the report", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": body("User-agent: gongkai\nDisallow: /*.html$\n"), start: listing("x", "")},
			"ok /, blocked /x.html", "robots.txt: Disallow: /*.html$", 2},
		{"robots forbids all", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": body("User-agent: *\nDisallow: /\n"), start: listing("x", "")},
			"blocked /", "robots.txt: Disallow: /", 1},
		{"robots 500, then fine", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": inTurn(status(500), status(404)), start: listing("x", ""), "www.a.gov.cn/nb/x.html": article},
			"ok /, ok /x.html", "", 4},
		{"answers over https only", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": hangUp, start: hangUp, "https://" + start: listing("x", `<a href="http://www.a.gov.cn/nb/?page=2">下一页</a>`),
			"https://" + start + "?page=2": listing("y", ""), "https://www.a.gov.cn/nb/x.html": article, "https://www.a.gov.cn/nb/y.html": article},
			"blocked /, ok /, ok /?page=2, ok /x.html, ok /y.html", "robots.txt cannot be had", 8},
		{"answers without www only", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": hangUp, start: hangUp, "https://www.a.gov.cn/robots.txt": hangUp, "https://" + start: hangUp,
			"a.gov.cn/nb/": listing("x", ""), "a.gov.cn/nb/x.html": article},
			"blocked /, blocked /, ok /, ok /x.html", "robots.txt cannot be had", 7},
		{"answers nowhere", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": hangUp, "https://www.a.gov.cn/robots.txt": hangUp, "a.gov.cn/robots.txt": hangUp},
			"blocked /, blocked /, blocked /", "robots.txt unreachable", 5},
		{"report moved by script, and by a meta tag", map[string]http.HandlerFunc{start: listing("x y", ""), "www.a.gov.cn/nb/x.html": body(`<script>window.location.href="/new/x.html";</script>`),
			"www.a.gov.cn/nb/y.html": body(`<html><meta http-equiv="refresh" content="0;URL='z.html'"></html>`), "www.a.gov.cn/new/x.html": article, "www.a.gov.cn/nb/z.html": article},
			"ok /, ok /x.html, ok /x.html, ok /y.html, ok /z.html", "", 6},
		{"robots 403", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": status(403), start: listing("x", ""), "www.a.gov.cn/nb/x.html": article},
			"ok /, ok /x.html", "", 3},
		{"robots moved", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": status(301, "Location", "/r.txt"), "www.a.gov.cn/r.txt": body("User-agent: *\nDisallow: /nb/x"), start: listing("x y", ""), "www.a.gov.cn/nb/y.html": article},
			"ok /, blocked /x.html, ok /y.html", "robots.txt: Disallow: /nb/x", 4},
		{"challenge", map[string]http.HandlerFunc{start: listing("x y z", ""), "www.a.gov.cn/nb/x.html": article, "www.a.gov.cn/nb/y.html": status(412)},
			"ok /, ok /x.html, blocked /y.html", "challenge:ruishu (status 412)", 4},
		{"Retry-After longer than a run", map[string]http.HandlerFunc{start: listing("x y", ""), "www.a.gov.cn/nb/x.html": status(503, "Retry-After", "86400")},
			"ok /, failed /x.html", "2 pages not visited, site left alone: asks to be left alone for 24h0m0s", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			crawl(t, tt.pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
				if got := states(t, c.Store); got != tt.states {
					t.Errorf("captures:\n got %s\nwant %s", got, tt.states)
				}
				found := slices.ContainsFunc(sum.Problems(), func(p Problem) bool { return tt.trouble != "" && strings.Contains(p.Detail, tt.trouble) })
				if tt.trouble == "" && !sum.Clean() || tt.trouble != "" && !found {
					t.Errorf("problems: got %v, want %q", sum.Problems(), tt.trouble)
				}
				if sum.Requests != tt.requests || len(f.log) != tt.requests {
					t.Errorf("got %d requests (%d counted), want %d: %s", len(f.log), sum.Requests, tt.requests, f.urls())
				}
			})
		})
	}
}

// hangUp answers nothing.
func hangUp(http.ResponseWriter, *http.Request) { panic(errReset) }

// TestMemory: what a listing gave before, and what it led to, is not forgotten when it gives less.
func TestMemory(t *testing.T) {
	report := reportPage(sections(1, 6, 5))
	pages := map[string]http.HandlerFunc{start: listing("x y z", "")}
	for _, name := range []string{"x", "y", "z"} {
		pages["www.a.gov.cn/nb/"+name+".html"] = report
	}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if !sum.Clean() || sum.Reports != 3 {
			t.Fatal(sum, sum.Problems())
		}
		night := func(what, want string, problems ...string) {
			t.Helper()
			time.Sleep(21 * time.Hour)
			sum, err := c.Run(t.Context())
			_, did, _ := strings.Cut(sum.String(), ": ")
			if err != nil || did != want {
				t.Errorf("%s: got  %v, %v\nwant %s", what, sum, err, want)
			}
			var got []string
			for _, p := range sum.Problems() {
				got = append(got, p.Detail)
			}
			if strings.Join(got, "; ") != strings.Join(problems, "; ") {
				t.Errorf("%s: got problems %q, want %q", what, got, problems)
			}
		}
		pages[start] = listing("y", "")
		few, first := "lists 1 reports, and 3 on 2000-01-01", "2000-01-01"
		night("fewer rows", "1 new, 3 unchanged", few) // x and z are asked for all the same
		c.Recheck = true
		pages["www.a.gov.cn/nb/x.html"] = status(404)
		night("the first 404", "0 new, 3 unchanged, 1 gone", "gone: status 404 Not Found", few)
		night("the second", "0 new, 3 unchanged, 1 gone", "gone: status 404 Not Found", few)
		night("the third", "0 new, 3 unchanged, 1 gone, 1 withdrawn", "withdrawn: not there for the 3. time in a row; it was first seen on "+first, few)
		c.Recheck = false
		pages[start] = listing("y z", "")
		night("a page that was withdrawn is left alone", "1 new, 2 left alone", "lists 2 reports, and 3 on "+first)
		time.Sleep(31 * 24 * time.Hour)
		night("said for the last time", "0 new, 3 unchanged, 1 gone", "gone: status 404 Not Found", "lists 2 reports, and 3 on "+first)
		night("forgotten", "0 new, 1 unchanged, 2 left alone")
	})
}

// TestLiar: a server that says "not modified" of what was is not believed for ever.
func TestLiar(t *testing.T) {
	text := "<p>first</p>"
	asked := 0
	lies := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"always the same"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		asked++
		io.WriteString(w, text)
	}
	crawl(t, map[string]http.HandlerFunc{start: lies}, func(t *testing.T, c *Crawler, f *fake, _ Summary) {
		nights := 0
		night := func() Summary {
			t.Helper()
			nights++
			time.Sleep(21 * time.Hour)
			sum, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return sum
		}
		text = "<p>second</p>"
		for asked == 1 && nights < 50 {
			night()
		}
		if asked != 2 || nights != mostBelieved+1 {
			t.Errorf("asked without conditions %d times, first after %d nights", asked-1, nights)
		}
		text = "<p>third</p>"
		if night(); asked != 3 {
			t.Errorf("believed again the next night")
		}
	})
}

func TestRobotsUnreachable(t *testing.T) {
	pages := map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": status(500), start: listing("x", "")}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if len(f.log) != mostTries || sum.Blocked != 1 {
			t.Errorf("got %v: %s", sum, f.urls())
		}
		got, ok, err := c.Store.LastCapture("http://" + start)
		if err != nil || !ok || got.State != store.StateBlocked || got.Robots.Allowed || got.Robots.Reason != "robots.txt answers 500" {
			t.Errorf("got %+v, %v, %v", got, ok, err)
		}
	})
}

func TestManners(t *testing.T) {
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/robots.txt": body("User-agent: *\nCrawl-delay: 10\n"),
		start:                     listing("x y", ""),
		"www.a.gov.cn/nb/x.html":  inTurn(status(429, "Retry-After", "120"), article),
		"www.a.gov.cn/nb/y.html":  article,
	}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		f.checkGaps(t, 10*time.Second)
		if want := "www.a.gov.cn/robots.txt www.a.gov.cn/nb/ www.a.gov.cn/nb/x.html www.a.gov.cn/nb/y.html www.a.gov.cn/nb/x.html"; f.urls() != want {
			t.Fatalf("got %s", f.urls())
		}
		if gap := f.log[3].start.Sub(f.log[2].end); gap < 2*time.Minute {
			t.Errorf("asked again %v after Retry-After: 120", gap)
		}
		for _, r := range f.log {
			if r.agent != "gongkai/test" {
				t.Errorf("user agent %q", r.agent)
			}
		}
		if !sum.Clean() {
			t.Errorf("got %v", sum.Problems())
		}
	})
}

func TestBreaker(t *testing.T) {
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprint("n", i))
	}
	pages := map[string]http.HandlerFunc{start: listing(strings.Join(names, " "), "")}
	for _, n := range names {
		pages["www.a.gov.cn/nb/"+n+".html"] = status(500)
	}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if len(f.log) != 2+5+3 || // five faults in a row, and one after each of three pauses
			sum.Unvisited != 30 {
			t.Errorf("got %v after %d requests", sum, len(f.log))
		}
	})
}

func TestBoundOfListings(t *testing.T) {
	pages := make(map[string]http.HandlerFunc)
	pages[start] = listing("", `<a href="?page=2">下一页</a>`)
	for i := 2; i < 300; i++ {
		pages[fmt.Sprintf("%s?page=%d", start, i)] = body(fmt.Sprintf(`<ul><li><a href="/%d">新闻</a>2022-01-01</li></ul><a href="?page=%d">下一页</a>`, i, i+1))
	}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if len(f.log) != 1+mostListings || sum.Clean() {
			t.Errorf("got %d requests, problems %v", len(f.log), sum.Problems())
		}
	})
}

func TestSecondRun(t *testing.T) {
	etag := func(tag string, next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", tag)
			if r.Header.Get("If-None-Match") == tag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			next(w, r)
		}
	}
	pages := map[string]http.HandlerFunc{start: etag(`"1"`, listing("x", "")), "www.a.gov.cn/nb/x.html": article}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		again := func(want string) {
			t.Helper()
			sum, err := c.Run(t.Context())
			if err != nil || sum.String() != want {
				t.Errorf("got  %v, %v\nwant %s", sum, err, want)
			}
		}
		again("1 requests: 0 new, 1 unchanged, 1 left alone") // robots.txt is believed for a day
		time.Sleep(21 * time.Hour)                            // the next night
		again("2 requests: 0 new, 2 unchanged")
		time.Sleep(21 * time.Hour)
		c.Recheck = true
		pages["www.a.gov.cn/nb/x.html"] = body("<p>changed</p>")
		again("3 requests: 1 new, 1 unchanged, 1 rejected")
		c.Recheck, c.Full = false, true
		again("2 requests: 0 new, 2 unchanged")
		c.Full = false
		pages[start] = etag(`"2"`, listing("x y", ""))
		pages["www.a.gov.cn/nb/y.html"] = article
		again("2 requests: 2 new, 1 left alone, 1 rejected")
	})
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		f := &fake{pages: map[string]http.HandlerFunc{start: listing("x y", ""), "www.a.gov.cn/nb/x.html": func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			panic(r.Context().Err())
		}}}
		c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Store: s, Network: f,
			Portals: []seeds.Portal{{ID: "a", Start: []string{"http://" + start}}}}
		sum, err := c.Run(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v", err)
		}
		if got := states(t, s); got != "ok /" {
			t.Errorf("captures: got %s, want nothing of the interrupted request", got)
		}
		if sum.Requests != 2 || sum.New != 1 {
			t.Errorf("got %v", sum)
		}
	})
}

func TestSitesSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f := &fake{pages: map[string]http.HandlerFunc{}, took: time.Second}
		c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 10, Store: s, Network: f}
		for i := range 10 {
			host := fmt.Sprintf("www.s%d.gov.cn/", i)
			f.pages[host] = listing("x", "")
			f.pages[host+"nb/x.html"] = article
			c.Portals = append(c.Portals, seeds.Portal{ID: fmt.Sprint("s", i), Start: []string{"http://" + host}})
		}
		began := time.Now()
		sum, err := c.Run(t.Context())
		if err != nil || sum.New != 20 || sum.Requests != 30 {
			t.Errorf("got %v, %v", sum, err)
		}
		if took := time.Since(began); took < 5*time.Second || took > 5500*time.Millisecond { // three answers and two gaps each; commits wait for each other
			t.Errorf("ten sites took %v, want the 5s of one", took)
		}
	})
}

// TestListedOdd: what is no web page is no listing.
func TestListedOdd(t *testing.T) {
	c := store.Capture{URL: "http://a.gov.cn/a.pdf"}
	if _, err := listed(nil, c, []byte("%PDF-1.4 …"), seeds.Portal{}, portal.Request{}); err == nil || err.Error() != "no web page: application/pdf" {
		t.Errorf("a PDF as a listing: %v", err)
	}
}
