package store

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"gongkai/extract"
	"gongkai/store/internal/item"
)

// PutRecord keeps what was read from the capture r.Capture, in place of what was read from it before. To read a
// page again makes no revision: it is the difference between captures that counts.
//
// It completes r: URL, Time, Portal and SHA256 are those of the capture, SHA256 of each part that of its capture; Read is now
// unless it is given;
// Text, Fields and Attachments are computed; Change and Suspicious compare with the record before it of the same URL, and the
// Change of the record after it is computed anew. ErrNotFound when there is no such capture, of the page or of a part. When it
// returns an error, the archive is as it was.
func (s *Store) PutRecord(r *Record) error { return s.PutRecords([]*Record{r}) }

// PutRecords is PutRecord for many, in order and all or nothing: one commit costs much more than one record.
func (s *Store) PutRecords(records []*Record) error {
	if len(records) == 0 {
		return nil
	}
	var all []*pendingRecord
	err := s.prepare(records, &all)
	if err == nil {
		err = s.update(func(t *txn) error {
			for _, n := range all {
				if err := n.put(t, &n.capture); err != nil {
					return fmt.Errorf("record of capture %d: %w", n.capture.ID, err)
				}
			}
			return nil
		})
	}
	for i, n := range all {
		n.settle(err == nil)
		if err == nil {
			*records[i] = n.Record
		}
	}
	return err
}

// prepare makes new records of records.
func (s *Store) prepare(records []*Record, all *[]*pendingRecord) error {
	for _, r := range records {
		c, err := s.captureOf(r)
		var n *pendingRecord
		if err == nil {
			n, err = s.pendingRecord(r, &c, nil)
		}
		if n != nil {
			n.capture = c
			*all = append(*all, n)
		}
		if err != nil {
			return fmt.Errorf("record of capture %d: %w", r.Capture, err)
		}
	}
	return nil
}

// captureOf returns the capture that a record is of.
func (s *Store) captureOf(r *Record) (Capture, error) {
	if c, ok := s.latest.get(r.Capture); ok {
		return c, nil
	}
	c, ok, err := s.Capture(r.Capture)
	if err == nil && !ok {
		err = ErrNotFound
	}
	return c, err
}

// Record returns what was read from a capture; false when nothing was.
func (s *Store) Record(capture uint64) (r Record, ok bool, err error) {
	err = s.view(func(t *txn) error {
		r, ok, err = t.record(capture)
		return err
	})
	return r, ok, err
}

// LastRecord returns what was read last from a URL, a report or not: the record of the newest capture that has one;
// false when nothing was.
func (s *Store) LastRecord(url string) (r Record, ok bool, err error) {
	err = s.view(func(t *txn) error {
		for id := range newestFirst(t.Tx, url) {
			if _, read := t.place(recordBucket, id); read { // most captures have none
				r, ok, err = t.record(id)
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

func (s *Store) decodeRecord(it item.Item) (Record, error) {
	return s.recordDecoder(new(recordReader))(it)
}

// recordDecoder decodes records with a reader.
func (s *Store) recordDecoder(d *recordReader) func(item.Item) (Record, error) {
	return func(it item.Item) (Record, error) {
		plain, err := s.unpack(&it)
		if err != nil {
			return Record{}, fmt.Errorf("record of capture %d: %w", it.ID, err)
		}
		return d.parse(it.ID, plain)
	}
}

// record reads the record of a capture.
func (t *txn) record(id uint64) (r Record, ok bool, err error) {
	at, ok := t.place(recordBucket, id)
	if !ok {
		return Record{}, false, nil
	}
	it, err := t.itemOf(at, item.Record, id)
	var plain []byte
	if err == nil {
		plain, err = t.unpack(&it)
	}
	if err != nil {
		return Record{}, false, fmt.Errorf("record of capture %d: %w", id, err)
	}
	r, err = parseRecord(id, plain)
	return r, err == nil, err
}

// A pendingRecord is a record on its way in. All that takes time was done before the transaction, on the assumption that
// the version before it is then the same.
type pendingRecord struct {
	Record
	capture Capture       // that it was read from, when that is in the archive
	before  item.Position // of the version that it was compared with
	had     bool          // there is one
	item    item.Item
	plan    item.Plan
	at      item.Position
}

// pendingRecord completes and prepares a record of a capture, which has no id yet when it is on its way itself.
// What comes back is to be settled, also with an error.
func (s *Store) pendingRecord(r *Record, c *Capture, page *item.Dictionary) (*pendingRecord, error) {
	n := &pendingRecord{Record: *r}
	n.Capture, n.URL, n.Time, n.Portal, n.SHA256 = c.ID, c.URL, c.Time, c.Portal, c.SHA256
	n.Parts = slices.Clone(r.Parts)
	if n.Read.IsZero() {
		n.Read = time.Now().UTC().Truncate(time.Millisecond)
	}
	if err := n.sum(); err != nil {
		return n, err
	}
	err := s.view(func(t *txn) error {
		if err := t.proveParts(n.Parts); err != nil {
			return err
		}
		n.Attachments = attachments(n.Parts)
		before, err := n.compare(t)
		if err != nil {
			return err
		}
		n.Change = change(before, &n.Record)
		n.Suspicious, err = t.suspicion(before, &n.Record)
		return err
	})
	if err != nil {
		return n, err
	}
	if n.plan, err = s.plan(recordTemplates(&n.Record)...); err != nil {
		return n, err
	}
	if err := n.borrow(s, page); err != nil {
		return n, err
	}
	return n, n.pack(s)
}

// compare reads the version before the record, nil when there is none, and notes which it was.
func (n *pendingRecord) compare(t *txn) (*Record, error) {
	id, at, ok := t.versionBefore(n.URL, n.Record.Capture)
	if n.before, n.had = at, ok; !ok {
		return nil, nil
	}
	r, _, err := t.record(id)
	return &r, err
}

func (n *pendingRecord) pack(s *Store) error {
	plain, err := n.Record.row()
	if err != nil {
		return err
	}
	n.item.Kind = item.Record
	s.packer.Pack(&n.item, plain, n.plan.Dict)
	n.plan.Judge(&n.item)
	return nil
}

func (n *pendingRecord) settle(kept bool) { n.plan.Settle(&n.item, n.at, kept) }

// put makes a record's part of a transaction, moves its index entry, and settles the change of the version after it.
func (n *pendingRecord) put(t *txn, c *Capture) error {
	n.Capture, n.item.ID = c.ID, c.ID
	id, at, ok := t.versionBefore(n.URL, c.ID)
	if ok != n.had || at != n.before {
		if err := n.assume(t); err != nil {
			return err
		}
	}
	if err := n.settlePage(t); err != nil {
		return err
	}
	n.at = t.add(&n.item)
	if err := errors.Join(t.putTemplates(&n.plan, n.at), t.indexRecord(&n.Record, n.at)); err != nil {
		return err
	}
	next, err := t.versionAfter(n.URL, c.ID)
	if err != nil || next == nil {
		return err
	}
	before := &n.Record
	if n.Rejected != "" {
		before = nil
		if ok {
			r, _, err := t.record(id)
			if err != nil {
				return err
			}
			before = &r
		}
	}
	return t.settleNext(next, before)
}

// settlePage says where the page is that the record is packed with, when the two come together.
func (n *pendingRecord) settlePage(t *txn) error {
	if n.item.Codec != item.CodecPage || n.plan.Dict.Page != nowhere {
		return nil
	}
	sum, err := item.ParseDigest(n.SHA256)
	if err != nil {
		return err
	}
	at, held := t.held(sum)
	if !held {
		return fmt.Errorf("body %s: %w", n.SHA256, ErrNotFound)
	}
	n.item.Page = at
	return nil
}

// assume compares the record again with an archive that has changed since it was prepared.
func (n *pendingRecord) assume(t *txn) error {
	before, err := n.compare(t)
	if err != nil {
		return err
	}
	now := change(before, &n.Record)
	lost, err := t.suspicion(before, &n.Record)
	if err != nil || now == n.Change && lost == n.Suspicious {
		return err
	}
	n.Change, n.Suspicious = now, lost
	return n.pack(t.store)
}

// proveParts takes the digest of each part from the capture that it names.
func (t *txn) proveParts(parts []Part) error {
	for i, p := range parts {
		if parts[i].SHA256 = ""; p.Capture == 0 {
			continue
		}
		c, ok, err := t.capture(p.Capture)
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

// indexRecord makes the entries of a record, and takes away those that its capture's record had.
func (t *txn) indexRecord(r *Record, at item.Position) error {
	old, ok, err := t.record(r.Capture)
	if err != nil && !errors.Is(err, ErrDamaged) { // a damaged one is what reading again mends
		return err
	}
	if err != nil {
		if err := t.forget(r); err != nil {
			return err
		}
	}
	if ok {
		bucket, key := indexKey(&old)
		if err := t.Bucket(bucket).Delete(key); err != nil {
			return err
		}
	}
	bucket, key := indexKey(r)
	return errors.Join(filled(t.Tx, recordBucket, almostOrder).Put(idKey(r.Capture), at.Key()), filled(t.Tx, bucket, inRuns).Put(key, nil))
}

// forget takes away the entries of a record that cannot be read: where they are is not known.
func (t *txn) forget(r *Record) error {
	if err := t.Bucket(rejectedBucket).Delete(urlKey(r.URL, r.Capture)); err != nil {
		return err
	}
	end := urlKey(r.URL, r.Capture)
	b := t.Bucket(keyBucket)
	var keys [][]byte
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if bytes.HasSuffix(k, end) {
			keys = append(keys, bytes.Clone(k))
		}
	}
	for _, k := range keys {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// settleNext computes the change of a version whose predecessor is given, nil when there is none.
func (t *txn) settleNext(next, before *Record) error {
	now := change(before, next)
	if now == next.Change {
		return nil
	}
	next.Change = now
	plain, err := next.row()
	if err != nil {
		return err
	}
	it := item.Item{Kind: item.Record, ID: next.Capture}
	t.store.packer.Pack(&it, plain, nil)
	return t.indexRecord(next, t.add(&it))
}
