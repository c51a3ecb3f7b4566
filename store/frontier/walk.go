package frontier

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// What has become of a page. The words are stored: they do not change.
const (
	New     = "new"     // to be asked for, or being asked for just now: Item.Leased tells
	Done    = "done"    // had, or left alone as it was not due
	Failed  = "failed"  // not had, after as many tries as it gets
	Gone    = "gone"    // not there any more
	Blocked = "blocked" // robots.txt or a firewall forbids it

	marked = "mark" // no page: see Mark
)

// A Class says what is asked for first. Within a class it is first come, first served.
type Class uint8

// The classes, first ones first.
const (
	AtOnce  Class = iota // where a page was moved to
	Listing              // they tell what there is
	Spare                // that may stand in for listings that are not there
	Report               // what it is all about
	Known                // reports that the archive holds: those that were not looked at for longest first, see Item.After
	Retry                // faults that may have passed
)

// An Item is a page to ask for, and why.
type Item struct {
	Key    string          `json:"-"` // tells it from the other pages of the walk; not given back
	Class  Class           `json:"-"` // is in the key of its row, as is After
	After  time.Time       `json:"-"` // not to be asked for before; of a class, those with the earliest come first
	URL    string          `json:"url"`
	Kind   string          `json:"kind"`
	From   string          `json:"from,omitempty"`
	Title  string          `json:"title,omitempty"`
	Date   string          `json:"date,omitempty"`
	Tries  int             `json:"tries,omitempty"`
	More   json.RawMessage `json:"more,omitempty"`  // what only the crawler understands
	Leased time.Time       `json:"leased,omitzero"` // since when it is being asked for; it shows where a killed crawl was
}

// Status is how far one walk has come: one visit to what one portal has on one site.
type Status struct {
	Portal  string    `json:"portal"`
	Site    string    `json:"site"`
	Lane    string    `json:"lane,omitempty"` // walks of different lanes do not know of each other; "" is the nightly one
	Kind    string    `json:"kind"`
	First   uint64    `json:"first"` // newest capture of the archive when the walk began
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`    // all was asked for; zero while there is something left
	Stopped string    `json:"stopped,omitempty"` // why the rest was left for another run
	Carried bool      `json:"carried,omitempty"` // it was left as a run has its bounds: it takes several
}

// A Walk is a walk that goes on. It belongs to one goroutine, and at most one of its items is leased.
type Walk struct {
	Status
	Resumed bool  // it goes on where it was stopped
	Prefer  Class // Next takes the items of this class and those behind it before others, but for AtOnce

	f    *Frontier
	name []byte

	place  []byte         // of the leased item in the queue; nil when none is
	id     keyID          // of its key
	end    end            // of it
	fresh  []Item         // to be written with the next commit
	coming map[keyID]bool // their keys
	marks  [][]byte       // the same of those that are not to be asked for
	kept   []byte
	memory []byte
	read   []byte // from the leased item's page
	hosts  map[string]Host
}

// end is how the leased item ends.
type end struct {
	state string // "": it is still leased
	again *Item
}

func walkName(st Status) []byte {
	name := st.Portal + "\x00" + st.Site
	if st.Lane != "" {
		name += "\x00" + st.Lane
	}
	return []byte(name)
}

// manyComing is how many keys the map for them keeps room for.
const manyComing = 8

// Walk begins a walk, as st says; or goes on with the one of the same portal, site and lane, when that has not ended,
// and resume permits.
func (f *Frontier) Walk(st Status, resume func(Status) bool) (*Walk, error) {
	w := &Walk{f: f, name: walkName(st), coming: make(map[keyID]bool), hosts: make(map[string]Host)}
	if strings.Contains(st.Portal+st.Site+st.Lane, "\x00") || st.Portal+st.Site == "" {
		return nil, fmt.Errorf("walk of portal %q on %q, lane %q", st.Portal, st.Site, st.Lane)
	}
	err := f.update(func(tx *bolt.Tx) error {
		walks := tx.Bucket(walkBucket)
		var before Status
		known, err := get(walks.Bucket(w.name), walkKey, &before)
		if err != nil {
			return err
		}
		if known && before.Ended.IsZero() && resume(before) {
			before.Stopped = ""
			w.Status, w.Resumed = before, true
			return put(walks.Bucket(w.name), walkKey, before)
		}
		w.Status, w.Resumed = st, false
		if walks.Bucket(w.name) != nil {
			if err := walks.DeleteBucket(w.name); err != nil {
				return err
			}
		}
		b, err := walks.CreateBucket(w.name)
		if err != nil {
			return err
		}
		_, err1 := b.CreateBucket(queueBucket)
		_, err2 := b.CreateBucket(knownBucket)
		return errors.Join(err1, err2, put(b, walkKey, st))
	})
	if err != nil {
		return nil, fmt.Errorf("walk of %s on %s: %w", st.Portal, st.Site, err)
	}
	return w, nil
}

// Kept decodes what Keep kept into v; false when nothing was.
func (w *Walk) Kept(v any) (ok bool, err error) {
	err = w.f.view(func(tx *bolt.Tx) error {
		ok, err = get(w.bucket(tx), keptKey, v)
		return err
	})
	return ok, err
}

func (w *Walk) bucket(tx *bolt.Tx) *bolt.Bucket { return tx.Bucket(walkBucket).Bucket(w.name) }

// State returns what has become of a page, by its key; "" when it is not known.
func (w *Walk) State(key string) (state string, err error) {
	id := idOf(key)
	if w.coming[id] {
		return New, nil
	}
	err = w.f.view(func(tx *bolt.Tx) error {
		state = string(w.bucket(tx).Bucket(knownBucket).Get(id[:]))
		return nil
	})
	return state, err
}

// Add notes a page to be asked for; false when its key is known. It is kept with the next Next, Pause or Finish.
func (w *Walk) Add(it Item) (bool, error) {
	state, err := w.State(it.Key)
	if err != nil || state != "" {
		return false, err
	}
	w.coming[idOf(it.Key)] = true
	w.fresh = append(w.fresh, it)
	return true, nil
}

// Renew is Add for a page that is known; false when it is still to be asked for.
func (w *Walk) Renew(it Item) (bool, error) {
	state, err := w.State(it.Key)
	if err != nil || state == New {
		return false, err
	}
	w.coming[idOf(it.Key)] = true
	w.fresh = append(w.fresh, it)
	return true, nil
}

// Mark notes a key that is no page's, and reports whether it was new: so a walk can remember what it has seen
// without holding it in memory. It is kept as Add is.
func (w *Walk) Mark(key string) (first bool, err error) {
	state, err := w.State(key)
	if err != nil || state != "" {
		return false, err
	}
	id := idOf(key)
	w.coming[id] = true
	w.marks = append(w.marks, id[:])
	return true, nil
}

// Done says what has become of the leased item.
func (w *Walk) Done(state string) { w.end = end{state: state} }

// Again says that the leased item is to be asked for again, as it says. It keeps its key.
func (w *Walk) Again(it Item) { w.end = end{state: New, again: &it} }

// Forget drops what was noted since the last Next, but for SetHost: work on the leased item broke off. It stays leased, as
// after a kill, so that the next run looks for its answer in the archive first.
func (w *Walk) Forget() {
	w.place, w.end, w.fresh, w.marks, w.kept, w.memory, w.read = nil, end{}, nil, nil, nil, nil, nil
	clear(w.coming)
}

// Keep notes what the crawler must know to go on, as JSON, and SetHost what is known of a host. They are kept with
// the next Next, Pause or Finish.
func (w *Walk) Keep(v any) (err error) {
	w.kept, err = json.Marshal(v)
	return err
}

// Remember notes what the crawler must know in the next walk of the same portal and site, as JSON. It is kept as Keep
// is, and outlives the walk.
func (w *Walk) Remember(v any) (err error) {
	w.memory, err = json.Marshal(v)
	return err
}

// Remembered decodes what was last remembered into v; false when nothing was.
func (w *Walk) Remembered(v any) (ok bool, err error) {
	err = w.f.view(func(tx *bolt.Tx) error {
		ok, err = get(tx.Bucket(memoBucket), w.name, v)
		return err
	})
	return ok, err
}

// SetHost is like Frontier.SetHost, but kept as Keep is.
func (w *Walk) SetHost(name string, h Host) { w.hosts[name] = h }

// Next keeps all that was noted, in one commit, and leases the next item; the leased one must have been ended. The
// Leased of what it returns is that of an earlier run which was killed, zero when there was none. Without
// an item, wait says how long the first has to wait, 0 when there is none at all.
func (w *Walk) Next(now time.Time) (it Item, wait time.Duration, ok bool, err error) {
	var place []byte
	var leasedID keyID
	err = w.commit(func(b *bolt.Bucket) error {
		place, wait, ok = nil, 0, false
		k, v := w.first(b, now)
		if k == nil {
			return nil
		}
		id, found, err := parseRow(k, v)
		if err != nil {
			return err
		}
		if it, wait = found, max(found.After.Sub(now), 0); wait > 0 {
			return nil
		}
		place, leasedID, ok = bytes.Clone(k), keyID(id), true
		leased := it // whoever gets the item learns whether it was leased before
		leased.Leased = now.UTC()
		return putRow(b, place, id, leased)
	})
	if err != nil || !ok {
		return Item{}, wait, false, err
	}
	w.place, w.id = place, leasedID
	return it, 0, true, nil
}

// first returns the row of the queue that is next in turn.
func (w *Walk) first(b *bolt.Bucket, now time.Time) (k, v []byte) {
	c := b.Bucket(queueBucket).Cursor()
	k, v = c.First()
	if k == nil || Class(k[0]) == AtOnce || Class(k[0]) >= w.Prefer {
		return k, v
	}
	if preferred, row := c.Seek([]byte{byte(w.Prefer)}); preferred != nil && !afterOf(preferred).After(now) {
		return preferred, row
	}
	return k, v
}

// Pause keeps all that was noted and says why the rest is left for another run. An item that is still leased is to
// be asked for again.
func (w *Walk) Pause(why string) error {
	w.Stopped = why
	return w.close()
}

// Finish keeps all that was noted and ends the walk: the next one begins anew.
func (w *Walk) Finish(now time.Time) error {
	w.Ended = now.UTC()
	return w.close()
}

func (w *Walk) close() error {
	return w.commit(func(b *bolt.Bucket) error {
		if w.place != nil && w.end.state == "" {
			id, it, err := parseRow(w.place, b.Bucket(queueBucket).Get(w.place))
			if err != nil {
				return err
			}
			it.Leased = time.Time{}
			if err := putRow(b, w.place, id, it); err != nil {
				return err
			}
		}
		if !w.Ended.IsZero() {
			if err := w.dropReadings(b); err != nil {
				return err
			}
		}
		return put(b, walkKey, w.Status)
	})
}

// Left counts the items that are still to be asked for, up to a bound.
func (w *Walk) Left(most int) (n int, err error) {
	err = w.f.view(func(tx *bolt.Tx) error {
		c := w.bucket(tx).Bucket(queueBucket).Cursor()
		for k, _ := c.First(); k != nil && n < most; k, _ = c.Next() {
			n++
		}
		return nil
	})
	return n + len(w.fresh), err
}

// commit writes what was noted, and what last does, all or nothing.
func (w *Walk) commit(last func(*bolt.Bucket) error) error {
	err := w.f.update(func(tx *bolt.Tx) error {
		b := w.bucket(tx)
		if b == nil {
			return fmt.Errorf("%w: the walk is gone", ErrUnusable)
		}
		if err := w.putEnd(b); err != nil {
			return err
		}
		for _, it := range w.fresh {
			id := idOf(it.Key)
			if err := enqueue(b, id[:], it); err != nil {
				return err
			}
		}
		for _, id := range w.marks {
			if err := b.Bucket(knownBucket).Put(id, []byte(marked)); err != nil {
				return err
			}
		}
		if w.kept != nil {
			if err := b.Put(keptKey, w.kept); err != nil {
				return err
			}
		}
		if w.memory != nil {
			if err := tx.Bucket(memoBucket).Put(w.name, w.memory); err != nil {
				return err
			}
		}
		if w.read != nil {
			if err := tx.Bucket(readBucket).Put(append(w.readings(), w.id[:]...), w.read); err != nil {
				return err
			}
		}
		for name, h := range w.hosts {
			if err := put(tx.Bucket(hostBucket), []byte(name), h); err != nil {
				return err
			}
		}
		return last(b)
	})
	if err != nil {
		return fmt.Errorf("walk of %s on %s: %w", w.Portal, w.Site, err)
	}
	if w.end.state != "" {
		w.place, w.end = nil, end{}
	}
	w.fresh, w.marks, w.kept, w.memory, w.read = nil, nil, nil, nil, nil
	if len(w.coming) > manyComing {
		w.coming = make(map[keyID]bool) // a cleared map keeps its room, in each of thousands of walks
	}
	clear(w.coming)
	clear(w.hosts)
	return nil
}

// putEnd takes the leased item out of the queue, or puts it elsewhere.
func (w *Walk) putEnd(b *bolt.Bucket) error {
	if w.end.state == "" {
		return nil
	}
	if w.place == nil {
		return errors.New("no item is leased")
	}
	queue := b.Bucket(queueBucket)
	id, _, err := parseRow(w.place, queue.Get(w.place))
	if err != nil {
		return err
	}
	id = bytes.Clone(id)
	if err := queue.Delete(w.place); err != nil {
		return err
	}
	if w.end.again != nil {
		return enqueue(b, id, *w.end.again)
	}
	return b.Bucket(knownBucket).Put(id, []byte(w.end.state))
}

func enqueue(b *bolt.Bucket, id []byte, it Item) error {
	queue := b.Bucket(queueBucket)
	order, err := queue.NextSequence()
	if err != nil {
		return err
	}
	it.Leased = time.Time{}
	return errors.Join(putRow(b, place(it, order), id, it), b.Bucket(knownBucket).Put(id, []byte(New)))
}

// place is where an item stands in the queue.
func place(it Item, order uint64) []byte {
	var after uint64
	if !it.After.IsZero() {
		after = uint64(max(it.After.UnixNano(), 1))
	}
	k := binary.BigEndian.AppendUint64([]byte{byte(it.Class)}, after)
	return binary.BigEndian.AppendUint64(k, order)
}

const placeSize = 1 + 8 + 8

// afterOf returns the Item.After of a place.
func afterOf(place []byte) time.Time {
	if len(place) != placeSize || binary.BigEndian.Uint64(place[1:]) == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(place[1:]))).UTC()
}

// A row of the queue is the hashed key, then JSON. There may be a million of them: what the address tells is left
// out of that of the page it was found on.
func putRow(b *bolt.Bucket, place, id []byte, it Item) error {
	if home := homeOf(it.URL); home != "" && strings.HasPrefix(it.From, home+"/") {
		it.From = it.From[len(home):]
	}
	text, err := json.Marshal(it)
	if err != nil {
		return err
	}
	queue := b.Bucket(queueBucket)
	queue.FillPercent = 0.9 // most items are put behind all others of their class
	return queue.Put(place, append(bytes.Clone(id), text...))
}

func parseRow(place, v []byte) (id []byte, it Item, err error) {
	if len(place) != placeSize || len(v) < idSize {
		return nil, it, fmt.Errorf("%w: the queue has no such row", ErrUnusable)
	}
	if err := json.Unmarshal(v[idSize:], &it); err != nil {
		return nil, it, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	it.Class = Class(place[0])
	it.After = afterOf(place)
	if strings.HasPrefix(it.From, "/") {
		it.From = homeOf(it.URL) + it.From
	}
	return v[:idSize:idSize], it, nil
}

// homeOf returns scheme and host of an address.
func homeOf(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

const idSize = 12

type keyID [idSize]byte

// idOf is short whatever the key; among a million keys, two have the same once in 10^17 walks.
func idOf(key string) keyID {
	sum := sha256.Sum256([]byte(key))
	return keyID(sum[:idSize])
}
