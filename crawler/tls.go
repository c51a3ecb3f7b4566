package crawler

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"

	"gongkai/seeds"
)

// Portals have certificates without the chain to a known authority, with another's name, or none of this decade; and
// servers that speak no version of TLS that is still thought safe. What such a server says may be somebody else's words.
// So each of these is let pass only for a portal whose entry says so, and every capture tells what was let pass.

// ways returns the networks of the portals whose entries allow more of TLS than is usual.
func ways(portals []seeds.Portal, allowPrivate bool) map[string]http.RoundTripper {
	made := make(map[string]http.RoundTripper)
	shared := make(map[[2]bool]http.RoundTripper)
	for _, p := range portals {
		old, unverified := slices.Contains(p.TLS, seeds.TLSOld), slices.Contains(p.TLS, seeds.TLSUnverified)
		if !old && !unverified {
			continue
		}
		kind := [2]bool{old, unverified}
		if shared[kind] == nil {
			shared[kind] = network(allowPrivate, patience, lax(old, unverified))
		}
		made[p.ID] = shared[kind]
	}
	return made
}

// lax returns a configuration that allows old versions and ciphers, or certificates that cannot be verified.
func lax(old, unverified bool) *tls.Config {
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

// way returns the network by which a portal is reached.
func (c *Crawler) way(portal string) http.RoundTripper {
	if w := c.ways[portal]; w != nil {
		return w
	}
	return c.Network
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
