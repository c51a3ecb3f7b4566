package export

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/store"
)

func TestCell(t *testing.T) {
	for _, tt := range []struct {
		kind     kind
		in, want string
		ok       bool
	}{
		{text, "", "", true},
		{text, "衢江区", "衢江区", true},
		{text, "=1+1", "'=1+1", true},
		{text, "+1", "'+1", true},
		{text, "-", "'-", true},
		{text, "@SUM(A1)", "'@SUM(A1)", true},
		{text, "\t=1", "'\t=1", true},
		{text, "\r=1", "'\r=1", true},
		{text, "＝1", "'＝1", true},
		{text, "'=1", "''=1", true},
		{text, "a=1", "a=1", true},
		{decimal, "-5", "-5", true},
		{decimal, "96171.60", "96171.60", true},
		{decimal, "", "", true},
		{decimal, "1,234", "", false},
		{decimal, "+3", "", false},
		{decimal, "007", "", false},
		{decimal, "=1", "", false},
		{whole, "0", "0", true},
		{whole, "1.5", "", false},
		{truth, "yes", "", false},
		{day, "2022-01-29", "2022-01-29", true},
		{day, "2022-02-30", "", false},
		{instant, "2022-01-29T00:00:00Z", "2022-01-29T00:00:00Z", true},
		{instant, "=1", "", false},
	} {
		got, err := cell(tt.kind, tt.in)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("cell(%s, %q) = %q, %v, want %q", tt.kind, tt.in, got, err, tt.want)
		}
		if tt.kind == text && strings.TrimPrefix(got, "'") != tt.in && got != tt.in {
			t.Errorf("%q cannot be got back from %q", tt.in, got)
		}
	}
}

func TestSum(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"5", "5"},
		{"0.10", "0.10"},
		{"1 2 3", "6"},
		{"0.1 0.2", "0.3"},
		{"1.50 -2", "-0.50"},
		{"999999999999999999 1", "1000000000000000000"},
	} {
		if got := sum(strings.Fields(tt.in)); got != tt.want {
			t.Errorf("sum of %s = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// TestSeriesTwice reads a figure that the page has twice: once is once, two values are none.
func TestSeriesTwice(t *testing.T) {
	s := extract.Series{Terms: map[string][]extract.Term{"v2021": {{Table: "t3", Row: "r1", Column: "total"}}}}
	r := &extract.Report{Forms: map[string]string{"t3": "v2021"}}
	for i, want := range []string{"", "7", "7", ""} {
		if got := seriesValue(r, s); got != want {
			t.Errorf("with %d figures: %q, want %q", i, got, want)
		}
		value := "7"
		if i == 2 {
			value = "8"
		}
		r.Figures = append(r.Figures, extract.Figure{Table: "t3", Row: "r1", Column: "total", Value: value})
	}
	r.Forms["t3"] = "v2019"
	if got := seriesValue(r, s); got != "" {
		t.Errorf("a form without the series has %q", got)
	}
}

func BenchmarkCSV(b *testing.B) {
	s, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := range 300 {
		r := office("69")
		for n := range 200 {
			f := r.Figures[0]
			f.Row = fmt.Sprint("r", n)
			r.Figures = append(r.Figures, f)
		}
		r.Year = 1900 + i
		c := store.Capture{URL: fmt.Sprint(officePage, i), Time: time.Unix(int64(i), 0), State: store.StateOK}
		if err := s.AddCapture(&c, fmt.Append(nil, i), &store.Record{Report: r}); err != nil {
			b.Fatal(err)
		}
	}
	dir, cells := b.TempDir(), 0
	for b.Loop() {
		sum := mustCSV(b, s, dir, Options{})
		cells += sum.Figures * len(figureTable.columns)
	}
	b.ReportMetric(float64(cells)/b.Elapsed().Seconds(), "cells/s")
}
