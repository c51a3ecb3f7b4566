package warc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// tempFolder makes a folder below tmp, "" for the system's, whose name tells machine and process; and removes those of processes
// of this machine that have ended without doing it.
func tempFolder(tmp string) (string, error) {
	if tmp == "" {
		tmp = os.TempDir()
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	prefix := "gongkai-import-" + strings.Map(func(r rune) rune {
		if r == '*' || r == '?' || r == '[' || r == '/' || r == '\\' {
			return '_'
		}
		return r
	}, host) + "-"
	left, err := filepath.Glob(filepath.Join(tmp, prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, name := range left {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), prefix), "-")
		if pid, err := strconv.Atoi(number); err == nil && ended(pid) {
			os.RemoveAll(name) // another user's is theirs to remove
		}
	}
	return os.MkdirTemp(tmp, fmt.Sprintf("%s%d-", prefix, os.Getpid()))
}

// ended reports whether there certainly is no process of a number.
func ended(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer p.Release()
	err = p.Signal(syscall.Signal(0))
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}
