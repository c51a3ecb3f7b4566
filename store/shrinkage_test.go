package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/extract/form"
)

// TestShrinkage: what counts as a loss, when it is confirmed, and that moments before the confirmation stay as they were.
func TestShrinkage(t *testing.T) {
	report := func(figures, sections int, last string) *extract.Report {
		r := &extract.Report{Title: "某县2021年政府信息公开工作年度报告", Year: 2021, Scope: extract.ScopeOwn, Agency: extract.Agency{Key: "330803-人民政府"}}
		for i := range figures {
			r.Figures = append(r.Figures, form.Figure{Table: "t3", Row: fmt.Sprint("r", i), Column: "total", Value: "1", Raw: "1"})
		}
		for n := 1; n <= sections; n++ {
			r.Sections = append(r.Sections, extract.Section{Number: n, Heading: fmt.Sprint("第", n, "部分"), Text: "一\n二"})
		}
		r.Sections[len(r.Sections)-1].Text += "\n" + last
		return r
	}
	whole := report(20, 6, "特此报告。\n某县人民政府办公室\n2022年1月20日")
	blank := report(20, 6, "特此报告。\n某县人民政府办公室\n2022年1月20日")
	for i := range blank.Figures[:11] {
		blank.Figures[i].Value, blank.Figures[i].Blank = "", "empty"
	}
	page := "<html>%s</html>"
	for name, tt := range map[string]struct {
		now  *extract.Report // nil: it is rejected
		body string
		lost string
	}{
		"nothing":                  {whole, page, ""},
		"another text":             {report(20, 6, "特此公告。\n某县人民政府办公室\n2022年1月20日"), page, ""},
		"a word less":              {report(20, 6, "特此报告。\n某县人民政府办公室\n2022年1月"), page, "the text ends without its end"},
		"its signature":            {report(20, 6, "特此报告。"), page, "the text ends without its end"},
		"its end, in a line":       {report(20, 6, "特此报\ufffd"), page, "the text ends without its end"},
		"words of its last line":   {report(20, 6, "特此报告。\n某县人民政府办公室\n22年1月20日"), page, ""},
		"a line in the middle":     {report(20, 6, "特此报告。\n2022年1月20日"), page, ""},
		"a section":                {report(20, 5, "特此公告。"), page, "it ends in section 5, and had 6"},
		"some figures":             {report(10, 6, "特此报告。\n某县人民政府办公室\n2022年1月20日"), page, ""},
		"most figures":             {report(9, 6, "特此报告。\n某县人民政府办公室\n2022年1月20日"), page, "it has 9 figures, and had 20"},
		"what is in most figures":  {blank, page, "it has 9 figures, and had 20"},
		"the end of the page":      {report(20, 6, "特此公告。\n2022年1月20日"), "<html>%s", "the page ends without its end"},
		"only the end of the page": {whole, "<html>%s", ""},
		"all":                      {nil, page, "it was a report of 20 figures, and is none: no report"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			const url = "http://a.gov.cn/r.html"
			began := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
			visit := func(hours, status int, body string, r *extract.Report) (rec Record) {
				t.Helper()
				c := Capture{URL: url, Kind: KindReport, Time: began.Add(time.Duration(hours) * time.Hour), State: StateOK, Status: status}
				if err := s.AddCapture(&c, []byte(body), nil); err != nil {
					t.Fatal(err)
				}
				if c.State == StateUnchanged {
					return rec
				}
				if rec = (Record{Capture: c.ID, Report: r}); r == nil {
					rec.Rejected = "no report"
				}
				if err := s.PutRecord(&rec); err != nil {
					t.Fatal(err)
				}
				if kept, _, err := s.Record(c.ID); err != nil || kept.Suspicious != rec.Suspicious {
					t.Fatalf("kept %q, %v", kept.Suspicious, err)
				}
				if brief, _, err := s.LastBrief(url); err != nil || brief.Suspicious != rec.Suspicious {
					t.Fatalf("in brief %q, %v", brief.Suspicious, err)
				}
				return rec
			}
			stands := func(m Moment) uint64 {
				t.Helper()
				then, err := s.Snapshot(m)
				if err != nil {
					t.Fatal(err)
				}
				var rivals Rivals
				for r, err := range then.Records() {
					if err != nil {
						t.Fatal(err)
					}
					rivals.Add(r)
				}
				return rivals.Choices()[0].Capture
			}
			first := visit(0, 200, fmt.Sprintf(page, "whole"), whole)
			cut := visit(24, 200, fmt.Sprintf(tt.body, "cut"), tt.now)
			if cut.Suspicious != tt.lost || first.Suspicious != "" {
				t.Fatalf("lost %q, want %q", cut.Suspicious, tt.lost)
			}
			if tt.lost == "" {
				return
			}
			then, err := s.Snapshot(Moment{})
			if err != nil {
				t.Fatal(err)
			}
			before := then.Moment()
			again := func() string {
				t.Helper()
				r := cut
				if err := s.PutRecord(&r); err != nil {
					t.Fatal(err)
				}
				return r.Suspicious
			}
			visit(48, 304, fmt.Sprintf(tt.body, "cut"), tt.now) // says nothing of its own
			visit(30, 200, fmt.Sprintf(tt.body, "cut"), tt.now) // on the same day
			if got := again(); got != tt.lost || stands(Moment{}) != first.Capture {
				t.Errorf("not confirmed: lost %q, %d stands", got, stands(Moment{}))
			}
			visit(49, 200, fmt.Sprintf(tt.body, "cut"), tt.now)
			want := cut.Capture
			if tt.now == nil {
				want = first.Capture
			}
			if got := again(); got != "" || stands(Moment{}) != want {
				t.Errorf("confirmed: lost %q, %d stands", got, stands(Moment{}))
			}
			if got := stands(before); got != first.Capture {
				t.Errorf("before that, %d stands now", got)
			}
			if tt.now == nil {
				return
			}
			if later := visit(72, 200, strings.Repeat(" ", 10)+fmt.Sprintf(page, "whole"), whole); later.Suspicious != "" || stands(Moment{}) != later.Capture {
				t.Errorf("back: lost %q", later.Suspicious)
			}
			var bytes []string // a page with other bytes each time
			for day := 4; day < 6; day++ {
				bytes = append(bytes, visit(24*day, 200, fmt.Sprintf(tt.body, fmt.Sprint("cut ", day)), tt.now).Suspicious)
			}
			if bytes[0] != tt.lost || bytes[1] != "" {
				t.Errorf("other bytes each day: lost %q", bytes)
			}
		})
	}
}
