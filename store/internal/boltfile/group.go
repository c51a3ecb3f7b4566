package boltfile

import (
	"sync"
	"time"
)

// A Group writes changes together: those that come while others are being written wait, and are written in one commit
// when these are done. Hundreds of goroutines then do not wait for one disk one after the other. Where changes come from
// several at a time, a commit waits a little for more of them: it writes a dozen pages whatever is in it, and costs
// as much processor time as to read a report. Whoever makes one change after the other never waits.
type Group[T any] struct {
	commit func(change func(T) error) error

	mu      sync.Mutex
	waiting []*change[T]
	writing bool // somebody is at it
	crowd   bool // changes came together of late
}

// A change is on its way to the disk.
type change[T any] struct {
	make func(T) error
	done chan error
}

// NewGroup returns a group whose changes are made inside commit, which makes all that its argument does durable, or
// nothing of it.
func NewGroup[T any](commit func(change func(T) error) error) *Group[T] {
	return &Group[T]{commit: commit}
}

// mostTogether bounds what one commit holds in memory, and linger is how long it waits for more. Longer would save more
// processor time still; but a site that is asked every fifth of a second would notice.
const (
	mostTogether = 256
	linger       = 2 * time.Millisecond
)

// Do makes a change and returns when it is on the disk, or with the reason why it is not. A change that fails fails
// alone. It may be made several times, each time on a transaction where it was not.
func (g *Group[T]) Do(make func(T) error) error {
	c := newChange(make)
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if !g.writing {
		g.writing = true
		go g.write()
	}
	g.mu.Unlock()
	return <-c.done
}

func newChange[T any](f func(T) error) *change[T] { return &change[T]{f, make(chan error, 1)} }

// write writes what waits until nothing does.
func (g *Group[T]) write() {
	for batch := g.take(); len(batch) > 0; batch = g.take() {
		g.together(batch)
	}
}

// take takes what waits, and what has come to it a little later. Without anything, the writing is over.
func (g *Group[T]) take() (batch []*change[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.crowd && len(g.waiting) > 0 {
		g.mu.Unlock()
		time.Sleep(linger)
		g.mu.Lock()
	}
	batch = g.waiting[:min(len(g.waiting), mostTogether)]
	g.waiting = g.waiting[len(batch):]
	g.writing = len(batch) > 0
	return batch
}

// settle notes whether changes come together, after a commit and before anybody knows of it.
func (g *Group[T]) settle(batch []*change[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.crowd = len(batch) > 1 || len(g.waiting) > 0
}

// together makes all changes in one commit, without those that fail.
func (g *Group[T]) together(batch []*change[T]) {
	for len(batch) > 0 {
		failed := -1
		err := g.commit(func(t T) error {
			for i, c := range batch {
				if err := c.make(t); err != nil {
					failed = i
					return err
				}
			}
			return nil
		})
		if err == nil || failed < 0 {
			g.settle(batch)
			for _, c := range batch {
				c.done <- err
			}
			return
		}
		batch[failed].done <- err
		batch = append(batch[:failed:failed], batch[failed+1:]...)
	}
}
