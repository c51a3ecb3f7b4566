package store

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// killEnv makes the test binary a writer that is to be killed: the archive's folder, and where its pages begin.
const killEnv = "GONGKAI_TEST_STORE"

// kills is how often TestKill kills: go test ./store -run TestKill -kills 1000 -timeout 30m
var kills = flag.Int("kills", 12, "how often the writer is killed by TestKill")

// TestWriterChild is the writer of TestKill, and otherwise nothing: several goroutines archive pages and their records, and
// tell what the archive has acknowledged.
func TestWriterChild(t *testing.T) {
	var dir string
	var first int
	if _, err := fmt.Sscanf(os.Getenv(killEnv), "%d %s", &first, &dir); err != nil {
		t.Skip("only for TestKill")
	}
	press := newPress(t, 40_000)
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fmt.Println("begin")
	var wg sync.WaitGroup
	for walker := range 6 {
		wg.Go(func() {
			for n := first + walker; n < first+6*1000; n += 6 {
				c, body, rec := press.page(n%5, n/5)
				if n%7 == 3 { // with its record, in one commit
					if err := s.AddCapture(c, body, rec); err != nil {
						t.Error(err)
						return
					}
					fmt.Println("capture", c.ID, c.SHA256, "record", rec.Fields)
					continue
				}
				if err := s.AddCapture(c, body, nil); err != nil {
					t.Error(err)
					return
				}
				fmt.Println("capture", c.ID, c.SHA256)
				if rec.Capture = c.ID; n%4 == 0 {
					rec = &Record{Capture: c.ID, Rejected: "none"}
				}
				if err := s.PutRecord(rec); err != nil {
					t.Error(err)
					return
				}
				fmt.Println("record", c.ID, rec.SHA256, rec.Fields+rec.Rejected)
			}
		})
	}
	wg.Wait()
}

// A witness remembers what an archive has acknowledged.
type witness struct {
	captures map[uint64]string // SHA-256 by id
	records  map[uint64]string // digest of fields, or why there are none
}

// hear reads a line of a writer. The last one may be cut.
func (w *witness) hear(line string) {
	var id uint64
	var sum, said string
	if n, _ := fmt.Sscanf(line, "capture %d %s record %s", &id, &sum, &said); n == 3 && len(said) == 64 {
		w.records[id] = said
	}
	if n, _ := fmt.Sscanf(line, "capture %d %s", &id, &sum); n == 2 && len(sum) == 64 {
		w.captures[id] = sum
	}
	if n, _ := fmt.Sscanf(line, "record %d %s %s", &id, &sum, &said); n == 3 && (len(said) == 64 || said == "none") {
		w.records[id] = said
	}
}

// TestKill kills a writer at random moments, again and again. Whatever it had said to be archived is there, nothing is
// there in part, and the archive verifies.
func TestKill(t *testing.T) {
	t.Parallel()
	const each = 25                                                                                   // kills of one archive: all of it is read after each
	moments := []string{"capture", "capture", "capture", "begin", "record", "capture", "capture", ""} // after which lines; "": from the start
	var kept witness
	dir := ""
	acknowledged, beyond := 0, 0
	for k := range *kills {
		if k%each == 0 {
			dir = filepath.Join(t.TempDir(), "archive")
			kept = witness{make(map[uint64]string), make(map[uint64]string)}
		}
		before := len(kept.captures) + len(kept.records)
		writeAndDie(t, dir, len(kept.captures)*2, moments[k%len(moments)], &kept)
		acknowledged += len(kept.captures) + len(kept.records) - before
		more := attest(t, dir, &kept)
		if beyond += more; t.Failed() {
			t.Fatalf("after %d kills", k+1)
		}
	}
	t.Logf("%d kills: %d captures and records acknowledged, none lost; %d more were there", *kills, acknowledged, beyond)
	if acknowledged == 0 {
		t.Errorf("the writers came to nothing")
	}
}

// writeAndDie starts a writer and kills it some time after a line that it writes.
func writeAndDie(t *testing.T, dir string, first int, after string, kept *witness) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriterChild$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", killEnv, first, dir))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		lifetime := time.Duration(rand.Int64N(int64(150 * time.Millisecond)))
		time.AfterFunc(lifetime, func() { cmd.Process.Kill() })
	}
	dying, line := false, ""
	for lines := bufio.NewReader(out); err == nil; {
		if !dying && strings.HasPrefix(line, after) {
			dying = true
			kill()
		}
		if line, err = lines.ReadString('\n'); err == nil {
			kept.hear(line)
		}
	}
	if err != io.EOF {
		t.Error(err)
	}
	cmd.Wait() // it was killed, as it should be
}

// attest opens an archive and compares it with what it has acknowledged; it returns how much more there is.
func attest(t *testing.T, dir string, kept *witness) (more int) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	known := len(kept.captures) + len(kept.records)
	for id, sum := range kept.captures {
		c, ok, err := s.Capture(id)
		if err != nil || !ok || c.SHA256 != sum {
			t.Errorf("capture %d: %v %v, SHA-256 %s, want %s", id, ok, err, c.SHA256, sum)
			continue
		}
		if _, err := s.Body(sum); err != nil {
			t.Errorf("capture %d: %v", id, err)
		}
	}
	for id, said := range kept.records {
		r, ok, err := s.Record(id)
		if err != nil || !ok || r.Fields+r.Rejected != said {
			t.Errorf("record %d: %v %v, %s, want %s", id, ok, err, r.Fields+r.Rejected, said)
		}
	}
	clean(t, s)
	for c, err := range s.Captures(0) { // it was archived, and the writer could not say so any more
		if err != nil {
			t.Error(err)
			break
		}
		kept.captures[c.ID] = c.SHA256
		if r, ok, err := s.Record(c.ID); err != nil {
			t.Error(err)
		} else if ok {
			kept.records[c.ID] = r.Fields + r.Rejected
		}
	}
	return len(kept.captures) + len(kept.records) - known
}
