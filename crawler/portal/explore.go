package portal

import (
	"bytes"
	"compress/gzip"
	"html"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"gongkai/extract"
	"gongkai/extract/markup"
	"gongkai/seeds"
)

// An Exploration is all that a page says of where to go on, for who looks for a listing and not into one.
type Exploration struct {
	Listing
	Links     []Row     // all links, those in scripts, attributes and buttons too; a fragment is kept where it names a column
	Shell     []Request // where it sends its reader: by a redirect, or into its frames
	Maps      []string  // addresses of further maps of the site, of a map that lists maps
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
	r, err := newReading(unpacked(body), contentType, page, p, prev)
	if err != nil {
		return Exploration{}, err
	}
	if e, ok := r.siteMap(); ok {
		return e, nil
	}
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
	if m := organizer.FindStringSubmatch(anyTag.ReplaceAllString(r.visible, "")); m != nil {
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
	v := r.view(&l)
	hops := Request{Hops: r.prev.Hops + 1}
	v.from = ""
	var all []Request
	if len(visible([]byte(r.text), shortPage)) <= shortPage {
		for _, address := range r.redirects() {
			all = append(all, v.requests(Redirect, get, address, "", hops)...)
		}
	}
	var menus []Request
	for _, m := range frameSource.FindAllStringSubmatch(r.visible, -1) {
		source := html.UnescapeString(strings.TrimSpace(m[1]))
		u, err := markup.ResolveURL(r.base, source, r.enc)
		switch {
		case err != nil, source == "", len(all)+len(menus) == mostFrames:
		case !menuFrame.MatchString(path.Base(u.Path)):
			all = append(all, v.requests(Frame, get, source, "", hops)...)
		case !noMenu.MatchString(path.Base(u.Path)):
			menus = append(menus, v.requests(Frame, get, source, "", hops)...)
		}
	}
	return r.unique(append(all, menus...))
}

// noMenu is the name of a frame that has no content, and leads to none either. The others may hold the menu, whatever
// it is called.
var noMenu = regexp.MustCompile(`(?i)^(?:foot|bottom|search|share|count|hits|visit|weather|calendar|map|blank)`)

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
		u, err := markup.ResolveURL(r.base, html.UnescapeString(m[1]), r.enc)
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

var (
	location    = regexp.MustCompile(`(?i)<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\s\]]+)`)
	indexOfMaps = regexp.MustCompile(`(?i)<(?:\w+:)?sitemapindex[\s>]`)
	mapOfSite   = regexp.MustCompile(`(?i)<(?:\w+:)?urlset[\s>]`)
	// listOfAddresses is a map of the site as text: an address a line.
	listOfAddresses = regexp.MustCompile(`^\s*https?://[^\s<>]+(?:\s+https?://[^\s<>]+){2,}`)
	anyAddress      = regexp.MustCompile(`(?m)^\s*(https?://[^\s<>]+)`)
)

// siteMap reads a map of the site, in XML or as text, or a list of such maps; false when the page is none. A map has up to
// fifty thousand addresses and is not parsed as a page.
func (r *reading) siteMap() (e Exploration, ok bool) {
	e.Text = len(r.text)
	switch first := head(r.text); {
	case indexOfMaps.MatchString(first):
		for _, m := range r.mapped() {
			e.Maps = append(e.Maps, m.URL)
		}
	case mapOfSite.MatchString(first), listOfAddresses.MatchString(r.text):
		e.Links = r.mapped()
	default:
		return Exploration{}, false
	}
	return e, true
}

// head is the part of a page in which it says what it is.
func head(text string) string { return text[:min(len(text), 4096)] }

// The bounds of a map (sitemaps.org): how many addresses it has, and how large it is unpacked. The protocol permits 50 MB;
// what is beyond this is not read.
const (
	mostMapped = 50000
	largestMap = mostBytes // as a listing
)

// unpacked returns what a file in gzip holds, up to a bound; other bodies as they are. Maps of sites are kept so.
func unpacked(body []byte) []byte {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	text, err := io.ReadAll(io.LimitReader(z, largestMap))
	if err != nil && len(text) == 0 {
		return body
	}
	return text // as far as it could be had
}

// mapped returns the addresses of a sitemap. They have no names.
func (r *reading) mapped() (all []Row) {
	found := location.FindAllStringSubmatch(r.text, mostMapped)
	if len(found) == 0 {
		found = anyAddress.FindAllStringSubmatch(r.text, mostMapped)
	}
	for _, m := range found {
		if u, err := markup.ResolveURL(r.base, html.UnescapeString(m[1]), markup.Encoding{}); err == nil {
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
		u, err := markup.ResolveURL(r.base, address, r.enc)
		if err != nil {
			continue
		}
		with := *u
		_, with.Fragment, _ = strings.Cut(address, "#")
		text := strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(m[2], "")))
		all = append(all, Row{Link: extract.Link{URL: with.String(), Text: text}})
	}
	return all
}

// Script returns the request for a script of a page.
func Script(address, page string) Request {
	return Request{Kind: Data, Method: http.MethodGet, URL: address, From: page, Header: http.Header{"Referer": {page}}}
}
