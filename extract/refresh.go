package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/markup"
)

// RefreshTarget reads what a Refresh header or the content of a meta refresh says: the address as it stands there, "" for
// the page itself; false when it is none (HTML Standard, "shared declarative refresh steps").
func RefreshTarget(content string) (ref string, ok bool) {
	const spaces = " \t\n\f\r"
	rest := strings.TrimLeft(content, spaces)
	after := strings.TrimLeft(rest, "0123456789")
	if after == rest && !strings.HasPrefix(rest, ".") {
		return "", false // no time
	}
	after = strings.TrimLeft(after, "0123456789.")
	if after == "" {
		return "", true
	}
	if !strings.ContainsAny(after[:1], ";,"+spaces) {
		return "", false
	}
	after = strings.TrimLeft(after, spaces)
	if after != "" && (after[0] == ';' || after[0] == ',') {
		after = strings.TrimLeft(after[1:], spaces)
	}
	if named, ok := cutFold(after, "url"); ok {
		if value, ok := strings.CutPrefix(strings.TrimLeft(named, spaces), "="); ok {
			after = strings.TrimLeft(value, spaces)
		}
	}
	if after != "" && (after[0] == '"' || after[0] == '\'') {
		after, _, _ = strings.Cut(after[1:], after[:1])
	}
	return strings.TrimSpace(after), true
}

// Refresh returns where the first meta refresh of the page leads, as it stands there, "" for the page itself; false when
// there is none. One for readers without scripts counts where there is no other.
func (d *Document) Refresh() (ref string, ok bool) {
	if d.root == nil {
		return "", false
	}
	if ref, ok := refreshIn(d.root); ok {
		return ref, true
	}
	for n := range d.root.Descendants() {
		if n.DataAtom != atom.Noscript || n.FirstChild == nil || n.FirstChild.Type != html.TextNode {
			continue
		}
		inside, _, err := markup.ParseTree([]byte(n.FirstChild.Data))
		if err != nil {
			continue
		}
		if ref, ok := refreshIn(inside); ok {
			return ref, true
		}
	}
	return "", false
}

func refreshIn(root *html.Node) (ref string, ok bool) {
	for n := range root.Descendants() {
		if n.DataAtom == atom.Meta && strings.EqualFold(strings.TrimSpace(markup.Attr(n, "http-equiv")), "refresh") {
			if ref, ok := RefreshTarget(markup.Attr(n, "content")); ok {
				return ref, true
			}
		}
	}
	return "", false
}
