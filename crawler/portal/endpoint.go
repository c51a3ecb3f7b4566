package portal

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/extract/markup"
)

// jsonp is an answer that calls a function with its data.
var jsonp = regexp.MustCompile(`^[\w$.]+\s*\(\s*[\[{]`)

// answer reads an endpoint's answer of JSON or JSONP: blanks and a byte order mark may stand before it.
func answer(text string) (any, bool) {
	text = strings.TrimLeft(text, "\ufeff \t\r\n\u00a0")
	if loc := jsonp.FindStringIndex(text); loc != nil {
		text = text[loc[1]-1:]
	}
	if text == "" || text[0] != '{' && text[0] != '[' {
		return nil, false
	}
	v, _, ok := literal(text, 0)
	return v, ok
}

// The names that services give to what a row says, best first, in lower case.
var (
	titleNames  = []string{"realtitle", "doctitle", "title", "infotitle", "articletitle", "subject", "linktitle", "mc", "name"}
	urlNames    = []string{"url", "infourl", "chnldocurl", "docpuburl", "puburl", "linkurl", "link", "href", "visiturl", "arturl"}
	dateNames   = []string{"publishedtimestr", "docreltime", "infodate", "docrelpubtime", "pubdate", "pubtime", "publishtime", "publishdate", "display_publish_time", "created_at", "createdate", "create_time", "date", "time", "rq"}
	indexNames  = []string{"identifier", "idxid", "indexno", "indexnumber", "index_no", "syh"}
	numberNames = []string{"document_number", "fileno", "refno", "docno", "wh"}

	totalNames = []string{"total", "totalcount", "totalrecord", "totalrecords", "recordcount", "post_count", "totalelements", "totalnum", "count"}
	pagesNames = []string{"pagecount", "totalpage", "totalpages", "pages", "pagetotal"}
)

// rowsIn returns the rows in a value: the objects of its arrays that have a title and an address, in order, and
// those in markup that it carries as text.
func (r *reading) rowsIn(v any) []Row {
	var rows []Row
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if o, ok := e.(object); ok {
				if row, ok := r.rowOf(o); ok {
					rows = append(rows, row)
					continue
				}
			}
			rows = append(rows, r.rowsIn(e)...)
		}
	case object:
		for _, m := range v {
			rows = append(rows, r.rowsIn(m.value)...)
		}
	case string:
		if isMarkup(v) {
			rows = r.markupRows(v)
		}
	}
	return rows
}

func isMarkup(s string) bool {
	return strings.Contains(s, "<") && strings.Contains(s, "href=")
}

// markupRows reads a fragment of HTML.
func (r *reading) markupRows(fragment string) []Row {
	doc, err := extract.ParseDecoded([]byte(fragment), r.enc, r.base)
	if err != nil {
		return nil // rows nested 512 deep are a trap, not a listing
	}
	r.pushed = append(r.pushed, asRows(doc.Buttons(), "")...)
	r.lost = append(r.lost, doc.Unaddressed()...)
	return asRows(doc.Links(), fragment)
}

// rowOf reads a row from an object.
func (r *reading) rowOf(o object) (Row, bool) {
	title, address := firstOf(o, titleNames), firstOf(o, urlNames)
	if title == "" {
		return Row{}, false
	}
	title = strings.Join(strings.Fields(anyTag.ReplaceAllString(title, "")), " ")
	if script := extract.ScriptAddress(address); script != "" {
		address = script
	}
	u, err := markup.ResolveURL(r.base, address, r.enc)
	if err != nil {
		r.lost = append(r.lost, extract.Link{Text: title, Date: day(firstOf(o, dateNames))})
		return Row{}, false
	}
	return Row{
		Link:     extract.Link{URL: weburl.Canonical(u).String(), Text: title, Title: title, Date: day(firstOf(o, dateNames))},
		Index:    firstOf(o, indexNames),
		Document: firstOf(o, numberNames),
	}, true
}

// firstOf returns the first member of an object that has one of the names and says something. Services also keep
// what a row says in lists of key and value.
func firstOf(o object, names []string) string {
	for _, name := range names {
		if s := strings.TrimSpace(o.str(name)); s != "" && s != "null" {
			return s
		}
	}
	for _, m := range o {
		if list, ok := m.value.([]any); ok {
			if s := keyed(list, names, 0); s != "" {
				return s
			}
		}
	}
	return ""
}

// keyed finds a name in lists of objects {key, value}, at most two lists deep.
func keyed(list []any, names []string, depth int) string {
	for _, e := range list {
		o, ok := e.(object)
		if !ok {
			continue
		}
		if key := strings.ToLower(o.str("key")); key != "" && slices.Contains(names, key) && o.str("value") != "" {
			return o.str("value")
		}
		for _, m := range o {
			if inner, ok := m.value.([]any); ok && depth < 2 {
				if s := keyed(inner, names, depth+1); s != "" {
					return s
				}
			}
		}
	}
	return ""
}

var dayPattern = regexp.MustCompile(`^\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?`)

// china is where dates are meant.
var china = time.FixedZone("CST", 8*60*60)

// day returns the date of a time: as text, or in seconds or milliseconds since 1970.
func day(s string) string {
	if d := dayPattern.FindString(s); d != "" {
		return d
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || n <= 1e8:
		return ""
	case n > 1e11:
		n /= 1000
	}
	return time.Unix(n, 0).In(china).Format(time.DateOnly)
}

// totals finds in an answer how many rows and pages there are; 0 where it does not say. Rows have numbers of their
// own: they are not searched.
func totals(v any) (rows, pages int) {
	level := []any{v}
	for depth := 0; depth < 5 && len(level) > 0 && (rows == 0 || pages == 0); depth++ {
		var below []any
		for _, v := range level {
			o, ok := v.(object)
			if !ok {
				continue
			}
			if rows == 0 {
				rows = numberOf(o, totalNames)
			}
			if pages == 0 {
				pages = numberOf(o, pagesNames)
			}
			for _, m := range o {
				switch inner := m.value.(type) {
				case object:
					below = append(below, inner)
				case string:
					if isMarkup(inner) {
						r, p := announced(inner)
						rows, pages = max(rows, r), max(pages, p)
					}
				}
			}
		}
		level = below
	}
	return rows, pages
}

func numberOf(o object, names []string) int {
	for _, name := range names {
		if n, err := strconv.Atoi(o.str(name)); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// announced finds in the text of a page how many rows and pages there are; 0 where it does not say.
func announced(text string) (rows, pages int) {
	for _, c := range counts {
		if c.rows && rows > 0 || !c.rows && pages > 0 || !strings.Contains(text, c.has) {
			continue
		}
		if n := number(c.pattern, text); c.rows {
			rows = n
		} else {
			pages = n
		}
	}
	return rows, pages
}

// number returns the first number that pattern finds, or 0.
func number(pattern *regexp.Regexp, text string) int {
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	for _, g := range m[1:] {
		if n, err := strconv.Atoi(g); err == nil {
			return n
		}
	}
	return 0
}
