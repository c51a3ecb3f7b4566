package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"

	"gongkai/cmd/gongkai/config"
)

// errDiskFull means that there is less free space than archive.min_free.
var errDiskFull = errors.New("the disk of the archive is nearly full")

// room returns errDiskFull when the disk of a folder, or of the nearest one above it that exists, has too little space.
func (e *env) room(dir string, least config.Size) error {
	free, err := e.freeSpace(existing(dir))
	if err != nil {
		return fmt.Errorf("free space of %s: %w", dir, err)
	}
	if free < int64(least) {
		return fmt.Errorf("%w: %s is free, and archive.min_free is %s; make room, or lower it", errDiskFull,
			humanize.IBytes(uint64(max(free, 0))), humanize.IBytes(uint64(least)))
	}
	return nil
}

// freeSpace returns what is left for us on the disk of a folder, in bytes.
func (e *env) freeSpace(dir string) (int64, error) {
	if e.free != nil {
		return e.free(dir)
	}
	return diskFree(dir)
}

func existing(dir string) string {
	for {
		_, err := os.Stat(dir)
		if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
			dir = parent
			continue
		}
		return dir
	}
}

// guardEvery is how often free space is looked at while a run goes on.
const guardEvery = 10 * time.Second

// guard returns a context that ends with errDiskFull when the disk gets full: what was begun can then still be noted.
// It never waits for space: the next run looks again.
func (e *env) guard(ctx context.Context, dir string, least config.Size) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(guardEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if err := e.room(dir, least); errors.Is(err, errDiskFull) {
					cancel(err)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() { cancel(nil); <-ended }
}

// isDiskFull reports whether an error is that there was no space. bbolt puts what the system says into words.
func isDiskFull(err error) bool {
	if err == nil || errors.Is(err, errDiskFull) {
		return err != nil
	}
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EFBIG, syscall.EDQUOT} {
		if errors.Is(err, full) || strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}
