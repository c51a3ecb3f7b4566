package discover

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"gongkai/seeds"
)

// search looks for the listing of a portal of which these are the pages, by path, and returns what was asked for and found.
// What does not exist is asked for as well.
func search(t *testing.T, pages map[string]string, sitemaps ...string) (asked, found []string) {
	t.Helper()
	s := New(seeds.Portal{ID: "a", Agency: "东海县人民政府", Division: "320722", Home: "http://www.a.gov.cn/"})
	for range 12 {
		l, ok := s.Next()
		if !ok {
			break
		}
		u, err := url.Parse(l.URL)
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, u.RequestURI())
		page, ok := pages[u.RequestURI()]
		if !ok {
			s.Missed(l, "gone")
			continue
		}
		s.Read(l, []byte(page), "text/html; charset=utf-8", u)
		s.Maps(sitemaps, "http://www.a.gov.cn/robots.txt")
	}
	for _, l := range s.Result() {
		found = append(found, strings.TrimPrefix(l.URL, "http://www.a.gov.cn"))
	}
	return asked, found
}

// column is a listing of reports that begin so, in a folder.
func column(agency, folder string) string {
	var b strings.Builder
	for year := 2020; year < 2024; year++ {
		fmt.Fprintf(&b, `<li><a href="%st%d.html">%s%d年政府信息公开工作年度报告</a><span>%d-01-20</span></li>`, folder, year, agency, year, year+1)
	}
	return "<html><head><title>政府信息公开年报-东海县人民政府</title></head><body><ul>" + b.String() + "</ul></body></html>"
}

// TestHomePages holds in how many requests the column is found on home pages of kinds that portals have.
func TestHomePages(t *testing.T) {
	news, frames := "", ""
	for i := range 40 {
		news += fmt.Sprintf(`<a href="/x/%d.html">要闻%d</a>`, i, i)
	}
	for i := range 6 {
		frames += fmt.Sprintf(`<iframe src="/f/%d.html"></iframe>`, i)
	}
	home := func(text string) string { return "<title>东海县人民政府</title>" + text }
	list := column("东海县", "/c/")
	frameset := func(name string) map[string]string {
		return map[string]string{"/": home(`<frameset rows="100,*"><frame src="` + name + `"><frame src="main.htm"></frameset>`), "/main.htm": "<p>main</p>",
			"/" + name: `<a href="/c/598.html">政府信息公开年报</a>`, "/c/598.html": list}
	}
	for _, tt := range []struct {
		name  string
		pages map[string]string
		asked string
	}{
		{"alt of an image", map[string]string{"/": home(news + `<a href="/c/598.aspx"><img src="1.jpg" alt="政府信息公开年报"></a>`), "/c/598.aspx": list}, "/ /c/598.aspx"},
		{"title of an image", map[string]string{"/": home(news + `<a href="/c/598.aspx"><img src="1.jpg" title="政府信息公开年报"></a>`), "/c/598.aspx": list}, "/ /c/598.aspx"},
		{"label beside an image", map[string]string{"/": home(news + `<div><a href="/c/598.aspx"><img src="1.jpg"></a><p>政府信息公开年报</p></div>`), "/c/598.aspx": list}, "/ /c/598.aspx"},
		{"click without a slash", map[string]string{"/": home(`<li onclick="location.href='nblist.asp?id=7'">政府信息公开年报</li>`), "/nblist.asp?id=7": list}, "/ /nblist.asp?id=7"},
		{"link before frames", map[string]string{"/": home(`<a href="/c/598.html">政府信息公开年报</a>` + frames), "/c/598.html": list}, "/ /c/598.html"},
		{"frame called top", frameset("top.htm"), "/ /main.htm /top.htm /c/598.html"},
		{"frame called head", frameset("head.htm"), "/ /main.htm /head.htm /c/598.html"},
		{"frame called banner", frameset("banner.htm"), "/ /main.htm /banner.htm /c/598.html"},
		{"frame called left", frameset("left.htm"), "/ /main.htm /left.htm /c/598.html"},
		{"reports of our county", map[string]string{"/": home(`<a href="/c/598.html">政府信息公开年报</a>`), "/c/598.html": column("我县", "/c/")}, "/ /c/598.html"},
		{"reports of the whole county", map[string]string{"/": home(`<a href="/c/598.html">政府信息公开年报</a>`), "/c/598.html": column("全县", "/c/")}, "/ /c/598.html"},
		{"not the parent folder", map[string]string{"/": home(`<a href="/zw/gk/598.html">政府信息公开</a>`),
			"/zw/gk/598.html": strings.ReplaceAll(column("东海县", "/zw/gk/2024/"), "政府信息公开年报-", "")}, "/ /zw/gk/598.html"},
	} {
		asked, found := search(t, tt.pages)
		if got := strings.Join(asked, " "); got != tt.asked {
			t.Errorf("%s: asked for %s, want %s", tt.name, got, tt.asked)
		}
		if len(found) != 1 || found[0] != asked[len(asked)-1] {
			t.Errorf("%s: found %v", tt.name, found)
		}
	}
}

// TestSitemaps holds that the maps of a site that robots.txt names lead to the column, in whatever form, after what has a
// name and before what is guessed; and that there is an end to maps of maps.
func TestSitemaps(t *testing.T) {
	home := `<title>东海县人民政府</title><script src="/x.js"></script>` + strings.Repeat(`<a href="/x/1.html">要闻</a>`, 20)
	list := column("东海县", "/zw/zfxxgknb/")
	urlset := `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://www.a.gov.cn/x/2.html</loc></url><url><loc> http://www.a.gov.cn/zw/zfxxgknb/index.html </loc></url></urlset>`
	index := func(names ...string) string {
		text := "\ufeff<?xml version=\"1.0\"?>\n<sitemapindex>"
		for _, n := range names {
			text += "<sitemap><loc>http://www.a.gov.cn/" + n + "</loc></sitemap>"
		}
		return text + "</sitemapindex>"
	}
	pack := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.String()
	}
	const at = "http://www.a.gov.cn"
	for _, tt := range []struct {
		name     string
		sitemaps []string
		pages    map[string]string
		asked    string
	}{
		{"urlset", []string{at + "/m.xml"}, map[string]string{"/m.xml": urlset}, "/ /m.xml /zw/zfxxgknb/index.html"},
		{"without an extension", []string{" /maps?type=1 "}, map[string]string{"/maps?type=1": urlset}, "/ /maps?type=1 /zw/zfxxgknb/index.html"},
		{"with a prefix", []string{at + "/m.xml"}, map[string]string{"/m.xml": strings.NewReplacer("<url", "<s:url", "</url", "</s:url", "<loc", "<s:loc", "</loc", "</s:loc").Replace(urlset)}, "/ /m.xml /zw/zfxxgknb/index.html"},
		{"gz", []string{at + "/m.xml.gz"}, map[string]string{"/m.xml.gz": pack(urlset)}, "/ /m.xml.gz /zw/zfxxgknb/index.html"},
		{"text", []string{at + "/m.txt"}, map[string]string{"/m.txt": at + "/x/1.html\n" + at + "/x/2.html\r\n" + at + "/zw/zfxxgknb/index.html\n"}, "/ /m.txt /zw/zfxxgknb/index.html"},
		{"index", []string{at + "/i.xml"}, map[string]string{"/i.xml": index("m1.xml", "news.xml", "m-xxgk.xml.gz"), "/m-xxgk.xml.gz": pack(urlset)}, "/ /i.xml /m-xxgk.xml.gz /zw/zfxxgknb/index.html"},
		{"of another site", []string{"http://www.b.gov.cn/m.xml", at + "/m.xml"}, map[string]string{"/m.xml": urlset}, "/ /m.xml /zw/zfxxgknb/index.html"},
		{"named twice", []string{at + "/m.xml", at + "/m.xml"}, map[string]string{"/m.xml": urlset}, "/ /m.xml /zw/zfxxgknb/index.html"},
	} {
		tt.pages["/"], tt.pages["/zw/zfxxgknb/index.html"] = home, list
		asked, found := search(t, tt.pages, tt.sitemaps...)
		if got := strings.Join(asked, " "); got != tt.asked || len(found) != 1 {
			t.Errorf("%s: asked for %s, want %s; found %v", tt.name, got, tt.asked, found)
		}
	}
	endless := map[string]string{"/": home}
	for i := range 20 {
		endless[fmt.Sprintf("/i%d.xml", i)] = index(fmt.Sprintf("i%d.xml", i+1), fmt.Sprintf("j%d.xml", i+1))
	}
	asked, _ := search(t, endless, at+"/i0.xml")
	maps := 0
	for _, a := range asked {
		if strings.HasPrefix(a, "/i") || strings.HasPrefix(a, "/j") {
			maps++
		}
	}
	if maps > mostMaps {
		t.Errorf("%d maps of maps were asked for, want %d at most: %v", maps, mostMaps, asked)
	}
	bomb := map[string]string{"/": home, "/m.gz": pack("<urlset>" + strings.Repeat("<url><loc>http://www.a.gov.cn/x/1.html</loc></url>\n", 1<<20)), "/zfxxgk/": "<a href='/zw/zfxxgknb/index.html'>政府信息公开年报</a>", "/zw/zfxxgknb/index.html": list}
	if _, found := search(t, bomb, at+"/m.gz"); len(found) != 1 {
		t.Errorf("behind a bomb nothing was found")
	}
}
