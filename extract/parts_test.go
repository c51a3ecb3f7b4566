package extract_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"gongkai/extract"
)

const longArticle = `<div id="zoom"><p>一、总体情况</p><p>二、主动公开政府信息情况</p><p>三、收到和处理政府信息公开申请情况</p>
<p>四、政府信息公开行政复议、行政诉讼情况</p><p>五、存在的主要问题及改进情况</p><p>六、其他需要报告的事项</p><p>无。</p>`

func TestParts(t *testing.T) {
	for _, test := range []struct {
		name, page string
		want       []string
	}{
		{"none", longArticle + `</div>`, nil},
		{"last line is a document", longArticle + `<p><a href="a.pdf">年报.pdf</a></p></div>`, []string{"attachment http://www.example.gov.cn/a/a.pdf"}},
		{"short article", `<div id="zoom"><p><a href="/x/a.docx">年报.docx</a></p></div>`, []string{"attachment http://www.example.gov.cn/x/a.docx"}},
		{"list of attachments beside the article", longArticle + `</div><div class="xgfj"><a href="/f/1.doc">一</a></div>`, []string{"attachment http://www.example.gov.cn/f/1.doc"}},
		{"document among related links", longArticle + `</div><ul class="xgwd"><li><a href="/zwgk/1.doc">工作要点</a></li></ul>`, nil},
		{"further pages", longArticle + `</div><script>createPageHTML(3, 0, "b", "html")</script>`,
			[]string{"page http://www.example.gov.cn/a/b_1.html", "page http://www.example.gov.cn/a/b_2.html"}},
		{"pager of a listing", longArticle + `</div><script>createPageHTML(3, 0, "index", "html")</script>`, nil},
		{"frame", `<body><div class="top">某某县</div><iframe src="/inner/r.html"></iframe></body>`, []string{"frame http://www.example.gov.cn/inner/r.html"}},
		{"scan", `<div id="zoom"><p><img src="p1.jpg" width="800"><img src="p2.jpg"></p></div><img src="/images/logo.png">`,
			[]string{"attachment http://www.example.gov.cn/a/p1.jpg", "attachment http://www.example.gov.cn/a/p2.jpg"}},
		{"picture in an article", longArticle + `<p><img src="chart.jpg"></p><p>` + strings.Repeat("公开年报", 40) + `</p></div>`, nil},
		{"frame beside an article", longArticle + `</div><iframe src="/counter.html"></iframe>`, nil},
	} {
		d, err := extract.Parse([]byte(test.page), "text/html; charset=utf-8", anywhere)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range d.Parts() {
			got = append(got, p.Kind+" "+p.URL)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestAppend: what a frame of another folder links to stays where it was, and its tables say where they stood.
func TestAppend(t *testing.T) {
	outer, err := extract.Parse([]byte(`<title>某某县2021年政府信息公开工作年度报告</title><iframe src="/inner/r.html"></iframe>`), "text/html; charset=utf-8", anywhere)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := extract.Parse([]byte(longArticle+`<table><tr><td>信息内容</td><td>本年处理决定数量</td></tr><tr><td>行政许可</td><td>7</td></tr></table>
<p>附件：<a href="f.pdf">报告.pdf</a></p></div>`), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "www.example.gov.cn", Path: "/inner/r.html"})
	if err != nil {
		t.Fatal(err)
	}
	outer.Append(inner, "frame 1")
	r, err := extract.ReadReport(outer, extract.Hints{Division: "330803"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Attachments) != 1 || r.Attachments[0].URL != "http://www.example.gov.cn/inner/f.pdf" {
		t.Errorf("attachments %+v", r.Attachments)
	}
	if len(r.Figures) != 1 || r.Figures[0].Value != "7" || r.Figures[0].Locator != "frame 1 table 1 row 2 cell 2" {
		t.Errorf("figures %+v", r.Figures)
	}
	if len(r.Sections) != 6 || r.Year != 2021 {
		t.Errorf("%d sections, year %d", len(r.Sections), r.Year)
	}
}
