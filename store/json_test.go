package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/extract/form"
)

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "正文", `a"b\c`, "<a href=x>&", "\u2028\u2029…", "\x00\x1f\x7f", "\xff\xfe", "a\nb\tc", "—“”", "\xe2\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, html := range []bool{false, true} {
			var want bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(html)
			if err := enc.Encode(s); err != nil {
				t.Fatal(err)
			}
			if got := string(appendText(nil, s, html)) + "\n"; got != want.String() {
				t.Errorf("%q, html %v: %s, encoding/json has %s", s, html, got, want.String())
			}
		}
	})
}

// The digest of a report's claims is kept in archives: it is that of what encoding/json makes of them.
func TestClaims(t *testing.T) {
	type shape struct {
		Title   string            `json:"title"`
		Agency  extract.AgencyKey `json:"agency"`
		Year    int               `json:"year"`
		Scope   string            `json:"scope"`
		Day     string            `json:"published"`
		Fields  [][2]string       `json:"fields"`
		Figures [][6]string       `json:"figures"`
	}
	full := extract.Report{Title: "A & <B>", Agency: extract.Agency{Key: "330803-局\u2028"}, Year: 2021, Scope: extract.ScopeOwn, Published: "2022-01-29",
		Fields: []extract.Field{{Name: "publisher", Value: `"x"`}, {Name: "views", Value: "7"}, {Name: "index_no", Value: "1"}},
		Figures: []form.Figure{{Table: "t2", Row: "b", Column: "made", Value: "2", Unit: "件"}, {Table: "t2", Row: "a", Column: "made", Raw: "二<"},
			{Table: "t2", Row: "a", Column: "kept", Blank: "dash"}, {Table: "t1", Row: "z", Value: "0", Raw: "零"}}}
	want := shape{full.Title, full.Agency.Key, 2021, full.Scope, full.Published, [][2]string{{"index_no", "1"}, {"publisher", `"x"`}},
		[][6]string{{"t1", "z", "", "0", "", ""}, {"t2", "a", "kept", "", "dash", ""}, {"t2", "a", "made", "raw 二<", "", ""}, {"t2", "b", "made", "2", "", "件"}}}
	for _, c := range []struct {
		report extract.Report
		want   shape
	}{{full, want}, {extract.Report{Fields: []extract.Field{{Name: "views", Value: "1"}}}, shape{}}} {
		text, err := json.Marshal(c.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(claims(&c.report)); got != string(text) {
			t.Errorf("claims are\n%s\nwant\n%s", got, text)
		}
	}
}

// A record's row is what encoding/json makes of it.
func TestRecordRow(t *testing.T) {
	report := newReport("1")
	report.Figures = append(report.Figures, form.Figure{Table: "t3", Row: `r"1`, Column: "件<", Raw: "－", Blank: "dash", Locator: "table 2"},
		form.Figure{Table: "t3", Value: "5", Raw: "5 件"})
	for _, figures := range [][]form.Figure{report.Figures, report.Figures[:1], nil} {
		r := Record{Capture: 7, URL: "http://a.gov.cn/?a=1&b=2", Parts: []Part{{Name: "page 2"}}, Report: report}
		r.Report.Figures = slices.Clone(figures)
		got, err := r.row()
		if err != nil {
			t.Fatal(err)
		}
		row := recordRow{Record: r, Report: &reportRow{Report: r.Report, Figures: columnsOf(r.Report.Figures)}}
		row.Record.Report = nil
		want, err := rowOf(&row)
		if err != nil || !sameJSON(t, got, want) {
			t.Errorf("row is\n%s\nwant\n%s %v", got, want, err)
		}
		if back, err := parseRecord(7, got); err != nil || !reflect.DeepEqual(back, r) {
			t.Errorf("read back: %+v %v", back, err)
		}
	}
	if got, err := (&Record{Rejected: "none"}).row(); err != nil || !strings.Contains(string(got), `"rejected":"none"`) {
		t.Errorf("%s %v", got, err)
	}
}

// columnsOf is figureColumns by the book.
func columnsOf(figures []form.Figure) *figureColumns {
	if len(figures) == 0 {
		return nil
	}
	n := len(figures)
	all := make([]string, 9*n)
	column := func(i int) []string { return all[i*n : (i+1)*n : (i+1)*n] }
	c := figureColumns{column(0), column(1), column(2), column(3), nil, column(4), column(5), column(6), column(7), column(8)}
	for i, f := range figures {
		c.Table[i], c.Row[i], c.Column[i], c.Value[i], c.Blank[i] = f.Table, f.Row, f.Column, f.Value, f.Blank
		c.Unit[i], c.Form[i], c.Check[i], c.Locator[i] = f.Unit, f.Form, f.Check, f.Locator
		if f.Raw != f.Value {
			if c.Raw == nil {
				c.Raw = make(map[int]string)
			}
			c.Raw[i] = f.Raw
		}
	}
	for _, column := range []*[]string{&c.Value, &c.Blank, &c.Unit, &c.Form, &c.Check, &c.Locator} {
		if empty(*column) {
			*column = nil
		}
	}
	return &c
}

func empty(column []string) bool {
	for _, s := range column {
		if s != "" {
			return false
		}
	}
	return true
}

// sameJSON compares all but the order of an object's names.
func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return len(a) == len(b) && reflect.DeepEqual(x, y)
}
