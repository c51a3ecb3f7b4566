package extract_test

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"gongkai/extract/form"
)

var tableTraps = []trap{
	{"table.th", 0.3}, {"table.thead", 0.15}, {"table.nobody", 0.3}, {"table.attributes", 0.4}, {"table.upper", 0.2},
	{"table.col", 0.2}, {"table.caption", 0.15}, {"table.tfoot", 0.05}, {"table.unclosed", 0.1}, {"table.misaligned", 0.12},
	{"table.wrapped", 0.2},    // in a div or a table of one cell
	{"table.spanspace", 0.15}, // colspan=" 3 "
	{"table.emptyrows", 0.1},  // a row without cells
	{"table.hiddenrow", 0.05}, // a template for scripts: the same row with zeros
	{"table.hiddencell", 0.04},
	{"t2.split", 0.2},       // a table a block
	{"t2.itemabove", 0.15},  // 第二十条第（一）项 in a line above the block
	{"t2.itembeside", 0.12}, // or in a column on the left
	{"t2.noitem", 0.06},     // the article's item is not printed
	{"t2.padded", 0.1},      // empty cells where a block has fewer columns
	{"t2.badspan", 0.05},    // whose span is a row short
	{"t2.remark", 0.08},     // a column of remarks
	{"t2.narrow", 0.15},     // no colspan where a block has fewer columns
	{"t3.split", 0.12},      // two tables
	{"t3.splithead", 0.06},  // the second with a head of its own
	{"t3.nonote", 0.3},      // without the note on the identity
	{"t3.badhead", 0.05},    // 法人或其他组织 spans a column less than it heads
	{"t3.shorthead", 0.08},  // without the row 申请人情况
	{"t3.groupline", 0.06},  // the group's label in a row of one cell
	{"t3.ordinals", 0.03},   // a column of ordinals on the left
	{"t4.badhead", 0.05},    // 行政复议 spans a column less than it heads
	{"t3.badspan", 0.05},    // the span of a group is a row short
	{"t3.remark", 0.06},     // a column of remarks
	{"t3.nogroups", 0.08},   // no spans on the left: the group's label in a row of its own
	{"t3.repeated", 0.06},   // the group's label in each row instead of a span
	{"table.stray", 0.05},   // text between the rows
	{"t4.split3", 0.04},     // reviews, then each kind of litigation
	{"t4.split", 0.1},       // reviews, then litigation
	{"t4.label", 0.08},      // a first column that says 件数
	{"head.br", 0.3},        // labels of columns broken in two lines
	{"head.blank", 0.15},    // or by a blank
	{"head.entity", 0.1},    // or by &nbsp; and &emsp;
	{"head.yuan", 0.05},     // the amount in 元
	{"head.cut", 0.08},      // outcomes of table 4 cut short
	{"head.units", 0.1},     // 自然人（件）
	{"head.new", 0.1},       // 本年新制作数量, 现行有效件
}

// A gridCell is a cell of a table before it is markup. figure is zero for labels.
type gridCell struct {
	text       string
	rows, cols int
	head       bool
	figure     [3]string
}

// A grid is a table as rows of the cells that begin in them, with the lines above it.
type grid struct {
	above []string
	heads int // rows of the head
	rows  [][]gridCell
}

func label(text string, rows, cols int) gridCell { return gridCell{text: text, rows: rows, cols: cols} }

func heading(text string, rows, cols int) gridCell {
	return gridCell{text: text, rows: rows, cols: cols, head: true}
}

func figure(table, row, column string) gridCell {
	return gridCell{rows: 1, cols: 1, figure: [3]string{table, row, column}}
}

// tables2 makes table 2 as the page has it.
func (g *generator) tables2() []grid {
	var grids []grid
	for _, t := range form.Schema().Tables {
		if strings.HasPrefix(t.ID, "t2.") && slices.Contains(t.Versions, g.forms["t2"]) {
			grids = append(grids, g.block(t))
		}
	}
	if g.has("t2.split") {
		return grids
	}
	whole := grid{above: grids[0].above}
	for i, b := range grids {
		if i > 0 && len(b.above) > 0 { // the item needs a place
			whole.rows = append(whole.rows, []gridCell{label(b.above[0], 1, 4)})
		}
		whole.rows = append(whole.rows, b.rows...)
	}
	return []grid{whole}
}

// block makes a block of article 20, four columns wide.
func (g *generator) block(t form.Table) grid {
	var b grid
	columns, rows := g.columns(t.ID, g.forms["t2"]), g.rows(t.ID, g.forms["t2"])
	wide := func(i int) int {
		if i == len(columns)-1 && !g.has("t2.narrow") && !g.has("t2.padded") {
			return 4 - len(columns)
		}
		return 1
	}
	head := []gridCell{heading("信息内容", 1, 1)}
	for i, c := range columns {
		head = append(head, heading(g.columnLabel(t.ID, c), 1, wide(i)))
	}
	b.rows = append(b.rows, head)
	for _, r := range rows {
		zh := r.ZH
		if r.ID == "normative" && g.forms["t2"] == "v2019" {
			zh = "规范性文件"
		}
		row := []gridCell{label(g.rowLabel(zh), 1, 1)}
		for i, c := range columns {
			cell := figure(t.ID, r.ID, c.ID)
			cell.cols = wide(i)
			row = append(row, cell)
		}
		b.rows = append(b.rows, row)
	}
	if g.has("t2.padded") && !g.has("t2.narrow") {
		for y := range b.rows {
			for len(b.rows[y]) < 4 {
				b.rows[y] = append(b.rows[y], label("", 1, 1))
			}
		}
	}
	if g.has("t2.remark") {
		b.rows[0] = append(b.rows[0], heading("备注", 1, 1))
		for y := range b.rows[1:] {
			b.rows[y+1] = append(b.rows[y+1], label("", 1, 1))
		}
	}
	switch item := pick(g, "item", t.ZH, t.ZH, strings.NewReplacer("（", "(", "）", ")").Replace(t.ZH)); {
	case g.has("t2.noitem"):
	case g.has("t2.itembeside"):
		rows := len(b.rows)
		if g.has("t2.badspan") {
			rows = max(1, rows-1)
		}
		b.rows[0] = append([]gridCell{label(item, rows, 1)}, b.rows[0]...)
	case g.has("t2.itemabove"):
		b.above = []string{item}
	default:
		b.rows = append([][]gridCell{{label(item, 1, 4)}}, b.rows...)
	}
	return b
}

func (g *generator) columnLabel(table string, c form.Column) string {
	zh := c.ZH
	if g.has("head.yuan") {
		zh = strings.ReplaceAll(zh, "万元", "元")
	}
	if table == "t2.art20_1" && g.has("head.new") {
		zh = strings.NewReplacer("对外公开总数量", "对外公开总数量", "制作数量", "本年新制作数量", "公开数量", "本年新公开数量", "本年制发件数", "本年制发数",
			"现行有效件数", "现行有效件").Replace(zh)
	}
	if g.has("head.units") && !strings.Contains(zh, "单位") && c.ID != "amount" {
		zh += "（" + c.Unit + "）"
	}
	return zh
}

// tables3 makes table 3: labels in three columns, seven figures.
func (g *generator) tables3() []grid {
	top := g.head3()
	body, cut := g.body3()
	whole := grid{heads: len(top), rows: slices.Concat(top, body)}
	if !g.has("t3.split") {
		return []grid{whole}
	}
	first := grid{heads: len(top), rows: slices.Concat(top, body[:cut])}
	second := grid{rows: body[cut:]}
	if g.has("t3.splithead") {
		second = grid{heads: len(top), rows: slices.Concat(top, body[cut:])}
	}
	return []grid{first, second}
}

func (g *generator) head3() [][]gridCell {
	note := "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
	if g.has("t3.nonote") {
		note = ""
	}
	named := map[string]string{}
	for _, c := range g.columns("t3", g.forms["t3"]) {
		named[c.ID] = g.cellVariant(g.columnLabel("t3", c))
	}
	top := [][]gridCell{
		{heading(note, 3, g.labels3()), heading("申请人情况", 1, 7)},
		{heading(named["natural"], 2, 1), heading("法人或其他组织", 1, 5), heading(named["total"], 2, 1)},
		{},
	}
	for _, id := range []string{"business", "research", "public_interest", "legal_service", "other_org"} {
		top[2] = append(top[2], heading(named[id], 1, 1))
	}
	if g.has("t3.badhead") {
		top[1][1].cols = 4
	}
	if g.has("t3.shorthead") {
		top[1] = append([]gridCell{top[0][0]}, top[1]...)
		top[1][0].rows = 2
		top = top[1:]
	}
	if g.has("t3.ordinals") {
		top[0] = append([]gridCell{heading("序号", len(top), 1)}, top[0]...)
	}
	if g.has("t3.remark") && !g.has("t3.shorthead") {
		top[0] = append(top[0], heading("备注", 3, 1))
	}
	return top
}

// labels3 is how many columns the labels have.
func (g *generator) labels3() int {
	if g.has("t3.nogroups") || g.has("t3.groupline") {
		return 1
	}
	return 3
}

// body3 makes the rows, and says before which the table may be cut in two: spans are made for the halves.
func (g *generator) body3() (body [][]gridCell, cut int) {
	rows := g.rows("t3", g.forms["t3"])
	schema := form.Schema().Table("t3")
	parent := func(id string) (zh string) {
		for _, r := range schema.Rows {
			if r.ID == id {
				zh = r.ZH
			}
		}
		return zh
	}
	group := func(id string) string { // the group a row stands in, or ""
		p := id[:strings.LastIndex(id, ".")]
		if p == "r3" {
			return ""
		}
		return p
	}
	outcome := func(id string) bool { return strings.HasPrefix(id, "r3.") }
	cutAt := pick(g, "t3.split", "r3.4.1", "r3.5.1", "r3.7", "r4")
	halves := g.has("t3.split")
	part := func(i int) int { // the half that row i is in
		at := slices.IndexFunc(rows, func(r form.Row) bool { return r.ID == cutAt })
		if halves && i >= at {
			return 1
		}
		return 0
	}
	span := func(from int, same func(id string) bool) int {
		n := 0
		for i := from; i < len(rows) && same(rows[i].ID) && part(i) == part(from); i++ {
			n++
		}
		return n
	}
	seen := map[string]bool{}
	for i, r := range rows {
		if r.ID == cutAt {
			cut = len(body)
		}
		var row []gridCell
		own := label(g.rowLabel(r.ZH), 1, 1)
		mark := fmt.Sprint(part(i))
		switch {
		case !outcome(r.ID):
			own.cols = g.labels3()
		case g.has("t3.nogroups"), g.has("t3.groupline"):
			for _, head := range []string{"r3", group(r.ID)} {
				if head != "" && !seen[head] {
					seen[head] = true
					lone := []gridCell{label(g.rowLabel(parent(head)), 1, 1)}
					for range 7 {
						lone = append(lone, label("", 1, 1))
					}
					if g.has("t3.groupline") {
						lone = []gridCell{label(g.rowLabel(parent(head)), 1, 8)}
					}
					if g.has("t3.ordinals") {
						lone = append([]gridCell{label("", 1, 1)}, lone...)
					}
					body = append(body, lone)
				}
			}
		default:
			if !seen["r3"+mark] {
				seen["r3"+mark] = true
				row = append(row, label(g.rowLabel(parent("r3")), span(i, outcome), 1))
			}
			p := group(r.ID)
			switch {
			case p == "":
				own.cols = 2
			case g.has("t3.repeated"):
				row = append(row, label(g.rowLabel(parent(p)), 1, 1))
			case !seen[p+mark]:
				seen[p+mark] = true
				rows := span(i, func(id string) bool { return outcome(id) && group(id) == p })
				if g.has("t3.badspan") && p == "r3.3" {
					rows--
				}
				row = append(row, label(g.rowLabel(parent(p)), rows, 1))
			}
		}
		row = append(row, own)
		for _, c := range g.columns("t3", g.forms["t3"]) {
			row = append(row, figure("t3", r.ID, c.ID))
		}
		if g.has("t3.ordinals") {
			row = append([]gridCell{label(fmt.Sprint(i+1), 1, 1)}, row...)
		}
		if g.has("t3.remark") && !g.has("t3.shorthead") {
			row = append(row, label(pick(g, "remark", "", "", "", "无", "申请人撤销"), 1, 1))
		}
		body = append(body, row)
	}
	return body, cut
}

// tables4 makes table 4.
func (g *generator) tables4() []grid {
	leaves := func(group string, rows int) (cells, figures []gridCell) {
		for _, c := range g.columns("t4", g.forms["t3"]) {
			if c.Parent == group {
				zh := c.ZH
				if g.has("head.cut") {
					zh = map[string]string{"结果纠正": "结果", "其他结果": "其他", "尚未审结": "尚未"}[zh]
					zh = strings.TrimSpace(zh)
					if zh == "" {
						zh = c.ZH
					}
				}
				cells = append(cells, heading(zh, rows, 1))
				figures = append(figures, figure("t4", "cases", c.ID))
			}
		}
		return cells, figures
	}
	review, reviewFigures := leaves("review", 2)
	direct, directFigures := leaves("lit_direct", 1)
	after, afterFigures := leaves("lit_after", 1)
	litigation := [][]gridCell{{heading("未经复议直接起诉", 1, 5), heading("复议后起诉", 1, 5)}, slices.Concat(direct, after), slices.Concat(directFigures, afterFigures)}
	if g.has("t4.split3") {
		var grids []grid
		for i, cells := range [][]gridCell{review, direct, after} {
			for j := range cells {
				cells[j].rows = 1
			}
			name := []string{"行政复议", "未经复议直接起诉", "复议后起诉"}[i]
			grids = append(grids, grid{heads: 2, rows: [][]gridCell{{heading(name, 1, 5)}, cells, [][]gridCell{reviewFigures, directFigures, afterFigures}[i]}})
		}
		return grids
	}
	if g.has("t4.split") {
		for i := range review {
			review[i].rows = 1
		}
		return []grid{
			{heads: 2, rows: [][]gridCell{{heading("行政复议", 1, 5)}, review, reviewFigures}},
			{heads: 3, rows: slices.Concat([][]gridCell{{heading("行政诉讼", 1, 10)}}, litigation)},
		}
	}
	wide := 5
	if g.has("t4.badhead") {
		wide = 4
	}
	t := grid{heads: 3, rows: [][]gridCell{
		{heading("行政复议", 1, wide), heading("行政诉讼", 1, 10)},
		slices.Concat(review, litigation[0]), litigation[1],
		slices.Concat(reviewFigures, litigation[2]),
	}}
	if g.has("t4.label") {
		t.rows[0] = append([]gridCell{heading("项目", 3, 1)}, t.rows[0]...)
		t.rows[3] = append([]gridCell{label("件数", 1, 1)}, t.rows[3]...)
	}
	return []grid{t}
}

// markup renders a grid.
func (g *generator) markup(t grid) string {
	var b strings.Builder
	for _, s := range t.above {
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(s))
	}
	tag := func(s string) string {
		if g.has("table.upper") {
			return strings.ToUpper(s)
		}
		return s
	}
	open := tag("table")
	if g.has("table.attributes") {
		open += pick(g, "attributes", ` border="1" cellspacing="0" cellpadding="0"`, ` CLASS=MsoNormalTable BORDER=1 STYLE='border-collapse:collapse;mso-yfti-tbllook:480'`,
			` width="100%" style="width:618.0pt;border:none" align=center`, ` data-sort="sortDisabled" class="q_tb firstRow"`)
	}
	fmt.Fprintf(&b, "<%s>\n", open)
	if g.has("table.caption") {
		b.WriteString("<caption>" + pick(g, "caption", "附表", "统计表", "单位：件") + "</caption>")
	}
	if g.has("table.col") {
		b.WriteString(`<colgroup><col width="72" span="2"><col width=60></colgroup>`)
	}
	if g.has("table.stray") {
		b.WriteString("<p>单位：件</p>")
	}
	body := !g.has("table.nobody")
	for y, row := range t.rows {
		switch {
		case y == 0 && g.has("table.thead") && t.heads > 0:
			b.WriteString("<thead>")
		case y == t.heads && g.has("table.thead") && t.heads > 0:
			b.WriteString("</thead>")
			fallthrough
		case y == 0 && body:
			b.WriteString("<" + tag("tbody") + ">")
		}
		if y > t.heads && len(row) < 12 && row[len(row)-1].figure[0] != "" && row[0].rows == 1 && g.often("table.hiddenrow", 0.1) {
			b.WriteString(g.hiddenRow(row))
		}
		b.WriteString("<" + tag("tr") + g.rowAttributes() + ">")
		if g.has("table.hiddencell") {
			b.WriteString(fmt.Sprintf(`<td style="display:none">%d</td>`, y))
		}
		for _, c := range row {
			b.WriteString(g.cellMarkup(c, tag))
		}
		if !g.has("table.unclosed") {
			b.WriteString("</" + tag("tr") + ">")
		}
		b.WriteString("\n")
	}
	if g.has("table.emptyrows") { // at the end, where no span counts it
		b.WriteString("<tr></tr>\n")
	}
	if g.has("table.misaligned") { // Word's last row, which only sets widths
		b.WriteString(`<![if !supportMisalignedColumns]><tr height=0>`)
		for range t.width() {
			b.WriteString(`<td width=57 style='border:none'></td>`)
		}
		b.WriteString("</tr><![endif]>")
	}
	if g.has("table.tfoot") {
		fmt.Fprintf(&b, `<tfoot><tr><td colspan="%d">注：以上数据统计至年末。</td></tr></tfoot>`, t.width())
	}
	fmt.Fprintf(&b, "</%s>\n", tag("table"))
	if g.has("table.wrapped") {
		return pick(g, "wrapped", "<div style=\"overflow-x:auto\">"+b.String()+"</div>", "<center>"+b.String()+"</center>", "<div><div>"+b.String()+"</div></div>",
			"<table width=100%><tr><td>"+b.String()+"</td></tr></table>")
	}
	return b.String()
}

// hiddenRow is a row that scripts copy and nobody sees.
func (g *generator) hiddenRow(row []gridCell) string {
	var b strings.Builder
	b.WriteString(`<tr style="display:none">`)
	for _, c := range row {
		if c.figure[0] != "" {
			c.text = "0"
		}
		fmt.Fprintf(&b, `<td colspan="%d">%s</td>`, c.cols, html.EscapeString(c.text))
	}
	return b.String() + "</tr>\n"
}

func (t grid) width() int {
	n := 0
	for _, row := range t.rows {
		w := 0
		for _, c := range row {
			w += c.cols
		}
		n = max(n, w)
	}
	return n
}

func (g *generator) rowAttributes() string {
	if !g.has("table.attributes") {
		return ""
	}
	return pick(g, "tr", "", ` style='mso-yfti-irow:3;height:22.7pt'`, ` class="firstRow"`, " align=center")
}

func (g *generator) cellMarkup(c gridCell, tag func(string) string) string {
	name := tag("td")
	if c.head && (g.has("table.th") || g.has("table.thead")) || c.figure[0] == "" && g.often("table.th", 0.3) {
		name = tag("th")
	}
	attributes := ""
	for _, s := range []struct {
		name string
		n    int
	}{{"colspan", c.cols}, {"rowspan", c.rows}} {
		if s.n > 1 {
			attributes += g.spanAttribute(s.name, s.n)
		}
	}
	inner := ""
	if c.figure[0] != "" {
		inner = g.wrapCell(g.figureMarkup(c.figure))
	} else {
		inner = g.wrapCell(g.labelMarkup(c))
	}
	end := "</" + name + ">"
	if g.has("table.unclosed") {
		end = ""
	}
	return "<" + name + attributes + ">" + inner + end
}

func (g *generator) spanAttribute(name string, n int) string {
	if g.has("table.upper") {
		name = strings.ToUpper(name)
	}
	if g.often("table.spanspace", 0.5) {
		return fmt.Sprintf(` %s=" %d "`, name, n)
	}
	return pick(g, "quotes", fmt.Sprintf(` %s="%d"`, name, n), fmt.Sprintf(" %s=%d", name, n), fmt.Sprintf(" %s='%d'", name, n))
}
