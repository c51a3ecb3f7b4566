package portal

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// nextWords are the texts of a link to the next page. Those without a word also adorn carousels and menus.
var nextWords = map[string]bool{
	"下一页": true, "下一頁": true, "下页": true, "下頁": true, "后一页": true, "後一頁": true, "后页": true, "後頁": true,
	"next": true, "next page": true,
}

var nextSigns = map[string]bool{">": true, "›": true, "＞": true, "下一页>": true, "下一页›": true}

// anchored returns the pages that plain links lead to: the next page by its name, and numbered pages. pages is how
// many the listing says there are, 0 when it does not say.
func anchored(links []Row, page *url.URL, pages int) []Row {
	var named, numbered []Row
	for _, l := range links {
		text := strings.ToLower(strings.Trim(l.Text, " []【】()（）"))
		switch n := numeral(text); {
		case nextWords[text], nextSigns[text] && kin(page, l.URL):
			named = append(named, l)
		case n > 1 && n <= MaxPages && (pages == 0 || n <= pages) && kin(page, l.URL):
			numbered = append(numbered, l)
		}
	}
	return append(named, numbered...)
}

// numeral reads a number, 0 for what is none.
func numeral(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
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
