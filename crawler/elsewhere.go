package crawler

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"gongkai/crawler/discover"
	"gongkai/crawler/weburl"
	"gongkai/extract/division"
	"gongkai/seeds"
)

// Some portals have their column on another site: a platform of the prefecture's, where each of its counties has a section.
// A search never leaves its site, as it goes by that site's clock; it notes where it was sent to. There a second search
// begins, as a job on the other site, by the clock of that: at once when nothing but searches is asked for, with the
// next crawl otherwise. What it finds there must say that it is the portal's, and is trusted less.

const (
	mostElsewhere = 2 // addresses on one other site that are looked at
	fewestAway    = 3 // requests for them: robots.txt, the section, the column
)

// isAway reports whether the site that is being visited is another than that of a portal's home page.
func (s *site) isAway(p seeds.Portal) bool {
	home, err := url.Parse(p.HomePage())
	return err == nil && home.Host != "" && weburl.Site(home) != s.scope.Site
}

// refer notes a lead to another site of a government that is named like the portal's column, or like the section that it
// lies in: the first such site. Most home pages have links to what their province, or their neighbours, disclose.
func (k *seeker) refer(l discover.Lead, u *url.URL) {
	address := weburl.WithoutFragment(u.String())
	at := division.Find(l.Name, k.portal.Division)
	if k.away || l.Points < promising || weburl.Site(u) == k.site.scope.Site || !strings.HasSuffix(strings.ToLower(u.Hostname()), ".gov.cn") ||
		notOurs.MatchString(l.Name) || at != "" && at != k.portal.Division && at != k.search.Site.Division {
		return
	}
	if len(k.elsewhere) < mostElsewhere && !slices.Contains(k.elsewhere, address) && !anotherSite(seeds.Portal{Home: address}, k.elsewhere) {
		k.elsewhere = append(k.elsewhere, address)
	}
}

// notOurs begins the names of what is disclosed above a portal, or below it.
var notOurs = regexp.MustCompile(`^\s*(?:国务院|国家|中国|全国|中央|省|自治区|市|州|地区|盟|县区|区县|各|下级|上级|部门|乡镇|街道)`)

// promising is how many points a lead to another site has at least: a section of disclosure, less what every other host costs.
const promising = 50

// leaves reports whether the search goes on on another site instead of with a lead, while there are requests for that.
func (k *seeker) leaves(l discover.Lead) bool {
	return len(k.elsewhere) > 0 && (l.Guess || *k.site.allowance <= fewestAway+1 && l.Points < promising)
}

// lookElsewhere searches on other sites for what the first searches did not find on those of the home pages.
func (c *Crawler) lookElsewhere(ctx context.Context, found map[string]seeds.Discovery, sum *Summary) error {
	away := *c
	away.Discover, away.Portals = true, nil
	for _, p := range c.Portals {
		if d := found[p.ID]; len(d.Elsewhere) > 0 {
			away.Portals = append(away.Portals, sentTo(p, d))
		}
	}
	if len(away.Portals) == 0 {
		return nil
	}
	results := make(chan seeds.Discovery, len(away.Portals)*mostElsewhere)
	search := func(ctx context.Context, s *site, e *job, sum *PortalSummary) error {
		sum.ID = e.portal.ID
		p := e.portal
		p.Start = e.start
		d, err := s.discover(ctx, p, 0, sum)
		if err != nil {
			return err
		}
		results <- *d
		return s.lock.Keep(s.clock.Host)
	}
	more, err := away.perform(ctx, task{kind: "discover", do: search, known: c.Portals})
	close(results)
	for d := range results {
		before := found[d.Portal]
		if before.Outcome == seeds.Found {
			continue // on the first of two sites
		}
		d.Requests += before.Requests
		d.Steps = slices.Concat(before.Steps, d.Steps)
		d.Site, d.SiteID, d.Division, d.Units = before.Site, before.SiteID, before.Division, before.Units
		found[d.Portal] = d
	}
	sum.Requests += more.Requests
	return err
}

// sentTo returns a portal that begins where its search was sent to.
func sentTo(p seeds.Portal, d seeds.Discovery) seeds.Portal {
	p.Home = p.HomePage()
	if p.Given == nil {
		p.Given = p.Start
	}
	if p.Division == "" {
		p.Division = d.Division
	}
	p.Start, p.Confidence = d.Elsewhere, seeds.HomeOnly
	return p
}

// sent returns the portals of a run as its walks are to begin: those of which the search was sent to another site there, and
// those of which the listing on another site has died at their home pages.
func (r *run) sent(portals []seeds.Portal) []seeds.Portal {
	if !r.conf.Discover || !r.task.walks {
		return portals
	}
	var all []seeds.Portal
	for i, p := range portals {
		d, ok := r.discoveries.Last(p.ID)
		switch known := r.discoveries.Listings(p); {
		case !ok:
			continue
		case d.Outcome == seeds.Found && !p.Listed() && anotherSite(p, known):
			p = sentTo(p, seeds.Discovery{Elsewhere: known}) // by an earlier run of this process
			p.Confidence = d.Listings[0].Confidence
		case d.Outcome == seeds.NotFound && len(d.Elsewhere) > 0 && !p.Listed() && slices.Equal(d.Instead, p.Start):
			p = sentTo(p, d)
		case d.Outcome == seeds.Died && !r.diedUnheard(p, d):
			p = sentTo(p, seeds.Discovery{Elsewhere: []string{p.HomePage()}})
		default:
			continue
		}
		if all == nil {
			all = slices.Clone(portals)
		}
		all[i] = p
	}
	if all == nil {
		return portals
	}
	return all
}

// othersAnswer ends the reason of a listing's death: it is known not to be for want of a network.
const othersAnswer = ", while other sites answer"

// diedUnheard reports whether a listing was taken for dead as nobody answered there, and perhaps nobody anywhere.
func (r *run) diedUnheard(p seeds.Portal, d seeds.Discovery) bool {
	return !strings.HasSuffix(d.Reason, othersAnswer) && slices.ContainsFunc(p.Start, func(start string) bool {
		unheard, err := unanswered(r.conf.Store, start)
		return unheard && err == nil // what cannot be read is told where it is needed
	})
}

// anotherSite reports whether some address lies on another site than a portal's home page.
func anotherSite(p seeds.Portal, addresses []string) bool {
	home, err := url.Parse(p.HomePage())
	return err == nil && slices.ContainsFunc(addresses, func(a string) bool {
		u, err := url.Parse(a)
		return err == nil && weburl.Site(u) != weburl.Site(home)
	})
}

// died notes that the listing of a portal, on another site than its home page, lists nothing any more: the next run looks
// for it from there.
func (w *walk) died() error {
	w.Searched = true
	w.site.log.Warn("the listing on another site lists nothing any more: it will be looked for", "portal", w.portal.ID)
	d := seeds.Discovery{Portal: w.portal.ID, Time: time.Now().UTC().Truncate(time.Second), Instead: w.portal.Start, Outcome: seeds.Died,
		Reason: "the listing lists nothing any more, on " + w.site.scope.Site + othersAnswer}
	if w.portal.Given != nil {
		d.Instead = w.portal.Given
	}
	return w.site.run.discoveries.Add(d)
}
