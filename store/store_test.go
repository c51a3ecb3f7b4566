package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/extract/form"
)

const reportURL = "http://www.example.gov.cn/2022/1/29/art_1.html"

var start = time.Date(2024, 3, 1, 14, 0, 0, 123456789, time.UTC)

func newStore(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newCapture is an answer of a URL, n seconds after start.
func newCapture(url string, n int) *Capture {
	return &Capture{URL: url, Time: start.Add(time.Duration(n) * time.Second), Kind: KindReport, Portal: "qujiang",
		State: StateOK, Status: 200, Header: http.Header{"Etag": {`"1"`}}, Robots: Robots{Allowed: true}}
}

// newReport is a report whose only figure has a value.
func newReport(value string) *extract.Report {
	return &extract.Report{
		Title:    "2021年度工作报告",
		Agency:   extract.Agency{Key: "330803-人民政府办公室", Name: "衢江区人民政府办公室", Division: "330803", Level: "county"},
		Year:     2021,
		Scope:    extract.ScopeOwn,
		Sections: []extract.Section{{Number: 1, Heading: "一、总体情况", Text: "全年平稳。"}},
		Figures:  []form.Figure{{Table: "t3", Row: "r1", Column: "total", Value: value, Raw: value, Locator: "table 2"}},
	}
}

func add(t testing.TB, s *Store, c *Capture, body string, rec *Record) {
	t.Helper()
	if err := s.AddCapture(c, []byte(body), rec); err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrip(t *testing.T) {
	s := newStore(t)
	c := newCapture(reportURL, 0)
	c.Header.Set("Content-Disposition", "filename=\xc4\xea.pdf") // raw GBK
	header := c.Header.Clone()
	body := "<html>年报</html>"
	rec := &Record{Version: extract.Version, Report: newReport("69")}
	add(t, s, c, body, rec)

	if c.ID != 1 || c.State != StateOK || c.Size != int64(len(body)) || len(c.SHA256) != 64 {
		t.Errorf("completed capture = %+v", c)
	}
	if got := c.Header.Get("Content-Disposition"); got != header.Get("Content-Disposition") {
		t.Errorf("the caller's header became %q", got)
	}
	got, ok, err := s.LastCapture(reportURL)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if got.ID != 1 || !got.Time.Equal(c.Time) || got.SHA256 != c.SHA256 || got.Header.Get("Etag") != `"1"` {
		t.Errorf("LastCapture = %+v", got)
	}
	if want := "filename=\u00c4\u00ea.pdf"; got.Header.Get("Content-Disposition") != want {
		t.Errorf("header = %q, want %q", got.Header.Get("Content-Disposition"), want)
	}
	if b, err := s.Body(c.SHA256); string(b) != body || err != nil {
		t.Errorf("Body = %q, %v", b, err)
	}
	r, ok, err := s.Record(1)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if r.URL != reportURL || r.Change != ChangeFirst || r.SHA256 != c.SHA256 || r.Portal != "qujiang" || r.Report.Year != 2021 {
		t.Errorf("record = %+v", r)
	}
	if r.Text != rec.Text || r.Text == "" || r.Fields == "" {
		t.Errorf("digests = %q %q", r.Text, r.Fields)
	}
	if _, ok, err := s.LastCapture("http://nowhere.gov.cn/"); ok || err != nil {
		t.Errorf("unknown URL: %v, %v", ok, err)
	}
	if _, err := s.Body(strings.Repeat("00", 32)); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown body: %v", err)
	}
	if _, err := s.Body("xyz"); err == nil {
		t.Error("a digest that is none was accepted")
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, newCapture(reportURL, 0), "page", nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "writer")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the writer file stayed: %v", err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(names) != 4 {
		t.Errorf("files = %v, want README, archive.db and its two locks", names)
	}
	s, err = OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if id, err := s.LastID(); id != 1 || err != nil {
		t.Errorf("LastID = %d, %v", id, err)
	}
	if err := s.AddCapture(newCapture(reportURL, 1), []byte("page"), nil); err == nil {
		t.Error("a read-only archive took a capture")
	}
}

func TestUnchanged(t *testing.T) {
	s := newStore(t)
	const other = "http://www.example.gov.cn/other.html"
	steps := []struct {
		url, body string
		want      string
	}{
		{reportURL, "a", StateOK},
		{reportURL, "a", StateUnchanged},
		{other, "a", StateOK}, // held already, but new at this address
		{reportURL, "b", StateOK},
		{reportURL, "a", StateOK}, // back to what it was: a change
		{reportURL, "a", StateUnchanged},
	}
	for i, step := range steps {
		c := newCapture(step.url, i)
		add(t, s, c, step.body, nil)
		if c.State != step.want {
			t.Errorf("step %d: state %s, want %s", i, c.State, step.want)
		}
	}
	if n := entries(t, s, digestBucket); n != 2 {
		t.Errorf("%d bodies held, want 2", n)
	}
}

func TestNotModified(t *testing.T) {
	s := newStore(t)
	first := newCapture(reportURL, 0)
	add(t, s, first, "page", nil)
	gone := newCapture(reportURL, 1)
	gone.State, gone.Status = StateGone, 404
	if err := s.AddCapture(gone, nil, nil); err != nil {
		t.Fatal(err)
	}
	c := newCapture(reportURL, 2)
	c.State, c.Status, c.SHA256 = StateUnchanged, 304, first.SHA256
	if err := s.AddCapture(c, nil, nil); err != nil {
		t.Fatal(err)
	}
	if c.ID != 3 || c.Size != 4 {
		t.Errorf("304 = %+v", c)
	}
	last, ok, err := s.LastBody(reportURL)
	if err != nil || !ok || last.ID != 3 || last.SHA256 != first.SHA256 {
		t.Errorf("LastBody = %+v, %v, %v", last, ok, err)
	}
}

func TestAddCaptureRefuses(t *testing.T) {
	s := newStore(t)
	tests := []struct {
		name string
		edit func(*Capture)
		body []byte
	}{
		{"no URL", func(c *Capture) { c.URL = "" }, []byte("x")},
		{"long URL", func(c *Capture) { c.URL = "http://a.gov.cn/" + strings.Repeat("x", 2000) }, []byte("x")},
		{"zero byte in URL", func(c *Capture) { c.URL = "http://a.gov.cn/\x00" }, []byte("x")},
		{"no time", func(c *Capture) { c.Time = time.Time{} }, []byte("x")},
		{"unknown state", func(c *Capture) { c.State = "fine" }, []byte("x")},
		{"ok without body", func(c *Capture) {}, nil},
		{"304 without digest", func(c *Capture) { c.State = StateUnchanged }, nil},
		{"304 of a body not held", func(c *Capture) { c.State, c.SHA256 = StateUnchanged, strings.Repeat("ab", 32) }, nil},
		{"digest that is none", func(c *Capture) { c.State, c.SHA256 = StateUnchanged, "ab" }, nil},
	}
	for _, tt := range tests {
		c := newCapture(reportURL, 0)
		tt.edit(c)
		if err := s.AddCapture(c, tt.body, nil); err == nil {
			t.Errorf("%s: accepted", tt.name)
		}
		if c.ID != 0 {
			t.Errorf("%s: has id %d", tt.name, c.ID)
		}
	}
	c := newCapture(reportURL, 0)
	if err := s.AddCapture(c, []byte("x"), &Record{}); err == nil {
		t.Error("a record without report and reason was accepted")
	}
	if id, err := s.LastID(); id != 0 || err != nil {
		t.Errorf("LastID = %d, %v: something was kept", id, err)
	}
	if n := entries(t, s, digestBucket); n != 0 {
		t.Errorf("%d bodies kept", n)
	}
}

func TestLargeBody(t *testing.T) {
	s := newStore(t)
	noise := rand.NewChaCha8([32]byte{1})
	body := make([]byte, 3<<20+12345)
	noise.Read(body)
	c := newCapture(reportURL, 0)
	add(t, s, c, string(body), nil)
	add(t, s, newCapture(reportURL+"?2", 0), "small", nil)
	got, err := s.Body(c.SHA256)
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("Body: %d bytes, %v", len(got), err)
	}
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 1 << 20} {
		c := newCapture(fmt.Sprint(reportURL, size), 0)
		add(t, s, c, string(body[:size]), nil)
		if got, err := s.Body(c.SHA256); err != nil || !bytes.Equal(got, body[:size]) {
			t.Errorf("Body of %d bytes: %d bytes, %v", size, len(got), err)
		}
	}
}

func TestFlippedByte(t *testing.T) {
	s := newStore(t)
	c := newCapture(reportURL, 0)
	body := strings.Repeat("the very same page ", 100)
	add(t, s, c, body, nil)
	chunk := func() (good []byte) {
		s.view(func(t *txn) error {
			good = bytes.Clone(t.Bucket(logBucket).Get(idKey(0)))
			return nil
		})
		return good
	}
	good := chunk()
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		put(t, s, logBucket, idKey(0), bad)
		got, err := s.Body(c.SHA256)
		if err == nil && string(got) == body {
			got, ok, err := s.LastCapture(reportURL)
			if err == nil && ok && got.ID == 1 && got.SHA256 == c.SHA256 {
				continue // zstd has a bit that means nothing
			}
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "capture 1") {
				t.Fatalf("byte %d flipped: %v", i, err)
			}
			for _, err := range s.Captures(0) {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("damaged row while iterating: %v", err)
				}
			}
			continue
		}
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.SHA256) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
	}
}

func TestHTTPStatesAreKept(t *testing.T) {
	s := newStore(t)
	c := newCapture(reportURL, 0)
	c.State, c.Status = StateFailed, 500
	add(t, s, c, "<h1>oops</h1>", nil) // an error page is evidence too
	if b, err := s.Body(c.SHA256); string(b) != "<h1>oops</h1>" || err != nil {
		t.Errorf("Body = %q, %v", b, err)
	}
	if _, ok, err := s.LastBody(reportURL); ok || err != nil {
		t.Errorf("an error page is the last body: %v, %v", ok, err)
	}
}

func TestCapturesInOrder(t *testing.T) {
	s := newStore(t)
	const n = 10_000
	s.file.DB().NoSync = true // 10,000 commits
	for i := range n {
		add(t, s, newCapture(fmt.Sprintf("http://a.gov.cn/%d", i%100), i), fmt.Sprint("page ", i%7), nil)
	}
	var ids []uint64
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	if len(ids) != n || !slices.IsSorted(ids) || ids[0] != 1 {
		t.Errorf("%d captures, first %d", len(ids), ids[0])
	}
	var of []uint64
	for c, err := range s.CapturesOf("http://a.gov.cn/1") {
		if err != nil || c.URL != "http://a.gov.cn/1" {
			t.Fatal(c.URL, err)
		}
		of = append(of, c.ID)
	}
	if len(of) != n/100 || !slices.IsSorted(of) {
		t.Errorf("%d captures of one URL", len(of))
	}
	count := 0
	for c, err := range s.Captures(n - 5) {
		if err != nil || c.ID <= n-5 {
			t.Fatal(c.ID, err)
		}
		count++
	}
	if count != 5 {
		t.Errorf("%d captures after %d, want 5", count, n-5)
	}
}

func TestWriteWhileIterating(t *testing.T) {
	s := newStore(t)
	for i := range 5 {
		add(t, s, newCapture(reportURL, i), fmt.Sprint(i), &Record{Report: newReport(fmt.Sprint(i))})
	}
	seq := s.Captures(0)
	for range 2 { // a sequence may be ranged over again
		for c, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			add(t, s, newCapture(reportURL, 10), fmt.Sprint("more ", c.ID), nil)
		}
	}
	for r, err := range s.Records() {
		if err != nil {
			t.Fatal(err)
		}
		r.Report.Year = 2020
		if err := s.PutRecord(&r); err != nil {
			t.Fatal(err)
		}
	}
	for c, err := range s.CapturesOf(reportURL) {
		if err != nil {
			t.Fatal(err)
		}
		add(t, s, newCapture(reportURL, 20), fmt.Sprint("again ", c.ID), nil)
	}
	if id, _ := s.LastID(); id != 5+5+10+20 {
		t.Errorf("LastID = %d", id)
	}
	// A transaction left open would keep newStore's Close waiting.
}

func TestLeavingAnIteratorEarly(t *testing.T) {
	s := newStore(t)
	for i := range 3 {
		add(t, s, newCapture(reportURL, i), fmt.Sprint(i), nil)
	}
	for range s.Captures(0) {
		break
	}
	add(t, s, newCapture(reportURL, 9), "still writable", nil)
}

func TestAt(t *testing.T) {
	s := newStore(t)
	for i, second := range []int{10, 20, 20, 30, 5} { // the last was imported: made long ago, archived now
		add(t, s, newCapture(reportURL, second), fmt.Sprint(i), nil)
	}
	for _, tt := range []struct {
		second int
		want   uint64
	}{{0, 0}, {5, 0}, {10, 1}, {15, 1}, {20, 3}, {29, 3}, {30, 5}, {1 << 30, 5}} {
		got, err := s.At(start.Add(time.Duration(tt.second) * time.Second))
		if got != tt.want || err != nil {
			t.Errorf("At(%d s) = %d, %v, want %d", tt.second, got, err, tt.want)
		}
	}
}

func TestStats(t *testing.T) {
	s := newStore(t)
	add(t, s, newCapture(reportURL, 0), "page", &Record{Report: newReport("1")})
	add(t, s, newCapture(reportURL, 1), "page", nil)
	add(t, s, newCapture(reportURL+"?", 2), "guide", &Record{Rejected: "a guide"})
	c := newCapture("http://b.gov.cn/robots.txt", 3)
	c.Portal, c.Kind, c.State = "b", KindRobots, StateGone
	if err := s.AddCapture(c, nil, nil); err != nil {
		t.Fatal(err)
	}
	got, err := s.Stats()
	if err != nil || len(got.Portals) != 2 || got.LastID != 4 || got.FileSize == 0 {
		t.Fatalf("Stats = %+v, %v", got, err)
	}
	if p := got.Portals[0]; p.Portal != "b" || p.Captures[KindRobots][StateGone] != 1 {
		t.Errorf("b = %+v", p)
	}
	p := got.Portals[1]
	if p.Captures[KindReport][StateOK] != 2 || p.Captures[KindReport][StateUnchanged] != 1 {
		t.Errorf("captures = %v", p.Captures)
	}
	if p.Bodies != 2 || p.Raw != 9 || p.Stored < 9 || p.Records != 1 || p.Rejected != 1 {
		t.Errorf("qujiang = %+v", p)
	}
}

// entries counts the keys of a bucket.
func entries(t *testing.T, s *Store, bucket []byte) (n int) {
	t.Helper()
	err := s.view(func(t *txn) error {
		n = t.Bucket(bucket).Stats().KeyN
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func put(t *testing.T, s *Store, bucket, key, value []byte) {
	t.Helper()
	if err := s.update(func(t *txn) error { return t.Bucket(bucket).Put(key, value) }); err != nil {
		t.Fatal(err)
	}
}
