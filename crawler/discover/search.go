// Package discover finds the listings of annual reports on a portal of which only the home page is known. It says what
// to ask for next and reads the answers; it asks for nothing itself. It goes best first: what is named as the column,
// what its section is called, what the site's software has by rule, then maps of the site. A page is believed to be the
// listing when reports are listed on it, by titles that claim to be annual reports on disclosure, of this portal's
// place; a name alone proves nothing.
package discover

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"gongkai/crawler/portal"
	"gongkai/crawler/weburl"
	"gongkai/extract/division"
	"gongkai/seeds"
)

// A Lead is something to ask for, and why.
type Lead struct {
	portal.Request
	Name   string // of the column or section that it seems to be
	Points int    // how promising it is
	Why    string // in plain words
	From   string // the page that it was found on
	Begin  string // the page that its listing begins at: the lead itself, or what led into this frame, or to these rows

	Named bool // its name is that of a column of annual reports
	Years bool // it is one year of a column
	Units bool // it is about the bodies below the government
	Guess bool // nothing leads to it
	hops  int
	order int
}

// A Search is the search on one portal. It belongs to one goroutine.
type Search struct {
	portal seeds.Portal
	home   *url.URL
	queue  []Lead
	known  map[string]bool
	order  int

	found    []seeds.Listing // accepted
	fallback []candidate     // pages that list reports and are not named as the column
	last     []candidate     // pages that show reports of several years among other things
	seen     map[string]bool // what accepted listings list
	maps     int             // of the site that have been leads
	after    int             // pages looked at since the first was accepted
	years    *candidate      // a column of years, of which one year has still to be read

	Taken  func(listing string) bool // it is another portal's: the menus of a bureau's section name the government's; nil: none is
	places []string                  // divisions that the site says it is of

	unit     bool       // it is the portal of a body below a government
	zone     bool       // it is that of a zone
	sections []*url.URL // folders in which the portal lies; none: it has its hosts to itself

	Site  Site
	Steps []seeds.Step
	units map[string]seeds.Portal
}

// A Site is what a portal says of itself.
type Site struct{ Name, ID, Division, Main string }

type candidate struct {
	listing seeds.Listing
	lead    Lead
}

// New begins a search on a portal: at its home page, and at its section of disclosure where that is known.
func New(p seeds.Portal) *Search {
	s := &Search{portal: p, known: map[string]bool{}, seen: map[string]bool{}, units: map[string]seeds.Portal{}}
	home := p.HomePage()
	s.home, _ = url.Parse(home)
	if s.home == nil {
		s.home = new(url.URL)
	}
	s.unit, s.zone = aUnit(p), zoneName.MatchString(p.Agency)
	s.sections = sectionsOf(p, s.unit)
	s.place(p.Division)
	s.add(Lead{Request: portal.Start(home), Points: certain + 10, Why: "the home page"})
	if p.Hub != "" {
		s.add(Lead{Request: portal.Start(p.Hub), Points: section + 11, Why: "the section of disclosure that the catalogue names"})
		if u, err := url.Parse(p.Hub); err == nil {
			s.ruled(u, "", section+12, p.Hub)
			s.inside(Lead{Points: section + 12, Why: "what that page shows"}, u)
		}
	}
	return s
}

// Elsewhere begins a search on a portal at addresses that its home page names, and that lie on another site: on a platform
// of the prefecture's, say, where every county has its column. What is found there must say whose it is.
func Elsewhere(p seeds.Portal, addresses []string) *Search {
	s := &Search{portal: p, known: map[string]bool{}, seen: map[string]bool{}, units: map[string]seeds.Portal{}, order: 1}
	if s.home, _ = url.Parse(p.HomePage()); s.home == nil {
		s.home = new(url.URL)
	}
	s.unit, s.zone = aUnit(p), zoneName.MatchString(p.Agency)
	s.place(p.Division)
	for i, address := range addresses {
		s.add(Lead{Request: portal.Start(address), Points: certain - i, Why: "named on the home page, on another site"})
	}
	return s
}

// ruled adds the page of annual reports that a site's software has for the same body as a page of it.
func (s *Search) ruled(u *url.URL, name string, points int, from string) {
	if address, rule := byRule(u); address != "" {
		s.add(Lead{Request: portal.Start(address), Name: name, Points: points, Why: rule, From: from, Named: true})
	}
}

// inside adds the page that a frame of another shows, which takes the address from its own query (Epoint's openSubPage.html).
func (s *Search) inside(l Lead, u *url.URL) {
	if inner := u.Query().Get("specialurl"); strings.HasPrefix(inner, "/") && !strings.HasPrefix(inner, "//") {
		l.Request = portal.Start(u.Scheme + "://" + u.Host + inner)
		s.add(l)
	}
}

// mostAfter is how many more pages are looked at for further listings when one is found.
const mostAfter = 3

// Next returns the most promising lead that has not been returned; false when nothing more is worth asking for.
func (s *Search) Next() (Lead, bool) {
	if s.years == nil { // one has been read, and tells of all
		s.queue = slices.DeleteFunc(s.queue, func(l Lead) bool { return l.Years })
	}
	if len(s.queue) == 0 {
		return Lead{}, false
	}
	best := slices.MinFunc(s.queue, func(a, b Lead) int { return cmp.Or(b.Points-a.Points, a.order-b.order) })
	if s.done(best) {
		return Lead{}, false
	}
	s.queue = slices.DeleteFunc(s.queue, func(l Lead) bool { return l.order == best.order })
	if len(s.found) > 0 {
		s.after++
	}
	return best, true
}

// done reports whether the best lead is not worth a request any more.
func (s *Search) done(best Lead) bool {
	switch {
	case len(s.found) > 0:
		return s.after >= mostAfter || !best.Named || best.Points < bodies
	case len(s.fallback) > 0:
		return best.Points < section-8
	}
	return best.Points <= 0
}

// add queues a lead, unless its page has been one already.
func (s *Search) add(l Lead) {
	u, err := url.Parse(l.URL)
	if err != nil || u.Host == "" || weburl.Trap(u) != "" {
		return
	}
	key := pageKey(l.Key())
	if l.Kind == portal.Redirect { // a folder may lead to the page in it by which it is known
		key = l.Key()
	}
	if s.known[key] {
		s.raise(key, l)
		return
	}
	s.known[key] = true
	if l.Begin == "" {
		l.Begin = l.URL
	}
	s.order++
	l.order = s.order
	s.queue = append(s.queue, l)
}

// raise lets a lead that is found again under a better name have that.
func (s *Search) raise(key string, l Lead) {
	for i := range s.queue {
		if q := &s.queue[i]; pageKey(q.Key()) == key && q.Points < l.Points {
			q.Points, q.Name, q.Why, q.Named, q.Years, q.Guess = l.Points, l.Name, l.Why, l.Named, l.Years, l.Guess
		}
	}
}

// pageKey is what the addresses of one page over http and https, with and without www, have in common.
func pageKey(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	rest = strings.TrimPrefix(rest, "www.")
	rest = strings.TrimSuffix(rest, "/")
	for _, index := range [...]string{"/index.html", "/index.htm", "/index.shtml"} {
		rest = strings.TrimSuffix(rest, index)
	}
	return rest
}

// Missed notes that a lead could not be had.
func (s *Search) Missed(l Lead, why string) { s.step(l, why) }

func (s *Search) step(l Lead, result string) {
	s.Steps = append(s.Steps, seeds.Step{URL: l.Key(), Points: l.Points, Why: l.Why, Result: result})
}

// Read reads the answer to a lead, that came from page in the end.
func (s *Search) Read(l Lead, body []byte, contentType string, page *url.URL) {
	prev := l.Request
	e, err := portal.Explore(body, contentType, page, s.portal, prev)
	if err != nil {
		s.step(l, "no page: "+err.Error())
		return
	}
	if pageKey(page.String()) != pageKey(l.URL) {
		s.known[pageKey(page.String())] = true
		if l.Begin == l.URL {
			l.Begin = page.String()
		}
	}
	if l.Kind == portal.Page && l.order == 1 {
		s.home = page
		s.guess()
	}
	if onSite(page.String(), s.home) {
		s.introduce(e)
	}
	if !l.Named {
		l.Named = columnNamed(e)
	}
	verdict := s.judge(l, e, page)
	s.step(l, verdict)
	s.follow(l, e, page)
	s.collectUnits(e, page)
}

// guesses are addresses that many portals have, tried when nothing on a home page leads on: menus that only a script
// of their own can draw.
var guesses = []string{"/zwgk/zfxxgk/zfxxgknb/", "/zfxxgk/", "/zwgk/", "/xxgk/", "/sitemap.xml"}

func (s *Search) guess() {
	for i, path := range guesses {
		u := *s.home
		u.Path, u.RawPath, u.RawQuery, u.Fragment = path, "", "", ""
		s.add(Lead{Request: portal.Start(u.String()), Points: len(guesses) - i, Why: "an address that many portals have", From: s.home.String(), Guess: true})
	}
}

// columnNamed reports whether a page calls itself a column of annual reports: in its metadata, or in the first part of its title.
func columnNamed(e portal.Exploration) bool {
	if e.Column != "" {
		return namePoints(e.Column) >= bodies
	}
	title := strings.FieldsFunc(e.Title, func(r rune) bool { return strings.ContainsRune("_-|—–·>", r) })
	return len(title) > 0 && namePoints(title[0]) >= bodies
}

// introduce keeps what the site says of itself: the first page that says it is the home page.
func (s *Search) introduce(e portal.Exploration) {
	s.Site.ID, s.Site.Main = cmp.Or(s.Site.ID, e.SiteID), cmp.Or(s.Site.Main, e.Main)
	s.Site.Name = cmp.Or(s.Site.Name, strings.TrimSpace(e.Site), strings.TrimSpace(e.Organizer), strings.TrimSpace(e.Title))
	if s.portal.Agency == "" && s.portal.Level != "central" && !s.unit {
		name := siteTail.ReplaceAllString(s.Site.Name, "")
		s.zone = zoneName.MatchString(name)
		s.unit = !s.zone && bureauSite.MatchString(name)
	}
	if id := s.Site.ID; len(id) == 10 && id[:6] != "000000" && division.Level(id[:6]) != "" {
		s.place(id[:6])
	}
	for _, name := range []string{e.Site, e.Organizer, e.Title} {
		if len(s.Steps) == 0 || name == e.Site { // titles of further pages are of what is on them
			s.place(division.Find(name, s.portal.Division))
		}
	}
}

// place notes a division that the site says it is of; the first that does is believed. A site that says several, as some
// are copied from others, may report on each; but where the catalogue knows the division, on that and those below.
func (s *Search) place(code string) {
	if code == "" || s.portal.Level == "central" || !strings.HasPrefix(code, stem(s.portal.Division)) {
		return
	}
	if s.Site.Division == "" {
		s.Site.Division = code
	}
	if !slices.Contains(s.places, code) {
		s.places = append(s.places, code)
	}
}

func (s *Search) isPlace(code string) bool { return slices.Contains(s.places, code) }

// stem is what the codes of a division and of all below it begin with.
func stem(division string) string {
	return strings.TrimSuffix(strings.TrimSuffix(division, "00"), "00")
}

// onSite reports whether an address is on the home page's host or on one that shares its last labels.
func onSite(address string, home *url.URL) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	a, b := strings.ToLower(u.Hostname()), strings.TrimPrefix(strings.ToLower(home.Hostname()), "www.")
	return a == b || strings.HasSuffix(a, "."+b)
}
