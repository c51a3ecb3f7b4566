package crawler

import (
	"net/url"
	"slices"
	"strings"

	"gongkai/crawler/discover"
	"gongkai/crawler/portal"
	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
)

// An atlas knows which pages of a collection lead to reports, and so what each page was to a crawl: whoever made the
// collection had no idea. It is drawn from all pages first, then asked. Pages stand in it under their keys.
type atlas struct {
	portals []seeds.Portal
	starts  map[string]bool     // keys of the start pages of portals
	byHost  map[string][]ground // by host without www
	bySite  map[string]string   // portal by site; "" where several begin
	sheets  map[string]*sheet
	order   []*sheet            // as they were captured
	moved   map[string]string   // redirects: key of a page -> address that it leads to
	roles   map[string]target   // what a page is to a crawl
	guesses map[string]bool     // pages that nothing leads to: their roles give way to better ones
	menus   map[string][]target // columns that many pages name alike
}

// A ground is a folder of a host that is a portal's; "" of several portals.
type ground struct{ folder, portal string }

// A sheet is what one page of a collection lists.
type sheet struct {
	url     string
	rows    []target // what it calls reports: address, title, date
	next    []target // further pages of the listing
	columns []target // links that are named like a listing of reports
}

func newAtlas(portals []seeds.Portal) *atlas {
	a := &atlas{portals: portals, starts: map[string]bool{}, byHost: map[string][]ground{}, bySite: map[string]string{},
		sheets: map[string]*sheet{}, moved: map[string]string{}, roles: map[string]target{}, guesses: map[string]bool{}, menus: map[string][]target{}}
	whole := map[string]string{} // hosts with one portal
	for _, p := range portals {
		for _, start := range append(slices.Clone(p.Start), p.Given...) {
			u, err := url.Parse(start)
			if err != nil {
				continue // package seeds has refused it
			}
			a.starts[weburl.Key(u)] = true
			claim(whole, weburl.BareHost(u), p.ID)
			claim(a.bySite, weburl.Site(u), p.ID)
			for _, folder := range discover.Folders(u) {
				a.take(weburl.BareHost(u), folder, p.ID)
			}
		}
		if u, err := url.Parse(p.Home); err == nil && p.Home != "" && strings.Trim(u.Path, "/") == "" {
			claim(whole, weburl.BareHost(u), p.ID)
			a.take(weburl.BareHost(u), "/", p.ID)
		}
	}
	for host, id := range whole {
		if id != "" {
			a.byHost[host] = []ground{{"/", id}}
		}
		slices.SortFunc(a.byHost[host], func(x, y ground) int { return len(y.folder) - len(x.folder) })
	}
	return a
}

// take notes that a folder of a host is a portal's.
func (a *atlas) take(host, folder, id string) {
	for i, g := range a.byHost[host] {
		if g.folder == folder {
			if g.portal != id {
				a.byHost[host][i].portal = ""
			}
			return
		}
	}
	a.byHost[host] = append(a.byHost[host], ground{folder, id})
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
func (a *atlas) portal(u *url.URL) string {
	grounds, known := a.byHost[weburl.BareHost(u)]
	for _, g := range grounds {
		if strings.HasPrefix(u.Path+"/", g.folder) {
			return g.portal
		}
	}
	if known {
		return ""
	}
	return a.bySite[weburl.Site(u)]
}

// look reads what a page lists; nil when that leads to no report. It reads the atlas only: pages may be looked at side by
// side. Where a listing goes on is of interest where it lists reports: what is found there is another sheet.
func (a *atlas) look(c store.Capture, body []byte, p seeds.Portal) *sheet {
	start := a.starts[weburl.KeyOf(c.URL)]
	l, err := readPage(nil, c, body, "", func(u *url.URL) (portal.Listing, error) {
		l, err := portal.Leads(body, c.Header.Get("Content-Type"), u, p)
		if err == nil && (len(l.Rows) > 0 || start) {
			return portal.Read(body, c.Header.Get("Content-Type"), u, p, portal.Request{})
		}
		return l, err
	})
	if err != nil || len(l.Rows) == 0 && len(l.Columns) == 0 && !start {
		return nil
	}
	s := &sheet{url: c.URL}
	for _, t := range follow(target{url: c.URL}, l, false, deepestBackfill) {
		// Cloned: they may be part of the whole page. Who led here is known to who follows the sheet.
		t = target{url: strings.Clone(t.url), kind: t.kind, title: strings.Clone(t.title), date: strings.Clone(t.date), further: t.further, depth: t.depth}
		switch {
		case t.kind == store.KindReport:
			s.rows = append(s.rows, t)
		case t.depth > 0:
			s.columns = append(s.columns, t)
		default:
			s.next = append(s.next, t)
		}
	}
	return s
}

// draw adds a page. Pages come in the order of the collection; of several captures of one page all count.
func (a *atlas) draw(s *sheet) {
	s.columns = a.menu(s.columns)
	k := weburl.KeyOf(s.url)
	old := a.sheets[k]
	if old == nil {
		a.sheets[k] = s
		a.order = append(a.order, s)
		return
	}
	old.rows, old.next, old.columns = union(old.rows, s.rows), union(old.next, s.next), union(old.columns, s.columns)
}

// menu returns a list of columns that other pages have as well, in their memory: all pages of a site bear its menu.
func (a *atlas) menu(columns []target) []target {
	if len(columns) == 0 {
		return nil
	}
	var name strings.Builder
	for _, c := range columns {
		name.WriteString(c.url + "\x00" + c.title + "\x00")
	}
	known, ok := a.menus[name.String()]
	if !ok {
		known = slices.Clip(columns)
		a.menus[name.String()] = known
	}
	return known
}

// union adds to a list what it does not have.
func union(list, more []target) []target {
	known := make(map[string]bool, len(list))
	for _, t := range list {
		known[t.url] = true
	}
	for _, t := range more {
		if !known[t.url] {
			known[t.url] = true
			list = append(list, t)
		}
	}
	return list
}

// move notes a redirect.
func (a *atlas) move(from *url.URL, location string) {
	to, err := extract.Relocated(from, location)
	if err != nil || weburl.Key(to) == weburl.Key(from) {
		return
	}
	a.moved[weburl.Key(from)] = to.String()
}

// settle gives the pages their roles, by the rules of a crawl: first to what is reached from the start pages of the
// catalogue, then to what the other pages of the collection list.
func (a *atlas) settle() {
	for _, p := range a.portals {
		for _, start := range append(slices.Clone(p.Start), p.Given...) { // a collection may be older than what was discovered
			bare, _, _ := strings.Cut(start, "#")
			a.walk(target{url: bare, kind: store.KindListing, portal: p.ID})
		}
	}
	for _, s := range a.order {
		u, err := url.Parse(s.url)
		if err != nil {
			continue // it has a key
		}
		k := weburl.Key(u)
		if _, known := a.roles[k]; known {
			continue
		}
		t := target{url: s.url, kind: store.KindListing, portal: a.portal(u)}
		a.roles[k], a.guesses[k] = t, true
		a.follow(t)
		if len(s.rows) == 0 && a.guesses[k] {
			delete(a.roles, k) // its menu names a column
		}
	}
}

// walk gives a page its role, and follows the listing that begins there.
func (a *atlas) walk(start target) { a.follow(a.assign(nil, start)...) }

// follow follows listings to their ends.
func (a *atlas) follow(queue ...target) {
	for len(queue) > 0 {
		t := queue[0]
		queue = queue[1:]
		u, err := url.Parse(t.url)
		if err != nil {
			continue
		}
		s := a.sheets[weburl.Key(u)]
		if s == nil || t.kind != store.KindListing {
			continue
		}
		next := slices.Concat(s.rows, s.next)
		if !t.further && t.depth < deepestBackfill {
			next = append(next, s.columns...) // as follow has it
		}
		for _, n := range next {
			n.portal, n.from, n.depth = t.portal, t.url, n.depth+t.depth
			if n.kind == store.KindListing && n.title == "" {
				n.title = t.title // a further page of the same
			}
			queue = a.assign(queue, n)
		}
	}
}

// assign gives a page its role, unless it has one, and the page that it redirects to as well.
func (a *atlas) assign(queue []target, t target) []target {
	from, err := url.Parse(t.url)
	if err != nil {
		return queue
	}
	site := weburl.Site(from)
	for range reading.MostRedirects + 1 {
		u, err := url.Parse(t.url)
		if err != nil || weburl.Site(u) != site {
			return queue
		}
		k := weburl.Key(u)
		if _, known := a.roles[k]; known && (!a.guesses[k] || weburl.KeyOf(t.from) == k) {
			return queue
		}
		a.roles[k] = t
		delete(a.guesses, k)
		to, moved := a.moved[k]
		if !moved {
			return append(queue, t)
		}
		if a.sheets[k] != nil {
			queue = append(queue, t) // another capture of it is a page
		}
		t.url, t.from = to, t.url
	}
	return queue
}
