package markup

import (
	"bytes"

	"golang.org/x/net/html"
)

// Pages pasted from Word say of each cell and each word how it looks, in more bytes than all else together, and half
// the time of parsing goes into reading that. Nothing here asks how something looks, except whether it can be seen at
// all.

// StripStyles returns a page without what only says how something looks: attributes, style sheets, and elements around
// a piece of text that have nothing else to say. Where text is no markup that a tokenizer would understand in the same
// way, it is left as it is. The result may share memory with text.
func StripStyles(text []byte) []byte {
	t := styleStripper{text: text}
	return t.run()
}

// ParsePage parses a page without what only says how it looks, and returns what its style sheets say. Where they ask
// for elements that StripStyles leaves out, those stay.
func ParsePage(text []byte) (root *html.Node, page *Styles, weight int, err error) {
	t := styleStripper{text: text}
	if root, weight, err = ParseTree(t.run()); err != nil {
		return nil, nil, 0, err
	}
	page = newStyles(t.sheets)
	page.linked = t.linked
	if page.asksFor(root) {
		t = styleStripper{text: text, keep: true}
		if whole, heavier, err := ParseTree(t.run()); err == nil {
			return whole, page, heavier, nil
		}
		page.cut = true
	}
	return root, page, weight, nil
}

func (t *styleStripper) run() []byte {
	text := t.text
	t.cuts = make([]cut, 0, len(text)/64)
	for i := 0; i < len(text); {
		at := bytes.IndexByte(text[i:], '<')
		if at < 0 {
			break
		}
		i = t.markup(i + at)
	}
	return t.rest()
}

// A styleStripper reads a page once, tag by tag.
type styleStripper struct {
	text    []byte
	cuts    []cut
	pairs   []pair // elements that are open since the last tag that is none of them
	foreign bool   // the page has drawings or formulas, where a span is no mere span
	keep    bool   // no element is mere
	linked  bool   // the page has style sheets elsewhere
	sheets  []styleSheet
	papers  map[string]bool // colours of grounds that were seen, besides white
	sized   bool            // a font of no size was seen: sizes within count
}

// A cut is to be left out: from one place up to another, which is the same for one that was not made after all.
type cut struct{ from, to int }

// A pair is the start tag of an element that may be left out with its end tag.
type pair struct {
	name  []byte
	cut   int  // its number
	to    int  // behind the tag
	plain bool // it says nothing but how it looks
}

// markup reads what begins with a "<", and returns where to go on.
func (t *styleStripper) markup(at int) int {
	text, i := t.text, at+1
	switch {
	case i == len(text):
		return i
	case bytes.HasPrefix(text[i:], []byte("!--")):
		t.pairs = t.pairs[:0]
		return behind(t.text, i, "-->")
	case isLetter(text[i]):
		return t.startTag(at)
	case text[i] == '/' && i+1 < len(text) && isLetter(text[i+1]):
		return t.endTag(at)
	case text[i] == '/' || text[i] == '!' || text[i] == '?':
		t.pairs = t.pairs[:0]
		return behind(t.text, i, ">")
	}
	return i // text
}

func (t *styleStripper) startTag(at int) int {
	text, i := t.text, at+1
	name := word(text[i:], endName)
	i += len(name)
	mere := isMere(name) && !t.keep
	first := len(t.cuts)
	if mere {
		t.cuts = append(t.cuts, cut{at, at})
	}
	plain, styled := true, false
	var media string
	for {
		a, ok := nextAttribute(text, i)
		if !ok {
			break
		}
		isStyle := len(a.key) == 5 && foldPrefix(a.key, "style")
		if i = a.end; (isStyle && styled || a.looks(name) && !t.mayHide(a)) && !t.assigns(i) {
			t.cuts = append(t.cuts, cut{a.start, a.end})
		} else {
			plain = false
			t.keeps(a, isStyle)
		}
		styled = styled || isStyle // of two, the first counts
		if len(a.key) == 5 && foldPrefix(a.key, "media") {
			media = string(a.value)
		}
		t.linked = t.linked || len(a.key) == 3 && foldPrefix(a.key, "rel") && containsFold(a.value, "stylesheet")
	}
	i, whole := t.close(i)
	switch {
	case !whole:
	case mere:
		t.pairs = append(t.pairs, pair{name, first, i, plain && t.joins(at)})
	case holdsText(name):
		t.pairs = t.pairs[:0]
		return t.raw(name, i, media)
	case bytes.EqualFold(name, []byte("br")):
	default:
		t.pairs = t.pairs[:0]
		t.foreign = t.foreign || isForeign(name)
	}
	return i
}

// assigns reports whether an equals sign stands next, which would give a value to the attribute before.
func (t *styleStripper) assigns(i int) bool {
	for i < len(t.text) && isSpace(t.text[i], '/') {
		i++
	}
	return i < len(t.text) && t.text[i] == '='
}

// close returns the place behind a tag of which all attributes were read; the page may end before that.
func (t *styleStripper) close(i int) (after int, whole bool) {
	for i < len(t.text) && isSpace(t.text[i], '/') {
		i++
	}
	if i == len(t.text) || t.text[i] != '>' {
		return len(t.text), false
	}
	return i + 1, true
}

// raw passes over what stands in an element that holds text, up to its end tag. A style sheet is left out.
func (t *styleStripper) raw(name []byte, i int, media string) int {
	end := indexFold(t.text[i:], name)
	if end < 0 || bytes.EqualFold(name, []byte("plaintext")) {
		return len(t.text)
	}
	if bytes.EqualFold(name, []byte("style")) && end > 0 {
		t.addSheet(t.text[i:i+end], media)
		if !t.foreign {
			t.cuts = append(t.cuts, cut{i, i + end})
		}
	}
	return i + end
}

func (t *styleStripper) endTag(at int) int {
	name := word(t.text[at+2:], endName)
	i := at + 2 + len(name)
	for {
		a, ok := nextAttribute(t.text, i)
		if !ok {
			break
		}
		i = a.end
	}
	i, whole := t.close(i)
	if !whole || !isMere(name) || len(t.pairs) == 0 {
		t.pairs = t.pairs[:0]
		return i
	}
	last := t.pairs[len(t.pairs)-1]
	if !bytes.EqualFold(last.name, name) {
		t.pairs = t.pairs[:0] // crosswise
		return i
	}
	t.pairs = t.pairs[:len(t.pairs)-1]
	if last.plain && !t.foreign && t.joins(at) {
		t.cuts[last.cut].to = last.to
		t.cuts = append(t.cuts, cut{at, i})
	}
	return i
}

// joins reports whether the text before a tag stays what it is when that is left out: it does not end in the middle of
// what would become a tag or a character reference with what follows.
func (t *styleStripper) joins(at int) bool {
	before := t.text[max(at-longestReference, 0):at]
	for i := len(before) - 1; i >= 0; i-- {
		switch c := before[i]; {
		case c == '<' || c == '&':
			return false
		case c != '#' && !isLetter(c) && (c < '0' || c > '9'):
			return true
		}
	}
	return len(before) < longestReference
}

// longestReference is longer than every named character reference.
const longestReference = 40

// rest returns the text without the cuts.
func (t *styleStripper) rest() []byte {
	size := 0
	kept := 0
	for _, c := range t.cuts {
		if c.to > kept {
			size += c.to - max(c.from, kept)
			kept = c.to
		}
	}
	if size == 0 {
		return t.text
	}
	out := make([]byte, 0, len(t.text)-size)
	kept = 0
	for _, c := range t.cuts {
		if c.to > kept {
			out = append(out, t.text[kept:max(c.from, kept)]...)
			kept = c.to
		}
	}
	return append(out, t.text[kept:]...)
}

// looks reports whether an attribute of an element only says how that looks.
func (a attribute) looks(element []byte) bool {
	var lower [12]byte
	if len(a.key) > len(lower) {
		return false
	}
	for i, c := range a.key {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(a.key)]) {
	case "style":
		return !telling(a.value)
	case "color":
		return !isPale(a.value)
	case "bgcolor":
		return isPale(a.value)
	case "lang", "xml:lang", "align", "valign", "bordercolor", "face", "border", "cellspacing", "cellpadding", "nowrap", "x:num", "x:str":
		return true
	case "width", "height":
		return !bytes.EqualFold(element, []byte("img")) // small pictures are ornaments
	case "src":
		return bytes.EqualFold(element, []byte("img")) && len(a.value) > 5 && foldPrefix(a.value, "data:") // the picture itself
	}
	return false
}

// addSheet keeps a style sheet that has something to say of what is seen.
func (t *styleStripper) addSheet(text []byte, media string) {
	if !telling(text) {
		return
	}
	t.sheets = append(t.sheets, styleSheet{string(text), media})
	t.sized = t.sized || sizesNone(text)
	for rest := text; ; {
		at := bytes.Index(rest, []byte("background"))
		if at < 0 {
			return
		}
		rest = rest[at+len("background"):]
		t.addPaper(rest)
	}
}

// keeps takes from an attribute that stays what makes others count.
func (t *styleStripper) keeps(a attribute, isStyle bool) {
	switch {
	case isStyle:
		t.sized = t.sized || sizesNone(a.value)
		if at := indexWord(a.value, "background"); at >= 0 {
			t.addPaper(a.value[at+len("background"):])
		}
	case len(a.key) == len("bgcolor") && foldPrefix(a.key, "bgcolor"):
		if c := colour(string(a.value)); c != "" {
			t.paper(c)
		}
	}
}

// sizesNone reports whether a style has a font of no size.
func sizesNone(style []byte) bool {
	at := indexWord(style, "font-size")
	if at < 0 {
		return false
	}
	value := valueOf(style[at+len("font-size"):])
	return len(value) > 0 && (value[0] == '0' || value[0] == '.')
}

// addPaper keeps the colour of a ground; text begins behind the name of the property.
func (t *styleStripper) addPaper(text []byte) {
	text = text[:min(len(text), 80)]
	if end := bytes.IndexAny(text, ";}\"'"); end >= 0 {
		text = text[:end]
	}
	_, value, _ := bytes.Cut(text, []byte(":"))
	if c := paperOf(string(bytes.ToLower(bytes.TrimSpace(value)))); c != "" && !isWhite(c) {
		t.paper(c)
	}
}

func (t *styleStripper) paper(c string) {
	if t.papers == nil {
		t.papers = map[string]bool{}
	}
	t.papers[c] = true
}

// mayHide reports whether an attribute that only says how something looks hides it all the same, after what came
// before: text in the colour of a ground, a ground within another, a size within none.
func (t *styleStripper) mayHide(a attribute) bool {
	switch len(a.key) {
	case len("color"): // or style
		if foldPrefix(a.key, "color") {
			return t.papers != nil && t.papers[colour(string(a.value))]
		}
		if t.sized && containsFold(a.value, "font") {
			return true
		}
		if t.papers == nil || !foldPrefix(a.key, "style") {
			return false
		}
		for rest := a.value; ; {
			at := indexWord(rest, "color")
			if at < 0 {
				return containsFold(a.value, "background")
			}
			rest = rest[at+len("color"):]
			if t.papers[colour(string(valueOf(rest)))] {
				return true
			}
		}
	case len("bgcolor"):
		return t.papers != nil && foldPrefix(a.key, "bgcolor")
	}
	return false
}

func containsFold(text []byte, lower string) bool { return indexWord(text, lower) >= 0 }

func indexWord(text []byte, lower string) int {
	for i := range text {
		if text[i]|0x20 == lower[0] && foldPrefix(text[i:], lower) {
			return i
		}
	}
	return -1
}

// telling reports whether a style can take text out of sight or out of its place, strike it out or raise it, see
// look.go: the words stand there that do. Common sizes of a font are told apart from tiny ones, white from other
// colours.
func telling(style []byte) bool {
	for i := 0; i < len(style); i++ {
		c := style[i]
		if c >= 0x80 {
			continue
		}
		switch c | 0x20 {
		case '-':
			if i+3 < len(style) && isDigit(style[i+1]) && isDigit(style[i+2]) && (isDigit(style[i+3]) || style[i+3]|0x20 == 'e') {
				return true // far away
			}
		case '&' | 0x20, '\\' | 0x20, '*' | 0x20:
			if written(style[i:]) {
				return true
			}
		default:
			if i > 0 && isLetter(style[i-1]) || c < 'A' {
				continue
			}
			if tells(style[i:], c|0x20) {
				return true
			}
		}
	}
	return false
}

// written reports whether letters may be written as something else here: by their numbers, or with comments between.
func written(style []byte) bool {
	switch {
	case style[0] == '&':
		return len(style) > 1 && style[1] == '#'
	case style[0] == '*':
		return len(style) > 1 && style[1] == '/'
	}
	return style[0] == '\\'
}

// telltales are the words that tell, by their first letter.
var telltales = [26][]string{
	'c' - 'a': {"clip", "content"},
	'd' - 'a': {"display", "direction"},
	'f' - 'a': {"float", "filter", "flex"},
	'h' - 'a': {"hid"},
	'l' - 'a': {"line-through"},
	'm' - 'a': {"mso-text-raise", "mso-hide"},
	'o' - 'a': {"opacity", "overflow", "order:"},
	'p' - 'a': {"position"},
	'r' - 'a': {"rotate"},
	's' - 'a': {"scale"},
	't' - 'a': {"transform", "translate", "transparent"},
	'u' - 'a': {"unicode-bidi"},
	'v' - 'a': {"visib"},
	'z' - 'a': {"z-index"},
}

// tells reports whether a word that tells stands at the beginning; c is its first letter in lower case.
func tells(style []byte, c byte) bool {
	if c < 'a' || c > 'z' {
		return false
	}
	for _, w := range telltales[c-'a'] {
		if foldPrefix(style, w) {
			return true
		}
	}
	for _, v := range tellingValues {
		if c == v.property[0] && foldPrefix(style, v.property) && v.tells(style[len(v.property):]) {
			return true
		}
	}
	return false
}

// tellingValues are the properties that tell by what follows their names.
var tellingValues = [...]struct {
	property string
	tells    func(rest []byte) bool
}{
	{"font-size", tiny},
	{"font:", tiny},
	{"vertical-align", lifts},
	{"color", func(rest []byte) bool { return isPale(valueOf(rest)) }},
	{"background", darkens},
}

// darkens reports whether what follows "background" gives text another ground than a pale one.
func darkens(rest []byte) bool {
	if foldPrefix(rest, "-color") {
		rest = rest[len("-color"):]
	}
	return len(rest) > 0 && (rest[0] == ':' || rest[0] == ' ') && !isPale(valueOf(rest))
}

// valueOf returns what follows the name of a property, up to the end of it.
func valueOf(rest []byte) []byte {
	rest = bytes.TrimLeft(rest, ": \t\n\r\f")
	if end := bytes.IndexAny(rest, ";}!"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// isPale reports whether a colour may be white or none.
func isPale(value []byte) bool {
	c := colour(string(value))
	return c == "" || c == noColour || isWhite(c) || bytes.HasPrefix(bytes.ToLower(value), []byte("hsl"))
}

// lifts reports whether an alignment raises or lowers text within its line.
func lifts(value []byte) bool {
	value = valueOf(value)
	return len(value) == 0 || value[0]|0x20 == 's' || value[0] < 'A'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// tiny reports whether what follows the name of a size is not clearly a size that is easily read: eight points.
func tiny(value []byte) bool {
	value = valueOf(value)
	whole := value[:digitsIn(value)]
	if len(whole) == 0 {
		return tinyWord(value)
	}
	n := 0.0
	for _, c := range whole {
		n = n*10 + float64(c-'0')
	}
	unit := bytes.TrimLeft(value, "0123456789.")
	switch {
	case foldPrefix(unit, "pt"):
		return n < 8
	case foldPrefix(unit, "%"):
		return n < 75
	case foldPrefix(unit, "px"), len(unit) == 0:
		return n < 10
	}
	return n < 1 // em, rem, and what nobody knows
}

// digitsIn counts the digits that a text begins with.
func digitsIn(text []byte) (n int) {
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	return n
}

// tinyWord reports whether a size that does not begin with a whole number may be a small one: a fraction, a word, or a
// formula.
func tinyWord(value []byte) bool {
	return len(value) == 0 || value[0]|0x20 == 'x' || value[0] == '.' ||
		foldPrefix(value, "smaller") || foldPrefix(value, "calc") || foldPrefix(value, "var")
}

func foldPrefix(text []byte, lower string) bool {
	if len(text) < len(lower) {
		return false
	}
	for i := range lower {
		if c := text[i]; c != lower[i] && (c < 'A' || c > 'Z' || c|0x20 != lower[i]) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isMere reports whether an element does nothing but give its text a look, if it has no attributes that say more.
func isMere(name []byte) bool {
	switch len(name) {
	case 3:
		return foldPrefix(name, "o:p")
	case 4:
		return foldPrefix(name, "span") || foldPrefix(name, "font")
	}
	return false
}

// isForeign reports whether other rules hold inside an element: there a span ends it.
func isForeign(name []byte) bool {
	return bytes.EqualFold(name, []byte("svg")) || bytes.EqualFold(name, []byte("math"))
}

// holdsText reports whether what stands in an element is text, whatever it looks like.
func holdsText(name []byte) bool {
	switch len(name) {
	case 3, 5, 6, 7, 8, 9:
		switch string(bytes.ToLower(name)) {
		case "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext":
			return true
		}
	}
	return false
}

// indexFold finds the end tag of an element, in any case.
func indexFold(text, name []byte) int {
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte("</"))
		if at < 0 {
			return -1
		}
		from += at
		if after := text[from+2:]; len(after) >= len(name) && bytes.EqualFold(after[:len(name)], name) {
			return from
		}
		from += 2
	}
}
