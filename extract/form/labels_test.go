package form

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html/atom"

	"gongkai/extract/markup"
)

// figuresOf reads tables, written in HTML, of a report of 2020.
func figuresOf(t *testing.T, page string) (map[string]Figure, []Problem) {
	t.Helper()
	root, styles, _, err := markup.ParsePage([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	var tables []*markup.Table
	for n := range root.Descendants() {
		if n.DataAtom == atom.Table {
			table := markup.NewTable(n, styles, markup.MaxSlots)
			tables = append(tables, table)
			table.Number = len(tables)
		}
	}
	f := Read(tables, 2020, func(func(string) bool) {})
	figures := map[string]Figure{}
	for _, fig := range f.Figures {
		figures[fig.Table+" "+fig.Row+" "+fig.Column] = fig
	}
	return figures, f.Problems
}

func kindsTold(problems []Problem) []string {
	var all []string
	for _, p := range problems {
		if p.Kind != "missing" && !slices.Contains(all, p.Kind) {
			all = append(all, p.Kind)
		}
	}
	return all
}

// row writes a table row of cells; a cell may begin with attributes and a ">".
func row(cells ...string) string {
	var b strings.Builder
	b.WriteString("<tr>")
	for _, c := range cells {
		if attributes, text, ok := strings.Cut(c, ">"); ok {
			b.WriteString("<td " + attributes + ">" + text + "</td>")
		} else {
			b.WriteString("<td>" + c + "</td>")
		}
	}
	return b.String() + "</tr>"
}

func TestExplainedLabels(t *testing.T) {
	for _, tt := range []struct {
		name, head, label string
		want              string // the value of the row's second figure
		told              []string
	}{
		{"plain", "本年增/减", "行政许可", "5", nil},
		{"row", "本年增/减", "行政许可（指依法实施的许可事项，含(变更)、延续）", "5", nil},
		{"column", "本年增/减（指2020年增加或减少的事项数，减用负值表示，如-8）", "行政许可", "5", nil},
		{"half-width", "本年增/减(含新设(不含下放)的事项)", "(五)行政许可(以办结数为准)", "5", nil},
		{"another year", "本年增/减（2019年）", "行政许可", "", []string{"column", "alignment"}},
		{"cumulated", "本年增/减（历年累计）", "行政许可", "", []string{"column", "alignment"}},
		{"no label of the form", "本年办件（指办结）", "行政许可", "", []string{"column", "alignment"}},
		{"a row of its own", "本年增/减", "行政确认（指资格确认）", "", []string{"row"}},
	} {
		page := "<table>" + row("信息内容（项目）", "上一年项目数量（指2019年事项数）", tt.head, "处理决定数量") + row("其他对外管理服务事项", "1", "2", "3") + row(tt.label, "8", "5", "93") + "</table>"
		figures, problems := figuresOf(t, page)
		if f := figures["t2.art20_5 licensing delta_items"]; f.Value != tt.want || !slices.Equal(kindsTold(problems), tt.told) {
			t.Errorf("%s: got %q, %v, want %q, %v", tt.name, f.Value, problems, tt.want, tt.told)
		}
		if f := figures["t2.art20_5 other_services prev_items"]; f.Value != "1" {
			t.Errorf("%s: the row beside it: %q", tt.name, f.Value)
		}
	}
}

// TestHeads: a head of several lines without rowspan, with blanks where nothing new is said, is read as one with it.
func TestHeads(t *testing.T) {
	t3 := []string{"自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计"}
	value := func(label string) string { return row(label, "1", "2", "0", "0", "0", "0", "3") }
	rows := value("一、本年新收政府信息公开申请数量") + value("二、上年结转政府信息公开申请数量") + value("三、本年度办理结果（一）予以公开")
	rows = strings.ReplaceAll(rows, "三、本年度办理结果（一）", "（一）")
	for name, head := range map[string]string{
		"one line":              row(append([]string{"申请人情况"}, t3...)...),
		"blanks below":          row("", "自然人", "colspan=5>法人或其他组织", "总计") + row("", "", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", ""),
		"three lines":           row("", "colspan=7>申请人情况") + row("", "自然人", "colspan=5>法人或其他组织", "总计") + row("", "", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", ""),
		"blanks beside a group": row("", "申请人情况", "", "", "", "", "", "") + row("", "自然人", "法人或其他组织", "", "", "", "", "总计") + row("", "", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "&nbsp;"),
		"explained":             row("", "自然人（含个体工商户）", "colspan=5>法人或其他组织", "总计（件）") + row("", "", "商业企业（指公司）", "科研机构", "社会公益组织", "法律服务机构", "其他（以上不含的）", ""),
	} {
		figures, problems := figuresOf(t, "<table>"+head+rows+"</table>")
		if len(figures) != 21 || figures["t3 r1 total"].Value != "3" || figures["t3 r3.1 business"].Value != "2" || figures["t3 r2 natural"].Value != "1" || len(kindsTold(problems)) > 0 {
			t.Errorf("%s: %d figures, %v", name, len(figures), problems)
		}
	}
	five := []string{"结果维持", "结果纠正", "其他结果", "尚未审结", "总计"}
	leaves := slices.Concat(five, five, five)
	numbers := []string{"1", "2", "3", "4", "10", "0", "1", "0", "0", "1", "0", "0", "2", "0", "2"}
	for name, head := range map[string]string{
		"spans": row("colspan=5>行政复议", "colspan=10>行政诉讼") + row("colspan=5>", "colspan=5>未经复议直接起诉", "colspan=5>复议后起诉") + row(leaves...),
		"blanks right": row("行政复议", "", "", "", "", "行政诉讼", "", "", "", "", "", "", "", "", "") +
			row("", "", "", "", "", "未经复议直接起诉", "", "", "", "", "复议后起诉", "", "", "", "") + row(leaves...),
		"explained": row("colspan=5>行政复议（含上级交办）", "colspan=10>行政诉讼") + row("colspan=5>", "colspan=5>未经复议直接起诉（指一审）", "colspan=5>复议后起诉") + row(leaves...),
	} {
		figures, problems := figuresOf(t, "<table>"+head+row(numbers...)+"</table>")
		if len(figures) != 15 || figures["t4 cases review.total"].Value != "10" || figures["t4 cases lit_direct.corrected"].Value != "1" || figures["t4 cases lit_after.other"].Value != "2" || len(kindsTold(problems)) > 0 {
			t.Errorf("%s: %d figures, %v", name, len(figures), problems)
		}
	}
	for name, head := range map[string]string{
		"blank below":   row("信息内容", "上一年项目数量", "本年增/减", "处理决定数量") + row("", "", "（减用负值表示）", ""),
		"two lines":     row("信息内容", "上一年", "本年", "处理决定") + row("", "项目数量", "增/减", "数量"),
		"units below":   row("信息内容", "上一年项目数量", "本年增/减", "处理决定数量") + row("", "（项）", "（项）", "（件）"),
		"group and two": row("信息内容", "colspan=2>项目", "处理决定数量") + row("", "上一年项目数量", "本年增/减", ""),
	} {
		figures, problems := figuresOf(t, "<table>"+head+row("行政许可", "8", "-5", "93")+"</table>")
		if figures["t2.art20_5 licensing prev_items"].Value != "8" || figures["t2.art20_5 licensing delta_items"].Value != "-5" || figures["t2.art20_5 licensing decisions"].Value != "93" || len(kindsTold(problems)) > 0 {
			t.Errorf("%s: %v, %v", name, figures, problems)
		}
	}
}

// TestColumnOfUnits: of a table of no statutory form, a column of units is the unit, and no part of the label.
func TestColumnOfUnits(t *testing.T) {
	figures, _ := figuresOf(t, "<table>"+row("统计指标", "单位", "2020年", "历年累计")+row("主动公开信息数", "条", "12", "34")+row("其中：网站公开数", "篇次", "5", "6")+row("收取的费用", "万元", "0.5", "7")+"</table>")
	for key, want := range map[string]string{"主动公开信息数 2020年": "12 条", "其中：网站公开数 历年累计": "6 篇次", "收取的费用 2020年": "0.5 万元"} {
		if f := figures["other.1 "+key]; f.Value+" "+f.Unit != want {
			t.Errorf("%s: got %s %s, want %s", key, f.Value, f.Unit, want)
		}
	}
	if len(figures) != 6 {
		t.Errorf("%v", figures)
	}
}
