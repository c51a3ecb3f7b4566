package store

import (
	"iter"
	"runtime"
	"sync"
)

// RecordsAhead is Records for a loop that has much to do: the records are unpacked and read meanwhile, on all processors,
// some tens of them before the loop. The goroutines have ended when the loop has.
func (s *Store) RecordsAhead() iter.Seq2[Record, error] {
	return ahead(s, listing{order: keyBucket, rows: recordBucket}, func() func(item) (Record, error) {
		return s.recordDecoder(new(recordReader))
	})
}

// Outlines is RecordsAhead with less in each record, for who asks only which there are: its Report has title, agency
// without evidence, year, scope, script, form, published, forms and quality.
func (s *Store) Outlines() iter.Seq2[Record, error] {
	return ahead(s, listing{order: keyBucket, rows: recordBucket}, func() func(item) (Record, error) {
		return s.recordDecoder(&recordReader{outline: true})
	})
}

// unitRows is how many rows a goroutine decodes at a time.
const unitRows = 8

// A unit is some rows of a listing, and what is made of them.
type unit[T any] struct {
	items  []item
	values []T
	err    error // of the row after values
	done   chan struct{}
}

// ahead is list with several goroutines that decode, each with a decoder of its own.
func ahead[T any](s *Store, l listing, newDecoder func() func(item) (T, error)) iter.Seq2[T, error] {
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
			for u := range units[T](s, l) {
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

// units cuts a listing into units; the last one has the error that ended it, if one did.
func units[T any](s *Store, l listing) iter.Seq[*unit[T]] {
	return func(yield func(*unit[T]) bool) {
		var items []item
		for it, err := range list(s, l, func(it item) (item, error) { return it, nil }) {
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

func newUnit[T any](items []item) *unit[T] { return &unit[T]{items: items, done: make(chan struct{})} }

func (u *unit[T]) decode(decode func(item) (T, error)) {
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
