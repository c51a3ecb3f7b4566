package extract_test

import (
	"slices"
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/extract/form"
)

// t4Head is the head of table 4 as the form has it.
var t4Head = `<tr><td colspan=5>行政复议<td colspan=10>行政诉讼</tr>
<tr><td rowspan=2>结果维持<td rowspan=2>结果纠正<td rowspan=2>其他结果<td rowspan=2>尚未审结<td rowspan=2>总计<td colspan=5>未经复议直接起诉<td colspan=5>复议后起诉</tr>
<tr>` + strings.Repeat(`<td>结果维持<td>结果纠正<td>其他结果<td>尚未审结<td>总计`, 2) + `</tr>`

const t4Row = `<tr><td>1<td>0<td>0<td>0<td>1<td>2<td>0<td>0<td>0<td>2<td>3<td>0<td>0<td>0<td>3</tr>`

// t2Rows wraps rows in table 2's block on documents.
func t2Rows(rows string) string {
	return `<table><tr><td>信息内容<td>本年制发件数<td>本年废止件数<td>现行有效件数</tr>` + rows + `</table>`
}

func t2Fees(head, cell string) string {
	return `<table><tr><td>信息内容<td>` + head + `</tr><tr><td>行政事业性收费<td>` + cell + `</tr></table>`
}

// t14Annex is an annex of ten rows under a head; cells makes the cells behind a label from the row's number.
func t14Annex(head string, cells func(n string) string) string {
	var b strings.Builder
	b.WriteString(`<table><tr><td>统计指标` + head + `</tr><tr><td>一、主动公开情况</tr>`)
	for i, label := range [...]string{"（一）主动公开政府信息数", "其中：主动公开规范性文件数", "制发规范性文件总数", "1.政府公报公开政府信息数",
		"2.政府网站公开政府信息数", "3.政务微博公开政府信息数", "4.政务微信公开政府信息数", "5.其他方式公开政府信息数"} {
		b.WriteString(`<tr><td>` + label + cells(string(rune('1'+i))) + `</tr>`)
	}
	return b.String() + `</table>`
}

// TestDoubts reads pages on which a reader would be tempted to a wrong figure that looks right. Each was one once.
func TestDoubts(t *testing.T) {
	for _, test := range []struct {
		name           string
		t2, t4, after  string   // tables of sections 2 and 4, and what follows section 6
		title          string   // when it is not that of 2021
		figure         []string // table, row, column
		value, unit    string   // of that figure; "" and "-" when it must not be there, or must have no value
		problem        string   // a kind that must be reported; "" for none of the kinds that touch figures
		blankInsteadOf bool
	}{
		{name: "fee in yuan", t2: t2Fees("本年收费金额（元）", "73"), figure: []string{"t2.art20_8", "fees", "amount"}, value: "73", unit: "元"},
		{name: "fee in thousands", t2: t2Fees("本年收费金额（单位：千元）", "73"), figure: []string{"t2.art20_8", "fees", "amount"}, value: "73", unit: "千元"},
		{name: "unit above the table", t2: `<p>单位：元</p>` + t2Fees("本年收费金额", "73"), figure: []string{"t2.art20_8", "fees", "amount"}, value: "73", unit: "元"},
		{name: "unit nowhere", t2: t2Fees("本年收费金额", "73"), figure: []string{"t2.art20_8", "fees", "amount"}, value: "73", problem: "unit"},
		{name: "one cell under three heads", t2: t2Rows(`<tr><td>规章<td colspan=3>31</tr>`), figure: []string{"t2.art20_1", "regulations", "valid"}, unit: "-", problem: "alignment"},
		{name: "value of the row above", t2: `<table><tr><td>信息内容<td>本年处理决定数量</tr><tr><td>行政处罚<td rowspan=2>59</tr><tr><td>行政强制<td>66</tr></table>`,
			figure: []string{"t2.art20_6", "coercion", "decisions"}, unit: "-", problem: "alignment"},
		{name: "last year's column", t2: `<table><tr><td>信息内容<td>上年制发件数<td>本年制发件数</tr><tr><td>规章<td>9<td>4</tr></table>`,
			figure: []string{"t2.art20_1", "regulations", "made"}, value: "4", unit: "件", problem: "column"},
		{name: "picture in a cell", t2: t2Rows(`<tr><td>规章<td><img src="7.png"><td>0<td>0</tr>`), figure: []string{"t2.art20_1", "regulations", "made"}, unit: "-", problem: "cell"},
		{name: "struck out by style", t2: t2Rows(`<tr><td>规章<td><span style="text-decoration:line-through">9</span>7<td>0<td>0</tr>`), figure: []string{"t2.art20_1", "regulations", "made"}, value: "7", unit: "件"},
		{name: "broken thousands", t2: t2Rows(`<tr><td>规章<td>1,,234<td>0<td>0</tr>`), figure: []string{"t2.art20_1", "regulations", "made"}, unit: "-", problem: "cell"},
		{name: "money among cases", t2: t2Rows(`<tr><td>规章<td>12元<td>0<td>0</tr>`), figure: []string{"t2.art20_1", "regulations", "made"}, value: "12", unit: "元", problem: "domain"},
		{name: "two years in rows", t4: `<table>` + t4Head + strings.ReplaceAll(t4Row, "<td>1", "<td>5") + t4Row + `</table>`, figure: []string{"t4", "cases", "lit_after.upheld"}, value: "3", unit: "件", problem: "conflict"},
		{name: "columns numbered", t4: `<table>` + t4Head + `<tr><td>1<td>2<td>3<td>4<td>5<td>6<td>7<td>8<td>9<td>10<td>11<td>12<td>13<td>14<td>15</tr>` + t4Row + `</table>`,
			figure: []string{"t4", "cases", "lit_after.total"}, value: "3", unit: "件"},
		{name: "all blank", t4: `<table>` + t4Head + `<tr>` + strings.Repeat(`<td>/`, 15) + `</tr></table>`, figure: []string{"t4", "cases", "review.total"}, unit: "件", blankInsteadOf: true},
		{name: "none, once for all", t4: `<table>` + t4Head + `<tr><td colspan=15>无</tr></table>`, figure: []string{"t4", "cases", "review.total"}, unit: "件", blankInsteadOf: true},
		{name: "last year's table at the end", after: `<p>附：2020年情况</p><table>` + t4Head + t4Row + `</table>`, figure: []string{"t4", "cases", "review.total"}, unit: "-", problem: "table"},
		{name: "annex with the year before", t2: t14Annex("<td>单位<td>2015年<td>2016年", func(n string) string { return "<td>条<td>99<td>" + n }), title: "某某县2016年政府信息公开工作年度报告",
			figure: []string{"t14", "a1.1", "value"}, value: "1", unit: "条"},
		{name: "annex with cumulated numbers first", t2: t14Annex("<td>单位<td>历年累计<td>本年度", func(n string) string { return "<td>条<td>99<td>" + n }), title: "某某县2016年政府信息公开工作年度报告",
			figure: []string{"t14", "a1.1", "value"}, value: "1", unit: "条"},
		{name: "annex with codes", t2: t14Annex("<td>代码<td>单位<td>统计数", func(n string) string { return "<td>88<td>条<td>" + n }), title: "某某县2016年政府信息公开工作年度报告",
			figure: []string{"t14", "a1.1", "value"}, value: "1", unit: "条"},
		{name: "annex with two numbers and no head", t2: t14Annex("", func(n string) string { return "<td>条<td>" + n + "<td>99" }), title: "某某县2016年政府信息公开工作年度报告",
			figure: []string{"t14", "a1.1", "value"}, value: "1", unit: "条", problem: "alignment"},
	} {
		t.Run(test.name, func(t *testing.T) {
			title := test.title
			if title == "" {
				title = "某某县2021年政府信息公开工作年度报告"
			}
			page := `<title>` + title + `</title><div id="zoom"><p>一、总体情况</p><p>二、主动公开政府信息情况</p>` + test.t2 +
				`<p>三、收到和处理政府信息公开申请情况</p><p>四、政府信息公开行政复议、行政诉讼情况</p>` + test.t4 +
				`<p>五、存在的主要问题及改进情况</p><p>六、其他需要报告的事项</p>` + test.after + `</div>`
			d, err := extract.Parse([]byte(page), "text/html; charset=utf-8", anywhere)
			if err != nil {
				t.Fatal(err)
			}
			r, err := extract.ReadReport(d, extract.Hints{Division: "330803"})
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(r.Figures, func(f form.Figure) bool {
				return f.Table == test.figure[0] && f.Row == test.figure[1] && f.Column == test.figure[2]
			})
			var got form.Figure
			if at >= 0 {
				got = r.Figures[at]
			}
			switch {
			case test.unit == "-":
				if got.Value != "" || got.Blank != "" {
					t.Errorf("got %+v, want no value", got)
				}
			case got.Value != test.value || got.Unit != test.unit || (got.Blank != "") != test.blankInsteadOf:
				t.Errorf("got %+v, want %q %s", got, test.value, test.unit)
			}
			kinds := map[string]bool{}
			for _, p := range r.Problems {
				kinds[p.Kind] = true
			}
			if test.problem != "" && !kinds[test.problem] {
				t.Errorf("no problem of kind %s: %+v", test.problem, r.Problems)
			}
			for _, quiet := range []string{"alignment", "cell", "conflict", "domain", "unit", "table", "label", "column", "row"} {
				if test.problem == "" && kinds[quiet] {
					t.Errorf("a problem of kind %s: %+v", quiet, r.Problems)
				}
			}
		})
	}
}

// TestSecondReport: two reports on one page are read as one and said; the same text twice, as for mobile screens, is
// nothing to say.
func TestSecondReport(t *testing.T) {
	report := func(year string) string {
		return `<h3>某某县` + year + `年报告</h3><p>一、总体情况</p><p>` + year + `年，本机关认真做好政府信息公开工作，主动公开信息若干条。</p>` +
			`<p>二、主动公开政府信息情况</p><p>三、收到和处理政府信息公开申请情况</p><p>四、政府信息公开行政复议、行政诉讼情况</p>` +
			`<p>五、存在的主要问题及改进情况</p><p>六、其他需要报告的事项</p><p>无。</p>`
	}
	for second, want := range map[string]bool{"2020": true, "2021": false} {
		page := `<title>某某县2021年政府信息公开工作年度报告</title><div id="zoom">` + report("2021") + report(second) + `</div>`
		d, err := extract.Parse([]byte(page), "text/html; charset=utf-8", anywhere)
		if err != nil {
			t.Fatal(err)
		}
		r, err := extract.ReadReport(d, extract.Hints{Division: "330803"})
		if err != nil {
			t.Fatal(err)
		}
		said := slices.ContainsFunc(r.Problems, func(p form.Problem) bool { return p.Kind == "conflict" })
		if said != want {
			t.Errorf("2021 and %s: said %v, want %v: %+v", second, said, want, r.Problems)
		}
	}
}
