package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
	bolt "go.etcd.io/bbolt"

	"gongkai/internal/atomicfile"
	"gongkai/store/internal/boltfile"
	"gongkai/store/internal/item"
)

// Schema 1 kept every row and payload as a value of its own:
//
//	captures   id u64                               => row: JSON Capture
//	bodies     id u64 of the first capture, n u16   => n-th piece of a payload
//	records    id u64 of the capture                => row: JSON Record
//
// A row was codec u8, CRC-32C u32 of the plain bytes, data; a payload codec u8, length u64, SHA-256, data. The indexes
// were those of today, but for states.

// oldName is what the file of schema 1 is called after the migration. It is kept: to delete it is for its owner.
const oldName = "archive-schema1.db"

// migratePrefix begins the name of a folder in which a migration works.
const migratePrefix = ".migrate-"

// migrate brings the archive in dir to the present schema. The new file is made beside the old one, and takes its name
// when it is whole and was read back; until then, and after a kill, the archive is the old one.
func migrate(dir string) error {
	old, err := openFile(dir, false) // nobody else may write to it meanwhile
	if err != nil {
		return err
	}
	defer old.Close()
	tmp, err := os.MkdirTemp(dir, migratePrefix+"*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := migrateInto(tmp, old); err != nil {
		return fmt.Errorf("bring it to schema %d: %w", schema, err)
	}
	if err := atomicfile.PublishNew(filepath.Join(dir, fileName), filepath.Join(dir, oldName)); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(tmp, fileName), filepath.Join(dir, fileName)); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, "README")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // it explains schema 1
	}
	return atomicfile.SyncDir(dir)
}

// migrateInto makes an archive of the present schema in an empty folder.
func migrateInto(dir string, old *boltfile.File) error {
	if err := initialise(dir); err != nil {
		return err
	}
	file, err := openFile(dir, false)
	if err != nil {
		return err
	}
	s := attach(dir, file, false)
	s.file.DB().NoSync = true // until it is whole nobody needs it
	r := &oldReader{file: old}
	if r.unzip, err = zstd.NewReader(nil, zstd.WithDecoderMaxMemory(item.MaxPlain)); err != nil {
		return err
	}
	defer r.unzip.Close()
	err = errors.Join(r.captures(s), r.records(s))
	if err == nil {
		err = s.file.DB().Sync()
	}
	if err == nil {
		err = s.matches(r.last, r.count)
	}
	return errors.Join(err, s.file.Close())
}

// An oldReader reads an archive of schema 1.
type oldReader struct {
	file  *boltfile.File
	unzip *zstd.Decoder
	last  uint64 // newest capture
	count int    // records
}

func (r *oldReader) captures(s *Store) error {
	for {
		c, body, ok, err := r.next(r.last)
		if err != nil || !ok {
			return err
		}
		if err := s.adopt(&c, body); err != nil {
			return fmt.Errorf("capture %d: %w", c.ID, err)
		}
		r.last = c.ID
	}
}

// next reads the first capture after an id, and the body that it brought.
func (r *oldReader) next(after uint64) (c Capture, body []byte, ok bool, err error) {
	err = r.file.View(func(tx *bolt.Tx) error {
		k, v := tx.Bucket([]byte("captures")).Cursor().Seek(idKey(after + 1))
		if k == nil {
			return nil
		}
		ok = true
		if err := r.row(v, &c); err != nil {
			return fmt.Errorf("capture %d: %w", number(k), err)
		}
		c.ID = number(k)
		var stored []byte
		b := tx.Bucket([]byte("bodies")).Cursor()
		for pk, v := b.Seek(k); bytes.HasPrefix(pk, k); pk, v = b.Next() {
			stored = append(stored, v...)
		}
		if stored == nil {
			return nil
		}
		if body, err = r.payload(stored); err != nil {
			return fmt.Errorf("body of capture %d: %w", c.ID, err)
		}
		return nil
	})
	return c, body, ok, translate(err)
}

func (r *oldReader) records(s *Store) error {
	for after := uint64(0); ; {
		var row []byte
		var rec Record
		err := r.file.View(func(tx *bolt.Tx) error {
			k, v := tx.Bucket([]byte("records")).Cursor().Seek(idKey(after + 1))
			if k != nil {
				after, row = number(k), bytes.Clone(v)
			}
			return nil
		})
		if err != nil || row == nil {
			return translate(err)
		}
		if err := r.row(row, &rec); err != nil {
			return fmt.Errorf("record of capture %d: %w", after, err)
		}
		if err := s.PutRecord(&rec); err != nil {
			return err
		}
		r.count++
	}
}

func (r *oldReader) plain(codec byte, data []byte) ([]byte, error) {
	switch codec {
	case item.CodecPlain:
		return append([]byte{}, data...), nil
	case item.CodecZstd:
		return r.unzip.DecodeAll(data, nil)
	}
	return nil, errors.New("codec is not known to this program")
}

func (r *oldReader) row(row []byte, value any) error {
	if len(row) < 5 {
		return fmt.Errorf("%w: row of %d bytes", ErrDamaged, len(row))
	}
	plain, err := r.plain(row[0], row[5:])
	if err == nil && crc32.Checksum(plain, castagnoli) != binary.BigEndian.Uint32(row[1:]) {
		err = errors.New("row does not match its checksum")
	}
	if err == nil {
		err = json.Unmarshal(plain, value)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

func (r *oldReader) payload(b []byte) ([]byte, error) {
	const head = 1 + 8 + len(item.Digest{})
	if len(b) < head {
		return nil, fmt.Errorf("%w: payload of %d bytes", ErrDamaged, len(b))
	}
	body, err := r.plain(b[0], b[head:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if item.SumOf(item.Body, body) != item.Digest(b[9:head]) {
		return nil, fmt.Errorf("%w: the bytes kept have the digest %s", ErrDamaged, item.SumOf(item.Body, body))
	}
	return body, nil
}

// adopt takes in a capture as another archive had it: under its id and state, which are not decided anew. Body is the
// one that it brought, or nil.
func (s *Store) adopt(c *Capture, body []byte) error {
	n := &newcomer{Capture: *c, given: c.State}
	n.ID = 0
	if err := n.parseSum(); err != nil {
		return err
	}
	err := n.pack(s, body, body == nil)
	if err == nil {
		err = s.update(func(t *txn) error { return n.restore(t, c.ID) })
	}
	n.settle(err == nil)
	return err
}

// restore puts a capture under the id that it had. Ids that were never given stay free.
func (n *newcomer) restore(t *txn, id uint64) error {
	n.ID, n.row.ID, n.body.ID, n.bodyAt = id, id, id, nowhere
	if n.body.Kind != 0 {
		if err := n.putBody(t); err != nil {
			return err
		}
	} else if _, held := t.held(n.sum); n.SHA256 != "" && !held {
		return fmt.Errorf("body %s: %w", n.SHA256, ErrNotFound)
	}
	n.rowAt = t.append(n.row.AppendTo(nil))
	t.added = append(t.added, link{id, n.rowSum})
	return errors.Join(t.putTemplates(&n.rowPlan, n.rowAt), t.indexCapture(&n.Capture, n.rowAt), t.Bucket(captureBucket).SetSequence(id))
}

// matches reads an archive back and compares it with what it was made from.
func (s *Store) matches(last uint64, records int) error {
	n := 0
	for c, err := range s.Captures(0) {
		if err != nil {
			return err
		}
		if c.SHA256 != "" {
			if _, err := s.Body(c.SHA256); err != nil {
				return err
			}
		}
		if _, ok, err := s.Record(c.ID); err != nil {
			return err
		} else if ok {
			n++
		}
	}
	if id, err := s.LastID(); err != nil || id != last || n != records {
		return errors.Join(err, fmt.Errorf("%w: it came to %d captures and %d records instead of %d and %d", ErrDamaged, id, n, last, records))
	}
	return nil
}
