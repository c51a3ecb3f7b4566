package boltfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"
)

func opened(t *testing.T, path string, readOnly bool) *File {
	t.Helper()
	f, err := Open(path, readOnly)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// set puts a value of so many bytes, all the same.
func set(f *File, b byte, size int) error {
	return f.Update(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
		if err != nil {
			return err
		}
		return bucket.Put([]byte("k"), bytes.Repeat([]byte{b}, size))
	})
}

// holds reports whether a file has the value of set.
func holds(tx *bolt.Tx, b byte, size int) error {
	if got := tx.Bucket([]byte("b")).Get([]byte("k")); !bytes.Equal(got, bytes.Repeat([]byte{b}, size)) {
		return fmt.Errorf("%d bytes, not %d of %q", len(got), size, b)
	}
	return nil
}

// soon runs what must not wait for anybody.
func soon(t *testing.T, what string, do func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	case <-time.After(time.Minute):
		t.Fatalf("%s waits", what)
	}
}

// TestOneWriter: a second writer is kept away, and waits for the first to end, but not for long; readers are let in.
func TestOneWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.db")
		first := opened(t, path, false)
		if _, err := Open(path, false); !errors.Is(err, ErrLocked) {
			t.Errorf("a second writer: %v", err)
		}
		reader := opened(t, path, true)
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
		go func() {
			time.Sleep(lockTimeout / 2)
			if err := first.Close(); err != nil {
				t.Error(err)
			}
		}()
		second, err := Open(path, false)
		if err != nil {
			t.Fatalf("the first writer has ended: %v", err)
		}
		if err := second.Close(); err != nil {
			t.Error(err)
		}
		release, err := Hold(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, readOnly := range []bool{true, false} {
			if _, err := Open(path, readOnly); !errors.Is(err, ErrLocked) {
				t.Errorf("while it is held, read-only %v: %v", readOnly, err)
			}
		}
		if err := release(); err != nil {
			t.Error(err)
		}
	})
}

// TestStatesKept: what a reader looks at is not overwritten, whichever lock its state has: the next commit need not wait for
// it, the one after must.
func TestStatesKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	writer := opened(t, path, false)
	defer writer.Close()
	reader := opened(t, path, true)
	defer reader.Close()
	for round := range byte(4) {
		if err := set(writer, round, 100); err != nil {
			t.Fatal(err)
		}
		second := make(chan error, 1)
		err := reader.View(func(tx *bolt.Tx) error {
			soon(t, "the next commit", func() error { return set(writer, 'x', 100) })
			go func() { second <- set(writer, 'y', 100) }()
			time.Sleep(100 * time.Millisecond) // too short only makes the test see less
			select {
			case err := <-second:
				t.Errorf("round %d: the commit after the next has not waited: %v", round, err)
				second <- err
			default:
			}
			return holds(tx, round, 100)
		})
		if err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		soon(t, "the commit that has waited", func() error { return <-second })
		if round%2 == 1 { // the parity of the states changes
			if err := set(writer, 'z', 100); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestGrown: a reader sees what is written to a file that has outgrown what it has mapped, keeps no old mapping open, and says
// so when another file is there, or when the file was cut.
func TestGrown(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	writer := opened(t, path, false)
	if err := set(writer, 'a', 100); err != nil {
		t.Fatal(err)
	}
	reader := opened(t, path, true)
	before := openFiles(t, dir)
	for i := range byte(3) {
		size := 5 << (20 + i)
		if err := set(writer, i, size); err != nil {
			t.Fatal(err)
		}
		if err := reader.View(func(tx *bolt.Tx) error { return holds(tx, i, size) }); err != nil {
			t.Errorf("after %d bytes: %v", size, err)
		}
	}
	if after := openFiles(t, dir); after != before {
		t.Errorf("%d files are open, %d before", after, before)
	}

	cut := filepath.Join(dir, "cut.db")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"cut.db": data[:1<<20], "cut.lock0": nil, "cut.lock1": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := Open(cut, true); err != nil && !errors.Is(err, ErrDamaged) {
		t.Errorf("a file that was cut: %v", err)
	} else if err == nil {
		if err := f.View(func(*bolt.Tx) error { return nil }); !errors.Is(err, ErrDamaged) {
			t.Errorf("reading a file that was cut: %v", err)
		}
		f.Close()
	}
	if _, err := Open(cut, false); !errors.Is(err, ErrDamaged) {
		t.Errorf("writing to a file that was cut: %v", err)
	}

	other := filepath.Join(dir, "other.db")
	f := opened(t, other, false)
	if err := errors.Join(set(f, 'o', 100), f.Close(), os.Rename(other, path), set(writer, 'w', 50<<20)); err != nil {
		t.Fatal(err)
	}
	if err := reader.View(func(*bolt.Tx) error { return nil }); !errors.Is(err, ErrLocked) {
		t.Errorf("another file has taken its place: %v", err)
	}
	if err := errors.Join(reader.Close(), writer.Close()); err != nil {
		t.Error(err)
	}
	if left := openFiles(t, dir); left != 0 {
		t.Errorf("%d files are open after all was closed", left)
	}
}

// openFiles counts the files below a folder that this process has open; 0 on systems that do not tell.
func openFiles(t *testing.T, dir string) (n int) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, e := range entries {
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && strings.HasPrefix(name, dir+"/") {
			n++
		}
	}
	return n
}

// TestFailedChange: a change that fails or panics leaves nothing, and the file goes on; what has been broken, stopped or
// leads in circles does not.
func TestFailedChange(t *testing.T) {
	f := opened(t, filepath.Join(t.TempDir(), "a.db"), false)
	if err := set(f, 'a', 100); err != nil {
		t.Fatal(err)
	}
	sorry := errors.New("sorry")
	for what, fail := range map[string]func() error{"fails": func() error { return sorry }, "panics": func() error { panic("odd page") }} {
		want := map[string]error{"fails": sorry, "panics": ErrDamaged}[what]
		soon(t, "a change that "+what, func() error {
			err := f.Update(func(tx *bolt.Tx) error {
				return errors.Join(tx.Bucket([]byte("b")).Put([]byte("k"), []byte("x")), fail())
			})
			if !errors.Is(err, want) {
				t.Errorf("a change that %s: %v", what, err)
			}
			return nil
		})
		soon(t, "what comes after it", func() error {
			return errors.Join(f.View(func(tx *bolt.Tx) error { return holds(tx, 'a', 100) }), set(f, 'a', 100))
		})
	}
	never := func(*bolt.Tx) error { t.Error("it has been called"); return nil }
	f.StopWhen(func() error { return sorry })
	if err, err2 := f.Update(never), f.View(never); !errors.Is(err, sorry) || !errors.Is(err2, sorry) {
		t.Errorf("stopped: %v, %v", err, err2)
	}
	f.StopWhen(nil)
	f.broken, f.circle = sorry, ErrCircle
	if err, err2 := f.Update(never), f.View(never); !errors.Is(err, sorry) || !errors.Is(err2, ErrCircle) {
		t.Errorf("broken: %v, %v", err, err2)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestFull: want of room is known by what it is, and by its text where bbolt has left nothing else.
func TestFull(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.ENOSPC: true, fmt.Errorf("write: %w", syscall.EDQUOT): true, syscall.EFBIG: true,
		errors.New("file resize error: truncate a.db: no space left on device"): true, syscall.EIO: false, errors.New("odd"): false,
	} {
		if Full(err) != want {
			t.Errorf("%v: full %v", err, !want)
		}
	}
	for _, tt := range []struct {
		size, commit int64
		want         int
	}{{0, 0, leastGrowth}, {640 << 20, 0, 10 << 20}, {0, 1 << 20, 8 << 20}, {1 << 40, 0, mostGrowth}, {0, 1 << 30, mostGrowth}} {
		if got := growth(tt.size, tt.commit); got != tt.want {
			t.Errorf("a file of %d bytes after a commit of %d grows by %d, want %d", tt.size, tt.commit, got, tt.want)
		}
	}
}

// TestGivesBack: a closed file has no more bytes than its pages take, whoever reads it meanwhile; one that could not be
// written to keeps its size.
func TestGivesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	used := func(f *File) (used int64) {
		t.Helper()
		if err := f.View(func(tx *bolt.Tx) error { used = tx.Size(); return nil }); err != nil {
			t.Fatal(err)
		}
		return used
	}
	writer := opened(t, path, false)
	if err := set(writer, 'a', 100); err != nil {
		t.Fatal(err)
	}
	grown, inUse := size(), used(writer)
	reader := opened(t, path, true)
	if err := writer.Close(); err != nil || size() != inUse || grown <= inUse {
		t.Fatalf("%d bytes, of %d, for %d in use: %v", size(), grown, inUse, err)
	}
	writer = opened(t, path, false)
	if err := errors.Join(reader.View(func(tx *bolt.Tx) error { return holds(tx, 'a', 100) }), set(writer, 'b', 3<<20)); err != nil {
		t.Fatal(err)
	}
	if err := reader.View(func(tx *bolt.Tx) error { return holds(tx, 'b', 3<<20) }); err != nil {
		t.Error(err)
	}
	grown = size()
	if err := reader.Close(); err != nil || size() != grown {
		t.Errorf("a reader has changed the size from %d to %d: %v", grown, size(), err)
	}
	writer.broken = errors.New("broken")
	if err := writer.Close(); err != nil || size() != grown {
		t.Errorf("what could not be written to was cut from %d to %d: %v", grown, size(), err)
	}
	for page := range int64(2) { // whichever of the two states is the newest
		writer = opened(t, path, false)
		if err := set(writer, 'c', 5<<20); err != nil {
			t.Fatal(err)
		}
		meta := make([]byte, 1)
		at := page*int64(os.Getpagesize()) + pageHead + 20
		writer.file.ReadAt(meta, at)
		raw, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		raw.WriteAt([]byte{meta[0] ^ 1}, at)
		grown = size()
		if err := writer.Close(); err != nil || size() != grown {
			t.Errorf("page %d is damaged, and it was cut from %d to %d: %v", page, grown, size(), err)
		}
		raw.WriteAt(meta, at)
		raw.Close()
	}
}
