package fetch

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
	f := New("gongkai/test", network(true, short, nil), 100, nil)
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
		a, err := f.Fetch(t.Context(), http.MethodGet, s.URL+tt.path, "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != tt.status || string(a.Body) != tt.body && tt.err == "" {
			t.Errorf("%s: got %d %q, want %d %q", tt.path, a.Status, a.Body, tt.status, tt.body)
		}
		if (a.Err == nil) != (tt.err == "") || a.Err != nil && !strings.Contains(a.Err.Error(), tt.err) {
			t.Errorf("%s: got error %v, want %q", tt.path, a.Err, tt.err)
		}
		if a.Status != 0 && a.Remote != strings.TrimPrefix(s.URL, "http://") {
			t.Errorf("%s: got remote address %q, want %s", tt.path, a.Remote, s.URL)
		}
	}
	a, err := f.Fetch(t.Context(), http.MethodGet, s.URL+"/condition", "", http.Header{"If-None-Match": {`"1"`}})
	if err != nil || a.Status != http.StatusNotModified || a.Err != nil {
		t.Errorf("condition: got %+v, %v", a, err)
	}
}

// TestBomb: what unpacks to far more than was sent is refused long before the limit, and that is said.
func TestBomb(t *testing.T) {
	s := serve(t)
	f := New("gongkai/test", network(true, patience, nil), 1<<30, nil)
	a, err := f.Fetch(t.Context(), http.MethodGet, s.URL+"/bomb", "", http.Header{})
	if err != nil || !errors.Is(a.Err, coding.ErrBomb) || a.Body != nil {
		t.Fatalf("got %v, %v", a.Err, err)
	}
	if !strings.Contains(a.Err.Error(), "unpacks to too much") {
		t.Errorf("got %v", a.Err)
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
		f := New("gongkai/test", Network(true, tt.allow), 100, nil)
		a, err := f.Fetch(t.Context(), http.MethodGet, tt.url, "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if (a.Err == nil) != (tt.err == "") || a.Err != nil && !strings.Contains(a.Err.Error(), tt.err) || !strings.HasPrefix(a.TLS, tt.told) || (a.TLS == "") != (tt.told == "") {
			t.Errorf("%s, %v: got %q %v, want %q %q", tt.url, tt.allow, a.TLS, a.Err, tt.told, tt.err)
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
		f := New("gongkai/test", network(true, patience, &tls.Config{RootCAs: roots}), 100, nil)
		a, err := f.Fetch(t.Context(), http.MethodGet, url, "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if (a.Err == nil) != (want == "") && a.Status == 0 || a.Err != nil && a.Err.Error() != want {
			t.Errorf("got %v, want %s", a.Err, want)
		}
		if a.Err != nil && MayPass(a.Err) {
			t.Errorf("%v: asked for again at once", a.Err)
		}
	}
}

func TestFetchIgnoresEnvironment(t *testing.T) {
	for k, v := range map[string]string{
		"COLLY_USER_AGENT": "Mozilla", "COLLY_MAX_BODY_SIZE": "2", "COLLY_ALLOWED_DOMAINS": "example.com", "COLLY_MAX_REQUESTS": "1",
		"COLLY_PARSE_HTTP_ERROR_RESPONSE": "no", "COLLY_CACHE_DIR": t.TempDir(), "COLLY_DETECT_CHARSET": "yes", "COLLY_IGNORE_ROBOTSTXT": "no",
	} {
		t.Setenv(k, v)
	}
	s := serve(t)
	f := New("gongkai/test", network(true, patience, nil), 100, nil)
	for range 2 {
		a, err := f.Fetch(t.Context(), http.MethodGet, s.URL+"/agent", "", http.Header{})
		if err != nil || a.Err != nil || string(a.Body) != "gongkai/test" {
			t.Errorf("got %q, %v, %v", a.Body, a.Err, err)
		}
	}
}

func TestFetchStops(t *testing.T) {
	s := serve(t)
	f := New("gongkai/test", network(true, patience, nil), 100, nil)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := f.Fetch(ctx, http.MethodGet, s.URL+"/hang", "", http.Header{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestNetworkGuard(t *testing.T) {
	s := serve(t)
	f := New("gongkai/test", network(false, patience, nil), 100, nil)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254",
		"10.0.0.1", "100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0.0.0.0", "[fe80::1]", "[fd00::1]"} {
		a, err := f.Fetch(t.Context(), http.MethodGet, "http://"+host+port+"/gbk", "", http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != 0 || !isPrivate(a.Err) || MayPass(a.Err) {
			t.Errorf("%s: got %d, %v; want it forbidden for good", host, a.Status, a.Err)
		}
	}
}
