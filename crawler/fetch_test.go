package crawler

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gongkai/extract/coding"
	"gongkai/seeds"
	"gongkai/store"
)

// gbk is 政府 in GBK, which Colly would turn into UTF-8.
const gbk = "\xd5\xfe\xb8\xae"

func serve(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/gbk", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=gbk")
		w.Write([]byte(gbk))
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write([]byte(gbk))
		z.Close()
	})
	mux.HandleFunc("/bad.xml.gz", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/gzip") // Colly would try to unpack it
		w.Write([]byte("no gzip"))
	})
	mux.HandleFunc("/badgzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write([]byte("this is not gzip"))
	})
	packed := func(name, coding string, pack func(io.Writer) io.WriteCloser, times int, text string, cut int) {
		var b bytes.Buffer
		for range times {
			z := pack(&b)
			io.WriteString(z, text)
			z.Close()
		}
		mux.HandleFunc(name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", coding)
			w.Write(b.Bytes()[:b.Len()-cut])
		})
	}
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	packed("/cutgzip", "gzip", gz, 1, gbk, 10)
	packed("/deflate", "deflate", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, 1, gbk, 0)
	packed("/rawdeflate", "deflate", func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, 9); return z }, 1, gbk, 0)
	packed("/unpacked", "gzip", gz, 1, strings.Repeat("x", 1000), 0)
	packed("/padded", "gzip", gz, 10, "", 0)
	packed("/bomb", "gzip", gz, 1, strings.Repeat("x", coding.FreeSize*2), 0)
	mux.HandleFunc("/stops", func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("x"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/br", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		w.Write([]byte("x"))
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte("x"), 101)) })
	mux.HandleFunc("/fits", func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte("x"), 100)) })
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/gbk", http.StatusFound) })
	mux.HandleFunc("/agent", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.UserAgent())) })
	mux.HandleFunc("/521", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(521) })
	mux.HandleFunc("/condition", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
		}
	})
	mux.HandleFunc("/short", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("x"))
	})
	mux.HandleFunc("/reset", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestFetch(t *testing.T) {
	s := serve(t)
	short := patience
	short.header = 200 * time.Millisecond
	f := newFetcher("gongkai/test", network(true, short, nil), 100)
	f.tape.idle = 200 * time.Millisecond
	tests := []struct {
		path   string
		status int
		body   string
		err    string
	}{
		{"/gbk", 200, gbk, ""},
		{"/gzip", 200, gbk, ""},
		{"/bad.xml.gz", 200, "no gzip", ""},
		{"/badgzip", 200, "this is not gzip", ""}, // a lie about the coding: the bytes are what was served
		{"/cutgzip", 200, "", "unexpected EOF"},
		{"/deflate", 200, gbk, ""},
		{"/rawdeflate", 200, gbk, ""},
		{"/unpacked", 200, "", "larger than the limit of 100 bytes"},
		{"/padded", 200, "", "larger than the limit of 100 bytes"}, // of what is sent, though it unpacks to nothing
		{"/stops", 200, "", "the body stops halfway"},
		{"/br", 200, "x", ""}, // nor is it packed
		{"/large", 200, "", "larger than the limit of 100 bytes"},
		{"/fits", 200, strings.Repeat("x", 100), ""},
		{"/redirect", 302, "<a href=\"/gbk\">Found</a>.\n\n", ""},
		{"/agent", 200, "gongkai/test", ""},
		{"/521", 521, "", ""},
		{"/short", 200, "", "unexpected EOF"},
		{"/reset", 0, "", "EOF"},
		{"/hang", 0, "", "timeout"},
		{"/gbk", 200, gbk, ""}, // visited before, and still served
	}
	for _, tt := range tests {
		a, err := f.fetch(t.Context(), http.MethodGet, s.URL+tt.path, "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if a.status != tt.status || string(a.body) != tt.body && tt.err == "" {
			t.Errorf("%s: got %d %q, want %d %q", tt.path, a.status, a.body, tt.status, tt.body)
		}
		if (a.err == nil) != (tt.err == "") || a.err != nil && !strings.Contains(a.err.Error(), tt.err) {
			t.Errorf("%s: got error %v, want %q", tt.path, a.err, tt.err)
		}
		if a.status != 0 && a.remote != strings.TrimPrefix(s.URL, "http://") {
			t.Errorf("%s: got remote address %q, want %s", tt.path, a.remote, s.URL)
		}
	}
	a, err := f.fetch(t.Context(), http.MethodGet, s.URL+"/condition", "", http.Header{"If-None-Match": {`"1"`}})
	if err != nil || a.status != http.StatusNotModified || a.err != nil {
		t.Errorf("condition: got %+v, %v", a, err)
	}
}

// TestBomb: what unpacks to far more than was sent is refused long before the limit, and the archive is told so.
func TestBomb(t *testing.T) {
	s := serve(t)
	f := newFetcher("gongkai/test", network(true, patience, nil), 1<<30)
	a, err := f.fetch(t.Context(), http.MethodGet, s.URL+"/bomb", "", http.Header{})
	if err != nil || !errors.Is(a.err, coding.ErrBomb) || a.body != nil {
		t.Fatalf("got %v, %v", a.err, err)
	}
	if p := judge(target{url: s.URL + "/bomb"}, a, ""); p.State != store.StateRefused || !strings.Contains(p.Error, "unpacks to too much") {
		t.Errorf("got %s, %s", p.State, p.Error)
	}
}

// TestTLS: what is unsafe is let pass only where the portal's entry says so, and told.
func TestTLS(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "page") })
	selfSigned := httptest.NewTLSServer(page)
	defer selfSigned.Close()
	old := httptest.NewUnstartedServer(page)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10}
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.Config.ErrorLog = old.Config.ErrorLog
	old.StartTLS()
	defer old.Close()
	plain := httptest.NewServer(page)
	defer plain.Close()
	for _, tt := range []struct {
		url   string
		allow []string
		err   string // "" when the page is had
		told  string
	}{
		{selfSigned.URL, nil, "certificate of an authority that is not known, or without those between; `tls = [\"unverified\"]`", ""},
		{selfSigned.URL, []string{seeds.TLSOld}, "certificate of an authority", ""},
		{selfSigned.URL, []string{seeds.TLSUnverified}, "", "TLS 1.3, not verified: x509: "},
		{old.URL, []string{seeds.TLSUnverified}, "no version of TLS in common that is still safe", ""},
		{strings.Replace(plain.URL, "http", "https", 1), nil, "the server does not speak TLS", ""},
		{old.URL, []string{seeds.TLSOld, seeds.TLSUnverified}, "", "TLS 1.0, not verified: x509: "},
	} {
		c := Crawler{UserAgent: "gongkai/test", AllowPrivate: true, Portals: []seeds.Portal{{ID: "a", TLS: tt.allow}}}
		if err := c.prepare(); err != nil {
			t.Fatal(err)
		}
		f := newFetcher(c.UserAgent, c.way("a"), 100)
		a, err := f.fetch(t.Context(), http.MethodGet, tt.url, "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		got := judge(target{url: tt.url}, a, "")
		if (a.err == nil) != (tt.err == "") || a.err != nil && !strings.Contains(a.err.Error(), tt.err) || !strings.HasPrefix(got.TLS, tt.told) || (got.TLS == "") != (tt.told == "") {
			t.Errorf("%s, %v: got %q %v, want %q %q", tt.url, tt.allow, got.TLS, a.err, tt.told, tt.err)
		}
	}
}

// TestTLSFaults: what is wrong with a certificate is said in words that tell what to do, and stay the same.
func TestTLSFaults(t *testing.T) {
	now := time.Now()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	server := func(from, to time.Time, names ...string) string {
		cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, DNSNames: names, IsCA: true, BasicConstraintsValid: true}
		if names == nil {
			cert.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		roots.AddCert(made)
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL
	}
	const accepts = "; `tls = [\"unverified\"]` in the portal's entry accepts it"
	for url, want := range map[string]string{
		server(now.AddDate(-20, 0, 0), time.Date(2021, 2, 3, 4, 5, 6, 0, time.UTC)):   "certificate expired on 2021-02-03" + accepts,
		server(time.Date(2120, 2, 3, 4, 5, 6, 0, time.UTC), now.AddDate(200, 0, 0)):   "certificate not valid before 2120-02-03" + accepts,
		server(now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0), "a.gov.cn", "*.b.gov.cn"): "certificate of another host than 127.0.0.1: a.gov.cn, *.b.gov.cn" + accepts,
		server(now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)):                           "",
	} {
		f := newFetcher("gongkai/test", network(true, patience, &tls.Config{RootCAs: roots}), 100)
		a, err := f.fetch(t.Context(), http.MethodGet, url, "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if (a.err == nil) != (want == "") && a.status == 0 || a.err != nil && a.err.Error() != want {
			t.Errorf("got %v, want %s", a.err, want)
		}
		if a.err != nil && mayPass(a.err) {
			t.Errorf("%v: asked for again at once", a.err)
		}
	}
}

// TestTLSTold: a page is not said to be forbidden by a robots.txt when it is the certificate that nobody can trust.
func TestTLSTold(t *testing.T) {
	crawl(t, map[string]http.HandlerFunc{"www.a.gov.cn/robots.txt": func(http.ResponseWriter, *http.Request) {
		panic(error(x509.UnknownAuthorityError{}))
	}, start: listing("x", "")}, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		last, ok, err := c.Store.LastCapture("http://" + start)
		if err != nil || !ok || last.State != store.StateBlocked || !strings.HasPrefix(last.Error, "certificate of an authority") {
			t.Errorf("got %+v after %s, %v", last, f.urls(), err)
		}
		for _, p := range sum.Problems() {
			if strings.Contains(p.Detail, "unreachable") {
				t.Errorf("told is %s", p.Detail)
			}
		}
	})
}

func TestFetchIgnoresEnvironment(t *testing.T) {
	for k, v := range map[string]string{
		"COLLY_USER_AGENT": "Mozilla", "COLLY_MAX_BODY_SIZE": "2", "COLLY_ALLOWED_DOMAINS": "example.com", "COLLY_MAX_REQUESTS": "1",
		"COLLY_PARSE_HTTP_ERROR_RESPONSE": "no", "COLLY_CACHE_DIR": t.TempDir(), "COLLY_DETECT_CHARSET": "yes", "COLLY_IGNORE_ROBOTSTXT": "no",
	} {
		t.Setenv(k, v)
	}
	s := serve(t)
	f := newFetcher("gongkai/test", network(true, patience, nil), 100)
	for range 2 {
		a, err := f.fetch(t.Context(), http.MethodGet, s.URL+"/agent", "", http.Header{})
		if err != nil || a.err != nil || string(a.body) != "gongkai/test" {
			t.Errorf("got %q, %v, %v", a.body, a.err, err)
		}
	}
}

func TestFetchStops(t *testing.T) {
	s := serve(t)
	f := newFetcher("gongkai/test", network(true, patience, nil), 100)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := f.fetch(ctx, http.MethodGet, s.URL+"/hang", "", http.Header{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestNetworkGuard(t *testing.T) {
	s := serve(t)
	f := newFetcher("gongkai/test", network(false, patience, nil), 100)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254",
		"10.0.0.1", "100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0.0.0.0", "[fe80::1]", "[fd00::1]"} {
		a, err := f.fetch(t.Context(), http.MethodGet, "http://"+host+port+"/gbk", "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if a.status != 0 || !isPrivate(a.err) || mayPass(a.err) {
			t.Errorf("%s: got %d, %v; want it forbidden for good", host, a.status, a.err)
		}
	}
}
