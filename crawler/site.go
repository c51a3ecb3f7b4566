package crawler

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"gongkai/crawler/fetch"
	"gongkai/crawler/outage"
	"gongkai/crawler/pace"
	"gongkai/crawler/robots"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/extract/coding"
	"gongkai/store"
	"gongkai/store/reading"
)

// A site is what is being visited by one goroutine: one request at a time, all by one clock. Everything in it
// belongs to that goroutine.
type site struct {
	run      *run
	conf     *Crawler
	store    *store.Store
	log      *slog.Logger
	budget   *reading.Budget
	scope    visit.Scope
	fetcher  *fetch.Fetcher
	clock    pace.Clock
	lock     *pace.SiteLock                 // nil: the site is somebody else's for now
	progress []*jobProgress                 // of the jobs
	job      *jobProgress                   // of the one being walked
	robots   map[string]robotsEntry         // by authority
	behind   map[string]netip.Addr          // addresses by host
	homes    map[string]home                // by authority, once seen
	reports  map[string]map[string][]string // addresses of known reports, by authority and portal, once looked up
	unsafe   map[string]string              // what is wrong with the TLS of an authority
	placed   atomic.Bool                    // it has a place
	lease    *reading.Lease                 // memory for the body that it works on
	once     bool                           // a robots.txt that cannot be had is not asked for again: the address is a guess
	closed   string                         // why nothing more is asked in this run; "" while open

	heardOf outage.Site // what tells whether it is for want of a network that it does not answer

	share allotment // what the portal being walked has had of the run

	allowance *int // requests that may still be sent; nil: as many as are needed
}

// mostTries is how many requests there are for one page whose fault may pass.
const mostTries = 3

func newSite(r *run, scope visit.Scope, laps []*jobProgress) *site {
	return &site{
		run:      r,
		conf:     r.conf,
		store:    r.conf.Store,
		log:      r.conf.Log,
		budget:   r.conf.Budget,
		scope:    scope,
		heardOf:  outage.Site{Name: scope.Site},
		fetcher:  fetch.New(r.conf.UserAgent, r.conf.Network, r.conf.MaxPageBytes, r.conf.Buffers),
		lease:    reading.NewLease(r.conf.Budget),
		clock:    pace.Clock{Delay: r.conf.Delay, Jitter: r.conf.Jitter},
		progress: laps,
		robots:   make(map[string]robotsEntry),
		behind:   make(map[string]netip.Addr),
		homes:    make(map[string]home),
		reports:  make(map[string]map[string][]string),
		unsafe:   make(map[string]string),
	}
}

// visit walks the portals of the site one after the other.
func (s *site) visit(ctx context.Context, jobs []job, sums []PortalSummary) error {
	defer s.release()
	defer s.fetcher.HangUp()
	defer s.leave()
	err := s.take(ctx, s.standing())
	if err == nil {
		err = s.tour(ctx, jobs, sums)
	} else if isOver(ctx) {
		err = s.unreached(s.order(jobs), jobs, sums)
	}
	return err
}

// tour walks the portals in their turns.
func (s *site) tour(ctx context.Context, jobs []job, sums []PortalSummary) error {
	turns := s.order(jobs)
	for n, i := range turns {
		e := &jobs[i]
		err := s.take(ctx, s.standing())
		if isOver(ctx) || s.closed == overAll {
			return s.unreached(turns[n:], jobs, sums)
		}
		if err != nil {
			return err
		}
		s.allot()
		s.job = s.progress[i]
		s.fetcher.Use(s.run.way(e.portal.ID))
		err = s.run.task.do(ctx, s, e, &sums[i])
		s.job.finish(s.closed)
		if err != nil {
			return err
		}
	}
	return nil
}

// enter takes one of the places, of which there are as many as hosts may be asked at the same time. It is held while a
// request is under way and its answer is worked on, and never while the site has to wait for anything else.
func (s *site) enter(ctx context.Context) error {
	if s.placed.Load() {
		return ctx.Err()
	}
	select {
	case s.run.places <- struct{}{}:
		s.placed.Store(true)
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave gives back the place, and the memory: nobody waits with it.
func (s *site) leave() {
	s.lease.Release()
	s.vacate()
}

func (s *site) vacate() {
	if s.placed.Swap(false) {
		<-s.run.places
	}
}

// quick is how long a server may take to answer before it loses its place: hundreds of silent ones would otherwise
// have all of them.
const quick = time.Second

// fetch asks for a page. A place that was lost meanwhile is taken again when the answer is there, and memory for it.
func (s *site) fetch(ctx context.Context, t visit.Target, header http.Header) (fetch.Answer, error) {
	overtime := time.AfterFunc(quick, s.vacate)
	s.fetcher.Demand(t.Kind == store.KindRobots)
	a, err := s.fetcher.Fetch(ctx, t.Method(), t.Address(), t.Request.Body, header)
	s.clock.Seen(time.Now())
	if !overtime.Stop() && err == nil {
		s.leave() // unless it has
		err = s.enter(ctx)
	}
	if a.Sent == nil {
		return a, err
	}
	defer a.Sent.Discard()
	if err != nil {
		return fetch.Answer{}, err
	}
	a.Body, a.Err, err = s.unpack(ctx, a.Sent)
	a.Sent = nil
	return a, err
}

// unpack undoes the content coding of a body, with memory for that and for reading the body. fault is what is wrong with
// the body; err says that the run cannot go on.
func (s *site) unpack(ctx context.Context, sent *fetch.Arrival) (body []byte, fault, err error) {
	size := sent.Size()
	if err := s.lease.Take(ctx, extract.Cost(sent.Head(), size)); err != nil {
		return nil, nil, err
	}
	body, fault = sent.Undo(size)
	if errors.Is(fault, coding.ErrTooLarge) && size < sent.Limit {
		if err := s.lease.Take(ctx, extract.Cost(nil, sent.Limit)); err != nil {
			return nil, nil, err
		}
		body, fault = sent.Undo(sent.Limit)
	}
	if errors.Is(fault, fetch.ErrSpool) {
		return nil, nil, fault
	}
	return body, fault, s.lease.Settle(ctx, extract.Cost(body, int64(len(body))))
}

// sleep waits without a place. Its error is errClosed when the portal's time in this run is over before.
func (s *site) sleep(ctx context.Context, d time.Duration) error {
	s.leave()
	if s.late(time.Now().Add(d)) {
		return errClosed
	}
	s.job.wait(time.Now().Add(d), "something is to be tried again")
	return pace.Sleep(ctx, d)
}

// wait waits by the clock, as sleep does.
func (s *site) wait(ctx context.Context, rules func(time.Time) (time.Duration, time.Time)) error {
	now := time.Now()
	next := now.Add(max(s.clock.Ahead(now, rules), 0))
	if s.late(next) {
		return errClosed
	}
	_, why := s.clock.Next(0)
	s.job.wait(next, why)
	return s.clock.Wait(ctx, rules)
}

// turn waits until a URL may be asked for: by the clock of the site, by that of the machine behind it, and for a place.
func (s *site) turn(ctx context.Context, u *url.URL) error {
	rules := func(now time.Time) (time.Duration, time.Time) { return s.rules(u, now) }
	if _, known := s.behind[u.Hostname()]; !known || s.clock.Ahead(time.Now(), rules) > 0 {
		s.leave()
	}
	if _, opens := rules(time.Now()); time.Until(opens) > 0 {
		s.opens(opens)
		s.log.Info("waiting for the time of visits that robots.txt names", "site", s.scope.Site, "opens", opens)
	}
	addr := s.address(ctx, u.Hostname())
	if s.conf.resolve != nil && (!s.conf.AllowPrivate || !addr.IsValid() || pace.Public(addr)) {
		s.clock.Delay = max(s.clock.Delay, pace.LeastDelay)
	}
	for {
		if err := s.wait(ctx, rules); err != nil {
			return err
		}
		if err := s.enter(ctx); err != nil {
			return err
		}
		wait := s.conf.Traffic.AddressWait(addr, s.scope.Site, s.clock.Gap())
		if wait <= 0 {
			return nil
		}
		if err := s.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// await waits until the site may be asked, whatever for. So would request; but thousands of goroutines stand here most of
// the time, with all that they need on their way to a request not yet on their stacks, which are a third of that.
func (s *site) await(ctx context.Context) error {
	s.leave()
	if err := s.wait(ctx, s.pauses); err != nil {
		return err
	}
	return s.enter(ctx)
}

// pauses is rules without the times of visits.
func (s *site) pauses(now time.Time) (pause time.Duration, opens time.Time) {
	if len(s.robots) == 0 {
		return s.clock.Host.Delay, now
	}
	for _, g := range s.robots {
		pause = max(pause, g.rules.Pause(now))
	}
	return pause, now
}

// address looks up the address of a host once a run.
func (s *site) address(ctx context.Context, host string) netip.Addr {
	addr, known := s.behind[host]
	if !known {
		if addr = pace.AddressOf(ctx, s.conf.resolve, host); addr.IsValid() { // otherwise it may be for want of a network
			s.behind[host] = addr
		}
	}
	return addr
}

// rules says what the robots.txt files of the site ask for at a time: how long to wait, all of them taken together,
// and when the authority of u is open. Before the first of them is known, what it asked for last time holds.
func (s *site) rules(u *url.URL, now time.Time) (pause time.Duration, opens time.Time) {
	pause, opens = s.pauses(now)
	if g, known := s.robots[weburl.Authority(u)]; known {
		opens = g.rules.Opens(now)
	}
	return pause, opens
}

// errClosed means that a page was not asked for: the site is left alone.
var errClosed = errors.New("the site is left alone")

// ask asks for one page as robots.txt permits. Its error is errClosed when the site is not to be asked any more.
func (s *site) ask(ctx context.Context, t visit.Target, p urlHistory, sum *PortalSummary) (visit.Page, error) {
	u, err := url.Parse(t.Address())
	if err != nil {
		return visit.Page{Capture: failed(t, err)}, nil
	}
	g, err := s.robotsOf(ctx, u, sum)
	if err != nil {
		return visit.Page{}, err
	}
	if s.closed != "" {
		return visit.Page{}, errClosed // by what came instead of its robots.txt
	}
	d := g.rules.Check(u)
	permit := store.Robots{Allowed: d.Allowed, Reason: d.Reason, SHA256: g.sha256}
	if !d.Allowed {
		c := failed(t, errors.New("robots.txt: "+d.Reason))
		if why := s.unsafe[weburl.Authority(u)]; why != "" && d.Reason == robots.Silent {
			c.Error = why // not the file is what is wrong
		}
		c.State, c.Robots = store.StateBlocked, permit
		return visit.Page{Capture: c}, nil
	}
	return s.insist(ctx, t, p, sum, func(pg *visit.Page) error {
		front, err := s.home(u, len(pg.Body))
		if err != nil {
			return err
		}
		pg.Missed(u, front)
		pg.Robots = permit
		return nil
	})
}

// A home is what is remembered of the home page of an authority: whole home pages of thousands of sites are too much.
type home struct {
	SHA256 string `json:"sha256"`
	Size   int    `json:"size"`
}

// home returns the home page of a URL's authority if a page of so many bytes might be the same; nil when it is not
// known.
func (s *site) home(u *url.URL, size int) ([]byte, error) {
	h, known := s.homes[weburl.Authority(u)]
	if !known || max(h.Size, size) > min(h.Size, size)*5/4 {
		return nil, nil
	}
	body, err := s.store.Body(h.SHA256)
	if store.IsLost(err) {
		return nil, nil // for verify to tell
	}
	return body, err
}

// failed returns the capture of a request that was not sent.
func failed(t visit.Target, err error) store.Capture {
	c := t.Capture()
	c.Time, c.State, c.Error = time.Now(), store.StateFailed, err.Error()
	return c
}

// request sends one request when the clock says so. It is the only place that does.
func (s *site) request(ctx context.Context, t visit.Target, p urlHistory, sum *PortalSummary) (visit.Page, error) {
	u, err := url.Parse(t.Address())
	if err != nil {
		return visit.Page{Capture: failed(t, err)}, nil
	}
	if s.allowance != nil {
		if *s.allowance <= 0 {
			return visit.Page{}, errSpent
		}
		*s.allowance--
	}
	if s.spent() {
		return visit.Page{}, errClosed
	}
	if !s.run.live.afford(s.conf.MaxRequests) {
		s.closed = overBudget
		return visit.Page{}, errClosed
	}
	s.lease.Release()
	header, held := http.Header{}, ""
	if !s.conf.Full && t.Request.Method != http.MethodPost && time.Since(s.clock.Host.Lied) > liarFor {
		header = p.conditions()
	}
	if len(header) > 0 {
		held = p.held
	}
	maps.Copy(header, t.Request.Header)
	a, err := s.send(ctx, t, u, header)
	if err != nil {
		return visit.Page{}, err
	}
	sum.Requests++
	s.share.sent++
	if t.Kind == store.KindListing {
		s.share.listed++
	}
	s.job.requests.Add(1)
	s.run.live.sent.Add(1)
	if a.Came() {
		s.run.live.answers.Add(1)
	}
	if a.Stale { // at most once: from now on the fetcher keeps no connection
		s.log.Debug("the server had closed the connection that was kept", "portal", t.Portal, "url", t.URL, "error", a.Err)
		return s.request(ctx, t, p, sum)
	}
	if fault := new(fetch.TLSError); errors.As(a.Err, &fault) {
		s.unsafe[weburl.Authority(u)] = fault.Why
	}
	pg := visit.Judge(t, a, held)
	takePart(&pg, t, a, p)
	pg.Conditional = held != ""
	if pg.State == store.StateUnchanged && p.misnamed(a.Header) {
		pg.State, pg.SHA256 = store.StateFailed, ""
	}
	if disbelieve(&pg); pg.Conditional && pg.State == store.StateUnchanged {
		s.clock.Host.Balks = 0
	}
	s.log.Debug("answer", "portal", t.Portal, "url", t.URL, "status", pg.Status, "state", pg.State, "ms", pg.Took, "bytes", len(pg.Body), "error", pg.Error)
	return pg, s.mind(pg, a.Took)
}

// send sends a request in its turn, and again for as long as it was for want of a network that nobody has answered.
func (s *site) send(ctx context.Context, t visit.Target, u *url.URL, header http.Header) (fetch.Answer, error) {
	for {
		if err := s.turn(ctx, u); err != nil {
			return fetch.Answer{}, err
		}
		ready, scout, err := s.pass(ctx)
		if err != nil {
			return fetch.Answer{}, err
		}
		if !ready {
			continue
		}
		a, err := s.fetch(ctx, t, header)
		if err != nil {
			s.run.network.Unscout(scout)
			return fetch.Answer{}, err
		}
		if again, err := s.heard(ctx, t, a, scout); err != nil || !again {
			return a, err
		}
	}
}

// mind draws the conclusions of an answer for the site.
func (s *site) mind(p visit.Page, took time.Duration) error {
	barred := s.clock.Host.Barred
	switch {
	case p.Cut: // what one page has: the site has answered
		s.clock.Took(took)
	case p.Passing:
		s.clock.Answered(took, p.Error)
	default:
		s.clock.Answered(took, "")
	}
	s.clock.Bar(p.Wait, pace.AskedFor(p.Wait))
	if p.Status == http.StatusTooManyRequests && p.Wait == 0 {
		s.clock.Bar(s.clock.Pause(1), "answers 429")
	}
	if s.closed == "" && p.Wall {
		s.closed = p.Error
	}
	if s.closed == "" {
		s.closed = s.clock.LeftAlone()
	}
	if s.clock.Host.Barred.Equal(barred) {
		return nil // the rest of the host's state is kept with the next page
	}
	return s.lock.Keep(s.clock.Host)
}

// archive archives an answer and counts it.
func (s *site) archive(p *visit.Page, known urlHistory, sum *PortalSummary) error {
	began := time.Now()
	if err := s.store.AddCapture(&p.Capture, p.Body, nil); err != nil {
		return err
	}
	s.run.live.archived(p.State, time.Since(began))
	sum.count(p.State)
	if known.contradicts(p.Capture) {
		s.clock.Host.Lied = p.Time.UTC()
		s.log.Info("changed under the same validators: for a while none of the site's is believed", "site", s.scope.Site, "url", p.URL)
	}
	return nil
}

// keep archives an answer and returns its body, as recover does.
func (s *site) keep(ctx context.Context, p *visit.Page, known urlHistory, sum *PortalSummary) ([]byte, error) {
	if err := s.archive(p, known, sum); err != nil {
		return nil, err
	}
	return s.recover(ctx, p, sum)
}

// recover returns the body of an archived answer: that of the archive when the server did not send it just now, nil
// when there is none, or the archive has damaged it.
func (s *site) recover(ctx context.Context, p *visit.Page, sum *PortalSummary) ([]byte, error) {
	if p.State != store.StateOK && p.State != store.StateUnchanged {
		return p.Body, nil
	}
	if deaths, _ := s.budget.Died(p.SHA256); p.Body != nil && deaths == 0 {
		return p.Body, nil
	}
	p.Body = nil // of a page that is to be read alone it is taken anew
	body, fault, err := s.lease.Body(ctx, s.store, p.Capture)
	if err != nil {
		return nil, err
	}
	if store.IsLost(fault) {
		sum.problem(p.URL, fault.Error()) // for verify to deal with; the other pages can still be had
		return nil, nil
	}
	return body, fault
}
