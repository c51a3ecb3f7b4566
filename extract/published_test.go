package extract

import (
	"gongkai/extract/form"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPublished: the day of publication, among all the other dates that stand on pages.
func TestPublished(t *testing.T) {
	const day = "2022-01-29"
	seen := time.Date(2026, time.November, 28, 13, 5, 0, 0, time.UTC)
	for _, tt := range []struct {
		what             string
		head, info, foot string
		want, where      string
		problem          bool
	}{
		{what: "label", info: "<p>发布日期：2022-01-29 浏览次数：</p>", want: day},
		{what: "of one kind", info: "<p>公布时间：2022年1月29日</p>", want: day},
		{what: "full width", info: "<p>发布时间：２０２２－０１－２９</p>", want: day},
		{what: "only 时间", info: "<p>时间：2022/1/29 10:05:00</p>", want: day},
		{what: "only 日期", info: "<p>日期：2022.01.29</p>", want: day},
		{what: "only 时间, behind a value", info: "<p>来源：衢江区财政局时间：2022-01-29</p>", want: day},
		{what: "in spans", info: "<p>发布日期：<span>2022</span>-<span>01</span>-<span>29</span></p>", want: day},
		{what: "apart", info: "<ul><li>发布日期</li><li>2022-01-29</li></ul>", want: day},
		{what: "updated, without a label", info: "<p>更新于 2023-06-01</p>"},
		{what: "update beside", info: "<p>更新时间：2023-06-01　发布时间：2022-01-29</p>", want: day},
		{what: "update behind", info: "<p>发布时间：2022-01-29 更新时间：2023-06-01</p>", want: day},
		{what: "update beside, run together", info: "<p>来源：衢江区财政局更新时间：2023-06-01发布时间：2022-01-29</p>", want: day},
		{what: "bare before", info: "<p>时间：2023-06-01</p><p>发布时间：2022-01-29</p>", want: day},
		{what: "a label that nobody knows", info: "<p>复核时间：2023-06-01</p>"},
		{what: "such a label behind a value", info: "<p>来源：衢江区财政局 复核时间：2023-06-01</p>"},
		{what: "written and published", info: "<table><tr><td>成文日期</td><td>2022-01-20</td><td>发布日期</td><td>2022-01-29</td></tr></table>", want: day},
		{what: "发文日期", info: "<table><tr><td>索引号</td><td>1/2</td><td>发文日期</td><td>2022-01-29</td></tr></table>", want: day},
		{what: "生成日期", info: "<table><tr><td>索引号</td><td>1/2</td><td>生成日期</td><td>2022-01-29</td></tr></table>", want: day},
		{what: "in the footer", foot: "<p>日期：2026-11-01</p>"},
		{what: "before a source in the footer", foot: "<p>2026-11-01 来源：衢江区</p>"},
		{what: "said in the footer", foot: "<p>发布日期：2022-01-29</p>", want: day},
		{what: "today in the head", head: "<div>今天是2026年11月28日 星期六</div><div>日期：2026年11月28日 星期六</div>", info: "<p>发布日期：2022-01-29</p>", want: day},
		{what: "the day of a cached page", head: "<div>日期：2026年11月20日 星期五</div>"},
		{what: "today only", head: "<div>日期：2026年11月28日 星期六</div>"},
		{what: "today, not called so", info: "<p>时间：2026-11-28 10:00</p>"},
		{what: "published today", info: "<p>发布时间：2026-11-28 10:00</p>", want: "2026-11-28"},
		{what: "related", foot: `<ul><li>2023年年报 <span>2024-01-20</span></li></ul>`},
		// meta tags
		{what: "PubDate", head: `<meta name="PubDate" content="2022-01-29 16:30">`, want: day, where: "meta tag"},
		{what: "PubDate in UTC", head: `<meta name="PubDate" content="2022-01-28T16:30:00Z">`, want: day},
		{what: "PubDate with offset", head: `<meta name="PubDate" content="2022-01-29T01:30:00.000+0800">`, want: day},
		{what: "PubDate of America", head: `<meta name="PubDate" content="2022-01-28T20:30:00-05:00">`, want: day},
		{what: "PubDate and text", head: `<meta name="PubDate" content="2022-03-01 08:00">`, info: "<p>发布日期：2022-01-29</p>", want: day},
		{what: "PubDate is generation", head: `<meta name="others" content="页面生成时间 2024-05-16 12:34:05"><meta name="PubDate" content="2024-05-16 12:34:05">`},
		{what: "PubDate is generation, block", head: `<meta name="others" content="页面生成时间 2024-05-16 12:34:05"><meta name="PubDate" content="2024-05-16 12:34:05">`,
			info: "<table><tr><td>索引号</td><td>1/2</td><td>发文日期</td><td>2022-01-29</td></tr></table>", want: day},
		{what: "PubDate is not generation", head: `<meta name="others" content="页面生成时间 2024-05-16 12:34:05"><meta name="PubDate" content="2022-01-29 12:34:05">`, want: day},
		{what: "PubDate is the visit", head: `<meta name="PubDate" content="2026-11-28 21:04:58">`},
		{what: "PubDate is today", head: `<meta name="PubDate" content="2026-11-28 03:00:00">`},
		// under the headline
		{what: "unlabelled", info: "<p>2022-01-29 10:05</p>", want: day, where: "line under the headline"},
		{what: "unlabelled, in Chinese", info: "<p>二〇二二年一月二十九日</p>", want: day, where: "line under the headline"},
		{what: "unlabelled, in parentheses", info: "<p>（2022年1月29日）</p>", want: day},
		{what: "unlabelled, behind a source", info: "<p>来源：区府办 2022-01-29</p>", want: day},
		{what: "unlabelled update", info: "<p>最后更新：2022-01-29</p>"},
		{what: "a period", info: "<p>2021年1月1日至2021年12月31日</p>"},
		{what: "end of a period", info: "<p>截至2021年12月31日</p>"},
		{what: "unlabelled and PubDate", info: "<p>（2022年1月20日）</p>", head: `<meta name="PubDate" content="2022-01-29 16:30">`, want: day},
		{what: "the value of another label", info: "<table><tr><td>更新日期</td><td>2022-06-18</td></tr></table>"},
		{what: "of one with a colon", info: "<ul><li>有效期至：</li><li>2022-06-18</li></ul>"},
		{what: "of one in brackets", info: "<ul><li>【生效日期】</li><li>2022-06-18</li></ul>"},
		{what: "behind an empty source", info: "<ul><li>来源：</li><li>2022-01-29</li></ul>", want: day},
		{what: "day of printing", info: "<p>2022年1月12日印发</p>"},
		{what: "day of a meeting", info: "<p>（2022年1月12日局务会审议通过）</p>"},
		{what: "发布于", info: "<p>起草日期：2022-01-05</p><p>发布于：2022-01-29</p>", want: day},
		// written, sent out
		{what: "only written", info: "<table><tr><td>成文日期：</td><td>2022-01-18</td></tr></table>"},
		{what: "written, blank", info: "<table><tr><td>成文日期</td><td>2022-01-18</td><td>公开日期</td><td></td></tr></table>"},
		{what: "written and sent out", info: "<table><tr><td>成文日期</td><td>2022-01-18</td><td>发文日期</td><td>2022-01-29</td></tr></table>", want: day},
		{what: "sent out and written", info: "<p>发文日期：2022-01-29　成文日期：2022-01-18</p>", want: day},
		// doubts
		{what: "no day", info: "<p>发布日期：2022-02-30</p>", problem: true},
		{what: "another order", info: "<p>发布日期：01/29/2022</p>", problem: true},
		{what: "the future", info: "<p>发布日期：2062-01-29</p>", want: "2062-01-29", problem: true},
		{what: "tomorrow", info: "<p>发布日期：2026-11-29</p>", want: "2026-11-29", problem: true},
		{what: "before the year", info: "<p>发布日期：2020-01-29</p>", want: "2020-01-29", problem: true},
	} {
		page := `<head>` + tt.head + `<title>衢江区人民政府办公室2021年政府信息公开工作年度报告</title></head><body>` +
			`<h1>衢江区人民政府办公室2021年政府信息公开工作年度报告</h1>` + tt.info + `<div id="zoom"><p>一、总体情况</p><p>` + strings.Repeat("主动公开政府信息，及时回应关切。", 20) +
			`</p><p>二、主动公开政府信息情况</p><p>三、收到和处理政府信息公开申请情况</p><p>四、政府信息公开行政复议、行政诉讼情况</p><p>五、存在的主要问题及改进情况</p>` +
			`<p>六、其他需要报告的事项</p><p>会议时间：2021-05-06</p><p>无。</p></div>` + tt.foot + `</body>`
		d, err := Parse([]byte(page), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "www.qjq.gov.cn", Path: "/1.html"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := ReadReport(d, Hints{Division: "330803", Seen: seen, LinkDate: "2022-02-02"})
		if err != nil {
			t.Fatal(tt.what, err)
		}
		if r.Published != tt.want {
			t.Errorf("%s: got %q, want %q: %q", tt.what, r.Published, tt.want, r.Fields)
		}
		if doubt := slices.ContainsFunc(r.Problems, func(p form.Problem) bool { return p.Kind == "date" }); doubt != tt.problem {
			t.Errorf("%s: in doubt %v: %v", tt.what, doubt, r.Problems)
		}
		if tt.where != "" && !slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Name == "published_date" && f.Where == tt.where }) {
			t.Errorf("%s: %q, want it from the %s", tt.what, r.Fields, tt.where)
		}
		if written := r.Field("written_date"); strings.Contains(tt.info, "成文日期") && written == "" {
			t.Errorf("%s: the day of writing is lost", tt.what)
		}
		if tt.want == "" && !tt.problem && r.Field("published_date") != "" {
			t.Errorf("%s: %q", tt.what, r.Fields)
		}
		if !strings.Contains(r.Text(), "会议时间：2021-05-06") {
			t.Errorf("%s: a line of the text is lost", tt.what)
		}
	}
}

// TestPublishedDocument: a document has no line of its portal, so the row that leads to it tells the day.
func TestPublishedDocument(t *testing.T) {
	for _, tt := range []struct{ text, row, want string }{
		{"", "2022-01-29", "2022-01-29"},
		{"", "[2022-01-29]", "2022-01-29"},
		{"", "", ""},
		{"发布日期：2022-01-20\n", "2022-01-29", "2022-01-20"},
		{"2022年1月20日\n", "2022-01-29", "2022-01-29"},
	} {
		text := "衢江区财政局2021年政府信息公开工作年度报告\n" + tt.text + "一、总体情况\n" + strings.Repeat("主动公开政府信息，及时回应关切。\n", 20) + "二、主动公开政府信息情况\n三、收到和处理政府信息公开申请情况\n" +
			"四、政府信息公开行政复议、行政诉讼情况\n五、存在的主要问题及改进情况\n六、其他需要报告的事项\n无。\n"
		d, err := ParseFile([]byte(text), "text/plain; charset=utf-8", "a.txt", &url.URL{Scheme: "http", Host: "www.qjq.gov.cn", Path: "/a.txt"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := ReadReport(d, Hints{Division: "330803", LinkDate: tt.row})
		if err != nil {
			t.Fatal(err)
		}
		if r.Published != tt.want || r.Form != FormText {
			t.Errorf("%+v: got %q of a %s: %q", tt, r.Published, r.Form, r.Fields)
		}
	}
}

// TestNothingNightly: what a page says of tonight is nothing that the report says.
func TestNothingNightly(t *testing.T) {
	for _, line := range []string{"更新时间：%s　发布时间：2022-01-29", "打印日期：%s", "当前时间：%s 10:05:00", "今天是%s 星期六", "日期：%s 星期六", "页面生成时间：%s", "时间：%s",
		"最后更新：%s", `<meta name="PubDate" content="%s 03:00:00">`, "浏览次数：%s", "系统时间：%s"} {
		var before string
		for night := range 3 {
			seen := time.Date(2026, time.November, 11+night, 4, 0, 0, 0, time.UTC)
			page := `<title>衢江区财政局2021年政府信息公开工作年度报告</title><h1>衢江区财政局2021年政府信息公开工作年度报告</h1>` +
				strings.ReplaceAll("<p>"+line+"</p>", "%s", seen.Format(time.DateOnly)) + `<div id="zoom"><p>一、总体情况</p><p>` +
				strings.Repeat("主动公开政府信息，及时回应关切。", 30) + `</p><p>二、主动公开政府信息情况</p></div>` + strings.ReplaceAll("<p>"+line+"</p>", "%s", seen.Format(time.DateOnly))
			d, err := Parse([]byte(page), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "www.qjq.gov.cn"})
			if err != nil {
				t.Fatal(err)
			}
			r, err := ReadReport(d, Hints{Division: "330803", Seen: seen})
			if err != nil {
				t.Fatal(err)
			}
			said := r.Published + r.Text()
			for _, f := range r.Fields {
				said += f.Name + f.Value
			}
			if night > 0 && said != before {
				t.Errorf("%s: differs each night:\n%s\n%s", line, before, said)
			}
			before = said
		}
	}
}
