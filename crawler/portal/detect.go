package portal

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Family is what software a page seems to come from.
type Family struct {
	Name     string   // "generic" when no family is clear
	Points   int      // of the signs that were seen
	Evidence []string // the signs
	Second   string   // the next best, "" when there is none
	Lead     int      // points before it
}

// A family is believed from these points, with this lead.
const (
	enoughPoints = 4
	enoughLead   = 2
)

// detect tells the family of a page. It is asked for each page: one host often has pages of two.
func detect(text string, page *url.URL) Family {
	points := make(map[string]int)
	evidence := make(map[string][]string)
	address := "//" + strings.ToLower(page.Host) + page.RequestURI()
	for _, s := range signs {
		seen := ""
		switch {
		case s.at != nil:
			seen = s.at.FindString(address)
		case !strings.Contains(text, s.has):
		case s.like != nil:
			seen = s.like.FindString(text)
		default:
			seen = s.has
		}
		if seen != "" {
			points[s.family] += s.points
			evidence[s.family] = append(evidence[s.family], strconv.Itoa(s.points)+" "+seen)
		}
	}
	names := make([]string, 0, len(points))
	for name := range points {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if points[a] != points[b] {
			return points[b] - points[a]
		}
		return strings.Compare(a, b)
	})
	if len(names) == 0 {
		return Family{Name: "generic"}
	}
	f := Family{Name: names[0], Points: points[names[0]], Evidence: evidence[names[0]], Lead: points[names[0]]}
	if len(names) > 1 {
		f.Second = names[1]
		f.Lead -= points[names[1]]
	}
	if f.Points < enoughPoints || f.Lead < enoughLead {
		f.Name = "generic"
	}
	return f
}
