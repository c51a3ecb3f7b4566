package boltfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// using opens a file for writing, reads all of it, and writes a little to every bucket. Were bbolt let at a page that is not
// what it seems, the whole test would end.
func using(path string) error {
	f, err := Open(path, false)
	if err != nil {
		return err
	}
	f.DB().NoSync = true
	err = f.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return b.ForEach(func(_, _ []byte) error { return nil }) })
	})
	for i := range 3 {
		err = errors.Join(err, f.Update(func(tx *bolt.Tx) error {
			return tx.ForEach(func(_ []byte, b *bolt.Bucket) error {
				return b.Put(binary.BigEndian.AppendUint64(nil, uint64(i)<<62), []byte("new"))
			})
		}))
	}
	return errors.Join(err, f.Close())
}

// nested adds a bucket of buckets, each with some of its own.
func nested(t *testing.T, path string) {
	t.Helper()
	f, err := Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	err = f.Update(func(tx *bolt.Tx) error {
		walks, err := tx.CreateBucket([]byte("walks"))
		if err != nil {
			return err
		}
		for i := range 12 {
			b, err := walks.CreateBucket(fmt.Appendf(nil, "portal-%d", i))
			if err != nil {
				return err
			}
			for k := range 30 * i {
				if err := b.Put(binary.BigEndian.AppendUint64(nil, uint64(k)), make([]byte, 90)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestLook damages what bbolt relies upon, in every page in use, and wherever else it may hurt: opened for writing, the file is
// refused, or it can be used. What is refused is damage, not an error of the system.
func TestLook(t *testing.T) {
	path := checked(t, 150)
	nested(t, path)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := os.Getpagesize()
	r := rand.New(rand.NewPCG(1, 2))
	refused := 0
	try := func(what string, image []byte) (err error) {
		t.Helper()
		if err := os.WriteFile(path, image, 0o644); err != nil {
			t.Fatal(err)
		}
		if err = using(path); err == nil {
			return nil
		}
		refused++
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
		return err
	}
	if err := try("sound", sound); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(sound); n += max(size, len(sound)/20) {
		try(fmt.Sprint("cut to ", n), sound[:n])
		try(fmt.Sprint("cut to ", n+9), sound[:n+9])
	}
	mine := ownPages(t, path, sound)
	for _, id := range mine {
		page := sound[id*size:]
		zeroed := append([]byte{}, sound...)
		clear(zeroed[id*size : (id+1)*size])
		if try(fmt.Sprint("page zeroed: ", id), zeroed) == nil {
			t.Errorf("page %d was zeroed, and the file taken", id)
		}
		for range 4 { // a flip in the head, in the first elements, or in a key
			at := id*size + []int{r.IntN(pageHead), pageHead + r.IntN(min(int(readHead(page).count)*pageElem, size-pageHead)), r.IntN(size)}[r.IntN(3)]
			flipped := append([]byte{}, sound...)
			flipped[at] ^= 1 << r.IntN(8)
			try(fmt.Sprintf("byte %d of page %d", at-id*size, id), flipped)
		}
	}
	for i := range 60 { // a child that is another one
		id := mine[r.IntN(len(mine))]
		if readHead(sound[id*size:]).flags != flagBranch {
			continue
		}
		led := append([]byte{}, sound...)
		order.PutUint64(led[id*size+pageHead+pageElem*r.IntN(int(readHead(sound[id*size:]).count))+8:], uint64(mine[r.IntN(len(mine))]))
		try(fmt.Sprint("led astray ", i), led)
	}
	for _, shape := range [][]byte{[]byte("x"), make([]byte, 1<<16), []byte("SQLite format 3\x00 and so on")} {
		if try("another file", shape) == nil {
			t.Errorf("%q is taken for a file of ours", shape[:1])
		}
	}
	if err := try("grown with zeros", append(append([]byte{}, sound...), make([]byte, 5*size)...)); err != nil {
		t.Error("grown with zeros:", err)
	}
	if refused < 100 {
		t.Errorf("%d files were refused: this test tests little", refused)
	}
}

// ownPages returns the numbers of the pages that something leads to.
func ownPages(t *testing.T, path string, image []byte) (ids []int) {
	t.Helper()
	if err := os.WriteFile(path, image, 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	l := looker{layout: layout{file: file}, leaves: true}
	root, _, err := l.newest()
	if err == nil {
		err = l.tree(root)
	}
	if err != nil {
		t.Fatal(err)
	}
	for id := range l.pages {
		if head := readHead(image[id*uint64(l.pageSize):]); l.seen[id/64]&(1<<(id%64)) != 0 && head.id == id && head.count > 0 {
			ids = append(ids, int(id))
		}
	}
	if len(ids) < 20 {
		t.Fatal(ids)
	}
	return ids
}

// TestLookMeta: of the two states that a file tells of, that one is looked at which bbolt takes.
func TestLookMeta(t *testing.T) {
	path := checked(t, 300)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := os.Getpagesize()
	for broken, want := range map[string]error{"": nil, "0": nil, "1": nil, "01": ErrInvalid} {
		damaged := append([]byte{}, image...)
		for _, id := range broken {
			clear(damaged[int(id-'0')*size:][:size])
		}
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := using(path); !errors.Is(err, want) {
			t.Errorf("metadata %q damaged: got %v, want %v", broken, err, want)
		}
	}
	// one that is sound in itself, and tells of pages of no size that there is
	for _, odd := range []int{0, 1, 512, 4095, 1 << 25} {
		damaged := append([]byte{}, image...)
		for id := range 2 {
			resize(damaged[id*size:], odd)
		}
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := using(path); !errors.Is(err, ErrInvalid) {
			t.Errorf("pages of %d bytes: %v", odd, err)
		}
	}
}

// resize makes a page of metadata tell another size of pages.
func resize(page []byte, size int) {
	meta := page[pageHead:]
	order.PutUint32(meta[8:], uint32(size))
	order.PutUint64(meta[metaSize-8:], sumOf(meta))
}

// TestLookFreelist: a list of free pages that names one in use would have it written over.
func TestLookFreelist(t *testing.T) {
	path := filepath.Join(t.TempDir(), "listed.db")
	db, err := bolt.Open(path, 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		err := db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("b"))
			if err != nil {
				return err
			}
			return b.Put([]byte{byte(i)}, make([]byte, 3000))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := os.Getpagesize()
	mine := ownList(t, path, image)
	for what, damage := range map[string]func(page []byte){
		"nothing":         func([]byte) {},
		"kind":            func(p []byte) { p[8] = flagLeaf },
		"length":          func(p []byte) { order.PutUint16(p[10:], 60000) },
		"page in use":     func(p []byte) { order.PutUint64(p[pageHead:], uint64(mine)) },
		"page beyond all": func(p []byte) { order.PutUint64(p[pageHead:], 1<<40) },
	} {
		damaged := append([]byte{}, image...)
		damage(damaged[mine*size:])
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := using(path); (err == nil) != (what == "nothing") || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// ownList returns the page of the list of free pages.
func ownList(t *testing.T, path string, image []byte) int {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	l := looker{layout: layout{file: file}}
	_, list, err := l.newest()
	if err != nil || list == noFreelist || readHead(image[list*uint64(l.pageSize):]).count == 0 {
		t.Fatal("no list of free pages:", list, err)
	}
	return int(list)
}

// TestShrinks: a file that is cut while it is open is an error for who reads and for who writes.
func TestShrinks(t *testing.T) {
	for _, readOnly := range []bool{true, false} {
		path := checked(t, 5000)
		f, err := Open(path, readOnly)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 3*int64(os.Getpagesize())); err != nil {
			t.Fatal(err)
		}
		all := func(tx *bolt.Tx) error {
			return tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return b.ForEach(func(_, _ []byte) error { return nil }) })
		}
		if err := f.View(all); !errors.Is(err, ErrDamaged) {
			t.Errorf("read, read-only %v: %v", readOnly, err)
		}
		if !readOnly {
			err := f.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte("large")).Put([]byte("k"), []byte("v")) })
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("written: %v", err)
			}
		}
		f.Close()
	}
}

// TestPlaces: what is no file that can be opened is told as the system tells it, and nothing is made.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder.db")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	locked := checked(t, 10)
	if err := os.Chmod(locked, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := using(folder); err == nil || errors.Is(err, ErrDamaged) || errors.Is(err, ErrInvalid) {
		t.Error("a folder:", err)
	}
	if err := using(locked); os.Getuid() != 0 && !errors.Is(err, fs.ErrPermission) {
		t.Error("a file that must not be written to:", err)
	}
	if err := using(filepath.Join(dir, "none", "x.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("no folder:", err)
	}
}
