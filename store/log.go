package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// The log is one long run of bytes, cut into chunks that are the values of a bucket. Only its last chunk is ever
// written again. Two chunks, their keys and bbolt's heads fill four pages of 4 KB to the byte but 16: values that end
// where a capture ends would waste a third of their pages, values of a megabyte would be written again with each of up
// to three neighbours, as bbolt never splits a leaf of four.
const chunkSize = 8160

// A txn is a transaction. What it appends to the log can be read in it at once, and goes into the bucket when it ends.
type txn struct {
	*bolt.Tx
	store *Store
	base  item.Position // where the log ended when the transaction began
	fresh []byte        // what has been appended since
	added []link        // captures appended since
}

// end returns where the log ends.
func (t *txn) end() item.Position { return t.base + item.Position(len(t.fresh)) }

// logEnd returns where the log ends in the database.
func logEnd(tx *bolt.Tx) item.Position {
	k, v := tx.Bucket(logBucket).Cursor().Last()
	if k == nil {
		return 0
	}
	return item.Position(number(k)*chunkSize) + item.Position(len(v))
}

// append adds bytes to the log and returns their position.
func (t *txn) append(b []byte) item.Position {
	p := t.end()
	t.fresh = append(t.fresh, b...)
	return p
}

// add adds an item to the log and returns its position.
func (t *txn) add(it *item.Item) item.Position {
	p := t.end()
	t.fresh = it.AppendTo(t.fresh)
	return p
}

// flush writes what was appended into the bucket.
func (t *txn) flush() error {
	b := ascending(t.Tx, logBucket)
	for p, rest := t.base, t.fresh; len(rest) > 0; {
		key, at := idKey(uint64(p)/chunkSize), int(p%chunkSize)
		n := min(chunkSize-at, len(rest))
		chunk := rest[:n]
		if at > 0 {
			old := b.Get(key)
			if len(old) != at {
				return fmt.Errorf("%w: the log ends in the middle of chunk %d", ErrDamaged, uint64(p)/chunkSize)
			}
			chunk = slices.Concat(old, chunk)
		}
		if err := b.Put(key, chunk); err != nil {
			return err
		}
		p, rest = p+item.Position(n), rest[n:]
	}
	return nil
}

// read returns a copy of up to n bytes of the log: less where it ends, or where a chunk is missing.
func (t *txn) read(p item.Position, n int) []byte {
	if p >= t.base {
		at := min(uint64(p-t.base), uint64(len(t.fresh)))
		return bytes.Clone(t.fresh[at:min(at+uint64(n), uint64(len(t.fresh)))])
	}
	var out []byte
	c := t.Bucket(logBucket).Cursor()
	k, v := c.Seek(idKey(uint64(p) / chunkSize))
	for at := int(p % chunkSize); n > 0; at = 0 {
		if k == nil || binary.BigEndian.Uint64(k) != uint64(p)/chunkSize || at >= len(v) {
			break
		}
		part := v[at:min(at+n, len(v))]
		if out == nil {
			out = make([]byte, 0, min(n, item.MaxPlain))
			if len(part) == n {
				return append(out, part...)
			}
		}
		out = append(out, part...)
		p, n = p+item.Position(len(part)), n-len(part)
		if len(v) < chunkSize {
			break
		}
		k, v = c.Next()
	}
	if n > 0 && p == t.base && len(t.fresh) > 0 {
		out = append(out, t.fresh[:min(n, len(t.fresh))]...)
	}
	return out
}

// item reads an item of the log.
func (t *txn) item(at item.Position) (item.Item, error) {
	const ahead = 2048 // most rows are read at once
	b := t.read(at, ahead)
	it, err := item.ParseHead(b, at)
	if err != nil {
		return it, err
	}
	if it.Length() <= len(b) {
		it.Data = b[it.Head:it.Length()]
		return it, nil
	}
	it.Data = t.read(at+item.Position(it.Head), it.Size)
	if len(it.Data) != it.Size {
		return it, fmt.Errorf("%w: item at %d of the log is cut short", ErrDamaged, at)
	}
	return it, nil
}

// itemOf reads an item that must be of a kind and belong to a capture; id 0 stands for any.
func (t *txn) itemOf(at item.Position, kind byte, id uint64) (item.Item, error) {
	it, err := t.item(at)
	if err == nil && (it.Kind != kind || id != 0 && it.ID != id) {
		err = fmt.Errorf("%w: at %d of the log is another item", ErrDamaged, at)
	}
	return it, err
}

// head reads an item without its data.
func (t *txn) head(at item.Position) (item.Item, error) {
	return item.ParseHead(t.read(at, item.MaxHead), at)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
