package store

import (
	"bytes"
	"fmt"

	"gongkai/store/internal/item"
)

// sift takes out links that cannot stand where they do: each adds a capture at least.
func (r *repair) sift() error {
	return r.to.commit(func(t *txn) error {
		var odd [][]byte
		b := t.Bucket(chainBucket)
		var last Link
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			l, err := parseLink(k, v)
			if err != nil || l.Last <= last.Last || l.Number-last.Number > l.Last-last.Last {
				odd = append(odd, bytes.Clone(k))
				continue
			}
			last = l
		}
		for _, k := range odd {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// chain notes the links that can no longer be computed, and the captures that are lost, and closes the chain over what has
// no link.
func (r *repair) chain() error {
	head, odd, err := r.prove()
	if err != nil {
		return err
	}
	r.last = max(r.last, head.Last)
	if r.last > head.Last {
		odd = append(odd, oddLink{number: head.Number + 1, after: head.Last, last: r.last, told: true})
	}
	for _, l := range odd {
		if err := r.missed(l); err != nil {
			return err
		}
	}
	return r.to.commit(func(t *txn) error {
		if err := t.Bucket(captureBucket).SetSequence(r.last); err != nil || r.last == head.Last {
			return err
		}
		rest, err := t.unsealed(head.Last, r.last+1)
		if err != nil {
			return err
		}
		l := Link{Number: head.Number + 1, Last: r.last, Time: r.now, Hash: chained(head.Hash, rest)}
		return t.Bucket(chainBucket).Put(idKey(l.Number), putLink(l))
	})
}

// An oddLink is one that cannot be computed again, which may be known, or the one that is missing behind the last.
type oddLink struct {
	number      uint64
	after, last uint64 // the captures that it covers are above the one, up to the other
	told        bool   // nothing is to be noted of the link itself
}

// prove computes the chain again, and returns its last link and those that are odd.
func (r *repair) prove() (head Link, odd []oddLink, err error) {
	err = r.to.view(func(t *txn) error {
		head = Link{Hash: string(t.Bucket(metaBucket).Get([]byte("origin")))}
		c := t.Bucket(chainBucket).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			l, err := parseLink(k, v)
			if err != nil {
				return err
			}
			for n := head.Number + 1; n < l.Number; n++ {
				odd = append(odd, oddLink{number: n, after: head.Last, last: head.Last})
			}
			_, noted := t.lost(lostLink, k)
			added, err := t.unsealed(head.Last, l.Last+1)
			if err != nil || noted || l.Number != head.Number+1 || chained(head.Hash, added) != l.Hash {
				odd = append(odd, oddLink{l.Number, head.Last, l.Last, noted})
			}
			head = l
		}
		return nil
	})
	return head, odd, err
}

// missed notes an odd link, and which captures of those that it covers are lost.
func (r *repair) missed(l oddLink) error {
	if !l.told {
		if err := r.to.commit(func(t *txn) error { return r.oddLink(t, l.number) }); err != nil {
			return err
		}
	}
	for after := l.after; after < l.last; {
		upTo := min(l.last, after+batchRows)
		err := r.to.commit(func(t *txn) error {
			for id := after + 1; id <= upTo; id++ {
				if err := r.lostCapture(t, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = upTo
	}
	return nil
}

// lostCapture notes that a capture is lost, if it is. What was read from it tells its address.
func (r *repair) lostCapture(t *txn, id uint64) error {
	if _, there := t.place(captureBucket, id); there {
		return nil
	}
	const why = "its row in the archive is damaged, and no backup gave it"
	rec, _, err := t.record(id)
	if err != nil {
		return err
	}
	r.tell(Loss{"capture", id, rec.URL, rec.SHA256, why})
	return t.lose(lostCapture, idKey(id), r.loss(why))
}

// oddLink notes that a link cannot be computed again. One that is lost itself gets a row without a hash.
func (r *repair) oddLink(t *txn, n uint64) error {
	const why = "something that it covers is lost, or it is itself"
	b := t.Bucket(chainBucket)
	if b.Get(idKey(n)) == nil {
		last := Link{Time: r.now}
		if n > 1 {
			var err error
			if last, err = t.link(n - 1); err != nil {
				return err
			}
		}
		last.Number, last.Hash = n, item.Digest{}.String()
		if err := b.Put(idKey(n), putLink(last)); err != nil {
			return err
		}
	}
	r.tell(Loss{What: "link", Why: fmt.Sprintf("commit %d of the chain: %s", n, why)})
	return t.lose(lostLink, idKey(n), r.loss(why))
}
