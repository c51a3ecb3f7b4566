package warc

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/store"
)

// TestMetaRound: what a capture knows comes back from its metadata record as it was, whatever its values look like.
func TestMetaRound(t *testing.T) {
	at := time.Date(2024, 5, 1, 2, 3, 4, 0, time.UTC)
	for _, value := range []string{"plain", " blanks around ", `"quoted"`, "two\r\nlines", "a: b, c", "nul\x00", "中文", `"`, ""} {
		c := store.Capture{URL: "http://a.gov.cn/" + "x", Time: at, Kind: store.KindReport, Portal: "a", From: value, Title: value, Date: value, State: store.StateOK, Status: 200,
			Error: value, SHA256: "00", Truncated: value, Remote: value, Took: 17, Robots: store.Robots{Allowed: true, Reason: value, SHA256: value}}
		lines, err := reread(t, metaOf(c, []string{"Content-Length"}))
		if err != nil {
			t.Fatal(err)
		}
		back, added, ok := captureOf(lines, c.URL, at)
		if !ok || !reflect.DeepEqual(back, c) || !slices.Equal(added, []string{"Content-Length"}) {
			t.Errorf("%q:\n got %+v\nwant %+v", value, back, c)
		}
	}
	for name, f := range map[string]Fields{"no state": {{"gongkai-kind", "report"}}, "no kind": {{"gongkai-state", "ok"}}, "of another tool": {{"via", "http://a.gov.cn/"}}} {
		if _, _, ok := captureOf(f, "http://a.gov.cn/", at); ok {
			t.Errorf("%s: taken for ours", name)
		}
	}
	lies := Fields{{"gongkai-kind", "report"}, {"gongkai-state", "ok"}, {"gongkai-url", "http://b.gov.cn/中"}}
	if c, _, _ := captureOf(lies, "http://a.gov.cn/", at); c.URL != "http://a.gov.cn/" {
		t.Errorf("a record is of %s, as its lines say, and not of its own address", c.URL)
	}
}

// reread writes fields and reads them as a reader of the file does.
func reread(t *testing.T, f Fields) (back Fields, err error) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimRight(f.String(), "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("no field: %q", line)
		}
		back = append(back, Field{name, strings.TrimSpace(value)})
	}
	return back, nil
}

// TestHeaderRound: the header of an answer is true of the body as it is kept, and what was served comes back from it.
func TestHeaderRound(t *testing.T) {
	for name, h := range map[string]http.Header{
		"plain":          {"Content-Type": {"text/html"}, "Content-Length": {"5"}},
		"another length": {"Content-Length": {"17"}},
		"two lengths":    {"Content-Length": {"5", "5"}},
		"packed":         {"Content-Encoding": {"gzip"}, "Transfer-Encoding": {"chunked"}, "Etag": {`"x"`}},
		"of an archive":  {"X-Archive-Orig-Content-Encoding": {"br"}, "Set-Cookie": {"a=1", "b=2"}},
		"none":           {},
	} {
		text, added := httpHeader(store.Capture{Status: 200, Header: h}, 5)
		head, rest, _ := strings.Cut(text, "\r\n")
		var f Fields
		for line := range strings.SplitSeq(strings.TrimRight(rest, "\r\n"), "\r\n") {
			field, value, _ := strings.Cut(line, ": ")
			f = append(f, Field{field, value})
		}
		var lengths []string
		for _, one := range f {
			switch one.Name {
			case "Content-Length":
				lengths = append(lengths, one.Value)
			case "Content-Encoding", "Transfer-Encoding":
				t.Errorf("%s: %s says what is not true of the body as it is kept", name, one.Name)
			}
		}
		if head != "HTTP/1.1 200 OK" || !slices.Equal(lengths, []string{"5"}) {
			t.Errorf("%s: %s, lengths %v", name, head, lengths)
		}
		if back := served(f, added); !reflect.DeepEqual(back, h) {
			t.Errorf("%s: got %v back, want %v", name, back, h)
		}
	}
}

// TestDigests: digests in every form that tools write are compared, and one that cannot be read proves nothing.
func TestDigests(t *testing.T) {
	body := []byte("body")
	s1, s256, m := sha1.Sum(body), sha256.Sum256(body), md5.Sum(body)
	for field, want := range map[string]bool{
		"sha1:" + base32.StdEncoding.EncodeToString(s1[:]):                              true,
		"sha1:" + strings.ToLower(base32.StdEncoding.EncodeToString(s1[:])):             true,
		"SHA-1: " + hex.EncodeToString(s1[:]):                                           true,
		"sha256:" + hex.EncodeToString(s256[:]):                                         true,
		"sha-256:" + strings.TrimRight(base32.StdEncoding.EncodeToString(s256[:]), "="): true,
		"md5:" + hex.EncodeToString(m[:]):                                               true,
		"sha1:" + strings.Repeat("A", 32):                                               false,
		"sha256:" + strings.Repeat("0", 64):                                             false,
		"md5:" + strings.Repeat("0", 32):                                                false,
		"sha1:" + strings.Repeat("0", 64):                                               true, // no digest of that kind
		"blake3:00":                                                                     true,
		"":                                                                              true,
	} {
		if got := fits(field, []byte("other"), body); got != want {
			t.Errorf("%s: fits %v", field, got)
		}
	}
}

// TestIndexParts: an index that was set aside in parts is one, in order, and leaves nothing behind.
func TestIndexParts(t *testing.T) {
	x := index{dir: t.TempDir()}
	var want []string
	for _, part := range []string{"hca", "fbk", "", "gdi"} {
		for _, c := range part {
			line := string(c) + " 20240101000000 {}\n"
			want = append(want, line)
			if err := x.add(line); err != nil {
				t.Fatal(err)
			}
		}
		if err := x.flush(); err != nil {
			t.Fatal(err)
		}
	}
	if len(x.parts) != 3 {
		t.Errorf("%d parts", len(x.parts))
	}
	slices.Sort(want)
	var b bytes.Buffer
	if err := x.writeTo(&b); err != nil || b.String() != strings.Join(want, "") {
		t.Errorf("%v:\n%s", err, b.String())
	}
	if left, _ := os.ReadDir(x.dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestWriteBounds: a moment that is not there yet is refused, as is a folder of something else; an archive of nothing gives
// a file that says so; and a file that has reached its size is followed by another.
func TestWriteBounds(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	empty, err := Write(t.Context(), s, t.TempDir(), Options{})
	if err != nil || empty.Files != 1 || empty.Captures != 0 || empty.Bytes == 0 {
		t.Errorf("of nothing: %+v, %v", empty, err)
	}
	for i := range 3 {
		c := store.Capture{URL: fmt.Sprint("http://a.gov.cn/", i), Time: time.Date(2024, 1, 1, i, 0, 0, 0, time.UTC), Kind: store.KindReport, State: store.StateOK, Status: 200}
		if err := s.AddCapture(&c, fmt.Append(nil, "body ", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Write(t.Context(), s, t.TempDir(), Options{AsOf: 4}); err == nil || !strings.Contains(err.Error(), "the newest in the archive is 3") {
		t.Errorf("as of capture 4 of 3: %v", err)
	}
	if sum, err := Write(t.Context(), s, t.TempDir(), Options{AsOf: 2}); err != nil || sum.Captures != 2 || sum.Files != 1 {
		t.Errorf("as of capture 2: %+v, %v", sum, err)
	}
	dir := t.TempDir()
	if sum, err := Write(t.Context(), s, dir, Options{FileSize: 1}); err != nil || sum.Files != 3 {
		t.Errorf("a file for each: %+v, %v", sum, err)
	}
	info, err := os.Stat(filepath.Join(dir, "gongkai-00000.warc.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := Write(t.Context(), s, dir, Options{FileSize: info.Size()}); err != nil || sum.Files != 3 {
		t.Errorf("files that are just full: %+v, %v", sum, err)
	}
	if sum, err := Write(t.Context(), s, dir, Options{FileSize: info.Size() + 1}); err != nil || sum.Files != 2 {
		t.Errorf("files that are not: %+v, %v", sum, err)
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*.warc.gz")); err != nil || len(names) != 2 {
		t.Errorf("files of an earlier export are left: %v, %v", names, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "thesis.docx"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), s, dir, Options{}); err == nil || !strings.Contains(err.Error(), "thesis.docx") {
		t.Errorf("into a folder of something else: %v", err)
	}
}

// TestWithoutBody: an answer whose body the archive does not have is marked as cut, with why; one that has none is not.
func TestWithoutBody(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	answers := []struct {
		state  string
		status int
		header http.Header
		want   string
	}{
		{store.StateFailed, 500, nil, "unspecified"},
		{store.StateGone, 404, nil, "unspecified"},
		{store.StateRefused, 200, nil, "length"},
		{store.StateFailed, 204, nil, ""},
		{store.StateFailed, 199, nil, ""},
		{store.StateRedirect, 302, http.Header{"Content-Length": {"0"}}, ""},
		{store.StateRedirect, 302, nil, "unspecified"},
	}
	for i, a := range answers {
		c := store.Capture{URL: fmt.Sprint("http://a.gov.cn/", i), Time: time.Date(2024, 1, 1, i, 0, 0, 0, time.UTC), Kind: store.KindOther, State: a.state, Status: a.status, Header: a.header}
		if err := s.AddCapture(&c, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if _, err := Write(t.Context(), s, dir, Options{}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "gongkai-00000.warc.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, record := range strings.Split(string(text), "WARC/1.1\r\n") {
		head, _, _ := strings.Cut(record, "\r\n\r\n")
		if !strings.Contains(head, "WARC-Type: response") {
			continue
		}
		_, got, _ := strings.Cut(head, "WARC-Truncated: ")
		got, _, _ = strings.Cut(got, "\r\n")
		if a := answers[seen]; got != a.want {
			t.Errorf("%s, status %d: truncated %q, want %q", a.state, a.status, got, a.want)
		}
		seen++
	}
	if seen != len(answers) {
		t.Errorf("%d responses", seen)
	}
}

// TestLostBodies: an answer whose body is damaged in the archive is exported without it, marked, and named.
func TestLostBodies(t *testing.T) {
	folder := t.TempDir()
	s, err := store.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 40<<10) // that cannot be packed, and so stands in the file as it is
	rand.NewChaCha8([32]byte{}).Read(body)
	c := store.Capture{URL: "http://a.gov.cn/lost", Time: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Kind: store.KindReport, State: store.StateOK, Status: 200}
	if err := errors.Join(s.AddCapture(&c, body, nil), s.Close()); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(folder, "archive.db")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, body[20<<10:20<<10+64])
	if at < 0 {
		t.Fatal("the body does not stand in the archive as it is")
	}
	data[at] ^= 1
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err = store.OpenReadOnly(folder); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sum, err := Write(t.Context(), s, t.TempDir(), Options{})
	if err != nil || !slices.Equal(sum.Lost, []string{c.URL}) || sum.Responses != 1 || !strings.Contains(sum.String(), "1 bodies are damaged") {
		t.Errorf("%+v, %v", sum, err)
	}
}
