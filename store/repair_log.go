package store

import (
	"bytes"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// A span is a piece of the log.
type span struct{ from, to item.Position }

// log copies the chunks of the log to where they were. Where one is missing, any page of the file that has it will do;
// where there is none, it is filled with zeros.
func (r *repair) log() error {
	c := chunks{missing: map[uint64]bool{}, w: rowWriter{to: r.to, bucket: logBucket}, may: r.may}
	bad, tail := 0, false
	err := r.raw.Bucket(logBucket, c.put, func(_ string, last bool) { bad++; tail = tail || last })
	if err == nil && c.odd { // the name leads to another bucket
		bad, tail, c.missing, c.next, c.w.batch = bad+1, true, nil, 0, nil
		err = r.to.commit(func(t *txn) error {
			err := t.DeleteBucket(logBucket)
			if err == nil {
				_, err = t.CreateBucket(logBucket)
			}
			return err
		})
	}
	if err = errors.Join(err, c.w.flush()); err != nil {
		return err
	}
	r.n.Pages += bad
	r.known = !tail && c.next > 0
	if bad > 0 || len(c.missing) > 0 {
		if c.next, err = r.scraps(c.missing, c.next); err != nil {
			return err
		}
	}
	return r.fill(c.next)
}

// Chunks are those of the log as its tree has them: each but the last is of one size.
type chunks struct {
	w       rowWriter
	may     func(uint64) bool
	next    uint64 // the number to come
	missing map[uint64]bool
	short   bool // one has come that must have been the last
	odd     bool // they cannot be those of a log
}

func (c *chunks) put(k, v []byte) error {
	if c.odd = c.odd || c.short || len(k) != 8 || len(v) > chunkSize || !c.may(number(k)) || number(k) < c.next; c.odd {
		return nil
	}
	c.short = len(v) < chunkSize
	for ; c.next < number(k); c.next++ {
		c.missing[c.next] = true
	}
	c.next++
	return c.w.put(k, v)
}

// extend lets the log go on as a backup has it, where its end is lost.
func (r *repair) extend(d *donor) error {
	if d.end <= r.end {
		return nil
	}
	w := rowWriter{to: r.to, bucket: logBucket}
	for n := uint64(r.end) / chunkSize; item.Position(n*chunkSize) < d.end; n++ {
		var chunk []byte
		err := d.view(func(t *txn) error {
			chunk = bytes.Clone(t.Bucket(logBucket).Get(idKey(n)))
			return nil
		})
		if err == nil && n == uint64(r.end)/chunkSize { // what there is of it stays
			err = r.to.view(func(t *txn) error {
				copy(chunk, t.Bucket(logBucket).Get(idKey(n)))
				return nil
			})
		}
		if err == nil {
			err = w.put(idKey(n), chunk)
		}
		if err != nil {
			return err
		}
	}
	r.n.Copied++
	if err := w.flush(); err != nil {
		return err
	}
	return r.to.view(func(t *txn) error { r.end = t.base; return nil })
}

// may reports whether a file of this size can have a chunk of a number.
func (r *repair) may(chunk uint64) bool { return chunk < uint64(r.raw.Size())/chunkSize+1 }

// scraps looks through all pages for chunks that are missing, of which the longest is the newest, and returns the number
// of the one to come.
func (r *repair) scraps(missing map[uint64]bool, next uint64) (uint64, error) {
	found := map[uint64]int{}
	w := rowWriter{to: r.to, bucket: logBucket}
	end := next
	if next > 0 && !missing[next-1] { // the last one, of which there may be more
		err := r.to.view(func(t *txn) error {
			found[next-1] = len(t.Bucket(logBucket).Get(idKey(next - 1)))
			return nil
		})
		if err != nil {
			return end, err
		}
	}
	err := r.raw.Scraps(func(k, v []byte) error {
		if len(k) != 8 || len(v) == 0 || len(v) > chunkSize {
			return nil
		}
		n := number(k)
		if !missing[n] && (r.known || n+1 < next) || !r.may(n) || found[n] >= len(v) {
			return nil
		}
		if l, err := parseLink(k, v); err == nil && r.plausible(l, v) || len(v) == 8 {
			return nil // a row of another bucket
		}
		found[n] = len(v)
		end = max(end, n+1)
		return w.put(k, v)
	})
	return end, errors.Join(err, w.flush())
}

// fill makes the log whole up to a chunk: with zeros where there is nothing, and where a chunk that is not the last is too
// short.
func (r *repair) fill(next uint64) error {
	w := rowWriter{to: r.to, bucket: logBucket}
	for n := range next {
		var chunk []byte
		err := r.to.view(func(t *txn) error {
			chunk = bytes.Clone(t.Bucket(logBucket).Get(idKey(n)))
			return nil
		})
		if err == nil && len(chunk) < chunkSize && n < next-1 {
			err = w.put(idKey(n), append(chunk, make([]byte, chunkSize-len(chunk))...))
		}
		if err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	return r.to.view(func(t *txn) error { r.end = t.base; return nil })
}

// A rowWriter writes rows of a bucket, some at a time.
type rowWriter struct {
	to     *Store
	bucket []byte
	batch  []row
	size   int
}

type row struct{ key, value []byte }

func (w *rowWriter) put(k, v []byte) error {
	w.batch = append(w.batch, row{bytes.Clone(k), bytes.Clone(v)})
	if w.size += len(k) + len(v); w.size < 8*batchBytes {
		return nil
	}
	return w.flush()
}

func (w *rowWriter) flush() error {
	err := w.to.file.Update(func(tx *bolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(w.bucket); err != nil {
			return err
		}
		b := ascending(tx, w.bucket)
		for _, r := range w.batch {
			if err := b.Put(r.key, r.value); err != nil {
				return err
			}
		}
		return nil
	})
	w.batch, w.size = nil, 0
	return translate(err)
}

// leastGap is the shortest piece of the log that a gap can be made of.
const leastGap = 2 + 1 + 1 + 1 + 4 + 4

// gap makes a piece of the log an item of its own, which keeps the bytes that were found there but for the first few.
func (r *repair) gap(s span) error {
	for s.from < s.to {
		size := min(int(s.to-s.from), 64<<20)
		if rest := int(s.to-s.from) - size; rest > 0 && rest < leastGap {
			size -= leastGap
		}
		var found []byte
		if err := r.to.view(func(t *txn) error { found = t.read(s.from, size); return nil }); err != nil {
			return err
		}
		b, ok := gapOf(found, size)
		if !ok { // the last few bytes of the log: an item is longer
			r.end = s.from
			return r.cut(s.from)
		}
		if err := r.write(s.from, b); err != nil {
			return err
		}
		s.from += item.Position(size)
	}
	return nil
}

// gapOf makes a gap of exactly so many bytes. As the lengths in its head have lengths themselves, not every size can be
// had; the id, which means nothing, makes up for that.
func gapOf(found []byte, size int) ([]byte, bool) {
	for head := leastGap; head <= item.MaxHead && head <= size; head++ {
		data := make([]byte, size-head)
		copy(data, found[min(head, len(found)):])
		for _, id := range []uint64{0, 1 << 7, 1 << 14} {
			it := item.Item{Kind: item.Gap, Codec: item.CodecPlain, ID: id, Plain: len(data), Sum: item.SumOf(item.Gap, data), Data: data}
			if b := it.AppendTo(nil); len(b) == size {
				return b, true
			}
		}
	}
	return nil, false
}

// write overwrites a piece of the log.
func (r *repair) write(at item.Position, b []byte) error {
	r.other = true
	return r.to.file.Update(func(tx *bolt.Tx) error {
		bucket := ascending(tx, logBucket)
		for len(b) > 0 {
			key := idKey(uint64(at) / chunkSize)
			chunk := bytes.Clone(bucket.Get(key))
			n := copy(chunk[at%chunkSize:], b)
			if n == 0 {
				return fmt.Errorf("%w: the log has no byte %d", ErrDamaged, at)
			}
			if err := bucket.Put(key, chunk); err != nil {
				return err
			}
			at, b = at+item.Position(n), b[n:]
		}
		return nil
	})
}

// cut ends the log at a place.
func (r *repair) cut(at item.Position) error {
	return r.to.file.Update(func(tx *bolt.Tx) error {
		bucket := ascending(tx, logBucket)
		key := idKey(uint64(at) / chunkSize)
		if at%chunkSize == 0 {
			return bucket.Delete(key)
		}
		return bucket.Put(key, bytes.Clone(bucket.Get(key)[:at%chunkSize]))
	})
}
