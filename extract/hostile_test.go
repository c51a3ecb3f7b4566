package extract_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"gongkai/extract"
)

var anywhere = &url.URL{Scheme: "http", Host: "www.example.gov.cn", Path: "/a/b.html"}

// TestBombs reads pages made to hurt. Nothing is timed: a reader that is quadratic in them does not come back.
func TestBombs(t *testing.T) {
	rows := func(n int, row string) string { return strings.Repeat(row, n) }
	headings := "<p>一、总体情况</p><p>二、主动公开政府信息情况</p><p>三、收到和处理政府信息公开申请情况</p><p>四、政府信息公开行政复议、行政诉讼情况</p>"
	for name, page := range map[string]string{
		"deep":            rows(200_000, "<div>"),
		"deep formatting": headings + rows(100_000, "<font><b><span>") + "公开",
		"deep tables":     rows(300, "<table><tr><td>") + "公开",
		"rowspan":         headings + "<table>" + rows(2000, `<tr><td rowspan="65535" colspan="1000">1</td><td>2</td></tr>`) + "</table>",
		"rowspan digits":  headings + `<table><tr><td rowspan="999999999999999999999">自然人</td><td colspan="-3">商业企业</td></tr><tr><td>1</td></tr></table>`,
		"wide":            headings + "<table><tr>" + rows(50_000, "<td>1</td>") + "</tr><tr>" + rows(50_000, "<td>1</td>") + "</tr></table>",
		"long":            headings + "<table>" + rows(60_000, "<tr><td>1.属于国家秘密</td><td>1</td></tr>") + "</table>",
		"line":            headings + "<p>" + rows(400_000, "公开年报信息") + "</p>",
		"labels":          rows(50_000, "<p>索引号：发布日期：文号：</p>") + headings,
		"many headings":   rows(20_000, headings),
		"links":           rows(50_000, `<a href="/a.pdf">附件</a>`) + headings,
		"nul and junk":    headings + "<table><tr><td>\x00\xff\xfe</td><td>\U0010ffff</td></tr><tr><td>&#xd800;</td><td>&#99999999;</td></tr></table>",
		"bars":            headings + "<p>" + rows(100_000, "自然人|1|") + "</p>",
	} {
		t.Run(name, func(t *testing.T) {
			d, err := extract.Parse([]byte(page), "text/html; charset=utf-8", anywhere)
			if err != nil {
				return // refused, which is an answer
			}
			d.Links()
			d.Parts()
			if r, err := extract.ReadReport(d, extract.Hints{LinkTitle: "某某县2021年政府信息公开工作年度报告"}); err == nil {
				checkSound(t, r)
			}
		})
	}
}

// checkSound holds what is true of every report however odd the page.
func checkSound(t *testing.T, r *extract.Report) {
	t.Helper()
	if !utf8.ValidString(r.Title) || !utf8.ValidString(r.Text()) {
		t.Error("text is not UTF-8")
	}
	seen := map[[3]string]bool{}
	for _, f := range r.Figures {
		key := [3]string{f.Table, f.Row, f.Column}
		if seen[key] {
			t.Errorf("%v stands twice", key)
		}
		seen[key] = true
		if f.Value != "" && f.Blank != "" {
			t.Errorf("%v is blank and %q", key, f.Value)
		}
		if f.Value != "" && strings.Trim(f.Value, "0123456789.-") != "" {
			t.Errorf("%v = %q is no decimal", key, f.Value)
		}
	}
	if r.Quality == "" {
		t.Error("no quality")
	}
}

const smallReport = `<title>某某县2021年政府信息公开工作年度报告</title><script>createPageHTML(3,0,"b","html")</script>
<table><tr><th>索引号</th><td>330803/2021-46933</td><th>公开日期：</th><td>2022-01-29</td></tr><tr><td>文号</td><td></td><td>来源：</td><td>县府办</td></tr></table>
<div id=zoom><p>一、总体情况</p><p>收到申请1件，行政复议2件。</p><p>二、主动公开政府信息情况</p>
<table><tr><td colspan=4>第二十条第（一）项</td></tr><tr><td>信息内容</td><td>本年制发件数</td><td>本年废止件数</td><td>现行有效件数</td></tr><tr><td>规章</td><td>0</td><td>-</td><td>1,000</td></tr></table>
<p>三、收到和处理政府信息公开申请情况</p>
<table><tr><td colspan=3 rowspan=3><td colspan=7>申请人情况</tr><tr><td rowspan=2>自然人<td colspan=5>法人或其他组织<td rowspan=2>总计</tr>
<tr><td>商业企业<td>科研机构<td>社会公益组织<td>法律服务机构<td>其他</tr><tr><td colspan=3>一、本年新收政府信息公开申请数量<td>1<td><td>0<td>0<td>0<td>0<td>1</tr>
<tr><td rowspan=2>三、本年度办理结果<td rowspan=2>（六）其他处理<td>3.其他<td>0<td>0<td>0<td>0<td>0<td>0<td>0</tr></table>
<p>四、政府信息公开行政复议、行政诉讼情况</p><table><tr><td colspan=5>行政复议<td colspan=10>行政诉讼</tr><tr><td>结果维持<td>结果<td>其他<td>尚未<td>总计</tr><tr><td>0<td>0<td>0<td>0<td>0</tr></table>
<p>五、存在的主要问题及改进情况</p><p>六、其他需要报告的事项</p></div><a href=a.pdf>附件.pdf</a>`

// FuzzReadReport reads whatever bytes as a page and as a text.
func FuzzReadReport(f *testing.F) {
	// Small seeds: the fuzzer spends its time on shortening large ones.
	f.Add([]byte(smallReport), "text/html; charset=utf-8")
	f.Add([]byte("一、总体情况\n三、收到和处理政府信息公开申请情况\n自然人\n法人或其他组织\n总计\n商业企业\n科研机构\n社会公益组织\n法律服务机构\n其他\n"+
		"一、本年新收政府信息公开申请数量 | 1 | | 0 | 0 | 0 | 0 | 1 ||\n"), "text/plain")
	f.Add([]byte("<p>索 引 号：330803/2021-46933 发布日期：二〇二一年一月二日</p><iframe src=a.html></iframe>"), "")
	f.Add([]byte("<datastore><recordset><record><![CDATA[<a href=x>2021年政府信息公开年报</a>]]></record>"), "text/xml")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		h := extract.Hints{Division: "330803", LinkTitle: "某某县2021年政府信息公开工作年度报告"}
		for _, parse := range []func([]byte, string, *url.URL) (*extract.Document, error){extract.Parse, extract.ParseText} {
			d, err := parse(body, contentType, anywhere)
			if err != nil {
				continue
			}
			d.Links()
			d.Parts()
			if r, err := extract.ReadReport(d, h); err == nil {
				checkSound(t, r)
			}
		}
	})
}
