package store

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"gongkai/extract"
	"gongkai/store/internal/item"
)

// aheadArchive holds n reports.
func aheadArchive(t *testing.T, n int) *Store {
	t.Helper()
	s := newStore(t)
	for i := range n {
		r := newReport(fmt.Sprint(i))
		r.Agency.Key = extract.AgencyKey(fmt.Sprintf("330803-第%d局", i*7919%n)) // in another order than that of archiving
		add(t, s, newCapture(fmt.Sprintf("%s?n=%d", reportURL, i), i), fmt.Sprint(i), &Record{Report: r})
	}
	return s
}

// TestRecordsAhead yields what Records yields, in its order, however often the loop is left, and while it writes.
func TestRecordsAhead(t *testing.T) {
	s := aheadArchive(t, 100)
	var want []Record
	for r, err := range s.Records() {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
	}
	for _, end := range []int{0, 1, 7, 8, 9, 99, 100} {
		var got []Record
		for r, err := range s.RecordsAhead() {
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == end {
				break
			}
			got = append(got, r)
			add(t, s, newCapture(fmt.Sprintf("%s?end=%d", reportURL, end), len(got)), fmt.Sprint(end, len(got)), nil)
		}
		if len(got) != end || end > 0 && !reflect.DeepEqual(got, want[:end]) {
			t.Errorf("%d records of %d, or others", len(got), end)
		}
	}
	n := 0
	for r, err := range s.Outlines() {
		if err != nil {
			t.Fatal(err)
		}
		w := want[n]
		if r.URL != w.URL || r.Report.Key() != w.Report.Key() || r.Report.Figures != nil || r.Report.Quality != w.Report.Quality {
			t.Errorf("outline %d = %+v", n, r.Report)
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d outlines", n)
	}
}

// TestRecordsAheadDamaged yields what precedes a damaged row, then the error, and nothing else.
func TestRecordsAheadDamaged(t *testing.T) {
	s := aheadArchive(t, 50)
	id := uint64(0)
	n := 0
	for r := range s.Records() {
		if n++; n == 21 {
			id = r.Capture
		}
	}
	err := s.update(func(t *txn) error {
		it := item.Item{Kind: item.Record, ID: id}
		s.packer.Pack(&it, []byte(`{"report":{"year":"damaged"}}`), nil)
		return t.Bucket(recordBucket).Put(idKey(id), t.append(it.AppendTo(nil)).Key())
	})
	if err != nil {
		t.Fatal(err)
	}
	n = 0
	for _, err := range s.RecordsAhead() {
		if n++; err != nil && (!errors.Is(err, ErrDamaged) || n != 21) {
			t.Errorf("row %d: %v", n, err)
		}
	}
	if n != 21 {
		t.Errorf("the listing ended after %d rows", n)
	}
}
