package crawler

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"gongkai/seeds"
	"gongkai/store"
)

// A hardPortal is one of which the menu, the neighbours or the software mislead. Its pages are known by URL without the
// scheme http.
type hardPortal struct {
	name  string
	home  string // of the seed; http://www.a.gov.cn/ where empty
	code  string // of the seed; most have none, as of an address that nobody knows
	whose string // the agency of the seed, where that is known
	begin string // its start page, where that is another than the home page
	pages map[string]http.HandlerFunc
	right []string // the listing, by its addresses; none where there is none to be found
	also  []string // what may be listed besides it
}

// site is a page as the portal of a place writes it.
func sitePage(place, title, text string) http.HandlerFunc {
	return body(`<!DOCTYPE html><html><head><meta charset="utf-8"><title>` + title + `</title><meta name="SiteName" content="` + place + `人民政府"></head><body><div class="nav"><a href="/">首页</a><a href="/xwzx/">新闻中心</a><a href="/zwfw/">政务服务</a></div>` + text + `</body></html>`)
}

// ours is a page of the county that most hard portals are of.
func ours(title, text string) http.HandlerFunc { return sitePage("平昌县", title, text) }

// listOf is a list of documents of several years, newest first: format has the address, the title with the year, and the date.
func listOf(dir, title string, last, first int) string {
	var b strings.Builder
	b.WriteString(`<div class="list"><ul>`)
	for y := last; y >= first; y-- {
		fmt.Fprintf(&b, `<li><a href="%st%d.html">%s</a><span>%d-01-20</span></li>`, dir, y, strings.ReplaceAll(title, "%d", fmt.Sprint(y)), y+1)
	}
	return b.String() + "</ul></div>"
}

// menu is a list of links: names and addresses by turns.
func menu(links ...string) string {
	var b strings.Builder
	b.WriteString(`<div class="menu"><ul>`)
	for i := 0; i+1 < len(links); i += 2 {
		fmt.Fprintf(&b, `<li><a href="%s">%s</a></li>`, links[i+1], links[i])
	}
	return b.String() + "</ul></div>"
}

const ourReports = "平昌县人民政府%d年政府信息公开工作年度报告"

// forty are the bodies of a county.
var forty = strings.Fields("财政局 教育局 公安局 民政局 司法局 水利局 林业局 审计局 统计局 医疗保障局 卫生健康局 应急管理局 农业农村局 自然资源局 交通运输局 市场监督管理局 生态环境局 住房和城乡建设局 发展和改革局 文化广播电视和旅游局 退役军人事务局 人力资源和社会保障局 经济和信息化局 行政审批局 信访局 乡村振兴局 综合行政执法局 投资促进局 机关事务管理局 气象局 江口街道 同州街道 金宝街道 响滩镇 西兴镇 佛楼镇 白衣镇 涵水镇 岳家镇 兰草镇")

func hardPortals() []hardPortal {
	decoys := menu("政府网站工作年度报表", "/wznb/", "法治政府建设年度报告", "/fzzf/", "公积金年报", "/gjj/", "企业年报公示", "/qynb/", "财政预决算", "/yjs/", "统计年报", "/tjnb/")
	withDecoys := func(pages map[string]http.HandlerFunc) map[string]http.HandlerFunc {
		pages["www.a.gov.cn/wznb/"] = ours("政府网站工作年度报表", listOf("/wznb/", "平昌县人民政府网站工作年度报表（%d年度）", 2024, 2018))
		pages["www.a.gov.cn/fzzf/"] = ours("法治政府建设年度报告", listOf("/fzzf/", "平昌县%d年法治政府建设年度报告", 2024, 2018))
		pages["www.a.gov.cn/gjj/"] = ours("公积金年报", listOf("/gjj/", "平昌县住房公积金%d年年度报告", 2024, 2018))
		pages["www.a.gov.cn/qynb/"] = ours("企业年报公示", listOf("/qynb/", "平昌县国有资产经营公司%d年年度报告", 2024, 2018))
		pages["www.a.gov.cn/yjs/"] = ours("财政预决算", listOf("/yjs/", "平昌县%d年部门决算公开报告", 2024, 2018))
		pages["www.a.gov.cn/tjnb/"] = ours("统计年报", listOf("/tjnb/", "平昌县%d年统计年报", 2024, 2018))
		return pages
	}
	const www = "http://www.a.gov.cn"
	var hubOf40, homeOf40 strings.Builder
	deps := map[string]http.HandlerFunc{}
	for i, unit := range forty {
		fmt.Fprintf(&hubOf40, `<li><a href="/bm/d%d/">%s</a></li>`, i, unit)
		fmt.Fprintf(&homeOf40, `<li><a href="/bm/d%d/">%s信息公开</a></li>`, i, unit)
		deps[fmt.Sprintf("www.a.gov.cn/bm/d%d/", i)] = ours(unit+"_政府信息公开", menu("机构职能", fmt.Sprintf("/bm/d%d/jg/", i), "政府信息公开年报", fmt.Sprintf("/bm/d%d/nb/", i)))
		deps[fmt.Sprintf("www.a.gov.cn/bm/d%d/nb/", i)] = ours("政府信息公开年报", listOf(fmt.Sprintf("/bm/d%d/nb/", i), "平昌县"+unit+"%d年政府信息公开工作年度报告", 2024, 2020))
	}
	plus := func(pages map[string]http.HandlerFunc) map[string]http.HandlerFunc {
		for k, v := range deps {
			pages[k] = v
		}
		return pages
	}
	gbk := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			s, err := simplifiedchinese.GBK.NewEncoder().String(text)
			if err != nil {
				panic(err)
			}
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, s)
		}
	}
	hangUp := func(http.ResponseWriter, *http.Request) { panic(errReset) }
	to := func(address string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Location", address); w.WriteHeader(302) }
	}
	return []hardPortal{
		{name: "false friends alone", pages: withDecoys(map[string]http.HandlerFunc{
			"www.a.gov.cn/":        ours("平昌县人民政府", menu("政府信息公开", "/zfxxgk/")+decoys),
			"www.a.gov.cn/zfxxgk/": ours("政府信息公开", menu("政府信息公开指南", "/zn/", "依申请公开", "/ysqgk/", "政府信息公开制度", "/zd/")+decoys),
			"www.a.gov.cn/zn/":     ours("政府信息公开指南", `<p>每年公布政府信息公开工作年度报告</p><a href="/zn/1.html">平昌县人民政府2019年政府信息公开工作年度报告</a>`),
			"www.a.gov.cn/ysqgk/":  ours("依申请公开", "<p>申请表</p>"),
		})},
		{name: "false friends in a column called 年报", pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    ours("平昌县人民政府", menu("年报", "/nb/")),
			"www.a.gov.cn/nb/": ours("年报", listOf("/nb/", "平昌县人民政府网站工作年度报表（%d年度）", 2024, 2018)+listOf("/nb2/", "平昌县%d年法治政府建设年度报告", 2024, 2018)),
		}},
		{name: "a column of every yearly report there is", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    ours("平昌县人民政府", menu("年度报告", "/nb/")+decoys),
			"www.a.gov.cn/nb/": ours("年度报告", listOf("/nb/w", "平昌县人民政府网站工作年度报表（%d年度）", 2024, 2020)+listOf("/nb/f", "平昌县%d年法治政府建设年度报告", 2024, 2020)+listOf("/nb/x", ourReports, 2024, 2020)),
		}},
		{name: "companies in a column called 信息公开年报", pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":        ours("平昌县人民政府", menu("政府信息公开", "/zfxxgk/")),
			"www.a.gov.cn/zfxxgk/": ours("政府信息公开", menu("信息公开年报", "/qsy/")),
			"www.a.gov.cn/qsy/":    ours("信息公开年报", `<ul><li><a href="/1.html">平昌县自来水公司2023年信息公开年度报告</a></li><li><a href="/2.html">平昌县中医医院2023年信息公开年度报告</a></li><li><a href="/3.html">平昌县公交公司2023年信息公开年度报告</a></li></ul>`),
		}},
		{name: "a hub of forty bodies, the government's column in it", right: []string{www + "/zfxxgk/nb/"}, pages: plus(map[string]http.HandlerFunc{
			"www.a.gov.cn/":           ours("平昌县人民政府", menu("政府信息公开", "/zfxxgk/")),
			"www.a.gov.cn/zfxxgk/":    ours("政府信息公开", `<h3>部门</h3><ul>`+hubOf40.String()+`</ul>`+menu("政府信息公开年报", "/zfxxgk/nb/")),
			"www.a.gov.cn/zfxxgk/nb/": ours("政府信息公开年报", listOf("/zfxxgk/nb/", ourReports, 2024, 2016)),
		})},
		{name: "forty bodies, and no column of the government", pages: plus(map[string]http.HandlerFunc{
			"www.a.gov.cn/":        ours("平昌县人民政府", menu("政府信息公开", "/zfxxgk/")),
			"www.a.gov.cn/zfxxgk/": ours("政府信息公开", `<h3>部门</h3><ul>`+hubOf40.String()+`</ul>`),
		})},
		{name: "a body's column, named as the government's on its home page", pages: plus(map[string]http.HandlerFunc{
			"www.a.gov.cn/": ours("平昌县人民政府", menu("政府信息公开年报", "/bm/d0/nb/", "部门信息公开", "/bm/d1/")),
		})},
		{name: "a home page of forty links to the disclosure of bodies", right: []string{www + "/gk/nb/"}, pages: plus(map[string]http.HandlerFunc{
			"www.a.gov.cn/":       ours("平昌县人民政府", "<ul>"+homeOf40.String()+"</ul>"+menu("政务公开", "/gk/")),
			"www.a.gov.cn/gk/":    ours("政务公开", menu("政策文件", "/zc/", "公开年报", "/gk/nb/")),
			"www.a.gov.cn/gk/nb/": ours("公开年报", listOf("/gk/nb/", "%d年政府信息公开工作年度报告", 2024, 2016)),
		})},
		{name: "all bodies in one list", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    ours("平昌县人民政府", menu("政府信息公开年报", "/nb/")),
			"www.a.gov.cn/nb/": ours("政府信息公开年报", "<ul><li><a href=\"/r/0.html\">平昌县人民政府2024年政府信息公开工作年度报告</a></li>"+strings.ReplaceAll(strings.ReplaceAll(hubOf40.String(), "/\">", ".html\">平昌县"), "</a>", "2024年政府信息公开工作年度报告</a>")+"</ul>"),
		}},
		{name: "a neighbour's listing among the friendly links", pages: map[string]http.HandlerFunc{
			"pc.a.gov.cn/":     ours("平昌县人民政府", `<div class="yqlj"><a href="http://nj.a.gov.cn/nb/">政府信息公开年报</a><a href="http://www.a.gov.cn/nb/">市政府信息公开年报</a></div>`),
			"nj.a.gov.cn/nb/":  sitePage("南江县", "政府信息公开年报", listOf("/nb/", "%d年政府信息公开工作年度报告", 2024, 2016)),
			"www.a.gov.cn/nb/": sitePage("巴中市", "政府信息公开年报", listOf("/nb/", "%d年政府信息公开工作年度报告", 2024, 2016)),
		}, home: "http://pc.a.gov.cn/"},
		{name: "the prefecture's listing in the frame around a county", home: "http://www.a.gov.cn/pc/", code: "511923", right: []string{www + "/pc/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":       sitePage("巴中市", "巴中市人民政府", menu("政府信息公开年报", "/nb/")),
			"www.a.gov.cn/nb/":    sitePage("巴中市", "政府信息公开年报", listOf("/nb/", "巴中市人民政府%d年政府信息公开工作年度报告", 2024, 2016)),
			"www.a.gov.cn/pc/":    sitePage("巴中市", "平昌县", menu("政府信息公开年报", "/nb/", "县信息公开", "/pc/gk/")),
			"www.a.gov.cn/pc/gk/": sitePage("巴中市", "县信息公开", menu("信息公开年报", "/pc/nb/")),
			"www.a.gov.cn/pc/nb/": sitePage("巴中市", "信息公开年报", listOf("/pc/nb/", "平昌县人民政府%d年政府信息公开工作年度报告", 2024, 2016)),
		}},
		{name: "the archive of the old site", right: []string{www + "/gk/nb/"}, also: []string{"http://old.a.gov.cn/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":       ours("平昌县人民政府", menu("旧版网站", "http://old.a.gov.cn/", "政务公开", "/gk/")),
			"old.a.gov.cn/":       ours("平昌县人民政府（旧版）", menu("政府信息公开年报", "/nb/")),
			"old.a.gov.cn/nb/":    ours("政府信息公开年报", listOf("/nb/", ourReports, 2015, 2008)),
			"www.a.gov.cn/gk/":    ours("政务公开", menu("政府信息公开年报", "/gk/nb/", "历史年报", "http://old.a.gov.cn/nb/")),
			"www.a.gov.cn/gk/nb/": ours("政府信息公开年报", listOf("/gk/nb/", ourReports, 2024, 2016)),
		}},
		{name: "rows that only a service of the site's own knows", pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    ours("平昌县人民政府", menu("政府信息公开年报", "/nb/")),
			"www.a.gov.cn/nb/": ours("政府信息公开年报", `<div id="app"></div><script src="/static/app.9f8e7d.js"></script>`),
		}},
		{name: "a menu that only a service of the site's own knows", right: []string{www + "/zwgk/zfxxgk/zfxxgknb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":                      ours("平昌县人民政府", `<div id="app"></div><script src="/static/app.9f8e7d.js"></script>`),
			"www.a.gov.cn/zwgk/zfxxgk/zfxxgknb/": ours("政府信息公开年报", listOf("./", ourReports, 2024, 2016)),
		}},
		{name: "a menu as a tree in JSON", right: []string{www + "/gk/c12/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":        ours("平昌县人民政府", menu("政府信息公开", "/gk/")),
			"www.a.gov.cn/gk/":     ours("政府信息公开", `<ul id="tree"></ul><script>var zNodes = [{"id":"1","pId":"0","name":"政府信息公开指南","url":"\/gk\/c10\/"},{"id":"2","pId":"0","name":"政府信息公开年报","url":"\/gk\/c12\/"}];</script>`),
			"www.a.gov.cn/gk/c12/": ours("政府信息公开年报", listOf("/gk/c12/", ourReports, 2024, 2016)),
		}},
		{name: "nested frames", right: []string{www + "/in/list.html", www + "/nb.html"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":             body(`<html><head><title>平昌县人民政府</title></head><frameset cols="20%,*"><frame src="left.html"><frameset rows="20%,*"><frame src="top.html"><frame src="main.html"></frameset></frameset></html>`),
			"www.a.gov.cn/left.html":    body(`<html><body><a href="gk.html" target="main">政府信息公开</a></body></html>`),
			"www.a.gov.cn/top.html":     body(`<html><body><img src="b.jpg"></body></html>`),
			"www.a.gov.cn/main.html":    body(`<html><body><a href="/xw/1.html">县委召开会议</a></body></html>`),
			"www.a.gov.cn/gk.html":      body(`<html><frameset cols="20%,*"><frame src="/in/menu.html"><frame src="/in/zn.html"></frameset></html>`),
			"www.a.gov.cn/in/menu.html": body(`<html><body><a href="zn.html">指南</a><a href="../nb.html" target="m">年报</a></body></html>`),
			"www.a.gov.cn/nb.html":      body(`<html><body><iframe src="/in/list.html"></iframe></body></html>`),
			"www.a.gov.cn/in/list.html": body(`<html><body>` + listOf("/in/", ourReports, 2022, 2014) + `</body></html>`),
		}},
		{name: "three redirects to the first channel", right: []string{www + "/gk/zn/index.html", www + "/gk/nb/index.html"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    ours("平昌县人民政府", menu("政府信息公开", "/gk/")),
			"www.a.gov.cn/gk/": to("/gk/redirect_firstChannel.shtml"),
			"www.a.gov.cn/gk/redirect_firstChannel.shtml": body(`<html><head><script>location.href='/gk/zn/'</script></head></html>`),
			"www.a.gov.cn/gk/zn/":                         body(`<html><head><meta http-equiv="refresh" content="0;url=index.html"></head></html>`),
			"www.a.gov.cn/gk/zn/index.html":               ours("政府信息公开指南", menu("指南", "/gk/zn/index.html", "年报", "/gk/nb/")+"<p>本指南</p>"),
			"www.a.gov.cn/gk/nb/":                         to("/gk/nb/index.html"),
			"www.a.gov.cn/gk/nb/index.html":               ours("年报", listOf("/gk/nb/", ourReports, 2024, 2016)),
		}},
		{name: "sitemap.xml alone", right: []string{www + "/a1/zfxxgknb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":             ours("平昌县人民政府", `<canvas id="c"></canvas>`),
			"www.a.gov.cn/sitemap.xml":  body(`<?xml version="1.0"?><urlset><url><loc>http://www.a.gov.cn/a1/xw/</loc></url><url><loc>http://www.a.gov.cn/a1/wznb/</loc></url><url><loc>http://www.a.gov.cn/a1/zfxxgknb/</loc></url></urlset>`),
			"www.a.gov.cn/a1/zfxxgknb/": ours("政府信息公开年报", listOf("./", ourReports, 2024, 2016)),
			"www.a.gov.cn/a1/wznb/":     ours("政府网站年报", listOf("./", "平昌县政府网站%d年度报表", 2024, 2016)),
		}},
		{name: "an index of sitemaps", right: []string{www + "/a1/zfxxgknb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":              ours("平昌县人民政府", `<canvas id="c"></canvas>`),
			"www.a.gov.cn/sitemap.xml":   body(`<?xml version="1.0"?><sitemapindex><sitemap><loc>http://www.a.gov.cn/sitemap_1.xml</loc></sitemap></sitemapindex>`),
			"www.a.gov.cn/sitemap_1.xml": body(`<?xml version="1.0"?><urlset><url><loc>http://www.a.gov.cn/a1/zfxxgknb/</loc></url></urlset>`),
			"www.a.gov.cn/a1/zfxxgknb/":  ours("政府信息公开年报", listOf("./", ourReports, 2024, 2016)),
		}},
		{name: "all of it in GBK", right: []string{www + "/List.asp?ClassID=18"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":                    gbk(`<html><head><meta http-equiv=Content-Type content="text/html; charset=gb2312"><title>平昌县人民政府</title></head><body><table><tr><td><a href="gk.asp">政务公开</a></td><td><a href="wz.asp">政府网站年度报表</a></td></tr></table></body></html>`),
			"www.a.gov.cn/gk.asp":              gbk(`<html><head><title>政务公开</title></head><body><a href="List.asp?ClassID=17">信息公开指南</a> <a href="List.asp?ClassID=18">信息公开年报</a></body></html>`),
			"www.a.gov.cn/List.asp?ClassID=18": gbk(`<html><head><title>信息公开年报</title></head><body>` + listOf("Show.asp?ID=", ourReports, 2015, 2008) + `</body></html>`),
		}},
		{name: "the section on another host of the domain", right: []string{"http://xxgk.a.gov.cn/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":     ours("平昌县人民政府", menu("政府信息公开", "http://xxgk.a.gov.cn/")),
			"xxgk.a.gov.cn/":    body(`<html><head><title>信息公开</title></head><body>` + menu("年度报告", "/nb/", "网站年报", "/wz/") + `</body></html>`),
			"xxgk.a.gov.cn/nb/": body(`<html><head><title>年度报告</title></head><body>` + listOf("/nb/", "%d年政府信息公开工作年度报告", 2024, 2016) + `</body></html>`),
		}},
		{name: "a menu of pictures", right: []string{www + "/zwgk/zfxxgknb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":               ours("平昌县人民政府", `<a href="/xw/"><img src="1.png"></a><a href="/zwgk/"><img src="2.png"></a><a href="/ysqgk/"><img src="3.png"></a>`),
			"www.a.gov.cn/zwgk/":          ours("政务", `<a href="/zwgk/zfxxgkzn/"><img src="1.png"></a><a href="/zwgk/zfxxgknb/"><img src="2.png"></a>`),
			"www.a.gov.cn/zwgk/zfxxgknb/": ours("", listOf("./", ourReports, 2024, 2016)),
		}},
		{name: "names that are cut", right: []string{www + "/c3/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    ours("平昌县人民政府", `<a href="/c1/" title="政府信息公开专栏">政府信…</a>`),
			"www.a.gov.cn/c1/": ours("政府信息公开", `<a href="/c2/" title="政府网站工作年度报表">政府网…</a><a href="/c3/" title="政府信息公开工作年度报告">政府信息公…</a>`),
			"www.a.gov.cn/c3/": ours("", listOf("/c3/", ourReports, 2024, 2016)),
		}},
		{name: "one report, of a district founded lately", right: []string{www + "/gk/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":       ours("平昌县人民政府", menu("政府信息公开", "/gk/")),
			"www.a.gov.cn/gk/":    ours("政府信息公开", menu("政府信息公开年报", "/gk/nb/")),
			"www.a.gov.cn/gk/nb/": ours("政府信息公开年报", listOf("/gk/nb/", ourReports, 2024, 2024)),
		}},
		{name: "the column is its newest report, the others stand beside it", right: []string{www + "/gk/nb/", www + "/gk/nb/t2024.html"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":                 ours("平昌县人民政府", menu("政府信息公开", "/gk/")),
			"www.a.gov.cn/gk/":              ours("政府信息公开", menu("政府信息公开年报", "/gk/nb/")),
			"www.a.gov.cn/gk/nb/":           to("/gk/nb/t2024.html"),
			"www.a.gov.cn/gk/nb/t2024.html": ours("平昌县人民政府2024年政府信息公开工作年度报告", "<h1>平昌县人民政府2024年政府信息公开工作年度报告</h1><p>一、总体情况。"+strings.Repeat("本年度公开信息若干条。", 60)+"</p><div class=side>"+listOf("/gk/nb/", ourReports, 2023, 2016)+"</div>"),
		}},
		{name: "years as a menu of options", right: []string{www + "/gk/nb/", www + "/gk/nb/2024/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":            ours("平昌县人民政府", menu("政府信息公开年报", "/gk/nb/")),
			"www.a.gov.cn/gk/nb/":      ours("政府信息公开年报", `<select onchange="location=this.value"><option value="/gk/nb/2024/">2024年</option><option value="/gk/nb/2023/">2023年</option></select>`),
			"www.a.gov.cn/gk/nb/2024/": ours("2024年", listOf("/gk/nb/2024/", ourReports, 2024, 2024)),
			"www.a.gov.cn/gk/nb/2023/": ours("2023年", listOf("/gk/nb/2023/", ourReports, 2023, 2023)),
		}},
		{name: "rows that are clicked and are no anchors", right: []string{www + "/gk/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":       ours("平昌县人民政府", menu("政府信息公开年报", "/gk/nb/")),
			"www.a.gov.cn/gk/nb/": ours("政府信息公开年报", `<ul><li onclick="window.open('/gk/nb/t2024.html')">平昌县2024年政府信息公开工作年度报告</li><li onclick="window.open('/gk/nb/t2023.html')">平昌县2023年政府信息公开工作年度报告</li></ul>`),
		}},
		{name: "a bureau's section in the government's site", home: www + "/bm/czj/", code: "511923", whose: "平昌县财政局", right: []string{www + "/bm/czj/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/bm/czj/":    ours("财政局", menu("政府信息公开年报", "/nb/", "年报", "/bm/czj/nb/")),
			"www.a.gov.cn/nb/":        ours("政府信息公开年报", listOf("/nb/", "%d年政府信息公开工作年度报告", 2024, 2016)),
			"www.a.gov.cn/bm/czj/nb/": ours("年报", listOf("/bm/czj/nb/", "%d年政府信息公开工作年度报告", 2024, 2016)),
		}},
		{name: "a bureau's listing that has died, beside the government's", code: "511923", whose: "平昌县财政局", begin: www + "/old/czj/", pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":      ours("平昌县人民政府", menu("政府信息公开年报", "/nb/", "年报", "/nb2/", "部门年报", "/bmnb/")),
			"www.a.gov.cn/nb/":   ours("政府信息公开年报", listOf("/nb/", ourReports, 2024, 2016)),
			"www.a.gov.cn/nb2/":  ours("年报", listOf("/nb2/", "%d年政府信息公开工作年度报告", 2024, 2016)),
			"www.a.gov.cn/bmnb/": ours("部门年报", "<ul>"+strings.ReplaceAll(strings.ReplaceAll(hubOf40.String(), "/\">", ".html\">平昌县"), "</a>", "2024年政府信息公开工作年度报告</a>")+"</ul>"),
		}},
		{name: "a bureau's listing that has moved, named on its page", code: "511923", whose: "平昌县财政局", begin: www + "/old/czj/", right: []string{www + "/new/czj/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":         ours("平昌县人民政府", menu("年报", "/new/czj/")),
			"www.a.gov.cn/new/czj/": ours("年报", listOf("/new/czj/", "平昌县财政局%d年政府信息公开工作年度报告", 2024, 2016)),
		}},
		{name: "a bureau with a host of its own, that nobody knows", home: "http://czj.a.gov.cn/", right: []string{"http://czj.a.gov.cn/nb/"}, pages: map[string]http.HandlerFunc{
			"czj.a.gov.cn/":    body(`<html><head><title>平昌县财政局网站</title></head><body>` + menu("政府信息公开年报", "http://www.a.gov.cn/nb/", "年报", "/nb/") + `</body></html>`),
			"czj.a.gov.cn/nb/": body(`<html><head><title>年报</title></head><body>` + listOf("/nb/", "%d年政府信息公开工作年度报告", 2024, 2016) + `</body></html>`),
			"www.a.gov.cn/nb/": ours("政府信息公开年报", listOf("/nb/", ourReports, 2024, 2016)),
		}},
		{name: "a zone", code: "511923", whose: "平昌经济开发区管理委员会", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    body(`<html><head><title>四川平昌经济开发区</title></head><body>` + menu("信息公开年报", "/nb/") + `</body></html>`),
			"www.a.gov.cn/nb/": body(`<html><head><title>信息公开年报</title></head><body>` + listOf("/nb/", "平昌经济开发区%d年政府信息公开工作年度报告", 2024, 2020) + `</body></html>`),
		}},
		{name: "a zone that nobody knows", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    body(`<html><head><title>平昌经济开发区管理委员会</title></head><body>` + menu("信息公开年报", "/nb/") + `</body></html>`),
			"www.a.gov.cn/nb/": body(`<html><head><title>信息公开年报</title></head><body>` + listOf("/nb/", "平昌经济开发区管委会%d年政府信息公开工作年度报告", 2024, 2020) + `</body></html>`),
		}},
		{name: "a county that has become a district", code: "110118", whose: "北京市密云区人民政府", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    sitePage("北京市密云区", "密云区", menu("信息公开年报", "/nb/")),
			"www.a.gov.cn/nb/": sitePage("北京市密云区", "信息公开年报", listOf("/nb/", "密云县%d年政府信息公开工作年度报告", 2014, 2008)),
		}},
		{name: "the government's short names", code: "511923", whose: "平昌县人民政府", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    ours("平昌县", menu("信息公开年报", "/nb/")),
			"www.a.gov.cn/nb/": ours("信息公开年报", listOf("/nb/", "平昌县政府办%d年政府信息公开工作年度报告", 2014, 2008)),
		}},
		{name: "the office's reports on a portal of the office", code: "330803", whose: "衢州市衢江区人民政府办公室", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    sitePage("衢江区", "衢江区", menu("信息公开年报", "/nb/")),
			"www.a.gov.cn/nb/": sitePage("衢江区", "信息公开年报", listOf("/nb/", "衢江区人民政府%d年政府信息公开工作年度报告", 2014, 2008)),
		}},
		{name: "a central body and its branches", code: "central", whose: "国家税务总局", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    body(`<html><head><title>国家税务总局</title></head><body>` + menu("政府信息公开年报", "/sc/", "税务总局政府信息公开年报", "/nb/") + `</body></html>`),
			"www.a.gov.cn/sc/": body(`<html><head><title>年报</title></head><body>` + listOf("/sc/", "国家税务总局四川省税务局%d年政府信息公开工作年度报告", 2024, 2020) + `</body></html>`),
			"www.a.gov.cn/nb/": body(`<html><head><title>年报</title></head><body>` + listOf("/nb/", "国家税务总局%d年政府信息公开工作年度报告", 2024, 2020) + `</body></html>`),
		}},
		{name: "a page that takes the address of its frame from its query", right: []string{www + "/govxxgk/1/035/govlist.html"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/": ours("平昌县人民政府", menu("信息公开年度报告", "/govxxgk/1/openSubPage.html?specialurl=/govxxgk/1/035/govlist.html&amp;righttitle=x")),
			"www.a.gov.cn/govxxgk/1/openSubPage.html?specialurl=/govxxgk/1/035/govlist.html&righttitle=x": ours("信息公开年度报告", `<iframe id="f"></iframe><script>f.src=q("specialurl")</script>`),
			"www.a.gov.cn/govxxgk/1/035/govlist.html":                                                     body(listOf("/govxxgk/1/", ourReports, 2024, 2016)),
		}},
		{name: "nobody listens but at https", right: []string{"https://www.a.gov.cn/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":            hangUp,
			"www.a.gov.cn/robots.txt":  hangUp,
			"https://www.a.gov.cn/":    ours("平昌县人民政府", menu("政府信息公开年报", "/nb/")),
			"https://www.a.gov.cn/nb/": ours("政府信息公开年报", listOf("/nb/", ourReports, 2024, 2016)),
		}},
		{name: "nobody listens but at the bare name", right: []string{"http://a.gov.cn/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":                   hangUp,
			"www.a.gov.cn/robots.txt":         hangUp,
			"https://www.a.gov.cn/":           hangUp,
			"https://www.a.gov.cn/robots.txt": hangUp,
			"a.gov.cn/":                       ours("平昌县人民政府", menu("政府信息公开", "/gk/")),
			"a.gov.cn/gk/":                    ours("政府信息公开", menu("政府信息公开年报", "/nb/")),
			"a.gov.cn/nb/":                    ours("政府信息公开年报", listOf("/nb/", ourReports, 2024, 2016)),
		}},
		{name: "a zone's column of what its prefecture and its province have reported", pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":             body(`<html><head><title>恩格贝生态示范区</title></head><body><a href="/xxgk/">信息公开</a><p>主办：鄂尔多斯市恩格贝生态示范区管委会 网站标识码：1506000140</p></body></html>`),
			"www.a.gov.cn/xxgk/":        body(`<a href="xxgkzn/">信息公开指南</a><a href="xxgknb/">信息公开年报</a>`),
			"www.a.gov.cn/xxgk/xxgknb/": body(`<table><tr><td><a href="./202009/t20200903_2748784.html">鄂尔多斯市2019年政府信息公开工作年度报告</a></td></tr><tr><td><a href="./202005/t20200506_2633371.html">恩格贝生态示范区召开2020年度工作会议</a></td></tr><tr><td><a href="./202003/t20200311_2593126.html">鄂尔多斯市人民政府办公室2019年政府信息公开工作年度报告</a></td></tr><tr><td><a href="./201905/t20190530_2380967.html">内蒙古自治区2018年政府信息公开工作年度报告</a></td></tr></table>`),
		}},
		{name: "a zone of the catalogue, without the word for who runs it", code: "320581", whose: "常熟经济技术开发区", begin: www + "/zgcs/c107138/", right: []string{www + "/zgcs/c107139/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":              sitePage("常熟市", "常熟市", menu("政府信息公开年报", "/zgcs/gknb/", "开发区年报", "/zgcs/c107139/")),
			"www.a.gov.cn/zgcs/gknb/":    sitePage("常熟市", "政府信息公开年报", listOf("/zgcs/gknb/", "常熟市人民政府%d年政府信息公开工作年度报告", 2024, 2016)),
			"www.a.gov.cn/zgcs/c107139/": sitePage("常熟市", "年报", listOf("/zgcs/c107139/", "常熟经济技术开发区管委会%d年政府信息公开工作年度报告", 2024, 2016)),
		}},
		{name: "titles in brackets", right: []string{www + "/gk/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":       ours("平昌县人民政府", menu("信息公开", "/gk/")),
			"www.a.gov.cn/gk/":    ours("信息公开", menu("工作年报", "/gk/nb/")+decoys),
			"www.a.gov.cn/gk/nb/": ours("工作年报", listOf("/gk/nb/", "政府信息公开工作年度报告（%d年）", 2024, 2016)),
		}},
		{name: "traditional script", right: []string{www + "/gk/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":       ours("平昌縣人民政府", menu("政務公開", "/gk/", "政府網站年度報表", "/wznb/")),
			"www.a.gov.cn/gk/":    ours("政務公開", menu("政府信息公開年報", "/gk/nb/")),
			"www.a.gov.cn/gk/nb/": ours("政府信息公開年報", listOf("/gk/nb/", "平昌縣人民政府%d年政府信息公開工作年度報告", 2024, 2016)),
		}},
		{name: "a cookie and the same address again", right: []string{www + "/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/": func(w http.ResponseWriter, r *http.Request) {
				if _, err := r.Cookie("s"); err != nil {
					w.Header().Set("Set-Cookie", "s=1; Path=/")
					to("/")(w, r)
					return
				}
				ours("平昌县人民政府", menu("政府信息公开年报", "/nb/"))(w, r)
			},
			"www.a.gov.cn/nb/": ours("政府信息公开年报", listOf("/nb/", ourReports, 2024, 2016)),
		}},
		{name: "the home page moved to another host of the domain", right: []string{"http://zf.a.gov.cn/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":   to("http://zf.a.gov.cn/"),
			"zf.a.gov.cn/":    ours("平昌县人民政府", menu("政府信息公开年报", "/nb/")),
			"zf.a.gov.cn/nb/": ours("政府信息公开年报", listOf("/nb/", "%d年政府信息公开工作年度报告", 2024, 2016)),
		}},
		{name: "a base address", right: []string{www + "/web/gk/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":           body(`<html><head><title>平昌县人民政府</title><base href="/web/"></head><body><a href="gk/">政府信息公开</a></body></html>`),
			"www.a.gov.cn/web/gk/":    ours("政府信息公开", menu("年报", "nb/")),
			"www.a.gov.cn/web/gk/nb/": ours("年报", listOf("./", ourReports, 2024, 2016)),
		}},
		{name: "news of the year's report on the home page, no column", right: []string{www + "/xxgk/gsgg/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":           ours("平昌县人民政府", `<div class=news><ul><li><a href="/xxgk/gsgg/202501/t20250120_1.html">平昌县人民政府2024年政府信息公开工作年度报告</a><span>2025-01-20</span></li><li><a href="/xw/202501/t1.html">县政府召开常务会议</a></li></ul></div>`),
			"www.a.gov.cn/xxgk/gsgg/": ours("公示公告", listOf("./202501/", ourReports, 2024, 2016)+listOf("./x/", "平昌县%d年征地公告", 2024, 2020)),
		}},
		{name: "a ministry", code: "central", right: []string{www + "/gk/nb/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":       body(`<html><head><title>国家某某局</title><meta name="SiteIDCode" content="bm14000001"></head><body>` + menu("政府信息公开", "/gk/", "部门年报", "/tj/") + `</body></html>`),
			"www.a.gov.cn/tj/":    body(`<html><head><title>部门年报</title></head><body>` + listOf("/tj/", "国家某某局%d年度部门决算", 2024, 2016) + `</body></html>`),
			"www.a.gov.cn/gk/":    body(`<html><head><title>政府信息公开</title></head><body>` + menu("指南", "/gk/zn/", "年度报告", "/gk/nb/") + `</body></html>`),
			"www.a.gov.cn/gk/nb/": body(`<html><head><title>年度报告</title></head><body>` + listOf("/gk/nb/", "国家某某局%d年政府信息公开工作年度报告", 2024, 2016) + `</body></html>`),
		}},
		{name: "counties of a prefecture before its own", code: "511900", right: []string{www + "/gk/nb/"}, also: []string{www + "/gk/qx/"}, pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":       sitePage("巴中市", "巴中市人民政府", menu("政府信息公开", "/gk/")),
			"www.a.gov.cn/gk/":    sitePage("巴中市", "政府信息公开", menu("县区政府信息公开年报", "/gk/qx/", "政府信息公开年报", "/gk/nb/")),
			"www.a.gov.cn/gk/qx/": sitePage("巴中市", "县区政府信息公开年报", "<ul><li><a href=/1.html>平昌县2024年政府信息公开工作年度报告</a><li><a href=/2.html>南江县2024年政府信息公开工作年度报告</a><li><a href=/3.html>通江县2024年政府信息公开工作年度报告</a><li><a href=/4.html>巴州区2024年政府信息公开工作年度报告</a><li><a href=/5.html>恩阳区2024年政府信息公开工作年度报告</a></ul>"),
			"www.a.gov.cn/gk/nb/": sitePage("巴中市", "政府信息公开年报", listOf("/gk/nb/", "巴中市人民政府%d年政府信息公开工作年度报告", 2024, 2016)),
		}},
		{name: "one county's column on its prefecture's site", code: "511900", pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/":    sitePage("巴中市", "巴中市人民政府", menu("政府信息公开年报", "/pc/")),
			"www.a.gov.cn/pc/": sitePage("巴中市", "政府信息公开年报", listOf("/pc/", ourReports, 2024, 2016)),
		}},
		{name: "a section beyond robots.txt", pages: map[string]http.HandlerFunc{
			"www.a.gov.cn/robots.txt": body("User-agent: *\nDisallow: /gk/\n"),
			"www.a.gov.cn/":           ours("平昌县人民政府", menu("政府信息公开", "/gk/")),
			"www.a.gov.cn/gk/":        ours("政府信息公开", menu("政府信息公开年报", "/gk/nb/")),
			"www.a.gov.cn/gk/nb/":     ours("政府信息公开年报", listOf("/gk/nb/", ourReports, 2024, 2016)),
		}},
	}
}

var aReport = regexp.MustCompile(`/(?:x?t(?:20\d\d|20250120_1)|d\d+|0)\.html$|Show\.asp`)

// TestHardPortals: where the menu misleads, the right listing is found or none; never one that is not the government's.
func TestHardPortals(t *testing.T) {
	missed := 0
	all := hardPortals()
	for _, h := range all {
		t.Run(h.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := store.Open(fast(t))
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				f := &fake{pages: h.pages}
				seed := seeds.Portal{ID: "a", Start: []string{"http://www.a.gov.cn/"}, Division: h.code, Confidence: seeds.HomeOnly}
				if h.code == "central" {
					seed.Division, seed.Level = "", "central"
				}
				if h.home != "" {
					seed.Home, seed.Start[0] = h.home, h.home
				}
				seed.Agency = h.whose
				if h.begin != "" {
					seed.Start[0], seed.Confidence = h.begin, seeds.Derived
				}
				c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 1, Store: s, Network: f, Portals: []seeds.Portal{seed}}
				found, _, err := c.Discoveries(t.Context())
				if err != nil || len(found) != 1 {
					t.Fatal(found, err)
				}
				d := found[0]
				if len(f.log) > MostRequests {
					t.Errorf("%d requests", len(f.log))
				}
				first := true
				for _, l := range d.Listings {
					switch {
					case slices.Contains(h.right, l.URL):
					case slices.Contains(h.also, l.URL) && !first, l.Units && slices.Contains(h.also, l.URL):
						continue
					default:
						t.Errorf("wrong: %s %s: %s", l.URL, l.Name, l.Evidence)
					}
					first = false
				}
				if first && len(h.right) > 0 {
					missed++
					t.Errorf("missed: %s", d.Reason)
				}
				if t.Failed() || testing.Verbose() {
					t.Logf("%d requests\n%s", d.Requests, trail(d))
				}
				kept, err := seeds.ReadDiscoveries(s.Dir())
				if err != nil {
					t.Fatal(err)
				}
				c.Portals, f.log = kept.Apply(c.Portals), nil
				if _, err := c.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				reports := 0
				for _, r := range f.log {
					if aReport.MatchString(r.url) {
						reports++
					}
				}
				if reports == 0 && len(h.right) > 0 {
					t.Errorf("the crawl that begins at %v comes to no report: %s", c.Portals[0].Start, f.urls())
				}
			})
		})
	}
	t.Logf("%d portals, %d missed", len(all), missed)
}
