// Package crawler visits portals and archives what they serve: politely, within their sites, every answer as it
// came. It reads each page it archives, but what a page means is for package extract to say, and where listings go
// on for package portal. It runs no scripts, gets round no walls, and never leaves a portal's site.
package crawler

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"gongkai/crawler/robots"
	"gongkai/seeds"
	"gongkai/store"
)

// A Crawler visits Portals and keeps what they answer in Store. Its fields must not change while it runs.
type Crawler struct {
	UserAgent    string        // honest, with a contact; robots.txt is matched against its product token
	Delay        time.Duration // between the end of an answer and the next request to the same site
	Jitter       float64       // lengthens delays by up to this part, at random: 0.3
	Hosts        int           // sites visited at the same time; at least one
	MaxPageBytes int64         // larger answers are refused, never cut; 0 means 32 MiB
	AllowHosts   []string      // beyond *.gov.cn and the hosts of Portals: "host" or "host:port"
	AllowPrivate bool          // private and loopback addresses too: for tests and intranets
	Recheck      bool          // ask for known reports as well that are not due, conditionally
	Full         bool          // ask for everything, unconditionally

	Portals []seeds.Portal
	Store   *store.Store
	Log     *slog.Logger      // nil: no log
	Network http.RoundTripper // nil: the real one, with a guard against private addresses

	hosts map[string]bool // that may be visited
}

const defaultMaxPageBytes = 32 << 20

// Run visits every portal once. A page that cannot be had is no error: it is archived as such and counted. Run
// returns an error when the archive cannot be written, or ctx's when it was stopped; the Summary tells in every
// case what was done until then.
func (c *Crawler) Run(ctx context.Context) (Summary, error) {
	run := *c
	if err := run.prepare(); err != nil {
		return Summary{}, err
	}
	groups, err := bySite(c.Portals)
	if err != nil {
		return Summary{}, err
	}
	sums := make([][]PortalSummary, len(groups)) // each goroutine owns one element
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(c.Hosts, 1))
	for i, group := range groups {
		sums[i] = make([]PortalSummary, len(group))
		g.Go(func() error { return newSite(&run).visit(ctx, group, sums[i]) })
	}
	err = g.Wait()
	return summarize(c.Portals, sums), err
}

// prepare fills in what was left out.
func (c *Crawler) prepare() error {
	if robots.Product(c.UserAgent) == "" {
		return fmt.Errorf("user agent %q does not begin with a product name", c.UserAgent)
	}
	if c.MaxPageBytes <= 0 {
		c.MaxPageBytes = defaultMaxPageBytes
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Network == nil {
		c.Network = network(c.AllowPrivate, patience)
	}
	c.hosts = allowed(c.Portals, c.AllowHosts)
	return nil
}

// An errand is one portal, and those of its start pages that lie on one site.
type errand struct {
	portal seeds.Portal
	start  []string
}

// bySite groups the portals by the sites that their start pages lie on: portals that share a site are visited one
// after the other, and a portal on two sites is visited on both.
func bySite(portals []seeds.Portal) ([][]errand, error) {
	var groups [][]errand
	at := make(map[string]int)
	for _, p := range portals {
		for _, start := range p.Start {
			u, err := url.Parse(start)
			if err != nil {
				return nil, fmt.Errorf("portal %s: %w", p.ID, err)
			}
			site := siteOf(u)
			i, known := at[site]
			if !known {
				i = len(groups)
				at[site] = i
				groups = append(groups, nil)
			}
			groups[i] = send(groups[i], p, start)
		}
	}
	return groups, nil
}

// send adds a start page to a site's errands.
func send(group []errand, p seeds.Portal, start string) []errand {
	if n := len(group); n > 0 && group[n-1].portal.ID == p.ID {
		group[n-1].start = append(group[n-1].start, start)
		return group
	}
	return append(group, errand{p, []string{start}})
}
