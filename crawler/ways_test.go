package crawler

import (
	"crypto/x509"
	"net/http"
	"strings"
	"testing"

	"gongkai/store"
)

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
