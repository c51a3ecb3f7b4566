package crawler_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/crawler"
	"gongkai/crawler/replica"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/testdata"
)

const delay = 20 * time.Millisecond

// farm starts the replica portals and returns a crawler of the catalogue's entries for them.
func farm(t *testing.T) (*replica.Farm, *crawler.Crawler) {
	t.Helper()
	f, err := replica.Start(testdata.Portals())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	s := openStore(t)
	portals, err := seeds.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	c := &crawler.Crawler{UserAgent: "gongkai/test (+https://example.org)", Delay: delay, Jitter: 0.3, Hosts: 8, AllowPrivate: true, Store: s}
	for _, p := range portals {
		if site := f.Site(p.ID); site != nil {
			p.Start = []string{site.URL + site.Start}
			c.Portals = append(c.Portals, p)
		}
	}
	if len(c.Portals) != len(f.Sites) {
		t.Fatalf("the catalogue has %d of the %d replica portals", len(c.Portals), len(f.Sites))
	}
	return f, c
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func run(t *testing.T, c *crawler.Crawler) crawler.Summary {
	t.Helper()
	sum, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(sum)
	for _, p := range sum.Problems() {
		t.Errorf("problem: %+v", p)
	}
	return sum
}

// reports returns the addresses of all report captures, with their states.
func reports(t *testing.T, s *store.Store) []string {
	t.Helper()
	var all []string
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind == store.KindReport {
			all = append(all, c.URL+" "+c.State)
		}
	}
	slices.Sort(all)
	return all
}

func TestReplica(t *testing.T) {
	t.Parallel()
	f, c := farm(t)
	sum := run(t, c)
	if sum.Reports != len(f.Sites) || sum.Rejected != 0 || !sum.Clean() {
		t.Errorf("first run: %v", sum)
	}
	var want []string
	for _, site := range f.Sites {
		want = append(want, site.URL+site.Report+" ok")
	}
	slices.Sort(want)
	if got := reports(t, c.Store); !slices.Equal(got, want) {
		t.Errorf("reports archived:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, site := range f.Sites {
		checkManners(t, site)
		rec := newest(t, c.Store, site.URL+site.Report)
		if rec.Rejected != "" || rec.Change != store.ChangeFirst || rec.Report == nil || rec.Report.Year == 0 || len(rec.Report.Figures) == 0 {
			t.Errorf("%s: record %+v", site.ID, rec)
		}
	}

	again := run(t, c)
	if again.New != 0 || again.LeftAlone != len(f.Sites) || again.Reports != 0 || again.Unchanged == 0 {
		t.Errorf("second run: %v", again)
	}
	c.Recheck = true
	recheck := run(t, c)
	if recheck.New != 0 || recheck.LeftAlone != 0 || recheck.Unchanged != again.Unchanged+len(f.Sites) {
		t.Errorf("recheck: %v", recheck)
	}
	c.Recheck, c.Full = false, true
	if full := run(t, c); full.New != 0 || full.Unchanged != recheck.Unchanged {
		t.Errorf("full: %v", full)
	}
}

// checkManners holds a site's own log against the promises: robots.txt first, one request at a time, the delay kept,
// an honest name, and nothing asked for but listings and the report.
func checkManners(t *testing.T, site *replica.Site) {
	t.Helper()
	log := site.Requests()
	if len(log) == 0 || log[0].URI != "/robots.txt" {
		t.Fatalf("%s: robots.txt was not asked for first: %v", site.ID, log)
	}
	seen := map[string]bool{}
	for i, r := range log {
		if i > 0 {
			if gap := r.Time.Sub(log[i-1].Done); gap < delay {
				t.Errorf("%s: %s came %v after the last answer", site.ID, r.URI, gap)
			}
		}
		if ua := r.Header.Get("User-Agent"); !strings.HasPrefix(ua, "gongkai/test") {
			t.Errorf("%s: user agent %q", site.ID, ua)
		}
		if seen[r.URI] {
			t.Errorf("%s: asked twice for %s", site.ID, r.URI)
		}
		seen[r.URI] = true
	}
	if !seen[site.Report] {
		t.Errorf("%s: the report was not asked for", site.ID)
	}
	if len(log) > 8 {
		var all []string
		for _, r := range log {
			all = append(all, fmt.Sprint(r.Status, " ", r.URI))
		}
		t.Errorf("%s: %d requests:\n%s", site.ID, len(log), strings.Join(all, "\n"))
	}
}

// newest returns the record of the newest capture of a URL.
func newest(t *testing.T, s *store.Store, url string) store.Record {
	t.Helper()
	c, ok, err := s.LastCapture(url)
	if err != nil || !ok {
		t.Fatalf("%s: capture %v, %v", url, ok, err)
	}
	rec, ok, err := s.Record(c.ID)
	if err != nil || !ok {
		t.Fatalf("%s: record %v, %v", url, ok, err)
	}
	return rec
}

func TestReplicaRevision(t *testing.T) {
	t.Parallel()
	f, c := farm(t)
	run(t, c)
	site := f.Site("jiangyou")
	before := newest(t, c.Store, site.URL+site.Report)
	var figure string
	for _, fig := range before.Report.Figures {
		if len(fig.Raw) >= 3 && fig.Raw == fig.Value {
			figure = fig.Raw
		}
	}
	if figure == "" {
		t.Fatal("no figure to change")
	}
	err := site.Edit(site.Report, func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte(">"+figure+"<"), []byte(">7"+figure+"<"))
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Recheck = true
	sum := run(t, c)
	if sum.New != 1 || sum.Reports != 1 || sum.Revisions != 1 {
		t.Errorf("recheck: %v", sum)
	}
	if after := newest(t, c.Store, site.URL+site.Report); after.Change != store.ChangeFigures {
		t.Errorf("got change %q, want %q", after.Change, store.ChangeFigures)
	}
}
