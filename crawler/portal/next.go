package portal

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract"
	"gongkai/seeds"
)

// MaxPages is the highest page number that is believed. No body publishes reports for that long; calendars and
// broken counters go on for ever.
const MaxPages = 200

// next returns the further pages of a listing, each once.
func next(doc *extract.Document, links []extract.Link, page *url.URL, p seeds.Portal) []Page {
	if !p.Next.IsZero() {
		return unique(page, asPages(doc.LinksIn(p.Next)))
	}
	var pages []Page
	scripts := slices.Compact(slices.Clone(doc.Scripts())) // one that holds rows is there twice
	script := lineComment.ReplaceAllString(strings.Join(scripts, "\n"), "")
	for _, f := range familiesOf(p) {
		pages = append(pages, f.next(script, doc.Base())...)
	}
	return unique(page, append(pages, anchored(links, page)...))
}

// lineComment is a commented-out line of a script: old pager calls are left there.
var lineComment = regexp.MustCompile(`(?m)^[ \t]*//.*$`)

// nextWords are the texts of a link to the next page. Those without a word also adorn carousels and menus.
var nextWords = map[string]bool{
	"下一页": true, "下一頁": true, "下页": true, "下頁": true, "后一页": true, "後一頁": true, "后页": true, "後頁": true,
	"next": true, "next page": true,
}

var nextSigns = map[string]bool{">": true, "›": true, "＞": true, "下一页>": true, "下一页›": true}

// anchored returns the pages that plain links lead to: the next page by its name, and numbered pages.
func anchored(links []extract.Link, page *url.URL) []Page {
	var named, numbered []extract.Link
	for _, l := range links {
		text := strings.ToLower(strings.Trim(l.Text, " []【】()（）"))
		switch {
		case nextWords[text], nextSigns[text] && kin(page, l.URL):
			named = append(named, l)
		case isNumber(text) && kin(page, l.URL):
			numbered = append(numbered, l)
		}
	}
	return asPages(append(named, numbered...))
}

// isNumber reports whether a link's text is the number of a further page.
func isNumber(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n > 1 && n <= MaxPages
}

func asPages(links []extract.Link) []Page {
	var pages []Page
	for _, l := range links {
		pages = append(pages, Page{URL: l.URL})
	}
	return pages
}

// unique drops repeated pages and the page itself.
func unique(page *url.URL, pages []Page) []Page {
	seen := map[string]bool{page.String(): true}
	var kept []Page
	for _, p := range pages {
		if !seen[p.URL] {
			seen[p.URL] = true
			kept = append(kept, p)
		}
	}
	return kept
}

// kin reports whether address may be another page of the listing at page: on the same host, at the same path but
// for a page number, with the same query but for one number.
func kin(page *url.URL, address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.EqualFold(u.Host, page.Host) && stem(u.Path) == stem(page.Path) &&
		similar(u.Query(), page.Query())
}

var (
	extension  = regexp.MustCompile(`\.[A-Za-z]{1,6}$`)
	pageNumber = regexp.MustCompile(`[-_/]?\d{1,3}$`)
)

// stem returns what the pages of one listing have in common: "/zwgk/gknb" for "/zwgk/gknb/", "/zwgk/gknb/index.html",
// "/zwgk/gknb/index_2.html" and "/zwgk/gknb/30.htm".
func stem(path string) string {
	path = extension.ReplaceAllString(path, "")
	path = pageNumber.ReplaceAllString(path, "")
	path = strings.TrimSuffix(path, "/index")
	return strings.TrimSuffix(path, "/")
}

// similar reports whether two queries differ in one parameter at most, which is a number where it is present.
func similar(a, b url.Values) bool {
	differing := map[string]bool{}
	for _, pair := range [2][2]url.Values{{a, b}, {b, a}} {
		for key := range pair[0] {
			if v := pair[0].Get(key); v != pair[1].Get(key) {
				if _, err := strconv.Atoi(v); err != nil && v != "" {
					return false
				}
				differing[key] = true
			}
		}
	}
	return len(differing) <= 1
}
