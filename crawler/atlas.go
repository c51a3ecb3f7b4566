package crawler

import (
	"net/url"
	"slices"
	"strings"

	"gongkai/crawler/portal"
	"gongkai/seeds"
	"gongkai/store"
)

// An atlas knows which pages of a collection lead to reports, and so what each page was to a crawl: whoever made the
// collection had no idea. It is drawn from all pages first, then asked. Pages stand in it under their keys.
type atlas struct {
	portals []seeds.Portal
	starts  map[string]bool   // keys of the start pages of portals
	byHost  map[string]string // portal by host without www; "" where several begin
	bySite  map[string]string // portal by site; "" where several begin
	sheets  map[string]*sheet
	order   []*sheet          // as they were captured
	moved   map[string]string // redirects: key of a page -> address that it leads to
	roles   map[string]target // what a page is to a crawl
	guesses map[string]bool   // pages that nothing leads to: their roles give way to better ones
}

// A sheet is what one page of a collection lists.
type sheet struct {
	url     string
	rows    []target // what it calls reports: address, title, date
	next    []target // further pages of the listing
	columns []target // links that are named like a listing of reports
}

func newAtlas(portals []seeds.Portal) *atlas {
	a := &atlas{portals: portals, starts: map[string]bool{}, byHost: map[string]string{}, bySite: map[string]string{},
		sheets: map[string]*sheet{}, moved: map[string]string{}, roles: map[string]target{}, guesses: map[string]bool{}}
	for _, p := range portals {
		for _, start := range p.Start {
			u, err := url.Parse(start)
			if err != nil {
				continue // package seeds has refused it
			}
			a.starts[key(u)] = true
			claim(a.byHost, bareHost(u), p.ID)
			claim(a.bySite, siteOf(u), p.ID)
		}
	}
	return a
}

// claim notes that a portal begins somewhere; where several do, nobody knows whose a page is.
func claim(m map[string]string, place, id string) {
	if other, taken := m[place]; taken && other != id {
		id = ""
	}
	m[place] = id
}

func bareHost(u *url.URL) string { return strings.TrimPrefix(hostPort(u), "www.") }

// portal returns the id of the portal that an address belongs to, or "" when the catalogue does not tell.
func (a *atlas) portal(u *url.URL) string {
	if id, known := a.byHost[bareHost(u)]; known {
		return id
	}
	return a.bySite[siteOf(u)]
}

// draw adds a page. Pages come in the order of the collection; of several captures of one page all count.
func (a *atlas) draw(c store.Capture, body []byte, p seeds.Portal) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return
	}
	l, err := listed(c, body, p, portal.Request{})
	if err != nil || len(l.Rows) == 0 && len(l.Columns) == 0 && !a.starts[key(u)] {
		return // what goes on from it leads nowhere that we know of
	}
	s := a.sheets[key(u)]
	if s == nil {
		s = &sheet{url: c.URL}
		a.sheets[key(u)] = s
		a.order = append(a.order, s)
	}
	for _, t := range follow(target{url: c.URL}, l, false, deepestBackfill) {
		t = target{url: t.url, kind: t.kind, from: t.from, title: t.title, date: t.date, further: t.further, depth: t.depth}
		switch {
		case t.kind == store.KindReport:
			s.rows = addTarget(s.rows, t)
		case t.depth > 0:
			s.columns = addTarget(s.columns, t)
		default:
			s.next = addTarget(s.next, t)
		}
	}
}

func addTarget(list []target, t target) []target {
	if slices.ContainsFunc(list, func(o target) bool { return o.url == t.url }) {
		return list
	}
	return append(list, t)
}

// move notes a redirect.
func (a *atlas) move(from *url.URL, location string) {
	to, err := from.Parse(location)
	if err != nil || key(to) == key(from) {
		return
	}
	to.Fragment, to.RawFragment = "", ""
	a.moved[key(from)] = to.String()
}

// settle gives the pages their roles, by the rules of a crawl: first to what is reached from the start pages of the
// catalogue, then to what the other pages of the collection list.
func (a *atlas) settle() {
	for _, p := range a.portals {
		for _, start := range p.Start {
			bare, _, _ := strings.Cut(start, "#")
			a.walk(target{url: bare, kind: store.KindListing, portal: p.ID})
		}
	}
	for _, s := range a.order {
		u, err := url.Parse(s.url)
		if err != nil {
			continue // it has a key
		}
		k := key(u)
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
		s := a.sheets[key(u)]
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
	site := siteOf(from)
	for range farthest + 1 {
		u, err := url.Parse(t.url)
		if err != nil || siteOf(u) != site {
			return queue
		}
		k := key(u)
		if _, known := a.roles[k]; known && (!a.guesses[k] || keyOf(t.from) == k) {
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
