package extract

import (
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"gongkai/extract/markup"
)

// reopened is a page of 400 formatting elements that the end of their paragraph ends, and that are opened anew in each of
// n that follow.
func reopened(attributes string, n int) string {
	var b strings.Builder
	b.WriteString("<p>")
	for i := range 400 {
		fmt.Fprintf(&b, "<i a%d %s>", i, attributes)
	}
	return b.String() + "</p>" + strings.Repeat("<p>公开</p>", n)
}

// TestTooLarge reads pages that would take gigabytes: each is refused, or read for little.
func TestTooLarge(t *testing.T) {
	n := func(count int, s string) string { return strings.Repeat(s, count) }
	for name, tt := range map[string]struct {
		page  string
		large bool
	}{
		"tags":                 {n(1_000_000, "<p>a\n"), true},
		"rows":                 {"<table>" + n(1_000_000, "<tr><td>1"), true},
		"links":                {n(400_000, "<a href=b>c</a>"), true},
		"attributes":           {"<div " + n(3_000_000, "a "), true},
		"attributes of an end": {"<div></div " + n(2_900_000, "a ") + ">", true},
		"one attribute":        {`<div title="` + n(15<<20, "a") + `">`, true},
		"a text":               {n(3<<20, "公开"), true},
		"comments":             {n(800_000, "<!---->"), true},
		"declarations":         {n(1_200_000, "<!a>"), true},
		"ends":                 {n(1_200_000, "</p>"), true},
		"markers":              {n(3_000_000, "<<"), true},
		"opened anew":          {reopened("", 30_000), false}, // as a page without them
		"opened anew, struck":  {strings.ReplaceAll(reopened("", 30_000), "<i ", "<s "), true},
		"with attributes":      {strings.ReplaceAll(reopened(n(30, "b "), 1000), "<i ", "<tt "), true},
		"out of a cell": {"<p>" + strings.ReplaceAll(strings.TrimPrefix(reopened("", 0), "<p>"), "<i ", "<s ") + "<table><td>" + n(400, "</s>") + "</table>" +
			n(30_000, "<p>公开</p>"), true},
		"a picture":         {`<p>公开</p><img src="data:image/png;base64,` + n(3<<20, "abcd") + `"><p>公开</p>`, false},
		"style sheets":      {n(20, "<style>"+n(1<<15, "p{color:red}\n")+"</style>") + "<p>公开</p>", false},
		"rows of a service": {"<datastore><recordset>" + n(10, "<record><![CDATA["+n(40_000, "<p>a\n")+"]]></record>"), true},
		"larger than any":   {`<img src="data:image/png;base64,` + n(5<<20, "abcd") + `">`, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(tt.page), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "a.gov.cn"})
			if errors.Is(err, markup.ErrTooLarge) != tt.large || err != nil && !tt.large {
				t.Errorf("%v, want too large: %v", err, tt.large)
			}
		})
	}
}

// TestTextTooLarge reads texts that are as long, and texts of as many lines.
func TestTextTooLarge(t *testing.T) {
	base := &url.URL{Scheme: "http", Host: "a.gov.cn"}
	for _, text := range []string{strings.Repeat("公", 3<<20), strings.Repeat("\n", 3<<20), strings.Repeat("1 ", 9<<20)} {
		if _, err := ParseText([]byte(text), "text/plain", base); !errors.Is(err, markup.ErrTooLarge) {
			t.Errorf("text of %d bytes: %v", len(text), err)
		}
	}
	if _, err := ParseText([]byte(strings.Repeat("公开\n", 10_000)), "text/plain", base); err != nil {
		t.Error(err)
	}
}

// TestTablesTogether: tables that are each within the bound are not so together.
func TestTablesTogether(t *testing.T) {
	table := "<table><tr><td colspan=1000 rowspan=190>1<td>2" + strings.Repeat("<tr><td>2", 189) + "</table>"
	d, err := Parse([]byte(strings.Repeat(table, 400)), "text/html", &url.URL{Scheme: "http", Host: "a.gov.cn"})
	if err != nil {
		t.Fatal(err)
	}
	slots, cut := 0, 0
	for _, b := range d.blocks {
		if b.table == nil {
			continue
		}
		for _, row := range b.table.Rows {
			slots += len(row)
		}
		if b.table.Cut {
			cut++
		}
	}
	if slots > markup.MostSlots || cut < 390 || cut == 400 {
		t.Errorf("%d slots, %d tables of 400 are cut", slots, cut)
	}
}

// TestCost compares what is reserved for reading with what it takes.
func TestCost(t *testing.T) {
	for name, page := range map[string]string{
		"tags":  strings.Repeat("<p>a\n", 80_000),
		"links": strings.Repeat("<a href=b>c</a>", 30_000),
		"text":  strings.Repeat("公开年报信息", 80_000),
		"rows":  "<table>" + strings.Repeat("<tr><td>1<td>2", 15_000),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		d, err := Parse([]byte(page), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "a.gov.cn"})
		if err != nil {
			t.Fatal(err)
		}
		d.Links()
		d.Parts()
		_, _ = ReadReport(d, Hints{LinkTitle: "某某县2021年政府信息公开工作年度报告"})
		runtime.GC()
		runtime.ReadMemStats(&after)
		if took := int64(after.HeapAlloc) - int64(before.HeapAlloc); took > Cost([]byte(page), int64(len(page))) {
			t.Errorf("%s: %d bytes for a page of %d, and %d are reserved", name, took, len(page), Cost([]byte(page), int64(len(page))))
		}
		runtime.KeepAlive(d)
	}
	if small, document := Cost([]byte("<html>"), 1000), Cost([]byte("%PDF-1.4"), 1000); small > 1<<20 || document < 128<<20 {
		t.Errorf("a small page costs %d, a small document %d", small, document)
	}
	if word := Cost([]byte("PK\x03\x04"), 1000); word < markup.MostWeight {
		t.Errorf("a small Word document costs %d", word)
	}
}
