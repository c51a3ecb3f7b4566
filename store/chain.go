package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"time"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// Each commit that archives captures is a link of a chain: its hash covers that of the link before it and every
// capture that it added, and a capture names its body by digest. Whoever knows the hash of a link can tell that
// nothing archived up to then was changed, removed or put in between since. Records are not part of it: they are read
// from captures, and read again.

// A Link is one commit of captures.
type Link struct {
	Number uint64    // from 1
	Last   uint64    // the newest capture then
	Time   time.Time // of the commit
	Hash   string    // SHA-256, hexadecimal
}

// A link is a capture as the chain sees it.
type link struct {
	id  uint64
	sum item.Digest // SHA-256 of its row's plain bytes
}

// linkSize is the length of a link without its checksum, which those have not that an early gongkai wrote.
const linkSize = 8 + 8 + sha256.Size

func putLink(l Link) []byte {
	b := binary.BigEndian.AppendUint64(nil, l.Last)
	b = binary.BigEndian.AppendUint64(b, uint64(l.Time.UnixNano()))
	sum, _ := hex.DecodeString(l.Hash)
	b = append(b, sum...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func parseLink(k, v []byte) (Link, error) {
	switch {
	case len(k) != 8 || len(v) != linkSize && len(v) != linkSize+crc32.Size:
		return Link{}, fmt.Errorf("%w: %s has an odd row", ErrDamaged, chainBucket)
	case len(v) > linkSize && crc32.Checksum(v[:linkSize], castagnoli) != binary.BigEndian.Uint32(v[linkSize:]):
		return Link{}, fmt.Errorf("%w: link %d does not match its checksum", ErrDamaged, number(k))
	}
	return Link{number(k), binary.BigEndian.Uint64(v), time.Unix(0, int64(binary.BigEndian.Uint64(v[8:]))).UTC(), hex.EncodeToString(v[16:linkSize])}, nil
}

// chained returns the hash of a link: of the one before it, and of the captures that it adds.
func chained(before string, added []link) string {
	h := sha256.New()
	sum, _ := hex.DecodeString(before)
	h.Write(sum)
	for _, l := range added {
		h.Write(idKey(l.id))
		h.Write(l.sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// seal adds the link of a commit.
func (t *txn) seal() error {
	if len(t.added) == 0 {
		return nil
	}
	last, err := lastLink(t.Tx)
	if err != nil {
		return err
	}
	added, err := t.unsealed(last.Last, t.added[0].id)
	if err != nil {
		return err
	}
	added = append(added, t.added...)
	l := Link{Number: last.Number + 1, Last: added[len(added)-1].id, Time: time.Now(), Hash: chained(last.Hash, added)}
	return ascending(t.Tx, chainBucket).Put(idKey(l.Number), putLink(l))
}

// unsealed returns the captures between two ids. There are some only where a backup was stopped in the middle of a
// commit, and its copy was then written to.
func (t *txn) unsealed(after, before uint64) (list []link, err error) {
	for id := after + 1; id < before; id++ {
		sum, ok, err := t.rowSum(id)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, link{id, sum})
		}
	}
	return list, nil
}

// rowSum returns the digest of the row of a capture; false when there is none.
func (t *txn) rowSum(id uint64) (sum item.Digest, ok bool, err error) {
	at, ok := t.place(captureBucket, id)
	if !ok {
		return sum, false, nil
	}
	it, err := t.itemOf(at, item.Capture, id)
	if err != nil {
		return sum, false, err
	}
	plain, err := t.unpack(&it)
	return sha256.Sum256(plain), err == nil, err
}

// lastLink returns the newest link. Before the first there is one without captures, whose hash is that of what the
// archive was made of; "" when of nothing.
func lastLink(tx *bolt.Tx) (Link, error) {
	k, v := tx.Bucket(chainBucket).Cursor().Last()
	if k == nil {
		return Link{Hash: string(tx.Bucket(metaBucket).Get([]byte("origin")))}, nil
	}
	return parseLink(k, v)
}

// Head returns the newest link of the chain; the zero one of an empty archive.
func (s *Store) Head() (l Link, err error) {
	err = s.view(func(t *txn) error {
		l, err = lastLink(t.Tx)
		return err
	})
	return l, err
}

// LinkOf returns the link that a capture is in: its hash stands for everything archived up to there. The zero one when there
// is no such link yet.
func (s *Store) LinkOf(capture uint64) (l Link, err error) {
	err = s.view(func(t *txn) error {
		head, err := lastLink(t.Tx)
		if err != nil || capture == 0 || capture > head.Last {
			return err
		}
		links := t.Bucket(chainBucket)
		at := func(number uint64) (Link, error) { return parseLink(idKey(number), links.Get(idKey(number))) }
		from, to := uint64(1), head.Number // it is one of these
		for from < to {
			middle := from + (to-from)/2
			if l, err = at(middle); err != nil {
				return err
			}
			if l.Last < capture {
				from = middle + 1
			} else {
				to = middle
			}
		}
		l, err = at(from)
		return err
	})
	return l, err
}
