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
	pid, since, ok := Writer(dir)
	if !ok {
		return fmt.Errorf("%w: another process is just opening it", ErrLocked)
	}
	return fmt.Errorf("%w: process %d writes to it since %s", ErrLocked, pid, since.Format(time.RFC3339))
}

// Writer tells which process writes to the archive in a folder, and since when; false when none seems to.
func Writer(dir string) (pid int, since time.Time, ok bool) {
	var started string
	text, err := os.ReadFile(filepath.Join(dir, writerName))
	if err == nil {
		_, err = fmt.Sscanf(string(text), writerFormat, &pid, &started)
	}
	if err == nil {
		since, err = time.Parse(time.RFC3339, started)
	}
	return pid, since, err == nil && running(pid)
}

// running is false when pid is certainly nobody: the writer was killed and left its file.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
