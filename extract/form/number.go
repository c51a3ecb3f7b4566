package form

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"gongkai/extract/text"
)

// A cell is what one table cell says as a number.
type cell struct {
	value string // plain decimal, "" when blank or unreadable
	blank string // why it is blank: BlankEmpty, …; "" when it is not
	unit  string // a unit printed in the cell: 万元, 元, 件
	ok    bool   // false: neither a number nor a known blank
}

// Why a cell is blank.
const (
	BlankEmpty = "empty" // nothing, or white space
	BlankDash  = "dash"  // - — – ―
	BlankSlash = "slash" // / \
	BlankNone  = "none"  // 无, 暂无, null
)

// parseCell reads a table cell. Full-width digits, thousands separators, a sign, decimals and a trailing unit are
// understood; anything else is not a number, and is never guessed at. A blank is never a zero.
func parseCell(raw string) cell {
	if raw != "" && len(raw) < 16 && raw[0] != '0' && text.AllDigits(raw) || raw == "0" {
		return cell{value: raw, ok: true} // nearly every cell
	}
	s := text.Compact(text.Narrow(raw))
	if digitsApart.MatchString(s) {
		return cell{} // two lines in one cell, or a space for a comma: nobody can tell
	}
	s = strings.ReplaceAll(s, " ", "")
	switch {
	case s == "":
		return cell{blank: BlankEmpty, ok: true}
	case strings.Trim(s, "-—–―－─") == "":
		return cell{blank: BlankDash, ok: true}
	case s == "/" || s == "\\" || s == "//":
		return cell{blank: BlankSlash, ok: true}
	}
	switch text.Key(s) {
	case "无", "暂无", "null", "空":
		return cell{blank: BlankNone, ok: true}
	}
	number, unit := splitUnit(s)
	value, ok := plainDecimal(number)
	return cell{value: value, unit: unit, ok: ok}
}

var digitsApart = regexp.MustCompile(`\d \d`)

// units that may follow a number in a cell, longest first.
var units = []string{"万元", "亿元", "千元", "百万元", "元", "件", "项", "条", "个", "次", "人次", "人", "份", "宗", "起"}

func splitUnit(s string) (number, unit string) {
	i := strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	if i < 0 {
		return s, ""
	}
	tail := text.Simplify(s[i:])
	for _, u := range units {
		if tail == u {
			return s[:i], u
		}
	}
	return s, ""
}

// plainDecimal brings a printed number to its canonical form: no leading plus or zeros, no separators.
// "+3" is "3", "1,234.50" is "1234.50": trailing decimals are kept as printed.
func plainDecimal(s string) (string, bool) {
	sign := ""
	switch {
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	case strings.HasPrefix(s, "-"), strings.HasPrefix(s, "−"), strings.HasPrefix(s, "–"):
		sign = "-" // hyphen, minus, en dash; a long dash is none
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	whole, fraction, point := strings.Cut(s, ".")
	if strings.ContainsAny(whole, ",，") {
		groups := strings.Split(strings.ReplaceAll(whole, "，", ","), ",")
		for i, g := range groups {
			if i > 0 && len(g) != 3 || i == 0 && (len(g) > 3 || g == "") {
				return "", false // 1,23 is a slip of the pen, not a number
			}
		}
		whole = strings.Join(groups, "")
	}
	if whole == "" || !text.AllDigits(whole) || point && (fraction == "" || !text.AllDigits(fraction)) || len(whole) > 18 {
		return "", false
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if point {
		whole += "." + fraction
	}
	if strings.Trim(whole, "0.") == "" {
		sign = "" // -0 is 0
	}
	return sign + whole, true
}
