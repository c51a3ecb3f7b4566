package extract_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"gongkai/extract"
)

// sampleTitles are the links that would lead to the flattened texts, which do not all begin with a title.
var sampleTitles = map[string]string{
	"anju":     "遂宁市安居区人民政府2023年政府信息公开工作年度报告",
	"changshu": "常熟市人民政府辦公室2021年政府信息公開工作年度報告",
	"jiangyou": "江油市2020年政府信息公开工作年度报告",
	"qujiang":  "衢江区人民政府办公室2021年政府信息公开工作年度报告",
	"xinyu":    "新余市政務服務中心2021年政府信息公開工作年度報告",
}

// TestFlattenedTexts reads the reports as copied text, their tables flattened in three different ways, and wants the
// same figures as from the pages.
func TestFlattenedTexts(t *testing.T) {
	for _, portal := range portals {
		t.Run(portal, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join("..", "testdata", "texts", portal+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			d, err := extract.ParseText(body, "text/plain", &url.URL{Scheme: "http", Host: "example.gov.cn", Path: "/a.txt"})
			if err != nil {
				t.Fatal(err)
			}
			h := hints[portal]
			h.LinkTitle = sampleTitles[portal]
			r, err := extract.ReadReport(d, h)
			if err != nil {
				t.Fatal(err)
			}
			compareWithFigures(t, portal, r)
			if page := readSample(t, portal); r.Key() != page.Key() || r.Form != extract.FormText {
				t.Errorf("key %s, form %s, want %s, text", r.Key(), r.Form, page.Key())
			}
		})
	}
}
