package discover

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gongkai/seeds"
)

// county, bureau and zone are portals on www.a.gov.cn.
var (
	county       = seeds.Portal{ID: "a", Agency: "东海县人民政府", Division: "320722", Level: "county", Home: "http://www.a.gov.cn/"}
	bureauPortal = seeds.Portal{ID: "a", Agency: "东海县教育局", Division: "320722", Level: "county", Home: "http://www.a.gov.cn/"}
	zone         = seeds.Portal{ID: "a", Agency: "东海经济开发区管理委员会", Division: "320722", Level: "county", Home: "http://www.a.gov.cn/"}
)

// titled is a list of reports, a line each, with these titles; a title that is not one of a report is another link.
func titled(titles ...string) string {
	var b strings.Builder
	for i, title := range titles {
		fmt.Fprintf(&b, `<li><a href="/c/t%d_%x.html">%s</a></li>`, i, title, title)
	}
	return "<ul>" + b.String() + "</ul>"
}

// reportsOf are the titles of n reports of a body, from 2020 on.
func reportsOf(agency string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%s%d年政府信息公开工作年度报告", agency, 2020+i))
	}
	return all
}

// filler are titles of n links that are no reports.
func filler(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("关于城区道路第%d次修缮的公告", i))
	}
	return all
}

// look searches a portal of which these are the pages, by address, and returns the search at its end.
func look(t *testing.T, p seeds.Portal, taken string, pages map[string]string) *Search {
	t.Helper()
	s := New(p)
	s.Taken = func(listing string) bool { return taken != "" && listing == taken }
	for range 12 {
		l, ok := s.Next()
		if !ok {
			break
		}
		u, err := url.Parse(l.URL)
		if err != nil {
			t.Fatal(err)
		}
		page, ok := pages[strings.TrimPrefix(u.String(), "http://www.a.gov.cn")]
		if !ok {
			s.Missed(l, "gone")
			continue
		}
		s.Read(l, []byte(page), "text/html; charset=utf-8", u)
	}
	return s
}

// TestJudge holds what makes a page that lists reports the listing of a portal, and what does not: each bound from both sides.
func TestJudge(t *testing.T) {
	const address = "/c/598.html"
	list := func(parts ...[]string) string { return titled(slices.Concat(parts...)...) }
	for _, tt := range []struct {
		name   string
		portal seeds.Portal
		link   string // the name of the link to the page
		at     string // the page's address; "": /c/598.html
		page   string
		result string // of looking at it
		rows   int    // of the listing that is found; 0: none is
	}{
		{"more of another place", county, "政府信息公开年报", "", list(reportsOf("灌云县", 3), reportsOf("东海县", 2)), "lists 3 reports of another place", 0},
		{"as many of another place", county, "政府信息公开年报", "", list(reportsOf("灌云县", 2), reportsOf("东海县", 2)), "is a listing", 2},
		{"of the place above", county, "政府信息公开年报", "", list(reportsOf("连云港市", 3)), "lists 3 reports of another place", 0},
		{"more of hospitals", county, "政府信息公开年报", "", list(reportsOf("东海县人民医院", 3), reportsOf("东海县", 2)), "lists 3 reports of schools, hospitals or companies", 0},
		{"as many of hospitals", county, "政府信息公开年报", "", list(reportsOf("东海县人民医院", 2), reportsOf("东海县", 2)), "is a listing", 2},
		{"of schools", county, "政府信息公开年报", "", list(reportsOf("东海县实验小学", 1), reportsOf("东海高级中学", 1)), "lists 2 reports of schools, hospitals or companies", 0},
		{"of public enterprises", county, "政府信息公开年报", "", list(reportsOf("东海县公共企事业单位", 2)), "lists 2 reports of schools, hospitals or companies", 0},
		{"of one other body", county, "政府信息公开年报", "", list(reportsOf("东海县教育局", 3)), "lists 3 reports of 东海县教育局, which is not whose portal this is", 0},
		{"of two other bodies", county, "政府信息公开年报", "", list(reportsOf("东海县教育局", 1), reportsOf("东海县财政局", 1)), "is a listing", 2},
		{"a bureau's page of two other bodies", bureauPortal, "政府信息公开年报", "", list(reportsOf("东海县公安局", 1), reportsOf("东海县财政局", 1)), "lists 2 reports of 东海县公安局, which is not", 0},
		{"a zone's page of two other bodies", zone, "政府信息公开年报", "", list(reportsOf("东海县公安局", 1), reportsOf("东海县财政局", 1)), "lists 2 reports of 东海县公安局, which is not", 0},
		{"a bureau's page of the government", bureauPortal, "政府信息公开年报", "", list(reportsOf("东海县人民政府", 3)), "lists 3 reports of 东海县人民政府, which is not", 0},
		{"a zone's page of the government", zone, "政府信息公开年报", "", list(reportsOf("东海县人民政府", 3)), "lists 3 reports of 东海县人民政府, which is not", 0},
		{"a bureau's page of mostly others", bureauPortal, "政府信息公开年报", "", list(reportsOf("东海县教育局", 2), reportsOf("东海县公安局", 1), reportsOf("东海县财政局", 1), reportsOf("东海县司法局", 1)), "lists reports of 3 other bodies", 0},
		{"a bureau's page of as many others", bureauPortal, "政府信息公开年报", "", list(reportsOf("东海县教育局", 2), reportsOf("东海县公安局", 1), reportsOf("东海县财政局", 1)), "is a listing", 4},
		{"a bureau's page of its namesake elsewhere", bureauPortal, "政府信息公开年报", "", list(reportsOf("灌云县教育局", 1)), "lists 1 reports of another place", 0},

		{"not named, three of six", county, "信息公开", "", list(reportsOf("东海县", 3), filler(3)), "may be it", 3},
		{"not named, three of seven", county, "信息公开", "", list(reportsOf("东海县", 3), filler(4)), "shows 3 reports among 4 other things", 0},
		{"not named, two of two", county, "信息公开", "", list(reportsOf("东海县", 2)), "shows 2 reports", 0},
		{"not named, one, at an address that is guessed", county, "", "/zwgk/zfxxgk/zfxxgknb/", list(reportsOf("东海县", 1), filler(9)), "may be it", 1},
		{"among much else, four of four years", county, "信息公开", "", list(reportsOf("东海县", 4), filler(30)), "shows 4 reports among 30 other things", 4},
		{"among much else, three of three years", county, "信息公开", "", list(reportsOf("东海县", 3), filler(30)), "shows 3 reports among 30 other things", 0},
		{"among much else, four of three years", county, "信息公开", "", list(reportsOf("东海县", 3), reportsOf("东海县政府", 1), filler(30)), "shows 4 reports among 30 other things", 0},
		{"not named, no reports", county, "信息公开", "", list(filler(9)), "lists no reports", 0},
		{"named, no reports", county, "政府信息公开年报", "", list(filler(9)), "is named as the column, but lists no reports", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := tt.at
			if at == "" {
				at = address
			}
			home := "<p>" + strings.Repeat("要闻", 400) + "</p>"
			if tt.link != "" {
				home += `<a href="` + at + `">` + tt.link + "</a>"
			}
			s := look(t, tt.portal, "", map[string]string{"/": home, at: "<div>" + tt.page + "</div>"})
			i := slices.IndexFunc(s.Steps, func(st seeds.Step) bool { return strings.HasSuffix(st.URL, at) })
			if i < 0 || !strings.HasPrefix(s.Steps[i].Result, tt.result) {
				t.Fatalf("want %q, steps %+v", tt.result, s.Steps)
			}
			found := s.Result()
			switch {
			case tt.rows == 0 && len(found) > 0, tt.rows > 0 && (len(found) != 1 || found[0].Rows != tt.rows || found[0].URL != "http://www.a.gov.cn"+at):
				t.Errorf("found %+v, want one of %d rows", found, tt.rows)
			case tt.rows > 0 && (found[0].Confidence == seeds.Verified) != strings.HasPrefix(tt.result, "is a listing"):
				t.Errorf("%s is %s", tt.result, found[0].Confidence)
			}
		})
	}
}

// TestOtherHost: a page on another host is the portal's only when its metadata or its rows say that they are of its place.
func TestOtherHost(t *testing.T) {
	const at = "http://www.b.gov.cn/c/598.html"
	unnamed := titled("2022年政府信息公开工作年度报告", "2021年政府信息公开工作年度报告", "2020年政府信息公开工作年度报告")
	for _, tt := range []struct {
		name, page string
		found      bool
	}{
		{"nothing", unnamed, false},
		{"its site id", `<meta name="SiteIDCode" content="3207220001">` + unnamed, true},
		{"the site id of another", `<meta name="SiteIDCode" content="3207230001">` + unnamed, false},
		{"its name", `<meta name="SiteName" content="东海县人民政府">` + unnamed, true},
		{"the name of another", `<meta name="SiteName" content="灌云县人民政府">` + unnamed, false},
		{"a bureau of its place", titled("东海县教育局2022年政府信息公开工作年度报告") + unnamed, true},
		{"its own name", titled(reportsOf("东海县人民政府", 1)...) + unnamed, true},
	} {
		s := look(t, county, "", map[string]string{"/": `<p>` + strings.Repeat("要闻", 400) + `</p><a href="` + at + `">政府信息公开年报</a>`, at: tt.page})
		if found := s.Result(); (len(found) == 1) != tt.found {
			t.Errorf("%s: found %+v, steps %+v", tt.name, found, s.Steps)
		}
	}
}

// TestAccepted holds what becomes of several pages that list reports: what lists nothing new, is another portal's, is of
// bodies, or is one year of a column.
func TestAccepted(t *testing.T) {
	home := func(links ...string) string {
		text := "<p>" + strings.Repeat("要闻", 400) + "</p>"
		for i := 0; i < len(links); i += 2 {
			text += fmt.Sprintf(`<a href="%s">%s</a>`, links[i], links[i+1])
		}
		return text
	}
	five, six := []string{}, []string{}
	for _, body := range strings.Fields("教育局 财政局 公安局 司法局 民政局 水务局") {
		if six = append(six, reportsOf("东海县"+body, 1)...); len(six) <= 5 {
			five = append(five, reportsOf("东海县"+body, 1)...)
		}
	}
	for _, tt := range []struct {
		name   string
		portal seeds.Portal
		taken  string
		pages  map[string]string
		want   string // address, rows, confidence, and units, of each
	}{
		{"two of different reports", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报", "/b.html", "信息公开年度报告"),
			"/a.html": titled(reportsOf("东海县", 3)...), "/b.html": "<p></p>" + titled(append(filler(1), reportsOf("东海县", 2)...)...)}, "/a.html 3 verified, /b.html 2 verified"},
		{"two of the same reports", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报", "/b.html", "信息公开年度报告"),
			"/a.html": titled(reportsOf("东海县", 3)...), "/b.html": titled(reportsOf("东海县", 3)...)}, "/a.html 3 verified"},
		{"that of another portal", county, "http://www.a.gov.cn/a.html", map[string]string{"/": home("/a.html", "政府信息公开年报"),
			"/a.html": titled(reportsOf("东海县", 3)...)}, ""},
		{"that of another portal, not named", county, "http://www.a.gov.cn/a.html", map[string]string{"/": home("/a.html", "信息公开"),
			"/a.html": titled(reportsOf("东海县", 3)...)}, ""},
		{"the longer of two that are not named", county, "", map[string]string{"/": home("/a.html", "信息公开", "/b.html", "政府信息公开"),
			"/a.html": titled(reportsOf("东海县", 4)...), "/b.html": titled(reportsOf("东海县", 3)...)}, "/a.html 4 derived"},
		{"that of bodies comes last", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报", "/b.html", "部门信息公开年报"),
			"/a.html": titled(five...), "/b.html": "<p></p>" + titled(append(filler(9), reportsOf("东海县", 3)...)...)}, "/a.html 5 verified units, /b.html 3 verified units"},
		{"a government's comes before that of bodies", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报", "/b.html", "信息公开年度报告"),
			"/a.html": titled(five...), "/b.html": "<p></p>" + titled(append(filler(9), reportsOf("东海县", 3)...)...)}, "/b.html 3 verified, /a.html 5 verified units"},
		{"two other bodies", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报"), "/a.html": titled(five[:2]...)}, "/a.html 2 verified units"},
		{"five bodies of nine rows", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报"),
			"/a.html": titled(append(reportsOf("东海县", 4), five[:4]...)...)}, "/a.html 8 verified units"},
		{"five bodies of ten rows", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报"),
			"/a.html": titled(append(reportsOf("东海县", 6), five[:4]...)...)}, "/a.html 10 verified"},
		{"four bodies of four rows", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报"),
			"/a.html": titled(append(reportsOf("东海县", 1), five[:3]...)...)}, "/a.html 4 verified"},
		{"a column named as that of bodies, of a bureau", bureauPortal, "", map[string]string{"/": home("/a.html", "部门信息公开年报"),
			"/a.html": titled(reportsOf("东海县教育局", 3)...)}, "/a.html 3 verified"},
		{"a column named as that of bodies, of a zone", zone, "", map[string]string{"/": home("/a.html", "部门信息公开年报"),
			"/a.html": titled(reportsOf("东海经济开发区管理委员会", 3)...)}, "/a.html 3 verified"},
		{"a column of years", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报"),
			"/a.html": home("/a.html", "2024年", "/y2.html", "2023年", "/y1.html", "2022年"), "/y2.html": titled(five...), "/y1.html": titled(reportsOf("东海县", 3)...)}, "/a.html 5 verified"},
		{"a column of its own year alone", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报"), "/a.html": home("/a.html", "2024年")}, ""},
		{"years that are no column of reports", county, "", map[string]string{"/": home("/a.html", "信息公开"),
			"/a.html": home("/y2.html", "2023年", "/y1.html", "2022年"), "/y2.html": titled(five...), "/y1.html": titled(reportsOf("东海县", 3)...)}, "/y2.html 5 derived units"},
		{"reports on the home page", county, "", map[string]string{"/": home() + titled(reportsOf("东海县", 5)...)}, ""},
		{"reports in what all pages have", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报"),
			"/a.html": `<div class="footer">` + titled(reportsOf("东海县", 3)...) + `</div><div>` + titled(reportsOf("东海县政府办公室", 2)...) + `</div>`}, "/a.html 2 verified"},
		{"a page that is all navigation", county, "", map[string]string{"/": home("/a.html", "政府信息公开年报"),
			"/a.html": `<div class="footer">` + titled(reportsOf("东海县", 3)...) + `</div>`}, "/a.html 3 verified"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := look(t, tt.portal, tt.taken, tt.pages)
			var got []string
			for _, l := range s.Result() {
				one := fmt.Sprintf("%s %d %s", strings.TrimPrefix(l.URL, "http://www.a.gov.cn"), l.Rows, l.Confidence)
				if l.Units {
					one += " units"
				}
				got = append(got, one)
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("found %q, want %q; steps %+v", strings.Join(got, ", "), tt.want, s.Steps)
			}
		})
	}
}
