package extract

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"gongkai/extract/form"
	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// ErrNotReport says that a page is no annual report. The error that wraps it says why.
var ErrNotReport = errors.New("not a report")

// ReadReport reads a page as an annual report. The error wraps ErrNotReport when the page does not hold one;
// everything else that is odd about it is a Problem of the report.
func ReadReport(d *Document, h Hints) (*Report, error) {
	r := &Report{Encoding: d.enc, Form: d.kind}
	b, _ := d.findBody()
	r.Title = d.reportTitle(b, h)
	claim, titled := ReportTitle(r.Title)
	linkClaim, linked := ReportTitle(h.LinkTitle)
	if word := injectedWord(text.Simplify(r.Title)); word != "" {
		return nil, fmt.Errorf("%w: %q in the title, as mirrors inject it", ErrNotReport, word)
	}
	r.Attachments = d.attachments(b)
	tables := d.numberTables(b)
	year := claim.Year
	if year == 0 {
		year = linkClaim.Year
	}
	read := form.Read(tables, year, d.linesOfTables(b))
	r.Figures, r.Forms, r.Problems = read.Figures, read.Forms, read.Problems
	if why := d.notReport(b, titled || linked, blankForm(r.Figures), r.Forms); why != "" {
		r.Form = d.elsewhere(r.Attachments)
		if r.Form == "" || !titled && !linked {
			return nil, fmt.Errorf("%w: %s", ErrNotReport, why)
		}
		if n, ok := d.container(); !ok || !isContainer(n) {
			b = body{} // no article that anything could be said of
		}
	}
	r.Sections = d.sections(b, r.Title)
	r.Script = text.Script(r.Title + r.Text())
	r.Fields = d.readFields(b, r.Title, h)
	r.published(h, year)
	var doubts []form.Problem
	r.Checks, doubts = read.Check()
	r.Problems = append(r.Problems, doubts...)

	prose := proseOf(r.Sections)
	names := d.names(r, b, claim, linkClaim, prose, h)
	r.Agency, doubts = identify(names, r.Fields, h, prose)
	r.Agency.Printed = printedName(r.Title, r.Agency.Name)
	r.Problems = append(r.Problems, doubts...)
	r.scope(prose, d.sectionOf(b, h))
	r.year(claim, linkClaim, prose)
	r.Problems = append(r.Problems, form.CheckProse(proseOf(withoutTables(r.Sections)), r.Year, r.Figures)...)
	r.doubts(d, b, prose)
	r.Quality = r.quality()
	return r, nil
}

// notReport says why a page holds no report, or "": no text that could be one, or a text that nothing calls one and
// that has none of the statutory tables. Notices on how to compile reports list all six headings, and reports on
// other matters have six of their own; and such notices print the form, with nothing in it.
func (d *Document) notReport(b body, titled, blank bool, forms map[string]string) string {
	han := d.hanText(b)
	switch {
	case blank && len(forms) > 0 && (!titled || d.aboutReports()):
		return "a blank form"
	case len(b.headings) >= 4 && (titled || len(forms) > 0):
		return ""
	case !titled && len(b.headings) >= 2:
		return fmt.Sprintf("headings like a report's, but no title and no statutory table (%q)", d.title)
	case !titled:
		return "neither title nor headings of one"
	case len(b.headings) >= 2 && han >= 100, han >= 300:
		return ""
	}
	return fmt.Sprintf("titled as one, but only %d characters of text", han)
}

// aboutReports reports whether the page says by its title or a headline that it is about the form of reports.
func (d *Document) aboutReports() bool {
	return slices.ContainsFunc(append(d.headlines(), d.meta("ArticleTitle"), d.title), func(s string) bool { return formNotice.MatchString(text.Plain(s)) })
}

var formNotice = regexp.MustCompile(`(?:报告|年报)[^,。]{0,6}(?:格式|模板|样式|样表|范本)|关于(?:印发|做好|报送|规范|编制|开展|调整)[^。]*(?:年度报告|年报)`)

// blankForm reports whether no cell has a number.
func blankForm(figures []form.Figure) bool {
	return !slices.ContainsFunc(figures, func(f form.Figure) bool { return f.Value != "" })
}

// injectedWords are put into copies of government pages by those who sell bets and worse. None stands in a report.
var injectedWords = []string{"比分直播", "足球彩票", "时时彩", "真人娱乐", "新葡京", "皇冠体育", "博彩", "六合彩", "成人视频", "赌场", "投注网", "体育直播", "手机版app"}

// injectedWord returns the first such word in a text in simplified script, or "".
func injectedWord(text string) string {
	for _, w := range injectedWords {
		if strings.Contains(text, w) {
			return w
		}
	}
	return ""
}

func (d *Document) hanText(b body) int {
	n := 0
	for _, bl := range d.blocks[b.start:b.end] {
		if bl.linked*2 > len(bl.text) {
			continue // a row of a listing
		}
		for _, r := range bl.text {
			if r > 0x2e80 && unicode.Is(unicode.Han, r) {
				n++
			}
		}
	}
	return n
}

// reportTitle is the best title of the page: the first that names both agency and year of a report, among the site
// standard's meta tag, the headline, the title element, the lines before the text, and the link; else the first that
// names one of them; else a headline on several lines; else the first there is.
func (d *Document) reportTitle(b body, h Hints) string {
	first, agency, year := "", "", ""
	for c := range d.titles(b, h) {
		c = text.Compact(c)
		claim, ok := ReportTitle(c)
		switch {
		case ok && claim.Year != 0 && claim.Agency != "":
			return c
		case ok && claim.Agency != "" && agency == "":
			agency = c
		case ok && claim.Year != 0 && year == "":
			year = c
		case first == "":
			first = c
		}
	}
	if agency == "" && year == "" {
		return cmp.Or(d.brokenTitle(b, h), first)
	}
	return cmp.Or(agency, year)
}

// titles yields what may be the title, the likeliest first.
func (d *Document) titles(b body, h Hints) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(d.meta("ArticleTitle")) {
			return
		}
		for _, text := range d.headlines() {
			if !yield(text) {
				return
			}
		}
		for _, part := range d.titleElement(h) {
			if !yield(part) {
				return
			}
		}
		before := len(d.blocks)
		if len(b.headings) > 0 {
			before = b.headings[0].block
		}
		for _, bl := range d.blocks[:before] {
			if bl.table == nil && bl.linked == 0 && len(bl.text) < 200 && !strings.ContainsAny(bl.text, "。，；;") && !yield(bl.text) {
				return
			}
		}
		yield(h.LinkTitle)
	}
}

// titleElement lists what the title element may say of the report: its parts, and where none of them is the title, the
// whole. The name of the portal's own site before or behind it is no part of the title.
func (d *Document) titleElement(h Hints) []string {
	parts := titleParts(d.title)
	titled := false
	for i, part := range parts {
		if site := h.Agency; site != "" {
			part = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(part), site+" "), " "+site)
		}
		parts[i] = part
		titled = titled || reportCore.MatchString(text.Plain(part))
	}
	if !titled {
		parts = append(parts, d.title)
	}
	return parts
}

// titleParts cuts a title element at what stands between the title and the names of column and site.
func titleParts(title string) []string {
	return strings.FieldsFunc(title, func(r rune) bool { return strings.ContainsRune("_|—–-", r) })
}

// headlines lists the texts of the page's headline elements: first all lines of one joined, as titles are broken in
// two, then each by itself.
func (d *Document) headlines() []string {
	var joined, single []string
	var last *html.Node
	for _, b := range d.blocks {
		n := headlineOf(b.node)
		if n == nil || b.table != nil || len(b.text) > 300 {
			continue
		}
		if n == last {
			joined[len(joined)-1] += b.text
		} else {
			joined = append(joined, b.text)
		}
		last = n
		single = append(single, b.text)
	}
	return append(joined, single...)
}

// numberTables gives the tables of the body their numbers, from 1, and what stands around them.
func (d *Document) numberTables(b body) []*markup.Table {
	var tables []*markup.Table
	section, next := 0, 0
	for i := b.start; i < b.end; i++ {
		if next < len(b.headings) && b.headings[next].block == i {
			section = b.headings[next].section
			next++
		}
		t := d.blocks[i].table
		if t == nil {
			continue
		}
		t.Number, t.Section, t.Part = len(tables)+1, 0, partOf(d.blocks[i].node)
		if len(b.headings) >= 5 {
			t.Section = section
		}
		if above := i - 1; above >= b.start && len(d.blocks[above].text) < 120 {
			t.Note = text.Narrow(text.Simplify(d.blocks[above].text))
		}
		tables = append(tables, t)
	}
	return tables
}

// linesOfTables yields the lines of text from the second heading to the fifth: where a report has its tables.
func (d *Document) linesOfTables(b body) iter.Seq[string] {
	from, to := b.start, b.end
	for _, h := range b.headings {
		switch h.section {
		case 2:
			from = h.block
		case 5:
			to = h.block
		}
	}
	return func(yield func(string) bool) {
		for _, bl := range d.blocks[from:to] {
			if bl.table == nil && !yield(bl.text) {
				return
			}
		}
	}
}

// proseOf is the text without table rows, in simplified script.
func proseOf(sections []Section) string {
	var b strings.Builder
	for _, s := range sections {
		for l := range strings.Lines(s.Text) {
			if !strings.HasPrefix(l, "\t") {
				b.WriteString(l)
			}
		}
	}
	return text.Narrow(text.Simplify(b.String()))
}

// withoutTables leaves out the sections of the tables, which may stand there as lines of text.
func withoutTables(sections []Section) []Section {
	return slices.DeleteFunc(slices.Clone(sections), func(s Section) bool { return s.Number >= 2 && s.Number <= 4 })
}

var period = regexp.MustCompile(`(20\d\d)年1月1日[^。]{0,14}?(?:(20\d\d)年)?(?:度)?12月31日`)

// year settles the year reported on: the title's, else the link's, else that of the statistical period, else that of
// which the text says what was done in it. It is never taken from the date of publication.
func (r *Report) year(title, link TitleClaim, prose string) {
	stated := yearOfPeriod(prose)
	r.Year = cmp.Or(title.Year, link.Year, stated, r.yearInProse(prose))
	switch {
	case r.Year == 0:
		r.doubt("year", "", "neither title nor text says which year is reported on")
	case stated != 0 && stated != r.Year:
		r.doubt("year", "", "title says %d, the statistical period %d", r.Year, stated)
	case link.Year != 0 && link.Year != r.Year:
		r.doubt("year", "", "title says %d, the link %d", r.Year, link.Year)
	case len(TitleYears(r.Title)) > 1 && stated == 0:
		r.doubt("year", "", "the title names several years: %d", TitleYears(r.Title))
	}
	if r.Published != "" && r.Year != 0 && r.Published < fmt.Sprint(r.Year) {
		r.doubt("date", "published_date", "published %s, before the year reported on ended", r.Published)
	}
}

// yearOfPeriod is the year of the statistical period that the text states, 0 when it states none.
func yearOfPeriod(prose string) int {
	m := period.FindStringSubmatch(prose)
	if m == nil || m[2] != "" && m[2] != m[1] {
		return 0
	}
	return atoi(m[1])
}

// inYear begins what was done in a year: 2020年度我街办…, 2020年，全区…, 2020年，衢江区财政局认真….
var inYear = regexp.MustCompile(`(?:^|[^\d至到-])(20\d\d)年度?[,，]?(?:来|以来|里|内|中|,|，)?(?:我|本|全[省市区县州旗镇乡街局]|在|共|以|按照|根据|\p{Han}{2,20}?(?:严格|认真|深入|积极|坚持|高度|全面|切实|共|主动公开|按照|根据|紧紧|围绕|始终|扎实|不断|进一步))`)

// yearInProse returns the year of which the text says that something was done in it; 0 when there is none, or several:
// reports look back. That of the publication is one of plans, unless there is no other.
func (r *Report) yearInProse(prose string) int {
	var past, planned []int
	for _, m := range inYear.FindAllStringSubmatch(prose, -1) {
		years := &past
		if r.Published != "" && m[1] > r.Published[:4] {
			continue
		}
		if r.Published != "" && m[1] == r.Published[:4] {
			years = &planned
		}
		if y := atoi(m[1]); !slices.Contains(*years, y) {
			*years = append(*years, y)
		}
	}
	if len(past) == 0 {
		past = planned
	}
	if len(past) != 1 {
		return 0
	}
	return past[0]
}

func (r *Report) doubt(kind, where, format string, args ...any) {
	r.Problems = append(r.Problems, form.Problem{Kind: kind, Where: where, Detail: fmt.Sprintf(format, args...)})
}

// doubts adds what is odd about the report as a whole, and what it lacks.
func (r *Report) doubts(d *Document, b body, prose string) {
	r.doubtText(d, prose)
	switch r.Form {
	case FormImage:
		r.doubt("form", "", "the report is a picture; nothing could be read")
		return
	case FormAttachment:
		r.doubt("form", "", "the report stands in %d attachments that could not be read", len(r.Attachments))
		return
	}
	r.doubtParts(b)
	if d.secondReport(b) {
		r.doubt("conflict", "", "a second report stands on the page; only one was read")
	}
	if n := r.Field("index_no"); n != "" && noIndex(n) {
		r.doubt("index_no", "", "%q is hardly an index number", n)
	}
}

// doubtText says what makes the text itself doubtful: how it was encoded, and by whom it was served.
func (r *Report) doubtText(d *Document, prose string) {
	if r.Encoding.Undone != "" {
		r.doubt("encoding", "", "the page was encoded twice, %s; that was undone", r.Encoding.Undone)
	}
	if r.Encoding.Replaced > 0 {
		r.doubt("encoding", "", "%d characters could not be read as %s", r.Encoding.Replaced, r.Encoding.Name)
	}
	if word := injectedWord(prose); word != "" {
		r.doubt("mirror", "text", "%q stands in the text, as mirrors inject it", word)
	}
	if domain := r.Field("site_domain"); domain != "" && !ofSite(d.base.Hostname(), domain) {
		r.doubt("mirror", "site_domain", "the page says it is of %s, but was served by %s", domain, d.base.Hostname())
	}
}

// doubtParts says which headings and tables of the form are missing. Reports of before the form of 2019 have none of
// its tables, and those on the old form, t14, none of its headings.
func (r *Report) doubtParts(b body) {
	if (len(r.Forms) > 0 || len(b.headings) > 0) && r.Forms["t14"] == "" {
		for _, s := range form.Schema().Sections {
			if !slices.ContainsFunc(b.headings, func(h headingMark) bool { return h.section == s.Number }) {
				r.doubt("section", fmt.Sprint(s.Number), "no heading %s", s.ZH)
			}
		}
	}
	for _, table := range [...]string{"t2", "t3", "t4"} {
		if r.Year >= 2019 && r.Forms[table] == "" {
			r.doubt("missing", table, "no such table on the page")
		}
	}
}

func simplifyName(s string) string { return strings.ReplaceAll(text.Narrow(text.Simplify(s)), " ", "") }

// printedName cuts from the title the part that the agency's name was read from, as printed.
func printedName(title, name string) string {
	folded, want := []rune(simplifyName(title)), []rune(name)
	printed := []rune(strings.ReplaceAll(text.Narrow(title), " ", ""))
	if len(folded) != len(printed) {
		return ""
	}
	if i := strings.Index(string(folded), string(want)); i >= 0 {
		at := len([]rune(string(folded)[:i]))
		return string(printed[at : at+len(want)])
	}
	return ""
}

// ofSite reports whether a host may serve pages of one of the domains that a page says it is of: the same, or one part
// of the other. An address in numbers tells nothing.
func ofSite(host, domains string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(domains, func(r rune) bool { return strings.ContainsRune(",，;；、|", r) || unicode.IsSpace(r) }),
		func(domain string) bool { return ofDomain(host, domain) })
}

func ofDomain(host, domain string) bool {
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return true
	}
	trim := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "https://"), "http://")
		s, _, _ = strings.Cut(s, "/")
		s, _, _ = strings.Cut(s, ":")
		return strings.TrimPrefix(s, "www.")
	}
	a, b := trim(host), trim(domain)
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a) || !strings.Contains(b, ".") || parentDomain(a) == parentDomain(b)
}

// parentDomain is a domain without its first label, if what is left is more than a public suffix such as gov.cn.
func parentDomain(domain string) string {
	_, rest, ok := strings.Cut(domain, ".")
	if !ok || strings.Count(rest, ".") < 2 {
		return domain
	}
	return rest
}
