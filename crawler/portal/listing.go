// Package portal reads listing pages: which of their links are reports, what to ask for next, and which links lead
// to listings of reports. Most listings go on in a script, in a way that depends on the software of the site; what
// is known of that is data, in families.go. The package asks for nothing, follows nothing and remembers nothing; when
// to stop is for the walk to say.
package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/extract/markup"
	"gongkai/seeds"
)

// Version is that of the reading of listings. What was read from one is kept for as long as its bytes and this number are
// the same, so a change of what Read returns raises it: TestVersion tells.
const Version = 1

// A Listing is what one page says about where reports are.
type Listing struct {
	Rows    []Row          // links that claim to be annual reports, in page order
	Next    []Request      // what to ask for so that the listing is whole, nearest first
	Lost    []string       // titles of reports that it lists and that have no address, each once
	Columns []extract.Link // links that are named like a listing of annual reports, worth following from here

	Items     []string  // addresses of all that the page lists, reports or not, each once
	Signature string    // tells two pages that list the same from two that do not; "" for no items
	Announced Announced // what the page says there is
	Family    Family    // what software the page seems to come from
}

// Announced is how much a listing says it holds, on all its pages; 0 where it does not say.
type Announced struct{ Rows, Pages int }

// A Row is a link with what else its row says.
type Row struct {
	extract.Link
	Index    string // 索引号
	Document string // 文号
}

// Read reads a listing page, or the answer of a service that listings ask, that was served from page. prev is the
// Request it answers; its zero value stands for the page that a listing begins at. The error says that the answer
// is no page at all, or markup.ErrTooLarge.
func Read(body []byte, contentType string, page *url.URL, p seeds.Portal, prev Request) (Listing, error) {
	r, err := newReading(body, contentType, page, p, prev)
	if err != nil {
		return Listing{}, err
	}
	if err := r.parse(); err != nil {
		return Listing{}, err
	}
	return r.listing(), nil
}

// mostBytes is how large a listing may be, as served and in UTF-8. One of 10,000 rows has 2 MB; what reading makes of it
// takes forty times as much.
const mostBytes = 4 << 20

// newReading decodes an answer; one that is too large is refused with an markup.ErrTooLarge.
func newReading(body []byte, contentType string, page *url.URL, p seeds.Portal, prev Request) (*reading, error) {
	if len(body) > mostBytes {
		return nil, tooLarge(len(body))
	}
	decoded, enc := markup.Decode(body, contentType)
	if len(decoded) > mostBytes {
		return nil, tooLarge(len(decoded))
	}
	r := &reading{text: string(decoded), enc: enc, page: page, base: page, prev: prev, portal: p}
	if u, err := url.Parse(prev.From); err == nil && prev.Kind == Data && prev.From != "" {
		r.base = u // a script puts the rows into that page
	}
	return r, nil
}

func tooLarge(size int) error {
	return fmt.Errorf("%w: a listing of %d bytes, more than %d", markup.ErrTooLarge, size, mostBytes)
}

// A reading is one page being read.
type reading struct {
	text   string // of the answer, decoded
	enc    markup.Encoding
	page   *url.URL
	base   *url.URL // that links are relative to
	prev   Request
	portal seeds.Portal

	doc     *extract.Document // nil for data
	data    any               // nil for a page
	links   []Row
	pushed  []Row          // what leads on by a click, without being a link
	lost    []extract.Link // what has a title, and no address
	scripts string         // without what is commented out
	visible string         // markup without scripts and comments
}

// parse finds the links of the answer, wherever they stand.
func (r *reading) parse() error {
	if v, ok := answer(r.text); ok {
		r.data, r.scripts = v, r.text
		r.links = r.rowsIn(v)
		return nil
	}
	doc, err := extract.ParseDecoded([]byte(r.text), r.enc, r.base)
	if err != nil {
		return err
	}
	r.doc, r.base = doc, doc.Base()
	scripts := slices.Compact(slices.Clone(doc.Scripts())) // one that holds rows is there twice
	r.scripts = lineComment.ReplaceAllString(strings.Join(scripts, "\n"), "")
	if len(scripts) == 0 && !strings.Contains(r.text[:min(len(r.text), 4096)], "<") {
		r.scripts = lineComment.ReplaceAllString(r.text, "") // a script by itself
	}
	r.visible = comment.ReplaceAllString(scriptElement.ReplaceAllString(r.text, ""), "")
	r.links, r.pushed, r.lost = asRows(doc.Links(), r.text), asRows(doc.Buttons(), ""), doc.Unaddressed()
	if fragment := written(r.scripts); strings.Contains(fragment, "<") {
		r.links = append(r.links, r.markupRows(fragment)...)
	}
	for _, list := range arrays(r.scripts) {
		r.links = append(r.links, r.rowsIn(list)...)
	}
	return nil
}

var (
	// lineComment is a commented-out line of a script: old pager calls are left there.
	lineComment   = regexp.MustCompile(`(?m)^[ \t]*//.*$`)
	comment       = regexp.MustCompile(`(?s)<!--.*?-->`)
	scriptElement = regexp.MustCompile(`(?is)<script\b[^>]*>.*?</script>`)
	scriptTag     = regexp.MustCompile(`(?i)<script\b[^>]+>`)
)

// view is what pagers see.
func (r *reading) view(l *Listing) view {
	text := r.scripts
	if r.data == nil {
		// Tags of scripts have what their attributes say.
		text += "\n" + html.UnescapeString(r.visible+strings.Join(scriptTag.FindAllString(r.text, -1), "\n"))
	}
	v := view{text: text, page: r.page, base: r.base, enc: r.enc, held: strings.Count(r.scripts, "<record>"), from: r.prev.From}
	v.bare = !slices.ContainsFunc(l.Rows, func(r Row) bool { return !r.Chrome })
	v.empty = len(l.Rows) == 0 && len(l.Items) == 0
	if r.page.Path == "/" && len(columns(r.links, r.page, false)) > 0 {
		v.bare = false // a home page: what its units hold is news
	}
	if v.from == "" {
		from := *r.page
		from.Fragment, from.RawFragment = "", ""
		v.from = from.String()
	}
	return v
}

func (r *reading) listing() Listing {
	l := Listing{Rows: r.rows(), Family: detect(r.text, r.page)}
	l.Lost = r.unreachable(l.Rows)
	l.Items, l.Signature = items(append(slices.Clip(r.links), l.Rows...), l.Rows)
	l.Announced = r.announced(len(l.Items))
	l.Next = r.next(&l)
	listed := slices.ContainsFunc(l.Next, func(n Request) bool { return n.Kind == Page || n.Kind == Data })
	l.Columns = columns(r.links, r.page, (len(l.Rows) > 0 || listed) && r.page.Path != "/")
	if len(l.Rows) == 0 && len(l.Columns) == 0 && !listed && r.doc != nil { // neither leads on: not by anchors
		l.Columns = columns(r.pushed, r.page, false)
	}
	return l
}

// announced is believed where it is not less than what the page lists by itself.
func (r *reading) announced(items int) Announced {
	var a Announced
	if r.data != nil {
		a.Rows, a.Pages = totals(r.data)
	} else {
		a.Rows, a.Pages = announced(r.scripts + "\n" + r.visible)
	}
	if a.Rows < items {
		a.Rows = 0
	}
	return a
}

// next returns what to ask for next, each once.
func (r *reading) next(l *Listing) []Request {
	v := r.view(l)
	var all []Request
	if r.prev.Series != nil {
		all = v.more(r.prev, l.Announced.Rows, l.Announced.Pages, len(l.Items))
	}
	switch {
	case r.doc == nil:
	case !r.portal.Next.IsZero():
		all = append(all, r.asPages(v, asRows(r.doc.LinksIn(r.portal.Next), ""))...)
	default:
		if r.prev.Series == nil || r.prev.Series.Pages == 0 {
			all = append(all, v.series(r.portal, r.prev.Series != nil)...)
		}
		if r.prev.Kind != Data {
			all = append(all, r.asPages(v, anchored(r.links, r.page, l.Announced.Pages))...)
		}
	}
	l.raise(all)
	if len(all) == 0 && v.empty && r.doc != nil {
		all = r.shell(v)
	}
	return r.unique(all)
}

// raise takes what pagers know of the size of the listing for announced, where that is more.
func (l *Listing) raise(all []Request) {
	for _, n := range all {
		if n.Series == nil || n.Spare {
			continue
		}
		if g := pagerNamed(n.Series.Pager); g != nil && g.span == 0 {
			l.Announced.Pages = max(l.Announced.Pages, n.Series.Pages)
		}
		if n := numeral(n.Series.Vars["total"]); n >= len(l.Items) {
			l.Announced.Rows = max(l.Announced.Rows, n)
		}
	}
}

func (r *reading) asPages(v view, links []Row) []Request {
	var all []Request
	for _, l := range links {
		all = append(all, v.requests(Page, get, l.URL, "", Request{})...)
	}
	return all
}

// unique drops repeated requests, and those for the page itself.
func (r *reading) unique(all []Request) []Request {
	seen := map[string]bool{r.page.String(): true, r.prev.Key(): true}
	return slices.DeleteFunc(all, func(n Request) bool {
		key := n.Key()
		known := seen[key]
		seen[key] = true
		return known
	})
}

// mostHops is how many frames and redirects are followed one from another.
const mostHops = 3

// shell returns where a page without a listing sends its reader: by a redirect, or into its frames.
func (r *reading) shell(v view) []Request {
	if r.prev.Hops >= mostHops {
		return nil
	}
	hops := Request{Hops: r.prev.Hops + 1}
	v.from = "" // the listing begins there
	if len(visible([]byte(r.text), 300)) <= 300 {
		for _, address := range r.redirects() {
			u, err := markup.ResolveURL(r.base, address, r.enc)
			if err != nil || !strings.EqualFold(u.Host, r.page.Host) || u.String() == r.page.String() {
				continue
			}
			return v.requests(Redirect, get, address, "", hops)
		}
	}
	var all []Request
	for _, m := range frameSource.FindAllStringSubmatch(r.visible, -1) {
		source := html.UnescapeString(strings.TrimSpace(m[1]))
		u, err := markup.ResolveURL(r.base, source, r.enc)
		if err != nil || menuFrame.MatchString(path.Base(u.Path)) || source == "" || len(all) == mostFrames {
			continue
		}
		all = append(all, v.requests(Frame, get, source, "", hops)...)
	}
	return all
}

const mostFrames = 4

var (
	frameSource = regexp.MustCompile(`(?i)<i?frame\b[^<>]*?\bsrc\s*=\s*["']?([^"'\s<>]+)`)
	// menuFrame is the name of a frame that has no listing: what stands around the content of all pages, and counters.
	menuFrame = regexp.MustCompile(`(?i)^(?:tree|top|left|head|foot|menu|nav|banner|bottom|search|share|count|hits|visit|weather|calendar|map|blank)`)

	located   = regexp.MustCompile(`\blocation(?:\.href)?\s*=\s*(?:"([^"]+)"|'([^']+)')\s*(?:[;)}\n]|$)|\blocation\.(?:replace|assign)\(\s*(?:"([^"]+)"|'([^']+)')\s*\)`)
	variably  = regexp.MustCompile(`\blocation(?:\.href)?\s*=\s*([A-Za-z_$]\w*)\s*(?:[;)}\n]|$)|\blocation\.(?:replace|assign)\(\s*([A-Za-z_$]\w*)\s*\)`)
	forPhones = regexp.MustCompile(`(?i)navigator|useragent`)
)

// redirects returns the literal addresses that a meta tag or a script leads to. A script that asks for the browser
// leads telephones elsewhere, not us.
func (r *reading) redirects() []string {
	var all []string
	if r.doc != nil {
		if ref, ok := r.doc.Refresh(); ok && ref != "" {
			all = append(all, ref)
		}
	}
	if forPhones.MatchString(r.scripts) {
		return all
	}
	for _, m := range located.FindAllStringSubmatch(r.scripts, mostCalls) {
		all = append(all, unescape(strings.Join(m[1:], "")))
	}
	for _, m := range variably.FindAllStringSubmatch(r.scripts, mostCalls) {
		name := regexp.QuoteMeta(m[1] + m[2])
		value := regexp.MustCompile(`\b` + name + `\s*=\s*(?:"([^"]+)"|'([^']+)')\s*[;\n]`).FindStringSubmatch(r.scripts)
		if value != nil {
			all = append(all, unescape(value[1]+value[2]))
		}
	}
	return all
}

// emptiest is the most bytes that a page has that only sends its reader elsewhere.
const emptiest = 8 << 10

// Moved returns the address on the same host to which a page sends its reader by a meta tag or a script; false for a
// page that has anything else to offer.
func Moved(body []byte, contentType string, page *url.URL) (address string, ok bool) {
	if len(body) > emptiest || linksIn(body, 1) > 0 || len(visible(body, 300)) > 300 {
		return "", false
	}
	r, err := newReading(body, contentType, page, seeds.Portal{}, Request{})
	if err != nil || r.parse() != nil || r.doc == nil {
		return "", false
	}
	for _, address := range r.redirects() {
		if u, err := markup.ResolveURL(r.base, address, r.enc); err == nil && strings.EqualFold(u.Host, page.Host) && u.String() != page.String() {
			return u.String(), true
		}
	}
	return "", false
}

// rows returns the links that claim to be annual reports. Menus repeat titles, so what stands in these
// counts only where nothing else does.
func (r *reading) rows() []Row {
	if !r.portal.Rows.IsZero() && r.doc != nil {
		return keep(asRows(r.doc.LinksIn(r.portal.Rows), r.text), isReport)
	}
	links := append(slices.Clip(r.links), r.pushed...)
	rows := keep(links, isReport)
	if r.isColumn() {
		rows = keep(links, func(l Row) bool { return isReport(l) || bareTitle.MatchString(l.Name()) && article.MatchString(l.URL) })
	}
	if len(rows) == 0 && r.isColumn() {
		rows = keep(links, func(l Row) bool { return l.Date != "" && cutOff.MatchString(l.Name()) })
	}
	return once(OutsideFirst(rows))
}

// unreachable returns the titles of reports in a listing that have no address, and are not those of rows.
func (r *reading) unreachable(rows []Row) (titles []string) {
	same := func(a, b string) bool {
		a, b = strings.Join(strings.Fields(strings.TrimRight(a, ".… ")), ""), strings.Join(strings.Fields(strings.TrimRight(b, ".… ")), "")
		return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
	}
	for _, l := range r.lost {
		name := strings.TrimSpace(dateBeside.ReplaceAllString(l.Name(), ""))
		if !isReport(Row{Link: extract.Link{Text: name}}) && !(l.Date != "" && (r.isColumn() && bareTitle.MatchString(name) || l.Row && extract.ColumnTitle(name) && !isYear.MatchString(name))) {
			continue
		}
		if !slices.ContainsFunc(rows, func(row Row) bool { return same(row.Name(), name) }) &&
			!slices.ContainsFunc(titles, func(t string) bool { return same(t, name) }) {
			titles = append(titles, name)
		}
	}
	return titles
}

// cutOff is a title that was cut after its year: 某县人民政府关于发布2021年度... In a column of reports it is one of them.
var cutOff = regexp.MustCompile(`(?:19|20)\d{2}.*(?:\.{2,}|…)$`)

var (
	// bareTitle is what a report may be called in a column of reports: 2021年, 2021年年报, 2021年度报告.
	bareTitle = regexp.MustCompile(`^\s*(?:19|20)\d{2}\s*年?度?\s*(?:年报|年度报告|工作报告|报告|年度工作报告)?\s*$`)
	// article is the address of one document, and not of a column, in the dialects that have a shape.
	article = regexp.MustCompile(`(?i)/t\d{8}_\d+\.s?html?$|/art_\d+_\d+\.html$|/art_[0-9a-f]{32}\.html$|/(?:m?post|content)_[0-9a-f]+\.s?html?$|/\d{6}/[0-9a-f]{32}\.s?html$|/info/\d+/\d+\.htm$|/public/\d+/\d+\.html$|/show\w*\.(?:asp|aspx|jsp|php)\?.*id=|\.(?:pdf|docx?|wps|ofd)$`)
)

// isColumn reports whether a page's title says that it is a column of annual reports.
func (r *reading) isColumn() bool {
	if r.doc == nil {
		return false
	}
	parts := strings.FieldsFunc(r.doc.Title(), func(c rune) bool { return strings.ContainsRune("_|—–·> ", c) })
	for _, part := range parts {
		parts = append(parts, strings.Split(part, "-")...) // a hyphen also stands between years
	}
	return slices.ContainsFunc(parts, func(part string) bool { return extract.ColumnTitle(part) && !isYear.MatchString(part) })
}

// once drops the links to what an earlier one leads to.
func once(rows []Row) []Row {
	seen := make(map[string]bool)
	return slices.DeleteFunc(rows, func(r Row) bool {
		known := seen[r.URL]
		seen[r.URL] = true
		return known
	})
}

// columns returns the links that are named like a listing of annual reports. On a home page they may well stand
// in the menu only, beside a report or two. From a page that is a listing itself only its years are followed, those
// below it.
func columns(links []Row, page *url.URL, listing bool) []extract.Link {
	var all []extract.Link
	for _, l := range OutsideFirst(keep(links, func(l Row) bool { return extract.ColumnTitle(l.Name()) && !titledAsColumn(l) })) {
		year := isYear.MatchString(l.Name())
		if year && (annualPage.MatchString(l.URL) || article.MatchString(l.URL)) {
			continue // a report
		}
		if !listing || year && (below(l.URL, page) || sister(l.URL, page)) {
			all = append(all, l.Link)
		}
	}
	return all
}

var isYear = regexp.MustCompile(`^\s*(?:19|20)\d{2}\s*(?:年|年度)?\s*$`)

// below reports whether an address lies in the directory of page, and not in page's own one.
func below(address string, page *url.URL) bool {
	u, err := url.Parse(address)
	if err != nil || !strings.EqualFold(u.Host, page.Host) {
		return false
	}
	dir := page.Path[:strings.LastIndex(page.Path, "/")+1]
	return dir != "/" && strings.HasPrefix(u.Path, dir) && strings.Contains(strings.TrimPrefix(u.Path, dir), "/")
}

// sister reports whether an address is but for numbers that of page: one year of a column links to the others.
func sister(address string, page *url.URL) bool {
	return page.Path != "/" && address != page.String() && strings.ContainsAny(page.Path+page.RawQuery, "0123456789") && shape(address) == shape(page.String())
}

func isReport(l Row) bool {
	name := l.Name()
	if titledAsColumn(l) {
		return true
	}
	if cutTitle.MatchString(name) || isYear.MatchString(name) && annualPage.MatchString(l.URL) {
		return true
	}
	claim, ok := extract.ReportTitle(name)
	return ok && !extract.ColumnTitle(name) && !(l.Chrome && claim.Year == 0) // menus name columns of others
}

// titledAsColumn reports whether a row is titled to the letter as the column that it stands in, as a report may be: it has
// the date of its own row, and the address of one document.
func titledAsColumn(l Row) bool {
	if !l.Row || l.Date == "" || l.Chrome || !extract.ColumnTitle(l.Name()) || isYear.MatchString(l.Name()) {
		return false
	}
	u, err := url.Parse(l.URL)
	return err == nil && (article.MatchString(l.URL) || document.MatchString(u.Path) && !listPage.MatchString(u.Path))
}

var (
	document = regexp.MustCompile(`(?i)\d[^/]*\.(?:s?html?|aspx?|jsp|php|pdf|docx?|wps|ofd)$|\.(?:pdf|docx?|wps|ofd)$`)
	listPage = regexp.MustCompile(`(?i)/(?:index|list|default|more|col|column|channel|node|catalog|category)[_-]?\d*\.[a-z]+$`)

	// cutTitle is the title of a report that the listing has cut before the word for it; the page will tell.
	cutTitle = regexp.MustCompile(`(?:19|20)\d{2}年?度?(?:政府|政务)?信息公开(?:工作)?(?:年度?|年度报)?(?:\.{2,}|…+)$`)
	// annualPage is the report of one year; the column has nothing but the years.
	annualPage = regexp.MustCompile(`(?i)/xxgkAnnualReport\.jsp\?(?:[^#]*&)?fbtime=\d{4}(?:&|$)`)
)

func keep(links []Row, ok func(Row) bool) []Row {
	var kept []Row
	for _, l := range links {
		if ok(l) {
			kept = append(kept, l)
		}
	}
	return kept
}

// OutsideFirst returns the rows outside the menus, headers and footers of a page, or all of them when none is.
func OutsideFirst(links []Row) []Row {
	if outside := keep(links, func(l Row) bool { return !l.Chrome }); len(outside) > 0 {
		return outside
	}
	return links
}

// items returns what a page lists, and a digest of it: links with a date beside them, reports, and what has an
// address of the same shape as a report.
func items(links, reports []Row) (all []string, signature string) {
	shapes := make(map[string]bool)
	listed := make(map[string]bool)
	for _, r := range reports {
		listed[r.URL] = true
		shapes[shape(r.URL)] = true
	}
	seen := make(map[string]bool)
	sum := sha256.New()
	for _, l := range links {
		like := shapes[shape(l.URL)] && !extract.ColumnTitle(l.Name())
		if seen[l.URL] || !listed[l.URL] && !like && (l.Chrome || l.Date == "") {
			continue
		}
		seen[l.URL] = true
		all = append(all, l.URL)
		io.WriteString(sum, l.URL+"\n") // a hash never fails
	}
	if len(all) == 0 {
		return nil, ""
	}
	return all, hex.EncodeToString(sum.Sum(nil))
}

var varying = regexp.MustCompile(`[0-9a-fA-F]{16,}|\d+`)

// shape is what the addresses of the documents of one listing have in common. One without a number has none.
func shape(address string) string {
	s := varying.ReplaceAllString(address, "#")
	if s == address {
		return address
	}
	return s
}

// asRows takes links for rows. What a row says besides stands in attributes of its link, or behind it: not every
// family puts a date into the same cell.
func asRows(links []extract.Link, text string) []Row {
	rows := make([]Row, 0, len(links))
	beside := besides(text)
	for _, l := range links {
		if u, err := url.Parse(l.URL); err == nil {
			l.URL = weburl.Canonical(u).String()
		}
		more := beside[path.Base(l.URL)]
		if l.Date == "" && isReport(Row{Link: l}) {
			l.Date = more.Date
		}
		rows = append(rows, Row{Link: l, Index: more.Index, Document: more.Document})
	}
	return rows
}

var (
	anchorTag    = regexp.MustCompile(`(?i)<a\s[^<>]*>`)
	tagAttribute = regexp.MustCompile(`([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))`)
	dateBeside   = regexp.MustCompile(`(?:19|20)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?`)
)

// farBeside is how far behind its link a date is looked for, in bytes.
const farBeside = 400

// besides finds 索引号, 文号 and the date of links, by the last part of their address.
func besides(text string) map[string]Row {
	all := make(map[string]Row)
	tags := anchorTag.FindAllStringIndex(text, -1)
	for i, at := range tags {
		values := make(map[string]string)
		for _, m := range tagAttribute.FindAllStringSubmatch(text[at[0]:at[1]], -1) {
			values[strings.ToLower(m[1])] = html.UnescapeString(m[2] + m[3] + m[4])
		}
		if values["href"] == "" {
			continue
		}
		end := min(len(text), at[1]+farBeside)
		if i+1 < len(tags) {
			end = min(end, tags[i+1][0])
		}
		_, behind, _ := strings.Cut(text[at[1]:end], "</")
		row := Row{Index: values["syh"], Document: values["wh"]}
		row.Date = dateBeside.FindString(anyTag.ReplaceAllString(behind, " "))
		all[path.Base(values["href"])] = row
	}
	return all
}

// Start returns the request for the page that a listing begins at.
func Start(address string) Request {
	return Request{Kind: Page, Method: http.MethodGet, URL: address, Number: 1}
}
