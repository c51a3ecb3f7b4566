package markup

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// formatting elements carry no structure; Word leaves them open by the thousand.
var formatting = [][]byte{[]byte("font"), []byte("span"), []byte("b"), []byte("strong"), []byte("i"), []byte("em"),
	[]byte("u"), []byte("o:p"), []byte("big"), []byte("small"), []byte("st1:chsdate")}

// ParseTree parses text. The parser refuses pages nested deeper than 512 elements; where that comes from
// formatting elements that are never closed, the page is parsed again without them.
//
// A page of which the tree would take too much memory is refused, after the same try; the error wraps ErrTooLarge.
func ParseTree(text []byte) (root *html.Node, weight int, err error) {
	if len(text) > MostMarkup {
		return nil, 0, TooLarge("markup", len(text), MostMarkup)
	}
	weight, bare := weigh(text)
	weight += len(text)
	if bare > MostWeight {
		return nil, 0, TooHeavy()
	}
	if weight <= MostWeight {
		if root, err = html.Parse(bytes.NewReader(text)); err == nil {
			return root, weight, nil
		}
	}
	var plain bytes.Buffer
	z := html.NewTokenizer(bytes.NewReader(text))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		raw := bytes.Clone(z.Raw())
		if name, _ := z.TagName(); kind != html.TextToken && isFormatting(name) {
			continue
		}
		plain.Write(raw)
	}
	if weight, _ = weigh(plain.Bytes()); weight > MostWeight {
		return nil, 0, TooHeavy()
	}
	weight += plain.Len()
	root, err = html.Parse(&plain)
	return root, weight, err
}

func isFormatting(name []byte) bool {
	for _, f := range formatting {
		if bytes.Equal(name, f) {
			return true
		}
	}
	return false
}

// Attr returns the value of an attribute, or "".
func Attr(n *html.Node, name string) string {
	value, _ := AttrValue(n, name)
	return value
}

// AttrValue returns the value of an attribute, and whether there is one.
func AttrValue(n *html.Node, name string) (value string, ok bool) {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

// Skipped reports whether an element shows nothing: code, form controls, and what inline styles hide.
func Skipped(n *html.Node) bool {
	if skippedTag(n) {
		return true
	}
	_, hidden := AttrValue(n, "hidden")
	return hidden || hides(n)
}

// skippedTag reports whether an element shows nothing of the text in it, whatever it looks like.
func skippedTag(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Iframe, atom.Select, atom.Option, atom.Textarea,
		atom.Button, atom.Object, atom.Svg:
		return true
	}
	return false
}

// hides reports whether an element's own style makes it invisible.
func hides(n *html.Node) bool {
	text := Attr(n, "style")
	if text == "" || !telling([]byte(text)) {
		return false // nearly every style, and there are thousands on a page
	}
	s := cascade(declarations(text))
	switch {
	case s["visibility"] == "hidden" || s["visibility"] == "collapse":
		return true
	case fontSize(s["font-size"], commonSize) < 1:
		return !holds(n, func(c *html.Node) bool { return strings.Contains(Attr(c, "style"), "font-size") })
	}
	if s.concealed(BreaksLine(n)) != gone {
		return false
	}
	return s["display"] == "none" || s["mso-hide"] == "all" || isZero(s["opacity"]) || !holds(n, func(c *html.Node) bool { return c.DataAtom == atom.Table })
}

// holds reports whether something in an element is what is looked for.
func holds(n *html.Node, is func(*html.Node) bool) bool {
	for c := range n.Descendants() {
		if is(c) {
			return true
		}
	}
	return false
}

// BreaksLine reports whether an element begins and ends a line of its own.
func BreaksLine(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Caption, atom.Center, atom.Dd,
		atom.Details, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr, atom.Html, atom.Legend, atom.Li,
		atom.Main, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Summary, atom.Table, atom.Tbody, atom.Td,
		atom.Tfoot, atom.Th, atom.Thead, atom.Tr, atom.Ul:
		return true
	}
	return false
}

// IsData reports whether a table holds data rather than the layout of a page: at least two rows and two columns,
// and no table inside but one of a single cell, as Word makes them.
func IsData(n *html.Node) bool {
	for c := range n.Descendants() {
		if c.DataAtom == atom.Table && !singleCell(c) {
			return false
		}
	}
	wide, widest := 0, 0
	for _, tr := range tableRows(n, nil) {
		cells := 0
		for td := tr.FirstChild; td != nil; td = td.NextSibling {
			if td.DataAtom == atom.Td || td.DataAtom == atom.Th {
				cells++
			}
		}
		if cells > 1 {
			wide++
		}
		widest = max(widest, cells)
	}
	if len(tableRows(n, nil)) == 1 {
		return widest >= 8 && !hasLink(n) // the last row of table 3, cut off by the end of a page
	}
	return wide > 0
}

func hasLink(n *html.Node) bool {
	for c := range n.Descendants() {
		if c.DataAtom == atom.A && Attr(c, "href") != "" {
			return true
		}
	}
	return false
}

func singleCell(table *html.Node) bool {
	cells := 0
	for c := range table.Descendants() {
		if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
			cells++
		}
	}
	return cells <= 1
}
