package crawler

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"gongkai/store"
	"gongkai/store/frontier"
)

// Traffic is what crawls that go on at the same time in one process must share: the frontier, the clocks of addresses,
// and one crossing a site. A nightly crawl and a backfill may both want a site. Then one of them has it, clock and all,
// and the other waits; the nightly one goes first, and a backfill gives a site up to it between two pages. The state of
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

// A crossing lets one crawl at a time have a site.
type crossing struct {
	mu      sync.Mutex
	taken   bool
	urgent  int           // how many wait that go first
	changed chan struct{} // closed, and replaced, when one of these comes or the site becomes free
}

// enter waits until the site is free; for others that go first as well, unless this one does.
func (x *crossing) enter(ctx context.Context, urgent bool) error {
	if urgent {
		x.wait(1)
		defer x.wait(-1)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.mu.Lock()
		if !x.taken && (urgent || x.urgent == 0) {
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

func (x *crossing) wait(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.urgent += n
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

// wanted reports whether somebody waits who goes first, and returns what will be closed when that may have changed.
func (x *crossing) wanted() (bool, <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.urgent > 0, x.changed
}

// take waits for the site and finds its clock as whoever had it before has left it.
func (s *site) take(ctx context.Context) error {
	if s.crossing != nil {
		return nil
	}
	x := s.Traffic.crossing(s.scope.site)
	if err := x.enter(ctx, !s.backfills()); err != nil {
		return err
	}
	s.crossing = x
	host, known, err := s.frontier.Host(s.scope.site)
	if err != nil {
		return err
	}
	s.clock.host = host
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

// giveWay gives the site up for as long as the nightly crawl wants it. Its error is errClosed when that one has found
// that the site is to be left alone.
func (w *walk) giveWay(ctx context.Context) error {
	if !w.backfills() {
		return nil
	}
	if wanted, _ := w.crossing.wanted(); !wanted {
		return nil
	}
	if err := w.halt("the nightly crawl goes first"); err != nil {
		return err
	}
	w.leave()
	w.release()
	if err := w.take(ctx); err != nil {
		return err
	}
	if w.closed = w.clock.left(); w.closed != "" {
		return errClosed
	}
	return w.front.Pause("")
}

// rest waits without a place; a backfill until the site is wanted.
func (w *walk) rest(ctx context.Context, d time.Duration) error {
	if !w.backfills() {
		return w.sleep(ctx, d)
	}
	w.leave()
	wanted, changed := w.crossing.wanted()
	if wanted {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
	}
	return ctx.Err()
}
