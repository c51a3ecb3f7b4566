package store

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// pagesEnv is how many reports BenchmarkArchive writes: 100000 is what a country's portals hold of some years.
const pagesEnv = "GONGKAI_BENCH_PAGES"

// BenchmarkArchive archives report pages of 110 KB from many portals at once, as a crawl does: the page, then its
// record. It tells what the folder then takes a page, what was written for it, and how long it takes to open the
// archive and to read from it.
func BenchmarkArchive(b *testing.B) {
	pages, err := strconv.Atoi(cmp.Or(os.Getenv(pagesEnv), "600"))
	if err != nil {
		b.Fatal(err)
	}
	const portals, walkers = 40, 64
	press := newPress(b, 110_000)
	for range b.N {
		s := newStore(b)
		written := writtenBytes()
		var busy time.Duration
		var raw int64
		for from := 0; from < pages; from += 2000 { // printing pages is not what is measured
			to := min(from+2000, pages)
			printed := make([]func() (*Capture, []byte, *Record), to-from)
			var wg sync.WaitGroup
			turns := make(chan struct{}, walkers)
			for i := range printed {
				turns <- struct{}{}
				wg.Go(func() {
					c, body, rec := press.page((from+i)%portals, (from+i)/portals)
					printed[i] = func() (*Capture, []byte, *Record) { return c, body, rec }
					<-turns
				})
			}
			wg.Wait()
			began := time.Now()
			for _, page := range printed {
				c, body, rec := page()
				raw += int64(len(body))
				turns <- struct{}{}
				wg.Go(func() {
					defer func() { <-turns }()
					if err := s.AddCapture(c, body, nil); err != nil {
						b.Error(err)
						return
					}
					rec.Capture = c.ID
					if err := s.PutRecord(rec); err != nil {
						b.Error(err)
					}
				})
			}
			wg.Wait()
			busy += time.Since(began)
		}
		written = writtenBytes() - written
		b.ReportMetric(float64(pages)/busy.Seconds(), "pages/s")
		b.ReportMetric(float64(folderSize(b, s.Dir()))/float64(pages), "folder-B/page")
		b.ReportMetric(float64(written)/float64(pages), "written-B/page")
		b.ReportMetric(float64(raw)/float64(pages), "raw-B/page")
		b.ReportMetric(float64(peak())/(1<<20), "peak-MB")
		reading(b, s)
	}
}

// reading opens the archive again and reads at random.
func reading(b *testing.B, s *Store) {
	last, err := s.LastID()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if s, err = Open(s.Dir()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "open-ms")
	defer s.Close()
	var took []time.Duration
	for i := range uint64(1000) {
		id := 1 + i*7919%last
		began := time.Now()
		c, _, err := s.Capture(id)
		if err == nil {
			_, err = s.Body(c.SHA256)
		}
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "read-p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "read-p99-µs")
}

func folderSize(t testing.TB, dir string) (n int64) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		n += info.Size()
	}
	return n
}

// writtenBytes is what this process has written so far; 0 where the system does not tell.
func writtenBytes() (n int64) {
	text, _ := os.ReadFile("/proc/self/io")
	_, rest, _ := strings.Cut(string(text), "wchar: ")
	fmt.Sscan(rest, &n)
	return n
}

// peak is the most memory this process has had; 0 where the system does not tell.
func peak() (n int64) {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fmt.Sscan(rest, &n)
	return n << 10
}
