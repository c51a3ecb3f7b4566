package extract

import (
	"gongkai/extract/form"
	"net/url"
	"strings"
	"testing"
)

// A whosePage is a report as a page of a government's portal has it; what it does not say is as in most.
type whosePage struct {
	title string // element; "2021年政府信息公开工作年度报告"
	above string // before the article, and
	head  string // its first lines; a headline that names nobody
	text  string // of the first section
	end   string // of the last
	link  string
	info  string // an information line
	bare  bool   // no table
}

func (p whosePage) html() string {
	table := `<table><tr><td>信息内容<td>本年制发件数<td>本年废止件数<td>现行有效件数</tr><tr><td>规章<td>0<td>0<td>0</tr><tr><td>行政规范性文件<td>1<td>0<td>2</tr></table>`
	if p.bare {
		table = ""
	}
	if p.head == "" {
		p.head = "<h1>2021年政府信息公开工作年度报告</h1>" + p.info
	}
	if p.title == "" {
		p.title = "2021年政府信息公开工作年度报告"
	}
	return `<title>` + p.title + `</title><div class="top">` + p.above + `</div><div class="article">` + p.head +
		`<p>一、总体情况</p><p>` + p.text + `</p><p>二、主动公开政府信息情况</p>` + table + `<p>三、收到和处理政府信息公开申请情况</p>` +
		`<p>四、政府信息公开行政复议、行政诉讼情况</p><p>五、存在的主要问题及改进情况</p><p>公开不够及时。</p><p>六、其他需要报告的事项</p><p>无。</p>` + p.end +
		`</div><div class="footer"><p>主办：衢江区人民政府办公室</p></div>`
}

func (p whosePage) read(t *testing.T, h Hints) *Report {
	t.Helper()
	d, err := Parse([]byte(p.html()), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "www.qjq.gov.cn", Path: "/1.html"})
	if err != nil {
		t.Fatal(err)
	}
	h.LinkTitle = p.link
	r, err := ReadReport(d, h)
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	return r
}

// TestWhoseReport: a page of a government's portal is the report of the body that it names, wherever it does.
func TestWhoseReport(t *testing.T) {
	const center, headline = "衢江区机关后勤服务中心", "2021年政府信息公开工作年度报告"
	two := func(a, b string) string { return `<p align="center">` + a + `</p><p align="center">` + b + `</p>` }
	for _, tt := range []struct {
		what string
		page whosePage
		want string
	}{
		{"under the headline", whosePage{head: "<h2>" + headline + "</h2>" + two(center, headline)}, center},
		{"over it", whosePage{head: two(center, headline)}, center},
		{"under it", whosePage{head: two(headline, center)}, center},
		{"in parentheses", whosePage{head: two(headline, "（"+center+"）")}, center},
		{"in brackets", whosePage{head: two(headline, "【"+center+"】")}, center},
		{"spaced out", whosePage{head: two("衢 江 区 财 政 局", headline)}, "衢江区财政局"},
		{"traditional script", whosePage{head: two("衢江區財政局", headline)}, "衢江区财政局"},
		{"with a date", whosePage{head: two(headline, center+" 2022年1月20日")}, center},
		{"date between", whosePage{head: two(headline, "2022年1月20日") + "<p>" + center + "</p>"}, center},
		{"lines of one element", whosePage{head: `<p>` + center + `<br>` + headline + `</p>`}, center},
		{"headline in two lines", whosePage{head: two(center, "2021年度政府信息公开工作") + "<p>年度报告</p>"}, center},
		{"cut within a word", whosePage{head: two(center+"2021年政府信息", "公开工作年度报告")}, center},
		{"with 关于", whosePage{head: two(center+"关于", "2021年政府信息公开工作年度报告")}, center},
		{"no year in it", whosePage{title: "衢江区人民政府", head: two(center, "政府信息公开工作年度报告")}, center},
		{"red head", whosePage{head: two("衢江区财政局文件", "衢财〔2022〕3号") + "<h1>" + headline + "</h1>"}, "衢江区财政局"},
		{"labelled", whosePage{head: two(headline, "编制单位：衢江区财政局")}, "衢江区财政局"},
		{"stamped", whosePage{head: two(headline, "报告单位：衢江区财政局（盖章）")}, "衢江区财政局"},
		{"an element beside the headline's", whosePage{head: `<div class="tit"><h1>` + headline + `</h1></div><div class="sub">` + center + `</div>`}, center},
		{"elements beside each other", whosePage{head: `<div class="a"><p>` + center + `</p></div><div class="b"><h1>` + headline + `</h1></div>`}, center},
		{"cells", whosePage{head: `<table><tr><td>` + center + `</td></tr><tr><td>` + headline + `</td></tr></table>`}, center},
		{"behind an information line", whosePage{head: "<h1>" + headline + "</h1><p>发布时间：2022-01-20 浏览次数：3</p><p>" + center + "</p>"}, center},
		{"two names", whosePage{head: two("衢江区机关事务管理局（衢江区接待办公室）", headline)}, "衢江区机关事务管理局(衢江区接待办公室)"},
		{"a place's short name", whosePage{head: two("区财政局", headline)}, "衢江区财政局"},
		{"committee", whosePage{head: two("衢江区发展和改革委员会", headline)}, "衢江区发展和改革委员会"},
		{"party", whosePage{head: two("中共衢江区委党校", headline)}, "中共衢江区委党校"},
		{"zone", whosePage{head: two("衢江经济开发区管委会", headline)}, "衢江经济开发区管理委员会"},
		{"street", whosePage{head: two("樟潭街道", headline)}, "樟潭街道办事处"},
		{"township", whosePage{head: two("上方镇人民政府", headline)}, "上方镇人民政府"},
		{"township's place", whosePage{head: two("上方镇", headline)}, "上方镇人民政府"},
		{"school", whosePage{head: two("衢江区第一初级中学", headline)}, "衢江区第一初级中学"},
		{"hospital", whosePage{head: two("衢江区人民医院", headline)}, "衢江区人民医院"},
		{"company", whosePage{head: two("衢江区水务集团有限公司", headline)}, "衢江区水务集团有限公司"},
		{"federation", whosePage{head: two("衢江区残疾人联合会", headline)}, "衢江区残疾人联合会"},
		{"the government itself", whosePage{head: two("衢江区人民政府", headline)}, "衢江区人民政府"},
		{"its place", whosePage{head: two("衢江区", headline)}, "衢江区人民政府"},
		{"the link", whosePage{link: center + headline}, center},
		{"compiled", whosePage{text: "本年度报告由" + center + "按照条例编制。"}, center},
		{"compiled and nothing more", whosePage{text: "本报告由" + center + "编制而成。我中心共公开信息3条。"}, center},
		{"subject", whosePage{text: "2021年" + center + "严格按照《条例》要求开展工作。"}, center},
		{"subject behind the year", whosePage{text: "2021年，" + center + "认真贯彻《条例》。"}, center},
		{"subject behind its superiors", whosePage{text: "2021年，在区委、区政府的领导下，衢江区财政局积极推进政务公开。"}, "衢江区财政局"},
		{"announced", whosePage{text: "根据《条例》，现将" + center + "2021年度政府信息公开工作情况报告如下。"}, center},
		{"signed", whosePage{end: "<p>" + center + "</p><p>2022年1月20日</p>"}, center},
		{"signed in one line", whosePage{end: "<p>" + center + "　　2022年1月20日</p>"}, center},
		{"signed and stamped", whosePage{end: "<p>衢江区财政局（盖章）</p><p>2022年1月20日</p>"}, "衢江区财政局"},
		{"publisher", whosePage{info: "<p>发布机构：" + center + "</p>"}, center},
		{"site of a bureau", whosePage{title: "衢江区财政局"}, "衢江区财政局"},
	} {
		r := tt.page.read(t, Hints{Agency: "衢江区人民政府", Division: "330803"})
		scope := ScopeOwn
		if strings.HasSuffix(tt.want, "区人民政府") {
			scope = ScopeAggregate
		}
		if r.Agency.Name != tt.want || r.Scope != scope || r.Year != 2021 && !strings.Contains(tt.what, "no year") {
			t.Errorf("%s: got %s, %s of %d, want %s, %s: %q", tt.what, r.Agency.Name, r.Scope, r.Year, tt.want, scope, r.Agency.Evidence)
		}
	}
}

// TestWhoseDoubt: where only the portal tells whose a report is, it is the government's if the text speaks as that, and
// else a doubtful report of nobody's region.
func TestWhoseDoubt(t *testing.T) {
	for _, tt := range []struct {
		page     whosePage
		agency   string // of the portal
		doubtful bool
	}{
		{whosePage{text: "2021年，我区认真贯彻《条例》，全区各单位主动公开信息。"}, "衢江区人民政府", false},
		{whosePage{text: "全区共受理申请3件。"}, "衢江区人民政府", false},
		{whosePage{text: "本报告由区政府办公室编制。2021年，我区主动公开信息3条。"}, "衢江区人民政府", false},
		{whosePage{text: "我区主动公开信息3条，衢江区财政局主动公开预算。衢江区财政局积极公开。"}, "衢江区人民政府", false},
		{whosePage{text: "2021年主动公开信息3条。"}, "衢江区人民政府", true},
		{whosePage{text: ""}, "衢江区人民政府", true},
		{whosePage{text: "2021年，我局认真贯彻《条例》，我区财政工作全面公开。"}, "衢江区人民政府", true},
		{whosePage{text: "我街道主动公开信息3条，全区各单位。"}, "衢江区人民政府", true},
		{whosePage{text: "我校主动公开信息3条，本区唯一。"}, "衢江区人民政府", true},
		{whosePage{text: "做好全区统计工作，主动公开信息3条。"}, "衢江区人民政府", true},
		{whosePage{text: "本区域内主动公开信息3条。"}, "衢江区人民政府", true},
		{whosePage{text: "2021年，在区委、区政府的领导下，主动公开信息3条。"}, "衢江区人民政府", true},
		{whosePage{text: "全市场主体公开信息3条。"}, "衢州市人民政府", true},
		{whosePage{text: "我市主动公开信息3条。"}, "衢州市人民政府", false},
		{whosePage{text: "我市主动公开信息3条。"}, "衢江区人民政府", true},     // the government of another place
		{whosePage{above: "<p>衢江区人民政府</p>"}, "衢江区人民政府", true}, // the name of the site above
		{whosePage{head: `<div class="logo"><p>衢江区人民政府</p></div><div class="b"><h1>2021年政府信息公开工作年度报告</h1></div>`}, "衢江区人民政府", true},
		{whosePage{head: `<div class="header"><p>衢江区教育局</p></div><div class="b"><h1>2021年政府信息公开工作年度报告</h1></div>`}, "衢江区人民政府", true},
		{whosePage{text: "上级主管部门和国务院办公厅高度重视，主动公开信息3条。"}, "衢江区人民政府", true},
		{whosePage{title: "衢江区人民政府 2021年政府信息公开工作年度报告"}, "衢江区人民政府", true},
		{whosePage{title: "2021年政府信息公开工作年度报告-衢江区人民政府"}, "衢江区人民政府", true},
		{whosePage{info: "<p>发布机构：衢江区人民政府</p>", text: "我局主动公开信息3条。"}, "衢江区人民政府", true},
		{whosePage{info: "<p>发布机构：衢江区人民政府</p>", text: "主动公开信息3条。"}, "衢江区人民政府", false},
	} {
		r := tt.page.read(t, Hints{Agency: tt.agency, Division: "330803"})
		whose := false
		for _, p := range r.Problems {
			whose = whose || p.Kind == "agency" && p.Where == "scope"
		}
		r.Problems = []form.Problem{{Kind: "agency", Where: "scope"}} // the tables that these pages do not have are doubts as well
		if (r.Scope == ScopeAggregate) == tt.doubtful || whose != tt.doubtful || r.quality() != QualityDoubtful {
			t.Errorf("%+v: scope %s, in doubt %v: %q", tt.page, r.Scope, whose, r.Agency.Evidence)
		}
	}
	// a bureau's own portal tells whose its reports are
	r := whosePage{text: "主动公开信息3条。"}.read(t, Hints{Agency: "衢江区财政局", Division: "330803"})
	if r.Agency.Key != "330803-财政局" || r.Scope != ScopeOwn {
		t.Errorf("a bureau's portal: %s %s", r.Agency.Key, r.Scope)
	}
}

// TestNewPlace: of a place that the gazetteer does not know, as it is new, the portal tells the name.
func TestNewPlace(t *testing.T) {
	for name, want := range map[string]string{"甲区统计局": "610802-统计局 甲区统计局", "区统计局": "610802-统计局 甲区统计局", "榆林市甲区统计局": "610802-统计局 榆林市甲区统计局",
		"甲区": "610802-人民政府 甲区人民政府", "区政府办公室": "610802-人民政府办公室 甲区人民政府办公室", "榆阳区统计局": "610802-统计局 榆阳区统计局"} {
		for _, agency := range []string{"甲区人民政府", "甲区人民政府办公室"} {
			a, _ := identify([]namedBy{{name, "title"}}, nil, Hints{Agency: agency, Division: "610802"}, "")
			if got := string(a.Key) + " " + a.Name; got != want {
				t.Errorf("%s on the portal of %s: got %s, want %s", name, agency, got, want)
			}
		}
	}
}

// TestAgencyLine: what ends as the names of bodies do, and is none.
func TestAgencyLine(t *testing.T) {
	h := Hints{Agency: "衢江区人民政府", Division: "330803"}
	for _, line := range []string{"新闻中心", "信息公开目录", "政策解读", "本局", "我中心", "全区", "相关部门", "各乡镇", "直属机构", "衢江区财政局关于做好工作的通知",
		"政府信息公开", "打印本页", "衢江区财政局网站情况说明", "工作会议", "社区", "2022年1月20日", "浏览次数：3", "各县区", "区", "局", "总体情况"} {
		if got := agencyLine(line, h); got != "" {
			t.Errorf("agencyLine(%q) = %q", line, got)
		}
	}
}

// TestReporterInSentences: who begins the text reports, whatever is said of the place behind; who is named after the text has
// spoken of its own, or only as helping, does not.
func TestReporterInSentences(t *testing.T) {
	const government = "衢江区人民政府"
	for _, tt := range []struct{ text, want, scope string }{
		{"2021年，区科技局在全区范围内开展宣传，我区科技工作取得进展。", "衢江区科技局", ScopeOwn},
		{"2021年，衢江区医疗保障局党组高度重视政府信息公开工作。我区医保政策公开。", "衢江区医疗保障局", ScopeOwn},
		{"衢江区人力资源和社会保障局坚持以人民为中心，推动我区就业工作。", "衢江区人力资源和社会保障局", ScopeOwn},
		{"2021年，區統計局認真貫徹條例，服務我區發展。", "衢江区统计局", ScopeOwn},
		{"2021年，我局认真贯彻条例，扎实推进。区司法局积极审核规范性文件。", government, ScopeOwn},
		{"省政府办公厅持续加强指导，区档案馆积极配合公开工作。本单位全年公开信息120条。", government, ScopeOwn},
		{"2021年，中心紧紧围绕我区重点工作，做好公开。全区政府信息公开工作有序。", government, ScopeOwn},
		{"局党委高度重视，推进我区公开。", government, ScopeOwn},
		{"2021年，我区认真贯彻落实条例。区财政局积极公开预决算信息；区教育局深入推进阳光招生。", government, ScopeAggregate},
		{"2021年，区政务公开办公室认真履行职责，全区共公开信息3万条。我区公开。", government, ScopeAggregate},
		{"2021年，区委、区政府高度重视，全区共公开3万条。", government, ScopeAggregate},
		{"2021年，在市委、市政府的坚强领导下，衢江区严格落实条例，全区各部门公开信息。", government, ScopeAggregate},
	} {
		r := whosePage{text: tt.text}.read(t, Hints{Division: "330803", Agency: government})
		if r.Agency.Name != tt.want || r.Scope != tt.scope {
			t.Errorf("%s: got %s, %s, want %s, %s", tt.text, r.Agency.Name, r.Scope, tt.want, tt.scope)
		}
	}
}

// TestSectionOfAnother: a page that names nobody and stands in the section of a body is not the government's report, though it
// speaks of the place; offices that write for the government have sections as well.
func TestSectionOfAnother(t *testing.T) {
	crumb := func(section string) string {
		return `<div class="dqwz">当前位置：<a href="/">首页</a> &gt; <a href="/b/">` + section + `</a> &gt; <a href="/c/">年度报告</a></div>`
	}
	for _, tt := range []struct{ above, title, scope string }{
		{crumb("区司法局"), "", ScopeOwn},
		{`<p>您现在的位置：首页→部门公开→区水利局→年报</p>`, "", ScopeOwn},
		{"", `年报</title><meta name="ColumnName" content="区水利局"><title>年报`, ScopeOwn},
		{crumb("区政府办公室"), "", ScopeAggregate},
		{crumb("政府信息公开"), "", ScopeAggregate},
		{crumb("新闻中心"), "", ScopeAggregate},
	} {
		r := whosePage{above: tt.above, title: tt.title, text: "坚持公开为常态，我区不断推进法治建设。"}.read(t, Hints{Division: "330803", Agency: "衢江区人民政府"})
		doubt := false
		for _, p := range r.Problems {
			doubt = doubt || p.Kind == "agency" && p.Where == "scope"
		}
		if r.Scope != tt.scope || doubt != (tt.scope == ScopeOwn) {
			t.Errorf("%s: got %s of %s, in doubt %v, want %s", tt.above, r.Scope, r.Agency.Name, doubt, tt.scope)
		}
	}
}
