package store

import (
	"iter"
	"runtime"
	"sync"

	"gongkai/store/internal/item"
)

// RecordsAhead is Records for a loop that has much to do: the records are unpacked and read meanwhile, on all processors,
// some tens of them before the loop. The goroutines have ended when the loop has.
func (s *Store) RecordsAhead() iter.Seq2[Record, error] {
	return s.recordsAhead(s.recordItems(keyBucket), false)
}

// Outlines is RecordsAhead with less in each record, for who asks only which there are: its Report has title, agency
// without evidence, year, scope, script, form, published, forms and quality.
func (s *Store) Outlines() iter.Seq2[Record, error] {
	return s.recordsAhead(s.recordItems(keyBucket), true)
}

// RecordsAhead is Store.RecordsAhead as of the moment.
func (p *Snapshot) RecordsAhead() iter.Seq2[Record, error] {
	return p.there(p.store.recordsAhead(p.items(keyBucket), false))
}

// Outlines is Store.Outlines as of the moment.
func (p *Snapshot) Outlines() iter.Seq2[Record, error] {
	return p.there(p.store.recordsAhead(p.items(keyBucket), true))
}

// recordItems yields the items of records in the order of an index.
func (s *Store) recordItems(order []byte) iter.Seq2[item.Item, error] {
	return list(s, listing{order: order, rows: recordBucket}, func(it item.Item) (item.Item, error) { return it, nil })
}

func (s *Store) recordsAhead(items iter.Seq2[item.Item, error], outline bool) iter.Seq2[Record, error] {
	return ahead(items, func() func(item.Item) (Record, error) { return s.recordDecoder(&recordReader{outline: outline}) })
}

// unitRows is how many rows a goroutine decodes at a time.
const unitRows = 8

// A unit is some rows of a listing, and what is made of them.
type unit[T any] struct {
	items  []item.Item
	values []T
	err    error // of the row after values
	done   chan struct{}
}

// ahead yields what is made of items, in their order, by several goroutines, each with a decoder of its own.
func ahead[T any](items iter.Seq2[item.Item, error], newDecoder func() func(item.Item) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		workers := runtime.GOMAXPROCS(0)
		inOrder := make(chan *unit[T], 2*workers)
		work, stop := make(chan *unit[T]), make(chan struct{})
		var running sync.WaitGroup
		defer running.Wait()
		defer close(stop)
		running.Go(func() {
			defer close(inOrder)
			defer close(work)
			for u := range units[T](items) {
				select {
				case inOrder <- u:
				case <-stop:
					return
				}
				if u.err != nil {
					close(u.done)
					return
				}
				select {
				case work <- u:
				case <-stop:
					return
				}
			}
		})
		for range workers {
			running.Go(func() {
				decode := newDecoder()
				for u := range work {
					u.decode(decode)
				}
			})
		}
		for u := range inOrder {
			<-u.done
			for _, v := range u.values {
				if !yield(v, nil) {
					return
				}
			}
			if u.err != nil {
				var none T
				yield(none, u.err)
				return
			}
		}
	}
}

// units cuts items into units; the last one has the error that ended them, if one did.
func units[T any](rows iter.Seq2[item.Item, error]) iter.Seq[*unit[T]] {
	return func(yield func(*unit[T]) bool) {
		var items []item.Item
		for it, err := range rows {
			if err != nil {
				if len(items) > 0 && !yield(newUnit[T](items)) {
					return
				}
				yield(&unit[T]{err: err, done: make(chan struct{})})
				return
			}
			if items = append(items, it); len(items) == unitRows {
				if !yield(newUnit[T](items)) {
					return
				}
				items = nil
			}
		}
		if len(items) > 0 {
			yield(newUnit[T](items))
		}
	}
}

func newUnit[T any](items []item.Item) *unit[T] {
	return &unit[T]{items: items, done: make(chan struct{})}
}

func (u *unit[T]) decode(decode func(item.Item) (T, error)) {
	defer close(u.done)
	u.values = make([]T, 0, len(u.items))
	for _, it := range u.items {
		v, err := decode(it)
		if u.err = err; err != nil {
			return
		}
		u.values = append(u.values, v)
	}
}
