package crawler

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// A tokens is a portal that puts something new into each address. Its log is of paths and queries.
type tokens struct {
	list   func(n int) string                           // its rows at the n-th time
	answer func(w http.ResponseWriter, r *http.Request) // to all but the listing and robots.txt
	n      int
	log    []string
}

func (p *tokens) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	switch {
	case r.URL.Path == "/robots.txt":
		w.status = 404
	case strings.HasPrefix(r.URL.Path, "/nb/"):
		p.n++
		body("<html><body><ul>"+p.list(p.n)+"</ul></body></html>")(w, r)
	default:
		p.log = append(p.log, r.URL.RequestURI())
		p.answer(w, r)
	}
	return w.response(r), nil
}

func row(address string, year int) string {
	return fmt.Sprintf(`<li><a href="%s">某市人民政府%d年政府信息公开工作年度报告</a><span>%d-01-29</span></li>`, address, year, year+1)
}

// reportOfYear answers with the report of the year that a path ends with.
func reportOfYear(w http.ResponseWriter, r *http.Request, year string) {
	title := "某市人民政府" + year + "年政府信息公开工作年度报告"
	body("<html><head><title>"+title+"</title></head><body><h1>"+title+"</h1><a href='?t=1'>"+r.URL.RequestURI()+"</a><div class='article'>"+sections(1, 6, 5)+year+"</div></body></html>")(w, r)
}

func yearIn(path string) string {
	i := strings.Index(path, "r20")
	return path[i+1 : i+5]
}

// nights crawls a portal for some nights and returns, of each, the requests for reports and the summary.
func nights(t *testing.T, p *tokens, n int, check func(c *Crawler, night int, sum Summary)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for night := range n {
			c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 1, Store: s, Network: p, Recheck: true,
				Portals: []seeds.Portal{{ID: "a", Agency: "某市人民政府", Division: "330100", Start: []string{"http://www.a.gov.cn/nb/"}}}}
			p.log = nil
			sum, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			check(c, night, sum)
			time.Sleep(21 * time.Hour)
		}
	})
}

// reportsHeld counts the addresses that claim a report, and the reports.
func reportsHeld(t *testing.T, s *store.Store) (pages, reports int) {
	t.Helper()
	urls, keys := map[string]bool{}, map[string]bool{}
	for r, err := range s.Records() {
		if err != nil {
			t.Fatal(err)
		}
		urls[r.URL], keys[r.Report.Key().String()] = true, true
	}
	return len(urls), len(keys)
}

// TestTokens: five nights of a portal that puts something new into each link cost the same number of requests, and make no
// page beside the first.
func TestTokens(t *testing.T) {
	moved := func(to string) func(w http.ResponseWriter, r *http.Request) {
		n := 0
		return func(w http.ResponseWriter, r *http.Request) {
			year := yearIn(r.URL.Path)
			if strings.HasPrefix(r.URL.Path, "/x/") {
				n++
				status(302, "Location", fmt.Sprintf(to, year, fmt.Sprintf("%016x", n*7919)))(w, r)
				return
			}
			reportOfYear(w, r, year)
		}
	}
	plain := func(w http.ResponseWriter, r *http.Request) { reportOfYear(w, r, yearIn(r.URL.Path)) }
	for name, tt := range map[string]struct {
		link   string // of year and something new
		answer func(w http.ResponseWriter, r *http.Request)
		each   int // requests for a report
	}{
		"time":                    {"/a/r%d.html?t=17%011d", plain, 1},
		"fraction":                {"/a/r%d.html?rand=0.%d71", plain, 1},
		"cache buster":            {"/a/r%d.html?_=%d", plain, 1},
		"uuid":                    {"/a/r%d.html?u=4f1c6a3e-0000-4000-8000-%012d", plain, 1},
		"with others":             {"/a/r%d.html?id=7&sid=%032x&x=y", plain, 1},
		"two of them":             {"/a/r%d.html?t=%[2]d&sid=%[2]x", plain, 1},
		"PHPSESSID":               {"/a/r%d.html?PHPSESSID=%032x", plain, 1},
		"jsessionid in the path":  {"/a/r%d.html;jsessionid=%032X", plain, 1},
		"session as a segment":    {"/(S(%[2]024x))/a/r%[1]d.html", plain, 1},
		"redirect to jsessionid":  {"/x/r%d.html", moved("/a/r%s.html;jsessionid=%s"), 2},
		"redirect to a parameter": {"/x/r%d.html", moved("/a/r%s.html?sid=%s"), 2},
		"redirect to a segment":   {"/x/r%d.html", moved("/(S(%[2]s))/a/r%[1]s.html"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			link := func(year, n int) string {
				if !strings.Contains(tt.link, "%0") && strings.Count(tt.link, "%") == 1 {
					return fmt.Sprintf(tt.link, year)
				}
				return fmt.Sprintf(tt.link, year, n*1000+year)
			}
			p := &tokens{answer: tt.answer, list: func(n int) string { return row(link(2020, n), 2020) + row(link(2021, n), 2021) }}
			nights(t, p, 5, func(c *Crawler, night int, sum Summary) {
				if len(p.log) != 2*tt.each {
					t.Errorf("night %d asked %q", night, p.log)
				}
				if pages, reports := reportsHeld(t, c.Store); pages != 2 || reports != 2 || night > 0 && sum.Reports > 0 && tt.each == 1 && sum.New > 3 {
					t.Errorf("night %d: %d pages of %d reports, %v", night, pages, reports, sum)
				}
				if !sum.Clean() {
					t.Errorf("night %d: %v", night, sum.Problems())
				}
			})
		})
	}
}

// TestTokensTwice: a listing that links a report twice with other tokens costs one request more, the first night only.
func TestTokensTwice(t *testing.T) {
	p := &tokens{answer: func(w http.ResponseWriter, r *http.Request) { reportOfYear(w, r, yearIn(r.URL.Path)) },
		list: func(n int) string {
			return row(fmt.Sprintf("/a/r2020.html?t=%d1", n), 2020) + row(fmt.Sprintf("/a/r2020.html?t=%d2", n), 2020) + row(fmt.Sprintf("/a/r2020.html?t=%d3", n), 2020)
		}}
	nights(t, p, 4, func(c *Crawler, night int, sum Summary) {
		want := 3
		if night > 0 {
			want = 1
		}
		if pages, _ := reportsHeld(t, c.Store); len(p.log) != want || pages != 1 {
			t.Errorf("night %d asked %q, %d pages", night, p.log, pages)
		}
	})
}

// TestNoTokens: parameters that tell reports apart are never ignored: not those of other years, nor of agencies under the same
// name, nor where a page is drawn by script, nor what was a token once.
func TestNoTokens(t *testing.T) {
	same := func(address string) string { return row(address, 2021) }
	t.Run("years", func(t *testing.T) {
		p := &tokens{answer: func(w http.ResponseWriter, r *http.Request) { reportOfYear(w, r, "20"+r.URL.Query().Get("id")) },
			list: func(n int) string {
				return row("/a/r.html?id=20", 2020) + row("/a/r.html?id=21", 2021) + row("/a/r.html?id=19", 2019)
			}}
		nights(t, p, 4, func(c *Crawler, night int, sum Summary) {
			if pages, reports := reportsHeld(t, c.Store); pages != 3 || reports != 3 || len(p.log) != 3 {
				t.Errorf("night %d: %d pages of %d reports, asked %q", night, pages, reports, p.log)
			}
		})
	})
	t.Run("one name", func(t *testing.T) {
		p := &tokens{answer: func(w http.ResponseWriter, r *http.Request) { reportOfYear(w, r, "20"+r.URL.Query().Get("id")) },
			list: func(n int) string {
				var rows string
				for id := 15; id < 18+n; id++ {
					rows += same(fmt.Sprintf("/a/r.html?id=%d", id))
				}
				return rows
			}}
		nights(t, p, 3, func(c *Crawler, night int, sum Summary) {
			if pages, reports := reportsHeld(t, c.Store); pages != 4+night || reports != 4+night {
				t.Errorf("night %d: %d pages of %d reports, asked %q", night, pages, reports, p.log)
			}
		})
	})
	t.Run("drawn by script", func(t *testing.T) {
		p := &tokens{answer: body("<html><body><div id='app'></div><script src='/app.js'></script></body></html>"),
			list: func(n int) string {
				return same("/a/r.html?id=1") + same("/a/r.html?id=2") + same("/a/r.html?id=3") + same(fmt.Sprint("/a/r.html?id=", n+3))
			}}
		nights(t, p, 3, func(c *Crawler, night int, sum Summary) {
			if len(p.log) != 4 {
				t.Errorf("night %d asked %q", night, p.log)
			}
		})
	})
	t.Run("one path", func(t *testing.T) { // a token that has the report's year in it
		p := &tokens{answer: func(w http.ResponseWriter, r *http.Request) { reportOfYear(w, r, r.URL.Query().Get("t")[:4]) },
			list: func(n int) string {
				return row(fmt.Sprint("/a/r.html?t=2020", n), 2020) + row(fmt.Sprint("/a/r.html?t=2021", n), 2021)
			}}
		nights(t, p, 5, func(c *Crawler, night int, sum Summary) {
			if pages, reports := reportsHeld(t, c.Store); pages != 2 || reports != 2 || len(p.log) != 2 {
				t.Errorf("night %d: %d pages of %d reports, asked %q", night, pages, reports, p.log)
			}
		})
	})
	t.Run("no more", func(t *testing.T) {
		p := &tokens{list: func(n int) string { return same(fmt.Sprint("/a/r.html?t=", n)) }, answer: func(w http.ResponseWriter, r *http.Request) {
			year := "2021"
			if q, _ := url.ParseQuery(r.URL.RawQuery); q.Get("t") >= "5" {
				year = "2022"
			}
			reportOfYear(w, r, year)
		}}
		nights(t, p, 7, func(c *Crawler, night int, sum Summary) {
			pages, reports := reportsHeld(t, c.Store)
			if night < 4 && pages != 1 || night == 4 && (pages != 2 || reports != 2) {
				t.Errorf("night %d: %d pages of %d reports", night, pages, reports)
			}
			if r, ok, err := c.Store.LastRecord("http://www.a.gov.cn/a/r.html?t=1"); err != nil || !ok || r.Report.Year != 2021 {
				t.Errorf("night %d: the first page is of %d", night, r.Report.Year)
			}
		})
	})
}

// TestTokenLikeIDs: an identifier that looks like a token is one page a report, however much else it shares with another.
func TestTokenLikeIDs(t *testing.T) {
	for name, shape := range map[string]string{
		"time":       "/a/r.html?t=17000000%05d",
		"uuid":       "/a/r.html?u=4f1c6a3e-0000-4000-8000-%012d",
		"hash":       "/a/r.html?sid=%032x",
		"fraction":   "/a/r.html?rand=0.%d71",
		"underscore": "/a/r.html?_=%d",
		"token":      "/a/r.html?token=%016x",
		"with more":  "/a/r.html?id=7&t=%d",
		"version":    "/a/r.html?v=%d",
		"two":        "/a/r.html?t=%[1]d&sid=%[1]x",
		"code":       "/a/r.html?key=MDAw%d==",
	} {
		t.Run(name, func(t *testing.T) {
			years := map[string]string{}
			var rows string
			for year := 2019; year < 2022; year++ {
				address := fmt.Sprintf(shape, year*7919)
				years[address] = fmt.Sprint(year)
				rows += row(strings.ReplaceAll(address, "&", "&amp;"), 2021) // all under one name
			}
			p := &tokens{answer: func(w http.ResponseWriter, r *http.Request) { reportOfYear(w, r, years[r.URL.RequestURI()]) },
				list: func(int) string { return rows }}
			nights(t, p, 3, func(c *Crawler, night int, _ Summary) {
				if pages, reports := reportsHeld(t, c.Store); pages != 3 || reports != 3 || len(p.log) != 3 {
					t.Errorf("night %d: %d pages of %d reports, asked %q", night, pages, reports, p.log)
				}
			})
		})
	}
}

// TestTokensAbsent: a token that is in the links of some nights only makes two pages, with it and without it, and no more.
func TestTokensAbsent(t *testing.T) {
	p := &tokens{answer: func(w http.ResponseWriter, r *http.Request) { reportOfYear(w, r, yearIn(r.URL.Path)) },
		list: func(n int) string {
			if n%2 == 0 {
				return row("/a/r2020.html", 2020)
			}
			return row(fmt.Sprintf("/a/r2020.html?t=%d", n), 2020)
		}}
	nights(t, p, 6, func(c *Crawler, night int, _ Summary) {
		if pages, _ := reportsHeld(t, c.Store); len(p.log) != min(night+1, 2) || pages != min(night+1, 2) {
			t.Errorf("night %d asked %q, %d pages", night, p.log, pages)
		}
	})
}
