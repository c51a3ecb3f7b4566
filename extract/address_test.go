package extract_test

import (
	"net/url"
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/extract/markup"
)

// TestResolveURL holds how addresses are resolved: the right values are those of the URL Standard, in the spelling that
// archives know where there are several.
func TestResolveURL(t *testing.T) {
	base, err := url.Parse("http://www.a.gov.cn/zw/nb/list.html?x=1")
	if err != nil {
		t.Fatal(err)
	}
	gbk, big5 := markup.Encoding{Name: "gb18030", Declared: "gb2312"}, markup.Encoding{Name: "big5", Declared: "big5"}
	for _, tt := range []struct {
		ref  string
		page markup.Encoding
		want string // "" when it leads nowhere
	}{
		{"r.html", gbk, "http://www.a.gov.cn/zw/nb/r.html"},
		{" ../r.html#top\n", gbk, "http://www.a.gov.cn/zw/r.html"},
		{"/a/\n\t r2.html", gbk, "http://www.a.gov.cn/a/%20r2.html"},
		{"\u3000/a/r2.html\u00a0", gbk, "http://www.a.gov.cn/a/r2.html"},
		{"/a\\b\\r.html", gbk, "http://www.a.gov.cn/a/b/r.html"},
		{`http:\\www.a.gov.cn\r.html`, gbk, "http://www.a.gov.cn/r.html"},
		{"/a/100%r2.html", gbk, "http://www.a.gov.cn/a/100%25r2.html"},
		{"/r.html?p=100%", gbk, "http://www.a.gov.cn/r.html?p=100%"},
		{"http:/r.html", gbk, "http://www.a.gov.cn/r.html"},
		{"http:r.html", gbk, "http://www.a.gov.cn/zw/nb/r.html"},
		{"HTTP://WWW.A.GOV.CN/r.html", gbk, "http://WWW.A.GOV.CN/r.html"}, // net/url's spelling of it
		{"http://www.a.gov.cn:/r.html", gbk, "http://www.a.gov.cn/r.html"},
		{"http://www.a.gov.cn:80/r.html", gbk, "http://www.a.gov.cn:80/r.html"},
		{"http://www.a.gov.cn./r.html", gbk, "http://www.a.gov.cn/r.html"},
		{"http://www.a.gov.cn.:8080/r.html", gbk, "http://www.a.gov.cn:8080/r.html"},
		{"http://www。a．gov.cn/r.html", gbk, "http://www.a.gov.cn/r.html"},
		{"http://u:p@www.a.gov.cn/r.html", gbk, "http://www.a.gov.cn/r.html"},
		{"///www.b.gov.cn/r.html", gbk, "http://www.b.gov.cn/r.html"},
		{"//www.b.gov.cn", gbk, "http://www.b.gov.cn/"},
		{"?y=2", gbk, "http://www.a.gov.cn/zw/nb/list.html?y=2"},
		{"a|b^{c}.html", gbk, "http://www.a.gov.cn/zw/nb/a%7Cb%5E%7Bc%7D.html"},
		{"/年报/r.html", gbk, "http://www.a.gov.cn/%E5%B9%B4%E6%8A%A5/r.html"},
		{"/年报?t=年报&q=%20a b", gbk, "http://www.a.gov.cn/%E5%B9%B4%E6%8A%A5?t=%C4%EA%B1%A8&q=%20a%20b"},
		{"?t=한년&u=1", gbk, "http://www.a.gov.cn/zw/nb/list.html?t=%26%2354620%3B%26%2345380%3B&u=1"},
		{"?t=한", markup.Encoding{Name: "gb18030", Declared: "gb18030"}, "http://www.a.gov.cn/zw/nb/list.html?t=%836%843"},
		{"?t=年報", big5, "http://www.a.gov.cn/zw/nb/list.html?t=%A6~%B3%F8"},
		{"?t=年报", markup.Encoding{Name: "utf-8"}, "http://www.a.gov.cn/zw/nb/list.html?t=年报"}, // net/url's spelling
		{"?t=年报", markup.Encoding{Name: "utf-16le"}, "http://www.a.gov.cn/zw/nb/list.html?t=年报"},
		{"", gbk, ""},
		{"#", gbk, ""},
		{"javascript:void(0)", gbk, ""},
		{"java\nscript:alert('/a.html')", gbk, ""},
		{"mailto:a@b.cn", gbk, ""},
		{"data:text/html,x", gbk, ""},
		{"http://www.a.gov.cn /r.html", gbk, ""},
		{"http://www.a.gov.cn:99999/r.html", gbk, ""},
		{"http://[::1/r.html", gbk, ""},
		{"/" + strings.Repeat("a", 9000), gbk, ""},
	} {
		got := ""
		if u, err := markup.ResolveURL(base, tt.ref, tt.page); err == nil {
			got = u.String()
		}
		if got != tt.want {
			t.Errorf("ResolveURL(%.60q, %s) = %q, want %q", tt.ref, tt.page.Name, got, tt.want)
		}
	}
}

// TestRelocated holds that bytes of a Location header are sent on as they came.
func TestRelocated(t *testing.T) {
	base, err := url.Parse("http://www.a.gov.cn/zw/list.html")
	if err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		"/n\xc4\xea.html?t=\xb1\xa8": "http://www.a.gov.cn/n%C4%EA.html?t=%B1%A8",
		"/nÄê.html?t=±¨":             "http://www.a.gov.cn/n%C4%EA.html?t=%B1%A8", // the same, as the archive has it
		"/年.html":                    "http://www.a.gov.cn/%E5%B9%B4.html",
		"?t=年":                       "http://www.a.gov.cn/zw/list.html?t=年",
		"#top":                       "http://www.a.gov.cn/zw/list.html",
		"\\b\\c.html":                "http://www.a.gov.cn/b/c.html",
	} {
		if u, err := markup.Relocated(base, location); err != nil || u.String() != want {
			t.Errorf("Relocated(%q) = %v, %v, want %q", location, u, err, want)
		}
	}
}

func TestFormerAddress(t *testing.T) {
	for address, want := range map[string]string{
		"http://a.gov.cn/r.jsp?t=%C4%EA%B1%A8&u=%20": "http://a.gov.cn/r.jsp?t=年报&u=%20",
		"http://a.gov.cn/r.jsp?t=%E5%B9%B4":          "", // always was so
		"http://a.gov.cn/%C4%EA?u=1":                 "",
		"http://a.gov.cn/r.jsp?t=%FF":                "",
	} {
		if got := markup.FormerAddress(address); got != want {
			t.Errorf("FormerAddress(%q) = %q, want %q", address, got, want)
		}
	}
}

// TestBase holds which base element counts.
func TestBase(t *testing.T) {
	for markup, want := range map[string]string{
		`<base target=_blank><base href="/b/"><base href="/c/">`:       "http://www.a.gov.cn/b/r.html",
		`<base href="javascript:void(0)"><base href="/c/">`:            "http://www.a.gov.cn/zw/r.html",
		`<base href="data:text/html,x">`:                               "http://www.a.gov.cn/zw/r.html",
		`<base href="">`:                                               "http://www.a.gov.cn/zw/r.html",
		`<base href=" b/ ">`:                                           "http://www.a.gov.cn/zw/b/r.html",
		`<base href="https://www.b.gov.cn">`:                           "https://www.b.gov.cn/r.html",
		`<base href="ftp://www.b.gov.cn/">`:                            "http://www.a.gov.cn/zw/r.html",
		`<svg><base href="/svg/"></base></svg><base href="/after/" />`: "http://www.a.gov.cn/after/r.html",
	} {
		base, err := url.Parse("http://www.a.gov.cn/zw/list.html")
		if err != nil {
			t.Fatal(err)
		}
		d, err := extract.Parse([]byte("<html><head>"+markup+"</head><body><a href=r.html>r</a></body></html>"), "text/html", base)
		if err != nil {
			t.Fatal(err)
		}
		if links := d.Links(); len(links) != 1 || links[0].URL != want {
			t.Errorf("with %s the link leads to %v, want %s", markup, links, want)
		}
	}
}

// TestBaseOfParts holds that a relative base element counts once, and that of a part not at all.
func TestBaseOfParts(t *testing.T) {
	base, err := url.Parse("http://www.a.gov.cn/zw/r.html")
	if err != nil {
		t.Fatal(err)
	}
	page := func(head, link string) *extract.Document {
		d, err := extract.Parse([]byte("<html><body>"+head+"<p>一、总体情况</p><a href="+link+">x</a></body></html>"), "text/html", base)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	own := func(d *extract.Document) string {
		for _, l := range d.Links() {
			if strings.HasSuffix(l.URL, "x.html") {
				return l.URL
			}
		}
		return ""
	}
	d := page(`<base href="b/">`, "x.html")
	d.Append(page(`<div><base href="/c/"><p>text</p></div>`, "/y.html"), "page 2")
	if got := own(d); got != "http://www.a.gov.cn/zw/b/x.html" {
		t.Errorf("after a part was added the link leads to %s", got)
	}
	d = page("", "x.html")
	d.Append(page(`<div><base href="/c/"><p>text</p></div>`, "/y.html"), "page 2")
	if got := own(d); got != "http://www.a.gov.cn/zw/x.html" {
		t.Errorf("after a part with a base was added the link leads to %s", got)
	}
}

func TestScriptAddress(t *testing.T) {
	for script, want := range map[string]string{
		`window.open('/a/r2.html')`:                                 "/a/r2.html",
		`window.open("nblist.asp?id=7","_blank","width=800")`:       "nblist.asp?id=7",
		`location.href='nblist.asp?id=7'`:                           "nblist.asp?id=7",
		`location='../r2.html';return false;`:                       "../r2.html",
		`window.location.replace("http:\/\/www.a.gov.cn\/r2.html")`: "http://www.a.gov.cn/r2.html",
		`self.location.assign('\u002fa\x2fr2.html')`:                "/a/r2.html",
		"window.open(`/a/r2.html`)":                                 "/a/r2.html",
		`openUrl('r2')`:                                             "",
		`window.open('/a/' + id + '.html')`:                         "",
		`window.open('/a/r.jsp?id='+7)`:                             "",
		`count('2021/01'); window.open('r2.html')`:                  "r2.html",
		`this.src='/img/x.gif'; show('/a/r2.html')`:                 "/a/r2.html",
		`window.open('about:blank')`:                                "",
		`return false`:                                              "",
		`$.get('/count.js');window.open('/a/r2.pdf?a=1&b=2','','')`: "/a/r2.pdf?a=1&b=2",
		`showDetail('text/html')`:                                   "",
	} {
		if got := extract.ScriptAddress(script); got != want {
			t.Errorf("ScriptAddress(%s) = %q, want %q", script, got, want)
		}
	}
}

// TestLinksByClick holds where rows lead that no href does, and what is told of those that lead nowhere.
func TestLinksByClick(t *testing.T) {
	const title = "某县2021年报"
	const r = "http://www.a.gov.cn/a/r2.html"
	for markup, want := range map[string]string{
		`<li><a href="javascript:window.open('/a/r2.html')">T</a></li>`:                          r,
		`<li><a href="JavaScript:window.open(%27/a/r2.html%27)">T</a></li>`:                      r,
		"<li><a href=\" Java\tScript:window.open(\n'/a/r2.html')\">T</a></li>":                   r,
		`<li><a href="javascript:void(0)" onclick="window.open('/a/r2.html')">T</a></li>`:        r,
		`<li><a href="#" onclick="location.href=&quot;/a/r2.html&quot;">T</a></li>`:              r,
		`<li><a onclick="go('r2.html')">T</a></li>`:                                              r,
		`<li><a href="javascript:;" data-href="r2.html">T</a></li>`:                              r,
		`<li><a data-url="/a/r2.html">T</a></li>`:                                                r,
		`<li onclick="window.open('/a/r2.html')"><a href="javascript:;">T</a></li>`:              r,
		`<li><a href="javascript:;"><span onclick="window.open('/a/r2.html')">T</span></a></li>`: r,
		`<li onclick="window.open('/a/r2.html')"><span>T</span><em>2022-01-20</em></li>`:         "button " + r,
		`<div data-link="r2.html">T</div>`:                                                       "button " + r,
		`<li><a href="javascript:openUrl('r2')">T</a></li>`:                                      "lost",
		`<li><a href="javascript:;" onclick="window.open('/a/'+7+'.html')">T</a></li>`:           "lost",
		`<li onclick="openUrl(7)">T</li>`:                                                        "lost",
		`<li>T<span>2022-01-20</span></li>`:                                                      "lost",
		`<tr><td>1</td><td>T</td></tr>`:                                                          "",
		`<li><a href="http://www.a.gov.cn:99999/r2.html">T</a></li>`:                             "lost",
		`<div class="nav"><li><a href="javascript:;">T</a></li></div>`:                           "",
		`<li><a href="/a/r2.html" onclick="count('/b.html')">T</a></li>`:                         r,
		`<li>T <button onclick="window.open('/a/r2.html')">查看</button></li>`:                     "button " + r,
		`<li>T <input type="button" value="查看" onclick="window.open('/a/r2.html')"></li>`:        "button " + r,
		`<li>T <a href="javascript:;" onclick="show(7)">查看</a></li>`:                             "lost",
		`<div><span ng-click="show(7)">T</span></div>`:                                           "lost",
		`<div><span @click="open('/a/r2.html')">T</span></div>`:                                  "button " + r,
		`<div><span v-on:click="show(7)">T</span></div>`:                                         "lost",
		`<li>T <a href="/a/r2.html">查看</a></li>`:                                                 r,
	} {
		base, err := url.Parse("http://www.a.gov.cn/a/list.html")
		if err != nil {
			t.Fatal(err)
		}
		d, err := extract.Parse([]byte("<html><body><ul>"+strings.ReplaceAll(markup, "T", title)+"</ul></body></html>"), "text/html", base)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, l := range d.Links() {
			if got = l.URL; l.Name() != title {
				t.Errorf("%s: the link is named %q", markup, l.Name())
			}
		}
		for _, l := range d.Buttons() {
			if got = "button " + l.URL; l.Name() != title {
				t.Errorf("%s: the button is named %q", markup, l.Name())
			}
		}
		for _, l := range d.Unaddressed() {
			if l.Name() == title {
				got = "lost"
			}
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", markup, got, want)
		}
	}
}

// TestLabels holds what names a link that has no text, or none that says anything.
func TestLabels(t *testing.T) {
	for markup, want := range map[string]string{
		`<a href=x><img src=1.jpg alt="政府信息公开年报"></a>`:                                           "政府信息公开年报",
		`<a href=x><img src=1.jpg title="政府信息公开年报"></a>`:                                         "政府信息公开年报",
		`<a href=x title="政府信息公开年报"><img src=1.jpg></a><p>其他</p>`:                                "政府信息公开年报",
		`<li><a href=x><img src=1.jpg></a><p>政府信息公开年报</p></li>`:                                  "政府信息公开年报",
		`<li><p>政府信息公开年报</p><a href=x><img src=1.jpg alt=""></a></li>`:                           "政府信息公开年报",
		`<div><a href=x><img src=1.jpg alt="1.jpg"></a><span>政府信息公开年报</span></div>`:              "政府信息公开年报",
		`<div><a href=x><img src=1.jpg></a><a href=x>政府信息公开年报</a></div>`:                         "政府信息公开年报",
		`<div><a href=x><img src=1.jpg></a><a href=y>政府信息公开年报</a></div>`:                         "",
		`<table><tr><td>某县2021年报告</td><td>2022-01-20</td><td><a href=x>查看</a></td></tr></table>`: "某县2021年报告",
		`<a href=x>查看</a>`: "查看",
	} {
		base, err := url.Parse("http://www.a.gov.cn/a/list.html")
		if err != nil {
			t.Fatal(err)
		}
		d, err := extract.Parse([]byte("<html><body>"+markup+"</body></html>"), "text/html", base)
		if err != nil {
			t.Fatal(err)
		}
		if links := d.Links(); len(links) == 0 || links[0].Name() != want {
			t.Errorf("%s is named %+v, want %q", markup, links, want)
		}
	}
}
