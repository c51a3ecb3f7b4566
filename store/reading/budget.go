package reading

import (
	"bytes"
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"gongkai/extract"
	"gongkai/store"
)

// LeastMemory is the smallest Budget, in bytes: the largest page that is read takes half of it.
const LeastMemory = 512 << 20

// overhead is what the program takes besides bodies and what is read from them: itself, the catalogue, packing, PDFium.
const overhead = 192 << 20

// A Budget is the memory that crawling and reading may take, for all crawls and readings of a process together. Three
// parts of it are lent apart from each other:
//
//   - working: for a body that is there, and for reading it. A Lease takes what it needs at once, and gives it back before
//     its owner waits for anything: who holds some never waits, so everybody gets some in the end, in the order of asking.
//   - held: for parsed pages whose parts are still asked for. Where there is none left a page is parsed again.
//   - for bodies that are still coming: whoever receives them lends it, as much as Aside says.
//
// It also remembers which readings ended the process. Its nil value has no bounds, and remembers nothing.
type Budget struct {
	total         int64 // of working
	working, held *semaphore.Weighted
	deaths
}

// OpenBudget returns a budget of so many bytes, at least LeastMemory, for an archive in a folder that is open for
// writing. retry forgets which readings ended the process before: they are tried again.
func OpenBudget(dir string, bytes int64, retry bool) (*Budget, error) {
	working := (max(bytes, LeastMemory) - overhead) / 2
	b := &Budget{total: working, working: semaphore.NewWeighted(working)}
	b.held = semaphore.NewWeighted(b.Aside())
	return b, b.deaths.open(dir, retry)
}

// Aside returns how many bytes each of the parts has that are lent apart from the working memory.
func (b *Budget) Aside() int64 { return b.total / 4 }

// Hold takes memory for n bytes of parsed pages while their parts are asked for, if there is some. free gives it back.
func (b *Budget) Hold(n int64) (free func(), ok bool) {
	if b == nil {
		return func() {}, true
	}
	if !b.held.TryAcquire(n) {
		return nil, false
	}
	return func() { b.held.Release(n) }, true
}

// A Lease is what one site, or one reading, has of the working memory. One goroutine owns it; another may give back what
// it holds. Without a budget it takes as much as it likes.
type Lease struct {
	budget *Budget
	mu     sync.Mutex
	n      int64
}

// NewLease returns a lease that holds nothing.
func NewLease(b *Budget) *Lease { return &Lease{budget: b} }

// Take gives back what the lease holds, and waits for n bytes; whoever needs more than there is gets all of it, and so is
// alone.
func (l *Lease) Take(ctx context.Context, n int64) error {
	l.Release()
	if l.budget == nil {
		return ctx.Err()
	}
	n = min(n, l.budget.total)
	if err := l.budget.working.Acquire(ctx, n); err != nil {
		return err
	}
	l.mu.Lock()
	l.n = n
	l.mu.Unlock()
	return nil
}

// Grow takes n bytes more, if they are there at once.
func (l *Lease) Grow(n int64) bool {
	if l.budget == nil || l.n == l.budget.total {
		return true
	}
	if !l.budget.working.TryAcquire(n) {
		return false
	}
	l.mu.Lock()
	l.n += n
	l.mu.Unlock()
	return true
}

// Settle makes the lease one of n bytes: what is too much is given back, and for more it waits as Take does.
func (l *Lease) Settle(ctx context.Context, n int64) error {
	if l.budget == nil {
		return ctx.Err()
	}
	n = min(n, l.budget.total)
	l.mu.Lock()
	over := l.n - n
	if over > 0 {
		l.n = n
	}
	l.mu.Unlock()
	switch {
	case over > 0:
		l.budget.working.Release(over)
	case over < 0:
		return l.Take(ctx, n)
	}
	return nil
}

// Release gives back what the lease holds, if anything.
func (l *Lease) Release() {
	l.mu.Lock()
	n := l.n
	l.n = 0
	l.mu.Unlock()
	if n > 0 {
		l.budget.working.Release(n)
	}
}

// Body returns the body of a capture from the archive, with the memory that reading it takes in place of what the lease
// has held. fault is what is wrong with it in the archive; err says that there is no memory, as ctx has ended.
func (l *Lease) Body(ctx context.Context, s *store.Store, c store.Capture) (body []byte, fault, err error) {
	return load(s, c, l.waiting(ctx))
}

// A roomFor takes memory for reading a body, of which head is what is known; nil before it was had from the archive.
type roomFor func(c store.Capture, head []byte) error

// waiting takes memory for one body at a time, and waits for it.
func (l *Lease) waiting(ctx context.Context) roomFor {
	return func(c store.Capture, head []byte) error { return l.Take(ctx, l.budget.Cost(c.SHA256, head, c.Size)) }
}

// atOnce takes memory beside what is held, if it is there at once.
func (l *Lease) atOnce(c store.Capture, head []byte) error {
	if !l.Grow(l.budget.Cost(c.SHA256, head, c.Size)) {
		return errMoreMemory
	}
	return nil
}

// load returns a body of the archive when there is room for reading it; again when its bytes show that it takes more than
// its length tells. fault is the error of the archive, err that of room, which may be nil: then the memory is there.
func load(s *store.Store, c store.Capture, room roomFor) (body []byte, fault, err error) {
	if room == nil {
		body, fault = s.Body(c.SHA256)
		return body, fault, nil
	}
	if err := room(c, nil); err != nil {
		return nil, nil, err
	}
	body, fault = s.Body(c.SHA256)
	if fault != nil || !dearer(body) {
		return body, fault, nil
	}
	head := bytes.Clone(body[:min(len(body), 1024)])
	body = nil // nobody waits for memory while holding some
	if err := room(c, head); err != nil {
		return nil, nil, err
	}
	body, fault = s.Body(c.SHA256)
	return body, fault, nil
}

// dearer reports whether reading a body takes more than its length alone tells: it is packed.
func dearer(body []byte) bool {
	n := int64(len(body))
	return extract.Cost(body, n) > extract.Cost(nil, n)
}
