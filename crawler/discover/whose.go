package discover

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"gongkai/crawler/portal"
	"gongkai/extract"
	"gongkai/extract/division"
	"gongkai/seeds"
)

// bodiesListed says whose reports a page lists: how many of the portal's own body, how many that name nobody, and of which
// other bodies of its place.
type bodiesListed struct {
	ours, unnamed int
	others        map[string]int
}

func (s *Search) bodiesOf(rows []portal.Row) bodiesListed {
	b := bodiesListed{others: map[string]int{}}
	for _, r := range rows {
		switch claim := claimOf(r.Name()); {
		case claim.Agency == "":
			b.unnamed++
		case s.ours(claim.Agency):
			b.ours++
		default:
			b.others[claim.Agency]++
		}
	}
	return b
}

// ourPlace begins names that say whose something is only to who knows where they stand: 我县, 本区, 全市, and is no name of a
// place, as 全州县 is.
var ourPlace = regexp.MustCompile(`^(?:我|本|全)(?:省|自治区|市|县|区|州|旗|盟|镇|乡|街道)`)

// claimOf is what a title says, without what names no place.
func claimOf(title string) extract.TitleClaim {
	claim, _ := extract.ReportTitle(title)
	if !strings.HasPrefix(claim.Agency, "全州县") {
		claim.Agency = ourPlace.ReplaceAllString(claim.Agency, "")
	}
	return claim
}

// governing is what is left of the name of a government, or of who reports in its place, without that of its division.
var governing = regexp.MustCompile(`(?:^|[^乡镇])(?:人民政府|行政公署)(?:办公[室厅].*)?$|政务公开|信息公开`)

// ours reports whether a name is that of the body whose portal this is. That of a portal of which nobody has said whose
// it is may be any government's of its place.
func (s *Search) ours(name string) bool {
	code := s.portal.Division
	if code == "" && s.portal.Level != "central" {
		code = s.Site.Division
	}
	_, unit, _ := strings.Cut(string(extract.Identify(name, code).Key), "-")
	here := s.isHere(division.Find(name, code), code)
	if !s.unit && !s.zone && here && governing.MatchString(unit) {
		return true
	}
	name, own := plain(name), plain(cmp.Or(s.portal.Agency, siteTail.ReplaceAllString(s.Site.Name, "")))
	if own == "" || name == own {
		return own != ""
	}
	return here && (sameBureau(name, own) || !s.unit && partOf(unit, own))
}

// isHere reports whether what lies in a division, "" for an unknown one, may be of the portal's.
func (s *Search) isHere(at, division string) bool {
	return at == "" || at == division || division == "" || s.portal.Division == "" && s.isPlace(at)
}

// sameBureau reports whether two names end in the same bureau: one may say more of where that is.
func sameBureau(name, own string) bool {
	a, b := bureau.FindString(name), bureau.FindString(own)
	return utf8.RuneCountInString(a) >= 3 && utf8.RuneCountInString(b) >= 3 && (strings.HasSuffix(a, b) || strings.HasSuffix(b, a))
}

// partOf reports whether a body's name, without that of its division and the words that all have, is part of another:
// 平昌经济开发区 of 四川平昌经济开发区管理委员会.
func partOf(unit, own string) bool {
	short := generic.ReplaceAllString(plain(unit), "")
	return utf8.RuneCountInString(short) >= 3 && strings.Contains(own, short)
}

var (
	generic = regexp.MustCompile(`(?:人民政府|政府|管理委员会|管委会|办公室|办公厅)+$`)
	bureau  = regexp.MustCompile(`[^省市县区州旗镇乡]{2,}(?:局|委员会|委|中心|厅|部|街道|街道办事处|人民政府)$`)
)

// aUnit reports whether a portal is that of a body below a government, or beside it.
func aUnit(p seeds.Portal) bool {
	if p.Agency == "" || p.Level == "central" || generic.MatchString(p.Agency) || zoneName.MatchString(p.Agency) {
		return false
	}
	_, unit, _ := strings.Cut(string(extract.Identify(p.Agency, p.Division).Key), "-")
	return !governing.MatchString(unit)
}

// bureauSite is what the site of a body below a government calls itself, without siteTail.
var (
	bureauSite = regexp.MustCompile(`^(?:欢迎\p{Han}{2,3})?\p{Han}{2,20}(?:局|委员会|委|厅)$`)
	siteTail   = regexp.MustCompile(`(?:政府信息公开.*|信息公开.*|政务公开.*|官方|门户|政务|网站|官网|网|首页|[-_|—\s].*)+$`)
	// zoneName is that of a zone: it has a government's tasks, and is none. What the government of its place lists is not its own.
	zoneName = regexp.MustCompile(`(?:管理委员会|管委会|开发区|示范区|高新区|园区|保税区|合作区|试验区|度假区|风景区)$`)
)

// within reports whether a page lies on the portal: on its hosts, and of a portal that is a section of a site in that
// section.
func (s *Search) within(page *url.URL) bool {
	if len(s.sections) == 0 {
		return onSite(page.String(), s.home)
	}
	for _, section := range s.sections {
		if strings.EqualFold(section.Host, page.Host) && strings.HasPrefix(page.Path+"/", section.Path) {
			return true
		}
	}
	return false
}

// sectionsOf returns the folders in which a portal lies that does not have a host to itself; none for one that has.
func sectionsOf(p seeds.Portal, unit bool) (all []*url.URL) {
	addresses := p.Start
	if p.Given != nil {
		addresses = p.Given
	}
	if p.Home != "" || !unit {
		addresses = []string{p.HomePage()}
	}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil {
			continue
		}
		for _, folder := range Folders(u) {
			if folder == "/" {
				return nil
			}
			all = append(all, &url.URL{Host: u.Host, Path: folder})
		}
	}
	return all
}

// Folders returns the folders of a site that belong to the body that a page of it is of: that which the page lies in; of
// Lonsun's software, which numbers bodies, those of the number. A path lies in a folder that it begins with, when a
// slash is put behind it.
func Folders(page *url.URL) []string {
	if m := lonsunOrgan.FindStringSubmatch(page.Path); m != nil {
		return []string{"/public/column/" + m[1] + "/", "/public/" + m[1] + "/"}
	}
	if i := strings.LastIndex(page.Path, "/"); i >= 0 {
		return []string{page.Path[:i+1]}
	}
	return []string{"/"}
}

var lonsunOrgan = regexp.MustCompile(`^/public/(?:column/)?(\d+)`)
