package history

import (
	"slices"
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

func TestDifferences(t *testing.T) {
	before := func() *store.Record {
		return &store.Record{URL: "http://a.gov.cn/1.html", Capture: 7, Report: &extract.Report{
			Title: "甲县2021年度报告", Agency: extract.Agency{Key: "330803-人民政府", Name: "甲县人民政府"}, Year: 2021, Scope: extract.ScopeAggregate,
			Form: extract.FormHTML, Quality: extract.QualityClean,
			Fields:   []extract.Field{{Name: "index_no", Value: "1-2", Label: "索引号"}, {Name: "doc_no", Value: "3"}},
			Sections: []extract.Section{{Number: 1, Heading: "一、总体情况", Text: "全年平稳有序，收到申请五件。"}, {Number: 2, Text: "二"}},
			Forms:    map[string]string{"t3": "v2019", "t2": "v2021"},
			Figures: []form.Figure{{Table: "t3", Row: "r1", Column: "total", Value: "69", Locator: "table 2 row 3 cell 4"},
				{Table: "t3", Row: "r1", Column: "natural", Value: "60"}, {Table: "t3", Row: "r2", Column: "total", Blank: "empty"}},
			Checks:   []form.Check{{ID: "T3-COLSUM", Table: "t3", At: "r1", Result: form.CheckFailed}},
			Problems: []form.Problem{{Kind: "identity", Where: "t3 r1", Detail: "T3-COLSUM: 69 = 60"}},
		}}
	}
	tests := []struct {
		name string
		edit func(*store.Record)
		want string // lines without the address
	}{
		{"nothing", func(r *store.Record) {}, ""},
		{"where it stood, and which program read it", func(r *store.Record) { r.Report.Figures[0].Locator, r.Version, r.Text = "table 9", 9, "x" }, ""},
		{"a figure", func(r *store.Record) { r.Report.Figures[0].Value = "70" }, `figures t3 r1 total "69" -> "70"`},
		{"figures", func(r *store.Record) {
			r.Report.Figures = append(r.Report.Figures[:1:1], form.Figure{Table: "t3", Row: "r2", Column: "total", Value: "0"},
				form.Figure{Table: "t3", Row: "r4", Column: "total", Raw: "三"})
		}, `figures t3 r1 natural "60" -> none
figures t3 r2 total blank -> "0"
figures t3 r4 total none -> unreadable "三"`},
		{"identity", func(r *store.Record) {
			r.Report.Title, r.Report.Year, r.Report.Agency.Key, r.Report.Scope = "甲县报告", 2020, "330800-人民政府", extract.ScopeOwn
		}, `title "甲县2021年度报告" -> "甲县报告"
agency "330803-人民政府 甲县人民政府" -> "330800-人民政府 甲县人民政府"
year "2021" -> "2020"
scope "aggregate" -> "own"`},
		{"metadata", func(r *store.Record) {
			r.Report.Published, r.Report.Fields = "2022-01-29", []extract.Field{{Name: "index_no", Value: "1-3"}}
		}, `published none -> "2022-01-29"
metadata index_no "1-2" -> "1-3"
metadata doc_no "3" -> none`},
		{"text", func(r *store.Record) {
			r.Report.Sections[0].Text = "全年平稳有序，收到申请六件。"
			r.Report.Sections = append(r.Report.Sections[:1:1], r.Report.Sections[0])
		}, `sections 1 "…五件。" -> "…六件。"
sections 2 "\n二" -> none
sections 1 none -> "一、总体情况\n全年平稳有序，收到申请六件。"`},
		{"what we think of it", func(r *store.Record) {
			r.Report.Quality, r.Report.Forms = extract.QualityDoubtful, map[string]string{"t3": "v2021", "t4": "v2021"}
			r.Report.Checks, r.Report.Problems = nil, []form.Problem{{Kind: "cell", Detail: "odd"}}
		}, `quality "clean" -> "doubtful"
tables t2 v2021 -> none
tables t3 v2019 -> v2021
tables t4 none -> v2021
checks T3-COLSUM t3 r1 failed -> none
problems identity t3 r1 "T3-COLSUM: 69 = 60" -> none
problems cell none -> "odd"`},
		{"parts", func(r *store.Record) {
			r.Parts = []store.Part{{Name: "attachment 1", URL: "http://a.gov.cn/a.pdf", Read: true}}
		},
			`parts attachment 1 http://a.gov.cn/a.pdf none -> "read"`},
		{"rejected", func(r *store.Record) { r.Report, r.Rejected = nil, "a guide" }, `rejected none -> "a guide"`},
	}
	var n DifferenceCount
	for _, tt := range tests {
		now := before()
		tt.edit(now)
		list := Differences(before(), now)
		n.Add(list)
		var got []string
		for _, d := range list {
			got = append(got, strings.TrimPrefix(d.String(), "http://a.gov.cn/1.html: "))
			if !slices.Contains(DifferenceFields, d.Field) {
				t.Errorf("%s: field %s is not counted", tt.name, d.Field)
			}
		}
		if strings.Join(got, "\n") != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, strings.Join(got, "\n"), tt.want)
		}
	}
	want := "rejected 1, title 1, agency 1, year 1, scope 1, published 1, form 0, quality 1, metadata 1, sections 1, tables 1, " +
		"figures 2 (cells: 2 changed, 1 gained, 1 lost), checks 1, problems 1, parts 1"
	if n.String() != want {
		t.Errorf("counts:\n%s\nwant\n%s", n.String(), want)
	}
}
