package markup

import "bytes"

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
