package extract

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"gongkai/extract/division"
	"gongkai/extract/form"
	"gongkai/extract/text"
)

// Hints are what the catalogue and the listing know about a page before it is read. All may be empty.
type Hints struct {
	Agency    string // whose reports the portal publishes when a page does not say
	Division  string // the portal's division code
	LinkTitle string // the text of the link that led to the page
	LinkDate  string // the date beside that link, as printed

	Seen time.Time // when the page was fetched
}

// identify says whose report a page is. The name is the first that is one, in the order in which they come: that of the
// page's title, then what else the page says, the portal last. The division is the one the name begins with, else the
// portal's, else that of the site's identification code or of the index number. What contradicts is a problem. The
// page's text tells what a short name is short for.
func identify(names []namedBy, fields []Field, h Hints, prose string) (Agency, []form.Problem) {
	a, problems := divisionOf(fields, h)
	doubt := func(kind, where, format string, args ...any) {
		problems = append(problems, form.Problem{Kind: kind, Where: where, Detail: fmt.Sprintf(format, args...)})
	}
	by := a.called(names)
	if a.Name == "" {
		doubt("agency", "", "nothing on the page or of its portal names the agency")
		return a, problems
	}
	if by == "portal" {
		doubt("agency", "", "the page does not name its agency; %s is whose portal it stands on", a.Name)
	}
	if oddName.MatchString(a.Name) {
		doubt("agency", "", "%q is hardly the name of an agency", a.Name)
	}
	for _, n := range names {
		if other := cleanName(n.name); n.by == "publisher" && contradicts(other, a.Name) {
			doubt("agency", "publisher", "%s names %s, %s names %s", by, a.Name, n.by, other)
		}
	}
	home := placeOfGovernment(strings.TrimSuffix(strings.TrimSuffix(h.Agency, "办公室"), "办公厅"))
	full, whole := division.Complete(a.Name, a.Division, home)
	if !whole && a.Division != "" {
		doubt("agency", "place", "%s does not say of which place it is; it stands on a portal of %s", a.Name, a.Division)
	}
	a.Name = full
	if own := a.settle(prose, home); own != a.Division {
		a.Evidence = append(a.Evidence, "name is of "+own)
		if a.Division != "" && !division.Within(own, a.Division) {
			doubt("division", "", "%s is of %s, the portal of %s", a.Name, own, a.Division)
		}
		a.Division = own
	}
	if a.Division == "" {
		doubt("division", "", "neither the portal nor the page tells of which division %s is", a.Name)
	}
	return a, problems
}

// Identify returns the agency that a name stands for, as a report of it would be keyed: below the division of the
// portal that it stands on, which may be empty.
func Identify(name, division string) Agency {
	a, _ := identify([]namedBy{{text.Plain(name), "catalogue"}}, nil, Hints{Division: division}, "")
	return a
}

// called takes the first name that is one, and returns what it is from. A name that says only of which kind its place
// is takes that from a longer one: 区统计局 is 榆阳区统计局 where the metadata say so.
func (a *Agency) called(names []namedBy) (by string) {
	for _, n := range names {
		name := cleanName(n.name)
		switch {
		case name == "":
		case a.Name == "":
			a.Name, by = name, n.by
			a.Evidence = append(a.Evidence, n.by+": "+n.name)
		default:
			if _, _, ok := division.Generic(a.Name); ok && len(name) > len(a.Name) && strings.HasSuffix(name, a.Name) {
				a.Name = name
				a.Evidence = append(a.Evidence, "in full, "+n.by+": "+n.name)
			}
		}
	}
	return by
}

// settle brings a name to its full form, derives key and level, and returns the division that the name is of. home is the
// place whose government has the portal: the gazetteer does not know those that are new.
func (a *Agency) settle(prose, home string) (code string) {
	unit, code := division.Strip(a.Name[len(division.Party(a.Name)):], a.Division)
	if rest, ok := strings.CutPrefix(unit, home); ok && home != "" {
		unit, code = rest, a.Division
	}
	place := strings.TrimSuffix(a.Name, unit)
	if rest := division.Once(a.Name, unit); rest != unit {
		unit = rest
		a.Name = place + rest
	}
	if unit = ownPlace.ReplaceAllString(unit, "$1"); place == "" && unit != a.Name {
		// "县政府办公室", and nothing near is or was a county: the page means the division it stands on
		place = division.Name(code)
	}
	if full := division.Government(fullName(unit, prose), code); full != unit {
		a.Name = place + full
		unit = full
	}
	if now, ok := renamed(code, unit); ok {
		a.Evidence = append(a.Evidence, "key: "+unit+" is now "+now)
		unit = now
	}
	a.Key = AgencyKey(code + "-" + unit)
	a.Level = levelOf(code, unit)
	return code
}

var (
	documentNumber = regexp.MustCompile(`\p{Han}{0,8}[〔\[(]\d{0,4}[〕\])]\d*号`)
	leadingBracket = regexp.MustCompile(`^(?:【[^】]*】|\[[^\]]*\])+`)
	pronoun        = regexp.MustCompile(`^(?:全|本|我|各)?[省市区县州旗镇乡局委办]?(?:本级|机关|局|委|办|单位|部门)?$`)
	oddName        = regexp.MustCompile(`[0-9〔〕【】\[\]、,，。;；]|贰|^[^(]*\)|\([^)]*$`)
)

// cleanName strips from a name what no reader sees, and what is not the agency; a pronoun (本局, 全区) names nobody.
func cleanName(name string) string {
	name = documentNumber.ReplaceAllString(leadingBracket.ReplaceAllString(strings.TrimSpace(text.Visible(name)), ""), "")
	if pronoun.MatchString(name) {
		return ""
	}
	return name
}

// contradicts reports whether two names are certainly of two agencies: both end as bureaus do, and in different ones.
func contradicts(a, b string) bool {
	if a == "" || b == "" || strings.Contains(a, b) || strings.Contains(b, a) {
		return false
	}
	bureau := func(s string) string {
		if i := strings.LastIndexAny(s, "省市区县州旗"); i >= 0 {
			_, size := utf8.DecodeRuneInString(s[i:])
			s = s[i+size:]
		}
		return s
	}
	x, y := bureau(a), bureau(b)
	return strings.HasSuffix(x, "局") && strings.HasSuffix(y, "局") && x != y
}

// divisionOf tells the division from what the portal, the site's code and the index number say, before the name is
// looked at.
func divisionOf(fields []Field, h Hints) (a Agency, problems []form.Problem) {
	a.Division = h.Division
	if h.Division != "" {
		a.Evidence = append(a.Evidence, "division of the portal: "+h.Division)
	}
	for _, f := range fields {
		code, by := "", ""
		switch f.Name {
		case "site_id":
			code, by = leadingDivision(f.Value), "site id: "+f.Value
			if strings.HasPrefix(f.Value, "bm") { // a ministry's
				code = "000000"
			}
		case "index_no":
			code, by = leadingDivision(f.Value), "index number: "+f.Value
		}
		switch {
		case code == "":
		case a.Division == "":
			a.Division = code
			a.Evidence = append(a.Evidence, by)
		case !division.Within(code, a.Division) && !division.Within(a.Division, code):
			problems = append(problems, form.Problem{Kind: "division", Where: f.Name, Detail: by + " is not of " + a.Division})
		default:
			a.Evidence = append(a.Evidence, by)
		}
	}
	return a, problems
}

// unitData lists units that changed their name and nothing else that would end a series; where a division is given,
// only there. Mergers and splits are not renames.
//
//go:embed units.csv
var unitData string

// renames maps a former name of a unit to the current one, "" or a division code before it.
var renames = sync.OnceValue(func() map[[2]string]string {
	m := map[[2]string]string{}
	for l := range strings.Lines(unitData) {
		if f := strings.Split(strings.TrimSpace(l), ","); len(f) == 4 && f[0] != "division" {
			m[[2]string{f[0], f[1]}] = f[2]
		}
	}
	return m
})

func renamed(division, unit string) (now string, ok bool) {
	if now, ok = renames()[[2]string{division, unit}]; ok {
		return now, true
	}
	now, ok = renames()[[2]string{"", unit}]
	return now, ok
}

// placeOfGovernment returns the name of the place of a government, as the government has it; "" for another body.
func placeOfGovernment(agency string) string {
	for _, word := range [...]string{"人民政府", "行政公署"} {
		if place, ok := strings.CutSuffix(agency, word); ok {
			return place
		}
	}
	return ""
}

// namedBy is a name an agency may have, and where it stands.
type namedBy struct{ name, by string }

// ownPlace strips the word for a kind of place before a government where nothing tells which place that is.
var ownPlace = regexp.MustCompile(`^(?:本|我)?[省市区县州旗盟](人民政府|政府|府办|委办)`)

// fullName brings the short names of bodies to their full form where they, or the text of the page, leave no doubt: 云岭乡 is
// short for its government, 丙里街 for the office of a street where the page speaks of one.
func fullName(unit, prose string) string {
	if full := fullUnit(unit); full != unit {
		return full
	}
	stem, street := cutSuffixes(unit, "街道办", "街办事处", "街办", "街", "办事处")
	switch {
	case street == "街道办", street == "街办事处", street == "街办":
		return stem + "街道办事处"
	case street == "街" && (streetProse.MatchString(prose) || strings.Contains(prose, stem+"街道")),
		street == "办事处" && stem != "" && !strings.HasSuffix(stem, "街道") && strings.Contains(prose, stem+"街道"):
		return stem + "街道办事处"
	case division.IsZone(unit) && zoneProse.MatchString(prose):
		return unit + "管理委员会"
	}
	return unit
}

var (
	streetProse = regexp.MustCompile(`[全我本]街|街道(?:办事处|党工委|办)`)
	zoneProse   = regexp.MustCompile(`管委会|管理委员会`)
)

// cutSuffixes cuts the first of some endings that a name has, if a name of no more than eight characters is left.
func cutSuffixes(name string, endings ...string) (stem, ending string) {
	for _, e := range endings {
		if stem, ok := strings.CutSuffix(name, e); ok && stem != "" && utf8.RuneCountInString(stem) <= 8 {
			return stem, e
		}
	}
	return name, ""
}

// fullUnit brings the short names of a government and its office to their full form, so that a key does not
// depend on how a page abbreviates.
func fullUnit(unit string) string {
	switch unit {
	case "政府":
		return "人民政府"
	case "政府办公室", "政府办", "府办", "人民政府办", "府办公室":
		return "人民政府办公室"
	case "政府办公厅", "人民政府办公厅":
		return "人民政府办公厅"
	}
	unit = strings.Replace(unit, "管委会", "管理委员会", 1)
	switch {
	case townshipName.MatchString(unit):
		return unit + "人民政府"
	case townshipGovernment.MatchString(unit):
		return strings.TrimSuffix(unit, "政府") + "人民政府"
	case streetName.MatchString(unit):
		return unit + "办事处"
	case streetOffice.MatchString(unit):
		return unit + "事处"
	}
	if strings.HasPrefix(unit, "政府办") { // 政府采购中心 is no part of the government's name
		return "人民" + unit
	}
	return unit
}

var (
	townshipName       = regexp.MustCompile(`^\p{Han}{1,8}[乡镇]$`)
	townshipGovernment = regexp.MustCompile(`^\p{Han}{1,8}[乡镇]政府$`)
	streetOffice       = regexp.MustCompile(`^\p{Han}{1,8}街道办$`)
	streetName         = regexp.MustCompile(`^\p{Han}{1,8}街道$`)
)

var township = regexp.MustCompile(`^.{1,10}(?:镇|乡|街道)(?:人民政府|办事处|$)`)

func levelOf(code, unit string) string {
	if township.MatchString(unit) && division.Level(code) == "county" {
		return "township"
	}
	return division.Level(code)
}

// leadingDivision returns the division code that a site's identification code or an index number begins with, or "".
func leadingDivision(s string) string {
	if len(s) < 6 || !text.AllDigits(s[:6]) || len(s) > 6 && s[6] >= '0' && s[6] <= '9' && len(s) != 10 {
		return "" // a longer number only looks like one: an organisation code
	}
	if code := s[:6]; division.Current(code) == code {
		return code
	}
	return ""
}

// scopeOf tells the government's report on a whole region from a body's report on itself. The government of a
// division reports for all below it; townships and departments report on themselves.
func scopeOf(a Agency) string {
	if strings.HasSuffix(string(a.Key), "-人民政府") || strings.HasSuffix(string(a.Key), "-行政公署") {
		return ScopeAggregate
	}
	return ScopeOwn
}
