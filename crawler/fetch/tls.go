package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"gongkai/seeds"
)

// Portals have certificates without the chain to a known authority, with another's name, or none of this decade; and
// servers that speak no version of TLS that is still thought safe. What such a server says may be somebody else's words.
// So each of these is let pass only for a portal whose entry says so, and every capture tells what was let pass.

// lax returns a configuration that allows old versions and ciphers, or certificates that cannot be verified; nil, which
// stands for the usual, when it need allow neither.
func lax(old, unverified bool) *tls.Config {
	if !old && !unverified {
		return nil
	}
	c := &tls.Config{InsecureSkipVerify: unverified}
	if old {
		c.MinVersion = tls.VersionTLS10
		c.CurvePreferences = []tls.CurveID{tls.CurveP256, tls.CurveP384, tls.CurveP521} // some die of any other
		c.Renegotiation = tls.RenegotiateOnceAsClient
		for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
			c.CipherSuites = append(c.CipherSuites, suite.ID)
		}
	}
	return c
}

// A TLSError is why a server cannot be spoken to safely, in words that say what to do about it. They do not change from
// night to night.
type TLSError struct {
	Why string
	err error
}

func (e *TLSError) Error() string { return e.Why }
func (e *TLSError) Unwrap() error { return e.err }

// explainTLS returns a *TLSError for what is wrong with a server's TLS, any other error as it is.
func explainTLS(err error, host string) error {
	if err == nil {
		return nil
	}
	if errors.As(err, new(tls.RecordHeaderError)) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return &TLSError{"the server does not speak TLS at its https address", err}
	}
	if why, allow := tlsFault(err, host); why != "" {
		return &TLSError{fmt.Sprintf("%s; `tls = [%q]` in the portal's entry accepts it", why, allow), err}
	}
	return err
}

// tlsFault says what is wrong, and what an entry of the catalogue must allow for it; "" when it is something else.
func tlsFault(err error, host string) (why, allow string) {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var alert tls.AlertError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(invalid.Cert.NotBefore):
		return "certificate not valid before " + invalid.Cert.NotBefore.UTC().Format(time.DateOnly), seeds.TLSUnverified
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "certificate expired on " + invalid.Cert.NotAfter.UTC().Format(time.DateOnly), seeds.TLSUnverified
	case errors.As(err, &name):
		return "certificate of another host than " + host + namesOf(name.Certificate), seeds.TLSUnverified
	case errors.As(err, &authority):
		return "certificate of an authority that is not known, or without those between", seeds.TLSUnverified
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, &invalid):
		return "certificate not to be trusted: " + innermost(err).Error(), seeds.TLSUnverified
	case errors.As(err, &alert), strings.HasPrefix(innermost(err).Error(), "tls: "):
		return "no version of TLS in common that is still safe (" + strings.TrimPrefix(innermost(err).Error(), "tls: ") + ")", seeds.TLSOld
	}
	return "", ""
}

func innermost(err error) error {
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err
}

// namesOf lists the first names that a certificate is for.
func namesOf(c *x509.Certificate) string {
	if c == nil || len(c.DNSNames) == 0 {
		return ""
	}
	return ": " + strings.Join(c.DNSNames[:min(len(c.DNSNames), 3)], ", ")
}

// describeTLS says by what version of TLS an answer came, and what is wrong with the certificate.
func describeTLS(s *tls.ConnectionState, host string) string {
	if s == nil {
		return ""
	}
	text := tls.VersionName(s.Version)
	if len(s.VerifiedChains) > 0 || len(s.PeerCertificates) == 0 {
		return text
	}
	rest := x509.NewCertPool()
	for _, cert := range s.PeerCertificates[1:] {
		rest.AddCert(cert)
	}
	if _, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: host, Intermediates: rest}); err != nil {
		text += ", not verified: " + err.Error()
	}
	return text
}

// Networks returns the networks of the portals whose entries allow more of TLS than is usual, by their ids. Those that allow
// the same share one.
func Networks(portals []seeds.Portal, allowPrivate bool) map[string]http.RoundTripper {
	made, shared := make(map[string]http.RoundTripper), make(map[string]http.RoundTripper)
	for _, p := range portals {
		if len(p.TLS) == 0 {
			continue
		}
		allow := strings.Join(slices.Sorted(slices.Values(p.TLS)), " ")
		if shared[allow] == nil {
			shared[allow] = Network(allowPrivate, p.TLS)
		}
		made[p.ID] = shared[allow]
	}
	return made
}
