package crawler

import (
	"net/http"
	"strings"
	"testing"
)

// behind serves a page to who has the cookie, and a gate to others.
func behind(gate, page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("sid"); err == nil && c.Value == "1" {
			page(w, r)
			return
		}
		gate(w, r)
	}
}

// giving answers with headers and a page.
func giving(page string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		body(page)(w, r)
	}
}

// TestGates holds that a gate that wants a cookie is passed once, by asking once more and by nothing else, wherever it
// stands; and that one that cannot be passed so ends in a few requests.
func TestGates(t *testing.T) {
	const sid, x, gate = "sid=1; Path=/", "www.a.gov.cn/nb/x.html", "www.a.gov.cn/gate"
	list := listing("x", "")
	plain := map[string]http.HandlerFunc{start: list, x: article}
	with := func(more map[string]http.HandlerFunc) map[string]http.HandlerFunc {
		all := map[string]http.HandlerFunc{}
		for _, pages := range []map[string]http.HandlerFunc{plain, more} {
			for u, h := range pages {
				all[u] = h
			}
		}
		return all
	}
	for _, tt := range []struct {
		name    string
		pages   map[string]http.HandlerFunc
		asked   string // behind robots.txt
		trouble string
	}{
		{"meta refresh of a listing", with(map[string]http.HandlerFunc{start: behind(giving(`<meta content=0 http-equiv=refresh>`, "Set-Cookie", sid), list)}), start + " " + start + " " + x, ""},
		{"meta refresh of a report", with(map[string]http.HandlerFunc{x: behind(giving(`<meta http-equiv="refresh" content="1;url=x.html">正在跳转`, "Set-Cookie", sid), article)}), start + " " + x + " " + x, ""},
		{"script", with(map[string]http.HandlerFunc{x: behind(giving(`<script>window.location.reload();</script>`, "Set-Cookie", sid), article)}), start + " " + x + " " + x, ""},
		{"Refresh header", with(map[string]http.HandlerFunc{x: behind(giving("", "Set-Cookie", sid, "Refresh", "0"), article)}), start + " " + x + " " + x, ""},
		{"Refresh header to elsewhere", with(map[string]http.HandlerFunc{x: giving("", "Refresh", "0;url=/new/x.html"), "www.a.gov.cn/new/x.html": article}), start + " " + x + " www.a.gov.cn/new/x.html", ""},
		{"Refresh header of a whole page", with(map[string]http.HandlerFunc{start: giving(strings.Repeat("<p>本县主动公开政府信息</p>", 20)+`<li><a href="/nb/x.html">某市x局2021年政府信息公开工作年度报告</a></li>`, "Refresh", "300;url=/other.html")}), start + " " + x, ""},
		{"detour of a listing", with(map[string]http.HandlerFunc{start: behind(status(302, "Location", "/gate"), list), gate: status(302, "Location", "/nb/", "Set-Cookie", sid)}), start + " " + gate + " " + start + " " + x, ""},
		{"detour of a report", with(map[string]http.HandlerFunc{x: behind(status(302, "Location", "/gate"), article), gate: status(302, "Location", "/nb/x.html", "Set-Cookie", sid)}), start + " " + x + " " + gate + " " + x, ""},
		{"detour by meta refresh", with(map[string]http.HandlerFunc{start: behind(giving(`<meta http-equiv="refresh" content="0;url=/gate">`), list), gate: giving(`<meta http-equiv="refresh" content="0;url=/nb/">`, "Set-Cookie", sid)}), start + " " + gate + " " + start + " " + x, ""},
		{"detour without a cookie", with(map[string]http.HandlerFunc{x: status(302, "Location", "/gate"), gate: status(302, "Location", "/nb/x.html")}), start + " " + x + " " + gate, "redirects in a circle"},
		{"detour that never ends", with(map[string]http.HandlerFunc{x: status(302, "Location", "/gate"), gate: status(302, "Location", "/nb/x.html", "Set-Cookie", sid)}), start + " " + x + " " + gate + " " + x, "redirects in a circle"},
		{"refresh that never ends", with(map[string]http.HandlerFunc{x: giving(`<meta http-equiv="refresh" content="0">`, "Set-Cookie", sid)}), start + " " + x + " " + x, "challenge:cookie"},
		{"gate that needs a script", with(map[string]http.HandlerFunc{x: giving(`<script>document.cookie="sid=1;path=/";location.reload();</script>`)}), start + " " + x, "challenge:script"},
		{"refresh without a cookie", with(map[string]http.HandlerFunc{x: giving(`<meta http-equiv="refresh" content="0">`)}), start + " " + x, ""},
		{"withdrawn, with a cookie", with(map[string]http.HandlerFunc{x: giving(`<meta http-equiv="refresh" content="0;URL=../">`, "Set-Cookie", sid)}), start + " " + x, "gone:withdrawn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			crawl(t, tt.pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
				if got := strings.TrimPrefix(f.urls(), "www.a.gov.cn/robots.txt "); got != tt.asked {
					t.Errorf("asked for %s, want %s", got, tt.asked)
				}
				told := ""
				for _, p := range sum.Problems() {
					told += p.Detail + "; "
				}
				if tt.trouble == "" && told != "" || !strings.Contains(told, tt.trouble) {
					t.Errorf("told %q, want %q", told, tt.trouble)
				}
				if tt.trouble == "" && tt.name != "refresh without a cookie" && sum.Rejected+sum.Reports != 1 {
					t.Errorf("%v, want one page read", sum)
				}
			})
		})
	}
}

// TestGateOfPart holds the same of a document that belongs to a report.
func TestGateOfPart(t *testing.T) {
	const pdf, gate = "www.a.gov.cn/nb/a.pdf", "www.a.gov.cn/gate"
	pages := map[string]http.HandlerFunc{start: listing("x", ""), "www.a.gov.cn/nb/x.html": reportPage(sections(1, 6, 5) + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
		pdf: behind(status(302, "Location", "/gate"), body("%PDF-1.4")), gate: status(302, "Location", "/nb/a.pdf", "Set-Cookie", "sid=1; Path=/")}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if want := "www.a.gov.cn/robots.txt " + start + " www.a.gov.cn/nb/x.html " + pdf + " " + gate + " " + pdf; f.urls() != want {
			t.Errorf("asked for %s, want %s", f.urls(), want)
		}
		if rec := record(t, c.Store); len(rec.Parts) != 1 || rec.Parts[0].Missing != "" {
			t.Errorf("parts %+v, want one that is held", rec.Parts)
		}
	})
}
