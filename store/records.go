package store

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"gongkai/extract"
)

// PutRecord keeps what was read from the capture r.Capture, in place of what was read from it before. To read a
// page again makes no revision: it is the difference between captures that counts.
//
// It completes r: URL, Time, Portal and SHA256 are those of the capture, SHA256 of each part that of its capture;
// Text, Fields and Attachments are computed; Change compares with the record before it of the same URL, and that of
// the record after it is computed anew. ErrNotFound when there is no such capture, of the page or of a part. When it
// returns an error, the archive is as it was.
func (s *Store) PutRecord(r *Record) error { return s.PutRecords([]*Record{r}) }

// PutRecords is PutRecord for many, in order and all or nothing: one commit costs much more than one record.
func (s *Store) PutRecords(records []*Record) error {
	if len(records) == 0 {
		return nil
	}
	return s.update(func(tx *bolt.Tx) error {
		for _, r := range records {
			c, ok, err := captureOf(tx, s.codec, r.Capture)
			if err == nil && !ok {
				err = ErrNotFound
			}
			if err == nil {
				err = putRecord(tx, s.codec, r, &c)
			}
			if err != nil {
				return fmt.Errorf("record of capture %d: %w", r.Capture, err)
			}
		}
		return nil
	})
}

// Record returns what was read from a capture; false when nothing was.
func (s *Store) Record(capture uint64) (r Record, ok bool, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		r, ok, err = recordOf(tx, s.codec, capture)
		return err
	})
	return r, ok, err
}

// LastRecord returns what was read last from a URL, a report or not: the record of the newest capture that has one;
// false when nothing was.
func (s *Store) LastRecord(url string) (r Record, ok bool, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		records := tx.Bucket(recordBucket).Cursor()
		for id := range newestFirst(tx, url) {
			if k, _ := records.Seek(idKey(id)); bytes.Equal(k, idKey(id)) { // the keys only: most captures have none
				r, ok, err = recordOf(tx, s.codec, id)
				return err
			}
		}
		return nil
	})
	return r, ok, err
}

// Records yields every record that is a report, ordered by agency, year, URL and capture; those whose agency is
// unknown come first. The loop body may write. A record that it moves to another agency or year may be met twice
// or not at all: to read everything again, go through Captures.
func (s *Store) Records() iter.Seq2[Record, error] {
	return list(s, listing{order: keyBucket, rows: recordBucket}, s.decodeRecord)
}

// RecordsOf yields the records of one agency and year, ordered by URL and capture: all scopes, pages and moments.
func (s *Store) RecordsOf(k extract.Key) iter.Seq2[Record, error] {
	if checkKey(k) != nil {
		return func(func(Record, error) bool) {} // nothing is kept under such a key
	}
	return list(s, listing{order: keyBucket, rows: recordBucket, prefix: keyPrefix(k)}, s.decodeRecord)
}

// Rejected yields the records of pages that turned out to be no reports, ordered by URL and capture.
func (s *Store) Rejected() iter.Seq2[Record, error] {
	return list(s, listing{order: rejectedBucket, rows: recordBucket}, s.decodeRecord)
}

func (s *Store) decodeRecord(r row) (Record, error) { return s.codec.record(r.id, r.value) }

func (z codec) record(id uint64, row []byte) (r Record, err error) {
	if err := z.unpackRow(row, &r); err != nil {
		return Record{}, fmt.Errorf("record of capture %d: %w", id, err)
	}
	return r, nil
}

func recordOf(tx *bolt.Tx, z codec, id uint64) (r Record, ok bool, err error) {
	row := tx.Bucket(recordBucket).Get(idKey(id))
	if row == nil {
		return Record{}, false, nil
	}
	r, err = z.record(id, row)
	return r, err == nil, err
}

// putRecord keeps a record of a capture, moves its index entry, and settles the changes that this affects.
func putRecord(tx *bolt.Tx, z codec, r *Record, c *Capture) error {
	r.Capture, r.URL, r.Time, r.Portal, r.SHA256 = c.ID, c.URL, c.Time, c.Portal, c.SHA256
	if err := proveParts(tx, z, r.Parts); err != nil {
		return err
	}
	if err := r.sum(); err != nil {
		return err
	}
	before, err := versionBefore(tx, z, r.URL, r.Capture)
	if err != nil {
		return err
	}
	r.Change = change(before, r)
	if err := replaceRecord(tx, z, r); err != nil {
		return err
	}
	return settleNext(tx, z, r, before)
}

// proveParts takes the digest of each part from the capture that it names.
func proveParts(tx *bolt.Tx, z codec, parts []Part) error {
	for i, p := range parts {
		if parts[i].SHA256 = ""; p.Capture == 0 {
			continue
		}
		c, ok, err := captureOf(tx, z, p.Capture)
		switch {
		case err != nil:
			return err
		case !ok || !hasBody(c.State):
			return fmt.Errorf("%s, capture %d: %w", p.Name, p.Capture, ErrNotFound)
		}
		parts[i].SHA256 = c.SHA256
	}
	return nil
}

// replaceRecord writes the row and the index entry of a record, and takes away those it had.
func replaceRecord(tx *bolt.Tx, z codec, r *Record) error {
	old, ok, err := recordOf(tx, z, r.Capture)
	if err != nil {
		return err
	}
	if ok {
		bucket, key := indexKey(&old)
		if err := tx.Bucket(bucket).Delete(key); err != nil {
			return err
		}
	}
	row, err := z.packRow(r)
	if err != nil {
		return err
	}
	bucket, key := indexKey(r)
	return errors.Join(
		ascending(tx, recordBucket).Put(idKey(r.Capture), row),
		tx.Bucket(bucket).Put(key, nil),
	)
}

// settleNext computes the change of the version that follows r, whose own predecessor is given.
func settleNext(tx *bolt.Tx, z codec, r, before *Record) error {
	next, err := versionAfter(tx, z, r.URL, r.Capture)
	if err != nil || next == nil {
		return err
	}
	if r.Rejected == "" {
		before = r
	}
	if now := change(before, next); now != next.Change {
		next.Change = now
		return replaceRecord(tx, z, next)
	}
	return nil
}
