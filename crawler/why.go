package crawler

import (
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"gongkai/crawler/pace"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/frontier"
)

// A Why is all that is known of an address, or of a host: why it was asked for or not, and what it is waiting for.
type Why struct {
	URL  string `json:"url,omitempty"` // "" when a host was asked about
	Site string `json:"site"`          // what has one clock

	// Of an address:
	Denied string             `json:"denied,omitempty"` // why it is out of bounds
	Robots *store.Robots      `json:"robots,omitempty"` // what the robots.txt in the archive says of it
	Held   int                `json:"captures"`         // how often it was asked for
	Last   *store.Capture     `json:"last,omitempty"`
	Due    *time.Time         `json:"due,omitempty"`   // when a report is worth asking for again
	Found  []frontier.Finding `json:"found,omitempty"` // what walks know of it

	// Of its site:
	Portals []string         `json:"portals,omitempty"` // of the catalogue, that begin on it
	Host    *frontier.Host   `json:"host,omitempty"`    // nil: never asked
	Next    time.Time        `json:"next,omitzero"`     // when it may be asked again
	Wait    string           `json:"wait,omitempty"`    // what it waits for until then
	Walks   []frontier.Count `json:"walks,omitempty"`
	Lost    []string         `json:"lost,omitempty"` // why portals of these are not asked: their listing was looked for and not found
}

// Why tells what the archive, the frontier and the catalogue know of an address or a host name. It asks nobody.
func (c *Crawler) Why(about string) (Why, error) {
	u, err := url.Parse(about)
	isURL := err == nil && (u.Scheme == "http" || u.Scheme == "https")
	if !isURL {
		if u, err = url.Parse("http://" + strings.TrimSuffix(about, "/")); err != nil {
			return Why{}, err
		}
	}
	y := Why{Site: weburl.Site(u)}
	for _, p := range c.Portals {
		if begins(p, y.Site) {
			y.Portals = append(y.Portals, p.ID)
		}
	}
	if err := y.lost(c); err != nil {
		return y, err
	}
	f, err := frontier.OpenReadOnly(c.Store.Dir())
	if errors.Is(err, fs.ErrNotExist) {
		f, err = nil, nil // nothing was crawled yet, or somebody has deleted it
	}
	if err != nil {
		return y, err
	}
	if f != nil {
		defer f.Close()
		if err := y.site(c, f); err != nil {
			return y, err
		}
	}
	if !isURL {
		return y, nil
	}
	u.Fragment, u.RawFragment = "", ""
	y.URL = u.String()
	y.Denied = visit.Scope{Site: y.Site, Hosts: visit.Allowed(c.Portals, c.AllowHosts)}.Deny(u)
	if f != nil {
		y.Found, err = f.Find(func(st frontier.Status) []string {
			if st.Site != y.Site {
				return nil
			}
			return []string{weburl.Key(u)}
		})
		if err != nil {
			return y, err
		}
	}
	return y, y.archive(c, u)
}

// begins reports whether a portal has a start page on a site.
func begins(p seeds.Portal, site string) bool {
	for _, start := range p.Start {
		if u, err := url.Parse(start); err == nil && weburl.Site(u) == site {
			return true
		}
	}
	return false
}

// lost tells of the portals that begin on the site and are not asked for anything, as no listing of theirs was found.
func (y *Why) lost(c *Crawler) error {
	made, err := seeds.ReadDiscoveries(c.Store.Dir())
	if err != nil {
		return err
	}
	look := searches{c.Store, made, c.Full || c.Recheck}
	for _, p := range c.Portals {
		if p.Listed() || !begins(p, y.Site) {
			continue
		}
		again, why, err := look.worthwhile(p)
		if err != nil {
			return err
		}
		if !again {
			y.Lost = append(y.Lost, p.ID+": "+why)
		}
	}
	return nil
}

// site looks up what the frontier knows of the site.
func (y *Why) site(c *Crawler, f *frontier.Frontier) error {
	host, known, err := f.Host(y.Site)
	if err != nil {
		return err
	}
	if known {
		y.Host = &host
		k := pace.Clock{Delay: c.Delay, Host: host}
		k.Mend(time.Now())
		next, why := k.Next(0)
		if next.After(time.Now()) {
			y.Next, y.Wait = next, why
		}
	}
	for w, err := range f.Walks() {
		if err != nil {
			return err
		}
		if w.Site == y.Site {
			y.Walks = append(y.Walks, w)
		}
	}
	return nil
}

// archive looks up what the archive knows of an address.
func (y *Why) archive(c *Crawler, u *url.URL) error {
	for cap, err := range c.Store.CapturesOf(y.URL) {
		if err != nil {
			return err
		}
		y.Held++
		y.Last = &cap
	}
	known, err := recall(c.Store, y.URL)
	if err != nil {
		return err
	}
	if y.Last != nil && y.Last.Kind == store.KindReport && !known.due(time.Now()) {
		at := known.dueAt()
		y.Due = &at
	}
	y.Robots, err = robotsArchive{c.Store, c.UserAgent}.permit(u)
	return err
}

// permit says what the archive knows of whether a URL may be asked for: what robots.txt says of it, or why that cannot be
// had and nobody is asked; nil when there is nothing young enough to be believed.
func (k robotsArchive) permit(u *url.URL) (*store.Robots, error) {
	t := visit.Target{URL: weburl.Authority(u) + "/robots.txt"}
	g, err := k.rules(t)
	if err != nil {
		return nil, err
	}
	if g.rules != nil {
		d := g.rules.Check(u)
		return &store.Robots{Allowed: d.Allowed, Reason: d.Reason, SHA256: g.sha256}, nil
	}
	c, known, err := k.store.LastCapture(t.URL)
	switch {
	case err != nil, !known, time.Since(c.Time) > doubted:
		return nil, err
	case answers(c):
		return &store.Robots{Reason: "robots.txt cannot be had: it is said to lie elsewhere, and is not to be had there"}, nil
	}
	return &store.Robots{Reason: unread(c)}, nil
}
