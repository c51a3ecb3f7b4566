package division

import (
	"regexp"
	"strings"
)

// genericShape is a name that says of its place only of which kind it is: 区统计局, 我县人民政府, 自治州教育局.
var genericShape = regexp.MustCompile(`^(?:本|我)?(?:自治)?([省市区县州旗盟])(\p{Han}{2}.*)$`)

// ownWord begins names whose first character belongs to the word that follows: 市场监督管理局, 市政园林局, 区划办公室.
var ownWord = regexp.MustCompile(`^(?:[省市区县州旗盟][级直属]|市场|市容|市域|市区(?:$|[^划域块])|市[东南西北中](?:区|部|片)|市政(?:$|[^府务协法研策])|` +
	`市民(?:中心|服务|热线|卡|之家|广场|公园|文化)|区[划域块间]|县域|县街|旗下)`)

// shortTownship is one whose own name has one character behind what may be the word for a kind of place: 市桥街道, 州城镇
// and 县底镇 are whole names.
var shortTownship = regexp.MustCompile(`^.(?:镇|乡|街道|街)(?:人民政府|政府|办事处|办|$)`)

// Generic splits such a name into the word for the kind of its place and the rest.
func Generic(name string) (kind, rest string, ok bool) {
	m := genericShape.FindStringSubmatch(name)
	if m == nil || ownWord.MatchString(m[1]+m[2]) || shortTownship.MatchString(m[2]) {
		return "", "", false
	}
	return m[1], m[2], true
}

// placeOf returns the name of the nearest division that a word for a kind of place means on a portal of code: code's own, or
// one above it. "" when there is none, or when it may also be what code itself was once: 市 of a district that was a city.
func (g *gazetteer) placeOf(kind, code string) string {
	province, prefecture, _ := Path(code)
	own, above := Name(code), ""
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

// Complete puts the place of a division before a name that says only of which kind it is; whole is false when it says
// that, and no place is of that kind. A name that begins with a place, or with none, stays as it is. home is the place
// whose government has the portal, as it calls itself; "" when that is not known.
func Complete(name, code, home string) (full string, whole bool) {
	g := divisions()
	if at, _ := Strip(name, code); at != name || home != "" && strings.HasPrefix(name, home) {
		return name, true
	}
	head := Party(name)
	kind, rest, ok := Generic(name[len(head):])
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
	return head + place + rest, true
}

// Once drops the word for the kind of a place where it stands again behind the place: 宜春市市公安局.
func Once(name, unit string) string {
	kind, rest, ok := Generic(unit)
	if place := strings.TrimSuffix(name, unit); ok && strings.HasSuffix(place, kind) {
		return rest
	}
	return unit
}

// Party returns the words for the party that begin the name of a body of it, or "".
func Party(name string) string { return partyName.FindString(name) }

var partyName = regexp.MustCompile(`^(?:中共|中国共产党)`)

// FullName returns an agency's name with its place before it: that which the name says itself, or else that of the
// division. A name that says only of which kind its place is, and not which, stays as it is.
func FullName(name, division string) string {
	if unit, _ := Strip(name, division); unit != name {
		return strings.TrimSuffix(name, unit) + Once(name, unit)
	}
	if full, whole := Complete(name, division, ""); full != name || !whole {
		return full
	}
	return Name(division) + name
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

// IsZone reports whether a name is that of a zone, which has a committee and no government.
func IsZone(name string) bool { return zone.MatchString(name) }

// Government brings the name of a government, and of its office, to what those of its kind are called today.
func Government(unit, code string) string {
	word := divisions().governs(code)
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
