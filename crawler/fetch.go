package crawler

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"code.dny.dev/ssrf"
	"github.com/gocolly/colly/v2"
)

// A fetcher makes Colly look like a function: an address goes in, an answer comes out. Colly builds the request and
// keeps the cookies; the tape keeps what was served. No other file knows about either.
type fetcher struct {
	colly *colly.Collector
	tape  *tape
}

// newFetcher returns a fetcher for one site. It must not be used by two goroutines.
func newFetcher(userAgent string, network http.RoundTripper, limit int64) *fetcher {
	c := new(colly.Collector)
	c.Init() // not NewCollector, which lets COLLY_* variables of the environment overrule what is set here
	c.UserAgent = userAgent
	c.AllowURLRevisit = true        // what has been visited is for the walk to know
	c.ParseHTTPErrorResponse = true // an error page is an answer too
	c.MaxBodySize = 0               // Colly would cut the body and say nothing; the tape refuses
	c.IgnoreRobotsTxt = true        // Colly's reading of it is lax; ours is asked before
	c.SetRequestTimeout(patience.total)
	c.SetRedirectHandler(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	t := &tape{network: network, limit: limit, idle: patience.idle, conns: map[string]net.Conn{}}
	c.WithTransport(t)
	return &fetcher{c, t}
}

// An answer is what came of one request.
type answer struct {
	start  time.Time
	took   time.Duration // until the last byte
	status int           // 0 when there was none
	header http.Header
	remote string
	tls    string   // version and doubts; "" without TLS
	mended string   // what had to be mended in its head, see heads; "" for nothing
	stale  bool     // the server had given up the connection that was kept: nothing was answered, and nothing is wrong
	body   []byte   // after transfer and content coding; with a *cutError in err what there is of it
	sent   *arrival // the same, before there is memory for it; nil where it was undone
	err    error    // why there is no whole body
}

// came reports whether a server has answered, though it be what nobody understands.
func (a answer) came() bool { return a.status != 0 || errors.As(a.err, new(*headError)) }

// demand says whether of the next answers only what is certainly whole will do.
func (f *fetcher) demand(whole bool) { f.tape.strict = whole }

// fetch sends one request once, with body if that is not empty. Its error is ctx's: everything else that can go wrong
// is an answer.
func (f *fetcher) fetch(ctx context.Context, method, url, body string, header http.Header) (answer, error) {
	f.tape.last = answer{start: time.Now()}
	f.colly.Context = ctx
	var data io.Reader
	if body != "" {
		data = strings.NewReader(body)
	}
	err := f.colly.Request(method, url, data, nil, header) // synchronous: returns when the answer is on the tape
	if ctx.Err() != nil {
		if sent := f.tape.last.sent; sent != nil {
			sent.discard()
		}
		return answer{}, ctx.Err() // being stopped says nothing about the page
	}
	a := f.tape.last
	f.tape.last = answer{}
	if errors.Is(a.err, errSpool) {
		return answer{}, a.err // nothing that the site can help
	}
	if a.sent != nil && f.tape.buffers == nil {
		a.body, a.err = a.sent.undo(a.sent.limit)
		a.sent = nil
	}
	if a.status == 0 && a.err == nil {
		a.err = err // the request was never sent
	}
	return a, nil // what Colly thinks of an answer that is on the tape does not matter
}

// hangUp closes the connections that are kept for the site.
func (f *fetcher) hangUp() {
	for _, c := range f.tape.conns {
		_ = c.Close() // it may be closed already
	}
	clear(f.tape.conns)
}

// A tape records each answer before Colly converts or cuts it. Colly gets an empty body: there is nothing that it
// should do with a full one.
type tape struct {
	network http.RoundTripper
	limit   int64         // bytes of a body
	buffers *Buffers      // nil: bodies are loaded at once
	idle    time.Duration // between two bytes of it
	last    answer
	conns   map[string]net.Conn // the newest connection to each host, which may be kept
	odd     bool                // something broke: from now on there is a connection for each request
	strict  bool                // only what is certainly whole will do
}

// anEmptyBody is no http.NoBody, and cannot be rewound: net/http sends nothing for it, neither a body nor its length, and
// does not repeat the request by itself.
type anEmptyBody struct{ io.Reader }

func (anEmptyBody) Close() error { return nil }

// RoundTrip implements http.RoundTripper.
func (t *tape) RoundTrip(req *http.Request) (*http.Response, error) {
	a := answer{start: time.Now()}
	var answered atomic.Bool
	kept := false
	var c *conn
	trace := httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			a.remote, kept = info.Conn.RemoteAddr().String(), info.Reused
			t.conns[req.URL.Host] = info.Conn
			c, _ = info.Conn.(*conn)
			if c != nil && t.strict {
				c.witness.attend(req.Context())
			}
		},
		GotFirstResponseByte: func() { answered.Store(true) },
	}
	ctx, cancel := context.WithCancelCause(httptrace.WithClientTrace(req.Context(), &trace))
	defer cancel(nil)
	defer func() {
		if c != nil {
			c.witness.dismiss()
		}
	}()
	req = req.WithContext(ctx)
	if req.GetBody = nil; req.Body == nil || req.Body == http.NoBody {
		req.Body = anEmptyBody{strings.NewReader("")}
	}
	req.Close = t.odd
	req.Header.Set("Accept-Encoding", "gzip") // set here, the transport leaves undoing it to us: see readBody
	res, err := t.network.RoundTrip(req)
	if err == nil {
		a.status, a.header = res.StatusCode, res.Header.Clone()
		a.sent, err = readBody(&spool{buffers: t.buffers}, res, t.limit, &idle{d: t.idle, stop: func() { cancel(errIdle) }}, t.strict)
		t.hear(&a, c, req.URL.Hostname())
	}
	switch cause := context.Cause(ctx); {
	case !errors.Is(cause, errIdle):
	case a.sent != nil:
		a.sent.fault = cause
	default:
		err = cause
	}
	a.stale = kept && a.status == 0 && !answered.Load() && hungUp(err)
	t.odd = t.odd || err != nil || a.sent != nil && a.sent.fault != nil
	a.err = explain(err, req.URL.Hostname())
	a.took = time.Since(a.start)
	if t.strict && c != nil && a.sent != nil && a.sent.fault == nil && c.witness.surplus(req) {
		a.sent.fault = errSurplus
	}
	t.last = a
	if err != nil {
		return nil, err
	}
	header := res.Header.Clone()
	header.Del("Content-Encoding")
	return &http.Response{
		Status: res.Status, StatusCode: res.StatusCode, Header: header, Body: http.NoBody, Request: req,
		Proto: res.Proto, ProtoMajor: res.ProtoMajor, ProtoMinor: res.ProtoMinor, Uncompressed: true,
	}, nil
}

// hear notes what a connection knows of the answer that came by it.
func (t *tape) hear(a *answer, c *conn, host string) {
	if c == nil {
		return
	}
	a.tls = describeTLS(c.tls, host)
	if m := c.heads.last.Load(); m != nil {
		a.mended, a.header, t.odd = m.String(), m.said, true
		if a.sent != nil {
			a.sent.mending = m
		}
	}
}

// explain says what went wrong without what net/http adds to it.
func explain(err error, host string) error {
	if head := new(headError); errors.As(err, &head) {
		return head
	}
	return explainTLS(err, host)
}

// hungUp reports whether an error says that the other side has closed the connection.
func hungUp(err error) bool {
	var timeout net.Error
	return err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) && !errors.Is(err, context.Canceled)
}

// patience says how long each part of a request may take.
var patience = timeouts{dial: 10 * time.Second, tls: 10 * time.Second, header: 30 * time.Second, idle: 30 * time.Second, total: 3 * time.Minute}

type timeouts struct {
	dial, tls time.Duration
	header    time.Duration // from the request to the first byte of the answer
	idle      time.Duration // between two bytes of a body
	total     time.Duration
}

// How long a connection is kept for the next request to its host, and how many in all. Servers close theirs after 5 to 75
// seconds; what is kept longer than the usual delay costs both sides memory for nothing.
const (
	keptFor  = 15 * time.Second
	mostKept = 512
)

// network returns the way to the portals. Connections are kept, as a handshake for each request costs the portal more than
// the page: but only with HTTP/1.1, and requests that come through a tape, for which it is certain that the transport
// repeats none when a server hangs up; the clock would know nothing of it. It uses no proxy. config is for TLS; nil stands
// for the usual.
func network(allowPrivate bool, t timeouts, config *tls.Config) http.RoundTripper {
	dialer := &net.Dialer{Timeout: t.dial}
	if !allowPrivate {
		// Asked for every address dialled, after names were looked up, so no name can stand for a private address.
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	plain, secure := dials(dialer, config, t.tls)
	return &http.Transport{
		DialContext:            plain,
		DialTLSContext:         secure,
		ResponseHeaderTimeout:  t.header,
		MaxIdleConns:           mostKept,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        keptFor,
		Protocols:              protocols,
		MaxResponseHeaderBytes: 2 * mostHead,
	}
}

// isPrivate reports whether an error is the guard's.
func isPrivate(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork)
}
