package store

import (
	"bytes"
	"fmt"
	"time"

	"gongkai/store/internal/item"
)

// pages verifies that the file is what bbolt writes, page by page.
func (v *verifier) pages() error {
	err := v.store.file.Check(int(v.slice), int(v.of), func(what string) error { return v.fault("page", 0, "%s", what) })
	return translate(err)
}

// metadata verifies what is neither log nor index: meta, templates, the times of the chain, and the numbers that tell
// which id comes next.
func (v *verifier) metadata() error {
	var faults []Fault // told when the transaction has ended
	bad := func(kind, format string, args ...any) {
		faults = append(faults, Fault{Kind: kind, Detail: fmt.Sprintf(format, args...)})
	}
	err := v.store.view(func(t *txn) error {
		faults = nil
		for _, name := range buckets {
			if t.Bucket(name) == nil {
				return fmt.Errorf("%w: there is no bucket %s", ErrDamaged, name)
			}
		}
		meta := t.Bucket(metaBucket)
		if sum := meta.Get(metaSum); sum != nil && !bytes.Equal(sum, metaSumOf(meta)) {
			bad("meta", "it comes to the checksum %s instead of %s", metaSumOf(meta), sum)
		}
		t.sequences(bad)
		return nil
	})
	if err == nil {
		err = v.each(templateBucket, func(t *txn, k, value []byte) error {
			if len(value) != 8 {
				bad("index", "%s has the entry %q, which is no position", templateBucket, k)
			} else if it, err := t.head(item.Position(number(value))); err != nil || it.Plain > item.MaxDictionary {
				bad("index", "%s has the entry %q, which leads to nothing that can be a dictionary", templateBucket, k)
			}
			return nil
		})
	}
	if err == nil {
		err = v.times(bad)
	}
	return v.tell(faults, err)
}

// sequences verifies which numbers come next: a wrong one would give an id again, or leave a hole.
func (t *txn) sequences(bad func(kind, format string, args ...any)) {
	for _, name := range buckets {
		b := t.Bucket(name)
		want := uint64(0)
		if bytes.Equal(name, captureBucket) {
			if k, _ := b.Cursor().Last(); len(k) == 8 {
				want = number(k)
			}
			if k, v := t.Bucket(chainBucket).Cursor().Last(); k != nil {
				if l, err := parseLink(k, v); err == nil { // the last capture may be lost
					want = max(want, l.Last)
				}
			}
		}
		if b.Sequence() != want {
			bad("index", "%s has come to number %d instead of %d", name, b.Sequence(), want)
		}
	}
}

// times verifies the links of all commits, which a hash does not cover wholly: it says nothing of the time.
func (v *verifier) times(bad func(kind, format string, args ...any)) error {
	return v.each(chainBucket, func(_ *txn, k, value []byte) error {
		l, err := parseLink(k, value)
		switch {
		case err != nil:
			bad("chain", "%v", err)
		case l.Time.Before(firstTime) || l.Time.After(lastTime):
			bad("chain", "link %d tells the time %s", l.Number, l.Time.Format(time.RFC3339))
		}
		return nil
	})
}
