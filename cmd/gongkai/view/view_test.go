package view

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"gongkai/cmd/gongkai/term"
	"gongkai/crawler/coverage"
	"gongkai/crawler/runreport"
	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
	"gongkai/store/storetest"
)

// TestCoverage: what is held, with the best quality; what is missing since the first report; what is not expected.
func TestCoverage(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	storetest.AddReport(t, s, "http://a.gov.cn/1", "330803-财政局", "<财政局>", 2019, extract.QualityDoubtful)
	storetest.AddReport(t, s, "http://a.gov.cn/2", "330803-财政局", "<财政局>", 2019, extract.QualityClean)
	storetest.AddReport(t, s, "http://a.gov.cn/3", "330803-财政局", "<财政局>", 2021, extract.QualityUnread)
	storetest.AddReport(t, s, "http://a.gov.cn/4", "110101-人民政府", "=1+1", 2021, extract.QualityNoted)
	m, err := coverage.Of(s, nil, "", coverage.Span{}, time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var table, text, page bytes.Buffer
	CoverageTable(&table, &m, m.Lines)
	for _, want := range []string{"330803-财政局    <财政局>  C   .   U   .   .", "110101-人民政府  =1+1              N   .   .", "2 agencies, 2019-2023: 3 reports held, 5 missing"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table does not say %q:\n%s", want, table.String())
		}
	}
	if err := CoverageCSV(&text, &m); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 11 || strings.Join(rows[1], " ") != "110101-人民政府 '=1+1 110101 county 2019 not_expected  before the first report held" {
		t.Errorf("CSV: %v %q", err, rows)
	}
	if err := CoverageHTML(&page, &m, m.Known(), time.Now(), "gongkai"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "&lt;财政局&gt;") || strings.Contains(page.String(), "<财政局>") || strings.Count(page.String(), "<figure>") != 2 {
		t.Errorf("the page:\n%s", page.String())
	}
	_, svg, _ := strings.Cut(page.String(), "<figure>")
	svg, _, _ = strings.Cut(svg, "</figure>")
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the drawing is no SVG: %v", err)
		}
	}
	if m, err = coverage.Of(s, nil, "330000", coverage.Span{First: 2021, Last: 2021}, time.Now()); err != nil || len(m.Lines) != 1 || len(m.Cells()) != 1 {
		t.Errorf("chosen: %+v, %v", m, err)
	}
}

// TestForm: figures are drawn as the form has them, blanks blank, failed identities marked, one wide row turned round.
func TestForm(t *testing.T) {
	figure := func(table, row, column, value string) form.Figure {
		return form.Figure{Table: table, Row: row, Column: column, Value: value, Form: "v2021"}
	}
	bad := figure("t3", "r1", "total", "70")
	bad.Check = form.CheckFailed
	odd := figure("t3", "r1", "business", "")
	odd.Raw = "三"
	none := figure("t3", "r1", "natural", "")
	none.Blank = "dash"
	r := &extract.Report{Figures: []form.Figure{bad, odd, none, figure("t3", "r9.9", "total", "1"), figure("t4", "cases", "review.upheld", "2")}}
	var b bytes.Buffer
	for _, p := range formParts(r) {
		p.draw(&b)
	}
	for _, want := range []string{"│ 一、本年新收政府信息公开申请数量             │        │     三 ? │          │              │              │      │ 70 ✗ │",
		"│   （三）不予公开 ", "│   不计其他情形）  ", "│ r9.9 ", "│ 行政复议           │      │", "│   结果维持         │    2 │"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("not drawn: %s\n%s", want, b.String())
		}
	}
	b.Reset()
	w := term.NewWriter(&b)
	io.WriteString(w, formParts(r)[0].cell(heading{id: "r1"}, heading{id: "total"}, w.Paint))
	if b.String() != "\x1b[31m70 ✗\x1b[0m" {
		t.Errorf("in colour: %q", b.String())
	}
}

// TestSection: a list of a report is shown in part, with how many are left out.
func TestSection(t *testing.T) {
	n := runreport.Report{More: map[string]int{"few": 3}}
	list := make([]int, PerSection+1)
	var b strings.Builder
	section(&b, &n, "few", "suspiciously few", list, func(int) string { return "#" })
	if text := b.String(); !strings.Contains(text, fmt.Sprintf("(%d):", PerSection+4)) || strings.Count(text, "#") != PerSection || !strings.Contains(text, "and 4 more") {
		t.Errorf("a section:\n%s", text)
	}
	m := runreport.MissingYears{Key: "330803-财政局", Portal: "a", Name: "财政局", Years: []int{2008, 2009, 2010, 2012, 2014, 2015}}
	if got := missingWord(m); got != "330803-财政局  财政局: 2008-2010, 2012, 2014-2015" {
		t.Error(got)
	}
	if m.Key = ""; !strings.HasPrefix(missingWord(m), "a  财政局: ") {
		t.Error(missingWord(m))
	}
}
