package portal

import (
	"bytes"
	"strings"
)

// Every answer is looked at for notices of firewalls and of pages that are gone, and nearly all are pages of a hundred
// kilobytes that are neither. A glance tells these from their first kilobytes: it goes over the bytes once, and stops
// when there is more text, or there are more links, than a notice has. It needs no decoding: in all encodings that
// portals use the bytes of markup are those of ASCII, and stand for nothing else.

// unseen are the elements whose content is not to be seen.
var unseen = []string{"script", "style", "noscript", "title"}

// visible returns the text of a page without white space and markup, roughly; at most so many bytes of it, and one more
// when there are more. A negative number stands for all.
func visible(body []byte, most int) []byte {
	var text []byte
	var s scanner
	for len(body) > 0 && (most < 0 || len(text) <= most) {
		if body[0] == '<' {
			if rest, ok := s.markup(body); ok {
				body = rest
				continue
			}
		}
		end := bytes.IndexByte(body[1:], '<') + 1
		if end == 0 {
			end = len(body)
		}
		for _, word := range bytes.Fields(body[:end]) {
			text = append(text, word...)
			if most >= 0 && len(text) > most {
				return text[:most+1]
			}
		}
		body = body[end:]
	}
	return text
}

// A scanner passes over markup. It remembers what is not closed up to the end, so that it need not look for that again.
type scanner struct{ open map[string]bool }

// markup returns what follows the comment, the unseen element or the tag that body begins with; false when it is none.
func (s *scanner) markup(body []byte) (rest []byte, ok bool) {
	if bytes.HasPrefix(body, []byte("<!--")) {
		if rest, ok := s.after(body, "-->"); ok {
			return rest, true
		}
	}
	for _, name := range unseen {
		if !opens(body, name) {
			continue
		}
		if rest, ok := s.after(body, "</"+name+">"); ok {
			return rest, true
		}
	}
	return s.after(body, ">")
}

// after returns what follows the first occurrence of an end in any case.
func (s *scanner) after(body []byte, end string) ([]byte, bool) {
	if s.open[end] {
		return nil, false
	}
	for from := 0; ; from++ {
		i := bytes.IndexByte(body[from:], end[0])
		if i < 0 {
			break
		}
		if from += i; len(body)-from >= len(end) && strings.EqualFold(string(body[from:from+len(end)]), end) {
			return body[from+len(end):], true
		}
	}
	if s.open == nil {
		s.open = make(map[string]bool)
	}
	s.open[end] = true
	return nil, false
}

// opens reports whether body begins with the tag that opens an element.
func opens(body []byte, name string) bool {
	if len(body) < len(name)+2 || !strings.EqualFold(string(body[1:1+len(name)]), name) {
		return false
	}
	c := body[1+len(name)]
	return c == '>' || c == '/' || c <= ' '
}

// linksIn counts the links of a page, up to a number.
func linksIn(body []byte, most int) (n int) {
	for n < most {
		i := bytes.IndexByte(body, '<')
		if i < 0 {
			break
		}
		if body = body[i:]; opens(body, "a") {
			n++
		}
		body = body[1:]
	}
	return n
}
