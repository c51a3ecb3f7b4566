package extract

import (
	_ "embed"
	"strings"
	"sync"
)

// divisionData lists the divisions of GB/T 2260 down to counties as of June 2023, and the names that codes had since
// December 2007 ("until" says when a name was last listed, as yyyymm). Levels ending in -zone are zones that only
// statistics know.
//
//go:embed data/divisions.csv
var divisionData string

type division struct {
	code, name, level string
	former            bool // a name that the code no longer has, or a code that is no longer used
}

type gazetteer struct {
	current map[string]division   // by code
	byPlace map[string][]division // every name, of today and of former years, by the first two digits of the code
}

var divisions = sync.OnceValue(func() *gazetteer {
	g := &gazetteer{current: map[string]division{}, byPlace: map[string][]division{}}
	for l := range strings.Lines(divisionData) {
		f := strings.Split(strings.TrimSpace(l), ",")
		if len(f) != 4 || f[0] == "code" {
			continue
		}
		d := division{f[0], f[1], strings.TrimSuffix(f[2], "-zone"), f[3] != ""}
		if !d.former {
			g.current[d.code] = d
		}
		g.byPlace[d.code[:2]] = append(g.byPlace[d.code[:2]], d)
	}
	return g
})

// DivisionPath returns the names of the province, prefecture and county that a code of GB/T 2260 stands for; empty
// where the code is of a higher level, unknown, or has no prefecture (counties directly below a province).
func DivisionPath(code string) (province, prefecture, county string) {
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

// DivisionLevel returns province, prefecture or county; "central" for the code 000000; "" for an unknown code.
func DivisionLevel(code string) string {
	if code == "000000" {
		return "central"
	}
	return divisions().current[code].level
}

// strip removes from the front of an agency's name the names of the divisions above and at code, in order:
// "四川省遂宁市安居区人民政府" is "人民政府" of 510904. When the name goes on with a division below code, that is the
// agency's division: below 360500, "分宜县人民政府" is of 360521. Former names count as well, also those of another
// code: 密云县 (110228) is what 密云区 (110118) was until 2015.
func (g *gazetteer) strip(name, code string) (unit, own string) {
	own = code
	for {
		d, ok := g.prefix(name, own)
		if !ok {
			return name, own
		}
		name = name[len(d.name):]
		if strings.HasPrefix(d.code, stem(own)) && g.current[d.code].code != "" {
			own = d.code
		}
	}
}

// prefix finds the longest division name that name begins with, among those above, at and below code.
func (g *gazetteer) prefix(name, code string) (best division, ok bool) {
	if len(code) != 6 {
		return division{}, false
	}
	for _, d := range g.byPlace[code[:2]] {
		if !strings.HasPrefix(name, d.name) || len(d.name) <= len(best.name) {
			continue
		}
		above := strings.HasPrefix(code, stem(d.code))
		below := strings.HasPrefix(d.code, stem(code))
		was := d.former && placeName(d.name) == placeName(g.current[code].name)
		if above || below || was {
			best, ok = d, true
		}
	}
	return best, ok
}

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
