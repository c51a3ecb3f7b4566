package crawler

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// These make the test binary a crawler that is to be killed: the archive's folder, and the name it gives itself.
const (
	killEnv  = "GONGKAI_TEST_CRAWL"
	agentEnv = "GONGKAI_TEST_AGENT"
)

const killDelay = 25 * time.Millisecond

// kills is how often TestKill kills: go test ./crawler -run TestKill -kills 1000 -timeout 30m
var kills = flag.Int("kills", 20, "how often the crawler is killed by TestKill")

// TestKillChild is the crawler of TestKill, and otherwise nothing. It reads the catalogue from standard input.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(killEnv)
	if dir == "" {
		t.Skip("only for TestKill")
	}
	var portals []seeds.Portal
	if err := json.NewDecoder(os.Stdin).Decode(&portals); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := &Crawler{UserAgent: os.Getenv(agentEnv), Delay: killDelay, Hosts: 64, AllowPrivate: true, Portals: portals, Store: s}
	fmt.Println("begin", time.Now().UnixNano())
	sum, err := c.Run(t.Context())
	if err != nil || !sum.Clean() {
		t.Fatal(sum.Problems(), err)
	}
	fmt.Println("end:", sum)
}

// TestKill kills a crawler at random moments until it has come to an end, and asks the servers what it did to them.
func TestKill(t *testing.T) {
	t.Parallel()
	const portals = 6
	reports := 20 + *kills/8 // the crawl must outlast all kills
	faults := []string{"", "", "500-", "file-", "reset-", "moved-", ""}
	f := newFarm(t, portals, reports, func(portal, n int) string { return fmt.Sprint(faults[(portal+n)%len(faults)], "r", n) })
	dir := t.TempDir()
	killed, result := 0, ""
	for result == "" {
		var lifetime time.Duration = -1
		if killed < *kills {
			lifetime = time.Duration(rand.Int64N(int64(90 * time.Millisecond)))
		}
		agent := fmt.Sprint("gongkai/test-", killed)
		var began time.Time
		began, result = crawlAndDie(t, f, dir, agent, lifetime)
		for _, p := range f.portals {
			if first, again := p.first(agent); again && first.Sub(began) < killDelay {
				t.Errorf("%s was asked %v after the start", p.id, first.Sub(began))
			}
		}
		if result == "" {
			killed++
		}
	}
	t.Logf("killed %d times; then %s", killed, result)
	attached := 0 // a page with nothing but an attachment is a report, and the others here are none
	for _, p := range f.portals {
		for _, name := range p.reports {
			attached += strings.Count(name, "file-")
		}
	}
	if !strings.Contains(result, fmt.Sprintf(" %d reports read, %d rejected", attached, portals*reports-attached)) {
		t.Errorf("the runs together came to %s", result)
	}
	s, err := store.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	extra := 0
	for _, p := range f.portals {
		for _, name := range p.reports {
			paths := []string{"/nb/" + name + ".html"}
			if rest, moved := strings.CutPrefix(name, "moved-"); moved {
				paths[0] = "/nb/" + rest + ".html"
			}
			if rest, attached := strings.CutPrefix(name, "file-"); attached {
				paths = append(paths, "/nb/"+rest+".txt")
			}
			for _, path := range paths {
				if n := bodiesOf(t, s, p.server.URL+path); n != 1 {
					t.Errorf("%s%s archived %d times", p.id, path, n)
				}
			}
		}
		for path, n := range p.asked {
			want := 1
			switch name := strings.TrimPrefix(path, "/nb/"); {
			case strings.HasPrefix(name, "500-"):
				want = 3
			case strings.HasPrefix(name, "reset-"):
				want = 2
			}
			extra += max(n-want, 0)
		}
		for _, line := range p.rude(killDelay) {
			t.Error(line)
		}
	}
	t.Logf("%d requests were repeated", extra)
	if extra > killed*portals {
		t.Errorf("%d requests were repeated after %d kills of a crawler that has %d under way", extra, killed, portals)
	}
}

// bodiesOf counts the captures of an address that have a body.
func bodiesOf(t *testing.T, s *store.Store, address string) (n int) {
	t.Helper()
	for c, err := range s.CapturesOf(address) {
		if err != nil {
			t.Fatal(err)
		}
		if c.State == store.StateOK || c.State == store.StateUnchanged {
			n++
		}
	}
	return n
}

// crawlAndDie runs a crawler and kills it after a while, unless lifetime is negative. It returns when it began, and what it
// said when it came to its end.
func crawlAndDie(t *testing.T, f *farm, dir, agent string, lifetime time.Duration) (began time.Time, result string) {
	t.Helper()
	catalogue, err := json.Marshal(f.seeds())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$", "-test.v")
	cmd.Env = append(os.Environ(), killEnv+"="+dir, agentEnv+"="+agent)
	cmd.Stdin = strings.NewReader(string(catalogue))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var all strings.Builder
	for lines.Scan() {
		var ns int64
		if scan(lines.Text(), "begin %d", &ns) {
			began = time.Unix(0, ns)
			if lifetime >= 0 {
				time.AfterFunc(lifetime, func() { cmd.Process.Signal(syscall.SIGKILL) }) // it may have ended
			}
		}
		if after, ok := strings.CutPrefix(lines.Text(), "end: "); ok {
			result = after
		}
		fmt.Fprintln(&all, lines.Text())
	}
	if err := cmd.Wait(); err != nil && lifetime < 0 {
		t.Fatalf("%v: %s", err, &all)
	}
	return began, result
}
