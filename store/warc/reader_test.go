package warc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// page returns a response record; edit changes its header.
func page(n int, edit ...string) []byte {
	block := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>%d</title>", n)
	text := fmt.Sprintf("WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-%012d>\r\n"+
		"WARC-Date: 2023-01-01T00:00:%02dZ\r\nWARC-Target-URI: http://www.example.gov.cn/%d\r\nContent-Type: application/http; msgtype=response\r\n"+
		"Content-Length: %d\r\n\r\n%s\r\n\r\n", n, n%60, n, len(block), block)
	return []byte(strings.NewReplacer(edit...).Replace(text))
}

func packed(data ...[]byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for _, d := range data {
		z.Write(d)
	}
	z.Close()
	return b.Bytes()
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// cut is a file that ends in the middle of its last record.
func cut(data []byte) []byte { return data[:len(data)-20] }

func flip(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 0x10
	return data
}

// bomb is a record in a member of gzip, with so many megabytes of zeros.
func bomb(header string, megabytes int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, header)
	zeros := make([]byte, 1<<20)
	for range megabytes {
		z.Write(zeros)
	}
	z.Close()
	return b.Bytes()
}

// TestDamage: what is whole is read, whatever stands around it, and the rest is told.
func TestDamage(t *testing.T) {
	bad := func(edit ...string) []byte { return page(2, edit...) }
	for _, tt := range []struct {
		name   string
		data   []byte
		want   string // the pages that are read
		faults int
	}{
		{"plain", join(page(1), page(2), page(3)), "1 2 3", 0},
		{"members", join(packed(page(1)), packed(page(2)), packed(page(3))), "1 2 3", 0},
		{"plain behind members", join(packed(page(1)), page(2), packed(page(3))), "1 2 3", 0},
		{"as a whole", packed(page(1), page(2), page(3)), "1 2 3", 0},
		{"some members with several", join(packed(page(1)), packed(page(2), page(3))), "1 2 3", 0},
		{"members of any size", blocks(join(page(1), page(2), page(3)), 100), "1 2 3", 0},
		{"zstd", zstandard(page(1), page(2), page(3)), "1 2 3", 0},
		{"no line ends at the end", join(page(1), bytes.TrimRight(page(2), "\r\n")), "1 2", 0},
		{"bare line feeds", bytes.ReplaceAll(join(page(1, "Content-Length: 60", "Content-Length: 57"), page(2, "Content-Length: 60", "Content-Length: 57")), []byte("\r\n"), []byte("\n")), "1 2", 0},
		{"zeros at the end", join(packed(page(1)), make([]byte, 10000)), "1", 0},
		{"empty", nil, "", 0},

		{"cut, plain", cut(join(page(1), page(2))), "1", 1},
		{"cut, members", cut(join(packed(page(1)), packed(page(2)))), "1", 1},
		{"cut, as a whole", cut(packed(page(1), page(2), page(3))), "1 2", 2}, // the packing, and the record
		{"cut in the header", page(1)[:50], "", 1},
		{"garbage between", join(page(1), []byte("<html>rubbish WARC/1.1\nWARC/1.\n"), page(2)), "1 2", 2},
		{"garbage between members", join(packed(page(1)), []byte("rubbish \x1f\x8b\x08 rubbish"), packed(page(2))), "1 2", 1},
		{"garbage at first", join([]byte("WARC/1.1\r\n\r\n\r\n"), page(1)), "1", 1},
		{"flipped bit", join(packed(page(1)), flip(packed(page(2)), 60), packed(page(3))), "1 3", 1},
		{"length too short", join(page(1), bad("Content-Length: 60", "Content-Length: 50"), page(3)), "1 3", 1},
		{"length too long", join(page(1), bad("Content-Length: 60", "Content-Length: 99"), page(3)), "1 3", 1},
		{"length beyond the file", join(page(1), bad("Content-Length: 60", "Content-Length: 9223372036854775807"), page(3)), "1 3", 1},
		{"length negative", join(page(1), bad("Content-Length: 60", "Content-Length: -1"), page(3)), "1 3", 1},
		{"length too short, members", join(packed(page(1)), packed(bad("Content-Length: 60", "Content-Length: 50")), packed(page(3))), "1 3", 1},
		{"length too long, members", join(packed(page(1)), packed(bad("Content-Length: 60", "Content-Length: 9000")), packed(page(3))), "1 3", 1},
		{"wrong digest", join(page(1), bad("Content-Type: application", "WARC-Block-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\nContent-Type: application"), page(3)), "1 3", 1},
		{"unknown digest", join(page(1), bad("Content-Type: application", "WARC-Block-Digest: md9:AAAA\r\nContent-Type: application"), page(3)), "1 2 3", 0},
		{"no date", join(page(1), bad("WARC-Date", "WARC-Day"), page(3)), "1 3", 1},
		{"no HTTP", join(page(1), bad("HTTP/1.1 200", "FTP/1.1 2000"), page(3)), "1 3", 1},
		{"segmented", join(page(1), bad("WARC-Date", "WARC-Segment-Number: 1\r\nWARC-Date"), page(3)), "1 3", 1},
		{"continuation", join(page(1), bad("WARC-Type: response", "WARC-Type: continuation"), page(3)), "1 3", 1},
		{"header without end", join(packed(page(1)), bomb("WARC/1.1\r\nX: ", 300), packed(page(3))), "1 3", 1},
		{"bomb", join(packed(page(1)), bomb("WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://www.example.gov.cn/b\r\nWARC-Date: 2023-01-01T00:00:00Z\r\n"+
			"Content-Length: 314572800\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 300), packed(page(3))), "1 3", 1},
		{"headers without ends", join(page(1), bytes.Repeat([]byte("WARC/1.\n"), 20_000), page(3)), "1", mostDamages},
		{"other types", join(page(1), bad("WARC-Type: response", "WARC-Type: novelty"), bad("http://www.example.gov.cn/2", "dns:www.example.gov.cn"),
			bad("WARC-Type: response", "WARC-Type: conversion"), page(3)), "1 3", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := collection(t, tt.data)
			var seen []string
			if err := c.Survey(t.Context(), func(a *Answer) error {
				seen = append(seen, strings.TrimSuffix(strings.TrimPrefix(string(a.Body), "<title>"), "</title>"))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(seen, " "); got != tt.want && got != "1 "+tt.want { // a file is looked at again when it proves to be packed as a whole
				t.Errorf("read %q, want %q", got, tt.want)
			}
			var again []string
			for a, err := range c.Answers(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				again = append(again, a.URL[strings.LastIndex(a.URL, "/")+1:])
			}
			if got := strings.Join(again, " "); got != tt.want || c.Count.Answers != len(again) {
				t.Errorf("read again %q (%d counted), want %q", got, c.Count.Answers, tt.want)
			}
			if c.Count.Faults != tt.faults || len(c.Problems) != min(tt.faults, mostProblems) {
				t.Errorf("%d faults, want %d: %v", c.Count.Faults, tt.faults, c.Problems)
			}
		})
	}
}

// collection opens a collection of one file.
func collection(t *testing.T, data []byte) *Collection {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.warc")
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := OpenCollection(t.TempDir(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// blocks packs data in members of so many bytes, as bgzip does, without regard to records.
func blocks(data []byte, size int) []byte {
	var all []byte
	for len(data) > 0 {
		n := min(size, len(data))
		all = append(all, packed(data[:n])...)
		data = data[n:]
	}
	return all
}

func zstandard(records ...[]byte) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	var all []byte
	for _, r := range records {
		all = z.EncodeAll(r, all)
	}
	return all
}

// TestZstdDictionary: the first frame of a .warc.zst file may hold the dictionary of all others.
func TestZstdDictionary(t *testing.T) {
	var samples [][]byte
	var history []byte
	for n := range 50 {
		history = append(history, page(n)...)
		samples = append(samples, append(page(n+50), sha256Field([]byte{byte(n)})...)) // with something that is new
	}
	dict, err := zstd.BuildDict(zstd.BuildDictOptions{ID: 7, Contents: samples, History: history, Offsets: [3]int{1, 4, 8}})
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderDict(dict))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string][]byte{"as it is": dict, "packed": plain.EncodeAll(dict, nil)} {
		data := append([]byte{0x5d, 0x2a, 0x4d, 0x18, byte(len(d)), byte(len(d) >> 8), byte(len(d) >> 16), byte(len(d) >> 24)}, d...)
		data = z.EncodeAll(page(1), data)
		data = z.EncodeAll(page(2), data)
		c := collection(t, data)
		n := 0
		if err := c.Survey(t.Context(), func(*Answer) error { n++; return nil }); err != nil || n != 2 || c.Count.Faults != 0 {
			t.Errorf("%s: %d answers, %v, %v", name, n, c.Problems, err)
		}
	}
}

// TestNotWARC: files that are something else are refused by name.
func TestNotWARC(t *testing.T) {
	for text, want := range map[string]string{
		"filedesc://x.arc 0.0.0.0": "ARC file", "<html>": "neither a WARC nor a WACZ file", "PK\x03\x04 and no more": "zip",
	} {
		name := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCollection(t.TempDir(), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := OpenCollection("", t.TempDir()); err == nil {
		t.Error("an empty folder is a collection")
	}
	if _, err := OpenCollection("", filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestDecode: bodies come out as they were before any coding, as far as they go.
func TestDecode(t *testing.T) {
	const html = "<html>年度报告</html>"
	gz := string(packed([]byte(html)))
	for _, tt := range []struct{ name, header, body, want, err string }{
		{"plain", "", html, html, ""},
		{"length", fmt.Sprintf("Content-Length: %d\r\n", len(html)), html, html, ""},
		{"shorter than its length", "Content-Length: 1000\r\n", html, html, "cut short"},
		{"longer than its length", "Content-Length: 3\r\n", html, html, ""}, // it was decoded, and the header is of before
		{"gzip", "Content-Encoding: gzip\r\n", gz, html, ""},
		{"gzip, decoded before", "Content-Encoding: gzip\r\n", html, html, ""},
		{"gzip, cut", "Content-Encoding: gzip\r\n", gz[:len(gz)-9], html, "gzip"},
		{"gzip twice", "Content-Encoding: gzip, GZIP\r\n", string(packed([]byte(gz))), html, ""},
		{"br, decoded before", "Content-Encoding: br\r\n", html, html, ""},
		{"unknown coding", "Content-Encoding: lzma\r\n", "\x5d\x00\x01xyz", "\x5d\x00\x01xyz", "not known"},
		{"a coding that is none", "Content-Encoding: utf-8\r\n", html, html, ""},
		{"no last chunk", "Transfer-Encoding: chunked\r\n", fmt.Sprintf("%X\r\n%s\r\n", len(html), html), html, "chunked"},
		{"a chunk cut, of gzip", "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n", fmt.Sprintf("%X\r\n%s", len(gz)+9, gz), html, "chunked"},
		{"identity", "Content-Encoding: identity\r\n", html, html, ""},
		{"chunks", "Transfer-Encoding: chunked\r\n", fmt.Sprintf("%X;a=b\r\n%s\r\n0\r\nTrailer: x\r\n\r\n", len(html), html), html, ""},
		{"chunks, decoded before", "Transfer-Encoding: chunked\r\n", html, html, ""},
		{"chunks, cut", "Transfer-Encoding: chunked\r\n", fmt.Sprintf("%X\r\n%s", len(html)+5, html), html, "chunked"},
		{"chunks of gzip", "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n", fmt.Sprintf("%X\r\n%s\r\n0\r\n\r\n", len(gz), gz), html, ""},
		{"bomb", "Content-Encoding: gzip\r\n", string(bomb("", 3)), "", "larger than the limit"},
		{"too large", "", strings.Repeat("x", 1<<20+1), "", "larger than the limit"},
		{"odd lines", "no colon here\r\n folded\r\nX:y\r\n", html, html, ""},
	} {
		m, err := readMessage(strings.NewReader("HTTP/1.1 200 OK\r\n"+tt.header+"\r\n"+tt.body), 1<<20)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		m.decode(1 << 20)
		if string(m.body) != tt.want || (m.err == nil) != (tt.err == "") || m.err != nil && !strings.Contains(m.err.Error(), tt.err) {
			t.Errorf("%s: %.50q, %v; want %q, %q", tt.name, m.body, m.err, tt.want, tt.err)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range [][]byte{page(1), join(packed(page(1)), packed(page(2))), packed(page(1), page(2)), blocks(page(1), 50), cut(join(page(1), page(2))),
		join(page(1), []byte("WARC/1."), page(2)), page(1, "Content-Length: 60", "Content-Length: 9000")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data), int64(len(data)))
		last := int64(-1)
		for range len(data) + 2 {
			rec, err := r.Next()
			var damage *Damage
			switch {
			case err == io.EOF, errors.Is(err, errSeveral):
				return
			case errors.As(err, &damage):
				continue
			case err != nil:
				t.Fatalf("Next: %v", err)
			}
			if rec.Offset <= last {
				t.Fatalf("a record at %d follows one at %d", rec.Offset, last)
			}
			last = rec.Offset
			if m, err := readMessage(rec, 1<<16); err == nil {
				m.decode(1 << 16)
			}
			if err := rec.Close(); errors.Is(err, errSeveral) {
				return
			}
			offset := rec.Offset
			if _, err := NewReader(bytes.NewReader(data), int64(len(data))).At(offset); err != nil {
				t.Fatalf("At(%d): %v", offset, err)
			}
		}
		t.Fatal("no end")
	})
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip, br, zstd, deflate\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	f.Add(join([]byte("HTTP/2 200\r\nContent-Encoding: gzip\r\n\r\n"), packed([]byte("hello"))))
	f.Add([]byte("HTTP/2 200\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\b\x00\x00\tn\x88\x00-En\x00\xfa\xffhello")) // broken from its beginning
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := readMessage(bytes.NewReader(data), 1<<16)
		if err != nil {
			return
		}
		m.status()
		// What broke off is kept as far as it goes; what is too large is not.
		if m.decode(1 << 16); len(m.body) > 1<<16 || errors.Is(m.err, ErrTooLarge) && len(m.body) > 0 {
			t.Fatalf("%d bytes, %v", len(m.body), m.err)
		}
	})
}
