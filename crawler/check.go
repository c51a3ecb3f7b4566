package crawler

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"gongkai/crawler/portal"
	"gongkai/crawler/visit"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
)

// A Checked is what one start page of a portal answers.
type Checked struct {
	Portal     string `json:"portal"`
	Agency     string `json:"agency"`
	URL        string `json:"url"`
	Confidence string `json:"confidence,omitempty"` // that the catalogue has
	State      string `json:"state"`                // of the answer: ok, unchanged, gone, failed, blocked, refused; "left alone"
	Status     int    `json:"status,omitempty"`
	Detail     string `json:"detail,omitempty"` // why there is no page
	Final      string `json:"final,omitempty"`  // where it was moved to
	Robots     string `json:"robots"`           // what robots.txt says of it: allowed, or the rule that forbids it
	Family     string `json:"family,omitempty"` // of its software
	Named      string `json:"named,omitempty"`  // what the page calls itself
	Rows       int    `json:"rows"`             // annual reports on its first page
	Years      []int  `json:"years,omitempty"`  // of these, ascending
	Columns    int    `json:"columns"`          // links on it that are named like a listing
	Further    bool   `json:"further"`          // it has further pages, or its rows must be asked for by another request
}

// OK reports whether the page lists reports, or leads to where they are listed.
func (k Checked) OK() bool {
	return (k.State == store.StateOK || k.State == store.StateUnchanged) && (k.Rows > 0 || k.Columns > 0 || k.Further)
}

// Check asks for each start page of all Portals once, follows no link, and says what answers. What it is served is
// archived as in a crawl. The list is in the order of Portals; a page that was not asked for, as the site is left alone, is in it
// as well.
func (c *Crawler) Check(ctx context.Context) ([]Checked, Summary, error) {
	results := make(chan Checked, len(c.Portals)*8)
	found := make(map[string]Checked)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for k := range results {
			found[k.Portal+" "+k.URL] = k
		}
	}()
	check := func(ctx context.Context, s *site, e *job, sum *PortalSummary) error {
		sum.ID = e.portal.ID
		for _, start := range e.start {
			k, err := s.check(ctx, e.portal, start, sum)
			if err != nil {
				return err
			}
			results <- k
		}
		return s.lock.Keep(s.clock.Host)
	}
	sum, err := c.perform(ctx, task{kind: "check", do: check, known: c.Portals})
	close(results)
	<-done
	var all []Checked
	for _, p := range c.Portals {
		for _, start := range p.Start {
			if k, ok := found[p.ID+" "+start]; ok {
				all = append(all, k)
			}
		}
	}
	return all, sum, err
}

// check asks for one start page.
func (s *site) check(ctx context.Context, p seeds.Portal, start string, sum *PortalSummary) (Checked, error) {
	k := Checked{Portal: p.ID, Agency: p.Agency, URL: start, Confidence: p.Confidence, State: "left alone", Detail: s.closed}
	if s.closed == "" {
		s.closed = s.clock.LeftAlone()
		k.Detail = s.closed
	}
	t := begin(p.ID, []string{start})[0]
	for s.closed == "" {
		known, err := recall(s.store, t.URL)
		if err != nil {
			return k, err
		}
		pg, err := s.ask(ctx, t, known, sum)
		if err == errClosed {
			break
		}
		if err != nil {
			return k, err
		}
		body, err := s.keep(ctx, &pg, known, sum)
		if err != nil {
			return k, err
		}
		k.State, k.Status, k.Robots, k.Detail = pg.State, pg.Status, "allowed", ""
		if !pg.Robots.Allowed {
			k.Robots = pg.Robots.Reason
		}
		if pg.State == store.StateRedirect {
			next, reason := visit.Redirected(t, pg.Destination(), s.scope)
			if reason == "" {
				t, k.Final = next, next.URL
				continue
			}
			k.State, k.Detail = store.StateFailed, reason
			return k, nil
		}
		if pg.State != store.StateOK && pg.State != store.StateUnchanged {
			k.Detail = pg.Trouble()
			return k, nil
		}
		if pg.Header.Get("Content-Type") == "" {
			pg.Header = known.header()
		}
		k.read(s.budget, pg, body, p, t)
		return k, nil
	}
	k.Detail = s.closed
	return k, nil
}

// read looks at the page.
func (k *Checked) read(b *reading.Budget, pg visit.Page, body []byte, p seeds.Portal, t visit.Target) {
	l, err := listed(b, pg.Capture, body, p, t.Request)
	if err != nil {
		k.Detail = err.Error()
		return
	}
	k.Family, k.Rows, k.Columns = l.Family.Name, len(l.Rows), len(l.Columns)
	k.Further = slices.ContainsFunc(l.Next, func(r portal.Request) bool { return r.Kind != portal.Page })
	for _, r := range l.Rows {
		if claim, ok := extract.ReportTitle(r.Name()); ok && claim.Year > 0 {
			k.Years = append(k.Years, claim.Year)
		}
	}
	slices.Sort(k.Years)
	k.Years = slices.Compact(k.Years)
	if u, err := url.Parse(pg.URL); err == nil {
		if e, err := portal.Explore(body, pg.Header.Get("Content-Type"), u, p, t.Request); err == nil {
			k.Named = strings.TrimSpace(e.Title)
		}
	}
}
