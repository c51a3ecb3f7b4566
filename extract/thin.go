package extract

import (
	"bytes"
	"slices"
)

// Pages pasted from Word say of each cell and each word how it looks, in more bytes than all else together, and half the
// time of parsing goes into reading that. Nothing here asks how something looks, except whether it can be seen at all.

// thin returns a page without the attributes that only say how something looks. Where text is no markup that a
// tokenizer would understand in the same way, it is left as it is. The result may share memory with text.
func thin(text []byte) []byte {
	var out []byte
	kept := 0 // up to here text has been copied, or left out
	for i := 0; ; {
		at := bytes.IndexByte(text[i:], '<')
		if at < 0 {
			break
		}
		i += at
		if bytes.HasPrefix(text[i:], []byte("<!--")) {
			end := bytes.Index(text[i:], []byte("-->"))
			if end < 0 {
				break
			}
			i += end
			continue
		}
		if i++; i == len(text) || text[i]|0x20 < 'a' || text[i]|0x20 > 'z' {
			continue // no start tag
		}
		name := word(text[i:], endName)
		i += len(name)
		for {
			a, ok := nextAttribute(text, i)
			if !ok {
				break
			}
			i = a.end
			if a.looks(name) {
				out = append(out, text[kept:a.start]...)
				kept = a.end
			}
		}
		if holdsText(name) {
			end := indexFold(text[i:], name)
			if end < 0 {
				break
			}
			i += end
		}
	}
	if kept == 0 {
		return text
	}
	return append(out, text[kept:]...)
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
	}
	return false
}

// tellingWords stand in the styles that hide text or strike it out: see hides.
var tellingWords = [][]byte{[]byte("none"), []byte("hid"), []byte("font-size"), []byte("opacity"), []byte("line-through")}

func telling(style []byte) bool {
	if slices.ContainsFunc(style, func(c byte) bool { return 'A' <= c && c <= 'Z' }) {
		style = bytes.ToLower(style)
	}
	return slices.ContainsFunc(tellingWords, func(w []byte) bool { return bytes.Contains(style, w) })
}

// holdsText reports whether what stands in an element is text, whatever it looks like.
func holdsText(name []byte) bool {
	switch len(name) {
	case 3, 5, 6, 7, 8, 9:
		switch string(bytes.ToLower(name)) {
		case "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript":
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
