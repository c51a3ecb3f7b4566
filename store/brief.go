package store

import (
	"bytes"

	"gongkai/store/internal/item"
)

// LastBrief is LastRecord without the Report: it tells what was read, and from what, at a tenth of the price. A night
// visits thousands of pages that have not changed and needs no more to know of them.
func (s *Store) LastBrief(url string) (r Record, ok bool, err error) {
	err = s.view(func(t *txn) error {
		for id := range newestFirst(t.Tx, url) {
			at, read := t.place(recordBucket, id)
			if !read {
				continue
			}
			r, err = t.briefAt(at, id)
			ok = err == nil
			return err
		}
		return nil
	})
	return r, ok, err
}

// brief returns what LastBrief does, of one capture.
func (s *Store) brief(id uint64) (r Record, ok bool, err error) {
	err = s.view(func(t *txn) (err error) {
		at, read := t.place(recordBucket, id)
		if read {
			r, err = t.briefAt(at, id)
			ok = err == nil
		}
		return err
	})
	return r, ok, err
}

// briefAt reads a record without its Report.
func (t *txn) briefAt(at item.Position, id uint64) (r Record, err error) {
	it, err := t.itemOf(at, item.Record, id)
	if err != nil {
		return r, err
	}
	plain, err := t.unpack(&it)
	if err != nil {
		return r, err
	}
	if head, _, found := bytes.Cut(plain, []byte(`,"report":{`)); found { // its last field, and no value holds unescaped quotes
		plain = append(bytes.Clone(head), '}')
	}
	err = parseRow(plain, &r)
	r.Capture = id
	return r, err
}
