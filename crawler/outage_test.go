package crawler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gongkai/crawler/outage"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/frontier"
)

var (
	public4 = &net.TCPAddr{IP: net.IPv4(198, 51, 100, 7), Port: 80}
	public6 = &net.TCPAddr{IP: net.ParseIP("2001:db8::7"), Port: 80}

	noRoute  = &net.OpError{Op: "dial", Net: "tcp", Addr: public4, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	noRoute6 = &net.OpError{Op: "dial", Net: "tcp", Addr: public6, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	noHost   = &net.OpError{Op: "dial", Net: "tcp", Addr: public4, Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}
	refused  = &net.OpError{Op: "dial", Net: "tcp", Addr: public4, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	timedOut = &net.OpError{Op: "dial", Net: "tcp", Addr: public4, Err: os.ErrDeadlineExceeded}
	noName   = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "www.x.gov.cn", IsNotFound: true}}
	servfail = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "server misbehaving", Name: "www.x.gov.cn", IsTemporary: true}}
	slowName = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "i/o timeout", Name: "www.x.gov.cn", IsTimeout: true}}
)

// outageTown makes portals of a listing and so many reports each, whose network fails as said while out holds.
func outageTown(sites, reports int, fault error) (pages map[string]http.HandlerFunc, out *atomic.Bool) {
	pages, out = map[string]http.HandlerFunc{}, new(atomic.Bool)
	via := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if !out.Load() {
				h(w, r)
				return
			}
			if errors.Is(fault, os.ErrDeadlineExceeded) || fault == slowName {
				time.Sleep(10 * time.Second)
			}
			panic(fault)
		}
	}
	for i := range sites {
		host := fmt.Sprintf("www.p%d.gov.cn", i)
		pages[host+"/robots.txt"] = via(http.NotFound)
		pages[host+"/"] = via(listing(names(0, reports), ""))
		for _, r := range strings.Fields(names(0, reports)) {
			pages[host+"/nb/"+r+".html"] = via(article)
		}
	}
	return pages, out
}

// captures counts those of an archive by state.
func captures(t *testing.T, s *store.Store) map[string]int {
	t.Helper()
	n := map[string]int{}
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		n[c.State]++
	}
	return n
}

// TestNoNetwork: when nobody answers from the beginning, that is said once, nothing is archived and nothing learnt; the next
// run finds all as if there had been none.
func TestNoNetwork(t *testing.T) {
	for name, test := range map[string]struct {
		fault error
		sites int
	}{"no route": {noRoute, 1}, "no route, many": {noRoute, 20}, "no answer": {timedOut, 20}, "no host": {noHost, 2}, "refused": {refused, 3}, "no names": {noName, 20},
		"SERVFAIL": {servfail, 1}, "resolver silent": {slowName, 12}, "IPv6 only": {noRoute6, 20}} {
		pages, out := outageTown(test.sites, 2, test.fault)
		night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
			c.Discover = true
			for i := range c.Portals {
				c.Portals[i].Confidence = seeds.Verified
			}
			out.Store(true)
			began := time.Now()
			sum, err := c.Run(t.Context())
			if !errors.Is(err, ErrNoNetwork) || sum.Answers != 0 || !strings.Contains(fmt.Sprint(err), fmt.Sprint("one of ", min(test.sites, len(c.Portals)))) && test.sites < 8 {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took > 5*time.Minute {
				t.Errorf("%s: took %v", name, took)
			}
			if got := captures(t, c.Store); len(got) != 0 || len(sum.Problems()) != 0 {
				t.Errorf("%s: archived %v, told %v", name, got, sum.Problems())
			}
			if found, err := seeds.ReadDiscoveries(c.Store.Dir()); err != nil {
				t.Error(err)
			} else if _, ok := found.Last("p0"); ok {
				t.Errorf("%s: something was discovered", name)
			}
			out.Store(false)
			sum, err = c.Run(t.Context())
			if err != nil || !sum.Clean() || sum.Rejected != 2*test.sites {
				t.Errorf("%s: then %v, %v, %v", name, sum, sum.Problems(), err)
			}
		})
	}
}

// TestNetworkGoes: when the network goes in mid-run, all wait, one site at a time is tried, and when it is back all go on.
func TestNetworkGoes(t *testing.T) {
	for name, fault := range map[string]error{"no route": noRoute, "no answer": timedOut, "SERVFAIL": servfail, "resolver silent": slowName, "no host": noHost} {
		pages, out := outageTown(6, 20, fault)
		night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
			var before, after int
			time.AfterFunc(8*time.Second, func() { out.Store(true); f.mu.Lock(); before = len(f.log); f.mu.Unlock() })
			time.AfterFunc(10*time.Minute, func() { out.Store(false); f.mu.Lock(); after = len(f.log); f.mu.Unlock() })
			sum, err := c.Run(t.Context())
			if err != nil || !sum.Clean() || sum.Rejected != 6*20 {
				t.Fatalf("%s: %v, %v, %v", name, sum, sum.Problems(), err)
			}
			if got := captures(t, c.Store); got[store.StateFailed] != 0 {
				t.Errorf("%s: archived %v", name, got)
			}
			if during := after - before; during < 3 || during > 6*2+20 {
				t.Errorf("%s: %d requests in ten minutes without a network", name, during)
			}
		})
	}
}

// TestNetworkStaysAway: a network that does not come back ends the run, and what was archived before stands.
func TestNetworkStaysAway(t *testing.T) {
	pages, out := outageTown(4, 20, timedOut)
	night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
		began := time.Now()
		time.AfterFunc(8*time.Second, func() { out.Store(true) })
		_, err := c.Run(t.Context())
		if took := time.Since(began); !errors.Is(err, ErrNoNetwork) || took < outage.Longest || took > outage.Longest+5*time.Minute {
			t.Errorf("%v after %v", err, took)
		}
		if got := captures(t, c.Store); got[store.StateFailed] != 0 || got[store.StateOK] < 4 {
			t.Errorf("archived %v", got)
		}
		out.Store(false)
		if sum, err := c.Run(t.Context()); err != nil || !sum.Clean() || sum.Rejected != 4*20 {
			t.Errorf("then %v, %v, %v", sum, sum.Problems(), err)
		}
	})
}

// TestDeadPortals: portals at which nobody answers while others do are told, archived as such, and hold nobody up; the end of
// a run, when only they are left, is no outage.
func TestDeadPortals(t *testing.T) {
	for name, fault := range map[string]error{"no route": noRoute, "no answer": timedOut, "no names": noName, "SERVFAIL": servfail, "IPv6 only": noRoute6, "refused": refused} {
		pages, out := outageTown(5, 2, fault)
		out.Store(true)
		for i := range 5 {
			host := fmt.Sprintf("www.good%d.gov.cn", i)
			pages[host+"/"], pages[host+"/nb/x.html"], pages[host+"/nb/y.html"] = listing("x y", ""), article, article
		}
		night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
			began := time.Now()
			sum, err := c.Run(t.Context())
			if err != nil || sum.Rejected != 10 {
				t.Fatalf("%s: %v, %v", name, sum, err)
			}
			if took := time.Since(began); took > 30*time.Minute {
				t.Errorf("%s: took %v", name, took)
			}
			for _, p := range sum.Portals {
				if dead := strings.HasPrefix(p.ID, "p"); dead != (p.Trouble > 0) {
					t.Errorf("%s: %s: %v", name, p.ID, p.Problems)
				}
			}
			if got := captures(t, c.Store); got[store.StateFailed] < 5 {
				t.Errorf("%s: archived %v", name, got)
			}
		})
	}
}

// TestOutageRemembered: what a run has learnt in an outage that it did not know to be one hinders no other.
func TestOutageRemembered(t *testing.T) {
	pages, out := outageTown(3, 2, timedOut)
	night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
		c.Discover = true
		f1, err := frontier.Open(c.Store.Dir())
		if err != nil {
			t.Fatal(err)
		}
		why := "dial tcp 198.51.100.7:80: i/o timeout"
		d, err := seeds.ReadDiscoveries(c.Store.Dir())
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range c.Portals {
			c.Portals[i].Confidence = seeds.HomeOnly
			site := strings.TrimSuffix(strings.TrimPrefix(p.Start[0], "http://www."), "/")
			for _, name := range []string{site, "www." + site} {
				if err := f1.SetHost(name, frontier.Host{Seen: time.Now(), Barred: time.Now().Add(20 * time.Hour), Why: "5 faults in a row, the last one: " + why,
					Factor: 16, Strikes: 7, Trips: 6, Fault: why}); err != nil {
					t.Fatal(err)
				}
			}
			outcome := []string{seeds.Unreachable, seeds.Blocked, seeds.NotFound}[i%3]
			if err := d.Add(seeds.Discovery{Portal: p.ID, Time: time.Now(), Instead: p.Start, Outcome: outcome, Reason: why}); err != nil {
				t.Fatal(err)
			}
		}
		f1.Close()
		out.Store(false)
		time.Sleep(10 * time.Second)
		before := time.Now()
		sum, err := c.Run(t.Context())
		if err != nil || sum.Requests < 3*2 {
			t.Errorf("%v, %v, %v", sum, sum.Problems(), err)
		}
		for _, p := range sum.Problems() {
			if p.Kind == ProblemSkipped || strings.Contains(p.Detail, "looked for on") {
				t.Errorf("%s: %s", p.Portal, p.Detail)
			}
		}
		if took := time.Since(before); took > 5*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

// TestSameAnswer: a network that answers in place of every site, as one does before somebody has signed in, is no network.
func TestSameAnswer(t *testing.T) {
	for name, login := range map[string]http.HandlerFunc{
		"page":     body("<html><body>欢迎使用无线网络，请登录</body></html>"),
		"redirect": status(http.StatusFound, "Location", "http://login.example.com/?id=7"),
	} {
		pages := map[string]http.HandlerFunc{}
		for i := range 12 {
			pages[fmt.Sprintf("www.p%d.gov.cn/", i)], pages[fmt.Sprintf("www.p%d.gov.cn/robots.txt", i)] = login, login
		}
		night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
			if _, err := c.Run(t.Context()); !errors.Is(err, ErrNoNetwork) || len(captures(t, c.Store)) != 0 {
				t.Errorf("%s: %v, archived %v", name, err, captures(t, c.Store))
			}
			for i := range 6 { // whichever eight are asked first, one of them is itself
				pages[fmt.Sprintf("www.p%d.gov.cn/robots.txt", i)] = body("User-agent: *\nDisallow:\n")
			}
			if _, err := c.Run(t.Context()); err != nil || len(captures(t, c.Store)) == 0 {
				t.Errorf("%s, and one answers: %v", name, err)
			}
		})
		for i := range 6 {
			pages[fmt.Sprintf("www.p%d.gov.cn/robots.txt", i)] = login
		}
		night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
			f.remote = "203.0.113.9:80" // sites of one machine
			if _, err := c.Run(t.Context()); err != nil || len(captures(t, c.Store)) == 0 {
				t.Errorf("%s, of one machine: %v, archived nothing", name, err)
			}
		})
	}
}

// TestOutageStopped: whoever waits for the network ends when told to.
func TestOutageStopped(t *testing.T) {
	pages, out := outageTown(4, 20, noRoute)
	night(t, pages, 4, func(t *testing.T, c *Crawler, f *fake) {
		time.AfterFunc(8*time.Second, func() { out.Store(true) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if _, err := c.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 61*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// TestSearchedLately: a search that came to nothing lately is not repeated, and that is said with when it will be; it is repeated
// when all is asked for again, or nobody had answered.
func TestSearchedLately(t *testing.T) {
	night(t, map[string]http.HandlerFunc{"www.a.gov.cn/": article}, 1, func(t *testing.T, c *Crawler, _ *fake) {
		c.Portals[0].Confidence = seeds.HomeOnly
		d, err := seeds.ReadDiscoveries(c.Store.Dir())
		if err != nil {
			t.Fatal(err)
		}
		for reason, want := range map[string]bool{"12 requests led to no listing": false, "dial tcp: lookup www.a.gov.cn: server misbehaving": true} {
			if err := d.Add(seeds.Discovery{Portal: "a", Time: time.Now(), Instead: c.Portals[0].Start, Outcome: seeds.NotFound, Reason: reason}); err != nil {
				t.Fatal(err)
			}
			y, err := c.Why("www.a.gov.cn")
			if said := strings.Join(y.Lost, ""); err != nil || want != (said == "") || !want && !strings.Contains(said, "again from 2000-01-08") {
				t.Errorf("%s: %q, %v", reason, said, err)
			}
			if again, _, err := (searches{c.Store, d, true}).worthwhile(c.Portals[0]); !again || err != nil {
				t.Errorf("%s: -recheck does not search: %v", reason, err)
			}
		}
	})
}
