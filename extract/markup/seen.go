package markup

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/text"
)

// A cellReader gathers what a reader sees of one cell.
type cellReader struct {
	sheets      *Styles
	text, marks strings.Builder
	seen        int // bytes of the text that are no blanks
	pieces      int // it came in
	apart       int // bytes of it that perhaps stand elsewhere
	parts       int // they came in
	within      int // such parts around
	least, most float64
	mark        bool // a mark that no whole cell is
	opaque      bool // a picture or control stands in it
	doubt       bool
}

// readCell returns the text of a cell as a reader sees it, white space collapsed: paragraphs and line breaks become
// blanks; what is hidden, struck out, or the mark of a footnote is left out: 12¹ is twelve. A form control shows its
// value. unsure says that what a reader sees is not certain, opaque that the text is empty and yet something shows.
func readCell(td *html.Node, page *Styles, around look) (text string, unsure, opaque bool) {
	if text, ok := simpleCell(td, page, around); ok {
		return text, false, false
	}
	r := &cellReader{sheets: page}
	r.box(td, around)
	return r.result()
}

// simpleCell reads what most cells are: one text in a few elements that say nothing of how it is seen.
func simpleCell(n *html.Node, page *Styles, around look) (s string, ok bool) {
	if around.hidden || around.ink != "" || around.size < 3 {
		return "", false
	}
	for {
		if n.Type == html.TextNode {
			return text.Compact(n.Data), !turned(n.Data)
		}
		if n.Type != html.ElementNode || !ordinary(n, page) || n.FirstChild != n.LastChild {
			return "", false
		}
		if n.FirstChild == nil {
			return "", true
		}
		n = n.FirstChild
	}
}

// turned reports whether a character in a text turns the direction of writing.
func turned(text string) bool {
	return strings.IndexByte(text, "\u202e"[0]) >= 0 && strings.ContainsAny(text, "\u202d\u202e\u2066\u2067\u2068")
}

// ordinary reports whether an element surely shows its text, and in its place.
func ordinary(n *html.Node, page *Styles) bool {
	switch n.DataAtom {
	case atom.Td, atom.Th, atom.P, atom.Span, atom.Font, atom.B, atom.Strong, atom.Div, atom.Center, atom.U:
	default:
		return false
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "colspan", "rowspan", "width", "height", "align", "valign", "lang", "nowrap":
		case "class":
			if page.hasRules() || isNoteClass(a.Val) {
				return false
			}
		default:
			return false
		}
	}
	return !page.hasRules() || len(page.matching(n, false)) == 0 && len(page.matching(n, true)) == 0
}

func (s *Styles) hasRules() bool { return s != nil && s.rules != nil }

// box reads the cell itself, which stands where it stands.
func (r *cellReader) box(td *html.Node, l look) {
	s := r.sheets.style(td)
	switch s.concealed(true) {
	case gone:
		return
	case doubtful:
		r.doubt = true
	}
	r.sides(td)
	r.children(td, l.inherit(td, s), s)
}

// sides asks whether a sheet adds text.
func (r *cellReader) sides(n *html.Node) {
	if r.sheets.besides(n) || r.sheets != nil && r.sheets.cut && n.DataAtom != atom.Td {
		r.doubt = true
	}
}

// children reads what stands in an element.
func (r *cellReader) children(n *html.Node, l look, s style) {
	from, pieces := r.text.Len(), r.pieces
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			r.write(c.Data, l)
		case html.ElementNode:
			r.element(c, l)
		}
	}
	characters, elements := turns(n, s)
	text := strings.TrimSpace(r.text.String()[from:])
	if characters && len(text) > 1 || elements && (r.pieces > pieces+1 || strings.ContainsAny(text, "-+")) {
		r.doubt = true
	}
}

// write adds a text.
func (r *cellReader) write(s string, l look) {
	printed := text.Compact(s)
	blank := printed == ""
	switch l.unreadable(r.sheets != nil && r.sheets.linked) {
	case gone:
		return
	case doubtful:
		r.doubt = r.doubt || !blank
	}
	if turned(s) {
		r.doubt = true
	}
	r.text.WriteString(s)
	if blank {
		return
	}
	r.pieces++
	r.seen += len(printed)
	if strings.ContainsAny(s, "0123456789") {
		if r.most == 0 {
			r.least = l.size
		}
		r.least, r.most = min(r.least, l.size), max(r.most, l.size)
	}
}

// element reads an element of a cell.
func (r *cellReader) element(n *html.Node, l look) {
	if r.control(n) {
		return
	}
	s := r.sheets.style(n)
	if _, hidden := AttrValue(n, "hidden"); hidden && s["display"] == "" {
		return
	}
	block := BreaksLine(n)
	seen := s.sightOf(block)
	if seen == gone {
		return
	}
	if seen != doubtful && isMark(n) {
		seen = marked
	}
	l = l.inherit(n, s)
	r.sides(n)
	if seen == marked || seen == raised {
		inner := &cellReader{sheets: r.sheets}
		inner.children(n, l, s)
		r.marks.WriteString(inner.text.String())
		r.mark = r.mark || seen == marked
		return
	}
	if block {
		r.text.WriteByte(' ')
		defer r.text.WriteByte(' ')
	}
	before := r.seen
	if standsApart := seen == apart || isAside(n); standsApart && r.within == 0 {
		r.within++
		r.children(n, l, s)
		r.within--
		if r.seen > before {
			r.apart += r.seen - before
			r.parts++
		}
		return
	}
	r.children(n, l, s)
	if seen == doubtful && r.seen > before {
		r.doubt = true
	}
}

// control reads an element that shows something else than the text in it, or nothing; false for all others.
func (r *cellReader) control(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Br:
		r.text.WriteByte(' ')
	case atom.Input:
		switch strings.ToLower(Attr(n, "type")) {
		case "", "text", "number":
			r.write(Attr(n, "value"), look{size: commonSize})
		}
	case atom.Rt, atom.Rp, atom.Del, atom.S, atom.Strike, atom.Datalist, atom.Audio, atom.Video, atom.Progress, atom.Meter, atom.Title:
	case atom.Img:
		r.opaque = r.opaque || !isSpacer(n)
	case atom.Svg, atom.Canvas, atom.Object, atom.Embed, atom.Select, atom.Textarea, atom.Button, atom.Iframe:
		r.opaque = r.opaque || !hides(n)
	case atom.Script:
		r.opaque = r.opaque || n.FirstChild != nil && writesText.MatchString(n.FirstChild.Data) || Attr(n, "src") != ""
	case atom.Details:
		if _, open := AttrValue(n, "open"); open {
			return false
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom == atom.Summary {
				r.element(c, look{size: commonSize})
				break
			}
		}
	case atom.Dialog:
		_, open := AttrValue(n, "open")
		return !open
	default:
		return skippedTag(n)
	}
	return true
}

var writesText = regexp.MustCompile(`write|inner(?:HTML|Text)|textContent|\.(?:html|text|append|before|after)\(`)

// isSpacer reports whether a picture is too small to show a digit.
func isSpacer(img *html.Node) bool {
	for _, key := range [...]string{"width", "height"} {
		if n, ok := pixels(strings.TrimSpace(Attr(img, key)), commonSize); ok && n < 4 {
			return true
		}
	}
	return false
}

// isMark reports whether an element is what the mark of a footnote is.
func isMark(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Sup, atom.Sub:
		return true
	case atom.A:
		_, fragment, ok := strings.Cut(Attr(n, "href"), "#")
		if ok && fragment != "" && (strings.HasPrefix(Attr(n, "href"), "#") || noteName.MatchString(fragment)) {
			return true
		}
	}
	return isNoteClass(Attr(n, "class")) || Attr(n, "role") == "doc-noteref" || Attr(n, "epub:type") == "noteref"
}

var noteName = regexp.MustCompile(`(?i)^_?(?:ftn|edn|fn|en\d|note|foot|cite|ref|zhu|注)`)

// isNoteClass reports whether a class is that of marks of notes: Word's MsoFootnoteReference, and others.
func isNoteClass(class string) bool {
	return len(class) > 6 && (containsFold([]byte(class), "footnote") || containsFold([]byte(class), "endnote") || containsFold([]byte(class), "noteref"))
}

// isAside reports whether an element may repeat the text beside it for other readers, or lead nowhere.
func isAside(n *html.Node) bool {
	return strings.EqualFold(Attr(n, "aria-hidden"), "true") || n.DataAtom == atom.A && Attr(n, "href") == "#"
}

// result settles what was gathered.
func (r *cellReader) result() (s string, unsure, opaque bool) {
	s = text.Compact(r.text.String())
	if s == "" && r.opaque {
		return "", false, true
	}
	if s == "" {
		s = text.Compact(r.marks.String())
		return s, s != "" && (r.mark || r.doubt), false
	}
	unsure = r.doubt || r.opaque && strings.ContainsAny(s, "0123456789") ||
		r.parts > 1 || r.parts == 1 && r.apart < r.seen || r.least < r.most*0.7
	return s, unsure, false
}
