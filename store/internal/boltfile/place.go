package boltfile

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// checkPlace refuses what bbolt cannot do well: a process that can map two gigabytes at most, and file systems whose
// machines do not see each other's writes and locks.
func checkPlace(path string) error {
	dir := filepath.Dir(path)
	return placed(dir, strconv.IntSize, networkFS(dir))
}

// placed says why a file must not be opened by a process of so many bits in a folder on a network file system, "" for none.
func placed(dir string, bits int, network string) error {
	if bits < 64 {
		return fmt.Errorf("%w: this is a program for %d-bit machines, which can map no large file; use one for 64 bits", ErrPlace, bits)
	}
	if network != "" {
		return fmt.Errorf("%w: %s is on a network file system (%s), where neither locks nor memory maps can be relied upon; use a local disk", ErrPlace, dir, network)
	}
	return nil
}
