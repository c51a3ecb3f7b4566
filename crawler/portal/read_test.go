package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/crawler/weburl"
	"gongkai/seeds"
)

func TestKey(t *testing.T) {
	tests := []struct {
		r    Request
		want string
	}{
		{Request{Method: "GET", URL: "http://a.gov.cn/x?b=1"}, "http://a.gov.cn/x?b=1"},
		{Request{URL: "http://a.gov.cn/x"}, "http://a.gov.cn/x"},
		{Request{Method: "POST", URL: "http://a.gov.cn/x", Body: "page=2&q=%E4%B8%AD"}, "http://a.gov.cn/x?__wb_method=POST&page=2&q=%E4%B8%AD"},
		{Request{Method: "POST", URL: "http://a.gov.cn/x?a=1"}, "http://a.gov.cn/x?a=1&__wb_method=POST"},
		{Request{Method: "POST", URL: "http://a.gov.cn/x?", Body: "p=1"}, "http://a.gov.cn/x?__wb_method=POST&p=1"},
		{Request{Method: "POST", URL: "http://a.gov.cn/x", Body: `{"params":{"page":3,"cat":"中"},"n":null}`}, "http://a.gov.cn/x?__wb_method=POST&page=3&cat=%E4%B8%AD"},
		{Request{Method: "POST", URL: "http://a.gov.cn/x", Body: "{broken"}, "http://a.gov.cn/x?__wb_method=POST&{broken"},
	}
	for _, tt := range tests {
		if got := tt.r.Key(); got != tt.want {
			t.Errorf("%+v: got %s, want %s", tt.r, got, tt.want)
		}
	}
}

// TestRequestIsPlainData: a frontier may keep a request and send it another day.
func TestRequestIsPlainData(t *testing.T) {
	r := read(t, "http://a.gov.cn/x/", `<script>
		$.post("/module/xxgk/search.jsp?currpage=" + p + "&x=1", { area: "1", currpage: p }, f);</script>`, seeds.Portal{}).Next[0]
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Request
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(r.URL)
	rows := `<table><tr><td><a href="/art/1.html">甲市乙局2021年政府信息公开工作年度报告</a></td><td>2022-01-01</td></tr></table>共20条 共3页`
	l, err := Read([]byte(rows), "", u, seeds.Portal{}, back)
	if err != nil || text(l.Next) != "/module/xxgk/search.jsp?currpage=2&x=1 ?\n/module/xxgk/search.jsp?currpage=3&x=1 ?" || l.Next[1].Body != "area=1&currpage=3" {
		t.Errorf("got %s, %v", text(l.Next), err)
	}
	if h := l.Next[0].Header; h.Get("Referer") != "http://a.gov.cn/x/" || !strings.HasPrefix(h.Get("Content-Type"), "application/x-www-form-urlencoded") {
		t.Errorf("header %v", h)
	}
}

func TestLiteral(t *testing.T) {
	tests := []struct{ source, want string }{
		{`{"a":1,'b':[true,null,-2.5e3],c:"x"}`, `[{a 1} {b [true <nil> -2.5e3]} {c x}]`},
		{`{a:'it\'s', b:"\u4e2d\x41\/", c: x + 1, d: f(1,{a:2}), e: "x" || "y",}`, `[{a it's} {b 中A/} {c <nil>} {d <nil>} {e <nil>}]`},
		{"{ // one\n a: 1, /* two */ b: 2 }", `[{a 1} {b 2}]`},
		{`[{a:1},{a:2},]`, `[[{a 1}] [{a 2}]]`},
		{`{"a":"\ud83d\ude00\ud83d"}`, "[{a 😀\uFFFD}]"},
		{`{a 1}`, "no"},
		{`{a:`, "no"},
		{`{a:"x`, "no"},
		{strings.Repeat("[", 1000), "no"},
		{"", "no"},
	}
	for _, tt := range tests {
		v, _, ok := literal(tt.source, 0)
		got := "no"
		if ok {
			got = sprint(v)
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.source, got, tt.want)
		}
	}
}

func sprint(v any) string {
	switch v := v.(type) {
	case object:
		var parts []string
		for _, m := range v {
			parts = append(parts, "{"+m.key+" "+sprint(m.value)+"}")
		}
		return "[" + strings.Join(parts, " ") + "]"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, sprint(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case string:
		return v
	}
	return "<nil>"
}

func TestAnnounced(t *testing.T) {
	tests := []struct {
		body        string
		rows, pages int
	}{
		{`<p>共<b>31</b>页</p>`, 0, 31},
		{`<span>共&nbsp;307&nbsp;条记录</span> 第1/21页`, 307, 21},
		{`<script>createPageHTML('p',3,1,'list','shtml',41)</script>`, 41, 3},
		{`<script>Ls.pagination("#p", { pageIndex: 1, pageCount: 4, total: 55, pageSize: 15 });</script>`, 55, 4},
		{`<em class="all_pages">7</em>`, 0, 7},
		{`{"data":{"total":41,"pageCount":3,"results":[{"title":"a","url":"/1","total":9}]}}`, 41, 3},
		{`<p>无</p>`, 0, 0},
	}
	for _, tt := range tests {
		if got := read(t, "http://a.gov.cn/x/", tt.body, seeds.Portal{}).Announced; got != (Announced{tt.rows, tt.pages}) {
			t.Errorf("%s: got %+v, want %d, %d", tt.body, got, tt.rows, tt.pages)
		}
	}
}

func TestShells(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"redirect", `<script language="javascript">window.location.href = "/nb/list.shtml";</script>`, "redirect /nb/list.shtml"},
		{"redirect by a variable", `<script>var first = "./2023/"; if(first){ location.replace(first); }</script>`, "redirect /x/2023/"},
		{"meta refresh", `<meta http-equiv="refresh" content="0;URL=nb/">`, "redirect /x/nb/"},
		{"to another host", `<script>location.href="http://www.b.gov.cn/"</script>`, ""},
		{"for telephones", `<script>if(navigator.userAgent.indexOf("Android")>-1){ location.href = "mindex.html"; }</script>`, ""},
		{"not literal", `<script>location.href = "/search?q=" + q;</script>`, ""},
		{"beside text", `<script>function login(){ location.href = "/login"; }</script><p>` + strings.Repeat("政府信息公开年报栏目正在建设中", 20) + `</p>`, ""},
		{"to itself", `<script>location.href = "/x/index.html";</script>`, ""},
		{"frame", `<iframe id="f" src="list.jsp?a=1&amp;b=2"></iframe>`, "frame /x/list.jsp?a=1&b=2"},
		{"frames", `<frameset><frame src="top.asp"><frame src="main.asp"></frameset>`, "frame /x/main.asp"},
		{"tree", `<iframe src="/module/xxgk/tree.jsp?area=1"></iframe>`, ""},
		{"commented out", `<!--<iframe src="list.jsp"></iframe>-->`, ""},
		{"frame beside rows", `<iframe src="ad.html"></iframe><ul><li><a href="/1.html">甲市2021年政府信息公开工作年度报告</a></li></ul>`, ""},
		{"circle", `<iframe src="index.html"></iframe>`, ""},
	}
	for _, tt := range tests {
		var got []string
		l := read(t, "http://a.gov.cn/x/index.html", tt.body, seeds.Portal{})
		for _, n := range l.Next {
			got = append(got, n.Kind+" "+strings.TrimPrefix(n.URL, "http://a.gov.cn"))
			if n.Hops != 1 {
				t.Errorf("%s: %d hops", tt.name, n.Hops)
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	u, _ := url.Parse("http://a.gov.cn/x/")
	l, err := Read([]byte(`<iframe src="again.html"></iframe>`), "", u, seeds.Portal{}, Request{Hops: mostHops})
	if err != nil || len(l.Next) > 0 {
		t.Errorf("frames in frames go on for ever: %v", l.Next)
	}
}

func TestFamilyOfPage(t *testing.T) {
	tests := []struct{ url, body, want string }{
		{"http://a.gov.cn/", "", "generic"},
		{"http://a.gov.cn/", `<div class="CurrChnlCls">`, "generic"}, // not enough
		{"http://a.gov.cn/", `<div class="CurrChnlCls"><div class="TRS_Editor">`, "trs"},
		{"http://a.gov.cn/gkmlpt/index", `<script>window._CONFIG = {}</script>`, "gkmlpt"},
		{"http://a.gov.cn/zwgk/nb.htm", `<input onkeydown="_simple_list_gotopage_fun(3,'u8',2)"><script>createPageHTML(3, 0, "index", "html")</script>`, "generic"}, // no lead
		{"http://a.gov.cn/module/web/jpage/dataproxy.jsp?page=2", `<datastore></datastore>`, "hanweb-jpage"},
	}
	for _, tt := range tests {
		f := read(t, tt.url, tt.body, seeds.Portal{}).Family
		if f.Name != tt.want || f.Points > 0 && len(f.Evidence) == 0 {
			t.Errorf("%s %s: got %+v, want %s", tt.url, tt.body, f, tt.want)
		}
	}
}

func TestCatalogueOfGuangdong(t *testing.T) {
	l := read(t, "http://a.gov.cn/gkmlpt/annualreport#2629", `<script>window._CONFIG={SID:'175'}</script>`, seeds.Portal{})
	if got := text(l.Next); got != "/gkmlpt/api/all/2629?page=1&sid=175" {
		t.Errorf("got %s", got)
	}
}

func TestRowsOfServices(t *testing.T) {
	const body = `{"data":{"results":[{"title":"甲市乙局<em>2021年</em>政府信息公开工作年度报告","url":"http://a.gov.cn/1.html","publishedTimeStr":"2022-01-29 10:00:00",
		"domainMetaList":[{"resultList":[{"key":"indexnumber","value":"K1/2022-00001"},{"key":"refno","value":"甲〔2022〕1号"}]}]},
		{"title":"政府信息公开指南","url":"javascript:void(0)"},{"title":"","url":"/2.html"}]}}`
	l := read(t, "http://a.gov.cn/common/search/x", body, seeds.Portal{})
	if len(l.Rows) != 1 || len(l.Items) != 1 {
		t.Fatalf("got %+v", l)
	}
	r := l.Rows[0]
	if r.Name() != "甲市乙局2021年政府信息公开工作年度报告" || r.Date != "2022-01-29" || r.Index != "K1/2022-00001" || r.Document != "甲〔2022〕1号" {
		t.Errorf("got %+v", r)
	}
	xxgk := read(t, "http://a.gov.cn/", `<table><tr><td><a href="/1.html" mc="x" wh="甲〔2022〕1号" rq="2022-01-29" syh="K1/1">甲市2021年政府信息公开工作年度报告</a></td></tr></table>`, seeds.Portal{})
	if r := xxgk.Rows[0]; r.Index != "K1/1" || r.Document != "甲〔2022〕1号" {
		t.Errorf("got %+v", r)
	}
	for in, want := range map[string]string{"1643421600": "2022-01-29", "1643421600000": "2022-01-29", "2022-01-29 00:00": "2022-01-29", "2022年1月9日": "2022年1月9日", "12": "", "soon": ""} {
		if got := day(in); got != want {
			t.Errorf("day %s: got %q, want %q", in, got, want)
		}
	}
}

// TestUnits: news beside it do not hide that a listing is built by script, and each unit is asked for.
func TestUnits(t *testing.T) {
	const unit = `<script src="unitbuild.js" url="/api-gateway/front/page/build/unit" queryData="{'webId':'1','tagId':'%s','pageId':'2'}"></script>`
	news := `<ul><li><a href="/news/1.html">某地召开会议</a><span>2024-01-01</span></li></ul><div class="nav"><a href="/nb/1.html">甲市2021年政府信息公开工作年度报告</a></div>`
	body := news + strings.Replace(unit, "%s", "当前栏目list", 1) + strings.Replace(unit, "%s", "内容1", 1)
	got := text(read(t, "http://a.gov.cn/col/col1/index.html", body, seeds.Portal{}).Next)
	const rest = "&pageId=2&paramJson=%7B%22pageNo%22%3A1%2C%22pageSize%22%3A15%7D"
	want := "/api-gateway/front/page/build/unit?webId=1&tagId=" + url.QueryEscape("当前栏目list") + rest + "\n" +
		"/api-gateway/front/page/build/unit?webId=1&tagId=" + url.QueryEscape("内容1") + rest
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	home := read(t, "http://a.gov.cn/", body+`<a href="/nb/">信息公开年报</a>`, seeds.Portal{})
	if len(home.Next) > 0 || urls(home.Columns) != "/nb/" {
		t.Errorf("home page: next %s, columns %s", text(home.Next), urls(home.Columns))
	}
}

func TestYearsBesideRows(t *testing.T) {
	const body = `<div><a href="/zwgk/nb/2021/">2021年</a><a href="/zwgk/nb/2020/">2020年</a><a href="/news/2019/">2019年</a></div>
		<ul><li><a href="/zwgk/nb/2022/1.html">甲市2022年政府信息公开工作年度报告</a> 2023-01-01</li></ul>`
	l := read(t, "http://a.gov.cn/zwgk/nb/", body, seeds.Portal{})
	if got := urls(l.Columns); got != "/zwgk/nb/2021/ /zwgk/nb/2020/" {
		t.Errorf("got %s", got)
	}
}

func TestWall(t *testing.T) {
	long := strings.Repeat("政府信息公开工作", 100)
	tests := []struct {
		name   string
		status int
		cookie string
		body   string
		want   string
	}{
		{"page", 200, "", "<p>政府信息公开</p>", ""},
		{"412", 412, "FSSBBIl1UgzbN7N80S=x", `<script>$_ts=window['$_ts'];</script>`, "challenge:ruishu"},
		{"412 without a body", 412, "", "", "challenge:ruishu"},
		{"200 with its script", 200, "", `<html><head><script>$_ts={}</script></head><body></body></html>`, "challenge:ruishu"},
		{"page that passed", 200, "", `<script>$_ts={}</script><p>` + long, ""},
		{"521", 521, "", "", "challenge:jiasule"},
		{"521 as 200", 200, "", `<script>document.cookie='__jsl_clearance=1'</script>`, "challenge:jiasule"},
		{"its name in pieces", 200, "", `<script>document.cookie=('_')+('_')+('j')+('s')+('l')+('_')+('clearance_s=x');</script>`, "challenge:jiasule"},
		{"468", 468, "", "", "challenge:468"},
		{"cookie page", 200, "C3VK=x; path=/", `<script>location.reload()</script>`, "challenge:c3vk"},
		{"redirect to itself", 302, "CT6T=x", "", "challenge:cookie"},
		{"redirect", 302, "", "", ""},
		{"403 with a script", 403, "", "<script>x</script>", "challenge:403"},
		{"403", 403, "", "<h1>Forbidden</h1>", ""},
		{"notice", 405, "", "<title>访问被拦截</title><h1>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</h1>", "waf:notice"},
		{"notice as 200", 200, "", "<title>x</title><h1>您的访问被阻断。</h1><p>请求ID是: 0</p>", "waf:notice"},
		{"article about notices", 200, "", "<h1>关于您的访问被阻断的说明</h1>" + long, ""},
		{"page drawn by script", 200, "", `<div id="app"></div><script src="/app.js"></script>`, ""},
		{"404", 404, "", "<h1>页面不存在</h1>", ""},
	}
	for _, tt := range tests {
		h := http.Header{}
		if tt.cookie != "" {
			h.Set("Set-Cookie", tt.cookie)
		}
		v := Wall(tt.status, h, []byte(tt.body))
		if v.Kind != tt.want || (v.Kind == "") != (v.String() == "") || v.Kind != "" && v.Evidence == "" {
			t.Errorf("%s: got %q, want %q", tt.name, v, tt.want)
		}
	}
}

func TestGone(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"page", "<p>政府信息公开</p>", ""},
		{"soft 404", `<html><title>提示_某市人民政府</title><body><p>抱歉，您访问的页面不存在或已被删除</p><a href="/">返回首页</a></body></html>`, "gone:soft404"},
		{"another", `<html><body>对不起，您要查看的文章已删除</body></html>`, "gone:soft404"},
		{"nginx", "<html><h1>404 Not Found</h1></html>", "gone:soft404"},
		{"withdrawn", `<html><head><meta http-equiv="refresh" content="0;URL=../"></head><body></body></html>`, "gone:withdrawn"},
		{"moved", `<html><head><meta http-equiv="refresh" content="0;URL=list.html"></head><body></body></html>`, ""},
		{"two bytes", "\r\n", "gone:empty"},
		{"empty", "", "gone:empty"},
		{"home page", `<html><head><title> 某市人民政府 </title></head><body><p id="2">新闻</p></body></html>`, "gone:home"},
		{"page with its title", `<html><head><title>某市人民政府</title></head><body><p>年报</p></body></html>`, ""},
		{"listing with such a row", `<html><ul>` + strings.Repeat(`<li><a href="/1">关于您访问的页面不存在的说明</a></li>`, 15) + `</ul></html>`, ""},
		{"report on absent information", `<html><p>申请的信息不存在的，予以告知。</p></html>`, ""},
		{"report that says so", "<html><p>" + strings.Repeat("政府信息公开工作", 100) + "申请的信息不存在</p></html>", ""},
		{"PDF", "%PDF-1.4 页面不存在 <", ""},
	}
	const home = "<html><head><title>某市人民政府</title></head><body><p id=\"1\">新闻</p></body></html>"
	u, _ := url.Parse("http://a.gov.cn/zwgk/nb/202201/t20220129_1.html")
	for _, tt := range tests {
		v := Gone([]byte(tt.body), "text/html", u, []byte(home))
		if v.Kind != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, v, tt.want)
		}
	}
	root, _ := url.Parse("http://a.gov.cn/")
	if v := Gone([]byte(home), "", root, []byte(home)); v.Kind != "" {
		t.Errorf("the home page itself: %v", v)
	}
}

// FuzzRead: hostile answers give odd listings, never a panic, and never requests without end.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(listings, "*", "[lsadi]*_2.http"))
	if err != nil {
		f.Fatal(err)
	}
	shells, err := filepath.Glob(filepath.Join(listings, "*", "shell.http"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, shells...) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(data), "\r\n\r\n")
		f.Add(body, "http://a.gov.cn/zwgk/index.html", "lonsun", 1)
		f.Add(body, "http://a.gov.cn/gkmlpt/index?categorynum=1", "epoint", 0)
	}
	f.Fuzz(func(t *testing.T, body, address, name string, number int) {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			return
		}
		prev := Request{Kind: Data, Method: "POST", URL: address, Body: body, From: address, Number: number}
		prev.Key()
		if name != "" {
			prev.Series = &Series{Pager: name}
		}
		l, err := Read([]byte(body), "text/html", u, seeds.Portal{}, prev)
		if err != nil {
			return
		}
		if len(l.Next) > 60*MaxPages {
			t.Errorf("%d requests", len(l.Next))
		}
		for _, n := range l.Next {
			if _, err := url.Parse(n.Key()); err != nil {
				t.Errorf("%s: %v", n.Key(), err)
			}
		}
		Wall(200, nil, []byte(body))
		Gone([]byte(body), "", u, []byte(body))
		weburl.Trap(weburl.Canonical(u))
	})
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("../../testdata/portals/changshu/list_2.http")
	if err != nil {
		b.Skip(err)
	}
	u, _ := url.Parse("http://a.gov.cn/x/list_2.shtml")
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Read(data, "text/html", u, seeds.Portal{}, Request{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestMaxPages: no page beyond the highest number that is believed is ever asked for, whoever announces it; up to it, all are.
func TestMaxPages(t *testing.T) {
	last := func(requests []Request) string {
		all := strings.Split(text(requests), "\n")
		return all[len(all)-1]
	}
	for pages, most := range map[int]int{MaxPages - 1: MaxPages - 1, MaxPages: MaxPages, MaxPages + 1: MaxPages, 999999999: MaxPages} {
		next := read(t, "http://a.gov.cn/x/", fmt.Sprintf(`<script>createPageHTML(%d, 0, "index", "html");</script>`, pages), seeds.Portal{}).Next
		if want := fmt.Sprintf("/x/index_%d.html ??", most); len(next) != most || last(next) != want { // the last one is where counts begin at 1
			t.Errorf("by script, of %d pages: %d requests, the last %s, want %s", pages, len(next), last(next), want)
		}
		links := read(t, "http://a.gov.cn/x/list.html", fmt.Sprintf(`<a href="list_%d.html">%[1]d</a>`, pages), seeds.Portal{}).Next
		if len(links) > 0 != (pages <= MaxPages) {
			t.Errorf("by a link to page %d: %s", pages, text(links))
		}
	}

	// A service that is asked page by page, as it does not say how many there are, or says too much.
	first := read(t, "http://a.gov.cn/x/", `<script>$.post("/module/xxgk/search.jsp?currpage=" + p + "&x=1", { area: "1", currpage: p }, f);</script>`, seeds.Portal{}).Next[0]
	rows := `<table><tr><td><a href="/art/1.html">甲市乙局2021年政府信息公开工作年度报告</a></td><td>2022-01-01</td></tr></table>`
	answer := func(number int, body string) []Request {
		u, err := url.Parse(first.URL)
		if err != nil {
			t.Fatal(err)
		}
		prev, series := first, *first.Series
		prev.Number, prev.Series = number, &series
		l, err := Read([]byte(body), "", u, seeds.Portal{}, prev)
		if err != nil {
			t.Fatal(err)
		}
		return l.Next
	}
	if next := answer(MaxPages-1, rows); len(next) != 1 || next[0].Number != MaxPages {
		t.Errorf("behind the last page but one: %s", text(next))
	}
	if next := answer(MaxPages, rows); len(next) != 0 {
		t.Errorf("behind the last page: %s", text(next))
	}
	if next := answer(1, rows+"共99999条 共9999页"); len(next) != MaxPages-1 || next[len(next)-1].Number != MaxPages || next[0].Series.Pages != MaxPages {
		t.Errorf("of 9999 pages: %d requests, of %d", len(next), next[0].Series.Pages)
	}
}

// TestSlowPages: what must be tried again and again does not take time without end.
func TestSlowPages(t *testing.T) {
	u, err := url.Parse("http://a.gov.cn/")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"[{a:f(", "[{a:1,", "location=a;", "document.write('a'+", "createPageHTML(9999,0,'a','b');", "<iframe ", "[{'"} {
		l, err := Read([]byte("<script>"+strings.Repeat(part, 20000)), "text/html", u, seeds.Portal{}, Request{})
		if err != nil || len(l.Next) > mostCalls*MaxPages {
			t.Errorf("%s: %d requests, %v", part, len(l.Next), err)
		}
	}
}
