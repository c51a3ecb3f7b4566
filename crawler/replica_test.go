package crawler_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gongkai/crawler/crawltest"
	"gongkai/crawler/replica"
	"gongkai/store"
	"gongkai/store/storetest"
)

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
	f, c := crawltest.Farm(t)
	sum := crawltest.Run(t, c)
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
		rec := storetest.Newest(t, c.Store, site.URL+site.Report)
		if rec.Rejected != "" || rec.Change != store.ChangeFirst || rec.Report == nil || rec.Report.Year == 0 || len(rec.Report.Figures) == 0 {
			t.Errorf("%s: record %+v", site.ID, rec)
		}
	}

	again := crawltest.Run(t, c)
	if again.New != 0 || again.LeftAlone != len(f.Sites) || again.Reports != 0 || again.Unchanged == 0 {
		t.Errorf("second run: %v", again)
	}
	c.Recheck = true
	recheck := crawltest.Run(t, c)
	if recheck.New != 0 || recheck.LeftAlone != 0 || recheck.Unchanged != again.Unchanged+len(f.Sites) {
		t.Errorf("recheck: %v", recheck)
	}
	c.Recheck, c.Full = false, true
	if full := crawltest.Run(t, c); full.New != 0 || full.Unchanged != recheck.Unchanged {
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
			if gap := r.Time.Sub(log[i-1].Done); gap < crawltest.Delay {
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

func TestReplicaRevision(t *testing.T) {
	t.Parallel()
	f, c := crawltest.Farm(t)
	crawltest.Run(t, c)
	site := f.Site("jiangyou")
	before := storetest.Newest(t, c.Store, site.URL+site.Report)
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
	sum := crawltest.Run(t, c)
	if sum.New != 1 || sum.Reports != 1 || sum.Revisions != 1 {
		t.Errorf("recheck: %v", sum)
	}
	if after := storetest.Newest(t, c.Store, site.URL+site.Report); after.Change != store.ChangeFigures {
		t.Errorf("got change %q, want %q", after.Change, store.ChangeFigures)
	}
}
