// Package division knows the divisions of China: the codes and names of GB/T 2260 since 2007, what places are called besides, and how
// the names of bodies begin with them. It knows nothing of documents, and decides nothing where several places bear a name.
package division

import (
	"cmp"
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"gongkai/extract/text"
)

// divisionData lists the divisions of GB/T 2260 down to counties as of June 2023, and the names that codes had since
// December 2007 ("until" says when a name was last listed, "since" when it first was, as yyyymm; the lists of 2018 to 2023
// lie far apart). Levels ending in -zone are zones that only
// statistics know.
//
//go:embed divisions.csv
var divisionData string

// A Division is a line of the gazetteer: a name that a code of GB/T 2260 has or had.
type Division struct {
	Code, Name string
	Level      string // province, prefecture, county; with "-zone" behind it where only statistics know it
	Since      int    // the month, as 201510, in which the name was first listed; 0: before 2008
	Until      int    // the month in which it was last listed; 0: it is of today
}

// All returns the gazetteer in the order of codes: the divisions of today, and former codes and names since
// the end of 2007.
func All() []Division {
	var all []Division
	for l := range strings.Lines(divisionData) {
		f := strings.Split(strings.TrimSpace(l), ",")
		if len(f) != 5 || f[0] == "code" {
			continue
		}
		d := Division{Code: f[0], Name: f[1], Level: f[2]}
		d.Until, _ = strconv.Atoi(f[3]) // empty: today
		d.Since, _ = strconv.Atoi(f[4]) // empty: always
		all = append(all, d)
	}
	return all
}

// An entry is a name that a division goes by.
type entry struct {
	code, name, level string
	former            bool // a name that the code no longer has, or a code that is no longer used
	short             bool // a name in use that is not the official one; see shortNames
	bare              bool // a short name that is a word besides: see fits
}

type gazetteer struct {
	current map[string]entry    // by code
	former  map[string]entry    // by code that is not used any more
	byPlace map[string][]string // codes of today by the two digits of the province and the name of the place
	byFirst map[rune][]entry    // every name, of today and of former years, official or short, by its first character
}

var divisions = sync.OnceValue(func() *gazetteer {
	g := &gazetteer{current: map[string]entry{}, former: map[string]entry{}, byPlace: map[string][]string{}, byFirst: map[rune][]entry{}}
	customs := customary()
	for l := range strings.Lines(divisionData) {
		f := strings.Split(strings.TrimSpace(l), ",")
		if len(f) != 5 || f[0] == "code" {
			continue
		}
		d := entry{code: f[0], name: f[1], level: strings.TrimSuffix(f[2], "-zone"), former: f[3] != ""}
		if d.former {
			g.former[d.code] = d
		} else {
			g.current[d.code] = d
			place := d.code[:2] + placeName(d.name)
			g.byPlace[place] = append(g.byPlace[place], d.code)
		}
		g.called(d)
		d.short = true
		names, bare := shortNames(d)
		for _, d.name = range append(names, customs[d.code]...) {
			g.called(d)
		}
		if d.name, d.bare = bare, true; bare != "" {
			g.called(d)
		}
	}
	return g
})

// called enters a name that a division goes by.
func (g *gazetteer) called(d entry) {
	first, _ := utf8.DecodeRuneInString(d.name)
	g.byFirst[first] = append(g.byFirst[first], d)
}

// Current returns the code under which a division is known today: code itself while it is in use; for the
// code of a county that has become a district or a city under another one, that other one; "" for a code that nobody
// knows, and for that of a division that was merged into another, which is not its successor.
func Current(code string) string {
	g := divisions()
	if _, ok := g.current[code]; ok {
		return code
	}
	return g.successor(code)
}

// Former reports whether a code was in use once and is not today.
func Former(code string) bool {
	g := divisions()
	_, now := g.current[code]
	_, then := g.former[code]
	return then && !now
}

// Find returns the code of the division that an agency's or a site's name begins with, "" when it names none,
// or one of several that bear the name. within, a code, is preferred where it is given: its own names are found first.
func Find(name, within string) string {
	rest, code := Strip(text.Plain(name), within)
	if rest == text.Plain(name) {
		return ""
	}
	return code
}

// Path returns the names of the province, prefecture and county that a code of GB/T 2260 stands for; empty
// where the code is of a higher level, unknown, or has no prefecture (counties directly below a province).
func Path(code string) (province, prefecture, county string) {
	if len(code) != 6 {
		return "", "", ""
	}
	g := divisions()
	province = g.current[code[:2]+"0000"].name
	if code[2:] != "0000" {
		prefecture = g.current[code[:4]+"00"].name
	}
	if code[4:] != "00" {
		county = g.current[code].name
	}
	return province, prefecture, county
}

// Level returns province, prefecture or county, also for a former code; "central" for the code 000000; "" for an
// unknown one.
func Level(code string) string {
	if code == "000000" {
		return "central"
	}
	g := divisions()
	if d, ok := g.current[code]; ok {
		return d.level
	}
	return g.former[code].level
}

// successor returns the code of today of a division that has got another one: the only one near it that bears the
// name of the same place; "" when there is none, as the division was merged into another.
func (g *gazetteer) successor(code string) string {
	d, then := g.former[code]
	_, now := g.current[code]
	if !then || now {
		return ""
	}
	for _, near := range [...]string{code[:4], code[:2]} {
		found, several := "", false
		for _, c := range g.byPlace[code[:2]+placeName(d.name)] {
			if strings.HasPrefix(c, near) && (c[4:] == "00") == (code[4:] == "00") {
				found, several = c, found != ""
			}
		}
		if found != "" && !several {
			return found
		}
	}
	return ""
}

// Strip removes from the front of an agency's name the names of divisions, from above to below, and returns the rest
// and the last division named: "四川省遂宁市安居区人民政府" is "人民政府" of 510904. A name that names none is of code. The
// division named may be another than code's: below 360500, "分宜县人民政府" is of 360521; a county's portal also carries
// the reports of its prefecture and of its neighbours. Former names count as well, also those of another code: 密云县
// (110228) is what 密云区 (110118) was until 2015.
func Strip(name, code string) (unit, own string) {
	g := divisions()
	own, named := code, false
	for {
		d, ok := g.prefix(name, own, named)
		if !ok {
			return name, own
		}
		name = name[len(d.name):]
		now := g.successor(d.code)
		switch {
		case d.former && placeName(d.name) == placeName(g.current[own].name):
			// what own was called once
		case now != "":
			own = now
		case !named || Within(d.code, own):
			own = d.code
		}
		named = true
	}
}

// prefix finds the longest division name that name begins with: among those above, at and below code; else, unless
// a division has been named already, among its neighbours and then everywhere.
func (g *gazetteer) prefix(name, code string, named bool) (best entry, ok bool) {
	var far []entry
	first, _ := utf8.DecodeRuneInString(name)
	for _, d := range g.byFirst[first] {
		if !strings.HasPrefix(name, d.name) || !g.fits(d, name[len(d.name):], code) {
			continue
		}
		near := len(code) == 6 && d.code[:2] == code[:2] && (Within(code, d.code) && !named ||
			Within(d.code, code) || d.former && placeName(d.name) == placeName(g.current[code].name))
		switch {
		case !near:
			far = append(far, d)
		case len(d.name) > len(best.name), len(d.name) == len(best.name) && best.former && !d.former:
			best, ok = d, true
		}
	}
	if ok || named {
		return best, ok
	}
	return g.elsewhere(far, code)
}

// elsewhere chooses among divisions that have nothing to do with code: the longest name; of several that bear it, the
// one closest to code, if there is one. Names of two characters (城区, 郊区) are words as well, and a short name that is the
// former name of another place is that of neither.
func (g *gazetteer) elsewhere(far []entry, code string) (best entry, ok bool) {
	closeness, several := -1, false
	for _, d := range far {
		if d.former || len(d.name) < len("某某县") && !d.bare || g.calledOnce(far, d) {
			continue
		}
		c := 0
		switch {
		case len(code) == 6 && d.code[:4] == code[:4]:
			c = 2
		case len(code) == 6 && d.code[:2] == code[:2]:
			c = 1
		}
		switch {
		case len(d.name) > len(best.name), len(d.name) == len(best.name) && c > closeness:
			best, closeness, several = d, c, false
		case len(d.name) == len(best.name) && c == closeness:
			several = true
		}
	}
	return best, best.code != "" && !several
}

// calledOnce reports whether the short name of a division is the official one that another place had once.
func (g *gazetteer) calledOnce(far []entry, d entry) bool {
	return d.short && slices.ContainsFunc(far, func(o entry) bool {
		return o.former && !o.short && o.name == d.name && g.successor(o.code) != d.code
	})
}

// Name returns the name of the division of a code; of one that nobody knows, that of the division above it; "" if there is none.
func Name(code string) string {
	province, prefecture, county := Path(code)
	return cmp.Or(county, prefecture, province)
}

// Within reports whether a code is that of a division, or of one below it.
func Within(code, division string) bool { return strings.HasPrefix(code, stem(division)) }

// stem is what the codes of a division and of all below it begin with.
func stem(code string) string { return strings.TrimSuffix(strings.TrimSuffix(code, "00"), "00") }

// placeName is a division's name without the word for its kind, which changes when a county becomes a city.
func placeName(name string) string {
	for _, kind := range [...]string{"自治县", "自治州", "自治旗", "地区", "新区", "市", "县", "区", "旗", "盟"} {
		if rest, ok := strings.CutSuffix(name, kind); ok && len(rest) > len("市") {
			return rest
		}
	}
	return name
}
