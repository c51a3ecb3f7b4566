package extract

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract/text"
)

// A TitleClaim is what a title says about a report: whose it is, and for which year.
type TitleClaim struct {
	Agency string // in simplified script, as the title has it: "常熟市人民政府办公室", "江油市"; may be ""
	Year   int    // 0 when the title names none
}

var (
	// reportCore is what calls a document an annual report on disclosure. Year and 工作 wander about in it.
	reportCore = regexp.MustCompile(`(?:政府|政务)?信息公开(?:工作)?(?:情况)?的?(?:` + yearPattern + `)?(?:工作)?(?:年度|年)?(?:工作)?(?:报告|年报)|` +
		`政务公开(?:工作)?(?:` + yearPattern + `)?(?:工作)?(?:年度|年)(?:工作)?报告`)
	yearInTitle = regexp.MustCompile(yearPattern)

	// falseFriends stand before or after the core of a title that is about reports, or that reports on something else.
	falseTail = regexp.MustCompile(`图解|图说|解读|要点|通知|指南|目录|制度|办法|规定|报表|填报|说明会|解释|方案|计划|视频|动漫|长图|图片版|的函$|的批复$|培训|考核|汇总表|模板|格式`)
	// A notice by which a report is published has it in it, or attached.
	noticeHead = regexp.MustCompile(`(?:发布|公布|公开)(?:` + yearPattern + `)?$`)
	noticeTail = regexp.MustCompile(`^的(?:通知|公告|通告)$`)
	falseHead  = regexp.MustCompile(`^关于(?:做好|报送|开展|编制|编报|印发|进一步|规范|填报|填写|组织|召开|征求|落实|认真|切实)|^(?:【|\[|\()?(?:图解|图说|解读|一图|动漫|视频|长图)|一图读懂|^转发`)
)

const yearPattern = `(?:(?:19|20)\d{2}|[一二][一二三四五六七八九〇○零0]{3})(?:年度|年)?`

// ReportTitle reports whether a title claims to be an annual report on information disclosure, and what it says
// of agency and year. It works on both scripts and knows the false friends that stand in the same listings:
// guides, forms of the web site, infographics, notices about reports, annual reports on other matters.
func ReportTitle(title string) (TitleClaim, bool) {
	if !strings.ContainsAny(title, "报報") || !strings.ContainsAny(title, "开開") {
		return TitleClaim{}, false // nearly every line of a page
	}
	s := text.Plain(title)
	if strings.ContainsAny(s, "<>›»→") {
		return TitleClaim{}, false // a breadcrumb
	}
	at := reportCore.FindStringIndex(s)
	if at == nil {
		return TitleClaim{}, false
	}
	if noticeTail.MatchString(s[at[1]:]) && noticeHead.MatchString(s[:at[0]]) {
		s = s[:at[1]] // the report is what is published by that notice
	}
	head, tail := s[:at[0]], s[at[1]:]
	if falseFriend(s, head, tail) {
		return TitleClaim{}, false
	}
	// "衢江区人民政府信息公开年报" is the report of the 人民政府, not of "衢江区人民".
	if strings.HasSuffix(head, "人民") && strings.HasPrefix(s[at[0]:], "政府") {
		head += "政府"
	}
	claim := TitleClaim{Agency: cmp.Or(agencyIn(head), agencyBehind(tail))}
	if years := titleYears(s, at[0], at[1]); len(years) > 0 {
		claim.Year = years[0]
	}
	return claim, claim != TitleClaim{} // with neither, it is the name of a column
}

// falseFriend reports whether a title with a report's name in it, between head and tail, is that of something else.
func falseFriend(title, head, tail string) bool {
	return falseHead.MatchString(title) || falseTail.MatchString(tail) ||
		falseTail.MatchString(head) && !strings.Contains(head, "年")
}

// agencyIn strips what is not the agency from the part of a title before its core. Names begin with 公安县, 开封市,
// 于都县: nothing is stripped by character.
func agencyIn(head string) string {
	head = documentNumber.ReplaceAllString(leadingBracket.ReplaceAllString(head, ""), "")
	head = datesInTitle.ReplaceAllString(head, "")
	head = yearRange.ReplaceAllString(head, "")
	head = yearInTitle.ReplaceAllString(head, "")
	head = strings.Trim(head, titlePunctuation)
	head = titleOpening.ReplaceAllString(head, "")
	head = titleJoint.ReplaceAllString(head, "")
	return strings.Trim(head, titlePunctuation)
}

const titlePunctuation = ":-—–~·.、,;()（）[]【】*0123456789"

var (
	titleOpening = regexp.MustCompile(`^关于(?:公布|发布|公开|报送|上报)?`)
	titleJoint   = regexp.MustCompile(`(?:的|关于|发布|公布|年度)+$`)
	// datesInTitle are the dates and notes of a publication or a revision: no years of a report.
	datesInTitle = regexp.MustCompile(`[(\[]?(?:19|20)\d{2}(?:年\d{1,2}月(?:\d{1,2}日)?|[-/.]\d{1,2}[-/.]\d{1,2}|\d{4})(?:修订|更正|发布|公布|印发|补发)?[)\]]?|[(\[]?(?:19|20)\d{2}年?(?:修订|更正|发布|公布|印发|补发)(?:版)?[)\]]?`)
	yearRange    = regexp.MustCompile(`((?:19|20)\d{2})年?(?:至|到|-|—|–|~|－)+((?:19|20)\d{2})(?:年度|年)?`)
	behindCore   = regexp.MustCompile(`^(?:[(]|-+|—+|:)(\p{Han}{3,30})[)]?$`)
	unitEnding   = regexp.MustCompile(`(?:政府|局|委|委员会|办公室|办|厅|部|院|中心|处|所|站|公司|队|会|镇|乡|街道|市|县|区)$`)
)

// agencyBehind finds an agency that stands behind the core of a title: "2021年…年度报告（衢江区财政局）".
func agencyBehind(tail string) string {
	tail = yearInTitle.ReplaceAllString(datesInTitle.ReplaceAllString(tail, ""), "")
	if m := behindCore.FindStringSubmatch(tail); m != nil && unitEnding.MatchString(m[1]) {
		return m[1]
	}
	return ""
}

// titleYears lists the years that a title may report on, the one nearest to its core first. Dates of publication and
// revision are none.
func titleYears(s string, from, to int) []int {
	type found struct{ year, distance int }
	var all []found
	dates := datesInTitle.FindAllStringIndex(s, -1)
	for _, at := range yearInTitle.FindAllStringIndex(s, -1) {
		year := parseYear(s[at[0]:at[1]])
		inDate := slices.ContainsFunc(dates, func(d []int) bool { return d[0] <= at[0] && at[0] < d[1] })
		if year == 0 || inDate {
			continue
		}
		all = append(all, found{year, max(from-at[1], at[0]-to, 0)})
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.distance - b.distance })
	var years []int
	for _, f := range all {
		if !slices.Contains(years, f.year) {
			years = append(years, f.year)
		}
	}
	return years
}

// TitleYears lists the years that the title of a report may be about, the likeliest first: none when it names none, or
// is not called a report.
func TitleYears(title string) []int {
	s := text.Plain(title)
	at := reportCore.FindStringIndex(s)
	if at == nil {
		return nil
	}
	return titleYears(s, at[0], at[1])
}

// parseYear reads "2021", "2021年度", "二〇二一年"; 0 for what is no year of a report.
func parseYear(s string) int {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "度"), "年")
	year, err := strconv.Atoi(hanDigits.Replace(s))
	if err != nil || year < 2000 || year > 2100 {
		return 0
	}
	return year
}

var hanDigits = strings.NewReplacer("〇", "0", "○", "0", "零", "0", "一", "1", "二", "2", "三", "3", "四", "4",
	"五", "5", "六", "6", "七", "7", "八", "8", "九", "9")

var (
	columnName = regexp.MustCompile(`^(?:法定|历年|本级|[省市县区州旗])?(?:政府|政务|部门|机关)*信息公开(?:工作)?(?:年度|年)(?:工作)?(?:报告|年报|报)?$|^(?:历年|往年|本级)*(?:年度报告|公开年报|年报|信息公开报告)$`)
	columnYear = regexp.MustCompile(`^` + yearPattern + `$`)
	// columnYears are those that a column says it holds: 政府信息公开年报（2008-2024）.
	columnYears = regexp.MustCompile(`[(\[]?(?:19|20)\d{2}年?(?:至|到|-|—|–|~|－)+(?:(?:19|20)\d{2}年?|今)[)\]]?`)
)

// ColumnTitle reports whether a link's text names a column that lists annual reports: 信息公开年报,
// 政府信息公开工作年度报告, or one year of such a column.
func ColumnTitle(printed string) bool {
	s := strings.ReplaceAll(text.Narrow(text.Simplify(text.Compact(printed))), " ", "")
	s = strings.Trim(columnYears.ReplaceAllString(s, ""), "·>›»-—[]【】")
	return columnName.MatchString(s) || columnYear.MatchString(s) && parseYear(s) != 0
}
