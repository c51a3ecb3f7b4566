package extract

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// Many reports are documents that a page shows within itself: in a frame, as an embedded object, or in a viewer that
// takes the address of the document from its own, as PDF.js does (viewer.html?file=/n/r.pdf).

// embedded lists the documents that the page shows within itself, outside its menus, headers and footers. own says that
// the page has text of its own: a document in a frame of one that has none is a frame of it.
func (d *Document) embedded(own bool) []Part {
	var parts []Part
	add := func(address, name string) {
		if address != "" && len(parts) < mostParts && !slices.ContainsFunc(parts, func(p Part) bool { return p.URL == address }) {
			parts = append(parts, Part{PartAttachment, address, name})
		}
	}
	for n := range d.root.Descendants() {
		source, media := embedSource(n)
		if source == "" || inChrome(n) {
			continue
		}
		address := d.viewed(source, false)
		if address == "" && (own || !isFrame(n)) {
			address = d.shown(source, media)
		}
		add(address, text.Compact(markup.Attr(n, "title")))
	}
	if own {
		return parts
	}
	for _, script := range d.scripts {
		for _, m := range shownByScript.FindAllStringSubmatch(script, mostParts) {
			add(d.shown(unescapeScript(m[1]), ""), "")
		}
	}
	return parts
}

// embedSource is the address of what an element shows within the page, and the media type it says that has; "" for an
// element that shows nothing.
func embedSource(n *html.Node) (address, media string) {
	switch n.DataAtom {
	case atom.Iframe, atom.Frame:
		return markup.Attr(n, "src"), ""
	case atom.Embed:
		return markup.Attr(n, "src"), markup.Attr(n, "type")
	case atom.Object:
		return markup.Attr(n, "data"), markup.Attr(n, "type")
	case atom.Param:
		if sourceParameter.MatchString(markup.Attr(n, "name")) {
			return markup.Attr(n, "value"), ""
		}
	}
	return "", ""
}

func isFrame(n *html.Node) bool { return n.DataAtom == atom.Iframe || n.DataAtom == atom.Frame }

func firstFilled(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

var (
	// sourceParameter names what a plug-in shows.
	sourceParameter = regexp.MustCompile(`(?i)^(?:src|data|filename|url|movie|_?file)$`)
	// shownByScript is the call of a library that shows a document, with its address written out.
	shownByScript = regexp.MustCompile(`(?i)\b(?:PDFObject\.embed|getDocument|DEFAULT_URL|pdf_?url|file_?url)["']?\s*[(:=]\s*(?:\{\s*url\s*:\s*)?["']([^"'\s]+)["']`)
	// documentMedia are the media types of documents that reports are.
	documentMedia = regexp.MustCompile(`(?i)^application/(?:(?:x-)?pdf|msword|vnd\.openxmlformats|vnd\.ms-|ofd)`)
	picture       = regexp.MustCompile(`(?i)\.(?:jpe?g|png|tiff?|gif|txt)$`)
)

// shown returns the address of a document that an element shows by its source; "" when that is none.
func (d *Document) shown(source, media string) string {
	file, _, _ := strings.Cut(source, "#")
	file, _, _ = strings.Cut(file, "?")
	if !documentMedia.MatchString(media) && (!hasDocumentType(file) || picture.MatchString(strings.TrimSpace(file))) {
		return ""
	}
	address, _ := d.resolve(source)
	return address
}

var (
	// viewerParameter is what viewers call the address of the document.
	viewerParameter = regexp.MustCompile(`(?i)^(?:(?:file|doc|docu?ment|pdf|att?ach(?:ment)?|oss|f|swf|res|source|download|target)?_?(?:url|path|src|file|uri|addr|address|link|name)|file|doc|document|pdf|source|src|furl)$`)
	encodedText     = regexp.MustCompile(`^[A-Za-z0-9+/_-]{12,}={0,2}$`)
)

// viewerPaths stand in the addresses of pages that show documents.
var viewerPaths = []string{"viewer", "preview", "pdfjs", "pdf.js", "pdfview", "pdf-view", "/op/view.aspx", "/op/embed.aspx", "gview", "flexpaper",
	"/generic/web/", "pdfread", "pdfshow", "pdfopen", "readpdf", "showpdf", "openpdf", "viewpdf"}

func containsAny(s string, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(s, word) })
}

// viewed returns the address of the document that a viewer shows, by the viewer's own address; "" when that is none.
// strict says that the address must be that of a viewer: a link to what serves documents looks alike.
func (d *Document) viewed(source string, strict bool) string {
	if !strings.ContainsAny(source, "?#") {
		return "" // most links: nothing in them could name a document beside the page itself
	}
	source = strings.TrimSpace(source)
	bare, fragment, _ := strings.Cut(source, "#")
	viewer := d.base
	if bare != "" {
		var err error
		if viewer, err = d.Resolve(bare); err != nil {
			return ""
		}
	}
	isViewer := containsAny(strings.ToLower(viewer.Host+viewer.Path), viewerPaths)
	if strict && !isViewer || !isViewer && containsAny(strings.ToLower(viewer.Path), downloadPaths) {
		return ""
	}
	_, query, _ := strings.Cut(bare, "?")
	for _, list := range [...]string{query, strings.TrimPrefix(fragment, "?")} {
		if address := d.viewedBy(viewer, list, isViewer); address != "" {
			return address
		}
	}
	if isViewer { // ViewerJS: the whole fragment
		return d.viewedAt(viewer, fragment, false)
	}
	return ""
}

// viewedBy returns the address of the document that one of a list of parameters names; "" when none does.
func (d *Document) viewedBy(viewer *url.URL, list string, isViewer bool) string {
	for rest := list; rest != ""; {
		pair, after, _ := strings.Cut(rest, "&")
		name, value, found := strings.Cut(pair, "=")
		if found && (viewerParameter.MatchString(name) || isViewer && hasDocumentType(documentPath(value))) {
			if strings.Contains(value, "?") { // not escaped: all that follows belongs to it
				_, value, _ = strings.Cut(rest, "=")
			}
			if address := d.viewedAt(viewer, value, isViewer && strings.EqualFold(name, "file")); address != "" {
				return address
			}
		}
		rest = after
	}
	return ""
}

// viewedAt returns the address that the value of a viewer's parameter stands for: escaped once or more, or in base64.
// sure says that it cannot be anything else than a document.
func (d *Document) viewedAt(viewer *url.URL, value string, sure bool) string {
	for range 3 {
		plain, err := url.PathUnescape(value)
		if err == nil && utf8.ValidString(plain) {
			value = plain
		}
		if encoded := fromBase64(value); encoded != "" {
			value = encoded
		}
		if strings.Contains(value, "/") || !strings.Contains(strings.ToUpper(value), "%2F") {
			break
		}
	}
	if !hasDocumentType(documentPath(value)) && !isDocument(value, "") && !(sure && strings.Contains(value, "/")) {
		return ""
	}
	address, err := markup.ResolveURL(viewer, value, markup.Encoding{Name: "utf-8"})
	if err != nil || picture.MatchString(address.Path) {
		return ""
	}
	return address.String()
}

// documentPath is the path of an address, as far as it can be told without resolving it.
func documentPath(value string) string {
	value, _, _ = strings.Cut(value, "#")
	value, _, _ = strings.Cut(value, "?")
	return path.Base(value)
}

// fromBase64 decodes an address; "" for what is none.
func fromBase64(value string) string {
	if !encodedText.MatchString(value) {
		return ""
	}
	value = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(value), "=")
	text, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil || !utf8.Valid(text) || bytes.ContainsFunc(text, unicode.IsControl) ||
		!bytes.HasPrefix(text, []byte("http")) && !bytes.HasPrefix(text, []byte("/")) {
		return ""
	}
	return string(text)
}

// How deep pages within pages are read, and how many of one page.
const (
	deepestInline = 2
	mostInline    = 40
)

// inline puts the pages that stand in srcdoc attributes in the place of the frames that show them: their links are
// relative to the page's own base (HTML Standard, 4.8.5). weight is that of the page, and becomes that of all together;
// the error is ErrTooLarge when they are.
func inline(root *html.Node, depth int, weight *int) error {
	for _, frame := range inlineFrames(root) {
		page, more, err := markup.ParseTree(markup.StripStyles([]byte(markup.Attr(frame, "srcdoc"))))
		if *weight += more; *weight > markup.MostTogether || errors.Is(err, markup.ErrTooLarge) {
			return markup.TooHeavy()
		}
		if err != nil {
			continue // nested 512 deep
		}
		if depth < deepestInline {
			if err := inline(page, depth+1, weight); err != nil {
				return err
			}
		}
		replaceFrame(frame, bodyElement(page))
	}
	return nil
}

// inlineFrames lists the frames that hold their page in an attribute.
func inlineFrames(root *html.Node) []*html.Node {
	var frames []*html.Node
	for n := range root.Descendants() {
		if _, ok := markup.AttrValue(n, "srcdoc"); ok && n.DataAtom == atom.Iframe && len(frames) < mostInline {
			frames = append(frames, n)
		}
	}
	return frames
}

// replaceFrame moves what a body holds to where a frame stands, into an element that is called and looks as the frame
// does.
func replaceFrame(frame, body *html.Node) {
	div := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	for _, a := range frame.Attr {
		if a.Key == "id" || a.Key == "class" || a.Key == "style" || a.Key == "hidden" {
			div.Attr = append(div.Attr, a)
		}
	}
	adopt(div, body)
	frame.Parent.InsertBefore(div, frame)
	frame.Parent.RemoveChild(frame)
}

// adopt moves the children of one element to the end of another.
func adopt(to, from *html.Node) {
	for from.FirstChild != nil {
		c := from.FirstChild
		from.RemoveChild(c)
		to.AppendChild(c)
	}
}
