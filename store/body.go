package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// A digest is the SHA-256 of a body as served.
type digest [sha256.Size]byte

func (d digest) String() string { return hex.EncodeToString(d[:]) }

func parseDigest(s string) (digest, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != sha256.Size {
		return digest{}, fmt.Errorf("%q is not a SHA-256", s)
	}
	return digest(b), nil
}

// bodyHead is the length of what precedes a payload's data: codec, plain length u64, SHA-256 of the plain bytes.
const bodyHead = 1 + 8 + sha256.Size

// maxPiece bounds a value in bodies. bbolt never splits a leaf of up to four values, so a large one is written
// again with each neighbour: 50 MiB values wrote 3.5 bytes a byte kept, pieces of 1 MiB wrote 1.07.
const maxPiece = 1 << 20

// A payload is a body as the archive keeps it.
type payload struct {
	codec  byte
	length uint64 // of the plain bytes
	sum    digest // of the plain bytes
	data   []byte
}

// packBody returns the stored form of a body.
func (c codec) packBody(body []byte, sum digest) []byte {
	head := make([]byte, bodyHead)
	binary.BigEndian.PutUint64(head[1:], uint64(len(body)))
	copy(head[9:], sum[:])
	return c.pack(head, body)
}

// parsePayload reads the stored form of a body as far as it can be read without unpacking it.
func parsePayload(b []byte) (payload, error) {
	if len(b) < bodyHead {
		return payload{}, fmt.Errorf("%w: payload of %d bytes", ErrDamaged, len(b))
	}
	p := payload{codec: b[0], length: binary.BigEndian.Uint64(b[1:]), sum: digest(b[9:bodyHead]), data: b[bodyHead:]}
	if p.length > maxPlain {
		return payload{}, fmt.Errorf("%w: payload claims %d bytes", ErrDamaged, p.length)
	}
	return p, nil
}

// unpackBody returns the body kept as stored, proven to have the digest that was asked for.
func (c codec) unpackBody(stored []byte, want digest) ([]byte, error) {
	p, err := parsePayload(stored)
	if err != nil {
		return nil, err
	}
	body, err := c.unpack(p.codec, p.data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if got := digest(sha256.Sum256(body)); got != want || p.sum != want || p.length != uint64(len(body)) {
		return nil, fmt.Errorf("%w: the bytes kept have the digest %s", ErrDamaged, got)
	}
	return body, nil
}

// Body returns the body with a SHA-256 given in hexadecimal. What comes back has that digest: ErrDamaged when the
// archive no longer holds those bytes, ErrNotFound when it never did. The caller owns the slice.
func (s *Store) Body(sha256 string) ([]byte, error) {
	body, err := s.body(sha256)
	if err != nil {
		return nil, fmt.Errorf("body %s: %w", sha256, err)
	}
	return body, nil
}

func (s *Store) body(hex string) ([]byte, error) {
	want, err := parseDigest(hex)
	if err != nil {
		return nil, err
	}
	var stored []byte
	err = s.view(func(tx *bolt.Tx) error {
		id := tx.Bucket(digestBucket).Get(want[:])
		if id == nil {
			return ErrNotFound
		}
		stored = joinPieces(tx, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.codec.unpackBody(stored, want)
}

// held returns the size of the body with a digest, if the archive holds it.
func held(tx *bolt.Tx, sum digest) (size int64, ok bool, err error) {
	id := tx.Bucket(digestBucket).Get(sum[:])
	if id == nil {
		return 0, false, nil
	}
	p, err := parsePayload(tx.Bucket(bodyBucket).Get(pieceKey(number(id), 0)))
	if err != nil {
		return 0, false, fmt.Errorf("body %s: %w", sum, err)
	}
	return int64(p.length), true, nil
}

// putBody keeps a payload under the capture that brought it.
func putBody(tx *bolt.Tx, id uint64, sum digest, stored []byte) error {
	if err := tx.Bucket(digestBucket).Put(sum[:], idKey(id)); err != nil {
		return err
	}
	b := ascending(tx, bodyBucket)
	for n := 0; len(stored) > 0; n++ {
		piece := stored[:min(len(stored), maxPiece)]
		if err := b.Put(pieceKey(id, n), piece); err != nil {
			return err
		}
		stored = stored[len(piece):]
	}
	return nil
}

// joinPieces returns a copy of the payload kept under an id, or nothing.
func joinPieces(tx *bolt.Tx, id []byte) []byte {
	var stored []byte
	c := tx.Bucket(bodyBucket).Cursor()
	for k, v := c.Seek(id); bytes.HasPrefix(k, id); k, v = c.Next() {
		stored = append(stored, v...)
	}
	return stored
}

// pieces returns the sizes of the payload kept under an id: of the body and of what it takes here.
func pieces(tx *bolt.Tx, id []byte) (plain, stored int64, err error) {
	c := tx.Bucket(bodyBucket).Cursor()
	for k, v := c.Seek(id); bytes.HasPrefix(k, id); k, v = c.Next() {
		if stored == 0 {
			p, err := parsePayload(v)
			if err != nil {
				return 0, 0, fmt.Errorf("body of capture %d: %w", number(id), err)
			}
			plain = int64(p.length)
		}
		stored += int64(len(v))
	}
	return plain, stored, nil
}
