package crawler

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/net/html"

	"gongkai/seeds"
	"gongkai/store"
	"gongkai/testdata"
)

// serveEnv makes the test binary the servers of BenchmarkCost and BenchmarkNight, so that what they cost is not counted.
const serveEnv = "GONGKAI_TEST_SERVE"

// The servers: so many sites, each with one listing of so many reports. In a night, one of 25 of them is another.
const (
	costSites   = 8
	costReports = 100
	nightSites  = 5
)

// nightPath is asked for to make a server's reports those of the next night, dayPath for the reverse.
const (
	nightPath = "/night"
	dayPath   = "/day"
)

// TestServeChild is these servers, and otherwise nothing. It ends when its standard input does.
func TestServeChild(t *testing.T) {
	if os.Getenv(serveEnv) == "" {
		t.Skip("only for benchmarks")
	}
	page := qujiang(t)
	for site := range costSites {
		server := httptest.NewServer(costHandler(site, page))
		defer server.Close()
		fmt.Println("serving", server.URL)
	}
	fmt.Println("serving all")
	io.Copy(io.Discard, os.Stdin)
}

// qujiang returns the page of a report.
func qujiang(t *testing.T) []byte {
	t.Helper()
	page, err := fs.ReadFile(testdata.Portals(), "qujiang/report.http")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ = bytes.Cut(page, []byte("\r\n\r\n"))
	return page
}

// costHandler serves a listing, and reports of 107 KB that differ in their words, as those of one portal do. They have
// validators that tell the truth.
func costHandler(site int, page []byte) http.Handler {
	var night atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch {
		case r.URL.Path == nightPath, r.URL.Path == dayPath:
			night.Store(r.URL.Path == nightPath)
		case r.URL.Path == "/nb/":
			for n := range costReports {
				fmt.Fprintf(w, `<li><a href="/nb/r%d.html">衢江区%s局2021年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, n, bureau(site, n))
			}
		case scan(r.URL.Path, "/nb/r%d.html", &n):
			text := bytes.ReplaceAll(page, []byte("人民政府办公室"), []byte(bureau(site, n)+"局办公室"))
			if night.Load() && n%25 == 3 {
				text = append(text, "<p>更正</p>"...)
			}
			w.Header().Set("ETag", fmt.Sprintf(`"%x"`, len(text)))
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
		default:
			http.NotFound(w, r)
		}
	})
}

// bureau names a bureau, each by another name.
func bureau(site, n int) string {
	sum := sha256.Sum256([]byte{byte(site), byte(n)})
	var name strings.Builder
	for _, b := range sum[:4] {
		name.WriteRune(0x6c34 + rune(b))
	}
	return name.String()
}

// costServers starts the servers in another process.
func costServers(b *testing.B) (urls []string) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServeChild$", "-test.v")
	cmd.Env = append(os.Environ(), serveEnv+"=1")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); io.Copy(io.Discard, out); cmd.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "serving all"; {
		if _, address, ok := strings.Cut(lines.Text(), "serving "); ok {
			urls = append(urls, address)
		}
	}
	if len(urls) != costSites {
		b.Fatal("the servers did not start")
	}
	return urls
}

// cpu is the processor time that this process has taken, in all.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCost compares the processor time of a crawl without politeness (fetch, read, compress, archive, frontier) with
// that of a bare loop over the same pages: net/http, html.Parse, zstd, and a database that is synced every 50 pages.
// The target is 1.3.
func BenchmarkCost(b *testing.B) {
	urls := costServers(b)
	var bare, whole time.Duration
	for b.Loop() {
		before := cpu(b)
		bareLoop(b, urls)
		between := cpu(b)
		costCrawl(b, urls)
		bare += between - before
		whole += cpu(b) - between
	}
	pages := float64(b.N * costSites * costReports)
	b.ReportMetric(float64(bare.Microseconds())/pages, "bare-µs/page")
	b.ReportMetric(float64(whole.Microseconds())/pages, "crawl-µs/page")
	b.ReportMetric(float64(whole)/float64(bare), "x/bare")
}

// costCrawl crawls all pages of the servers into an empty archive.
func costCrawl(b *testing.B, urls []string) {
	s, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	sum, err := costCrawler(s, urls).Run(b.Context())
	if err != nil || sum.Reports != costSites*costReports {
		b.Fatal(sum, sum.Problems(), err)
	}
}

// costCrawler visits the servers without politeness.
func costCrawler(s *store.Store, urls []string) *Crawler {
	c := &Crawler{UserAgent: "gongkai/test", Hosts: 4, AllowPrivate: true, Store: s}
	for i, u := range urls {
		c.Portals = append(c.Portals, seeds.Portal{ID: fmt.Sprint("s", i), Agency: "衢江区人民政府", Division: "330803", Start: []string{u + "/nb/"}})
	}
	return c
}

// BenchmarkNight compares the processor time of a night in which 20 of 500 reports have changed with that of the first crawl
// of all. The target is 0.1.
func BenchmarkNight(b *testing.B) {
	const reports, changed = nightSites * costReports, nightSites * costReports / 25
	urls := costServers(b)[:nightSites]
	turn := func(path string) {
		for _, u := range urls {
			res, err := http.Get(u + path)
			if err != nil {
				b.Fatal(err)
			}
			res.Body.Close()
		}
	}
	var first, second time.Duration
	var asked int
	for b.Loop() {
		s, err := store.Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		c := costCrawler(s, urls)
		turn(dayPath)
		before := cpu(b)
		if sum, err := c.Run(b.Context()); err != nil || sum.Reports != reports {
			b.Fatal(sum, err)
		}
		between := cpu(b)
		turn(nightPath)
		c.Recheck = true
		sum, err := c.Run(b.Context())
		if err != nil || sum.New != changed {
			b.Fatal(sum, err)
		}
		first += between - before
		second += cpu(b) - between
		asked = sum.Requests
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(first.Microseconds())/float64(b.N*reports), "first-µs/page")
	b.ReportMetric(float64(second.Microseconds())/float64(b.N*reports), "night-µs/page")
	b.ReportMetric(float64(second)/float64(first), "x/first")
	b.ReportMetric(float64(asked), "requests")
}

// bareLoop is what cannot be done with less: one page after the other, kept connections, no questions asked.
func bareLoop(b *testing.B, urls []string) {
	db, err := bolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	var pages [][2][]byte
	flush := func() {
		err := db.Update(func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("pages"))
			for _, p := range pages {
				err = errors.Join(err, bucket.Put(p[0], p[1]))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		pages = pages[:0]
	}
	for n := range costReports {
		for _, u := range urls {
			address := fmt.Sprintf("%s/nb/r%d.html", u, n)
			res, err := http.Get(address)
			if err != nil {
				b.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil {
				b.Fatal(err)
			}
			if _, err := html.Parse(bytes.NewReader(body)); err != nil {
				b.Fatal(err)
			}
			if pages = append(pages, [2][]byte{[]byte(address), enc.EncodeAll(body, nil)}); len(pages) == 50 {
				flush()
			}
		}
	}
	flush()
}
