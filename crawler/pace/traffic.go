package pace

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"gongkai/store/frontier"
)

// Traffic is what crawls that go on at the same time in one process must share: the frontier, the clocks of addresses,
// and one lock a site. A nightly crawl and a backfill may both want a site. Then one of them has it, clock and all,
// and the other waits; the nightly one goes first, and a backfill gives a site up to it between two pages. Both give it
// up to a guest: another site's robots.txt may lie there. The state of the clock goes from one to the other through the
// frontier, so it is the same clock.
type Traffic struct {
	frontier  *frontier.Frontier
	addresses addresses

	mu    sync.Mutex
	sites map[string]*queue
}

// OpenTraffic opens the frontier in an archive's folder that is open for writing. Close it when no crawl goes on any more.
func OpenTraffic(dir string) (*Traffic, error) {
	f, err := frontier.Open(dir)
	if err != nil {
		return nil, err
	}
	return &Traffic{frontier: f, addresses: addresses{last: make(map[netip.Addr]visit)}, sites: make(map[string]*queue)}, nil
}

// Close closes the frontier.
func (t *Traffic) Close() error { return t.frontier.Close() }

// Frontier returns the frontier. It is closed with the Traffic.
func (t *Traffic) Frontier() *frontier.Frontier { return t.frontier }

// AddressWait notes that a site asks an address now; or returns how long it must wait before it tries again. gap is the
// time between two requests of the site.
func (t *Traffic) AddressWait(addr netip.Addr, site string, gap time.Duration) time.Duration {
	return t.addresses.try(addr, site, gap)
}

// A Rank says who goes first where several want one site.
type Rank int

const (
	Backfill Rank = iota // gives the site up between two pages to whoever comes
	Nightly
	Guest // wants it for one request
	ranks
)

// A SiteLock is one crawl's right to ask a site, and to say what its clock shows. Nobody else has it meanwhile.
type SiteLock struct {
	frontier *frontier.Frontier
	site     string
	rank     Rank
	queue    *queue
}

// Lock waits until a site is free and nobody of a higher rank waits for it. The caller unlocks it.
func (t *Traffic) Lock(ctx context.Context, site string, r Rank) (*SiteLock, error) {
	t.mu.Lock()
	q := t.sites[site]
	if q == nil {
		q = &queue{changed: make(chan struct{})}
		t.sites[site] = q
	}
	t.mu.Unlock()
	if err := q.enter(ctx, r); err != nil {
		return nil, err
	}
	return &SiteLock{frontier: t.frontier, site: site, rank: r, queue: q}, nil
}

// Host returns the state of the site's clock as whoever had the lock before has left it; false when nobody had.
func (l *SiteLock) Host() (host frontier.Host, known bool, err error) { return l.frontier.Host(l.site) }

// Keep keeps the state of the site's clock for whoever has the lock next. What a crawl keeps with the pages of its walk
// need not be kept here as well.
func (l *SiteLock) Keep(host frontier.Host) error { return l.frontier.SetHost(l.site, host) }

// Wanted reports whether somebody waits for the lock who goes first, and returns what will be closed when that may have
// changed.
func (l *SiteLock) Wanted() (bool, <-chan struct{}) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.queue.outranks(l.rank), l.queue.changed
}

// Unlock leaves the site to others, once. The state of its clock must have been kept by then.
func (l *SiteLock) Unlock() { l.queue.leave() }

// A queue is who has a site, and who waits for it.
type queue struct {
	mu      sync.Mutex
	taken   bool
	waiting [ranks]int    // how many do, by rank
	changed chan struct{} // closed, and replaced, when one of these comes or the site becomes free
}

// enter waits until the site is free, and nobody of a higher rank waits for it.
func (q *queue) enter(ctx context.Context, r Rank) error {
	q.wait(r, 1)
	defer q.wait(r, -1)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.mu.Lock()
		if !q.taken && !q.outranks(r) {
			q.taken = true
			q.mu.Unlock()
			return nil
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// outranks reports whether somebody waits who goes before a rank. The caller holds mu.
func (q *queue) outranks(r Rank) bool {
	for _, n := range q.waiting[r+1:] {
		if n > 0 {
			return true
		}
	}
	return false
}

func (q *queue) wait(r Rank, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[r] += n
	q.tell()
}

func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = false
	q.tell()
}

// tell wakes everybody who waits for a change. The caller holds mu.
func (q *queue) tell() {
	close(q.changed)
	q.changed = make(chan struct{})
}
