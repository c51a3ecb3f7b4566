package store

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// Capture returns the capture with an id; false when there is none.
func (s *Store) Capture(id uint64) (c Capture, ok bool, err error) {
	err = s.view(func(t *txn) error {
		c, ok, err = t.capture(id)
		return err
	})
	return c, ok, err
}

// LastID returns the id of the newest capture, 0 when there is none. It names a moment: all captures up to an id
// are a snapshot that never changes.
func (s *Store) LastID() (id uint64, err error) {
	err = s.view(func(t *txn) error {
		if k, _ := t.Bucket(captureBucket).Cursor().Last(); k != nil {
			id = number(k)
		}
		return nil
	})
	return id, err
}

// At returns the moment, as LastID does, of a time: everything archived before the first capture made after it.
func (s *Store) At(moment time.Time) (id uint64, err error) {
	id, err = s.LastID()
	switch {
	case err != nil || moment.Before(firstTime):
		return 0, err
	case moment.After(lastTime):
		return id, nil
	}
	err = s.view(func(t *txn) error {
		c := t.Bucket(timeBucket).Cursor()
		for k, _ := c.Seek(timeKey(moment.Add(1), 0)); k != nil; k, _ = c.Next() {
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
	err = s.view(func(t *txn) error {
		k, _ := t.Bucket(urlBucket).Cursor().Seek(urlKey(url, after+1))
		if !bytes.HasPrefix(k, urlPrefix(url)) {
			return nil
		}
		c, ok, err = t.capture(number(k))
		return err
	})
	return c, ok, err
}

// LastBefore returns the newest capture of a URL whose id is smaller than before, 0 for any, and whose state is one
// of states, none for any; false when there is none. It reads one row, however many captures there are.
func (s *Store) LastBefore(url string, before uint64, states ...string) (c Capture, ok bool, err error) {
	err = s.view(func(t *txn) error {
		c, ok, err = t.lastOf(url, before, func(state string) bool { return len(states) == 0 || slices.Contains(states, state) })
		return err
	})
	return c, ok, err
}

// LastBody returns the newest capture of a URL that tells its body: State is ok or unchanged, and SHA256 names
// it; false when there is none.
func (s *Store) LastBody(url string) (Capture, bool, error) {
	return s.LastBefore(url, 0, StateOK, StateUnchanged)
}

// Newest hands the captures of a URL to look, newest first, until that returns false. All are of one moment, and found in
// one go; look must not use the archive.
func (s *Store) Newest(url string, look func(Capture) (more bool)) error {
	return s.view(func(t *txn) error {
		for id := range newestFirst(t.Tx, url) {
			c, ok, err := t.capture(id)
			if err == nil && !ok {
				err = fmt.Errorf("%w: %s names %d, which is not in %s", ErrDamaged, urlBucket, id, captureBucket)
			}
			if err != nil || !look(c) {
				return err
			}
		}
		return nil
	})
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
			err := s.view(func(t *txn) error {
				c := t.Bucket(urlBucket).Cursor()
				for k, _ := c.Seek(next); k != nil && bytes.HasPrefix(k, []byte(prefix)) && len(batch) < batchRows; k, _ = c.Seek(next) {
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

// CapturesIn yields the captures of a state whose id is greater than after, oldest first. The loop body may write.
func (s *Store) CapturesIn(state string, after uint64) iter.Seq2[Capture, error] {
	return list(s, listing{order: stateBucket, rows: captureBucket, prefix: urlPrefix(state), after: urlKey(state, after)}, s.decodeCapture)
}

func (s *Store) decodeCapture(it item.Item) (Capture, error) {
	plain, err := s.unpack(&it)
	if err != nil {
		return Capture{}, fmt.Errorf("capture %d: %w", it.ID, err)
	}
	return parseCapture(it.ID, plain)
}

// A captureRow is a Capture as the archive keeps it: its id is that of its item.
type captureRow struct {
	Capture
	ID uint64 `json:"id,omitempty"`
}

// row returns the plain bytes of a capture's row.
func (c *Capture) row() ([]byte, error) { return rowOf(&captureRow{Capture: *c}) }

func parseCapture(id uint64, plain []byte) (Capture, error) {
	var row captureRow
	if err := parseRow(plain, &row); err != nil {
		return Capture{}, fmt.Errorf("capture %d: %w", id, err)
	}
	row.Capture.ID = id
	return row.Capture, nil
}

// capture reads the capture with an id.
func (t *txn) capture(id uint64) (c Capture, ok bool, err error) {
	at, ok := t.place(captureBucket, id)
	if !ok {
		return Capture{}, false, nil
	}
	it, err := t.itemOf(at, item.Capture, id)
	var plain []byte
	if err == nil {
		plain, err = t.unpack(&it)
	}
	if err != nil {
		return Capture{}, false, fmt.Errorf("capture %d: %w", id, err)
	}
	c, err = parseCapture(id, plain)
	return c, err == nil, err
}

// place returns where the log has the row of an id.
func (t *txn) place(bucket []byte, id uint64) (item.Position, bool) {
	v := t.Bucket(bucket).Get(idKey(id))
	if len(v) != 8 {
		return 0, false
	}
	return item.Position(number(v)), true
}

// newest returns the id of the newest capture of a URL, 0 when there is none.
func (t *txn) newest(url string) uint64 {
	for id := range newestFirst(t.Tx, url) {
		return id
	}
	return 0
}

// lastOf returns the newest capture of a URL before an id, 0 for any, whose state is wanted.
func (t *txn) lastOf(url string, before uint64, want func(state string) bool) (Capture, bool, error) {
	captures := newestFirst(t.Tx, url)
	if before != 0 {
		captures = backwards(t.Tx, url, urlKey(url, before))
	}
	for id, state := range captures {
		if want(state) {
			c, ok, err := t.capture(id)
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
