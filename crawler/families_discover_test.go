package crawler_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/crawler"
	"gongkai/seeds"
)

// TestFamiliesDiscovered: the saved listings of every family are found from a home page before them, by what the page
// that the link leads to lists, and a crawl goes on from there.
func TestFamiliesDiscovered(t *testing.T) {
	dirs, c := families(t)
	names := []string{"政府信息公开年报", "信息公开年度报告", "年报", "政府信息公开工作年度报告"}
	requests := make([]int, len(dirs))
	right := map[string]string{}
	for i, file := range dirs {
		id := strings.ReplaceAll(filepath.Base(filepath.Dir(file)), "_", "-")
		inner, start, _ := serve(t, filepath.Dir(file), &requests[i])
		outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			switch r.URL.RequestURI() {
			case "/":
				io.WriteString(w, `<html><head><title>某县人民政府</title></head><body><ul><li><a href="/xw.html">新闻</a></li><li><a href="/sec.html">政府信息公开</a></li><li><a href="/wznb.html">政府网站年度报表</a></li></ul></body></html>`)
			case "/sec.html":
				io.WriteString(w, `<html><head><title>政府信息公开</title></head><body><ul><li><a href="/zn.html">政府信息公开指南</a></li><li><a href="`+start+`">`+names[i%len(names)]+`</a></li><li><a href="/fz.html">法治政府建设年度报告</a></li></ul></body></html>`)
			default:
				inner.Config.Handler.ServeHTTP(w, r)
			}
		}))
		t.Cleanup(outer.Close)
		right[id] = outer.URL + start
		c.Portals = append(c.Portals, seeds.Portal{ID: id, Start: []string{outer.URL + "/"}, Confidence: seeds.HomeOnly})
	}
	found, _, err := c.Discoveries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		if d.Requests > crawler.MostRequests {
			t.Errorf("%s: %d requests", d.Portal, d.Requests)
		}
		switch {
		case len(d.Listings) == 0:
			t.Errorf("%s: %s, %s: %+v", d.Portal, d.Outcome, d.Reason, d.Steps)
		case d.Listings[0].URL != right[d.Portal] && !strings.Contains(d.Portal, "first-channel"):
			t.Errorf("%s: got %s, want %s: %+v", d.Portal, d.Listings[0].URL, right[d.Portal], d.Steps)
		}
	}
}
