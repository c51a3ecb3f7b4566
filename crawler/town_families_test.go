package crawler

import (
	"fmt"
	"strings"
)

// A townFamily builds the column of annual reports as one kind of software does; it returns the address that menus link
// to.
type townFamily struct {
	name  string
	build func(*town) string
}

// list finishes a column whose page holds its rows.
func (t *town) list(address, extra string, all []townReport) string {
	t.right[t.url(address)] = true
	t.html(address, t.shell(t.column+"_"+t.place+"人民政府", t.column, `<div class="location">当前位置：<a href="/">首页</a> > <a href="#">`+t.column+`</a></div><div class="list"><ul class="list-con">`+rowsOf(all)+`</ul></div>`+extra))
	return address
}

func (t *town) dirName() string {
	return t.pick("zfxxgknb", "xxgknb", "gknb", "zfxxgkndbg", "ndbg", "nb", "xxgkgzndbg", "col12", "zfxxgk_3", "n1234")
}

var townFamilies = []townFamily{
	{"trs", func(t *town) string {
		dir := "/zwgk/" + t.dirName() + "/"
		all := t.reports(func(y int) string { return fmt.Sprintf("./%d01/t%d0120_%d.html", y+1, y+1, 5000+y) })
		return t.list(dir, "<script>createPageHTML(1, 0, 'index', 'html')</script>", all)
	}},
	{"ucap", func(t *town) string {
		dir := "/town/c" + fmt.Sprint(100000+t.draw.IntN(9999))
		all := t.reports(func(y int) string { return fmt.Sprintf("%s/%d01/%s.shtml", dir, y+1, t.hex()) })
		return t.list(dir+"/"+t.pick("list", "common_list", "zfxxgk_list")+".shtml", "<script>createPageHTML('page_div',1, 1,'list','shtml',"+fmt.Sprint(len(all))+")</script>", all)
	}},
	{"ucap first channel", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("/town/gknb/%d01/%s.shtml", y+1, t.hex()) })
		t.list("/town/gknb/list.shtml", "", all)
		t.html("/town/zfxxgknb/redirect_firstChannel.shtml", `<html><head><title>`+t.column+`</title><script>var first = "/town/gknb/list.shtml"; if(first){ location.replace(first); }</script></head><body></body></html>`)
		t.right[t.url("/town/zfxxgknb/redirect_firstChannel.shtml")] = true
		return "/town/zfxxgknb/redirect_firstChannel.shtml"
	}},
	{"hanweb-jpage", func(t *town) string {
		col := 1000000 + t.draw.IntN(999999)
		all := t.reports(func(y int) string { return fmt.Sprintf("/art/%d/1/20/art_%d_%d.html", y+1, col, 5000+y) })
		var xml strings.Builder
		for _, r := range all {
			fmt.Fprintf(&xml, `<record><![CDATA[<li><a href="%s" title="%s">%s</a><span>%s</span></li>]]></record>`, r.address, r.title, r.title, r.date)
		}
		address := fmt.Sprintf("/col/col%d/index.html", col)
		t.right[t.url(address)] = true
		t.html(address, t.shell(t.place+"人民政府 "+t.column, t.column, `<div id="x"><script type="text/xml"><datastore><nextgroup></nextgroup><recordset>`+xml.String()+`</recordset></datastore></script></div>`))
		return address
	}},
	{"hanweb-xxgk", func(t *town) string {
		col := 1000000 + t.draw.IntN(999999)
		all := t.reports(func(y int) string { return fmt.Sprintf("/art/%d/1/20/art_%d_%d.html", y+1, col, 5000+y) })
		address := fmt.Sprintf("/col/col%d/index.html", col)
		t.right[t.url(address)] = true
		t.html(address, t.shell(t.column, t.column, `<div id="list"></div><script>function go(p){$.post("/module/xxgk/search.jsp?texttype=0&currpage="+p+"&sortfield=compaltedate", {infotypeId:"A0501", jdid:"3", area:"000014349", divid:"div"}, function(d){});} go(1);</script>`))
		var b strings.Builder
		for _, r := range all {
			fmt.Fprintf(&b, `<tr class="tr_main_value_odd"><td><a href="%s" mc="%s" syh="1/2">%s</a></td><td>%s</td></tr>`, r.address, r.title, r.title, r.date)
		}
		t.pages["POST /module/xxgk/search.jsp?texttype=0&currpage=1&sortfield=compaltedate"] = answerOf{body: "<table>" + b.String() + "</table>"}
		return address
	}},
	{"hanweb annual", func(t *town) string {
		area := fmt.Sprint(1133250000000 + t.draw.IntN(99999))
		all := t.reports(func(y int) string { return fmt.Sprintf("/module/xxgk/xxgkAnnualReport.jsp?area=%s&fbtime=%d", area, y) })
		var b strings.Builder
		for _, r := range all {
			fmt.Fprintf(&b, `<li><a href="%s">%d年</a></li>`, r.address, r.year)
		}
		address := "/module/xxgk/xxgkAnnualReport.jsp?area=" + area
		body := t.shell(t.column, t.column, `<div class="years"><ul>`+b.String()+`</ul></div><div class="article"><h1>`+all[0].title+`</h1><p>一、总体情况</p></div>`)
		t.html(address, body)
		t.right[t.url(address)] = true
		for _, r := range all {
			t.html(r.address, body)
		}
		t.right[t.url(all[0].address)] = true
		return address
	}},
	{"hanweb-jpaas", func(t *town) string {
		address := fmt.Sprintf("/col/col%d/index.html", 200+t.draw.IntN(999))
		all := t.reports(func(y int) string { return fmt.Sprintf("/col/col1/art/%d/art_%s.html", y+1, t.hex()) })
		t.right[t.url(address)] = true
		t.html(address, t.shell(t.column, t.column, `<script charset="utf-8" src="/u/unitbuild.js" url="/api-gateway/jpaas-publish-server/front/page/build/unit" queryData="{'parseType':'bulidstatic','webId':'1','tplSetId':'2','pageType':'column','tagId':'list','editType':'null','pageId':'9'}"></script>`))
		t.pages["/api-gateway/jpaas-publish-server/front/page/build/unit?*"] = answerOf{contentType: "application/json", body: fmt.Sprintf(`{"success":true,"data":{"html":%q}}`, "<ul>"+rowsOf(all)+"</ul>")}
		return address
	}},
	{"gkmlpt", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("/gkmlpt/content/0/%d/post_%d.html", y, 5000+y) })
		var rows []string
		for _, r := range all {
			rows = append(rows, fmt.Sprintf(`{"id":%d,"title":%q,"url":%q,"created_at":1611100000}`, r.year, r.title, "http://www."+t.host+r.address))
		}
		page := `<html><head><title>政府信息公开</title><meta name="SiteName" content="` + t.place + `人民政府"><script>window._CONFIG = {SID:'755041',TREE:[{id:1,name:'政策文件'},{id:1813,name:'政府信息公开年报'},{id:7,name:'网站年度报表'}]};</script></head><body><div id="app"></div></body></html>`
		for _, p := range []string{"/gkmlpt/index", "/gkmlpt/annualreport", "/gkmlpt/annualreport#1813", "/gkmlpt/index#1813"} {
			t.right[t.url(p)] = true
		}
		t.html("/gkmlpt/index", page)
		t.html("/gkmlpt/annualreport", page)
		t.pages["/gkmlpt/api/all/1813?page=1&sid=755041"] = answerOf{contentType: "application/json", body: fmt.Sprintf(`{"classify":{"post_count":%d},"articles":[%s]}`, len(all), strings.Join(rows, ","))}
		return t.pick("/gkmlpt/annualreport#1813", "/gkmlpt/index#1813", "/gkmlpt/annualreport")
	}},
	{"vsb", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("../info/1026/%d.htm", 5000+y) })
		return t.list("/zwgk/"+t.dirName()+".htm", `<span class="p_pages">共1页</span>`, all)
	}},
	{"lonsun", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("/public/6600001/%d.html", 5000+y) })
		address := "/public/column/6600001?type=3&action=list"
		t.right[t.url(address)] = true
		t.right[t.url("/public/column/6600001?type=3&action=list&nav=3")] = true
		page := t.shell(t.column+"_"+t.place, t.column, `<div id="c" class="j-list"></div><script>Ls.ajax({ url: "/site/label/8888", data: { IsAjax: 1, dataType: "html", labelName: "publicInfoList", siteId: 1, organId: 6600001, type: 3, action: "list", pageIndex: 1, pageSize: 20 } }).done(function(h){});</script>`)
		t.html(address, page)
		t.html(address+"&nav=3", page)
		var b strings.Builder
		for _, r := range all {
			fmt.Fprintf(&b, `<div class="xxgk_navli"><ul><li class="mc"><a href="%s" title="%s">%s</a></li><li class="rq">%s</li></ul></div>`, r.address, r.title, r.title, r.date)
		}
		t.pages["/site/label/8888?*"] = answerOf{body: b.String()}
		if t.chance(60) {
			t.trait("the menu names no annual reports: type=3 by rule")
			t.column = "法定主动公开内容"
			t.html("/public/column/6600001?type=4&action=list", t.shell("法定主动公开内容", "法定主动公开内容", `<ul><li><a href="/public/column/6600001?type=2">指南</a></li></ul>`))
			return "/public/column/6600001?type=4&action=list"
		}
		return t.pick(address, address+"&nav=3")
	}},
	{"epoint", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("/zwgk/003/003002/%d0120/%s.html", y+1, t.hex()) })
		address := "/dynamic/zwgk/govInfoPub.html?categorynum=003002"
		t.right[t.url(address)] = true
		t.html(address, t.shell(t.column, "", `<table><tbody id="infolist"></tbody></table><script src="/js/webBuilderCommon.js"></script><script src="/js/govInfoPub.js"></script>`))
		t.pages["/js/webBuilderCommon.js"] = answerOf{contentType: "application/javascript", body: `var siteInfo = {"siteGuid":"7eb5f7f1-9041-43ad-8e13-8fcb82ea831a","projectName":"EWB-FRONT"};`}
		var rows []string
		for _, r := range all {
			rows = append(rows, fmt.Sprintf(`{"title":%q,"realtitle":%q,"infourl":%q,"infodate":%q}`, r.title, r.title, r.address, r.date))
		}
		t.pages["POST /EWB-FRONT/rest/lightfrontaction/getgovinfolist"] = answerOf{contentType: "application/json", body: fmt.Sprintf(`{"custom":{"total":%d,"data":[%s]}}`, len(all), strings.Join(rows, ","))}
		return address
	}},
	{"legacy", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("Show.asp?id=%d", 5000+y) })
		var b strings.Builder
		for _, r := range all {
			fmt.Fprintf(&b, `<tr><td><a href="/%s">%s</a></td><td>%s</td></tr>`, r.address, r.title, r.date)
		}
		t.right[t.url("/List.asp?ClassID=1813")] = true
		t.html("/List.asp?ClassID=1813", t.shell(t.column, "", "<table>"+b.String()+"</table>"))
		return "/List.asp?ClassID=1813"
	}},
	{"years", func(t *town) string {
		dir := "/zwgk/" + t.dirName() + "/"
		all := t.reports(func(y int) string { return fmt.Sprintf("%s%dn/t%d0120_1.html", dir, y, y+1) })
		var b strings.Builder
		for _, r := range all {
			sub := fmt.Sprintf("%s%dn/", dir, r.year)
			fmt.Fprintf(&b, `<li><a href="%s">%d年</a></li>`, sub, r.year)
			t.html(sub, t.shell(fmt.Sprintf("%d年", r.year), fmt.Sprintf("%d年", r.year), "<ul>"+rowsOf([]townReport{r})+"</ul>"))
		}
		t.right[t.url(dir)] = true
		t.html(dir, t.shell(t.column+"_"+t.place, t.column, `<div class="years"><ul>`+b.String()+`</ul></div>`))
		return dir
	}},
	{"list in a frame", func(t *town) string {
		dir := "/zwgk/" + t.dirName() + "/"
		all := t.reports(func(y int) string { return fmt.Sprintf("/nr/%d01/t%d0120_%d.html", y+1, y+1, 5000+y) })
		t.right[t.url(dir)], t.right[t.url("/inner/list.html")] = true, true
		t.html(dir, t.shell(t.column, t.column, `<iframe src="/inner/list.html" width="100%"></iframe>`))
		t.html("/inner/list.html", "<html><body><ul>"+rowsOf(all)+"</ul></body></html>")
		return dir
	}},
	{"rows written by script", func(t *town) string {
		dir := "/zwgk/" + t.dirName() + "/"
		all := t.reports(func(y int) string { return fmt.Sprintf("/nr/%d01/t%d0120_%d.html", y+1, y+1, 5000+y) })
		t.right[t.url(dir)] = true
		var b strings.Builder
		for _, r := range all {
			fmt.Fprintf(&b, "document.writeln(\"<li><a href='%s'>%s</a><span>%s</span></li>\");\n", r.address, r.title, r.date)
		}
		t.html(dir, t.shell(t.column, t.column, `<ul><script>`+b.String()+`</script></ul>`))
		return dir
	}},
	{"tabs for bodies", func(t *town) string {
		dir := "/zwgk/zfxxgknb/"
		all := t.reports(func(y int) string { return fmt.Sprintf("./szf/%d01/t%d0120_%d.html", y+1, y+1, 5000+y) })
		var b strings.Builder
		for i, unit := range []string{"财政局", "教育局", "公安局", "民政局", "司法局", "城关镇", "水南乡"} {
			fmt.Fprintf(&b, `<li><a href="./bm/202401/t20240120_%d.html">%s%s2023年政府信息公开工作年度报告</a><span>2024-01-20</span></li>`, i, t.place, unit)
		}
		t.also[t.url(dir+"bm/")] = true
		t.html(dir+"bm/", t.shell("部门年报", "部门年报", "<ul>"+b.String()+"</ul>"))
		return t.list(dir, `<div class="tabs"><a href="./bm/">部门政府信息公开年报</a></div>`, all)
	}},
	{"webplus", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("/%d/0120/c1a%d/page.htm", y+1, 5000+y) })
		return t.list("/"+t.dirName()+"/list.htm", `<div class="wp_paging"></div>`, all)
	}},
	{"generic", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("/gongkai/show/%s.html", t.hex()) })
		return t.list(t.pick("/gongkai/kuozhan/10461.html", "/list/xxgknb/auto/124.html", "/InfoPublic.aspx?cid=1019&pid=971", "/eportal/ui?pageId=6191173", "/columns/7eb5f7f1-9041-43ad-8e13-8fcb82ea831a/index.html"), "", all)
	}},
	{"rows named by their years", func(t *town) string {
		dir := "/zwgk/" + t.dirName() + "/"
		all := t.reports(func(y int) string { return fmt.Sprintf("./%d01/t%d0120_%d.html", y+1, y+1, 5000+y) })
		word := t.pick("年", "年度", "年年报", "年度报告")
		for i := range all {
			all[i].title = fmt.Sprint(all[i].year, word)
		}
		return t.list(dir, "", all)
	}},
	{"column leads to its newest year", func(t *town) string {
		dir := "/zwgk/" + t.dirName() + "/"
		all := t.reports(func(y int) string { return fmt.Sprintf("%s%d/t%d0120_1.html", dir, y, y+1) })
		var years strings.Builder
		for _, r := range all {
			fmt.Fprintf(&years, `<li><a href="%s%d/">%d年</a></li>`, dir, r.year, r.year)
		}
		for _, r := range all {
			address := fmt.Sprintf("%s%d/", dir, r.year)
			t.html(address, t.shell(t.column+"_"+t.place, t.column, `<ul class="tree">`+years.String()+`</ul><div class="list"><ul>`+rowsOf([]townReport{r})+`</ul></div>`))
			t.right[t.url(address)] = true
		}
		newest := fmt.Sprintf("%s%d/", dir, all[0].year)
		t.right[t.url(dir)] = true
		if t.chance(50) {
			t.pages[dir] = answerOf{status: 302, location: newest}
		} else {
			t.html(dir, `<html><head><script>window.location.href="`+newest+`"</script></head></html>`)
		}
		return dir
	}},
	{"reports in the section itself", func(t *town) string {
		all := t.reports(func(y int) string { return fmt.Sprintf("/nr/%d01/t%d0120_%d.html", y+1, y+1, 5000+y) })
		for len(all) < 5 {
			y := all[len(all)-1].year - 1
			r := all[0]
			r.title, r.year, r.address = strings.ReplaceAll(r.title, fmt.Sprint(r.year), fmt.Sprint(y)), y, fmt.Sprintf("/nr/%d.html", y)
			all = append(all, r)
		}
		address := "/zfxxgkpt/index.html"
		t.right[t.url(address)] = true
		t.html(address, t.shell("政府信息公开平台", "政府信息公开", `<h3>指南</h3><p>…</p><h3>年报</h3><ul>`+rowsOf(all)+`</ul><h3>最新公开</h3>`+t.news(8)))
		t.column = "政府信息公开平台"
		return address
	}},
}
