package extract

import (
	"gongkai/extract/form"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// doubt is what a cell is that no reader can be sure of.
const doubt = "?"

// seenCells are cells of which no identity says whether they are right, and what a reader sees of them.
var seenCells = []struct{ name, head, cell, want string }{
	{"plain", "", `4`, "4"},
	{"word", "", `<p class=MsoNormal style="text-align:center;mso-pagination:widow-orphan"><span lang=EN-US style="font-size:10.5pt;color:black">1</span><span style="font-size:10.5pt;font-family:宋体">2<o:p></o:p></span></p>`, "12"},
	// Marks of footnotes.
	{"sup", "", `4<sup>1</sup>`, "4"},
	{"SUP", "", `4<SUP style="font-size:9pt">[1]</SUP>`, "4"},
	{"sup in a span", "", `<span>4<b><sup><span>1</span></sup></b></span>`, "4"},
	{"sub", "", `4<sub>1</sub>`, "4"},
	{"super", "", `4<span style="vertical-align:super">1</span>`, "4"},
	{"Super", "", `4<span style="Vertical-Align : SUPER;">1</span>`, "4"},
	{"sub by style", "", `4<font style="vertical-align:sub">1</font>`, "4"},
	{"raised by a length", "", `4<span style="vertical-align:5pt">1</span>`, "4"},
	{"raised by a share", "", `4<span style="vertical-align:40%">1</span>`, "4"},
	{"raised by Word", "", `4<span lang=EN-US style='position:relative;top:-4.0pt;mso-text-raise:4.0pt'>1</span>`, "4"},
	{"raised by Word alone", "", `4<span style='mso-text-raise:5.0pt'>1</span>`, "4"},
	{"relative", "", `4<span style="position:relative;top:-5px">1</span>`, "4"},
	{"relative from below", "", `4<span style="position:relative;bottom:.4em">1</span>`, "4"},
	{"tuned as a whole", "", `<span style="position:relative;top:-3pt;mso-text-raise:3pt">41</span>`, "41"},
	{"tuned in part", "", `4<span style="position:relative;top:-.5pt">1</span>`, doubt},
	{"lowered in part", "", `4<span style="position:relative;top:4px">1</span>`, doubt},
	{"class of the page", `<style>.zs{vertical-align:super;font-size:12px}</style>`, `4<span class="zs">1</span>`, "4"},
	{"tag of the page", `<style>td i { vertical-align: super }</style>`, `4<i>1</i>`, "4"},
	{"small and on top", "", `4<span style="font-size:5pt;vertical-align:top">1</span>`, doubt},
	{"small", "", `4<span style="font-size:6pt">1</span>`, doubt},
	{"small by a share", "", `4<span style="font-size:50%">1</span>`, doubt},
	{"small as a whole", "", `<span style="font-size:7.5pt">4</span><span style="font-size:7.5pt">1</span>`, "41"},
	{"note", "", `4<a href="#_ftn1">1</a>`, "4"},
	{"note in brackets", "", `<a name="_ftnref1">5</a><a href="#_ftn1" title="">[1]</a>`, "5"},
	{"note at the end", "", `4<a style='mso-endnote-id:edn1' href="#_edn1" name="_ednref1"><span>[i]</span></a>`, "4"},
	{"note of the page", "", `4<a href="#zhu1">1</a>`, "4"},
	{"note with an address", "", `4<a href="http://www.qjq.gov.cn/a/r1.html#note1">1</a>`, "4"},
	{"class of Word", "", `4<span class=MsoFootnoteReference>1</span>`, "4"},
	{"a link of no place", "", `4<a href="#">1</a>`, doubt},
	{"a link around it", "", `<a href="/list.html">41</a>`, "41"},
	{"a mark alone", "", `<sup>1</sup>`, doubt},
	{"a note alone", "", `<a href="#_ftn1">1</a>`, doubt},
	{"a mark beside a blank", "", `—<sup>1</sup>`, "—"},
	// What is hidden.
	{"display", "", `<span style="display:none">7</span>5`, "5"},
	{"DISPLAY", "", `<span style="DISPLAY : NONE">7</span>5`, "5"},
	{"tab", "", "<span style='display:\tnone'>7</span>5", "5"},
	{"important", "", `<span style="display:none !important">7</span>5`, "5"},
	{"comment", "", `<span style="display:/* no */none">7</span>5`, "5"},
	{"comment within", "", `<span style="dis/**/play:none;display/**/:none">7</span>5`, "5"},
	{"escaped", "", `<span style="d\69splay:none">7</span>5`, "5"},
	{"entities", "", `<span style="&#100;isplay:none">7</span>5`, "5"},
	{"overruled", "", `<span style="display:none;display:inline">7</span>5`, "75"},
	{"two styles", "", `<span style="color:red" style="display:none">7</span>5`, "75"},
	{"visibility", "", `<span style="Visibility:Hidden">7</span>5`, "5"},
	{"visible within", "", `<span style="visibility:hidden">7<span style="visibility:visible">5</span></span>`, "5"},
	{"opacity", "", `<span style="opacity: 0.0">7</span>5`, "5"},
	{"opacity in percent", "", `<span style="opacity:0%">7</span>5`, "5"},
	{"little opacity", "", `<span style="opacity:1">7</span>5`, "75"},
	{"no size", "", `<span style="font-size:0pt">7</span>5`, "5"},
	{"size within none", "", `<span style="font-size:0">7<span style="font-size:14px">5</span></span>`, "5"},
	{"hardly a size", "", `<span style="font-size:1px">7</span>5`, doubt},
	{"hidden", "", `<span hidden>7</span>5`, "5"},
	{"hidden until found", "", `<span hidden="until-found">7</span>5`, "5"},
	{"template", "", `<template>7</template>5`, "5"},
	{"noscript", "", `<noscript>7</noscript>5`, "5"},
	{"mso-hide", "", `<span style="mso-hide:all">7</span>5`, "5"},
	{"closed details", "", `<details><summary>5</summary>7</details>`, "5"},
	{"open details", "", `<details open><summary>5</summary>7</details>`, doubt},
	{"closed dialog", "", `<dialog>7</dialog>5`, "5"},
	{"white", "", `<span style="color:#ffffff">7</span>5`, "5"},
	{"WHITE", "", `<span style="COLOR: WHITE">7</span>5`, "5"},
	{"short white", "", `<span style="color:#FFF">7</span>5`, "5"},
	{"rgb white", "", `<span style="color:rgb(255, 255, 255)">7</span>5`, "5"},
	{"nearly white", "", `<span style="color:#fefefe">7</span>5`, "5"},
	{"white font", "", `<font color=white>7</font>5`, "5"},
	{"white font by number", "", `<font color="#FFFFFF">7</font>5`, "5"},
	{"clear", "", `<span style="color:transparent">7</span>5`, "5"},
	{"no alpha", "", `<span style="color:rgba(0,0,0,0)">7</span>5`, "5"},
	{"red on red", "", `<span style="background:#c00;color:#cc0000">7</span>5`, "5"},
	{"red on red around", "", `<div style="background-color:#c00"><span style="color:#cc0000">7</span>5</div>`, "5"},
	{"yellow on yellow", "", `<div bgcolor="yellow"><span style="color:yellow">7</span>5</div>`, "5"},
	{"white on red", "", `<span style="background:#c00;color:white">75</span>`, "75"},
	{"black on white", "", `<span style="background:white;color:black">75</span>`, "75"},
	{"white on white on red", "", `<div style="background:#c00"><span style="background:#fff;color:white">7</span>5</div>`, "5"},
	{"white on a picture", "", `<div style="background:url(a.png)"><span style="color:white">7</span>5</div>`, doubt},
	{"white, and sheets elsewhere", `<link rel="stylesheet" href="a.css">`, `<span style="color:white">7</span>5`, doubt},
	{"off screen", "", `<span style="position:absolute;left:-9999px">7</span>5`, "5"},
	{"off screen at the top", "", `<span style="position:fixed;top:-999em">7</span>5`, "5"},
	{"off screen to the right", "", `<span style="position:absolute;left:10000px">7</span>5`, "5"},
	{"indented away", "", `<span style="text-indent:-999em;display:inline-block">7</span>5`, "5"},
	{"indented paragraph", "", `<p style="text-indent:-9999px">7</p>5`, "5"},
	{"indented in line", "", `<span style="text-indent:-9999px">7</span>5`, doubt},
	{"margin", "", `<span style="margin-left:-9999px">7</span>5`, "5"},
	{"translated", "", `<span style="display:inline-block;transform:translateX(-9999px)">7</span>5`, "5"},
	{"scaled", "", `<span style="display:inline-block;transform:scale(0)">7</span>5`, "5"},
	{"turned", "", `<span style="display:inline-block;transform:rotate(180deg)">6</span>`, doubt},
	{"no width", "", `<span style="display:inline-block;width:0;overflow:hidden">7</span>5`, "5"},
	{"no height", "", `<div style="height:0px;overflow:hidden">7</div>5`, "5"},
	{"no width in line", "", `<span style="width:0;overflow:hidden">7</span>5`, doubt},
	{"clip", "", `<span style="position:absolute;clip:rect(0,0,0,0)">7</span>5`, "5"},
	{"clip of one", "", `<span style="position:absolute;clip:rect(1px 1px 1px 1px)">7</span>5`, "5"},
	{"clip-path", "", `<span style="clip-path: inset(50%)">7</span>5`, "5"},
	{"clip-path in part", "", `<span style="clip-path: inset(10%)">7</span>5`, doubt},
	{"struck", "", `<span style="text-decoration:line-through">7</span>5`, "5"},
	{"del", "", `<del>7</del>5`, "5"},
	// By the page's own sheets.
	{"class", `<style>.hh{display:none}</style>`, `<span class="hh">7</span>5`, "5"},
	{"class of several", `<style>.a, .hh , .b {display:none}</style>`, `<span class="x hh">7</span>5`, "5"},
	{"id", `<style>#hh{visibility:hidden}</style>`, `<span id=hh>7</span>5`, "5"},
	{"tag and class", `<style>span.hh{DISPLAY:NONE}</style>`, `<span class="hh">7</span>5<b class="hh">3</b>`, "53"},
	{"tag", `<style>em{display:none}</style>`, `<em>7</em>5`, "5"},
	{"span", `<style>td span{display:none}</style>`, `<span>7</span>5`, "5"},
	{"span in the body", ``, `<style>td span{display:none}</style><span>7</span>5`, "5"},
	{"descendant", `<style>#zoom table .hh{display:none}</style>`, `<span class="hh">7</span>5`, "5"},
	{"child", `<style>td > .hh{display:none}</style>`, `<b class="hh">7</b>5`, "5"},
	{"attribute", `<style>[data-x]{display:none}</style>`, `<span data-x="1">7</span>5`, "5"},
	{"first child", `<style>td b:first-child{display:none}</style>`, `<b>7</b><b>5</b>`, "5"},
	{"not this class", `<style>.hh{display:none}</style>`, `<span class="h">7</span>5`, "75"},
	{"print", `<style>@media print{.hh{display:none}}</style>`, `<span class="hh">7</span>5`, "75"},
	{"sheet for print", `<style media="print">.hh{display:none}</style>`, `<span class="hh">7</span>5`, "75"},
	{"print only", `<style>.hh{display:none}@media print{.hh{display:inline}}</style>`, `<span class="hh">7</span>5`, "5"},
	{"screen", `<style>@media screen{.hh{display:none}}</style>`, `<span class="hh">7</span>5`, "5"},
	{"telephones", `<style>@media (max-width: 600px){.hh{display:none}}</style>`, `<span class="hh">7</span>5`, "75"},
	{"wide", `<style>@media screen and (min-width: 600px){.hh{display:none}}</style>`, `<span class="hh">7</span>5`, "5"},
	{"later rule", `<style>.hh{display:none}.hh{display:inline}</style>`, `<span class="hh">7</span>5`, "75"},
	{"weightier rule", `<style>span.hh{display:none}.hh{display:inline}</style>`, `<span class="hh">7</span>5`, "5"},
	{"important rule", `<style>.hh{display:none!important}</style>`, `<span class="hh" style="display:inline">7</span>5`, "5"},
	{"own style", `<style>.hh{display:none}</style>`, `<span class="hh" style="display:inline">7</span>5`, "75"},
	{"comments", `<style><!-- /* .x{} */ .hh /* a */ {/* b */ display:none} --></style>`, `<span class="hh">7</span>5`, "5"},
	{"sheet in the body", ``, `<style>.hh{display:none}</style><span class="hh">7</span>5`, "5"},
	{"broken sheet", `<style>}} .x{ ;;: } .hh{display:none}</style>`, `<span class="hh">7</span>5`, "5"},
	{"screen reader", `<style>.sr-only{position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0)}</style>`, `<span aria-hidden="true">5</span><span class="sr-only">5</span>`, "5"},
	{"white by a class", `<style>.w{color:#fff}</style>`, `<span class="w">7</span>5`, doubt},
	{"red on red by a class", `<style>.w{background:#c00}</style>`, `<span class="w" style="color:#c00">7</span>5`, "5"},
	{"text by a sheet", `<style>.x:after{content:"1"}</style>`, `<span class="x">5</span>`, doubt},
	{"more rules than are read", `<style>` + strings.Repeat(`.a{display:none}`, 3000) + `.hh{display:none}</style>`, `<span class="hh">7</span>5`, doubt},
	{"nothing by a sheet", `<style>.x::after{content:""}</style>`, `<span class="x">5</span>`, "5"},
	// What stands in another order, or perhaps.
	{"float", "", `<span style="float:right">1</span><span>2</span>`, doubt},
	{"two floats", "", `<span style="float:right">1</span><span style="float:right">2</span>`, doubt},
	{"float alone", "", `<span style="float:right">12</span>`, "12"},
	{"float by a class", `<style>.r{float:right}</style>`, `<span class=r>1</span>2`, doubt},
	{"bdo", "", `<bdo dir="rtl">21</bdo>`, doubt},
	{"direction", "", `<span style="direction:rtl;unicode-bidi:bidi-override">21</span>`, doubt},
	{"direction of pieces", "", `<div style="direction:rtl"><b style="display:inline-block">1</b><b style="display:inline-block">2</b></div>`, doubt},
	{"direction of a number", "", `<div dir="rtl">21</div>`, "21"},
	{"control characters", "", "\u202e21\u202c", doubt},
	{"flex", "", `<div style="display:flex;flex-direction:row-reverse"><b>1</b><b>2</b></div>`, doubt},
	{"order", "", `<div style="display:flex"><b style="order:2">1</b><b>2</b></div>`, doubt},
	{"position", "", `<span style="position:absolute;left:20px">1</span>2`, doubt},
	{"shifted", "", `<span style="position:relative;left:20px">1</span>2`, doubt},
	{"aria-hidden", "", `<span aria-hidden="true">4</span><span>4</span>`, doubt},
	{"aria-hidden alone", "", `<span aria-hidden="true">4</span>`, "4"},
	{"picture", "", `4<img src="1.gif">`, doubt},
	{"spacer", "", `4<img src="1.gif" width=1 height=1>`, "4"},
	{"script", "", `4<script>document.write(1)</script>`, doubt},
	{"counter", "", `4<script>var a = 1;</script>`, "4"},
	{"input", "", `<input value="5">`, "5"},
	{"hidden input", "", `<input type="hidden" value="7">5`, "5"},
	{"select", "", `5<select><option>7</select>`, doubt},
	{"ruby", "", `<ruby>5<rt>7</rt></ruby>`, "5"},
}

// readSeen reads a report with a cell, as a report reader does; what it returns is of the first cell of table 2.
func readSeen(t *testing.T, page string) (form.Figure, []form.Problem) {
	t.Helper()
	d, err := Parse([]byte(page), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "www.qjq.gov.cn", Path: "/1.html"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadReport(d, Hints{Agency: "衢江区人民政府", Division: "330803"})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(r.Figures, func(f form.Figure) bool { return f.Row == "normative" && f.Column == "repealed" })
	if at < 0 {
		t.Fatalf("no figure: %+v", r)
	}
	return r.Figures[at], r.Problems
}

func seenPage(head, cell string) string {
	return `<html><head>` + head + `<title>衢江区财政局2021年政府信息公开工作年度报告</title></head><body><h1>衢江区财政局2021年政府信息公开工作年度报告</h1>` +
		`<div id="zoom"><p>一、总体情况</p><p>公开信息。</p><p>二、主动公开政府信息情况</p><table border=1><tr><td>信息内容<td>本年制发件数<td>本年废止件数<td>现行有效件数</tr>` +
		`<tr><td>规章<td>0<td>0<td>0</tr><tr><td>行政规范性文件<td>3<td>` + cell + `</td><td>8</tr></table>` +
		`<p>三、收到和处理政府信息公开申请情况</p><p>四、政府信息公开行政复议、行政诉讼情况</p><p>五、存在的主要问题及改进情况</p><p>六、其他需要报告的事项</p><p>无。</p></div></body></html>`
}

// TestSeen: of a cell counts what a reader sees; where that is not certain, the cell is a problem and has no value.
func TestSeen(t *testing.T) {
	for _, tt := range seenCells {
		f, problems := readSeen(t, seenPage(tt.head, tt.cell))
		told := slices.ContainsFunc(problems, func(p form.Problem) bool { return p.Kind == "cell" && p.Where == "t2.art20_1 normative repealed" })
		switch {
		case tt.want == doubt && (!told || f.Value != "" || f.Blank != ""):
			t.Errorf("%s: got %q (%q), told %v, want a doubt", tt.name, f.Value, f.Raw, told)
		case tt.want != doubt && (told || f.Raw != tt.want):
			t.Errorf("%s: got %q (%q), told %v, want %q", tt.name, f.Value, f.Raw, told, tt.want)
		}
	}
}

// TestSeenAround: rows, cells and tables are seen as what stands in them.
func TestSeenAround(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"a hidden cell", `<td>3<td>4</td>`, `<td>3<td style="display:none">7</td><td>4</td>`, "4"},
		{"a cell hidden by class", `<td>3<td>4</td>`, `<td>3<td class="hh">7</td><td>4</td>`, "4"},
		{"a cell that keeps its place", `<td>3<td>4</td>`, `<td>3<td style="visibility:hidden">7</td>`, ""},
		{"a hidden row", `<tr><td>行政规范性文件`, `<tr class="hh"><td>行政规范性文件<td>9<td>9<td>9</tr><tr><td>行政规范性文件`, "4"},
		{"a hidden body", `<tr><td>行政规范性文件`, `<tr style="Display:None"><td>行政规范性文件<td>9<td>9<td>9</tr><tr><td>行政规范性文件`, "4"},
		{"a tab", `<div id="zoom">`, `<div id="zoom" class="hh">`, "4"},
		{"a white cell", `<td>4</td>`, `<td style="color:#fff">4</td>`, ""},
		{"a blue table", `<table border=1>`, `<table bgcolor="#0055aa" style="color:#fff">`, "4"},
		{"a blue table by class", `<table border=1>`, `<table class="blue">`, "4"},
		{"white in a coloured row", `<tr><td>行政规范性文件<td>3<td>4</td>`, `<tr style="background:#ffeeaa"><td>行政规范性文件<td>3<td><font color="#ffeeaa">7</font>4</td>`, "4"},
	} {
		head := `<style>.hh{display:none} .blue{background:#0055aa;color:white}</style>`
		page := seenPage(head, "4")
		if strings.Count(page, tt.old) != 1 {
			t.Fatalf("%s: %q is not once on the page", tt.name, tt.old)
		}
		f, problems := readSeen(t, strings.Replace(page, tt.old, tt.new, 1))
		if f.Raw != tt.want || slices.ContainsFunc(problems, func(p form.Problem) bool { return p.Kind == "cell" }) {
			t.Errorf("%s: got %q, want %q; %v", tt.name, f.Raw, tt.want, problems)
		}
	}
}
