package extract

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/form"
	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// A body is the part of a page that is the report: its blocks, cut out of the page by the report's own structure
// rather than by a template.
type body struct {
	start, end int           // of d.blocks
	headings   []headingMark // in page order
}

// A headingMark is the heading of a section: a line, or the first row of a table.
type headingMark struct {
	block, section int
	text           string
}

// findBody finds the report in the page: the element that holds the six headings, or the content container of the
// CMS around it; without headings, the container with most text. ok is false when there is nothing like a text.
func (d *Document) findBody() (b body, ok bool) {
	if d.found == nil {
		b := d.lookForBody()
		d.found = &b
	}
	return *d.found, d.found.end > d.found.start
}

func (d *Document) lookForBody() (b body) {
	marks := d.leading(d.headingMarks())
	d.marks = marks
	run := d.bestRun(marks)
	var container *html.Node
	if len(run) > 1 {
		container = d.blocks[run[0].block].node
		for _, h := range run[1:] {
			container = commonAncestor(container, d.blocks[h.block].node)
		}
		container = contentContainer(container)
	} else {
		run = nil
		if container = d.densest(); container == nil {
			return body{}
		}
	}
	b.start, b.end = d.within(container)
	if len(run) > 0 && b.end > 0 {
		b.start, b.end = d.once(b.start, b.end, run[len(run)-1].block, marks)
		b.start, b.end = d.trim(b.start, b.end, run[0].block, run[len(run)-1].block)
	} else {
		b.start, b.end = d.textual(b.start, b.end)
	}
	b.headings = run
	return b
}

// secondReport reports whether the page holds the headings of another report that is not the same text again.
func (d *Document) secondReport(b body) bool {
	if len(b.headings) < 4 {
		return false
	}
	first, last := b.headings[0].block, b.headings[len(b.headings)-1].block
	others := slices.DeleteFunc(slices.Clone(d.marks), func(m headingMark) bool { return m.block >= first && m.block <= last })
	sections := map[int]bool{}
	for _, m := range others {
		sections[m.section] = true
	}
	if len(sections) < 4 {
		return false // nearly every page
	}
	own := map[string]bool{}
	for _, bl := range d.blocks[b.start:b.end] {
		own[bl.content()] = true
	}
	return slices.ContainsFunc(others, func(m headingMark) bool {
		if m.block+1 >= len(d.blocks) {
			return false
		}
		below := d.blocks[m.block+1]
		return len(below.content()) > 30 && !own[below.content()] && below.linked == 0
	})
}

// content is the text of a block, line or table.
func (b block) content() string {
	if b.table != nil {
		return b.table.String()
	}
	return b.text
}

// once ends the range before the report stands there again, as on pages that repeat it for mobile screens: before the
// line it began with, or before its next first heading.
func (d *Document) once(start, end, last int, marks []headingMark) (int, int) {
	again := end
	for _, m := range marks {
		if m.block > last && m.block < again {
			again = m.block
		}
	}
	if again == end {
		return start, end
	}
	for i := last + 1; i < again; i++ {
		if d.blocks[i].table == nil && len(d.blocks[i].text) > 30 && d.blocks[i].text == d.blocks[start].text {
			return start, i
		}
	}
	return start, again
}

// leading drops the headings numbered 1. or not at all when those numbered 一、 already make most of a report: the
// points of the first section go by the names of the others.
func (d *Document) leading(marks []headingMark) []headingMark {
	var strong []headingMark
	distinct := map[int]bool{}
	for _, m := range marks {
		if sectionNumber.MatchString(m.text) {
			strong = append(strong, m)
			distinct[m.section] = true
		}
	}
	if len(distinct) >= 4 {
		return strong
	}
	return marks
}

// headingMarks lists the blocks that are headings of the six sections. A line that is all link stands in a table of
// contents, not in the report.
func (d *Document) headingMarks() []headingMark {
	var marks []headingMark
	for i, b := range d.blocks {
		text := b.text
		if b.table != nil {
			text = b.table.Heading()
		}
		if len(text) > 150 || b.linked*2 > len(text) || !strings.ContainsAny(text, "况況项項题題述") {
			continue
		}
		if n := sectionOf(text); n > 0 {
			marks = append(marks, headingMark{i, n, text})
		}
	}
	return marks
}

// bestRun returns the longest run of ascending sections: pages repeat the report for mobile screens, and its headings
// stand in tables of contents. Of runs as long, the first is taken that has text between its headings.
func (d *Document) bestRun(marks []headingMark) []headingMark {
	var best []headingMark
	bestText := 0
	consider := func(run []headingMark) {
		text := d.textBetween(run[0].block, run[len(run)-1].block)
		if len(run) > len(best) || len(run) == len(best) && text > 2*bestText {
			best, bestText = run, text
		}
	}
	for i := 0; i < len(marks); {
		j := i + 1
		for j < len(marks) && marks[j].section > marks[j-1].section {
			j++
		}
		consider(marks[i:j])
		i = j
	}
	for i := 0; i < len(marks); {
		j := i + 1
		for j < len(marks) && marks[j].section != 1 {
			j++
		}
		consider(lastOfEach(marks[i:j]))
		i = j
	}
	return best
}

// lastOfEach is the ascending run that takes the last heading of each section, going back from the end: the points of
// the first section may bear the same words as the sections that follow.
func lastOfEach(marks []headingMark) []headingMark {
	var run []headingMark
	for _, m := range slices.Backward(marks) {
		if len(run) == 0 || m.section < run[len(run)-1].section {
			run = append(run, m)
		}
	}
	slices.Reverse(run)
	return run
}

// textBetween counts the bytes of text between two blocks.
func (d *Document) textBetween(from, to int) int {
	n := 0
	for _, b := range d.blocks[from:to] {
		n += len(b.text)
		if b.table != nil {
			n += 100
		}
	}
	return n
}

var (
	sectionNumber = regexp.MustCompile(`^\s*第?[一二三四五六七八](?:部分|章|[、.．，,：:]|\s)\s*`)
	arabicNumber  = regexp.MustCompile(`^\s*[1-8][、.．]\s*`)
	subNumber     = regexp.MustCompile(`^\s*[(（]`)
)

// sectionOf returns the number of the section that a line is the heading of, or 0. The words decide, not the number
// before them: Word's automatic lists number the same heading 一 on one page and 二 on the next.
func sectionOf(line string) int {
	if subNumber.MatchString(line) {
		return 0
	}
	numbered := sectionNumber.FindString(line)
	prefix := numbered
	if prefix == "" {
		prefix = arabicNumber.FindString(line)
	}
	key := text.Key(line[len(prefix):])
	if n := utf8.RuneCountInString(key); n < 2 || n > 36 {
		return 0
	}
	if n := sectionKeys()[key]; n > 0 {
		return n
	}
	if numbered == "" {
		return 0 // without a number of the first order only the form's own words are a heading
	}
	if key == "概述" {
		return 1
	}
	for _, rule := range headingRules {
		if rule.fits(key) {
			return rule.section
		}
	}
	return 0
}

// sectionKeys maps the form's own words for its sections to their numbers.
var sectionKeys = sync.OnceValue(func() map[string]int {
	keys := map[string]int{}
	for _, s := range slices.Backward(form.Schema().Sections) { // of two sections that share a name, it is the first one's
		for _, alias := range s.Aliases {
			keys[text.Key(alias)] = s.Number
		}
		keys[text.Key(s.ZH)] = s.Number
	}
	return keys
})

// A headingRule says of which section a heading is in an agency's own words: one that has a word of each group.
type headingRule struct {
	section int
	words   [][]string
}

func (r headingRule) fits(key string) bool {
	return !slices.ContainsFunc(r.words, func(group []string) bool { return !containsAny(key, group) })
}

// headingRules are tried in this order: 依申请公开 has the words of the second section, and is the third.
var headingRules = []headingRule{
	{6, [][]string{{"其他"}, {"报告", "说明"}, {"事项"}}},
	{5, [][]string{{"问题"}, {"改进", "措施", "不足", "打算"}}},
	{4, [][]string{{"复议"}, {"诉讼"}}},
	{3, [][]string{{"申请"}, {"收到", "依申请", "处理"}}},
	{2, [][]string{{"主动公开"}}},
	{1, [][]string{{"总体情况", "基本情况", "工作概述"}}},
}

// containerNames are the ids and classes in which CMS families keep the text of an article (PORTALS: TRS, Hanweb,
// UCAP, VSB, Lonsun, Epoint, gkmlpt, gov.cn and look-alikes), in lower case.
var containerNames = map[string]bool{
	"trs_editor": true, "trs_ueditor": true, "trs_editor_view": true, "custom_unionstyle": true, "trs_preappend": true,
	"zoom": true, "zoomcon": true, "ucap-content": true, "xxgkcont": true, "gknbxq_detail": true, "detail-news": true,
	"vsb_content": true, "v_news_content": true, "wzcon": true, "j-fontcontent": true, "newscontnet": true,
	"article_content": true, "article-content": true, "articlecontent": true, "bt_content": true, "bt-article-y": true,
	"wip_art_con": true, "main-txt": true, "artile_zw": true, "wzzw-article": true, "ewb-article-detail": true,
	"mian-cont": true, "ivs_content": true, "pages_content": true, "bodylabel": true, "wp_articlecontent": true,
	"gkxl-article": true, "doc_left": true, "contenttext": true, "content_text": true, "news_content": true,
}

// contentContainer climbs from n to the innermost known container around it, if any; else n itself is the best
// there is.
func contentContainer(n *html.Node) *html.Node {
	for p := n; p != nil && p.DataAtom != atom.Body; p = p.Parent {
		if isContainer(p) {
			return p
		}
	}
	return n
}

func isContainer(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	if n.Data == "ucapcontent" {
		return true
	}
	for _, a := range n.Attr {
		if a.Key != "id" && a.Key != "class" {
			continue
		}
		for name := range strings.FieldsSeq(strings.ToLower(a.Val)) {
			if containerNames[name] || strings.HasPrefix(name, "vsb_content") {
				return true
			}
		}
	}
	return false
}

// densest returns the known container with most text that is not in links; without a known one, the element whose
// own lines have most.
func (d *Document) densest() *html.Node {
	weight := map[*html.Node]int{}
	for _, b := range d.blocks {
		n := len(b.text) - b.linked
		if b.table != nil {
			n = len(b.table.Rows) * 10
		}
		if n <= 0 {
			continue
		}
		if c := contentContainer(b.node); isContainer(c) {
			weight[c] += n * 4
		} else if p := b.node.Parent; p != nil {
			weight[p] += n
		}
	}
	var best *html.Node
	for _, b := range d.blocks { // in page order, so that the choice does not depend on the map's
		for p := b.node; p != nil; p = p.Parent {
			if weight[p] > 0 && (best == nil || weight[p] > weight[best]) {
				best = p
			}
		}
	}
	return best
}

// within returns the range of blocks that stand in n. Blocks are in page order, so they are one range.
func (d *Document) within(n *html.Node) (start, end int) {
	start, end = -1, -1
	for i, b := range d.blocks {
		if contains(n, b.node) {
			if start < 0 {
				start = i
			}
			end = i + 1
		} else if start >= 0 {
			break
		}
	}
	return max(start, 0), max(end, 0)
}

func contains(n, inner *html.Node) bool {
	for p := inner; p != nil; p = p.Parent {
		if p == n {
			return true
		}
	}
	return false
}

func commonAncestor(a, b *html.Node) *html.Node {
	above := map[*html.Node]bool{}
	for p := a; p != nil; p = p.Parent {
		above[p] = true
	}
	for p := b; p != nil; p = p.Parent {
		if above[p] {
			return p
		}
	}
	return a
}

// trim cuts what the container holds besides the report: everything up to the last line of boilerplate before
// the first heading, and everything from the first such line after the last heading.
func (d *Document) trim(start, end, first, last int) (int, int) {
	for i := first - 1; i >= start; i-- {
		if d.blocks[i].isBoilerplate() {
			start = i + 1
			if start < first && d.endsInLabel(i) && isValue(d.blocks[start]) {
				start++
			}
			break
		}
	}
	for i := last + 1; i < end; i++ {
		if d.blocks[i].isBoilerplate() {
			end = i
			break
		}
	}
	return start, end
}

// endsInLabel reports whether a block is a label of the metadata block whose value is still to come.
func (d *Document) endsInLabel(i int) bool {
	labels := fieldLabels([]line{d.blocks[i].line()})
	return len(labels) > 0 && labels[len(labels)-1].value == ""
}

// isValue reports whether a block can be the value of such a label: short, and no sentence.
func isValue(b block) bool {
	return b.table == nil && utf8.RuneCountInString(b.text) <= 60 && !strings.ContainsAny(b.text, "。，；")
}

// textual cuts boilerplate off both ends of a range without headings.
func (d *Document) textual(start, end int) (int, int) {
	for start < end && d.blocks[start].isBoilerplate() {
		start++
	}
	for i := start; i < end; i++ {
		if d.blocks[i].isBoilerplate() {
			return start, i
		}
	}
	return start, end
}

var (
	// boilerplateLine begins a line of boilerplate; the line is short.
	boilerplateLine = regexp.MustCompile(`^[\[【(（|<>《\s]*(?:当前位置|您现在的位置|您当前的位置|所在位置|位置:|首页>|字体|字号|分享|打印|关闭|收藏|返回顶部|返回首页|返回列表|上一篇|下一篇|上一条|下一条|上一页|下一页|扫一扫|扫码|` +
		`浏览次数|阅读次数|访问量|访问次数|点击数|点击次数|点击量|阅读量|浏览量|责任编辑|信息来源|文章来源|来源:|发布时间|发布日期|发布机构|相关阅读|相关链接|相关新闻|相关文档|相关信息|相关文章|相关稿件|` +
		`版权所有|主办单位|主办:|承办单位|技术支持|网站标识码|网站地图|联系我们|友情链接|无障碍|长者模式|附件下载|微信|网站声明|本文已被|本页面已被|信息时间|阅读量|建议使用|您是第|位访问者)`)
	recordLine = regexp.MustCompile(`[A-Za-z]?ICP备|公网安备|公安网备|Copyright|版权所有`)
)

// isBoilerplate reports whether a block is boilerplate of the page rather than text: widgets, breadcrumb, counters,
// footers, the metadata block, lines that are all link.
func (b block) isBoilerplate() bool {
	if b.table != nil {
		return len(ownLabels(tableLines(b.table))) > 1
	}
	if utf8.RuneCountInString(b.text) > 80 {
		return len(ownLabels([]line{b.line()})) > 2 // a whole metadata block in one line
	}
	s := text.Narrow(text.Simplify(b.text))
	switch {
	case boilerplateLine.MatchString(s), recordLine.MatchString(s):
		return true
	case b.linked > 0 && b.linked*10 >= len(b.text)*9 && !strings.Contains(s, "附件"):
		return true
	}
	return len(ownLabels([]line{b.line()})) > 0
}

// ownLabels are the labels that boilerplate has, and a text has not.
func ownLabels(lines []line) []fieldLabel {
	return slices.DeleteFunc(fieldLabels(lines), func(f fieldLabel) bool { return f.name == otherDate })
}

// sections cuts the body at its headings. What stands before the first is section 0; a line that only repeats the
// title is left out there.
func (d *Document) sections(b body, title string) []Section {
	sections := []Section{{}}
	next := 0
	var out strings.Builder
	close := func() {
		sections[len(sections)-1].Text = strings.TrimSuffix(out.String(), "\n")
		out.Reset()
	}
	for i := b.start; i < b.end; i++ {
		bl := d.blocks[i]
		if next < len(b.headings) && b.headings[next].block == i {
			close()
			sections = append(sections, Section{Number: b.headings[next].section, Heading: b.headings[next].text})
			next++
			if bl.table == nil {
				continue
			}
		}
		line := bl.text
		if bl.table != nil {
			line = bl.table.String()
		}
		if line == "" || len(sections) == 1 && text.Key(line) == text.Key(title) || isWidget(line) {
			continue
		}
		out.WriteString(line)
		out.WriteByte('\n')
	}
	close()
	if sections[0].Text == "" && len(sections) > 1 {
		sections = sections[1:]
	}
	return sections
}

// isWidget reports whether a whole line is a button that some editors put among the text.
func isWidget(line string) bool {
	if len(line) > 40 {
		return false
	}
	switch text.Key(line) {
	case "关闭", "打印", "关闭窗口", "打印本页", "返回顶部", "关闭打印", "打印关闭", "收藏", "分享到", "分享":
		return true
	}
	return false
}

// headlineOf returns the element that CMS families use for the title of an article, if a line stands in one.
func headlineOf(n *html.Node) *html.Node {
	for p, up := n, 0; p != nil && up < 3; p, up = p.Parent, up+1 {
		if p.DataAtom == atom.H1 || p.DataAtom == atom.H2 {
			return p
		}
		for name := range strings.FieldsSeq(strings.ToLower(markup.Attr(p, "class") + " " + markup.Attr(p, "id"))) {
			switch name {
			case "xl_title", "wztit", "article_title", "article-title", "articletitle", "title", "tit", "ti", "bt_title":
				return p
			}
		}
	}
	return nil
}
