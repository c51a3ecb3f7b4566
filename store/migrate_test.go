package store

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unzip puts an archive of schema 1, made by the program of its time, into a new folder.
func unzip(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	in, err := os.Open("testdata/schema1.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, z); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestMigrate(t *testing.T) {
	dir := unzip(t)
	before, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(dir); !errors.Is(err, ErrOld) || !strings.Contains(err.Error(), "gongkai extract") {
		t.Errorf("OpenReadOnly: %v", err)
	}
	for round := range 2 { // the second time there is nothing to do
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		checkMigrated(t, s)
		if round == 0 {
			add(t, s, newCapture(reportURL, 100), "<html>年报 3</html>", nil)
			if id, _ := s.LastID(); id != 8 {
				t.Errorf("the next capture has id %d", id)
			}
		}
		s.Close()
	}
	if kept, err := os.ReadFile(filepath.Join(dir, oldName)); err != nil || string(kept) != string(before) {
		t.Errorf("the old file was not kept: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("%v left behind", left)
	}
}

func checkMigrated(t *testing.T, s *Store) {
	t.Helper()
	var got []string
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if c.ID > 7 {
			break
		}
		size := -1
		if c.SHA256 != "" {
			body, err := s.Body(c.SHA256)
			if err != nil {
				t.Error(err)
			}
			size = len(body)
		}
		r, ok, err := s.Record(c.ID)
		if err != nil {
			t.Error(err)
		}
		if !c.Time.Equal(newCapture("", int(c.ID)-1).Time) || c.Portal != "qujiang" {
			t.Errorf("capture %+v", c)
		}
		got = append(got, fmt.Sprint(c.ID, " ", c.State, " ", size, " ", ok, " ", r.Change, r.Rejected, " ", len(r.Parts)))
	}
	want := []string{"1 gone -1 false  0", "2 ok 21 true first 0", "3 unchanged 21 true none 0", "4 ok 1118576 false  0",
		"5 ok 21 true figures 1", "6 ok 600 true a guide 0", "7 failed 13 false  0"}
	if !slices.Equal(got, want) {
		t.Errorf("captures\n%q, want\n%q", got, want)
	}
	if got := changes(t, s, newReport("").Key()); !slices.Equal(got, []string{"2 first", "3 none", "5 figures"}) {
		t.Errorf("records %v", got)
	}
}

// TestMigrateDamaged leaves an archive alone that cannot be read to its end.
func TestMigrateDamaged(t *testing.T) {
	dir := unzip(t)
	path := filepath.Join(dir, fileName)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := strings.Index(string(image), "<html>") // a body too short to be worth packing
	image[i] ^= 1
	if err := os.WriteFile(path, image, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "capture 2") {
		t.Errorf("Open: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(image) {
		t.Errorf("the archive was changed: %v", err)
	}
}
