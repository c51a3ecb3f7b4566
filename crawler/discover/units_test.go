package discover

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"gongkai/crawler/portal"
	"gongkai/seeds"
)

// TestUnits: bodies are those of a list, by whatever name the links to their sections go; what is no list of bodies gives none.
func TestUnits(t *testing.T) {
	page, err := url.Parse("http://www.a.gov.cn/")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, link string // %s: the body, %d: a number
		bodies     string
		want       string
	}{
		{"names", `<a href="/bm/d%d/">%s</a>`, "财政局 教育局 公安局 响滩镇 江口街道", "平昌县公安局 county, 平昌县响滩镇 township, 平昌县教育局 county, 平昌县江口街道 township, 平昌县财政局 county"},
		{"names that say county", `<a href="http://d%d.a.gov.cn/">%s</a>`, "县财政局 县教育局 公安局 县市场监督管理局 市民政局", "巴中市民政局 county, 平昌县公安局 county, 平昌县市场监督管理局 county, 平昌县教育局 county, 平昌县财政局 county"},
		{"names of sections", `<a href="/bm/d%d/">%s政府信息公开</a>`, "响滩镇 西兴镇 佛楼镇 白衣镇 涵水镇", "平昌县佛楼镇 township, 平昌县响滩镇 township, 平昌县涵水镇 township, 平昌县白衣镇 township, 平昌县西兴镇 township"},
		{"columns of annual reports", `<a href="/bm/d%d/">%s信息公开年报</a>`, "财政局 教育局 公安局 民政局 司法局", "平昌县公安局 county, 平昌县司法局 county, 平昌县教育局 county, 平昌县民政局 county, 平昌县财政局 county"},
		{"few", `<a href="/bm/d%d/">%s</a>`, "财政局 教育局 公安局 民政局", ""},
		{"of other sites", `<a href="http://d%d.b.gov.cn/">%s</a>`, "财政局 教育局 公安局 民政局 司法局", ""},
		{"news", `<a href="/xw/%d.html">%s召开会议</a>`, "财政局 教育局 公安局 民政局 司法局", ""},
	} {
		s := New(seeds.Portal{Home: "http://www.a.gov.cn/", Division: "511923", Level: "county"})
		l, _ := s.Next()
		text := ""
		for i, b := range strings.Fields(tt.bodies) {
			text += "<li>" + fmt.Sprintf(tt.link, i, b) + "</li>"
		}
		s.Read(l, []byte("<html><body><ul>"+text+"</ul></body></html>"), "text/html", page)
		var got []string
		for _, u := range s.Units() {
			got = append(got, u.Agency+" "+u.Level)
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, strings.Join(got, ", "), tt.want)
		}
	}
}

// TestForeign: rows of another place are not of a portal; those that call its place as everybody does are.
func TestForeign(t *testing.T) {
	for _, tt := range []struct {
		division, agency, title string
		foreign, ours           bool
	}{
		{"513400", "凉山彝族自治州人民政府", "凉山州2024年政府信息公开工作年度报告", false, true},
		{"513400", "凉山彝族自治州人民政府", "凉山州人民政府2024年政府信息公开工作年度报告", false, true},
		{"513422", "木里藏族自治县人民政府", "木里县2024年政府信息公开工作年度报告", false, true},
		{"513422", "木里藏族自治县人民政府", "凉山州2024年政府信息公开工作年度报告", true, false},
		{"513400", "凉山彝族自治州人民政府", "阿坝州2024年政府信息公开工作年度报告", true, false},
		{"320700", "连云港市人民政府", "东海县2024年政府信息公开工作年度报告", false, false},
		{"320700", "连云港市人民政府", "徐州市2024年政府信息公开工作年度报告", true, false},
		{"320000", "江苏省人民政府", "东海县2024年政府信息公开工作年度报告", false, false},
		{"150724", "鄂温克族自治旗人民政府", "鄂温克旗2024年政府信息公开工作年度报告", false, true},
		{"450000", "广西壮族自治区人民政府", "广西2024年政府信息公开工作年度报告", false, true},
	} {
		s := New(seeds.Portal{Home: "http://www.a.gov.cn/", Division: tt.division, Agency: tt.agency})
		s.places = []string{tt.division}
		var row portal.Row
		row.Text = tt.title
		b := s.bodiesOf([]portal.Row{row})
		if s.foreign(row) != tt.foreign || (b.ours == 1) != tt.ours {
			t.Errorf("%s on the portal of %s: foreign %v, ours %v", tt.title, tt.agency, s.foreign(row), b.ours == 1)
		}
	}
}
