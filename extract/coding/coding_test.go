package coding

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const page = "<!DOCTYPE html><html><head><title>年度报告</title></head><body><p>本年新收政府信息公开申请数量</p></body></html>"

func packed(t testing.TB, pack func(io.Writer) io.WriteCloser, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := pack(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gz(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func zl(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
func br(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
func raw(w io.Writer) io.WriteCloser {
	z, _ := flate.NewWriter(w, flate.BestCompression)
	return z
}
func zs(w io.Writer) io.WriteCloser {
	z, _ := zstd.NewWriter(w)
	return z
}

// TestUndo: what a browser shows is had, and what is no whole body is said to be none.
func TestUndo(t *testing.T) {
	g, z, d, b, s := packed(t, gz, page), packed(t, zl, page), packed(t, raw, page), packed(t, br, page), packed(t, zs, page)
	twice := packed(t, gz, g)
	doc := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00\x01\x02", 200)
	const html = "text/html"
	for _, tt := range []struct {
		name, kind, coding, body, want string
		err                            error
	}{
		{"not named", html, "", page, page, nil},
		{"gzip", html, "gzip", g, page, nil},
		{"x-gzip", html, "x-gzip", g, page, nil},
		{"capitals and blanks", html, " GZip ", g, page, nil},
		{"a parameter", html, "gzip;q=1.0", g, page, nil},
		{"quoted", html, `"gzip"`, g, page, nil},
		{"none", html, "none", page, page, nil},
		{"a charset", html, "utf-8", page, page, nil},
		{"binary", "application/pdf", "binary", "%PDF-1.4 x", "%PDF-1.4 x", nil},
		{"identity", html, "identity", page, page, nil},
		{"a media type", html, "text/html", page, page, nil},
		{"nonsense", html, "off", page, page, nil},
		{"nonsense over bytes that nobody knows", "", "off", "\x00\x01\x02\x03", "\x00\x01\x02\x03", nil},
		{"identity and gzip", html, "identity, gzip", g, page, nil},
		{"gzip and chunked", html, "gzip, chunked", g, page, nil},
		{"twice", html, "gzip, gzip", twice, page, nil},
		{"twice named, once packed", html, "gzip, gzip", g, page, nil},
		{"twice packed, once named", html, "gzip", twice, page, nil},
		{"packed, not named", html, "", g, page, nil},
		{"packed, named none", html, "none", g, page, nil},
		{"an archive is no packed page", "application/gzip", "", g, g, nil},
		{"an archive called none", "application/octet-stream", "none", g, g, nil},
		{"gzip of deflate", html, "deflate, gzip", packed(t, gz, d), page, nil},
		{"named, not packed", html, "gzip", page, page, nil},
		{"named, empty", html, "gzip", "", "", nil},
		{"deflate with its frame", html, "deflate", z, page, nil},
		{"deflate without it", html, "deflate", d, page, nil},
		{"deflate that is gzip", html, "deflate", g, page, nil},
		{"deflate that is nothing", html, "deflate", page, page, nil},
		{"deflate that begins like zlib", "text/plain", "deflate", "x\x01 is how it begins", "x\x01 is how it begins", nil},
		{"deflate that is a document", "application/msword", "deflate", doc, doc, nil},
		{"gzip that is deflate", html, "gzip", z, page, nil},
		{"br", html, "br", b, page, nil},
		{"br that is nothing", html, "br", page, page, nil},
		{"br that is gzip", html, "br", g, page, nil},
		{"zstd", html, "zstd", s, page, nil},
		{"zstd that is nothing", html, "zstd", page, page, nil},
		{"compress that is nothing", html, "compress", page, page, nil},
		{"compress", html, "compress", "\x1f\x9d\x90\x00\x01\x02", "", ErrUnknown},

		{"text behind it", html, "gzip", g + "<!-- cached -->", page, nil},
		{"NULs behind it", html, "gzip", g + strings.Repeat("\x00", 512), page, nil},
		{"a newline behind it", html, "gzip", g + "\r\n", page, nil},
		{"a broken head behind it", html, "gzip", g + "\x1f\x8b", page, nil},
		{"two members", html, "gzip", packed(t, gz, page[:50]) + packed(t, gz, page[50:]), page, nil},
		{"two members and text", html, "gzip", packed(t, gz, page[:50]) + packed(t, gz, page[50:]) + "x", page, nil},
		{"no trailer", html, "gzip", g[:len(g)-8], page, nil},
		{"half a trailer", html, "gzip", g[:len(g)-3], page, nil},
		{"no checksum", html, "deflate", z[:len(z)-4], page, nil},
		{"text behind zlib", html, "deflate", z + "x", page, nil},
		{"text behind zstd", html, "zstd", s + "<!-- cached -->", page, nil},

		{"cut", html, "gzip", g[:len(g)-20], page[:1], ErrCut},
		{"cut in the head", html, "gzip", g[:5], "", ErrCut},
		{"cut in the second member", html, "gzip", packed(t, gz, page[:50]) + g[:len(g)-20], page[:50], ErrCut},
		{"cut zlib", html, "deflate", z[:len(z)-20], page[:1], ErrCut},
		{"wrong checksum", html, "gzip", g[:len(g)-8] + "\x01\x02\x03\x04" + g[len(g)-4:], page, ErrCut},
		{"wrong length", html, "gzip", g[:len(g)-4] + "\x01\x02\x03\x04", page, ErrCut},
		{"wrong checksum of zlib", html, "deflate", z[:len(z)-4] + "\x01\x02\x03\x04", page, ErrCut},
		{"damaged", html, "gzip", g[:40] + "\xff\xff\xff\xff" + g[44:], "", ErrCut},
		{"too large", html, "gzip", packed(t, gz, strings.Repeat("x", 1<<20+1)), "", ErrTooLarge},
		{"too large as a whole", html, "gzip", strings.Repeat(packed(t, gz, strings.Repeat("x", 600<<10)), 2), "", ErrTooLarge},
	} {
		got, err := Undo([]byte(tt.body), http.Header{"Content-Type": {tt.kind}, "Content-Encoding": {tt.coding}}, 1<<20)
		if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
			t.Errorf("%s: got error %v, want %v", tt.name, err, tt.err)
		}
		if err == nil && string(got) != tt.want || !bytes.HasPrefix(got, []byte(tt.want)) {
			t.Errorf("%s: got %.60q, want %.60q", tt.name, got, tt.want)
		}
		if err != nil && !errors.Is(err, ErrCut) && got != nil {
			t.Errorf("%s: %d bytes with an error", tt.name, len(got))
		}
	}
	got, err := Undo([]byte(g), http.Header{"Content-Type": {html}, "Content-Encoding": {"gzip", "gzip"}}, 1<<20)
	if err != nil || string(got) != page {
		t.Errorf("a header twice: got %.60q, %v", got, err)
	}
}

// TestUndoCut: a stream that ends too early is told from text that only claims to be packed.
func TestUndoCut(t *testing.T) {
	text := strings.Repeat(page, 2000)
	for name, pack := range map[string]func(io.Writer) io.WriteCloser{"gzip": gz, "deflate": zl, "br": br, "zstd": zs} {
		all := packed(t, pack, text+noise())
		got, err := Undo([]byte(all[:len(all)-50]), http.Header{"Content-Encoding": {name}}, 1<<24)
		if !errors.Is(err, ErrCut) || !strings.HasPrefix(string(got), page) {
			t.Errorf("%s: got %d bytes, %v", name, len(got), err)
		}
	}
}

// noise is text that cannot be packed.
func noise() string {
	var b strings.Builder
	x := uint32(1)
	for range 100_000 {
		x = x*1664525 + 1013904223
		b.WriteByte(byte(x >> 24))
	}
	return b.String()
}

func TestBomb(t *testing.T) {
	bomb := packed(t, gz, strings.Repeat("x", 2*FreeSize))
	if _, err := Undo([]byte(bomb), http.Header{"Content-Encoding": {"gzip"}}, 1<<30); !errors.Is(err, ErrBomb) {
		t.Errorf("got %v", err)
	}
	if _, err := Undo([]byte(packed(t, gz, bomb)), http.Header{"Content-Encoding": {"gzip, gzip"}}, 1<<30); !errors.Is(err, ErrBomb) {
		t.Errorf("in two layers: got %v", err)
	}
}

func FuzzUndo(f *testing.F) {
	for _, pack := range []func(io.Writer) io.WriteCloser{gz, zl, raw, br, zs} {
		f.Add([]byte(packed(f, pack, page)), "gzip", "text/html")
		f.Add([]byte(packed(f, pack, page)), "deflate, br", "")
	}
	f.Fuzz(func(t *testing.T, body []byte, name, kind string) {
		const limit = 1 << 16
		got, err := Undo(body, http.Header{"Content-Encoding": {name}, "Content-Type": {kind}}, limit)
		if err != nil && !errors.Is(err, ErrCut) && got != nil {
			t.Errorf("%d bytes with %v", len(got), err)
		}
		if err == nil && len(got) > max(limit, len(body)) {
			t.Errorf("%d bytes", len(got))
		}
	})
}

// TestUndoStrictly: of what must be whole nothing passes that lacks a byte, has one more, or is not what it is called.
func TestUndoStrictly(t *testing.T) {
	const rules = "User-agent: *\nDisallow: /\n"
	undo := func(coding, body string) (string, error) {
		got, err := UndoStrictly([]byte(body), http.Header{"Content-Type": {"text/plain"}, "Content-Encoding": {coding}}, 1<<20)
		return string(got), err
	}
	stored := "\x01\x1a\x00\xe5\xff" + rules
	for name, bodies := range map[string][]string{
		"gzip": {packed(t, gz, rules), packed(t, gz, rules[:9]) + packed(t, gz, rules[9:])}, "deflate": {packed(t, zl, rules), packed(t, raw, rules), stored},
		"br": {packed(t, br, rules)}, "zstd": {packed(t, zs, rules)},
	} {
		for i, body := range bodies {
			if got, err := undo(name, body); err != nil || got != rules {
				t.Errorf("%s %d: got %q, %v", name, i, got, err)
			}
			for n := range body {
				if got, err := undo(name, body[:n]); err == nil && (name != "gzip" || got != rules[:9]) { // a member is a whole file
					t.Errorf("%s %d: %d of %d bytes give %q", name, i, n, len(body), got)
				}
			}
			for _, more := range []string{"x", "\x1f\x8b", "<!-- cached -->", rules} {
				if got, err := undo(name, body+more); err == nil {
					t.Errorf("%s %d: with %q behind it: got %q", name, i, more, got)
				}
			}
		}
	}
	g := packed(t, gz, rules)
	for _, coding := range []string{"", "none", "identity", "utf-8", "UTF8", "gb2312", "GBK", "gb18030", "iso-8859-1", "8bit", "binary", "text/plain", "off", "chunked", "identity, utf-8"} {
		if got, err := undo(coding, rules); err != nil || got != rules {
			t.Errorf("%s: got %q, %v", coding, got, err)
		}
		if got, err := undo(coding, g); err != nil || got != rules {
			t.Errorf("%s, packed: got %q, %v", coding, got, err)
		}
	}
	for _, coding := range []string{"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-secret", "aes128gcm", "rot13", "gzip, x", "x, gzip", "gz"} {
		for _, body := range []string{rules, ""} {
			if got, err := undo(coding, body); !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrCut) {
				t.Errorf("%s: got %q, %v", coding, got, err)
			}
		}
	}
	if got, err := undo("", g[:len(g)-1]); !errors.Is(err, ErrCut) {
		t.Errorf("packed, not named, and cut: got %q, %v", got, err)
	}
	if got, err := undo("gzip", g+"\x00\x00\r\n"); err != nil || got != rules {
		t.Errorf("filled up: got %q, %v", got, err)
	}
}
