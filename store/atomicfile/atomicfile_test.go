package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	check := func(what, text string, mode os.FileMode) {
		t.Helper()
		got, err := os.ReadFile(path)
		info, err2 := os.Stat(path)
		if err := errors.Join(err, err2); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if string(got) != text || info.Mode().Perm() != mode {
			t.Errorf("%s: %q with mode %v, want %q with %v", what, got, info.Mode(), text, mode)
		}
		if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) != 1 {
			t.Errorf("%s: the folder has %v, %v", what, names, err)
		}
	}
	if err := Write(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	check("a new file", "one", 0o644)
	if err := errors.Join(os.Chmod(path, 0o600), Write(path, []byte("two"))); err != nil {
		t.Fatal(err)
	}
	check("a file that is replaced", "two", 0o600)

	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("half"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "two" {
		t.Errorf("a file is half written, and its name gives %q, %v", got, err)
	}
	f.Discard()
	check("a file that is discarded", "two", 0o600)

	if err := Write(filepath.Join(filepath.Dir(path), "none", "b"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file in no folder: %v", err)
	}
	folder := filepath.Join(filepath.Dir(path), "folder")
	if err := os.MkdirAll(filepath.Join(folder, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(folder, []byte("three")); err == nil {
		t.Error("a folder was replaced")
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	check("a file that could not be published", "two", 0o600)
}

func TestPublishNew(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := errors.Join(Write(from, []byte("one")), PublishNew(from, to)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(from), Write(from, []byte("two"))); err != nil {
		t.Fatal(err)
	}
	if err := PublishNew(from, to); !errors.Is(err, os.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "one" {
		t.Errorf("a name that is taken now gives %q, %v", got, err)
	}
}
