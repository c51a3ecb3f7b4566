package store

import "bytes"

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
			if head, _, found := bytes.Cut(plain, []byte(`,"report":{`)); found { // its last field, and no value holds unescaped quotes
				plain = append(bytes.Clone(head), '}')
			}
			err = parseRow(plain, &r)
			ok = err == nil
			r.Capture = id
			return err
		}
		return nil
	})
	return r, ok, err
}
