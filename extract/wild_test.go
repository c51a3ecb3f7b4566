package extract

import (
	"gongkai/extract/form"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// A plainPage is a report with what metadata and text a test is about.
func plainPage(t *testing.T, host, head, title, info, text, cell string) (*Report, error) {
	t.Helper()
	row := `<td>` + cell + `<td>` + cell + `<td>` + cell + `</tr>`
	page := `<head>` + head + `<title>` + title + `</title></head><h1>` + title + `</h1>` + info + `<div id="zoom"><p>一、总体情况</p><p>` + text + `</p>` +
		`<p>二、主动公开政府信息情况</p><table><tr><td>信息内容<td>本年制发件数<td>本年废止件数<td>现行有效件数</tr><tr><td>规章` + row + `<tr><td>行政规范性文件` + row + `</table>` +
		`<p>三、收到和处理政府信息公开申请情况</p><p>四、政府信息公开行政复议、行政诉讼情况</p><p>五、存在的主要问题及改进情况</p><p>六、其他需要报告的事项</p><p>无。</p></div>`
	d, err := Parse([]byte(page), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: host, Path: "/1.html"})
	if err != nil {
		t.Fatal(err)
	}
	return ReadReport(d, Hints{Agency: "衢江区人民政府", Division: "330803"})
}

// TestNumbersOfNone: what stands for the number of a document that has none is no number.
func TestNumbersOfNone(t *testing.T) {
	for value, want := range map[string]string{
		"无": "", "无〔〕号": "", "/": "", "／": "", "—": "", "－－": "", "--": "", "〔〕号": "", "〔 〕 号": "", "[]号": "", "（）号": "", "无文号": "", "暂无文号": "", "号": "", "第号": "",
		"衢江政办〔〕号": "", "无〔〕第号": "", "******": "",
		"衢江政办〔2022〕3号": "衢江政办〔2022〕3号", "〔2022〕3号": "〔2022〕3号", "衢江政办发〔二〇二二〕三号": "衢江政办发〔二〇二二〕三号", "第3号": "第3号", "无锡政办〔2022〕1号": "无锡政办〔2022〕1号",
	} {
		for _, block := range []string{"<table><tr><td>索引号</td><td>330803/2021-00001</td><td>文 号</td><td>" + value + "</td></tr></table>", "<p>文号：" + value + "</p>"} {
			r, err := plainPage(t, "www.qjq.gov.cn", "", "衢江区财政局2021年政府信息公开工作年度报告", block, "", "0")
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Field("doc_no"); got != want {
				t.Errorf("文号 %q: got %q, want %q", value, got, want)
			}
		}
	}
}

func TestIndexNumbers(t *testing.T) {
	for value, doubt := range map[string]bool{
		"014717475N/2023-0040295": false, "11341702486344515H/202110-00013": false, "za779940273-2023-000071": false, "330803-003/2022-47148": false, "JX0010-0202-2022-0001": false,
		"无索引": true, "公开日期": true, "2021年，我局主动公开信息3条。": true,
	} {
		r, err := plainPage(t, "www.qjq.gov.cn", "", "衢江区财政局2021年政府信息公开工作年度报告", "<table><tr><td>索引号</td><td>"+value+"</td><td>公开方式</td><td>主动公开</td></tr></table>", "", "0")
		if err != nil {
			t.Fatal(err)
		}
		got := slices.ContainsFunc(r.Problems, func(p form.Problem) bool { return p.Kind == "index_no" })
		if got != (doubt && r.Field("index_no") != "") || r.Field("index_no") == "" && value != "公开日期" {
			t.Errorf("%q (%q): in doubt %v, want %v", value, r.Field("index_no"), got, doubt)
		}
	}
}

func TestSiteDomains(t *testing.T) {
	for domains, mirror := range map[string]bool{
		"www.qjq.gov.cn,www.example.gov.cn": false, "www.example.gov.cn，www.qjq.gov.cn": false, "http://www.example.gov.cn/;http://www.qjq.gov.cn/": false,
		"www.example.gov.cn www.qjq.gov.cn": false, "www.example.gov.cn、qjq.gov.cn": false, "www.qjq.gov.cn": false,
		"www.example.gov.cn": true, "www.example.gov.cn,www.example2.gov.cn": true,
	} {
		r, err := plainPage(t, "www.qjq.gov.cn", `<meta name="SiteDomain" content="`+domains+`">`, "衢江区财政局2021年政府信息公开工作年度报告", "", "", "0")
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(r.Problems, func(p form.Problem) bool { return p.Kind == "mirror" }); got != mirror {
			t.Errorf("%q: mirror %v, want %v", domains, got, mirror)
		}
	}
}

// TestYearInProse: a headline without a year takes that of which the text says what was done in it.
func TestYearInProse(t *testing.T) {
	for _, tt := range []struct {
		text, info string
		want       int
	}{
		{"2020年度我街办认真贯彻《条例》。", "", 2020},
		{"2020年，我局主动公开信息3条。", "", 2020},
		{"2020年全区各单位公开信息。", "", 2020},
		{"2020年，衢江区财政局认真贯彻《条例》。", "", 2020},
		{"2020年，我局主动公开。2020年以来，全区公开。", "", 2020},
		{"本报告统计期限自2020年1月1日至2020年12月31日。2021年，我局将改进。", "", 2020},
		{"2020年，我局主动公开信息3条。2021年，我局将进一步改进。", "<p>发布日期：2021-01-20</p>", 2020},
		{"2020年，我局主动公开信息3条。2021年，我局将进一步改进。", "", 0},
		{"2019年，我局主动公开信息2条；2020年，我局主动公开信息3条。", "", 0},
		{"2021年，我局将进一步改进。2020年，我局主动公开。", "<p>发布日期：2020-12-30</p>", 2020},
		{"根据2008年5月1日施行的《条例》，公开信息。", "", 0},
		{"依照2019年修订的《条例》认真公开信息。", "", 0},
		{"", "<p>发布日期：2021-01-20</p>", 0},
	} {
		r, err := plainPage(t, "www.qjq.gov.cn", "", "衢江区财政局政府信息公开工作年度报告", tt.info, tt.text, "0")
		if err != nil {
			t.Fatal(err)
		}
		doubt := slices.ContainsFunc(r.Problems, func(p form.Problem) bool { return p.Kind == "year" })
		if r.Year != tt.want || doubt != (tt.want == 0) {
			t.Errorf("%q: got %d, in doubt %v, want %d", tt.text, r.Year, doubt, tt.want)
		}
	}
}

// TestBlankForm: the form that a notice prints is no report; a report without a number is one.
func TestBlankForm(t *testing.T) {
	for _, tt := range []struct {
		title, info, cell string
		report            bool
	}{
		{"中华人民共和国政府信息公开工作年度报告格式", "", "", false},
		{"政府信息公开工作年度报告格式（2021年版）", "", "", false},
		{"2021年政府信息公开工作年度报告模板", "", "&nbsp;", false},
		{"关于印发《政府信息公开工作年度报告格式》的通知", "", "", false},
		{"关于做好2021年政府信息公开工作年度报告编制工作的通知", "", "", false},
		{"关于做好2021年政府信息公开工作年度报告编制工作的通知", "<p>××局2021年政府信息公开工作年度报告</p>", "", false},
		{"政府信息公开", "", "", false},
		{"衢江区财政局2021年政府信息公开工作年度报告", "", "", true},
		{"衢江区财政局2021年政府信息公开工作年度报告", "", "0", true},
		{"政府信息公开", "", "0", true},
	} {
		r, err := plainPage(t, "www.qjq.gov.cn", "", tt.title, tt.info, strings.Repeat("说明。", 5), tt.cell)
		if (err == nil) != tt.report {
			t.Errorf("%s %s %q: %+v %v, want a report: %v", tt.title, tt.info, tt.cell, r, err, tt.report)
		}
	}
}
