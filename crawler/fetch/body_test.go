package fetch

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCutLull: behind the end of a document little time is lost on a server that announces more and keeps the connection
// open; before it the server has its time.
func TestCutLull(t *testing.T) {
	for _, tt := range []struct {
		pieces []string
		want   time.Duration
	}{
		{[]string{"<html>", "</ht", "ml>\r\n"}, lull},
		{[]string{"<html></html>", "\n<script src=x></script>"}, patience.idle},
		{[]string{"<html>" + strings.Repeat("x", 3000), strings.Repeat("x", 3000) + "</html>"}, lull},
		{[]string{"%PDF-1.4\n" + strings.Repeat("x", 3000) + "\n%%E", "OF\n"}, lull},
		{[]string{"%P", "DF-1.4\n</html>"}, patience.idle},
		{[]string{"<html>"}, patience.idle},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, w := io.Pipe()
			go func() {
				for _, p := range tt.pieces {
					io.WriteString(w, p)
				}
			}()
			began := time.Now()
			watch := &idle{d: patience.idle, stop: func() { w.CloseWithError(errIdle) }}
			to := &spool{}
			err := receive(to, &http.Response{Body: r}, 1<<20, watch)
			if got, _ := to.bytes(); time.Since(began) != tt.want || err != errIdle || string(got) != strings.Join(tt.pieces, "") {
				t.Errorf("%.60q: after %v: %v", tt.pieces, time.Since(began), err)
			}
		})
	}
}

// TestWire: what comes of answers whose framing is wrong, byte by byte.
func TestWire(t *testing.T) {
	const page = "<html><body>x</body></html>"
	gz := "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x01\x00\xfe\xff\x78\x83\x16\xdc\x8c\x01\x00\x00\x00" // "x", stored
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	for _, tt := range []struct{ name, answer, body, err string }{
		{"whole", head + "Content-Length: 27\r\n\r\n" + page, page, ""},
		{"closed", head + "\r\n" + page, page, ""},
		{"too large", head + "Content-Length: 30\r\n\r\n" + page, page, "unexpected EOF: 3 bytes fewer than its Content-Length says"},
		{"far too large", head + "Content-Length: 30000000000\r\n\r\n" + page, page, "unexpected EOF: 29999999973 bytes fewer than its Content-Length says"},
		{"far too large for a file", "HTTP/1.1 200 OK\r\nContent-Length: 30000000000\r\n\r\n" + page, "", "larger than the limit of 1000 bytes"},
		{"no last chunk", head + "Transfer-Encoding: chunked\r\n\r\n1b\r\n" + page + "\r\n", page, "unexpected EOF: behind the end of the document"},
		{"no last chunk, no end", head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc", "unexpected EOF: after 3 bytes"},
		{"in a chunk", head + "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", "abc", "unexpected EOF: after 3 bytes"},
		{"chunks gone wild", head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n", "abc", "after 3 bytes"},
		{"nothing", head + "Content-Length: 3\r\n\r\n", "", "nothing of the body has come"},
		{"packed, with the length of the plain text", head + "Content-Encoding: gzip\r\nContent-Length: 500\r\n\r\n" + gz, "x", ""},
		{"packed, in chunks without an end", head + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n" + gz + "\r\n", "x", ""},
		{"packed and cut", head + "Content-Encoding: gzip\r\nContent-Length: 24\r\n\r\n" + gz[:16], "x", ""},
		{"packed and damaged", head + "Content-Encoding: gzip\r\nContent-Length: 24\r\n\r\n" + gz[:16] + "\x00" + gz[17:], "x", "gzip breaks off: the checksum is of other bytes"},
		{"a part", head + "Content-Range: bytes 0-26/100\r\nContent-Length: 27\r\n\r\n" + page, page, "only a part was sent: bytes 0-26/100"},
		{"the second part", head + "Content-Range: bytes 27-53/54\r\nContent-Length: 27\r\n\r\n" + page, page, "only a part was sent: bytes 27-53/54"},
		{"all as a part", head + "Content-Range: bytes 0-26/27\r\nContent-Length: 27\r\n\r\n" + page, page, ""},
		{"a part of nobody knows what", head + "Content-Range: bytes 0-26/*\r\nContent-Length: 27\r\n\r\n" + page, page, ""},
		{"reset", head + "\r\n<html>RST", "<html>", "connection reset by peer: after 6 bytes"},
	} {
		f := New("gongkai/test", network(true, patience, nil), 1000, nil)
		a, err := f.Fetch(t.Context(), http.MethodGet, saying(t, tt.answer)+"/", "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if string(a.Body) != tt.body || (a.Err == nil) != (tt.err == "") || a.Err != nil && !strings.Contains(a.Err.Error(), tt.err) {
			t.Errorf("%s: got %q, %v; want %q, %q", tt.name, a.Body, a.Err, tt.body, tt.err)
		}
	}
}

// saying returns the address of a server that answers every request with these bytes and hangs up; with a reset when they
// end with RST.
func saying(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			text, reset := strings.CutSuffix(answer, "RST")
			io.WriteString(c, text)
			if reset {
				time.Sleep(50 * time.Millisecond) // until it is read
				c.(*net.TCPConn).SetLinger(0)
				c.Close()
				continue
			}
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	return "http://" + l.Addr().String()
}
