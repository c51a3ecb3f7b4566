package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/disk"
)

// room returns disk.ErrFull when the disk of a folder, or of the nearest one above it that exists, has too little
// space.
func (e *env) room(dir string, least config.Size) error {
	free, err := e.freeSpace(disk.Existing(dir))
	if err != nil {
		return fmt.Errorf("free space of %s: %w", dir, err)
	}
	if free < int64(least) {
		return fmt.Errorf("%w: %s is free, and archive.min_free is %s; make room, or lower it", disk.ErrFull,
			humanize.IBytes(uint64(max(free, 0))), humanize.IBytes(uint64(least)))
	}
	return nil
}

// freeSpace returns what is left for us on the disk of a folder, in bytes.
func (e *env) freeSpace(dir string) (int64, error) {
	if e.free != nil {
		return e.free(dir)
	}
	return disk.Free(dir)
}

// guardEvery is how often free space is looked at while a run goes on.
const guardEvery = 10 * time.Second

// guard returns a context that ends with disk.ErrFull when the disk gets full: what was begun can then still be noted.
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
				if err := e.room(dir, least); errors.Is(err, disk.ErrFull) {
					cancel(err)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() { cancel(nil); <-ended }
}
