package crawler

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"gongkai/crawler/fetch"
	"gongkai/crawler/portal"
	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/extract/coding"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestScope(t *testing.T) {
	portals := []seeds.Portal{{Start: []string{"http://www.park.example.com/nb/"}}, {Start: []string{"http://127.0.0.1:8081/"}}}
	tests := []struct{ site, url, want string }{
		{"a.gov.cn", "http://www.a.gov.cn/x", ""},
		{"a.gov.cn", "https://b.a.gov.cn/x", ""},
		{"a.gov.cn", "http://www.b.gov.cn/x", "off the site"},
		{"a.gov.cn", "http://www.agov.cn/x", "off the site"},
		{"a.gov.cn", "http://www.a.gov.cn.evil.com/x", "off the site"},
		{"a.gov.cn", "ftp://www.a.gov.cn/x", "not http"},
		{"a.gov.cn", "http://www.a.gov.cn/" + strings.Repeat("x", weburl.Longest), "too long"},
		{"example.com", "http://other.example.com/x", "host not allowed"},
		{"example.com", "http://www.park.example.com/x", ""},
		{"example.com", "http://extra.example.com/x", ""},
		{"127.0.0.1:8081", "http://127.0.0.1:8081/x", ""},
		{"127.0.0.1:8082", "http://127.0.0.1:8082/x", "host not allowed"},
	}
	for _, tt := range tests {
		s := scope{site: tt.site, hosts: allowed(portals, []string{"Extra.example.com"})}
		if got := s.deny(parse(t, tt.url)); got != tt.want {
			t.Errorf("%s from %s: got %q, want %q", tt.url, tt.site, got, tt.want)
		}
	}
}

func TestDue(t *testing.T) {
	day := 24 * time.Hour
	now := time.Date(2024, 3, 1, 22, 0, 0, 0, time.UTC)
	tests := []struct {
		name             string
		changed, visited time.Duration // ago
		want             bool
	}{
		{"new, the same night", 2 * time.Hour, 2 * time.Hour, false},
		{"new, the next night", day, day, true},
		{"new, the next night a little earlier", 21 * time.Hour, 21 * time.Hour, true},
		{"unchanged for 4 days, visited yesterday", 5 * day, day, false},
		{"unchanged for 4 days, visited 4 days ago", 8 * day, 4 * day, true},
		{"old, visited 29 days ago", 1000 * day, 29 * day, false},
		{"old, visited 30 days ago", 1000 * day, 30 * day, true},
	}
	for _, tt := range tests {
		if got := !now.Before(dueAt(now.Add(-tt.changed), now.Add(-tt.visited))); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestRecallStreaks: what the newest answers say in a row, and what is held below them, however many there are.
func TestRecallStreaks(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const b = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d" // of the body "b"
	for _, tt := range []struct {
		name, states   string // oldest first: o ok, u not modified, f failed, g gone
		held           bool
		believed, gone int
		first          bool
	}{
		{"new", "o", true, 0, 0, false},
		{"confirmed", "ouu", true, 2, 0, false},
		{"interrupted", "oufuu", true, 2, 0, false},
		{"confirmed too often", "o" + strings.Repeat("u", 12), true, mostBelieved, 0, false},
		{"missing once", "oug", true, 0, 1, true},
		{"withdrawn", "ogggg", true, 0, mostGone, true},
		{"never there", "fgfg", false, 0, 1, true},
		{"failing for long", "o" + strings.Repeat("f", 30), true, 0, 0, false},
		{"gone for long", "o" + strings.Repeat("g", 30), true, 0, mostGone, true},
		{"always failing", strings.Repeat("f", 30), false, 0, 0, true},
	} {
		url := "http://a.gov.cn/" + strings.ReplaceAll(tt.name, " ", "-")
		began := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		for day, state := range tt.states {
			c := store.Capture{URL: url, Time: began.AddDate(0, 0, day)}
			var body []byte
			switch state {
			case 'o':
				c.State, c.Status, body = store.StateOK, http.StatusOK, []byte("b")
			case 'u':
				c.State, c.Status, c.SHA256 = store.StateUnchanged, http.StatusNotModified, b
			case 'g':
				c.State, c.Status = store.StateGone, http.StatusNotFound
			default:
				c.State = store.StateFailed
			}
			if err := s.AddCapture(&c, body, nil); err != nil {
				t.Fatal(err)
			}
		}
		p, err := recall(s, url)
		if err != nil {
			t.Fatal(err)
		}
		if (p.held == b) != tt.held || p.believed != tt.believed || p.gone != tt.gone || p.first.Equal(began) != tt.first {
			t.Errorf("%s: got %+v", tt.name, p)
		}
	}
}

func TestRecall(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2024, 1, day, 0, 0, 0, 0, time.UTC) }
	const a = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" // of the body "a"
	captures := []store.Capture{
		{Time: at(1), State: store.StateFailed},
		{Time: at(2), State: store.StateOK, Header: http.Header{"Etag": {`"a"`}, "Last-Modified": {"Mon, 01 Jan 2024 00:00:00 GMT"}, "Content-Type": {"text/html"}}},
		{Time: at(3), State: store.StateUnchanged, SHA256: a, Header: http.Header{"Etag": {`W/"a"`}}},
		{Time: at(4), State: store.StateFailed},
	}
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range captures {
		c.URL = "http://a.gov.cn/"
		var body []byte
		if c.State == store.StateOK {
			body = []byte("a")
		}
		if err := s.AddCapture(&c, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	p, err := recall(s, "http://a.gov.cn/")
	if err != nil {
		t.Fatal(err)
	}
	if p.held != a || !p.changed.Equal(at(2)) || p.last.State != store.StateFailed || p.contentType != "text/html" {
		t.Errorf("got %+v", p)
	}
	h := p.conditions()
	if h.Get("If-None-Match") != `W/"a"` || h.Get("If-Modified-Since") != "Mon, 01 Jan 2024 00:00:00 GMT" {
		t.Errorf("conditions: got %v", h)
	}
	if !p.due(at(4)) {
		t.Error("a page that failed last is not due")
	}
	if p, err := recall(s, "http://a.gov.cn/unknown"); err != nil || p.held != "" || !p.first.IsZero() || p.last.ID != 0 {
		t.Errorf("unknown: got %+v, %v", p, err)
	}
	if got := (urlHistory{}).conditions(); len(got) > 0 {
		t.Errorf("conditions of a page that is not held: %v", got)
	}
}

func TestFollow(t *testing.T) {
	row := extract.Link{URL: "http://a.gov.cn/1.html", Text: "某市2021年政府信息公…", Title: "某市2021年政府信息公开工作年度报告", Date: "2022-01-29"}
	rows := []portal.Row{{Link: row}}
	more := portal.Request{Kind: portal.Page, URL: "http://a.gov.cn/index_1.html", Guess: true}
	data := portal.Request{Kind: portal.Data, Method: "POST", URL: "http://a.gov.cn/search", Body: "page=1", Number: 1, From: "http://a.gov.cn/"}
	column := extract.Link{URL: "http://a.gov.cn/nb/", Text: "信息公开年报"}
	first := target{url: "http://a.gov.cn/", kind: store.KindListing, portal: "a"}
	further := target{url: "http://a.gov.cn/index_1.html", kind: store.KindListing, portal: "a", further: true}
	deep := target{url: "http://a.gov.cn/nb/2021/", kind: store.KindListing, portal: "a", depth: deepest}
	tests := []struct {
		name     string
		from     target
		listing  portal.Listing
		repeated bool
		want     string // kind and path, in order
	}{
		{"rows and pages", first, portal.Listing{Rows: rows, Next: []portal.Request{more}, Items: []string{"1", "2"}}, false, "report /1.html, listing /index_1.html?"},
		{"pages only", first, portal.Listing{Next: []portal.Request{more}}, false, "listing /index_1.html?"},
		{"data", first, portal.Listing{Next: []portal.Request{data}}, false, "listing /search?__wb_method=POST&page=1"},
		{"columns only", first, portal.Listing{Columns: []extract.Link{column}}, false, "listing /nb/"},
		{"columns too deep", deep, portal.Listing{Columns: []extract.Link{column}}, false, ""},
		{"columns beside a later page", further, portal.Listing{Columns: []extract.Link{column}}, false, ""},
		{"later page", further, portal.Listing{Rows: rows, Next: []portal.Request{more}, Items: []string{"1"}}, false, "report /1.html, listing /index_1.html?"},
		{"later page without items", further, portal.Listing{Next: []portal.Request{more}}, false, ""},
		{"later page repeated", further, portal.Listing{Rows: rows, Next: []portal.Request{more}, Items: []string{"1"}}, true, "report /1.html"},
		{"nothing", first, portal.Listing{}, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, n := range follow(tt.from, tt.listing, tt.repeated, deepest) {
				word := n.kind + " " + strings.TrimPrefix(n.url, "http://a.gov.cn")
				if n.guess {
					word += "?"
				}
				got = append(got, word)
				if n.from != tt.from.url || n.portal != "a" {
					t.Errorf("%s: from %q, portal %q", n.url, n.from, n.portal)
				}
				if n.kind == store.KindReport && (n.title != row.Title || n.date != row.Date) {
					t.Errorf("report has title %q and date %q", n.title, n.date)
				}
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), tt.want)
			}
		})
	}
}

func TestRedirected(t *testing.T) {
	s := scope{site: "a.gov.cn"}
	from := target{url: "http://www.a.gov.cn/x", kind: store.KindReport, title: "t"}
	next, reason := redirected(from, "https://www.a.gov.cn/x#top", s)
	if reason != "" || next.url != "https://www.a.gov.cn/x" || next.from != from.url || next.title != "t" {
		t.Errorf("got %+v, %q", next, reason)
	}
	if _, reason := redirected(next, "http://www.a.gov.cn/x", s); reason != "redirects in a circle" {
		t.Errorf("circle: got %q", reason)
	}
	if _, reason := redirected(from, "http://www.b.com/", s); !strings.HasSuffix(reason, "off the site") {
		t.Errorf("off the site: got %q", reason)
	}
	for i := range reading.MostRedirects {
		if from, reason = redirected(from, strconv.Itoa(i), s); reason != "" {
			t.Fatalf("redirect %d: %s", i, reason)
		}
	}
	if _, reason := redirected(from, "/last", s); reason != "redirects too often" {
		t.Errorf("too many: got %q", reason)
	}
}

func TestJudge(t *testing.T) {
	const script = `<html><head><script>window.location=document.cookie</script></head><body></body></html>`
	header := func(kv ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(kv); i += 2 {
			h.Set(kv[i], kv[i+1])
		}
		return h
	}
	tests := []struct {
		name    string
		answer  fetch.Answer
		held    string
		state   string
		passing bool
		wall    bool
	}{
		{"ok", fetch.Answer{Status: 200, Body: []byte("<p>x</p>")}, "", store.StateOK, false, false},
		{"empty", fetch.Answer{Status: 200, Body: []byte{}}, "", store.StateOK, false, false},
		{"not modified", fetch.Answer{Status: 304}, "abc", store.StateUnchanged, false, false},
		{"not modified, not asked", fetch.Answer{Status: 304}, "", store.StateFailed, false, false},
		{"redirect", fetch.Answer{Status: 302, Header: header("Location", "/")}, "", store.StateRedirect, false, false},
		{"redirect nowhere", fetch.Answer{Status: 302}, "", store.StateFailed, false, false},
		{"not found", fetch.Answer{Status: 404}, "", store.StateGone, false, false},
		{"gone", fetch.Answer{Status: 410}, "", store.StateGone, false, false},
		{"forbidden", fetch.Answer{Status: 403, Body: []byte("<h1>Forbidden</h1>")}, "", store.StateFailed, false, false},
		{"server error", fetch.Answer{Status: 500}, "", store.StateFailed, true, false},
		{"busy", fetch.Answer{Status: 503, Header: header("Retry-After", "120")}, "", store.StateFailed, true, false},
		{"too many", fetch.Answer{Status: 429}, "", store.StateFailed, true, false},
		{"created", fetch.Answer{Status: 201, Body: []byte("x")}, "", store.StateOK, false, false},
		{"accepted", fetch.Answer{Status: 202, Body: []byte("x")}, "", store.StateOK, false, false},
		{"accepted, to come", fetch.Answer{Status: 202}, "", store.StateFailed, false, false},
		{"of a cache", fetch.Answer{Status: 203, Body: []byte("x")}, "", store.StateOK, false, false},
		{"no content", fetch.Answer{Status: 204}, "", store.StateFailed, false, false},
		{"partial", fetch.Answer{Status: 206, Body: []byte("x")}, "", store.StateOK, false, false},
		{"bomb", fetch.Answer{Status: 200, Err: coding.ErrBomb}, "", store.StateRefused, false, false},
		{"cut", fetch.Answer{Status: 200, Body: []byte("x"), Err: &fetch.CutError{Err: io.ErrUnexpectedEOF}}, "", store.StateFailed, true, false},
		{"cut and gone", fetch.Answer{Status: 404, Body: []byte("x"), Err: &fetch.CutError{Err: io.ErrUnexpectedEOF}}, "", store.StateGone, false, false},
		{"challenge 412", fetch.Answer{Status: 412, Body: []byte(script)}, "abc", store.StateBlocked, false, true},
		{"challenge 521", fetch.Answer{Status: 521}, "", store.StateBlocked, false, true},
		{"challenge 468", fetch.Answer{Status: 468}, "", store.StateBlocked, false, true},
		{"challenge 403", fetch.Answer{Status: 403, Body: []byte(script)}, "", store.StateBlocked, false, true},
		{"challenge 202", fetch.Answer{Status: 202, Body: []byte(script)}, "", store.StateBlocked, false, true},
		{"challenge 200", fetch.Answer{Status: 200, Body: []byte(`<script>document.cookie="__jsl_clearance=1"</script>`)}, "", store.StateBlocked, false, true},
		{"page drawn by script", fetch.Answer{Status: 200, Body: []byte(script)}, "", store.StateOK, false, false},
		{"page that passed a wall", fetch.Answer{Status: 200, Body: []byte("<script>$_ts={}</script><p>" + strings.Repeat("政府信息公开", 40))}, "", store.StateOK, false, false},
		{"too large", fetch.Answer{Status: 200, Err: coding.ErrTooLarge}, "", store.StateRefused, false, false},
		{"broken", fetch.Answer{Status: 200, Err: errors.New("unexpected EOF")}, "", store.StateFailed, true, false},
		{"timeout", fetch.Answer{Err: context.DeadlineExceeded}, "", store.StateFailed, true, false},
	}
	for _, tt := range tests {
		p := judge(target{url: "http://a.gov.cn/", kind: store.KindReport}, tt.answer, tt.held)
		if p.State != tt.state || p.passing != tt.passing || p.wall != tt.wall {
			t.Errorf("%s: got %s passing=%v wall=%v %q, want %s %v %v", tt.name, p.State, p.passing, p.wall, p.Error, tt.state, tt.passing, tt.wall)
		}
		if (p.body != nil) != (tt.state == store.StateOK) {
			t.Errorf("%s: body %q", tt.name, p.body)
		}
		if p.Error == "" && (tt.state == store.StateFailed || tt.state == store.StateBlocked || tt.state == store.StateRefused) {
			t.Errorf("%s: no reason", tt.name)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]time.Duration{
		"":                                0,
		"120":                             2 * time.Minute,
		" 3 ":                             3 * time.Second,
		"-5":                              0,
		"soon":                            0,
		"8, 9":                            9 * time.Second,
		"8.5":                             8500 * time.Millisecond,
		"+8":                              8 * time.Second,
		".5":                              500 * time.Millisecond,
		`"120"`:                           2 * time.Minute,
		"300 seconds":                     5 * time.Minute,
		"300s":                            5 * time.Minute,
		"1500 ms":                         1500 * time.Millisecond,
		"5 Minutes":                       5 * time.Minute,
		"2 hours":                         2 * time.Hour,
		"1 day":                           24 * time.Hour,
		"10分钟":                            10 * time.Minute,
		"30秒":                             30 * time.Second,
		"8; soon":                         8 * time.Second,
		"999999999999":                    math.MaxInt64,
		strings.Repeat("9", 400):          math.MaxInt64,
		"Friday, 01-Mar-24 12:01:00 GMT":  time.Minute,
		"Fri Mar  1 12:01:00 2024":        time.Minute,
		"Fri, 01 Mar 2024 20:01:00 +0800": time.Minute,
		"2024-03-01T12:01:00Z":            time.Minute,
		"Fri, 01 Mar 9999 12:01:00 GMT":   math.MaxInt64,
		"Fri, 01 Mar 2024 12:01:00 GMT":   time.Minute,
		"Fri, 01 Mar 2024 11:00:00 GMT":   0,
	}
	for value, want := range tests {
		if got := retryAfter([]string{value}, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
	if got := retryAfter([]string{"3", "8"}, now); got != 8*time.Second {
		t.Errorf("two headers: got %v", got)
	}
}

func TestBySite(t *testing.T) {
	groups, err := bySite([]seeds.Portal{
		{ID: "a", Start: []string{"http://www.x.gov.cn/a", "http://bureau.x.gov.cn/", "http://www.y.gov.cn/"}},
		{ID: "b", Start: []string{"https://x.gov.cn/b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range groups {
		for _, e := range g.jobs {
			got = append(got, e.portal.ID+strconv.Itoa(len(e.start)))
		}
		got = append(got, "|")
	}
	if want := "a2 b1 | a1 |"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
