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

// keep opens a file for a look before it is opened to be written to, and keeps writers from it until release is called.
func keep(path string) (file *os.File, release func() error, err error) {
	unlock, err := Hold(path)
	if err != nil {
		return nil, nil, err
	}
	if file, err = os.Open(path); err != nil {
		return nil, nil, errors.Join(err, unlock())
	}
	return file, func() error { return errors.Join(file.Close(), unlock()) }, nil
}
