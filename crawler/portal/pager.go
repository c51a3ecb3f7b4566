package portal

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gongkai/crawler/weburl"
	"gongkai/extract/markup"
	"gongkai/seeds"
)

// MaxPages is the highest page number that is believed. No body publishes reports for that long; calendars and
// broken counters go on for ever.
const MaxPages = 200

// mostCalls is how many calls of one pager are believed on one page.
const mostCalls = 8

// A view is what pagers see of a page.
type view struct {
	text  string   // its scripts and its attributes
	page  *url.URL // its address
	base  *url.URL // what its links are relative to
	enc   markup.Encoding
	held  int    // rows that stand in it as XML
	bare  bool   // it lists no reports outside its menus, header and footer
	empty bool   // it lists nothing
	from  string // the page that the listing began at
}

// series returns what the pagers find on a page: of each family the first pager that applies, and those of no family
// where nothing else is found. answer means that the page is one of a Series.
func (v view) series(p seeds.Portal, answer bool) []Request {
	known := slices.ContainsFunc(pagers, func(g pager) bool { return g.family == p.Family })
	used := make(map[string]bool)
	var all []Request
	for i := range pagers {
		g := &pagers[i]
		switch {
		case answer && !g.every,
			p.Family != "" && known && g.family != "" && g.family != p.Family,
			g.family != "" && used[g.family] && !g.also,
			g.family == "" && len(all) > 0,
			g.bare && !v.bare,
			g.bare && g.family == "" && !v.empty: // a guess at that
			continue
		}
		found := v.matches(g)
		if len(found) == 0 {
			continue
		}
		used[g.family] = true
		for _, vars := range found {
			all = append(all, v.begin(g, vars)...)
		}
	}
	return all
}

// matches returns the variables of each call of a pager on the page.
func (v view) matches(g *pager) []map[string]string {
	if !strings.Contains(v.text, g.has) || g.call != nil && !g.call.MatchString(v.text) {
		return nil
	}
	common, ok := v.common(g)
	if !ok {
		return nil
	}
	calls := []map[string]string{common}
	if g.call != nil {
		calls = nil
		for _, m := range g.call.FindAllStringSubmatch(v.text, mostCalls) {
			vars := maps.Clone(common)
			take(g.call, m, vars)
			calls = append(calls, vars)
		}
	}
	if g.object != nil {
		calls = v.withObjects(g, calls)
	}
	return slices.DeleteFunc(calls, func(vars map[string]string) bool {
		for name, want := range g.only {
			if vars[name] != want {
				return true
			}
		}
		return false
	})
}

// common returns the variables that all calls of a pager on the page have; false where its address is not one of the pager's.
func (v view) common(g *pager) (map[string]string, bool) {
	vars := maps.Clone(g.defaults)
	if vars == nil {
		vars = make(map[string]string)
	}
	if g.address != nil {
		address := v.page.RequestURI()
		if v.page.Fragment != "" {
			address += "#" + v.page.Fragment
		}
		m := g.address.FindStringSubmatch(address)
		if m == nil {
			return nil, false
		}
		take(g.address, m, vars)
	}
	for name, value := range g.found(v.text) {
		vars[name] = value
	}
	if v.held > 0 {
		vars["held"] = strconv.Itoa(v.held)
	}
	vars["here"] = here(v.page)
	for name, value := range vars {
		if filled, ok := fill(value, vars); ok && g.defaults[name] == value {
			vars[name] = filled
		}
	}
	return vars, true
}

// found returns the variables of a pager that stand in a text: of several patterns for one, what the first finds.
func (g *pager) found(text string) map[string]string {
	vars := make(map[string]string)
	for _, variable := range slices.Backward(g.vars) {
		if m := variable.pattern.FindStringSubmatch(text); m != nil {
			vars[variable.name] = html.UnescapeString(m[1])
		}
	}
	return vars
}

// take adds what the named groups of a match hold; nothing does not overrule a default.
func take(pattern *regexp.Regexp, match []string, vars map[string]string) {
	for i, name := range pattern.SubexpNames() {
		if _, known := vars[name]; name != "" && (match[i] != "" || !known) {
			vars[name] = html.UnescapeString(match[i])
		}
	}
}

// withObjects gives each call of a pager its literal object: the first the first. A page may be built from several
// units, each with an object of its own.
func (v view) withObjects(g *pager, calls []map[string]string) []map[string]string {
	var all []map[string]string
	for _, loc := range g.object.FindAllStringIndex(v.text, mostCalls) {
		v, _, _ := literal(v.text, loc[1]-1)
		if o, ok := v.(object); ok && len(calls) > 0 {
			vars := maps.Clone(calls[min(len(all), len(calls)-1)])
			vars["object"] = query(o, strings.Fields(g.drop))
			all = append(all, vars)
		}
	}
	return all
}

// query writes an object as a query, without some of its members.
func query(o object, drop []string) string {
	var parts []string
	for _, m := range o {
		if text, ok := m.value.(string); ok && !slices.Contains(drop, m.key) {
			parts = append(parts, url.QueryEscape(m.key)+"="+url.QueryEscape(text))
		}
	}
	return strings.Join(parts, "&")
}

var pageParameter = regexp.MustCompile(`(?i)^(?:page|pageno|pagenum|pagenumber|pageindex|currpage|curpage|currentpage)$`)

// here returns the address of a page without its number, up to where a parameter can be added.
func here(page *url.URL) string {
	address := page.EscapedPath() + "?"
	for part := range strings.SplitSeq(page.RawQuery, "&") {
		if name, _, _ := strings.Cut(part, "="); part != "" && !pageParameter.MatchString(name) {
			address += part + "&"
		}
	}
	return address
}

var placeholder = regexp.MustCompile(`\{(\w+)(\|query)?\}`)

// fill puts variables into a template; false when one is missing.
func fill(template string, vars ...map[string]string) (string, bool) {
	whole := true
	text := placeholder.ReplaceAllStringFunc(template, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		for _, v := range vars {
			if value, ok := v[m[1]]; ok {
				if m[2] != "" {
					value = url.QueryEscape(value)
				}
				return value
			}
		}
		whole = false
		return ""
	})
	return text, whole
}

// begin returns the first requests of a pager: for all pages where their number is known.
func (v view) begin(g *pager, vars map[string]string) []Request {
	total, _ := strconv.Atoi(vars["total"])
	if total > 0 && total <= v.held {
		return nil // all there
	}
	series := &Series{Pager: g.name, Vars: vars}
	if series.lacks(g) {
		if g.script == "" {
			return nil
		}
		return v.requests(Data, get, g.script, "", Request{Series: series})
	}
	if g.once {
		address, ok := fill(g.url, vars)
		if !ok {
			return nil
		}
		return v.requests(g.kind(), get, address, "", Request{Series: series, Guess: g.bare})
	}
	series.Pages = series.count(g)
	return v.pages(g, series, 0)
}

func (g *pager) kind() string {
	if g.page {
		return Page
	}
	return Data
}

// lacks reports whether a variable that a pager needs is not known.
func (s *Series) lacks(g *pager) bool {
	return slices.ContainsFunc(g.needs, func(name string) bool { return s.Vars[name] == "" })
}

// count returns how many pages a series has, 0 when that is not known.
func (s *Series) count(g *pager) int {
	pages, _ := strconv.Atoi(s.Vars["pages"])
	total, _ := strconv.Atoi(s.Vars["total"])
	per, _ := strconv.Atoi(s.Vars["per"])
	if per *= max(g.span, 1); pages == 0 && total > 0 && per > 0 {
		pages = (total + per - 1) / per
	}
	return min(pages, MaxPages)
}

// start returns the number of the first page to ask for.
func (s *Series) start(g *pager) int {
	if g.after != "" {
		last, _ := strconv.Atoi(s.Vars[g.after])
		return last + 1
	}
	return g.first
}

// pages returns the requests for the pages of a series after one: all where their number is known, else the next one.
func (v view) pages(g *pager, series *Series, after int) []Request {
	first := series.start(g)
	last := series.Pages
	if last == 0 {
		last = max(after+1, first)
	}
	if held := v.held; held > 0 && g.span > 0 { // what stands in the page need not be whole pages
		total, _ := strconv.Atoi(series.Vars["total"])
		per, _ := strconv.Atoi(series.Vars["per"])
		if per == 0 {
			return nil
		}
		last = first - 1 + (total-held+per*g.span-1)/(per*g.span)
	}
	var all, spare []Request
	known := make(map[string]bool)
	for k := first; k <= min(last, MaxPages); k++ {
		for _, r := range v.numbered(g, series, g.url, g.body, k, last) {
			known[r.Key()] = true
			if k > after {
				all = append(all, r)
			}
		}
	}
	if g.other == "" || series.Pages == 0 {
		return all
	}
	address, body := g.other, g.body
	if g.method == post {
		address, body = g.url, g.other
	}
	for k := first; k <= min(last, MaxPages); k++ {
		for _, r := range v.numbered(g, series, address, body, k, last) {
			if !known[r.Key()] {
				r.Spare = true
				spare = append(spare, r)
			}
		}
	}
	return append(all, spare...)
}

// numbered returns the request for one page of a series.
func (v view) numbered(g *pager, series *Series, address, body string, k, last int) []Request {
	per, _ := strconv.Atoi(series.Vars["per"])
	per *= max(g.span, 1)
	from := (k - 1) * per
	if v.held > 0 && g.span > 0 {
		from = v.held + (k-series.start(g))*per
	}
	to := from + per
	if total, _ := strconv.Atoi(series.Vars["total"]); total > 0 {
		to = min(to, total)
	}
	n := map[string]string{"page": strconv.Itoa(k), "page0": strconv.Itoa(k - 1), "down": strconv.Itoa(last - k + 1),
		"start": strconv.Itoa(from + 1), "end": strconv.Itoa(to)}
	address, ok1 := fill(address, n, series.Vars)
	body, ok2 := fill(body, n, series.Vars)
	if !ok1 || !ok2 {
		return nil
	}
	method := g.method
	if method == "" {
		method = get
	}
	return v.requests(g.kind(), method, address, body, Request{Series: series, Number: k, Guess: k > 1})
}

// requests completes a request; none when its address is malformed.
func (v view) requests(kind, method, address, body string, r Request) []Request {
	u, err := markup.ResolveURL(v.base, address, v.enc)
	if err != nil {
		return nil
	}
	r.Kind, r.Method, r.URL, r.Body, r.From = kind, method, weburl.Canonical(u).String(), body, v.from
	if kind == Data {
		r.Header = http.Header{"Referer": {v.from}}
	}
	if method == post {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		if strings.HasPrefix(body, "{") {
			r.Header.Set("Content-Type", "application/json; charset=UTF-8")
		}
	}
	return []Request{r}
}

// pagerNamed returns the pager of a series, or nil: the table may have changed since.
func pagerNamed(name string) *pager {
	for i := range pagers {
		if pagers[i].name == name {
			return &pagers[i]
		}
	}
	return nil
}

// more returns what follows an answer of a series: the requests that needed it, or the pages that it announces.
func (v view) more(prev Request, rows, pages, items int) []Request {
	g := pagerNamed(prev.Series.Pager)
	if g == nil || g.once {
		return nil
	}
	series := &Series{Pager: g.name, Vars: maps.Clone(prev.Series.Vars)}
	if series.Vars == nil {
		series.Vars = make(map[string]string)
	}
	if prev.Number == 0 { // it was asked for what it knows
		maps.Copy(series.Vars, g.found(v.text))
		if series.lacks(g) {
			return nil
		}
		series.Pages = series.count(g)
		return v.pages(g, series, 0)
	}
	if prev.Series.Pages > 0 {
		return nil // all have been named
	}
	series.Pages = min(max(pagesOf(rows, pages, items), 0), MaxPages)
	if series.Pages > 0 || items > 0 || prev.Number == series.start(g) && g.other != "" {
		return v.pages(g, series, prev.Number)
	}
	return nil
}

// pagesOf returns how many pages a listing has of which one, with so many items, announces pages or rows in all; 0 when that is
// not known.
func pagesOf(rows, pages, items int) int {
	switch {
	case pages != 0, rows <= 0:
		return pages
	case items >= rows:
		return 1
	case items > 0:
		return (rows + items - 1) / items
	}
	return 0
}
