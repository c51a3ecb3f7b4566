package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"gongkai/extract"
)

// sixSections is a report whose third section and whose sixth have something in them.
func sixSections(t *testing.T, third, sixth string) *extract.Report {
	t.Helper()
	page := `<title>某某县2021年政府信息公开工作年度报告</title><div id="zoom"><p>一、总体情况</p><p>二、主动公开政府信息情况</p>
<p>三、收到和处理政府信息公开申请情况</p>` + third + `<p>四、政府信息公开行政复议、行政诉讼情况</p>
<p>五、存在的主要问题及改进情况</p><p>六、其他需要报告的事项</p>` + sixth + `</div>`
	d, err := extract.Parse([]byte(page), "text/html; charset=utf-8", anywhere)
	if err != nil {
		t.Fatal(err)
	}
	r, err := extract.ReadReport(d, extract.Hints{Division: "330803"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func valueOf(r *extract.Report, table, row, column string) string {
	for _, f := range r.Figures {
		if f.Table == table && f.Row == row && f.Column == column {
			return f.Value
		}
	}
	return "none"
}

func problemOf(r *extract.Report, kind, words string) bool {
	for _, p := range r.Problems {
		if p.Kind == kind && strings.Contains(p.Detail, words) {
			return true
		}
	}
	return false
}

// TestTwoTotals: of two columns that are called a total that is the total of table 3 whose sums agree, wherever it stands.
func TestTwoTotals(t *testing.T) {
	const people, bodies = 5, 1 + 2 + 3 + 4 + 6
	for name, c := range map[string]struct {
		heads string
		cells []int
	}{
		"subtotal first": {"<td>自然人<td>商业企业<td>科研机构<td>社会公益组织<td>法律服务机构<td>其他<td>总计<td>总计", []int{people, 1, 2, 3, 4, 6, bodies, people + bodies}},
		"subtotal last":  {"<td>自然人<td>商业企业<td>科研机构<td>社会公益组织<td>法律服务机构<td>其他<td>总计<td>总计", []int{people, 1, 2, 3, 4, 6, people + bodies, bodies}},
	} {
		var b strings.Builder
		b.WriteString("<table><tr><td>申请人情况" + c.heads + "</tr>")
		for _, row := range []string{"一、本年新收政府信息公开申请数量", "二、上年结转政府信息公开申请数量"} {
			b.WriteString("<tr><td>" + row)
			for _, n := range c.cells {
				fmt.Fprintf(&b, "<td>%d", n)
			}
			b.WriteString("</tr>")
		}
		r := sixSections(t, b.String()+"</table>", "")
		for _, row := range []string{"r1", "r2"} {
			if got, want := valueOf(r, "t3", row, "total"), fmt.Sprint(people+bodies); got != want {
				t.Errorf("%s: the total of %s is %s, want %s", name, row, got, want)
			}
			if got := valueOf(r, "t3", row, "natural"); got != fmt.Sprint(people) {
				t.Errorf("%s: %s natural persons of %s", name, got, row)
			}
		}
		if !problemOf(r, "label", "called a total") {
			t.Errorf("%s: no doubt: %+v", name, r.Problems)
		}
	}
}

// TestOutsideItsSection: a statutory table that stands elsewhere is read, and said to.
func TestOutsideItsSection(t *testing.T) {
	table := `<table>` + t4Head + t4Row + `</table>`
	r := sixSections(t, "", table)
	if got := valueOf(r, "t4", "cases", "lit_after.upheld"); got != "3" || !problemOf(r, "table", "outside its section") {
		t.Errorf("in section 6: %s, %+v", got, r.Problems)
	}
	if r = sixSections(t, table, ""); problemOf(r, "table", "outside its section") {
		t.Errorf("in section 3: %+v", r.Problems)
	}
}
