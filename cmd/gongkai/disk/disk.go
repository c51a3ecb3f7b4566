// Package disk tells how much room there is, and whether an error is for lack of it. It makes none.
package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrFull means that there is less free space than is to be left.
var ErrFull = errors.New("the disk of the archive is nearly full")

// Existing returns a folder, or the nearest one above it that exists.
func Existing(dir string) string {
	for {
		_, err := os.Stat(dir)
		if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
			dir = parent
			continue
		}
		return dir
	}
}

// IsFull reports whether an error is that there was no space, or ErrFull. bbolt puts what the system says into words.
func IsFull(err error) bool {
	if err == nil || errors.Is(err, ErrFull) {
		return err != nil
	}
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EFBIG, syscall.EDQUOT} {
		if errors.Is(err, full) || strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}
