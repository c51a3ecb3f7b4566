package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// fieldNames maps a label, spaces removed and in simplified script, to the canonical name of its field. Names and
// labels follow the catalogue blocks of the CMS families and the page metadata of 国办发〔2017〕47号.
var fieldNames = func() map[string]string {
	m := map[string]string{}
	for name, labels := range map[string]string{
		"index_no":        "索引号 信息索引号 索引号码 索引编号",
		"title":           "名称 标题 信息名称 文件名称",
		"publisher":       "发布机构 发文机关 发文机构 发布单位 制发机关 公开责任部门 发布部门 公开主体 制作单位 责任部门 信息来源单位",
		"doc_no":          "文号 发文字号 文件编号",
		"written_date":    "成文日期 发文日期 产生日期 成文时间",
		"generated_date":  "生成日期", // an index stamp on some portals, not 成文日期
		"published_date":  "发布日期 公开日期 发布时间 发文时间 公开时间 信息时间 公布日期 公布时间 发表日期 发表时间 刊发时间 发稿时间 上网日期 上网时间 添加时间 发布于 发表于 公布于 日期 时间",
		"open_mode":       "公开方式 公开属性 公开类型 公开形式 公开类别",
		"open_period":     "公开时限",
		"open_scope":      "公开范围",
		"validity":        "有效性 效力状况 效力属性 时效 时效性 信息有效性",
		"unified_no":      "统一编号",
		"topic_class":     "主题分类 分类 信息分类 目录分类 公开目录 公文种类",
		"group_class":     "组配分类",
		"genre_class":     "体裁分类",
		"audience_class":  "服务对象分类",
		"lifecycle_class": "生命周期分类",
		"keywords":        "关键词 主题词",
		"summary":         "内容概述 内容概要",
		"format_lang":     "信息格式/语种",
		"source":          "来源 信息来源 文章来源 稿件来源 稿源",
		"author":          "作者 责任编辑 编辑",
		"views":           "浏览次数 阅读次数 访问量 点击数 点击率 累计次数 点击次数 浏览量 阅读量 访问次数 阅读 浏览 点击",
		// widgets, and what a page says of itself: they end a value and are none
		"": "字体 字号 分享到 分享 打印 关闭 繁体版 语音播报 " +
			"更新日期 更新时间 最后更新 最近更新 最后更新时间 最近更新时间 修改日期 修改时间 最后修改时间 打印日期 打印时间 浏览时间 访问时间 阅读时间 下载时间 " +
			"当前日期 当前时间 今天日期 今日日期 系统时间 现在时间 北京时间 服务器时间 查询时间 生成时间 页面生成时间 录入日期 录入时间 创建日期 创建时间 " +
			"上传日期 上传时间 收录日期 收录时间 采集时间 抓取时间 审核日期 审核时间",
		otherDate: "截止日期 截止时间 截至日期 截至时间 生效日期 生效时间 实施日期 实施时间 施行日期 施行时间 失效日期 失效时间 废止日期 废止时间 终止日期 到期时间 " +
			"签发日期 签发时间 印发日期 印发时间 签署日期 制定日期 修订日期 修订时间 登记日期 登记时间 受理日期 受理时间 办理时间 答复时间 回复时间 提交时间 申请时间 " +
			"填报日期 填报时间 填表日期 填表时间 统计日期 统计时间 报送日期 上报时间 会议时间 活动时间 开始时间 结束时间 起始日期 工作时间 办公时间 服务时间 接待时间 开放时间",
	} {
		for label := range strings.FieldsSeq(labels) {
			m[label] = name
		}
	}
	return m
}()

// otherDate names the labels of dates that are none of a page's publication, and may stand in a text.
const otherDate = "other_date"

// A labelNode is a node of the tree of labels, a character a level.
type labelNode struct {
	next  map[rune]*labelNode
	depth int    // characters from the root down to here
	label bool   // a label ends here
	name  string // canonical name of that label
}

var labelTree = func() *labelNode {
	root := &labelNode{next: map[rune]*labelNode{}}
	for label, name := range fieldNames {
		n := root
		for _, r := range label {
			if n.next[r] == nil {
				n.next[r] = &labelNode{next: map[rune]*labelNode{}, depth: n.depth + 1}
			}
			n = n.next[r]
		}
		n.name, n.label = name, true
	}
	return root
}()

// A line is one line or cell of text that may hold labels and values.
type line struct {
	text   string
	cell   bool       // a td, th or dt: a label needs no colon there
	node   *html.Node // the element it stands in; nil for a cell of a table
	linked bool       // there is a link in it
	below  bool       // it stands below the report
}

// A fieldLabel is a label found in a line.
type fieldLabel struct {
	line       int
	name       string // canonical; "" for a widget
	label      string // as printed, colon included
	value      string // what follows it in the line, up to the next label
	start, end int    // of label in the line's runes
}

// fieldLabels finds the labels of the metadata block in lines: at the start of a line or after a space or bracket,
// long ones anywhere, followed by a colon; in a cell of its own without one. Blanks inside a label (索 引 号) count
// for nothing.
func fieldLabels(lines []line) []fieldLabel {
	var found []fieldLabel
	for i, l := range lines {
		if len(l.text) > 1200 || !l.cell && !strings.ContainsAny(l.text, ":：∶﹕") {
			continue // prose, or nothing that could be a label
		}
		printed := []rune(l.text)
		folded := text.Fold(printed)
		first := len(found)
		for at := 0; at < len(folded); at++ {
			if folded[at] == ' ' {
				continue
			}
			f, ok := labelAt(folded, at, l.cell)
			if !ok {
				continue
			}
			f.line, f.label = i, strings.TrimSpace(string(printed[f.start:f.end]))
			if n := len(found); n > first {
				found[n-1].value = trimValue(string(printed[found[n-1].end:f.start]))
			}
			found = append(found, f)
			at = f.end - 1
		}
		if n := len(found); n > first {
			found[n-1].value = trimValue(string(printed[found[n-1].end:]))
		}
	}
	return found
}

// labelAt matches the longest label that begins at a position.
func labelAt(folded []rune, at int, cell bool) (best fieldLabel, ok bool) {
	n := labelTree
	for i := at; i < len(folded); i++ {
		if folded[i] == ' ' {
			continue
		}
		if n = n.next[folded[i]]; n == nil {
			break
		}
		if end, fits := n.ends(folded, at, i+1, cell); fits {
			best, ok = fieldLabel{name: n.name, start: at, end: end}, true
		}
	}
	return best, ok
}

// ends reports whether the characters of n, which stand from a place up to another, are a label there: with a colon,
// which belongs to it, or alone in a cell.
func (n *labelNode) ends(folded []rune, from, to int, cell bool) (end int, ok bool) {
	if !n.label {
		return 0, false
	}
	for to < len(folded) && folded[to] == ' ' {
		to++
	}
	if to == len(folded) {
		return to, cell && from == 0
	}
	if folded[to] != ':' {
		return 0, false
	}
	apart := from == 0 || !isWordRune(folded[from-1])
	return to + 1, apart || n.depth > 3 || shortLabelFits(n.name, folded[:from], folded[to+1:])
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// shortLabelFits reports whether a short label that follows other text directly, as the spans of an information line
// run together, is one: counters and widgets always; a date when one follows, and what stands before is the value of a
// label rather than the first part of a longer one, as in 填报时间.
func shortLabelFits(name string, before, after []rune) bool {
	switch name {
	case "views", "":
		return true
	case "published_date":
		rest := strings.TrimLeft(string(after[:min(len(after), 12)]), " [【(（")
		at := len(before)
		for at > 0 && isWordRune(before[at-1]) {
			at--
		}
		value := strings.HasSuffix(strings.TrimRight(string(before[:at]), " "), ":")
		return value && (strings.HasPrefix(rest, "20") || strings.HasPrefix(rest, "19"))
	}
	return false
}

// bareDate reports whether a label says only that its value is a date, and not of what. "" is that of a date without
// one.
func bareDate(label string) bool {
	switch strings.Trim(strings.ReplaceAll(string(text.Fold([]rune(label))), " ", ""), ":[(【（") {
	case "", "日期", "时间":
		return true
	}
	return false
}

// issued reports whether a label is that of the day on which a document was sent out, rather than written.
func issued(label string) bool {
	return strings.HasPrefix(strings.ReplaceAll(string(text.Fold([]rune(label))), " ", ""), "发文")
}

// today is how the date of today is printed in the head of a page.
var today = regexp.MustCompile(`星期|周[一二三四五六日]|农历|礼拜`)

// placeholders say that there is no value.
var placeholders = map[string]bool{"": true, "-": true, "—": true, "— —": true, "——": true, "无": true, "無": true,
	"/": true, "null": true, "暂无": true, "暫無": true, "undefined": true}

func trimValue(s string) string {
	s = strings.TrimRight(strings.TrimLeft(text.Compact(s), "|｜】]）); ；"), "|｜[【(（ ;；")
	if placeholders[s] || strings.Trim(s, "-—–－―/／\\|*.·…_ ") == "" {
		return ""
	}
	return s
}

// noNumber is what is printed for the number of a document that has none: 无〔〕号, 〔〕号, 无文号, and the rest of a template.
var noNumber = regexp.MustCompile(`^\p{Han}{0,8}[〔\[(【]\s*[〕\])】]\s*第?号?$|^(?:无|暂无|没有|空)?(?:文|字|发文字|编)?号?$|^第?号$`)

// A fieldList holds the fields of a page in the order in which they are found. The first value of a field wins, because
// pages repeat the block for mobile screens; but a date that is called that of publication wins over one that is only
// called a date.
type fieldList []Field

// readFields collects the metadata of a page from what stands around the body: label blocks and information lines
// first, in page order, then the meta tags of the site standard for what those do not say. A label without a value is
// left out.
func (d *Document) readFields(b body, title string, h Hints) []Field {
	var fields fieldList
	lines := d.linesAround(b)
	found := fieldLabels(lines)
	for from := 0; from < len(found); {
		to := from + 1
		for to < len(found) && found[to].line == found[from].line {
			to++
		}
		fields.addLine(lines, found, from, to, title)
		from = to
	}
	if d.kind != FormHTML {
		fields.add(Field{"published_date", h.LinkDate, "", "row of the listing"})
	}
	fields.addMeta(d)
	if !fields.has("published_date") {
		fields.add(Field{"published_date", d.dateUnderHeadline(b, title), "", "line under the headline"})
	}
	return fields
}

func (l fieldList) has(name string) bool {
	return slices.ContainsFunc(l, func(f Field) bool { return f.Name == name })
}

// add takes a field, unless it says nothing or is there already.
func (l *fieldList) add(f Field) {
	if !tells(f) {
		return
	}
	switch {
	case f.Name == "written_date" && l.has(f.Name) && issued(f.Label):
		f.Name = "issued_date" // beside 成文日期
	case f.Name == "published_date" && f.Where != metaTag && !bareDate(f.Label):
		*l = slices.DeleteFunc(*l, func(have Field) bool { return have.Name == f.Name && bareDate(have.Label) })
	}
	if !l.has(f.Name) {
		*l = append(*l, f)
	}
}

// tells reports whether a field says something of the report: neither a widget nor a counter, nor an empty template.
func tells(f Field) bool {
	switch f.Name {
	case "", "views", otherDate:
		return false
	case "doc_no":
		if noNumber.MatchString(text.Narrow(text.Simplify(f.Value))) {
			return false
		}
	}
	return f.Value != "" && len(f.Value) <= 400
}

// addLine takes what one line says: the labels found[from:to] all stand in it.
func (l *fieldList) addLine(lines []line, found []fieldLabel, from, to int, title string) {
	at, first := lines[found[from].line], found[from]
	if first.start > 0 {
		before := string([]rune(at.text)[:first.start])
		_, _, dated := ParseDate(before)
		if !dated && at.linked {
			return // the row of a list: its date is that of what it links to
		}
		if dated && !at.below && !today.MatchString(before) { // "2021-01-28 11:41 信息来源：…": this date has no label
			l.add(Field{"published_date", trimValue(before), "", "information line"})
		}
	}
	where := "information line"
	if to-from == 1 {
		where = "label block"
	}
	for i, f := range found[from:to] {
		value := f.value
		if value == "" && from+i+1 == to {
			value = valueBelow(lines, found, from+i, title)
		}
		if f.name == "published_date" && bareDate(f.label) && (at.below || today.MatchString(value)) {
			continue // the day of printing in a footer, or today's in the head of the page
		}
		l.add(Field{f.name, value, f.label, where})
	}
}

// metaTag is where the fields stand that are told to machines.
const metaTag = "meta tag"

// metaFields are the meta tags of 国办发〔2017〕47号 that name a field.
var metaFields = [...]struct{ field, tag string }{
	{"title", "ArticleTitle"}, {"published_date", "PubDate"}, {"source", "ContentSource"}, {"keywords", "Keywords"},
	{"author", "Author"}, {"column", "ColumnName"}, {"site_name", "SiteName"}, {"site_domain", "SiteDomain"},
	{"site_id", "SiteIDCode"},
}

// addMeta takes what the meta tags of a page say. A date of publication that is only the moment at which the page was
// generated says nothing.
func (l *fieldList) addMeta(d *Document) {
	for _, m := range metaFields {
		value := d.meta(m.tag)
		if placeholders[value] || m.tag == "PubDate" && d.generatedAt(value) {
			continue
		}
		l.add(Field{m.field, value, m.tag, metaTag})
	}
}

// valueBelow is the value of a label that ends its line: the next line or cell, unless that begins with a label of
// its own, or stands outside the row, list or block of the label.
func valueBelow(lines []line, found []fieldLabel, i int, title string) string {
	at := found[i].line
	if at+1 >= len(lines) || i+1 < len(found) && found[i+1].line == at+1 && found[i+1].start == 0 {
		return ""
	}
	label, below := lines[at].node, lines[at+1].node
	if (label == nil) != (below == nil) || label != nil && !contains(label, below) && !contains(label.Parent, below) {
		return ""
	}
	value := trimValue(lines[at+1].text)
	if text.Key(value) == text.Key(title) && found[i].name != "title" {
		return "" // an empty field at the end of the block; the headline follows
	}
	return value
}

// linesAround lists the lines and table cells that stand before and after the body.
func (d *Document) linesAround(b body) []line {
	var lines []line
	for i, bl := range d.blocks {
		if i >= b.start && i < b.end {
			continue
		}
		from := len(lines)
		if bl.table != nil {
			lines = append(lines, tableLines(bl.table)...)
		} else {
			lines = append(lines, bl.line())
		}
		for j := range lines[from:] {
			lines[from+j].below = b.end > b.start && i >= b.end
		}
	}
	return lines
}

// line is a block of text as a line that may hold labels.
func (b block) line() line {
	a := b.node.DataAtom
	return line{text: b.text, cell: a == atom.Td || a == atom.Th || a == atom.Dt, node: b.node, linked: b.linked > 0}
}

func tableLines(t *markup.Table) []line {
	var lines []line
	for y := range t.Rows {
		for _, c := range t.Own(y) {
			lines = append(lines, line{text: c.Text, cell: true})
		}
	}
	return lines
}

// noIndex reports whether the value of an index number is none. Systems and places have shapes of their own, so that a
// shape which nobody has seen says nothing; but there is a digit in each, and no sentence.
func noIndex(s string) bool {
	return !strings.ContainsFunc(s, unicode.IsDigit) || strings.ContainsAny(s, "，。；") || utf8.RuneCountInString(s) > 80
}
