//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package boltfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Slots are the two lock files beside a database. A lock belongs to whoever opened the file, so each transaction takes
// a descriptor of its own; those not in use are kept for the next.
type slots struct {
	path [2]string

	mu   sync.Mutex
	idle [2][]*os.File
}

var errBusy = errors.New("the slot is taken")

// openSlots finds the lock files, and makes them for a writer. Without them, as in a copy on a medium that cannot be
// written to, a reader gets none and keeps bbolt's lock.
func openSlots(path string, readOnly bool) (*slots, error) {
	base := strings.TrimSuffix(path, ".db")
	s := &slots{path: [2]string{base + ".lock0", base + ".lock1"}}
	for i, name := range s.path {
		flag := os.O_RDONLY
		if !readOnly {
			flag |= os.O_CREATE
		}
		f, err := os.OpenFile(name, flag, 0o644)
		if readOnly && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) {
			return nil, s.close()
		}
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.idle[i] = append(s.idle[i], f)
	}
	return s, nil
}

// share keeps the writer from overwriting a state of the file. errBusy when it is about to: the state is old.
func (s *slots) share(state int) (leave func(), err error) {
	return s.lock(state&1, syscall.LOCK_SH|syscall.LOCK_NB)
}

// exclude waits until nobody reads a state of the same parity.
func (s *slots) exclude(state int) (leave func(), err error) {
	return s.lock(state&1, syscall.LOCK_EX)
}

func (s *slots) lock(i, how int) (leave func(), err error) {
	f, err := s.take(i)
	if err != nil {
		return nil, err
	}
	switch err := flock(f, how); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		s.put(i, f)
		return nil, errBusy
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock %s: %w", s.path[i], err), f.Close())
	}
	return func() {
		if flock(f, syscall.LOCK_UN) != nil {
			f.Close() // which unlocks, too
			return
		}
		s.put(i, f)
	}, nil
}

func (s *slots) take(i int) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle[i]); n > 0 {
		f := s.idle[i][n-1]
		s.idle[i] = s.idle[i][:n-1]
		return f, nil
	}
	return os.Open(s.path[i])
}

func (s *slots) put(i int, f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle[i] = append(s.idle[i], f)
}

func (s *slots) close() (err error) {
	if s == nil {
		return nil
	}
	for _, files := range s.idle {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// makeWay lets others at a file that bbolt has locked: a writer goes on to keep away writers, a reader nobody. Between
// a writer's two locks another writer may slip in.
func makeWay(f *os.File, readOnly bool) error {
	if readOnly {
		return flock(f, syscall.LOCK_UN)
	}
	err := flock(f, syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); err != syscall.EINTR {
			return err
		}
	}
}

// Hold keeps all others from a file that is too damaged to be opened, until release is called. ErrLocked when somebody
// has it open for writing.
func Hold(path string) (release func() error, err error) {
	f, err := seize(path)
	if err != nil {
		return nil, err
	}
	return f.Close, nil
}

// keep opens a file for a look before it is opened to be written to, and keeps other writers from it until release is called.
func keep(path string) (file *os.File, release func() error, err error) {
	if file, err = seize(path); err != nil {
		return nil, nil, err
	}
	if err := makeWay(file, false); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, file.Close, nil
}

// seize opens a file and locks it as bbolt does for a writer.
func seize(path string) (*os.File, error) {
	if err := checkPlace(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if err = flock(f, syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		if time.Since(began) > lockTimeout {
			return nil, errors.Join(ErrLocked, f.Close())
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
