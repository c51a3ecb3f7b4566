package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/store"
	"gongkai/store/history"
)

// TestExtractDiff reads an archive again in which an earlier extractor read a figure and a title otherwise.
func TestExtractDiff(t *testing.T) {
	t.Parallel()
	dir, farm := replicas(t)
	config := filepath.Join(dir, "config.toml")
	mustRun(t, "crawl", "-config", config, "-log-level", "error")
	anju := farm.Site("anju")
	tamper := func(title bool) (value string) {
		t.Helper()
		s, err := store.Open(filepath.Join(dir, "archive"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r, ok, err := s.LastRecord(anju.URL + anju.Report)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		value = r.Report.Figures[0].Value
		r.Report.Figures[0].Value, r.Version = "123456", 0
		if title {
			r.Report.Title = "以前"
		}
		if err := s.PutRecord(&r); err != nil {
			t.Fatal(err)
		}
		return value
	}
	value := tamper(true)
	stdout := mustRun(t, "extract", "-diff", "-config", config)
	for _, want := range []string{
		anju.URL + anju.Report + ": title \"以前\" -> ",
		`"123456" -> "` + value + `"`,
		"1 pages read (0 for the first time, 1 came out otherwise, 0 are no reports, 0 failed), 4 left alone\n",
		"changed: rejected 0, title 1, agency 0, year 0, scope 0, published 0, form 0, quality 0, metadata 0, sections 0, tables 0, figures 1 (cells: 1 changed, 0 gained, 0 lost)",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("extract -diff:\n%swant %s", stdout, want)
		}
	}
	tamper(false)
	var last struct {
		history.Difference
		Summary *extractCount `json:"summary"`
	}
	lines := strings.Split(strings.TrimSpace(mustRun(t, "extract", "-all", "-diff", "-json", "-config", config)), "\n")
	for _, l := range lines {
		if err := json.Unmarshal([]byte(l), &last); err != nil {
			t.Fatal(err, l)
		}
	}
	if len(lines) != 2 || last.Old != `"123456"` || last.Field != "figures" || last.Summary.Read != 5 || last.Summary.Diff.Fields["figures"] != 1 || last.Summary.Diff.Cells.Changed != 1 {
		t.Errorf("extract -json -diff:\n%s", strings.Join(lines, "\n"))
	}
	history := mustRun(t, "show", anju.URL+anju.Report, "-history", "-config", config)
	if strings.Contains(history, store.ChangeFigures) {
		t.Errorf("reading again made a revision:\n%s", history)
	}
}

// TestAttachments: one report is attached to its page, one is a page with attachments; what show, status and export
// say of them.
func TestAttachments(t *testing.T) {
	t.Parallel()
	const title = "遂宁市安居区人民政府2023年政府信息公开工作年度报告"
	var text strings.Builder
	for _, heading := range []string{"一、总体情况", "二、主动公开政府信息情况", "三、收到和处理政府信息公开申请情况", "四、行政复议、行政诉讼情况", "五、存在的主要问题及改进情况", "六、其他需要报告的事项"} {
		fmt.Fprintf(&text, "<p>%s</p><p>%s</p>", heading, strings.Repeat("本年度工作平稳有序。", 10))
	}
	page := func(text string) string {
		return "<html><head><meta charset=utf-8><title>" + title + "</title></head><body><h1>" + title + "</h1><div>" + text + "</div></body></html>"
	}
	pages := map[string]string{
		"/nb/": `<html><body><ul><li><a href="1.html">` + title + `</a><span>2024-01-30</span></li>
<li><a href="2.html">` + strings.Replace(title, "2023", "2022", 1) + `</a><span>2023-01-30</span></li></ul></body></html>`,
		"/nb/1.html": page(`<p>年报见附件。</p><p><a href="whole.txt">年报（网页版）</a><a href="old.doc">年报.doc</a><a href="http://other.gov.cn/x.pdf">附件.pdf</a></p>`),
		"/nb/2.html": strings.ReplaceAll(page(`<p>年报见附件。</p><p>附件：<a href="old.doc">年报.doc</a></p>`), "2023", "2022"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch body, ok := pages[r.URL.Path]; {
		case r.URL.Path == "/nb/whole.txt":
			http.Redirect(w, r, "/nb/whole.html", http.StatusFound)
		case r.URL.Path == "/nb/whole.html":
			fmt.Fprint(w, page(text.String()))
		case r.URL.Path == "/nb/old.doc":
			w.Header().Set("Content-Type", "application/msword")
			fmt.Fprint(w, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+strings.Repeat("\x00", 600))
		case ok:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, body)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.toml")
	write(t, filepath.Join(dir, "p.toml"), fmt.Sprintf("[[portal]]\nid = \"a\"\nagency = \"遂宁市安居区人民政府\"\ndivision = \"510904\"\nlevel = \"county\"\nstart = [\"%s/nb/\"]\nevidence = \"a test\"\n", server.URL))
	write(t, config, "[crawl]\nuser_agent = \"gongkai/test\"\ndelay = \"1ms\"\nallow_private_networks = true\n[seeds]\nbuiltin = false\nfiles = [\"p.toml\"]\n")
	stdout := mustRun(t, "crawl", "-config", config, "-log-level", "error")
	if !strings.Contains(stdout, "2 reports read, 1 parts missing") {
		t.Errorf("crawl: %s", stdout)
	}
	stdout = mustRun(t, "show", "510904/2023", "-config", config)
	for _, want := range []string{"attachment 1 年报（网页版）: " + server.URL + "/nb/whole.txt\n", ", read\n", "attachment 2 年报.doc: ", "cannot be read: ",
		"attachment 3 附件.pdf: http://other.gov.cn/x.pdf\n  not archived: off the site", "problem: part attachment 3", "problem: attachment attachment 2", "form "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("show:\n%s\nwant %s", stdout, want)
		}
	}
	stdout = mustRun(t, "status", "-config", config)
	for _, want := range []string{"reports by quality: 2 unread", "reports by form: 1 attachment", "1 off the site", "parts of reports that cannot be read:\n  2 "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("status:\n%s\nwant %s", stdout, want)
		}
	}
	mustRun(t, "export", "-config", config, "-out", filepath.Join(dir, "export"))
	attached := map[string]string{}
	for _, r := range readCSV(t, filepath.Join(dir, "export", "reports.csv")) {
		attached[r["year"]] = r["attachments"]
	}
	if attached["2023"] != "3" || attached["2022"] != "1" {
		t.Errorf("attachments by year: %v", attached)
	}
	if stdout = mustRun(t, "extract", "-all", "-diff", "-config", config); !strings.Contains(stdout, "2 pages read (0 for the first time, 0 came out otherwise") {
		t.Errorf("extract: %s", stdout)
	}
}

// TestExtractBringsKeysAlong: an archive in which an earlier extractor kept one agency under two keys, as pages call it
// 区统计局 and 衢江区统计局. Read again, all its years and revisions are under one, and an export has one series.
func TestExtractBringsKeysAlong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.toml")
	write(t, config, "[crawl]\nuser_agent = \"gongkai/test (+mail@example.org)\"\n[seeds]\nbuiltin = false\nfiles = [\"my-portals.toml\"]\n")
	write(t, filepath.Join(dir, "my-portals.toml"), "[[portal]]\nid = \"p\"\nagency = \"衢江区人民政府\"\ndivision = \"330803\"\nlevel = \"county\"\nstart = [\"http://www.a.gov.cn/nb/\"]\n")
	s, err := store.Open(filepath.Join(dir, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	add := func(hour int, address, name, note string, year int) {
		t.Helper()
		title := fmt.Sprintf("%s%d年政府信息公开工作年度报告", name, year)
		page := `<meta charset="utf-8"><title>` + title + `</title><h1>` + title + `</h1><div id="zoom"><p>一、总体情况</p><p>我局主动公开信息。</p><p>二、主动公开政府信息情况</p>` +
			`<table><tr><td>信息内容<td>本年制发件数<td>本年废止件数<td>现行有效件数</tr><tr><td>规章<td>0<td>0<td>0</tr><tr><td>行政规范性文件<td>1<td>0<td>2</tr></table>` +
			`<p>三、收到和处理政府信息公开申请情况</p><p>四、政府信息公开行政复议、行政诉讼情况</p><p>五、存在的主要问题及改进情况</p><p>六、其他需要报告的事项</p><p>无。</p></div>` + note
		c := store.Capture{URL: address, Time: time.Date(2022, 2, 1, hour, 0, 0, 0, time.UTC), Kind: store.KindReport, State: store.StateOK, Status: 200, Portal: "p",
			Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}}
		doc, err := extract.Parse([]byte(page), "text/html; charset=utf-8", &url.URL{Scheme: "http", Host: "www.a.gov.cn"})
		if err != nil {
			t.Fatal(err)
		}
		r, err := extract.ReadReport(doc, extract.Hints{Division: "330803"})
		if err != nil {
			t.Fatal(err)
		}
		r.Agency.Name, r.Agency.Key = name, extract.AgencyKey("330803-"+strings.TrimPrefix(name, "衢江区"))
		if err := s.AddCapture(&c, []byte(page), &store.Record{Report: r, Version: 1, Home: "330803"}); err != nil {
			t.Fatal(err)
		}
	}
	add(1, "http://www.a.gov.cn/1.html", "区统计局", "", 2020)
	add(2, "http://www.a.gov.cn/2.html", "衢江区统计局", "", 2021)
	add(3, "http://www.a.gov.cn/1.html", "区统计局", "<p>浏览次数：2</p>", 2020)
	add(4, "http://www.a.gov.cn/1.html", "衢江区统计局", "<p>浏览次数：3</p>", 2020) // as the page calls it since
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	agencies := func(out string, more ...string) string {
		t.Helper()
		mustRun(t, append([]string{"export", "-config", config, "-out", filepath.Join(dir, out)}, more...)...)
		var got []string
		for _, r := range readCSV(t, filepath.Join(dir, out, "reports.csv")) {
			got = append(got, r["agency_id"]+"/"+r["year"])
		}
		return strings.Join(got, " ")
	}
	before := agencies("before")
	stdout := mustRun(t, "extract", "-all", "-config", config)
	if !strings.Contains(stdout, "agency 2") {
		t.Errorf("extract: %s", stdout)
	}
	if after := agencies("after"); after != "330803-统计局/2020 330803-统计局/2021" || before == after {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	history := mustRun(t, "show", "330803-统计局/2020", "-history", "-config", config)
	if strings.Contains(history, "区统计局/") || strings.Count(history, store.ChangeCosmetic) != 1 || !strings.Contains(history, "nothing else happened to it") {
		t.Errorf("history:\n%s", history)
	}
	if _, _, code := gongkai(t, "show", "330803-区统计局/2020", "-config", config); code == exitDone {
		t.Error("the old key is still there")
	}
}

// TestExtractStops: once it is told to end, no page of the batch is read any more.
func TestExtractStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x := extraction{batch: make([]pageReading, 3)} // without an archive to read from
	if err := x.flush(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
