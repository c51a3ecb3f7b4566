package seeds

import (
	"fmt"
	"slices"
	"strings"

	"gongkai/extract/division"
)

// A Filter chooses portals. Of each list any may match; an empty one matches all.
type Filter struct {
	Divisions   []string // a division and all below it: 330000 is the whole province; 000000 the central bodies
	Levels      []string
	Families    []string
	Confidences []string
}

// Check says which word of a filter nothing can match, whatever the catalogue.
func (f Filter) Check() error {
	for _, d := range f.Divisions {
		if d != "000000" && division.Level(d) == "" {
			return fmt.Errorf("division %q is not in GB/T 2260", d)
		}
	}
	for _, l := range f.Levels {
		if !slices.Contains(Levels, l) {
			return fmt.Errorf("level %q is none of %s", l, strings.Join(Levels, ", "))
		}
	}
	for _, c := range f.Confidences {
		if !slices.Contains(Confidences, c) {
			return fmt.Errorf("confidence %q is none of %s", c, strings.Join(Confidences, ", "))
		}
	}
	return nil
}

// Match reports whether f chooses p.
func (f Filter) Match(p Portal) bool {
	in := func(list []string, word string) bool { return len(list) == 0 || slices.Contains(list, word) }
	return in(f.Levels, p.Level) && in(f.Families, p.Family) && in(f.Confidences, p.Confidence) &&
		(len(f.Divisions) == 0 || slices.ContainsFunc(f.Divisions, func(d string) bool { return below(p, d) }))
}

// below reports whether a portal is of a division or of one below it.
func below(p Portal, division string) bool {
	if division == "000000" {
		return p.Level == "central"
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(division, "00"), "00")
	return p.Division != "" && strings.HasPrefix(p.Division, stem)
}

// Choose returns the portals that f chooses, in their order.
func (f Filter) Choose(portals []Portal) []Portal {
	chosen := make([]Portal, 0, 16) // never nil: programs read it
	for _, p := range portals {
		if f.Match(p) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}
