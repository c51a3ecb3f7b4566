package export

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A kind is what the cells of a column are, in the words of Frictionless Table Schema.
type kind uint8

const (
	text kind = iota
	whole
	decimal
	truth
	day
	instant
	notDecimal // a mistake of ours
)

func (k kind) String() string {
	return [...]string{"string", "integer", "number", "boolean", "date", "datetime", "text that is not a plain decimal"}[k]
}

// A value is one cell before any format has written it. The zero one is empty: in no format is that a zero, or a text.
type value struct {
	text string // of text; of decimal, as printed
	n    int64  // of whole; of truth, 0 or 1; of day, days since 1970; of instant, seconds since 1970
	kind kind
	ok   bool
	bare bool // a text that CSV and JSON write as it is
}

// textValue is empty when s is. The sheet settles it.
func textValue(s string) value { return value{text: s, kind: text, ok: s != ""} }

// settle makes a text one that every format can hold: bytes that are no UTF-8 and zero bytes become U+FFFD.
func (v *value) settle() {
	s := v.text
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
		v.text = s
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == ',' || c == '\\' {
			return
		}
	}
	v.bare = s != "" && s[0] != ' ' && !needsGuard(s)
}

func wholeValue(n int) value { return value{n: int64(n), kind: whole, ok: true} }

func truthValue(b bool) value {
	v := value{kind: truth, ok: true}
	if b {
		v.n = 1
	}
	return v
}

// decimalValue is empty when s is; anything else must be a plain decimal. A text of another shape is a mistake of ours:
// the sheet refuses it.
func decimalValue(s string) value {
	switch {
	case s == "":
		return value{}
	case !isDecimal(s):
		return value{text: s, kind: notDecimal, ok: true}
	}
	return value{text: s, kind: decimal, ok: true}
}

// float returns the floating point number nearest to a decimal.
func (v *value) float() float64 {
	if s := v.text; len(s) <= 15 && digits(s) { // most are, and such a one is the same as a whole number
		n, _ := strconv.Atoi(s)
		return float64(n)
	}
	f, _ := strconv.ParseFloat(v.text, 64) // a plain decimal always is one, if only an infinite one
	return f
}

// dayValue reads 2006-01-02, as it stands on a calendar.
func dayValue(s string) (v value, ok bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return value{}, false
	}
	return value{n: t.Unix() / secondsADay, kind: day, ok: true}, true
}

const secondsADay = 24 * 60 * 60

// instantValue is a moment to the second, which every reader of times understands.
func instantValue(t time.Time) value { return value{n: t.Unix(), kind: instant, ok: true} }

// stamp writes a moment to the second.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// time is the moment of an instant, the midnight in UTC of a day.
func (v *value) time() time.Time {
	if v.kind == day {
		return time.Unix(v.n*secondsADay, 0).UTC()
	}
	return time.Unix(v.n, 0).UTC()
}

// appendTo writes a value that is not text as all text formats have it: 69, 96171.6, true, 2022-01-29, 2022-01-29T00:00:00Z.
func (v *value) appendTo(b []byte) []byte {
	switch v.kind {
	case whole:
		return strconv.AppendInt(b, v.n, 10)
	case truth:
		return strconv.AppendBool(b, v.n != 0)
	case day:
		return v.time().AppendFormat(b, time.DateOnly)
	case instant:
		return v.time().AppendFormat(b, time.RFC3339)
	}
	return append(b, v.text...)
}

// isDecimal reports whether s is a plain decimal: -5, 96171.60; not +3, 007, 1,234 or 1e3.
func isDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	integer, fraction, point := strings.Cut(s, ".")
	return digits(integer) && (integer == "0" || integer[0] != '0') && (!point || digits(fraction))
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// exact reports whether a plain decimal comes out of every format as it went in: floating point numbers and Excel hold 15
// digits.
func exact(s string) bool {
	if len(s) <= 15 {
		return true
	}
	n := 0
	for _, c := range strings.TrimLeft(plain(s), "-0.") {
		if c != '.' {
			n++
		}
	}
	return n <= 15
}

// plain takes the zeros off the end of a decimal.
func plain(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}
