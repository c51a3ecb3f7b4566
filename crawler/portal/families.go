package portal

import "regexp"

// The tables below are all that is known of site software by name. A new family is a sign or two that tell its
// pages, and a line for each way in which its listings go on.

// A sign tells a family from a page. Points add up; a page is of the family with the most.
type sign struct {
	family string
	points int
	has    string         // on the page
	like   *regexp.Regexp // on the page, too; looked for only where has is found, which is cheap
	at     *regexp.Regexp // in the address
}

var signs = []sign{
	{family: "trs", points: 4, has: "createPageHTML(", like: re(`createPageHTML\(\s*\d+\s*,\s*\d+\s*,\s*["'][\w./-]+["']`)},
	{family: "trs", points: 2, has: "CurrChnlCls"},
	{family: "trs", points: 2, has: "TRS_Editor"},
	{family: "trs", points: 2, has: "/t20", like: re(`/t\d{8}_\d+\.s?html?`)},
	{family: "trs", points: 1, has: `name="ChnlId"`},
	{family: "trs-hybrid", points: 4, has: "quickMode"},
	{family: "trs-hybrid", points: 4, has: "list2.trsapi"},
	{family: "trs-hybrid", points: 2, has: "ms-controller"},
	{family: "trs-hybrid", points: 1, has: "SiteInfo"},
	{family: "hanweb-jpage", points: 4, has: "dataproxy.jsp"},
	{family: "hanweb-jpage", points: 4, has: "<datastore>"},
	{family: "hanweb-jpage", points: 2, at: re(`/col/col\d+/`)},
	{family: "hanweb-jpage", points: 2, has: "/art/", like: re(`/art/\d{4}/\d`)},
	{family: "hanweb-jpage", points: 1, has: "hiddenLocation"},
	{family: "hanweb-xxgk", points: 6, has: "/module/xxgk/"},
	{family: "hanweb-xxgk", points: 4, has: "tr_main_value_"},
	{family: "hanweb-xxgk", points: 2, at: re(`/col/col\d+/|/module/xxgk/`)},
	{family: "hanweb-jpaas", points: 6, has: "front/page/build/unit"},
	{family: "hanweb-jpaas", points: 2, has: "unitbuild.js"},
	{family: "hanweb-jpaas", points: 2, has: "queryData"},
	{family: "hanweb-jpaas", points: 6, at: re(`front/page/build/unit`)},
	{family: "ucap", points: 4, has: "createPageHTML(", like: re(`createPageHTML\(\s*['"][\w-]*['"]\s*,\s*\d+`)},
	{family: "ucap", points: 4, has: "earch", like: re(`/(?:common/search|searchList|u/search/list)/`)},
	{family: "ucap", points: 4, at: re(`/(?:common/search|searchList|u/search/list)/`)},
	{family: "ucap", points: 2, has: "<UCAP"},
	{family: "ucap", points: 2, has: "<ucap"},
	{family: "ucap", points: 2, at: re(`/c\d{5,6}/.*\.shtml`)},
	{family: "ucap", points: 1, has: ".shtml", like: re(`[0-9a-f]{32}\.shtml`)},
	{family: "gkmlpt", points: 4, has: "_CONFIG", like: re(`_CONFIG\s*=\s*\{`)},
	{family: "gkmlpt", points: 4, at: re(`/gkmlpt/`)},
	{family: "gkmlpt", points: 2, has: "nfw-cms-attachment"},
	{family: "gkmlpt", points: 1, has: "NFCMS_"},
	{family: "vsb", points: 4, has: "_simple_list_gotopage_fun("},
	{family: "vsb", points: 2, has: `id="line_u`},
	{family: "vsb", points: 2, has: "vsb_content"},
	{family: "vsb", points: 2, has: "_newscontent_fromname"},
	{family: "vsb", points: 1, has: "/system/resource/"},
	{family: "lonsun", points: 4, has: "/site/label/8888"},
	{family: "lonsun", points: 4, has: "Ls.pagination("},
	{family: "lonsun", points: 4, at: re(`/site/label/8888`)},
	{family: "lonsun", points: 2, at: re(`/(?:public|content)/column/`)},
	{family: "lonsun", points: 1, has: "xxgk_nav"},
	{family: "lonsun", points: 1, has: "j-fontContent"},
	{family: "epoint", points: 4, has: "EWB-FRONT"},
	{family: "epoint", points: 4, has: "getgovinfolist"},
	{family: "epoint", points: 4, at: re(`getgovinfolist`)},
	{family: "epoint", points: 2, at: re(`govInfoPub|webBuilderCommon\.js`)},
	{family: "epoint", points: 2, has: "govInfoPub"},
	{family: "epoint", points: 2, has: "webBuilderCommon.js"},
	{family: "epoint", points: 1, has: `class="ewb-`},
	{family: "govcn", points: 4, at: re(`^//www\.gov\.cn/`)},
	{family: "govcn", points: 2, has: "BreadcrumbNav"},
	{family: "govcn", points: 2, has: "policyLibraryOverview"},
	{family: "govcn", points: 2, at: re(`/zhengce/|/home(?:_\d+)?\.htm`)},
	{family: "webplus", points: 4, has: "wp_paging"},
	{family: "webplus", points: 4, has: "wp_articlecontent"},
	{family: "webplus", points: 2, has: "/_upload/"},
	{family: "legacy", points: 4, at: re(`(?i)\.asp\?.*(?:classid|typeid|id)=|\.jhtml`)},
	{family: "legacy", points: 2, has: ".asp", like: re(`(?i)href=["']?[\w/]*(?:show|view|info)\w*\.asp`)},
}

// A pager is one way in which listings go on. Where call and address match, their named groups are variables, as are
// those of vars; templates are filled with them, in braces. Besides there are
//
//	{page} {page0} {down}   the number of the page: from 1, from 0, and falling to 1 on the last
//	{start} {end}           the numbers of its first and last row, from 1
//	{pages} {total} {per}   how many pages and rows there are, and rows on a page, where the page says it
//	{held}                  how many rows stand in the page as XML
//	{here}                  the page's own address up to where a parameter can be added
//	{object}                the literal object that begins where object matches, as a query
//
// Of the pagers of one family the first that applies is used, and those marked also.
type pager struct {
	name     string
	family   string
	has      string            // on the page: the others are looked for only where it is found, which is cheap
	call     *regexp.Regexp    // on the page
	address  *regexp.Regexp    // on path, query and fragment of the page's address
	only     map[string]string // values that variables must have: the call on the first page says so
	vars     []variable
	defaults map[string]string
	object   *regexp.Regexp // its match ends with the brace
	drop     string         // members of the object that the templates name

	script string   // has the variables that the page lacks
	needs  []string // without these nothing can be asked for

	first int    // the first page to ask for: 2, or 1 where the page itself has no rows
	after string // the variable that says which page is the last that needs no asking; overrules first
	bare  bool   // only where the page lists no reports
	once  bool   // one request, whatever it leads to
	span  int    // pages in one answer; 0 is 1
	also  bool
	every bool // in answers as well: they name what follows them
	page  bool // its answers are pages of their own; else they are data that the first page shows

	method, url, body string
	other             string // the url, or the body, of sites that number from one more or one less
}

type variable struct {
	name    string
	pattern *regexp.Regexp // group 1
}

const (
	quoted     = `(?:'[^']*'|"[^"]*")`
	stemAndExt = `\s*['"](?P<stem>[\w./-]+)['"]\s*,\s*['"](?P<ext>\w+)['"](?:\s*,\s*` + quoted + `)?(?:\s*,\s*(?P<total>\d+))?`
	get        = "GET"
	post       = "POST"
)

func re(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

var pagers = []pager{
	// createPageHTML(9, 0, "index", "html"): pages, current one from 0. Page 2 is index_1.html, on some sites index_2.html.
	{name: "trs", has: "createPageHTML(", page: true, family: "trs", call: re(`createPageHTML\(\s*(?P<pages>\d+)\s*,\s*(?P<current>\d+)\s*,` + stemAndExt),
		only: map[string]string{"current": "0"}, first: 2, url: "{stem}_{page0}.{ext}", other: "{stem}_{page}.{ext}"},
	// createPageHTML('page_div', 9, 1, 'list', 'shtml', 85): container, pages, current one from 1, rows. Page 2 is
	// list_2.shtml, on some sites list_1.shtml.
	{name: "ucap", has: "createPageHTML(", page: true, family: "ucap", call: re(`createPageHTML\(\s*` + quoted + `\s*,\s*(?P<pages>\d+)\s*,\s*(?P<current>\d+)\s*,` + stemAndExt),
		only: map[string]string{"current": "1"}, first: 2, url: "{stem}_{page}.{ext}", other: "{stem}_{page0}.{ext}"},
	{name: "ucap from 0", has: "createPageHTML(", page: true, family: "ucap", call: re(`createPageHTML\(\s*` + quoted + `\s*,\s*(?P<pages>\d+)\s*,\s*(?P<current>\d+)\s*,` + stemAndExt),
		only: map[string]string{"current": "0"}, first: 2, url: "{stem}_{page0}.{ext}", other: "{stem}_{page}.{ext}"},
	{name: "ucap search", has: "/common/search/", family: "ucap", call: re(`/common/search/(?P<id>[0-9a-f]{32})`), bare: true, first: 1,
		vars: []variable{{"per", re(`_pageSize=(\d+)`)}}, defaults: map[string]string{"per": "20"},
		url: "/common/search/{id}?_isAgg=true&_isJson=true&_pageSize={per}&_template=index&page={page}"},
	{name: "ucap search by channel", has: "earch", family: "ucap", call: re(`["'](?:[^"'\s]*)/(?P<kind>common/search|searchList)/["']`), bare: true, first: 1,
		vars:     []variable{{"id", re(`channelId\s*[:=]\s*["']([0-9a-f]{32})`)}, {"per", re(`_pageSize=(\d+)`)}},
		defaults: map[string]string{"per": "20"},
		url:      "/{kind}/{id}?_isAgg=true&_isJson=true&_pageSize={per}&_template=index&page={page}"},
	{name: "ucap list", has: "/u/search/list/", family: "ucap", call: re(`/u/search/list/(?P<id>[0-9a-f]{32})`), bare: true, first: 1,
		defaults: map[string]string{"per": "15"}, method: post,
		url: "/u/search/list/{id}", body: `{"keywords":"","currentPage":"{page}","number":"{per}"}`},
	{name: "ucap channel", has: "getInfoCommon", family: "ucap", call: re(`/szinf/info/getInfoCommon`), bare: true, first: 1,
		vars: []variable{{"id", re(`channelid["']?\s*[:=]\s*["']?([0-9a-f]{32})`)}}, defaults: map[string]string{"per": "15"},
		url: "/szinf/info/getInfoCommon/?pagesize={per}&currpage={page}&channelid={id}"},

	// Half static: the first maxStaticIndex pages are files, the rest comes from a search.
	{name: "trs-hybrid", has: "maxStaticIndex", family: "trs-hybrid", call: re(`\bmaxStaticIndex\s*:\s*(?P<static>\d+)`), after: "static", method: post,
		vars: []variable{{"total", re(`\brecordCount\s*:\s*['"]?(\d+)`)}, {"per", re(`\bprepage\s*:\s*['"]?(\d+)`)},
			{"channel", re(`\b(?:searchId|channelid)\s*:\s*['"]?(\d+)`)}, {"class", re(`\b(chnlid=\d+)`)},
			{"sort", re(`\bsortfield\s*:\s*["']([\w,-]+)`)}},
		defaults: map[string]string{"sort": "-docorderpri,-docreltime"},
		url:      "/fjdzapp/search", body: "channelid={channel}&classsql={class|query}&page={page}&prepage={per}&sortfield={sort|query}"},
	{name: "trs-hybrid static", has: "maxStaticIndex", page: true, family: "trs-hybrid", also: true, call: re(`\bmaxStaticIndex\s*:\s*(?P<pages>\d+)`),
		address: re(`/(?:index\.(?P<ext>\w+))?$`), defaults: map[string]string{"ext": "html"}, first: 2, url: "index_{page0}.{ext}"},

	// The first rows stand in the page as XML, the others come in groups of some pages, each naming the next; or the
	// page has only the parameters of its script.
	{name: "hanweb-jpage", has: "<nextgroup>", family: "hanweb-jpage", call: re(`(?is)<nextgroup>.{0,40}?href=["'](?P<head>[^"']*[?&]page=)2(?P<tail>&[^"']*)?["']`), after: "one",
		vars: []variable{{"total", re(`(?i)\btotalRecord\b\s*[:>=]\s*['"]?(\d+)`)}}, defaults: map[string]string{"per": "{held}", "one": "1", "tail": ""},
		url: "{head}{page}{tail}"},
	{name: "hanweb-jpage group", has: "<nextgroup>", family: "hanweb-jpage", every: true, call: re(`(?is)<nextgroup>.{0,40}?href=["'](?P<next>[^"']+)["']`), once: true, first: 2,
		url: "{next}"},
	{name: "hanweb-jpage range", has: "jpage", family: "hanweb-jpage", call: re(`(?i)\bproxyUrl\b["']?\s*[:=]\s*['"](?P<proxy>[^'"]+)['"]`), after: "one", span: 3,
		vars:     []variable{{"total", re(`(?i)\btotalRecord\b\s*[:>=]\s*['"]?(\d+)`)}, {"per", re(`(?i)\bperPage\b["']?\s*[:=]\s*['"]?(\d+)`)}},
		object:   re(`(?is)\bajaxParam\b["']?\s*[:=]\s*\{`),
		defaults: map[string]string{"one": "1"},
		url:      "{proxy}?startrecord={start}&endrecord={end}&perpage={per}&{object}", drop: "startrecord endrecord perpage"},
	{name: "hanweb-xxgk", has: "/module/xxgk/", family: "hanweb-xxgk", bare: true, first: 1, method: post,
		call:   re(`["'](?P<head>[^"']*/module/xxgk/(?:search|subjectinfo|search_custom)\.jsp\?[^"']*currpage=)["']\s*\+\s*\w+\s*\+\s*["'](?P<tail>[^"']*)["']`),
		object: re(`/module/xxgk/(?:search|subjectinfo|search_custom)\.jsp[^{}]*\{`), drop: "currpage",
		url: "{head}{page}{tail}", body: "{object}&currpage={page}"},
	{name: "hanweb-xxgk plain", has: "/module/xxgk/", family: "hanweb-xxgk", bare: true, first: 1, method: post,
		call:   re(`["'](?P<path>[^"'?]*/module/xxgk/(?:search|subjectinfo|search_custom)\.jsp)`),
		object: re(`/module/xxgk/(?:search|subjectinfo|search_custom)\.jsp[^{}]*\{`), drop: "currpage",
		url: "{path}", body: "{object}&currpage={page}"},
	// A script element that names what a unit of the page is built from. Without paramJson each answer is the first page.
	{name: "hanweb-jpaas", has: "front/page/build/unit", family: "hanweb-jpaas", first: 1, bare: true,
		call:   re(`(?is)\burl=["'](?P<unit>[^"']*front/page/build/unit)["'][^<>]*?\bquerydata=`),
		object: re(`(?is)front/page/build/unit["'][^<>]*?\bquerydata=["']\{`), drop: "paramJson",
		vars: []variable{{"per", re(`\bpageSize['"]?\s*[:=]\s*['"]?(\d+)`)}}, defaults: map[string]string{"per": "15"},
		url: "{unit}?{object}&paramJson=%7B%22pageNo%22%3A{page}%2C%22pageSize%22%3A{per}%7D"},

	// A catalogue drawn by script. Its tree tells the number of the column, if the address does not.
	{name: "gkmlpt", has: "SID", family: "gkmlpt", address: re(`^(?P<prefix>.*)/gkmlpt/.*#/?(?P<column>\d+)$`), first: 1, bare: true,
		vars: []variable{{"sid", re(`\bSID["']?\s*:\s*["']?(\d+)`)}}, url: "{prefix}/gkmlpt/api/all/{column}?page={page}&sid={sid}"},
	{name: "gkmlpt tree", has: "SID", family: "gkmlpt", address: re(`^(?P<prefix>.*)/gkmlpt(?:/|$)`), first: 1, bare: true,
		call: re(`["']?\bid["']?\s*:\s*["']?(?P<column>\d+)["']?[^{}\[\]]*?["']?\b(?:name|title)["']?\s*:\s*["'][^"']*(?:年报|年度报告|年報|年度報告)`),
		vars: []variable{{"sid", re(`\bSID["']?\s*:\s*["']?(\d+)`)}}, url: "{prefix}/gkmlpt/api/all/{column}?page={page}&sid={sid}"},
	{name: "gkmlpt tree, name first", has: "SID", family: "gkmlpt", address: re(`^(?P<prefix>.*)/gkmlpt(?:/|$)`), first: 1, bare: true,
		call: re(`["']?\b(?:name|title)["']?\s*:\s*["'][^"']*(?:年报|年度报告|年報|年度報告)[^"']*["'][^{}\[\]]*?["']?\bid["']?\s*:\s*["']?(?P<column>\d+)`),
		vars: []variable{{"sid", re(`\bSID["']?\s*:\s*["']?(\d+)`)}}, url: "{prefix}/gkmlpt/api/all/{column}?page={page}&sid={sid}"},

	// Pages are numbered from the last one, so that their files stay: of three, page 2 is nb/2.htm and page 3 nb/1.htm.
	{name: "vsb", has: "_simple_list_gotopage_fun(", page: true, family: "vsb", address: re(`^(?P<stem>[^?#]*/[A-Za-z_][\w-]*)\.htm$`), call: re(`_simple_list_gotopage_fun\(\s*(?P<pages>\d+)`),
		first: 2, url: "{stem}/{down}.htm"},

	{name: "lonsun", has: "/site/label/8888", family: "lonsun", first: 1, bare: true, object: re(`(?s)/site/label/8888["'][^{}]*\{`), drop: "pageIndex",
		call: re(`["'](?P<label>[^"'?]*/site/label/8888)["']`), url: "{label}?{object}&pageIndex={page}"},
	{name: "lonsun column", has: "Ls.pagination(", page: true, family: "lonsun", address: re(`/(?:public|content)/column/`), first: 2,
		call: re(`\bLs\.pagination\([^)]*?\bpageCount["']?\s*:\s*["']?(?P<pages>\d+)`), url: "{here}pageIndex={page}"},

	// The rows come as JSON from a service that wants to know the site's number, which stands in one of its scripts.
	{name: "epoint", family: "epoint", address: re(`[?&]categorynum=(?P<category>\w+)`), call: re(`webBuilderCommon\.js|govInfoPub\.js|getgovinfolist`),
		first: 1, bare: true, script: "/js/webBuilderCommon.js", needs: []string{"site"},
		vars: []variable{{"site", re(`\bsiteGuid["']?\s*[:=]\s*["']([\w-]+)`)}, {"front", re(`\bprojectName["']?\s*[:=]\s*["'](/(?i:ewb|epoint)[\w-]*)["']`)},
			{"front", re(`["'](/[\w-]+)/rest/lightfrontaction/getgovinfolist`)}},
		defaults: map[string]string{"front": "/EWB-FRONT", "per": "20"}, method: post, url: "{front}/rest/lightfrontaction/getgovinfolist",
		body:  `{"siteGuid":"{site}","categorynum":"{category}","deptcode":"","pageIndex":{page0},"pageSize":{per}}`,
		other: `{"siteGuid":"{site}","categorynum":"{category}","deptcode":"","pageIndex":{page},"pageSize":{per}}`},

	{name: "webplus", has: "all_pages", page: true, family: "webplus", address: re(`^(?P<stem>[^?#]*/[a-z]\w*?)\.(?P<ext>html?|psp)$`), first: 2,
		call: re(`(?s)class=["']?all_pages["']?>\s*(?P<pages>\d+)`), only: map[string]string{"current": "1"},
		vars:     []variable{{"current", re(`(?s)class=["']?curr_page["']?>\s*(\d+)`)}},
		defaults: map[string]string{"current": "1"}, url: "{stem}{page}.{ext}"},

	// .pagination("setPage", 1, 22): current one, pages.
	{name: "setpage", has: "setPage", page: true, family: "", address: re(`/(?:index\.(?P<ext>\w+))?$`), call: re(`\.pagination\(\s*["']setPage["']\s*,\s*(?P<current>\d+)\s*,\s*(?P<pages>\d+)`),
		only: map[string]string{"current": "1"}, defaults: map[string]string{"ext": "html"}, first: 2, url: "index_{page}.{ext}", other: "index_{page0}.{ext}"},
	// Any address in a script that ends with the number of a page.
	{name: "endpoint", family: "", bare: true, first: 1,
		call:     re(`["'](?P<head>(?:https?:)?/[^"'\s<>]*[?&](?:page|pageNo|pageNum|pageNumber|pageIndex|currpage|curPage|currentPage)=)(?:1(?P<tail>&[^"'\s<>]*)?)?["']`),
		defaults: map[string]string{"tail": ""}, url: "{head}{page}{tail}"},
	// Any file of data that a script asks for.
	{name: "file", family: "", bare: true, first: 1, once: true,
		call: re(`(?:getJSON|\.get|\.ajax|fetch)\(\s*(?:\{[^{}]{0,200}?\burl\s*:\s*)?["'](?P<file>[^"'\s<>]+\.(?:json|jsonp|xml|js))(?:\?[^"']*)?["']`), url: "{file}"},
}

// A count is a phrase by which pages say how much there is.
type count struct {
	rows    bool   // else pages
	has     string // looked for first, which is cheap
	pattern *regexp.Regexp
}

const gap = `(?:\s|&nbsp;|<[^<>]{0,80}>)*`

var counts = []count{
	{true, "otal", re(`(?i)\btotalRecord\b["']?\s*[:>=]\s*["']?(\d{1,7})`)},
	{true, "recordCount", re(`\brecordCount\s*:\s*["']?(\d{1,7})`)},
	{true, "Ls.pagination(", re(`\bLs\.pagination\([^)]*?\btotal["']?\s*:\s*["']?(\d{1,7})`)},
	{true, "pagination", re(`\bclass=["']pagination["'][^<>]*\bcount=["']?(\d{1,7})`)},
	{true, "共", re(`共` + gap + `(\d{1,7})` + gap + `(?:条|條|篇|项|个记录|記錄|记录)`)},
	{true, "all_count", re(`class=["']?all_count["']?>\s*(\d{1,7})`)},
	{false, "otal", re(`(?i)<totalpage>\s*(\d{1,6})`)},
	{false, "Ls.pagination(", re(`\bLs\.pagination\([^)]*?\bpageCount["']?\s*:\s*["']?(\d{1,6})`)},
	{false, "共", re(`共` + gap + `(\d{1,6})` + gap + `(?:页|頁)`)},
	{false, "all_pages", re(`class=["']?all_pages["']?>\s*(\d{1,6})`)},
	{false, "第", re(`第` + gap + `\d{1,6}` + gap + `/` + gap + `(?:共` + gap + `)?(\d{1,6})` + gap + `(?:页|頁)`)},
}
