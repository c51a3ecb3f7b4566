package fetch

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// A keeper is a server that keeps connections, and hangs up on them when and how it likes. It knows each request by its
// bytes.
type keeper struct {
	net.Listener
	hang func(c *net.TCPConn, request int) bool // deals with a request of a connection, from 1, by hanging up; false: it is answered

	mu    sync.Mutex
	conns int
	log   []string // heads of requests
	times []time.Time
}

func (k *keeper) serve() {
	for {
		c, err := k.Accept()
		if err != nil {
			return
		}
		k.mu.Lock()
		k.conns++
		k.mu.Unlock()
		go k.talk(c.(*net.TCPConn))
	}
}

func (k *keeper) talk(c *net.TCPConn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for n := 1; ; n++ {
		var head strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if head.WriteString(line); line == "\r\n" {
				break
			}
		}
		k.mu.Lock()
		k.log = append(k.log, head.String())
		k.times = append(k.times, time.Now())
		k.mu.Unlock()
		if k.hang != nil && k.hang(c, n) {
			return
		}
		page := "<html><body>page</body></html>"
		status := "200 OK"
		if strings.HasPrefix(head.String(), "GET /robots.txt") {
			page, status = "", "404 Not Found"
		}
		fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", status, len(page), page)
	}
}

func newKeeper(t *testing.T, hang func(*net.TCPConn, int) bool) *keeper {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	k := &keeper{Listener: l, hang: hang}
	go k.serve()
	return k
}

func (k *keeper) seen() (log []string, times []time.Time, conns int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.log, k.times, k.conns
}

// TestKept: a connection serves many requests; none has a body, or says that it had one.
func TestKept(t *testing.T) {
	k := newKeeper(t, nil)
	f := New("gongkai/test", network(true, patience, nil), 1000, nil)
	for range 5 {
		a, err := f.Fetch(t.Context(), http.MethodGet, "http://"+k.Addr().String()+"/", "", http.Header{})
		if err != nil || a.Err != nil || a.Stale || a.Status != 200 || a.Remote != k.Addr().String() {
			t.Fatalf("got %+v, %v", a, err)
		}
	}
	log, _, conns := k.seen()
	if conns != 1 || len(log) != 5 {
		t.Errorf("%d requests by %d connections, want 5 by 1", len(log), conns)
	}
	for _, head := range log {
		for _, name := range []string{"Content-Length", "Transfer-Encoding", "Connection", "Expect", "Trailer"} {
			if strings.Contains(strings.ToLower(head), strings.ToLower("\n"+name+":")) {
				t.Errorf("%s is sent: %q", name, head)
			}
		}
	}
	f.HangUp()
	a, err := f.Fetch(t.Context(), http.MethodGet, "http://"+k.Addr().String()+"/", "", http.Header{})
	if _, _, conns = k.seen(); err != nil || a.Err != nil && !a.Stale || conns != 2 && !a.Stale {
		t.Errorf("after hanging up: %d connections, %v, %v", conns, a.Err, err)
	}
}

// TestKeptHangUp: whenever a server hangs up on a connection that was kept, and however, a call sends one request at most,
// and what comes of it is no fault of the page.
func TestKeptHangUp(t *testing.T) {
	reset := func(c *net.TCPConn) { c.SetLinger(0); c.Close() }
	for name, hang := range map[string]func(c *net.TCPConn, n int) bool{
		"when the request has come": func(c *net.TCPConn, n int) bool { return n == 2 },
		"with a reset":              func(c *net.TCPConn, n int) bool { ok := n == 2; ifReset(ok, c, reset); return ok },
		"with half a connection": func(c *net.TCPConn, n int) bool {
			ok := n == 2
			ifReset(ok, c, func(c *net.TCPConn) { c.CloseWrite() })
			return ok
		},
		"in the first line": func(c *net.TCPConn, n int) bool { return n == 2 && said(c, "HTTP/1.1 2") },
		"in the head":       func(c *net.TCPConn, n int) bool { return n == 2 && said(c, "HTTP/1.1 200 OK\r\nContent-") },
		"in the body": func(c *net.TCPConn, n int) bool {
			return n == 2 && said(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
		},
		"after an answer, without a word": func(c *net.TCPConn, n int) bool {
			return n == 1 && said(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
		},
		"after an answer, with a reset": func(c *net.TCPConn, n int) bool {
			ok := n == 1 && said(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
			if ok {
				time.Sleep(10 * time.Millisecond)
			}
			ifReset(ok, c, reset)
			return ok
		},
		"with a timeout that it tells": func(c *net.TCPConn, n int) bool {
			return n == 2 && said(c, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			k := newKeeper(t, hang)
			f := New("gongkai/test", network(true, patience, nil), 1000, nil)
			text := map[string]string{http.MethodPost: "a=b"}[method]
			stale := 0 // when it is the second call that is, is for the server's clock to say
			for call := 1; call <= 4; call++ {
				before, _, _ := k.seen()
				a, err := f.Fetch(t.Context(), method, "http://"+k.Addr().String()+"/", text, http.Header{})
				if err != nil {
					t.Fatal(err)
				}
				after, _, _ := k.seen()
				if len(after)-len(before) > 1 {
					t.Errorf("%s, %s: call %d sent %d requests", name, method, call, len(after)-len(before))
				}
				if a.Stale {
					stale++
				}
				if a.Stale && (stale > 1 || call == 1 || a.Status != 0) {
					t.Errorf("%s, %s: call %d is stale: %v", name, method, call, a.Err)
				}
				if call == 3 && !a.Stale && (a.Err != nil || a.Status != 200) && method == http.MethodGet {
					t.Errorf("%s: call %d: %d, %v", name, call, a.Status, a.Err)
				}
				time.Sleep(20 * time.Millisecond) // a server that hangs up is heard
			}
		}
	}
}

func ifReset(ok bool, c *net.TCPConn, do func(*net.TCPConn)) {
	if ok {
		do(c)
	}
}

func said(c *net.TCPConn, text string) bool { io.WriteString(c, text); return true }

// A passer lets requests pass, and looks at them.
type passer struct{ requests []*http.Request }

func (p *passer) RoundTrip(r *http.Request) (*http.Response, error) {
	p.requests = append(p.requests, r)
	return nil, io.EOF
}

// TestKeptRewind: no request can be rewound, so that the transport cannot repeat it, even if nothing of it was written; and
// once something broke, no connection is kept.
func TestKeptRewind(t *testing.T) {
	p := &passer{}
	f := New("gongkai/test", p, 1000, nil)
	for _, text := range []string{"", "a=b"} {
		if _, err := f.Fetch(t.Context(), http.MethodPost, "http://a.gov.cn/", text, http.Header{}); err != nil {
			t.Fatal(err)
		}
	}
	for n, r := range p.requests {
		if r.GetBody != nil || r.Body == nil || r.Body == http.NoBody || r.Close != (n > 0) {
			t.Errorf("request %d: GetBody %v, Body %v, Close %v", n, r.GetBody != nil, r.Body, r.Close)
		}
	}
	if len(p.requests) != 2 {
		t.Errorf("%d requests", len(p.requests))
	}
}

// TestKeptWithoutHTTP2: over TLS the protocol is HTTP/1.1 as well, whatever the server would rather speak: of HTTP/2 nobody
// has shown that no request is repeated.
func TestKeptWithoutHTTP2(t *testing.T) {
	var protos []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { protos = append(protos, r.Proto) }))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	f := New("gongkai/test", network(true, patience, &tls.Config{InsecureSkipVerify: true}), 1000, nil)
	if a, err := f.Fetch(t.Context(), http.MethodGet, s.URL, "", http.Header{}); err != nil || a.Err != nil {
		t.Fatal(a.Err, err)
	}
	if fmt.Sprint(protos) != "[HTTP/1.1]" {
		t.Errorf("spoken is %v", protos)
	}
}

// BenchmarkRequest measures what a request over https costs both ends in this process: with the connection kept, and not.
func BenchmarkRequest(b *testing.B) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("kept=%v", kept), func(b *testing.B) {
			f := New("gongkai/test", network(true, patience, &tls.Config{InsecureSkipVerify: true}), 1000, nil)
			for b.Loop() {
				f.tape.odd = !kept
				if a, err := f.Fetch(b.Context(), http.MethodGet, s.URL, "", http.Header{}); err != nil || a.Err != nil {
					b.Fatal(a.Err, err)
				}
			}
		})
	}
}
