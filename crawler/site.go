package crawler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"time"

	"gongkai/crawler/robots"
	"gongkai/store"
)

// A site is what is being visited by one goroutine: one request at a time, all by one clock. Everything in it
// belongs to that goroutine.
type site struct {
	*Crawler
	scope   scope
	fetcher *fetcher
	clock   clock
	gates   map[string]gate   // by authority
	asked   map[string]bool   // keys of the reports that some portal of the site has led to
	had     map[string]bool   // URLs of reports and parts that were asked for to the end
	homes   map[string][]byte // home pages by authority, once seen
	strikes int               // faults in a row
	closed  string            // why nothing more is asked in this run; "" while open
}

// A gate is what the robots.txt of one authority says to us.
type gate struct {
	rules  *robots.Rules
	sha256 string // of the file; "" when there was none
}

// These bound what one site may cost a run.
const (
	mostTries   = 3                // requests for one page whose fault may pass
	mostStrikes = 10               // faults in a row before the site is left alone
	longestWait = 15 * time.Minute // that a server may ask for before the site is left alone
)

func newSite(c *Crawler) *site {
	return &site{
		Crawler: c,
		fetcher: newFetcher(c.UserAgent, c.Network, c.MaxPageBytes),
		clock:   clock{delay: c.Delay, jitter: c.Jitter},
		gates:   make(map[string]gate),
		homes:   make(map[string][]byte),
		asked:   make(map[string]bool),
		had:     make(map[string]bool),
	}
}

// visit walks the portals of the site one after the other.
func (s *site) visit(ctx context.Context, errands []errand, sums []PortalSummary) error {
	for i, e := range errands {
		if s.scope.site == "" {
			u, err := url.Parse(e.start[0])
			if err != nil {
				return err // bySite has parsed it
			}
			s.scope = scope{siteOf(u), s.hosts}
		}
		if err := s.walk(ctx, e, &sums[i]); err != nil {
			return err
		}
	}
	return nil
}

// ask asks for one page as robots.txt permits.
func (s *site) ask(ctx context.Context, t target, p past, sum *PortalSummary) (page, error) {
	u, err := url.Parse(t.address())
	if err != nil {
		return page{Capture: failed(t, err)}, nil
	}
	g, err := s.gate(ctx, u, sum)
	if err != nil {
		return page{}, err
	}
	d := g.rules.Check(u)
	permit := store.Robots{Allowed: d.Allowed, Reason: d.Reason, SHA256: g.sha256}
	if !d.Allowed {
		c := failed(t, errors.New("robots.txt: "+d.Reason))
		c.State, c.Robots = store.StateBlocked, permit
		return page{Capture: c}, nil
	}
	pg, err := s.request(ctx, t, p, sum)
	pg.missed(u, s.homes[authority(u)])
	pg.Robots = permit
	return pg, err
}

// failed returns the capture of a request that was not sent.
func failed(t target, err error) store.Capture {
	c := t.capture()
	c.Time, c.State, c.Error = time.Now(), store.StateFailed, err.Error()
	return c
}

// request sends one request when the clock says so. It is the only place that does.
func (s *site) request(ctx context.Context, t target, p past, sum *PortalSummary) (page, error) {
	if err := s.clock.wait(ctx); err != nil {
		return page{}, err
	}
	header, held := http.Header{}, ""
	if !s.Full && t.request.Method != http.MethodPost {
		header = p.conditions()
	}
	if len(header) > 0 {
		held = p.held
	}
	maps.Copy(header, t.request.Header)
	a, err := s.fetcher.fetch(ctx, t.method(), t.address(), t.request.Body, header)
	if err != nil {
		return page{}, err
	}
	s.clock.answered()
	sum.Requests++
	pg := judge(t, a, held)
	s.mind(pg)
	s.Log.Debug("answer", "portal", t.portal, "url", t.url, "status", pg.Status, "state", pg.State, "ms", pg.Took, "bytes", len(pg.body), "error", pg.Error)
	return pg, nil
}

// mind draws the conclusions of an answer for the site.
func (s *site) mind(p page) {
	if !p.passing {
		s.strikes = 0
	} else {
		s.strikes++
	}
	s.clock.bar(p.wait)
	if p.Status == http.StatusTooManyRequests && p.wait == 0 {
		s.clock.bar(s.pause(1))
	}
	switch {
	case s.closed != "":
	case p.wall:
		s.closed = p.Error
	case p.wait > longestWait:
		s.closed = fmt.Sprintf("asks to be left alone for %v", p.wait.Round(time.Second))
	case s.strikes >= mostStrikes:
		s.closed = fmt.Sprintf("%d faults in a row, the last one: %s", s.strikes, p.Error)
	}
}

// pause returns how long to wait before the next try: longer each time.
func (s *site) pause(tries int) time.Duration {
	d := 2 * s.clock.delay
	for range tries {
		d *= 3
	}
	return min(d, max(s.clock.delay, 10*time.Minute))
}

// gate returns what the robots.txt of a URL's authority says; it is asked for once a run.
func (s *site) gate(ctx context.Context, u *url.URL, sum *PortalSummary) (gate, error) {
	g, known := s.gates[authority(u)]
	if known {
		return g, nil
	}
	g, err := s.fetchGate(ctx, target{url: authority(u) + "/robots.txt", kind: store.KindRobots, portal: sum.ID}, sum)
	if err != nil {
		return gate{}, err
	}
	s.gates[authority(u)] = g
	s.clock.slow(g.rules.Delay)
	return g, nil
}

// fetchGate asks for a robots.txt, where it was moved to, and again when the fault may pass.
func (s *site) fetchGate(ctx context.Context, t target, sum *PortalSummary) (gate, error) {
	known, err := recall(s.Store, t.url)
	if err != nil {
		return gate{}, err
	}
	p, err := s.request(ctx, t, known, sum)
	if err != nil {
		return gate{}, err
	}
	p.Robots = store.Robots{Allowed: true, Reason: "robots.txt itself"}
	body, err := s.keep(&p, sum)
	if err != nil {
		return gate{}, err
	}
	switch p.State {
	case store.StateOK, store.StateUnchanged:
		if body == nil {
			return gate{robots.Read(0, nil, s.UserAgent), ""}, nil // what it forbids is lost
		}
		return gate{robots.Read(http.StatusOK, body, s.UserAgent), p.SHA256}, nil
	case store.StateRedirect:
		if next, reason := redirected(t, p.Header.Get("Location"), s.scope); reason == "" {
			return s.fetchGate(ctx, next, sum)
		}
	case store.StateFailed:
		if t.tries++; p.passing && t.tries < mostTries && s.closed == "" {
			if err := sleep(ctx, s.pause(t.tries)); err != nil {
				return gate{}, err
			}
			return s.fetchGate(ctx, t, sum)
		}
	case store.StateRefused, store.StateBlocked:
		p.Status = 0 // whatever came with it, the file cannot be had
	}
	if p.Status == 0 || p.passing {
		sum.problem(t.url, "robots.txt cannot be had: "+p.Error)
	}
	return gate{robots.Read(p.Status, nil, s.UserAgent), ""}, nil
}

// archive archives an answer and counts it.
func (s *site) archive(p *page, sum *PortalSummary) error {
	if err := s.Store.AddCapture(&p.Capture, p.body, nil); err != nil {
		return err
	}
	sum.count(p.State)
	return nil
}

// keep archives an answer and returns its body: that of the archive when the server did not send it again, nil when
// the archive has damaged it.
func (s *site) keep(p *page, sum *PortalSummary) ([]byte, error) {
	if err := s.archive(p, sum); err != nil {
		return nil, err
	}
	if p.State == store.StateUnchanged && p.body == nil {
		body, err := s.Store.Body(p.SHA256)
		if errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrNotFound) {
			sum.problem(p.URL, err.Error()) // for verify to deal with; the other pages can still be had
			return nil, nil
		}
		return body, err
	}
	return p.body, nil
}
