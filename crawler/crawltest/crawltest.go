// Package crawltest crawls the replica portals for the tests of those who work with what comes of it. Nothing but tests
// imports it.
package crawltest

import (
	"testing"
	"time"

	"gongkai/crawler"
	"gongkai/crawler/replica"
	"gongkai/seeds"
	"gongkai/store/storetest"
	"gongkai/testdata"
)

// Delay is that of the crawler that Farm returns.
const Delay = 20 * time.Millisecond

// Farm starts the replica portals, until the test ends, and returns a crawler of the catalogue's entries for them, with an
// empty archive.
func Farm(t *testing.T) (*replica.Farm, *crawler.Crawler) {
	t.Helper()
	f, err := replica.Start(testdata.Portals())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	s := storetest.Open(t)
	portals, err := seeds.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	c := &crawler.Crawler{UserAgent: "gongkai/test (+https://example.org)", Delay: Delay, Jitter: 0.3, Hosts: 8, AllowPrivate: true, Store: s}
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

// Run crawls, and wants no problems.
func Run(t *testing.T, c *crawler.Crawler) crawler.Summary {
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
