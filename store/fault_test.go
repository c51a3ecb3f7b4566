package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gongkai/store/internal/badfile"
)

// held describes all that an archive gives back: what two archives have in common when nothing was lost.
func held(t testing.TB, s *Store) (lines []string) {
	t.Helper()
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("capture %d %s %s %s", c.ID, c.URL, c.State, c.SHA256)
		if c.SHA256 != "" {
			if _, err := s.Body(c.SHA256); err != nil {
				t.Fatal(err)
			}
		}
		r, ok, err := s.Record(c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			line += fmt.Sprintf(" record %s %s %s %s", r.Change, r.Text, r.Fields, r.Rejected)
		}
		lines = append(lines, line)
	}
	return lines
}

// clean fails the test unless an archive verifies.
func clean(t testing.TB, s *Store) {
	t.Helper()
	if faults := faultsOf(t, s, 1); len(faults) > 0 {
		t.Errorf("verify: %s", strings.Join(faults, "\n"))
	}
}

// copyArchive copies the database of an archive that nobody writes to into a new folder, and opens it.
func copyArchive(t testing.TB, from string) *Store {
	t.Helper()
	dir := t.TempDir()
	b, err := os.ReadFile(filepath.Join(from, fileName))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, fileName), b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// commits are what is done to an archive while its disk fails. Each is one commit.
func commits(t testing.TB) map[string]func(s *Store) error {
	press := newPress(t, 40_000)
	return map[string]func(s *Store) error{
		"a page and its record": func(s *Store) error {
			c, body, rec := press.page(0, 50)
			return s.AddCapture(c, body, rec)
		},
		"a document": func(s *Store) error {
			c := newCapture(reportURL+".pdf", 2e6)
			return s.AddCapture(c, randomBytes(50_000), nil)
		},
		"the same page": func(s *Store) error {
			c, body, _ := press.page(0, 0)
			c.Time = c.Time.AddDate(1, 0, 0)
			return s.AddCapture(c, body, nil)
		},
		"records read again": func(s *Store) error {
			var records []*Record
			for id := range uint64(4) {
				r, ok, err := s.Record(id + 1)
				if err != nil || !ok {
					return errors.Join(err, ErrNotFound)
				}
				if r.Report != nil {
					r.Report.Title += "（更正）"
				}
				records = append(records, &r)
			}
			return s.PutRecords(records)
		},
	}
}

// TestDiskFault lets the n-th write or sync of a change fail, for n from 1 until it is made: the change fails with that
// error, or is made; what was acknowledged before is there, what failed is there wholly or not at all, and the
// archive can be written to again, after opening it where the disk's state was not known.
func TestDiskFault(t *testing.T) {
	base := sample(t, 6)
	if err := base.Close(); err != nil {
		t.Fatal(err)
	}
	broken := map[badfile.Call]error{badfile.Write: syscall.EIO, badfile.Short: syscall.EIO, badfile.Sync: syscall.EINVAL}
	for name, change := range commits(t) {
		made := outcome(t, base.Dir(), change)
		for call, want := range broken {
			t.Run(fmt.Sprint(name, ", ", call), func(t *testing.T) {
				n := 1
				for faulty(t, base.Dir(), call, n, want, change, made) {
					n++
				}
				if n == 1 {
					t.Error("nothing failed")
				}
				t.Logf("%d calls", n-1)
			})
		}
	}
}

// outcome is what an archive holds after a change, without faults.
func outcome(t *testing.T, base string, change func(*Store) error) []string {
	s := copyArchive(t, base)
	if err := change(s); err != nil {
		t.Fatal(err)
	}
	return held(t, s)
}

// faulty makes a change while its n-th call fails; false when there are fewer calls.
func faulty(t *testing.T, base string, call badfile.Call, n int, want error, change func(*Store) error, made []string) bool {
	s := copyArchive(t, base)
	before := held(t, s)
	mend, err := badfile.Break(s.file.DB(), call, n, want)
	if err != nil {
		t.Fatal(err)
	}
	err = change(s)
	mend()
	if err == nil {
		clean(t, s)
		return false
	}
	if !strings.Contains(err.Error(), want.Error()) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrFull) {
		t.Errorf("call %d: got %v, want %v", n, err, want)
	}
	if err := change(s); err == nil {
		t.Errorf("call %d: written to though the disk's state is not known", n)
	}
	s = reopened(t, s)
	after := held(t, s)
	if err := change(s); err != nil {
		t.Errorf("call %d: cannot go on: %v", n, err)
	}
	clean(t, s)
	if !same(after, before) && !same(after, made) {
		t.Errorf("call %d: there is\n%s\nthere was\n%s", n, strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
	return s.Close() == nil
}

func reopened(t testing.TB, s *Store) *Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// randomBytes are what cannot be packed.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(3, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func same(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }

// TestDiskFull lets the n-th write find no room, and the file not grow: nothing has changed, and with room the change is
// made, without opening the archive again.
func TestDiskFull(t *testing.T) {
	base := sample(t, 6)
	if err := base.Close(); err != nil {
		t.Fatal(err)
	}
	for name, change := range commits(t) {
		for _, call := range []badfile.Call{badfile.Write, badfile.Short} {
			t.Run(fmt.Sprint(name, ", ", call), func(t *testing.T) {
				for n := 1; noRoom(t, base.Dir(), call, n, change); n++ {
				}
			})
		}
	}
}

// noRoom makes a change while its n-th write finds no room; false when there are fewer.
func noRoom(t *testing.T, base string, call badfile.Call, n int, change func(*Store) error) bool {
	s := copyArchive(t, base)
	before := held(t, s)
	mend, err := badfile.Break(s.file.DB(), call, n, syscall.ENOSPC)
	if err != nil {
		t.Fatal(err)
	}
	err = change(s)
	mend()
	switch {
	case err == nil:
		return false
	case !errors.Is(err, ErrFull) && !strings.Contains(err.Error(), "opened again"): // the half of the last page is all of it
		t.Errorf("write %d: got %v", n, err)
	case errors.Is(err, ErrFull) && !same(held(t, s), before):
		t.Errorf("write %d: something has changed", n)
	case !errors.Is(err, ErrFull):
		s = reopened(t, s)
	}
	if err := change(s); err != nil {
		t.Errorf("write %d: with room: %v", n, err)
	}
	clean(t, s)
	return s.Close() == nil
}

// TestNoGrowth lets the file not grow: what was acknowledged is there, and the archive goes on when it is opened again.
func TestNoGrowth(t *testing.T) {
	base := sample(t, 2)
	if err := base.Close(); err != nil {
		t.Fatal(err)
	}
	s := copyArchive(t, base.Dir())
	for n := range 40 {
		before := held(t, s)
		mend, err := badfile.Break(s.file.DB(), badfile.Grow, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		big := func() error {
			return s.AddCapture(newCapture(fmt.Sprint(reportURL, "?", n), n), randomBytes(100_000+n), nil)
		}
		err = big()
		mend()
		if err == nil {
			continue
		}
		if errors.Is(err, ErrDamaged) || errors.Is(err, ErrFull) {
			t.Errorf("got %v", err)
		}
		if s = reopened(t, s); !same(held(t, s), before) {
			t.Error("something has changed")
		}
		if err := big(); err != nil {
			t.Errorf("cannot go on: %v", err)
		}
		clean(t, s)
		return
	}
	t.Error("the file never grew")
}
