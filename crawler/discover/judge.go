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
	"gongkai/extract/division"
	"gongkai/seeds"
)

// reports are those that a page lists, sorted by whose they can be.
type reports struct {
	own          []portal.Row // not certainly somebody else's
	whose        bodiesListed // own
	foreign      int          // of another place
	institutions int          // of schools, hospitals or companies
}

func (s *Search) reportsOn(e portal.Exploration) reports {
	var r reports
	for _, row := range portal.OutsideFirst(e.Rows) {
		switch {
		case s.institutional(row):
			r.institutions++
		case s.foreign(row):
			r.foreign++
		default:
			r.own = append(r.own, row)
		}
	}
	r.whose = s.bodiesOf(r.own)
	return r
}

// none reports whether each report names a body that is not the portal's.
func (r reports) none() bool { return len(r.own) > 0 && r.whose.ours+r.whose.unnamed == 0 }

// judge says what a page is, in words, and keeps it when it is a listing.
func (s *Search) judge(l Lead, e portal.Exploration, page *url.URL) string {
	r := s.reportsOn(e)
	if why := s.notOurs(r, e, page); why != "" {
		return why
	}
	f := s.listing(r, l, e, page)
	home := page.Path == "/" && page.RawQuery == "" && l.Kind != portal.Data
	n, counted := len(r.own), counted(r.own, f.Years, len(e.Items))
	switch {
	case home, n == 0:
		return s.directory(l, e, f)
	case l.Years && s.years != nil:
		return s.acceptYear(l, r.own, f.Years)
	case l.Named:
		f.Evidence = fmt.Sprintf("named %s; %s", f.Name, counted)
		return s.accept(f, r.own)
	case n >= 3 && 2*n >= len(e.Items) || columnPath.MatchString(page.Path):
		f.Evidence = "not named as the column; " + counted
		if s.taken(f.URL) {
			return ofAnother
		}
		s.fallback = append(s.fallback, candidate{f, l})
		return "may be it: " + f.Evidence
	case n >= 4 && len(f.Years) >= 4: // a page that has no column beside it
		f.Evidence = "not named as the column; " + counted
		s.last = append(s.last, candidate{f, l})
	}
	return fmt.Sprintf("shows %d reports among %d other things", n, len(e.Items)-n)
}

// notOurs says why the reports of a page are not those of the portal; "" when they may be.
func (s *Search) notOurs(r reports, e portal.Exploration, page *url.URL) string {
	switch n := len(r.own); {
	case r.institutions > n:
		return fmt.Sprintf("lists %d reports of schools, hospitals or companies", r.institutions)
	case r.foreign > n:
		return fmt.Sprintf("lists %d reports of another place", r.foreign)
	case r.none() && (len(r.whose.others) == 1 || s.unit || s.zone):
		return fmt.Sprintf("lists %d reports of %s, which is not whose portal this is", n, slices.Min(slices.Collect(maps.Keys(r.whose.others))))
	case s.unit && len(r.whose.others) > r.whose.ours+r.whose.unnamed:
		return fmt.Sprintf("lists reports of %d other bodies", len(r.whose.others))
	case n > 0 && r.whose.ours == 0 && !s.within(page) && !s.speaksOfUs(r.own, e):
		return fmt.Sprintf("lists %d reports outside the portal, and nothing says that they are of it", n)
	}
	return ""
}

// listing is what a page is if it is a listing of the portal's.
func (s *Search) listing(r reports, l Lead, e portal.Exploration, page *url.URL) seeds.Listing {
	f := seeds.Listing{URL: l.Begin, Name: nameOf(l, e), Family: e.Family.Name, Rows: len(r.own), Years: yearsOf(r.own),
		Units: l.Units && !s.unit && !s.zone || severalBodies(r.own) || r.none()}
	if l.Kind == portal.Page && l.hops == 0 && l.Begin == l.URL {
		f.URL = page.String()
		if page.Fragment == "" && strings.Contains(l.URL, "#") {
			f.URL = l.URL
		}
	}
	return f
}

// acceptYear keeps the column of years of which one has now been read.
func (s *Search) acceptYear(l Lead, rows []portal.Row, years []int) string {
	whole := s.years.listing
	whole.Rows, whole.Years = whole.Rows+len(rows), union(whole.Years, years)
	whole.Evidence += fmt.Sprintf("; %d reports in %s", len(rows), l.Name)
	s.years = nil
	return s.accept(whole, rows)
}

// directory keeps a column that has nothing but its years until one of them has been read.
func (s *Search) directory(l Lead, e portal.Exploration, f seeds.Listing) string {
	if !l.Named {
		return "lists no reports"
	}
	var years []int
	for _, c := range e.Links { // the options of a list as well
		if isYear(c.Name()) && pageKey(c.URL) != pageKey(l.URL) {
			years = append(years, yearIn(c.Name()))
		}
	}
	if len(years) == 0 {
		return "is named as the column, but lists no reports"
	}
	f.Years, f.Evidence = nil, fmt.Sprintf("named %s, a column of %d years", f.Name, len(years))
	s.years = &candidate{f, l}
	return f.Evidence
}

const ofAnother = "is the listing of another portal"

// taken reports whether a listing is another portal's.
func (s *Search) taken(listing string) bool { return s.Taken != nil && s.Taken(listing) }

// accept keeps a listing, unless it lists nothing that an accepted one does not.
func (s *Search) accept(f seeds.Listing, rows []portal.Row) string {
	if s.taken(f.URL) {
		return ofAnother
	}
	fresh := 0
	for _, r := range rows {
		if key := pageKey(r.URL); !s.seen[key] {
			s.seen[key] = true
			fresh++
		}
	}
	if fresh == 0 {
		return "lists what another listing has listed"
	}
	f.Confidence = seeds.Verified
	for i := range s.found {
		if known := &s.found[i]; pageKey(known.URL) == pageKey(f.URL) { // a page, and a frame of it
			if f.Rows > known.Rows {
				*known = f
			}
			return "goes on: " + f.Evidence
		}
	}
	s.found = append(s.found, f)
	return "is a listing: " + f.Evidence
}

func counted(rows []portal.Row, years []int, items int) string {
	text := fmt.Sprintf("%d of %d rows are annual reports", len(rows), max(items, len(rows)))
	if len(years) > 0 {
		text += fmt.Sprintf(", of %d to %d", years[0], years[len(years)-1])
	}
	return text
}

// nameOf is what a listing is called: by the link to it, or by itself.
func nameOf(l Lead, e portal.Exploration) string {
	for _, name := range []string{l.Name, e.Column, e.Title} {
		if namePoints(name) >= bodies {
			return strings.TrimSpace(name)
		}
	}
	return strings.TrimSpace(e.Title)
}

// Result returns the listings found, best first. Where none bears the name of one, that which seemed most like it.
func (s *Search) Result() []seeds.Listing {
	if len(s.found) == 0 && len(s.fallback) == 0 {
		s.fallback = s.last
	}
	governments := slices.ContainsFunc(s.found, func(l seeds.Listing) bool { return !l.Units })
	if !governments && len(s.fallback) > 0 {
		best := slices.MaxFunc(s.fallback, func(a, b candidate) int { return a.listing.Rows - b.listing.Rows })
		if best.listing.Rows >= 3 || columnPath.MatchString(best.listing.URL) {
			best.listing.Confidence = seeds.Derived
			return append([]seeds.Listing{best.listing}, s.found...)
		}
	}
	slices.SortStableFunc(s.found, func(a, b seeds.Listing) int {
		switch {
		case a.Units == b.Units:
			return 0
		case a.Units:
			return 1
		}
		return -1
	})
	return s.found
}

// yearsOf lists the years of reports, ascending.
func yearsOf(rows []portal.Row) []int {
	var years []int
	for _, r := range rows {
		if claim, ok := extract.ReportTitle(r.Name()); ok && claim.Year > 0 {
			years = append(years, claim.Year)
		} else if y := yearIn(r.Name()); y > 0 {
			years = append(years, y)
		}
	}
	slices.Sort(years)
	return slices.Compact(years)
}

func union(a, b []int) []int {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

var fourDigits = regexp.MustCompile(`(?:19|20)\d{2}`)

func yearIn(name string) (year int) {
	fmt.Sscan(fourDigits.FindString(name), &year)
	return year
}

// institution is who reports by other rules: public enterprises and institutions.
var institution = regexp.MustCompile(`(?:学校|中学|小学|大学|学院|幼儿园|医院|卫生院|公司|集团|银行|自来水|燃气|供电|热力|公交|殡仪馆)$`)

func (s *Search) institutional(r portal.Row) bool {
	claim := claimOf(r.Name())
	return institution.MatchString(claim.Agency) || strings.Contains(r.Name(), "企事业单位")
}

// speaksOfUs reports whether a page outside the portal, which may be the prefecture's, says that it is of the portal's
// place; of a body's, that it is of that body.
func (s *Search) speaksOfUs(rows []portal.Row, e portal.Exploration) bool {
	if s.unit {
		return slices.ContainsFunc([]string{e.Column, e.Title, e.Organizer}, func(name string) bool { return s.ours(strings.TrimSpace(name)) })
	}
	ours := func(code string) bool { return code != "" && slices.Contains(s.places, code) }
	if len(e.SiteID) == 10 && ours(e.SiteID[:6]) || ours(division.Find(e.Site, s.Site.Division)) {
		return true
	}
	return slices.ContainsFunc(rows, func(r portal.Row) bool {
		claim := claimOf(r.Name())
		return claim.Agency != "" && ours(division.Find(claim.Agency, s.Site.Division))
	})
}

// foreign reports whether a row is of another place than the portal's: above it, or beside it.
func (s *Search) foreign(r portal.Row) bool {
	claim := claimOf(r.Name())
	if claim.Agency == "" || len(s.places) == 0 {
		return false
	}
	d := division.Find(claim.Agency, s.Site.Division)
	return d != "" && !slices.ContainsFunc(s.places, func(place string) bool {
		return strings.HasPrefix(d, strings.TrimSuffix(strings.TrimSuffix(place, "00"), "00"))
	})
}

// severalBodies reports whether most rows are of bodies that differ.
func severalBodies(rows []portal.Row) bool {
	bodies := map[string]bool{}
	for _, r := range rows {
		if claim := claimOf(r.Name()); claim.Agency != "" {
			bodies[claim.Agency] = true
		}
	}
	return len(bodies) >= 5 && 2*len(bodies) > len(rows)
}
