package discover

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"gongkai/extract"
	"gongkai/extract/text"
)

// How promising a link is. What names the column is asked for before what names the section that it lies in; a false
// friend never.
const (
	never    = -1
	certain  = 100 // 政府信息公开年报
	likely   = 80  // 年报, or an address with /zfxxgknb/ in it
	bodies   = 72  // 部门信息公开年报
	section  = 60  // 政府信息公开
	around   = 36  // 信息公开指南: stands beside the column in most sections
	sitemap  = 34
	entrance = 32 // 进入首页
	script   = 24 // may write the menu
	mapped   = 20 // a map of the site that robots.txt names
)

// plain is a name as words are looked for in it: simplified script, nothing but letters and digits.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text.Simplify(name))
}

var (
	reportWords = regexp.MustCompile(`年报|年度报告|年度工作报告|年度情况报告|工作报告|工作年度`)
	aboutUs     = regexp.MustCompile(`信息公开|政务公开|公开`)
	bareReport  = regexp.MustCompile(`^(?:历年|往年|本级|公开|工作|法定|我的|市|县|区|省)*(?:年报|年度报告|公开年度报告)(?:公开|专栏|栏目|发布|汇总)*$`)

	// otherReports are annual reports on other matters, and what stands beside reports without being one.
	otherReports = regexp.MustCompile(`网站|报表|法治|法制|依法行政|公积金|预算|决算|财政|财务|统计|环境|环保|污染|质量|卫生|企业|国企|企事业|事业单位|公司|学校|院校|高校|大学|中学|小学|教育|医院|社会组织|社团|慈善|基金|养老|检察|法院|审计|上市|白皮书|发展报告|总结|意见|图解|解读|说明|模板|通知|培训|党务|村务|厂务|校务|院务|警务|人大|政协|采购|招标|项目|信用|年鉴|年检|安全生产|知识产权|司法|行政复议|行政执法|普法|公众|问卷|调查|满意度`)
	// notThisOne are the same in the name of a column that speaks of disclosure.
	notThisOne = regexp.MustCompile(`网站|报表|法治|公积金|预算|决算|财政|统计|环境信息|企业|国企|企事业|事业单位|公司|学校|院校|高校|大学|中学|小学|医院|图解|解读|读懂|一图|填报|模板|通知|培训|党务|村务|校务|院务|公报`)
	headline   = regexp.MustCompile(`^关于|召开|培训|会议|举行|开展|调研|部署|推进|印发|座谈|检查|考核|获评|报送`)
	mapOfSite  = regexp.MustCompile(`^(?:网站|站点)?(?:地图|导航)$|^(?i:sitemap)$`)
	ofBodies   = regexp.MustCompile(`部门|委办局|单位|乡镇|镇街|镇乡|街道|街镇|县区|区县|县市区|各县|各区|各镇|各乡|下级|下属|直属|园区|开发区|示范区|高新区|机构`)

	sections = []struct {
		like   *regexp.Regexp
		points int
	}{
		{regexp.MustCompile(`党务|村务|校务|院务|厂务|警务|企事业|意见箱|公开日|条例|查询点|查阅|申请表`), 0},
		{regexp.MustCompile(`^(?:市|县|区|省|州|旗|本级)?政府信息公开(?:平台|专栏|专区|网|门户|首页|栏目|工作)?$`), section + 10},
		{regexp.MustCompile(`^信息公开(?:平台|专栏|专区|网|门户|首页|栏目|工作)?$`), section + 2},
		{regexp.MustCompile(`^(?:政务公开|政务信息公开|公开|信息公开政务公开)(?:平台|专栏|专区|网|门户)?$`), section - 8},
		{regexp.MustCompile(`^法定主动公开(?:内容|信息|目录)?$|^主动公开(?:内容)?$`), section - 14},
		{regexp.MustCompile(`^(?:市|县|区|省)?(?:政府)?信息公开(?:目录|制度|内容|事项|法规)$|^公开目录$`), around + 6},
		{regexp.MustCompile(`^(?:政府)?(?:信息)?公开(?:指南|制度|规定|说明|指引)$`), around},
		{regexp.MustCompile(`^依申请公开$`), around - 12},
		{regexp.MustCompile(`(?:部门|乡镇|街道|镇街|县区|单位).{0,6}(?:信息|政务)?公开`), around - 13},
		{regexp.MustCompile(`政府信息公开`), around + 4},
		{regexp.MustCompile(`信息公开`), around + 2},
		{regexp.MustCompile(`^(?:政务|政府|市政府|县政府|区政府|走进政府|政府机关|机构)$`), around - 14},
		{regexp.MustCompile(`政务公开`), around - 10},
		{regexp.MustCompile(`^(?:点击|直接)?进入.{0,12}$|^(?:网站|政府)?首页$|^(?:中文|简体)(?:版|中文)?$|^(?i:enter)$`), entrance},
	}
)

// longestName is how long the name of a column or a section may be; longer ones are headlines.
const longestName = 24

// namePoints tells how likely it is that what bears a name is, or leads to, the listing; never for a false friend, 0
// for what says nothing.
func namePoints(name string) int {
	s := plain(name)
	if s == "" || utf8.RuneCountInString(s) > longestName {
		return 0
	}
	if _, ok := extract.ReportTitle(name); ok && !extract.ColumnTitle(name) && strings.ContainsAny(s, "0123456789") {
		return 0 // a report, not a column of them
	}
	if reportWords.MatchString(s) || strings.Contains(s, "报告") && aboutUs.MatchString(s) {
		return reportPoints(s, extract.ColumnTitle(name))
	}
	switch {
	case mapOfSite.MatchString(s):
		return sitemap
	case headline.MatchString(s), notThisOne.MatchString(s) && !strings.Contains(s, "政府信息公开"):
		return 0
	}
	for _, w := range sections {
		if w.like.MatchString(s) {
			return w.points
		}
	}
	return 0
}

// reportPoints is about names that speak of a yearly report; exact says that one is that of a column to the letter.
func reportPoints(s string, exact bool) int {
	if !aboutUs.MatchString(s) {
		switch {
		case bareReport.MatchString(s):
			return likely
		case otherReports.MatchString(s):
			return never
		case utf8.RuneCountInString(s) <= 8 && !strings.Contains(s, "政府工作报告") && ofBodies.MatchString(s):
			return bodies
		}
		return 0
	}
	switch {
	case notThisOne.MatchString(s):
		return never
	case ofBodies.MatchString(s):
		return bodies
	case exact:
		return certain
	case strings.Contains(s, "总结"), strings.Contains(s, "指南"), strings.Contains(s, "制度") && !strings.Contains(s, "年报"):
		return 0
	}
	return certain - 5
}

var (
	columnPath = regexp.MustCompile(`(?i)/(?:[a-z]{0,12}_?)?(?:xxgknb|xxgkndbg|xxgkndb|xxgkgzndbg|xxgkgznb|xxgkbg|ndxxgkbg|gknb|gkndbg|gkgznb|gkbg|ndbg|ndgkbg|gzndbg|nianbao|xxgknianbao|annualreport|xxgkannualreport)[\w-]*(?:[/.?#]|$)`)
	shortPath  = regexp.MustCompile(`(?i)/(?:nb|lnnb|ndbg|nbgk)(?:_?\d*)?(?:/|\.s?html?|$)`)
	falsePath  = regexp.MustCompile(`(?i)/(?:[a-z]{0,8})?(?:wznb|wzndbb|wzgznb|wzbb|gzndbb|wzndbg|wzgzndbg|fzzf|fzzfjs|gjj|qynb|qsydw|gkzn|xxgkzn|ysqgk|xxgkzd)[\w-]*(?:/|\.|$)`)
	hubPath    = regexp.MustCompile(`(?i)/(?:zfxxgk|xxgk|szfxxgk|zfxxgkpt|xxgkpt|zfxxgkzl|gongkai|openness|govinfo|gkmlpt|zwgk|xxgkml|zfxxgkml|zfxxgkml)(?:_?\d*)?(?:/|\.s?html?|\.jsp|\.aspx?|$)`)
)

// pathPoints is about addresses. Words in them are the first letters of the syllables of 政府信息公开年报 and the like.
func pathPoints(u *url.URL) int {
	p := u.Path
	switch {
	case falsePath.MatchString(p):
		return never
	case columnPath.MatchString(p), lonsunReports.MatchString(u.RequestURI()):
		return likely - 2
	case shortPath.MatchString(p):
		return section - 14
	case hubPath.MatchString(p) && len(strings.Split(strings.Trim(p, "/"), "/")) <= 3:
		return around + 3
	}
	return 0
}

var (
	lonsunReports = regexp.MustCompile(`^/public/column/\d+\?(?:[^#]*&)?type=3(?:&|$)`)
	lonsunColumn  = regexp.MustCompile(`^(/public/column/\d+)(?:\?|$)`)
	lonsunArticle = regexp.MustCompile(`^/public/(\d+)/\d+\.html$`)
	gkmlptPage    = regexp.MustCompile(`^(.*/gkmlpt)(?:/|$)`)
	hanwebArticle = regexp.MustCompile(`^(.*?)/art/\d{4}/\d{1,2}/\d{1,2}/art_(\d+)_\d+\.html$`)
	dated         = regexp.MustCompile(`^(.*/)(?:\d{6}|\d{4}-\d{2}/\d{2}|\d{8}|\d{4}/\d{1,2}(?:/\d{1,2})?|\d{4})/[^/]*$`)
)

// columnOfReport returns the page that probably lists a report, by the address of that; "" when the address does not
// tell.
func columnOfReport(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	at := u.Scheme + "://" + u.Host
	if m := lonsunArticle.FindStringSubmatch(u.Path); m != nil {
		return at + "/public/column/" + m[1] + "?type=3&action=list"
	}
	if m := hanwebArticle.FindStringSubmatch(u.Path); m != nil {
		return at + m[1] + "/col/col" + m[2] + "/index.html"
	}
	if m := gkmlptPage.FindStringSubmatch(u.Path); m != nil {
		return at + m[1] + "/annualreport"
	}
	if m := dated.FindStringSubmatch(u.Path); m != nil && m[1] != "/" && u.RawQuery == "" {
		return at + m[1]
	}
	if dir := path.Dir(u.Path); columnPath.MatchString(dir+"/") && u.RawQuery == "" {
		return at + dir + "/"
	}
	return ""
}

// byRule returns the page of annual reports that a site's software has for the same body as a page of it; "" when no
// rule applies.
func byRule(u *url.URL) (address, rule string) {
	at := u.Scheme + "://" + u.Host
	if m := lonsunColumn.FindStringSubmatch(u.Path); m != nil && !lonsunReports.MatchString(u.RequestURI()) {
		return at + m[1] + "?type=3&action=list", "of each body, type=3 lists the annual reports (Lonsun)"
	}
	if m := gkmlptPage.FindStringSubmatch(u.Path); m != nil && !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/annualreport") {
		return at + m[1] + "/annualreport", "annualreport of each body (gkmlpt)"
	}
	return "", ""
}
