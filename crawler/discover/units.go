package discover

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gongkai/crawler/portal"
	"gongkai/extract/division"
	"gongkai/seeds"
)

var (
	unitName   = regexp.MustCompile(`^\p{Han}{2,22}(?:局|委员会|委|办公室|办|厅|中心|镇|乡|街道|街道办事处|管委会|支队|大队|分局|人民政府)$`)
	noUnit     = regexp.MustCompile(`领导|服务中心$|信箱|办事|新闻|政策|公示|通知|下载|查询|街道网|部门|机构|乡镇街|各|政府办公室文件`)
	township   = regexp.MustCompile(`(?:镇|乡|街道|街道办事处|镇人民政府|乡人民政府)$`)
	anyNumbers = regexp.MustCompile(`[0-9a-fA-F]{16,}|\d+`)
	lastWord   = regexp.MustCompile(`[A-Za-z][\w-]*`)
)

// The bounds of lists of bodies: fewer are no list, more are a catalogue of everything.
const (
	fewestUnits = 5
	mostUnits   = 200
)

// collectUnits keeps the sections that the bodies of a government have on its portal: links in a list, named like bodies, with
// addresses of one shape.
func (s *Search) collectUnits(e portal.Exploration, page *url.URL) {
	shapes := map[string][]portal.Row{}
	for _, l := range e.Links {
		name := unitOf(l)
		u, err := url.Parse(l.URL)
		if err != nil || !unitName.MatchString(name) || noUnit.MatchString(name) || !onSite(l.URL, s.home) || utf8.RuneCountInString(name) > 24 {
			continue
		}
		if strings.Trim(u.Path, "/") == "" && strings.EqualFold(u.Host, s.home.Host) {
			continue
		}
		shapes[shape(u)] = append(shapes[shape(u)], l)
	}
	for _, list := range shapes {
		if len(list) < fewestUnits {
			continue
		}
		for _, l := range list {
			s.addUnit(l)
		}
	}
}

// shape is what the addresses of sections of several bodies have in common.
func shape(u *url.URL) string {
	if strings.Trim(u.Path, "/") == "" {
		return "host"
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i := range parts {
		parts[i] = anyNumbers.ReplaceAllString(parts[i], "#")
	}
	if len(parts) > 1 {
		parts[len(parts)-1] = strings.Trim(lastWord.ReplaceAllString(parts[len(parts)-1], "w"), "_-")
		if strings.Contains(parts[len(parts)-1], "w.w") { // index.html: the folder is the body's
			parts[len(parts)-2] = "w"
		}
	} else {
		parts[0] = "w"
	}
	return strings.Join(parts, "/")
}

// unitOf is the name of a body in that of a link: 江口镇 for 江口镇政府信息公开.
func unitOf(l portal.Row) string {
	return ofItsDisclosure.ReplaceAllString(strings.TrimSpace(l.Name()), "")
}

var ofItsDisclosure = regexp.MustCompile(`(?:政府)?(?:信息|政务)公开(?:目录|专栏|平台|年报|年度报告)?$`)

// addUnit enters a body: with its listing where the site's software has one by rule, else with its section to look from.
func (s *Search) addUnit(l portal.Row) {
	if len(s.units) >= mostUnits {
		return
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		return
	}
	name := unitOf(l)
	key := pageKey(l.URL)
	if _, known := s.units[key]; known {
		return
	}
	code := cmp.Or(s.portal.Division, s.Site.Division)
	level := cmp.Or(s.portal.Level, division.Level(code), "county")
	p := seeds.Portal{Agency: division.FullName(name, s.Site.Division), Division: code, Level: level, Home: l.URL, Start: []string{l.URL},
		Family: s.portal.Family, Confidence: seeds.HomeOnly, Evidence: "In a list of bodies on " + s.home.String()}
	if township.MatchString(name) {
		p.Level = "township"
	}
	if address, rule := byRule(u); address != "" {
		p.Start, p.Confidence = []string{address}, seeds.Derived
		p.Evidence += "; " + rule
	}
	p.Evidence += "."
	s.units[key] = p
}

// Units returns the bodies that were seen to have a section on the portal, by name. They are seldom all that there are.
func (s *Search) Units() []seeds.Portal {
	var all []seeds.Portal
	for _, p := range s.units {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b seeds.Portal) int {
		if a.Agency != b.Agency {
			return strings.Compare(a.Agency, b.Agency)
		}
		return strings.Compare(a.Start[0], b.Start[0])
	})
	return all
}
