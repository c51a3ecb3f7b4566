package collection_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"gongkai/crawler"
	"gongkai/crawler/collection"
	"gongkai/crawler/crawltest"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
	"gongkai/store/storetest"
	"gongkai/store/warc"
)

// A served is one answer as it came over the wire.
type served struct {
	url      string
	at       time.Time
	request  string
	response []byte
}

// wire asks for a page as a browser would, and keeps the bytes.
func wire(t *testing.T, address string, at time.Time) served {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := served{url: address, at: at, request: "GET " + u.RequestURI() + " HTTP/1.1\r\nHost: " + u.Host + "\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"}
	if _, err := io.WriteString(conn, s.request); err != nil {
		t.Fatal(err)
	}
	if s.response, err = io.ReadAll(conn); err != nil {
		t.Fatal(err)
	}
	return s
}

// A shape is how a tool writes WARC files.
type shape struct {
	name     string
	file     string // its ending tells how the records are packed
	whole    bool   // packed as a whole
	version  string
	brackets bool   // around addresses, as WARC 1.0 was read
	digest   string // sha1 in base 32, or sha256 in hexadecimal
	requests string // "first" or "last": where the request of an answer stands
	edit     func(head, body []byte) (newHead, newBody []byte)
	noise    bool // records of other kinds stand between
}

var shapes = []shape{
	{name: "wget", file: "wget.warc.gz", version: "1.0", brackets: true, digest: "sha1", requests: "first", noise: true},
	{name: "wget without compression", file: "wget.warc", version: "1.0", brackets: true, digest: "sha1", requests: "first"},
	{name: "Heritrix", file: "heritrix.warc.gz", version: "1.0", digest: "sha1", requests: "last", edit: chunked, noise: true},
	{name: "Browsertrix", file: "browsertrix.wacz", version: "1.1", digest: "sha256", requests: "last", edit: decodedUnder("gzip"), noise: true},
	{name: "Zeno", file: "zeno.warc.zst", version: "1.1", digest: "sha1", requests: "last", edit: chunked},
	{name: "brotli", file: "br.warc.gz", version: "1.1", digest: "sha256", requests: "last", edit: packedWith("br")},
	{name: "deflate in chunks", file: "deflate.warc.gz", version: "1.1", digest: "sha256", edit: func(head, body []byte) ([]byte, []byte) {
		return chunked(packedWith("deflate")(head, body))
	}},
	{name: "gzip as a whole", file: "whole.warc.gz", whole: true, version: "1.1", digest: "sha256", requests: "last"},
}

// chunked cuts a body into chunks.
func chunked(head, body []byte) ([]byte, []byte) {
	var b bytes.Buffer
	for chunk := range slices.Chunk(body, 1000) {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	b.WriteString("0\r\n\r\n")
	return withField(head, "Content-Length", "", "Transfer-Encoding: chunked"), b.Bytes()
}

// decodedUnder keeps the body decoded and leaves a header that says otherwise.
func decodedUnder(coding string) func(head, body []byte) ([]byte, []byte) {
	return func(head, body []byte) ([]byte, []byte) {
		head, body = plain(head, body)
		return withField(head, "Content-Length", "Content-Encoding", "Content-Encoding: "+coding, "Content-Length: 17", "Transfer-Encoding: chunked"), body
	}
}

// packedWith packs the body.
func packedWith(coding string) func(head, body []byte) ([]byte, []byte) {
	return func(head, body []byte) ([]byte, []byte) {
		head, body = plain(head, body)
		var b bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "br":
			w = brotli.NewWriter(&b)
		case "deflate":
			w = newDeflate(&b)
		}
		w.Write(body)
		w.Close()
		return withField(head, "Content-Length", "Content-Encoding", "Content-Encoding: "+coding, fmt.Sprintf("Content-Length: %d", b.Len())), b.Bytes()
	}
}

// plain undoes the gzip of the replicas.
func plain(head, body []byte) ([]byte, []byte) {
	if !bytes.Contains(head, []byte("Content-Encoding: gzip")) {
		return head, body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return head, body
	}
	body, _ = io.ReadAll(z)
	return withField(head, "Content-Encoding", "Content-Length"), body
}

// withField drops two fields of an HTTP header and adds others.
func withField(head []byte, drop, alsoDrop string, add ...string) []byte {
	var lines []string
	for _, line := range strings.Split(strings.TrimRight(string(head), "\r\n"), "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		if name != drop && name != alsoDrop {
			lines = append(lines, line)
		}
	}
	return []byte(strings.Join(append(lines, add...), "\r\n") + "\r\n\r\n")
}

// A recorder writes WARC records in a shape.
type recorder struct {
	shape
	t     *testing.T
	out   bytes.Buffer
	n     int
	first map[string]*served // by digest of the payload
}

func (r *recorder) record(kind, uri string, at time.Time, media string, block []byte, more ...string) string {
	r.n++
	id := fmt.Sprintf("<urn:uuid:%08d-0000-4000-8000-000000000000>", r.n)
	if r.brackets && uri != "" {
		uri = "<" + uri + ">"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "WARC/%s\r\nWARC-Type: %s\r\nWARC-Record-ID: %s\r\nWARC-Date: %s\r\n", r.version, kind, id, at.UTC().Format(time.RFC3339))
	if uri != "" {
		fmt.Fprintf(&b, "WARC-Target-URI: %s\r\n", uri)
	}
	fmt.Fprintf(&b, "WARC-Block-Digest: %s\r\n", r.sum(block))
	for _, line := range more {
		b.WriteString(line + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n\r\n", media, len(block))
	b.Write(block)
	b.WriteString("\r\n\r\n")
	if r.whole || !strings.HasSuffix(r.file, ".gz") && !strings.HasSuffix(r.file, ".wacz") {
		r.out.Write(b.Bytes())
		return id
	}
	z := gzip.NewWriter(&r.out)
	z.Write(b.Bytes())
	z.Close()
	return id
}

func (r *recorder) sum(b []byte) string {
	if r.digest == "sha1" {
		sum := sha1.Sum(b)
		return "sha1:" + base32.StdEncoding.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// exchange writes a request and its answer; what was answered before with the same body as a revisit.
func (r *recorder) exchange(s served) {
	at := bytes.Index(s.response, []byte("\r\n\r\n")) + 4
	head, body := s.response[:at], s.response[at:]
	if r.edit != nil && len(body) > 0 {
		head, body = r.edit(head, body)
	}
	digest := r.sum(body)
	more := []string{"WARC-Payload-Digest: " + digest, "WARC-IP-Address: 127.0.0.1"}
	kind, block := "response", slices.Concat(head, body)
	if before := r.first[s.url+digest]; before != nil && len(body) > 0 {
		kind, block = "revisit", head
		more = append(more, "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest",
			"WARC-Refers-To-Target-URI: "+before.url, "WARC-Refers-To-Date: "+before.at.UTC().Format(time.RFC3339))
		if r.name == "Heritrix" {
			more = more[:3] // it names the digest only
		}
	} else {
		r.first[s.url+digest] = &s
	}
	if r.requests == "first" {
		more = append(more, "WARC-Concurrent-To: "+r.record("request", s.url, s.at, "application/http;msgtype=request", []byte(s.request)))
	}
	if r.noise {
		r.record("response", "dns:www.example.gov.cn", s.at, "text/dns", []byte("20230101000000\nwww.example.gov.cn. 600 IN A 127.0.0.1\n"))
		r.record("resource", "urn:view:"+s.url, s.at, "image/png", []byte("\x89PNG"))
	}
	id := r.record(kind, s.url, s.at, "application/http;msgtype=response", block, more...)
	if r.requests == "last" {
		r.record("request", s.url, s.at, "application/http;msgtype=request", []byte(s.request), "WARC-Concurrent-To: "+id)
	}
	if r.noise {
		r.record("metadata", s.url, s.at, "application/warc-fields", []byte("fetchTimeMs: 12\r\nvia: http://www.example.gov.cn/\r\n"), "WARC-Concurrent-To: "+id)
		r.record("conversion", s.url, s.at, "text/plain", []byte("text"), "WARC-Refers-To: "+id)
	}
}

// write writes the file and returns its name.
func (r *recorder) write(dir string) string {
	r.t.Helper()
	name := filepath.Join(dir, r.file)
	data := r.out.Bytes()
	switch {
	case r.whole:
		data = packed(r.t, data, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	case strings.HasSuffix(name, ".zst"):
		data = packed(r.t, data, func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w)
			if err != nil {
				r.t.Fatal(err)
			}
			return z
		})
	case strings.HasSuffix(name, ".wacz"):
		data = zipped(r.t, "archive/data.warc.gz", data)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		r.t.Fatal(err)
	}
	return name
}

func packed(t *testing.T, data []byte, pack func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pack(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// importInto imports files and reads the reports that came with them, as the command does.
func importInto(t *testing.T, s *store.Store, portals []seeds.Portal, files ...string) collection.Summary {
	t.Helper()
	c, err := warc.OpenCollection(t.TempDir(), files...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	sum, err := (&collection.Import{Portals: portals, Store: s}).Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]seeds.Portal{}
	for _, p := range portals {
		byID[p.ID] = p
	}
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind != store.KindReport || c.State != store.StateOK {
			continue
		}
		rec, err := reading.Read(t.Context(), s, nil, c, reading.Publisher{Agency: byID[c.Portal].Agency, Division: byID[c.Portal].Division})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.PutRecord(&rec); err != nil {
			t.Fatal(err)
		}
	}
	return sum
}

// claims returns what the records of an archive say, and what for: a line each, without what only a crawl can know.
func claims(t *testing.T, s *store.Store) []string {
	t.Helper()
	var all []string
	for _, records := range []func(func(store.Record, error) bool){s.Records(), s.Rejected()} {
		for r, err := range records {
			if err != nil {
				t.Fatal(err)
			}
			report, err := json.Marshal(r.Report)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprintf("%s %s %q %s %s %s %s\n%s", r.URL, r.Portal, r.Rejected, r.Home, r.SHA256, r.Text, r.Fields, report))
		}
	}
	slices.Sort(all)
	return all
}

func sameClaims(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d records, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			at := 0
			for at < min(len(got[i]), len(want[i])) && got[i][at] == want[i][at] {
				at++
			}
			from := max(0, at-200)
			t.Errorf("record %d differs at byte %d:\n…%.400s\nwant\n…%.400s", i, at, got[i][from:], want[i][from:])
		}
	}
}

// crawledAndServed crawls the replica portals, and asks for the same pages again, twice, as another tool would.
// It does so after the day that each page names as its publication: a page that was visited before it is doubted.
func crawledAndServed(t *testing.T) (*crawler.Crawler, []served) {
	t.Helper()
	_, c := crawltest.Farm(t)
	crawltest.Run(t, c)
	var pages []served
	began := time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC)
	for round := range 2 {
		for capture, err := range c.Store.Captures(0) {
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, wire(t, capture.URL, began.AddDate(0, round, 0).Add(time.Duration(len(pages))*time.Second)))
		}
	}
	return c, pages
}

// TestImport: the pages of the replica portals, as the tools of others archive them, give the records that crawling them
// gives, whatever the shape of the files.
func TestImport(t *testing.T) {
	t.Parallel()
	c, pages := crawledAndServed(t)
	want := claims(t, c.Store)
	if len(want) != 5 {
		t.Fatalf("%d records crawled", len(want))
	}
	for _, sh := range shapes {
		t.Run(sh.name, func(t *testing.T) {
			r := &recorder{shape: sh, t: t, first: map[string]*served{}}
			r.record("warcinfo", "", pages[0].at, "application/warc-fields", []byte("software: "+sh.name+"\r\n"))
			for _, p := range pages {
				r.exchange(p)
			}
			s := storetest.Open(t)
			file := r.write(t.TempDir())
			sum := importInto(t, s, c.Portals, file)
			if sum.New != len(pages) || sum.NotTaken != 0 || sum.Held != 0 {
				t.Errorf("imported %+v, want %d captures", sum, len(pages))
			}
			sameClaims(t, claims(t, s), want)
			checkCaptures(t, s, c.Store, pages)
			again := importInto(t, s, c.Portals, file)
			if again.New != 0 || again.Held != len(pages) || again.NotTaken != 0 || again.From != 1 {
				t.Errorf("imported again: %+v", again)
			}
		})
	}
}

// checkCaptures compares imported captures with those of a crawl of the same pages: kinds, titles and states; the times
// are those of the files.
func checkCaptures(t *testing.T, got, want *store.Store, pages []served) {
	t.Helper()
	n := 0
	for c, err := range got.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if !c.Time.Equal(pages[n].at) || c.URL != pages[n].url {
			t.Fatalf("capture %d is %s of %v, want %s of %v", c.ID, c.URL, c.Time, pages[n].url, pages[n].at)
		}
		w, ok, err := want.LastCapture(c.URL)
		if err != nil || !ok {
			t.Fatal(err, ok)
		}
		state := w.State
		if state == store.StateOK && n >= len(pages)/2 {
			state = store.StateUnchanged // the second round
		}
		if c.Kind != w.Kind || c.Title != w.Title || c.From != w.From || c.Portal != w.Portal || c.State != state || c.SHA256 != w.SHA256 || c.Status != w.Status {
			t.Errorf("imported %+v\ncrawled %+v", c, w)
		}
		n++
	}
}

// TestImportWget does the same with the real wget, when there is one.
func TestImportWget(t *testing.T) {
	t.Parallel()
	wget, err := exec.LookPath("wget")
	if err != nil {
		t.Skip("wget is not installed")
	}
	_, c := crawltest.Farm(t)
	crawltest.Run(t, c)
	dir := t.TempDir()
	var list strings.Builder
	n := 0
	for capture, err := range c.Store.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		list.WriteString(capture.URL + "\n")
		n++
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cmd := exec.Command(wget, "--quiet", "--no-proxy", "--input-file="+write("urls", list.String()), "--warc-file="+filepath.Join(dir, "pages"),
		"--warc-max-size=100K", "--compression=auto", "--tries=1", "--directory-prefix="+filepath.Join(dir, "files"))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 8 { // some pages are 404
		t.Fatalf("wget: %v\n%s", err, out)
	}
	s := storetest.Open(t)
	sum := importInto(t, s, c.Portals, dir)
	if sum.New != n || sum.NotTaken != 0 || sum.Files < 2 {
		t.Errorf("imported %+v, want %d captures of several files", sum, n)
	}
	sameClaims(t, claims(t, s), claims(t, c.Store))
}

// TestImportHosts: copies of government pages stay out unless their host is allowed, and a page that no listing leads to is
// a report when it is one, also of a portal that nobody knows.
func TestImportHosts(t *testing.T) {
	t.Parallel()
	report, err := os.ReadFile("../../testdata/portals/anju/report.http")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	r := &recorder{shape: shapes[0], t: t, first: map[string]*served{}}
	r.noise = false
	for i, address := range []string{"http://www.sc-anju.gov.cn/a/1.html", "http://anju.bet-mirror.com/a/1.html", "http://gov.cn.bet-mirror.com/1.html",
		"https://www.sc-anju.gov.cn.evil.org/1.html"} {
		r.exchange(served{url: address, at: at.Add(time.Duration(i) * time.Second), request: "GET / HTTP/1.1\r\n\r\n", response: report})
	}
	notice := "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<title>关于编制2023年政府信息公开工作年度报告的通知</title><p>各单位：" + strings.Repeat("请认真编制。", 80)
	r.exchange(served{url: "http://www.sc-anju.gov.cn/notice.html", at: at.Add(time.Minute), request: "GET / HTTP/1.1\r\n\r\n", response: []byte(notice)})
	s := storetest.Open(t)
	sum := importInto(t, s, nil, r.write(t.TempDir()))
	if sum.New != 2 || sum.Skipped["of other hosts"] != 3 || sum.NotTaken != 0 {
		t.Errorf("imported %+v", sum)
	}
	rec := storetest.Newest(t, s, "http://www.sc-anju.gov.cn/a/1.html")
	if rec.Report == nil || rec.Report.Year != 2023 || len(rec.Report.Figures) == 0 {
		t.Errorf("record %+v", rec)
	}
	if c, _, err := s.LastCapture("http://www.sc-anju.gov.cn/notice.html"); err != nil || c.Kind != store.KindOther {
		t.Errorf("the notice is %+v, %v", c, err)
	}
}

// TestImportOlder: what is older than a capture held of the same page is not taken, and told.
func TestImportOlder(t *testing.T) {
	t.Parallel()
	const address = "http://www.example.gov.cn/a.html"
	page := func(text string, at time.Time) string {
		r := &recorder{shape: shapes[0], t: t, first: map[string]*served{}}
		r.exchange(served{url: address, at: at, request: "GET / HTTP/1.1\r\n\r\n", response: []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + text)})
		return r.write(t.TempDir())
	}
	older := page("older", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	newer := page("newer", time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC))
	s := storetest.Open(t)
	importInto(t, s, nil, newer)
	sum := importInto(t, s, nil, older)
	if sum.New != 0 || sum.NotTaken != 1 || len(sum.Problems) != 1 || !strings.Contains(sum.Problems[0].Why, "later capture") {
		t.Errorf("imported %+v", sum)
	}
	both := storetest.Open(t)
	sum = importInto(t, both, nil, newer, older) // one collection: in the order of time
	if first, _, err := both.Capture(1); err != nil || sum.New != 2 || first.Time.Year() != 2020 {
		t.Errorf("imported %+v, the first is %+v, %v", sum, first, err)
	}
}

// TestExchange: what an archive exports brings another to the same captures and records, all fields included.
func TestExchange(t *testing.T) {
	t.Parallel()
	f, c := crawltest.Farm(t)
	crawltest.Run(t, c)
	anju := f.Site("anju")
	if err := anju.Edit(anju.Report, func(b []byte) []byte { return bytes.Replace(b, []byte("14285"), []byte("14286"), 1) }); err != nil {
		t.Fatal(err)
	}
	c.Recheck = true
	crawltest.Run(t, c)
	f.Site("xinyu").Remove(f.Site("xinyu").Report)
	if _, err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, odd := range []store.Capture{
		{URL: "http://www.example.gov.cn/down", State: store.StateFailed, Error: "dial tcp:\n\"no\" route", Title: " 年报 \"x\"", Kind: store.KindReport},
		{URL: "http://www.example.gov.cn/secret", State: store.StateBlocked, Error: "robots.txt: Disallow: /", Robots: store.Robots{Reason: "Disallow: /"}, Kind: store.KindReport},
		{URL: "http://www.example.gov.cn/large", State: store.StateRefused, Status: 200, Header: http.Header{"Content-Length": {"99999999"}}, Error: "larger", Kind: store.KindAttachment},
		{URL: "http://www.example.gov.cn/查 询?a=b c", State: store.StateRedirect, Status: 302, Header: http.Header{"Location": {"/年 报"}, "Set-Cookie": {"a=1", "b=2"}}, Kind: store.KindListing, Remote: "[::1]:80"},
		{URL: "http://www.example.gov.cn/coded", State: store.StateFailed, Status: 200, Header: http.Header{"Content-Encoding": {"br"}}, Error: "content coding", Kind: store.KindReport},
	} {
		odd.Time = time.Now()
		if err := c.Store.AddCapture(&odd, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, wacz := range []bool{false, true} {
		dir := t.TempDir()
		if _, err := warc.Write(t.Context(), c.Store, dir, warc.Options{WACZ: wacz, FileSize: 50 << 10, Tool: "test"}); err != nil {
			t.Fatal(err)
		}
		s := storetest.Open(t)
		portals := slices.Clone(c.Portals)
		portals = append(portals, seeds.Portal{ID: "example", Start: []string{"http://www.example.gov.cn/"}})
		sum := importInto(t, s, portals, dir)
		last, err := c.Store.LastID()
		if err != nil || sum.New != int(last) || sum.NotTaken != 0 {
			t.Errorf("imported %+v of %d captures, %v", sum, last, err)
		}
		if got, want := captures(t, s), captures(t, c.Store); !slices.Equal(got, want) {
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Errorf("imported %s\nwas      %s", got[i], want[i])
				}
			}
			t.Errorf("%d captures, want %d", len(got), len(want))
		}
		sameClaims(t, claims(t, s), claims(t, c.Store))
	}
}

// TestImportParts: what is attached to a report is known as that, over a redirect too, and read where the page needs it.
func TestImportParts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../testdata/texts/qujiang.txt")
	if err != nil {
		t.Fatal(err)
	}
	const host = "http://www.example.gov.cn"
	html := "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	r := &recorder{shape: shapes[0], t: t, first: map[string]*served{}}
	for i, p := range []struct{ path, response string }{
		{"/nb/", html + `<title>信息公开年报</title><ul><li><a href="/nb/1.html" title="衢江区人民政府办公室2021年政府信息公开工作年度报告">衢江区人民政府办公室2021年…</a><span>2022-01-29</span></li></ul>`},
		{"/nb/1.html", html + `<title>年度报告</title><div class="content"><h1>2021年政府信息公开工作年度报告</h1><p>全文见附件。</p><p>附件：<a href="/files/1.txt">年度报告全文.txt</a></p></div>`},
		{"/files/1.txt", "HTTP/1.1 302 Found\r\nLocation: /store/abc.txt\r\nContent-Length: 0\r\n\r\n"},
		{"/store/abc.txt", "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + string(text)},
	} {
		r.exchange(served{url: host + p.path, at: at.Add(time.Duration(i) * time.Second), request: "GET / HTTP/1.1\r\n\r\n", response: []byte(p.response)})
	}
	s := storetest.Open(t)
	importInto(t, s, nil, r.write(t.TempDir()))
	for path, want := range map[string]string{
		"/nb/": "listing  ", "/nb/1.html": "report " + host + "/nb/ 衢江区人民政府办公室2021年政府信息公开工作年度报告",
		"/files/1.txt": "attachment " + host + "/nb/1.html 年度报告全文.txt", "/store/abc.txt": "attachment " + host + "/nb/1.html 年度报告全文.txt",
	} {
		c, _, err := s.LastCapture(host + path)
		if got := c.Kind + " " + c.From + " " + c.Title; err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", path, got, want, err)
		}
	}
	rec := storetest.Newest(t, s, host+"/nb/1.html")
	if rec.Report == nil || rec.Report.Year != 2021 || len(rec.Report.Figures) == 0 || len(rec.Parts) != 1 || !rec.Parts[0].Read {
		t.Errorf("record %+v", rec)
	}
}

// TestImportForged: metadata records that pretend to be of an archive like ours are not believed, and end nothing.
func TestImportForged(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	r := &recorder{shape: shapes[0], t: t, first: map[string]*served{}}
	r.brackets = false
	const sum = "0000000000000000000000000000000000000000000000000000000000000000"
	lies := []string{
		"gongkai-kind: report\r\ngongkai-state: splendid\r\ngongkai-status: 200\r\n",
		"gongkai-kind: verdict\r\ngongkai-state: ok\r\ngongkai-status: 200\r\ngongkai-sha256: " + sum + "\r\n",
		"gongkai-kind: report\r\ngongkai-state: ok\r\ngongkai-status: 200\r\n",
		"gongkai-kind: report\r\ngongkai-state: ok\r\ngongkai-status: 200\r\ngongkai-sha256: ../../etc\r\n",
		"gongkai-kind: report\r\ngongkai-state: ok\r\ngongkai-status: 200\r\ngongkai-sha256: " + sum + "\r\n",
		"gongkai-kind: report\r\ngongkai-state: ok\r\ngongkai-status: 404\r\ngongkai-sha256: " + sum + "\r\n",
	}
	for i, lie := range lies {
		address := fmt.Sprintf("http://www.example.gov.cn/%d", i)
		for _, alone := range []bool{false, true} {
			var about []string
			if !alone {
				id := r.record("response", address, at, "application/http", []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello"))
				about = []string{"WARC-Refers-To: " + id}
			}
			r.record("metadata", address+map[bool]string{true: "/alone"}[alone], at, "application/warc-fields", []byte(lie), about...)
		}
	}
	for i, address := range []string{"http://www.example.gov.cn/\xc4\xea\xb1\xa8", "http://www.example.gov.cn/" + strings.Repeat("x", 3000), "http://www.example.gov.cn/%zz", "http://www.example.gov.cn/\x00"} {
		r.record("response", address, at.Add(time.Duration(i)*time.Second), "application/http", []byte("HTTP/1.1 200 OK\r\n\r\nhello"))
	}
	for _, year := range []int{1900, 9999} {
		r.record("response", "http://www.example.gov.cn/time", time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), "application/http", []byte("HTTP/1.1 200 OK\r\n\r\nhello"))
	}
	s := storetest.Open(t)
	sum1 := importInto(t, s, nil, r.write(t.TempDir()))
	if sum1.New != 1 || sum1.NotTaken != 2*len(lies)+3 || sum1.Skipped["with malformed addresses"] != 2 {
		t.Errorf("imported %+v, want one capture, and %d not taken", sum1, 2*len(lies)+3)
	}
	if _, ok, err := s.LastCapture("http://www.example.gov.cn/%C4%EA%B1%A8"); err != nil || !ok {
		t.Errorf("an address in GBK: %v, %v", ok, err)
	}
}

// captures lists the captures of an archive in the order of their times, without their numbers.
func captures(t *testing.T, s *store.Store) []string {
	t.Helper()
	var all []store.Capture
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		c.ID = 0
		if len(c.Header) == 0 {
			c.Header = nil
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b store.Capture) int { return a.Time.Compare(b.Time) })
	var lines []string
	for _, c := range all {
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	return lines
}

// BenchmarkImport imports a collection of reports and other pages, one report to four others, and reads no reports.
func BenchmarkImport(b *testing.B) {
	pages := map[string][]byte{}
	for _, name := range []string{"report", "home"} {
		data, err := os.ReadFile("../../testdata/portals/changshu/" + name + ".http")
		if err != nil {
			b.Fatal(err)
		}
		pages[name] = data
	}
	var rows strings.Builder
	r := &recorder{shape: shapes[0], first: map[string]*served{}}
	r.noise = false
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range 500 {
		name, path := "home", fmt.Sprintf("/o/%d.html", n)
		if n%5 == 0 {
			name, path = "report", fmt.Sprintf("/r/%d.html", n)
			fmt.Fprintf(&rows, "<li><a href=%q>常熟市人民政府办公室2021年政府信息公开工作年度报告</a><span>2022-01-28</span></li>", path)
		}
		r.exchange(served{url: "http://www.example.gov.cn" + path, at: at.Add(time.Duration(n) * time.Second), request: "GET / HTTP/1.1\r\n\r\n",
			response: bytes.Replace(pages[name], []byte("</body>"), fmt.Appendf(nil, "<!--%d--></body>", n), 1)})
	}
	r.exchange(served{url: "http://www.example.gov.cn/", at: at, request: "GET / HTTP/1.1\r\n\r\n",
		response: []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<title>年报</title><ul>" + rows.String())})
	file := filepath.Join(b.TempDir(), "pages.warc.gz")
	if err := os.WriteFile(file, r.out.Bytes(), 0o666); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(r.out.Len()))
	for b.Loop() {
		s, err := store.Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		c, err := warc.OpenCollection(b.TempDir(), file)
		if err != nil {
			b.Fatal(err)
		}
		sum, err := (&collection.Import{Store: s}).Run(b.Context(), c)
		if err != nil || sum.New != 501 || sum.Kinds[store.KindReport] != 100 {
			b.Fatal(sum, err)
		}
		c.Close()
		s.Close()
	}
}

// TestImportNotWhole: what was cut is kept, marked and told, now and when it is imported again; a revisit that only says that
// nothing has changed is of the kind of the page.
func TestImportNotWhole(t *testing.T) {
	t.Parallel()
	report, err := os.ReadFile("../../testdata/portals/anju/report.http")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	r := &recorder{shape: shapes[1], t: t, first: map[string]*served{}}
	r.noise = false
	r.exchange(served{url: "http://www.sc-anju.gov.cn/a/1.html", at: at, request: "GET / HTTP/1.1\r\n\r\n", response: report})
	r.record("revisit", "http://www.sc-anju.gov.cn/a/1.html", at.Add(time.Hour), "application/http; msgtype=response",
		[]byte("HTTP/1.1 304 Not Modified\r\n\r\n"), "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified")
	const cut = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<title>cut</title>"
	r.record("response", "http://www.sc-anju.gov.cn/cut.html", at.Add(2*time.Hour), "application/http; msgtype=response", []byte(cut))
	r.record("response", "http://www.sc-anju.gov.cn/sum.html", at.Add(3*time.Hour), "application/http; msgtype=response",
		[]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>sum</title>"), "WARC-Payload-Digest: "+r.sum([]byte("else")))
	r.record("response", "http://www.sc-anju.gov.cn/none.html", at.Add(4*time.Hour), "application/http; msgtype=response",
		[]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 50\r\n\r\n"))
	file, s := r.write(t.TempDir()), storetest.Open(t)
	for _, fresh := range []int{5, 0} {
		sum := importInto(t, s, nil, file)
		if sum.New != fresh || sum.Held != 5-fresh || sum.NotTaken != 3 || len(sum.Problems) != 3 || !strings.Contains(sum.Problems[0].String(), "cut.html taken as far as it goes") ||
			!strings.Contains(sum.Problems[1].Why, "payload digest") || !strings.Contains(sum.Problems[2].Why, "there is no body") {
			t.Errorf("imported %+v", sum)
		}
	}
	if c, ok, err := s.LastCapture("http://www.sc-anju.gov.cn/a/1.html"); err != nil || !ok || c.Kind != store.KindReport || c.State != store.StateUnchanged || c.Status != 304 {
		t.Errorf("the revisit is %+v, %v", c, err)
	}
	c, _, err := s.LastCapture("http://www.sc-anju.gov.cn/cut.html")
	if err != nil || c.State != store.StateOK || !strings.Contains(c.Truncated, "cut short") || c.Size != int64(len("<title>cut</title>")) {
		t.Errorf("what was cut is %+v, %v", c, err)
	}
}
