package store

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crypto/sha256"

	"github.com/klauspost/compress/zstd"
)

// pagesEnv is how many reports BenchmarkArchive writes, several numbers with commas between: 100000 is what a country's
// portals hold of some years.
const pagesEnv = "GONGKAI_BENCH_PAGES"

// What BenchmarkArchive's pages come from, and how many of them come at once.
const (
	benchPortals = 40
	benchWalkers = 64
	benchChunk   = 400  // pages printed beforehand: printing is not what is measured
	benchLoop    = 4000 // pages that the loop is given, too
)

// BenchmarkArchive archives report pages of 110 KB from many portals at once, as a crawl does: the page, then its
// record. It tells how many come in a second, what the folder then takes a page, what was written for it, how much memory
// it took besides the mapped file, how long it takes to open the archive and to read from it at random; and how the rate
// compares with that of two loops over the same pages:
//
//   - x/append: what the archive does with items that are packed already, against appending the same bytes to a plain
//     file, both with 100 pages a commit, one sync of the plain file each;
//   - x/loop: all of it, against SHA-256, zstd without a dictionary, encoding/json of the capture and of the record, and
//     appending the outcome to a plain file that is synced as often as the archive made commits.
func BenchmarkArchive(b *testing.B) {
	for size := range strings.SplitSeq(cmp.Or(os.Getenv(pagesEnv), "600"), ",") {
		pages, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size, func(b *testing.B) {
			for range b.N {
				archiveBench(b, pages)
			}
		})
	}
}

// A printed page is what the benchmarks archive.
type printed struct {
	capture *Capture
	body    []byte
	record  *Record
}

// print prints pages from one number to another.
func (p *press) print(t testing.TB, from, to int) []printed {
	pages := make([]printed, to-from)
	all := make([]func() error, len(pages))
	for i := range all {
		all[i] = func() error {
			c, body, rec := p.page((from+i)%benchPortals, (from+i)/benchPortals)
			pages[i] = printed{c, body, rec} // each goroutine owns one element
			return nil
		}
	}
	atOnce(t, benchWalkers, all)
	return pages
}

func archiveBench(b *testing.B, pages int) {
	press := newPress(b, 110_000)
	s := newStore(b)
	plain := newPlainFile(b)
	var busy, loop, beside time.Duration
	var raw, memory, written int64
	for from := 0; from < pages; from += benchChunk {
		printed := press.print(b, from, min(from+benchChunk, pages))
		all := make([]func() error, len(printed))
		for i, p := range printed {
			raw += int64(len(p.body))
			all[i] = func() error {
				if err := s.AddCapture(p.capture, p.body, nil); err != nil {
					return err
				}
				p.record.Capture = p.capture.ID
				return s.PutRecord(p.record)
			}
		}
		commits, before, began := s.commits(b), writtenBytes(), time.Now()
		atOnce(b, benchWalkers, all)
		took := time.Since(began)
		busy += took
		written += writtenBytes() - before
		memory = max(memory, anonymous())
		if commits = s.commits(b) - commits; from < benchLoop {
			began = time.Now()
			plain.loop(b, printed, max(len(printed)/max(commits, 1), 1))
			loop += time.Since(began)
			beside += took
		}
	}
	per := func(n int64) float64 { return float64(n) / float64(pages) }
	b.ReportMetric(float64(pages)/busy.Seconds(), "pages/s")
	b.ReportMetric(loop.Seconds()/beside.Seconds(), "x/loop")
	b.ReportMetric(per(folderSize(b, s.Dir())), "folder-B/page")
	b.ReportMetric(per(written), "written-B/page")
	b.ReportMetric(float64(written)/float64(folderSize(b, s.Dir())), "x/written")
	b.ReportMetric(per(raw), "raw-B/page")
	b.ReportMetric(float64(memory)/(1<<20), "anon-MB")
	b.ReportMetric(appending(b, press), "x/append")
	reading(b, s)
}

// commits is how many commits the archive has made.
func (s *Store) commits(t testing.TB) (n int) {
	if err := s.view(func(tx *txn) error { n = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// A plainFile is what the archive is measured against.
type plainFile struct {
	*os.File
	zip *zstd.Encoder
	n   int // pages appended since the last sync
}

func newPlainFile(b *testing.B) *plainFile {
	f, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	return &plainFile{File: f, zip: zip}
}

// loop does by hand what cannot be left out, several pages at a time.
func (f *plainFile) loop(b *testing.B, pages []printed, each int) {
	type packed struct{ page, row, record []byte }
	out := make([]packed, len(pages))
	all := make([]func() error, len(pages))
	for i, p := range pages {
		all[i] = func() error {
			c := *p.capture
			c.SHA256 = fmt.Sprintf("%x", sha256.Sum256(p.body))
			row, err := json.Marshal(c)
			if err != nil {
				return err
			}
			record, err := json.Marshal(p.record)
			out[i] = packed{f.zip.EncodeAll(p.body, nil), f.zip.EncodeAll(row, nil), f.zip.EncodeAll(record, nil)}
			return err
		}
	}
	atOnce(b, benchWalkers, all)
	w := bufio.NewWriter(f)
	for _, p := range out {
		w.Write(p.page)
		w.Write(p.row)
		w.Write(p.record)
		if f.n++; f.n%each == 0 {
			f.sync(b, w)
		}
	}
	f.sync(b, w)
}

func (f *plainFile) sync(b *testing.B, w *bufio.Writer) {
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
}

// appending compares how fast packed items go into an archive and to the end of a file.
func appending(b *testing.B, press *press) float64 {
	const together, rounds = 100, 20
	s := newStore(b)
	var archive, plain time.Duration
	f := newPlainFile(b)
	for round := range rounds {
		pages := press.print(b, round*together, (round+1)*together)
		ready := make([]*newcomer, len(pages))
		for i, p := range pages {
			n, err := s.newcomer(p.capture, p.body, p.record)
			if err != nil {
				b.Fatal(err)
			}
			ready[i] = n
		}
		began := time.Now()
		err := s.update(func(t *txn) error {
			for _, n := range ready {
				if err := n.put(t); err != nil {
					return err
				}
			}
			return nil
		})
		archive += time.Since(began)
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		w := bufio.NewWriter(f)
		for _, n := range ready {
			n.settle(true)
			for _, it := range []*item{&n.body, &n.row, &n.record.item} {
				w.Write(it.appendTo(nil))
			}
		}
		f.sync(b, w)
		plain += time.Since(began)
	}
	return plain.Seconds() / archive.Seconds()
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

// anonymous is the memory of this process that is no mapped file; 0 where the system does not tell.
func anonymous() (n int64) {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	fmt.Sscan(rest, &n)
	return n << 10
}
