package export

import "iter"

// ahead runs a sequence in a goroutine of its own, up to n values before the loop: reading and decoding records takes as
// long as writing them. The goroutine has ended when the loop has.
func ahead[T any](seq iter.Seq2[T, error], n int) iter.Seq2[T, error] {
	type item struct {
		value T
		err   error
	}
	return func(yield func(T, error) bool) {
		items, stop := make(chan item, n), make(chan struct{})
		go func() {
			defer close(items)
			for v, err := range seq {
				select {
				case items <- item{v, err}:
				case <-stop:
					return
				}
			}
		}()
		defer func() {
			close(stop)
			for range items { // until the goroutine has ended
			}
		}()
		for i := range items {
			if !yield(i.value, i.err) {
				return
			}
		}
	}
}
