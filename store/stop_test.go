package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gongkai/store/atomicfile"
)

// TestStop stops each long work at its n-th look, for growing n until it comes to its end: it ends with that error, and what was
// there is as it was, to the byte, with nothing beside it.
func TestStop(t *testing.T) {
	stopped := errors.New("stopped")
	dir := t.TempDir()
	s := opened(t, dir)
	for i := range 300 {
		add(t, s, newCapture(fmt.Sprintf("http://www.example.gov.cn/%d", i), i), fmt.Sprint("body ", i), nil)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	files := names(t, dir)
	for name, work := range map[string]func(o Rewrite) error{
		"compact": func(o Rewrite) error { _, err := Compact(dir, o); return err },
		"repair":  func(o Rewrite) error { _, err := Repair(dir, o); return err },
		"merge": func(o Rewrite) error {
			out := filepath.Join(t.TempDir(), "out")
			_, err := Merge(out, []string{dir, other}, o)
			if _, there := os.Lstat(out); err != nil && !errors.Is(there, os.ErrNotExist) {
				t.Error("merge has left the folder that it was to make:", there)
			}
			return err
		},
		"verify": func(o Rewrite) error {
			s, err := OpenReadOnly(dir)
			if err != nil {
				return err
			}
			s.StopWhen(o.Stop)
			_, err = s.Verify(1, 1, func(f Fault) error { t.Error(f); return nil })
			return errors.Join(err, s.Close())
		},
		"backup": func(o Rewrite) error {
			s, err := OpenReadOnly(dir)
			if err != nil {
				return err
			}
			s.StopWhen(o.Stop)
			_, err = s.Backup(filepath.Join(t.TempDir(), "backup"))
			return errors.Join(err, s.Close())
		},
	} {
		stops := 0
		for n := 1; ; n += n/2 + 1 {
			looks := 0
			err := work(Rewrite{Stop: func() error {
				if looks++; looks >= n {
					return stopped
				}
				return nil
			}})
			if looks < n {
				if err != nil {
					t.Errorf("%s, not stopped: %v", name, err)
				}
				break
			}
			if stops++; !errors.Is(err, stopped) {
				t.Errorf("%s, stopped at look %d: %v", name, n, err)
			}
			now, err := os.ReadFile(filepath.Join(dir, fileName))
			if err != nil || string(now) != string(before) || !slices.Equal(names(t, dir), files) {
				t.Fatalf("%s, stopped at look %d: the archive has changed, or has %q beside it; %v", name, n, names(t, dir), err)
			}
		}
		if stops < 3 {
			t.Errorf("%s was stopped %d times: it hardly looks", name, stops)
		}
		if name == "compact" { // that came to its end
			os.Remove(filepath.Join(dir, fileName))
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(dir, os.DirFS(other)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// names lists what is in a folder.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestSweep: what a rewriting has left that was killed goes when the archive is opened for writing next; what has no
// name yet goes when nobody can be making it any more.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	if err := opened(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	left, new, living := filepath.Join(dir, workPrefix+"1234"), filepath.Join(dir, atomicfile.Prefix+"1"), filepath.Join(dir, atomicfile.Prefix+"2")
	for _, name := range []string{left, new, living} {
		if err := os.MkdirAll(filepath.Join(name, "draft"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(new, time.Time{}, time.Now().Add(-61*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(living, time.Time{}, time.Now().Add(-50*time.Minute)); err != nil {
		t.Fatal(err)
	}
	s, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	for _, name := range []string{left, new} {
		if _, err := os.Stat(name); err != nil {
			t.Error("a reader has removed it:", err)
		}
	}
	if s, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for _, name := range []string{left, new} {
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
	if _, err := os.Stat(living); err != nil {
		t.Error("what somebody may be making is gone:", err)
	}
}

func opened(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
