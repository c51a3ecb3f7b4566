package fetch

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync/atomic"
	"testing"
)

const (
	rulesText   = "User-agent: *\nDisallow: /\n"
	rulesHead   = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
	packedHead  = rulesHead + "Content-Encoding: gzip\r\n"
	chunkedHead = rulesHead + "Transfer-Encoding: chunked\r\n\r\n"
)

func packedText(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// TestExact: an answer that is as long as it says is whole, however it comes, with TLS as without it, and costs no
// connection that was kept.
func TestExact(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"with its length":     rulesHead + "Content-Length: 26\r\n\r\n" + rulesText,
		"until the end":       rulesHead + "\r\n" + rulesText,
		"in chunks":           chunkedHead + "1a\r\n" + rulesText + "\r\n0\r\nX: y\r\n\r\n",
		"in one of no size":   rulesHead + "Content-Length: 0\r\n\r\n",
		"blank lines behind":  rulesHead + "Content-Length: 26\r\n\r\n" + rulesText + "\r\n\r\n",
		"after a hint":        "HTTP/1.1 103 Early Hints\r\n\r\n" + rulesHead + "Content-Length: 26\r\n\r\n" + rulesText,
		"kept":                "HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n" + rulesText,
		"not there":           "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
		"not there, packed":   "HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"not modified":        "HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\nContent-Length: 26\r\nConnection: close\r\n\r\n",
		"packed":              packedHead + "\r\n" + packedText(rulesText),
		"called none":         rulesHead + "Content-Encoding: none\r\nContent-Length: 26\r\n\r\n" + rulesText,
		"called by a charset": rulesHead + "Content-Encoding: utf-8\r\nContent-Length: 26\r\n\r\n" + rulesText,
		"a charset as a part": rulesHead + "Content-Range: bytes 0-25/26\r\nContent-Length: 26\r\n\r\n" + rulesText,
	} {
		f := New("gongkai/test", network(true, patience, nil), 1000, nil)
		f.Demand(true)
		a, err := f.Fetch(t.Context(), http.MethodGet, saying(t, answer)+"/", "", http.Header{})
		if err != nil || a.Err != nil || a.Status == 200 && len(a.Body) > 0 && string(a.Body) != rulesText {
			t.Errorf("%s: got %q, %v, %v", name, a.Body, a.Err, err)
		}
	}
	var surplus atomic.Bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !surplus.Load() {
			io.WriteString(w, rulesText)
			return
		}
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			io.WriteString(c, rulesHead+"Content-Length: 13\r\n\r\n"+rulesText)
			c.Close()
		}
	}))
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	f := New("gongkai/test", network(true, patience, &tls.Config{RootCAs: pool}), 1000, nil)
	f.Demand(true)
	for _, tt := range []struct {
		surplus bool
		reused  bool
	}{{false, false}, {false, true}, {true, true}} {
		surplus.Store(tt.surplus)
		reused := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
		a, err := f.Fetch(ctx, http.MethodGet, server.URL+"/robots.txt", "", http.Header{})
		if err != nil || (a.Err != nil) != tt.surplus || a.TLS != "TLS 1.3" || reused != tt.reused {
			t.Errorf("by TLS: %+v: %v, %v, %q, kept: %v", tt, err, a.Err, a.TLS, reused)
		}
	}
}
