package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"syscall"
	"testing"
)

// TestFile writes files of sizes around those of blocks.
func TestFile(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789"), 7*blockSize/10+1)
	for _, size := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, 6*blockSize + 1} {
		d, err := openFolder(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		f := d.create("x.csv")
		for rest := text[:size]; len(rest) > 0; {
			n, err := f.Write(rest[:min(100_000, len(rest))])
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := errors.Join(f.close(), f.close()); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(d.path("x.csv"))
		sum := sha256.Sum256(text[:size])
		if err != nil || !bytes.Equal(got, text[:size]) || f.bytes != int64(size) || f.digest() != "sha256:"+hex.EncodeToString(sum[:]) {
			t.Errorf("%d bytes: %d in the file, said to be %d, %s, %v", size, len(got), f.bytes, f.digest(), err)
		}
	}
}

// TestFileFull writes to a disk that is full: sooner or later every call says so.
func TestFileFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no device that is full")
	}
	for _, size := range []int{10, 20 * blockSize} {
		f := &file{ctx: t.Context(), out: full, sum: sha256.New()}
		n, err := f.Write(make([]byte, size))
		if size > fileBlocks*blockSize && (err == nil || n == size) {
			t.Errorf("%d bytes written to a full disk: %v", n, err)
		}
		f.Write(make([]byte, size))
		if err := f.close(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("closing after %d bytes: %v", size, err)
		}
		full, _ = os.OpenFile("/dev/full", os.O_WRONLY, 0)
	}
	full.Close()
}
