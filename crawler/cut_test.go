package crawler

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gongkai/store"
)

// announcing serves a page whose Content-Length is that of so many bytes more.
func announcing(more int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(text)+more))
		body(text)(w, r)
	}
}

func reportText(text string) string {
	return "<html><head><title>" + reportTitle + "</title></head><body><h1>" + reportTitle + "</h1><div class='article'>" + text + "</div>"
}

// TestCutPage: a body that breaks off is asked for again. When it breaks off at the same place, that is how the server
// ends it: it is archived, read and marked, and no fault of the site.
func TestCutPage(t *testing.T) {
	text := reportText(sections(1, 6, 5))
	whole := text + "</body></html>"
	for _, tt := range []struct {
		name    string
		page    http.HandlerFunc
		states  string
		marks   int // problems of kind part of the record; -1 where there is none
		trouble int // of the run
	}{
		{"the length is too large", announcing(100, whole), "failed /x.html, ok /x.html", 1, 0},
		{"and the text grows", inTurn(announcing(100, whole), announcing(100, strings.Replace(whole, "</body>", "7</body>", 1))), "failed /x.html, ok /x.html", 1, 0},
		{"without its end", announcing(100, text), "failed /x.html, ok /x.html", 1, 1},
		{"cut once", inTurn(announcing(100, text), body(whole)), "failed /x.html, ok /x.html", 0, 0},
		{"cut elsewhere each time", inTurn(announcing(100, text), announcing(90, text), announcing(80, text)), "failed /x.html, failed /x.html, failed /x.html", -1, 1},
		{"nothing comes", announcing(100, ""), "failed /x.html, failed /x.html, failed /x.html", -1, 1},
		{"a part that nobody has asked for", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(text)-1, len(whole)))
			body(text)(w, r)
		}, "failed /x.html, ok /x.html", 1, 1},
		{"all, as a part", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(whole)-1, len(whole)))
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, whole)
		}, "ok /x.html", 0, 0},
		{"a wall that breaks off", announcing(9, `<script>document.cookie="__jsl_clearance=1"</script>`), "failed /x.html, blocked /x.html", -1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			crawl(t, map[string]http.HandlerFunc{start: listing("x", ""), reportX: tt.page}, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
				if got := strings.TrimPrefix(states(t, c.Store), "ok /nb/, "); !strings.HasSuffix(got, tt.states) || strings.Count(got, "x.html") != strings.Count(tt.states, "x.html") {
					t.Errorf("got %s, want %s", got, tt.states)
				}
				if sum.Portals[0].Trouble != tt.trouble {
					t.Errorf("problems of the run: %v", sum.Problems())
				}
				rec, read, err := c.Store.LastRecord("http://" + reportX)
				if err != nil || read != (tt.marks >= 0) {
					t.Fatalf("record: %v, %v", read, err)
				}
				if !read {
					return
				}
				if rec.Report == nil || problems(rec.Report, "part") != tt.marks {
					t.Fatalf("record: %+v", rec)
				}
				if again, err := reread(t, c); err != nil || problems(again.Report, "part") != tt.marks {
					t.Errorf("read again: %v, %v", again.Report.Problems, err)
				}
			})
		})
	}
}

// TestCutPagesOfSite: what breaks off is no fault of the site, whose other pages are visited.
func TestCutPagesOfSite(t *testing.T) {
	var names []string
	pages := map[string]http.HandlerFunc{}
	for i := range 24 {
		name := fmt.Sprintf("p%02d", i)
		names = append(names, name)
		pages["www.a.gov.cn/nb/"+name+".html"] = article
		if i < 12 {
			pages["www.a.gov.cn/nb/"+name+".html"] = announcing(10+i, "<html><body>"+name)
		}
	}
	pages[start] = listing(strings.Join(names, " "), "")
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if sum.Unvisited != 0 || sum.New != 25 || len(f.log) != 2+24+12 {
			t.Errorf("%v after %d requests", sum, len(f.log))
		}
	})
}

// TestCutNextNight: a part is asked for without conditions, once a night while it lacks its end; and what comes whole at
// last is believed, though its bytes be the same.
func TestCutNextNight(t *testing.T) {
	text := reportText(sections(1, 6, 5))
	page := func(more int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("ETag", `"1"`)
			announcing(more, text)(w, r)
		}
	}
	pages := map[string]http.HandlerFunc{start: listing("x", ""), reportX: page(100)}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		for night, want := range []int{2, 1, 1} { // the last is whole
			if night == 2 {
				pages[reportX] = page(0)
			}
			if night > 0 {
				time.Sleep(time.Hour) // it is not due
				f.log = nil
				if _, err := c.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := strings.Count(f.urls(), "x.html"); n != want {
				t.Errorf("night %d: asked %d times, want %d", night, n, want)
			}
			rec := record(t, c.Store)
			if marked := problems(rec.Report, "part") == 1; marked != (night < 2) {
				t.Errorf("night %d: marked=%v", night, marked)
			}
			if again, err := reread(t, c); err != nil || problems(again.Report, "part") != problems(rec.Report, "part") {
				t.Errorf("night %d: read again: %v, %v", night, again.Report.Problems, err)
			}
		}
		f.log = nil
		if _, err := c.Run(t.Context()); err != nil || strings.Contains(f.urls(), "x.html") {
			t.Errorf("a whole page is asked for: %s, %v", f.urls(), err)
		}
	})
}

// TestCutKeepsWhole: no part takes the place of a whole page that is held.
func TestCutKeepsWhole(t *testing.T) {
	text := reportText(sections(1, 6, 5))
	pages := map[string]http.HandlerFunc{start: listing("x", ""), reportX: body(text + "</body></html>")}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		first := record(t, c.Store)
		pages[reportX] = announcing(1000, text[:len(text)-500])
		c.Recheck = true
		sum, err := c.Run(t.Context())
		if rec := record(t, c.Store); err != nil || rec.Capture != first.Capture || sum.Failed != 1 || sum.Clean() {
			t.Errorf("got capture %d, %v, %v", rec.Capture, sum, err)
		}
	})
}

// TestCutPart: a part of a report that breaks off is asked for again, in the run and the nights after, also by a backfill.
func TestCutPart(t *testing.T) {
	const attached = "www.a.gov.cn/nb/a.pdf"
	accident := func() http.HandlerFunc {
		n := 0
		return func(w http.ResponseWriter, r *http.Request) { n++; announcing(100-n, "%PDF-1.4 half")(w, r) }
	}
	for _, backfill := range []bool{false, true} {
		pages := map[string]http.HandlerFunc{start: listing("x", ""),
			reportX:  reportPage(sections(1, 6, 5) + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
			attached: accident(),
		}
		crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
			if backfill {
				c.Years = Years{2021, 2021}
			}
			if rec := record(t, c.Store); !rec.Pending() || sum.Failed != 1 || sum.Clean() || len(f.log) != 3+mostTries {
				t.Errorf("first: %s; %v; %s", described(rec), sum, f.urls())
			}
			pages[attached] = body("%PDF-1.4 whole %%EOF")
			sum, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if rec := record(t, c.Store); rec.Pending() || rec.Attachments == "" || !sum.Clean() {
				t.Errorf("second: %s; %v", described(rec), sum)
			}
		})
	}
}

// TestCutPartForGood: an attachment that always breaks off at one place is kept and marked, and asked for again at the next
// visit while it lacks its end.
func TestCutPartForGood(t *testing.T) {
	for text, pending := range map[string]bool{"%PDF-1.4 half": true, "%PDF-1.4 whole %%EOF\n": false} {
		pages := map[string]http.HandlerFunc{start: listing("x", ""),
			reportX:                 reportPage(sections(1, 6, 5) + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
			"www.a.gov.cn/nb/a.pdf": announcing(100, text),
		}
		crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
			rec := record(t, c.Store)
			if rec.Pending() != pending || rec.Attachments == "" || problems(rec.Report, "part") != 1 || len(f.log) != 3+2 || sum.Clean() != !pending {
				t.Errorf("%s; %v; %d requests; %v", described(rec), rec.Report.Problems, len(f.log), sum.Problems())
			}
			f.log = nil
			if _, err := c.Run(t.Context()); err != nil || strings.Contains(f.urls(), "a.pdf") != pending {
				t.Errorf("next night: %s, %v", f.urls(), err)
			}
		})
	}
}

// TestRawLocation: a redirect in raw bytes of GBK leads to the same address when the archive is read again.
func TestRawLocation(t *testing.T) {
	pages := map[string]http.HandlerFunc{start: listing("x", ""),
		reportX: reportPage(sections(1, 6, 5) + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
		"www.a.gov.cn/nb/a.pdf": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/nb/\xc4\xea\xb1\xa8.pdf")
			w.WriteHeader(http.StatusFound)
		},
		"www.a.gov.cn/nb/%C4%EA%B1%A8.pdf": body("%PDF-1.4 whole %%EOF"),
	}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		rec := record(t, c.Store)
		again, err := reread(t, c)
		if err != nil || rec.Attachments == "" || again.Attachments != rec.Attachments || rec.Pending() || again.Pending() {
			t.Errorf("%v\nfirst: %s\nagain: %s\n%s", err, described(rec), described(again), f.urls())
		}
	})
}

// TestCutRobots: of a robots.txt no part will do, however often it comes.
func TestCutRobots(t *testing.T) {
	pages := map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": announcing(5, "User-agent: *\nDisallow: /x"), start: listing("x", ""), reportX: article}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		for c, err := range c.Store.CapturesOf("http://www.a.gov.cn/robots.txt") {
			if err != nil || c.State != store.StateFailed {
				t.Errorf("got %s, %v", c.State, err)
			}
		}
	})
}
