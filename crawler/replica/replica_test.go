package replica_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"gongkai/crawler/replica"
	"gongkai/testdata"
)

func start(t *testing.T) *replica.Farm {
	t.Helper()
	f, err := replica.Start(testdata.Portals())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// client asks for nothing on its own: no compression, no redirects followed, no connection kept.
var client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask sends a request; headers are pairs of name and value.
func ask(t *testing.T, method, address, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

func get(t *testing.T, address string, headers ...string) (*http.Response, string) {
	t.Helper()
	return ask(t, "GET", address, "", headers...)
}

var ids = []string{"anju", "changshu", "jiangyou", "qujiang", "xinyu"}

func TestSites(t *testing.T) {
	f := start(t)
	var got []string
	hosts := map[string]bool{}
	for _, s := range f.Sites {
		got = append(got, s.ID)
		hosts[s.URL] = true
		if f.Site(s.ID) != s {
			t.Errorf("Site(%q) is another site", s.ID)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(ids) {
		t.Errorf("sites %v, want %v", got, ids)
	}
	if len(hosts) != len(ids) {
		t.Errorf("%d addresses for %d sites", len(hosts), len(ids))
	}
	if f.Site("nowhere") != nil {
		t.Error("a site nobody saved")
	}
}

// TestSavedPages holds the files to what testdata/README.md says of them, and the server to the files.
func TestSavedPages(t *testing.T) {
	f := start(t)
	portals := testdata.Portals()
	for _, id := range ids {
		data, err := fs.ReadFile(portals, id+"/site.json")
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Pages map[string]string
			JPage *struct{ Path string }
		}
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for address, file := range m.Pages {
			named[file] = true
			data, err := fs.ReadFile(portals, id+"/"+file)
			if err != nil {
				t.Fatal(err)
			}
			saved, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
			if err != nil {
				t.Errorf("%s/%s: %v", id, file, err)
				continue
			}
			want, err := io.ReadAll(saved.Body)
			if err != nil {
				t.Errorf("%s/%s: %v", id, file, err)
			}
			if m.JPage != nil && m.JPage.Path == address {
				continue // TestDataproxy
			}
			resp, body := get(t, f.Site(id).URL+address)
			if resp.StatusCode != saved.StatusCode || body != string(want) {
				t.Errorf("%s%s: status %d and %d bytes, saved were %d and %d", id, address, resp.StatusCode, len(body), saved.StatusCode, len(want))
			}
			if got, want := resp.Header.Get("Content-Type"), saved.Header.Get("Content-Type"); got != want {
				t.Errorf("%s%s: type %q, saved was %q", id, address, got, want)
			}
		}
		files, err := fs.Glob(portals, id+"/*.http")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !named[strings.TrimPrefix(file, id+"/")] {
				t.Errorf("%s is in no manifest", file)
			}
		}
	}
}

// TestPaging visits what a pager would lead to, and one page more.
func TestPaging(t *testing.T) {
	f := start(t)
	for _, tt := range []struct {
		id, address string
		status      int
		same        string // another address that shows the same
	}{
		{"changshu", "/zgcs/gknb/", 200, "/zgcs/gknb/list.shtml"},
		{"changshu", "/zgcs/gknb/list_2.shtml", 200, ""},
		{"changshu", "/zgcs/gknb/list_3.shtml", 200, ""},
		{"changshu", "/zgcs/gknb/list_1.shtml", 404, ""},
		{"changshu", "/zgcs/gknb/list_4.shtml", 404, ""},
		{"xinyu", "/xinyu/zfbmng/", 200, "/xinyu/zfbmng/nav_list.shtml"},
		{"xinyu", "/xinyu/zfbmng/nav_list_2.shtml", 200, ""},
		{"xinyu", "/xinyu/zfbmng/nav_list_3.shtml", 404, ""},
		{"jiangyou", "/zwgk/zfxxgknb/", 200, "/zwgk/zfxxgknb/index.html"},
		{"jiangyou", "/zwgk/zfxxgknb/index_3.html", 200, ""},
		{"jiangyou", "/zwgk/zfxxgknb/index_1.html", 404, ""},
		{"jiangyou", "/zwgk/zfxxgknb/index_4.html", 404, ""},
		{"anju", "/gongkai/kuozhan/10461.html", 200, "/gongkai/kuozhan/10461.html?page=1"},
		{"anju", "/gongkai/kuozhan/10461.html?page=4", 200, "/gongkai/kuozhan/10461.html?page=3"},
		{"anju", "/gongkai/kuozhan/10462.html?page=4", 404, ""},
		{"changshu", "/robots.txt", 404, ""},
		{"xinyu", "/robots.txt", 404, ""},
		{"jiangyou", "/robots.txt", 200, ""},
		{"qujiang", "/nothing", 404, ""},
	} {
		resp, body := get(t, f.Site(tt.id).URL+tt.address)
		if resp.StatusCode != tt.status {
			t.Errorf("%s%s: status %d, want %d", tt.id, tt.address, resp.StatusCode, tt.status)
		}
		if tt.same != "" {
			if _, other := get(t, f.Site(tt.id).URL+tt.same); other != body {
				t.Errorf("%s: %s and %s differ", tt.id, tt.address, tt.same)
			}
		}
	}
}

// TestReportIsLinkedOnce follows from the manifests alone: one listing row leads to the report.
func TestReportIsLinkedOnce(t *testing.T) {
	f := start(t)
	for id, where := range map[string]string{
		"anju":     "/gongkai/kuozhan/10461.html",
		"changshu": "/zgcs/gknb/list_2.shtml",
		"jiangyou": "/zwgk/zfxxgknb/index_3.html",
		"qujiang":  "/module/web/jpage/dataproxy.jsp?page=2",
		"xinyu":    "/xinyu/zfbmng/nav_list_1.shtml",
	} {
		s := f.Site(id)
		name := s.Report[strings.LastIndex(s.Report, "/")+1:]
		if _, body := get(t, s.URL+where); strings.Count(body, name) != 1 {
			t.Errorf("%s%s links %d times to %s", id, where, strings.Count(body, name), name)
		}
		if _, body := get(t, s.URL+s.Start); id != "anju" && strings.Contains(body, name) {
			t.Errorf("%s: the report is on the start page", id)
		}
	}
}

func TestConditional(t *testing.T) {
	f := start(t)
	for _, tt := range []struct {
		id, validator, condition string
		weak                     bool
	}{
		{"changshu", "Etag", "If-None-Match", false},
		{"qujiang", "Etag", "If-None-Match", true},
		{"xinyu", "Last-Modified", "If-Modified-Since", false},
		{"jiangyou", "Last-Modified", "If-Modified-Since", false},
	} {
		s := f.Site(tt.id)
		address := s.URL + s.Report
		resp, first := get(t, address)
		v := resp.Header.Get(tt.validator)
		if v == "" || strings.HasPrefix(v, "W/") != tt.weak {
			t.Errorf("%s: %s %q", tt.id, tt.validator, v)
		}
		resp, body := get(t, address, tt.condition, v)
		if resp.StatusCode != 304 || body != "" || resp.Header.Get(tt.validator) != v {
			t.Errorf("%s: status %d, %d bytes, %s %q", tt.id, resp.StatusCode, len(body), tt.validator, resp.Header.Get(tt.validator))
		}

		err := s.Edit(s.Report, func(b []byte) []byte { return append(b, "<!-- corrected -->\n"...) })
		if err != nil {
			t.Fatal(err)
		}
		resp, body = get(t, address, tt.condition, v)
		if resp.StatusCode != 200 || body != first+"<!-- corrected -->\n" || resp.Header.Get(tt.validator) == v {
			t.Errorf("%s edited: status %d, %d bytes, %s %q was %q", tt.id, resp.StatusCode, len(body), tt.validator, resp.Header.Get(tt.validator), v)
		}

		v = resp.Header.Get(tt.validator)
		if err := s.Edit(s.Report, bytes.ToUpper); err != nil {
			t.Fatal(err)
		}
		if resp, _ := get(t, address, tt.condition, v); resp.StatusCode != 200 {
			t.Errorf("%s: a second edit within a second answers %d", tt.id, resp.StatusCode)
		}
	}

	s := f.Site("anju")
	resp, _ := get(t, s.URL+s.Report, "If-None-Match", "*", "If-Modified-Since", time.Now().UTC().Format(http.TimeFormat))
	if resp.StatusCode != 200 || resp.Header.Get("Etag") != "" || resp.Header.Get("Last-Modified") != "" {
		t.Errorf("anju has no validators, answered %d with %v", resp.StatusCode, resp.Header)
	}

	// A list of tags is searched, and If-None-Match silences If-Modified-Since.
	s = f.Site("changshu")
	resp, _ = get(t, s.URL+"/")
	if resp, _ := get(t, s.URL+"/", "If-None-Match", `"x", W/`+resp.Header.Get("Etag")); resp.StatusCode != 304 {
		t.Errorf("tag in a list: status %d", resp.StatusCode)
	}
	s = f.Site("jiangyou")
	resp, _ = get(t, s.URL+"/")
	if resp, _ := get(t, s.URL+"/", "If-None-Match", `"x"`, "If-Modified-Since", resp.Header.Get("Last-Modified")); resp.StatusCode != 200 {
		t.Errorf("both conditions: status %d", resp.StatusCode)
	}
}

func TestDataproxy(t *testing.T) {
	s := start(t).Site("qujiang")
	base := s.URL + "/module/web/jpage/dataproxy.jsp"
	common := "appid=1&webid=2790&path=/&columnid=1389656&unitid=5458023&webname=" + url.QueryEscape("衢江区人民政府") + "&permissiontype=0"
	row := regexp.MustCompile(`<record><!\[CDATA\[<li[^>]*><a target="_blank" href="([^"]*)"`)
	rows := func(body string) (links []string) {
		for _, m := range row.FindAllStringSubmatch(body, -1) {
			links = append(links, m[1])
		}
		return links
	}
	_, page := get(t, s.URL+s.Start)
	embedded := rows(page)
	if len(embedded) != 16 {
		t.Fatalf("%d rows in the page", len(embedded))
	}

	_, body := get(t, base+"?page=1&"+common)
	if got := rows(body); fmt.Sprint(got) != fmt.Sprint(embedded) {
		t.Errorf("group 1 is %v", got)
	}
	next := regexp.MustCompile(`<nextgroup><!\[CDATA\[<a href="([^"]*)">`).FindStringSubmatch(body)
	if next == nil {
		t.Fatal("group 1 does not lead on")
	}
	_, body = get(t, s.URL+next[1])
	rest := rows(body)
	if len(rest) != 7 || rest[3] != s.Report || strings.Contains(body, "nextgroup") {
		t.Errorf("group 2 is %v\n%s", rest, body)
	}

	for _, tt := range []struct {
		method, query, form string
		want                []string
	}{
		{"GET", "?startrecord=17&endrecord=24&perpage=8&" + common, "", rest},
		{"POST", "", "startrecord=17&endrecord=24&perpage=8&" + common, rest},
		{"POST", "?startrecord=1&endrecord=16&perpage=8", common, embedded},
		{"POST", "", "page=2&" + common, rest},
		{"GET", "?startrecord=9&endrecord=10&" + common, "", embedded[8:10]},
		{"GET", "?page=3&" + common, "", nil},
		{"GET", "?page=999999999999999999&" + common, "", nil},
		{"GET", "?startrecord=25&endrecord=32&perpage=8&" + common, "", nil},
		{"GET", "?startrecord=-9&endrecord=-1&" + common, "", nil},
		{"GET", "?page=1&columnid=1", "", nil},
	} {
		resp, body := ask(t, tt.method, base+tt.query, tt.form)
		if got := rows(body); resp.StatusCode != 200 || fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s %s %s: status %d, rows %v, want %v", tt.method, tt.query, tt.form, resp.StatusCode, got, tt.want)
		}
		if got := resp.Header.Get("Content-Type"); got != "text/xml;charset=UTF-8" {
			t.Errorf("type %q", got)
		}
	}
	if _, body := get(t, base+"?page=3&"+common); strings.Join(strings.Fields(body), "") != "<datastore><totalrecord>23</totalrecord></datastore>" {
		t.Errorf("past the end: %s", body)
	}

	s.Remove("/module/web/jpage/dataproxy.jsp")
	if resp, _ := get(t, base+"?page=1"); resp.StatusCode != 404 {
		t.Errorf("removed endpoint answers %d", resp.StatusCode)
	}
}

func TestEditAndRemove(t *testing.T) {
	s := start(t).Site("changshu")
	if err := s.Edit("/nowhere", func(b []byte) []byte { return b }); err == nil {
		t.Error("edited a page that is not there")
	}
	if err := s.Edit("/zgcs/gknb/", func([]byte) []byte { return []byte("new") }); err != nil {
		t.Fatal(err)
	}
	if _, body := get(t, s.URL+"/zgcs/gknb/list.shtml"); body != "new" {
		t.Errorf("the other address of an edited page shows %d bytes", len(body))
	}
	s.Remove("/zgcs/gknb/list.shtml")
	s.Remove("/nowhere")
	for _, path := range []string{"/zgcs/gknb/", "/zgcs/gknb/list.shtml"} {
		if resp, _ := get(t, s.URL+path); resp.StatusCode != 404 {
			t.Errorf("%s removed answers %d", path, resp.StatusCode)
		}
	}
	if resp, _ := get(t, s.URL+s.Report); resp.StatusCode != 200 {
		t.Errorf("the report went too: %d", resp.StatusCode)
	}
}

func TestGzipAndMethods(t *testing.T) {
	f := start(t)
	s := f.Site("xinyu")
	resp, small := get(t, s.URL+s.Report, "Accept-Encoding", "gzip")
	if resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("not compressed")
	}
	plain, body := get(t, s.URL+s.Report)
	if plain.Header.Get("Content-Encoding") != "" || len(small) >= len(body) {
		t.Errorf("%d bytes compressed, %d plain, %v", len(small), len(body), plain.Header)
	}
	through, err := http.Get(s.URL + s.Report) // a default client unpacks
	if err != nil {
		t.Fatal(err)
	}
	defer through.Body.Close()
	if got, err := io.ReadAll(through.Body); err != nil || string(got) != body {
		t.Errorf("%d bytes unpacked, %v", len(got), err)
	}

	resp, empty := ask(t, "HEAD", s.URL+s.Report, "")
	if resp.StatusCode != 200 || empty != "" || resp.ContentLength != int64(len(body)) {
		t.Errorf("HEAD: status %d, length %d of %d", resp.StatusCode, resp.ContentLength, len(body))
	}
	if resp, _ := ask(t, "POST", s.URL+s.Report, "a=b"); resp.StatusCode != 405 {
		t.Errorf("POST to a page: status %d", resp.StatusCode)
	}
}

func TestLog(t *testing.T) {
	f := start(t)
	s := f.Site("anju")
	before := time.Now()
	get(t, s.URL+"/gongkai/kuozhan/10461.html?page=2", "User-Agent", "gongkai-test", "Referer", s.URL+"/", "X-Other", "no")
	get(t, s.URL+"/nowhere?b=2&a=1", "If-None-Match", `"x"`)
	after := time.Now()
	log := s.Requests()
	if len(log) != 2 {
		t.Fatalf("%d requests in the log", len(log))
	}
	a, b := log[0], log[1]
	if a.Method != "GET" || a.URI != "/gongkai/kuozhan/10461.html?page=2" || a.Status != 200 ||
		a.Header.Get("User-Agent") != "gongkai-test" || a.Header.Get("Referer") != s.URL+"/" || a.Header.Get("X-Other") != "" {
		t.Errorf("first line %+v", a)
	}
	if b.URI != "/nowhere?b=2&a=1" || b.Status != 404 || b.Header.Get("If-None-Match") != `"x"` {
		t.Errorf("second line %+v", b)
	}
	times := []time.Time{before, a.Time, a.Done, b.Time, b.Done, after}
	for i := 1; i < len(times); i++ {
		if times[i].Before(times[i-1]) {
			t.Errorf("times are not in order: %v", times)
		}
	}
	if n := len(f.Site("xinyu").Requests()); n != 0 {
		t.Errorf("%d requests in another site's log", n)
	}
	log[0].URI = "changed"
	if s.Requests()[0].URI == "changed" {
		t.Error("the log is not a copy")
	}
	f.Close()
	if _, err := client.Get(s.URL + "/"); err == nil {
		t.Error("answered after Close")
	}
	if len(s.Requests()) != 2 {
		t.Error("the log ended with the server")
	}
}

func TestManyAtOnce(t *testing.T) {
	s := start(t).Site("xinyu")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				resp, err := http.Get(s.URL + s.Report)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if err := s.Edit(s.Report, func(b []byte) []byte { return append(b, ' ') }); err != nil {
					t.Error(err)
				}
				s.Requests()
			}
		})
	}
	wg.Wait()
	if n := len(s.Requests()); n != 80 {
		t.Errorf("%d requests in the log, want 80", n)
	}
}

func TestBadManifest(t *testing.T) {
	const page = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
	for _, tt := range []struct{ name, site, page, want string }{
		{"good", `{"id":"a","start":"/","report":"/r?b=1&a=2","past_end":"404","validators":"none","pages":{"/":"p.http","/r?a=2&b=1":"p.http"}}`, page, ""},
		{"unknown key", `{"id":"a","begin":"/"}`, page, "begin"},
		{"no start", `{"id":"a","start":"/x","report":"/","past_end":"404","validators":"none","pages":{"/":"p.http"}}`, page, `no page "/x"`},
		{"validators", `{"id":"a","start":"/","report":"/","past_end":"404","validators":"crc","pages":{"/":"p.http"}}`, page, "crc"},
		{"past end", `{"id":"a","start":"/","report":"/","past_end":"418","validators":"none","pages":{"/":"p.http"}}`, page, "418"},
		{"no last", `{"id":"a","start":"/","report":"/","past_end":"repeat","validators":"none","pages":{"/":"p.http"}}`, page, "no page"},
		{"no file", `{"id":"a","start":"/","report":"/","past_end":"404","validators":"none","pages":{"/":"q.http"}}`, page, "q.http"},
		{"no response", `{"id":"a","start":"/","report":"/","past_end":"404","validators":"none","pages":{"/":"p.http"}}`, "<html>", "p.http"},
	} {
		f, err := replica.Start(fstest.MapFS{"a/site.json": {Data: []byte(tt.site)}, "a/p.http": {Data: []byte(tt.page)}})
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			if resp, body := get(t, f.Sites[0].URL+"/r?b=1&a=2"); resp.StatusCode != 200 || body != "hello" {
				t.Errorf("%s: status %d, %q", tt.name, resp.StatusCode, body)
			}
			f.Close()
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}
