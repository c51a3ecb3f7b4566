package store

import (
	"bytes"
	"errors"
	"fmt"

	"gongkai/store/internal/item"
)

// each passes every entry of a bucket to visit, some in each transaction. That a key is found by going along and not
// when it is asked for is a fault: a page above it is damaged.
func (v *verifier) each(bucket []byte, visit func(t *txn, k, value []byte) error) error {
	var after []byte
	for {
		n := 0
		err := v.store.view(func(t *txn) error {
			b := t.Bucket(bucket)
			if b == nil {
				return fmt.Errorf("%w: there is no bucket %s", ErrDamaged, bucket)
			}
			c := b.Cursor()
			k, value := c.First()
			if after != nil {
				if k, value = c.Seek(after); bytes.Equal(k, after) {
					k, value = c.Next()
				}
			}
			for ; k != nil && n < 4096; k, value = c.Next() {
				if after != nil && bytes.Compare(k, after) <= 0 {
					return fmt.Errorf("%w: keys of %s are out of order at %x", ErrDamaged, bucket, k)
				}
				if !bytes.Equal(b.Get(k), value) {
					return fmt.Errorf("%w: %s does not find its key %x", ErrDamaged, bucket, k)
				}
				if err := visit(t, k, value); err != nil {
					return err
				}
				after = append(after[:0], k...)
				n++
			}
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// indexes traces the entries of all indexes back. An entry made after the verification began is left alone.
func (v *verifier) indexes() error {
	for bucket, trace := range map[string]func(t *txn, k, value []byte) string{
		string(captureBucket):  func(t *txn, k, value []byte) string { return t.trace(value, item.Capture, number(k)) },
		string(recordBucket):   func(t *txn, k, value []byte) string { return t.trace(value, item.Record, number(k)) },
		string(digestBucket):   traceDigest,
		string(urlBucket):      traceURL,
		string(timeBucket):     traceTime,
		string(stateBucket):    traceState,
		string(keyBucket):      traceRecord(keyBucket),
		string(rejectedBucket): traceRecord(rejectedBucket),
	} {
		var faults []Fault // told when the transaction has ended
		err := v.each([]byte(bucket), func(t *txn, k, value []byte) error {
			if len(k) < 8 {
				faults = append(faults, Fault{"index", 0, fmt.Sprintf("%s has the odd key %x", bucket, k)})
				return nil
			}
			if number(k)%v.of != v.slice-1 { // the other slices do it
				return nil
			}
			v.Entries++
			if why := trace(t, k, value); why != "" && len(faults) < mostTold {
				faults = append(faults, Fault{"index", 0, fmt.Sprintf("%s has the entry %q: %s", bucket, k, why)})
			}
			return nil
		})
		if err := v.tell(faults, err); err != nil {
			return err
		}
	}
	return nil
}

// tell tells faults, and that reading ended with an error if that is damage: the verification goes on.
func (v *verifier) tell(faults []Fault, err error) error {
	if errors.Is(err, ErrDamaged) {
		faults, err = append(faults, Fault{"index", 0, err.Error()}), nil
	}
	for _, f := range faults {
		err = errors.Join(err, v.fault(f.Kind, f.Capture, "%s", f.Detail))
	}
	return err
}

// mostTold is how many entries of one index are complained of one by one.
const mostTold = 1000

// trace says why a position is not that of an item; "" when it is.
func (t *txn) trace(value []byte, kind byte, id uint64) string {
	if len(value) != 8 {
		return "its value is no position"
	}
	it, err := t.head(item.Position(number(value)))
	switch {
	case err != nil:
		return err.Error()
	case it.Kind != kind || id != 0 && it.ID != id:
		return "it leads to another item"
	}
	return ""
}

func traceDigest(t *txn, k, value []byte) string {
	if len(value) != 8 || len(k) != len(item.Digest{}) {
		return "it is no digest and position"
	}
	it, err := t.head(item.Position(number(value)))
	switch {
	case err != nil:
		return err.Error()
	case it.Kind != item.Body || !bytes.Equal(it.Sum[:], k):
		return "it leads to another body"
	}
	return ""
}

func traceURL(t *txn, k, value []byte) string {
	return t.traceCapture(k, func(c *Capture) bool { return bytes.Equal(k, urlKey(c.URL, c.ID)) && string(value) == c.State })
}

func traceTime(t *txn, k, _ []byte) string {
	return t.traceCapture(k, func(c *Capture) bool { return bytes.Equal(k, timeKey(c.Time, c.ID)) })
}

func traceState(t *txn, k, _ []byte) string {
	return t.traceCapture(k, func(c *Capture) bool { return bytes.Equal(k, urlKey(c.State, c.ID)) })
}

// traceCapture says why an entry is not one of its capture.
func (t *txn) traceCapture(k []byte, fits func(*Capture) bool) string {
	c, ok, err := t.capture(number(k))
	switch {
	case err != nil:
		return err.Error()
	case !ok:
		return "there is no such capture"
	case !fits(&c):
		return "the capture says something else"
	}
	return ""
}

// traceRecord says why an entry is not that of a record.
func traceRecord(bucket []byte) func(t *txn, k, value []byte) string {
	return func(t *txn, k, _ []byte) string {
		r, ok, err := t.record(number(k))
		if err != nil {
			return err.Error()
		}
		if !ok {
			return "there is no such record"
		}
		if b, key := indexKey(&r); !bytes.Equal(b, bucket) || !bytes.Equal(key, k) {
			return "the record says something else"
		}
		return ""
	}
}
