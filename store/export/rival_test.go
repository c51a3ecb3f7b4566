package export

import (
	"testing"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

func TestRival(t *testing.T) {
	cell := func(row, value, blank string) form.Figure {
		return form.Figure{Table: "t3", Row: row, Column: "total", Value: value, Raw: "raw", Blank: blank, Locator: "table " + value}
	}
	chosen := []form.Figure{cell("r1", "69", ""), cell("r2", "", "dash"), cell("r3", "0", ""), cell("r3", "1", "")}
	inYuan := cell("r1", "69", "")
	inYuan.Unit = "元"
	for _, tt := range []struct {
		name  string
		other []form.Figure
		want  string
	}{
		{"in another order, with another blank", []form.Figure{cell("r3", "1", ""), cell("r3", "0", ""), cell("r2", "", "empty"), cell("r1", "69", "")}, "the same figures"},
		{"values", []form.Figure{cell("r1", "70", ""), cell("r2", "0", ""), cell("r3", "0", ""), cell("r3", "1", "")}, "figures: 2 differ"},
		{"unreadable", []form.Figure{cell("r1", "", ""), cell("r2", "", ""), cell("r3", "0", "")}, "figures: 3 differ"},
		{"unit", append([]form.Figure{inYuan}, chosen[1:]...), "figures: 1 differ"},
		{"fewer, and more", []form.Figure{cell("r1", "69", ""), cell("r9", "5", "")}, "figures: 2 only on the page chosen, 1 only there"},
		{"none", nil, "figures: 3 only on the page chosen"},
	} {
		if got := compareFigures(chosen, tt.other); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := compareFigures(nil, nil); got != "neither has figures" {
		t.Errorf("two without figures: %q", got)
	}
	c := store.Choice{Record: store.Record{URL: "http://a/", SHA256: "aa", Report: &extract.Report{Year: 2021, Scope: extract.ScopeOwn, Figures: chosen}},
		Others: []store.Other{{URL: "http://b/", Figures: chosen}, {URL: "http://c/", Figures: chosen[:2]}}}
	want := problem{year: 2021, scope: extract.ScopeOwn, kind: "rival", url: "http://a/", sha256: "aa",
		detail: "2 other pages claim this report: http://b/ (the same figures); http://c/ (figures: 1 only on the page chosen)"}
	if got := rival(c); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
