package extract

import "bytes"

// Pages pasted from Word say of each cell and each word how it looks, in more bytes than all else together, and half the
// time of parsing goes into reading that. Nothing here asks how something looks, except whether it can be seen at all.

// thin returns a page without what only says how something looks: attributes, style sheets, and elements around a piece
// of text that have nothing else to say. Where text is no markup that a tokenizer would understand in the same way, it is
// left as it is. The result may share memory with text.
func thin(text []byte) []byte {
	t := thinner{text: text, cuts: make([]cut, 0, len(text)/64)}
	for i := 0; i < len(text); {
		at := bytes.IndexByte(text[i:], '<')
		if at < 0 {
			break
		}
		i = t.markup(i + at)
	}
	return t.rest()
}

// A thinner reads a page once, tag by tag.
type thinner struct {
	text    []byte
	cuts    []cut
	pairs   []pair // elements that are open since the last tag that is none of them
	foreign bool   // the page has drawings or formulas, where a span is no mere span
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
func (t *thinner) markup(at int) int {
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

func (t *thinner) startTag(at int) int {
	text, i := t.text, at+1
	name := word(text[i:], endName)
	i += len(name)
	mere := isMere(name)
	first := len(t.cuts)
	if mere {
		t.cuts = append(t.cuts, cut{at, at})
	}
	plain := true
	for {
		a, ok := nextAttribute(text, i)
		if !ok {
			break
		}
		if i = a.end; a.looks(name) && !t.assigns(i) {
			t.cuts = append(t.cuts, cut{a.start, a.end})
		} else {
			plain = false
		}
	}
	i, whole := t.close(i)
	switch {
	case !whole:
	case mere:
		t.pairs = append(t.pairs, pair{name, first, i, plain && t.joins(at)})
	case holdsText(name):
		t.pairs = t.pairs[:0]
		return t.raw(name, i)
	case bytes.EqualFold(name, []byte("br")):
	default:
		t.pairs = t.pairs[:0]
		t.foreign = t.foreign || isForeign(name)
	}
	return i
}

// assigns reports whether an equals sign stands next, which would give a value to the attribute before.
func (t *thinner) assigns(i int) bool {
	for i < len(t.text) && isSpace(t.text[i], '/') {
		i++
	}
	return i < len(t.text) && t.text[i] == '='
}

// close returns the place behind a tag of which all attributes were read; the page may end before that.
func (t *thinner) close(i int) (after int, whole bool) {
	for i < len(t.text) && isSpace(t.text[i], '/') {
		i++
	}
	if i == len(t.text) || t.text[i] != '>' {
		return len(t.text), false
	}
	return i + 1, true
}

// raw passes over what stands in an element that holds text, up to its end tag. A style sheet is left out.
func (t *thinner) raw(name []byte, i int) int {
	end := indexFold(t.text[i:], name)
	if end < 0 || bytes.EqualFold(name, []byte("plaintext")) {
		return len(t.text)
	}
	if bytes.EqualFold(name, []byte("style")) && end > 0 && !t.foreign {
		t.cuts = append(t.cuts, cut{i, i + end})
	}
	return i + end
}

func (t *thinner) endTag(at int) int {
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
func (t *thinner) joins(at int) bool {
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
func (t *thinner) rest() []byte {
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

// An attribute stands between two places of a text.
type attribute struct {
	start, end int
	key, value []byte
}

// nextAttribute reads the attribute at or after a place inside a tag, as the HTML standard has it (13.2.5.32 and the
// states that follow); false at the end of the tag, or when the text ends before the attribute does.
func nextAttribute(text []byte, i int) (a attribute, ok bool) {
	for i < len(text) && isSpace(text[i], '/') {
		i++
	}
	if i == len(text) || text[i] == '>' {
		return a, false
	}
	a.start = i
	a.key = text[i : i+1+len(word(text[i+1:], endKey))] // one may begin with "="
	i += len(a.key)
	a.end = i
	for i < len(text) && isSpace(text[i], ' ') {
		i++
	}
	if i == len(text) || text[i] != '=' {
		return a, i < len(text)
	}
	for i++; i < len(text) && isSpace(text[i], ' '); i++ {
	}
	if i == len(text) || text[i] == '>' {
		a.end = i
		return a, i < len(text)
	}
	if quote := text[i]; quote == '"' || quote == '\'' {
		end := bytes.IndexByte(text[i+1:], quote)
		if end < 0 {
			return a, false
		}
		a.value = text[i+1 : i+1+end]
		a.end = i + 1 + end + 1
		return a, true
	}
	a.value = word(text[i:], endValue)
	a.end = i + len(a.value)
	return a, a.end < len(text)
}

// Ends of words, as bit sets: all of them stand before the 64th character.
const (
	spaces   = 1<<' ' | 1<<'\t' | 1<<'\n' | 1<<'\r' | 1<<'\f'
	endName  = spaces | 1<<'/' | 1<<'>'
	endKey   = endName | 1<<'='
	endValue = spaces | 1<<'>'
)

// word returns what precedes the first of the ends.
func word(text []byte, ends uint64) []byte {
	for i, c := range text {
		if c < 64 && ends>>c&1 != 0 {
			return text[:i]
		}
	}
	return text
}

func isSpace(c, also byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == also
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
	case "lang", "xml:lang", "align", "valign", "bgcolor", "bordercolor", "color", "face", "border", "cellspacing", "cellpadding", "nowrap", "x:num", "x:str":
		return true
	case "width", "height":
		return !bytes.EqualFold(element, []byte("img")) // small pictures are ornaments
	case "src":
		return bytes.EqualFold(element, []byte("img")) && len(a.value) > 5 && foldPrefix(a.value, "data:") // the picture itself
	}
	return false
}

// telling reports whether a style hides text or strikes it out, see hides: the words stand there that do. All sizes of a
// font are told apart from none.
func telling(style []byte) bool {
	for i := 0; i < len(style); i++ {
		rest := style[i:]
		switch style[i] | 0x20 {
		case 'n':
			if foldPrefix(rest, "none") {
				return true
			}
		case 'h':
			if foldPrefix(rest, "hid") {
				return true
			}
		case 'o':
			if foldPrefix(rest, "opacity") {
				return true
			}
		case 'l':
			if foldPrefix(rest, "line-through") {
				return true
			}
		case 'f':
			if foldPrefix(rest, "font-size") && tiny(rest[len("font-size"):]) {
				return true
			}
		}
	}
	return false
}

// tiny reports whether what follows the name of a size is not clearly a number above zero.
func tiny(value []byte) bool {
	value = bytes.TrimLeft(value, ": \t\n\r\f")
	return len(value) == 0 || value[0] < '1' || value[0] > '9'
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
