package warc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/store"
	"gongkai/store/storetest"
)

// archive returns an archive of some captures: pages, one of them unchanged twice, a redirect, and failures.
func archive(t *testing.T) *store.Store {
	t.Helper()
	s := storetest.Open(t)
	at := time.Date(2024, 1, 2, 3, 4, 5, 678901234, time.UTC)
	add := func(c store.Capture, body []byte) {
		at = at.Add(time.Second)
		c.Time = at
		if c.Kind == "" {
			c.Kind = store.KindReport
		}
		if err := s.AddCapture(&c, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	html := func(extra ...string) http.Header {
		h := http.Header{"Content-Type": {"text/html"}}
		for i := 0; i < len(extra); i += 2 {
			h.Set(extra[i], extra[i+1])
		}
		return h
	}
	for n := range 20 {
		body := fmt.Appendf(nil, "<title>%d</title>%x", n, bytes.Repeat([]byte{byte(n), byte(n * 7)}, 500))
		add(store.Capture{URL: fmt.Sprintf("http://www.example.gov.cn/%d.html", 19-n), State: store.StateOK, Status: 200, Header: html("Content-Length", "1")}, body)
	}
	page := []byte("<title>again</title>")
	again := store.Capture{URL: "http://www.example.gov.cn/again", State: store.StateOK, Status: 200, Header: html("Etag", `"1"`), Remote: "10.0.0.1:80"}
	add(again, page)
	add(again, page)
	again.State, again.Status, again.SHA256 = store.StateUnchanged, 304, strings.TrimPrefix(sha256Field(page), "sha256:")
	add(again, nil)
	add(store.Capture{URL: "http://www.example.gov.cn/moved", State: store.StateRedirect, Status: 301, Header: html("Location", "/again", "Content-Length", "0")}, nil)
	add(store.Capture{URL: "http://www.example.gov.cn/large.pdf", State: store.StateRefused, Status: 200, Header: html("Content-Length", "999999999"), Error: "larger than the limit"}, nil)
	add(store.Capture{URL: "http://www.example.gov.cn/q.jsp?__wb_method=POST&page=2", State: store.StateOK, Status: 200, Header: html(), Kind: store.KindListing}, []byte("rows"))
	add(store.Capture{URL: "http://www.example.gov.cn/down", State: store.StateFailed, Error: "no route"}, nil)
	return s
}

// files returns the contents of a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	return all
}

var writeDir = flag.String("write.dir", "", "keep the files of TestWrite there, for readers that are not ours")

func TestWrite(t *testing.T) {
	s := archive(t)
	dir := t.TempDir()
	if *writeDir != "" {
		dir = *writeDir
	}
	sum, err := Write(t.Context(), s, dir, Options{FileSize: 4096, Tool: "gongkai test"})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Captures != 27 || sum.Responses != 24 || sum.Revisits != 2 || sum.Unanswered != 1 || sum.Files < 3 {
		t.Errorf("written: %+v", sum)
	}
	out := files(t, dir)
	if len(out) != sum.Files+2 {
		t.Errorf("%d files", len(out))
	}
	kinds := map[string]int{}
	ids := map[string]bool{}
	for name, data := range out {
		if !strings.HasSuffix(name, ".gz") {
			continue
		}
		r := NewReader(strings.NewReader(data), int64(len(data)))
		for {
			rec, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(rec); err != nil || rec.sum == nil {
				t.Fatal(err)
			}
			if err := rec.Close(); err != nil {
				t.Fatal(err)
			}
			kinds[rec.Type()]++
			if ids[rec.ID()] || rec.ID() == "" {
				t.Errorf("record id %q again", rec.ID())
			}
			ids[rec.ID()] = true
		}
	}
	if want := map[string]int{"warcinfo": sum.Files, "response": 24, "revisit": 2, "request": 25, "metadata": 27}; fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("records %v, want %v", kinds, want)
	}
	checkIndex(t, out)

	again := t.TempDir()
	if _, err := Write(t.Context(), s, again, Options{FileSize: 4096, Tool: "gongkai test"}); err != nil {
		t.Fatal(err)
	}
	if a, b := out, files(t, again); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("two exports of one moment differ")
	}
}

// TestWriteStops: an export that is stopped leaves no folder that was not there before.
func TestWriteStops(t *testing.T) {
	s := archive(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	there, made := t.TempDir(), filepath.Join(t.TempDir(), "new")
	for _, dir := range []string{there, made} {
		if _, err := Write(ctx, s, dir, Options{}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if entries, err := os.ReadDir(there); err != nil || len(entries) != 0 {
		t.Errorf("the folder that was there: %v, %v", entries, err)
	}
	if _, err := os.Stat(made); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder that was not there is:", err)
	}
}

// checkIndex holds the lines of the index against the records that they point to.
func checkIndex(t *testing.T, out map[string]string) {
	t.Helper()
	lines := strings.SplitAfter(out[indexName], "\n")
	lines = lines[:len(lines)-1]
	if !slices.IsSorted(lines) || len(lines) != 26 {
		t.Errorf("%d lines, sorted: %v", len(lines), slices.IsSorted(lines))
	}
	for _, line := range lines {
		key, rest, _ := strings.Cut(line, " ")
		stamp, text, _ := strings.Cut(rest, " ")
		var e entry
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		var offset, length int64
		fmt.Sscan(e.Offset, &offset)
		fmt.Sscan(e.Length, &length)
		data := out[e.Filename][offset : offset+length] // exactly one member
		rec, err := NewReader(strings.NewReader(data), length).Next()
		if err != nil {
			t.Fatal(err)
		}
		at, _ := rec.Time()
		if rec.URI() != e.URL || urlKey(e.URL) != key || at.Format("20060102150405") != stamp || rec.Header.Get("WARC-Payload-Digest") != e.Digest {
			t.Errorf("%sis %v", line, rec.Header)
		}
		if err := rec.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestHonestBlocks: the HTTP header is true of the body that is there.
func TestHonestBlocks(t *testing.T) {
	s := archive(t)
	dir := t.TempDir()
	if _, err := Write(t.Context(), s, dir, Options{}); err != nil {
		t.Fatal(err)
	}
	data := files(t, dir)["gongkai-00000.warc.gz"]
	got := map[string]string{}
	for r := NewReader(strings.NewReader(data), int64(len(data))); ; {
		rec, err := r.Next()
		if err != nil {
			break
		}
		if kind := rec.Type(); kind == typeResponse || kind == typeRevisit {
			res, err := http.ReadResponse(bufio.NewReader(rec), nil)
			if err != nil {
				t.Fatal(err)
			}
			got[rec.URI()] += fmt.Sprintf("%s %d %d %s %s;", kind, res.StatusCode, res.ContentLength, res.Header.Get("X-Archive-Orig-Content-Length"), rec.Header.Get("WARC-Truncated"))
			if kind == typeResponse && rec.URI() != "http://www.example.gov.cn/large.pdf" {
				if body, err := io.ReadAll(res.Body); err != nil || int64(len(body)) != res.ContentLength {
					t.Errorf("%s: %d bytes, %v", rec.URI(), len(body), err)
				}
			}
		}
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for url, want := range map[string]string{
		"http://www.example.gov.cn/3.html":    "response 200 2017 1 ;",
		"http://www.example.gov.cn/again":     "response 200 20  ;revisit 200 20  length;revisit 304 0  ;",
		"http://www.example.gov.cn/moved":     "response 301 0  ;",
		"http://www.example.gov.cn/large.pdf": "response 200 0 999999999 length;",
	} {
		if got[url] != want {
			t.Errorf("%s: %q, want %q", url, got[url], want)
		}
	}
}

// TestPartOfBody: an answer whose body may be a part only says so to whoever reads the file, and comes back as it was.
func TestPartOfBody(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	part := store.Capture{URL: "http://www.example.gov.cn/part", Time: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Kind: store.KindReport,
		State: store.StateOK, Status: 200, Truncated: "unexpected EOF: after 5 bytes", Mended: "Content-Length \"x\""}
	whole := part
	whole.URL, whole.Truncated, whole.Mended = "http://www.example.gov.cn/whole", "", ""
	for _, c := range []*store.Capture{&part, &whole} {
		if err := s.AddCapture(c, []byte("<html"+c.URL), nil); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if _, err := Write(t.Context(), s, dir, Options{}); err != nil {
		t.Fatal(err)
	}
	data := files(t, dir)["gongkai-00000.warc.gz"]
	marks := 0
	for r := NewReader(strings.NewReader(data), int64(len(data))); ; {
		rec, err := r.Next()
		if err != nil {
			break
		}
		want := map[bool]string{true: "unspecified"}[rec.Type() == typeResponse && rec.URI() == part.URL]
		if got := rec.Header.Get("WARC-Truncated"); got != want {
			t.Errorf("%s of %s: %q, want %q", rec.Type(), rec.URI(), got, want)
		}
		if rec.Type() == typeMetadata {
			known, _, ok := meta(rec)
			if rec.URI() == part.URL && (!ok || known.Truncated != part.Truncated || known.Mended != part.Mended) {
				t.Errorf("read back: %+v", known)
			}
			marks++
		}
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if marks != 2 {
		t.Errorf("%d captures", marks)
	}
}

func TestMoments(t *testing.T) {
	s := archive(t)
	early := t.TempDir()
	sum, err := Write(t.Context(), s, early, Options{AsOf: 21})
	if err != nil || sum.Captures != 21 || sum.Revisits != 0 {
		t.Errorf("as of 21: %+v, %v", sum, err)
	}
	if _, err := Write(t.Context(), s, t.TempDir(), Options{AsOf: 1000}); err == nil {
		t.Error("as of a moment to come")
	}
	// Another export into the folder takes the place of the first, also when it has fewer files.
	if _, err := Write(t.Context(), s, early, Options{FileSize: 1024}); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), s, early, Options{Want: func(c store.Capture) bool { return strings.HasSuffix(c.URL, "/again") }}); err != nil {
		t.Fatal(err)
	}
	if out := files(t, early); len(out) != 3 || strings.Count(out[indexName], "\n") != 3 {
		t.Errorf("%d files, index\n%s", len(out), out[indexName])
	}
	if _, err := Write(t.Context(), s, early, Options{WACZ: true}); err != nil {
		t.Fatal(err)
	}
	if out := files(t, early); len(out) != 2 || out[waczName] == "" {
		t.Errorf("%d files", len(out))
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.doc"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), s, other, Options{}); err == nil || !strings.Contains(err.Error(), "thesis.doc") {
		t.Errorf("into a folder of other things: %v", err)
	}
}

func TestURLKey(t *testing.T) {
	for address, want := range map[string]string{
		"http://www.example.gov.cn":                          "cn,gov,example)/",
		"https://WWW2.Example.gov.cn:443/A/B.html?b=2&a=1&A": "cn,gov,example)/a/b.html?a&a=1&b=2",
		"http://example.gov.cn:8080/%E5%B9%B4":               "cn,gov,example:8080)/%e5%b9%b4",
		"http://www.example.gov.cn/年报?名=值 1":                 "cn,gov,example)/%E5%B9%B4%E6%8A%A5?%E5%90%8D=%E5%80%BC%201",
		"dns:example.gov.cn":                                 "dns:example.gov.cn",
	} {
		if got := urlKey(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// BenchmarkSurvey reads a collection of small pages.
func BenchmarkSurvey(b *testing.B) {
	var data []byte
	for n := range 20_000 {
		data = append(data, packed(page(n))...)
	}
	name := filepath.Join(b.TempDir(), "x.warc.gz")
	if err := os.WriteFile(name, data, 0o666); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		c, err := OpenCollection(b.TempDir(), name)
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Survey(b.Context(), func(*Answer) error { return nil }); err != nil || c.Count.Answers != 20_000 {
			b.Fatal(c.Count, err)
		}
		c.Close()
	}
}
