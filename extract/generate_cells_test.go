package extract_test

import (
	"html"
	"strconv"
	"strings"

	"gongkai/extract/form"
)

var cellTraps = []trap{
	{"cell.nbsp", 0.2}, {"cell.comma", 0.4}, {"cell.widecomma", 0.15}, {"cell.wide", 0.1}, {"cell.unit", 0.1}, {"cell.plus", 0.3},
	{"cell.minus", 0.15}, {"cell.table", 0.04}, {"cell.unitblank", 0.05},
	{"cell.note", 0.04}, {"cell.deleted", 0.03}, {"cell.invisible", 0.04}, {"cell.input", 0.02},
	{"cell.point", 0.08}, {"cell.widepoint", 0.05}, {"cell.zerowidth", 0.08},
	{"cell.wrapped", 0.4},    // <p><span>
	{"cell.runs", 0.12},      // a number in two spans
	{"cell.comment", 0.08},   // a comment in the cell
	{"cell.hidden", 0.05},    // hidden text in the cell
	{"cell.odd blanks", 0.4}, // -, —, /, 无
	{"label.number", 0.3},    // 1、 1． （1）
	{"label.nonumber", 0.12},
	{"label.bare", 0.2},   // 部分公开 without its explanation
	{"label.quotes", 0.2}, // 「三安全一稳定」
	{"label.qita", 0.15},  // 其它
	{"head.qita", 0.06},   // and as a column
	{"label.blanks", 0.15},
	{"label.br", 0.15}, // a label broken in two lines
	{"label.comma", 0.15},
	{"label.narrow", 0.2}, // brackets of half width
	{"label.heji", 0.08},  // 合计 for 总计
}

// rowLabel is the label of a row as the page spells it.
func (g *generator) rowLabel(zh string) string {
	zh = g.numbered(zh)
	if g.has("label.bare") {
		zh, _, _ = strings.Cut(zh, "（区分")
	}
	if g.has("label.quotes") {
		q := pick(g, "quoted", [2]string{"「", "」"}, [2]string{"\"", "\""}, [2]string{"", ""}, [2]string{"‘", "’"}, [2]string{"”", "”"})
		zh = strings.NewReplacer("“", q[0], "”", q[1]).Replace(zh)
	}
	if g.has("label.comma") {
		zh = strings.ReplaceAll(zh, "、行政机关", "，行政机关")
	}
	if g.has("label.narrow") {
		zh = strings.NewReplacer("（", "(", "）", ")", "，", ",").Replace(zh)
	}
	if strings.Contains(zh, "予以公开") && g.often("label.blanks", 0.7) {
		zh = strings.ReplaceAll(zh, "予以公开", "予 以 公 开")
	}
	if zh == "规章" && g.has("label.blanks") {
		zh = "规  章"
	}
	return g.cellVariant(zh)
}

// cellVariant are the spellings that rows and columns share.
func (g *generator) cellVariant(zh string) string {
	if g.has("label.qita") && zh != "其他" && !strings.HasPrefix(zh, "其他（") || g.has("head.qita") {
		zh = strings.ReplaceAll(zh, "其他", "其它")
	}
	if g.has("label.heji") {
		zh = strings.ReplaceAll(zh, "总计", "合计")
	}
	return zh
}

// numbered changes how a row of the third level is numbered.
func (g *generator) numbered(zh string) string {
	n, rest, ok := strings.Cut(zh, ".")
	if _, err := strconv.Atoi(n); !ok || err != nil {
		return zh
	}
	switch {
	case g.has("label.nonumber"):
		return rest
	case g.has("label.number"):
		return pick(g, "number", n+"、"+rest, n+"．"+rest, "（"+n+"）"+rest, n+". "+rest, n+" "+rest, "("+n+")"+rest, wideDigits(n)+"．"+rest)
	}
	return zh
}

func (g *generator) labelMarkup(c gridCell) string {
	s := html.EscapeString(c.text)
	rs := []rune(c.text)
	if len(rs) < 4 || len(rs) > 12 {
		return s
	}
	at := 2
	if !c.head {
		at = len(rs) - 2
	}
	broken := func(sep string) string {
		return html.EscapeString(string(rs[:at])) + sep + html.EscapeString(string(rs[at:]))
	}
	switch {
	case c.head && g.often("head.br", 0.6):
		return broken(pick(g, "br", "<br>", "<br/>", "<BR />", "</p><p>"))
	case c.head && g.often("head.blank", 0.6):
		return broken(pick(g, "blank", " ", "\n  ", "　"))
	case c.head && g.often("head.entity", 0.6):
		return broken(pick(g, "entity", "&nbsp;", "&emsp;", "&#12288;", "&ensp;&ensp;"))
	case !c.head && g.often("label.br", 0.4):
		return broken("<br>")
	}
	return s
}

// wrapCell puts the content of a cell in the elements that editors make.
func (g *generator) wrapCell(s string) string {
	if g.often("cell.comment", 0.2) {
		s = "<!-- 0 -->" + s + "<!--[if gte mso 9]> 7 <![endif]-->"
	}
	if g.often("cell.hidden", 0.1) {
		s += `<span style="display:none">3</span>`
	}
	if g.often("cell.table", 0.1) {
		return "<table><tr><td>" + s + "</td></tr></table>"
	}
	if g.often("cell.wrapped", 0.7) {
		return pick(g, "wrap", "<p>"+s+"</p>", `<p class=MsoNormal align=center><span lang=EN-US style='font-size:12.0pt'>`+s+`<o:p></o:p></span></p>`,
			"<div>"+s+"</div>", `<font face="宋体">`+s+"</font>", "<span>"+s+"</span><br>", "\n    <p>\n"+s+"\n</p>\n", "<p><strong>"+s+"</strong></p><p></p>")
	}
	if strings.Contains(s, "</p><p>") {
		return "<p>" + s + "</p>"
	}
	return s
}

func wideDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '-' || r == '+' || r == ',' || r == '.' {
			return r + 0xfee0
		}
		return r
	}, s)
}

// printed is a figure as the page prints it, every time alike.
func (g *generator) printed(key [3]string) string {
	if s, ok := g.figures[key]; ok {
		return s
	}
	s := ""
	if value := g.cells[key]; value == nil {
		s = g.printedBlank()
	} else {
		s = g.printedNumber(*value, key)
	}
	g.figures[key] = s
	return s
}

func (g *generator) printedBlank() string {
	if g.has("cell.odd blanks") || g.has("text.whole") || g.has("text.cells") {
		return pick(g, "odd", "-", "—", "/", "无", "——", "－")
	}
	return ""
}

func (g *generator) printedNumber(s string, key [3]string) string {
	whole, fraction, point := strings.Cut(s, ".")
	switch n := len(strings.TrimPrefix(whole, "-")); {
	case n > 3 && n < 7 && g.often("cell.comma", 0.8):
		s = whole[:len(whole)-3] + "," + whole[len(whole)-3:]
		if point {
			s += "." + fraction
		}
		if g.has("cell.widecomma") {
			s = strings.ReplaceAll(s, ",", "，")
		}
	case !point && g.often("cell.point", 0.3):
		s += pick(g, "point", ".0", ".00")
	}
	if key[2] == "delta_items" && !strings.HasPrefix(s, "-") && g.often("cell.plus", 0.8) {
		s = "+" + s
	}
	if g.often("cell.wide", 0.5) {
		s = wideDigits(s)
	} else if g.often("cell.widepoint", 0.5) {
		s = strings.ReplaceAll(s, ".", "．")
	}
	if strings.HasPrefix(s, "-") && g.has("cell.minus") {
		s = pick(g, "minus", "−", "－", "–", "- ") + s[1:]
	}
	if g.often("cell.unitblank", 0.3) {
		s += " " + g.unitOf(key)
	} else if g.often("cell.unit", 0.3) {
		s += g.unitOf(key)
	}
	return s
}

func (g *generator) unitOf(key [3]string) string {
	if key[2] == "amount" {
		if g.has("head.yuan") || g.forms["t2"] == "v2019" {
			return "元"
		}
		return "万元"
	}
	for _, c := range form.Schema().Table(key[0]).Columns {
		if c.ID == key[2] {
			return c.Unit
		}
	}
	return ""
}

// figureMarkup is a figure with what may stand around it in a cell.
func (g *generator) figureMarkup(key [3]string) string {
	s := g.printed(key)
	if rs := []rune(s); len(rs) > 1 && g.often("cell.runs", 0.5) {
		s = "<span>" + string(rs[:1]) + "</span><span lang=EN-US>" + string(rs[1:]) + "</span>"
	}
	switch { // what a reader does not see, or does not count as a digit
	case g.often("cell.note", 0.1):
		s += pick(g, "note", "<sup>1</sup>", "<sup>①</sup>")
	case g.often("cell.deleted", 0.1):
		s = pick(g, "deleted", "<del>4</del>", "<s>4</s>", "<strike>4</strike>") + s
	case g.often("cell.invisible", 0.1):
		s += pick(g, "invisible", `<span style="visibility:hidden">8</span>`, `<span style="font-size:0">8</span>`)
	case g.often("cell.input", 0.2):
		s = `<input type="text" readonly value="` + html.EscapeString(g.printed(key)) + `">`
	}
	if g.often("cell.nbsp", 0.3) {
		s = pick(g, "nbsp", "&nbsp;"+s+"&nbsp;", s+"&nbsp;", "&emsp;"+s, " "+s+"　", "&#160;&#160;"+s)
	}
	if g.often("cell.zerowidth", 0.2) {
		s = pick(g, "zero", "\u200b"+s, s+"\ufeff", "&#8203;"+s)
	}
	return s
}
