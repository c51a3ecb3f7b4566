package extract

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// A Link is one usable link of a page.
type Link struct {
	URL    string // absolute, without a fragment; http or https
	Text   string // of the anchor, white space collapsed; where that says nothing, of its image or beside it
	Title  string // the title attribute, which is whole where the text was cut
	Date   string // as printed in the same row: "2022-01-29"; "" when there is none
	Row    bool   // is the only link in the element that its date stands in
	Chrome bool   // stands in what is by its name a menu, header, footer or the like; a hint, families differ
}

// Name returns the fuller of text and title: listings cut long titles and end them with dots.
func (l Link) Name() string {
	text := strings.TrimRight(l.Text, ".… ")
	if l.Text == "" || len(l.Title) > len(text) && (text != l.Text || strings.HasPrefix(l.Title, text)) {
		return l.Title
	}
	return l.Text
}

// A Selector is a CSS selector known to be valid. The zero Selector selects nothing.
type Selector struct {
	source string
	match  cascadia.Selector
}

// UnmarshalText reads a CSS selector; the error names the selector and what is wrong with it.
func (s *Selector) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Selector{}
		return nil
	}
	match, err := cascadia.Compile(string(text))
	if err != nil {
		return fmt.Errorf("selector %q: %w", text, err)
	}
	*s = Selector{string(text), match}
	return nil
}

// MarshalText returns the selector as it was written.
func (s Selector) MarshalText() ([]byte, error) { return []byte(s.source), nil }

// IsZero reports whether s selects nothing because none was given.
func (s Selector) IsZero() bool { return s.match == nil }

// Links returns the usable links of the page in document order, those in rows hidden in scripts last. Where a script
// leads to an address that is written out in it, that is usable, too. What leads nowhere is told by Unaddressed.
func (d *Document) Links() []Link {
	links := d.linksOf(d.anchors)
	for _, rows := range d.rows {
		links = append(links, rows.linksOf(rows.anchors)...)
	}
	return links
}

// LinksIn returns the links inside the elements that s selects, and those elements themselves if they are links.
//
// It is the one place that goquery is for: selecting what somebody else names in CSS. All that this package itself
// looks for depends on the order and the neighbours of lines, and is found in one pass over the tree.
func (d *Document) LinksIn(s Selector) []Link {
	if s.IsZero() {
		return nil
	}
	var links []Link
	for _, part := range append([]*Document{d}, d.rows...) {
		if part.root == nil {
			continue
		}
		found := goquery.NewDocumentFromNode(part.root).FindMatcher(s.match)
		selected := map[*html.Node]bool{}
		for _, n := range found.Nodes {
			selected[n] = true
		}
		outside := func(a *html.Node) bool { return !standsIn(a, selected) }
		links = append(links, part.linksOf(slices.DeleteFunc(slices.Clone(part.anchors), outside))...)
	}
	return links
}

func (d *Document) linksOf(anchors []*html.Node) []Link {
	var links []Link
	for _, a := range anchors {
		u, ok := d.lead(a)
		if !ok {
			continue
		}
		date, alone := rowDate(a)
		links = append(links, Link{
			URL:    u,
			Text:   label(a),
			Title:  text.Compact(markup.Attr(a, "title")),
			Date:   date,
			Row:    alone,
			Chrome: inChrome(a),
		})
	}
	return links
}

// mostResolved bounds the addresses that a document keeps: more links are in no page that was made for readers, and
// each may take as much memory as the address of the page.
const mostResolved = 4096

// resolve makes an href absolute; false when it leads nowhere, or to the page itself. The links of a page are asked for
// several times while it is read, so that the answers are kept.
func (d *Document) resolve(href string) (string, bool) {
	if href == "" {
		return "", false
	}
	address, known := d.resolved[href]
	if known {
		return address, address != ""
	}
	if u, err := d.Resolve(href); err == nil {
		address = u.String()
	}
	if d.resolved == nil {
		d.resolved = map[string]string{}
	}
	if len(d.resolved) < mostResolved {
		d.resolved[href] = address
	}
	return address, address != ""
}

// Resolve makes an address absolute as it stands in the page, see ResolveURL.
func (d *Document) Resolve(ref string) (*url.URL, error) {
	return markup.ResolveURL(d.base, ref, d.asks)
}

var (
	datePattern = regexp.MustCompile(`(?:19|20)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?`)
	indexNumber = regexp.MustCompile(`\d{4}-\d{2}-\d{4,}`) // 2026-02-00018 is an index number, no date
)

// rowDate finds the date printed in the row of a link: in the smallest element around it that has one and holds no
// more than two other links. alone says that it holds no other link.
func rowDate(a *html.Node) (date string, alone bool) {
	n := a
	for range 4 {
		n = n.Parent
		if n == nil || n.DataAtom == atom.Body || n.DataAtom == atom.Ul || n.DataAtom == atom.Table {
			return "", false
		}
		links := anchorsIn(n, 4)
		if links > 3 {
			return "", false
		}
		text := indexNumber.ReplaceAllString(markup.CellText(n), "")
		if date := datePattern.FindString(text); date != "" {
			return date, links == 1
		}
		if n.DataAtom == atom.Li || n.DataAtom == atom.Tr || n.DataAtom == atom.Dd {
			return "", false
		}
	}
	return "", false
}

var chromeWord = regexp.MustCompile(`(?i)(^|[-_ ])(nav|menu|foot|footer|header|head|top|yqlj|share|banner|sidebar|side|crumbs?|breadcrumb|location|position|dqwz)`)

func inChrome(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		switch p.DataAtom {
		case atom.Nav, atom.Header, atom.Footer, atom.Aside:
			return true
		case atom.Body:
			return false
		}
		if chromeWord.MatchString(markup.Attr(p, "class")) || chromeWord.MatchString(markup.Attr(p, "id")) {
			return true
		}
	}
	return false
}
