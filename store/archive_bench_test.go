package store

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	bolt "go.etcd.io/bbolt"
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
// it took besides the mapped file, and how long it takes to open the archive and to read from it at random. x/loop compares
// the rate with that of a loop over the first of these pages: SHA-256, zstd without a dictionary, encoding/json of capture
// and record, and appending the outcome to a plain file that is synced as often as the archive made commits.
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

// BenchmarkAppend compares how fast what is packed already goes into an archive, to the end of a plain file, and into a
// bbolt bucket, a value each: captures with payloads of 10 KB that cannot be packed, and pages with their records as they
// come from portals. All are written in turn, 100 to a commit or sync.
func BenchmarkAppend(b *testing.B) {
	const rounds = 30
	press := newPress(b, 110_000)
	for name, print := range map[string]func(round int) []printed{
		"10 KB": func(round int) []printed { return payloads(round*together, together) },
		"pages": func(round int) []printed { return press.print(b, round*together, (round+1)*together) },
	} {
		b.Run(name, func(b *testing.B) {
			var took rates
			for range b.N {
				took.add(appending(b, rounds, print))
			}
			rate := func(d time.Duration) float64 { return float64(b.N*rounds*together) / d.Seconds() }
			b.ReportMetric(rate(took.archive), "archive/s")
			b.ReportMetric(rate(took.plain), "append/s")
			b.ReportMetric(rate(took.bolt), "bbolt/s")
			b.ReportMetric(took.plain.Seconds()/took.archive.Seconds(), "x/append")
			b.ReportMetric(took.plain.Seconds()/took.bolt.Seconds(), "bbolt/append")
		})
	}
}

// together is how many pages are in a commit of BenchmarkAppend.
const together = 100

// payloads are captures of documents, without records.
func payloads(from, n int) []printed {
	pages := make([]printed, n)
	for i := range pages {
		c := newCapture(fmt.Sprintf("http://www.p%d.gov.cn/files/%d.bin", (from+i)%benchPortals, from+i), from+i)
		c.Kind = KindAttachment
		pages[i] = printed{c, randomBytes(10_000 + from + i), nil}
	}
	return pages
}

// rates are how long each way of writing the same bytes took.
type rates struct{ archive, plain, bolt time.Duration }

func (r *rates) add(o rates) {
	r.archive, r.plain, r.bolt = r.archive+o.archive, r.plain+o.plain, r.bolt+o.bolt
}

// appending writes so many rounds of pages in each way.
func appending(b *testing.B, rounds int, print func(round int) []printed) (took rates) {
	s, f := newStore(b), newPlainFile(b)
	db, err := bolt.Open(filepath.Join(b.TempDir(), "values"), 0o644, &bolt.Options{NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for round := range rounds {
		var ready []*pendingCapture
		for _, p := range print(round) {
			n, err := s.pending(p.capture, p.body, p.record)
			if err != nil {
				b.Fatal(err)
			}
			ready = append(ready, n)
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
		took.archive += time.Since(began)
		if err != nil {
			b.Fatal(err)
		}
		var whole [][]byte // what each page comes to
		for _, n := range ready {
			n.settle(true)
			item := n.row.AppendTo(n.body.AppendTo(nil))
			if n.record != nil {
				item = n.record.item.AppendTo(item)
			}
			whole = append(whole, item)
		}
		began = time.Now()
		w := bufio.NewWriter(f)
		for _, item := range whole {
			w.Write(item)
		}
		f.sync(b, w)
		took.plain += time.Since(began)
		began = time.Now()
		err = db.Update(func(tx *bolt.Tx) error {
			values, err := tx.CreateBucketIfNotExists([]byte("values"))
			for i, item := range whole {
				err = errors.Join(err, values.Put(urlKey(ready[i].URL, uint64(i)), item))
			}
			return err
		})
		took.bolt += time.Since(began)
		if err != nil {
			b.Fatal(err)
		}
	}
	return took
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
