package portal

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/seeds"
)

func read(t *testing.T, address, body string, p seeds.Portal) Listing {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Read([]byte(body), "text/html; charset=utf-8", u, p, Request{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// text writes requests shortly: the path and query of each, guesses with a question mark, spare ones with two.
func text(requests []Request) string {
	var words []string
	for _, p := range requests {
		u, err := url.Parse(p.URL)
		if err != nil {
			return err.Error()
		}
		word := u.RequestURI()
		switch {
		case p.Spare:
			word += " ??"
		case p.Guess:
			word += " ?"
		}
		words = append(words, word)
	}
	return strings.Join(words, "\n")
}

func TestNext(t *testing.T) {
	const jpage = `<script>$('#1').jpage({totalRecord: %d, perPage: 2, groupSize: 3,
		proxyUrl: '/module/web/jpage/dataproxy.jsp', ajaxParam: {col:1, webid:'27', path:'/', "columnid": 5, unitid:'9', webname:'衢江', sourceContentType:1}});</script>`
	const record = `<record><![CDATA[<li><a href="/art/%d.html">x</a></li>]]></record>`
	rows := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, record, i)
		}
		return b.String()
	}
	tests := []struct {
		name, url, body string
		family          string
		want            string
	}{
		{name: "trs", url: "http://a.gov.cn/gknb/", body: `<script>createPageHTML(4, 0, "index", "html");</script>`,
			want: "/gknb/index_1.html ?\n/gknb/index_2.html ?\n/gknb/index_3.html ?\n/gknb/index_4.html ??"},
		{name: "trs, more arguments", url: "http://a.gov.cn/gknb/", body: `<script>createPageHTML(2,0,"index","shtml","black2",16)</script>`,
			want: "/gknb/index_1.shtml ?\n/gknb/index_2.shtml ??"},
		{name: "trs, later page", url: "http://a.gov.cn/gknb/index_1.html", body: `<script>createPageHTML(4, 1, "index", "html");</script>`},
		{name: "trs, one page", url: "http://a.gov.cn/gknb/", body: `<script>createPageHTML(1, 0, "index", "html");</script>`},
		{name: "definition", url: "http://a.gov.cn/gknb/", body: `<script>function createPageHTML(_nPageCount, _nCurrIndex, _sPageName, _sPageExt){}</script>`},
		{name: "commented out", url: "http://a.gov.cn/gknb/", body: "<script>\n  //createPageHTML(4, 0, 'index', 'html');\n</script>"},
		{name: "variables", url: "http://a.gov.cn/gknb/", body: `<script>createPageHTML(total, 0, "index", "html");</script>`},
		{name: "ucap: either base", url: "http://a.gov.cn/x/list.shtml", body: `<script>createPageHTML('page_div', 3, 1, 'list', 'shtml', 45)</script>`,
			want: "/x/list_2.shtml ?\n/x/list_3.shtml ?\n/x/list_1.shtml ??"},
		{name: "ucap, later page", url: "http://a.gov.cn/x/list_2.shtml", body: `<script>createPageHTML('page_div', 3, 2, 'list', 'shtml', 45)</script>`},
		{name: "other family named", url: "http://a.gov.cn/x/", family: "trs", body: `<script>createPageHTML('page_div', 3, 1, 'list', 'shtml', 45)</script>`},
		{name: "jpage with next group", url: "http://a.gov.cn/col/col5/index.html",
			body: `<script type="text/xml"><datastore><nextgroup><![CDATA[<a href="/module/web/jpage/dataproxy.jsp?page=2&amp;webid=27&path=/&columnid=5&webname=衢江"></a>]]></nextgroup><recordset>` +
				rows(6) + `</recordset></datastore></script>` + fmt.Sprintf(jpage, 14),
			want: "/module/web/jpage/dataproxy.jsp?page=2&webid=27&path=/&columnid=5&webname=衢江 ?\n" +
				"/module/web/jpage/dataproxy.jsp?page=3&webid=27&path=/&columnid=5&webname=衢江 ?"},
		{name: "jpage, secret next group", url: "http://a.gov.cn/col/col5/index.html",
			body: `<script type="text/xml"><datastore><nextgroup><![CDATA[<a href="/d.jsp?k=a8f0"></a>]]></nextgroup><recordset>` +
				rows(6) + `</recordset></datastore></script>` + fmt.Sprintf(jpage, 14),
			want: "/d.jsp?k=a8f0"},
		{name: "jpage without next group", url: "http://a.gov.cn/col/col5/index.html",
			body: `<script type="text/xml"><datastore><recordset>` + rows(6) + `</recordset></datastore></script>` + fmt.Sprintf(jpage, 14),
			want: "/module/web/jpage/dataproxy.jsp?startrecord=7&endrecord=12&perpage=2&col=1&webid=27&path=%2F&columnid=5&unitid=9&webname=%E8%A1%A2%E6%B1%9F&sourceContentType=1 ?\n" +
				"/module/web/jpage/dataproxy.jsp?startrecord=13&endrecord=14&perpage=2&col=1&webid=27&path=%2F&columnid=5&unitid=9&webname=%E8%A1%A2%E6%B1%9F&sourceContentType=1 ?"},
		{name: "jpage, all there", url: "http://a.gov.cn/col/col5/index.html",
			body: `<script type="text/xml"><datastore><recordset>` + rows(6) + `</recordset></datastore></script>` + fmt.Sprintf(jpage, 6)},
		{name: "jpage answer names the next", url: "http://a.gov.cn/d.jsp?page=2",
			body: `<?xml version='1.0' encoding='UTF-8'?><datastore><totalrecord>14</totalrecord><nextgroup><![CDATA[<a href="/d.jsp?page=3"></a>]]></nextgroup><recordset>` + rows(6) + `</recordset></datastore>`,
			want: "/d.jsp?page=3"},
		{name: "next by name and numbers", url: "http://a.gov.cn/list.asp?id=1",
			body: `<a href="?id=1&page=2">2</a> <a href="?id=1&page=3">[3]</a> <a href="?id=2&page=2">4</a> <a href="/x?page=5">5</a> <a href="?id=1&page=2">下一页</a> <a href="?id=1&page=3">尾页</a>`,
			want: "/list.asp?id=1&page=2\n/list.asp?id=1&page=3"},
		{name: "traditional script", url: "http://a.gov.cn/l/", body: `<a href="index_2.html">下一頁</a>`, want: "/l/index_2.html"},
		{name: "files with numbers", url: "http://a.gov.cn/l/index.html", body: `<a href="index_2.html">2</a><a href="/m/index_2.html">2</a><a href="index_201.html">201</a>`,
			want: "/l/index_2.html"},
		{name: "falling numbers", url: "http://a.gov.cn/zwgk/gknb.htm", body: `<span class="p_no"><a href="gknb/30.htm">2</a></span><span class="p_next"><a href="gknb/30.htm">下页</a></span>`,
			want: "/zwgk/gknb/30.htm"},
		{name: "script link", url: "http://a.gov.cn/l/", body: `<a href="javascript:void(0)">下一页</a>`},
		{name: "sign in a carousel", url: "http://a.gov.cn/l/", body: `<a href="/news/1.html">&gt;</a> <a href="?page=2">&gt;</a>`, want: "/l/?page=2"},
		{name: "itself", url: "http://a.gov.cn/l/?page=9", body: `<a href="?page=9">下一页</a>`},
		{name: "next article", url: "http://a.gov.cn/l/1.html", body: `<a href="2.html">下一篇</a>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := text(read(t, tt.url, tt.body, seeds.Portal{Family: tt.family}).Next)
			if got, err := url.PathUnescape(strings.ReplaceAll(got, "%2F", "%252F")); err != nil || got != unquote(tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// unquote makes the table independent of who percent-encodes Chinese letters.
func unquote(s string) string {
	u, err := url.PathUnescape(strings.ReplaceAll(s, "%2F", "%252F"))
	if err != nil {
		return err.Error()
	}
	return u
}

func TestNextSelector(t *testing.T) {
	var p seeds.Portal
	if err := p.Next.UnmarshalText([]byte("a.more")); err != nil {
		t.Fatal(err)
	}
	got := text(read(t, "http://a.gov.cn/l/", `<a href="?page=2">下一页</a><a class=more href="/b">更多</a>`, p).Next)
	if got != "/b" {
		t.Errorf("got %s, want /b", got)
	}
}

func TestRows(t *testing.T) {
	const body = `<div class="nav"><a href="/menu">2021年某市政府信息公开工作年度报告</a></div><ul class="list">
		<li><a href="/1" title="常熟市人民政府办公室2021年政府信息公开工作年度报告">常熟市人民政府办公室2021年政府信息公开...</a><span>2022-01-29</span></li>
		<li><a href="/2">政府信息公开指南</a><span>2022-01-28</span></li>
		<li><a href="/3">一图读懂常熟市2021年政府信息公开工作年度报告</a><span>2022-01-27</span></li>
		<li><a href="/4">2020年度</a></li></ul>`
	l := read(t, "http://a.gov.cn/", body, seeds.Portal{})
	if got := urls(l.Rows); got != "/1" {
		t.Errorf("rows: got %s, want /1", got)
	}
	if got := urls(l.Columns); got != "/4" {
		t.Errorf("columns of a home page: got %s, want /4", got)
	}
	if got := urls(read(t, "http://a.gov.cn/nb/", body, seeds.Portal{}).Columns); got != "" {
		t.Errorf("columns of a listing: got %s", got)
	}
	if len(l.Items) != 3 || l.Signature == "" {
		t.Errorf("got %d items, signature %q, want 3", len(l.Items), l.Signature)
	}

	var p seeds.Portal
	if err := p.Rows.UnmarshalText([]byte(".nav")); err != nil {
		t.Fatal(err)
	}
	if got := urls(read(t, "http://a.gov.cn/", body, p).Rows); got != "/menu" {
		t.Errorf("rows by selector: got %s, want /menu", got)
	}

	menu := read(t, "http://a.gov.cn/", `<div class="nav"><a href="/nb">政府信息公开年报</a></div><p><a href="/x">新闻</a></p>`, seeds.Portal{})
	if got := urls(menu.Columns); got != "/nb" {
		t.Errorf("columns in a menu: got %s, want /nb", got)
	}
	if len(menu.Items) != 0 || menu.Signature != "" {
		t.Errorf("page without items: got %d, %q", len(menu.Items), menu.Signature)
	}
}

func TestSignature(t *testing.T) {
	page := func(rows, pager string) string {
		return read(t, "http://a.gov.cn/", "<ul>"+rows+"</ul>"+pager, seeds.Portal{}).Signature
	}
	one := page(`<li><a href="/1">甲</a> 2022-01-29</li>`, `<a href="?page=2">下一页</a>`)
	if got := page(`<li><a href="/1">甲</a> 2022-01-29</li>`, `<a href="?page=3">下一页</a>`); got != one {
		t.Error("the pager is part of the signature")
	}
	if got := page(`<li><a href="/2">甲</a> 2022-01-29</li>`, ""); got == one {
		t.Error("other rows have the same signature")
	}
}

func urls[L extract.Link | Row](links []L) string {
	var all []string
	for _, l := range links {
		var link extract.Link
		switch l := any(l).(type) {
		case extract.Link:
			link = l
		case Row:
			link = l.Link
		}
		all = append(all, strings.TrimPrefix(link.URL, "http://a.gov.cn"))
	}
	return strings.Join(slices.Compact(all), " ")
}
