package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/semaphore"
)

// ErrSpool means that this machine cannot keep a body while it comes. It says nothing about the site.
var ErrSpool = errors.New("keep a body while it comes")

// errCrowded means that too many bodies come at the same time. That passes.
var errCrowded = errors.New("too many large bodies come at the same time")

const spoolPattern = ".body-*"

// What is kept of a body that is still coming: in memory without being counted, in memory of the budget, and in a file
// whether or not many others are.
const (
	spoolFree   = 16 << 10
	spoolMemory = 256 << 10
	spoolFile   = 1 << 20
)

// Buffers keep bodies that are still coming, for all crawls of a process together: in memory, and where there is none left
// in files.
type Buffers struct {
	dir       string // of the files
	memory    int64  // of receiving
	receiving *semaphore.Weighted
	spilled   *semaphore.Weighted // bytes of bodies in files
}

// mostSpilled is how many bytes of bodies that are still coming may lie in files, beyond the first megabyte of each.
const mostSpilled = 4 << 30

// OpenBuffers returns buffers of so many bytes of memory, with files in a folder. It removes those of a process that was
// killed.
func OpenBuffers(dir string, memory int64) (*Buffers, error) {
	left, err := filepath.Glob(filepath.Join(dir, spoolPattern))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return &Buffers{dir: dir, memory: memory, receiving: semaphore.NewWeighted(memory), spilled: semaphore.NewWeighted(mostSpilled)}, err
}

// Empty reports whether nothing is kept. Nobody may be receiving meanwhile.
func (b *Buffers) Empty() bool {
	memory, files := b.receiving.TryAcquire(b.memory), b.spilled.TryAcquire(mostSpilled)
	if memory {
		b.receiving.Release(b.memory)
	}
	if files {
		b.spilled.Release(mostSpilled)
	}
	return memory && files
}

// A spool takes a body while it comes. Thousands may come at the same time, and slowly: a large one goes to a file.
// Whoever has it calls Discard.
type spool struct {
	buffers  *Buffers // nil: all of it is kept in memory
	buffer   bytes.Buffer
	reserved int64 // of the memory for receiving
	file     *os.File
	spilled  int64 // of the bytes for files
	n        int64
}

// Write takes the next piece.
func (s *spool) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	if s.buffers == nil || s.file == nil && s.fits() {
		return s.buffer.Write(p)
	}
	if s.file == nil {
		if err := s.spill(); err != nil {
			return 0, fmt.Errorf("%w: %w", ErrSpool, err)
		}
	}
	for s.n-s.spilled > spoolFile {
		if !s.buffers.spilled.TryAcquire(spoolFile) {
			return 0, errCrowded
		}
		s.spilled += spoolFile
	}
	n, err := s.file.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrSpool, err)
	}
	return n, err
}

// fits reports whether what has come may be kept in memory. A buffer that grows is twice what is in it.
func (s *spool) fits() bool {
	if s.n <= spoolFree {
		return true
	}
	more := 2*s.n - s.reserved
	if more <= 0 {
		return true
	}
	more = max(more, 4*spoolFree)
	if s.n > spoolMemory || !s.buffers.receiving.TryAcquire(more) {
		return false
	}
	s.reserved += more
	return true
}

// spill moves what has come to a file. It has no name where the system permits it, and so is gone when the process is.
func (s *spool) spill() error {
	file, err := os.CreateTemp(s.buffers.dir, spoolPattern)
	if err != nil {
		return err
	}
	s.file = file
	os.Remove(file.Name()) // the error is that of systems on which an open file cannot be removed: see discard
	if _, err := file.Write(s.buffer.Bytes()); err != nil {
		return err
	}
	s.forget()
	return nil
}

// forget gives back what is in memory.
func (s *spool) forget() {
	s.buffer = bytes.Buffer{}
	if s.reserved > 0 {
		s.buffers.receiving.Release(s.reserved)
		s.reserved = 0
	}
}

// Head returns how the body begins.
func (s *spool) Head() []byte {
	head := make([]byte, 1024)
	if s.file != nil {
		n, _ := s.file.ReadAt(head, 0) // bytes will tell
		return head[:n]
	}
	return s.buffer.Bytes()[:min(s.buffer.Len(), len(head))]
}

// bytes returns what has come.
func (s *spool) bytes() (body []byte, err error) {
	if s.n == 0 {
		return []byte{}, nil // an empty body is one
	}
	if s.file == nil {
		return s.buffer.Bytes(), nil
	}
	body = make([]byte, s.n)
	if _, err := s.file.ReadAt(body, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrSpool, err)
	}
	return body, nil
}

// Discard gives back what keeps the body. Bytes that were returned stay what they are.
func (s *spool) Discard() {
	s.forget()
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
		s.file = nil
	}
	if s.spilled > 0 {
		s.buffers.spilled.Release(s.spilled)
		s.spilled = 0
	}
}
