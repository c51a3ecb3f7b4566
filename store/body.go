package store

import (
	"fmt"

	"gongkai/store/internal/item"
)

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
	want, err := item.ParseDigest(hex)
	if err != nil {
		return nil, err
	}
	var it item.Item
	err = s.view(func(t *txn) error {
		at, ok := t.held(want)
		if !ok {
			if l, ok := t.lost(lostPayload, want[:]); ok {
				return lostError{l}
			}
			return ErrNotFound
		}
		it, err = t.itemOf(at, item.Body, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	if it.Sum != want {
		return nil, fmt.Errorf("%w: the index leads to the body %s", ErrDamaged, it.Sum)
	}
	return s.unpack(&it)
}

// held returns where the body with a digest is, if the archive holds it.
func (t *txn) held(sum item.Digest) (at item.Position, ok bool) {
	v := t.Bucket(digestBucket).Get(sum[:])
	if len(v) != 8 {
		return 0, false
	}
	return item.Position(number(v)), true
}

// sizeOf returns how long the body with a digest is, if the archive holds it.
func (t *txn) sizeOf(sum item.Digest) (size int64, ok bool, err error) {
	at, ok := t.held(sum)
	if !ok {
		return 0, false, nil
	}
	it, err := t.head(at)
	if err != nil {
		return 0, false, fmt.Errorf("body %s: %w", sum, err)
	}
	return int64(it.Plain), true, nil
}
