package extract

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// Many listings lead on by what a click does: javascript:window.open('/a.html'), onclick="location.href='a.html'",
// data-href="/a.html". No script is run. An address that is written out in such a script is one as good as any.

// lead returns where an element leads: by its href, by the script that a click runs, or by a data attribute.
func (d *Document) lead(n *html.Node) (address string, ok bool) {
	if n.DataAtom == atom.A || n.DataAtom == atom.Area {
		if address, ok := d.resolve(markup.Attr(n, "href")); ok {
			return address, true
		}
	}
	if address, ok := d.resolve(clicked(n)); ok {
		return address, true
	}
	if n.DataAtom != atom.A {
		return "", false
	}
	for c := range n.Descendants() {
		if address, ok := d.resolve(clicked(c)); ok {
			return address, true
		}
	}
	for p, up := n.Parent, 0; p != nil && up < 3 && isRow(p); p, up = p.Parent, up+1 {
		if address, ok := d.resolve(clicked(p)); ok && anchorsIn(p, 2) == 1 {
			return address, true
		}
	}
	return "", false
}

// isRow reports whether an element may be a row of a listing, or a part of one.
func isRow(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Li, atom.Dd, atom.Dt, atom.Tr, atom.Td, atom.P, atom.Div, atom.Span, atom.H3, atom.H4:
		return true
	}
	return false
}

// anchorsIn counts the anchors below a node, up to a number.
func anchorsIn(n *html.Node, most int) (count int) {
	for c := range n.Descendants() {
		if c.DataAtom == atom.A {
			if count++; count == most {
				break
			}
		}
	}
	return count
}

// clickable are the attributes that hold what a click does, and those that hold the address for it.
var (
	clickScripts   = [...]string{"onclick", "onmousedown", "onmouseup", "ondblclick", "ng-click", "@click", "v-on:click"}
	clickAddresses = [...]string{"data-href", "data-url", "data-link"}
)

// clicked returns the address that a click on an element leads to, as it is written there; "" when none is.
func clicked(n *html.Node) string {
	for _, key := range clickScripts {
		if address := ScriptAddress(markup.Attr(n, key)); address != "" {
			return address
		}
	}
	href := markup.WithoutLineBreaks(strings.TrimSpace(markup.Attr(n, "href"))) // as in any address
	if script, ok := cutFold(href, "javascript:"); ok {
		if plain, err := url.PathUnescape(script); err == nil {
			script = plain
		}
		if address := ScriptAddress(script); address != "" {
			return address
		}
	}
	for _, key := range clickAddresses {
		if address := strings.TrimSpace(markup.Attr(n, key)); strings.ContainsAny(address, "/.?") {
			return address
		}
	}
	return ""
}

// handled reports whether something happens at a click on an element.
func handled(n *html.Node) bool {
	for _, a := range n.Attr {
		for _, key := range clickScripts {
			if a.Key == key {
				return true
			}
		}
		for _, key := range clickAddresses {
			if a.Key == key {
				return true
			}
		}
	}
	return false
}

func cutFold(s, prefix string) (after string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

var (
	literalText = regexp.MustCompile("\"((?:[^\"\\\\]|\\\\.)*)\"|'((?:[^'\\\\]|\\\\.)*)'|`((?:[^`\\\\$]|\\\\.)*)`")
	leadsTo     = regexp.MustCompile(`(?:\bopen\w*|\b(?:location|href)\s*\.\s*(?:assign|replace|href)|\blocation|\bhref|\bnavigate\w*|\bgo(?:to|url)?)\s*(?:=|\()\s*$`)
	// scriptAddress is what can only be an address.
	scriptAddress = regexp.MustCompile(`(?i)^(?:https?:)?//[\w-]|^(?:/|\.{1,2}/)[^/\s]|^[\w%.-]+/(?:[^\s]*/)?$|^[^\s"'<>:]*\.(?:s?html?|aspx?|jspx?|php|do|action|cgi|pdf|docx?|wps|ofd|xlsx?|zip|rar)(?:[?#]|$)`)
	// ornament is the address of a picture, and of what is loaded into a page.
	ornament = regexp.MustCompile(`(?i)\.(?:gif|jpe?g|png|bmp|ico|svg|css|js)(?:\?|$)`)
)

// ScriptAddress returns the address that a script leads to, when it is written out in it as one string; "" when it is
// put together from several, or there is none.
func ScriptAddress(script string) string {
	first := ""
	for _, m := range literalText.FindAllStringSubmatchIndex(script, 20) {
		before, after := strings.TrimRight(script[:m[0]], " \t\r\n"), strings.TrimLeft(script[m[1]:], " \t\r\n")
		if strings.HasSuffix(before, "+") || strings.HasPrefix(after, "+") {
			continue
		}
		text := ""
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				text = strings.TrimSpace(unescapeScript(script[m[i]:m[i+1]]))
			}
		}
		if ornament.MatchString(text) || len(text) > markup.LongestAddress {
			continue
		}
		if leadsTo.MatchString(before) && strings.ContainsAny(text, "/.?") {
			return text
		}
		if first == "" && scriptAddress.MatchString(text) {
			first = text
		}
	}
	return first
}

var scriptEscape = regexp.MustCompile(`\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(?s:(.)))`)

// unescapeScript undoes the escapes of a string literal.
func unescapeScript(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return scriptEscape.ReplaceAllStringFunc(s, func(e string) string {
		if len(e) > 3 {
			if r, err := strconv.ParseUint(e[2:], 16, 32); err == nil {
				return string(rune(r))
			}
		}
		return e[1:]
	})
}

// Buttons returns what leads somewhere without being an anchor with an address: by what a click does, as an option of a
// list, as an area of a map.
func (d *Document) Buttons() []Link {
	if d.root == nil {
		return nil
	}
	var all []Link
	for n := range d.root.Descendants() {
		if n.Type != html.ElementNode || withinAnchor(n) {
			continue
		}
		address, ok := "", false
		switch {
		case n.DataAtom == atom.Option:
			if value := strings.TrimSpace(markup.Attr(n, "value")); scriptAddress.MatchString(value) {
				address, ok = d.resolve(value)
			}
		case n.DataAtom == atom.Area, handled(n) && !d.holdsLink(n):
			address, ok = d.lead(n)
		}
		if ok {
			all = append(all, Link{URL: address, Text: buttonName(n), Title: text.Compact(markup.Attr(n, "title") + markup.Attr(n, "alt")), Date: ownDate(n), Chrome: inChrome(n), Row: true})
		}
	}
	return all
}

func withinAnchor(n *html.Node) bool {
	for p := n; p != nil; p = p.Parent {
		if p.DataAtom == atom.A {
			return true
		}
	}
	return false
}

// holdsLink reports whether an anchor with an address stands in an element.
func (d *Document) holdsLink(n *html.Node) bool {
	for c := range n.Descendants() {
		if c.DataAtom == atom.A {
			if _, ok := d.lead(c); ok {
				return true
			}
		}
	}
	return false
}

// longestLabel is how many characters the label of a link has at most that stands beside it.
const longestLabel = 100

// buttonLabel is what stands in an element, without a date; of one with much in it, what stands first.
func buttonLabel(n *html.Node) string {
	s := strings.TrimSpace(datePattern.ReplaceAllString(markup.CellText(n), ""))
	if utf8.RuneCountInString(s) <= longestLabel {
		return s
	}
	for c := range n.Descendants() {
		if c.Type == html.TextNode && strings.TrimSpace(c.Data) != "" {
			return text.Compact(c.Data)
		}
	}
	return ""
}

// buttonName is the label of what is clicked, or of the row in which that stands and says nothing itself.
func buttonName(n *html.Node) string {
	s := buttonLabel(n)
	if n.DataAtom == atom.Input {
		s = text.Compact(markup.Attr(n, "value"))
	}
	if n.DataAtom == atom.Area || n.DataAtom == atom.Option || s != "" && !saysNothing.MatchString(s) {
		return s
	}
	return firstFilled(besideLink(n), s)
}

func ownDate(n *html.Node) string {
	return datePattern.FindString(indexNumber.ReplaceAllString(markup.CellText(n), ""))
}

// Unaddressed returns what looks like a link, or like a row, and leads nowhere that can be told without running a
// script. Its links have no URL. Those in menus, headers and footers are left out.
func (d *Document) Unaddressed() []Link {
	var all []Link
	for _, part := range append([]*Document{d}, d.rows...) {
		if part.root == nil {
			continue
		}
		for n := range part.root.Descendants() {
			if n.Type == html.ElementNode && part.leadsNowhere(n) && !inChrome(n) {
				date, alone := ownDate(n), true
				if date == "" && n.DataAtom == atom.A {
					date, alone = rowDate(n)
				}
				all = append(all, Link{Text: buttonName(n), Title: text.Compact(markup.Attr(n, "title")), Date: date, Row: alone})
			}
		}
	}
	return all
}

// leadsNowhere reports whether an element is an anchor without an address, or a row that has no anchor at all.
func (d *Document) leadsNowhere(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A:
	case atom.Li, atom.Dd, atom.Dt, atom.Tr:
		if anchorsIn(n, 1) > 0 || !leaf(n) {
			return false
		}
		for c := range n.Descendants() {
			if _, ok := d.lead(c); ok {
				return false
			}
		}
	default:
		if !handled(n) || d.holdsLink(n) {
			return false
		}
	}
	_, ok := d.lead(n)
	return !ok
}

// leaf reports whether there is no other row in a row.
func leaf(n *html.Node) bool {
	for c := range n.Descendants() {
		switch c.DataAtom {
		case atom.Li, atom.Dd, atom.Dt, atom.Tr, atom.Table:
			return false
		}
	}
	return true
}

// saysNothing are the texts of links that say what a click does, and not what it leads to.
var saysNothing = regexp.MustCompile(`^[\[(【（<《]?(?:点击|在线|立即|全文)?(?:查看|下载|浏览|预览|打开|阅读|详情|详细|全文|查阅|view|download|PDF|WORD|HTML)(?:全文|原文|详情|内容|附件|文件|报告|>>|»)?[\])】）>》]?$`)

// label returns the name of a link. An image names its link by what stands for it, and what says nothing is named by
// the row that it stands in.
func label(a *html.Node) string {
	s := markup.CellText(a)
	if s != "" && !saysNothing.MatchString(s) {
		return s
	}
	for c := range a.Descendants() {
		if c.DataAtom != atom.Img {
			continue
		}
		for _, key := range [...]string{"alt", "title"} {
			if name := text.Compact(markup.Attr(c, key)); utf8.RuneCountInString(name) > 1 && !hasDocumentType(name) {
				return name
			}
		}
	}
	if markup.Attr(a, "title") != "" && s == "" {
		return s
	}
	if beside := besideLink(a); beside != "" {
		return beside
	}
	return s
}

// besideLink returns the text of the smallest element around a link that has any besides the link's, without dates, if
// that element has no other link than to the same address and is not long.
func besideLink(a *html.Node) string {
	own := markup.CellText(a)
	for p, up := a.Parent, 0; p != nil && up < 4 && p.DataAtom != atom.Body; p, up = p.Parent, up+1 {
		for c := range p.Descendants() {
			if c.DataAtom == atom.A && markup.Attr(c, "href") != markup.Attr(a, "href") && !saysNothing.MatchString(markup.CellText(c)) && markup.Attr(c, "href") != "" {
				return ""
			}
		}
		text := markup.CellText(p)
		if own != "" {
			text = strings.Replace(text, own, "", 1)
		}
		text = strings.TrimSpace(datePattern.ReplaceAllString(text, ""))
		if n := utf8.RuneCountInString(text); n > longestLabel {
			return ""
		} else if n > 1 {
			return text
		}
	}
	return ""
}
