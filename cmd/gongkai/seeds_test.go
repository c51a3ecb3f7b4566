package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"gongkai/seeds"
)

// portalServer is a small portal on loopback: a home page, a section, a column of which the address changes, and a
// list of bodies.
func portalServer(t *testing.T, column *atomic.Value) *httptest.Server {
	page := func(title, body string) string {
		return `<html><head><title>` + title + `</title><meta name="SiteName" content="平昌县人民政府"><meta name="SiteIDCode" content="5119230001"></head><body>` + body + `</body></html>`
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		at := column.Load().(string)
		switch r.URL.Path {
		case "/":
			io.WriteString(w, page("平昌县人民政府", `<a href="/xw/">新闻</a><a href="/zfxxgk/">政府信息公开</a><a href="/wznb/">政府网站工作年度报表</a>`))
		case "/zfxxgk/":
			io.WriteString(w, page("政府信息公开", `<a href="/zn/">政府信息公开指南</a><a href="`+at+`">政府信息公开年报</a><ul><li><a href="/bm/czj/">财政局</a></li><li><a href="/bm/jyj/">教育局</a></li><li><a href="/bm/gaj/">公安局</a></li><li><a href="/bm/mzj/">民政局</a></li><li><a href="/bm/jkz/">江口镇</a></li></ul>`))
		case at:
			body := "<ul>"
			for y := 2023; y > 2019; y-- {
				body += fmt.Sprintf(`<li><a href="/r/%d.html">平昌县人民政府%d年政府信息公开工作年度报告</a><span>%d-01-20</span></li>`, y, y, y+1)
			}
			io.WriteString(w, page("政府信息公开年报", body+"</ul>"))
		default:
			if strings.HasPrefix(r.URL.Path, "/r/") {
				io.WriteString(w, page("平昌县人民政府"+r.URL.Path[3:7]+"年政府信息公开工作年度报告", "<h1>平昌县人民政府"+r.URL.Path[3:7]+"年政府信息公开工作年度报告</h1><p>一、总体情况</p><p>二、主动公开政府信息情况</p>"))
				return
			}
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestDiscoverThenCrawl: a portal that nobody knows is added by one command, crawled by another, found again when its
// listing has moved, and checked.
func TestDiscoverThenCrawl(t *testing.T) {
	var column atomic.Value
	column.Store("/zfxxgk/zfxxgknb/")
	server := portalServer(t, &column)
	dir := t.TempDir()
	file := filepath.Join(dir, "my-portals.toml")
	conf := filepath.Join(dir, "config.toml")
	text := "[archive]\npath = \"archive\"\n[crawl]\ndelay = \"1ms\"\nallow_private_networks = true\n[seeds]\nbuiltin = false\nfiles = [\"my-portals.toml\"]\n"
	if err := os.WriteFile(conf, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	id := strings.NewReplacer("http://", "", ".", "-", ":", "-").Replace(server.URL)
	out := mustRun(t, "seeds", "discover", server.URL, "-write", file, "-config", conf)
	if !strings.Contains(out, id) || !strings.Contains(out, server.URL+"/zfxxgk/zfxxgknb/") || !strings.Contains(out, "2020-2023") || !strings.Contains(out, "and 5 bodies") {
		t.Errorf("got\n%s", out)
	}
	portals, err := seeds.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(portals) != 1 || portals[0].ID != id || portals[0].Agency != "平昌县人民政府" || portals[0].Division != "511923" || portals[0].Level != "county" || portals[0].Confidence != seeds.Verified {
		t.Errorf("got %+v", portals)
	}
	all := filepath.Join(dir, "all.toml")
	mustRun(t, "seeds", "discover", server.URL, "-write", all, "-units", "-config", conf)
	units, err := seeds.Load(all)
	if err != nil || len(units) != 6 || !slices.ContainsFunc(units, func(p seeds.Portal) bool {
		return p.Agency == "平昌县江口镇" && p.Division == "511923" && p.Level == "township" && p.Confidence == seeds.HomeOnly
	}) {
		t.Errorf("got %+v, %v", units, err)
	}
	crawl := func(want string) {
		t.Helper()
		stdout, stderr, code := gongkai(t, "crawl", "-portal", id, "-config", conf, "-json")
		if !strings.Contains(stdout, want) {
			t.Errorf("exit %d, got %s\n%s", code, stdout, stderr)
		}
	}
	crawl(`"new": 4`)

	// the listing moves: the next crawl finds it
	column.Store("/gk/nianbao/")
	crawl(`"left_alone": 4`)
	list := mustRun(t, "seeds", "list", "-config", conf)
	if !strings.Contains(list, "/gk/nianbao/") {
		t.Errorf("got\n%s", list)
	}

	var checked []struct {
		URL, State, Family string
		Rows               int
		Years              []int
	}
	if err := json.Unmarshal([]byte(mustRun(t, "seeds", "check", "-portal", id, "-config", conf, "-json")), &checked); err != nil {
		t.Fatal(err)
	}
	if len(checked) != 1 || checked[0].State != "ok" && checked[0].State != "unchanged" || checked[0].Rows != 4 || len(checked[0].Years) != 4 || checked[0].URL != server.URL+"/gk/nianbao/" {
		t.Errorf("got %+v", checked)
	}
	column.Store("/nowhere/")
	stdout, _, code := gongkai(t, "seeds", "check", "-portal", id, "-config", conf)
	if code != exitPartial || !strings.Contains(stdout, "gone") {
		t.Errorf("exit %d, got\n%s", code, stdout)
	}
	if _, stderr, code := gongkai(t, "seeds", "discover", "-config", conf); code != exitUsage || !strings.Contains(stderr, "say which") {
		t.Errorf("exit %d, got %s", code, stderr)
	}
	if _, stderr, code := gongkai(t, "seeds", "discover", "ftp://a.gov.cn/", "-config", conf); code != exitUsage || !strings.Contains(stderr, "is no address of a portal") {
		t.Errorf("exit %d, got %s", code, stderr)
	}
}
