package warc

import (
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// zipped is a zip file of entries: name, content, name, content. Those whose names begin with "packed:" are packed.
func zipped(t testing.TB, entries ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		h := &zip.FileHeader{Name: entries[i].(string)}
		if name, ok := strings.CutPrefix(h.Name, "packed:"); ok {
			h.Name, h.Method = name, zip.Deflate
		}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(entries[i+1].([]byte))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// surveyed reads the pages of some files, in order, and the problems.
func surveyed(t *testing.T, files map[string][]byte) (pages string, problems []Problem) {
	t.Helper()
	dir, tmp := t.TempDir(), t.TempDir()
	var names []string
	for name, data := range files {
		names = append(names, filepath.Join(dir, name))
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	c, err := OpenCollection(tmp, names...)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	if err := c.Survey(t.Context(), func(*Answer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for a, err := range c.Answers(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, a.URL[strings.LastIndex(a.URL, "/")+1:])
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Error("left behind:", left)
	}
	slices.Sort(seen)
	return strings.Join(seen, " "), c.Problems
}

// TestWACZVariants: a WACZ file is read however it was zipped, and one that is wrong does not keep others out.
func TestWACZVariants(t *testing.T) {
	one, two := packed(page(1)), packed(page(2))
	inner := zipped(t, "archive/data.warc.gz", one)
	bomb := bytes.Repeat([]byte("WARC/1.1\r\nno end "), 20<<20/17)
	damaged := zipped(t, "archive/a.warc.gz", one, "packed:archive/b.warc", bytes.Join([][]byte{page(2), bytes.Repeat([]byte("x"), 4096)}, nil))
	for i := bytes.Index(damaged, []byte("archive/b.warc")) + 14; i < bytes.Index(damaged, []byte("archive/b.warc"))+40; i++ {
		damaged[i] = 0xff
	}
	for _, tt := range []struct {
		name     string
		files    map[string][]byte
		want     string
		problems int
	}{
		{"as it should be", map[string][]byte{"x.wacz": inner}, "1", 0},
		{"packed", map[string][]byte{"x.wacz": zipped(t, "packed:archive/data.warc.gz", one)}, "1", 0},
		{"a folder above", map[string][]byte{"x.wacz": zipped(t, "collections/x/archive/data.warc.gz", one)}, "1", 0},
		{"at the root", map[string][]byte{"x.wacz": zipped(t, "data.WARC.GZ", one)}, "1", 0},
		{"separators of Windows", map[string][]byte{"x.wacz": zipped(t, "archive\\data.warc.gz", one)}, "1", 0},
		{"a collection of collections", map[string][]byte{"x.wacz": zipped(t, "a.wacz", inner, "b.wacz", zipped(t, "archive/b.warc.gz", two))}, "1 2", 0},
		{"packed in it", map[string][]byte{"x.wacz": zipped(t, "packed:a.wacz", zipped(t, "packed:archive/b.warc.gz", two), "archive/a.warc.gz", one)}, "1 2", 0},
		{"one in it that is none", map[string][]byte{"x.wacz": zipped(t, "a.wacz", []byte("no zip"), "archive/a.warc.gz", one)}, "1", 1},
		{"one in it that is damaged", map[string][]byte{"x.wacz": damaged}, "1", 1},
		{"a bomb beside a good one", map[string][]byte{"bomb.wacz": zipped(t, "packed:archive/a.warc", bytes.Repeat(bomb, 5)), "good.wacz": inner}, "1", 2},
		{"a bomb in a collection of collections", map[string][]byte{"x.wacz": zipped(t, "packed:bomb.wacz", make([]byte, 80<<20), "a.wacz", inner)}, "1", 1},
		{"no zip beside a good one", map[string][]byte{"bad.wacz": []byte("PK\x03\x04 no more"), "good.wacz": inner, "note.wacz": []byte("no zip at all")}, "1", 2},
		{"a mark at first", map[string][]byte{"x.warc": join([]byte("\ufeff"), page(1), page(2))}, "1 2", 0},
		{"blank lines at first", map[string][]byte{"x.warc": join([]byte("\r\n\n\r\n"), page(1))}, "1", 0},
		{"a mark at first, packed", map[string][]byte{"x.warc.gz": packed([]byte("\ufeff\r\n"), page(1), page(2))}, "1 2", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := surveyed(t, tt.files)
			if got != tt.want || len(problems) < min(tt.problems, 1) || tt.problems == 0 && len(problems) > 0 {
				t.Errorf("read %q with problems %v; want %q, %d", got, problems, tt.want, tt.problems)
			}
		})
	}
}

// TestNotWhole: what there is of a body that was cut is kept, and says so; a digest that nothing has is told.
func TestNotWhole(t *testing.T) {
	const html = "<title>1</title>"
	sum := func(s string) string {
		h := sha1.Sum([]byte(s))
		return "WARC-Payload-Digest: sha1:" + base32.StdEncoding.EncodeToString(h[:]) + "\r\n"
	}
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(html), html)
	for _, tt := range []struct{ name, record, header, body, want, cut, doubt string }{
		{"whole", "", "", html, html, "", ""},
		{"truncated", "WARC-Truncated: time\r\n", "", html, html, "time", ""},
		{"truncated for its length", "WARC-Truncated: length\r\n", "", html, html, "length", ""},
		{"no last chunk", "", "Transfer-Encoding: chunked\r\n", chunked[:len(chunked)-5], html, "chunked", ""},
		{"shorter than it says", "", "Content-Length: 99\r\n", html, html, "16 of 99", ""},
		{"digest of the body", sum(html), "", html, html, "", ""},
		{"digest of the body as it came", sum(chunked), "Transfer-Encoding: chunked\r\n", chunked, html, "", ""},
		{"digest behind the chunks", sum(html), "Transfer-Encoding: chunked\r\n", chunked, html, "", ""},
		{"digest of something else", sum("else"), "", html, html, "", "payload digest"},
		{"digest of an unknown kind", "WARC-Payload-Digest: blake3:abcd\r\n", "", html, html, "", ""},
		{"digest that is none", "WARC-Payload-Digest: sha1:?\r\n", "", html, html, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			block := "HTTP/1.1 200 OK\r\n" + tt.header + "\r\n" + tt.body
			c := collection(t, fmt.Appendf(nil, "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2023-01-01T00:00:00Z\r\n"+
				"WARC-Target-URI: http://www.example.gov.cn/1\r\nContent-Type: application/http\r\n%sContent-Length: %d\r\n\r\n%s\r\n\r\n", tt.record, len(block), block))
			n := 0
			err := c.Survey(t.Context(), func(a *Answer) error {
				n++
				if string(a.Body) != tt.want || a.Err != nil || (a.Cut == "") != (tt.cut == "") || !strings.Contains(a.Cut, tt.cut) ||
					(a.Doubt == "") != (tt.doubt == "") || !strings.Contains(a.Doubt, tt.doubt) {
					t.Errorf("got %q, cut %q, doubt %q, %v; want %q, %q, %q", a.Body, a.Cut, a.Doubt, a.Err, tt.want, tt.cut, tt.doubt)
				}
				return nil
			})
			if err != nil || n != 1 {
				t.Errorf("%d answers, %v", n, err)
			}
		})
	}
}

// FuzzCollection reads whatever file it is given as a collection: it ends, yields no more than what it counted, and leaves nothing
// behind.
func FuzzCollection(f *testing.F) {
	one, two := packed(page(1)), packed(page(2))
	f.Add(zipped(f, "archive/a.warc.gz", one, "datapackage.json", []byte("{}")), true)
	f.Add(zipped(f, "../../etc/a.warc.gz", one, "/b.warc.gz", two, "packed:archive\\c.warc", page(3)), true)
	f.Add(zipped(f, "packed:a.wacz", zipped(f, "archive/a.warc.gz", one), "b.wacz", zipped(f, "packed:b.warc.gz", two)), true)
	f.Add(join(one, two), false)
	f.Add(page(1, "http://www.example.gov.cn", "file:///etc"), false)
	f.Fuzz(func(t *testing.T, data []byte, zip bool) {
		if len(data) > 1<<20 {
			t.Skip()
		}
		dir, tmp := t.TempDir(), t.TempDir()
		name := filepath.Join(dir, "x.warc.gz")
		if zip {
			name = filepath.Join(dir, "x.wacz")
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if c, err := OpenCollection(tmp, name); err == nil {
			if err := c.Survey(t.Context(), func(*Answer) error { return nil }); err != nil {
				t.Errorf("a fault of the file is an error: %v", err)
			}
			n := 0
			for _, err := range c.Answers(t.Context()) {
				if n++; err != nil || n > c.Count.Answers {
					t.Errorf("answer %d of %d: %v", n, c.Count.Answers, err)
					break
				}
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		for folder, want := range map[string]int{dir: 1, tmp: 0} {
			if left, err := os.ReadDir(folder); err != nil || len(left) != want {
				t.Errorf("%v in %s, %v", left, folder, err)
			}
		}
	})
}
