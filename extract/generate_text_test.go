package extract_test

import (
	"fmt"
	"html"
	"strings"
	"time"

	"gongkai/extract"
)

var textTraps = []trap{
	{"text.whole", 0.1},  // plain text
	{"text.bars", 0.5},   // rows with bars between the cells, else a cell a line
	{"text.lone", 0.5},   // a cell a line without any bar
	{"text.cells", 0.05}, // HTML without tables: a paragraph a cell
}

var themes = []string{"春耕备耕", "防汛抗旱", "稳岗就业", "义务教育", "养老服务", "食品安全", "老旧小区改造", "乡村振兴", "营商环境", "医疗保障",
	"生态环境", "公共交通", "住房租赁", "消费维权", "安全生产", "科技创新"}

// makeSentences writes the prose: each sentence stands once on the page.
func (g *generator) makeSentences() {
	r := g.from("sentences")
	for i, at := range r.Perm(len(themes))[:9] {
		form := []string{"围绕%s组织政策解读活动，及时回应社会关切。", "坚持把%s作为公开重点，持续完善目录并逐条核对。", "针对%s领域信息更新不够及时的问题，已明确专人负责。",
			"下一步将加强%s领域业务培训，提升公开质量和实效。"}[i%4]
		g.want.TextContains = append(g.want.TextContains, fmt.Sprintf(form, themes[at]))
	}
}

func (g *generator) preamble() string {
	s := "根据《中华人民共和国政府信息公开条例》规定，现公布本报告"
	if g.has("prose.announced") || g.has("truth.noname") && g.has("meta.bareinfo") {
		s = fmt.Sprintf("根据《中华人民共和国政府信息公开条例》规定，现公布%s%d年政府信息公开工作年度报告", g.agency.place()+g.agency.unit, g.want.Year)
	}
	return fmt.Sprintf("%s，所列数据的统计期限自%d年1月1日起至%d年12月31日止。", s, g.want.Year, g.want.Year)
}

// sentences are those of a section; numbers of the tables may be among them.
func (g *generator) sentences(section int) []string {
	list := g.want.TextContains[map[int]int{1: 0, 5: 5, 6: 8}[section]:map[int]int{1: 5, 5: 8, 6: 9}[section]]
	list = append([]string(nil), list...)
	if section == 1 && g.has("prose.lastyear") {
		list = append(list, fmt.Sprintf("%d年共收到政府信息公开申请31009件，此后逐年下降。", g.want.Year-1))
	}
	if section == 1 && g.has("prose.numbers") {
		list = append(list, g.numbers()...)
	}
	return list
}

// numbers repeats figures in prose, where there are any.
func (g *generator) numbers() (list []string) {
	for _, s := range []struct{ format, table, row, column string }{
		{"本年度新收政府信息公开申请%s件，均依法办理。", "t3", "r1", "total"}, {"上年结转申请%s件。", "t3", "r2", "total"},
		{"办理结果中，予以公开%s件。", "t3", "r3.1", "total"}, {"结转下年度继续办理%s件。", "t3", "r4", "total"},
		{"因政府信息公开引发行政复议%s件。", "t4", "cases", "review.total"},
	} {
		if v := g.cells[[3]string{s.table, s.row, s.column}]; v != nil {
			list = append(list, fmt.Sprintf(s.format, *v))
		}
	}
	return list
}

// subsections puts lower headings between sentences.
func (g *generator) subsections(section int, sentences []string) string {
	var b strings.Builder
	for i, s := range sentences {
		for _, sub := range g.subheading(section, i) {
			b.WriteString("<p><b>" + sub + "</b></p>\n")
		}
		b.WriteString(g.paragraph(s))
	}
	return b.String()
}

func (g *generator) subheading(section, i int) []string {
	titles := []string{"主动公开情况", "依申请公开办理情况", "政府信息管理情况", "平台建设情况", "监督保障情况"}
	if section != 1 {
		titles = []string{"存在的主要问题", "改进措施"}
	}
	unclear := g.has("sub.arabic") && (g.has("heading.arabic") || g.has("heading.nonumber")) // nobody could tell which is which
	if g.has("sub.same") && section == 1 && !unclear {
		titles = []string{"主动公开政府信息情况", "收到和处理政府信息公开申请情况", "政府信息管理情况", "平台建设情况"}
	}
	if i < 0 || i >= len(titles) || section == 6 {
		return nil
	}
	switch {
	case g.has("sub.arabic"):
		return []string{fmt.Sprintf("%d.%s", i+1, titles[i])}
	case g.has("sub.brackets"):
		return []string{"（" + string([]rune("一二三四五六")[i]) + "）" + titles[i]}
	}
	return nil
}

// metaTags are those of the site standard. Without a hint they are what tells the division.
func (g *generator) metaTags() string {
	s := ""
	if g.hintless() {
		s += fmt.Sprintf("<meta name=\"SiteIDCode\" content=\"%s0009\">\n", g.agency.code)
	}
	day := g.want.Published
	if g.has("meta.republished") {
		day = fmt.Sprint(g.want.Year+3) + "-12-30"
	}
	if g.has("meta.tags") {
		s += fmt.Sprintf("<META NAME=\"ArticleTitle\" CONTENT=\"%s\">\n<meta name=\"PubDate\" content=\"%s 09:30\"/>\n<meta name='SiteName' content='示例政府网'>\n",
			html.EscapeString(g.want.Title), day)
	}
	return s
}

// day spells the day of publication.
func (g *generator) day() string {
	t, err := time.Parse(time.DateOnly, g.want.Published)
	if err != nil {
		panic(err) // made by makeTruth
	}
	layout := pick(g, "date", "2006-01-02", "2006年1月2日", "2006年01月02日", "2006/01/02", "2006.01.02", "2006-1-2", "2006-01-02 15:04", "2006-01-02 15:04:05",
		"2006/1/2 3:04:05", "[2006-01-02]", "han")
	if layout == "han" {
		return hanYear(t.Year()) + "年" + hanCount(int(t.Month())) + "月" + hanCount(t.Day()) + "日"
	}
	return t.Add(10*time.Hour + 20*time.Minute).Format(layout)
}

// hanCount spells 1 to 99.
func hanCount(n int) string {
	ones := []string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	switch {
	case n < 10:
		return ones[n]
	case n < 20:
		return "十" + ones[n-10]
	}
	return ones[n/10] + "十" + ones[n%10]
}

// catalogue is the metadata beside the article.
func (g *generator) catalogue() string {
	type pair struct{ label, value string }
	published := pick(g, "published", "发布日期", "公开日期", "发布时间", "发文时间")
	publisher := g.agency.place() + g.agency.unit
	if g.has("meta.otherpublisher") && !g.has("truth.noname") {
		publisher = g.agency.place() + "政务服务和数据管理局"
	}
	pairs := []pair{{pick(g, "publisher", "发布机构", "发文机关", "公开主体"), publisher}, {published, g.day()}}
	if g.index != "" {
		pairs = append([]pair{{pick(g, "indexlabel", "索引号", "信息索引号", "索引编号"), g.index}}, pairs...)
	}
	if g.has("meta.emptyvalues") {
		pairs = append([]pair{pairs[0], {"文号", ""}}, append(pairs[1:], pair{"有效性", ""}, pair{"主题词", ""})...)
	}
	if g.has("meta.written") {
		pairs = append([]pair{{"成文日期", fmt.Sprintf("%d-01-02", g.want.Year+1)}}, pairs...)
	}
	if g.has("meta.labelblanks") {
		for i, p := range pairs {
			if rs := []rune(p.label); len(rs) < 4 {
				pairs[i].label = string(rs[0]) + pick(g, "labelblank", " ", "&nbsp;", "　") + string(rs[1:])
			}
		}
	}
	var b strings.Builder
	colon := pick(g, "colon", "：", ":", "： ")
	each := func(format string) {
		for _, p := range pairs {
			fmt.Fprintf(&b, format, p.label, p.value)
		}
	}
	switch {
	case g.has("meta.table"):
		b.WriteString("<table class=\"" + g.class("catalogue") + "\">")
		for i := 0; i < len(pairs); i += 2 {
			b.WriteString("<tr>")
			for _, p := range pairs[i:min(i+2, len(pairs))] {
				fmt.Fprintf(&b, pick(g, "metacell", "<th>%s</th><td>%s</td>", "<td><b>%s</b></td><td>%s</td>", "<td>%s：</td><td><span>%s</span></td>"), p.label, p.value)
			}
			b.WriteString("</tr>\n")
		}
		b.WriteString("</table>\n")
	case g.has("meta.dl"):
		b.WriteString("<dl>")
		each("<dt>%s" + colon + "</dt><dd>%s</dd>\n")
		b.WriteString("</dl>\n")
	case g.has("meta.list"):
		b.WriteString("<ul>")
		each(pick(g, "li", "<li><strong>%s"+colon+"</strong>%s</li>", "<li><p>%s"+colon+"%s</p></li>", "<li><span class=tt>%s"+colon+"</span><span class=value>%s</span></li>"))
		b.WriteString("</ul>\n")
	case g.has("meta.spans"):
		b.WriteString("<div>")
		each("<span>%s" + colon + "%s</span>&nbsp;&nbsp;")
		b.WriteString("<span>浏览次数：<i>23</i></span><span>字体：<a href=#>大</a> <a href=#>中</a> <a href=#>小</a></span></div>\n")
	case g.has("meta.bareinfo") && g.index == "":
		fmt.Fprintf(&b, "<div>%s　来源：%s　浏览次数：12</div>\n", strings.Trim(g.day(), "[]"), g.agency.place()+g.agency.unit)
	default:
		b.WriteString("<div>")
		each("<p>%s" + colon + "%s</p>\n")
		b.WriteString("</div>\n")
	}
	return b.String()
}

// cellsOf lists the cells of a row in reading order, as printed.
func (g *generator) cellsOf(row []gridCell) (cells []string) {
	for _, c := range row {
		if c.figure[0] != "" {
			cells = append(cells, g.printed(c.figure))
		} else {
			cells = append(cells, c.text)
		}
	}
	return cells
}

// cellParagraphs is a table whose markup is lost: a paragraph a cell.
func (g *generator) cellParagraphs(grids []grid) string {
	var b strings.Builder
	for _, t := range grids {
		for _, s := range t.above {
			b.WriteString("<p>" + s + "</p>\n")
		}
		for _, row := range t.rows {
			for _, s := range g.cellsOf(row) {
				b.WriteString("<p>" + html.EscapeString(s) + "</p>\n")
			}
		}
	}
	return b.String()
}

// plainText is the whole report as copied text.
func (g *generator) plainText() string {
	g.makeSentences()
	g.want.Form = extract.FormText
	g.want.TextLacks = nil
	var b strings.Builder
	b.WriteString(g.want.Title + "\n")
	if g.index != "" {
		b.WriteString("索引号：" + g.index + "\n")
	}
	b.WriteString("发布日期：" + g.day() + "\n" + g.preamble() + "\n")
	for n := 1; n <= 6; n++ {
		b.WriteString(g.headingText(n) + "\n")
		grids := map[int]func() []grid{2: g.tables2, 3: g.tables3, 4: g.tables4}[n]
		if grids != nil {
			for _, t := range grids() {
				b.WriteString(g.flatten(t))
			}
			continue
		}
		for i, s := range g.sentences(n) {
			for _, sub := range g.subheading(n, i-1) {
				b.WriteString(sub + "\n")
			}
			b.WriteString("　　" + s + "\n")
		}
	}
	return b.String()
}

// flatten writes a table as text in one of three ways: rows with bars, a cell a line with bars that pad the rows, a
// cell a line.
func (g *generator) flatten(t grid) string {
	var b strings.Builder
	width := t.width()
	for _, s := range t.above {
		b.WriteString(s + "\n")
	}
	for _, row := range t.rows {
		cells := g.cellsOf(row)
		padding := strings.Repeat("|", max(width-len(cells), 0))
		switch {
		case g.has("text.bars"):
			b.WriteString(strings.TrimSpace(strings.Join(cells, " | ")+" | "+padding) + "\n")
		case g.has("text.lone"):
			b.WriteString(strings.Join(cells, "\n\n") + "\n\n")
		default:
			for _, s := range cells {
				b.WriteString(strings.TrimSpace(s+" |") + "\n")
			}
			if padding != "" {
				b.WriteString(padding + "\n")
			}
		}
	}
	return b.String()
}
