package portal

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"gongkai/seeds"
)

// A family is a kind of site software that announces further pages in a script. A new one is a new line below.
type family struct {
	name string
	next func(script string, base *url.URL) []Page
}

var families = []family{
	// createPageHTML(9, 0, "index", "html"): pages, current one from 0. Page k from 0 is index_k.html.
	{"trs", numbered{
		call:    regexp.MustCompile(`createPageHTML\(\s*(?P<total>\d+)\s*,\s*(?P<current>\d+)\s*,` + stemAndExt),
		current: "0",
	}.next},
	// createPageHTML('page_div', 9, 1, 'list', 'shtml', 85): container, pages, current one from 1. Page 2 is
	// list_2.shtml on some sites and list_1.shtml on others.
	{"ucap", numbered{
		call:    regexp.MustCompile(`createPageHTML\(\s*` + quoted + `\s*,\s*(?P<total>\d+)\s*,\s*(?P<current>\d+)\s*,` + stemAndExt),
		current: "1",
		extra:   1,
	}.next},
	{"hanweb-jpage", jpage},
}

const (
	quoted     = `(?:'[^']*'|"[^"]*")`
	stemAndExt = `\s*['"](?P<stem>[\w./-]+)['"]\s*,\s*['"](?P<ext>\w+)['"]`
)

// familiesOf returns the families a page may be of: the one the catalogue names, else all.
func familiesOf(p seeds.Portal) []family {
	for i, f := range families {
		if f.name == p.Family {
			return families[i : i+1]
		}
	}
	return families
}

// numbered is a pager that names its pages stem_1.ext, stem_2.ext and so on, and tells their number in the
// arguments of a call. Only calls with literal arguments match; the function's definition has none.
type numbered struct {
	call    *regexp.Regexp // groups total, current, stem, ext
	current string         // what the call on the first page says
	extra   int            // how many more suffixes there are where numbering may begin later
}

// next proposes every page from the first one; on later pages it has nothing new to say. The announced number is
// an upper bound: servers have been seen to answer 404 for the last pages of many.
func (n numbered) next(script string, base *url.URL) []Page {
	var pages []Page
	for _, m := range n.call.FindAllStringSubmatch(script, -1) {
		arg := func(name string) string { return m[n.call.SubexpIndex(name)] }
		total, err := strconv.Atoi(arg("total"))
		if err != nil || total < 2 || arg("current") != n.current {
			continue
		}
		for k := 1; k < min(total, MaxPages)+n.extra; k++ {
			if u, err := base.Parse(arg("stem") + "_" + strconv.Itoa(k) + "." + arg("ext")); err == nil {
				pages = append(pages, Page{URL: u.String(), Guess: true})
			}
		}
	}
	return pages
}

// jpage reads the pager of Hanweb's listings: the first rows stand in the page as XML, the others come from an
// endpoint in groups of some pages each.
func jpage(script string, base *url.URL) []Page {
	total := number(jpageTotal, script)
	held := strings.Count(script, "<record>")
	if total <= held {
		return nil
	}
	if m := jpageNextGroup.FindStringSubmatch(script); m != nil {
		return jpageGroups(strings.ReplaceAll(m[1], "&amp;", "&"), total, held, base)
	}
	return jpageRanges(script, total, held, base)
}

var (
	jpageTotal     = regexp.MustCompile(`(?i)\btotalRecord\b\s*[:>=]\s*['"]?(\d+)`)
	jpagePerPage   = regexp.MustCompile(`(?i)\bperPage\b\s*[:=]\s*['"]?(\d+)`)
	jpageProxy     = regexp.MustCompile(`(?i)\bproxyUrl\b\s*[:=]\s*['"]([^'"]+)['"]`)
	jpageParams    = regexp.MustCompile(`(?is)\bajaxParam\b\s*[:=]\s*\{(.*?)\}`)
	jpageParam     = regexp.MustCompile(`(\w+)['"]?\s*:\s*(?:'([^']*)'|"([^"]*)"|([\w./-]+))`)
	jpageNextGroup = regexp.MustCompile(`(?is)<nextgroup>.*?href=["']([^"']+)["']`)
	jpageGroup     = regexp.MustCompile(`([?&]page=)(\d+)`)
)

// number returns the first number that pattern finds, or 0.
func number(pattern *regexp.Regexp, text string) int {
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// jpageGroups follows the address of the next group. Where it has a plain number, the later groups' addresses are
// known as well; some sites encrypt it, and then each answer names the next.
func jpageGroups(href string, total, held int, base *url.URL) []Page {
	m := jpageGroup.FindStringSubmatch(href)
	if m == nil || held == 0 || m[2] != "2" {
		return resolved(base, href)
	}
	var pages []Page
	for g := 2; g <= min((total+held-1)/held, MaxPages); g++ {
		pages = append(pages, resolved(base, jpageGroup.ReplaceAllString(href, "${1}"+strconv.Itoa(g)))...)
	}
	return pages
}

// jpageRanges asks for the records that the page does not hold, three pages at a time as the site's own script does.
func jpageRanges(script string, total, held int, base *url.URL) []Page {
	proxy, perPage := jpageProxy.FindStringSubmatch(script), number(jpagePerPage, script)
	params := jpageParams.FindStringSubmatch(script)
	if proxy == nil || params == nil || perPage == 0 {
		return nil
	}
	var tail strings.Builder
	for _, m := range jpageParam.FindAllStringSubmatch(params[1], -1) {
		tail.WriteString("&" + m[1] + "=" + url.QueryEscape(m[2]+m[3]+m[4]))
	}
	var pages []Page
	for from := held + 1; from <= total && len(pages) < MaxPages; from += 3 * perPage {
		to := min(from+3*perPage-1, total)
		pages = append(pages, resolved(base, proxy[1]+"?startrecord="+strconv.Itoa(from)+
			"&endrecord="+strconv.Itoa(to)+"&perpage="+strconv.Itoa(perPage)+tail.String())...)
	}
	return pages
}

// resolved returns the page at href, or none: a malformed href leads nowhere.
func resolved(base *url.URL, href string) []Page {
	u, err := base.Parse(href)
	if err != nil {
		return nil
	}
	u.RawQuery = strings.ReplaceAll(u.RawQuery, " ", "%20")
	return []Page{{URL: u.String()}}
}
