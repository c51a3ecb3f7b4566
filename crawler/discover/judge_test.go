package discover

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gongkai/crawler/portal"
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
		{"a column of bodies' years", county, "", map[string]string{"/": home("/a.html", "部门信息公开年报"), "/a.html": home("/y2.html", "2023年"), "/y2.html": titled(five...)}, "/a.html 5 verified units"},
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
				if tt.name == "a column of years" && !strings.Contains(l.Evidence, "a column of 2 years; 5 reports in 2023年") {
					t.Errorf("evidence: %s", l.Evidence)
				}
				got = append(got, one)
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("found %q, want %q; steps %+v", strings.Join(got, ", "), tt.want, s.Steps)
			}
		})
	}
}

// asks returns what a search has asked for, in order.
func asks(t *testing.T, s *Search) string {
	t.Helper()
	var all []string
	for _, st := range s.Steps {
		u, err := url.Parse(st.URL)
		if err != nil {
			t.Fatal(err)
		}
		word := u.RequestURI()
		if u.Host != "www.a.gov.cn" {
			word = u.Host + word
		}
		all = append(all, word)
	}
	return strings.Join(all, " ")
}

// TestAskedFor holds what a search asks for, and that it asks for nothing else: how far it goes on when it has found a
// listing, which links it takes, and which it takes first.
func TestAskedFor(t *testing.T) {
	long := "<p>" + strings.Repeat("要闻", 400) + "</p>"
	home := func(links ...string) string {
		text := long
		for i := range 13 { // it is no cover
			text += fmt.Sprintf(`<a href="/x/%d.html">要闻</a>`, i)
		}
		for i := 0; i < len(links); i += 2 {
			text += fmt.Sprintf(`<a href="%s">%s</a>`, links[i], links[i+1])
		}
		return text
	}
	list := func(n int) string { return long + titled(reportsOf("东海县", n)...) }
	deep := "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/"
	frame := func(to string) string { return `<iframe src="` + to + `"></iframe>` }
	guessed := ""
	for _, g := range guesses {
		guessed += " " + g
	}
	for _, tt := range []struct {
		name  string
		pages map[string]string
		asked string
	}{
		{"three more columns when one is found", map[string]string{"/": home("/c1", "政府信息公开年报", "/c2", "信息公开年报", "/c3", "政府信息公开年度报告", "/c4", "信息公开年度报告", "/c5", "本级信息公开年报"),
			"/c1": list(3), "/c2": "<p></p>", "/c3": "<p></p>", "/c4": "<p></p>", "/c5": "<p></p>"}, "/ /c1 /c2 /c3 /c4"},
		{"no section when one is found", map[string]string{"/": home("/c1", "政府信息公开年报", "/s", "政府信息公开"), "/c1": list(3)}, "/ /c1"},
		{"a column of bodies when one is found", map[string]string{"/": home("/c1", "政府信息公开年报", "/b", "部门信息公开年报"), "/c1": list(3)}, "/ /c1 /b"},
		{"no column of bodies on another host when one is found", map[string]string{"/": home("/c1", "政府信息公开年报", "http://b.a.gov.cn/b", "部门信息公开年报"), "/c1": list(3)}, "/ /c1"},
		{"a guide when nothing is found", map[string]string{"/": home("/g", "信息公开指南")}, "/ /g" + guessed},
		{"no guide when something like it is found", map[string]string{"/": home("/s", "政府信息公开", "/g", "信息公开指南"), "/s": list(3)}, "/ /s"},
		{"nothing that says nothing", map[string]string{"/": home("/n", "城区道路")}, "/" + guessed},
		{"no trap", map[string]string{"/": home(deep, "政府信息公开年报")}, "/" + guessed},
		{"the better name of two", map[string]string{"/": home("/s", "信息公开指南", "/s", "政府信息公开年报", "/t", "政府信息公开")}, "/ /s /t" + guessed},
		{"the better name first", map[string]string{"/": home("/s", "政府信息公开年报", "/s", "信息公开指南", "/t", "政府信息公开")}, "/ /s /t" + guessed},
		{"no false friend", map[string]string{"/": home("/w", "政府网站工作年度报表", "/q", "公共企事业单位信息公开年报", "/zwgk/wznb/", "年度报告")}, "/" + guessed},
		{"no news", map[string]string{"/": home("/2024-01/05/c_1.htm", "政府信息公开", "/t", "政务公开")}, "/ /t" + guessed},
		{"the portal's own before another host's", map[string]string{"/": home("http://b.a.gov.cn/t", "政府信息公开", "/t", "信息公开")}, "/ /t b.a.gov.cn/t" + guessed},
		{"three frames deep, and no more", map[string]string{"/": home("/f0", "政府信息公开年报"), "/f0": long + frame("/f1"), "/f1": frame("/f2"), "/f2": frame("/f3"), "/f3": frame("/f4"), "/f4": list(3)},
			"/ /f0 /f1 /f2 /f3" + guessed},
		{"a cover", map[string]string{"/": `<a href="/in">城区</a><a href="http://www.b.gov.cn/">灌云</a>`}, "/ /in" + guessed},
		{"a cover that leads to the section", map[string]string{"/": `<a href="/in">城区</a><a href="/t">政府信息公开</a>`}, "/ /t" + guessed},
		{"no cover", map[string]string{"/": strings.Repeat(`<a href="/in">城区</a>`, 13)}, "/" + guessed},
		{"a small map, whatever it has", map[string]string{"/": home(), "/sitemap.xml": `<urlset><url><loc>http://www.a.gov.cn/in</loc></url></urlset>`}, "/" + guessed + " /in"},
		{"a large map, by names only", map[string]string{"/": home(), "/sitemap.xml": `<urlset><url><loc>http://www.a.gov.cn/in</loc></url></urlset>` + strings.Repeat(" ", 600)}, "/" + guessed},
		{"the folder of reports shown", map[string]string{"/": home() + `<a href="/n/202101/t1.html">东海县2020年政府信息公开工作年度报告</a>`}, "/ /n/" + guessed},
		{"not that of another place's", map[string]string{"/": home() + `<a href="/n/202101/t1.html">灌云县2020年政府信息公开工作年度报告</a>`}, "/" + guessed},
		{"nor of a hospital's", map[string]string{"/": home() + `<a href="/n/202101/t1.html">东海县人民医院2020年政府信息公开工作年度报告</a>`}, "/" + guessed},
		{"what a frame takes from its query", map[string]string{"/": home("/open.html?specialurl=/in.html", "政府信息公开", "/open.html?specialurl=//www.b.gov.cn/in.html", "信息公开")},
			"/ /in.html /open.html?specialurl=/in.html /open.html?specialurl=//www.b.gov.cn/in.html" + guessed},
	} {
		if got := asks(t, look(t, county, "", tt.pages)); got != tt.asked {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.asked)
		}
	}
}

// TestOnSite: another site whose name ends as ours does is not ours.
func TestOnSite(t *testing.T) {
	home := &url.URL{Scheme: "http", Host: "www.a.gov.cn"}
	for address, want := range map[string]bool{
		"https://a.gov.cn/x": true, "http://www.A.gov.cn:8080/": true, "http://xxgk.a.gov.cn/": true,
		"http://ba.gov.cn/": false, "http://gov.cn/": false, "http://a.gov.cn.b.com/": false, "http://[": false,
	} {
		if onSite(address, home) != want {
			t.Errorf("%s: on the site %v", address, !want)
		}
	}
}

// TestIntroduced: what a portal's pages say of the place it is of, and whom that is believed of.
func TestIntroduced(t *testing.T) {
	for _, tt := range []struct {
		name, division, host, page, want string
	}{
		{"a site id", "", "", `<meta name="SiteIDCode" content="3207220001">`, "320722"},
		{"a name", "", "", `<meta name="SiteName" content="东海县人民政府">`, "320722"},
		{"a site id of nowhere", "", "", `<meta name="SiteIDCode" content="0000000001">`, ""},
		{"a site id that is too short", "", "", `<meta name="SiteIDCode" content="32072200">`, ""},
		{"a site id of elsewhere", "320700", "", `<meta name="SiteIDCode" content="1101010001">`, "320700"},
		{"a site id of a place below", "320700", "", `<meta name="SiteIDCode" content="3207220001">`, "320700 320722"},
		{"another site", "", "http://www.b.gov.cn/x", `<meta name="SiteIDCode" content="3207220001">`, ""},
	} {
		s := New(seeds.Portal{ID: "a", Home: "http://www.a.gov.cn/", Division: tt.division})
		l, _ := s.Next()
		u, err := url.Parse(l.URL)
		if err != nil {
			t.Fatal(err)
		}
		if tt.host != "" {
			s.Read(l, []byte("<p></p>"), "text/html; charset=utf-8", u)
			if u, err = url.Parse(tt.host); err != nil {
				t.Fatal(err)
			}
			l = Lead{Request: l.Request, order: 9}
		}
		s.Read(l, []byte("<html><head>"+tt.page+"</head><body></body></html>"), "text/html; charset=utf-8", u)
		if got := strings.Join(s.places, " "); got != tt.want {
			t.Errorf("%s: of %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestKept holds what of several finds is kept.
func TestKept(t *testing.T) {
	row := func(address string, chrome bool) (r portal.Row) {
		r.URL, r.Text, r.Chrome = address, "东海县2022年政府信息公开工作年度报告", chrome
		return r
	}
	for _, first := range []int{2, 5} { // a page, and a frame of it, in either order
		s := New(county)
		s.accept(seeds.Listing{URL: "http://www.a.gov.cn/c/", Rows: first}, []portal.Row{row("http://www.a.gov.cn/1", false)})
		s.accept(seeds.Listing{URL: "https://a.gov.cn/c/index.html", Rows: 7 - first}, []portal.Row{row("http://www.a.gov.cn/2", false)})
		if found := s.Result(); len(found) != 1 || found[0].Rows != 5 {
			t.Errorf("of %d rows and of %d: %+v", first, 7-first, found)
		}
	}
	for _, tt := range []struct {
		address string
		rows    int
		found   bool
	}{{"http://www.a.gov.cn/x/", 2, false}, {"http://www.a.gov.cn/x/", 3, true}, {"http://www.a.gov.cn/zfxxgknb/", 1, true}} {
		s := New(county)
		s.fallback = []candidate{{listing: seeds.Listing{URL: tt.address, Rows: tt.rows}}}
		if found := s.Result(); len(found) == 1 != tt.found {
			t.Errorf("%s, not named, of %d rows: %+v", tt.address, tt.rows, found)
		}
	}
	out, in := row("http://www.a.gov.cn/1", false), row("http://www.a.gov.cn/2", true)
	if rows := portal.OutsideFirst([]portal.Row{in, out}); len(rows) != 1 || rows[0].URL != out.URL {
		t.Errorf("of a row, and one of the navigation: %+v", rows)
	}
	if rows := portal.OutsideFirst([]portal.Row{in, in}); len(rows) != 2 {
		t.Errorf("of the navigation alone: %+v", rows)
	}
}

// TestSections: a body whose portal is a part of a site has that part alone, and a body of the same kind elsewhere is another.
func TestSections(t *testing.T) {
	at := func(address string) *url.URL {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	part := bureauPortal
	part.Home = "http://www.a.gov.cn/jyj/index.html"
	both := bureauPortal // of which one listing lies in its part, and the other in none
	both.Home, both.Start = "", []string{"http://www.a.gov.cn/jyj/nb.html", "http://www.a.gov.cn/nb.html"}
	for _, tt := range []struct {
		portal  seeds.Portal
		address string
		want    bool
	}{
		{part, "http://www.a.gov.cn/jyj/nb/1.html", true},
		{part, "http://WWW.a.gov.cn/jyj", true},
		{part, "http://www.a.gov.cn/czj/nb/1.html", false},
		{part, "http://www.a.gov.cn/jyjx/1.html", false},
		{part, "http://www.b.gov.cn/jyj/nb/1.html", false},
		{both, "http://www.a.gov.cn/czj/nb/1.html", true},
		{bureauPortal, "http://www.a.gov.cn/czj/nb/1.html", true},
		{bureauPortal, "http://xxgk.a.gov.cn/1.html", true},
		{bureauPortal, "http://www.b.gov.cn/1.html", false},
	} {
		if got := New(tt.portal).within(at(tt.address)); got != tt.want {
			t.Errorf("%s of %s: %v", tt.address, tt.portal.Home, got)
		}
	}
	for name, want := range map[string]bool{"东海县教育局": true, "教育局": true, "灌云县教育局": false, "东海县体育局": false} {
		if got := New(bureauPortal).ours(name); got != want {
			t.Errorf("%s is that of %s: %v", name, bureauPortal.Agency, got)
		}
	}
}

// TestMapsBound: of the maps that a site has, few are asked for, and first those which by their names have its columns.
func TestMapsBound(t *testing.T) {
	s := New(county)
	var all []string
	for i := range 20 {
		all = append(all, fmt.Sprintf("/news%d.xml", i), fmt.Sprintf("/m%d.xml", i))
	}
	s.Maps(append(all, "/column.xml", "http://www.b.gov.cn/column.xml"), "http://www.a.gov.cn/robots.txt")
	var got []string
	for _, l := range s.queue {
		if l.From == "http://www.a.gov.cn/robots.txt" {
			got = append(got, strings.TrimPrefix(l.URL, "http://www.a.gov.cn"))
		}
	}
	if want := []string{"/column.xml", "/m0.xml", "/m1.xml", "/m2.xml"}; !slices.Equal(got, want) {
		t.Errorf("maps %v, want %v", got, want)
	}
}

// TestUnitsBound: a list of bodies has no end on some sites; what stands in it need not be a body; and of each body the
// software's own page of reports is taken, where there is one.
func TestUnitsBound(t *testing.T) {
	read := func(links ...string) []seeds.Portal {
		s := New(county)
		l, _ := s.Next()
		u, err := url.Parse(l.URL)
		if err != nil {
			t.Fatal(err)
		}
		text := "<p></p>"
		for i := 0; i < len(links); i += 2 {
			text += fmt.Sprintf(`<li><a href="%s">%s</a></li>`, links[i], links[i+1])
		}
		s.Read(l, []byte("<ul>"+text+"</ul>"), "text/html; charset=utf-8", u)
		return s.Units()
	}
	links := func(n int, address, name string) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf(address, i), fmt.Sprintf(name, []rune("甲乙丙丁戊己庚辛壬癸")[i%10]))
		}
		return all
	}
	for _, tt := range []struct {
		name  string
		links []string
		want  int
	}{
		{"five", links(5, "/bm/d%d/", "%c河镇"), 5},
		{"more than a list of bodies has", links(mostUnits+50, "/bm/d%d/", "%c河镇"), mostUnits},
		{"no bodies", links(6, "/bm/d%d/", "%c办事大厅"), 0},
		{"links to the home page", links(6, "/?id=%d", "%c河镇"), 0},
	} {
		if got := read(tt.links...); len(got) != tt.want {
			t.Errorf("%s: %d bodies, want %d", tt.name, len(got), tt.want)
		}
	}
	for _, u := range read(links(5, "/public/column/%d?type=4&action=list", "%c河镇")...) {
		if !strings.HasSuffix(u.Start[0], "?type=3&action=list") || u.Confidence != seeds.Derived {
			t.Errorf("of a body whose software has a page of reports: %+v", u)
		}
	}
	for _, u := range read(links(5, "/bm/d%d/", "%c河镇")...) {
		if u.Start[0] != u.Home || u.Confidence != seeds.HomeOnly {
			t.Errorf("of a body whose software has none: %+v", u)
		}
	}
}
