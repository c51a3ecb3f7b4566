//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package boltfile

import (
	"errors"
	"os"
)

// Slots need flock. Where there is none, bbolt's own lock keeps readers away while somebody writes.
type slots struct{}

var errBusy = errors.New("the slot is taken")

func openSlots(string, bool) (*slots, error)           { return nil, nil }
func (s *slots) share(int) (leave func(), err error)   { return func() {}, nil }
func (s *slots) exclude(int) (leave func(), err error) { return func() {}, nil }
func (s *slots) close() error                          { return nil }
func makeWay(*os.File, bool) error                     { return nil }

// Hold can only look whether somebody writes to the file.
func Hold(path string) (release func() error, err error) {
	if err := checkPlace(path); err != nil {
		return nil, err
	}
	f, err := openBolt(path, true, nil)
	switch {
	case errors.Is(err, ErrLocked):
		return nil, err
	case err != nil: // nobody can have it open
		return func() error { return nil }, nil
	}
	return f.Close, nil
}
