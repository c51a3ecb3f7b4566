package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestBackup copies an archive that is written to all the time, again and again.
func TestBackup(t *testing.T) {
	s := sample(t, 12)
	dir := filepath.Join(t.TempDir(), "copy")
	stop, done := make(chan struct{}), sync.WaitGroup{}
	done.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				add(t, s, newCapture(fmt.Sprint(reportURL, "?", i), 1e6+i), fmt.Sprint("page ", i), &Record{Report: newReport(fmt.Sprint(i))})
			}
		}
	})
	var total Copied
	for range 5 {
		c, err := s.Backup(dir)
		if err != nil {
			t.Fatal(err)
		}
		total.Captures += c.Captures
	}
	close(stop)
	done.Wait()
	c, err := s.Backup(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Backup(dir)
	if err != nil || again.Captures != 0 || again.Bytes != 0 {
		t.Errorf("with nothing new: %+v, %v", again, err)
	}
	last, _ := s.LastID()
	if head, _ := s.Head(); c.LastID != last || c.Head != head.Hash || total.Captures+c.Captures != int(last) {
		t.Errorf("%d and %+v copied, of %d captures with head %+v", total.Captures, c, last, head)
	}
	copied, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if faults := faultsOf(t, copied, 1); len(faults) > 0 {
		t.Errorf("the copy has %q", faults)
	}
	want, err1 := contents(s, last)
	got, err2 := contents(copied, last)
	if err1 != nil || err2 != nil || got != want {
		t.Errorf("the copy has other contents: %v, %v", err1, err2)
	}
	add(t, copied, newCapture(reportURL, 2e6), "goes on", nil) // the copy is an archive
	if faults := faultsOf(t, copied, 1); len(faults) > 0 {
		t.Errorf("the copy that went on has %q", faults)
	}
}

func TestBackupRefuses(t *testing.T) {
	s, other := newStore(t), newStore(t)
	add(t, s, newCapture(reportURL, 0), "one", nil)
	add(t, other, newCapture(reportURL, 1), "other", nil)
	dir := other.Dir()
	other.Close()
	before, _ := os.ReadFile(filepath.Join(dir, fileName))
	if _, err := s.Backup(dir); !errors.Is(err, ErrNotArchive) {
		t.Errorf("into another archive: %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, fileName)); string(after) != string(before) {
		t.Error("the other archive was written to")
	}
	if _, err := s.Backup(s.Dir()); err == nil {
		t.Error("into itself")
	}
}

// TestBackupStopped: a copy that was stopped in the middle of a commit is gone on with, or can be written to itself.
func TestBackupStopped(t *testing.T) {
	s := newStore(t)
	err := s.commit(func(t *txn) error { // one commit of several captures
		for i := range 4 {
			n, err := s.pending(newCapture(fmt.Sprint(reportURL, i), i), []byte(fmt.Sprint("page ", i)), nil)
			if err == nil {
				err = n.put(t)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, resumed := range []bool{true, false} {
		dir := t.TempDir()
		to, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		b := backup{from: s, to: to}
		if err := b.begin(); err != nil {
			t.Fatal(err)
		}
		items, _, err := b.next()
		if err == nil {
			err = b.add(items[:3])
		}
		if err != nil || len(items) != 8 {
			t.Fatal(len(items), err)
		}
		if !resumed {
			add(t, to, newCapture(reportURL, 9), "another", nil)
		}
		to.Close()
		if resumed {
			if c, err := s.Backup(dir); err != nil || c.LastID != 4 {
				t.Errorf("resumed: %+v, %v", c, err)
			}
		}
		if to, err = Open(dir); err != nil {
			t.Fatal(err)
		}
		if faults := faultsOf(t, to, 1); len(faults) > 0 {
			t.Errorf("resumed %v: %q", resumed, faults)
		}
		to.Close()
	}
}
