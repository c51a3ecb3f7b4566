package collection

import (
	"net/url"
	"slices"
	"strings"

	"gongkai/crawler/discover"
	"gongkai/crawler/portal"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/extract/markup"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
)

// Roles say what each page of a collection was to a crawl, by which pages lead to reports: whoever made the collection had
// no idea. All pages are added first, then the roles are settled. Pages stand under their keys.
type roles struct {
	portals []seeds.Portal
	starts  map[string]bool       // keys of the start pages of portals
	byHost  map[string][]folderOf // by host without www
	bySite  map[string]string     // portal by site; "" where several begin
	pages   map[string]*pageLinks
	order   []*pageLinks              // as they were captured
	moved   map[string]string         // redirects: key of a page -> address that it leads to
	of      map[string]visit.Target   // what a page is to a crawl
	guesses map[string]bool           // pages that nothing leads to: their roles give way to better ones
	menus   map[string][]visit.Target // columns that many pages name alike
}

// A folderOf is a folder of a host that is a portal's; "" of several portals.
type folderOf struct{ folder, portal string }

// pageLinks are what one page of a collection leads to.
type pageLinks struct {
	url     string
	rows    []visit.Target // what it calls reports: address, title, date
	next    []visit.Target // further pages of the listing
	columns []visit.Target // links that are named like a listing of reports
}

func newRoles(portals []seeds.Portal) *roles {
	r := &roles{portals: portals, starts: map[string]bool{}, byHost: map[string][]folderOf{}, bySite: map[string]string{},
		pages: map[string]*pageLinks{}, moved: map[string]string{}, of: map[string]visit.Target{}, guesses: map[string]bool{}, menus: map[string][]visit.Target{}}
	whole := map[string]string{} // hosts with one portal
	for _, p := range portals {
		for _, start := range append(slices.Clone(p.Start), p.Given...) {
			u, err := url.Parse(start)
			if err != nil {
				continue // package seeds has refused it
			}
			r.starts[weburl.Key(u)] = true
			claim(whole, weburl.BareHost(u), p.ID)
			claim(r.bySite, weburl.Site(u), p.ID)
			for _, folder := range discover.Folders(u) {
				r.take(weburl.BareHost(u), folder, p.ID)
			}
		}
		if u, err := url.Parse(p.Home); err == nil && p.Home != "" && strings.Trim(u.Path, "/") == "" {
			claim(whole, weburl.BareHost(u), p.ID)
			r.take(weburl.BareHost(u), "/", p.ID)
		}
	}
	for host, id := range whole {
		if id != "" {
			r.byHost[host] = []folderOf{{"/", id}}
		}
		slices.SortFunc(r.byHost[host], func(x, y folderOf) int { return len(y.folder) - len(x.folder) })
	}
	return r
}

// take notes that a folder of a host is a portal's.
func (r *roles) take(host, folder, id string) {
	for i, g := range r.byHost[host] {
		if g.folder == folder {
			if g.portal != id {
				r.byHost[host][i].portal = ""
			}
			return
		}
	}
	r.byHost[host] = append(r.byHost[host], folderOf{folder, id})
}

// claim notes that a portal begins somewhere; where several do, nobody knows whose a page is.
func claim(m map[string]string, place, id string) {
	if other, taken := m[place]; taken && other != id {
		id = ""
	}
	m[place] = id
}

// portal returns the id of the portal that an address belongs to, or "" when the catalogue does not tell: of several
// on one host that whose folder it lies in; governments have the whole of their home page's.
func (r *roles) portal(u *url.URL) string {
	folders, known := r.byHost[weburl.BareHost(u)]
	for _, g := range folders {
		if strings.HasPrefix(u.Path+"/", g.folder) {
			return g.portal
		}
	}
	if known {
		return ""
	}
	return r.bySite[weburl.Site(u)]
}

// look reads what a page lists; nil when that leads to no report. It changes nothing: pages may be looked at side by
// side. Where a listing goes on is of interest where it lists reports: what is found there is on another page.
func (r *roles) look(c store.Capture, body []byte, p seeds.Portal) *pageLinks {
	start := r.starts[weburl.KeyOf(c.URL)]
	l, err := visit.Read(nil, c, body, "", func(u *url.URL) (portal.Listing, error) {
		l, err := portal.Leads(body, c.Header.Get("Content-Type"), u, p)
		if err == nil && (len(l.Rows) > 0 || start) {
			return portal.Read(body, c.Header.Get("Content-Type"), u, p, portal.Request{})
		}
		return l, err
	})
	if err != nil || len(l.Rows) == 0 && len(l.Columns) == 0 && !start {
		return nil
	}
	s := &pageLinks{url: c.URL}
	for _, t := range visit.Follow(visit.Target{URL: c.URL}, l, false, visit.DeepestBackfill) {
		// Cloned: they may be part of the whole page. Who led here is known to who follows the page.
		t = visit.Target{URL: strings.Clone(t.URL), Kind: t.Kind, Title: strings.Clone(t.Title), Date: strings.Clone(t.Date), Further: t.Further, Depth: t.Depth}
		switch {
		case t.Kind == store.KindReport:
			s.rows = append(s.rows, t)
		case t.Depth > 0:
			s.columns = append(s.columns, t)
		default:
			s.next = append(s.next, t)
		}
	}
	return s
}

// add adds a page. Pages come in the order of the collection; of several captures of one page all count.
func (r *roles) add(s *pageLinks) {
	s.columns = r.menu(s.columns)
	k := weburl.KeyOf(s.url)
	old := r.pages[k]
	if old == nil {
		r.pages[k] = s
		r.order = append(r.order, s)
		return
	}
	old.rows, old.next, old.columns = union(old.rows, s.rows), union(old.next, s.next), union(old.columns, s.columns)
}

// menu returns a list of columns that other pages have as well, in their memory: all pages of a site bear its menu.
func (r *roles) menu(columns []visit.Target) []visit.Target {
	if len(columns) == 0 {
		return nil
	}
	var name strings.Builder
	for _, c := range columns {
		name.WriteString(c.URL + "\x00" + c.Title + "\x00")
	}
	known, ok := r.menus[name.String()]
	if !ok {
		known = slices.Clip(columns)
		r.menus[name.String()] = known
	}
	return known
}

// union adds to a list what it does not have.
func union(list, more []visit.Target) []visit.Target {
	known := make(map[string]bool, len(list))
	for _, t := range list {
		known[t.URL] = true
	}
	for _, t := range more {
		if !known[t.URL] {
			known[t.URL] = true
			list = append(list, t)
		}
	}
	return list
}

// move notes a redirect.
func (r *roles) move(from *url.URL, location string) {
	to, err := markup.Relocated(from, location)
	if err != nil || weburl.Key(to) == weburl.Key(from) {
		return
	}
	r.moved[weburl.Key(from)] = to.String()
}

// settle gives the pages their roles, by the rules of a crawl: first to what is reached from the start pages of the
// catalogue, then to what the other pages of the collection list.
func (r *roles) settle() {
	for _, p := range r.portals {
		for _, start := range append(slices.Clone(p.Start), p.Given...) { // a collection may be older than what was discovered
			bare, _, _ := strings.Cut(start, "#")
			r.walk(visit.Target{URL: bare, Kind: store.KindListing, Portal: p.ID})
		}
	}
	for _, s := range r.order {
		u, err := url.Parse(s.url)
		if err != nil {
			continue // it has a key
		}
		k := weburl.Key(u)
		if _, known := r.of[k]; known {
			continue
		}
		t := visit.Target{URL: s.url, Kind: store.KindListing, Portal: r.portal(u)}
		r.of[k], r.guesses[k] = t, true
		r.follow(t)
		if len(s.rows) == 0 && r.guesses[k] {
			delete(r.of, k) // its menu names a column
		}
	}
}

// walk gives a page its role, and follows the listing that begins there.
func (r *roles) walk(start visit.Target) { r.follow(r.assign(nil, start)...) }

// follow follows listings to their ends.
func (r *roles) follow(queue ...visit.Target) {
	for len(queue) > 0 {
		t := queue[0]
		queue = queue[1:]
		u, err := url.Parse(t.URL)
		if err != nil {
			continue
		}
		s := r.pages[weburl.Key(u)]
		if s == nil || t.Kind != store.KindListing {
			continue
		}
		next := slices.Concat(s.rows, s.next)
		if !t.Further && t.Depth < visit.DeepestBackfill {
			next = append(next, s.columns...) // as follow has it
		}
		for _, n := range next {
			n.Portal, n.From, n.Depth = t.Portal, t.URL, n.Depth+t.Depth
			if n.Kind == store.KindListing && n.Title == "" {
				n.Title = t.Title // a further page of the same
			}
			queue = r.assign(queue, n)
		}
	}
}

// assign gives a page its role, unless it has one, and the page that it redirects to as well.
func (r *roles) assign(queue []visit.Target, t visit.Target) []visit.Target {
	from, err := url.Parse(t.URL)
	if err != nil {
		return queue
	}
	site := weburl.Site(from)
	for range reading.MostRedirects + 1 {
		u, err := url.Parse(t.URL)
		if err != nil || weburl.Site(u) != site {
			return queue
		}
		k := weburl.Key(u)
		if _, known := r.of[k]; known && (!r.guesses[k] || weburl.KeyOf(t.From) == k) {
			return queue
		}
		r.of[k] = t
		delete(r.guesses, k)
		to, moved := r.moved[k]
		if !moved {
			return append(queue, t)
		}
		if r.pages[k] != nil {
			queue = append(queue, t) // another capture of it is a page
		}
		t.URL, t.From = to, t.URL
	}
	return queue
}
