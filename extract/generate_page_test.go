package extract_test

import (
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/text/encoding/simplifiedchinese"

	"gongkai/extract"
	"gongkai/extract/text"
)

var pageTraps = []trap{
	{"page.deep", 0.2}, {"page.layouttable", 0.12}, {"page.gbk", 0.15}, {"page.gbkundeclared", 0.3}, {"page.crlf", 0.1}, {"page.flat", 0.1},
	{"page.bom", 0.06}, {"page.misdeclared", 0.08}, {"page.signature", 0.3},
	{"page.duplicateinside", 0.05},
	{"page.nohead", 0.1},     // no h1: the title is a centred paragraph
	{"page.titlesplit", 0.1}, // in two lines
	{"page.titleonlyhead", 0.06},
	{"page.duplicate", 0.1},  // the article again, for phones
	{"page.hiddencopy", 0.1}, // hidden
	{"page.splitbody", 0.1},  // every section in a div of its own
	{"page.bareparagraphs", 0.08},
	{"chrome.before", 0.6}, {"chrome.after", 0.7}, {"chrome.related", 0.4}, {"chrome.relatedbefore", 0.15}, {"chrome.relatedplain", 0.08},
	{"chrome.inside", 0.3},         // neighbours and widgets next to the article's paragraphs
	{"chrome.insiderelated", 0.15}, // related reports there
	{"chrome.sidebar", 0.2}, {"chrome.toc", 0.1}, {"chrome.tocplain", 0.04}, {"chrome.today", 0.2},
	{"junk.bookmark", 0.04},   // a bookmark around all that follows
	{"junk.unbalanced", 0.06}, // ends of elements that nobody opened
	{"junk.scripts", 0.3}, {"junk.comments", 0.3}, {"junk.word", 0.25}, {"junk.hidden", 0.15}, {"junk.empty", 0.3}, {"junk.style", 0.1},
	{"meta.index", 0.7}, {"meta.tags", 0.4}, {"meta.table", 0.25}, {"meta.dl", 0.15}, {"meta.list", 0.2}, {"meta.spans", 0.15},
	{"meta.inside", 0.15}, // the block stands in the article's container
	{"meta.twice", 0.1}, {"meta.emptyvalues", 0.2}, {"meta.labelblanks", 0.15}, {"meta.written", 0.15},
	{"meta.otherpublisher", 0.15}, // another body put the report on the portal
	{"meta.republished", 0.1},     // the tag has a later day than the label
	{"chrome.relateddates", 0.1},
	{"meta.bareinfo", 0.08}, // a date without label in the information line
}

var headingTraps = []trap{
	{"heading.strong", 0.2}, {"heading.runs", 0.2}, {"heading.spans", 0.15}, {"heading.nonumber", 0.08}, {"heading.part", 0.08}, {"heading.arabic", 0.06},
	{"heading.br", 0.08}, // in one paragraph with the text below it
	{"heading.colon", 0.08}, {"heading.alias", 0.15}, {"heading.intable", 0.05},
	{"heading.bookmark", 0.08}, // in the anchor that Word makes of a bookmark
	{"heading.zerowidth", 0.06}, {"heading.apart", 0.06}, {"heading.blanks", 0.1}, {"heading.link", 0.04},
	{"sub.brackets", 0.4}, {"sub.arabic", 0.12}, {"sub.same", 0.1},
	{"prose.numbers", 0.4}, {"prose.lastyear", 0.06}, {"prose.announced", 0.3},
}

// script is a text in the script of the page.
func (g *generator) script(s string) string {
	if !g.has("truth.traditional") {
		return s
	}
	return traditionalOf().Replace(s)
}

// traditionalOf reverses the package's table: whichever of several characters it takes, it is right to read it back.
var traditionalOf = sync.OnceValue(func() *strings.Replacer {
	data, err := os.ReadFile(filepath.Join("text", "t2s.txt"))
	if err != nil {
		panic(err) // the package embeds it
	}
	pairs, _, _ := strings.Cut(string(data), "\n\n")
	var list []string
	seen := map[rune]bool{}
	for line := range strings.Lines(pairs) {
		rs := []rune(strings.TrimSpace(line))
		for i := 0; i+1 < len(rs); i += 2 {
			if !seen[rs[i+1]] && text.Simplify(string(rs[i])) == string(rs[i+1]) && strings.ContainsRune(everyday, rs[i+1]) {
				seen[rs[i+1]] = true
				list = append(list, string(rs[i+1]), string(rs[i]))
			}
		}
	}
	return strings.NewReplacer(list...)
})

// everyday are the characters that traditional script writes otherwise in the words of a form.
const everyday = "开关报务区县厅农业设发动规范请处理结维纠审总计数为项转办组织机构类属于国号时间过进问题复议诉讼执强对会团产标议单万无补续"

type parser func(body []byte, contentType string, base *url.URL) (*extract.Document, error)

// page renders the truth, and says how it is to be parsed.
func (g *generator) page() ([]byte, parser) {
	if g.has("text.whole") {
		return g.encode(g.script(g.plainText())), extract.ParseText
	}
	return g.encode(g.script(g.htmlPage())), extract.Parse
}

func (g *generator) encode(s string) []byte {
	g.encoded = "text/html; charset=utf-8"
	if g.has("page.crlf") {
		s = strings.ReplaceAll(s, "\n", "\r\n")
	}
	if !g.has("page.gbk") || g.has("truth.traditional") {
		if g.has("page.misdeclared") {
			g.encoded = "text/html; charset=gb2312"
		}
		if g.has("page.bom") {
			s = "\ufeff" + s
		}
		return []byte(s)
	}
	g.encoded = "text/html"
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err) // GB18030 has all of Unicode
	}
	g.want.Encoding = "gb18030"
	return b
}

// class makes up a name that no CMS has.
func (g *generator) class(name string) string {
	r := g.from("class " + name)
	s := pick(g, "class "+name, "m-", "x", "box_", "qz", "zw-w", "G_")
	for range 2 + r.IntN(4) {
		s += string(rune('a' + r.IntN(26)))
	}
	return s
}

func (g *generator) htmlPage() string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><head>")
	switch {
	case !g.has("page.gbk") || g.has("truth.traditional"):
		b.WriteString(`<meta charset="utf-8">`)
	case !g.has("page.gbkundeclared"):
		b.WriteString(`<meta http-equiv="Content-Type" content="text/html; charset=gb2312">`)
	}
	fmt.Fprintf(&b, "<title>%s%s</title>\n", html.EscapeString(g.want.Title), pick(g, "titletail", "", "_示例政府网", " - 政府信息公开", "-年度报告-示例"))
	b.WriteString(g.metaTags())
	if g.has("junk.style") {
		b.WriteString("<style>td{width:3px} .a:before{content:'一、总体情况'}</style>")
	}
	b.WriteString("</head><body>\n")
	if g.has("chrome.before") {
		b.WriteString(g.chromeTop())
	}
	b.WriteString(g.junkScript())
	if g.has("chrome.relatedbefore") {
		b.WriteString(g.related("before"))
	}
	open, end := g.nest()
	b.WriteString(open)
	article := g.article()
	if g.has("page.flat") {
		b.WriteString(article)
	} else {
		fmt.Fprintf(&b, "<div class=%q>%s</div>\n", g.class("article"), article)
	}
	if g.has("chrome.related") {
		b.WriteString(g.related("after"))
	}
	b.WriteString(end)
	if g.has("page.duplicate") {
		fmt.Fprintf(&b, "<div class=%q>%s</div>", g.class("phone"), g.content())
	} else if g.has("page.hiddencopy") {
		fmt.Fprintf(&b, "<div style=\"display: none\">%s</div>", g.content())
	}
	if g.has("chrome.after") {
		b.WriteString(g.chromeBottom())
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

func (g *generator) nest() (open, end string) {
	n := 1 + g.from("nest").IntN(3)
	if g.has("page.deep") {
		n += 20
	}
	for i := range n {
		tag := pick(g, "nest", "div", "div", "section", "main", "form")
		if tag == "form" && i > 0 {
			tag = "div" // forms do not nest
		}
		open += fmt.Sprintf("<%s class=%q>", tag, g.class("nest"))
		end = "</" + tag + ">" + end
	}
	if g.has("page.layouttable") {
		open += `<table width="1000" border=0><tr><td width=200>` + g.sidebar() + `</td><td>`
		end = "</td></tr></table>" + end
	} else if g.has("chrome.sidebar") {
		open += g.sidebar()
	}
	return open, end
}

// article is the title, the metadata and the content.
func (g *generator) article() string {
	title := html.EscapeString(g.want.Title)
	var b strings.Builder
	switch {
	case g.has("page.titleonlyhead"):
	case g.has("page.titlesplit"):
		if at := strings.Index(g.want.Title, "政府信息公开"); at > 0 {
			title = html.EscapeString(g.want.Title[:at]) + pick(g, "split", "<br>", "</p><p style=\"text-align:center\">") + html.EscapeString(g.want.Title[at:])
		}
		b.WriteString("<p style=\"text-align:center\">" + title + "</p>")
	case g.has("page.nohead"):
		b.WriteString(`<p style="text-align:center"><strong><span style="font-size:22pt">` + title + "</span></strong></p>")
	default:
		b.WriteString(pick(g, "h1", "<h1>"+title+"</h1>", "<h2 class=\"a\">"+title+"</h2>", `<div class="title">`+title+"</div>"))
	}
	b.WriteString("\n")
	if g.has("meta.inside") {
		return b.String() + fmt.Sprintf("<div class=%q>%s%s</div>", g.class("content"), g.catalogue(), g.contentInside())
	}
	b.WriteString(g.catalogue() + g.contents())
	if g.has("meta.twice") {
		b.WriteString("<div class=\"wap\">" + g.catalogue() + "</div>")
	}
	if g.has("page.flat") {
		return b.String() + g.contentInside()
	}
	return b.String() + fmt.Sprintf("<div class=%q>\n%s</div>\n", g.class("content"), g.contentInside())
}

// contentInside is the content with the furniture that stands among its paragraphs.
func (g *generator) contentInside() string {
	s := g.content()
	if g.has("page.duplicateinside") {
		s = "<div>" + s + "</div><div class=\"" + g.class("phone") + "\">" + s + "</div>"
	}
	if g.has("chrome.inside") {
		s += g.inside()
	}
	if g.has("chrome.insiderelated") {
		s += g.related("inside")
	}
	return s
}

// line makes a line of chrome that no other has.
func (g *generator) line(format string) string {
	g.chrome++
	s := fmt.Sprintf(format, string([]rune("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥")[g.chrome%22])+fmt.Sprint(g.chrome))
	g.want.TextLacks = append(g.want.TextLacks, s)
	return s
}

func (g *generator) links(tag string, texts ...string) string {
	var b strings.Builder
	for i, s := range texts {
		fmt.Fprintf(&b, `<%s><a href="/a/%d.html">%s</a></%s>`, tag, i, html.EscapeString(s), tag)
	}
	return b.String()
}

// contents is a table of contents.
func (g *generator) contents() string {
	var list []string
	for n := 1; n <= 6; n++ {
		list = append(list, g.headingText(n))
	}
	switch {
	case g.has("chrome.toc"):
		return "<ul>" + g.links("li", list...) + "</ul>"
	case g.has("chrome.tocplain"):
		return "<div><p>目录</p><p>" + strings.Join(list, "</p><p>") + "</p></div>"
	}
	return ""
}

func (g *generator) chromeTop() string {
	nav := g.links("li", g.line("首页%s"), g.line("政务公开%s"), "政府信息公开年报", g.line("互动交流%s"))
	crumb := g.line("栏目%s")
	if g.has("chrome.today") {
		nav = "<li>今天是：2026年3月15日 星期日</li>" + nav
	}
	return fmt.Sprintf("<div class=%q><ul>%s</ul></div><div>当前位置：<a href=\"/\">首页</a> > <a href=\"/x\">%s</a> > 正文</div>\n", g.class("nav"), nav, crumb)
}

func (g *generator) sidebar() string {
	return "<div class=" + g.class("side") + "><h3>" + g.line("法定主动公开内容%s") + "</h3><ul>" + g.links("li", g.line("领导之窗%s"), "政府信息公开指南", "政府信息公开制度", "政府信息公开年报", g.line("依申请公开%s")) + "</ul></div>"
}

func (g *generator) chromeBottom() string {
	return "<div id=" + g.class("foot") + "><p>" + g.line("主办：示例市人民政府%s") + "</p><p>" + g.line("版权所有 示例网%s") + "　备案号：京ICP备00000000号-1</p><p>" + g.line("网站标识码：0000000000%s") + "</p></div>\n"
}

// related is a list of other reports.
func (g *generator) related(where string) string {
	other := pick(g, "other "+where, "长宁区教育局", "云龙县人民政府", "青羊区水利局")
	titles := []string{other + fmt.Sprint(g.want.Year-1) + "年政府信息公开工作年度报告", g.agency.place() + "审计局" + fmt.Sprint(g.want.Year-2) + "年政府信息公开工作年度报告"}
	g.want.TextLacks = append(g.want.TextLacks, titles...)
	list := g.links("li", titles...)
	if g.has("chrome.relateddates") {
		list = strings.ReplaceAll(list, "</li>", pick(g, "related date", "<span>2019-02-03</span>", "<span>发布时间：2019-02-03</span>", "<em>[2019-02-03]</em>")+"</li>")
	}
	if g.has("chrome.relatedplain") && where == "after" {
		list = "<li>" + titles[0] + "</li><li>" + titles[1] + " " + fmt.Sprint(g.want.Year-1) + "-01-20</li>"
	}
	return fmt.Sprintf("<div class=%q><h3>相关信息</h3><ul>%s</ul></div>\n", g.class("related "+where), list)
}

// inside is the furniture below the last paragraph.
func (g *generator) inside() string {
	return pick(g, "inside",
		`<p>【<a href="javascript:window.print()">打印本页</a>】【<a href="javascript:window.close()">关闭窗口</a>】</p>`,
		"<p>上一篇：<a href=\"/1.html\">"+g.line("关于召开会议的通知%s")+"</a></p><p>下一篇：<a href=\"/2.html\">"+g.line("关于放假的通知%s")+"</a></p>",
		"<div>分享到：<a href=\"#\">微信</a> <a href=\"#\">微博</a></div><div>扫一扫在手机打开当前页</div>",
		"<p>责任编辑："+g.line("张三%s")+"</p>",
		"<p>浏览次数：<span>128</span></p>")
}

func (g *generator) junkScript() string {
	if !g.has("junk.scripts") {
		return ""
	}
	return pick(g, "script", `<script>document.write("<table><tr><td>自然人</td><td>商业企业</td></tr><tr><td>9</td><td>9</td></tr></table>");</script>`,
		`<script type="text/template"><h3>一、总体情况</h3><p>模板</p></script>`, "<noscript><p>请开启脚本</p></noscript>",
		`<textarea style="display:none"><h3>二、主动公开政府信息情况</h3></textarea>`)
}

func (g *generator) junk() string {
	var b strings.Builder
	if g.has("junk.comments") {
		b.WriteString(pick(g, "comment", "<!-- 旧版：<p>三、收到和处理政府信息公开申请情况</p><table><tr><td>规章</td><td>77</td></tr></table> -->", "<!--<p>正文</p>-->", "<!---->"))
	}
	if g.has("junk.word") {
		b.WriteString(pick(g, "word", "<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->",
			"<p class=MsoNormal><span lang=EN-US><o:p>&nbsp;</o:p></span></p>", "<span style='mso-bookmark:x'></span>", `<st1:chsdate isrocdate="False" w:st="on"></st1:chsdate>`))
	}
	if g.has("junk.hidden") {
		b.WriteString(pick(g, "hidden", `<p style="DISPLAY:none">`+g.line("隐藏文字%s")+"</p>", `<div hidden>`+g.line("隐藏文字%s")+"</div>", "<input type=hidden value=1>"))
	}
	if g.has("junk.empty") {
		b.WriteString(pick(g, "empty", "<p>&nbsp;</p>", "<p><br></p>", "<div></div>", "<p></p>\n"))
	}
	return b.String()
}

// content is the report from its first paragraph to its last.
func (g *generator) content() string {
	if len(g.want.TextContains) == 0 {
		g.makeSentences()
	}
	var b strings.Builder
	for n := 1; n <= 6; n++ {
		section := g.section(n)
		if g.has("page.splitbody") {
			section = fmt.Sprintf("<div class=%q>%s</div>\n", g.class("section"), section)
		}
		if n == 1 {
			if g.has("junk.bookmark") {
				b.WriteString("<p><a name=\"_GoBack\"></p>")
			}
			b.WriteString(g.paragraph(g.preamble()))
		}
		b.WriteString(section)
		if n == 2 && g.has("junk.unbalanced") {
			b.WriteString("</span></p></div>")
		}
	}
	if g.has("page.signature") {
		b.WriteString(fmt.Sprintf("<p align=right>%s</p><p align=right>%d年1月9日</p>\n", g.agency.place()+g.agency.unit, g.want.Year+1))
	}
	return b.String()
}

func (g *generator) section(n int) string {
	h := g.headingText(n)
	var b strings.Builder
	switch n {
	case 1, 5, 6:
		sentences := g.sentences(n)
		if g.has("heading.br") {
			return g.junk() + "<p><strong>" + h + "</strong><br>" + sentences[0] + "</p>\n" + g.subsections(n, sentences[1:])
		}
		return g.junk() + g.headingMarkup(h) + g.paragraph(sentences[0]) + g.subsections(n, sentences[1:])
	}
	b.WriteString(g.junk())
	inTable := g.has("heading.intable") && !g.has("text.cells")
	if !inTable {
		b.WriteString(g.headingMarkup(h))
	}
	grids := map[int]func() []grid{2: g.tables2, 3: g.tables3, 4: g.tables4}[n]()
	if g.has("text.cells") {
		return b.String() + g.cellParagraphs(grids)
	}
	for i, t := range grids {
		if i > 0 {
			b.WriteString(g.junk())
		}
		if inTable && i == 0 {
			t.rows = append([][]gridCell{{label(h, 1, t.width())}}, t.rows...)
			t.heads++
		}
		b.WriteString(g.markup(t))
	}
	return b.String()
}

func (g *generator) paragraph(s string) string {
	if g.has("page.bareparagraphs") {
		return "　　" + s + "<br>\n"
	}
	return pick(g, "p", "<p>　　"+s+"</p>\n", "<p style='text-indent:32.0pt'><span style='font-family:仿宋'>"+s+"</span></p>\n", "<div>&emsp;&emsp;"+s+"</div>\n", "<p>&nbsp;&nbsp;&nbsp;&nbsp;"+s+"</p>")
}

var sectionTitles = [][]string{1: {"总体情况"},
	2: {"主动公开政府信息情况", "行政机关主动公开政府信息情况", "主动公开政府信息的情况"},
	3: {"收到和处理政府信息公开申请情况", "行政机关收到和处理政府信息公开申请情况"},
	4: {"政府信息公开行政复议、行政诉讼情况", "因政府信息公开工作被申请行政复议、提起行政诉讼情况", "政府信息公开行政复议和行政诉讼情况"},
	5: {"存在的主要问题及改进情况", "政府信息公开工作存在的主要问题及改进情况", "存在的主要问题及改进措施"},
	6: {"其他需要报告的事项"}}

func (g *generator) headingText(n int) string {
	s := sectionTitles[n][0]
	if g.has("heading.alias") {
		s = sectionTitles[n][g.seed%uint64(len(sectionTitles[n]))]
	}
	han := string([]rune("〇一二三四五六")[n])
	switch {
	case g.has("heading.nonumber"):
	case g.has("heading.part"):
		s = "第" + han + "部分" + []string{" ", "　", "：", ""}[g.seed%4] + s
	case g.has("heading.arabic"):
		s = fmt.Sprint(n) + "、" + s
	case g.has("heading.blanks"):
		s = han + "、 " + s
	default:
		s = han + "、" + s
	}
	if g.has("heading.colon") {
		s += "："
	}
	return s
}

func (g *generator) headingMarkup(s string) string {
	if g.has("heading.zerowidth") {
		s = strings.ReplaceAll(s, "情况", "情\u200b况")
	}
	if g.has("heading.apart") {
		s = strings.ReplaceAll(s, "情况", "情&nbsp;&nbsp;况")
	}
	rs := []rune(s)
	switch {
	case g.has("heading.bookmark"):
		return "<p><a name=\"OLE_LINK1\"></a><a name=\"_Toc1\"><b>" + s + "</b></a></p>\n"
	case g.has("heading.zerowidth"), g.has("heading.apart"):
		return "<p>" + s + "</p>\n"
	case g.has("heading.strong"):
		return "<p><strong>" + s + "</strong></p>\n"
	case g.has("heading.runs"):
		return "<p class=MsoNormal><b><span>" + string(rs[:1]) + "</span></b><b><span lang=EN-US>" + string(rs[1:3]) + "</span></b><span>" + string(rs[3:]) + "</span></p>\n"
	case g.has("heading.spans"):
		return "<div><span class=\"no\">" + string(rs[:2]) + "</span><span>" + string(rs[2:]) + "</span></div>\n"
	case g.has("heading.link"):
		return "<h4><a name=\"s\"></a>" + s + "</h4>\n"
	case g.has("page.bareparagraphs"):
		return s + "<br>\n"
	}
	return pick(g, "h", "<h3>"+s+"</h3>\n", "<p>"+s+"</p>\n", "<h4 style='color:#000'>"+s+"</h4>", "<div><b>"+s+"</b></div>\n")
}
