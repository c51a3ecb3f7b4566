package portal

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// An object is an object literal, its members in order.
type object []member

type member struct {
	key   string
	value any // object, []any, string, or nil for what is no literal
}

// get returns a member by its name in lower case.
func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if strings.EqualFold(m.key, name) {
			return m.value, true
		}
	}
	return nil, false
}

// str returns a member that is a string or a number, else "".
func (o object) str(name string) string {
	v, _ := o.get(name)
	s, _ := v.(string)
	return s
}

// literals reads the literals of JavaScript, of which JSON is a part: portals write data with single quotes,
// unquoted names, comments and commas too many, and encoding/json would have none of it. What is no literal, a
// variable or a sum of two, becomes nil. Numbers stay text.
type literals struct {
	s     string
	at    int
	depth int
	steps int // nested mistakes must not take quadratic time
}

const (
	deepestLiteral = 64
	mostSteps      = 1 << 22
)

// literal reads the literal that begins at from and returns where it ends; ok is false when none begins there.
func literal(s string, from int) (v any, end int, ok bool) {
	l := literals{s: s, at: from}
	v, ok = l.value()
	return v, l.at, ok
}

// space skips white space and comments.
func (l *literals) space() {
	for l.at < len(l.s) {
		rest := l.s[l.at:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "\u00a0"), strings.HasPrefix(rest, "\u3000"), strings.HasPrefix(rest, "\ufeff"):
			_, n := utf8.DecodeRuneInString(rest)
			l.at += n
		case strings.HasPrefix(rest, "/*"):
			l.skipPast("*/")
		case strings.HasPrefix(rest, "//"):
			l.skipPast("\n")
		default:
			return
		}
	}
}

func (l *literals) skipPast(mark string) {
	if i := strings.Index(l.s[l.at:], mark); i >= 0 {
		l.at += i + len(mark)
		return
	}
	l.at = len(l.s)
}

func (l *literals) peek() byte {
	l.space()
	if l.at < len(l.s) {
		return l.s[l.at]
	}
	return 0
}

func (l *literals) value() (any, bool) {
	if l.steps++; l.depth > deepestLiteral || l.steps > mostSteps {
		return nil, false
	}
	l.depth++
	defer func() { l.depth-- }()
	switch l.peek() {
	case '{':
		return l.object()
	case '[':
		return l.array()
	case '"', '\'', '`':
		s, ok := l.text()
		if !ok {
			return nil, false
		}
		if !l.ended() {
			return l.expression()
		}
		return s, true
	case 0:
		return nil, false
	}
	return l.word()
}

// ended reports whether a value is over, and not the first part of a longer expression.
func (l *literals) ended() bool {
	switch l.peek() {
	case 0, ',', '}', ']', ')', ';', ':':
		return true
	}
	return false
}

// word reads a number, true, false, null, or the begin of an expression.
func (l *literals) word() (any, bool) {
	from := l.at
	for l.at < len(l.s) && (isNameByte(l.s[l.at]) || strings.IndexByte("+-.", l.s[l.at]) >= 0) {
		l.at++
	}
	word := l.s[from:l.at]
	if word == "" || !l.ended() {
		return l.expression()
	}
	switch {
	case word == "true", word == "false":
		return word, true
	case strings.Trim(word, "0123456789.eE+-") == "":
		return word, true
	}
	return nil, true
}

// expression skips what is no literal up to the comma or bracket after it.
func (l *literals) expression() (any, bool) {
	open := 0
	for l.at < len(l.s) {
		switch l.peek() {
		case 0:
			return nil, true
		case '"', '\'', '`':
			if _, ok := l.text(); !ok {
				return nil, false
			}
			continue
		case '(', '{', '[':
			open++
		case ',', ';':
			if open == 0 {
				return nil, true
			}
		case ')', '}', ']':
			if open == 0 {
				return nil, true
			}
			open--
		}
		l.at++
	}
	return nil, true
}

func (l *literals) object() (any, bool) {
	l.at++
	o := object{}
	for {
		switch l.peek() {
		case '}':
			l.at++
			return o, true
		case ',':
			l.at++
			continue
		}
		key, ok := l.key()
		if !ok || l.peek() != ':' {
			return nil, false
		}
		l.at++
		v, ok := l.value()
		if !ok {
			return nil, false
		}
		o = append(o, member{key, v})
		if c := l.peek(); c != ',' && c != '}' {
			return nil, false
		}
	}
}

func (l *literals) key() (string, bool) {
	if c := l.peek(); c == '"' || c == '\'' {
		return l.text()
	}
	from := l.at
	for l.at < len(l.s) && (isNameByte(l.s[l.at]) || l.s[l.at] >= utf8.RuneSelf) {
		l.at++
	}
	return l.s[from:l.at], l.at > from
}

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (l *literals) array() (any, bool) {
	l.at++
	list := []any{}
	for {
		switch l.peek() {
		case ']':
			l.at++
			return list, true
		case ',':
			l.at++
			continue
		}
		v, ok := l.value()
		if !ok {
			return nil, false
		}
		list = append(list, v)
		if c := l.peek(); c != ',' && c != ']' {
			return nil, false
		}
	}
}

// text reads a string in quotes of any kind.
func (l *literals) text() (string, bool) {
	quote := l.s[l.at]
	from := l.at + 1
	i := from
	for i < len(l.s) && l.s[i] != quote {
		if l.s[i] == '\\' {
			i++
		}
		i++
	}
	if i >= len(l.s) {
		return "", false
	}
	l.at = i + 1
	return unescape(l.s[from:i]), true
}

// unescape undoes the escapes of a string literal.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n', 'r', 't', 'b', 'f', 'v':
			b.WriteByte(' ')
		case '\n', '\r':
		case 'u', 'x':
			r, n := escaped(s[i:])
			if n == 0 {
				b.WriteByte(c)
				continue
			}
			b.WriteRune(r)
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// escaped reads u4e00, x41 or a pair of surrogates and returns how many bytes it takes.
func escaped(s string) (rune, int) {
	digits := 4
	if s[0] == 'x' {
		digits = 2
	}
	r, ok := hexadecimal(s[1:], digits)
	if !ok {
		return 0, 0
	}
	if rest := s[1+digits:]; utf16.IsSurrogate(r) && strings.HasPrefix(rest, `\u`) {
		if low, ok := hexadecimal(rest[2:], 4); ok {
			return utf16.DecodeRune(r, low), 1 + digits + 6
		}
	}
	return r, 1 + digits
}

func hexadecimal(s string, digits int) (rune, bool) {
	if len(s) < digits {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[:digits]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// written returns the markup that a script writes into its page with document.write and writeln, as far as it is
// made of string literals. A call with anything else in it writes nothing: half a link leads astray.
func written(script string) string {
	var all strings.Builder
	for _, name := range [...]string{"document.writeln(", "document.write("} {
		rest := script
		for {
			_, after, found := strings.Cut(rest, name)
			if !found {
				break
			}
			rest = after
			if text, ok := sum(after); ok {
				all.WriteString(text)
				all.WriteByte('\n')
			}
		}
	}
	return all.String()
}

// sum reads string literals joined by plus signs up to the closing bracket.
func sum(s string) (string, bool) {
	var b strings.Builder
	l := literals{s: s}
	for {
		if c := l.peek(); c != '"' && c != '\'' && c != '`' {
			return "", false
		}
		text, ok := l.text()
		if !ok {
			return "", false
		}
		b.WriteString(text)
		switch l.peek() {
		case '+':
			l.at++
		case ')':
			return b.String(), true
		default:
			return "", false
		}
	}
}

// How many arrays of one page are read, and how many are tried: each may take all of the script.
const (
	mostArrays = 20
	mostTries  = 60
)

// arrays returns the arrays of objects that a script holds.
func arrays(script string) []any {
	var all []any
	for at, tries := 0, 0; len(all) < mostArrays && tries < mostTries; {
		i := strings.IndexByte(script[at:], '[')
		if i < 0 {
			return all
		}
		at += i
		l := literals{s: script, at: at + 1}
		if l.peek() != '{' {
			at++
			continue
		}
		tries++
		v, end, ok := literal(script, at)
		if !ok {
			at++
			continue
		}
		all = append(all, v)
		at = end
	}
	return all
}
