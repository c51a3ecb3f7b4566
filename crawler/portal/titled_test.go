package portal

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"gongkai/seeds"
)

// TestTitledAsColumn holds when a row that is titled to the letter as its column is a report, and when it leads to a column.
func TestTitledAsColumn(t *testing.T) {
	const title = "政府信息公开工作年度报告"
	for _, tt := range []struct {
		markup, row, column string
	}{
		{`<li><a href="/art/2022/1/20/art_1_77.html">` + title + `</a><span>2022-01-20</span></li>`, "/art/2022/1/20/art_1_77.html", ""},
		{`<tr><td><a href="t20220120_77.html">` + title + `</a></td><td>2022年1月20日</td></tr>`, "/zw/gk/t20220120_77.html", ""},
		{`<li><a href="/f/r.pdf">` + title + `</a> [2022-01-20]</li>`, "/f/r.pdf", ""},
		{`<li><a href="info77.htm">` + title + `</a> 2022-01-20</li>`, "/zw/gk/info77.htm", ""},
		{`<li><a href="/art/2022/1/20/art_1_77.html">` + title + `</a></li>`, "", "/art/2022/1/20/art_1_77.html"},
		{`<li><a href="/zw/gk/nb/">` + title + `</a><span>2022-01-20</span></li>`, "", "/zw/gk/nb/"},
		{`<li><a href="/zw/col/col1234.html">` + title + `</a><span>2022-01-20</span></li>`, "", "/zw/col/col1234.html"},
		{`<div><h3><a href="/zw/77.html">` + title + `</a></h3><ul><li><a href="/zw/78.html">要闻</a> 2022-01-20</li></ul></div>`, "", "/zw/77.html"},
	} {
		l := read(t, "http://a.gov.cn/zw/gk/list.html", "<html><head><title>某区</title></head><body><table>"+tt.markup+"</table></body></html>", seeds.Portal{})
		row, column := "", ""
		for _, r := range l.Rows {
			row = strings.TrimPrefix(r.URL, "http://a.gov.cn")
		}
		for _, c := range l.Columns {
			column = strings.TrimPrefix(c.URL, "http://a.gov.cn")
		}
		if row != tt.row || column != tt.column {
			t.Errorf("%s: row %q, column %q, want %q, %q", tt.markup, row, column, tt.row, tt.column)
		}
	}
}

// TestUnpacked holds that a map of a site is unpacked up to a bound, and what is none is left as it is.
func TestUnpacked(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, 2*largestMap))
	z.Close()
	if got := len(unpacked(b.Bytes())); got != largestMap {
		t.Errorf("a bomb is unpacked to %d bytes, want %d", got, largestMap)
	}
	if got := unpacked(b.Bytes()[:b.Len()/2]); len(got) == 0 || got[0] != 0 {
		t.Errorf("half a file gives %d bytes", len(got))
	}
	if got := string(unpacked([]byte("\x1f\x8b no gzip"))); got != "\x1f\x8b no gzip" {
		t.Errorf("what is no gzip gives %q", got)
	}
}

// TestTitledAsColumnLost: such a row without an address is told; a heading over rows is none.
func TestTitledAsColumnLost(t *testing.T) {
	const title = "政府信息公开工作年度报告"
	for markup, lost := range map[string]bool{
		`<li><a href="#">` + title + `</a><span>2022-01-20</span></li>`:                                              true,
		`<li>` + title + ` 2022-01-20</li>`:                                                                          true,
		`<table><tr><td>` + title + `</td><td>2022-01-20</td><td><a onclick="show(7)">查看</a></td></tr></table>`:      true,
		`<li><a href="#">` + title + `</a></li>`:                                                                     false,
		`<div><h3><a href="#">` + title + `</a></h3><ul><li><a href="/zw/78.html">要闻</a> 2022-01-20</li></ul></div>`: false,
	} {
		l := read(t, "http://a.gov.cn/zw/gk/list.html", "<html><head><title>某区</title></head><body>"+markup+"</body></html>", seeds.Portal{})
		if (len(l.Lost) == 1 && l.Lost[0] == title) != lost || len(l.Lost) > 1 {
			t.Errorf("%s: lost %q, want %v", markup, l.Lost, lost)
		}
	}
}
