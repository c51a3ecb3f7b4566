package crawler

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
	"gongkai/testdata"
)

// sample is the report page of a replica portal.
func sample(t *testing.T) string {
	t.Helper()
	f, err := testdata.Portals().Open("jiangyou/report.http")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	res, err := http.ReadResponse(bufio.NewReader(f), nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

var chinese = []string{"一、总体情况", "二、主动公开政府信息情况", "三、收到和处理政府信息公开申请情况", "四、政府信息公开行政复议、行政诉讼情况", "五、存在的主要问题及改进情况", "六、其他需要报告的事项"}

// sections is the text of some sections of a report, from 1, with the number of requests in each.
func sections(from, to, requests int) string {
	var b strings.Builder
	for n := from; n <= to; n++ {
		fmt.Fprintf(&b, "<p>%s</p><p>%s</p>\n", chinese[n-1], strings.Repeat(fmt.Sprintf("本年度本机关共收到政府信息公开申请%d件，均已按期办结。", requests), 5))
	}
	return b.String()
}

const reportTitle = "某市x局2021年政府信息公开工作年度报告"

func reportPage(text string) http.HandlerFunc {
	return body("<html><head><title>" + reportTitle + "</title></head><body><h1>" + reportTitle + "</h1><div class='article'>" + text + "</div></body></html>")
}

// record returns the newest record of x.html, which must have a capture.
func record(t *testing.T, s *store.Store) store.Record {
	t.Helper()
	rec, ok, err := s.LastRecord("http://" + reportX)
	if err != nil || !ok {
		t.Fatalf("record: %v, %v", ok, err)
	}
	return rec
}

const reportX = "www.a.gov.cn/nb/x.html"

// described writes the parts of a record shortly.
func described(rec store.Record) string {
	var all []string
	for _, p := range rec.Parts {
		word := p.Name + " " + p.URL[strings.LastIndex(p.URL, "/"):]
		switch {
		case p.Missing != "":
			word += " missing: " + p.Missing
		case p.Unread != "":
			word += " unread"
		case p.Capture == 0 || p.SHA256 == "":
			word += " broken"
		case p.Read:
			word += " read"
		}
		if p.Pending {
			word += " (pending)"
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}

func problems(r *extract.Report, kind string) (n int) {
	for _, p := range r.Problems {
		if p.Kind == kind {
			n++
		}
	}
	return n
}

func TestParts(t *testing.T) {
	whole := sections(1, 6, 5)
	page := sample(t)
	wide := func(c *Crawler) { c.MaxPageBytes = 1 << 20 }
	tests := []struct {
		name     string
		pages    map[string]http.HandlerFunc
		setup    func(*Crawler)
		states   string // of captures behind the listing
		parts    string
		sections int
		figures  bool
		problems [2]int // of kind part, of kind attachment
		trouble  string
	}{
		{"nothing else", map[string]http.HandlerFunc{reportX: reportPage(whole)}, nil, "ok /x.html", "", 6, false, [2]int{}, ""},
		{"in two pages", map[string]http.HandlerFunc{
			reportX:                    reportPage(sections(1, 2, 5) + `<script>createPageHTML(2, 0, "x", "html")</script>`),
			"www.a.gov.cn/nb/x_1.html": reportPage(sections(3, 6, 5)),
		}, nil, "ok /x.html, ok /x_1.html", "page 2 /x_1.html read", 6, false, [2]int{}, ""},
		{"attached to the second page", map[string]http.HandlerFunc{
			reportX:                    reportPage(sections(1, 2, 5) + `<script>createPageHTML(2, 0, "x", "html")</script>`),
			"www.a.gov.cn/nb/x_1.html": reportPage(sections(3, 6, 5) + `<p><a href="a.pdf">附件：年报</a></p>`),
			"www.a.gov.cn/nb/a.pdf":    body("%PDF-1.4 broken"),
		}, nil, "ok /x.html, ok /x_1.html, ok /a.pdf", "page 2 /x_1.html read, attachment 1 /a.pdf unread", 6, false, [2]int{0, 1}, ""},
		{"second page gone", map[string]http.HandlerFunc{
			reportX: reportPage(sections(1, 4, 5) + `<script>createPageHTML(2, 0, "x", "html")</script>`),
		}, nil, "ok /x.html, gone /x_1.html", "page 2 /x_1.html missing: gone: status 404 Not Found", 4, false, [2]int{1, 0}, "gone: status 404"},
		{"in a frame", map[string]http.HandlerFunc{
			reportX:                 body("<html><head><title>" + reportTitle + "</title></head><body><h1>" + reportTitle + "</h1><iframe src='/f/f.html'></iframe></body></html>"),
			"www.a.gov.cn/f/f.html": body("<html><body><div>" + whole + "<p><a href='a.doc'>附件</a></p></div></body></html>"),
			"www.a.gov.cn/f/a.doc":  body("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old"),
		}, nil, "ok /x.html, ok /f.html, ok /a.doc", "frame 1 /f.html read, attachment 1 /a.doc", 6, false, [2]int{}, ""},
		{"attached", map[string]http.HandlerFunc{
			reportX:                          reportPage(`<p>年报见附件。</p><p><a href="/f/report.html.txt">` + reportTitle + `.txt</a></p>`),
			"www.a.gov.cn/f/report.html.txt": body(page),
		}, wide, "ok /x.html, ok /report.html.txt", "attachment 1 /report.html.txt read", 6, true, [2]int{}, ""},
		{"attached twice", map[string]http.HandlerFunc{
			reportX:                reportPage(`<p>年报见附件。</p><p><a href="/f/1.txt">附件：年报（网页）</a><a href="/f/2.txt">附件：年报（副本）</a></p>`),
			"www.a.gov.cn/f/1.txt": body(page),
			"www.a.gov.cn/f/2.txt": body(page),
		}, wide, "ok /x.html, ok /1.txt, ok /2.txt", "attachment 1 /1.txt read, attachment 2 /2.txt", 6, true, [2]int{}, ""},
		{"attached to a whole page: kept, not read", map[string]http.HandlerFunc{
			reportX:                    reportPage(whole + `<p><a href="scan.jpg">附件：扫描件.jpg</a></p>`),
			"www.a.gov.cn/nb/scan.jpg": body("\xff\xd8\xff\xe0 picture"),
		}, nil, "ok /x.html, ok /scan.jpg", "attachment 1 /scan.jpg", 6, false, [2]int{}, ""},
		{"attachment gone", map[string]http.HandlerFunc{reportX: reportPage(whole + `<p><a href="a.pdf">附件：年报.pdf</a></p>`)},
			nil, "ok /x.html, gone /a.pdf", "attachment 1 /a.pdf missing: gone: status 404 Not Found", 6, false, [2]int{1, 0}, "gone: status 404"},
		{"attachment off the site", map[string]http.HandlerFunc{reportX: reportPage(whole + `<p><a href="http://www.b.gov.cn/a.pdf">附件：年报.pdf</a></p>`)},
			nil, "ok /x.html", "attachment 1 /a.pdf missing: off the site", 6, false, [2]int{1, 0}, ""},
		{"attachment redirects off the site", map[string]http.HandlerFunc{
			reportX:                 reportPage(whole + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
			"www.a.gov.cn/nb/a.pdf": status(302, "Location", "http://www.b.gov.cn/b.pdf"),
		}, nil, "ok /x.html, redirect /a.pdf", "attachment 1 /a.pdf missing: redirects to http://www.b.gov.cn/b.pdf: off the site", 6, false, [2]int{1, 0}, "off the site"},
		{"attachment moved", map[string]http.HandlerFunc{
			reportX:                 reportPage(whole + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
			"www.a.gov.cn/nb/a.pdf": status(302, "Location", "/f/b.pdf"),
			"www.a.gov.cn/f/b.pdf":  body("%PDF-1.4"),
		}, nil, "ok /x.html, redirect /a.pdf, ok /b.pdf", "attachment 1 /a.pdf", 6, false, [2]int{}, ""},
		{"attachment too large", map[string]http.HandlerFunc{
			reportX:                 reportPage(whole + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
			"www.a.gov.cn/nb/a.pdf": body("%PDF-1.4" + strings.Repeat("x", 1<<16)),
		}, nil, "ok /x.html, refused /a.pdf", "attachment 1 /a.pdf missing: larger than the limit of 65536 bytes", 6, false, [2]int{1, 0}, "larger than the limit"},
		{"attachment forbidden", map[string]http.HandlerFunc{
			"www.a.gov.cn/robots.txt": body("User-agent: *\nDisallow: /*.pdf$\n"),
			reportX:                   reportPage(whole + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
		}, nil, "ok /x.html, blocked /a.pdf", "attachment 1 /a.pdf missing: robots.txt: Disallow: /*.pdf$", 6, false, [2]int{1, 0}, "robots.txt"},
		{"attachment 500, then fine", map[string]http.HandlerFunc{
			reportX:                 reportPage(whole + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
			"www.a.gov.cn/nb/a.pdf": inTurn(status(500), body("%PDF-1.4")),
		}, nil, "ok /x.html, failed /a.pdf, ok /a.pdf", "attachment 1 /a.pdf", 6, false, [2]int{}, ""},
		{"attachment behind a wall", map[string]http.HandlerFunc{
			reportX:                 reportPage(whole + `<p><a href="a.pdf">附件：年报.pdf</a><a href="b.pdf">附件：副本.pdf</a></p>`),
			"www.a.gov.cn/nb/a.pdf": status(412),
		}, nil, "ok /x.html, blocked /a.pdf", "attachment 1 /a.pdf missing: challenge:ruishu (status 412) (pending), attachment 2 /b.pdf missing: not asked for (pending)",
			6, false, [2]int{2, 0}, "1 parts not visited, site left alone: challenge:ruishu (status 412)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.pages[start] = listing("x", "")
			crawl(t, tt.pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
				if tt.setup != nil { // the bounds of the first run were too narrow
					tt.setup(c)
					c.Full = true
					var err error
					if c.Store, err = store.Open(t.TempDir()); err != nil {
						t.Fatal(err)
					}
					defer c.Store.Close()
					if sum, err = c.Run(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if got := states(t, c.Store); got != "ok /, "+tt.states {
					t.Errorf("captures:\n got %s\nwant ok /, %s", got, tt.states)
				}
				rec := record(t, c.Store)
				if got := described(rec); got != tt.parts {
					t.Errorf("parts:\n got %s\nwant %s", got, tt.parts)
				}
				if rec.Report == nil {
					t.Fatalf("rejected: %s", rec.Rejected)
				}
				n := 0
				for _, s := range rec.Report.Sections {
					if s.Number > 0 {
						n++
					}
				}
				if n != tt.sections || (len(rec.Report.Figures) > 0) != tt.figures {
					t.Errorf("%d sections, %d figures", n, len(rec.Report.Figures))
				}
				if got := [2]int{problems(rec.Report, "part"), problems(rec.Report, "attachment")}; got != tt.problems {
					t.Errorf("problems of parts and attachments: %v, want %v: %v", got, tt.problems, rec.Report.Problems)
				}
				if got := problems(rec.Report, "part"); sum.Missing != got {
					t.Errorf("%d parts missing in the summary, %d in the record", sum.Missing, got)
				}
				found := slices.ContainsFunc(sum.Problems(), func(p Problem) bool { return tt.trouble != "" && strings.Contains(p.Detail, tt.trouble) })
				if tt.trouble == "" && !sum.Clean() || tt.trouble != "" && !found {
					t.Errorf("problems: got %v, want %q", sum.Problems(), tt.trouble)
				}
				again, err := reread(t, c)
				if err != nil {
					t.Fatal(err)
				}
				if got := described(again); got != tt.parts {
					t.Errorf("read again:\n got %s\nwant %s", got, tt.parts)
				}
			})
		})
	}
}

// reread reads the newest record of x.html again from the archive.
func reread(t *testing.T, c *Crawler) (store.Record, error) {
	t.Helper()
	old := record(t, c.Store)
	page, ok, err := c.Store.Capture(old.Capture)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	rec, err := reading.Read(t.Context(), c.Store, nil, page, publisher(c.Portals[0]))
	if err == nil {
		err = c.Store.PutRecord(&rec)
	}
	if err == nil && (rec.Text != old.Text || rec.Fields != old.Fields || rec.Attachments != old.Attachments || rec.Change != old.Change || rec.Rejected != old.Rejected) {
		t.Errorf("read again: %+v\nwas %+v", rec, old)
	}
	return rec, err
}

func TestPartsKept(t *testing.T) {
	for kind, want := range map[string]string{
		"page":       store.KindPart,
		"attachment": store.KindAttachment,
	} {
		pages := map[string]http.HandlerFunc{start: listing("x", ""),
			reportX:                    reportPage(sections(1, 6, 5) + `<script>createPageHTML(2, 0, "x", "html")</script><p><a href="a.pdf">附件：年报.pdf</a></p>`),
			"www.a.gov.cn/nb/x_1.html": reportPage("<p>完</p>"), "www.a.gov.cn/nb/a.pdf": status(302, "Location", "b.pdf"), "www.a.gov.cn/nb/b.pdf": body("%PDF-1.4")}
		url := map[string]string{"page": "http://www.a.gov.cn/nb/x_1.html", "attachment": "http://www.a.gov.cn/nb/b.pdf"}[kind]
		crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
			got, ok, err := c.Store.LastCapture(url)
			if err != nil || !ok || got.Kind != want || got.From != "http://"+reportX || got.Portal != "a" || got.State != store.StateOK {
				t.Errorf("%s: %+v, %v, %v", kind, got, ok, err)
			}
		})
	}
}

// TestPartsChange: what belongs to a report changes while its page does not.
func TestPartsChange(t *testing.T) {
	const second, attached = "www.a.gov.cn/nb/x_1.html", "www.a.gov.cn/nb/a.pdf"
	pages := map[string]http.HandlerFunc{start: listing("x", ""),
		reportX:  reportPage(sections(1, 2, 5) + `<script>createPageHTML(2, 0, "x", "html")</script><p><a href="a.pdf">附件：年报.pdf</a></p>`),
		second:   reportPage(sections(3, 6, 5)),
		attached: body("%PDF-1.4 one"),
	}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		c.Recheck = true
		first := record(t, c.Store)
		if first.Change != store.ChangeFirst || first.Attachments == "" {
			t.Fatalf("first: %+v", first)
		}
		before := first
		steps := []struct {
			name    string
			edit    func()
			change  string // "" for no record
			revised int
		}{
			{"nothing", func() {}, "", 0},
			{"an attachment", func() { pages[attached] = body("%PDF-1.4 two") }, store.ChangeFigures, 1},
			{"nothing again", func() {}, "", 0},
			{"the text of a further page", func() { pages[second] = reportPage(sections(3, 6, 6)) }, store.ChangeText, 1},
			{"the markup of a further page", func() { pages[second] = reportPage("<!-- 7 visits -->" + sections(3, 6, 6)) }, store.ChangeCosmetic, 0},
			{"an attachment is gone", func() { pages[attached] = status(404) }, "", 0}, // what was held speaks
			{"and is back", func() { pages[attached] = body("%PDF-1.4 two") }, "", 0},
			{"the page no longer names the attachment", func() {
				pages[reportX] = reportPage(sections(1, 2, 5) + `<script>createPageHTML(2, 0, "x", "html")</script>`)
			}, store.ChangeFigures, 1},
		}
		for _, step := range steps {
			step.edit()
			sum, err := c.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			rec := record(t, c.Store)
			page, _, err := c.Store.LastCapture("http://" + reportX)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case step.change == "" && rec.Capture != before.Capture:
				t.Errorf("%s: a new record, %s", step.name, rec.Change)
			case step.change != "" && (rec.Capture != page.ID || rec.Change != step.change || rec.Capture == before.Capture):
				t.Errorf("%s: record of capture %d, %s; want of %d, %s", step.name, rec.Capture, rec.Change, page.ID, step.change)
			}
			if sum.Revisions != step.revised {
				t.Errorf("%s: %v, want %d revised", step.name, sum, step.revised)
			}
			before = rec
			if _, err := reread(t, c); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestPartsLater: what could not be had one night is asked for the next, though its page is not due, and makes no
// revision of the report.
func TestPartsLater(t *testing.T) {
	const attached = "www.a.gov.cn/nb/a.pdf"
	pages := map[string]http.HandlerFunc{start: listing("x", ""),
		reportX:  reportPage(sections(1, 6, 5) + `<p><a href="a.pdf">附件：年报.pdf</a></p>`),
		attached: status(500),
	}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if rec := record(t, c.Store); !rec.Pending() || sum.Failed != 1 || len(f.log) != 3+mostTries {
			t.Errorf("first: %s; %v; %s", described(rec), sum, f.urls())
		}
		pages[attached] = body("%PDF-1.4")
		sum, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		rec := record(t, c.Store)
		if rec.Pending() || rec.Change != store.ChangeParts || rec.Attachments == "" || sum.Revisions != 0 || sum.LeftAlone != 0 {
			t.Errorf("second: %s, change %s; %v", described(rec), rec.Change, sum)
		}
		if sum, err = c.Run(t.Context()); err != nil || sum.LeftAlone != 1 {
			t.Errorf("third: %v, %v", sum, err)
		}
	})
}

// TestUnread: a run that was stopped between a page and its parts leaves a page without a record, which is due.
func TestUnread(t *testing.T) {
	pages := map[string]http.HandlerFunc{start: listing("x", ""), reportX: reportPage(sections(1, 6, 5))}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		page := store.Capture{URL: "http://www.a.gov.cn/nb/y.html", Kind: store.KindReport, Time: time.Now(), State: store.StateOK}
		if err := c.Store.AddCapture(&page, []byte("stopped"), nil); err != nil {
			t.Fatal(err)
		}
		pages[start] = listing("x y", "")
		pages["www.a.gov.cn/nb/y.html"] = body("stopped")
		sum, err := c.Run(t.Context())
		if err != nil || sum.LeftAlone != 1 || sum.Rejected != 1 {
			t.Errorf("%v, %v", sum, err)
		}
	})
}

// TestDirect: a listing leads to a document.
func TestDirect(t *testing.T) {
	pages := map[string]http.HandlerFunc{
		start: body(`<ul><li><a href="x.txt">` + reportTitle + `</a><span>2022-01-29</span></li></ul>`),
		"www.a.gov.cn/nb/x.txt": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			for n, heading := range chinese {
				fmt.Fprintf(w, "%s\n%s\n", heading, strings.Repeat(fmt.Sprintf("本机关收到申请%d件。", n), 20))
			}
		},
	}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		rec, ok, err := c.Store.LastRecord("http://www.a.gov.cn/nb/x.txt")
		if err != nil || !ok || rec.Report == nil || rec.Report.Year != 2021 || rec.Report.Form != extract.FormText {
			t.Errorf("record %+v, %v, %v", rec, ok, err)
		}
	})
}

// TestMostAttachments: a report cannot make us ask for ever.
func TestMostAttachments(t *testing.T) {
	pages := map[string]http.HandlerFunc{start: listing("x", "")}
	var links strings.Builder
	for i := range 60 {
		fmt.Fprintf(&links, `<p><a href="a%d.pdf">附件%d.pdf</a></p>`, i, i)
		pages[fmt.Sprintf("www.a.gov.cn/nb/a%d.pdf", i)] = body("%PDF-1.4")
	}
	pages[reportX] = reportPage(sections(1, 6, 5) + links.String())
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		if len(f.log) != 3+reading.MostAttachments {
			t.Errorf("%d requests", len(f.log))
		}
	})
}

// TestSpare: pages that a script announces wrongly are not asked for each night.
func TestSpare(t *testing.T) {
	pager := func(pages int) http.HandlerFunc {
		return listing("x", fmt.Sprintf(`<script>createPageHTML(%d, 0, 'list', 'shtml')</script>`, pages))
	}
	pages := map[string]http.HandlerFunc{start: pager(3), start + "list_1.shtml": listing("y", ""), reportX: reportPage(sections(1, 6, 5)),
		"www.a.gov.cn/nb/y.html": reportPage(sections(1, 6, 6))}
	crawl(t, pages, func(t *testing.T, c *Crawler, f *fake, sum Summary) {
		again := func(name string, want ...string) {
			t.Helper()
			f.log = nil
			sum, err := c.Run(t.Context())
			if err != nil || !sum.Clean() {
				t.Fatal(sum.Problems(), err)
			}
			var got []string
			for _, r := range f.log {
				if strings.Contains(r.url, "list_") {
					got = append(got, r.url[len(start):])
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		again("the next night", "list_1.shtml")
		pages[start] = pager(4)
		again("one page more", "list_1.shtml", "list_2.shtml", "list_3.shtml", "list_4.shtml")
		again("the night after", "list_1.shtml")
		time.Sleep(wrongFor)
		again("a week later", "list_1.shtml", "list_2.shtml", "list_3.shtml", "list_4.shtml")
		c.Recheck = true
		again("by hand", "list_1.shtml", "list_2.shtml", "list_3.shtml", "list_4.shtml")
	})
}

// TestStopInReport: a run that is stopped between a report's page and its parts leaves nothing unread to the next one.
func TestStopInReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		pages := map[string]http.HandlerFunc{
			start:   listing("x", ""),
			reportX: reportPage(sections(1, 2, 5) + `<script>createPageHTML(2, 0, "x", "html")</script>`),
			"www.a.gov.cn/nb/x_1.html": inTurn(func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				panic(r.Context().Err())
			}, reportPage(sections(3, 6, 5))),
		}
		c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Store: s, Network: &fake{pages: pages},
			Portals: []seeds.Portal{{ID: "a", Start: []string{"http://" + start}}}}
		if _, err := c.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("got error %v", err)
		}
		if got := states(t, s); got != "ok /, ok /x.html" {
			t.Fatalf("captures after the first run: %s", got)
		}
		sum, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := states(t, s); got != "ok /, ok /x.html, ok /x_1.html" {
			t.Errorf("captures: %s", got)
		}
		if rec := record(t, s); rec.Report == nil || described(rec) != "page 2 /x_1.html read" {
			t.Errorf("record: %s", described(rec))
		}
		if sum.Reports != 1 || sum.New != 3 {
			t.Errorf("the walk: %v", sum)
		}
	})
}
