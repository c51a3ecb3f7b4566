package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The file called writer says who writes. It informs and does not protect: the lock is the database's own, and
// ends with its process, whereas this file outlives a kill.
const writerName = "writer"

const writerFormat = "pid %d\nstarted %s\n"

func signWriter(dir string) error {
	text := fmt.Sprintf(writerFormat, os.Getpid(), time.Now().UTC().Format(time.RFC3339))
	return os.WriteFile(filepath.Join(dir, writerName), []byte(text), 0o644)
}

func unsignWriter(dir string) error {
	err := os.Remove(filepath.Join(dir, writerName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// locked returns the ErrLocked that names the holder as well as it can be known.
func locked(dir string) error {
	var pid int
	var started string
	text, err := os.ReadFile(filepath.Join(dir, writerName))
	if err == nil {
		_, err = fmt.Sscanf(string(text), writerFormat, &pid, &started)
	}
	if err != nil || !running(pid) {
		return fmt.Errorf("%w: another process reads it or is just opening it", ErrLocked)
	}
	return fmt.Errorf("%w: process %d writes to it since %s", ErrLocked, pid, started)
}

// running is false when pid is certainly nobody: the writer was killed and left its file.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
