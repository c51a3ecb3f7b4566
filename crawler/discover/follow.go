package discover

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gongkai/crawler/portal"
	"gongkai/extract"
)

// follow queues what a page leads to.
func (s *Search) follow(l Lead, e portal.Exploration, page *url.URL) {
	for _, r := range e.Shell {
		s.pass(l, r, page)
	}
	for _, r := range e.Next {
		switch {
		case r.Kind == portal.Frame, r.Kind == portal.Redirect:
			s.pass(l, r, page)
		case len(e.Rows) == 0 && asksForRows(l, r):
			s.rows(l, r, page)
		}
	}
	if l.Kind == portal.Data && l.Request.Series != nil {
		return
	}
	s.trails(e, page)
	s.links(l, e, page)
	s.Maps(e.Maps, page.String())
	for _, address := range e.Scripts {
		s.add(Lead{Request: portal.Script(address, page.String()), Name: l.Name, Points: script, Why: "a script that by its name writes the menu", From: page.String()})
	}
}

// asksForRows reports whether a request of a promising page is for the first of its rows.
func asksForRows(l Lead, r portal.Request) bool {
	first := r.Number <= 1 || r.Number == 2 && l.Number == 1 // of services that number their pages from one more
	return r.Kind == portal.Data && first && !r.Spare && (l.Named || l.Points >= around || inTree(r))
}

// links queues the promising links of a page; of a cover, whose few links name nothing, all of them.
func (s *Search) links(l Lead, e portal.Exploration, page *url.URL) {
	promising := false
	for _, link := range e.Links {
		promising = s.consider(l, link, page) || promising
	}
	if promising || len(e.Links) > 12 || e.Text >= 600 {
		return
	}
	for _, link := range e.Links {
		if onSite(link.URL, s.home) {
			s.add(Lead{Request: portal.Start(link.URL), Name: link.Name(), Points: entrance - 2, Why: "one of the few links of a cover", From: page.String()})
		}
	}
}

// mostMaps is how many maps of a site are asked for: each costs a request, and the first ones list the columns.
const mostMaps = 4

// Maps queues maps of the site, those whose names promise most first. They come after whatever a page leads to by name.
func (s *Search) Maps(addresses []string, from string) {
	all := slices.Clone(addresses)
	slices.SortStableFunc(all, func(a, b string) int { return promise(b) - promise(a) })
	for _, address := range all {
		u, err := s.home.Parse(strings.TrimSpace(address))
		if err != nil || !onSite(u.String(), s.home) || s.maps == mostMaps || s.known[pageKey(u.String())] {
			continue
		}
		s.maps++
		s.add(Lead{Request: portal.Start(u.String()), Points: mapped - s.maps, Why: "a map of the site", From: from})
	}
}

// promise tells how likely it is by its name that a map has the columns of the site, and not its news.
func promise(address string) int {
	switch {
	case columnMap.MatchString(address):
		return 1
	case newsMap.MatchString(address):
		return -1
	}
	return 0
}

var (
	columnMap = regexp.MustCompile(`(?i)gongkai|xxgk|zwgk|zfxx|column|channel|category|catalog|lanmu|section`)
	newsMap   = regexp.MustCompile(`(?i)news|image|video|article|post|tag|(?:19|20)\d{2}`)
)

// pass goes on where a page sends its reader: as promising as the page itself, and a little more, as it was paid for.
func (s *Search) pass(l Lead, r portal.Request, page *url.URL) {
	if l.hops >= 3 {
		return
	}
	n := Lead{Request: r, Name: l.Name, Points: min(max(l.Points, section)+1, certain+5), Why: "a " + r.Kind + " of " + page.String(), From: page.String(), Named: l.Named, Units: l.Units, hops: l.hops + 1}
	if r.Kind == portal.Frame {
		n.Begin = l.Begin
		if l.order == 1 {
			n.Begin = ""                        // a frame of the home page is no part of a listing
			n.Points = min(n.Points, certain-1) // what is named to the letter goes first
		}
		if !l.Named && l.order != 1 {
			n.Points = max(l.Points-2, section-4)
		}
	}
	s.add(n)
}

// rows asks for the rows that a script would have asked for.
func (s *Search) rows(l Lead, r portal.Request, page *url.URL) {
	n := l
	n.Request, n.From, n.Why, n.Points = r, page.String(), "the rows that the page asks for by script", l.Points+2
	n.Named = l.Named || inTree(r)
	if inTree(r) {
		n.Points, n.Why = certain, "the column of annual reports in the site's tree"
	}
	s.add(n)
}

// inTree reports whether a request is for a column that the page's tree names as that of annual reports.
func inTree(r portal.Request) bool {
	return r.Series != nil && strings.HasPrefix(r.Series.Pager, "gkmlpt tree")
}

// consider queues a link if it is promising, and reports whether it is.
func (s *Search) consider(l Lead, link portal.Row, page *url.URL) bool {
	u, err := url.Parse(link.URL)
	if err != nil || pageKey(link.URL) == pageKey(page.String()) && u.Fragment == "" {
		return false
	}
	points, why := score(link.Name(), u)
	if points < bodies && (link.Date != "" || dated.MatchString(u.Path)) {
		points = 0 // a piece of news
	}
	year := isYear(link.Name())
	if year {
		if !l.Named || s.years == nil || s.years.lead.order != l.order {
			return false
		}
		points, why = certain+3, "a year of the column "+l.Name
	}
	s.beside(l, link, u, points, page)
	if points <= 0 {
		return false
	}
	if !strings.EqualFold(u.Host, s.home.Host) {
		points -= 10
	}
	n := Lead{Request: portal.Start(link.URL), Name: link.Name(), Points: points, Why: why, From: page.String(),
		Named: namesColumn(link.Name(), u, points), Units: ofBodies.MatchString(plain(link.Name())), Years: year}
	s.inside(n, u)
	s.add(n)
	return true
}

// beside adds the page of annual reports that a site's software has beside what a link of so many points leads to.
func (s *Search) beside(l Lead, link portal.Row, u *url.URL, points int, page *url.URL) {
	if !onSite(link.URL, s.home) {
		return
	}
	near := section + 4
	if l.order > 1 || points >= around { // the page of one body, not of any that the home page links to
		near = section + 12
	}
	s.ruled(u, link.Name(), near, page.String())
}

// namesColumn reports whether the name of a link, or its address, is that of a column of annual reports.
func namesColumn(name string, u *url.URL, points int) bool {
	return points >= bodies-10 && namePoints(name) >= bodies || points >= likely-12 && pathPoints(u) >= likely-2
}

// score puts the name of a link and its address together.
func score(name string, u *url.URL) (points int, why string) {
	n, p := namePoints(name), pathPoints(u)
	switch {
	case n == never, p == never && n < certain-5:
		return never, ""
	case n >= p && n > 0:
		if p > 0 {
			n += 2
		}
		return n, fmt.Sprintf("is named %s", name)
	case p > 0 && (n > 0 || plain(name) == "" || len([]rune(plain(name))) <= 12):
		return p, fmt.Sprintf("has the words of a column or section in its address, is named %q", name)
	}
	return 0, ""
}

func isYear(name string) bool {
	s := plain(name)
	return extract.ColumnTitle(s) && namePoints(s) < bodies && len(s) >= 4 && strings.ContainsAny(s[:1], "12一二")
}

// trails lead from reports that a page shows among other things to the column they lie in.
func (s *Search) trails(e portal.Exploration, page *url.URL) {
	count := map[string]int{}
	for _, r := range e.Rows {
		if !s.institutional(r) && !s.foreign(r) {
			if c := columnOfReport(r.URL); c != "" && onSite(c, s.home) && pageKey(c) != pageKey(page.String()) && !(page.Path != "/" && folderOf(page, c)) {
				count[c]++
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(count)) {
		n := count[c]
		s.add(Lead{Request: portal.Start(c), Points: section - 6 + min(2*n, 10), Why: fmt.Sprintf("the folder of %d reports shown on a page", n), From: page.String()})
	}
}

// folderOf reports whether an address is that of a folder that a page lies in: what that lists, the page does.
func folderOf(page *url.URL, address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.RawQuery == "" && strings.HasSuffix(u.Path, "/") && strings.EqualFold(u.Host, page.Host) && strings.HasPrefix(page.Path, u.Path)
}
