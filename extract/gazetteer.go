package extract

import (
	"strconv"
	"strings"

	"gongkai/extract/text"
)

// A Division is a line of the gazetteer: a name that a code of GB/T 2260 has or had.
type Division struct {
	Code, Name string
	Level      string // province, prefecture, county; with "-zone" behind it where only statistics know it
	Since      int    // the month, as 201510, in which the name was first listed; 0: before 2008
	Until      int    // the month in which it was last listed; 0: it is of today
}

// Divisions returns the gazetteer in the order of codes: the divisions of today, and former codes and names since
// the end of 2007.
func Divisions() []Division {
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

// CurrentDivision returns the code under which a division is known today: code itself while it is in use; for the
// code of a county that has become a district or a city under another one, that other one; "" for a code that nobody
// knows, and for that of a division that was merged into another, which is not its successor.
func CurrentDivision(code string) string {
	g := divisions()
	if _, ok := g.current[code]; ok {
		return code
	}
	return g.successor(code)
}

// FormerDivision reports whether a code was in use once and is not today.
func FormerDivision(code string) bool {
	g := divisions()
	_, now := g.current[code]
	_, then := g.former[code]
	return then && !now
}

// FindDivision returns the code of the division that an agency's or a site's name begins with, "" when it names none,
// or one of several that bear the name. within, a code, is preferred where it is given: its own names are found first.
func FindDivision(name, within string) string {
	rest, code := divisions().strip(text.Plain(name), within)
	if rest == text.Plain(name) {
		return ""
	}
	return code
}

// Identify returns the agency that a name stands for, as a report of it would be keyed: below the division of the
// portal that it stands on, which may be empty.
func Identify(name, division string) Agency {
	a, _ := identify([]namedBy{{text.Plain(name), "catalogue"}}, nil, Hints{Division: division}, "")
	return a
}
