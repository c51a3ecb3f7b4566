package store

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// The figures of a report are some thousand short strings, which encoding/json takes as long over as zstd takes to pack
// the page. What is here writes the same bytes.

// appendText appends a string as encoding/json writes it, with or without the escapes that protect HTML.
func appendText(b []byte, s string, html bool) []byte {
	if plainText(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(html)
	if err := enc.Encode(s); err != nil {
		panic(err) // there is no string that cannot be written
	}
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}

// plainText reports whether encoding/json certainly writes a string as it is.
func plainText(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		case c == 0xe2: // U+2028 and U+2029 are escaped
			return false
		}
	}
	return utf8.ValidString(s)
}

// appendTexts appends a list of strings.
func appendTexts(b []byte, list []string, html bool) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, s, html)
	}
	return append(b, ']')
}
