package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"gongkai/store/internal/item"
)

// A Moment is a state that the archive was in. As the log is only ever added to, how long it was then says everything:
// which captures there were, and how they had been read.
type Moment struct {
	Capture uint64 `json:"capture"` // the newest
	Log     uint64 `json:"log"`     // bytes of the log
}

// String is how users name a moment: "1234@567890".
func (m Moment) String() string { return fmt.Sprintf("%d@%d", m.Capture, m.Log) }

// A Snapshot is the archive as it was at a moment, with the records that there were then, whatever has been read again
// since. It stays the same while others write. Several goroutines may use it.
//
// The indexes lead to what was read last. A Snapshot looks through the log behind its moment for what was read again, and only
// if there is any also before it: as long as there is none it costs nothing but a look at the heads of the items that came
// later, a second for a million. Then it takes 8 bytes of memory a capture, and about 100 for each that was read again.
type Snapshot struct {
	store  *Store
	moment Moment
	strict bool // what had not been read by then does not count

	mu    sync.Mutex
	seen  item.Position     // how far the log has been looked through
	last  []item.Position   // by capture, of its last record at the moment, 0 for none; nil until it is needed
	over  map[uint64]reread // captures whose record today is not that of then
	moved map[string][]move // by bucket: their entries of then that the index has no more, in order
}

// A reread is what a capture that was read again after a moment had for a record at it.
type reread struct {
	at      item.Position // of the record; 0: there was none
	indexed bool          // the index has its entry still
}

// A move is an entry of an index that was taken away.
type move struct {
	key []byte
	id  uint64
}

// Snapshot returns the archive as it was at a moment. The zero one is now. When only its capture is given it ends where the next
// capture begins, and what was not read until then counts as it was first read. A moment that is still to come is an error.
func (s *Store) Snapshot(m Moment) (*Snapshot, error) {
	p := &Snapshot{store: s, moment: m, strict: m.Log != 0 || m.Capture == 0, over: map[uint64]reread{}, moved: map[string][]move{}}
	err := s.view(func(t *txn) error {
		newest := t.lastID()
		switch {
		case m == Moment{}:
			p.moment = Moment{newest, uint64(t.base)}
		case m.Capture == 0 || m.Capture > newest:
			return fmt.Errorf("as of capture %d: the newest in the archive is %d", m.Capture, newest)
		case m.Log > uint64(t.base):
			return fmt.Errorf("as of byte %d of the log: it has %d", m.Log, t.base)
		}
		at, ok := t.place(captureBucket, p.moment.Capture)
		next, err := t.beginOf(p.moment.Capture + 1)
		if p.moment.Log == 0 {
			p.moment.Log = uint64(next)
		}
		if err == nil && ok && (p.moment.Log <= uint64(at) || p.moment.Log > uint64(next)) {
			err = fmt.Errorf("as of byte %d of the log: the newest capture was not %d then", p.moment.Log, p.moment.Capture)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.endsAt(p.moment); err != nil {
		return nil, err
	}
	p.seen = item.Position(p.moment.Log)
	return p, p.lookThrough()
}

// endsAt reports, as an error, that no item of the log ends where a moment does: somebody has mistyped it, or it is of another
// archive.
func (s *Store) endsAt(m Moment) error {
	var end item.Position
	err := s.view(func(t *txn) error {
		end, _ = t.place(captureBucket, m.Capture)
		return nil
	})
	for head, err2 := range s.heads(end, item.Position(m.Log)) {
		if err = errors.Join(err, err2); err != nil {
			return err
		}
		end = head.At + item.Position(head.Length())
	}
	if err == nil && end != item.Position(m.Log) {
		err = fmt.Errorf("as of byte %d of the log: nothing ends there, so it is mistyped, a moment of another archive, or of this one before a repair; -as-of %d alone is near to it", m.Log, m.Capture)
	}
	return err
}

// MomentOf returns the moment of a time: everything archived before the first capture made after it, as it had been read
// by then. The zero one when there was nothing.
func (s *Store) MomentOf(at time.Time) (m Moment, err error) {
	if m.Capture, err = s.At(at); err != nil || m.Capture == 0 {
		return Moment{}, err
	}
	var from, to item.Position
	merged := false
	err = s.view(func(t *txn) (err error) {
		from, _ = t.place(captureBucket, m.Capture)
		to, err = t.beginOf(m.Capture + 1)
		merged = t.fromElsewhere(m.Capture + 1)
		return err
	})
	if merged { // records came with the captures then, whenever they had been read
		return m, err
	}
	end := to
	for it, err2 := range s.heads(from, to) {
		if err = errors.Join(err, err2); err != nil {
			return Moment{}, err
		}
		if it.Kind != item.Record {
			continue
		}
		read, err := s.readTime(&it)
		if err != nil {
			return Moment{}, err
		}
		if read.After(at) {
			end = it.At
			break
		}
	}
	if end != to {
		m.Log = uint64(end)
	}
	return m, err
}

// readTime tells when a record was read; the zero time when it does not say.
func (s *Store) readTime(head *item.Item) (time.Time, error) {
	var r Record
	err := s.view(func(t *txn) (err error) {
		r, err = t.recordAt(head.At, head.ID)
		return err
	})
	return r.Read, err
}

// Moment returns the moment, whole.
func (p *Snapshot) Moment() Moment { return p.moment }

// Records is Store.Records as of the moment.
func (p *Snapshot) Records() iter.Seq2[Record, error] { return p.records(keyBucket) }

// Rejected is Store.Rejected as of the moment.
func (p *Snapshot) Rejected() iter.Seq2[Record, error] { return p.records(rejectedBucket) }

// Record is Store.Record as of the moment.
func (p *Snapshot) Record(capture uint64) (r Record, ok bool, err error) {
	if capture > p.moment.Capture {
		return r, false, nil
	}
	err = p.look(func(t *txn) error {
		at, held := t.place(recordBucket, capture)
		if was, again := p.over[capture]; again {
			at, held = was.at, was.at != 0
		}
		if held {
			r, err = t.recordAt(at, capture)
		}
		ok = held && err == nil && r.Moment() <= p.moment.Capture
		return err
	})
	if !ok {
		r = Record{}
	}
	return r, ok, err
}

// look calls read in a transaction in which all that was read again is known.
func (p *Snapshot) look(read func(*txn) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		err := p.store.view(func(t *txn) error {
			if err := p.learn(t); err != nil {
				return err
			}
			return read(t)
		})
		if !errors.Is(err, errUnsurveyed) {
			return err
		}
		if err := p.survey(); err != nil {
			return err
		}
	}
}

// records yields the records of an index, in its order, merged with the entries that it had then and has no more.
func (p *Snapshot) records(bucket []byte) iter.Seq2[Record, error] {
	return p.there(func(yield func(Record, error) bool) {
		for it, err := range p.items(bucket) {
			var r Record
			if err == nil {
				r, err = p.store.decodeRecord(it)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	})
}

// there leaves out the records that need captures from after the moment.
func (p *Snapshot) there(records iter.Seq2[Record, error]) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for r, err := range records {
			if (err != nil || r.Moment() <= p.moment.Capture) && !yield(r, err) {
				return
			}
		}
	}
}

// items yields the items of the records of an index.
func (p *Snapshot) items(bucket []byte) iter.Seq2[item.Item, error] {
	return func(yield func(item.Item, error) bool) {
		for after := []byte(nil); ; {
			batch, next, err := p.batch(bucket, after)
			if err != nil {
				yield(item.Item{}, err)
				return
			}
			for _, it := range batch {
				if !yield(it, nil) {
					return
				}
			}
			if next == nil {
				return
			}
			after = next
		}
	}
}

// batch reads the next records of an index after a key, and returns the key to go on after, nil at the end.
func (p *Snapshot) batch(bucket, after []byte) (batch []item.Item, next []byte, err error) {
	err = p.look(func(t *txn) error {
		batch, next = nil, nil
		c := t.Bucket(bucket).Cursor()
		l := listing{after: after}
		k := l.start(c)
		gone := p.goneAfter(bucket, after)
		for size := 0; k != nil || len(gone) > 0; {
			if len(batch) == batchRows || size >= batchBytes {
				return nil
			}
			key, id, at := k, uint64(0), item.Position(0)
			if len(gone) > 0 && (k == nil || bytes.Compare(gone[0].key, k) < 0) {
				key, id = gone[0].key, gone[0].id
				at, gone = p.over[id].at, gone[1:]
			} else {
				if next != nil && bytes.Compare(k, next) <= 0 { // a damaged page may lead back for ever
					return fmt.Errorf("%w: keys of %s are out of order at %x", ErrDamaged, bucket, k)
				}
				id = number(k)
				if at, err = p.indexed(t, bucket, id); err != nil {
					return err
				}
				k, _ = c.Next()
			}
			next = append(next[:0], key...)
			if at == 0 {
				continue
			}
			it, err := t.itemOf(at, item.Record, id)
			if err != nil {
				return err
			}
			batch = append(batch, it)
			size += len(it.Data)
		}
		next = nil
		return nil
	})
	return batch, next, err
}

// indexed returns where the record is that an entry of today stood for at the moment; 0 when it stood for none.
func (p *Snapshot) indexed(t *txn, bucket []byte, id uint64) (item.Position, error) {
	if id > p.moment.Capture {
		return 0, nil
	}
	if was, again := p.over[id]; again {
		if was.indexed {
			return was.at, nil
		}
		return 0, nil // it has its place among those that were moved, or was not there
	}
	at, ok := t.place(recordBucket, id)
	if !ok {
		return 0, fmt.Errorf("%w: %s names %d, which is not in %s", ErrDamaged, bucket, id, recordBucket)
	}
	return at, nil
}

// goneAfter returns the entries behind a key that an index had and has no more.
func (p *Snapshot) goneAfter(bucket, after []byte) []move {
	all := p.moved[string(bucket)]
	i, _ := slices.BinarySearchFunc(all, after, func(m move, key []byte) int {
		return cmp.Or(bytes.Compare(m.key, key), -1) // behind it, not at it
	})
	if after == nil {
		i = 0
	}
	return all[i:]
}

// lookThrough looks through the log behind the moment, some in each transaction.
func (p *Snapshot) lookThrough() error {
	var end item.Position
	if err := p.store.view(func(t *txn) error { end = t.base; return nil }); err != nil {
		return err
	}
	var again []item.Item
	for head, err := range p.store.heads(p.seen, end) {
		if err != nil {
			return err
		}
		if p.concerns(&head) {
			again = append(again, head)
		}
	}
	p.seen = end
	if len(again) == 0 {
		return nil
	}
	if err := p.survey(); err != nil {
		return err
	}
	for part := range slices.Chunk(again, batchRows) {
		if err := p.store.view(func(t *txn) error { return p.note(t, part) }); err != nil {
			return err
		}
	}
	p.order()
	return nil
}

// order puts the entries that were taken away in order.
func (p *Snapshot) order() {
	for _, list := range p.moved {
		slices.SortFunc(list, func(a, b move) int { return bytes.Compare(a.key, b.key) })
	}
}

func (p *Snapshot) concerns(head *item.Item) bool {
	return head.Kind == item.Record && head.ID <= p.moment.Capture
}

// errUnsurveyed means that the records of the moment are to be found first.
var errUnsurveyed = errors.New("the log before the moment has not been looked through")

// learn notes what was read again since the log was looked through last.
func (p *Snapshot) learn(t *txn) error {
	var again []item.Item
	for at := p.seen; at < t.base; {
		head, err := t.head(at)
		if err != nil {
			return err
		}
		if p.concerns(&head) {
			again = append(again, head)
		}
		at += item.Position(head.Length())
	}
	if len(again) > 0 && p.last == nil {
		return errUnsurveyed
	}
	p.seen = t.base
	if len(again) == 0 {
		return nil
	}
	defer p.order()
	return p.note(t, again)
}

// survey finds the record that each capture had at the moment.
func (p *Snapshot) survey() error {
	if p.last != nil {
		return nil
	}
	last := make([]item.Position, p.moment.Capture+1)
	for head, err := range p.store.heads(0, item.Position(p.moment.Log)) {
		if err != nil {
			return err
		}
		if p.concerns(&head) {
			last[head.ID] = head.At
		}
	}
	p.last = last
	return nil
}

// note takes in records that were read after the moment, in the order of the log.
func (p *Snapshot) note(t *txn, again []item.Item) error {
	for i := range again {
		head := &again[i]
		was, known := p.over[head.ID]
		if !known {
			if was.at = p.last[head.ID]; was.at == 0 && !p.strict {
				was.at = head.At
			}
		}
		if err := p.settle(t, head.ID, was, known); err != nil {
			return fmt.Errorf("record of capture %d as it was: %w", head.ID, err)
		}
	}
	return nil
}

// settle notes where the record of a capture at the moment is, and whether the index has its entry still.
func (p *Snapshot) settle(t *txn, id uint64, was reread, known bool) error {
	if was.at == 0 || known && !was.indexed {
		p.over[id] = was
		return nil
	}
	r, err := t.recordAt(was.at, id)
	if err != nil {
		return err
	}
	bucket, key := indexKey(&r)
	was.indexed = t.Bucket(bucket).Get(key) != nil // without a value it is empty, and not nil
	if p.over[id] = was; was.indexed {
		return nil
	}
	p.moved[string(bucket)] = append(p.moved[string(bucket)], move{key, id}) // order is called when all are there
	return nil
}

// heads yields the items of a part of the log without their data, some in each transaction.
func (s *Store) heads(from, to item.Position) iter.Seq2[item.Item, error] {
	const some = 4096
	return func(yield func(item.Item, error) bool) {
		for at := from; at < to; {
			var batch []item.Item
			err := s.view(func(t *txn) error {
				batch = nil
				for p := at; p < to && len(batch) < some; {
					head, err := t.head(p)
					if err != nil {
						return err
					}
					batch = append(batch, head)
					p += item.Position(head.Length())
				}
				return nil
			})
			if err != nil {
				yield(item.Item{}, err)
				return
			}
			for _, head := range batch {
				at = head.At + item.Position(head.Length())
				if !yield(head, nil) {
					return
				}
			}
		}
	}
}

// beginOf returns where the first capture begins whose id is not smaller: its body, if it brought one, or its row; the
// end of the log when there is none.
func (t *txn) beginOf(id uint64) (item.Position, error) {
	k, v := t.Bucket(captureBucket).Cursor().Seek(idKey(id))
	if k == nil || len(v) != 8 {
		return t.base, nil
	}
	c, _, err := t.capture(number(k))
	if err != nil || c.SHA256 == "" {
		return item.Position(number(v)), err
	}
	sum, err := item.ParseDigest(c.SHA256)
	if err != nil {
		return 0, fmt.Errorf("%w: capture %d: %w", ErrDamaged, c.ID, err)
	}
	if at, ok := t.held(sum); ok {
		if body, err := t.head(at); err != nil {
			return 0, err
		} else if body.ID == c.ID {
			return at, nil
		}
	}
	return item.Position(number(v)), nil
}

// lastID returns the id of the newest capture, 0 when there is none.
func (t *txn) lastID() uint64 {
	if k, _ := t.Bucket(captureBucket).Cursor().Last(); k != nil {
		return number(k)
	}
	return 0
}

// recordAt reads the record of a capture at a place of the log.
func (t *txn) recordAt(at item.Position, id uint64) (r Record, err error) {
	it, err := t.itemOf(at, item.Record, id)
	if err != nil {
		return r, err
	}
	plain, err := t.unpack(&it)
	if err != nil {
		return r, fmt.Errorf("record of capture %d: %w", id, err)
	}
	return parseRecord(id, plain)
}
