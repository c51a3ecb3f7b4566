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
