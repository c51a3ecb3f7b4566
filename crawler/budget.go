package crawler

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/semaphore"

	"gongkai/extract"
)

// LeastMemory is the smallest Budget, in bytes: the largest page that is read takes half of it.
const LeastMemory = 512 << 20

// apart is what the program takes besides bodies and what is read from them: itself, the catalogue, packing, PDFium.
const apart = 192 << 20

// A Budget is the memory that crawling and reading may take, for all crawls and readings of a process together. Three
// parts of it are lent apart from each other:
//
//   - working: for a body that is there, and for reading it. A site takes what it needs at once, and gives it back before
//     it waits for anything: who holds some never waits, so everybody gets some in the end, in the order of asking.
//   - receiving: for bodies that are still coming. Where there is none left a body goes to a file.
//   - held: for parsed pages whose parts are still asked for. Where there is none left a page is parsed again.
//
// It also remembers which readings ended the process, see begin.
type Budget struct {
	dir                      string // for bodies that are still coming, and notes
	total                    int64  // of working
	working, receiving, held *semaphore.Weighted
	spilled                  *semaphore.Weighted // bytes of bodies in files
	deaths
}

// mostSpilled is how many bytes of bodies that are still coming may lie in files, beyond the first megabyte of each.
const mostSpilled = 4 << 30

// OpenBudget returns a budget of so many bytes, at least LeastMemory, for an archive in a folder that is open for
// writing. retry forgets which readings ended the process before: they are tried again.
func OpenBudget(dir string, bytes int64, retry bool) (*Budget, error) {
	working := (max(bytes, LeastMemory) - apart) / 2
	b := &Budget{
		dir: dir, total: working, working: semaphore.NewWeighted(working),
		receiving: semaphore.NewWeighted(working / 4), held: semaphore.NewWeighted(working / 4),
		spilled: semaphore.NewWeighted(mostSpilled),
	}
	left, err := filepath.Glob(filepath.Join(dir, spoolPattern))
	for _, name := range left { // of a process that was killed
		err = errors.Join(err, os.Remove(name))
	}
	return b, errors.Join(err, b.deaths.open(dir, retry))
}

// A lease is what one site, or one reading, has of the working memory. Its zero value with a budget holds nothing; without
// a budget it takes as much as it likes.
type lease struct {
	budget *Budget
	mu     sync.Mutex
	n      int64
}

// take gives back what the lease holds, and waits for n bytes; whoever needs more than there is gets all of it, and so is
// alone.
func (l *lease) take(ctx context.Context, n int64) error {
	l.release()
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

// grow takes n bytes more, if they are there at once.
func (l *lease) grow(n int64) bool {
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

// settle makes the lease one of n bytes: what is too much is given back, and for more it waits as take does.
func (l *lease) settle(ctx context.Context, n int64) error {
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
		return l.take(ctx, n)
	}
	return nil
}

func (l *lease) release() {
	l.mu.Lock()
	n := l.n
	l.n = 0
	l.mu.Unlock()
	if n > 0 {
		l.budget.working.Release(n)
	}
}

// hold takes memory for a parsed page while its parts are asked for, if there is some. free gives it back.
func (b *Budget) hold(doc *extract.Document) (free func(), ok bool) {
	if b == nil {
		return func() {}, true
	}
	n := doc.Weight()
	if !b.held.TryAcquire(n) {
		return nil, false
	}
	return func() { b.held.Release(n) }, true
}
