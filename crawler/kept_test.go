package crawler

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// TestKeptByClock: a request that a kept connection lost is sent again by the clock, and is no fault of the site.
func TestKeptByClock(t *testing.T) {
	var times []time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch times = append(times, time.Now()); len(times) {
		case 1: // robots.txt
			http.NotFound(w, r)
		case 2:
			if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
				c.Close()
			}
		default:
			io.WriteString(w, "page")
		}
	}))
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const delay = 50 * time.Millisecond
	c := Crawler{UserAgent: "gongkai/test", AllowPrivate: true, Store: s, Hosts: 1, Delay: delay,
		Portals: []seeds.Portal{{ID: "a", Start: []string{server.URL + "/nb/"}}}}
	sum, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	if len(times) != 3 || sum.Requests != 3 || sum.Failed != 0 || sum.New != 1 {
		t.Errorf("%d requests, %v, %v", len(times), sum, sum.Problems())
	}
	for i := 1; i < len(times); i++ {
		if gap := times[i].Sub(times[i-1]); gap < delay {
			t.Errorf("request %d came %v after the one before", i, gap)
		}
	}
	if got := states(t, s); got != "ok /" && got != "ok /nb/" {
		t.Errorf("captures: %s", got)
	}
}
