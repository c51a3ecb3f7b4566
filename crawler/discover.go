package crawler

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"gongkai/crawler/discover"
	"gongkai/crawler/portal"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/seeds"
	"gongkai/store"
)

// MostRequests is how many requests the search for the listings of one portal may take, robots.txt, redirects and
// repeated ones included.
const MostRequests = 12

// errSpent means that the search has used up its requests.
var errSpent = errors.New("no requests are left")

// Discoveries looks for the listings of all Portals, whatever is known of them, and keeps what it finds in the archive's
// folder. It returns what came of each, in the order of Portals; only those before it was stopped, then with ctx's error.
func (c *Crawler) Discoveries(ctx context.Context) (all []seeds.Discovery, sum Summary, err error) {
	results := make(chan seeds.Discovery, len(c.Portals))
	sum, err = c.eachHome(ctx, "discover", func(ctx context.Context, s *site, p seeds.Portal, sum *PortalSummary) error {
		d, err := s.discover(ctx, p, 0, sum)
		if err == nil {
			results <- *d
		}
		return err
	})
	close(results)
	found := make(map[string]seeds.Discovery)
	for d := range results {
		found[d.Portal] = d
	}
	if err == nil {
		err = c.lookElsewhere(ctx, found, &sum)
	}
	for _, p := range c.Portals {
		if d, ok := found[p.ID]; ok {
			all = append(all, d)
		}
	}
	return all, sum, err
}

// eachHome does something else than a walk with all portals: each once, on the site of its home page.
func (c *Crawler) eachHome(ctx context.Context, kind string, do func(context.Context, *site, seeds.Portal, *PortalSummary) error) (Summary, error) {
	home := *c
	home.Discover, home.Portals = true, nil
	known := make(map[string]seeds.Portal)
	for _, p := range c.Portals {
		known[p.ID] = p
		if h := p.HomePage(); h != "" {
			p.Start = []string{h}
		}
		home.Portals = append(home.Portals, p)
	}
	home.AllowHosts = append(slices.Clone(c.AllowHosts), hostsOf(c.Portals)...)
	each := func(ctx context.Context, s *site, e *job, sum *PortalSummary) error {
		sum.ID = e.portal.ID
		return errors.Join(do(ctx, s, known[e.portal.ID], sum), s.lock.Keep(s.clock.Host))
	}
	return home.perform(ctx, task{kind: kind, do: each, known: c.Portals})
}

// hostsOf lists the hosts of start pages: those of a portal may be others than that of its home page.
func hostsOf(portals []seeds.Portal) (hosts []string) {
	for _, p := range portals {
		for _, s := range p.Start {
			if u, err := url.Parse(s); err == nil {
				hosts = append(hosts, weburl.HostPort(u))
			}
		}
	}
	return hosts
}

// discover looks for the listings of a portal from its home page, in MostRequests requests, and keeps what came of it.
// Answers that are in the archive since a capture, and of this night, are not asked for again. Its error means that the
// run cannot go on.
func (s *site) discover(ctx context.Context, p seeds.Portal, since uint64, sum *PortalSummary) (*seeds.Discovery, error) {
	began, left := sum.Requests, MostRequests
	s.allowance = &left
	defer func() { s.allowance, s.once = nil, false }()
	k := seeker{site: s, portal: p, sum: sum, search: discover.New(p), since: since}
	if s.isAway(p) {
		k.away, k.search = true, discover.Elsewhere(p, p.Start)
		if last, ok := s.run.discoveries.Last(p.ID); ok {
			left = MostRequests - last.Requests
		}
	}
	k.search.Taken = func(listing string) bool { return s.run.taken(listing, p.ID) }
	if err := k.seek(ctx); err != nil && !errors.Is(err, errClosed) {
		return nil, err
	}
	d := k.result()
	d.Requests = sum.Requests - began
	for _, l := range d.Listings {
		s.log.Info("listing discovered", "portal", p.ID, "url", l.URL, "evidence", l.Evidence, "requests", d.Requests)
	}
	if d.Outcome != seeds.Found {
		s.log.Warn("no listing discovered", "portal", p.ID, "outcome", d.Outcome, "reason", d.Reason, "requests", d.Requests)
	}
	if isBound(s.closed) {
		return &d, nil // the search has not come to its end
	}
	return &d, s.run.discoveries.Add(d)
}

// taken reports whether a listing is another portal's: found on it before, or named by the catalogue.
func (r *run) taken(listing, id string) bool {
	if owner := r.discoveries.Whose(listing); owner != "" && owner != id {
		return true
	}
	at := weburl.KeyOf(listing)
	return slices.ContainsFunc(r.task.known, func(p seeds.Portal) bool {
		return p.ID != id && p.Listed() && slices.ContainsFunc(p.Start, func(start string) bool { return weburl.KeyOf(start) == at })
	})
}

// A seeker carries out the search on one portal.
type seeker struct {
	site   *site
	portal seeds.Portal
	sum    *PortalSummary
	search *discover.Search
	since  uint64 // only newer captures are believed

	pages int  // that were had
	spent bool // the requests have been used up
	away  bool // it is not on the site of the home page

	elsewhere []string // addresses on other sites that are named like what is looked for
	wall      string   // what kept us from the home page, a challenge or robots.txt
	fault     string   // why the home page could not be had
}

// seek asks for one lead after the other.
func (k *seeker) seek(ctx context.Context) error {
	for k.site.closed == "" && !k.spent {
		l, ok := k.search.Next()
		if !ok || k.leaves(l) {
			return ctx.Err()
		}
		if err := k.site.await(ctx); err != nil {
			return err
		}
		if err := k.try(ctx, l); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// try asks for one lead, where it was moved to, and for a home page that cannot be had at its alternates.
func (k *seeker) try(ctx context.Context, l discover.Lead) error {
	t := visit.Target{URL: l.Key(), Kind: store.KindListing, Portal: k.portal.ID, From: l.From, Title: l.Name, Request: l.Request}
	for {
		u, err := url.Parse(t.Address())
		if err != nil {
			return nil // leads have been parsed
		}
		if deny := k.site.scope.Deny(u); deny != "" {
			k.missed(l, deny)
			k.refer(l, u)
			return nil
		}
		p, body, err := k.have(ctx, t)
		switch {
		case errors.Is(err, errClosed):
			k.missed(l, "the site is left alone: "+k.site.closed)
			return nil
		case errors.Is(err, errSpent):
			k.spent = true
			k.missed(l, fmt.Sprintf("not asked for: %d requests have been sent", MostRequests))
			return nil
		case err != nil:
			return err
		}
		switch p.State {
		case store.StateOK, store.StateUnchanged:
			k.took(l, p, body, u)
			return nil
		case store.StateRedirect:
			t.Cookie = t.Cookie || visit.SetsCookie(p.Header)
			next, reason := visit.Redirected(t, p.Destination(), k.site.scope)
			if reason != "" {
				k.missed(l, reason)
				return nil
			}
			t = next
			continue
		}
		if p.Passing && k.pages == 0 && t.Tries == 0 && k.site.closed == "" { // all hangs on the home page
			t.Tries++
			if err := k.site.sleep(ctx, max(p.Wait, k.site.clock.Pause(1))); err != nil {
				return err
			}
			continue
		}
		if other := k.alternate(l, t, p); other != "" {
			t.URL, t.Request.URL, t.Via, t.Alternates = other, other, append(t.Via, t.URL), t.Alternates+1
			k.site.once = true // what is tried next is a guess
			continue
		}
		why := p.Trouble()
		if !strings.HasPrefix(why, p.State) {
			why = strings.TrimSpace(p.State + " " + why)
		}
		k.missed(l, why)
		if p.State == store.StateBlocked && k.pages == 0 && !silent(p) {
			k.wall = p.Trouble()
		}
		return nil
	}
}

// alternate returns the next address to try for a home page at which nobody answers, "" when there is none.
func (k *seeker) alternate(l discover.Lead, t visit.Target, p visit.Page) string {
	u, err := url.Parse(t.Address())
	if k.pages > 0 || l.From != "" || !silent(p) || err != nil || len(t.Via) != t.Alternates {
		return ""
	}
	address, _ := weburl.Alternate(u, t.Alternates)
	return address
}

func (k *seeker) missed(l discover.Lead, why string) {
	if k.pages == 0 && k.fault == "" {
		k.fault = why
	}
	k.search.Missed(l, why)
}

// took reads a page that was had.
func (k *seeker) took(l discover.Lead, p visit.Page, body []byte, u *url.URL) {
	k.pages++
	if weburl.IsHome(u) {
		k.site.homes[weburl.Authority(u)] = home{p.SHA256, len(body)}
	}
	done, err := k.site.budget.BeginListing(p.SHA256)
	if err != nil {
		k.search.Missed(l, err.Error())
		return
	}
	defer done()
	defer func() {
		if r := recover(); r != nil { // one hostile page must not end a night's crawl
			k.search.Missed(l, fmt.Sprintf("reading panicked: %v", r))
		}
	}()
	if _, fragment, ok := strings.Cut(l.URL, "#"); ok && !strings.Contains(u.String(), "#") {
		with := *u
		with.Fragment = fragment
		u = &with
	}
	k.search.Read(l, body, p.Header.Get("Content-Type"), u)
	if g, known := k.site.robots[weburl.Authority(u)]; known && g.rules != nil {
		k.search.Maps(g.rules.Sitemaps, weburl.Authority(u)+"/robots.txt")
	}
}

// have returns what the portal answers, or what it has answered since the night before: a search that is repeated, and
// a walk that follows one, cost the portal nothing.
func (k *seeker) have(ctx context.Context, t visit.Target) (visit.Page, []byte, error) {
	t.URL = weburl.WithoutFragment(t.URL)
	t.Request.URL = weburl.WithoutFragment(t.Request.URL)
	known, err := recall(k.site.store, t.URL)
	if err != nil {
		return visit.Page{}, nil, err
	}
	itself := slices.Contains(t.Via, t.URL) // it has just sent us there, and has to be asked again
	if fresh(known) && known.last.ID > k.since && !k.site.conf.Full && !itself {
		p := archived(known.last)
		if p.Header.Get("Content-Type") == "" {
			p.Header = known.header()
		}
		body, err := k.site.recover(ctx, &p, k.sum)
		return p, body, err
	}
	p, err := k.site.ask(ctx, t, known, k.sum)
	if err != nil {
		return visit.Page{}, nil, err
	}
	body, err := k.site.keep(ctx, &p, known, k.sum)
	if p.State == store.StateUnchanged && p.Header.Get("Content-Type") == "" {
		p.Header = known.header()
	}
	return p, body, err
}

// fresh reports whether an answer is of this night.
func fresh(p urlHistory) bool {
	switch p.last.State {
	case store.StateOK, store.StateUnchanged, store.StateRedirect, store.StateGone:
		return time.Since(p.last.Time) < shortest
	}
	return false
}

// result puts together what came of the search.
func (k *seeker) result() seeds.Discovery {
	d := seeds.Discovery{Portal: k.portal.ID, Time: time.Now().UTC().Truncate(time.Second), Instead: k.portal.Start, Outcome: seeds.NotFound,
		Site: k.search.Site.Name, SiteID: k.search.Site.ID, Division: k.search.Site.Division,
		Listings: k.search.Result(), Units: k.search.Units(), Steps: k.search.Steps}
	if k.portal.Given != nil {
		d.Instead = k.portal.Given
	}
	switch {
	case len(d.Listings) > 0:
		d.Outcome = seeds.Found
	case k.wall != "":
		d.Outcome, d.Reason = seeds.Blocked, k.wall
	case k.site.closed != "":
		d.Outcome, d.Reason = seeds.Blocked, k.site.closed
	case k.pages == 0:
		d.Outcome, d.Reason = seeds.Unreachable, k.fault
	case k.spent:
		d.Reason = fmt.Sprintf("%d requests led to no listing", MostRequests-*k.site.allowance)
	default:
		d.Reason = fmt.Sprintf("%d pages led to no listing, and nothing on them is promising", k.pages)
	}
	name(d.Units, k.portal.ID)
	switch {
	case k.away && d.Outcome != seeds.Found:
		d.Outcome, d.Reason = seeds.NotFound, "on another site: "+d.Reason
	case k.away:
		for i := range d.Listings {
			l := &d.Listings[i]
			l.Confidence, l.Evidence = seeds.Derived, "on another site than the home page; "+l.Evidence
		}
	case d.Outcome == seeds.NotFound && len(k.elsewhere) > 0 && *k.site.allowance >= fewestAway:
		d.Elsewhere = k.elsewhere
		d.Reason += "; to be looked at on another site: " + strings.Join(k.elsewhere, " ")
	}
	return d
}

// name gives the bodies below a government ids that stay when others come and go.
func name(units []seeds.Portal, above string) {
	taken := make(map[string]bool)
	for i := range units {
		id := above + "-" + slug(units[i].Start[0])
		for n := 2; taken[id]; n++ {
			id = fmt.Sprintf("%s-%s-%d", above, slug(units[i].Start[0]), n)
		}
		taken[id] = true
		units[i].ID = id
	}
}

// slug makes a word of an address, of a-z, 0-9 and hyphens: the path without what all addresses have, or the host.
func slug(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "x"
	}
	path := strings.Trim(u.Path, "/")
	for _, tail := range []string{"index.html", "index.htm", "index.shtml", ".html", ".shtml", ".htm", "/gkmlpt/annualreport", "/gkmlpt/index"} {
		path = strings.Trim(strings.TrimSuffix(path, tail), "/")
	}
	if path == "" {
		path, _, _ = strings.Cut(u.Hostname(), ".")
	}
	words := strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	if len(words) > 3 {
		words = words[len(words)-3:]
	}
	if len(words) == 0 {
		return "x"
	}
	return strings.Join(words, "-")
}

// How long it is before a search that found nothing is repeated.
const (
	soon  = 24 * time.Hour     // what kept it from the site may pass
	later = 7 * 24 * time.Hour // the site must change
)

// searches are the searches that were made for listings.
type searches struct {
	store  *store.Store
	made   *seeds.Discoveries
	repeat bool // whatever they came to
}

func (r *run) searches() searches {
	return searches{r.conf.Store, r.discoveries, r.conf.Full || r.conf.Recheck}
}

// worthwhile reports whether a search on a portal may come to something else than the last one did; else it says what
// that came to.
// A search that failed as nobody answered is repeated at once, and so is every one when all is asked for again.
func (k searches) worthwhile(p seeds.Portal) (bool, string, error) {
	d, ok := k.made.Last(p.ID)
	if !ok || d.Outcome == seeds.Found || d.Outcome == seeds.Died || k.repeat {
		return true, "", nil
	}
	if unheard, err := k.unheard(d, p.HomePage()); unheard || err != nil {
		return true, "", err
	}
	again := searchAgain(d)
	if !time.Now().Before(again) {
		return true, "", nil
	}
	return false, fmt.Sprintf("no listing is known; looked for on %s: %s, %s; looked for again from %s on, or with -recheck",
		d.Time.Format(time.DateOnly), d.Outcome, d.Reason, again.UTC().Format(time.RFC3339)), nil
}

// searchAgain returns from when on a search that found nothing is repeated.
func searchAgain(d seeds.Discovery) time.Time {
	wait := later
	if d.Outcome == seeds.Blocked || d.Outcome == seeds.Unreachable {
		wait = soon - (believed - shortest)
	}
	return d.Time.Add(wait)
}

// unheard reports whether a search came to nothing as nobody answered: at the home page, or in the end.
func (k searches) unheard(d seeds.Discovery, home string) (bool, error) {
	if n := len(d.Steps); unheard(d.Reason) || n > 1 && unheard(d.Steps[n-1].Result) && unheard(d.Steps[n-2].Result) {
		return true, nil
	}
	return unanswered(k.store, home)
}

// locate returns the start pages of a job; where only the home page is known, the listings that are found from there. Without any
// it says why.
func (w *walk) locate(ctx context.Context, start []string) ([]string, error) {
	if !w.conf.Discover || w.portal.Listed() || w.front.Resumed && w.Rows > 0 {
		return start, nil
	}
	if known := w.site.onSite(w.site.run.discoveries.Listings(w.portal)); len(known) > 0 {
		return known, nil // by an earlier run of this process
	}
	again, before, err := w.site.run.searches().worthwhile(w.portal)
	if err != nil {
		return nil, err
	}
	if !again && !w.site.isAway(w.portal) {
		w.lost = true
		w.sum.problem(w.portal.HomePage(), before)
		return nil, nil
	}
	return w.discovered(ctx, 0)
}

// relocate looks for the listing of a portal whose known one lists nothing any more.
func (w *walk) relocate(ctx context.Context) ([]string, error) {
	if !w.conf.Discover || w.Rows > 0 || w.Searched || w.site.closed != "" || w.portal.HomePage() == "" {
		return nil, nil
	}
	if again, _, err := w.site.run.searches().worthwhile(w.portal); !again || err != nil {
		return nil, err
	}
	if w.site.run.network.First() {
		return nil, nil // nobody has answered in this run: that does not say that it lists nothing
	}
	if w.site.isAway(w.portal) {
		return nil, w.died()
	}
	return w.discovered(ctx, w.site.run.first) // what the portal said before may be what has moved
}

// discovered searches, and notes that it has.
func (w *walk) discovered(ctx context.Context, since uint64) ([]string, error) {
	w.Searched = true
	d, err := w.site.discover(ctx, w.portal, since, w.sum)
	if err != nil {
		return nil, err
	}
	if isBound(w.site.closed) {
		w.Searched = false // the next run goes on with it
		w.sum.Unvisited++
		w.sum.note(ProblemBound, w.portal.HomePage(), "its listing is still looked for, the next run goes on: "+w.site.closed)
		return nil, nil
	}
	if d.Outcome != seeds.Found {
		w.lost = true
		w.sum.problem(w.portal.HomePage(), fmt.Sprintf("no listing discovered: %s, %s", d.Outcome, d.Reason))
	}
	var start []string
	for _, l := range d.Listings {
		start = append(start, l.URL)
	}
	return start, nil
}

// setOut queues what a walk begins with.
func (w *walk) setOut(ctx context.Context, e *job) (err error) {
	start := e.start
	if w.site.closed == "" {
		start, err = w.locate(ctx, e.start)
	}
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), w.halt("stopped"))
	}
	return errors.Join(err, w.add(begin(e.portal.ID, start)), w.lookAgain(start))
}

// onSite returns those of some start pages that lie on the site: others must be asked for by another clock.
func (s *site) onSite(start []string) (here []string) {
	for _, address := range start {
		if u, err := url.Parse(address); err == nil && weburl.Site(u) == s.scope.Site {
			here = append(here, address)
		}
	}
	return here
}

// setOutAgain queues listings that were found in place of one that has died, and reports whether there are any.
func (w *walk) setOutAgain(ctx context.Context) (bool, error) {
	start, err := w.relocate(ctx)
	if ctx.Err() != nil {
		return false, errors.Join(ctx.Err(), w.halt("stopped"))
	}
	if err != nil || len(start) == 0 {
		return false, err
	}
	before, err := w.front.Left(math.MaxInt)
	if err != nil {
		return false, err
	}
	if err := errors.Join(w.add(begin(w.portal.ID, start)), w.keepState()); err != nil {
		return false, err
	}
	after, err := w.front.Left(math.MaxInt)
	return after > before, err
}

// begin returns the targets that a walk begins with.
func begin(id string, start []string) (all []visit.Target) {
	for _, u := range start {
		bare := weburl.WithoutFragment(u) // some sites drawn by script name the column behind it
		all = append(all, visit.Target{URL: bare, Kind: store.KindListing, Portal: id, Request: portal.Start(u)})
	}
	return all
}
