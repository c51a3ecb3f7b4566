package visit

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
		s := Scope{Site: tt.site, Hosts: Allowed(portals, []string{"Extra.example.com"})}
		if got := s.Deny(parse(t, tt.url)); got != tt.want {
			t.Errorf("%s from %s: got %q, want %q", tt.url, tt.site, got, tt.want)
		}
	}
}

func TestFollow(t *testing.T) {
	row := extract.Link{URL: "http://a.gov.cn/1.html", Text: "某市2021年政府信息公…", Title: "某市2021年政府信息公开工作年度报告", Date: "2022-01-29"}
	rows := []portal.Row{{Link: row}}
	more := portal.Request{Kind: portal.Page, URL: "http://a.gov.cn/index_1.html", Guess: true}
	data := portal.Request{Kind: portal.Data, Method: "POST", URL: "http://a.gov.cn/search", Body: "page=1", Number: 1, From: "http://a.gov.cn/"}
	column := extract.Link{URL: "http://a.gov.cn/nb/", Text: "信息公开年报"}
	first := Target{URL: "http://a.gov.cn/", Kind: store.KindListing, Portal: "a"}
	further := Target{URL: "http://a.gov.cn/index_1.html", Kind: store.KindListing, Portal: "a", Further: true}
	deep := Target{URL: "http://a.gov.cn/nb/2021/", Kind: store.KindListing, Portal: "a", Depth: Deepest}
	tests := []struct {
		name     string
		from     Target
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
			for _, n := range Follow(tt.from, tt.listing, tt.repeated, Deepest) {
				word := n.Kind + " " + strings.TrimPrefix(n.URL, "http://a.gov.cn")
				if n.Guess {
					word += "?"
				}
				got = append(got, word)
				if n.From != tt.from.URL || n.Portal != "a" {
					t.Errorf("%s: from %q, portal %q", n.URL, n.From, n.Portal)
				}
				if n.Kind == store.KindReport && (n.Title != row.Title || n.Date != row.Date) {
					t.Errorf("report has title %q and date %q", n.Title, n.Date)
				}
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), tt.want)
			}
		})
	}
}

func TestRedirected(t *testing.T) {
	s := Scope{Site: "a.gov.cn"}
	from := Target{URL: "http://www.a.gov.cn/x", Kind: store.KindReport, Title: "t"}
	next, reason := Redirected(from, "https://www.a.gov.cn/x#top", s)
	if reason != "" || next.URL != "https://www.a.gov.cn/x" || next.From != from.URL || next.Title != "t" {
		t.Errorf("got %+v, %q", next, reason)
	}
	if _, reason := Redirected(next, "http://www.a.gov.cn/x", s); reason != "redirects in a circle" {
		t.Errorf("circle: got %q", reason)
	}
	if _, reason := Redirected(from, "http://www.b.com/", s); !strings.HasSuffix(reason, "off the site") {
		t.Errorf("off the site: got %q", reason)
	}
	for i := range reading.MostRedirects {
		if from, reason = Redirected(from, strconv.Itoa(i), s); reason != "" {
			t.Fatalf("redirect %d: %s", i, reason)
		}
	}
	if _, reason := Redirected(from, "/last", s); reason != "redirects too often" {
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
		p := Judge(Target{URL: "http://a.gov.cn/", Kind: store.KindReport}, tt.answer, tt.held)
		if p.State != tt.state || p.Passing != tt.passing || p.Wall != tt.wall {
			t.Errorf("%s: got %s passing=%v wall=%v %q, want %s %v %v", tt.name, p.State, p.Passing, p.Wall, p.Error, tt.state, tt.passing, tt.wall)
		}
		if (p.Body != nil) != (tt.state == store.StateOK) {
			t.Errorf("%s: body %q", tt.name, p.Body)
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
