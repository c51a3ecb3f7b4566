package boltfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// checked is a file with buckets of all shapes: empty, small enough to stand in their parent, and some pages deep, with
// values that need pages of their own.
func checked(t *testing.T, keys int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	f, err := Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for batch := range 4 {
		err = f.Update(func(tx *bolt.Tx) error {
			for _, name := range []string{"empty", "small", "large"} {
				b, err := tx.CreateBucketIfNotExists([]byte(name))
				if err != nil {
					return err
				}
				n := map[string]int{"small": 3, "large": keys}[name]
				for i := range n {
					key := binary.BigEndian.AppendUint64(nil, r.Uint64())
					if err := b.Put(key, make([]byte, r.IntN(60)*(1+399*(i%500/499)))); err != nil {
						return err
					}
					if batch == 3 && i%2 == 0 { // and some of which much was deleted
						k, _ := b.Cursor().Seek(key[:2])
						if k != nil {
							if err := b.Delete(k); err != nil {
								return err
							}
						}
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func faultsOf(t *testing.T, path string, parts int) (faults []string) {
	t.Helper()
	f, err := Open(path, true)
	if err != nil {
		return []string{err.Error()}
	}
	defer f.Close()
	for i := range parts {
		err := f.Check(i+1, parts, func(what string) error { faults = append(faults, what); return nil })
		if err != nil {
			faults = append(faults, "error: "+err.Error())
		}
	}
	return faults
}

func TestCheck(t *testing.T) {
	path := checked(t, 20_000) // more pages than one transaction checks
	for _, parts := range []int{1, 7} {
		if got := faultsOf(t, path, parts); len(got) > 0 {
			t.Errorf("in %d parts: %q", parts, got[:min(len(got), 5)])
		}
	}
}

// TestCheckFinds damages every page that is in use, in the field that bbolt itself never looks at: it finds all, each in
// one part out of three, or in all if it is no leaf.
func TestCheckFinds(t *testing.T) {
	path := checked(t, 700)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, false) // for reading bbolt does not know which pages are free
	if err != nil {
		t.Fatal(err)
	}
	var used []int
	err = f.View(func(tx *bolt.Tx) error {
		for id := 2; ; {
			p, err := tx.Page(id)
			if err != nil || p == nil {
				return err
			}
			if p.Type != "free" {
				used = append(used, id)
			}
			id += 1 + p.OverflowCount
		}
	})
	if err != nil || len(used) < 20 {
		t.Fatal(used, err)
	}
	size := f.DB().Info().PageSize
	f.Close()
	for _, id := range used {
		head := readHead(image[id*size:])
		damaged := append([]byte{}, image...)
		order.PutUint32(damaged[id*size+12:], head.overflow+1)
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := faultsOf(t, path, 3); len(got) != 1 && len(got) != 3 {
			t.Errorf("page %d, %+v: %q", id, head, got)
		}
	}
}

// TestCheckMeta: bbolt would go back by one commit without a word.
func TestCheckMeta(t *testing.T) {
	path := checked(t, 100)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for id := range 2 {
		for _, at := range []int{3, 8, 14, 16, 40, 60, 79} {
			damaged := append([]byte{}, image...)
			damaged[id*os.Getpagesize()+at] ^= 4
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			if got := faultsOf(t, path, 1); len(got) != 1 || !strings.Contains(got[0], fmt.Sprint("page ", id)) {
				t.Errorf("byte %d of page %d: %q", at, id, got)
			}
		}
	}
}

// TestCheckCircles: wherever below a page a way leads back to it, and whatever else is wrong on that way, it is told that
// nothing else must read the file.
func TestCheckCircles(t *testing.T) {
	path := checked(t, 4000)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := os.Getpagesize()
	circles := 0
	for id := 2; id < len(data)/size; id++ {
		page := data[id*size:]
		if head := readHead(page); head.flags != flagBranch || head.id != uint64(id) {
			continue
		}
		for _, element := range []int{0, int(readHead(page).count) - 1} {
			child := page[pageHead+element*pageElem+8:]
			was := order.Uint64(child)
			order.PutUint64(child, uint64(id))
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			order.PutUint64(child, was)
			f, err := Open(path, true)
			if err != nil {
				t.Fatal(err)
			}
			err = f.Check(1, 1, func(string) error { return nil })
			if errors.Is(err, ErrCircle) && errors.Is(err, ErrDamaged) {
				circles++
			} else if err != nil || used(t, path, uint64(id)) {
				t.Errorf("page %d leads to itself by element %d: %v", id, element, err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if circles == 0 {
		t.Error("no circle was made: this test tests nothing")
	}
}

// used reports whether a page of a file is not free: something leads to it.
func used(t *testing.T, path string, id uint64) (yes bool) {
	t.Helper()
	f, err := Open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = f.View(func(tx *bolt.Tx) error {
		var l layout
		if l.file, err = os.Open(path); err != nil {
			return err
		}
		defer l.file.Close()
		l.pageSize, l.pages = tx.DB().Info().PageSize, uint64(tx.Size())/uint64(tx.DB().Info().PageSize)
		for _, root := range l.below(uint64(tx.Cursor().Bucket().Root())) {
			yes = yes || root == id || slices.Contains(l.below(root), id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return yes
}
