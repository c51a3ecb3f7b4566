package store

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/store/internal/badfile"
	"gongkai/store/internal/boltfile"
)

// torn is how many subsets of a commit's pages TestTornCommit tries besides those by rule: go test ./store -run Torn -torn 1000
var torn = flag.Int("torn", 0, "how many random subsets of a commit's pages TestTornCommit tries, of more commits")

// TestTornCommit opens what a disk may hold after power was lost during a commit: the archive is as it was before the commit
// or after it, verifies, and can be written to.
func TestTornCommit(t *testing.T) {
	base := sample(t, 6)
	if err := base.Close(); err != nil {
		t.Fatal(err)
	}
	for name, change := range commits(t) {
		if *torn == 0 && name != "a page and its record" && name != "records read again" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := copyArchive(t, base.Dir())
			if err := change(s); err != nil { // leaves pages to be used again by the commit that is torn
				t.Fatal(err)
			}
			before, was := bytesOf(t, s), held(t, s)
			if err := change(s); err != nil {
				t.Fatal(err)
			}
			after, is := bytesOf(t, s), held(t, s)
			if same(was, is) && name != "records read again" {
				t.Fatal("the commit changes nothing")
			}
			images := 0
			for image := range badfile.Torn(before, after, s.file.DB().Info().PageSize, max(*torn, 16)) {
				images++
				survives(t, image, was, is, images%8 == 0, change)
			}
			t.Logf("%d images", images)
		})
	}
}

// bytesOf reads the file of an archive that nobody writes to just now.
func bytesOf(t *testing.T, s *Store) []byte {
	b, err := os.ReadFile(filepath.Join(s.Dir(), fileName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// survives opens an image, for writing too if that is asked for.
func survives(t *testing.T, image badfile.Image, was, is []string, write bool, change func(*Store) error) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), image.File, 0o644); err != nil {
		t.Fatal(err)
	}
	open := OpenReadOnly
	if write {
		open = Open
	}
	s, err := open(dir)
	if err != nil {
		t.Errorf("%s: %v", image.Name, err)
		return
	}
	defer s.Close()
	if got := held(t, s); !same(got, was) && !(image.Done && same(got, is)) {
		t.Errorf("%s: there is\n%s", image.Name, strings.Join(got, "\n"))
	}
	if write {
		if err := change(s); err != nil {
			t.Errorf("%s: cannot go on: %v", image.Name, err)
		}
	}
	for _, fault := range faultsOf(t, s, 1) {
		if !image.Done || write || !strings.HasPrefix(fault, "page: page ") { // the last page itself, cut in the middle of a sector
			t.Errorf("%s: verify: %s", image.Name, fault)
		}
	}
}

// inCircles reports whether pages of a file lead in circles, in which bbolt's stack, and with it the program, would end.
func inCircles(t *testing.T, path string) bool {
	f, err := boltfile.Open(path, true)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(f.Check(1, 1, func(string) error { return nil }), boltfile.ErrCircle)
}

// TestLostWrite opens what a disk holds that has lost a page of a commit though it had said that it was written. No
// database survives that; the archive does not open, or verify tells, and comes to an end, or nothing is missing.
func TestLostWrite(t *testing.T) {
	base := sample(t, 6)
	if err := base.Close(); err != nil {
		t.Fatal(err)
	}
	for name, change := range commits(t) {
		s := copyArchive(t, base.Dir())
		if err := change(s); err != nil {
			t.Fatal(err)
		}
		before := bytesOf(t, s)
		if err := change(s); err != nil {
			t.Fatal(err)
		}
		is := held(t, s)
		images := 0
		for image := range badfile.Lost(before, bytesOf(t, s), s.file.DB().Info().PageSize) {
			images++
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, fileName), image.File, 0o644); err != nil {
				t.Fatal(err)
			}
			if inCircles(t, filepath.Join(dir, fileName)) {
				continue // verify ends there; but what opening reads may be in it already
			}
			s, err := OpenReadOnly(dir)
			if err != nil {
				continue
			}
			if len(faultsOf(t, s, 1)) == 0 && !same(held(t, s), is) { // what stood there before may serve as well
				t.Errorf("%s, %s, and nothing is found", name, image.Name)
			}
			s.Close()
		}
		if images < 4 {
			t.Errorf("%s: %d pages were written", name, images)
		}
	}
}
