package extract_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"gongkai/extract"
)

// TestEmbedded holds which documents belong to a page that shows them within itself, and that no viewer is asked for.
func TestEmbedded(t *testing.T) {
	const pdf = "attachment http://www.a.gov.cn/n/r.pdf"
	whole := strings.Repeat("<p>本年度主动公开政府信息，依申请公开工作按照条例办理，政府信息管理规范有序。</p>", 20)
	for markup, want := range map[string]string{
		`<iframe src="/pdfjs/web/viewer.html?file=/n/r.pdf"></iframe>`:                                                                                 pdf,
		`<iframe src="/pdfjs/web/viewer.html?file=%2Fn%2Fr.pdf"></iframe>`:                                                                             pdf,
		`<iframe src="/pdfjs/web/viewer.html?file=%252Fn%252Fr.pdf"></iframe>`:                                                                         pdf,
		`<iframe src="/pdfjs/web/viewer.html?file=../../n/r.pdf#page=2"></iframe>`:                                                                     pdf,
		`<iframe src="/pdfjs/web/viewer.html#file=/n/r.pdf&amp;zoom=1"></iframe>`:                                                                      pdf,
		`<iframe src="/pdfjs/web/viewer.html?v=1&amp;file=http%3A%2F%2Fwww.a.gov.cn%2Fn%2Fr.pdf"></iframe>`:                                            pdf,
		`<iframe src="/pdfjs/web/viewer.html?file=/d.jsp?id=7&amp;n=2"></iframe>`:                                                                      "attachment http://www.a.gov.cn/d.jsp?id=7&n=2",
		`<iframe src="/pdfjs/web/viewer.html?file=%2Fd.jsp%3Fid%3D7%26n%3D2"></iframe>`:                                                                "attachment http://www.a.gov.cn/d.jsp?id=7&n=2",
		`<iframe src="/pdfjs/web/viewer.html?file=/n/%E5%B9%B4 r.pdf"></iframe>`:                                                                       "attachment http://www.a.gov.cn/n/%E5%B9%B4%20r.pdf",
		`<iframe src="/ViewerJS/#../n/r.pdf"></iframe>`:                                                                                                pdf,
		`<iframe src="/show/index.html?pdfUrl=/n/r.pdf"></iframe>`:                                                                                     pdf,
		`<iframe src="/onlinePreview?url=` + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("http://www.a.gov.cn/n/r.pdf"))) + `"></iframe>`: pdf,
		`<iframe src="https://view.officeapps.live.com/op/embed.aspx?src=http%3A%2F%2Fwww.a.gov.cn%2Fn%2Fr.docx"></iframe>`:                            "attachment http://www.a.gov.cn/n/r.docx",
		`<iframe src="/n/r.pdf"></iframe>`:                                                                                                             "frame http://www.a.gov.cn/n/r.pdf",
		whole + `<iframe src="/n/r.pdf"></iframe>`:                                                                                                     pdf,
		whole + `<iframe src="/n/f.html"></iframe>`:                                                                                                    "",
		`<embed src="/n/r.pdf">`:                                                                            pdf,
		`<embed src="/n/d?id=7" type="application/pdf">`:                                                    "attachment http://www.a.gov.cn/n/d?id=7",
		`<embed src="/n/r.mp4" type="video/mp4">`:                                                           "",
		`<object data="/n/r.pdf" type="application/pdf"></object>`:                                          pdf,
		`<object type="application/pdf"><param name="SRC" value="/n/r.pdf"><embed src="/n/r.pdf"></object>`: pdf,
		`<object data="/n/r.pdf"><a href="/n/r.pdf">下载</a></object>`:                                        pdf,
		`<iframe srcdoc="&lt;embed src='/n/r.pdf'&gt;"></iframe>`:                                           pdf,
		`<a href="/pdfjs/web/viewer.html?file=/n/r.pdf">查看年报.pdf</a>`:                                       pdf,
		`<a href="/pdfjs/web/viewer.html?file=/n/r.pdf">查看</a>`:                                             pdf,
		`<a href="javascript:window.open('/n/r.pdf')">年报</a>`:                                               pdf,
		`<a href="/n/download.jsp?path=/n/r.pdf">年报.pdf</a>`:                                                "attachment http://www.a.gov.cn/n/download.jsp?path=/n/r.pdf",
		`<script>PDFObject.embed("/n/r.pdf", "#x");</script>`:                                               pdf,
		`<script>pdfjsLib.getDocument({url: '\/n\/r.pdf'});</script>`:                                       pdf,
		whole + `<script>var o = {pdfUrl: "/n/other.pdf"};</script>`:                                        "",
		`<div class="footer"><iframe src="/v/viewer.html?file=/n/help.pdf"></iframe></div>`:                 "",
		`<iframe src="/count/viewer.html?id=7"></iframe>`:                                                   "frame http://www.a.gov.cn/count/viewer.html?id=7",
		`<embed src="javascript:alert('/n/r.pdf')">`:                                                        "",
	} {
		base, err := url.Parse("http://www.a.gov.cn/a/r.html")
		if err != nil {
			t.Fatal(err)
		}
		page := `<html><head><title>某市2021年政府信息公开工作年度报告</title></head><body><h1>某市2021年政府信息公开工作年度报告</h1><div id="zoom"><p>报告如下</p>` + markup + `</div></body></html>`
		d, err := extract.Parse([]byte(page), "text/html; charset=utf-8", base)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range d.Parts() {
			got = append(got, p.Kind+" "+p.URL)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%.200s: parts %q, want %q", strings.TrimPrefix(markup, whole), got, want)
		}
	}
}

// TestInline holds that what a frame shows from its srcdoc is read as part of the page.
func TestInline(t *testing.T) {
	base, err := url.Parse("http://www.a.gov.cn/a/r.html")
	if err != nil {
		t.Fatal(err)
	}
	inner := `<html><body><p>一、总体情况</p><p>` + strings.Repeat("本年度主动公开政府信息。", 30) + `</p><p>二、主动公开政府信息情况</p><table><tr><td colspan="4">第二十条第（一）项</td></tr><tr><td>信息内容</td><td>本年制发件数</td><td>本年废止件数</td><td>现行有效件数</td></tr><tr><td>规章</td><td>1</td><td>2</td><td>3</td></tr><tr><td>行政规范性文件</td><td>4</td><td>5</td><td>6</td></tr></table><a href="x.html">某市2021年政府信息公开工作年度报告</a></body></html>`
	escape := strings.NewReplacer("&", "&amp;", `"`, "&quot;")
	for name, markup := range map[string]string{
		"in a frame":            escape.Replace(inner),
		"in a frame of a frame": escape.Replace(`<iframe srcdoc="` + escape.Replace(inner) + `">`),
	} {
		d, err := extract.Parse([]byte(`<html><body><h1>某市2021年政府信息公开工作年度报告</h1><iframe src="/blank.html" srcdoc="`+markup+`"></iframe></body></html>`), "text/html; charset=utf-8", base)
		if err != nil {
			t.Fatal(err)
		}
		if links := d.Links(); len(links) != 1 || !strings.HasSuffix(links[0].URL, "/x.html") {
			t.Errorf("%s: links %v", name, links)
		}
		if parts := d.Parts(); len(parts) != 0 {
			t.Errorf("%s: asks for %v", name, parts)
		}
		if r, err := extract.ReadReport(d, extract.Hints{}); err != nil || len(r.Figures) == 0 {
			t.Errorf("%s: read as %v, %v", name, r, err)
		}
	}
}
