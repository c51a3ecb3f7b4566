package crawler

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gongkai/crawler/fetch"
	"gongkai/seeds"
	"gongkai/store"
)

// TestWays: what an entry allows of TLS is allowed for its portal alone, and archived with what it has let pass; the other
// portals, on the same machine and in the same run, are reached as ever.
func TestWays(t *testing.T) {
	var portals []seeds.Portal
	for _, id := range []string{"strict", "lax", "strict-too", "lax-too"} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/nb/" {
				http.NotFound(w, r)
				return
			}
			io.WriteString(w, "<html><body>政府信息公开年报 "+id+"</body></html>")
		}))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		p := seeds.Portal{ID: id, Start: []string{server.URL + "/nb/"}}
		if strings.HasPrefix(id, "lax") {
			p.TLS = []string{seeds.TLSUnverified}
		}
		portals = append(portals, p)
	}
	if made := fetch.Networks(portals, true); len(made) != 2 || made["lax"] == nil || made["lax"] != made["lax-too"] {
		t.Errorf("networks %v, want one that both share", made)
	}
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := &Crawler{UserAgent: "gongkai/test", Hosts: 4, AllowPrivate: true, Portals: portals, Store: s}
	if _, err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range portals {
		last, ok, err := s.LastCapture(p.Start[0])
		if err != nil {
			t.Fatal(err)
		}
		if lax := len(p.TLS) > 0; lax != (ok && last.State == store.StateOK) || lax != strings.Contains(last.TLS, "not verified") {
			t.Errorf("%s: %v %q, TLS %q", p.ID, ok, last.State, last.TLS)
		}
	}
}
