package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gongkai/store/internal/item"
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
	n, err := s.pending(c, body, rec)
	if err == nil {
		err = s.update(n.put)
	}
	n.settle(err == nil)
	if err != nil {
		return fmt.Errorf("archive %s: %w", c.URL, err)
	}
	if n.bodyAt != nowhere && len(body) <= item.MaxDictionary && c.Kind == KindReport && rec == nil {
		s.recent.Put(n.bodyPlan.Dictionary(n.bodyAt, body))
	}
	s.latest.put(n.Capture)
	header := c.Header
	*c = n.Capture
	c.Header = header
	if rec != nil {
		*rec = n.record.Record
	}
	return nil
}

// A pendingCapture is a capture on its way in. All that takes time was done before the transaction, on the assumption that
// the archive is then as it was; where it is not, it is done again.
type pendingCapture struct {
	Capture
	given string      // its State
	sum   item.Digest // of the body; zero when there is none
	last  uint64      // newest capture of the URL when its state was compared with it; only of a body that is held

	body     item.Item // empty when there is no body, or it is held
	bodyPlan item.Plan
	bodyAt   item.Position
	row      item.Item
	rowSum   item.Digest // SHA-256 of its plain bytes
	rowPlan  item.Plan
	rowAt    item.Position
	record   *pendingRecord // nil when there is none
}

// pending prepares a capture. Its plans are to be settled, also after an error.
func (s *Store) pending(c *Capture, body []byte, rec *Record) (*pendingCapture, error) {
	n := &pendingCapture{Capture: *c, given: c.State}
	n.ID = 0
	n.Time = c.Time.UTC().Round(0) // as it will be read back
	n.Header, n.Error, n.Truncated, n.Mended = bounded(latin1(c.Header)), shortened(c.Error), shortened(c.Truncated), shortened(c.Mended)
	if err := n.check(body); err != nil {
		return n, err
	}
	if body != nil {
		n.sum = sha256.Sum256(body)
		n.SHA256, n.Size = n.sum.String(), int64(len(body))
	} else if err := n.parseSum(); err != nil {
		return n, err
	}
	held := false
	if err := s.view(func(t *txn) (err error) { held, err = n.compare(t); return err }); err != nil {
		return n, err
	}
	if err := n.pack(s, body, held); err != nil {
		return n, err
	}
	if rec != nil {
		var err error
		n.record, err = s.pendingRecord(rec, &n.Capture, n.page(body))
		return n, err
	}
	return n, nil
}

// page returns the body as a dictionary for the record, whose place is not known yet; nil when it is none, or held.
func (n *pendingCapture) page(body []byte) *item.Dictionary {
	if n.body.Kind == 0 || len(body) > item.MaxDictionary {
		return nil
	}
	return n.bodyPlan.Borrowed(nowhere, body)
}

// compare looks whether the body is held, and then whether it is the last of the URL.
func (n *pendingCapture) compare(t *txn) (held bool, err error) {
	if n.SHA256 == "" {
		return false, nil
	}
	size, held, err := t.sizeOf(n.sum)
	if err != nil || !held {
		return false, err
	}
	n.Size = size
	n.last = t.newest(n.URL)
	if n.State != StateOK {
		return true, nil
	}
	last, ok, err := t.lastOf(n.URL, 0, hasBody)
	if ok && last.SHA256 == n.SHA256 {
		n.State = StateUnchanged
	}
	return true, err
}

// pack makes the items of the capture.
func (n *pendingCapture) pack(s *Store, body []byte, held bool) (err error) {
	if body != nil && !held {
		if n.bodyPlan, err = s.plan(bodyTemplates(&n.Capture, body)...); err != nil {
			return err
		}
		n.body.Kind = item.Body
		n.body.Plain, n.body.Sum = len(body), n.sum // not digested twice
		s.packer.Repack(&n.body, body, n.bodyPlan.Dict)
		n.bodyPlan.Judge(&n.body)
	}
	if n.rowPlan, err = s.plan(rowTemplates(&n.Capture)...); err != nil {
		return err
	}
	return n.packRow(s)
}

func (n *pendingCapture) packRow(s *Store) error {
	plain, err := n.Capture.row()
	if err != nil {
		return err
	}
	n.row.Kind = item.Capture
	n.rowSum = sha256.Sum256(plain)
	s.packer.Pack(&n.row, plain, n.rowPlan.Dict)
	n.rowPlan.Judge(&n.row)
	return nil
}

// settle tells the templates whether the capture is in the archive.
func (n *pendingCapture) settle(kept bool) {
	n.bodyPlan.Settle(&n.body, n.bodyAt, kept && n.bodyAt != nowhere)
	n.rowPlan.Settle(&n.row, n.rowAt, kept)
	if n.record != nil {
		n.record.settle(kept)
	}
}

// nowhere is the position of what was not appended.
const nowhere = ^item.Position(0)

func (n *pendingCapture) check(body []byte) error {
	switch {
	case !slices.Contains(states, n.State):
		return fmt.Errorf("%q is no state of a capture", n.State)
	case n.Time.Before(firstTime) || n.Time.After(lastTime):
		return fmt.Errorf("%s is no time of a capture", n.Time)
	case body == nil && n.State == StateOK:
		return errors.New("state ok without a body")
	case body == nil && n.State == StateUnchanged && n.SHA256 == "":
		return errors.New("state unchanged without the digest of the body held")
	case len(body) > item.MaxPlain:
		return fmt.Errorf("the body has %d bytes, the limit is %d", len(body), item.MaxPlain)
	}
	return checkURL(n.URL)
}

// parseSum reads the digest that an answer without a body may name.
func (n *pendingCapture) parseSum() (err error) {
	if n.SHA256 != "" {
		n.sum, err = item.ParseDigest(n.SHA256)
	}
	return err
}

// put makes the capture's part of a transaction.
func (n *pendingCapture) put(t *txn) error {
	c := *n // what it was prepared for; it may be put again, on another transaction
	if err := c.assume(t); err != nil {
		return err
	}
	id, err := t.Bucket(captureBucket).NextSequence()
	if err != nil {
		return err
	}
	c.ID, c.row.ID, c.body.ID = id, id, id
	if err := c.putBody(t); err != nil {
		return err
	}
	c.rowAt = t.add(&c.row)
	t.added = append(t.added, link{id, c.rowSum})
	if err := errors.Join(t.putTemplates(&c.rowPlan, c.rowAt), t.indexCapture(&c.Capture, c.rowAt)); err != nil {
		return err
	}
	if c.record != nil {
		if err := c.record.put(t, &c.Capture); err != nil {
			return err
		}
	}
	n.ID, n.State, n.Size, n.bodyAt, n.rowAt, n.body.ID = c.ID, c.State, c.Size, c.bodyAt, c.rowAt, id
	return nil
}

// assume compares the capture again with an archive that has changed since it was prepared.
func (n *pendingCapture) assume(t *txn) error {
	_, held := t.held(n.sum)
	switch {
	case n.SHA256 == "":
		return nil
	case !held && len(n.body.Data) == 0 && n.body.Kind == 0:
		return fmt.Errorf("body %s: %w", n.SHA256, ErrNotFound)
	case !held, n.body.Kind == 0 && n.last == t.newest(n.URL):
		return nil
	}
	state, size := n.State, n.Size
	n.State = n.given
	if _, err := n.compare(t); err != nil || n.State == state && n.Size == size {
		return err
	}
	return n.packRow(t.store)
}

// putBody keeps the body unless it is held.
func (n *pendingCapture) putBody(t *txn) error {
	n.bodyAt = nowhere
	if _, held := t.held(n.sum); held || n.SHA256 == "" {
		return nil
	}
	n.bodyAt = t.add(&n.body)
	return errors.Join(t.putTemplates(&n.bodyPlan, n.bodyAt), t.Bucket(digestBucket).Put(n.sum[:], n.bodyAt.Key()))
}

// indexCapture makes the entries of a capture.
func (t *txn) indexCapture(c *Capture, at item.Position) error {
	return errors.Join(
		ascending(t.Tx, captureBucket).Put(idKey(c.ID), at.Key()),
		t.Bucket(urlBucket).Put(urlKey(c.URL, c.ID), []byte(c.State)),
		filled(t.Tx, timeBucket, almostOrder).Put(timeKey(c.Time, c.ID), nil),
		ascending(t.Tx, stateBucket).Put(urlKey(c.State, c.ID), nil),
	)
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

// How much of what a server says beside its pages is kept: bytes of a text, and of all names and values of a header. No
// real one comes near.
const (
	mostText   = 8 << 10
	mostHeader = 64 << 10
)

// shortened cuts a text that is too long, and says so.
func shortened(text string) string {
	if len(text) <= mostText {
		return text
	}
	end := " … (cut, of " + strconv.Itoa(len(text)) + " bytes)"
	return strings.ToValidUTF8(text[:mostText-len(end)], "") + end
}

// leftOut names the field that counts the values which were left out of a header.
const leftOut = "X-Gongkai-Left-Out"

// bounded shortens a header that is too long, which becomes its own; the fields that say what the answer is stay.
func bounded(h http.Header) http.Header {
	if len(h[leftOut]) > 0 {
		return h // by an export
	}
	plain := []string{"Content-Encoding", "Content-Length", "Content-Type", "Date", "Etag", "Last-Modified", "Location", "Refresh", "Retry-After", "Server"}
	names := slices.SortedFunc(maps.Keys(h), func(a, b string) int {
		if first, second := slices.Contains(plain, a), slices.Contains(plain, b); first != second {
			return map[bool]int{true: -1, false: 1}[first]
		}
		return strings.Compare(a, b)
	})
	size, left := 0, 0
	for _, name := range names {
		kept := h[name][:0]
		for _, v := range h[name] {
			v = shortened(v)
			if size += len(name) + len(v); size > mostHeader {
				left++
				continue
			}
			kept = append(kept, v)
		}
		if h[name] = kept; len(kept) == 0 && left > 0 {
			delete(h, name)
		}
	}
	if left > 0 {
		h[leftOut] = []string{strconv.Itoa(left)}
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
