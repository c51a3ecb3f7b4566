package crawler

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"gongkai/crawler/fetch"
	"gongkai/crawler/robots"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/store"
)

// Nobody answers when this machine has no network, and that says nothing about any portal. A failure that may be of that kind is
// not taken for the site's before somebody else has answered, or nobody else has failed for a while. When many fail at
// once and nobody answers, all wait, one site at a time is tried, by its own clock, and when one answers, all go on: what
// was asked for in between is asked for again, and nobody learns anything from it.

// ErrNoNetwork means that nobody has answered, or nobody does any more, and that this machine seems to be why.
var ErrNoNetwork = errors.New("this machine has no network")

// The bounds of an outage.
const (
	enoughFirst  = 8                // sites that fail before any has answered
	enoughLater  = 3                // sites that had answered
	enoughWeak   = 3                // at least, when what they say might be true of each
	enoughSame   = 5                // sites that answer with the same page
	doubtFirst   = time.Minute      // a failure is held before any site has answered
	doubtLater   = 15 * time.Second // and afterwards: longer than a connection is waited for
	probeSoonest = 5 * time.Second  // before one site is tried; twice as long each time
	probeRarest  = time.Minute
	probesFirst  = 3                // before a run of which nobody has answered is given up
	outageMost   = 30 * time.Minute // that a network is waited for that has gone
	lately       = 2 * time.Second  // an answer of somebody shows that there was a network
)

// A networkWatch is what the sites of one run know together of this machine's network.
type networkWatch struct {
	log *slog.Logger

	mu       sync.Mutex
	active   int             // sites that are not done
	good     int             // of these, those that have answered
	proof    time.Time       // when one last did
	asked    map[string]bool // sites, until one has answered
	suspects map[string]suspect
	changed  chan struct{} // closed, and replaced, when any of this changes

	down     time.Time // since when nobody answers; zero while somebody does
	why      string
	scouting bool // one site is being tried
	probes   int
	probe    time.Time // when the next may be
	err      error     // the run is given up
}

// A suspect is a site that has failed in a way that may be this machine's fault.
type suspect struct {
	good   bool
	weight weight
	sign   string // of a page that it answered with; "" when it did not
	remote string // the machine that did; "" when that is not known
}

// A weight says what a failure tells of this machine's network.
type weight int

const (
	answered weight = iota // somebody has answered
	weak                   // refused, no such name, a connection cut: each alone is the site's
	silence                // nobody there
	certain                // there is no way out of this machine
)

func newNetworkWatch(sites int, log *slog.Logger) *networkWatch {
	return &networkWatch{log: log, active: sites, asked: make(map[string]bool), suspects: make(map[string]suspect), changed: make(chan struct{})}
}

// weigh says what came of a request tells of the network.
func weigh(err error) weight {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return weak
	case errors.As(err, &dns):
		return silence
	case !errors.As(err, &op) || op.Op != "dial" || errors.Is(err, syscall.ECONNREFUSED):
		return weak
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ENETDOWN):
		if addr, ok := op.Addr.(*net.TCPAddr); ok && addr.IP.To4() == nil {
			return silence // a site that has only an address of IPv6, and a machine that has none
		}
		return certain
	}
	return silence
}

// sameSign describes an answer that a network may give in place of every site, before somebody has signed in to it: a page
// instead of a robots.txt, or a redirect to where no government is. It is "" for any other.
func (s *site) sameSign(t visit.Target, a fetch.Answer) string {
	switch {
	case a.Status > 300 && a.Status < 400:
		base, err := url.Parse(t.Address())
		if err != nil {
			return ""
		}
		to, err := base.Parse(a.Header.Get("Location"))
		if err != nil || to.Host == "" || weburl.Site(to) == s.scope.Site || (visit.Scope{Site: weburl.Site(to), Hosts: s.run.hosts}).Deny(to) == "" {
			return ""
		}
		return "redirects to " + to.Host
	case a.Status == http.StatusOK && t.Kind == store.KindRobots && strings.Contains(strings.ToLower(string(a.Body[:min(len(a.Body), 1024)])), "<html"):
		sum := sha256.Sum256(a.Body)
		return "the page " + hex.EncodeToString(sum[:8])
	}
	return ""
}

// heard draws from the outcome of a request what it tells of the network. It returns true when the request is to be sent
// again as if it had not been: it was this machine's fault that nobody answered.
func (s *site) heard(ctx context.Context, t visit.Target, a fetch.Answer, scout bool) (again bool, err error) {
	l, x := s.run.network, suspect{good: s.good}
	if a.Came() {
		if x.sign = s.sameSign(t, a); x.sign == "" || !l.first() {
			l.answers(s)
			return false, nil
		}
	}
	x.weight, x.remote = weak, hostOf(a.Remote)
	if !a.Came() {
		x.weight = weigh(a.Err)
	}
	s.leave()
	again, err = l.doubt(ctx, s, x, a, scout)
	if err == nil && !again {
		if a.Came() {
			l.answers(s)
		}
		err = s.enter(ctx)
	}
	return again, err
}

// hostOf returns the host of an address with a port, "" of one without.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}

// first reports whether nobody has answered yet.
func (l *networkWatch) first() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proof.IsZero()
}

// answers notes that a site has answered.
func (l *networkWatch) answers(s *site) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proof, s.doubted = time.Now(), time.Time{}
	if !s.good {
		s.good = true
		l.good++
	}
	l.asked = nil
	if !l.down.IsZero() {
		l.log.Info("the network is back", "site", s.scope.Site, "after", time.Since(l.down).Round(time.Second))
	}
	l.down, l.scouting, l.probes = time.Time{}, false, 0
	if len(l.suspects) > 0 {
		l.suspects = make(map[string]suspect)
		l.tell()
	}
}

// joins notes that one more site is asked.
func (l *networkWatch) joins() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active++
}

// leaves notes that a site is done.
func (l *networkWatch) leaves(s *site) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	if s.good {
		l.good--
	}
	l.judge()
}

// tell wakes everybody who waits. The caller holds mu.
func (l *networkWatch) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// doubt waits until it is known whose fault a failure is: that of the site, or of this machine, then it returns true.
func (l *networkWatch) doubt(ctx context.Context, s *site, x suspect, a fetch.Answer, scout bool) (again bool, err error) {
	name := s.scope.Site
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proof.IsZero() {
		l.asked[name] = true
	}
	began := time.Now().Add(-min(a.Took, lately))
	if a.Err != nil {
		l.why = a.Err.Error()
	}
	switch {
	case l.err != nil:
		return false, l.err
	case scout:
		l.missed()
		return true, l.err
	case !l.down.IsZero():
		return true, nil
	case !l.proof.Before(began), !s.doubted.IsZero() && l.proof.After(s.doubted):
		return false, nil // somebody answers, and this one does not
	case !l.proof.IsZero() && x.weight == weak, l.proof.IsZero() && x.weight == weak && l.active < enoughWeak:
		return false, nil // too few to tell
	}
	s.doubted = time.Now()
	l.suspects[name] = x
	l.judge()
	patience := time.NewTimer(l.patience())
	defer patience.Stop()
	for l.down.IsZero() && l.err == nil && l.suspects[name] == x {
		changed := l.changed
		l.mu.Unlock()
		over := false
		select {
		case <-changed:
		case <-patience.C:
			over = true
		case <-ctx.Done():
		}
		l.mu.Lock()
		if over || ctx.Err() != nil {
			delete(l.suspects, name)
			return false, ctx.Err()
		}
	}
	return !l.down.IsZero(), l.err
}

func (l *networkWatch) patience() time.Duration {
	if l.proof.IsZero() {
		return doubtFirst
	}
	return doubtLater
}

// judge finds out whether so many have failed that it is this machine. The caller holds mu.
func (l *networkWatch) judge() {
	if !l.down.IsZero() || l.err != nil || len(l.suspects) == 0 || !l.outage() {
		return
	}
	l.down, l.probes, l.probe = time.Now(), 0, time.Now().Add(probeSoonest)
	l.log.Warn("no site answers: all wait until one does", "sites", len(l.suspects), "err", l.why)
	l.suspects = make(map[string]suspect)
	l.tell()
}

func (l *networkWatch) outage() bool {
	var good, sure, same int
	strong := false
	signs, machines := make(map[string]bool), make(map[string]bool)
	for name, x := range l.suspects {
		if x.good {
			good++
		}
		if x.weight == certain && (x.good || l.proof.IsZero()) {
			sure++
		}
		if x.sign != "" {
			same++
		}
		strong = strong || x.weight > weak
		signs[x.sign] = true
		machines[cmp.Or(x.remote, name)] = true
	}
	n := len(l.suspects)
	switch {
	case !l.proof.IsZero():
		return sure > 0 || l.good > 1 && good >= min(l.good, enoughLater)
	case same > 0:
		// Sites of one machine may well have the same page for what they do not have.
		return len(signs) == 1 && len(machines) == n && n >= min(max(l.active, enoughSame), enoughFirst)
	case sure > 0:
		return true
	}
	return n >= min(l.active, enoughFirst) && (strong || n >= enoughWeak)
}

// missed notes that the site that was tried has not answered either. The caller holds mu.
func (l *networkWatch) missed() {
	l.scouting = false
	l.probes++
	l.probe = time.Now().Add(min(probeSoonest<<min(l.probes, 8), probeRarest))
	switch {
	case l.proof.IsZero() && l.probes >= probesFirst:
		l.err = fmt.Errorf("%w, or none that leads to the portals: not one of %d sites has answered; the last one: %s", ErrNoNetwork, len(l.asked), l.why)
	case !l.proof.IsZero() && time.Since(l.down) > outageMost:
		l.err = fmt.Errorf("%w any more: nobody has answered since %s; the last error: %s", ErrNoNetwork, l.down.UTC().Format(time.RFC3339), l.why)
	}
	l.tell()
}

// pass returns when the site may ask as far as the network is concerned; scout says that it is the one that is tried. When
// it had to wait, it returns false for ready: its clock is to be looked at again.
func (s *site) pass(ctx context.Context) (ready, scout bool, err error) {
	l := s.run.network
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || l.down.IsZero() {
		return true, false, l.err
	}
	wait := time.Until(l.probe)
	if mayScout := s.good || l.good == 0; mayScout && !l.scouting && wait <= 0 {
		l.scouting = true
		return true, true, nil
	}
	changed := l.changed
	l.mu.Unlock()
	defer l.mu.Lock()
	s.leave()
	timer := time.NewTimer(max(wait, time.Second))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
	}
	return false, false, ctx.Err()
}

// unscout gives up a try that was broken off.
func (l *networkWatch) unscout(scout bool) {
	if scout {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.scouting = false
	}
}

// Runs of earlier versions, and runs that cannot tell, have learnt things when this machine had no network. Nobody answered
// then, and what was learnt from that alone is not believed longer than a run.

// noAnswer begins what the network says when nobody answers. That is in the words of package net, which archives hold.
var noAnswer = []string{"dial ", "lookup "}

// unheard reports whether a fault is that nobody answered.
func unheard(fault string) bool {
	return slices.ContainsFunc(noAnswer, func(word string) bool {
		return strings.HasPrefix(fault, word) || strings.Contains(fault, ": "+word) || strings.Contains(fault, " "+word)
	})
}

// unanswered reports whether the newest thing known of an address is that nobody answered there, or not even its robots.txt
// could be had for that reason.
func unanswered(s *store.Store, address string) (bool, error) {
	last, known, err := s.LastCapture(address)
	if err == nil && known && last.State == store.StateBlocked && last.Robots.Reason == robots.Silent {
		u, err2 := url.Parse(address)
		if err2 != nil {
			return false, nil
		}
		last, known, err = s.LastCapture(weburl.Authority(u) + "/robots.txt")
	}
	return known && last.State == store.StateFailed && last.Status == 0 && unheard(last.Error), err
}
