//go:build unix

package main

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"gongkai/store"
)

const fullDiskConfig = "GONGKAI_TEST_FULL_DISK"

// TestFullDiskChild is the process that TestNoSpace starts: a crawl that cannot write files beyond a size.
func TestFullDiskChild(t *testing.T) {
	config := os.Getenv(fullDiskConfig)
	if config == "" {
		t.Skip("only for TestNoSpace")
	}
	signal.Ignore(syscall.SIGXFSZ) // the write then fails, as on a full disk
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 150 << 10, Max: 150 << 10}); err != nil {
		t.Fatal(err)
	}
	os.Exit(run(t.Context(), []string{"crawl", "-config", config, "-log-level", "error"}, os.Stdout, os.Stderr))
}

// TestNoSpace: writing the archive fails in the middle of a crawl. The exit code is 1, the reason is told, what was
// archived before is whole, and the next run goes on.
func TestNoSpace(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDiskChild$")
	cmd.Env = append(os.Environ(), fullDiskConfig+"="+config)
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(string(out), "make room on the disk") {
		t.Fatalf("exit code %d, %v\n%s", code, err, out)
	}
	if got := mustRun(t, "report", "-config", config); !strings.Contains(got, "could not: the disk is full") {
		t.Errorf("the report:\n%s", got)
	}
	s, err := store.OpenReadOnly(filepath.Join(dir, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if c.State == store.StateOK {
			if _, err := s.Body(c.SHA256); err != nil {
				t.Error(err)
			}
			held++
		}
	}
	if err := s.Close(); err != nil || held == 0 {
		t.Errorf("%d bodies, %v", held, err)
	}
	stdout, stderr, code := gongkai(t, "crawl", "-config", config, "-log-level", "error")
	if code != exitDone {
		t.Errorf("with room again: %d, %s%s", code, stdout, stderr)
	}
	mustRun(t, "export", "-config", config, "-out", filepath.Join(dir, "export"))
	checkExport(t, filepath.Join(dir, "export"))
}
