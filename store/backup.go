package store

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// A Copied is what a backup added.
type Copied struct {
	Captures int    `json:"captures"`
	Bytes    int64  `json:"bytes"` // of the log
	LastID   uint64 `json:"last_id"`
	Head     string `json:"head"` // hash of the newest link of the chain
}

// Backup brings the archive in another folder, which is made when it does not exist, to what this one holds at the
// moment: it adds what has been archived since the last backup, at the same places of its log. The archive may be
// written to meanwhile. What is there already is compared by its chain; the folder of another archive is refused with an
// error, and so is one that was changed. What is added is proven on the way: a damaged archive is not copied over.
func (s *Store) Backup(dir string) (c Copied, err error) {
	if same, err := sameFolder(dir, s.dir); err != nil || same {
		return c, errors.Join(err, errors.New("the folder of a backup must be another one"))
	}
	to, err := Open(dir)
	if err != nil {
		return c, err
	}
	b := backup{from: s, to: to}
	if err = b.begin(); err == nil {
		err = b.rare()
	}
	if err == nil {
		err = b.run()
	}
	return b.Copied, errors.Join(err, to.Close())
}

func sameFolder(a, b string) (bool, error) {
	a, err1 := filepath.Abs(a)
	b, err2 := filepath.Abs(b)
	return a == b, errors.Join(err1, err2)
}

// A backup goes on where the log of the copy ends, up to where that of the original ended when it began.
type backup struct {
	Copied
	from, to *Store
	end      item.Position
	newest   Link
	links    uint64 // number of the last link of the copy

	rewritten string // when the archive was repaired last, as the copy has it
}

// begin finds the bounds, and holds the chain of the copy against that of the original.
func (b *backup) begin() error {
	var last Link
	var at item.Position
	err := b.to.view(func(t *txn) (err error) {
		at = t.base
		b.rewritten = string(t.Bucket(metaBucket).Get(metaRewritten))
		last, err = lastLink(t.Tx)
		return err
	})
	if err != nil {
		return err
	}
	b.links = last.Number
	return b.from.view(func(t *txn) (err error) {
		b.end = t.base
		if b.newest, err = lastLink(t.Tx); err != nil {
			return err
		}
		b.LastID, b.Head = b.newest.Last, b.newest.Hash
		origin := string(t.Bucket(metaBucket).Get([]byte("origin")))
		mine := Link{Hash: origin}
		if last.Number > 0 {
			if mine, err = t.link(last.Number); err != nil {
				return fmt.Errorf("%w: the folder has a later archive, or one of something else: %w", ErrNotArchive, err)
			}
		}
		if rewritten := t.Bucket(metaBucket).Get(metaRewritten); at > 0 && mine == last && string(rewritten) != b.rewritten {
			return fmt.Errorf("%w: the archive was repaired since that backup was begun; back up into an empty folder, and keep the old backup: it may hold what was lost", ErrNotArchive)
		}
		if at > 0 && mine != last || at > b.end {
			return fmt.Errorf("%w: what is in the folder is no earlier state of this archive; name an empty folder", ErrNotArchive)
		}
		return nil
	})
}

// rare copies what only merged and repaired archives have. It does not change while they are written to.
func (b *backup) rare() error {
	for _, name := range rareBuckets {
		if err := translate(copyBucket(b.to.file, b.from.file, name)); err != nil {
			return err
		}
	}
	return nil
}

// run copies commit after commit, some at a time: the copy is an earlier state of the original whenever it is stopped.
func (b *backup) run() error {
	for {
		items, done, err := b.next()
		if err != nil || done {
			return err
		}
		if err := b.add(items); err != nil {
			return err
		}
	}
}

// next reads the items that follow, proven.
func (b *backup) next() (items []proven, done bool, err error) {
	var at item.Position
	if err := b.to.view(func(t *txn) error { at = t.base; return nil }); err != nil {
		return nil, false, err
	}
	var raw []item.Item
	err = b.from.view(func(t *txn) error {
		raw = nil
		for size := 0; at < b.end && len(raw) < batchRows && size < batchBytes; {
			it, err := t.item(at)
			if err != nil {
				return err
			}
			raw = append(raw, it)
			size += it.Length()
			at += item.Position(it.Length())
		}
		return nil
	})
	for _, it := range raw {
		plain, perr := b.from.unpack(&it)
		if err = errors.Join(err, perr); perr == nil {
			items = append(items, proven{it, plain})
		}
	}
	return items, len(items) == 0, err
}

// A proven item comes with its plain bytes.
type proven struct {
	item.Item
	plain []byte
}

// add appends items and makes their entries. Links come with the captures that they cover.
func (b *backup) add(items []proven) error {
	n, size := 0, int64(0)
	err := b.to.update(func(t *txn) error {
		n, size = 0, 0
		for i := range items {
			it := &items[i]
			if at := t.append(it.AppendTo(nil)); at != it.At {
				return fmt.Errorf("%w: an item of %d would come to %d", ErrDamaged, it.At, at)
			}
			if err := t.index(it); err != nil {
				return err
			}
			size += int64(it.Length())
			if it.Kind == item.Capture {
				n++
			}
		}
		return b.copyLinks(t)
	})
	if err == nil {
		b.Captures += n
		b.Bytes += size
	}
	return err
}

// index makes the entries of an item that another archive had.
func (t *txn) index(it *proven) error {
	switch it.Kind {
	case item.Gap:
		return nil
	case item.Body:
		return t.Bucket(digestBucket).Put(it.Sum[:], it.At.Key())
	case item.Capture:
		c, err := parseCapture(it.ID, it.plain)
		if err != nil {
			return err
		}
		return errors.Join(t.indexCapture(&c, it.At), t.Bucket(captureBucket).SetSequence(c.ID))
	}
	r, err := parseRecord(it.ID, it.plain)
	if err != nil {
		return err
	}
	return t.indexRecord(&r, it.At)
}

// copyLinks adds the links whose captures the copy now has.
func (b *backup) copyLinks(t *txn) error {
	last := t.lastID()
	if t.end() == b.end { // the last captures may be lost
		last = b.newest.Last
	}
	return b.from.view(func(from *txn) error {
		if err := copyMeta(t.Tx, from.Tx, b.links == 0); err != nil {
			return err
		}
		c := from.Bucket(chainBucket).Cursor()
		own, err := lastLink(t.Tx)
		if err != nil {
			return err
		}
		for k, v := c.Seek(idKey(own.Number + 1)); k != nil; k, v = c.Next() {
			l, err := parseLink(k, v)
			if err != nil {
				return err
			}
			if l.Last > last {
				return nil
			}
			captures := t.Bucket(captureBucket)
			err = errors.Join(ascending(t.Tx, chainBucket).Put(k, bytes.Clone(v)), // bbolt keeps the slice until the commit
				captures.SetSequence(max(captures.Sequence(), l.Last)))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// copyMeta says of a new copy when the original was made, by what, and of what.
func copyMeta(to, from *bolt.Tx, fresh bool) error {
	if !fresh {
		return nil
	}
	for _, name := range []string{"created", "gongkai", "origin", "sources", "repairs", "rewritten"} {
		if v := from.Bucket(metaBucket).Get([]byte(name)); v != nil {
			if err := to.Bucket(metaBucket).Put([]byte(name), bytes.Clone(v)); err != nil {
				return err
			}
		}
	}
	return sumMeta(to.Bucket(metaBucket))
}
