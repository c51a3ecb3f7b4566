package crawler

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"gongkai/store"
)

// inGBK answers with a page in the encoding that half of the portals have.
func inGBK(t *testing.T, page string) http.HandlerFunc {
	text, err := simplifiedchinese.GBK.NewEncoder().String(page)
	if err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(text))
	}
}

// TestRowsWithoutAddress holds that a row is asked for wherever it leads, and that the loss of one is told.
func TestRowsWithoutAddress(t *testing.T) {
	const title = "某市x局2021年政府信息公开工作年度报告"
	for _, tt := range []struct{ rows, asked, lost string }{
		{`<li><a href="javascript:window.open('/nb/x.html')">` + title + `</a></li>`, "www.a.gov.cn/nb/x.html", ""},
		{`<li data-url="x.html">` + title + `</li>`, "www.a.gov.cn/nb/x.html", ""},
		{`<li><a href="http:/nb/x.html">` + title + `</a></li>`, "www.a.gov.cn/nb/x.html", ""},
		{`<li><a href="http://www.a.gov.cn./nb/x.html">` + title + `</a></li>`, "www.a.gov.cn/nb/x.html", ""},
		{`<li><a href="javascript:show(7)">` + title + `</a></li>`, "", title},
		{`<li><a href="javascript:show(7)">` + title + `</a></li><li><a href="x.html">` + title + `</a></li>`, "www.a.gov.cn/nb/x.html", ""},
		{`<li>` + title + `<span>2022-01-20</span></li>`, "", title},
		{`<script>var list=[{"title":"` + title + `","url":"javascript:show(7)"},{"title":"另一条","url":"/nb/z.html"}]</script>`, "", title},
	} {
		pages := map[string]http.HandlerFunc{start: body("<html><body><ul>" + tt.rows + "</ul></body></html>"), "www.a.gov.cn/nb/x.html": article}
		crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
			if got := strings.TrimPrefix(f.urls(), "www.a.gov.cn/robots.txt "+start); strings.TrimSpace(got) != tt.asked {
				t.Errorf("%s: asked for %q, want %q", tt.rows, got, tt.asked)
			}
			lost := ""
			for _, p := range sum.Problems() {
				if strings.Contains(p.Detail, "have no address") {
					lost = p.Detail
				}
			}
			if (lost != "") != (tt.lost != "") || !strings.Contains(lost, tt.lost) {
				t.Errorf("%s: told %q, want %q", tt.rows, lost, tt.lost)
			}
		})
	}
}

// TestQueriesInGBK holds that queries are sent as browsers send them, and that what the archive holds under the address of
// before is neither asked for as new nor lost to its report.
func TestQueriesInGBK(t *testing.T) {
	page := `<html><body><li><a href="/nb/r.jsp?t=年报">某市x局2021年政府信息公开工作年度报告</a></li></body></html>`
	report := `<html><body><p>某市x局2021年政府信息公开工作年度报告</p><p>年报见附件。</p><p><a href="/f/d.jsp?f=报告.pdf">附件：年报.pdf</a></p></body></html>`
	const now, before = "www.a.gov.cn/nb/r.jsp?t=%C4%EA%B1%A8", "www.a.gov.cn/nb/r.jsp?t=%E5%B9%B4%E6%8A%A5"
	const file, fileBefore = "www.a.gov.cn/f/d.jsp?f=%B1%A8%B8%E6.pdf", "www.a.gov.cn/f/d.jsp?f=%E6%8A%A5%E5%91%8A.pdf"
	pages := map[string]http.HandlerFunc{start: inGBK(t, page), now: inGBK(t, report), file: body("%PDF-1.4 broken")}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if want := "www.a.gov.cn/robots.txt " + start + " " + now + " " + file; f.urls() != want {
			t.Errorf("asked for %s, want %s", f.urls(), want)
		}
	})
	pages = map[string]http.HandlerFunc{start: inGBK(t, page), before: inGBK(t, report), fileBefore: body("%PDF-1.4 broken")}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		for _, old := range []store.Capture{
			{URL: "http://www.a.gov.cn/nb/r.jsp?t=年报", Kind: store.KindReport},
			{URL: "http://www.a.gov.cn/f/d.jsp?f=报告.pdf", Kind: store.KindAttachment},
		} {
			old.Portal, old.Time, old.State, old.Status = "a", time.Now(), store.StateOK, 200
			if err := c.Store.AddCapture(&old, []byte("held"), nil); err != nil {
				t.Fatal(err)
			}
		}
		f.log = nil
		c.Full = true
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(f.urls(), before) || !strings.Contains(f.urls(), fileBefore) || strings.Contains(f.urls(), "%C4") || strings.Contains(f.urls(), "%B1") {
			t.Errorf("asked for %s, want %s and %s", f.urls(), before, fileBefore)
		}
	})
}
