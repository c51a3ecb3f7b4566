package crawler

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"gongkai/crawler/pace"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
)

// Whose turn it is on a site: a crawl takes the site's lock, and gives it up to whoever goes first.

// standing is the rank of a site's own crawl.
func (s *site) standing() pace.Rank {
	if s.conf.backfills() {
		return pace.Backfill
	}
	return pace.Nightly
}

// take waits for the site and finds its clock as whoever had it before has left it.
func (s *site) take(ctx context.Context, r pace.Rank) error {
	if s.lock != nil {
		return nil
	}
	lock, err := s.conf.Traffic.Lock(ctx, s.scope.Site, r)
	if err != nil {
		return err
	}
	s.lock = lock
	host, known, err := lock.Host()
	if err != nil {
		return err
	}
	s.clock.Host = host
	s.clock.Mend(time.Now())
	if s.share.began.IsZero() && unheard(host.Fault) { // the first time in this run
		s.clock.Forgive()
	}
	if known && s.run.killed {
		s.clock.Seen(s.run.record.Started) // it may have been asked a moment ago: nobody noted the end of that
	}
	return nil
}

// release leaves the site to others. The state of its clock is in the frontier by then.
func (s *site) release() {
	if s.lock != nil {
		s.lock.Unlock()
		s.lock = nil
	}
}

// errElsewhere means that what lies on another site was not asked for: that site is to be left alone.
var errElsewhere = errors.New("it lies on a site that is left alone")

// requestAnywhere is insist for a page that may lie on another site. Of that it is a guest: it goes by its clock, as
// whoever else asks it does. Meanwhile its own site is free, or two sites, each of which waits for the other, would wait
// for ever.
func (s *site) requestAnywhere(ctx context.Context, t visit.Target, known urlHistory, sum *PortalSummary, look func(*visit.Page) error) (p visit.Page, err error) {
	u, err := url.Parse(t.Address())
	if err != nil || weburl.Site(u) == s.scope.Site {
		return s.insist(ctx, t, known, sum, look)
	}
	if err := s.lock.Keep(s.clock.Host); err != nil {
		return visit.Page{}, err
	}
	s.leave()
	s.release()
	p, err = s.visitAsGuest(ctx, weburl.Site(u), t, known, sum, look)
	if err := s.take(ctx, s.standing()); err != nil {
		return visit.Page{}, err
	}
	return p, err
}

func (s *site) visitAsGuest(ctx context.Context, name string, t visit.Target, known urlHistory, sum *PortalSummary, look func(*visit.Page) error) (visit.Page, error) {
	g := newSite(s.run, visit.Scope{Site: name, Anywhere: true}, nil)
	g.job, g.fetcher, g.allowance, g.share = s.job, s.fetcher, s.allowance, s.share
	g.run.network.Joins()
	defer g.run.network.Leaves(&g.heardOf)
	defer func() { s.share = g.share }()
	if err := g.take(ctx, pace.Guest); err != nil {
		return visit.Page{}, err
	}
	defer g.release()
	defer g.leave()
	if why := g.clock.LeftAlone(); why != "" {
		return visit.Page{}, fmt.Errorf("%w: %s %s", errElsewhere, name, why)
	}
	p, err := g.insist(ctx, t, known, sum, look)
	if errors.Is(err, errClosed) {
		s.closed = g.closed // a bound of the run or the portal is reached
	}
	return p, errors.Join(err, g.lock.Keep(g.clock.Host))
}

// giveWay gives the site up for as long as somebody wants it who goes first. Its error is errClosed when the site has been
// found meanwhile to be one to be left alone.
func (w *walk) giveWay(ctx context.Context) error {
	if wanted, _ := w.site.lock.Wanted(); !wanted {
		return nil
	}
	if err := w.halt("another goes first"); err != nil {
		return err
	}
	w.site.leave()
	w.site.release()
	if err := w.site.take(ctx, w.site.standing()); err != nil {
		return err
	}
	if w.site.closed = w.site.clock.LeftAlone(); w.site.closed != "" {
		return errClosed
	}
	return w.front.Pause("")
}

// rest waits without a place, until the site is wanted by somebody who goes first.
func (w *walk) rest(ctx context.Context, d time.Duration) error {
	w.site.leave()
	wanted, changed := w.site.lock.Wanted()
	if wanted {
		return nil
	}
	if w.site.late(time.Now().Add(d)) {
		return errClosed
	}
	w.site.job.wait(time.Now().Add(d), "what is left is to be tried again later")
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
	}
	return ctx.Err()
}
