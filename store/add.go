package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"
)

var states = []string{StateOK, StateUnchanged, StateRedirect, StateGone, StateFailed, StateRefused, StateBlocked}

// AddCapture archives one answer, its body, and the record read from it, all or nothing: when it returns nil they
// are on the disk. rec may be nil; body may be nil when there was none.
//
// It completes c: ID, SHA256 and Size of the body; and State, which becomes unchanged when it was ok and the body
// is the one that the URL had last. A body that the archive holds is not kept again. An answer without a body
// whose State is unchanged (304) must name by SHA256 a body that is held. It completes rec as PutRecord does.
// When it returns an error, c is as it was.
func (s *Store) AddCapture(c *Capture, body []byte, rec *Record) error {
	n, err := s.newcomer(c, body)
	if err == nil {
		err = s.update(func(tx *bolt.Tx) error { return n.put(tx, s.codec, rec) })
	}
	if err != nil {
		return fmt.Errorf("archive %s: %w", c.URL, err)
	}
	header := c.Header
	*c = n.Capture
	c.Header = header
	return nil
}

// A newcomer is a capture on its way in. All that takes time was done before the transaction.
type newcomer struct {
	Capture
	sum    digest
	stored []byte // the payload; empty when there is no body, or it is held
}

func (s *Store) newcomer(c *Capture, body []byte) (*newcomer, error) {
	n := &newcomer{Capture: *c}
	n.Time = c.Time.UTC().Round(0) // as it will be read back
	n.Header = latin1(c.Header)
	if err := n.check(body); err != nil {
		return nil, err
	}
	if body == nil {
		return n, n.parseSum()
	}
	n.sum = sha256.Sum256(body)
	n.SHA256, n.Size = n.sum.String(), int64(len(body))
	known, err := s.holds(n.sum)
	if err == nil && !known {
		n.stored = s.codec.packBody(body, n.sum)
	}
	return n, err
}

func (n *newcomer) check(body []byte) error {
	switch {
	case !slices.Contains(states, n.State):
		return fmt.Errorf("%q is no state of a capture", n.State)
	case n.Time.Before(firstTime) || n.Time.After(lastTime):
		return fmt.Errorf("%s is no time of a capture", n.Time)
	case body == nil && n.State == StateOK:
		return errors.New("state ok without a body")
	case body == nil && n.State == StateUnchanged && n.SHA256 == "":
		return errors.New("state unchanged without the digest of the body held")
	case len(body) > maxPlain:
		return fmt.Errorf("the body has %d bytes, the limit is %d", len(body), maxPlain)
	}
	return checkURL(n.URL)
}

// parseSum reads the digest that an answer without a body may name.
func (n *newcomer) parseSum() (err error) {
	if n.SHA256 != "" {
		n.sum, err = parseDigest(n.SHA256)
	}
	return err
}

func (s *Store) holds(sum digest) (ok bool, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		ok = tx.Bucket(digestBucket).Get(sum[:]) != nil
		return nil
	})
	return ok, err
}

// put makes the one transaction of a capture.
func (n *newcomer) put(tx *bolt.Tx, z codec, rec *Record) error {
	captures := ascending(tx, captureBucket)
	id, err := captures.NextSequence()
	if err != nil {
		return err
	}
	n.ID = id
	if err := n.putPayload(tx, z); err != nil {
		return err
	}
	row, err := z.packRow(n.Capture)
	if err != nil {
		return err
	}
	err = errors.Join(
		captures.Put(idKey(id), row),
		tx.Bucket(urlBucket).Put(urlKey(n.URL, id), []byte(n.State)),
		ascending(tx, timeBucket).Put(timeKey(n.Time, id), nil),
	)
	if err != nil || rec == nil {
		return err
	}
	return putRecord(tx, z, rec, &n.Capture)
}

// putPayload keeps the body unless it is held, and compares it with the last of the URL.
func (n *newcomer) putPayload(tx *bolt.Tx, z codec) error {
	if n.SHA256 == "" {
		return nil
	}
	size, ok, err := held(tx, n.sum)
	switch {
	case err != nil:
		return err
	case ok:
		n.Size = size
	case len(n.stored) == 0:
		return fmt.Errorf("body %s: %w", n.SHA256, ErrNotFound)
	default:
		if err := putBody(tx, n.ID, n.sum, n.stored); err != nil {
			return err
		}
	}
	if n.State != StateOK {
		return nil
	}
	last, ok, err := lastOf(tx, z, n.URL, 0, hasBody)
	if ok && last.SHA256 == n.SHA256 {
		n.State = StateUnchanged
	}
	return err
}

// latin1 returns a header whose values survive JSON, which would replace bytes that are not UTF-8. Servers do
// send file names in raw GBK; such a value is kept as HTTP has it, one character a byte.
func latin1(h http.Header) http.Header {
	h = h.Clone()
	for _, values := range h {
		for i, v := range values {
			if !utf8.ValidString(v) {
				values[i] = fromLatin1(v)
			}
		}
	}
	return h
}

func fromLatin1(v string) string {
	runes := make([]rune, len(v))
	for i := range len(v) {
		runes[i] = rune(v[i])
	}
	return string(runes)
}
