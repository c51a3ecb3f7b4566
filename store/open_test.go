package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// childEnv names the folder in which the test binary, started again, archives pages until it is killed.
const childEnv = "GONGKAI_STORE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		writeForEver(dir)
	}
	if spec := os.Getenv(rewriteEnv); spec != "" {
		rewriteAndDie(spec)
	}
	if dir := os.Getenv(readerEnv); dir != "" {
		readForEver(dir)
	}
	os.Exit(m.Run())
}

// writeForEver prints the digest of each body that was acknowledged.
func writeForEver(dir string) {
	s, err := Open(dir)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		c := newCapture(fmt.Sprintf("http://a.gov.cn/%d", i), i)
		if err := s.AddCapture(c, fmt.Append(nil, os.Getpid(), i), &Record{Report: newReport(fmt.Sprint(i))}); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(c.SHA256)
	}
}

// child starts a writer in another process.
func child(t *testing.T, dir string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewReader(out)
}

func TestSecondWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, out := child(t, dir)
	if line, err := out.ReadString('\n'); err != nil || strings.HasPrefix(line, "error") {
		t.Fatal(line, err)
	}
	go io.Copy(io.Discard, out)
	_, err := Open(dir)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint("process ", cmd.Process.Pid)) {
		t.Errorf("second writer: %v", err)
	}
}

func TestWriterAfterReader(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	dir := s.Dir()
	s.Close()
	r, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := OpenReadOnly(dir)
	if err != nil {
		t.Errorf("second reader: %v", err)
	}
	w, err := Open(dir) // readers do not keep a writer away
	if err != nil {
		t.Fatalf("writer beside readers: %v", err)
	}
	add(t, w, newCapture(reportURL, 0), "page", nil)
	for _, s := range []*Store{r, second} {
		if c, ok, err := s.LastCapture(reportURL); !ok || err != nil || c.ID != 1 {
			t.Errorf("a reader sees %+v, %v, %v", c, ok, err)
		}
	}
	third, err := OpenReadOnly(dir)
	if err != nil {
		t.Errorf("reader beside a writer: %v", err)
	}
	if err := errors.Join(r.Close(), second.Close(), third.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if w, err = Open(dir); err != nil {
		t.Fatalf("writer after all: %v", err)
	}
	w.Close()
}

// TestDeadWriter accuses nobody who was killed.
func TestDeadWriter(t *testing.T) {
	dir := t.TempDir()
	stale := fmt.Sprintf(writerFormat, 1<<22+1, "2024-01-01T00:00:00Z")
	if err := os.WriteFile(filepath.Join(dir, writerName), []byte(stale), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := locked(dir); !errors.Is(err, ErrLocked) || strings.Contains(err.Error(), "4194305") {
		t.Error(err)
	}
}

// checkWhole tests what a torn commit would break.
func checkWhole(t *testing.T, s *Store) {
	t.Helper()
	n := 0
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; c.ID != uint64(n) {
			t.Fatalf("capture %d has id %d", n, c.ID)
		}
		if _, err := s.Body(c.SHA256); err != nil {
			t.Error(err)
		}
		if _, ok, err := s.Record(c.ID); !ok || err != nil {
			t.Errorf("record of capture %d: %v, %v", c.ID, ok, err)
		}
	}
	for _, bucket := range [][]byte{captureBucket, recordBucket, urlBucket, timeBucket, stateBucket, keyBucket} {
		if got := entries(t, s, bucket); got != n {
			t.Errorf("%s has %d entries for %d captures", bucket, got, n)
		}
	}
}

// TestImageBetweenCommits opens a copy of the file taken while the archive is open, as a kill would leave it.
func TestImageBetweenCommits(t *testing.T) {
	s := newStore(t)
	for i := range 20 {
		add(t, s, newCapture(fmt.Sprintf("http://a.gov.cn/%d", i), i), fmt.Sprint(i), &Record{Report: newReport("1")})
		if i%5 != 4 {
			continue
		}
		dir := t.TempDir()
		image, err := os.ReadFile(filepath.Join(s.Dir(), fileName))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fileName), image, 0o644); err != nil {
			t.Fatal(err)
		}
		copied, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if id, _ := copied.LastID(); id != uint64(i+1) {
			t.Errorf("the image has %d captures, want %d", id, i+1)
		}
		checkWhole(t, copied)
		copied.Close()
	}
}

func TestNotArchive(t *testing.T) {
	write := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	foreign := func(t *testing.T, dir string) {
		db, err := bolt.Open(filepath.Join(dir, fileName), 0o644, nil)
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
	}
	ofSchema := func(version string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			s, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			put(t, s, metaBucket, []byte("schema"), []byte(version))
			s.Close()
		}
	}
	short := func(t *testing.T, dir string) {
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		add(t, s, newCapture(reportURL, 0), "page", nil)
		s.Close()
		if err := os.Truncate(filepath.Join(dir, fileName), 3*4096); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		make   func(*testing.T, string)
		is     error
		says   string
		writer bool // Open refuses too
	}{
		{"missing", func(t *testing.T, dir string) { os.Remove(dir) }, ErrNotArchive, "no such folder", false},
		{"empty folder", func(*testing.T, string) {}, ErrNotArchive, "no archive.db", false},
		{"other things", write("letter.txt", "hello"), ErrNotArchive, "no archive.db", false},
		{"a file", func(t *testing.T, dir string) { os.Remove(dir); write("", "x")(t, dir) }, ErrNotArchive, "is a file", false},
		{"empty file", write(fileName, ""), ErrNotArchive, "is empty", true},
		{"text file", write(fileName, strings.Repeat("not a database\n", 2000)), ErrNotArchive, "no bbolt file", true},
		{"short text file", write(fileName, "hello"), ErrNotArchive, "no bbolt file", true},
		{"other program", foreign, ErrNotArchive, "another program", true},
		{"newer schema", ofSchema("3"), ErrNotArchive, "use a newer gongkai", true},
		{"older schema", ofSchema("1"), ErrNotArchive, "begin a new archive", true},
		{"cut short", short, ErrDamaged, "cut short", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "archive")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			tt.make(t, dir)
			_, err := OpenReadOnly(dir)
			if !errors.Is(err, tt.is) || !strings.Contains(fmt.Sprint(err), tt.says) {
				t.Errorf("OpenReadOnly: %v", err)
			}
			t.Log(err)
			if !tt.writer {
				return
			}
			before, _ := os.ReadFile(filepath.Join(dir, fileName))
			if _, err := Open(dir); !errors.Is(err, tt.is) {
				t.Errorf("Open: %v", err)
			}
			if after, _ := os.ReadFile(filepath.Join(dir, fileName)); string(after) != string(before) {
				t.Error("Open wrote to a file that is no archive")
			}
		})
	}
}

func TestIsLost(t *testing.T) {
	for err, want := range map[error]bool{
		fmt.Errorf("body: %w", ErrNotFound): true, fmt.Errorf("body: %w", ErrDamaged): true, error(&lostError{}): true,
		ErrFull: false, ErrLocked: false, nil: false,
	} {
		if IsLost(err) != want {
			t.Errorf("IsLost(%v) = %v", err, !want)
		}
	}
}
