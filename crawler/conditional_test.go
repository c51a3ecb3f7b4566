package crawler

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/store"
	"gongkai/store/history"
)

// A conditioned page has validators, and another answer to requests with conditions.
type conditioned struct {
	page      http.HandlerFunc // to a request without conditions
	condition http.HandlerFunc // to one with some
	tag       string           // its entity tag
	log       []string         // "if" or "-", of each request
}

func (c *conditioned) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since") != "" {
		c.log = append(c.log, "if")
		c.condition(w, r)
		return
	}
	c.log = append(c.log, "-")
	w.Header().Set("ETag", `"a`+c.tag+`"`)
	w.Header().Set("Last-Modified", "Sat, 25 Dec 1999 01:00:00 GMT")
	c.page(w, r)
}

func (c *conditioned) asked() string { s := strings.Join(c.log, " "); c.log = nil; return s }

// TestRebuff: whatever a server answers to conditions that is neither "not modified" nor a page says nothing about the page,
// which is asked for without them at once; then the site gets none for a while.
func TestRebuff(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"404": status(404), "410": status(410), "403": status(403), "400": status(400), "401": status(401), "405": status(405), "412": status(412), "416": status(416), "418": status(418),
		"204": status(204), "206": status(206), "301 home": status(301, "Location", "/"), "302 itself": status(302, "Location", "/nb/x.html"), "300": status(300),
		"304 of another": status(304, "ETag", `"b"`), "304 of a later": status(304, "ETag", `"c"`, "Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT"),
		"empty 200": body(""), "blank 200": body(" \n"), "soft 404": body("<html><body><p>您访问的页面不存在</p></body></html>"),
		"challenge": body("<html><script>var $_ts={}</script></html>"), "notice": body("<html><body>您的访问被拦截</body></html>"), "403 by script": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(403)
			io.WriteString(w, "<script>x()</script>")
		},
		"521": status(521), "468": status(468),
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			x := &conditioned{page: reportPage(sections(1, 6, 5)), condition: answer}
			pages := map[string]http.HandlerFunc{start: listing("x y", ""), "www.a.gov.cn/nb/x.html": x.serve, "www.a.gov.cn/nb/y.html": reportPage(sections(1, 6, 5))}
			crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
				c.Recheck = true
				before, _, _ := c.Store.LastRecord("http://www.a.gov.cn/nb/x.html")
				for night, want := range []string{"- if -", "-", "-"} { // the first has the crawl before it
					time.Sleep(21 * time.Hour)
					sum, err := c.Run(t.Context())
					if got := x.asked(); err != nil || got != want {
						t.Errorf("night %d: asked %s, want %s", night, got, want)
					}
					if !sum.Clean() || sum.Gone+sum.Withdrawn+sum.Blocked+sum.Failed > 0 || sum.Unvisited > 0 {
						t.Errorf("night %d: %v, %v", night, sum, sum.Problems())
					}
				}
				f.checkGaps(t, c.Delay)
				last, _, err := c.Store.LastCapture("http://www.a.gov.cn/nb/x.html")
				if err != nil || last.State != store.StateUnchanged || last.SHA256 != before.SHA256 {
					t.Errorf("the last answer is %s, %v", last.State, err)
				}
				life, err := history.OfPage(c.Store, "http://www.a.gov.cn/nb/x.html")
				if err != nil || len(life.Revisions) != 1 || slices.ContainsFunc(life.Events, func(e history.Event) bool { return e.Kind != history.Failed }) {
					t.Errorf("its history has %d revisions and %+v, %v", len(life.Revisions), life.Events, err)
				}
			})
		})
	}
}

// TestRebuffThenGone: a page that is gone costs two requests once and one each time after that, and is withdrawn when it was
// missing on three days, however often it was asked for on one.
func TestRebuffThenGone(t *testing.T) {
	x := &conditioned{page: reportPage(sections(1, 6, 5)), condition: status(304)}
	pages := map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": x.serve}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		c.Recheck = true
		x.page, x.condition = status(404), status(404)
		x.asked()
		visit := func(after time.Duration, asked string, withdrawn int) {
			t.Helper()
			time.Sleep(after)
			sum, err := c.Run(t.Context())
			if got := x.asked(); err != nil || got != asked || sum.Withdrawn != withdrawn || sum.Gone != 1 {
				t.Errorf("asked %q, want %q; %v, want %d withdrawn; %v", got, asked, sum, withdrawn, err)
			}
			life, err := history.OfPage(c.Store, "http://www.a.gov.cn/nb/x.html")
			i := slices.IndexFunc(life.Events, func(e history.Event) bool { return e.Kind == history.Withdrawal })
			if err != nil || i < 0 || life.Events[i].Confirmed && withdrawn == 0 || !life.Events[i].Confirmed && withdrawn > 0 {
				t.Errorf("history: %+v, %v", life.Events, err)
			}
		}
		visit(21*time.Hour, "if -", 0)
		for range 4 {
			visit(time.Minute, "-", 0)
		}
		visit(21*time.Hour, "-", 0)
		visit(time.Hour, "-", 0)
		visit(21*time.Hour, "-", 1)
	})
}

// TestRebuffFault: a fault on a request with conditions that is gone without them is told of no page, and when it is not the
// first, none are sent to the site any more. While a server asks to be left alone it is.
func TestRebuffFault(t *testing.T) {
	names := "x y z u v w"
	for name, fault := range map[string]http.HandlerFunc{"500": status(500), "503": status(503), "502": status(502), "429": status(429), "503 later": status(503, "Retry-After", "60")} {
		t.Run(name, func(t *testing.T) {
			pages := map[string]http.HandlerFunc{start: listing(names, "")}
			served := map[string]*conditioned{}
			for _, n := range strings.Fields(names) {
				served[n] = &conditioned{page: reportPage(sections(1, 6, 5)), condition: fault}
				pages["www.a.gov.cn/nb/"+n+".html"] = served[n].serve
			}
			crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
				c.Recheck = true
				for range 2 {
					time.Sleep(21 * time.Hour)
					before := len(f.log)
					sum, err := c.Run(t.Context())
					if err != nil || !sum.Clean() || sum.Unchanged != 7 {
						t.Errorf("%v, %v, %v", sum, sum.Problems(), err)
					}
					if strings.HasPrefix(name, "50") && len(name) == 3 && len(f.log)-before > 10 {
						t.Errorf("%d requests for 6 reports: %s", len(f.log)-before, f.urls())
					}
				}
				for _, n := range strings.Fields(names) {
					if got := served[n].asked(); strings.Contains(got, "if if") || !strings.HasSuffix(got, "-") {
						t.Errorf("%s: asked %s", n, got)
					}
				}
			})
		})
	}
}

// TestRebuffRobots: a robots.txt is not gone because a request with conditions was answered so.
func TestRebuffRobots(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"404": status(404), "403": status(403), "empty": body(""), "home": status(302, "Location", "/")} {
		t.Run(name, func(t *testing.T) {
			robots := &conditioned{page: body("User-agent: *\nDisallow: /nb/x"), condition: answer}
			pages := map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": robots.serve, start: listing("x y", ""), "www.a.gov.cn/nb/y.html": article}
			crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
				for range 3 {
					time.Sleep(25 * time.Hour)
					if _, err := c.Run(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if strings.Contains(f.urls(), "x.html") {
					t.Errorf("asked %s", f.urls())
				}
				if got := robots.asked(); got != "- if - - -" {
					t.Errorf("robots.txt was asked for %s", got)
				}
			})
		})
	}
}

// TestValidators: what may be sent back to a server.
func TestValidators(t *testing.T) {
	now := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ etag, modified, served, sentTag, sentDate string }{
		{`"a"`, "Sat, 29 Jan 2022 01:00:00 GMT", "", `"a"`, "Sat, 29 Jan 2022 01:00:00 GMT"},
		{`W/"a-b"`, "Saturday, 29-Jan-22 01:00:00 GMT", "", `W/"a-b"`, "Saturday, 29-Jan-22 01:00:00 GMT"},
		{`"a b,c"`, "Sat Jan 29 01:00:00 2022", "", `"a b,c"`, "Sat Jan 29 01:00:00 2022"},
		{`5f3c-1a2b:0`, "Sat, 29 Jan 2022 01:00:00 +0800", "", `5f3c-1a2b:0`, ""},
		{`*`, "2022-01-29 01:00:00", "", "", ""},
		{`""`, "2022年1月29日", "", "", ""},
		{`W/""`, "0", "", "", ""},
		{`a,b`, "-1", "", "", ""},
		{`"a`, "Thu, 02 May 2024 00:00:00 GMT", "", "", ""},
		{"\"\xe4\"", "Wed, 01 May 2024 08:00:00 GMT", "", "", ""},
		{`"a", "b"`, "Wed, 01 May 2024 08:00:00 GMT", "Wed, 01 May 2024 08:00:00 GMT", "", "Wed, 01 May 2024 08:00:00 GMT"},
		{`'a'`, "Wed, 01 May 2024 00:00:01 GMT", "nonsense", "", "Wed, 01 May 2024 00:00:01 GMT"},
	} {
		h := http.Header{"Etag": {tt.etag}, "Last-Modified": {tt.modified}}
		if tt.served != "" {
			h.Set("Date", tt.served)
		}
		p := urlHistory{}
		p.learn(store.Capture{State: store.StateOK, Status: 200, Header: h, Time: now, SHA256: "1"})
		sent := p.conditions()
		if sent.Get("If-None-Match") != tt.sentTag || sent.Get("If-Modified-Since") != tt.sentDate {
			t.Errorf("%s, %s: sent %v", tt.etag, tt.modified, sent)
		}
	}
	p := urlHistory{}
	p.learn(store.Capture{State: store.StateOK, Status: 200, Header: http.Header{"Etag": {`"a"`, `"b"`}}, Time: now, SHA256: "1"})
	if len(p.conditions()) > 0 {
		t.Errorf("two tags: sent %v", p.conditions())
	}
}

// TestMisnamed: a "not modified" speaks for the version that it names.
func TestMisnamed(t *testing.T) {
	for _, tt := range []struct {
		held, named string
		want        bool
	}{{`"a"`, `"a"`, false}, {`"a"`, `W/"a"`, false}, {`"a-gzip"`, `"a"`, false}, {`"a"`, `"a--gzip"`, false}, {`"a"`, "", false}, {`"a"`, `"b"`, true}, {"a", `"a"`, false}} {
		if got := (urlHistory{etag: tt.held}).misnamed(http.Header{"Etag": {tt.named}}); got != tt.want {
			t.Errorf("%s for %s: %v", tt.named, tt.held, got)
		}
	}
	day := func(n int) string { return fmt.Sprintf("Sat, %02d Jan 2022 01:00:00 GMT", n) }
	for n, want := range map[int]bool{8: false, 15: false, 22: true} {
		if got := (urlHistory{date: day(15)}).misnamed(http.Header{"Last-Modified": {day(n)}}); got != want {
			t.Errorf("day %d: %v", n, got)
		}
	}
}

// TestShrinkage: a version that has lost most figures, or its end, is told and does not stand until a request without
// conditions brings it again on another day.
func TestShrinkage(t *testing.T) {
	whole, err := os.ReadFile("../testdata/portals/qujiang/report.http")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(strings.ReplaceAll(string(whole), "\r\n", "\n"), "\n\n")
	cells := regexp.MustCompile(`>\s*\d+\s*<`)
	for name, cut := range map[string]string{
		"in the last table": page[:strings.LastIndex(page, "</table>")-400],
		"before the tables": page[:strings.Index(page, "三、")],
		"before its end":    page[:strings.LastIndex(page, "六、")],
		"another page":      "<html><head><title>某市</title></head><body>" + strings.Repeat("<p>正在维护</p>", 40) + "</body></html>",
		"all figures":       cells.ReplaceAllString(page, "><"),
		"figures are gone":  page[:strings.Index(page, "<table")] + page[strings.LastIndex(page, "</table>")+8:],
	} {
		t.Run(name, func(t *testing.T) {
			x := &conditioned{page: body(page), condition: status(304)}
			pages := map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": x.serve}
			crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, _ Summary) {
				c.Recheck, c.MaxPageBytes = true, 1<<20 // it was too large for the first crawl
				time.Sleep(21 * time.Hour)
				if _, err := c.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				stands := func() string {
					t.Helper()
					var rivals store.Rivals
					for r, err := range c.Store.Records() {
						if err != nil {
							t.Fatal(err)
						}
						rivals.Add(r)
					}
					choices := rivals.Choices()
					if len(choices) != 1 {
						t.Fatalf("%d reports", len(choices))
					}
					return choices[0].SHA256
				}
				first := stands()
				visit := func(what string, after time.Duration, asked string, suspicious int, standing bool) {
					t.Helper()
					time.Sleep(after)
					sum, err := c.Run(t.Context())
					told := slices.IndexFunc(sum.Problems(), func(p Problem) bool { return p.Kind == ProblemSuspicious }) >= 0
					if got := x.asked(); err != nil || got != asked || told != (suspicious > 0) || sum.Portals[0].Trouble != suspicious || (stands() == first) != standing {
						t.Errorf("%s: asked %q, want %q; problems %v; the whole one stands: %v; %v", what, got, asked, sum.Problems(), stands() == first, err)
					}
				}
				x.asked()
				visit("whole", 21*time.Hour, "if", 0, true)
				x.page, x.condition, x.tag = body(cut), body(cut), "b"
				visit("cut", 21*time.Hour, "if -", 1, true)
				visit("still cut, on the same day", time.Hour, "-", 1, true)
				x.page, x.condition, x.tag = body(page), status(304), "c"
				visit("whole again", 21*time.Hour, "-", 0, true)
				visit("whole still", 21*time.Hour, "if", 0, true)
				x.page, x.condition, x.tag = body(cut+" "), body(cut+" "), "d"
				visit("cut once more", 21*time.Hour, "if -", 1, true)
				visit("cut on another day", 21*time.Hour, "-", 0, name == "another page")
				x.condition = status(304)
				visit("believed", 21*time.Hour, "if", 0, name == "another page")
				x.page, x.condition, x.tag = body(page), body(page), "e"
				visit("whole for ever", 21*time.Hour, "if", 0, true)
			})
		})
	}
}

// TestConditionsOnly: a report that is another page to who sets conditions is asked for without them at once, and then is.
func TestConditionsOnly(t *testing.T) {
	x := &conditioned{page: reportPage(sections(1, 6, 5)), condition: body("<html><body>" + strings.Repeat("<p>正在维护</p>", 40) + "</body></html>")}
	crawl(t, map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": x.serve}, func(t *testing.T, c *Crawler, f *fake, _ Summary) {
		c.Recheck = true
		for _, want := range []string{"- if -", "-", "-"} { // the first has the crawl before it
			time.Sleep(21 * time.Hour)
			if sum, err := c.Run(t.Context()); err != nil || !sum.Clean() {
				t.Errorf("%v, %v", sum.Problems(), err)
			}
			if got := x.asked(); got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
		}
	})
}

// TestHalved: a report that is cut when it is first seen has no version before it to be held against, but its agency's for
// the year before. It is told, and stands.
func TestHalved(t *testing.T) {
	whole, err := os.ReadFile("../testdata/portals/qujiang/report.http")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(strings.ReplaceAll(string(whole), "\r\n", "\n"), "\n\n")
	next := strings.NewReplacer("2021", "2022", "2022", "2023").Replace(page)
	for name, test := range map[string]struct {
		page string
		told int
	}{
		"whole":         {next, 0},
		"cut in tables": {next[:strings.Index(next, "三、")], 1},
		"one cell less": {strings.Replace(next, ">0<", "><", 1), 0},
	} {
		pages := map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": body(page), "www.a.gov.cn/nb/y.html": body(test.page)}
		crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, _ Summary) {
			c.Recheck, c.MaxPageBytes = true, 1<<20 // they were too large for the first crawl
			for night, list := range []http.HandlerFunc{listing("x", ""), listing("x y", ""), listing("x y", "")} {
				pages[start] = list
				time.Sleep(21 * time.Hour)
				sum, err := c.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				told := 0
				for _, p := range sum.Problems() {
					if p.Kind == ProblemSuspicious && strings.Contains(p.Detail, "for 2021 has") {
						told++
					}
				}
				if want := map[bool]int{true: test.told}[night == 1]; told != want {
					t.Errorf("%s, night %d: told %d times, want %d: %v", name, night, told, want, sum.Problems())
				}
			}
			if last, ok, err := c.Store.LastRecord("http://www.a.gov.cn/nb/y.html"); err != nil || !ok || last.Report == nil || last.Report.Year != 2022 || last.Suspicious != "" {
				t.Errorf("%s: %+v, %v", name, last, err)
			}
		})
	}
}
