package crawler

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// TestHeadsOfSite: answers that cannot be understood, and such as had to be mended, are no faults of the site: its other
// pages are visited. The former are asked for once.
func TestHeadsOfSite(t *testing.T) {
	var bad, good int
	mux := func(path string) string {
		switch {
		case path == "/robots.txt":
			return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
		case strings.HasPrefix(path, "/nb/p"):
			bad++
			return "HTTP/1.1 2000 OK\r\n" + strings.Repeat("x: y\r\n", 300)
		case strings.HasPrefix(path, "/nb/q"):
			good++
			return "HTTP/1.1 200OK\r\nX\r\nContent-Type: text/html\r\nContent-Length: none\r\n\r\n" + reportText(sections(1, 6, 5)) + "</body></html>"
		}
		var names []string
		for i := range 24 {
			names = append(names, fmt.Sprintf("%c%02d", "pq"[i/12], i))
		}
		return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + rows(names)
	}
	c, sum := crawlRaw(t, mux)
	if bad != 12 || good != 12 || sum.Unvisited != 0 || sum.New != 13 || sum.Failed != 12 {
		t.Errorf("%d and %d requests; %v", bad, good, sum)
	}
	n := 0
	for cp, err := range c.Store.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(cp.URL, "/nb/q") {
			n++
			if cp.State != store.StateOK || cp.Truncated != "" || cp.Header.Get("Content-Length") != "none" ||
				cp.Mended != `malformed status line "HTTP/1.1 200OK"; header line without a colon "X"; Content-Length "none"` {
				t.Errorf("got %+v", cp)
			}
		}
	}
	if n != 12 {
		t.Errorf("%d captures", n)
	}
}

// TestHeadsOfRobots: an answer whose head had to be mended says nothing of what is permitted.
func TestHeadsOfRobots(t *testing.T) {
	for _, head := range []string{
		"HTTP/1.1 200OK\r\nContent-Type: text/plain\r\n", "HTTP/1.1 200 OK\r\nX\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.1 200 OK\r\nX: \x00\r\n",
		"HTTP/1.1 404NotFound\r\n", "HTTP/1.1 404 Not Found\r\nX\r\n", "hello\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 2000 OK\r\n", "ICY 404\r\n",
	} {
		var asked []string
		crawlRaw(t, func(path string) string {
			asked = append(asked, path)
			return head + "\r\nUser-agent: *\nAllow: /\n"
		})
		for _, path := range asked {
			if path != "/robots.txt" {
				t.Errorf("%q: asked for %s", head, path)
			}
		}
		if len(asked) == 0 {
			t.Errorf("%q: nothing was asked for", head)
		}
	}
}

// crawlRaw crawls a portal that answers with these bytes for a path, and hangs up.
func crawlRaw(t *testing.T, answer func(path string) string) (*Crawler, Summary) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				io.WriteString(c, answer(req.URL.Path))
				c.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, c)
			}
			c.Close()
		}
	}()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := &Crawler{UserAgent: "gongkai/test", AllowPrivate: true, Store: s, Hosts: 1, Delay: time.Millisecond, MaxPageBytes: 1 << 20,
		Portals: []seeds.Portal{{ID: "a", Agency: "某市人民政府", Division: "330100", Start: []string{"http://" + l.Addr().String() + "/nb/"}}}}
	sum, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	<-done
	return c, sum
}

// rows is the text of a listing.
func rows(names []string) string {
	var w strings.Builder
	for _, name := range names {
		fmt.Fprintf(&w, `<li><a href="/nb/%s.html">某市%s局2021年政府信息公开工作年度报告</a><span>2022-01-29</span></li>`, name, name)
	}
	return "<html><body><ul>" + w.String() + "</ul></body></html>"
}
