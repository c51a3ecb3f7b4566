package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"time"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// What a repair could not bring back is told by the archive itself, in a bucket that only repaired archives have:
//
//	lost  "payload" \0, SHA-256     => CRC-32C u32, JSON loss: captures that name the body are there, it is not
//	      "capture" \0, id u64      => the row is not as it was archived: what was still known of it is
//	      "link" \0, number u64     => the hash of this commit cannot be computed again, as something that it covers is lost
//
// It is added to only. A payload that is archived again later is held again, whatever this says.
var lostBucket = []byte("lost")

// metaRewritten has the time at which a repair changed what was in the log: a backup of it must begin anew.
var metaRewritten = []byte("rewritten")

const (
	lostPayload = "payload"
	lostCapture = "capture"
	lostLink    = "link"
)

// A loss says when and why.
type loss struct {
	Time time.Time `json:"time"` // of the repair
	Why  string    `json:"why"`
}

func (l loss) String() string {
	return fmt.Sprintf("lost, as a repair of %s found: %s", l.Time.Format(time.DateOnly), l.Why)
}

// A lostError means that something cannot be had from anywhere.
type lostError struct{ loss }

func (e lostError) Error() string { return e.loss.String() }

// Is makes it an ErrDamaged.
func (e lostError) Is(target error) bool { return target == ErrDamaged }

// lose notes a loss, unless one is noted.
func (t *txn) lose(what string, key []byte, l loss) error {
	b, err := t.CreateBucketIfNotExists(lostBucket)
	if err != nil {
		return err
	}
	key = append(urlPrefix(what), key...)
	if b.Get(key) != nil {
		return nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return b.Put(key, append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(append(key[:len(key):len(key)], text...), castagnoli)), text...))
}

// lost returns what is noted of a loss; false when nothing is.
func (t *txn) lost(what string, key []byte) (l loss, ok bool) {
	b := t.Bucket(lostBucket)
	if b == nil {
		return l, false
	}
	key = append(urlPrefix(what), key...)
	l, err := parseLoss(key, b.Get(key))
	return l, err == nil
}

func parseLoss(key, value []byte) (l loss, err error) {
	if len(value) < crc32.Size || crc32.Checksum(append(key[:len(key):len(key)], value[4:]...), castagnoli) != binary.BigEndian.Uint32(value) {
		return l, fmt.Errorf("%w: %s has an odd row", ErrDamaged, lostBucket)
	}
	return l, json.Unmarshal(value[4:], &l)
}

// Lost returns why the archive no longer has a body that captures name, as a repair found; "" when it has not lost it.
func (s *Store) Lost(sha256 string) (why string, err error) {
	sum, err := item.ParseDigest(sha256)
	if err != nil {
		return "", err
	}
	err = s.view(func(t *txn) error {
		if _, held := t.held(sum); held {
			return nil
		}
		if l, ok := t.lost(lostPayload, sum[:]); ok {
			why = l.String()
		}
		return nil
	})
	return why, err
}

// Losses counts what is noted in an archive as lost.
type Losses struct {
	Payloads int `json:"payloads,omitempty"` // bodies that captures name
	Captures int `json:"captures,omitempty"` // their rows
	Links    int `json:"links,omitempty"`    // commits whose hash cannot be computed again

	Bytes int64 `json:"bytes,omitempty"` // of the log that nothing could be made of
}

// Any reports whether there is one.
func (l Losses) Any() bool { return l != Losses{} }

func (l Losses) String() string {
	return fmt.Sprintf("%d payloads, %d rows of captures, %d commits, %d bytes of the log", l.Payloads, l.Captures, l.Links, l.Bytes)
}

// rare verifies the buckets that only some archives have, and counts the losses that are noted.
func (v *verifier) rare() error {
	there := map[string]bool{}
	err := v.store.view(func(t *txn) error {
		for _, name := range rareBuckets {
			there[string(name)] = t.Bucket(name) != nil
		}
		return nil
	})
	if err == nil && there[string(mergedBucket)] {
		err = v.origins()
	}
	if err != nil || !there[string(lostBucket)] {
		return err
	}
	var faults []Fault
	err = v.each(lostBucket, func(t *txn, k, value []byte) error {
		if _, err := parseLoss(k, value); err != nil {
			faults = append(faults, Fault{"index", 0, err.Error()})
			return nil
		}
		t.countLoss(&v.Lost, k)
		return nil
	})
	return v.tell(faults, err)
}

func (t *txn) countLoss(n *Losses, key []byte) {
	what, id, _ := cutWord(key)
	switch what {
	case lostPayload:
		if len(id) == len(item.Digest{}) {
			if _, held := t.held(item.Digest(id)); !held {
				n.Payloads++
			}
		}
	case lostCapture:
		n.Captures++
	case lostLink:
		n.Links++
	}
}

func cutWord(key []byte) (word string, rest []byte, ok bool) {
	for i, b := range key {
		if b == 0 {
			return string(key[:i]), key[i+1:], true
		}
	}
	return "", nil, false
}

func eachPrefix(b *bolt.Bucket, prefix []byte, visit func(k, v []byte) error) error {
	c := b.Cursor()
	for k, v := c.Seek(prefix); len(k) >= len(prefix) && string(k[:len(prefix)]) == string(prefix); k, v = c.Next() {
		if err := visit(k, v); err != nil {
			return err
		}
	}
	return nil
}
