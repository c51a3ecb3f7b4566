package extract

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// A Document is a decoded page, parsed once. Everything else reads from it; code that knows what reports mean
// never sees HTML. A Document is not safe for concurrent use.
type Document struct {
	served *url.URL // where it came from
	base   *url.URL // what its links are relative to
	root   *html.Node
	enc    markup.Encoding
	asks   markup.Encoding // that the queries of its links are sent in

	title   string
	metas   []meta
	blocks  []block
	anchors []*html.Node
	scripts []string
	kind    string         // FormHTML, or what the page was made from
	marks   []headingMark  // the headings of sections on the page, once looked for
	found   *body          // the report in the page, once looked for
	rows    []*Document    // fragments hidden in script elements: rows of Hanweb listings
	weight  int            // bytes that all of it takes, at most
	refused error          // these rows are too large to be read
	sheets  *markup.Styles // what the page's style elements say; nil when it has none

	resolved map[string]string // addresses as they stand in the page => absolute; "" for those that lead nowhere
}

type meta struct{ name, content string }

// A block is one line of the page, as a reader sees it, or one table.
type block struct {
	node   *html.Node // the element it stands in
	text   string     // white space collapsed; "" for a table
	table  *markup.Table
	linked int // bytes of text that stand in links
}

// Parse decodes and parses a page. base is the URL it was served from; links are resolved against it, or against
// the page's own base element. An endpoint's XML answer (<datastore>…) is read as the rows in its CDATA sections.
// The error says that the page cannot be parsed at all, or is ErrTooLarge; odd HTML only makes an odd Document.
func Parse(body []byte, contentType string, base *url.URL) (*Document, error) {
	if len(body) > markup.MostBytes {
		return nil, markup.TooLarge("page", len(body), markup.MostBytes)
	}
	text, enc := markup.Decode(body, contentType)
	return parse(text, enc, base)
}

// ParseDecoded is Parse of what Decode has returned.
func ParseDecoded(text []byte, enc markup.Encoding, base *url.URL) (*Document, error) {
	return parse(text, enc, base)
}

// parse parses a decoded page.
func parse(text []byte, enc markup.Encoding, base *url.URL) (*Document, error) {
	d := &Document{served: base, base: base, enc: enc, asks: markup.QueryEncoding(text, enc), kind: FormHTML}
	if isDatastore(text) {
		d.scripts = []string{string(text)}
		d.addRows(string(text))
		return d, d.refused
	}
	root, page, weight, err := markup.ParsePage(text)
	if errors.Is(err, markup.ErrTooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", base, err)
	}
	if err := inline(root, 1, &weight); err != nil {
		return nil, err
	}
	d.root, d.weight, d.sheets = root, weight, page
	d.collect()
	return d, d.refused
}

// collect makes the one pass over the tree.
func (d *Document) collect() {
	*d = Document{served: d.served, base: d.served, root: d.root, enc: d.enc, asks: d.asks, kind: d.kind, weight: d.weight, sheets: d.sheets}
	w := walker{d: d}
	w.walk(d.root)
	w.flush(d.root)
}

// Base returns the URL that the page's links are relative to.
func (d *Document) Base() *url.URL { return d.base }

// Weight returns how many bytes of memory the document takes, at most.
func (d *Document) Weight() int64 { return int64(d.weight) }

// Title returns the text of the title element, or "".
func (d *Document) Title() string { return d.title }

// Scripts returns the text of the page's inline scripts, in document order.
func (d *Document) Scripts() []string { return d.scripts }

// Encoding says how the page was decoded.
func (d *Document) Encoding() markup.Encoding { return d.enc }

// meta returns the content of the first meta tag with a name, in any case, that is not empty.
func (d *Document) meta(name string) string {
	for _, m := range d.metas {
		if strings.EqualFold(m.name, name) && m.content != "" {
			return m.content
		}
	}
	return ""
}

// A walker makes the one pass over the tree in which everything is collected.
type walker struct {
	d      *Document
	line   strings.Builder
	linked int
	inLink bool
	based  bool // the page's base element has been seen
	slots  int  // in the tables so far
}

func (w *walker) walk(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			w.line.WriteString(c.Data)
			if w.inLink {
				w.linked += len(strings.TrimSpace(c.Data))
			}
		case html.ElementNode:
			w.element(c)
		}
	}
}

func (w *walker) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Title:
		if w.d.title == "" && n.Namespace == "" {
			w.d.title = markup.CellText(n)
		}
		return
	case atom.Meta:
		w.d.metas = append(w.d.metas, meta{markup.Attr(n, "name"), text.Compact(markup.Attr(n, "content"))})
		return
	case atom.Base:
		w.setBase(n)
		return
	case atom.Script:
		w.script(n)
		return
	case atom.Br:
		w.flush(n.Parent)
		return
	case atom.Table:
		if markup.IsData(n) {
			w.flush(n.Parent)
			w.table(n)
			return
		}
	case atom.A:
		w.d.anchors = append(w.d.anchors, n)
		defer func(was bool) { w.inLink = was }(w.inLink)
		w.inLink = w.inLink || markup.Attr(n, "href") != "" // without, it is a bookmark of Word's
	}
	if markup.Skipped(n) {
		w.collectAnchors(n)
		return
	}
	if !markup.BreaksLine(n) {
		w.walk(n)
		return
	}
	w.flush(n.Parent)
	w.walk(n)
	w.flush(n)
}

// setBase takes the first base element that has an address, whether or not that is one that a page may have; those of
// parts that were added to the page do not count (HTML Standard, 4.2.3).
func (w *walker) setBase(n *html.Node) {
	href, ok := markup.AttrValue(n, "href")
	if !ok || w.based || partOf(n) != "" {
		return
	}
	w.based = true
	if u, err := markup.ResolveURL(w.d.served, href, w.d.asks); err == nil {
		w.d.base = u
	}
}

// flush ends the current line, which stands in n.
func (w *walker) flush(n *html.Node) {
	if w.line.Len() > 0 {
		if s := text.Compact(w.line.String()); s != "" {
			w.d.blocks = append(w.d.blocks, block{node: n, text: s, linked: w.linked})
		}
		w.line.Reset()
	}
	w.linked = 0
}

func (w *walker) table(n *html.Node) {
	t := markup.NewTable(n, w.d.sheets, min(markup.MaxSlots, markup.MostSlots-w.slots))
	for _, row := range t.Rows {
		w.slots += len(row)
	}
	w.d.blocks = append(w.d.blocks, block{node: n, table: t})
	w.collectAnchors(n)
}

func (w *walker) collectAnchors(n *html.Node) {
	for c := range n.Descendants() {
		if c.DataAtom == atom.A {
			w.d.anchors = append(w.d.anchors, c)
		}
	}
}

func (w *walker) script(n *html.Node) {
	if n.FirstChild == nil {
		return
	}
	text := n.FirstChild.Data
	if strings.Contains(text, "<![CDATA[") && strings.Contains(markup.Attr(n, "type"), "xml") {
		w.d.addRows(text)
	}
	w.d.scripts = append(w.d.scripts, text)
}

// isDatastore reports whether an answer is the XML of a listing endpoint.
func isDatastore(text []byte) bool {
	head := bytes.TrimSpace(text[:min(len(text), 512)])
	return bytes.HasPrefix(head, []byte("<datastore")) ||
		bytes.HasPrefix(head, []byte("<?xml")) && bytes.Contains(head, []byte("<datastore"))
}

// addRows parses the CDATA sections of the records of a datastore as fragments of HTML: the rows of the listing.
// The endpoint's own next link, in nextgroup, is no row: it is left to whoever reads the scripts.
func (d *Document) addRows(xml string) {
	var records strings.Builder
	for _, part := range strings.Split(xml, "<record>")[1:] {
		_, after, found := strings.Cut(part, "<![CDATA[")
		record, _, closed := strings.Cut(after, "]]>")
		if found && closed {
			records.WriteString(record)
			records.WriteByte('\n')
		}
	}
	root, weight, err := markup.ParseTree([]byte(records.String()))
	if errors.Is(err, markup.ErrTooLarge) {
		d.refused = err
	}
	if err != nil {
		return // rows nested 512 deep are a trap, not a listing
	}
	rows := &Document{served: d.base, base: d.base, root: root, asks: d.asks}
	rows.collect()
	d.weight += weight
	d.rows = append(d.rows, rows)
}
