package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"

	"gongkai/store/internal/boltfile"
	"gongkai/store/internal/item"
)

// A Fault is something in the archive that is not as it was put there.
type Fault struct {
	Kind    string `json:"kind"`              // payload, capture, record, index, chain, log, meta, or page: one of the file
	Capture uint64 `json:"capture,omitempty"` // that it concerns, when that is known
	Detail  string `json:"detail"`
}

func (f Fault) String() string {
	if f.Capture == 0 {
		return f.Kind + ": " + f.Detail
	}
	return fmt.Sprintf("%s: capture %d: %s", f.Kind, f.Capture, f.Detail)
}

// A Verification is what was verified.
type Verification struct {
	Captures int    `json:"captures"`
	Bodies   int    `json:"bodies"`
	Records  int    `json:"records"` // also superseded ones
	Entries  int    `json:"entries"` // of indexes
	Links    int    `json:"links"`   // of the chain
	Bytes    int64  `json:"bytes"`   // of bodies
	Faults   int    `json:"faults"`
	Lost     Losses `json:"lost"` // what a repair noted as lost: no faults, but not there
	Head     string `json:"head"` // hash of the newest link
}

// Verify reads slice number slice of of, from 1, of the archive: every item of the log is unpacked and held against its
// sum, its index entries are looked up, every entry is traced back, and the chain is computed anew. Slices 1 to n come
// to the whole archive; whatever concerns no capture in particular is verified in each. The pages of the file are held
// against what bbolt writes, too: some damage would only be met by who writes. Each fault goes to found, whose error ends
// it, but of a kind that there are thousands of only the first. The archive may be written to meanwhile: what is added
// then is left for the next time.
func (s *Store) Verify(slice, of int, found func(Fault) error) (Verification, error) {
	v := verifier{store: s, found: found, slice: uint64(slice), of: uint64(of), digests: make(map[uint64]item.Digest), told: make(map[string]int)}
	var err error
	for _, step := range []func() error{v.pages, v.begin, v.metadata, v.rare, v.log, v.chain, v.indexes} {
		if err == nil {
			err = step()
		}
		if errors.Is(err, boltfile.ErrCircle) {
			return v.Verification, v.fault("page", 0, "%v", err)
		}
		if errors.Is(err, ErrDamaged) { // bbolt cannot get over it; other steps may
			err = v.fault("page", 0, "%v", err)
		}
	}
	return v.Verification, err
}

// A verifier verifies the captures whose ids are above after and up to last, and the part of the log that goes with
// them.
type verifier struct {
	Verification
	store *Store
	found func(Fault) error
	told  map[string]int // faults by kind

	slice, of uint64

	after, last uint64
	from, to    item.Position
	end         item.Position          // of the log when it began
	first       uint64                 // number of the first link
	links       uint64                 // number of the last one
	digests     map[uint64]item.Digest // of the rows of a link's captures, by id
	hash        string                 // of the link before
	next        uint64                 // number of the link that the captures being read belong to
}

func (v *verifier) fault(kind string, capture uint64, format string, args ...any) error {
	if err := v.store.file.Stopped(); err != nil {
		return err // what cannot be read then is no fault
	}
	v.Faults++
	if v.told[kind]++; v.told[kind] > mostTold {
		return nil
	}
	return v.found(Fault{kind, capture, fmt.Sprintf(format, args...)})
}

// begin finds the bounds of the slice: slices end where commits do.
func (v *verifier) begin() error {
	slice, of := v.slice, v.of
	return v.store.view(func(t *txn) error {
		head, err := lastLink(t.Tx)
		if err != nil {
			v.to, v.end = t.base, t.base
			return v.fault("chain", 0, "the last link: %v", err)
		}
		v.end, v.Head = t.base, head.Hash
		n := head.Number
		v.first, v.links = n*(slice-1)/of+1, n*slice/of
		v.next = v.first
		if v.first > 1 {
			before, err := t.link(v.first - 1)
			if err != nil {
				return v.fault("chain", 0, "%v", err)
			}
			v.after, v.hash = before.Last, before.Hash
			v.from = t.behind(v.after)
		} else {
			v.hash = string(t.Bucket(metaBucket).Get([]byte("origin")))
		}
		v.to, v.last = v.end, head.Last
		if slice < of && v.links > 0 {
			last, err := t.link(v.links)
			if err != nil {
				return v.fault("chain", 0, "%v", err)
			}
			v.last, v.to = last.Last, t.behind(last.Last)
		} else if slice < of {
			v.last, v.to = 0, 0
		}
		return nil
	})
}

// link returns a link by its number.
func (t *txn) link(number uint64) (Link, error) {
	v := t.Bucket(chainBucket).Get(idKey(number))
	if v == nil {
		return Link{}, fmt.Errorf("link %d is missing", number)
	}
	return parseLink(idKey(number), v)
}

// behind returns where the row of a capture ends, or of the one before it where it is lost; 0 when that cannot be known.
func (t *txn) behind(id uint64) item.Position {
	k, v := before(t.Bucket(captureBucket).Cursor(), idKey(id+1))
	if k == nil || len(v) != 8 {
		return 0
	}
	at := item.Position(number(v))
	it, err := t.head(at)
	if err != nil {
		return 0
	}
	return at + item.Position(it.Length())
}

// log goes through the items of the log.
func (v *verifier) log() error {
	for at := v.from; at < v.to; {
		items, err := v.read(at)
		for i := range items {
			it := &items[i]
			err := v.item(it)
			if errors.Is(err, ErrDamaged) {
				err = v.fault("index", it.ID, "%v", err)
			}
			if err != nil {
				return err
			}
			at = it.At + item.Position(it.Length())
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, ErrDamaged) {
			return err
		}
		if err := v.fault("log", 0, "%v", err); err != nil {
			return err
		}
		if at, err = v.resume(at); err != nil {
			return err
		}
	}
	return nil
}

// read reads some items of the log; with an error those before the one that cannot be read.
func (v *verifier) read(at item.Position) (items []item.Item, err error) {
	err = v.store.view(func(t *txn) error {
		items = nil
		for size := 0; at < v.to && len(items) < batchRows && size < batchBytes; {
			it, err := t.item(at)
			if err != nil {
				return err
			}
			items = append(items, it)
			size += it.Length()
			at += item.Position(it.Length())
		}
		return nil
	})
	return items, err
}

// resume returns the next place that has an item: where the damaged one ends is not known.
func (v *verifier) resume(bad item.Position) (item.Position, error) {
	for at, lost := bad+1, 0; at < v.to && lost < mostTold; {
		var found bool
		err := v.store.view(func(t *txn) error {
			at, found = t.seek(at, v.to)
			return nil
		})
		switch {
		case errors.Is(err, ErrDamaged): // bbolt stumbles over these pages
			at = (at/chunkSize + 1) * chunkSize
			lost++
		case err != nil || found:
			return at, err
		}
	}
	return v.to, nil
}

// seek looks a way ahead in the log for an item, and returns where it is, or how far it has looked.
func (t *txn) seek(at, to item.Position) (next item.Position, found bool) {
	const ahead = 64 << 10
	b := t.read(at, ahead+item.MaxHead)
	if len(b) == 0 {
		k, _ := t.Bucket(logBucket).Cursor().Seek(idKey(uint64(at)/chunkSize + 1))
		if k == nil || len(k) != 8 || item.Position(number(k)*chunkSize) <= at { // a damaged number may be any
			return to, false
		}
		return item.Position(number(k) * chunkSize), false
	}
	for i := range b[:min(len(b), ahead)] {
		if _, err := item.ParseHead(b[i:], at+item.Position(i)); err == nil {
			return at + item.Position(i), true
		}
	}
	return at + item.Position(min(len(b), ahead)), false
}

// item verifies an item and its entries.
func (v *verifier) item(it *item.Item) error {
	kind := [...]string{item.Capture: "capture", item.Body: "payload", item.Record: "record", item.Gap: "log"}[it.Kind]
	plain, err := v.store.unpack(it)
	if err != nil {
		return v.fault(kind, it.ID, "%v", err)
	}
	switch it.Kind {
	case item.Gap:
		v.Lost.Bytes += int64(it.Length())
		return nil
	case item.Body:
		v.Bodies++
		v.Bytes += int64(len(plain))
		return v.leads(digestBucket, it.Sum[:], it)
	case item.Capture:
		return v.capture(it, plain)
	}
	return v.record(it, plain)
}

// leads verifies that an index leads to an item.
func (v *verifier) leads(bucket, key []byte, it *item.Item) error {
	var at []byte
	err := v.store.view(func(t *txn) error {
		at = bytes.Clone(t.Bucket(bucket).Get(key))
		return nil
	})
	if err != nil || bytes.Equal(at, it.At.Key()) {
		return err
	}
	return v.fault("index", it.ID, "%s has %x for %x instead of %d", bucket, at, key, it.At)
}

func (v *verifier) capture(it *item.Item, plain []byte) error {
	v.Captures++
	c, err := parseCapture(it.ID, plain)
	if err != nil {
		return v.fault("capture", it.ID, "%v", err)
	}
	v.digests[it.ID] = sha256.Sum256(plain)
	if err := v.leads(captureBucket, idKey(it.ID), it); err != nil {
		return err
	}
	var lacks []string
	err = v.store.view(func(t *txn) error {
		if string(t.Bucket(urlBucket).Get(urlKey(c.URL, c.ID))) != c.State {
			lacks = append(lacks, "by_url")
		}
		if t.Bucket(timeBucket).Get(timeKey(c.Time, c.ID)) == nil {
			lacks = append(lacks, "by_time")
		}
		if t.Bucket(stateBucket).Get(urlKey(c.State, c.ID)) == nil {
			lacks = append(lacks, "by_state")
		}
		if c.SHA256 == "" {
			return nil
		}
		sum, err := item.ParseDigest(c.SHA256)
		_, held := t.held(sum)
		if _, lost := t.lost(lostPayload, sum[:]); err != nil || !held && !lost {
			lacks = append(lacks, "by_digest, for the body "+c.SHA256)
		}
		return nil
	})
	for _, index := range lacks {
		err = errors.Join(err, v.fault("index", c.ID, "not in %s", index))
	}
	return errors.Join(err, v.link(c.ID))
}

// link verifies the link whose last capture has been read.
func (v *verifier) link(id uint64) error {
	if v.next > v.links {
		return nil
	}
	var l Link
	err := v.store.view(func(t *txn) (err error) {
		l, err = t.link(v.next)
		return err
	})
	if err != nil {
		return v.fault("chain", id, "%v", err)
	}
	if id < l.Last {
		return nil
	}
	return v.prove(l)
}

// rowSum returns the digest of the row of a capture; false when there is none that can be read.
func (s *Store) rowSum(id uint64) (sum item.Digest, ok bool) {
	err := s.view(func(t *txn) (err error) {
		sum, ok, err = t.rowSum(id)
		return err
	})
	return sum, ok && err == nil
}

// prove computes the hash of a link from the captures that were read.
func (v *verifier) prove(l Link) error {
	noted, err := v.noted(lostLink, l.Number)
	if err != nil {
		return err
	}
	if noted {
		maps.DeleteFunc(v.digests, func(id uint64, _ item.Digest) bool { return id <= l.Last })
	} else if err := v.covered(l); err != nil {
		return err
	}
	v.Links++
	v.hash, v.after, v.next = l.Hash, l.Last, l.Number+1
	return nil
}

// covered holds the hash of a link against the captures that it covers.
func (v *verifier) covered(l Link) error {
	var added []link
	lost := uint64(0)
	for id := v.after + 1; id <= l.Last && lost < mostTold; id++ { // a damaged number may be any
		sum, ok := v.digests[id]
		if !ok {
			sum, ok = v.store.rowSum(id) // a repair has put it elsewhere
		}
		delete(v.digests, id)
		if ok {
			added = append(added, link{id, sum})
			continue
		}
		gone, err := v.noted(lostCapture, id)
		if err != nil {
			return err
		}
		if gone {
			continue
		}
		if lost++; lost <= 10 {
			if err := v.fault("chain", id, "link %d covers it, and it is not in the log", l.Number); err != nil {
				return err
			}
		}
	}
	if got := chained(v.hash, added); got != l.Hash {
		return v.fault("chain", l.Last, "link %d is %s, and its captures come to %s: something was changed or removed", l.Number, l.Hash, got)
	}
	return nil
}

// noted reports whether a repair has noted that the link or the capture of a number is lost.
func (v *verifier) noted(what string, number uint64) (ok bool, err error) {
	err = v.store.view(func(t *txn) error {
		_, ok = t.lost(what, idKey(number))
		return nil
	})
	return ok, err
}

// chain verifies what the log had no captures for.
func (v *verifier) chain() error {
	for lost := 0; v.next <= v.links && lost < mostTold; { // a damaged number may be any
		var l Link
		err := v.store.view(func(t *txn) (err error) {
			l, err = t.link(v.next)
			return err
		})
		if err == nil {
			err = v.prove(l)
		} else {
			err = v.fault("chain", 0, "%v", err)
			v.next++
			lost++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) record(it *item.Item, plain []byte) error {
	v.Records++
	r, err := parseRecord(it.ID, plain)
	if err != nil {
		return v.fault("record", it.ID, "%v", err)
	}
	superseded, there := false, false
	err = v.store.view(func(t *txn) error {
		at, ok := t.place(recordBucket, it.ID)
		if superseded = ok && at > it.At; superseded {
			newer, err := t.head(at)
			superseded = err == nil && newer.Kind == item.Record && newer.ID == it.ID
		}
		bucket, key := indexKey(&r)
		there = t.Bucket(bucket).Get(key) != nil
		return nil
	})
	if err != nil || superseded {
		return err
	}
	if err := v.leads(recordBucket, idKey(it.ID), it); err != nil || there {
		return err
	}
	bucket, _ := indexKey(&r)
	return v.fault("index", it.ID, "not in %s", bucket)
}
