package extract

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// generic is a name that says of its place only of which kind it is: 区统计局, 我县人民政府, 自治州教育局.
var generic = regexp.MustCompile(`^(?:本|我)?(?:自治)?([省市区县州旗盟])(\p{Han}{2}.*)$`)

// ownWord begins names whose first character belongs to the word that follows: 市场监督管理局, 市政园林局, 区划办公室.
var ownWord = regexp.MustCompile(`^(?:[省市区县州旗盟][级直属]|市场|市容|市域|市区(?:$|[^划域块])|市[东南西北中](?:区|部|片)|市政(?:$|[^府务协法研策])|` +
	`市民(?:中心|服务|热线|卡|之家|广场|公园|文化)|区[划域块间]|县域|县街|旗下)`)

// shortTownship is one whose own name has one character behind what may be the word for a kind of place: 市桥街道, 州城镇
// and 县底镇 are whole names.
var shortTownship = regexp.MustCompile(`^.(?:镇|乡|街道|街)(?:人民政府|政府|办事处|办|$)`)

// genericName splits such a name into the word for the kind of its place and the rest.
func genericName(name string) (kind, rest string, ok bool) {
	m := generic.FindStringSubmatch(name)
	if m == nil || ownWord.MatchString(m[1]+m[2]) || shortTownship.MatchString(m[2]) {
		return "", "", false
	}
	return m[1], m[2], true
}

// placeOf returns the name of the nearest division that a word for a kind of place means on a portal of code: code's own, or
// one above it. "" when there is none, or when it may also be what code itself was once: 市 of a district that was a city.
func (g *gazetteer) placeOf(kind, code string) string {
	province, prefecture, county := DivisionPath(code)
	own, above := lastOf(province, prefecture, county), ""
	if own == "" || strings.HasSuffix(own, kind) {
		return own
	}
	for _, name := range [...]string{prefecture, province} {
		if above == "" && strings.HasSuffix(name, kind) {
			above = name
		}
	}
	for _, f := range g.former {
		if strings.HasSuffix(f.name, kind) && (f.code == code || g.successor(f.code) == code) {
			if above != "" {
				return ""
			}
			return own
		}
	}
	return above
}

// complete puts the place of a division before a name that says only of which kind it is; whole is false when it says
// that, and no place is of that kind. A name that begins with a place, or with none, stays as it is. home is the place
// whose government has the portal, as it calls itself; "" when that is not known.
func (g *gazetteer) complete(name, code, home string) (full string, whole bool) {
	if at, _ := g.strip(name, code); at != name || home != "" && strings.HasPrefix(name, home) {
		return name, true
	}
	party := partyName.FindString(name)
	kind, rest, ok := genericName(name[len(party):])
	if !ok {
		return name, true
	}
	place := home
	if place == "" || !strings.HasSuffix(place, kind) {
		place = g.placeOf(kind, code)
	}
	if place == "" {
		return name, false
	}
	return party + place + rest, true
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

// once drops the word for the kind of a place where it stands again behind the place: 宜春市市公安局.
func once(name, unit string) string {
	kind, rest, ok := genericName(unit)
	if place := strings.TrimSuffix(name, unit); ok && strings.HasSuffix(place, kind) {
		return rest
	}
	return unit
}

var partyName = regexp.MustCompile(`^(?:中共|中国共产党)`)

// FullName returns an agency's name with its place before it: that which the name says itself, or else that of the
// division. A name that says only of which kind its place is, and not which, stays as it is.
func FullName(name, division string) string {
	g := divisions()
	if unit, _ := g.strip(name, division); unit != name {
		return strings.TrimSuffix(name, unit) + once(name, unit)
	}
	if full, whole := g.complete(name, division, ""); full != name || !whole {
		return full
	}
	province, prefecture, county := DivisionPath(division)
	return lastOf(province, prefecture, county) + name
}

// governs is what the government of a division is called: that of a league or of an area is an office of the province's, a
// zone has a committee.
func (g *gazetteer) governs(code string) string {
	switch name := g.current[code].name; {
	case strings.HasSuffix(name, "地区"), strings.HasSuffix(name, "盟"):
		return "行政公署"
	case zone.MatchString(name):
		return "管理委员会"
	}
	return "人民政府"
}

var zone = regexp.MustCompile(`(?:开发区|高新区|示范区|保税区|度假区|园区|合作区|试验区|风景区|产业园|管理区|实验区)$`)

// government brings the name of a government, and of its office, to what those of its kind are called today.
func (g *gazetteer) government(unit, code string) string {
	word := g.governs(code)
	if unit == "" {
		return word
	}
	for _, of := range [...]string{"人民政府", "行政公署", "行署"} {
		if office, ok := strings.CutPrefix(unit, of); ok && (office == "" || strings.HasPrefix(office, "办公")) && word != "管理委员会" {
			return word + office
		}
	}
	return unit
}

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
	case zone.MatchString(unit) && zoneProse.MatchString(prose):
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
