package boltfile

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// checkPlace refuses what bbolt cannot do well: a process that can map two gigabytes at most, and file systems whose
// machines do not see each other's writes and locks.
func checkPlace(path string) error {
	if strconv.IntSize < 64 {
		return fmt.Errorf("%w: this is a program for 32-bit machines, which can map no large file; use one for 64 bits", ErrPlace)
	}
	if name := networkFS(filepath.Dir(path)); name != "" {
		return fmt.Errorf("%w: %s is on a network file system (%s), where neither locks nor memory maps can be relied upon; use a local disk", ErrPlace, filepath.Dir(path), name)
	}
	return nil
}
