package export

import (
	"encoding/csv"
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

func TestDecimal(t *testing.T) {
	for s, want := range map[string]bool{"0": true, "-5": true, "96171.60": true, "-0.5": true, "": false, "1,234": false, "+3": false, "007": false,
		"=1": false, "1.": false, ".5": false, "-": false, "1e3": false, "１": false, "1.2.3": false} {
		if got := isDecimal(s); got != want {
			t.Errorf("isDecimal(%q) = %v", s, got)
		}
	}
	for s, want := range map[string]bool{"96171.6": true, "0.10": true, "123456789012345": true, "9007199254740993": false, "1234567890123456": false, "0.00000123456789012345": true, "-0": true,
		"-12345678901234567.50": false, "59237.24490000000000": true} {
		if got := exact(s); got != want {
			t.Errorf("exact(%q) = %v", s, got)
		}
	}
}

func TestCSVText(t *testing.T) {
	for in, want := range map[string]string{
		"衢江区":          "衢江区",
		"=1+1":         "'=1+1",
		"+1":           "'+1",
		"-":            "'-",
		"@SUM(A1)":     "'@SUM(A1)",
		"\t=1":         "'\t=1",
		"\r=1":         "\"'\r=1\"",
		"\n=1":         "\"'\n=1\"",
		"＝1":           "'＝1",
		"'=1":          "''=1",
		"a=1":          "a=1",
		"a,b":          `"a,b"`,
		`"公开"科`:        `"""公开""科"`,
		`=HYPERLINK("`: `"'=HYPERLINK("""`,
		" a":           `" a"`,
	} {
		got := string(appendCSV(nil, in))
		if got != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
		rows, err := csv.NewReader(strings.NewReader(got + "\n")).ReadAll()
		if err != nil || strings.TrimPrefix(rows[0][0], "'") != in {
			t.Errorf("%q cannot be got back from %s: %v", in, got, err)
		}
	}
}

// TestSheetRefuses holds columns to their kinds.
func TestSheetRefuses(t *testing.T) {
	wrong := table[string]{name: "wrong", columns: []column[string]{{"n", decimal, "", "", decimalValue}}}
	s, err := newSheet(nil, wrong)
	if err != nil {
		t.Fatal(err)
	}
	for cell, ok := range map[string]bool{"": true, "-5": true, "=1": false, "1,234": false} {
		if err := s.write(cell); (err == nil) != ok {
			t.Errorf("%q as a decimal: %v", cell, err)
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
		got := ""
		for i, v := range strings.Fields(tt.in) {
			if got = sum(got, v); i == 0 {
				got = v
			}
		}
		if got != tt.want {
			t.Errorf("sum of %s = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// TestSeriesTwice reads a figure that the page has twice: once is once, two values are none.
func TestSeriesTwice(t *testing.T) {
	l := newLayout()
	s := l.sumsOf(form.Series{Terms: map[string][]form.Term{"v2021": {{Table: "t3", Row: "r1", Column: "total"}}}})
	r := &extract.Report{Forms: map[string]string{"t3": "v2021"}}
	for i, want := range []string{"", "7", "7", ""} {
		if got := l.newReport(store.Choice{Record: store.Record{Report: r}}, nil).seriesValue(s); got != want {
			t.Errorf("with %d figures: %q, want %q", i, got, want)
		}
		value := "7"
		if i == 2 {
			value = "8"
		}
		r.Figures = append(r.Figures, form.Figure{Table: "t3", Row: "r1", Column: "total", Value: value})
	}
	r.Forms["t3"] = "v2019"
	if got := l.newReport(store.Choice{Record: store.Record{Report: r}}, nil).seriesValue(s); got != "" {
		t.Errorf("a form without the series has %q", got)
	}
}
