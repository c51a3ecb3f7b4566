package extract

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"gongkai/extract/division"
	"gongkai/extract/form"
	"gongkai/extract/text"
)

// names lists what a page, the link to it and its portal call the agency, the surest first: what the title says, a line
// of its own beside the title, the link, a sentence of the text, the metadata, the signature, the site, and whose
// portal it is.
func (d *Document) names(r *Report, b body, title, link TitleClaim, prose string, h Hints) []namedBy {
	return []namedBy{{title.Agency, "title"}, {d.loneLine(b, h), "line"}, {link.Agency, "link"}, {agencyInProse(prose, h), "prose"},
		{simplifyName(r.Field("publisher")), "publisher"}, {signature(r.Sections, h), "signature"}, {d.siteOf(h), "site"}, {h.Agency, "portal"}}
}

var (
	agencyLabel = regexp.MustCompile(`^(?:编制|编报|编写|报告|填报|报送)(?:单位|机关|机构|部门|主体)(?:名称|\(盖章\))?:`)
	agencyStamp = regexp.MustCompile(`(?:\((?:盖章|公章|章|印章)\)|文件)$`)
	// agencyEnding ends the names of bodies. Those of weakEnding end other words as well.
	agencyEnding = regexp.MustCompile(`(?:政府|公署|局|委员会|委|办公室|办公厅|办|厅|院|中心|处|所|站|公司|集团|银行|队|镇|乡|街道|` +
		`管委会|学校|中学|小学|大学|学院|党校|幼儿园|馆|电视台|联社|协会|联合会|总会|工会|商会|学会|红十字会|残联|妇联|工商联|侨联|文联|社联|科协|基金会|管理会|总工会|` +
		`林场|农场|管理区|开发区|示范区|高新区|新区|园区|保护区|风景区|度假区|保税区|合作区|试验区|产业园|部|署|校)(?:\(\p{Han}+\))?$`)
	weakEnding = regexp.MustCompile(`(?:街|[省市县区旗州盟])$`)
	// noAgency is what else stands in lines of a page that end so.
	noAgency = regexp.MustCompile(`^(?:局|厅|委|办|院|校|中心|公司|医院|学校|镇|乡|街道)?党(?:组|委|总支|支部)|^(?:新闻|信息|互动|政务|资讯|办事|数据|下载|个人|用户|帮助|发布|便民)(?:发布|服务)?(?:中心|大厅|台)$|报告|年报|条例|栏目|专栏|专区|目录|正文|附件|全文|打印|分享|浏览|` +
		`公开(?:网|平台|指南|制度|规定|专|年)|如下|以上|以下|有关|相关|情况|说明|内容|联系|地址|电话|各[省市县区乡镇局委部]|下属|直属(?:单位|机构)|全部|本部|内设|部门$|单位$|^(?:我|各|[本全](?:[省市区县州旗盟镇乡街村社局委办院校厅]|中心|单位|机关|系统|级))`)
	agencyShape = regexp.MustCompile(`^\p{Han}[\p{Han}()、·]{2,38}$`)
)

// agencyLine returns the name of an agency that a line consists of, in simplified script, or "": 甲区财政局, （甲区财政局）,
// 编制单位：甲区财政局, 甲区财政局文件, 甲区财政局 2022年1月20日. A place alone is one where the gazetteer or the portal knows it.
func agencyLine(printed string, h Hints) string {
	if utf8.RuneCountInString(printed) > 80 {
		return ""
	}
	s := agencyStamp.ReplaceAllString(agencyLabel.ReplaceAllString(text.Plain(strings.Trim(printed, "【】[] ")), ""), "")
	s = agencyStamp.ReplaceAllString(agencyIn(s), "")
	if strings.Count(s, "(") > strings.Count(s, ")") {
		s += ")"
	}
	switch {
	case !agencyShape.MatchString(s), noAgency.MatchString(s), pronoun.MatchString(s):
		return ""
	case agencyEnding.MatchString(s):
		return s
	case !weakEnding.MatchString(s):
		return ""
	}
	if unit, _ := division.Strip(s, h.Division); unit != s || strings.HasPrefix(h.Agency, s) {
		return s
	}
	if strings.HasSuffix(s, "街") {
		return s
	}
	return ""
}

// isLine reports whether a block is a short line by itself, and no sentence, link or label of one.
func (b block) isLine() bool {
	return b.table == nil && b.linked == 0 && utf8.RuneCountInString(b.text) <= 60 && !strings.ContainsAny(b.text, "。，；;!?！？<>›»→|")
}

// loneLine finds the agency that stands on a line of its own over or under the headline, or between the headline and
// the text; else that of a headline which is broken into several lines.
func (d *Document) loneLine(b body, h Hints) string {
	first := d.textBegins(b)
	over, under, behind := d.besideHeadline(first, h)
	if over != "" || under != "" {
		return cmp.Or(over, under)
	}
	if len(b.headings) > 0 {
		for i := max(b.start, behind); i < first && d.blocks[i].isLine(); i++ {
			if name := agencyLine(d.blocks[i].text, h); name != "" {
				return name
			}
		}
	}
	claim, _ := ReportTitle(d.brokenTitle(b, h))
	return claim.Agency
}

// besideHeadline finds the agencies on the lines over and under a headline before a block; behind is the block after
// the last headline there. Over it a name counts only where both are lines of one element, or where it is no
// government, as the name of the site may stand above.
func (d *Document) besideHeadline(first int, h Hints) (over, under string, behind int) {
	for i, bl := range d.blocks[:first] {
		if !bl.isLine() || !reportCore.MatchString(text.Plain(bl.text)) {
			continue
		}
		behind = i + 1
		for j := i + 1; j < min(i+5, first) && under == "" && d.blocks[j].isLine() && near(bl.node, d.blocks[j].node); j++ {
			under = agencyLine(d.blocks[j].text, h)
		}
		for j := i - 1; j >= max(i-3, 0) && over == "" && d.blocks[j].isLine(); j-- {
			if name := agencyLine(d.blocks[j].text, h); d.headsReport(d.blocks[j].node, bl.node, name) {
				over = name
			}
		}
	}
	return over, under, behind
}

// headsReport reports whether a line with a name over a headline names whose report follows, and not the site.
func (d *Document) headsReport(line, headline *html.Node, name string) bool {
	return d.together(headline, line) || near(headline, line) && !inChrome(line) && belowGovernment(name)
}

// textBegins is the block with which the text of the report begins: that of its first heading.
func (d *Document) textBegins(b body) int {
	if len(b.headings) > 0 {
		return b.headings[0].block
	}
	return min(b.start+10, len(d.blocks))
}

// together reports whether two lines stand in one element, or are its children, or cells of one column. The body of a
// web page is no such element, as all stands there.
func (d *Document) together(a, b *html.Node) bool {
	p, q := a.Parent, b.Parent
	if a.DataAtom == atom.Td && b.DataAtom == atom.Td {
		p, q = p.Parent, q.Parent
	}
	if a == b {
		p, q = a, b
	}
	return p != nil && p == q && (p.DataAtom != atom.Body || d.kind != FormHTML)
}

// belowGovernment reports whether a name is that of a body below a government, by its last words.
func belowGovernment(name string) bool {
	return name != "" && !strings.HasSuffix(name, "政府") && !strings.HasSuffix(name, "公署") && !weakEnding.MatchString(name)
}

// near reports whether two lines stand together, or one's element beside that of the other's parent.
func near(a, b *html.Node) bool {
	return a == b || a.Parent == b.Parent || a.Parent != nil && (a.Parent.Parent == b.Parent || a.Parent == b || b.Parent != nil && a.Parent.Parent == b.Parent.Parent)
}

// brokenTitle joins a headline that stands on two or three lines which are elements of their own: 甲区财政局 and
// 政府信息公开工作年度报告, or 甲区财政局2021年政府信息 and 公开工作年度报告. "" when there is none that names an agency.
func (d *Document) brokenTitle(b body, h Hints) string {
	first := d.textBegins(b)
	for i := range first {
		joined := d.blocks[i].text
		for j := i + 1; j < min(i+3, first) && d.blocks[j-1].isLine() && d.blocks[j].isLine() && d.together(d.blocks[i].node, d.blocks[j].node); j++ {
			joined += d.blocks[j].text
			claim, ok := ReportTitle(joined)
			if ok && agencyLine(claim.Agency, h) != "" && reportEnd.MatchString(text.Plain(d.blocks[j].text)) {
				return joined
			}
		}
	}
	return ""
}

var reportEnd = regexp.MustCompile(`(?:报告|年报)(?:\([^()]*\))?$`)

// siteOf returns the name of the site that the page stands on, where it says that it is that of a body below a
// government.
func (d *Document) siteOf(h Hints) string {
	for _, name := range append([]string{d.meta("SiteName")}, titleParts(d.title)...) {
		if name = agencyLine(siteWords.ReplaceAllString(text.Plain(name), ""), h); belowGovernment(name) && !strings.HasPrefix(h.Agency, name) {
			return name
		}
	}
	return ""
}

var siteWords = regexp.MustCompile(`(?:官方|门户|政务|政府)*(?:网站|官网|网)$`)

// deeds is how a sentence goes on that says what a body did, and ofParty what may stand between.
const (
	deeds   = `严格|认真|深入|全面|积极|坚持|高度|切实|始终|继续|扎实|按照|紧紧|紧扣|围绕|不断|主动|进一步|依法|以习近平|持续|着力|大力|贯彻`
	ofParty = `(?:党组|党委|党总支|党支部|领导班子)?`
)

var (
	announced = regexp.MustCompile(`(?:公布|编制|发布|现将)(?:了)?(?:《)?(\p{Han}{3,30}?)(?:\((?:以下简称|下称)[^)]*\))?(?:关于)?(?:20\d\d)年度?(?:政府|政务)信息公开`)
	compiled  = regexp.MustCompile(`由(\p{Han}[\p{Han}()]{2,30}?)(?:根据|按照|依据|依照|负责编|组织编|编制|编写|编报|汇编)`)
	subject   = regexp.MustCompile(`(?:^|[。,，;；:\n])(?:20\d\d年度?[,，]?)?(\p{Han}[\p{Han}()]{2,30}?)` + ofParty + `(?:` + deeds + `|在|根据|现将|现公布)`)
	superior  = regexp.MustCompile(`领导|指导|部署|要求|安排|决策|[省市县区州旗]委|上级|党中央|国务院|全[省市县区州旗]|^[省市县区州旗](?:人民)?政府|年度?$`)
	// helping is what a text says of others than who reports.
	helping = regexp.MustCompile(`^\p{Han}{0,6}?(?:配合|协助|支持|参与|指导|督促)`)
	// ownVoice is how who reports speaks of itself or of its place, once it is clear who that is.
	ownVoice = regexp.MustCompile(bodyVoice.String() + `|我们|[我本](?:[省市区县州旗盟]|机关|部门)`)
	offices  = regexp.MustCompile(`(?:政府|公署|府)办(?:公室|公厅)?$|(?:政务|信息)公开(?:工作)?(?:领导小组)?办公室$|大数据|行政审批|政务服务`)
)

// agencyInProse finds the agency in the sentence that announces the report, that says who compiled it, or that begins
// it and says what the agency did. An office compiles the report of its government, too: where the text speaks as that,
// it is not the agency; and neither is a body that is named after the text has spoken of its own (我局, 我区).
func agencyInProse(prose string, h Hints) string {
	if m := announced.FindStringSubmatch(prose); m != nil {
		return m[1]
	}
	government := speaksAs(h.Agency, prose)
	for _, m := range compiled.FindAllStringSubmatch(prose, 3) {
		if name := agencyLine(m[1], h); name != "" && !(government && offices.MatchString(name)) {
			return name
		}
	}
	opening := prose
	if runes := []rune(prose); len(runes) > 400 {
		opening = string(runes[:400])
	}
	voice := len(opening)
	if at := ownVoice.FindStringIndex(opening); at != nil {
		voice = at[0]
	}
	for _, m := range subject.FindAllStringSubmatchIndex(opening, 8) {
		if m[0] > voice {
			break // 我局 has been said: whoever is named behind it is somebody else
		}
		said := opening[m[2]:m[3]]
		name := agencyLine(said, h)
		if name == "" || superior.MatchString(said) || helping.MatchString(opening[m[3]:]) || government && offices.MatchString(name) {
			continue
		}
		return name
	}
	return ""
}

// signature finds the agency that signs at the end of the text, above the date or before it.
func signature(sections []Section, h Hints) string {
	if len(sections) == 0 {
		return ""
	}
	lines := strings.Split(sections[len(sections)-1].Text, "\n")
	for _, l := range slices.Backward(lines[max(0, len(lines)-5):]) {
		if name := agencyLine(l, h); name != "" && !strings.ContainsAny(l, "，。；\t") {
			return name
		}
	}
	return ""
}

// bodyVoice is how a body below a government speaks of itself.
var bodyVoice = regexp.MustCompile(`(?:我|本|全)(?:局|委员会|委(?:$|[^托员])|厅|院|校|中心|镇|乡|街|站|所(?:$|[^有])|馆|公司|集团|支队|大队|总队|分局|管委会|办事处|开发区|学校|医院|单位|系统|园区)|` +
	`(?:我|本)(?:办(?:$|[^法理公])|处(?:$|[^理于罚])|队|会(?:$|[^议])|场|台)|` +
	`(?:^|[。，,；;\n])(?:中心|局|院|校|学校|医院|公司|管委会)` + ofParty + `(?:` + deeds + `)`)

// speaksAs reports whether a text speaks as a government: of 我区, 本县 or all of 全市, and nowhere as another body does.
func speaksAs(government, prose string) bool {
	place := placeOfGovernment(government)
	if place == "" || bodyVoice.MatchString(prose) {
		return false
	}
	kind, _ := utf8.DecodeLastRuneInString(place)
	voice := governmentVoice[kind]
	return voice != nil && voice.MatchString(prose)
}

// governmentVoice is how a government speaks of its place, by the word for the kind of that. 区域 and 市场 are other words,
// and what a body does for a whole place (全区统计工作) is not what the government reports.
var governmentVoice = func() map[rune]*regexp.Regexp {
	m := map[rune]*regexp.Regexp{}
	for _, kind := range "省市区县州旗盟" {
		k := string(kind)
		m[kind] = regexp.MustCompile(`(?:我|本)` + k + `(?:$|[^域场])|全` + k + `(?:各|共|上下|主动公开|政府信息|政务公开|信息公开|行政机关|范围|累计|受理|收到|新收|依申请|办理)`)
	}
	return m
}()

// scope settles what a report covers. The government of a division reports for all below it, if it is that which
// reports: where only the portal tells so, the text must speak as it, and the page stand in no section of another body;
// where only the metadata do, not as another body. What is left in doubt covers nobody but itself.
func (r *Report) scope(prose, section string) {
	r.Scope = scopeOf(r.Agency)
	if r.Scope != ScopeAggregate {
		return
	}
	switch {
	case r.Agency.by("portal") && (section != "" || !speaksAs(r.Agency.Name, prose)):
	case r.Agency.by("publisher") && bodyVoice.MatchString(prose):
	default:
		return
	}
	r.Scope = ScopeOwn
	detail := r.Agency.Name + " is named by the portal only, and the text does not speak as a government: it may be anybody's report"
	if section != "" {
		detail = r.Agency.Name + " is named by the portal only, and the page stands in the section of " + section + ": it may be that body's report"
	}
	r.Problems = append(r.Problems, form.Problem{Kind: "agency", Where: "scope", Detail: detail})
}

// by reports whether a name is from somewhere, by its evidence.
func (a Agency) by(where string) bool {
	return slices.ContainsFunc(a.Evidence, func(e string) bool { return strings.HasPrefix(e, where+": ") })
}

var (
	crumbs       = regexp.MustCompile(`^[\[【(（\s]*(?:当前|您(?:现在|当前)?的?|所在|现在)?(?:所在)?(?:的)?位置|首页\s*[>›»→＞]`)
	betweenCrumb = regexp.MustCompile(`[>›»→＞/|:：\-]+`)
)

// sectionOf returns the body below a government, and none that writes for one, in whose section of a portal the page
// stands, by its breadcrumb or the name of its column; "" when there is none.
func (d *Document) sectionOf(b body, h Hints) string {
	places := []string{d.meta("ColumnName")}
	for _, bl := range d.blocks[:d.textBegins(b)] {
		if line := text.Simplify(bl.text); bl.table == nil && crumbs.MatchString(line) && utf8.RuneCountInString(line) <= 200 {
			places = append(places, betweenCrumb.Split(line, -1)...)
		}
	}
	for _, place := range places {
		if name := agencyLine(place, h); belowGovernment(name) && !offices.MatchString(name) {
			return name
		}
	}
	return ""
}
