// Package outage tells whether it is this machine's fault that nobody answers. Without a network no portal answers, and that
// says nothing about any of them. A failure that may be of that kind is not taken for the site's before somebody else has
// answered, or nobody else has failed for a while. When many fail at once and nobody answers, all wait, one site at a time is
// tried, and when one answers, all go on.
//
// It sends nothing and keeps no clock of a site: who asks says what came, and waits when told to.
package outage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

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
	probesFirst  = 3               // before a run of which nobody has answered is given up
	lately       = 2 * time.Second // an answer of somebody shows that there was a network
)

// Longest is how long a network is waited for that has gone.
const Longest = 30 * time.Minute

// A Watch is what the sites of one run know together of this machine's network.
type Watch struct {
	log *slog.Logger

	mu       sync.Mutex
	active   int             // sites that are not done
	good     int             // sites that are not done and have answered
	proof    time.Time       // when any site last answered
	asked    map[string]bool // sites, until one has answered
	suspects map[string]suspect
	changed  chan struct{} // closed, and replaced, when what those who wait for depends on changes

	down     time.Time // since when nobody answers; zero while somebody does
	why      string
	scouting bool // one site is being tried
	probes   int
	probe    time.Time // when the next may be
	err      error     // the run is given up
}

// A Site is what a Watch knows of one of its sites. Its name is not to be changed, and one goroutine at a time uses it.
type Site struct {
	Name    string
	good    bool      // it has answered in this run
	doubted time.Time // when it has last failed so that it may have been for want of a network; zero since it has answered
}

// An Outcome is what came of a request.
type Outcome struct {
	Err    error         // what went wrong; without a Sign, nobody has answered
	Took   time.Duration // that it was waited for
	Sign   string        // of an answer that a network may give in place of every site; "" for others
	Remote string        // the machine that answered; "" when that is not known
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

// New returns a watch over so many sites.
func New(sites int, log *slog.Logger) *Watch {
	return &Watch{log: log, active: sites, asked: make(map[string]bool), suspects: make(map[string]suspect), changed: make(chan struct{})}
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

// First reports whether nobody has answered yet.
func (l *Watch) First() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proof.IsZero()
}

// Answers notes that a site has answered.
func (l *Watch) Answers(s *Site) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proof, s.doubted = time.Now(), time.Time{}
	if !s.good {
		s.good = true
		l.good++
	}
	l.asked = nil
	if !l.down.IsZero() {
		l.log.Info("the network is back", "site", s.Name, "after", time.Since(l.down).Round(time.Second))
	}
	l.down, l.scouting, l.probes = time.Time{}, false, 0
	if len(l.suspects) > 0 {
		l.suspects = make(map[string]suspect)
		l.tell()
	}
}

// Joins notes that one more site is asked.
func (l *Watch) Joins() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active++
}

// Leaves notes that a site is done.
func (l *Watch) Leaves(s *Site) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	if s.good {
		l.good--
	}
	l.judge()
}

// tell wakes everybody who waits. The caller holds mu.
func (l *Watch) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Doubt waits until it is known whose fault a failure is: that of the site, or of this machine, then it returns true: the
// request is to be sent again as if it had not been. scout says that Pass has let the site try. An error ends the run.
func (l *Watch) Doubt(ctx context.Context, s *Site, o Outcome, scout bool) (again bool, err error) {
	name, x := s.Name, suspect{good: s.good, weight: weak, sign: o.Sign, remote: o.Remote}
	if o.Sign == "" {
		x.weight = weigh(o.Err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proof.IsZero() {
		l.asked[name] = true
	}
	began := time.Now().Add(-min(o.Took, lately))
	if o.Err != nil {
		l.why = o.Err.Error()
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

func (l *Watch) patience() time.Duration {
	if l.proof.IsZero() {
		return doubtFirst
	}
	return doubtLater
}

// judge finds out whether so many have failed that it is this machine. The caller holds mu.
func (l *Watch) judge() {
	if !l.down.IsZero() || l.err != nil || len(l.suspects) == 0 || !l.outage() {
		return
	}
	l.down, l.probes, l.probe = time.Now(), 0, time.Now().Add(probeSoonest)
	l.log.Warn("no site answers: all wait until one does", "sites", len(l.suspects), "err", l.why)
	l.suspects = make(map[string]suspect)
	l.tell()
}

func (l *Watch) outage() bool {
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
func (l *Watch) missed() {
	l.scouting = false
	l.probes++
	l.probe = time.Now().Add(min(probeSoonest<<min(l.probes, 8), probeRarest))
	switch {
	case l.proof.IsZero() && l.probes >= probesFirst:
		l.err = fmt.Errorf("%w, or none that leads to the portals: not one of %d sites has answered; the last one: %s", ErrNoNetwork, len(l.asked), l.why)
	case !l.proof.IsZero() && time.Since(l.down) > Longest:
		l.err = fmt.Errorf("%w any more: nobody has answered since %s; the last error: %s", ErrNoNetwork, l.down.UTC().Format(time.RFC3339), l.why)
	}
	l.tell()
}

// Pass says whether a site may ask as far as the network is concerned; scout says that it is the one that is tried. When it
// may not, it is to wait until changed is closed or so much time is over, and to ask again.
func (l *Watch) Pass(s *Site) (ready, scout bool, changed <-chan struct{}, wait time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || l.down.IsZero() {
		return true, false, nil, 0, l.err
	}
	wait = time.Until(l.probe)
	if mayScout := s.good || l.good == 0; mayScout && !l.scouting && wait <= 0 {
		l.scouting = true
		return true, true, nil, 0, nil
	}
	return false, false, l.changed, max(wait, time.Second), nil
}

// Unscout gives up a try that was broken off.
func (l *Watch) Unscout(scout bool) {
	if scout {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.scouting = false
	}
}
