package crawler

import (
	"slices"
	"sync/atomic"
	"time"

	"gongkai/store"
)

// Progress is how far a run has come.
type Progress struct {
	Sites    int              // to be visited
	Done     int              // of these, those that need nothing more
	Asking   int              // of these, those that are being asked just now
	Requests int              // sent
	Reports  int              // read that are new, or come out otherwise than before
	Figures  int              // of these reports
	Queued   int              // pages known that are still to be asked for
	States   map[string]int   // answers archived, by store.State
	Commits  time.Duration    // that archiving them took
	Took     time.Duration    // since the run began
	Next     time.Time        // when the first of the sites goes on that wait; zero when none waits
	Portals  []PortalProgress // one for each site that a portal has
}

// PortalProgress is how far a run has come with what one portal has on one site.
type PortalProgress struct {
	ID       string
	Requests int
	Visited  int       // pages asked for, or found to need no asking
	Queued   int       // pages known that are still to be asked for
	Next     time.Time // when it goes on; in the past while it is being asked
	Waits    string    // why not before
	Finished bool      // nothing more is asked of it in this run
	Closed   string    // why it was left alone before all was asked for; "" when it was not
}

// live counts while a run goes on. All sites add to it.
type live struct {
	began    time.Time
	sites    atomic.Int64
	requests atomic.Int64 // that the budget has been asked for
	sent     atomic.Int64
	answers  atomic.Int64
	reports  atomic.Int64
	figures  atomic.Int64
	commits  atomic.Int64 // nanoseconds
	states   [len(allStates)]atomic.Int64
	jobs     [][]*jobProgress // by group and job
}

// allStates are counted while a run goes on.
var allStates = [...]string{store.StateOK, store.StateUnchanged, store.StateRedirect, store.StateGone, store.StateFailed, store.StateRefused, store.StateBlocked}

// A jobProgress counts what is done of one job. Its site adds to it.
type jobProgress struct {
	id                     string
	requests, done, queued atomic.Int64
	next                   atomic.Int64           // when it goes on, in nanoseconds since 1970
	waits                  atomic.Pointer[string] // why not before
	closed                 atomic.Pointer[string] // nil while it goes on
}

func (l *jobProgress) finish(closed string) { l.closed.Store(&closed) }

// wait notes when the site goes on, and why not before.
func (l *jobProgress) wait(next time.Time, why string) {
	l.waits.Store(&why)
	l.next.Store(next.UnixNano())
}

// read counts a report that is new, or comes out otherwise.
func (l *live) read(rec *store.Record) {
	if rec.Report != nil && rec.Rejected == "" {
		l.reports.Add(1)
		l.figures.Add(int64(len(rec.Report.Figures)))
	}
}

// afford takes one request from a budget; false when that is used up.
func (l *live) afford(most int) bool { return l.requests.Add(1) <= int64(most) || most <= 0 }

// archived counts an answer that is in the archive now.
func (l *live) archived(state string, took time.Duration) {
	l.commits.Add(int64(took))
	if i := slices.Index(allStates[:], state); i >= 0 {
		l.states[i].Add(1)
	}
}

// lineUp makes a count for each job.
func lineUp(groups []group) (laps [][]*jobProgress) {
	for _, g := range groups {
		var of []*jobProgress
		for _, e := range g.jobs {
			of = append(of, &jobProgress{id: e.portal.ID})
		}
		laps = append(laps, of)
	}
	return laps
}

// progress reads off what is counted.
func (r *run) progress() Progress {
	l := r.live
	p := Progress{Sites: len(l.jobs), Done: int(l.sites.Load()), Asking: len(r.places), States: make(map[string]int),
		Commits: time.Duration(l.commits.Load()), Took: time.Since(l.began),
		Reports: int(l.reports.Load()), Figures: int(l.figures.Load())}
	for i, state := range allStates {
		p.States[state] = int(l.states[i].Load())
	}
	for _, of := range l.jobs {
		for _, job := range of {
			pp := PortalProgress{ID: job.id, Requests: int(job.requests.Load()), Visited: int(job.done.Load()), Queued: int(job.queued.Load())}
			if next := job.next.Load(); next != 0 {
				pp.Next, pp.Waits = time.Unix(0, next), *job.waits.Load()
			}
			if closed := job.closed.Load(); closed != nil {
				pp.Finished, pp.Closed = true, *closed
			} else if next := job.next.Load(); next != 0 && (p.Next.IsZero() || next < p.Next.UnixNano()) {
				p.Next = time.Unix(0, next)
			}
			p.Requests += pp.Requests
			p.Queued += pp.Queued
			p.Portals = append(p.Portals, pp)
		}
	}
	return p
}

// watch shows the progress once a second, and how it was in the end, until stop is called, which waits for that.
func (r *run) watch() (stop func()) {
	if r.conf.Watch == nil {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r.conf.Watch(r.progress())
			case <-end:
				r.conf.Watch(r.progress())
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}
