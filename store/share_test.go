package store

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"gongkai/store/internal/item"
)

// readerEnv names the folder that the test binary, started again, reads from until its standard input ends.
const readerEnv = "GONGKAI_STORE_READER"

// readForEver looks through an archive that another process writes to, again and again, and proves all that it sees:
// captures without a gap, each with its body and record, and never less than before.
func readForEver(dir string) {
	done := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	s, err := OpenReadOnly(dir)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	looks, last := 0, uint64(0)
	for {
		n, err := look(s)
		if err == nil && n < last {
			err = fmt.Errorf("%d captures, and %d before", n, last)
		}
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		last = n
		looks++
		select {
		case <-done:
			fmt.Println("looked", looks, last)
			os.Exit(0)
		default:
		}
	}
}

func look(s *Store) (n uint64, err error) {
	for c, err := range s.Captures(0) {
		if err != nil {
			return n, err
		}
		if n++; c.ID != n {
			return n, fmt.Errorf("capture %d has id %d", n, c.ID)
		}
		body, err := s.Body(c.SHA256)
		if err != nil {
			return n, err
		}
		if item.Digest(sha256.Sum256(body)).String() != c.SHA256 {
			return n, fmt.Errorf("capture %d has another body", n)
		}
		r, ok, err := s.Record(c.ID)
		if err != nil || !ok || r.URL != c.URL {
			return n, fmt.Errorf("record of capture %d: %v, %v", n, ok, err)
		}
	}
	return n, nil
}

// TestReadersBesideWriter lets two other processes read all the time while this one writes as fast as it can.
func TestReadersBesideWriter(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	write := func(i int) {
		body := strings.Repeat(fmt.Sprintf("<p>第%d页 政府信息公开</p>\n", i), 300)
		add(t, s, newCapture(fmt.Sprintf("http://a.gov.cn/%d", i), i), body, &Record{Report: newReport(fmt.Sprint(i))})
		if i%7 == 0 { // old pages are freed, too
			r := &Record{Capture: uint64(1 + i/2), Report: newReport(fmt.Sprint(i))}
			if err := s.PutRecord(r); err != nil {
				t.Error(err)
			}
		}
	}
	write(0)
	type reader struct {
		cmd  *exec.Cmd
		stop io.Closer
		out  *bufio.Reader
	}
	var readers []reader
	for range 2 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), readerEnv+"="+s.Dir())
		stop, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		readers = append(readers, reader{cmd, stop, bufio.NewReader(out)})
	}
	deadline := time.Now().Add(2 * time.Second)
	n := 1
	for ; time.Now().Before(deadline); n++ {
		write(n)
	}
	for _, r := range readers {
		r.stop.Close()
		line, err := r.out.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "looked ") {
			t.Errorf("a reader says %q, %v", line, err)
		}
		t.Log(n, "written;", strings.TrimSpace(line))
	}
}
