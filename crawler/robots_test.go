package crawler

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// A rawServer answers with bytes, whole HTTP answers or not, and writes down what it was asked for.
type rawServer struct {
	net.Listener
	robots func(c net.Conn) // answers to /robots.txt
	mu     sync.Mutex
	log    []string
}

func newRawServer(t *testing.T, robots func(net.Conn)) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{Listener: l, robots: robots}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *rawServer) serve(c net.Conn) {
	defer c.Close()
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	s.mu.Lock()
	s.log = append(s.log, req.URL.Path)
	answer := s.robots
	s.mu.Unlock()
	if req.URL.Path == "/robots.txt" {
		answer(c)
		return
	}
	page := `<html><body><ul><li><a href="/nb/x.html">某局2021年政府信息公开工作年度报告</a></li></ul></body></html>`
	fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(page), page)
}

// asked returns how often robots.txt was asked for, and what else, and forgets it.
func (s *rawServer) asked() (robots int, others []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range s.log {
		if path == "/robots.txt" {
			robots++
		} else {
			others = append(others, path)
		}
	}
	s.log = nil
	return robots, others
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

const (
	keepOut   = "User-agent: *\nDisallow: /\n"
	okHead    = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
	gzipHead  = okHead + "Content-Encoding: gzip\r\n"
	chunkHead = okHead + "Transfer-Encoding: chunked\r\n\r\n"
	cutRobots = okHead + "Content-Length: 31\r\n\r\n" + keepOut
)

// brokenRobots are answers that do not tell what the file says, or not whole.
func brokenRobots() map[string]string {
	packed := gzipped(keepOut)
	badSum := []byte(packed)
	badSum[len(badSum)-8] ^= 1
	return map[string]string{
		"length too long":              cutRobots,
		"length, and nothing":          okHead + "Content-Length: 26\r\n\r\n",
		"length of two kinds":          okHead + "Content-Length: 26\r\nContent-Length: 5\r\n\r\n" + keepOut,
		"length that is no number":     okHead + "Content-Length: many\r\n\r\n" + keepOut,
		"chunks without an end":        chunkHead + "1a\r\n" + keepOut + "\r\n",
		"chunk cut":                    chunkHead + "ff\r\n" + keepOut,
		"chunk of no size":             chunkHead + "1a\r\n" + keepOut + "\r\nzz\r\n",
		"no chunk at all":              chunkHead,
		"gzip cut in half":             gzipHead + "\r\n" + packed[:len(packed)/2],
		"gzip with a wrong sum":        gzipHead + "\r\n" + string(badSum),
		"gzip cut after its mark":      gzipHead + "\r\n\x1f\x8b",
		"deflate of nonsense":          okHead + "Content-Encoding: deflate\r\n\r\n\xff\xff\xff",
		"coding nobody asked for":      okHead + "Content-Encoding: x-secret\r\n\r\n\x8b\x01\x80" + keepOut[:5] + "\x03",
		"brotli of nonsense":           okHead + "Content-Encoding: br\r\n\r\n\x8b\x80\x80ser-agen\xc0\xc1",
		"gzip that is none":            okHead + "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\xff\xff\xff\xff",
		"a part, with status 200":      okHead + "Content-Range: bytes 5-9/26\r\nContent-Length: 5\r\n\r\n" + keepOut[5:10],
		"a part of nobody knows what":  okHead + "Content-Range: bytes 0-12/*\r\nContent-Length: 13\r\n\r\n" + keepOut[:13],
		"a part, without a unit":       okHead + "Content-Range: 0-12/26\r\nContent-Length: 13\r\n\r\n" + keepOut[:13],
		"gzip without its trailer":     gzipHead + "\r\n" + packed[:len(packed)-8],
		"gzip with half a trailer":     gzipHead + "\r\n" + packed[:len(packed)-1],
		"gzip, and text behind it":     gzipHead + "\r\n" + gzipped("User-agent: *\n") + "Disallow: /\n",
		"gzip, and fewer than it says": gzipHead + "Content-Length: 99\r\n\r\n" + packed,
		"gzip, not named, and cut":     okHead + "\r\n" + packed[:len(packed)-1],
		"nothing that is called gzip":  gzipHead + "Content-Length: 0\r\n\r\n",
		"text that is called gzip":     gzipHead + "\r\n" + keepOut[:13],
		"text that is called brotli":   okHead + "Content-Encoding: br\r\n\r\n" + keepOut[:13],
		"text that is called a secret": okHead + "Content-Encoding: x-secret\r\nContent-Length: 13\r\n\r\n" + keepOut[:13],
		"a picture":                    okHead + "\r\n\x89PNG\r\n\x1a\n\x00\x00\x00",
		"stored without a last block":  okHead + "Content-Encoding: deflate\r\n\r\n\x00\x1a\x00\xe5\xff" + keepOut,
		"a part, in chunks":            "HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nUser-\r\n0\r\n\r\n",
		"accepted, with a word":        "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok",
		"too large as sent":            okHead + "\r\n" + keepOut + strings.Repeat("#", 1<<17),
		"too large as said":            okHead + "Content-Length: 999999999\r\n\r\n" + keepOut,
		"too large unpacked":           gzipHead + "\r\n" + gzipped(keepOut+strings.Repeat("#", 1<<17)),
		"nothing but the status":       "HTTP/1.1 200 OK\r\n",
		"no HTTP":                      "hello\r\n\r\n" + keepOut,
		"nothing":                      "",
		"a part":                       "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/26\r\nContent-Length: 5\r\n\r\n" + keepOut[:5],
		"accepted":                     "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
		"not modified, unasked":        "HTTP/1.1 304 Not Modified\r\n\r\n",
		"too early":                    "HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n",
		"a status of its own":          "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n",
		"not found, and cut":           "HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n<html>",
		"moved, and cut":               "HTTP/1.1 302 Found\r\nLocation: /elsewhere.txt\r\nContent-Length: 99\r\n\r\n<html>",
		"moved to nowhere":             "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
		"moved to another protocol":    "HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/robots.txt\r\nContent-Length: 0\r\n\r\n",
		"moved in a circle":            "HTTP/1.1 302 Found\r\nLocation: /robots.txt\r\nContent-Length: 0\r\n\r\n",
		"a page that wants a cookie":   okHead + "Set-Cookie: sid=1\r\n\r\n<html><meta http-equiv=\"refresh\" content=\"0\"></html>",
		"a script that wants a cookie": okHead + "Set-Cookie: sid=1\r\n\r\n<html><script>window.location.reload();</script></html>",
		"busy, and cut":                "HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\n<html>",
		"a fault of the server":        "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
	}
}

// surplusRobots are answers of which more comes than they announce; a | stands for a pause.
var surplusRobots = map[string]string{
	"length too short":                okHead + "Content-Length: 13\r\n\r\n" + keepOut,
	"length of nothing":               okHead + "Content-Length: 0\r\n\r\n" + keepOut,
	"length too short, late":          okHead + "Content-Length: 14\r\n\r\n" + keepOut[:14] + "|" + keepOut[14:],
	"length too short, kept":          "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + keepOut + "|",
	"length too short, kept and late": "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + keepOut[:14] + "|" + keepOut[14:] + "|",
	"length too short, HTTP/1.0":      "HTTP/1.0 200 OK\r\nContent-Length: 14\r\n\r\n" + keepOut,
	"length too short, bare newlines": "HTTP/1.1 200 OK\nContent-Length: 14\nConnection: close\n\n" + keepOut,
	"length too short, after a hint":  "HTTP/1.1 103 Early Hints\r\n\r\n" + okHead + "Content-Length: 14\r\n\r\n" + keepOut,
	"length too short, of gzip":       gzipHead + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(gzipped("User-agent: *\n"))) + gzipped("User-agent: *\n") + gzipped("Disallow: /\n"),
	"last chunk too early":            chunkHead + "e\r\n" + keepOut[:14] + "\r\n0\r\n\r\nc\r\n" + keepOut[14:] + "\r\n0\r\n\r\n",
	"two answers":                     okHead + "Content-Length: 0\r\n\r\n" + okHead + "Content-Length: 26\r\n\r\n" + keepOut,
	"no content, with a body":         "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n" + keepOut,
}

// TestRobotsBroken: where robots.txt is answered and cannot be read whole, nobody is asked for anything else, in this run
// and in the next; the rules known before hold.
func TestRobotsBroken(t *testing.T) {
	t.Parallel()
	servers := make(map[string]*rawServer)
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := &Crawler{UserAgent: "gongkai/test", Delay: time.Millisecond, Hosts: 64, AllowPrivate: true, MaxPageBytes: 1 << 16, Store: s}
	broken := brokenRobots()
	broken["reset"] = cutRobots
	maps.Copy(broken, surplusRobots)
	for name, answer := range broken {
		servers[name] = newRawServer(t, func(c net.Conn) {
			for i, part := range strings.Split(answer, "|") {
				if i > 0 {
					time.Sleep(100 * time.Millisecond)
				}
				fmt.Fprint(c, part)
			}
			if name == "reset" {
				c.(*net.TCPConn).SetLinger(0)
			}
		})
		c.Portals = append(c.Portals, seeds.Portal{ID: name, Start: []string{"http://" + servers[name].Addr().String() + "/nb/"}})
	}
	for run := range 2 {
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, server := range servers {
			if tries, others := server.asked(); tries == 0 || len(others) > 0 {
				t.Errorf("%s, run %d: robots.txt asked for %d times, and %v", name, run, tries, others)
			}
			y, err := c.Why("http://" + server.Addr().String() + "/nb/")
			if err != nil || y.Robots == nil || y.Robots.Allowed || y.Robots.Reason == "" {
				t.Errorf("%s, run %d: told %+v, %v", name, run, y.Robots, err)
			}
		}
	}
}

// A brokenNetwork answers at one path with bytes, as long as it has some, and else as its pages say.
type brokenNetwork struct {
	*fake
	path   string
	answer **string
}

func (n brokenNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := n.fake.RoundTrip(r)
	if err == nil && *n.answer != nil && r.URL.Path == n.path {
		return http.ReadResponse(bufio.NewReader(strings.NewReader(**n.answer)), r)
	}
	return res, err
}

// TestRobotsKnown: what is no answer changes nothing about the rules known before it, for a day, also over restarts; then
// nobody is asked.
func TestRobotsKnown(t *testing.T) {
	for name, broken := range brokenRobots() {
		t.Run(name, func(t *testing.T) {
			pages := map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": body("User-agent: *\nDisallow: /nb/x\n"),
				"www.a.gov.cn/": listing("x y", ""), "www.a.gov.cn/nb/x.html": article, "www.a.gov.cn/nb/y.html": article}
			night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
				var now *string
				c.Network, c.Recheck = brokenNetwork{f, "/robots.txt", &now}, true
				visit := func(when string, want int) {
					t.Helper()
					f.log = nil
					if _, err := c.Run(t.Context()); err != nil {
						t.Fatal(err)
					}
					others := 0
					for _, r := range f.log {
						if !strings.HasSuffix(r.url, "/robots.txt") {
							others++
						}
					}
					if others != want || strings.Contains(f.urls(), "/nb/x") {
						t.Errorf("%s: asked for %s; want %d besides robots.txt", when, f.urls(), want)
					}
				}
				visit("first", 2)
				now = &broken
				time.Sleep(25 * time.Hour)
				visit("broken", 2)
				visit("broken, after a restart", 2)
				time.Sleep(24 * time.Hour)
				visit("broken for too long", 0)
				now = nil
				visit("whole again", 2)
			})
		})
	}
}

// TestRobotsElsewhere: a robots.txt is followed to another site, by the clock of that site, and holds for the one that sent
// us there. Where it cannot be had, nobody is asked.
func TestRobotsElsewhere(t *testing.T) {
	to := func(address string) http.HandlerFunc { return status(302, "Location", address) }
	forbidding := body("User-agent: *\nDisallow: /nb/x\n")
	site := func(host string, robots http.HandlerFunc) map[string]http.HandlerFunc {
		return map[string]http.HandlerFunc{host + "/robots.txt": robots, host + "/": listing("x y", ""), host + "/nb/x.html": article, host + "/nb/y.html": article}
	}
	hops := func(n int) map[string]http.HandlerFunc {
		pages := map[string]http.HandlerFunc{fmt.Sprintf("www.h%d.gov.cn/robots.txt", n): forbidding}
		for i := 1; i < n; i++ {
			pages[fmt.Sprintf("www.h%d.gov.cn/robots.txt", i)] = to(fmt.Sprintf("http://www.h%d.gov.cn/robots.txt", i+1))
		}
		return pages
	}
	const there = "http://www.b.gov.cn/robots.txt"
	tests := []struct {
		name   string
		robots http.HandlerFunc
		others map[string]http.HandlerFunc // that no portal begins on
		b      http.HandlerFunc            // robots.txt of another portal; nil: there is none
		want   int                         // pages of a
	}{
		{"to a portal", to(there), nil, forbidding, 2},
		{"to nobody's site", to(there), map[string]http.HandlerFunc{"www.b.gov.cn/robots.txt": forbidding}, nil, 2},
		{"five hops", to("http://www.h1.gov.cn/robots.txt"), hops(5), nil, 2},
		{"seven hops", to("http://www.h1.gov.cn/robots.txt"), hops(7), nil, 0},
		{"to an empty file", to(there), map[string]http.HandlerFunc{"www.b.gov.cn/robots.txt": body("")}, nil, 3},
		{"to what is not there", to("http://www.c.gov.cn/none"), nil, nil, 3},
		{"to a fault", to(there), map[string]http.HandlerFunc{"www.b.gov.cn/robots.txt": status(500)}, nil, 0},
		{"to one that is to be left alone", to(there), nil, status(503, "Retry-After", "7200"), 0},
		{"to each other", to(there), nil, to("http://www.a.gov.cn/robots.txt"), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pages := site("www.a.gov.cn", tt.robots)
			if tt.b != nil {
				maps.Copy(pages, site("www.b.gov.cn", tt.b))
			}
			night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
				maps.Copy(f.pages, tt.others)
				if _, err := c.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				got := 0
				last := map[string]time.Time{}
				for _, r := range f.log {
					host, path, _ := strings.Cut(r.url, "/")
					if host == "www.a.gov.cn" && path != "robots.txt" {
						got++
					}
					if gap := r.start.Sub(last[host]); gap < c.Delay {
						t.Errorf("%s came %v after the answer before it", r.url, gap)
					}
					last[host] = r.end
				}
				if got != tt.want || tt.want == 2 && strings.Contains(f.urls(), "a.gov.cn/nb/x") {
					t.Errorf("asked for %s; want %d pages of a", f.urls(), tt.want)
				}
				log := len(f.log)
				if tt.want == 2 { // the archive knows where the rules lie
					y, err := c.Why("http://www.a.gov.cn/nb/x.html")
					if err != nil || y.Robots == nil || y.Robots.Reason != "Disallow: /nb/x" || len(f.log) != log {
						t.Errorf("told %+v, %v", y.Robots, err)
					}
				}
			})
		})
	}
}
