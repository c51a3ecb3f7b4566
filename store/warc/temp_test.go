package warc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTempFolder: what a process has left that has ended goes; what another one uses, or may use, stays.
func TestTempFolder(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Skip(err)
	}
	gone := exec.Command(os.Args[0], "-test.run=^$")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	for name, want := range map[string]bool{
		fmt.Sprintf("gongkai-import-%s-%d-1", host, gone.Process.Pid):   false,
		fmt.Sprintf("gongkai-import-%s-%d-2", host, os.Getppid()):       true,
		fmt.Sprintf("gongkai-import-%s-%d-3", host, os.Getpid()):        true,
		fmt.Sprintf("gongkai-import-%s.x-%d-4", host, gone.Process.Pid): true, // another machine's
		"gongkai-import-123": true,
	} {
		if err := os.MkdirAll(filepath.Join(tmp, name, "in"), 0o777); err != nil {
			t.Fatal(err)
		}
		dir, err := tempFolder(tmp)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(tmp, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
	}
}
