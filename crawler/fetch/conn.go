package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// A conn is a connection to a portal, above TLS, on which heads of answers are mended before net/http reads them.
type conn struct {
	net.Conn
	tls     *tls.ConnectionState // nil without TLS
	heads   heads
	witness witness
}

func newConn(c net.Conn, state *tls.ConnectionState) *conn {
	return &conn{Conn: c, tls: state, heads: heads{from: c}}
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.heads.Read(b)
	c.witness.note(b[:n], err)
	return n, err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.witness.linger(c)
	return c.Conn.Close()
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	c.heads.expect(b)
	return c.Conn.Write(b)
}

// dials returns the ways in which connections are made: without TLS, and with it. config is for TLS; nil stands for the
// usual.
func dials(dialer *net.Dialer, config *tls.Config, handshake time.Duration) (plain, secure func(ctx context.Context, network, addr string) (net.Conn, error)) {
	plain = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return newConn(c, nil), nil
	}
	secure = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		own := config.Clone() // nil stays nil
		if own == nil {
			own = new(tls.Config)
		}
		own.NextProtos = []string{"http/1.1"}
		if own.ServerName == "" {
			own.ServerName, _, _ = net.SplitHostPort(addr) // the transport has made it
		}
		ctx, cancel := context.WithTimeoutCause(ctx, handshake, errHandshake)
		defer cancel()
		s := tls.Client(c, own)
		if err := s.HandshakeContext(ctx); err != nil {
			c.Close()
			if errors.Is(context.Cause(ctx), errHandshake) {
				err = errHandshake
			}
			return nil, err
		}
		state := s.ConnectionState()
		return newConn(s, &state), nil
	}
	return plain, secure
}

// errHandshake means that a server has not agreed on TLS in time.
var errHandshake error = handshakeTimeout{}

type handshakeTimeout struct{}

func (handshakeTimeout) Error() string   { return "TLS handshake timeout" }
func (handshakeTimeout) Timeout() bool   { return true }
func (handshakeTimeout) Temporary() bool { return true }
