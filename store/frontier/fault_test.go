package frontier

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gongkai/store/internal/badfile"
)

// leftIn takes all items of a portal's walk, in order.
func leftIn(t testing.TB, f *Frontier, portal string) string {
	t.Helper()
	w := walkOf(t, f, portal)
	var items []string
	for {
		key := next(t, w)
		if key == "" {
			return strings.Join(items, " ")
		}
		items = append(items, key)
		w.Done(Done)
	}
}

// TestDiskFault lets the n-th write or sync of a commit fail, for n from 1 until the commit is made. The walk's step
// fails with that error; opened again, the frontier is where it was before the step, or behind it, and goes on.
func TestDiskFault(t *testing.T) {
	for call, want := range map[badfile.Call]error{badfile.Write: syscall.EIO, badfile.Short: syscall.EIO, badfile.Sync: syscall.EINVAL} {
		n := 1
		for ; faulty(t, call, n, want); n++ {
		}
		if n == 1 {
			t.Errorf("%s: nothing failed", call)
		}
	}
}

// faulty makes a step while its n-th call fails; false when there are fewer.
func faulty(t *testing.T, call badfile.Call, n int, want error) bool {
	dir := t.TempDir()
	f := open1(t, dir)
	w := stepped(t, f)
	err := step(t, f, w, call, n, want)
	if err == nil {
		return false
	}
	if !strings.Contains(err.Error(), want.Error()) || errors.Is(err, ErrUnusable) {
		t.Errorf("%s %d: got %v, want %v", call, n, err, want)
	}
	if _, _, _, err := w.Next(noon); err == nil {
		t.Errorf("%s %d: written to though the disk's state is not known", call, n)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := leftIn(t, open1(t, dir), "p"); got != "a b c" && got != "b c d" {
		t.Errorf("%s %d: left are %s", call, n, got)
	}
	return true
}

// stepped returns a walk over a, b and c, of which a is leased.
func stepped(t testing.TB, f *Frontier) *Walk {
	w := walkOf(t, f, "p")
	add(t, w, Report, "a", "b", "c")
	if got := next(t, w); got != "a" {
		t.Fatal(got)
	}
	return w
}

// step ends a, finds d, and takes the next item, while a call fails.
func step(t *testing.T, f *Frontier, w *Walk, call badfile.Call, n int, want error) error {
	w.Done(Done)
	add(t, w, Report, "d")
	mend, err := badfile.Break(f.file.DB(), call, n, want)
	if err != nil {
		t.Fatal(err)
	}
	defer mend()
	_, _, _, err = w.Next(noon)
	return err
}

// TestDiskFull lets the n-th write find no room: the step can be made when there is some, and nothing is forgotten.
func TestDiskFull(t *testing.T) {
	for n := 1; ; n++ {
		f := open1(t, t.TempDir())
		w := stepped(t, f)
		err := step(t, f, w, badfile.Write, n, fmt.Errorf("write: %w", syscall.ENOSPC))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "no room") {
			t.Errorf("write %d: got %v", n, err)
		}
		var got []string
		for key := next(t, w); key != ""; key = next(t, w) {
			got = append(got, key)
			w.Done(Done)
		}
		if strings.Join(got, " ") != "b c d" {
			t.Errorf("write %d: got %v", n, got)
		}
	}
}

// TestTornCommit opens what a disk may hold after power was lost during a step: the frontier is where it was before the
// step or behind it, and goes on.
func TestTornCommit(t *testing.T) {
	dir := t.TempDir()
	f := open1(t, dir)
	w := stepped(t, f)
	before := bytesOf(t, dir)
	w.Done(Done)
	add(t, w, Report, "d")
	if got := next(t, w); got != "b" {
		t.Fatal(got)
	}
	after := bytesOf(t, dir)
	seen := map[string]int{}
	for image := range badfile.Torn(before, after, f.file.DB().Info().PageSize, 20) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), image.File, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Open(dir)
		if err != nil {
			t.Errorf("%s: %v", image.Name, err)
			continue
		}
		got := leftIn(t, f, "p")
		if seen[got]++; got != "a b c" && !(image.Done && got == "b c d") {
			t.Errorf("%s: left are %s", image.Name, got)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(seen) != 2 {
		t.Errorf("seen: %v", seen)
	}
}

func bytesOf(t *testing.T, dir string) []byte {
	b, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
