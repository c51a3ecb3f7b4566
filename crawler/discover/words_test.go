package discover

import (
	"net/url"
	"testing"
)

func TestNamePoints(t *testing.T) {
	for name, want := range map[string]struct{ least, most int }{
		"政府信息公开年报":            {certain, certain},
		"· 信息公开年报 >":          {certain, certain},
		"政府信息公開工作年度報告":        {certain, certain},
		"政府信息公开年报（2008-2024）": {certain, certain},
		"信息公开工作报告":            {certain - 5, certain},
		"年报":                  {likely, likely},
		"历年年报":                {likely, likely},
		"部门信息公开年报":            {bodies, bodies},
		"乡镇年报":                {bodies, bodies},
		"政府信息公开":              {section + 10, section + 10},
		"信 息 公 开":             {section, section + 9},
		"政务公开":                {section - 8, section - 1},
		"政府信息公开指南":            {1, around + 5},
		"网站地图":                {sitemap, sitemap},
		"进入首页":                {entrance, entrance},
		// false friends
		"政府网站工作年度报表":          {never, 0},
		"政府网站年度报告":            {never, 0},
		"法治政府建设年度报告":          {never, 0},
		"住房公积金年度报告":           {never, 0},
		"公积金年报":               {never, 0},
		"统计年报":                {never, 0},
		"公共企事业单位信息公开年报":       {never, 0},
		"高校信息公开年度报告":          {never, 0},
		"环境信息公开年度报告":          {never, 0},
		"政府工作报告":              {never, 0},
		"部门预决算公开":             {never, around},
		"党务公开":                {never, 0},
		"一图读懂信息公开年度报告":        {never, 0},
		"关于做好信息公开年度报告编制的通知":   {never, 0},
		"县政府召开信息公开工作培训会":      {never, 0},
		"某县2021年政府信息公开工作年度报告": {never, 0}, // a report, not a column
		"东海县人民政府办公室主动公开的政府信息公开年度报告": {never, 0}, // too long for a column
		"新闻中心": {0, 0},
		"":     {0, 0},
	} {
		if got := namePoints(name); got < want.least || got > want.most {
			t.Errorf("namePoints(%q) = %d, want %d to %d", name, got, want.least, want.most)
		}
	}
}

func TestPathPoints(t *testing.T) {
	for address, want := range map[string]bool{ // whether it has the words of the column
		"/zwgk/zfxxgk/zfxxgknb/":                   true,
		"/xxgk/xxgknb/":                            true,
		"/zgcs/gknb/":                              true,
		"/hbgovinfo/zwgk/szfxxgkndbg/":             true,
		"/zfxxgk/zfxxgkgzndbg_GK2020/":             true,
		"/bm/zfxxgknb.htm":                         true,
		"/zwgk/zfxxgk_1/zfxxgknb/nb_2022n/":        true,
		"/list/xxgknb/auto/124.html":               true,
		"/gkmlpt/annualreport":                     true,
		"/module/xxgk/xxgkAnnualReport.jsp?area=1": true,
		"/public/column/16591?type=3&nav=5":        true,
		"/public/column/16591?type=4&nav=5":        false,
		"/zwgk/wzndbb/":                            false,
		"/zwgk/zfxxgkzn/":                          false,
		"/fzzfjsndbg/":                             false,
		"/zwgk/":                                   false,
		"/xwzx/202401/t20240101_1.html":            false,
	} {
		u, err := url.Parse("http://a.gov.cn" + address)
		if err != nil {
			t.Fatal(err)
		}
		if got := pathPoints(u) >= likely-2; got != want {
			t.Errorf("pathPoints(%s) = %d, want the column %v", address, pathPoints(u), want)
		}
	}
}

func TestRules(t *testing.T) {
	for from, want := range map[string]string{
		"http://a.gov.cn/public/column/6600001?type=4&catId=1": "http://a.gov.cn/public/column/6600001?type=3&action=list",
		"http://a.gov.cn/public/column/6600001?type=3&nav=3":   "",
		"http://a.gov.cn/gkmlpt/index#1813":                    "http://a.gov.cn/gkmlpt/annualreport",
		"http://a.gov.cn/czj/gkmlpt/index":                     "http://a.gov.cn/czj/gkmlpt/annualreport",
		"http://a.gov.cn/gkmlpt/annualreport":                  "",
		"http://a.gov.cn/zwgk/":                                "",
	} {
		u, err := url.Parse(from)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := byRule(u); got != want {
			t.Errorf("byRule(%s) = %q, want %q", from, got, want)
		}
	}
	for report, want := range map[string]string{
		"http://a.gov.cn/public/6600001/12.html":                                  "http://a.gov.cn/public/column/6600001?type=3&action=list",
		"http://a.gov.cn/art/2021/2/20/art_1229495085_59002285.html":              "http://a.gov.cn/col/col1229495085/index.html",
		"http://a.gov.cn/zfxxgknb/202201/t20220120_1.html":                        "http://a.gov.cn/zfxxgknb/",
		"http://a.gov.cn/zgcs/gknb/202201/a26ad04336b04d53b0c841b20bcd6ae3.shtml": "http://a.gov.cn/zgcs/gknb/",
		"http://a.gov.cn/xinyu/zfbmng/2022-11/21/content_1.shtml":                 "http://a.gov.cn/xinyu/zfbmng/",
		"http://a.gov.cn/zwgk/zfxxgknb/25911021.html":                             "http://a.gov.cn/zwgk/zfxxgknb/",
		"http://a.gov.cn/show.asp?id=1":                                           "",
		"http://a.gov.cn/202201/1.html":                                           "",
	} {
		if got := columnOfReport(report); got != want {
			t.Errorf("columnOfReport(%s) = %q, want %q", report, got, want)
		}
	}
}
