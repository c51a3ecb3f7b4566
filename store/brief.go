package store

import (
	"bytes"
	"encoding/json"
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
			it, err := t.itemOf(at, itemRecord, id)
			if err != nil {
				return err
			}
			plain, err := t.unpack(&it)
			if err != nil {
				return err
			}
			var b briefly
			err = parseRow(plain, &b)
			r, ok = Record(b), err == nil
			r.Capture = id
			return err
		}
		return nil
	})
	return r, ok, err
}

// briefly is a Record that is decoded up to its last field, the Report.
type briefly Record

func (b *briefly) UnmarshalJSON(text []byte) error {
	if head, _, found := bytes.Cut(text, []byte(`,"report":{`)); found { // unescaped quotes: no value holds it
		text = append(bytes.Clone(head), '}')
	}
	return json.Unmarshal(text, (*Record)(b))
}
