package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// A listing yields the rows of captures or records in the order of one of the buckets.
type listing struct {
	order  []byte // the bucket whose keys give the order; they end with an id
	rows   []byte // the bucket that says where the row of each id is
	prefix []byte // only keys that begin with it
	after  []byte // only keys after it
}

// A transaction reads this much of a listing: enough to be cheap, little enough to be short.
const (
	batchRows  = 256
	batchBytes = 1 << 20
)

// list yields what decode makes of the rows of a listing, as they stood when the listing began: later captures
// are left out, so that a loop that adds some comes to an end. It reads some rows, ends the transaction, and only
// then yields: the loop body may write. After an error nothing follows.
func list[T any](s *Store, l listing, decode func(item.Item) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		l := l
		l.after = bytes.Clone(l.after) // a sequence may be ranged over twice
		last, err := s.LastID()
		for err == nil {
			var batch []item.Item
			batch, err = s.batch(&l, last)
			if err != nil || len(batch) == 0 {
				break
			}
			for _, r := range batch {
				value, err := decode(r)
				if !yield(value, err) || err != nil {
					return
				}
			}
		}
		if err != nil {
			yield(none, err)
		}
	}
}

// batch reads the next rows of a listing, up to the capture last, and moves l behind them. It returns none at
// the end.
func (s *Store) batch(l *listing, last uint64) (batch []item.Item, err error) {
	kind := byte(item.Capture)
	if bytes.Equal(l.rows, recordBucket) {
		kind = item.Record
	}
	err = s.view(func(t *txn) error {
		c := t.Bucket(l.order).Cursor()
		size := 0
		for k := l.start(c); k != nil && bytes.HasPrefix(k, l.prefix); k, _ = c.Next() {
			if l.after != nil && bytes.Compare(k, l.after) <= 0 { // a damaged page may lead back for ever
				return fmt.Errorf("%w: keys of %s are out of order at %x", ErrDamaged, l.order, k)
			}
			if id := number(k); id <= last {
				at, ok := t.place(l.rows, id)
				if !ok {
					return fmt.Errorf("%w: %s names %d, which is not in %s", ErrDamaged, l.order, id, l.rows)
				}
				it, err := t.itemOf(at, kind, id)
				if err != nil {
					return err
				}
				batch = append(batch, it)
				size += len(it.Data)
			}
			l.after = append(l.after[:0], k...)
			if len(batch) == batchRows || size >= batchBytes {
				break
			}
		}
		return nil
	})
	return batch, err
}

// start moves a cursor to the first key that is wanted.
func (l *listing) start(c *bolt.Cursor) []byte {
	if l.after == nil {
		k, _ := c.Seek(l.prefix)
		return k
	}
	k, _ := c.Seek(l.after)
	if bytes.Equal(k, l.after) {
		k, _ = c.Next()
	}
	return k
}

// rowOf returns the plain bytes of a row: the JSON of a value, in one line.
func rowOf(value any) ([]byte, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false) // rows are read by people, and URLs are full of &
	if err := enc.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(plain.Bytes(), []byte("\n")), nil
}

// parseRow reads a row into value.
func parseRow(plain []byte, value any) error {
	if err := json.Unmarshal(plain, value); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
