package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gongkai/store/internal/item"
)

// items goes through the log, proves each item, and makes its entries. What is damaged is replaced, or becomes a gap.
func (r *repair) items() error {
	for at := item.Position(0); at < r.end; {
		r.o.doing("reading the log", uint64(at), uint64(r.end))
		items, err := r.read(at)
		if err != nil {
			return err
		}
		for i := range items {
			at = items[i].At + item.Position(items[i].Length())
			r.tells(&items[i].Item)
			r.found = true
		}
		err = r.to.commit(func(t *txn) error {
			for i := range items {
				if err := t.reindex(&items[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(items) == 0 {
			if err := r.mend(at); err != nil {
				return err
			}
		}
	}
	if err := r.anything(); err != nil {
		return err
	}
	return r.pruneTemplates()
}

// tells notes the capture that an item tells of: its number must not be given again.
func (r *repair) tells(head *item.Item) {
	if head.Kind != item.Gap { // the id of a gap means nothing
		r.last = max(r.last, head.ID)
	}
}

// anything refuses a file in which nothing of an archive was found: whatever it is, it must not be replaced.
func (r *repair) anything() error {
	if !r.found {
		return fmt.Errorf("%w: nothing in %s is of one", ErrNotArchive, fileName)
	}
	return nil
}

// pruneTemplates forgets dictionaries that are gone.
func (r *repair) pruneTemplates() error {
	return r.to.commit(func(t *txn) error {
		var gone [][]byte
		b := t.Bucket(templateBucket)
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if head, err := t.head(item.Position(number(v))); err != nil || head.Kind == item.Gap || head.Plain > item.MaxDictionary {
				gone = append(gone, bytes.Clone(k))
			}
		}
		for _, k := range gone {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// read reads items that follow, up to the first that cannot be proven.
func (r *repair) read(at item.Position) (items []proven, err error) {
	var raw []item.Item
	err = r.to.view(func(t *txn) error {
		raw = nil
		for size := 0; at < r.end && len(raw) < batchRows && size < batchBytes; {
			it, err := t.item(at)
			if err != nil {
				return nil
			}
			raw = append(raw, it)
			size += it.Length()
			at += item.Position(it.Length())
		}
		return nil
	})
	for _, it := range raw {
		plain, err := r.to.unpack(&it)
		if errors.Is(err, ErrDamaged) || err == nil && !sensible(&it, plain) {
			break
		}
		if err != nil {
			return items, err
		}
		items = append(items, proven{it, plain})
	}
	return items, err
}

// sensible reports whether the plain bytes of an item can be read: a checksum of four bytes may be right by chance.
func sensible(it *item.Item, plain []byte) bool {
	var err error
	switch it.Kind {
	case item.Capture:
		_, err = parseCapture(it.ID, plain)
	case item.Record:
		_, err = parseRecord(it.ID, plain)
	}
	return err == nil
}

// reindex makes the entries of an item. Of a row or payload that is there twice the first is as good.
func (t *txn) reindex(it *proven) error {
	switch it.Kind {
	case item.Body:
		if _, held := t.held(it.Sum); held {
			return nil
		}
	case item.Capture:
		if _, held := t.place(captureBucket, it.ID); held {
			return nil
		}
		c, err := parseCapture(it.ID, it.plain)
		if err != nil {
			return err
		}
		return errors.Join(t.indexCapture(&c, it.At), t.Bucket(captureBucket).SetSequence(max(it.ID, t.Bucket(captureBucket).Sequence())))
	}
	return t.index(it)
}

// mend sees to the item at a place that cannot be read. Afterwards there is something that can.
func (r *repair) mend(at item.Position) error {
	if done, err := r.copied(at); done || err != nil {
		return err
	}
	var head item.Item
	var next item.Position
	err := r.to.view(func(t *txn) error {
		var err error
		if head, err = t.head(at); err == nil && at+item.Position(head.Length()) <= r.end {
			next = at + item.Position(head.Length())
			return nil
		}
		head = item.Item{}
		for next = at + 1; next < r.end; {
			var found bool
			if next, found = t.seek(next, r.end); found && next >= at+leastGap {
				break
			} else if found {
				next++ // there is no room for a gap in between
			}
		}
		next = min(next, r.end)
		return nil
	})
	if err != nil {
		return err
	}
	r.found = r.found || head.Kind != 0
	r.tells(&head)
	if head.Kind == item.Record {
		r.hurt[head.ID] = at
	}
	return r.gap(span{at, next})
}

// copied takes the item at a place of the log from a backup. It does not ask where the damage ends: what is found behind it
// may be of an earlier state of the file, and stand at another place than it did.
func (r *repair) copied(at item.Position) (done bool, err error) {
	for _, d := range r.from {
		if !d.same || at >= d.end {
			continue
		}
		var piece []byte
		err := d.view(func(t *txn) error {
			it, err := t.item(at)
			if err != nil {
				return err
			}
			plain, err := t.unpack(&it)
			if err == nil && (it.Kind == item.Gap || !sensible(&it, plain)) {
				err = errors.ErrUnsupported
			}
			piece = t.read(at, it.Length())
			return err
		})
		if err != nil {
			continue // that one does not have it either
		}
		was := r.other
		if err := r.write(at, piece); err != nil {
			return false, err
		}
		r.other = was // it is again what it was
		if items, err := r.read(at); err != nil || len(items) > 0 {
			r.n.Copied++
			return err == nil, err
		}
	}
	return false, nil
}

// given returns a body that a donor holds; nil when none does.
func (r *repair) given(sum item.Digest) []byte {
	for _, d := range r.from {
		if body, err := d.body(sum.String()); err == nil {
			return body
		}
	}
	return nil
}

// payloads gives back bodies that captures name and the log has no more, or notes that they are lost.
func (r *repair) payloads() error {
	for c, err := range r.to.Captures(0) {
		if err != nil {
			return err
		}
		r.o.doing("looking for payloads", c.ID, r.last)
		if c.SHA256 == "" {
			continue
		}
		sum, err := item.ParseDigest(c.SHA256)
		if err != nil {
			return fmt.Errorf("%w: capture %d: %w", ErrDamaged, c.ID, err)
		}
		known := false
		err = r.to.view(func(t *txn) error {
			_, held := t.held(sum)
			_, noted := t.lost(lostPayload, sum[:])
			known = held || noted && r.given(sum) == nil
			return nil
		})
		if err == nil && !known {
			err = r.payload(&c, sum)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *repair) payload(c *Capture, sum item.Digest) error {
	body := r.given(sum)
	if body == nil {
		const why = "the bytes in the archive are damaged, and no other archive gave them"
		r.tell(Loss{"payload", c.ID, c.URL, c.SHA256, why})
		return r.to.commit(func(t *txn) error { return t.lose(lostPayload, sum[:], r.loss(why)) })
	}
	r.n.Restored++
	r.other = true
	it := item.Item{Kind: item.Body, ID: c.ID}
	r.to.packer.Pack(&it, body, nil)
	return r.to.commit(func(t *txn) error {
		at := t.append(it.AppendTo(nil))
		return t.Bucket(digestBucket).Put(sum[:], at.Key())
	})
}

// number8 is number of a key that may be odd; 0 then.
func number8(k []byte) uint64 {
	if len(k) != 8 {
		return 0
	}
	return number(k)
}

// records counts what is to be read again: entries of the damaged file say for which captures there were records, and where
// the one is that counts.
func (r *repair) records() error {
	err := r.raw.Bucket(recordBucket, func(k, v []byte) error {
		id := number8(k)
		if id == 0 || id > r.last || len(v) != 8 {
			return nil
		}
		return r.to.view(func(t *txn) error {
			if at, there := t.place(recordBucket, id); !there || at < item.Position(number(v)) {
				r.hurt[id] = max(r.hurt[id], item.Position(number(v)))
			}
			return nil
		})
	}, func(string, bool) { r.n.Pages++ })
	for _, id := range slices.Sorted(maps.Keys(r.hurt)) {
		var at item.Position
		older := false
		err = errors.Join(err, r.to.view(func(t *txn) error { at, older = t.place(recordBucket, id); return nil }))
		if err != nil {
			return err
		}
		if older && at >= r.hurt[id] { // what was read later is there
			continue
		}
		c, _, err := r.to.Capture(id)
		if err != nil {
			return err
		}
		r.n.Unread++
		why := "what was read from the page is damaged; it is to be read again"
		if older {
			r.n.Reread = append(r.n.Reread, id)
			why = "what was read last from the page is damaged, and what was read before counts again until it is read again"
		}
		r.tell(Loss{"record", id, c.URL, "", why})
	}
	return err
}
