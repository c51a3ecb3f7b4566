package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"time"
)

// What a capture of a merged archive was in the archives that it came from is told by a bucket of its own, so that its
// row stays byte for byte what it was there, but for a State that means something else beside the captures of others:
//
//	merged  id u64, archive u16  => id there u64, CRC-32C u32 of key and id, its State there if that was another
//
// Meta has under "sources" the list of these archives, numbered from 1, as JSON; origin, which the chain begins with, is
// the SHA-256 of the heads of those that were merged themselves. What they had been merged from follows in the list.
var mergedBucket = []byte("merged")

var metaSources = []byte("sources")

// A Source is an archive that was merged into another one.
type Source struct {
	Archive  int       `json:"archive"`      // its number, from 1
	In       int       `json:"in,omitempty"` // the number of the one that it had been merged into before
	Path     string    `json:"path"`         // where it was
	Created  string    `json:"created"`
	Gongkai  string    `json:"gongkai"` // version of the program that made it
	Captures int       `json:"captures"`
	LastID   uint64    `json:"last_id"`
	Head     string    `json:"head"` // hash of the newest link of its chain
	Merged   time.Time `json:"merged"`
}

// An Origin is what a capture was in an archive that was merged.
type Origin struct {
	Archive int    `json:"archive"` // its number among the Sources
	ID      uint64 `json:"id"`
	State   string `json:"state,omitempty"` // if that was another
}

// Sources returns the archives that this one was merged from; none as a rule.
func (s *Store) Sources() (list []Source, err error) {
	err = s.view(func(t *txn) error {
		text := t.Bucket(metaBucket).Get(metaSources)
		if text == nil {
			return nil
		}
		return json.Unmarshal(text, &list)
	})
	return list, err
}

// Origins returns what a capture was in the archives that this one was merged from; none of later captures.
func (s *Store) Origins(id uint64) (list []Origin, err error) {
	err = s.view(func(t *txn) error {
		b := t.Bucket(mergedBucket)
		if b == nil {
			return nil
		}
		return eachPrefix(b, idKey(id), func(k, v []byte) error {
			o, err := parseOrigin(k, v)
			list = append(list, o)
			return err
		})
	})
	return list, err
}

// An origin waits to be written.
type origin struct {
	id uint64 // in the new archive
	Origin
}

func (t *txn) putOrigins(list []origin) error {
	if len(list) == 0 {
		return nil
	}
	b, err := t.CreateBucketIfNotExists(mergedBucket)
	if err != nil {
		return err
	}
	b.FillPercent = 1
	for _, o := range list {
		key := originKey(o.id, o.Archive)
		if err := b.Put(key, originValue(key, o.Origin)); err != nil {
			return err
		}
	}
	return nil
}

// fromElsewhere reports whether a capture came from an archive that was merged.
func (t *txn) fromElsewhere(id uint64) bool {
	b := t.Bucket(mergedBucket)
	if b == nil {
		return false
	}
	k, _ := b.Cursor().Seek(idKey(id))
	return bytes.HasPrefix(k, idKey(id))
}

func originKey(id uint64, archive int) []byte {
	return binary.BigEndian.AppendUint16(idKey(id), uint16(archive))
}

func originValue(key []byte, o Origin) []byte {
	v := binary.BigEndian.AppendUint32(idKey(o.ID), crc32.Checksum(slices.Concat(key, idKey(o.ID), []byte(o.State)), castagnoli))
	return append(v, o.State...)
}

func parseOrigin(k, v []byte) (o Origin, err error) {
	if len(k) != 10 || len(v) < 12 {
		return o, fmt.Errorf("%w: %s has an odd row", ErrDamaged, mergedBucket)
	}
	o = Origin{int(binary.BigEndian.Uint16(k[8:])), binary.BigEndian.Uint64(v), string(v[12:])}
	if !bytes.Equal(v, originValue(k, o)) {
		return o, fmt.Errorf("%w: %s does not match its checksum at %x", ErrDamaged, mergedBucket, k)
	}
	return o, nil
}

// origins verifies what is told of captures that were merged.
func (v *verifier) origins() error {
	var faults []Fault
	err := v.each(mergedBucket, func(t *txn, k, value []byte) error {
		if _, err := parseOrigin(k, value); err != nil {
			faults = append(faults, Fault{"index", 0, err.Error()})
		} else if _, ok := t.place(captureBucket, number(k[:8])); !ok {
			faults = append(faults, Fault{"index", number(k[:8]), fmt.Sprintf("%s tells of it, and there is no such capture", mergedBucket)})
		}
		return nil
	})
	return v.tell(faults, err)
}
