package fetch

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

const headsPage = "<html><body>x</body></html>" // 27 bytes

// mendedAnswers holds answers whose heads break the rules of HTTP, as servers send them.
var mendedAnswers = []struct {
	name, answer string
	status       int
	mended       string // what it tells of that; "" when nothing is to be mended
	err          string // why the body may not be whole
	fields       string // "Name: value", of the header as the server has sent it
}{
	{"nothing", "HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, "", "", ""},
	{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 27\n\n" + headsPage, 200, "", "", ""},
	{"no reason", "HTTP/1.1 200\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, "", "", ""},
	{"folded", "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, "", "", "X-A: b c"},
	{"blank before the colon", "HTTP/1.1 200 OK\r\nServer : IIS\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, "", "", ""},
	{"early hints", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, "", "", ""},
	{"several lengths of one value", "HTTP/1.1 200 OK\r\nContent-Length: 27\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, "", "", ""},
	{"length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n" + headsPage + "\r\n0\r\n\r\n", 200, "", "", ""},

	{"length is a list", "HTTP/1.1 200 OK\r\nContent-Length: 27, 27\r\n\r\n" + headsPage + "surplus", 200, `Content-Length "27, 27"`, "", "Content-Length: 27, 27"},
	{"lengths differ", "HTTP/1.1 200 OK\r\nContent-Length: 27\r\nContent-Length: 22\r\n\r\n" + headsPage, 200, `Content-Length "27, 22"`, "", "Content-Length: 27"},
	{"length is negative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + headsPage, 200, `Content-Length "-1"`, "", "Content-Length: -1"},
	{"length is empty", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n" + headsPage, 200, `Content-Length ""`, "", ""},
	{"length is no number", "HTTP/1.1 200 OK\r\nContent-Length: 27 bytes\r\n\r\n" + headsPage, 200, `Content-Length "27 bytes"`, "", ""},
	{"length is hexadecimal", "HTTP/1.1 200 OK\r\nContent-Length: 0x1b\r\n\r\n" + headsPage, 200, `Content-Length "0x1b"`, "", ""},
	{"length has a sign", "HTTP/1.1 200 OK\r\nContent-Length: +27\r\n\r\n" + headsPage, 200, `Content-Length "+27"`, "", ""},
	{"length beyond all numbers", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n" + headsPage, 200, `Content-Length "99999999999999999999"`, "", ""},
	{"length unknown, and no end", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n<html>x", 200, `Content-Length "-1"`, `the length is not known, Content-Length "-1": after 7 bytes`, ""},
	{"lengths differ, one is right", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 22\r\n\r\n<html>x", 200, `Content-Length "7, 22"`, "", ""},
	{"blank before the colon of the length", "HTTP/1.1 200 OK\r\nContent-Length : 27\r\n\r\n" + headsPage + "surplus", 200, `blank before the colon of "Content-Length : 27"`, "", "Content-Length: 27"},
	{"blank before the colon of the type", "HTTP/1.1 200 OK\r\nContent-Type : text/html\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `blank before the colon of "Content-Type : text/html"`, "", "Content-Type: text/html"},
	{"wrong length beside chunks", "HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n<html>x\r\n0\r\n\r\n", 200, `Content-Length "x"`, "", ""},

	{"identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `Transfer-Encoding "identity"`, "", "Transfer-Encoding: identity"},
	{"identity, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n1b\r\n" + headsPage + "\r\n0\r\n\r\n", 200, `Transfer-Encoding "identity, chunked"`, "", ""},
	{"chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n" + headsPage + "\r\n0\r\n\r\n", 200, `Transfer-Encoding "chunked, chunked"`, "", ""},
	{"chunked in quotes and capitals", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked;x=1\r\n\r\n1B\r\n" + headsPage + "\r\n0\r\n\r\n", 200, `Transfer-Encoding "Chunked;x=1"`, "", ""},
	{"unknown transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: utf-8\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `Transfer-Encoding "utf-8"`, "", ""},
	{"packed for the transfer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n33\r\n" + packedText(headsPage) + "\r\n0\r\n\r\n", 200, `Transfer-Encoding "gzip, chunked"`, "", "Content-Encoding: "},
	{"no chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + headsPage, 200, `Transfer-Encoding "chunked" of a body without chunks`, "", "Transfer-Encoding: chunked"},
	{"no chunks, but a length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 27\r\n\r\n" + headsPage + "surplus", 200, `Transfer-Encoding "chunked" of a body without chunks`, "", ""},
	{"no chunks, no end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<html>x", 200, `Transfer-Encoding "chunked" of a body without chunks`, "the length is not known, it is not in chunks as said: after 7 bytes", ""},
	{"chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\n" + headsPage + "\r\n0\r\n\r\n", 200, `chunks in an answer of "HTTP/1.0"`, "", ""},
	{"chunks without a body", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", 304, "", "", ""},

	{"no colon", "HTTP/1.1 200 OK\r\nX-Broken header\r\nContent-Length: 27\r\n\r\n" + headsPage + "surplus", 200, `header line without a colon "X-Broken header"`, "", "Content-Length: 27"},
	{"no name", "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `malformed header line ": x"`, "", ""},
	{"Chinese name", "HTTP/1.1 200 OK\r\n部门: x\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `malformed header line "部门: x"`, "", ""},
	{"tab before the colon", "HTTP/1.1 200 OK\r\nServer\t: x\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `blank before the colon of "Server\t: x"`, "", "Server: x"},
	{"first line folded", "HTTP/1.1 200 OK\r\n X-A: b\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `header begins with a folded line " X-A: b"`, "", "X-A: b"},
	{"NUL", "HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `control characters in "X-A: a\x00b"`, "", "X-A: a\x00b"},
	{"CR", "HTTP/1.1 200 OK\r\nX-A: a\rContent-Length: 5\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `control characters in "X-A: a\rContent-Length: 5"`, "", "Content-Length: 27"},
	{"DEL", "HTTP/1.1 200 OK\r\nX-A: \x7f\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `control characters in "X-A: \x7f"`, "", ""},
	{"raw GBK", "HTTP/1.1 200 OK\r\nX-A: \xd5\xfe\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, "", "", "X-A: \xd5\xfe"},
	{"many faults", "HTTP/1.1 200 OK\r\n" + strings.Repeat("x\r\n", 8) + "\r\n" + headsPage, 200, `header line without a colon "x"; and 3 more`, "", ""},
	{"10,000 lines", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Line: abcdefghijklmnopqrstuvwxyz\r\n", 10000) + "Content-Length: 27\r\n\r\n" + headsPage, 200, "", "", ""},

	{"no blank before the reason", "HTTP/1.1 200OK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `malformed status line "HTTP/1.1 200OK"`, "", ""},
	{"small letters", "http/1.1 404 Not Found\r\nContent-Length: 27\r\n\r\n" + headsPage, 404, `malformed status line "http/1.1 404 Not Found"`, "", ""},
	{"ICY", "ICY 200 OK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `malformed status line "ICY 200 OK"`, "", ""},
	{"no version", "HTTP 200 OK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `malformed status line "HTTP 200 OK"`, "", ""},
	{"odd version", "HTTP/11.11 200 OK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `malformed status line "HTTP/11.11 200 OK"`, "", ""},
	{"tab in the status line", "HTTP/1.1\t200\tOK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `malformed status line "HTTP/1.1\t200\tOK"`, "", ""},
	{"blank line before", "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `line before the status line ""`, "", ""},
	{"banner", "Welcome to the portal\r\nHTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n" + headsPage, 200, `line before the status line "Welcome to the portal"`, "", ""},
	{"no head at all", headsPage, 200, "no status line and no header", "", ""},

	{"nobody knows what", "SSH-2.0-OpenSSH_9.6\r\n" + strings.Repeat("x", 1100) + "\r\n", 0, "", `malformed status line "SSH-2.0-OpenSSH_9.6"`, ""},
	{"a status of four figures", "HTTP/1.1 2000 OK\r\n" + strings.Repeat("x: y\r\n", 300), 0, "", `malformed status line "HTTP/1.1 2000 OK"`, ""},
	{"a head without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Line: abcdefghijklmnopqrstuvwxyz\r\n", 40000), 0, "", "a head of more than 1048576 bytes", ""},
	{"cut in the head", "HTTP/1.1 200 OK\r\nContent-", 0, "", "unexpected EOF", ""},
}

// TestHeads: an answer that any browser shows is one, whatever its head is like; what the server said and what had to be
// mended is told. What nobody understands is told as such.
func TestHeads(t *testing.T) {
	for _, tt := range mendedAnswers {
		f := New("gongkai/test", network(true, patience, nil), 1000, nil)
		a, err := f.Fetch(t.Context(), http.MethodGet, saying(t, tt.answer)+"/", "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		body := headsPage
		if !strings.Contains(tt.answer, headsPage) {
			body = "<html>x"
		}
		if tt.status != http.StatusOK && tt.status != http.StatusNotFound {
			body = ""
		}
		if strings.Contains(tt.answer, "gzip") {
			body = headsPage
		}
		if a.Status != tt.status || string(a.Body) != body {
			t.Errorf("%s: got %d %.80q, %v", tt.name, a.Status, a.Body, a.Err)
		}
		if (a.Err == nil) != (tt.err == "") || a.Err != nil && !strings.Contains(a.Err.Error(), tt.err) {
			t.Errorf("%s: got the error %v, want %q", tt.name, a.Err, tt.err)
		}
		if !strings.HasSuffix(a.Mended, tt.mended) || (a.Mended == "") != (tt.mended == "") {
			t.Errorf("%s: mended %s, want %s", tt.name, a.Mended, tt.mended)
		}
		if name, value, ok := strings.Cut(tt.fields, ": "); ok && a.Header.Get(name) != value {
			t.Errorf("%s: %s is %q, want %q", tt.name, name, a.Header.Get(name), value)
		}
		if unclear := tt.status == 0 && tt.name != "cut in the head"; unclear && (MayPass(a.Err) || a.Stale) {
			t.Errorf("%s: would be asked again: %v", tt.name, a.Err)
		}
	}
}

// TestHeadsByteByByte: it does not matter how an answer is divided on its way.
func TestHeadsByteByByte(t *testing.T) {
	for _, tt := range mendedAnswers {
		if len(tt.answer) > 10000 {
			continue
		}
		read := func(from io.Reader) string {
			h := heads{from: from}
			h.expect([]byte("GET / HTTP/1.1\r\n"))
			b, err := io.ReadAll(&h)
			if h.last.Load() != nil && !strings.Contains(string(b), "Connection: close\r\n\r\n") && !strings.HasPrefix(string(b), "HTTP/1.0") {
				t.Errorf("%s: the connection would be kept: %q", tt.name, b)
			}
			return fmt.Sprintf("%q %v %v", b, err, h.last.Load())
		}
		if whole, bytes := read(strings.NewReader(tt.answer)), read(iotest.OneByteReader(strings.NewReader(tt.answer))); whole != bytes {
			t.Errorf("%s: in one piece %s\nin many %s", tt.name, whole, bytes)
		}
	}
}

// TestHeadsPass: bytes that answer no request, and what follows a head, pass as they are.
func TestHeadsPass(t *testing.T) {
	text := "\nX y\n\nHTTP/1.1 200OK\r\n\r\n"
	b, err := io.ReadAll(&heads{from: strings.NewReader(text)})
	if err != nil || string(b) != text {
		t.Errorf("got %q, %v", b, err)
	}
	h := heads{from: iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("HTTP/1.1 200 OK\r\n\r\n")))}
	h.expect([]byte("GET / HTTP/1.1\r\n"))
	if b, err := io.ReadAll(&h); err != iotest.ErrTimeout || len(b) > 0 {
		t.Errorf("got %q, %v", b, err)
	}
}

// TestHeadsLater: on a connection that was kept, what stands before a status line may be of the answer before it.
func TestHeadsLater(t *testing.T) {
	h := heads{any: true, from: strings.NewReader("</html>\r\nHTTP/1.1 200 OK\r\n\r\n")}
	h.expect([]byte("GET / HTTP/1.1\r\n"))
	if b, err := io.ReadAll(&h); err == nil || len(b) > 0 {
		t.Errorf("got %q, %v", b, err)
	}
}

// TestHeadsClose: no request follows on a connection whose answer had to be mended, or has more behind it than it said.
func TestHeadsClose(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nX\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx and more",
	} {
		k := newKeeper(t, func(c *net.TCPConn, n int) bool {
			if n > 1 {
				t.Errorf("request %d on the connection of %q", n, answer)
			}
			said(c, answer)
			return false
		})
		f := New("gongkai/test", network(true, patience, nil), 1000, nil)
		for n := range 3 {
			a, err := f.Fetch(t.Context(), http.MethodGet, "http://"+k.Addr().String()+"/", "", http.Header{})
			if err != nil || string(a.Body) != "x" && !a.Stale {
				t.Errorf("%q, request %d: %q, %v, %v", answer, n, a.Body, a.Err, err)
			}
		}
	}
}
