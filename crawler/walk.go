package crawler

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"time"

	"gongkai/crawler/portal"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/extract/filetype"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/frontier"
	"gongkai/store/reading"
)

// A walk is one visit to one portal.
type walk struct {
	site   *site
	conf   *Crawler
	store  *store.Store
	portal seeds.Portal
	sum    *PortalSummary
	front  *frontier.Walk
	now    visit.Target // that is being visited
	lost   bool         // no listing is known, and none was found: that has been told
	mended bool         // something of the report being visited has come whole that was a part before
	notes
}

// walk visits the pages of one portal. Its error means that the run cannot go on.
func (s *site) walk(ctx context.Context, e *job, sum *PortalSummary) error {
	front, err := s.plan(e.portal.ID)
	if err != nil {
		return err
	}
	w := &walk{site: s, conf: s.conf, store: s.store, portal: e.portal, front: front}
	if _, err := front.Kept(&w.notes); err != nil {
		return err
	}
	if front.Resumed && front.Carried { // the run that has left it has told what it did
		w.Sum = PortalSummary{Listings: w.Sum.Listings}
	}
	w.sum = &w.notes.Sum
	w.sum.ID = e.portal.ID
	if w.Tallies == nil {
		w.Tallies = make(map[string]*tally)
	}
	maps.Copy(s.homes, w.Homes)
	w.Homes = s.homes
	if err = w.goOn(ctx, e); err != nil && isOver(ctx) {
		err = w.leaveRest()
	}
	*sum = *w.sum
	if front.Resumed {
		sum.resumed = 1
	}
	return err
}

// goOn asks for one page after the other.
func (w *walk) goOn(ctx context.Context, e *job) error {
	left, err := w.front.Left(math.MaxInt)
	if err != nil {
		return err
	}
	w.site.job.queued.Add(int64(left))
	if w.site.closed == "" {
		w.site.closed = w.site.clock.LeftAlone()
	}
	if err := w.setOut(ctx, e); err != nil {
		return err
	}
	for w.site.closed == "" {
		ok, err := w.advance(ctx)
		if errors.Is(err, errClosed) {
			break
		}
		if err == nil && ok {
			if err = w.site.await(ctx); err == nil {
				err = w.visitNow(ctx)
			}
			if errors.Is(err, errClosed) {
				break
			}
			if err != nil {
				return errors.Join(err, w.breakOff())
			}
		}
		switch {
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), w.halt("stopped"))
		case err != nil:
			return err
		case !ok && !w.Looked:
			w.Looked = true
			if _, err := w.unlisted(); err != nil {
				return err
			}
		case !ok:
			if again, err := w.setOutAgain(ctx); err != nil {
				return err
			} else if again {
				continue
			}
			if err := w.expect(); err != nil {
				return err
			}
			w.conclude(0)
			return errors.Join(w.keepState(), w.front.Finish(time.Now()))
		}
	}
	if err := w.halt(w.site.closed); err != nil {
		return err
	}
	return w.concludeLeft()
}

// concludeLeft concludes a walk of which something is left: what it finds is about this run, the rest of the walk is another's.
func (w *walk) concludeLeft() error {
	left, err := w.front.Left(math.MaxInt)
	w.conclude(left)
	return err
}

// advance takes pages off the queue until one is to be visited, which is then w.now.
func (w *walk) advance(ctx context.Context) (ok bool, err error) {
	for {
		w.now, ok, err = w.next(ctx)
		if err != nil || !ok {
			return false, err
		}
		w.site.job.queued.Add(-1)
		w.site.job.done.Add(1)
		if !w.idle(w.now) {
			return true, nil
		}
		w.front.Done(frontier.Done)
	}
}

// visitNow is not part of goOn, which stands still with a stack that should be small.
//
//go:noinline
func (w *walk) visitNow(ctx context.Context) error { return w.visit(ctx, w.now) }

// visit asks for one page, archives the answer, and queues what it leads to.
func (w *walk) visit(ctx context.Context, t visit.Target) error {
	known, err := recall(w.store, t.URL)
	if err != nil {
		return err
	}
	p, body, err := w.answer(ctx, &t, known)
	switch {
	case errors.Is(err, errClosed):
		return nil // it stays leased, and so in the queue
	case errors.Is(err, errNotDue):
		w.front.Done(frontier.Done)
		return nil
	case err != nil:
		return err
	}
	switch p.State {
	case store.StateOK, store.StateUnchanged:
		w.front.Done(frontier.Done)
		if p.Header.Get("Content-Type") == "" { // a 304 need not say
			p.Header = known.header()
		}
		if t.Alternates > 0 {
			w.alive(t)
		}
		w.partial(t, p)
		w.mended = p.Completed
		t.Cookie = t.Cookie || visit.SetsCookie(p.Header)
		if t.Kind == store.KindListing {
			if location, ok := visit.Moved(p, body); ok && t.Address() == t.URL {
				return w.redirect(t, location)
			}
			return w.list(t, p, body)
		}
		return w.report(ctx, t, p, body)
	case store.StateRedirect:
		t.Cookie = t.Cookie || visit.SetsCookie(p.Header)
		return w.redirect(t, p.Destination())
	}
	detail, err := w.withdrawn(p, known)
	if err != nil {
		return err
	}
	p.Error = cmp.Or(detail, p.Error)
	return w.complain(t, p)
}

// errNotDue means that a page needs no visit.
var errNotDue = errors.New("not due")

// answer returns what is archived now of a page: after it was asked for, or because it was before a kill. Its error is
// errNotDue when the page needs no visit.
func (w *walk) answer(ctx context.Context, t *visit.Target, known urlHistory) (visit.Page, []byte, error) {
	killed, err := w.answered(*t, known)
	if err != nil {
		return visit.Page{}, nil, err
	}
	if killed || w.justSearched(*t, known) {
		p := archived(known.last)
		if killed {
			w.sum.Requests++
			w.sum.count(p.State)
			if p.Wall {
				w.site.closed = p.Error
			}
		}
		body, err := w.site.recover(ctx, &p, w.sum)
		return p, body, err
	}
	if err := w.wanted(*t, known); err != nil {
		return visit.Page{}, nil, err
	}
	return w.asked(ctx, t, known)
}

// justSearched reports whether the search for the portal's listing has asked for a page in this run.
func (w *walk) justSearched(t visit.Target, known urlHistory) bool {
	return w.Searched && t.Kind == store.KindListing && !t.Visited(t.URL) && known.last.ID > w.site.run.first && fresh(known)
}

// wanted returns errNotDue for a report that needs no visit.
func (w *walk) wanted(t visit.Target, known urlHistory) error {
	if t.Kind != store.KindReport || t.Tries+t.Waits > 0 || t.Visited(t.URL) {
		return nil
	}
	if known.last.ID > w.site.run.first && known.last.Portal != w.portal.ID {
		return errNotDue // another portal of the site has just asked for it
	}
	if w.conf.Full || w.conf.Recheck {
		return nil
	}
	due, err := w.due(known, t.URL)
	if err == nil && !due {
		w.sum.LeftAlone++
		err = errNotDue
	}
	return err
}

// asked asks for a page and archives the answer.
func (w *walk) asked(ctx context.Context, t *visit.Target, known urlHistory) (visit.Page, []byte, error) {
	if t.Kind == store.KindReport && known.held != "" {
		last, read, err := w.store.LastBrief(t.URL)
		if err != nil {
			return visit.Page{}, nil, err
		}
		known.doubted = known.doubted || read && last.Suspicious != ""
	}
	w.site.once = t.Alternates > 0
	p, err := w.site.ask(ctx, *t, known, w.sum)
	if err != nil {
		return visit.Page{}, nil, err
	}
	if *t, err = w.same(ctx, *t, &p); err != nil {
		return visit.Page{}, nil, err
	}
	if err := w.site.archive(&p, known, w.sum); err != nil {
		return visit.Page{}, nil, err
	}
	if t.Kind == store.KindReport && p.State == store.StateUnchanged {
		return p, nil, nil // its body is of no interest, most nights
	}
	body, err := w.site.recover(ctx, &p, w.sum)
	return p, body, err
}

// due reports whether a report should be asked for again: its page is due, it was archived but not read as the run
// before was stopped in between, some of its parts could not be had for now, or reading it ended the process a while ago.
func (w *walk) due(known urlHistory, url string) (bool, error) {
	if !w.conf.backfills() && known.due(time.Now()) {
		return true, nil
	}
	if known.held == "" {
		return w.conf.backfills(), nil
	}
	rec, read, err := w.store.LastBrief(url)
	again := !read || rec.Pending() || w.site.budget.Retries(&rec)
	if err != nil || again || !known.cut {
		return again, err
	}
	body, err := w.store.Body(known.held)
	if store.IsLost(err) {
		return false, nil // for verify to tell
	}
	return !filetype.Ended(body), err
}

// partial tells of a body that may be a part only, unless the document has its own end.
func (w *walk) partial(t visit.Target, p visit.Page) {
	if p.Truncated != "" && !p.Old && !filetype.Ended(p.Body) {
		w.problem(t, "may not be whole: "+p.Truncated)
	}
}

// listing reads a listing, unless an earlier walk has read the same bytes of it, and that is kept: most have not changed
// since last night. A full crawl reads it again.
func (w *walk) listing(t visit.Target, p visit.Page, body []byte) (l portal.Listing, kept bool, err error) {
	from, err := json.Marshal([]any{portal.Version, extract.Version, p.SHA256, p.URL, p.Header.Get("Content-Type"), t.Request, w.portal})
	if err != nil {
		return l, false, err
	}
	of := sha256.Sum256(from)
	if !w.conf.Full {
		if kept, err := w.front.Reading(of, &l); kept || err != nil {
			return l, kept, err
		}
	}
	if l, err = listed(w.site.budget, p.Capture, body, w.portal, t.Request); err != nil {
		return l, false, err
	}
	return l, false, w.front.KeepReading(of, l)
}

// add queues the targets that are within bounds and new.
func (w *walk) add(targets []visit.Target) error { return w.addFrom(visit.Target{}, targets) }

// addFrom is add for the targets that a page has led to.
func (w *walk) addFrom(from visit.Target, targets []visit.Target) error {
	for _, t := range targets {
		t, err := w.recognised(w.living(t))
		if err == nil && t.Kind == store.KindReport {
			t.URL, err = reading.Settled(w.store, t.URL)
		}
		if err != nil {
			return err
		}
		u, err := url.Parse(t.URL)
		if err != nil {
			continue // a malformed link leads nowhere
		}
		deny := w.site.scope.Deny(u)
		if deny == "" {
			deny = weburl.Trap(u)
		}
		if deny != "" {
			w.site.log.Debug("not followed", "portal", t.Portal, "url", t.URL, "from", t.From, "why", deny)
			continue
		}
		state, err := w.front.State(weburl.Key(u))
		if err == nil && state == "" && w.room(t) {
			if t, err = w.rank(t, from); err == nil {
				err = w.queue(t, weburl.Key(u))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) queue(t visit.Target, key string) error {
	it, err := itemOf(t, key)
	if err != nil {
		return err
	}
	added, err := w.front.Add(it)
	if added {
		w.site.job.queued.Add(1)
	}
	return err
}

// renew queues a target that is known once more.
func (w *walk) renew(t visit.Target) error {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil // as a malformed link leads nowhere
	}
	it, err := itemOf(t, weburl.Key(u))
	if err != nil {
		return err
	}
	added, err := w.front.Renew(it)
	if added {
		w.site.job.queued.Add(1)
	}
	return err
}

// again puts a target back into the queue.
func (w *walk) again(t visit.Target) error {
	it, err := itemOf(t, "")
	if err == nil {
		w.front.Again(it)
		w.site.job.queued.Add(1)
	}
	return err
}

// redirect goes on where a redirect leads, on the same site.
func (w *walk) redirect(t visit.Target, location string) error {
	next, reason := visit.Redirected(t, location, w.site.scope)
	if reason != "" {
		w.sum.Failed++
		w.problem(t, reason)
		w.front.Done(frontier.Failed)
		return nil
	}
	from, err := url.Parse(t.URL)
	if err != nil {
		return err // it was asked for
	}
	to, err := url.Parse(next.URL)
	if err != nil {
		return err // redirected has made it from one
	}
	if weburl.Key(from) == weburl.Key(to) || t.Visited(next.URL) {
		return w.again(next)
	}
	w.front.Done(frontier.Done)
	state, err := w.front.State(weburl.Key(to))
	if err != nil || state != "" {
		return err // it is asked for by its own name
	}
	return w.queue(next, weburl.Key(to))
}

// mostWaits is how often a server may name a time at which to come again for one page.
const mostWaits = 5

// complain deals with a page that could not be had.
func (w *walk) complain(t visit.Target, p visit.Page) error {
	switch {
	case p.Passing && p.Wait > 0 && t.Waits < mostWaits:
		t.Waits++ // it said when: that does not count as a try
		t.After = time.Now().Add(p.Wait)
		return w.again(t)
	case p.Passing && t.Tries+1 < mostTries:
		t.Tries++
		t.After = time.Now().Add(w.site.clock.Pause(t.Tries))
		return w.again(t)
	}
	if next, ok := w.alternate(t, p); ok {
		return w.again(next)
	}
	if p.State == store.StateGone && t.Guess {
		w.tally(t).miss()
	}
	w.front.Done(w.lament(t, p))
	return nil
}

// lament counts a page that could not be had, and says what has become of it.
func (w *walk) lament(t visit.Target, p visit.Page) string {
	switch {
	case p.State == store.StateGone && t.Guess:
		return frontier.Gone // the script counted a page too many, as it may
	case p.State == store.StateGone:
		w.sum.Gone++
		if p.Error == "" {
			p.Error = "gone: " + store.StatusText(p.Status)
		}
		w.sum.note(ProblemGone, t.URL, p.Error)
		return frontier.Gone
	case p.State == store.StateBlocked:
		w.sum.note(ProblemBlocked, t.URL, p.Error)
		return frontier.Blocked
	case p.State == store.StateFailed:
		w.sum.Failed++
	}
	w.problem(t, p.Error)
	return frontier.Failed
}

// problem notes what went wrong with a page.
func (w *walk) problem(t visit.Target, detail string) { w.sum.problem(t.URL, detail) }

// skipped notes what was not asked for as the site is left alone; a budget that is used up is no problem.
func (w *walk) skipped(url, what string) {
	switch {
	case w.site.closed == overBudget:
	case isBound(w.site.closed):
		w.sum.note(ProblemBound, url, what+", the next run goes on with them: "+w.site.closed)
	default:
		w.sum.note(ProblemSkipped, url, what+", site left alone: "+w.site.closed)
	}
}

// conclude says what only the end of a walk, or of its part in this run, can tell.
func (w *walk) conclude(left int) {
	if left > 0 {
		w.sum.Unvisited += left
		w.skipped(w.portal.Start[0], fmt.Sprintf("%d pages not visited", left))
	}
	for _, listing := range slices.Sorted(maps.Keys(w.Tallies)) {
		if reason := w.Tallies[listing].short(); reason != "" && w.site.closed == "" {
			w.sum.note(ProblemFew, listing, reason)
		}
	}
	if w.Rows == 0 && w.site.closed == "" && !w.lost {
		w.sum.note(ProblemFew, w.portal.Start[0], "no annual report is listed")
	}
	for _, p := range w.sum.Problems {
		w.site.log.Warn(p.Detail, "portal", w.portal.ID, "url", p.URL)
	}
	w.site.log.Info("portal visited", "portal", w.portal.ID, "result", w.sum.Counts.String())
}
