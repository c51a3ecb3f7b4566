package fetch

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestSpool takes bodies of all sizes, many at a time: they are what came, memory and files are bounded, and nothing is
// left of them.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".body-123")
	if err := os.WriteFile(left, []byte("of a process that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	const memory = 40 << 20
	b, err := OpenBuffers(dir, memory)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("a body of a process that was killed is still there")
	}
	for _, size := range []int{0, 1, spoolFree, spoolFree + 1, spoolMemory, spoolMemory + 1, 3 << 20} {
		want := bytes.Repeat([]byte("公开"), size/6+1)[:size]
		s := &spool{buffers: b}
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 5000)
			if _, err := s.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if s.buffer.Len() > spoolMemory || (s.file != nil) != (size > spoolMemory) || !bytes.HasPrefix(want, s.Head()) || len(s.Head()) != min(size, 1024) {
			t.Errorf("%d bytes: %d in memory, file %v", size, s.buffer.Len(), s.file != nil)
		}
		if got, err := s.bytes(); err != nil || got == nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d come back, %v", size, len(got), err)
		}
		s.Discard()
	}
	if !b.receiving.TryAcquire(memory) || !b.spilled.TryAcquire(mostSpilled) {
		t.Error("something is still reserved")
	}
	// No memory is left, and no room for large files: small bodies come all the same, large ones are refused for now.
	small, large := &spool{buffers: b}, &spool{buffers: b}
	if _, err := small.Write(make([]byte, spoolFile)); err != nil || small.file == nil {
		t.Errorf("a small body in a crowd: %v", err)
	}
	_, err = large.Write(make([]byte, spoolFile+1))
	if !errors.Is(err, errCrowded) || !MayPass(err) {
		t.Errorf("a large body in a crowd: %v", err)
	}
	small.Discard()
	large.Discard()
	if files, _ := filepath.Glob(filepath.Join(dir, spoolPattern)); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
	broken := &spool{buffers: &Buffers{dir: filepath.Join(dir, "none"), receiving: b.receiving, spilled: b.spilled}}
	if _, err := broken.Write(make([]byte, spoolMemory)); !errors.Is(err, ErrSpool) {
		t.Errorf("without a folder: %v", err)
	}
}
