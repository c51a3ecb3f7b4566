package term

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gongkai/crawler"
)

// childEnv makes the test binary a run that somebody looks at.
const childEnv = "GONGKAI_TEST_DISPLAY"

// TestDisplayChild is that run, and otherwise nothing.
func TestDisplayChild(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		t.Skip("only within tmux")
	}
	w := NewWriter(os.Stderr)
	d := NewDisplay(w, "crawl")
	for i := range 60 {
		p := crawler.Progress{Sites: 20, Requests: i}
		for n := range 20 {
			p.Portals = append(p.Portals, crawler.PortalProgress{ID: fmt.Sprint("portal-", n), Requests: 1, Visited: i, Queued: 100})
		}
		d.Show(p)
		if i == 30 {
			fmt.Fprintln(w, "a line of the log")
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.Close()
	fmt.Fprintln(w, "the end")
	time.Sleep(time.Minute) // until the terminal is closed
}

// TestInTmux looks at a real terminal: one block however often it is drawn, also after the window has become wider, and
// nothing of it in the end.
func TestInTmux(t *testing.T) {
	path, err := exec.LookPath("tmux")
	if err != nil {
		t.Skip("no tmux here")
	}
	socket := filepath.Join(t.TempDir(), "tmux")
	tmux := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(path, append([]string{"-S", socket, "-f", os.DevNull}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	// shown waits until the terminal, with what has been scrolled away, shows something.
	shown := func(want string) (rows string) {
		t.Helper()
		for range 300 {
			if rows = tmux("capture-pane", "-p", "-t", "t", "-S", "-200"); strings.Contains(rows, want) {
				return rows
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("%q is never shown:\n%s", want, rows)
		return ""
	}
	tmux("new-session", "-d", "-x", "100", "-y", "30", "-s", "t", "-e", childEnv+"=1", "--", os.Args[0], "-test.run=^TestDisplayChild$")
	defer tmux("kill-server")
	for _, when := range []string{"portal-1 ", "a line of the log"} {
		rows := shown(when)
		if n := strings.Count(rows, "sites done"); n != 1 {
			t.Errorf("%d blocks:\n%s", n, rows)
		}
		tmux("resize-window", "-t", "t", "-x", "130", "-y", "40")
	}
	if rows := strings.Fields(shown("the end")); strings.Join(rows, " ") != "a line of the log the end" {
		t.Errorf("in the end: %q", rows)
	}
}
