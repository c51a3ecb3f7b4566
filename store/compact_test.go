package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rewriteEnv is, for the test binary started again: what to do, in which folder, and the step before which it ends as if
// it had been killed.
const rewriteEnv = "GONGKAI_STORE_REWRITE"

// rewriteAndDie carries out what rewriteEnv says.
func rewriteAndDie(spec string) {
	do, rest, _ := strings.Cut(spec, " ")
	step, dir, _ := strings.Cut(rest, " ")
	o := Rewrite{step: func(s string) {
		fmt.Println(s)
		if s == step {
			os.Exit(9) // nothing that was deferred is done
		}
	}}
	var err error
	switch do {
	case "compact":
		_, err = Compact(dir, o)
	case "repair":
		_, err = Repair(dir, o)
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// killedAt does something in another process, which ends before a step, and returns the steps that it came to.
func killedAt(t *testing.T, do, step, dir string) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), rewriteEnv+"="+do+" "+step+" "+dir)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || strings.Contains(string(out), "error") || step != "" && exit.ExitCode() != 9 {
		t.Fatalf("%s: %v: %s", step, err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// imageOf copies the file of an archive into a folder of its own.
func imageOf(t testing.TB, from string) (dir string) {
	t.Helper()
	image, err := os.ReadFile(filepath.Join(from, fileName))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), image, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// holding opens an archive, verifies it, and returns what it gives back.
func holding(t testing.TB, dir string) string {
	t.Helper()
	s, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if faults := faultsOf(t, s, 1); len(faults) > 0 {
		t.Errorf("%d faults: %q", len(faults), faults[:min(len(faults), 5)])
	}
	last, err := s.LastID()
	if err != nil {
		t.Fatal(err)
	}
	got, err := contents(s, last)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCompact(t *testing.T) {
	s := sample(t, 60)
	dir := s.Dir()
	s.Close()
	want := holding(t, dir)
	c, err := Compact(dir, Rewrite{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Captures != 90 || c.Bodies != 60 || c.Records != 75 || c.After >= c.Before {
		t.Errorf("%+v", c)
	}
	if got := holding(t, dir); got != want {
		t.Error("the contents are others")
	}
	if info, err := os.Stat(c.Kept); err != nil || info.Size() != c.Before {
		t.Errorf("the old file: %v, %v", info, err)
	}
	again, err := Compact(dir, Rewrite{})
	if err != nil || again.Before != c.After || again.After > again.Before+2*pageBytes || again.Kept == c.Kept {
		t.Errorf("again: %+v, %v", again, err)
	}
	w, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	add(t, w, newCapture(reportURL, 1e7), "goes on", nil)
	if faults := faultsOf(t, w, 1); len(faults) > 0 {
		t.Errorf("gone on with: %q", faults)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
	t.Logf("%d bytes, then %d", c.Before, c.After)
}

// TestCompactKilled: whenever it is killed, the archive is whole and can be compacted after all.
func TestCompactKilled(t *testing.T) {
	s := sample(t, 12)
	dir := s.Dir()
	s.Close()
	want := holding(t, dir)
	steps := killedAt(t, "compact", "", imageOf(t, dir))
	if !slices.Contains(steps, "rename") {
		t.Fatalf("steps %q", steps)
	}
	for _, step := range steps {
		dir := imageOf(t, dir)
		killedAt(t, "compact", step, dir)
		if got := holding(t, dir); got != want {
			t.Errorf("killed before %s: the contents are others", step)
		}
		if _, err := Compact(dir, Rewrite{}); err != nil {
			t.Errorf("killed before %s, and then: %v", step, err)
		}
		if got := holding(t, dir); got != want {
			t.Errorf("killed before %s, and compacted: the contents are others", step)
		}
		if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) > 0 {
			t.Errorf("killed before %s: left behind: %q", step, names)
		}
	}
}

func TestCompactRefuses(t *testing.T) {
	s := sample(t, 8)
	if _, err := Compact(s.Dir(), Rewrite{}); !errors.Is(err, ErrLocked) {
		t.Errorf("beside a writer: %v", err)
	}
	put(t, s, urlBucket, urlKey("http://x/", 1), []byte("ok"))
	s.Close()
	before, _ := os.ReadFile(filepath.Join(s.Dir(), fileName))
	if _, err := Compact(s.Dir(), Rewrite{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("damaged: %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(s.Dir(), fileName)); string(after) != string(before) {
		t.Error("the file was changed")
	}
}

// TestBackupOfCompacted: a backup goes on where it was.
func TestBackupOfCompacted(t *testing.T) {
	s := sample(t, 8)
	backup := t.TempDir()
	if _, err := s.Backup(backup); err != nil {
		t.Fatal(err)
	}
	add(t, s, newCapture(reportURL, 1e7), "one more", nil)
	s.Close()
	if _, err := Compact(s.Dir(), Rewrite{}); err != nil {
		t.Fatal(err)
	}
	s, err := OpenReadOnly(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if c, err := s.Backup(backup); err != nil || c.Captures != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	holding(t, backup)
}
