package coverage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gongkai/extract"
	"gongkai/extract/division"
	"gongkai/seeds"
)

// What cells can be counted by.
const (
	ByProvince = "province"
	ByLevel    = "level"
	ByYear     = "year"
	ByReason   = "reason"
)

// A Count is a number of cells that have something in common.
type Count struct {
	What     string         `json:"what"` // they have in common: a province, a level, a year, a class of reasons
	Expected int            `json:"expected"`
	Held     int            `json:"held"`
	Unread   int            `json:"unread"`  // of those held, without figures
	Share    float64        `json:"share"`   // held of expected
	Reasons  map[string]int `json:"reasons"` // of the gaps, by class
	Years    map[int]Tally  `json:"-"`

	code string // least of the divisions counted
}

// A Tally is how many reports are expected, and how many of the expected ones are held.
type Tally struct{ Expected, Held int }

// Count adds up the cells of a map in which a report is expected by what they have in common; nil when there are none.
// The order is that of the divisions, the levels, the years, or for reasons that of the numbers, greatest first.
func (m *Map) Count(by string) (all []Count) {
	at := map[string]*Count{}
	for _, c := range m.Cells() {
		if c.State == NotExpected {
			continue
		}
		what := inCommon(c, by)
		n := at[what]
		if n == nil {
			n = &Count{What: what, code: c.Division, Reasons: map[string]int{}, Years: map[int]Tally{}}
			at[what] = n
		}
		n.add(c)
	}
	for _, n := range at {
		n.Share = float64(n.Held) / float64(n.Expected)
		all = append(all, *n)
	}
	slices.SortFunc(all, func(a, b Count) int {
		switch by {
		case ByLevel:
			return slices.Index(seeds.Levels, a.What) - slices.Index(seeds.Levels, b.What)
		case ByReason:
			return cmp.Or(b.Expected-a.Expected, cmp.Compare(a.What, b.What))
		case ByProvince:
			return cmp.Compare(a.code, b.code)
		}
		return cmp.Compare(a.What, b.What)
	})
	return all
}

// inCommon is what a cell is counted under.
func inCommon(c Cell, by string) string {
	switch by {
	case ByProvince:
		if c.Division == "000000" || c.Division == "" {
			return "中央"
		}
		province, _, _ := division.Path(c.Division)
		return province
	case ByLevel:
		return c.Level
	case ByYear:
		return fmt.Sprint(c.Year)
	case ByReason:
		if c.State == Held {
			return Held
		}
		return classOf(c.Reason)
	}
	return ""
}

func (n *Count) add(c Cell) {
	y := n.Years[c.Year]
	n.Expected, y.Expected = n.Expected+1, y.Expected+1
	n.code = min(n.code, c.Division)
	switch {
	case c.State != Held:
		n.Reasons[cmp.Or(classOf(c.Reason), "unknown")]++
	case c.Quality == extract.QualityUnread:
		n.Unread++
		fallthrough
	default:
		n.Held, y.Held = n.Held+1, y.Held+1
	}
	n.Years[c.Year] = y
}

// classOf is the class of a reason for a gap.
func classOf(reason string) string {
	class, _, _ := strings.Cut(reason, ":")
	return class
}
