package crawler

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/text/encoding/simplifiedchinese"

	"gongkai/seeds"
)

// Whole portals, made at random: a home page with all that such pages have, a section of disclosure, the column of
// annual reports as one of many families of software builds it, and around it columns that look like it and are not.
// What a portal is like is drawn from its number, so each test sees the same ones; no two are alike.

// A town is one portal. Its pages are known by method and request URI.
type town struct {
	host, place, division string
	family                string
	traits                []string // what is special about it, for messages
	pages                 map[string]answerOf
	right                 map[string]bool // addresses that are the listing of the government
	also                  map[string]bool // listings of reports of its bodies: right as well, but not instead
	draw                  *rand.Rand
	column                string // what the column is called
	made                  []townReport

	mu    sync.Mutex
	asked []string
}

type answerOf struct {
	status      int
	contentType string
	location    string
	body        string
}

// towns is a network of them.
type towns map[string]*town

func (ts towns) RoundTrip(r *http.Request) (*http.Response, error) {
	t := ts[strings.TrimPrefix(r.URL.Hostname(), "www.")]
	if t == nil {
		return nil, fmt.Errorf("no such host %s", r.URL.Hostname())
	}
	key := r.URL.RequestURI()
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		key = "POST " + key
		_ = body
	}
	t.mu.Lock()
	t.asked = append(t.asked, r.URL.Scheme+" "+key)
	t.mu.Unlock()
	a, ok := t.pages[r.URL.Scheme+"://"+key]
	if !ok {
		a, ok = t.pages[key]
	}
	if !ok && strings.Contains(key, "?") {
		path, _, _ := strings.Cut(strings.TrimPrefix(key, "POST "), "?")
		a, ok = t.pages[path+"?*"]
	}
	if !ok {
		a = answerOf{status: 404, body: "<html><body><p>404 Not Found</p></body></html>"}
	}
	h := http.Header{"Content-Type": {a.contentType}}
	if a.contentType == "" {
		h.Set("Content-Type", "text/html; charset=utf-8")
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.status == 0 {
		a.status = 200
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

func (t *town) html(path, body string) { t.pages[path] = answerOf{body: body} }

func (t *town) pick(words ...string) string { return words[t.draw.IntN(len(words))] }

func (t *town) chance(percent int) bool { return t.draw.IntN(100) < percent }

func (t *town) hex() string {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(t.draw.IntN(256))
	}
	return hex.EncodeToString(b)
}

func (t *town) trait(format string, args ...any) {
	t.traits = append(t.traits, fmt.Sprintf(format, args...))
}

// A report of the listing.
type townReport struct {
	title, address, date string
	year                 int
}

func (t *town) url(path string) string { return "http://www." + t.host + path }

// reports makes the reports of the listing, newest first.
func (t *town) reports(address func(year int) string) (all []townReport) {
	form := t.pick("%s人民政府%d年政府信息公开工作年度报告", "%s%d年政府信息公开年度报告", "%s人民政府办公室%d年政府信息公开工作年度报告", "%[2]d年%[1]s政府信息公开工作年度报告", "%[2]d年度政府信息公开工作报告", "%s%d年信息公开年报")
	last := 2024 - t.draw.IntN(3)
	first := last - 2 - t.draw.IntN(14)
	for y := last; y >= first; y-- {
		title := fmt.Sprintf(form, t.place, y)
		if i := strings.Index(title, "%!(EXTRA"); i >= 0 {
			title = title[:i]
		}
		all = append(all, townReport{title, address(y), fmt.Sprintf("%d-01-%02d", y+1, 5+t.draw.IntN(24)), y})
	}
	t.made = all
	return all
}

func rowsOf(all []townReport) string {
	var b strings.Builder
	for _, r := range all {
		fmt.Fprintf(&b, `<li><a href="%s" title="%s" target="_blank">%s</a><span>%s</span></li>`+"\n", r.address, r.title, r.title, r.date)
	}
	return b.String()
}

// shell is the chrome around a page.
func (t *town) shell(title, column, body string) string {
	metas := ""
	if t.chance(70) {
		metas = fmt.Sprintf(`<meta name="SiteName" content="%s人民政府"><meta name="SiteDomain" content="www.%s"><meta name="SiteIDCode" content="%s0001">`, t.place, t.host, t.division)
		if column != "" {
			metas += fmt.Sprintf(`<meta name="ColumnName" content="%s"><meta name="ColumnType" content="%s">`, column, column)
		}
	}
	var nav strings.Builder
	for _, n := range t.nav() {
		fmt.Fprintf(&nav, `<li><a href="%s">%s</a></li>`, n[1], n[0])
	}
	return fmt.Sprintf(`<!DOCTYPE html><html><head><meta charset="utf-8"><title>%s</title>%s<script src="/js/jquery.min.js"></script></head><body>
<div class="top-bar"><a href="javascript:void(0)">无障碍</a><a href="/wap/index.html">手机版</a></div>
<div class="header"><form action="/so/search"><input name="q"></form><div class="nav"><ul>%s</ul></div></div>
%s
<div class="yqlj"><a href="http://www.gov.cn/">中国政府网</a><a href="https://www.example-province.gov.cn/zwgk/zfxxgknb/">省政府信息公开年报</a></div>
<div class="footer"><p><a href="/wzdt/">网站地图</a> | <a href="/lxwm/">联系我们</a></p><p>主办单位：%s人民政府办公室 网站标识码：%s0001 ICP备00000000号</p></div></body></html>`,
		title, metas, nav.String(), body, t.place, t.division)
}

func (t *town) nav() [][2]string {
	return [][2]string{{"首页", "/"}, {"走进" + t.place, "/zjly/"}, {"新闻中心", "/xwzx/"}, {"政务服务", "/zwfw/"}, {"互动交流", "/hdjl/"}, {"数据开放", "/sjkf/"}}
}

func (t *town) news(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<li><a href="/xwzx/2024%02d/t2024%02d%02d_%d.html">%s</a><span>2024-%02d-%02d</span></li>`, 1+i%12, 1+i%12, 1+i, 1000+i,
			t.pick(t.place+"召开全县经济工作会议", "关于做好2024年政府信息公开工作年度报告编制工作的通知", t.place+"举行项目集中开工仪式", "县政府信息公开工作培训会召开", "一图读懂2023年政府工作报告", "2023年法治政府建设年度报告", t.place+"住房公积金2023年年度报告"), 1+i%12, 1+i)
	}
	return `<div class="news"><ul>` + b.String() + `</ul></div>`
}

// names of the column, as portals have them.
var columnNames = []string{"政府信息公开年报", "信息公开年报", "政府信息公开年度报告", "政府信息公开工作年度报告", "信息公开年度报告", "公开年报", "年报",
	"年度报告", "政府信息公开年度工作报告", "信息公开工作年度报告", "政府信息公开工作报告", "历年年报", "信息公开年度工作报告", "政府信息公开年报（2008-2024）"}

// newTown makes the n-th portal of a kind of country.
func newTown(n int, seed uint64) *town {
	t := &town{host: fmt.Sprintf("t%d.gov.cn", n), pages: map[string]answerOf{}, right: map[string]bool{}, also: map[string]bool{}, draw: rand.New(rand.NewPCG(seed, uint64(n)))}
	place := townPlaces[n%len(townPlaces)]
	t.place, t.division = place[0], place[1]
	t.column = columnNames[t.draw.IntN(len(columnNames))]
	family := townFamilies[n%len(townFamilies)]
	t.family = family.name
	t.trait("column %s", t.column)
	listing := family.build(t)
	t.falseFriends()
	hub := t.section(listing)
	t.front(hub, listing)
	switch t.draw.IntN(4) {
	case 0:
		t.pages["/robots.txt"] = answerOf{contentType: "text/plain", body: "User-agent: *\nDisallow: /admin/\nCrawl-delay: 1\n"}
	case 1:
		t.pages["/robots.txt"] = answerOf{status: 403}
	}
	return t
}

var townPlaces = [][2]string{{"衢江区", "330803"}, {"江油市", "510781"}, {"常熟市", "320581"}, {"安居区", "510904"}, {"新余市", "360500"}, {"平昌县", "511923"}, {"遂溪县", "440823"},
	{"肥西县", "340123"}, {"神池县", "140927"}, {"来凤县", "422827"}, {"禄丰市", "532302"}, {"丽水市", "331100"}, {"邵阳县", "430523"}, {"会昌县", "360733"}, {"文水县", "141121"}, {"大田县", "350425"}}

// friends are columns beside the right one.
var friends = [][3]string{
	{"政府网站工作年度报表", "/wzgznb/", "政府网站工作年度报表"}, {"政府网站年度报告", "/wznb/", "政府网站工作年度报表"},
	{"法治政府建设年度报告", "/fzzfndbg/", "法治政府建设情况报告"}, {"公积金年度报告", "/gjjnb/", "住房公积金年度报告"},
	{"财政预决算", "/czyjs/", "部门预算"}, {"公共企事业单位信息公开年报", "/qsydwnb/", "中学信息公开年度报告"}, {"统计年报", "/tjnb/", "国民经济和社会发展统计公报"},
	{"环境信息公开年报", "/hjnb/", "环境状况公报"},
}

// falseFriends builds those columns, with rows.
func (t *town) falseFriends() {
	for _, f := range friends {
		var b strings.Builder
		for y := 2024; y > 2016; y-- {
			title := fmt.Sprintf("%s%s（%d年度）", t.place, f[2], y)
			if strings.Contains(f[2], "中学") {
				title = fmt.Sprintf("%s第%d中学%d年信息公开年度报告", t.place, y-2015, y)
			}
			fmt.Fprintf(&b, `<li><a href="%s%d01/t%d0120_%d.html">%s</a><span>%d-01-20</span></li>`, f[1], y+1, y+1, y, title, y+1)
		}
		t.html(f[1], t.shell(f[0]+"_"+t.place+"人民政府", f[0], "<div class=list><ul>"+b.String()+"</ul></div>"))
	}
	t.html("/zn/", t.shell("政府信息公开指南", "政府信息公开指南", "<div class=article>为了更好地提供政府信息公开服务，编制本指南。县政府办公室每年公布政府信息公开工作年度报告。</div>"))
	t.html("/ysqgk/", t.shell("依申请公开", "依申请公开", "<div>申请表下载</div>"))
}

// link is a link in a menu to the column, in some guise.
func (t *town) link(name, address string) string {
	switch t.draw.IntN(8) {
	case 0:
		return fmt.Sprintf(`<li onclick="window.open('%s')"><span>%s</span></li>`, address, name)
	case 1:
		return fmt.Sprintf(`<li><a href="javascript:go('%s')">%s</a></li>`, address, name)
	case 2:
		return fmt.Sprintf(`<li><a href="%s" title="%s"><img src="/images/nb.png" alt="%s"></a></li>`, address, name, name)
	case 3:
		return fmt.Sprintf(`<li><a href="%s">· %s ></a></li>`, address, name)
	}
	return fmt.Sprintf(`<li><a href="%s">%s</a></li>`, address, name)
}

// section builds the section of disclosure and returns its address; "" when the home page leads to the column itself.
func (t *town) section(listing string) string {
	if listing == "" {
		return ""
	}
	side := []string{t.link("政府信息公开指南", "/zn/"), t.link("政府信息公开制度", "/zd/"), t.link("法定主动公开内容", "/fdzdgk/"), t.link("依申请公开", "/ysqgk/")}
	for _, f := range friends {
		if t.chance(50) {
			side = append(side, t.link(f[0], f[1]))
		}
	}
	side = append(side, t.link(t.column, listing))
	t.draw.Shuffle(len(side), func(i, j int) { side[i], side[j] = side[j], side[i] })
	box := ""
	if t.chance(25) {
		box = `<div class="box"><h3>最新公开</h3><ul><li><a href="` + listing + `202501/t20250120_1.html">` + t.place + `人民政府2024年政府信息公开工作年度报告</a><span>2025-01-20</span></li>` + strings.TrimPrefix(t.news(4), `<div class="news"><ul>`)
		t.trait("box of news in the section")
	}
	menu := `<div class="xxgk-side"><ul>` + strings.Join(side, "") + `</ul></div>`
	switch t.draw.IntN(6) {
	case 0:
		t.trait("menu written by script")
		var js strings.Builder
		for _, s := range side {
			fmt.Fprintf(&js, "document.write(%q);\n", s)
		}
		menu = "<script>" + js.String() + "</script>"
	case 1:
		t.trait("menu as an array in a script")
		menu = fmt.Sprintf(`<div id="tree"></div><script>var tree=[{id:1,name:'政府信息公开指南',url:'/zn/'},{id:2,name:'%s',url:'%s'},{id:3,name:'政府网站年度报表',url:'/wznb/'}];</script>`, t.column, listing)
	}
	address := t.pick("/zfxxgk/", "/xxgk/", "/gk/index.html", "/zwgk/zfxxgk/index.shtml", "/gongkai/")
	page := t.shell("政府信息公开_"+t.place+"人民政府", "政府信息公开", menu+box+t.news(6))
	switch t.draw.IntN(8) {
	case 0:
		t.trait("section in a frame")
		t.html(address, t.shell("政府信息公开", "政府信息公开", `<iframe src="/xxgkinner/main.html" width="100%"></iframe>`))
		t.html("/xxgkinner/main.html", "<html><body>"+menu+"</body></html>")
	case 1:
		t.trait("section leads to its first channel")
		t.html(address, `<html><head><script>var first="/xxgkfirst/zn.html"; location.replace(first);</script></head><body></body></html>`)
		t.html("/xxgkfirst/zn.html", t.shell("政府信息公开指南", "政府信息公开指南", menu))
	case 2:
		t.trait("section below another")
		t.html("/zwgk/", t.shell("政务公开", "政务公开", t.news(10)+`<div class="tabs"><a href="`+address+`">政府信息公开</a><a href="/zcwj/">政策文件</a></div>`))
		t.html(address, page)
		return "/zwgk/"
	case 3:
		t.trait("section moved")
		t.pages["/old"+address] = answerOf{status: 302, location: address}
		t.html(address, page)
		return "/old" + address
	default:
		t.html(address, page)
	}
	return address
}

// front builds the home page.
func (t *town) front(hub, listing string) {
	entry := t.pick("政务公开", "政府信息公开", "信息公开", "信息公开", "政府信息公开平台", "公开")
	target := hub
	if hub == "" {
		entry, target = t.column, listing
	}
	item := t.link(entry, target)
	var mega strings.Builder
	for _, n := range [][2]string{{"领导之窗", "/ldzc/"}, {"政策文件", "/zcwj/"}, {"规划计划", "/ghjh/"}, {"财政资金", "/czzj/"}, {"人事信息", "/rsxx/"}, {"重大项目", "/zdxm/"}, {"政府工作报告", "/zfgzbg/"}, {"统计公报", "/tjnb/"}, {"依申请公开", "/ysqgk/"}, {"政府网站年度报表", "/wznb/"}, {"法治政府建设年度报告", "/fzzfndbg/"}, {"公积金年报", "/gjjnb/"}} {
		fmt.Fprintf(&mega, `<li><a href="%s">%s</a></li>`, n[1], n[0])
	}
	menu := `<div class="menu"><ul>` + item + mega.String() + `</ul></div>`
	switch t.draw.IntN(9) {
	case 0:
		t.trait("home menu in a script of its own")
		t.pages["/js/topmenu.js"] = answerOf{contentType: "application/javascript", body: fmt.Sprintf("var m = [];\ndocument.write('<ul><li><a href=\"%s\">%s</a></li><li><a href=\"/zwfw/\">政务服务</a></li></ul>');", target, entry)}
		menu = `<script src="/js/topmenu.js"></script>`
	case 1:
		t.trait("home menu an image map")
		menu = fmt.Sprintf(`<img src="/m.jpg" usemap="#m"><map name="m"><area shape="rect" coords="1,2,3,4" href="%s" alt="%s"></map>`, target, entry)
	case 3:
		t.trait("home menu drawn by a script that nobody else can run")
		menu = `<div id="menu" data-src="/api/menu"></div>`
		if t.pages["/zwgk/"].body == "" {
			t.html("/zwgk/", t.shell("政务公开", "政务公开", t.news(9)+"<ul>"+item+"</ul>"))
		}
	case 2:
		t.trait("only the map of the site leads on")
		menu = ""
		t.html("/wzdt/", t.shell("网站地图", "网站地图", "<div class=map><ul>"+mega.String()+item+"</ul></div>"))
	}
	page := t.shell(t.place+"人民政府", "", menu+t.news(20)+t.news(12))
	switch t.draw.IntN(10) {
	case 0:
		t.trait("home page over https")
		t.pages["http:///"] = answerOf{status: 301, location: "https://www." + t.host + "/"}
		t.html("/", page)
	case 1:
		t.trait("cover")
		t.html("/", `<html><head><title>`+t.place+`</title></head><body><a href="/index_main.html"><img src="/cover.jpg"></a></body></html>`)
		t.html("/index_main.html", page)
	case 2:
		t.trait("home page moved by script")
		t.html("/", `<html><head><script>window.location.href="/portal/index.html";</script></head><body></body></html>`)
		t.html("/portal/index.html", page)
	case 3:
		t.trait("home page moved by a meta tag")
		t.html("/", `<html><head><meta http-equiv="refresh" content="0; url=/html/index.html"></head></html>`)
		t.html("/html/index.html", page)
	case 4:
		t.trait("jump for telephones")
		t.html("/", strings.Replace(page, "<head>", `<head><script>if(navigator.userAgent.match(/Android|iPhone/)){location.href="/wap/index.html";}</script>`, 1))
	case 5:
		t.trait("frameset")
		t.html("/", `<html><head><title>`+t.place+`</title></head><frameset rows="100,*"><frame src="/top.html" name="top"><frame src="/main.html" name="main"></frameset></html>`)
		t.html("/main.html", page)
	case 6:
		t.trait("GBK")
		gbk, err := simplifiedchinese.GBK.NewEncoder().String(strings.Replace(page, `charset="utf-8"`, `charset="gbk"`, 1))
		if err != nil {
			panic(err)
		}
		t.pages["/"] = answerOf{contentType: "text/html", body: gbk}
	default:
		t.html("/", page)
	}
}

// seed returns the portal as somebody has it who knows nothing but its address.
func (t *town) seed() seeds.Portal {
	return seeds.Portal{ID: strings.TrimSuffix(t.host, ".gov.cn"), Start: []string{t.url("/")}, Confidence: seeds.HomeOnly}
}
