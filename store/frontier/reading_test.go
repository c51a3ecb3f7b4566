package frontier

import (
	"bytes"
	"crypto/sha256"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestReading: what was read from a page is there for the next walk that gets the same of it, through a close and another
// opening, and only for that.
func TestReading(t *testing.T) {
	dir := t.TempDir()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	one, other := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("other"))
	// visit walks to the pages in turn, and returns what it finds kept of each, "" for nothing. What it keeps is kept[page].
	visit := func(portal string, of [sha256.Size]byte, kept map[string]string, pages ...string) (found []string) {
		t.Helper()
		w := walkOf(t, f, portal)
		add(t, w, Listing, pages...)
		for next(t, w) != "" {
			var was string
			ok, err := w.Reading(of, &was)
			if err != nil || ok != (was != "") {
				t.Fatal(ok, err)
			}
			found = append(found, was)
			if v := kept[pages[len(found)-1]]; v != "" {
				if err := w.KeepReading(of, v); err != nil {
					t.Fatal(err)
				}
			}
			w.Done(Done)
		}
		if err := w.Finish(noon); err != nil {
			t.Fatal(err)
		}
		return found
	}
	is := func(got []string, want ...string) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%q, want %q", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
	is(visit("p", one, map[string]string{"a": "rows of a", "b": "rows of b"}, "a", "b"), "", "")
	is(visit("q", one, nil, "a"), "") // another portal's
	is(visit("p", other, nil, "a"), "")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = open1(t, dir)
	is(visit("p", one, nil, "a", "b"), "rows of a", "") // b was not asked for in the walk before
	is(visit("p", one, map[string]string{"a": "no text: \xff"}, "a"), "rows of a")
	is(visit("p", one, nil, "a"), "rows of a")

	// A reading that is damaged is none.
	err = f.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(readBucket)
		k, v := b.Cursor().First()
		v = bytes.Clone(v)
		v[len(v)-6] ^= 1
		return b.Put(k, v)
	})
	if err != nil {
		t.Fatal(err)
	}
	is(visit("p", one, nil, "a"), "")
	is(visit("p", one, nil), []string{}...)
	f.view(func(tx *bolt.Tx) error {
		if k, _ := tx.Bucket(readBucket).Cursor().First(); k != nil {
			t.Errorf("%q is kept, and nobody asks for it", k)
		}
		return nil
	})
}
