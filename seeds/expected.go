package seeds

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gongkai/extract"
	"gongkai/extract/division"
)

// An Expectation is a report that a body owes for a year, or a year for which it owes none.
type Expectation struct {
	Agency   extract.AgencyKey
	Or       []extract.AgencyKey // bodies whose report does as well: a government's office often reports in its place
	Name     string
	Division string
	Level    string
	Year     int
	Not      string  // why none is expected; "" when one is
	Portal   *Portal // where it should be; nil: no portal of the catalogue is that body's
}

// The years for which reports are owed.
const (
	FirstYear  = 2008 // the regulation came into force in May of that year
	firstUnits = 2020 // of bodies of which the name does not tell how old they are: reforms went on until 2019
)

// notOwing are divisions of GB/T 2260 that have no government which is bound to report, or none of their own.
var notOwing = map[string]bool{"710000": true, "810000": true, "820000": true, "350527": true, "460321": true, "460322": true, "460323": true, "620201": true, "632857": true}

// Expected returns what is owed for the years from first to last: by the government of every division that existed in a
// year, and by every other body of which the catalogue has a portal. whole says that the catalogue is meant to be the whole
// country's: otherwise divisions without a portal are left out. It is in the order of agency, as bytes, and year, each once.
func Expected(portals []Portal, first, last int, whole bool) []Expectation {
	first = max(first, FirstYear)
	at := make(map[extract.AgencyKey]bool)
	governments, others := byBody(portals)
	var all []Expectation
	for _, g := range lifetimes() {
		if p := governments[g.code]; p != nil || whole {
			e := g.expectation(p)
			at[e.Agency] = true
			all = append(all, e.each(first, last, g.exempt)...)
		}
	}
	for _, p := range others {
		division := p.Division
		if p.Level == "central" {
			division = "000000"
		}
		key := extract.Identify(p.Agency, division).Key
		if key == "" || at[key] {
			continue
		}
		at[key] = true
		since, why := owesSince(p, key)
		e := Expectation{Agency: key, Name: p.Agency, Division: p.Division, Level: p.Level, Portal: p}
		all = append(all, e.each(first, last, func(year int) string {
			if year < since {
				return why
			}
			return ""
		})...)
	}
	slices.SortFunc(all, func(a, b Expectation) int { return cmp.Or(cmp.Compare(a.Agency, b.Agency), a.Year-b.Year) })
	return all
}

// byBody returns the first portal of the government of each division, and the portals of all other bodies.
func byBody(portals []Portal) (governments map[string]*Portal, others []*Portal) {
	governments = make(map[string]*Portal)
	for i := range portals {
		p := &portals[i]
		switch {
		case government(p.Division, p.Agency) == "":
			others = append(others, p)
		case governments[p.Division] == nil:
			governments[p.Division] = p
		}
	}
	return governments, others
}

// each returns an expectation for each year; not says why none is expected for it.
func (e Expectation) each(first, last int, not func(year int) string) []Expectation {
	var all []Expectation
	for e.Year = first; e.Year <= last; e.Year++ {
		e.Not = not(e.Year)
		all = append(all, e)
	}
	return all
}

// government returns the key of a division's government when an agency is that, or its office; else "".
func government(code, agency string) extract.AgencyKey {
	if division.Level(code) == "" || code == "000000" {
		return ""
	}
	a := extract.Identify(agency, code)
	if a.Division != code {
		return ""
	}
	_, unit, _ := strings.Cut(string(a.Key), "-")
	switch unit {
	case "人民政府", "人民政府办公室", "人民政府办公厅", "行政公署", "行政公署办公室":
		return a.Key
	}
	return ""
}

// A lifetime is a division, with the years of which there are reports.
type lifetime struct {
	code, name, level string
	first, last       int
}

func (g lifetime) word() string {
	if strings.HasSuffix(g.name, "地区") || strings.HasSuffix(g.name, "盟") {
		return "行政公署"
	}
	return "人民政府"
}

func (g lifetime) key() extract.AgencyKey { return extract.AgencyKey(g.code + "-" + g.word()) }

func (g lifetime) offices() []extract.AgencyKey {
	return []extract.AgencyKey{extract.AgencyKey(g.code + "-" + g.word() + "办公室"), extract.AgencyKey(g.code + "-" + g.word() + "办公厅")}
}

// expectation is what is owed by the government of a division, whose portal may be nil.
func (g lifetime) expectation(p *Portal) Expectation {
	e := Expectation{Agency: g.key(), Or: g.offices(), Name: g.name + g.word(), Division: g.code, Level: g.level, Portal: p}
	if p != nil && !strings.HasSuffix(p.Agency, "办公室") && !strings.HasSuffix(p.Agency, "办公厅") {
		e.Name = p.Agency
	}
	return e
}

// exempt says why a division owes no report for a year; "" when it owes one.
func (g lifetime) exempt(year int) string {
	switch {
	case year < g.first:
		return fmt.Sprintf("%s is not in the lists of divisions before %d", g.name, g.first)
	case year > g.last:
		return fmt.Sprintf("%s is not in the lists of divisions after %d", g.name, g.last)
	}
	return ""
}

// lifetimes returns the divisions that have governments, those of today and those that were merged into others. Under
// whatever names and codes a division was known before, it is one.
func lifetimes() []lifetime {
	const always, ever = 0, 1 << 20
	at := make(map[string]int)
	var all []lifetime
	for _, d := range division.All() {
		code := cmp.Or(division.Current(d.Code), d.Code)
		if strings.HasSuffix(d.Level, "-zone") || notOwing[code] || !slices.Contains(Levels, d.Level) {
			continue
		}
		first, last := always, ever
		if d.Since != 0 {
			first = d.Since / 100
		}
		if d.Until != 0 && division.Former(code) {
			if last = d.Until / 100; d.Until%100 < 12 {
				last-- // who does not see the end of a year does not report on it
			}
		}
		i, known := at[code]
		if !known {
			at[code] = len(all)
			all = append(all, lifetime{code, d.Name, d.Level, first, last})
			continue
		}
		g := &all[i]
		g.first, g.last = min(g.first, first), max(g.last, last)
		if d.Until == 0 {
			g.name, g.level = d.Name, d.Level
		}
	}
	return all
}
