package crawler_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/crawler"
	"gongkai/crawler/portal"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/storetest"
)

// serve serves a saved listing, POST included: its answers are saved under the address by which the archive knows
// them. It counts what is asked for.
func serve(t *testing.T, dir string, requests *int) (s *httptest.Server, start string, reports map[string]string) {
	t.Helper()
	var site struct {
		Start string
		Pages map[string]string
	}
	for name, v := range map[string]any{"site.json": &site, "reports.json": &reports} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(data, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	sorted := func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return u.Path + "?" + u.Query().Encode()
	}
	pages := make(map[string]*http.Response)
	bodies := make(map[string][]byte)
	for address, file := range site.Pages {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		pages[sorted(address)], bodies[sorted(address)] = res, body
	}
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reports[r.URL.RequestURI()] == "" && r.URL.Path != "/robots.txt" {
			*requests++ // one after the other, as the test of manners makes sure
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		key := sorted(portal.Request{Method: r.Method, URL: r.URL.RequestURI(), Body: string(body)}.Key())
		page, ok := pages[key]
		if !ok || r.Method == http.MethodPost && r.Header.Get("Content-Type") == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", page.Header.Get("Content-Type"))
		w.Write(bodies[key])
	}))
	t.Cleanup(s.Close)
	return s, site.Start, reports
}

// families returns the sites whose listings are saved, and a crawler for them with an empty archive.
func families(t *testing.T) (dirs []string, c *crawler.Crawler) {
	t.Helper()
	dirs, err := filepath.Glob("../testdata/listings/*/site.json")
	if err != nil || len(dirs) < 20 {
		t.Fatalf("%d sites, %v", len(dirs), err)
	}
	s := storetest.Open(t)
	return dirs, &crawler.Crawler{UserAgent: "gongkai/test (+https://example.org)", Delay: time.Millisecond, Hosts: 8, AllowPrivate: true, Store: s}
}

// TestFamilies: of the listings of every family all reports are archived and nothing else, and nothing is wrong; the
// night after that costs a request for each page of a listing.
func TestFamilies(t *testing.T) {
	dirs, c := families(t)
	want := make(map[string]string) // URL to title
	requests := make([]int, len(dirs))
	for i, file := range dirs {
		server, start, reports := serve(t, filepath.Dir(file), &requests[i])
		for path, title := range reports {
			want[server.URL+path] = title
		}
		c.Portals = append(c.Portals, seeds.Portal{ID: strings.ReplaceAll(filepath.Base(filepath.Dir(file)), "_", "-"), Agency: "某县人民政府", Division: "330803", Start: []string{server.URL + start}})
	}
	sum, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range sum.Problems() {
		t.Errorf("problem: %+v", p)
	}
	got := make(map[string]string)
	for capture, err := range c.Store.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if capture.Kind == store.KindReport {
			if _, known := got[capture.URL]; known || capture.State != store.StateOK {
				t.Errorf("%s of %s", capture.State, capture.URL)
			}
			got[capture.URL] = capture.Title
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d reports, want %d", len(got), len(want))
		for _, u := range slices.Sorted(maps.Keys(want)) {
			if got[u] != want[u] {
				t.Errorf("%s: %q, want %q", u, got[u], want[u])
			}
		}
	}
	for i, p := range c.Portals {
		if most := 3 + 2; requests[i] > most && p.ID != "epoint-from-1" {
			t.Errorf("%s: %d requests for a listing of three pages", p.ID, requests[i])
		}
	}
	first := fmt.Sprint(requests)
	clear(requests)
	if sum, err = c.Run(t.Context()); err != nil || !sum.Clean() || sum.New > 0 {
		t.Errorf("the night after: %v, %v, %v", sum, sum.Problems(), err)
	}
	for i, p := range c.Portals {
		if requests[i] > 3+2 && p.ID != "epoint-from-1" {
			t.Errorf("%s: %d requests the night after", p.ID, requests[i])
		}
	}
	t.Logf("%d of %d reports; listing requests %s, the night after %v", len(got), len(want), first, requests)
}
