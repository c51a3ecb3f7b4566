package pdf

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCacheDir reads a document with code that an earlier Reader has compiled, and without where none can be kept.
func TestCacheDir(t *testing.T) {
	body, err := os.ReadFile("testdata/qujiang.chromium.pdf")
	if err != nil {
		t.Fatal(err)
	}
	read := func(dir string) []byte {
		r := &Reader{CacheDir: dir}
		defer r.Close()
		page, err := r.HTML(t.Context(), body)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	dir := filepath.Join(t.TempDir(), "gongkai", "pdfium")
	first := read(dir)
	files, _ := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	if len(files) != 2 || files[1] != files[0]+digestSuffix {
		t.Fatalf("kept: %q", files)
	}
	before, _ := os.Stat(files[0])
	if !bytes.Equal(read(dir), first) {
		t.Error("the code that was kept reads another text")
	}
	if now, err := os.Stat(files[0]); err != nil || !os.SameFile(before, now) {
		t.Errorf("what was kept has been compiled again: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(file), first) {
		t.Error("without a folder another text is read")
	}
}

// TestCacheDamaged takes away code that is not what it was, that nobody has finished, and the oldest.
func TestCacheDamaged(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "wazero-1-amd64-linux")
	write := func(name, text string, age time.Duration) {
		name = filepath.Join(inside, name)
		if err := os.MkdirAll(inside, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"a", "b", "c", "d"}
	for i, name := range names {
		write(name, "code", time.Duration(i)*time.Minute)
	}
	if err := sealCache(dir); err != nil {
		t.Fatal(err)
	}
	write("b", "odd!", time.Minute)
	write("e", "no digest", 0)
	write("f.tmp", "unfinished", 2*abandoned)
	write("g.tmp", "being written", 0)
	cache, err := openCache(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close(t.Context())
	entries, _ := os.ReadDir(inside)
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"a", "a.sha256", "g.tmp"}; !slices.Equal(left, want) {
		t.Errorf("left: %q, want %q", left, want)
	}
}

// TestCacheOfOthers leaves folders alone that another user can change.
func TestCacheOfOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a mode tells nothing there")
	}
	for _, open := range []string{".", "in", "in/wazero-1"} {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "in", "wazero-1"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, open), 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := openCache(filepath.Join(dir, "in")); err == nil {
			t.Errorf("%s is open to all, and code from there is run", open)
		}
		if _, err := openCache(filepath.Join(dir, "new", "folder")); open == "." {
			if _, none := os.Lstat(filepath.Join(dir, "new")); err == nil || none == nil {
				t.Errorf("a folder was made where others can write: %v", err)
			}
		}
	}
	sticky, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Chmod(sticky, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if _, err := openCache(sticky); err == nil || !strings.Contains(err.Error(), "others") {
		t.Errorf("a folder in which all may put files: %v", err)
	}
	if _, err := openCache(filepath.Join(sticky, "own")); err != nil {
		t.Errorf("an own folder where nobody can take it away: %v", err)
	}
	if err := os.Symlink(sticky, link); err != nil {
		t.Fatal(err)
	}
	if _, err := openCache(link); err == nil {
		t.Error("a link to a folder in which all may put files")
	}
}
