package store

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Capture returns the capture with an id; false when there is none.
func (s *Store) Capture(id uint64) (c Capture, ok bool, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		c, ok, err = captureOf(tx, s.codec, id)
		return err
	})
	return c, ok, err
}

// LastID returns the id of the newest capture, 0 when there is none. It names a moment: all captures up to an id
// are a snapshot that never changes.
func (s *Store) LastID() (id uint64, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		if k, _ := tx.Bucket(captureBucket).Cursor().Last(); k != nil {
			id = number(k)
		}
		return nil
	})
	return id, err
}

// At returns the moment, as LastID does, of a time: everything archived before the first capture made after t.
func (s *Store) At(t time.Time) (id uint64, err error) {
	id, err = s.LastID()
	switch {
	case err != nil || t.Before(firstTime):
		return 0, err
	case t.After(lastTime):
		return id, nil
	}
	err = s.view(func(tx *bolt.Tx) error {
		c := tx.Bucket(timeBucket).Cursor()
		for k, _ := c.Seek(timeKey(t.Add(1), 0)); k != nil; k, _ = c.Next() {
			id = min(id, number(k)-1)
		}
		return nil
	})
	return id, err
}

// LastCapture returns the newest capture of a URL, whatever came of it; false when there is none.
func (s *Store) LastCapture(url string) (Capture, bool, error) { return s.LastBefore(url, 0) }

// FirstCapture returns the oldest capture of a URL; false when there is none.
func (s *Store) FirstCapture(url string) (Capture, bool, error) { return s.Next(url, 0) }

// Next returns the first capture of a URL whose id is greater than after; false when there is none.
func (s *Store) Next(url string, after uint64) (c Capture, ok bool, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		k, _ := tx.Bucket(urlBucket).Cursor().Seek(urlKey(url, after+1))
		if !bytes.HasPrefix(k, urlPrefix(url)) {
			return nil
		}
		c, ok, err = captureOf(tx, s.codec, number(k))
		return err
	})
	return c, ok, err
}

// LastBefore returns the newest capture of a URL whose id is smaller than before, 0 for any, and whose state is one
// of states, none for any; false when there is none. It reads one row, however many captures there are.
func (s *Store) LastBefore(url string, before uint64, states ...string) (c Capture, ok bool, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		c, ok, err = lastOf(tx, s.codec, url, before, func(state string) bool { return len(states) == 0 || slices.Contains(states, state) })
		return err
	})
	return c, ok, err
}

// LastBody returns the newest capture of a URL that tells its body: State is ok or unchanged, and SHA256 names
// it; false when there is none.
func (s *Store) LastBody(url string) (Capture, bool, error) {
	return s.LastBefore(url, 0, StateOK, StateUnchanged)
}

func hasBody(state string) bool { return state == StateOK || state == StateUnchanged }

// Captures yields every capture whose id is greater than after, oldest first, as of the moment it is called. The
// loop body may write.
func (s *Store) Captures(after uint64) iter.Seq2[Capture, error] {
	return list(s, listing{order: captureBucket, rows: captureBucket, after: idKey(after)}, s.decodeCapture)
}

// CapturesOf yields the captures of a URL, oldest first. The loop body may write.
func (s *Store) CapturesOf(url string) iter.Seq2[Capture, error] {
	return list(s, listing{order: urlBucket, rows: captureBucket, prefix: urlPrefix(url)}, s.decodeCapture)
}

// URLs yields the addresses that begin with prefix and have captures, each once, in order. The loop body may write.
func (s *Store) URLs(prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for next := []byte(prefix); ; {
			var batch []string
			err := s.view(func(tx *bolt.Tx) error {
				c := tx.Bucket(urlBucket).Cursor()
				for k, _ := c.Seek(next); bytes.HasPrefix(k, []byte(prefix)) && len(batch) < batchRows; k, _ = c.Seek(next) {
					url, _, _ := bytes.Cut(k, []byte{0})
					batch = append(batch, string(url))
					next = append(bytes.Clone(url), 1) // no address contains a zero byte: this follows all keys of the URL
				}
				return nil
			})
			if err != nil {
				yield("", err)
				return
			}
			for _, url := range batch {
				if !yield(url, nil) {
					return
				}
			}
			if len(batch) < batchRows {
				return
			}
		}
	}
}

func (s *Store) decodeCapture(r row) (Capture, error) { return s.codec.capture(r.id, r.value) }

func (z codec) capture(id uint64, row []byte) (c Capture, err error) {
	if err := z.unpackRow(row, &c); err != nil {
		return Capture{}, fmt.Errorf("capture %d: %w", id, err)
	}
	return c, nil
}

func captureOf(tx *bolt.Tx, z codec, id uint64) (c Capture, ok bool, err error) {
	row := tx.Bucket(captureBucket).Get(idKey(id))
	if row == nil {
		return Capture{}, false, nil
	}
	c, err = z.capture(id, row)
	return c, err == nil, err
}

// lastOf returns the newest capture of a URL before an id, 0 for any, whose state is wanted.
func lastOf(tx *bolt.Tx, z codec, url string, before uint64, want func(state string) bool) (Capture, bool, error) {
	captures := newestFirst(tx, url)
	if before != 0 {
		captures = backwards(tx, url, urlKey(url, before))
	}
	for id, state := range captures {
		if want(state) {
			c, ok, err := captureOf(tx, z, id)
			if err == nil && !ok {
				err = fmt.Errorf("%w: %s names %d, which is not in %s", ErrDamaged, urlBucket, id, captureBucket)
			}
			return c, ok, err
		}
	}
	return Capture{}, false, nil
}

// newestFirst yields id and state of the captures of a URL.
func newestFirst(tx *bolt.Tx, url string) iter.Seq2[uint64, string] {
	behind := append([]byte(url), 1) // no address contains a zero byte: this follows all keys of the URL
	return backwards(tx, url, behind)
}

// backwards yields id and state of the captures of a URL whose keys precede one, newest first.
func backwards(tx *bolt.Tx, url string, key []byte) iter.Seq2[uint64, string] {
	return func(yield func(uint64, string) bool) {
		prefix := urlPrefix(url)
		c := tx.Bucket(urlBucket).Cursor()
		for k, v := before(c, key); bytes.HasPrefix(k, prefix); k, v = c.Prev() {
			if !yield(number(k), string(v)) {
				return
			}
		}
	}
}

// before moves a cursor to the last key that precedes one.
func before(c *bolt.Cursor, key []byte) (k, v []byte) {
	if k, _ := c.Seek(key); k == nil {
		return c.Last()
	}
	return c.Prev()
}
