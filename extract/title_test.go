package extract

import "testing"

func TestReportTitle(t *testing.T) {
	for _, test := range []struct {
		title string
		want  TitleClaim
		ok    bool
	}{
		{"常熟市人民政府辦公室2021年政府信息公開工作年度報告", TitleClaim{"常熟市人民政府办公室", 2021}, true},
		{"江油市2020年政府信息公开工作年度报告", TitleClaim{"江油市", 2020}, true},
		{"2021年度新余市政务服务中心政府信息公开工作年度报告", TitleClaim{"新余市政务服务中心", 2021}, true},
		{"衢江区人民政府信息公开年度报告（2022年）", TitleClaim{"衢江区人民政府", 2022}, true},
		{"安居区 二〇二三年 政府信息公开 工作年度报告", TitleClaim{"安居区", 2023}, true},
		{"某某市财政局政府信息公开2015年度报告", TitleClaim{"某某市财政局", 2015}, true},
		{"某某县2009年政府信息公开工作报告", TitleClaim{"某某县", 2009}, true},
		{"2022年政府信息公开年报", TitleClaim{"", 2022}, true},
		{"某某局政府信息公开工作年度报告", TitleClaim{"某某局", 0}, true},
		{"《某某区2018年政府信息公开工作年度报告》", TitleClaim{"某某区", 2018}, true},
		{"函谷关镇人民政府2021年政府信息公开工作年度报告", TitleClaim{"函谷关镇人民政府", 2021}, true},
		{"某某市2021年政务公开工作年度报告", TitleClaim{"某某市", 2021}, true},

		// what no reader sees is no part of a name
		{"\u202e安居区\x1b人民\u200f政府\u0007\u009b2023年政府信息公开工作年度报告\x7f", TitleClaim{"安居区人民政府", 2023}, true},

		{"公安县2021年政府信息公开工作年度报告", TitleClaim{"公安县", 2021}, true},
		{"2022年开封市发展和改革委员会政府信息公开工作年度报告", TitleClaim{"开封市发展和改革委员会", 2022}, true},
		{"于都县人民政府2019年政府信息公开工作年度报告", TitleClaim{"于都县人民政府", 2019}, true},
		{"关于公布某某市2019年政府信息公开工作年度报告的公告", TitleClaim{"某某市", 2019}, true},

		// dates of publication and revision are no years of a report
		{"衢江区财政局政府信息公开年报(2022-01-20)", TitleClaim{"衢江区财政局", 0}, true},
		{"衢江区财政局政府信息公开工作年度报告20220120", TitleClaim{"衢江区财政局", 0}, true},
		{"衢江区财政局政府信息公开工作年度报告（2022年1月）", TitleClaim{"衢江区财政局", 0}, true},
		{"（2022年修订）衢江区财政局2021年政府信息公开工作年度报告", TitleClaim{"衢江区财政局", 2021}, true},
		{"2022年1月发布衢江区财政局2021年政府信息公开工作年度报告", TitleClaim{"衢江区财政局", 2021}, true},
		{"2021年政府信息公开工作年度报告（衢江区财政局）", TitleClaim{"衢江区财政局", 2021}, true},
		{"【年度报告】衢江区财政局2021年政府信息公开工作年度报告", TitleClaim{"衢江区财政局", 2021}, true},
		{"衢政办发〔2022〕3号 衢江区财政局2021年政府信息公开工作年度报告", TitleClaim{"衢江区财政局", 2021}, true},
		{"衢江区财政局二О二一年政府信息公开工作年度报告", TitleClaim{"衢江区财政局", 2021}, true},

		{"> 政务公开 > 信息公开年报 > 2021年", TitleClaim{}, false},
		{"信息公开年报", TitleClaim{}, false},
		{"政府信息公开工作年度报告", TitleClaim{}, false},
		{"某某市政府信息公开指南", TitleClaim{}, false},
		{"2021年度政府网站工作年度报表", TitleClaim{}, false},
		{"一图读懂某某市2021年政府信息公开工作年度报告", TitleClaim{}, false},
		{"某某市2021年政府信息公开工作年度报告图解", TitleClaim{}, false},
		{"东临县人民政府办公室关于发布2025年度政府信息公开工作年度报告的通知", TitleClaim{Agency: "东临县人民政府办公室", Year: 2025}, true},
		{"关于公布2021年政府信息公开工作年度报告的公告", TitleClaim{Year: 2021}, true},
		{"关于报送2021年政府信息公开工作年度报告的通知", TitleClaim{}, false},
		{"关于做好2022年度政府信息公开工作年度报告编制工作的通知", TitleClaim{}, false},
		{"2021年法治政府建设年度报告", TitleClaim{}, false},
		{"某某市住房公积金2021年年度报告", TitleClaim{}, false},
		{"2021年政务公开工作要点", TitleClaim{}, false},
		{"关于2014年政府信息公开工作要点落实情况的函", TitleClaim{}, false},
	} {
		got, ok := ReportTitle(test.title)
		if got != test.want || ok != test.ok {
			t.Errorf("ReportTitle(%q) = %+v, %v, want %+v, %v", test.title, got, ok, test.want, test.ok)
		}
	}
}

func TestColumnTitle(t *testing.T) {
	for text, want := range map[string]bool{
		"信息公开年报":              true,
		"政府信息公开年报":            true,
		"政府信息公開工作年度報告":        true,
		"政府信息公开年度报告":          true,
		"年报":                  true,
		"历年年报":                true,
		"省政府信息公开年报":           true,
		"政府信息公开年报（2008-2024）": true,
		"2021年":      true,
		"2021年度":     true,
		"政府信息公开指南":   false,
		"网站工作年度报表":   false,
		"1021年":      false,
		"法治政府建设年度报告": false,
		"首页":         false,
	} {
		if got := ColumnTitle(text); got != want {
			t.Errorf("ColumnTitle(%q) = %v, want %v", text, got, want)
		}
	}
}
