package frontier

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Everything here only looks, for people who want to know why.

// A Count says how many pages of a walk there are in each state. Of a walk that has ended, the ends are counted.
type Count struct {
	Status
	States map[string]int `json:"states"`
	Next   time.Time      `json:"next,omitzero"` // before which its first item is not to be asked for
}

// Walks yields all walks with their counts, by portal and site. It reads every row.
func (f *Frontier) Walks() iter.Seq2[Count, error] {
	return func(yield func(Count, error) bool) {
		var after []byte
		for {
			var c Count
			var name []byte
			err := f.view(func(tx *bolt.Tx) (err error) {
				name, c, err = nextWalk(tx, after)
				return err
			})
			if err != nil {
				yield(c, err)
				return
			}
			if name == nil || !yield(c, nil) {
				return
			}
			after = name
		}
	}
}

// nextWalk counts the first walk whose name follows one.
func nextWalk(tx *bolt.Tx, after []byte) (name []byte, c Count, err error) {
	walks := tx.Bucket(walkBucket)
	if walks == nil {
		return nil, c, nil
	}
	cursor := walks.Cursor()
	k, _ := cursor.Seek(append(bytes.Clone(after), 0))
	if after == nil {
		k, _ = cursor.First()
	}
	if k == nil {
		return nil, c, nil
	}
	b := walks.Bucket(k)
	if _, err := get(b, walkKey, &c.Status); err != nil {
		return nil, c, err
	}
	c.States = make(map[string]int)
	err = b.Bucket(knownBucket).ForEach(func(_, v []byte) error {
		if string(v) != marked {
			c.States[string(v)]++
		}
		return nil
	})
	if k, v := b.Bucket(queueBucket).Cursor().First(); v != nil && err == nil {
		var it Item
		_, it, err = parseRow(k, v)
		c.Next = it.After
	}
	return bytes.Clone(k), c, err
}

// A Finding is what a walk knows of a page.
type Finding struct {
	Status
	State string `json:"state"`
	Item  *Item  `json:"item,omitempty"` // while it is to be asked for
}

// Find looks for a page in all walks, by the keys that it may have in one.
func (f *Frontier) Find(keys func(Status) []string) (found []Finding, err error) {
	err = f.view(func(tx *bolt.Tx) error {
		walks := tx.Bucket(walkBucket)
		if walks == nil {
			return nil
		}
		return walks.ForEachBucket(func(name []byte) error {
			b := walks.Bucket(name)
			var st Status
			if _, err := get(b, walkKey, &st); err != nil {
				return err
			}
			for _, key := range keys(st) {
				id := idOf(key)
				v := b.Bucket(knownBucket).Get(id[:])
				if v == nil {
					continue
				}
				fd := Finding{Status: st, State: string(v)}
				if fd.State == New {
					if fd.Item, err = queued(b.Bucket(queueBucket), id[:]); err != nil {
						return err
					}
				}
				found = append(found, fd)
			}
			return nil
		})
	})
	return found, err
}

// queued looks through a queue for an item.
func queued(queue *bolt.Bucket, id []byte) (*Item, error) {
	c := queue.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if bytes.HasPrefix(v, id) {
			_, it, err := parseRow(k, v)
			return &it, err
		}
	}
	return nil, fmt.Errorf("%w: an item is not in the queue", ErrUnusable)
}

// Hosts yields all hosts by name.
func (f *Frontier) Hosts() (iter.Seq2[string, Host], error) {
	hosts := make(map[string]Host) // one a site, not one a page
	err := f.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(hostBucket)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, _ []byte) error {
			var h Host
			_, err := get(b, k, &h)
			hosts[string(k)] = h
			return err
		})
	})
	return maps.All(hosts), err
}
