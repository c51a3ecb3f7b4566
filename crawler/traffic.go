package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"gongkai/crawler/weburl"
	"gongkai/store"
	"gongkai/store/frontier"
)

// Traffic is what crawls that go on at the same time in one process must share: the frontier, the clocks of addresses,
// and one crossing a site. A nightly crawl and a backfill may both want a site. Then one of them has it, clock and all,
// and the other waits; the nightly one goes first, and a backfill gives a site up to it between two pages. Both give it up
// to a guest: another site's robots.txt may lie there. The state of
// the clock goes from one to the other through the frontier, so it is the same clock.
type Traffic struct {
	frontier  *frontier.Frontier
	addresses *addresses

	mu        sync.Mutex
	crossings map[string]*crossing // by site
}

// OpenTraffic opens the frontier of an archive that is open for writing. Close it when no crawl goes on any more.
func OpenTraffic(s *store.Store) (*Traffic, error) {
	f, err := frontier.Open(s.Dir())
	if err != nil {
		return nil, err
	}
	return &Traffic{frontier: f, addresses: &addresses{last: make(map[netip.Addr]visit)}, crossings: make(map[string]*crossing)}, nil
}

// Close closes the frontier.
func (t *Traffic) Close() error { return t.frontier.Close() }

// crossing returns the one of a site.
func (t *Traffic) crossing(site string) *crossing {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.crossings[site]
	if x == nil {
		x = &crossing{changed: make(chan struct{})}
		t.crossings[site] = x
	}
	return x
}

// A rank says who goes first where several want one site.
type rank int

const (
	backfills rank = iota // gives the site up between two pages to whoever comes
	nightly
	guest // wants it for one request
	ranks
)

// standing is the rank of a site's own crawl.
func (s *site) standing() rank {
	if s.backfills() {
		return backfills
	}
	return nightly
}

// A crossing lets one crawl at a time have a site.
type crossing struct {
	mu      sync.Mutex
	taken   bool
	waiting [ranks]int    // how many do, by rank
	changed chan struct{} // closed, and replaced, when one of these comes or the site becomes free
}

// enter waits until the site is free, and nobody of a higher rank waits for it.
func (x *crossing) enter(ctx context.Context, r rank) error {
	x.wait(r, 1)
	defer x.wait(r, -1)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.mu.Lock()
		if !x.taken && !x.outranks(r) {
			x.taken = true
			x.mu.Unlock()
			return nil
		}
		changed := x.changed
		x.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// outranks reports whether somebody waits who goes before a rank. The caller holds mu.
func (x *crossing) outranks(r rank) bool {
	for _, n := range x.waiting[r+1:] {
		if n > 0 {
			return true
		}
	}
	return false
}

func (x *crossing) wait(r rank, n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.waiting[r] += n
	x.tell()
}

func (x *crossing) leave() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.taken = false
	x.tell()
}

// tell wakes everybody who waits for a change. The caller holds mu.
func (x *crossing) tell() {
	close(x.changed)
	x.changed = make(chan struct{})
}

// wanted reports whether somebody waits who goes before a rank, and returns what will be closed when that may have
// changed.
func (x *crossing) wanted(r rank) (bool, <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.outranks(r), x.changed
}

// take waits for the site and finds its clock as whoever had it before has left it.
func (s *site) take(ctx context.Context, r rank) error {
	if s.crossing != nil {
		return nil
	}
	x := s.Traffic.crossing(s.scope.site)
	if err := x.enter(ctx, r); err != nil {
		return err
	}
	s.crossing = x
	host, known, err := s.frontier.Host(s.scope.site)
	if err != nil {
		return err
	}
	s.clock.host = host
	s.clock.mend(time.Now())
	if s.share.began.IsZero() { // the first time in this run
		s.clock.forgive()
	}
	if known && s.killed {
		s.clock.seen(s.run.Started) // it may have been asked a moment ago: nobody noted the end of that
	}
	return nil
}

// release leaves the site to others. The state of its clock is in the frontier by then.
func (s *site) release() {
	if s.crossing != nil {
		s.crossing.leave()
		s.crossing = nil
	}
}

// errElsewhere means that what lies on another site was not asked for: that site is to be left alone.
var errElsewhere = errors.New("it lies on a site that is left alone")

// requestAnywhere is insist for a page that may lie on another site. Of that it is a guest: it goes by its clock, as
// whoever else asks it does. Meanwhile its own site is free, or two sites, each of which waits for the other, would wait
// for ever.
func (s *site) requestAnywhere(ctx context.Context, t target, known past, sum *PortalSummary, look func(*page) error) (p page, err error) {
	u, err := url.Parse(t.address())
	if err != nil || weburl.Site(u) == s.scope.site {
		return s.insist(ctx, t, known, sum, look)
	}
	if err := s.frontier.SetHost(s.scope.site, s.clock.host); err != nil {
		return page{}, err
	}
	s.leave()
	s.release()
	p, err = s.visitAsGuest(ctx, weburl.Site(u), t, known, sum, look)
	if err := s.take(ctx, s.standing()); err != nil {
		return page{}, err
	}
	return p, err
}

func (s *site) visitAsGuest(ctx context.Context, name string, t target, known past, sum *PortalSummary, look func(*page) error) (page, error) {
	g := newSite(s.Crawler, scope{site: name, anywhere: true}, nil)
	g.lap, g.fetcher, g.allowance, g.share = s.lap, s.fetcher, s.allowance, s.share
	g.line.joins()
	defer g.line.leaves(g)
	defer func() { s.share = g.share }()
	if err := g.take(ctx, guest); err != nil {
		return page{}, err
	}
	defer g.release()
	defer g.leave()
	if why := g.clock.left(); why != "" {
		return page{}, fmt.Errorf("%w: %s %s", errElsewhere, name, why)
	}
	p, err := g.insist(ctx, t, known, sum, look)
	if errors.Is(err, errClosed) {
		s.closed = g.closed // a bound of the run or the portal is reached
	}
	return p, errors.Join(err, g.frontier.SetHost(name, g.clock.host))
}

// giveWay gives the site up for as long as somebody wants it who goes first. Its error is errClosed when the site has been
// found meanwhile to be one to be left alone.
func (w *walk) giveWay(ctx context.Context) error {
	if wanted, _ := w.crossing.wanted(w.standing()); !wanted {
		return nil
	}
	if err := w.halt("another goes first"); err != nil {
		return err
	}
	w.leave()
	w.release()
	if err := w.take(ctx, w.standing()); err != nil {
		return err
	}
	if w.closed = w.clock.left(); w.closed != "" {
		return errClosed
	}
	return w.front.Pause("")
}

// rest waits without a place, until the site is wanted by somebody who goes first.
func (w *walk) rest(ctx context.Context, d time.Duration) error {
	w.leave()
	wanted, changed := w.crossing.wanted(w.standing())
	if wanted {
		return nil
	}
	if w.late(time.Now().Add(d)) {
		return errClosed
	}
	w.lap.next.Store(time.Now().Add(d).UnixNano())
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
	}
	return ctx.Err()
}
