package collection

import (
	"net/url"
	"testing"

	"gongkai/crawler/weburl"
	"gongkai/seeds"
	"gongkai/store"
)

// TestFoldersOfPortals: of several portals on a host, a page is that one's in whose folder it lies; what nobody can tell is
// nobody's.
func TestFoldersOfPortals(t *testing.T) {
	at := "http://www.a.gov.cn"
	r := newRoles([]seeds.Portal{
		{ID: "county", Home: at + "/", Start: []string{at + "/zwgk/nb/"}, Given: []string{at + "/"}},
		{ID: "czj", Home: at + "/bm/czj/", Start: []string{at + "/bm/czj/nb/"}, Given: []string{at + "/bm/czj/index.html"}},
		{ID: "jyj", Start: []string{at + "/channels/12.html"}},
		{ID: "gaj", Start: []string{at + "/channels/13.html"}},
		{ID: "mzj", Start: []string{at + "/public/column/16591?type=3"}},
		{ID: "alone", Start: []string{"http://www.b.gov.cn/gk/nb/list.html"}},
		{ID: "one", Start: []string{"http://www.c.gov.cn/one/nb/"}},
		{ID: "two", Start: []string{"http://www.c.gov.cn/two/nb/"}},
	})
	for address, want := range map[string]string{
		at + "/xw/1.html":                       "county",
		"https://a.gov.cn/zwgk/nb/1.html":       "county",
		at + "/bm/czj/2021/t1.html":             "czj",
		at + "/bm/czj":                          "czj",
		at + "/bm/czj2/1.html":                  "county",
		at + "/channels/77.html":                "",
		at + "/public/16591/12.html":            "mzj",
		at + "/public/column/16591?type=4":      "mzj",
		at + "/public/165912/12.html":           "county",
		"http://www.b.gov.cn/anything.html":     "alone",
		"http://xxgk.b.gov.cn/anything.html":    "alone",
		"http://www.c.gov.cn/one/nb/1.html":     "one",
		"http://www.c.gov.cn/three/1.html":      "",
		"http://xxgk.c.gov.cn/one/nb/1.html":    "",
		"http://www.unknown.gov.cn/one/nb.html": "",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.portal(u); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

// TestPagesShareMenus: what all pages of a site bear is in memory once.
func TestPagesShareMenus(t *testing.T) {
	r := newRoles(nil)
	for _, path := range []string{"1", "2", "3"} {
		s := r.look(store.Capture{URL: "http://www.a.gov.cn/" + path + ".html"}, []byte(`<html><body><a href="/nb/">政府信息公开年报</a><a href="/bm/nb/">信息公开年度报告</a></body></html>`), seeds.Portal{})
		if s == nil || len(s.columns) != 2 {
			t.Fatalf("got %+v", s)
		}
		r.add(s)
	}
	first, last := r.order[0].columns, r.order[2].columns
	if &first[0] != &last[0] || len(r.menus) != 1 {
		t.Errorf("%d menus", len(r.menus))
	}
	r.settle()
	if len(r.of) != 2 || r.of[weburl.KeyOf("http://www.a.gov.cn/nb/")].Kind != store.KindListing {
		t.Errorf("got %+v", r.of)
	}
}
