package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"gongkai/extract/markup"
	"gongkai/testdata"
)

// A livingPortal is a portal that changes as real ones do: its pages are revised, moved, withdrawn, put back.
type livingPortal struct {
	t      *testing.T
	url    string
	config string // of a crawl that knows it alone
	dir    string // of the configuration and the archive

	mu    sync.Mutex
	pages map[string]http.HandlerFunc
	rows  map[string]string // of the listing: title by path
}

// newLivingPortal serves one without any report.
func newLivingPortal(t *testing.T) *livingPortal {
	t.Helper()
	p := &livingPortal{t: t, dir: t.TempDir(), pages: map[string]http.HandlerFunc{}, rows: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(server.Close)
	p.url, p.config = server.URL, filepath.Join(p.dir, "config.toml")
	write(t, filepath.Join(p.dir, "my-portals.toml"), fmt.Sprintf(
		"[[portal]]\nid = \"anju\"\nagency = \"遂宁市安居区人民政府\"\ndivision = \"510904\"\nlevel = \"county\"\nstart = [%q]\n", p.url+"/list.html"))
	write(t, p.config, `
[crawl]
user_agent = "gongkai/test (+mail@example.org)"
delay = "1ms"
allow_private_networks = true
[seeds]
builtin = false
files = ["my-portals.toml"]
`)
	return p
}

func (p *livingPortal) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	page := p.pages[r.URL.Path]
	rows := maps.Clone(p.rows)
	p.mu.Unlock()
	switch {
	case page != nil:
		page(w, r)
	case r.URL.Path == "/list.html":
		fmt.Fprint(w, `<html><head><meta charset="utf-8"><title>政府信息公开年报</title></head><body><h1>政府信息公开年报</h1><ul>`)
		for _, path := range slices.Sorted(maps.Keys(rows)) {
			fmt.Fprintf(w, `<li><a href="%s">%s</a><span>2024-01-30</span></li>`, path, rows[path])
		}
		fmt.Fprint(w, `</ul></body></html>`)
	default:
		http.NotFound(w, r)
	}
}

// put serves a page; nil takes it away.
func (p *livingPortal) put(path string, page http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages[path] = page
}

// list puts a row into the listing; an empty title takes it away.
func (p *livingPortal) list(path, title string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows[path] = title; title == "" {
		delete(p.rows, path)
	}
}

// publish serves a report and lists it.
func (p *livingPortal) publish(path string, page string) {
	p.put(path, html(page))
	p.list(path, reportTitle.FindString(page))
}

var reportTitle = regexp.MustCompile(`遂宁市安居区人民政府\d{4}年政府信息公开工作年度报告`)

func html(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, text)
	}
}

// crawl looks at every page again, and says what came of it.
func (p *livingPortal) crawl() string {
	p.t.Helper()
	stdout, stderr, code := gongkai(p.t, "crawl", "-recheck", "-config", p.config, "-log-level", "error")
	if code != exitDone && code != exitPartial {
		p.t.Fatalf("crawl: exit code %d\n%s%s", code, stdout, stderr)
	}
	return stdout
}

// run runs a command on the portal's archive.
func (p *livingPortal) run(args ...string) string {
	p.t.Helper()
	return mustRun(p.t, append(args, "-config", p.config)...)
}

// anjuReport is the report of 安居区 on 2023, a real page, in UTF-8, with texts replaced in pairs.
func anjuReport(t *testing.T, replace ...string) string {
	t.Helper()
	f, err := testdata.Portals().Open("anju/report.http")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := http.ReadResponse(bufio.NewReader(f), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := markup.Decode(body, r.Header.Get("Content-Type"))
	text = bytes.ReplaceAll(text, []byte("gb2312"), []byte("utf-8"))
	for i := 0; i < len(replace); i += 2 {
		if !bytes.Contains(text, []byte(replace[i])) {
			t.Fatalf("the report has no %q", replace[i])
		}
	}
	return strings.NewReplacer(replace...).Replace(string(text))
}
