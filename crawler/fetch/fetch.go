// Package fetch sends a request and gives the answer as it came: mended where net/http would refuse it, whole or with what it
// lacks, and bounded in size and time. When somebody may be asked, and what an answer means, is not its to say.
package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"gongkai/seeds"

	"code.dny.dev/ssrf"
	"github.com/gocolly/colly/v2"
)

// A Fetcher makes Colly look like a function: an address goes in, an answer comes out. Colly builds the request and
// keeps the cookies; the tape keeps what was served. No other file knows about either.
type Fetcher struct {
	colly *colly.Collector
	tape  *tape
}

// New returns a fetcher for one site, which refuses bodies of more than limit bytes. It must not be used by two
// goroutines. Bodies wait in buffers for being unpacked; without buffers they are unpacked as they come.
func New(userAgent string, network http.RoundTripper, limit int64, buffers *Buffers) *Fetcher {
	c := new(colly.Collector)
	c.Init() // not NewCollector, which lets COLLY_* variables of the environment overrule what is set here
	c.UserAgent = userAgent
	c.AllowURLRevisit = true        // what has been visited is for the walk to know
	c.ParseHTTPErrorResponse = true // an error page is an answer too
	c.MaxBodySize = 0               // Colly would cut the body and say nothing; the tape refuses
	c.IgnoreRobotsTxt = true        // Colly's reading of it is lax; ours is asked before
	c.SetRequestTimeout(patience.total)
	c.SetRedirectHandler(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	t := &tape{network: network, limit: limit, buffers: buffers, idle: patience.idle, conns: map[string]net.Conn{}}
	c.WithTransport(t)
	return &Fetcher{c, t}
}

// An Answer is what came of one request.
type Answer struct {
	Start  time.Time
	Took   time.Duration // until the last byte
	Status int           // 0 when there was none
	Header http.Header
	Remote string
	TLS    string   // version and doubts; "" without TLS
	Mended string   // what had to be mended in its head, see heads; "" for nothing
	Stale  bool     // the server had given up the connection that was kept: nothing was answered, and nothing is wrong
	Body   []byte   // after transfer and content coding; with a *CutError in Err what there is of it
	Sent   *Arrival // the same, before there is memory for it; nil where it was undone
	Err    error    // why there is no whole body
}

// Came reports whether a server has answered, though it be what nobody understands.
func (a Answer) Came() bool { return a.Status != 0 || errors.As(a.Err, new(*HeadError)) }

// Use changes the network that requests are sent by.
func (f *Fetcher) Use(network http.RoundTripper) { f.tape.network = network }

// Demand says whether of the next answers only what is certainly whole will do.
func (f *Fetcher) Demand(whole bool) { f.tape.strict = whole }

// Fetch sends one request once, with body if that is not empty. Its error is ctx's: everything else that can go wrong
// is an answer.
func (f *Fetcher) Fetch(ctx context.Context, method, url, body string, header http.Header) (Answer, error) {
	f.tape.last = Answer{Start: time.Now()}
	f.colly.Context = ctx
	var data io.Reader
	if body != "" {
		data = strings.NewReader(body)
	}
	err := f.colly.Request(method, url, data, nil, header) // synchronous: returns when the answer is on the tape
	if ctx.Err() != nil {
		if sent := f.tape.last.Sent; sent != nil {
			sent.Discard()
		}
		return Answer{}, ctx.Err() // being stopped says nothing about the page
	}
	a := f.tape.last
	f.tape.last = Answer{}
	if errors.Is(a.Err, ErrSpool) {
		return Answer{}, a.Err // nothing that the site can help
	}
	if a.Sent != nil && f.tape.buffers == nil {
		a.Body, a.Err = a.Sent.Undo(a.Sent.Limit)
		a.Sent = nil
	}
	if a.Status == 0 && a.Err == nil {
		a.Err = err // the request was never sent
	}
	return a, nil // what Colly thinks of an answer that is on the tape does not matter
}

// HangUp closes the connections that are kept for the site.
func (f *Fetcher) HangUp() {
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
	last    Answer
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
	a := Answer{Start: time.Now()}
	var answered atomic.Bool
	kept := false
	var c *conn
	trace := httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			a.Remote, kept = info.Conn.RemoteAddr().String(), info.Reused
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
		a.Status, a.Header = res.StatusCode, res.Header.Clone()
		a.Sent, err = readBody(&spool{buffers: t.buffers}, res, t.limit, &idle{d: t.idle, stop: func() { cancel(errIdle) }}, t.strict)
		t.hear(&a, c, req.URL.Hostname())
	}
	switch cause := context.Cause(ctx); {
	case !errors.Is(cause, errIdle):
	case a.Sent != nil:
		a.Sent.fault = cause
	default:
		err = cause
	}
	a.Stale = kept && a.Status == 0 && !answered.Load() && hungUp(err)
	t.odd = t.odd || err != nil || a.Sent != nil && a.Sent.fault != nil
	a.Err = explain(err, req.URL.Hostname())
	a.Took = time.Since(a.Start)
	if t.strict && c != nil && a.Sent != nil && a.Sent.fault == nil && c.witness.surplus(req) {
		a.Sent.fault = errSurplus
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
func (t *tape) hear(a *Answer, c *conn, host string) {
	if c == nil {
		return
	}
	a.TLS = describeTLS(c.tls, host)
	if m := c.heads.last.Load(); m != nil {
		a.Mended, a.Header, t.odd = m.String(), m.said, true
		if a.Sent != nil {
			a.Sent.mending = m
		}
	}
}

// explain says what went wrong without what net/http adds to it.
func explain(err error, host string) error {
	if head := new(HeadError); errors.As(err, &head) {
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

// Network returns the way to the portals, which lets pass what an entry of the catalogue allows of TLS beyond the usual:
// words of seeds. Private and loopback addresses cannot be reached by it unless allowPrivate says so.
func Network(allowPrivate bool, allow []string) http.RoundTripper {
	return network(allowPrivate, patience, lax(slices.Contains(allow, seeds.TLSOld), slices.Contains(allow, seeds.TLSUnverified)))
}

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

// MayPass reports whether a fault may be gone in a minute. A name that does not exist, a certificate that is wrong,
// and an address that is forbidden will not.
func MayPass(err error) bool {
	var dns *net.DNSError
	return !isPrivate(err) && !errors.As(err, new(*HeadError)) && !(errors.As(err, &dns) && dns.IsNotFound) && !errors.As(err, new(*TLSError))
}

// IsCut reports whether an answer came, and its body broke off.
func IsCut(err error) bool {
	var cut *CutError
	return errors.As(err, &cut)
}
