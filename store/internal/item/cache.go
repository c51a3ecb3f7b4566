package item

import (
	lru "container/list"
	"sync"
)

// A Cache keeps the dictionaries that were used last, up to a number of bytes. Several goroutines may use it.
type Cache struct {
	room  int
	mu    sync.Mutex
	byAt  map[Position]*lru.Element
	order *lru.List // of *Dictionary, last used first
	bytes int
}

// NewCache returns an empty cache for so many bytes of plain bytes; one dictionary may be larger.
func NewCache(room int) *Cache {
	return &Cache{room: room, byAt: make(map[Position]*lru.Element), order: lru.New()}
}

// Get returns the dictionary at a position; nil when it is not kept.
func (c *Cache) Get(at Position) *Dictionary {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byAt[at]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*Dictionary)
}

// Put keeps a dictionary, and lets go of those that were not used for longest.
func (c *Cache) Put(d *Dictionary) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byAt[d.At] != nil {
		return
	}
	c.byAt[d.At] = c.order.PushFront(d)
	for c.bytes += len(d.Plain); c.bytes > c.room && c.order.Len() > 1; {
		last := c.order.Remove(c.order.Back()).(*Dictionary)
		delete(c.byAt, last.At)
		c.bytes -= len(last.Plain)
	}
}
