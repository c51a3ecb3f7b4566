package crawler

import (
	"context"
	"errors"
	"slices"
	"time"

	"gongkai/crawler/visit"
	"gongkai/store"
	"gongkai/store/frontier"
)

// No portal holds a run up, whatever its robots.txt asks for, however slow it is and however much it lists: a run gives each
// so much time and so many requests, and has an end itself. What is left stays in the frontier, and the next run goes on
// with it: new reports first, then known ones in the order in which they were last looked at.

// Why a walk is left to the next run. The words are read by people only.
const (
	overTime     = "it has had the time that a portal has in a run (crawl.portal_time)"
	overRequests = "it has had the requests that a portal has in a run (crawl.portal_requests)"
	overAll      = "the run has come to its end (schedule.longest, or the next run is due)"
)

func isBound(why string) bool { return why == overTime || why == overRequests || why == overAll }

// errOver ends what is under way when the run has come to its end.
var errOver = errors.New(overAll)

// isOver reports whether a context has ended as the run has come to its end.
func isOver(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errOver) }

// until returns a context that ends with the run.
func (r *run) until(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.conf.Until.IsZero() {
		return ctx, func() {}
	}
	return context.WithDeadlineCause(ctx, r.conf.Until, errOver)
}

// An allotment is what one portal has had of a run.
type allotment struct {
	began   time.Time
	end     time.Time // zero: none
	sent    int       // requests
	listed  int       // of these, for listings
	awaited bool      // its time of visits has been waited for
}

// allot gives the next portal of the site its time and requests.
func (s *site) allot() {
	if isBound(s.closed) {
		s.closed = "" // that was about the portal before
	}
	s.share = allotment{began: time.Now()}
	if s.conf.PortalTime > 0 {
		s.share.end = s.share.began.Add(s.conf.PortalTime)
	}
}

// late reports whether a time is behind the end of what the portal has of the run; then the site is closed to it.
func (s *site) late(t time.Time) bool {
	switch {
	case s.closed != "":
	case !s.conf.Until.IsZero() && !t.Before(s.conf.Until):
		s.closed = overAll
	case !s.share.end.IsZero() && !t.Before(s.share.end):
		s.closed = overTime
	default:
		return false
	}
	return true
}

// spent reports whether the portal has had its requests; then the site is closed to it.
func (s *site) spent() bool {
	if s.conf.PortalRequests > 0 && s.share.sent >= s.conf.PortalRequests && s.closed == "" {
		s.closed = overRequests
	}
	return s.closed != ""
}

// opens waits for nothing: it gives a portal whose robots.txt names a time of visits that is yet to come its time from then
// on, once. Otherwise a portal that is open in the mornings would never be visited by a crawl that begins in the evening.
func (s *site) opens(at time.Time) {
	if !s.share.awaited && !s.share.end.IsZero() {
		s.share.end = at.Add(s.share.end.Sub(s.share.began))
	}
	s.share.awaited = true
}

// preferred is what a walk asks for first: listings tell what there is; but half of what a portal has of a run is for reports.
func (w *walk) preferred() frontier.Class {
	long := w.conf.PortalTime > 0 && w.site.share.listed > 1 && time.Since(w.site.share.began) > w.conf.PortalTime/2
	if many := w.conf.PortalRequests > 0 && w.site.share.listed > w.conf.PortalRequests/2; many || long {
		return frontier.Report
	}
	return frontier.AtOnce
}

// order returns the portals of the site in the order in which they have their turns: first the one that the run before did
// not get to.
func (s *site) order(jobs []job) (turns []int) {
	first := 0
	if turn := s.clock.Host.Turn; turn != "" && !s.conf.backfills() {
		first = max(slices.IndexFunc(jobs, func(e job) bool { return e.portal.ID == turn }), 0)
		s.clock.Host.Turn = ""
	}
	for i := range jobs {
		turns = append(turns, (first+i)%len(jobs))
	}
	return turns
}

// unreached tells of the portals that have had no turn, as the run has come to its end. The next run begins with them.
func (s *site) unreached(turns []int, jobs []job, sums []PortalSummary) error {
	for _, i := range turns {
		sums[i].ID = jobs[i].portal.ID
		sums[i].note(ProblemBound, jobs[i].start[0], "not visited in this run: "+overAll)
		s.progress[i].finish(overAll)
	}
	if len(turns) == 0 || len(turns) == len(jobs) || s.conf.backfills() || s.lock == nil {
		return nil
	}
	s.clock.Host.Turn = jobs[turns[0]].portal.ID
	return s.lock.Keep(s.clock.Host)
}

// leaveRest ends a walk that the end of the run has broken off, and tells of what is left.
func (w *walk) leaveRest() error {
	w.site.closed = overAll
	w.front.Carried = true
	return errors.Join(w.front.Pause(overAll), w.concludeLeft())
}

// lookAgain queues the start pages of a walk that takes several nights once more, when it is a night since: what is new there
// goes first.
func (w *walk) lookAgain(start []string) error {
	last := w.front.Started
	if w.Renewed.After(last) {
		last = w.Renewed
	}
	if !w.front.Resumed || !w.front.Carried || w.conf.backfills() || time.Since(last) < shortest {
		return nil
	}
	w.Renewed = time.Now().UTC()
	for _, t := range begin(w.portal.ID, start) {
		t = w.living(t)
		t.Anew = true
		if err := w.renew(t); err != nil {
			return err
		}
	}
	return nil
}

// rank puts a report that the archive has an answer of behind those it has none of.
func (w *walk) rank(t visit.Target, from visit.Target) (visit.Target, error) {
	if t.Kind != store.KindReport || w.conf.backfills() {
		return t, nil
	}
	c, known, err := w.store.LastCapture(t.URL)
	if err != nil {
		return t, err
	}
	if known {
		t.Held, t.After = true, c.Time
		if now := time.Now(); t.After.After(now) {
			t.After = now // the clock was wrong
		}
	}
	t.Ahead = from.Anew && !known
	return t, nil
}
