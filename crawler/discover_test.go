package crawler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// searchTowns looks for the listings of portals and returns what came of each.
// townSeed is drawn from: another one makes another country.
const townSeed = 1

func searchTowns(t testing.TB, all []*town) []seeds.Discovery {
	t.Helper()
	s, err := store.Open(fast(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	network := towns{}
	c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 64, Network: network, Store: s}
	for _, one := range all {
		network[one.host] = one
		c.Portals = append(c.Portals, one.seed())
	}
	found, _, err := c.Discoveries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// check says what is wrong with what was found on a portal, or "".
func (t *town) check(d seeds.Discovery) string {
	first := true
	for _, l := range d.Listings {
		address := strings.Replace(l.URL, "https://", "http://", 1)
		switch {
		case t.right[address]:
		case t.also[address] && !first:
		default:
			return "wrong: " + l.URL
		}
		first = false
	}
	if first {
		return "missed: " + d.Outcome + " " + d.Reason
	}
	return ""
}

// TestTowns: on portals of all families, with nothing but the address, the right listing is found on nearly all, none is
// accepted that is not one, and no portal is asked for more than it may be.
func TestTowns(t *testing.T) {
	number := 10 * len(townFamilies)
	if testing.Short() || raced {
		number = 3 * len(townFamilies)
	}
	synctest.Test(t, func(t *testing.T) {
		var all []*town
		for n := range number {
			all = append(all, newTown(n, townSeed))
		}
		found := searchTowns(t, all)
		missed, requests := 0, 0
		for i, d := range found {
			one := all[i]
			if len(one.asked) > MostRequests || d.Requests != len(one.asked) {
				t.Errorf("%s: %d requests, %d counted", one.host, len(one.asked), d.Requests)
			}
			requests += len(one.asked)
			fault := one.check(d)
			if strings.HasPrefix(fault, "wrong") {
				t.Errorf("%s %s %v: %s\n%s", one.host, one.family, one.traits, fault, trail(d))
			} else if fault != "" {
				missed++
				t.Logf("%s %s %v: %s\n%s", one.host, one.family, one.traits, fault, trail(d))
			}
		}
		t.Logf("%d portals, %d missed, %.1f requests each", len(found), missed, float64(requests)/float64(len(found)))
		if len(found) != number || missed*50 > number {
			t.Errorf("%d of %d portals missed", missed, number)
		}
	})
}

// TestNotDiscovered: what keeps the search from a portal is told, and it stops at once.
func TestNotDiscovered(t *testing.T) {
	home := body(`<a href="/zfxxgk/">政府信息公开</a>`)
	hangUp := func(http.ResponseWriter, *http.Request) { panic(errReset) }
	for _, tt := range []struct {
		name            string
		pages           map[string]http.HandlerFunc
		outcome, reason string
		most            int // requests
	}{
		{"robots.txt forbids all", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": body("User-agent: *\nDisallow: /\n"), "www.a.gov.cn/": home}, seeds.Blocked, "robots.txt: Disallow: /", 1},
		{"challenge", map[string]http.HandlerFunc{"www.a.gov.cn/": status(412)}, seeds.Blocked, "challenge:ruishu", 2},
		{"nobody", map[string]http.HandlerFunc{"www.a.gov.cn/": hangUp, "https://www.a.gov.cn/": hangUp, "a.gov.cn/": hangUp}, seeds.Unreachable, "connection reset", 7},
		{"nobody, not even for robots.txt", map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": hangUp, "https://www.a.gov.cn/robots.txt": hangUp, "a.gov.cn/robots.txt": hangUp}, seeds.Unreachable, "robots.txt", 6},
		{"nothing", map[string]http.HandlerFunc{"www.a.gov.cn/": body("<p>建设中</p>")}, seeds.NotFound, "1 pages led to no listing", 7},
		{"an endless site", map[string]http.HandlerFunc{"www.a.gov.cn/": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 40 {
				fmt.Fprintf(w, `<a href="/d%d/">政府信息公开</a>`, i)
			}
		}}, seeds.NotFound, "12 requests led to no listing", MostRequests},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := store.Open(fast(t))
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				f := &fake{pages: tt.pages}
				c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 1, Store: s, Network: f,
					Portals: []seeds.Portal{{ID: "a", Start: []string{"http://www.a.gov.cn/"}, Confidence: seeds.HomeOnly}}}
				found, _, err := c.Discoveries(t.Context())
				if err != nil || len(found) != 1 {
					t.Fatal(found, err)
				}
				d := found[0]
				if d.Outcome != tt.outcome || !strings.Contains(d.Reason, tt.reason) || len(f.log) > tt.most || d.Requests != len(f.log) {
					t.Errorf("got %s, %s after %d requests (%d counted):\n%s%s", d.Outcome, d.Reason, len(f.log), d.Requests, f.urls(), trail(d))
				}
				asked := len(f.log)
				c.Discover = true
				if _, err := c.Run(t.Context()); err != nil || len(f.log) != asked {
					t.Errorf("the crawl after it: %v, %d more requests", err, len(f.log)-asked)
				}
			})
		})
	}
}

// TestNotTheirs: the listing of the prefecture, on a host of the same site and named as what is looked for, is not the
// county's; the county's own, on a third host, is.
func TestNotTheirs(t *testing.T) {
	list := func(title, who string) http.HandlerFunc {
		text := "<html><head><title>" + title + "</title></head><body><ul>"
		for y := 2023; y > 2018; y-- {
			text += fmt.Sprintf(`<li><a href="/r/%d.html">%s%d年政府信息公开工作年度报告</a><span>%d-01-20</span></li>`, y, who, y, y+1)
		}
		return body(text + "</ul></body></html>")
	}
	home := func(links string) http.HandlerFunc {
		return body(`<html><head><title>禄劝彝族苗族自治县人民政府</title><meta name="SiteName" content="禄劝彝族苗族自治县人民政府"></head><body>` + links + `</body></html>`)
	}
	theirs, own := `<a href="http://www.km.gov.cn/nb/">政府信息公开年报</a>`, `<a href="http://gk.km.gov.cn/lq/">信息公开</a>`
	for _, tt := range []struct {
		name  string
		pages map[string]http.HandlerFunc
		want  string
	}{
		{"named rows", map[string]http.HandlerFunc{"lq.km.gov.cn/": home(theirs), "www.km.gov.cn/nb/": list("政府信息公开年报", "昆明市人民政府")}, ""},
		{"rows without names", map[string]http.HandlerFunc{"lq.km.gov.cn/": home(theirs), "www.km.gov.cn/nb/": list("政府信息公开年报", "")}, ""},
		{"own on a third host", map[string]http.HandlerFunc{"lq.km.gov.cn/": home(theirs + own), "www.km.gov.cn/nb/": list("政府信息公开年报", ""),
			"gk.km.gov.cn/lq/": body(`<a href="/lq/nb/">信息公开年报</a>`), "gk.km.gov.cn/lq/nb/": list("信息公开年报", "禄劝彝族苗族自治县")}, "http://gk.km.gov.cn/lq/nb/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := store.Open(fast(t))
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 1, Store: s, Network: &fake{pages: tt.pages},
					Portals: []seeds.Portal{{ID: "lq", Start: []string{"http://lq.km.gov.cn/"}, Confidence: seeds.HomeOnly}}}
				found, _, err := c.Discoveries(t.Context())
				if err != nil || len(found) != 1 {
					t.Fatal(found, err)
				}
				got := ""
				for _, l := range found[0].Listings {
					got += l.URL
				}
				if got != tt.want {
					t.Errorf("got %q, want %q\n%s", got, tt.want, trail(found[0]))
				}
			})
		})
	}
}

// TestBodies: the sections of bodies below a government become portals, and the government's listing, which the menus of
// their sections name, is not taken for theirs.
func TestBodies(t *testing.T) {
	list := func(who string) http.HandlerFunc {
		return body(`<html><head><title>政府信息公开年报</title></head><body><ul><li><a href="/r/` + who + `1.html">` + who + `2022年政府信息公开工作年度报告</a></li></ul></body></html>`)
	}
	menu := `<a href="/nb/">政府信息公开年报</a>`
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/":           body(menu + `<ul><li><a href="/bm/czj/">财政局</a></li><li><a href="/bm/jyj/">教育局</a></li><li><a href="/bm/gaj/">公安局</a></li><li><a href="/bm/mzj/">民政局</a></li><li><a href="/bm/sfj/">司法局</a></li></ul>`),
		"www.a.gov.cn/nb/":        list("某县人民政府"),
		"www.a.gov.cn/bm/czj/":    body(menu + `<a href="/bm/czj/nb/">信息公开年报</a>`),
		"www.a.gov.cn/bm/czj/nb/": list("财政局"),
		"www.a.gov.cn/bm/jyj/":    body(menu),
	}
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(fast(t))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		portals := []seeds.Portal{{ID: "a", Division: "511923", Level: "county", Start: []string{"http://www.a.gov.cn/"}, Confidence: seeds.HomeOnly}}
		c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 1, Store: s, Network: &fake{pages: pages}, Portals: portals, Discover: true}
		for range 2 {
			if _, err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			found, err := seeds.ReadDiscoveries(s.Dir())
			if err != nil {
				t.Fatal(err)
			}
			c.Portals = found.Apply(portals)
			time.Sleep(24 * time.Hour)
		}
		var got []string
		for _, p := range c.Portals {
			got = append(got, p.ID+" "+p.Agency+" "+p.Start[0][len("http://www.a.gov.cn"):])
		}
		want := "a  /nb/, a-bm-gaj 平昌县公安局 /bm/gaj/, a-bm-sfj 平昌县司法局 /bm/sfj/, a-bm-jyj 平昌县教育局 /bm/jyj/, a-bm-mzj 平昌县民政局 /bm/mzj/, a-bm-czj 平昌县财政局 /bm/czj/nb/"
		if strings.Join(got, ", ") != want {
			t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
		}
	})
}

// TestNamedByTheCatalogue: a listing that the catalogue names as that of one portal is not found again as another's,
// whatever it lists; neither by a search nor by a crawl.
func TestNamedByTheCatalogue(t *testing.T) {
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/":    body(`<a href="/gk/">政府信息公开</a>`),
		"www.a.gov.cn/gk/": body(`<a href="/nb/">政府信息公开年报</a>`),
		"www.a.gov.cn/nb/": body(`<html><head><title>政府信息公开年报</title></head><body><ul><li><a href="/r/1.html">2022年政府信息公开工作年度报告</a></li></ul></body></html>`),
		"www.a.gov.cn/q/":  body(`<a href="/nb/">政府信息公开年报</a>`),
	}
	for _, search := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s, err := store.Open(fast(t))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 1, Store: s, Network: &fake{pages: pages}, Discover: true, Portals: []seeds.Portal{
				{ID: "q", Home: "http://www.a.gov.cn/q/", Start: []string{"http://www.a.gov.cn/q/"}, Confidence: seeds.HomeOnly},
				{ID: "a", Start: []string{"http://www.a.gov.cn/nb/"}, Confidence: seeds.Derived},
			}}
			if search {
				_, _, err = c.Discoveries(t.Context())
			} else {
				_, err = c.Run(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			found, err := seeds.ReadDiscoveries(s.Dir())
			if err != nil {
				t.Fatal(err)
			}
			if d, ok := found.Last("q"); !ok || d.Outcome != seeds.NotFound {
				t.Errorf("search %v: got %+v", search, d)
			}
		})
	}
}

// TestElsewhere: a county whose section of disclosure is on the prefecture's platform, another site. A search for it goes
// on there, a crawl in the next night; by the clock of that site, in no more requests altogether, and never for what the
// prefecture itself or a neighbour lists. When that listing dies it is looked for from the home page again.
func TestElsewhere(t *testing.T) {
	list := func(who string) http.HandlerFunc {
		return body("<html><head><title>政府信息公开年报</title></head><body>" + listOf("/r/"+who, who+"%d年政府信息公开工作年度报告", 2023, 2019) + "</body></html>")
	}
	platform := func(pages map[string]http.HandlerFunc) map[string]http.HandlerFunc {
		pages["www.pc.gov.cn/"] = ours("平昌县人民政府", `<a href="http://zwgk.bz.gov.cn/pc/">政府信息公开</a><a href="http://www.sc.gov.cn/nb/">省政府信息公开年报</a>`)
		pages["www.sc.gov.cn/nb/"] = list("四川省人民政府")
		return pages
	}
	for _, tt := range []struct {
		name  string
		pages map[string]http.HandlerFunc
		want  string
	}{
		{"its own", platform(map[string]http.HandlerFunc{"zwgk.bz.gov.cn/pc/": body(`<a href="/nb/">市政府信息公开年报</a><a href="/pc/nb/">政府信息公开年报</a>`), "zwgk.bz.gov.cn/nb/": list("巴中市人民政府"), "zwgk.bz.gov.cn/pc/nb/": list("平昌县人民政府")}), "http://zwgk.bz.gov.cn/pc/nb/"},
		{"a neighbour's", platform(map[string]http.HandlerFunc{"zwgk.bz.gov.cn/pc/": body(`<a href="/nj/nb/">政府信息公开年报</a>`), "zwgk.bz.gov.cn/nj/nb/": list("南江县人民政府")}), ""},
		{"nobody's", platform(map[string]http.HandlerFunc{"zwgk.bz.gov.cn/pc/": body(`<a href="/pc/nb/">政府信息公开年报</a>`), "zwgk.bz.gov.cn/pc/nb/": list("")}), ""},
	} {
		for _, search := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				s, err := store.Open(fast(t))
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				f := &fake{pages: tt.pages}
				portals := []seeds.Portal{{ID: "pc", Agency: "平昌县人民政府", Division: "511923", Level: "county", Home: "http://www.pc.gov.cn/", Start: []string{"http://www.pc.gov.cn/"}, Confidence: seeds.HomeOnly}}
				c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 1, Store: s, Network: f, Discover: true, Portals: portals}
				night := func() {
					t.Helper()
					if _, err := c.Run(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(24 * time.Hour)
				}
				if search {
					if _, _, err := c.Discoveries(t.Context()); err != nil {
						t.Fatal(err)
					}
				} else {
					night()
					night()
				}
				found, err := seeds.ReadDiscoveries(s.Dir())
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(found.Listings(portals[0]), " "); got != tt.want {
					t.Errorf("%s, search %v: got %q, want %q: %s", tt.name, search, got, tt.want, f.urls())
				}
				if search && len(f.log) > MostRequests {
					t.Errorf("%s: %d requests", tt.name, len(f.log))
				}
				if tt.want == "" {
					return
				}
				c.Portals = found.Apply(portals)
				if p := c.Portals[0]; p.Confidence != seeds.Derived || len(p.Start) != 1 || p.Start[0] != tt.want || p.Home != "http://www.pc.gov.cn/" {
					t.Errorf("got %+v", p)
				}
				night()
				if !strings.Contains(f.urls(), "zwgk.bz.gov.cn/r/") {
					t.Errorf("%s, search %v: no report: %s", tt.name, search, f.urls())
				}
				// it dies, and comes back on the county's own site
				delete(tt.pages, "zwgk.bz.gov.cn/pc/nb/")
				f.pages = map[string]http.HandlerFunc{"www.pc.gov.cn/": ours("平昌县人民政府", `<a href="/nb/">政府信息公开年报</a>`), "www.pc.gov.cn/nb/": list("平昌县人民政府")}
				defer func() { tt.pages["zwgk.bz.gov.cn/pc/nb/"] = list("平昌县人民政府") }()
				night()
				night()
				if found, err = seeds.ReadDiscoveries(s.Dir()); err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(found.Listings(portals[0]), " "); got != "http://www.pc.gov.cn/nb/" {
					t.Errorf("after it died: got %q", got)
				}
				f.checkGaps(t, 0)
			})
		}
	}
}

// TestTownsCrawled: a crawl that knows nothing but home pages comes to the reports of nearly all, in one run.
func TestTownsCrawled(t *testing.T) {
	number := 2 * len(townFamilies)
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(fast(t))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		network := towns{}
		c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 64, Network: network, Store: s, Discover: true}
		var all []*town
		for n := range number {
			one := newTown(n, townSeed+100)
			all, network[one.host] = append(all, one), one
			c.Portals = append(c.Portals, one.seed())
		}
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			var missing []string
			for _, r := range one.made {
				tail := strings.TrimLeft(r.address, "./")
				if !slices.ContainsFunc(one.asked, func(a string) bool { return strings.HasSuffix(a, tail) }) {
					missing = append(missing, r.address)
				}
			}
			if len(missing) > 0 {
				t.Errorf("%s %s %v: %d of %d reports not asked for: %v\n%s", one.host, one.family, one.traits, len(missing), len(one.made), missing, strings.Join(one.asked, "\n"))
			}
		}
	})
}

// trail prints what was looked at.
func trail(d seeds.Discovery) string {
	var b strings.Builder
	for _, s := range d.Steps {
		fmt.Fprintf(&b, "    %3d %s: %s -> %s\n", s.Points, s.URL, s.Why, s.Result)
	}
	return b.String()
}
