package portal

import (
	"html"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"gongkai/extract"
	"gongkai/seeds"
)

// An Exploration is all that a page says of where to go on, for who looks for a listing and not into one.
type Exploration struct {
	Listing
	Links     []Row     // all links, those in scripts, attributes and buttons too; a fragment is kept where it names a column
	Shell     []Request // where it sends its reader: by a redirect, or into its frames
	Scripts   []string  // addresses of scripts of the site's own that may write its menu
	Title     string    // of the page
	Column    string    // that the page says it is, in its metadata
	Site      string    // its name
	SiteID    string    // 网站标识码: ten digits, the first six the division; bm and eight digits of central bodies
	Main      string    // the site's own address, as its metadata has it
	Organizer string    // 主办单位, as the foot of the page has it
	Text      int       // bytes of text that a reader sees, as far as they were counted
}

// Explore reads a page as Read does, and more of it.
func Explore(body []byte, contentType string, page *url.URL, p seeds.Portal, prev Request) (Exploration, error) {
	r := newReading(body, contentType, page, p, prev)
	if err := r.parse(); err != nil {
		return Exploration{}, err
	}
	e := Exploration{Listing: r.listing(), Text: len(visible([]byte(r.text), shortPage+1))}
	e.Links = append(r.withColumns(r.links), r.pushed...)
	switch path.Ext(page.Path) {
	case ".js":
		e.Links = append(e.Links, r.written()...)
	case ".xml":
		e.Links = append(e.Links, r.mapped()...)
	}
	if r.doc == nil {
		return e, nil
	}
	e.Shell, e.Scripts = r.leaders(), r.menuScripts()
	e.Title = r.doc.Title()
	e.Column, e.Site, e.SiteID, e.Main = r.named("ColumnName"), r.named("SiteName"), r.named("SiteIDCode"), r.named("SiteDomain")
	if m := siteNumber.FindStringSubmatch(r.visible); m != nil && e.SiteID == "" {
		e.SiteID = m[1]
	}
	if m := organizer.FindStringSubmatch(markup.ReplaceAllString(r.visible, "")); m != nil {
		e.Organizer = m[1]
	}
	return e, nil
}

// shortPage is the most text that a page has which only sends its reader on.
const shortPage = 300

var (
	metaTag    = regexp.MustCompile(`(?i)<meta\b[^<>]*>`)
	siteNumber = regexp.MustCompile(`网站标识码\s*[:：]?\s*(?:<[^<>]*>\s*)*(bm\d{8}|\d{10})\b`)
	organizer  = regexp.MustCompile(`主办(?:单位)?\s*[:：]\s*(\p{Han}{4,30})`)
)

// named returns the content of a meta tag.
func (r *reading) named(name string) string {
	for _, tag := range metaTag.FindAllString(r.text, 60) {
		values := attributes(tag)
		if strings.EqualFold(values["name"], name) {
			return strings.TrimSpace(values["content"])
		}
	}
	return ""
}

// attributes reads those of a tag.
func attributes(tag string) map[string]string {
	values := make(map[string]string)
	for _, m := range tagAttribute.FindAllStringSubmatch(tag, -1) {
		values[strings.ToLower(m[1])] = html.UnescapeString(m[2] + m[3] + m[4])
	}
	return values
}

// leaders returns where a page sends its reader; unlike shell, also from a page with links.
func (r *reading) leaders() []Request {
	l := Listing{}
	s := r.sheet(&l)
	hops := Request{Hops: r.prev.Hops + 1}
	s.from = ""
	var all []Request
	if len(visible([]byte(r.text), shortPage)) <= shortPage {
		for _, address := range r.redirects() {
			all = append(all, s.requests(Redirect, get, address, "", hops)...)
		}
	}
	var menus []Request
	for _, m := range frameSource.FindAllStringSubmatch(r.visible, -1) {
		source := html.UnescapeString(strings.TrimSpace(m[1]))
		u, err := extract.ResolveURL(r.base, source, r.enc)
		switch name := path.Base(source); {
		case err != nil, source == "", len(all)+len(menus) == mostFrames:
		case !furniture.MatchString(path.Base(u.Path)):
			all = append(all, s.requests(Frame, get, source, "", hops)...)
		case menuFrame.MatchString(name):
			menus = append(menus, s.requests(Frame, get, source, "", hops)...)
		}
	}
	return r.unique(append(all, menus...))
}

// menuFrame is the name of a frame that has no content, but leads to it.
var menuFrame = regexp.MustCompile(`(?i)^(?:tree|left|menu|nav)`)

var (
	scriptSource = regexp.MustCompile(`(?i)<script\b[^<>]*?\bsrc\s*=\s*["']?([^"'\s<>]+)`)
	menuScript   = regexp.MustCompile(`(?i)(?:menu|nav|daohang|head|top|column|channel|lanmu)[\w.-]*\.js(?:[?#]|$)`)
)

// mostScripts is how many scripts of a page may be looked into.
const mostScripts = 3

// menuScripts returns the scripts that by their names write the menu.
func (r *reading) menuScripts() []string {
	var all []string
	for _, m := range scriptSource.FindAllStringSubmatch(r.text, -1) {
		u, err := extract.ResolveURL(r.base, html.UnescapeString(m[1]), r.enc)
		if err == nil && strings.EqualFold(u.Host, r.page.Host) && menuScript.MatchString(path.Base(u.Path)) && len(all) < mostScripts {
			all = append(all, u.String())
		}
	}
	return all
}

// written returns the links that a script of its own writes.
func (r *reading) written() []Row {
	rows := r.markupRows(written(r.text))
	for _, list := range arrays(r.text) {
		rows = append(rows, r.rowsIn(list)...)
	}
	return rows
}

var location = regexp.MustCompile(`(?i)<loc>\s*(?:<!\[CDATA\[)?\s*([^<\s\]]+)`)

// mapped returns the addresses of a sitemap. They have no names.
func (r *reading) mapped() (all []Row) {
	for _, m := range location.FindAllStringSubmatch(r.text, 5000) {
		if u, err := extract.ResolveURL(r.base, html.UnescapeString(m[1]), extract.Encoding{}); err == nil {
			all = append(all, Row{Link: extract.Link{URL: u.String()}})
		}
	}
	return all
}

var hashLink = regexp.MustCompile(`(?is)<a\s[^<>]*?href\s*=\s*["']?([^"'\s<>]*(?:/gkmlpt/|\?)[^"'\s<>]*#[^"'\s<>]+)["']?[^<>]*>(.{0,200}?)</a>`)

// withColumns gives links their fragment back where a site drawn by script names the column in it.
func (r *reading) withColumns(links []Row) []Row {
	if !strings.Contains(r.text, "#") {
		return links
	}
	all := append([]Row(nil), links...)
	for _, m := range hashLink.FindAllStringSubmatch(r.text, -1) {
		address := html.UnescapeString(m[1])
		u, err := extract.ResolveURL(r.base, address, r.enc)
		if err != nil {
			continue
		}
		with := *u
		_, with.Fragment, _ = strings.Cut(address, "#")
		text := strings.TrimSpace(html.UnescapeString(markup.ReplaceAllString(m[2], "")))
		all = append(all, Row{Link: extract.Link{URL: with.String(), Text: text}})
	}
	return all
}

// Script returns the request for a script of a page.
func Script(address, page string) Request {
	return Request{Kind: Data, Method: http.MethodGet, URL: address, From: page, Header: http.Header{"Referer": {page}}}
}
