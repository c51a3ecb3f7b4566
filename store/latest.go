package store

import "sync"

// Latest are the captures that were archived last: their records are about to come, and name them. Several goroutines may
// use it.
type latest struct {
	mu   sync.Mutex
	ring [256]Capture // by id
}

func (l *latest) put(c Capture) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring[c.ID%uint64(len(l.ring))] = c
}

// get returns a capture. What is in it belongs to all who get it.
func (l *latest) get(id uint64) (c Capture, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c = l.ring[id%uint64(len(l.ring))]
	return c, id != 0 && c.ID == id
}
