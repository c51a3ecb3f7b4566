package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
)

// A press prints report pages of many portals: a saved page of each family, with the furniture of a portal around it,
// grown to about 110 KB as pages of today are. What a portal's pages share is the same in all of them; the prose, the
// numbers and the news beside the article are each page's own.
type press struct {
	families []saved
	stock    []string // sentences of real reports
	size     int
}

type saved struct {
	header http.Header
	body   string
	report []byte   // JSON
	prose  []string // sentences that stand in both
}

func newPress(t testing.TB, size int) *press {
	t.Helper()
	p := &press{size: size}
	texts, _ := filepath.Glob("../testdata/texts/*")
	for _, name := range texts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for s := range strings.SplitSeq(string(text), "。") {
			if s = strings.TrimSpace(s); len(s) > 60 && len(s) < 400 && !strings.ContainsAny(s, "\n\t<&") {
				p.stock = append(p.stock, s)
			}
		}
	}
	names, _ := filepath.Glob("../testdata/families/*/clean.http")
	for _, name := range names {
		if f, ok := load(t, name); ok {
			p.families = append(p.families, f)
		}
	}
	if len(p.families) < 5 || len(p.stock) < 50 {
		t.Fatalf("%d families and %d sentences", len(p.families), len(p.stock))
	}
	return p
}

func load(t testing.TB, name string) (f saved, ok bool) {
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse("http://www.example.gov.cn/art/2023/1/29/art_1.html")
	doc, err := extract.Parse(body, answer.Header.Get("Content-Type"), u)
	if err != nil {
		t.Fatal(err)
	}
	report, err := extract.ReadReport(doc, extract.Hints{Agency: "衢江区人民政府", Division: "330803"})
	if err != nil {
		t.Fatal(name, err)
	}
	for _, s := range report.Sections {
		for sentence := range strings.SplitSeq(s.Text, "。") {
			if len(sentence) > 60 && strings.Count(string(body), sentence) == 1 && !strings.ContainsAny(sentence, "\n\t") {
				f.prose = append(f.prose, sentence)
			}
		}
	}
	f.header, f.body = answer.Header, string(body)
	f.report, err = json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	return f, len(f.prose) >= 5 // not one in another encoding
}

var cell = regexp.MustCompile(`>\s*[1-9]\d*\s*<`)

// page prints the n-th page of a portal: as served, and what is read from it.
func (p *press) page(portal, n int) (*Capture, []byte, *Record) {
	f := p.families[portal%len(p.families)]
	r := rand.New(rand.NewPCG(uint64(portal), uint64(n)))
	var pairs []string
	for _, s := range f.prose {
		pairs = append(pairs, s, p.sentence(r))
	}
	reword := strings.NewReplacer(pairs...)
	body := cell.ReplaceAllStringFunc(reword.Replace(f.body), func(string) string { return fmt.Sprintf(">%d<", r.IntN(900)) })
	body = p.furnish(body, p.size-len(f.body)-2000, portal, n, r)
	report := new(extract.Report)
	if err := json.Unmarshal(f.report, report); err != nil {
		panic(err)
	}
	for i := range report.Sections {
		report.Sections[i].Text = reword.Replace(report.Sections[i].Text)
	}
	for i := range report.Figures {
		if v := &report.Figures[i]; v.Value != "0" && v.Value != "" {
			v.Value = fmt.Sprint(r.IntN(900))
			v.Raw = v.Value
		}
	}
	report.Agency.Key = extract.AgencyKey(fmt.Sprintf("%06d-人民政府第%d局", 330000+portal, n/15))
	report.Year = 2008 + n%15
	host := fmt.Sprintf("http://www.p%d.gov.cn", portal)
	c := &Capture{URL: fmt.Sprintf("%s/art/%d/%d/%d/art_%d_%d.html", host, report.Year+1, 1+n%12, 1+n%28, 1389600+portal, 1000000+n*37%999983),
		Time: start.Add(time.Duration(n)*3*time.Second + time.Duration(r.IntN(1e9))), Took: 40 + r.Int64N(900), Kind: KindReport, Portal: fmt.Sprint("portal-", portal),
		From: fmt.Sprintf("%s/col/col%d/index.html?uid=%d&pageNum=%d", host, 1389600+portal, 4000+portal, 1+n/15), Title: report.Title, Date: report.Published,
		State: StateOK, Status: 200, Remote: fmt.Sprintf("61.153.%d.%d:80", portal%250, portal/250), Robots: Robots{Allowed: true, Reason: "no rule"},
		Header: http.Header{"Content-Type": f.header["Content-Type"], "Server": {"nginx/1.20.1"}, "Date": {start.Add(time.Duration(n) * 3 * time.Second).Format(http.TimeFormat)},
			"Etag": {fmt.Sprintf(`W/"%x-%x"`, r.Uint32(), len(body))}, "Last-Modified": {start.Add(-time.Duration(r.IntN(1e9)) * time.Second).Format(http.TimeFormat)},
			"Set-Cookie": {fmt.Sprintf("zh_choose_%d=s; SERVERID=%016x; path=/", portal, r.Uint64())}, "X-Frame-Options": {"SAMEORIGIN"}, "Vary": {"Accept-Encoding"}}}
	return c, []byte(body), &Record{Version: extract.Version, Report: report}
}

// sentence is one of a real report with other numbers.
func (p *press) sentence(r *rand.Rand) string {
	s := p.stock[r.IntN(len(p.stock))]
	return number0.ReplaceAllStringFunc(s, func(d string) string { return fmt.Sprint(r.IntN(1 + 2*len(d)*len(d)*100)) })
}

var number0 = regexp.MustCompile(`\d+`)

// furnish puts so many bytes of a portal's furniture, the same on all of its pages, around an article: style and
// navigation; and the latest news, which are each page's own: as many as it takes for an earlier page to leave 2.6 KB of a
// page, as was measured on those of real portals.
func (p *press) furnish(body string, room, portal, n int, r *rand.Rand) string {
	own := rand.New(rand.NewPCG(uint64(portal), 1<<40))
	var style, nav, news strings.Builder
	for i := 0; style.Len() < room/2; i++ {
		fmt.Fprintf(&style, ".box-%d .title-%d{margin:%dpx auto;width:%dpx;background:url(/images/%d/bg_%d.png) no-repeat}\n", i, own.IntN(40), own.IntN(40), own.IntN(1200), portal, i)
	}
	for i := 0; nav.Len() < room-style.Len(); i++ {
		s := p.stock[own.IntN(len(p.stock))]
		fmt.Fprintf(&nav, "<li class=\"nav-item\"><a href=\"/col/col%d/index.html\" target=\"_blank\">%s</a></li>\n", 1389000+own.IntN(9000), s[:runeBoundary([]byte(s), 13)])
	}
	for i := range 40 {
		s := p.stock[r.IntN(len(p.stock))]
		fmt.Fprintf(&news, "<li><a href=\"/art/2024/%d/%d/art_%d_%d.html\">%s</a></li>\n", 1+n%12, 1+i, portal, r.IntN(1e7), s[:runeBoundary([]byte(s), 46)])
	}
	head, rest, ok := strings.Cut(body, "</head>")
	if !ok {
		head, rest = "", body
	}
	return head + "<style>" + style.String() + "</style></head>" + strings.Replace(rest, "</body>", "<ul class=\"nav\">"+nav.String()+"</ul><ul class=\"news\">"+news.String()+"</ul></body>", 1)
}
