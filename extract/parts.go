package extract

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// What else a page needs to be whole.
const (
	PartPage       = "page"       // a further page of the same article
	PartFrame      = "frame"      // a frame that holds the article
	PartAttachment = "attachment" // a document linked from the article
)

// A Part is something a page refers to that belongs to the report.
type Part struct {
	Kind string `json:"kind"`           // PartPage, PartFrame, PartAttachment
	URL  string `json:"url"`            // absolute
	Name string `json:"name,omitempty"` // of an attachment: the link's text
}

// mostParts bounds each kind of part a page may ask for.
const mostParts = 40

// NeedsParts reports whether the page alone is not the whole report: it is cut into pages, stands in a frame, or
// only points to documents.
func (d *Document) NeedsParts() bool {
	b, _ := d.findBody()
	if len(b.headings) < 4 {
		return true
	}
	return len(d.furtherPages()) > 0
}

// Parts lists what else belongs to the article on the page: its further pages as a script announces them, frames in
// its body, and attached documents, in page order. Whether they lie on the same site is for the caller to judge.
func (d *Document) Parts() []Part {
	if d.root == nil {
		return nil
	}
	parts := d.furtherPages()
	b, _ := d.findBody()
	parts = append(parts, d.frames(b)...)
	parts = append(parts, d.attachments(b)...)
	if len(b.headings) < 2 && d.hanText(b) < 100 {
		for _, u := range d.images() {
			parts = append(parts, Part{PartAttachment, u, ""}) // a scan: to be kept, as there is nothing else
		}
	}
	return parts
}

// pagerOfArticle is the call that numbers the pages of an article: its stem is the article's own file name.
var pagerOfArticle = regexp.MustCompile(`createPageHTML\(\s*(?:['"][^'"]*['"]\s*,\s*)?(\d+)\s*,\s*(\d+)\s*,\s*['"]([\w./-]+)['"]\s*,\s*['"](\w+)['"]`)

// furtherPages lists the further pages of an article cut into several: t20200101_123.html goes on in
// t20200101_123_1.html.
func (d *Document) furtherPages() []Part {
	file := path.Base(d.base.Path)
	own := strings.TrimSuffix(file, path.Ext(file))
	var parts []Part
	for _, script := range d.scripts {
		for _, m := range pagerOfArticle.FindAllStringSubmatch(script, -1) {
			total, _ := strconv.Atoi(m[1])
			if path.Base(m[3]) != own || own == "index" || own == "list" {
				continue // the pager of a listing
			}
			for k := 1; k < min(total, mostParts); k++ {
				if u, ok := d.resolve(m[3] + "_" + strconv.Itoa(k) + "." + m[4]); ok {
					parts = append(parts, Part{PartPage, u, ""})
				}
			}
		}
	}
	return parts
}

// frames lists the frames that may hold the article: those of a page that has no text of its own to speak of.
func (d *Document) frames(b body) []Part {
	if d.hasOwnText(b) {
		return nil
	}
	var parts []Part
	for n := range d.root.Descendants() {
		if isFrame(n) && len(parts) < mostParts {
			if u, ok := d.resolve(markup.Attr(n, "src")); ok && d.viewed(markup.Attr(n, "src"), false) == "" {
				parts = append(parts, Part{PartFrame, u, markup.Attr(n, "title")})
			}
		}
	}
	return parts
}

// hasOwnText reports whether a page has text of its own to speak of.
func (d *Document) hasOwnText(b body) bool { return d.hanText(b) > 200 || len(b.headings) > 1 }

// documentTypes are the extensions of files that reports are attached as.
var documentTypes = map[string]bool{".pdf": true, ".doc": true, ".docx": true, ".wps": true, ".ofd": true, ".xls": true,
	".xlsx": true, ".et": true, ".rtf": true, ".zip": true, ".rar": true, ".txt": true, ".jpg": true, ".jpeg": true,
	".png": true, ".tif": true, ".tiff": true}

// downloadPaths stand in the addresses that CMS families give attachments without an extension.
var downloadPaths = []string{"downfile", "downloadattach", "download.jsp", "/files/", "attachguid", "ztbattach", "document/download"}

// attachments lists the documents that belong to the article: those that the page shows within itself, and those linked
// from it. Documents in menus and among related links do not.
func (d *Document) attachments(b body) []Part {
	if d.root == nil {
		return nil // the rows of an endpoint: no page
	}
	container, _ := d.container()
	in := article{container, map[*html.Node]bool{}, d.hasOwnText(b)}
	for _, bl := range d.blocks[b.start:b.end] {
		in.lines[bl.node] = true
	}
	parts := d.embedded(in.hasText)
	for _, a := range d.anchors {
		href, ok := d.lead(a)
		if !ok || len(parts) == mostParts {
			continue
		}
		href = cmp.Or(d.viewed(markup.Attr(a, "href"), true), href)
		name := markup.CellText(a)
		known := func(p Part) bool { return p.URL == href }
		if isDocument(href, name) && in.attaches(a, href, name) && !slices.ContainsFunc(parts, known) {
			parts = append(parts, Part{PartAttachment, href, name})
		}
	}
	return parts
}

// An article is what documents are attached to.
type article struct {
	container *html.Node
	lines     map[*html.Node]bool // the elements that its lines stand in
	hasText   bool                // to speak of
}

// attaches reports whether a link to a document is that to an attachment: from a line of the article; from beside it,
// if its name is that of a file, or if there is nothing else to read; from elsewhere, if it is called one.
func (in article) attaches(a *html.Node, href, name string) bool {
	if standsIn(a, in.lines) {
		return true
	}
	if hasDocumentType(name) || !in.hasText && hasDocumentType(documentPath(href)) {
		if contains(in.container, a) || isContainer(contentContainer(a)) {
			return true
		}
	}
	return calledAttachment(a, name)
}

// standsIn reports whether a node is in a set, or one of the elements around it.
func standsIn(n *html.Node, set map[*html.Node]bool) bool {
	for p := n; p != nil; p = p.Parent {
		if set[p] {
			return true
		}
	}
	return false
}

var attachmentWord = regexp.MustCompile(`(?i)attach|fujian|annex|appendix|ewebeditor|(^|[-_ ]|wz|xg)fj($|[-_ ])`)

// calledAttachment reports whether a link outside the article is called an attachment: by its own name, by the names
// of the elements close around it, or by the word before it.
func calledAttachment(a *html.Node, name string) bool {
	if _, ok := ReportTitle(strings.TrimSuffix(name, path.Ext(name))); ok || strings.Contains(text.Simplify(name), "附件") {
		return true
	}
	if attachmentWord.MatchString(markup.Attr(a, "class")) {
		return true
	}
	for p, up := a.Parent, 0; p != nil && up < 4 && p.DataAtom != atom.Body; p, up = p.Parent, up+1 {
		if attachmentWord.MatchString(markup.Attr(p, "class")) || attachmentWord.MatchString(markup.Attr(p, "id")) {
			return true
		}
		if (p.DataAtom == atom.Li || p.DataAtom == atom.P || p.DataAtom == atom.Td) && strings.HasPrefix(text.Simplify(markup.CellText(p)), "附件") {
			return true
		}
	}
	return false
}

// isDocument reports whether a link leads to a document by its address or by its text.
func isDocument(address, name string) bool {
	file, query, _ := strings.Cut(address, "?")
	if hasDocumentType(file) || hasDocumentType(name) {
		return true
	}
	if query == "" && !strings.Contains(file, "/files/") && !strings.Contains(file, "ownload") {
		return false
	}
	address = strings.ToLower(address)
	return containsAny(address, downloadPaths) ||
		slices.ContainsFunc(strings.Split(query, "&"), hasDocumentType)
}

func hasDocumentType(name string) bool {
	ext := path.Ext(strings.TrimSpace(name))
	return len(ext) > 2 && len(ext) < 6 && documentTypes[strings.ToLower(ext)]
}

// Append adds what a part says to the end of the report on the page: the text of a further page or a frame, a
// document. The part is used up. Tables of the part say in their locators that they stood there: name is
// what they call it, "attachment 1". The error is ErrTooLarge when both together are: then nothing has changed.
func (d *Document) Append(part *Document, name string) error {
	if d.root == nil || part.root == nil {
		return nil
	}
	if d.weight+part.weight > markup.MostTogether {
		return fmt.Errorf("%w: with the parts before it more than %d MiB", markup.ErrTooLarge, markup.MostTogether>>20)
	}
	d.weight += part.weight
	if b, _ := d.findBody(); part.kind != FormHTML && len(b.headings) < 2 {
		d.kind = part.kind // the page itself only points to it
	}
	to, ok := d.container()
	if !ok {
		to = bodyElement(d.root)
	}
	from, ok := part.container()
	if !ok {
		from = bodyElement(part.root)
	}
	graft := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div,
		Attr: []html.Attribute{{Key: partAttribute, Val: name}}}
	part.makeAbsolute(from)
	adopt(graft, from)
	to.AppendChild(graft)
	d.enc.Replaced += part.enc.Replaced
	d.collect()
	return nil
}

// makeAbsolute resolves the links below a node, which is about to stand in a page of another address.
func (d *Document) makeAbsolute(n *html.Node) {
	for c := range n.Descendants() {
		for i, a := range c.Attr {
			if a.Key == "href" || a.Key == "src" {
				if u, ok := d.resolve(a.Val); ok {
					c.Attr[i].Val = u
				}
			}
		}
	}
}

// partAttribute marks where a part was added.
const partAttribute = "data-gongkai-part"

// container is the element that holds the report.
func (d *Document) container() (*html.Node, bool) {
	b, ok := d.findBody()
	if !ok {
		return nil, false
	}
	n := d.blocks[b.start].node
	for _, bl := range d.blocks[b.start:b.end] {
		n = commonAncestor(n, bl.node)
	}
	return contentContainer(n), true
}

func bodyElement(root *html.Node) *html.Node {
	for n := range root.Descendants() {
		if n.DataAtom == atom.Body {
			return n
		}
	}
	return root
}

// images lists the pictures that may be scanned pages: those in the container of an article, else all but the small
// ones and those in the page's menus, header and footer.
func (d *Document) images() []string {
	if d.root == nil {
		return nil
	}
	var inside, outside []string
	for n := range d.root.Descendants() {
		if n.DataAtom != atom.Img || !pictureOfPage(n) {
			continue
		}
		u, ok := d.resolve(markup.Attr(n, "src"))
		switch {
		case !ok:
		case isContainer(contentContainer(n)):
			inside = append(inside, u)
		case !inChrome(n) && !strings.Contains(markup.Attr(n, "src"), "/images/"):
			outside = append(outside, u)
		}
	}
	if len(inside) > 0 {
		outside = inside
	}
	return outside[:min(len(outside), mostParts)]
}

// pictureOfPage reports whether an image may be the picture of a page, by its width and its name.
func pictureOfPage(img *html.Node) bool {
	width, err := strconv.Atoi(strings.TrimSuffix(markup.Attr(img, "width"), "px"))
	if err == nil && width < 200 {
		return false
	}
	src := strings.ToLower(markup.Attr(img, "src"))
	for _, small := range [...]string{"icon", "logo", "qrcode", "red.png", "gongan", "beian", "data:image/svg", ".gif"} {
		if strings.Contains(src, small) {
			return false
		}
	}
	return src != ""
}

// elsewhere says where the report is when the page's own text is none: in pictures or in documents; "" if there is
// nothing of the kind.
func (d *Document) elsewhere(attachments []Part) string {
	switch {
	case len(attachments) > 0:
		return FormAttachment
	case len(d.images()) > 0:
		return FormImage
	}
	return ""
}

// partOf returns the name of the part that a node was added with, "" for the page's own.
func partOf(n *html.Node) string {
	for p := n; p != nil; p = p.Parent {
		if name := markup.Attr(p, partAttribute); name != "" {
			return name
		}
	}
	return ""
}
