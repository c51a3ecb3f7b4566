package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows holds which of our packages may import which. A shortcut fails here instead of starting an argument.
var arrows = map[string][]string{
	"gongkai/extract":                 {"gongkai/extract/division", "gongkai/extract/docx", "gongkai/extract/filetype", "gongkai/extract/form", "gongkai/extract/markup", "gongkai/extract/pdf", "gongkai/extract/text"},
	"gongkai/extract/coding":          {"gongkai/extract/filetype"},
	"gongkai/extract/division":        {"gongkai/extract/text"},
	"gongkai/extract/docx":            {},
	"gongkai/extract/filetype":        {},
	"gongkai/extract/form":            {"gongkai/extract/markup", "gongkai/extract/text"},
	"gongkai/extract/markup":          {"gongkai/extract/text"},
	"gongkai/extract/pdf":             {"gongkai/extract/text"},
	"gongkai/extract/text":            {},
	"gongkai/store/atomicfile":        {},
	"gongkai/seeds":                   {"gongkai/extract", "gongkai/extract/division", "gongkai/store/atomicfile"},
	"gongkai/store":                   {"gongkai/extract", "gongkai/extract/form", "gongkai/extract/markup", "gongkai/store/atomicfile", "gongkai/store/internal/boltfile", "gongkai/store/internal/item"},
	"gongkai/store/internal/badfile":  {},
	"gongkai/store/internal/boltfile": {},
	"gongkai/store/internal/item":     {},
	"gongkai/store/frontier":          {"gongkai/store/internal/boltfile"},
	"gongkai/store/export":            {"gongkai/extract", "gongkai/extract/division", "gongkai/extract/form", "gongkai/store/atomicfile", "gongkai/store"},
	"gongkai/store/history":           {"gongkai/extract", "gongkai/extract/form", "gongkai/store"},
	"gongkai/store/reading":           {"gongkai/extract", "gongkai/extract/filetype", "gongkai/extract/form", "gongkai/extract/markup", "gongkai/store"},
	"gongkai/store/warc":              {"gongkai/store/atomicfile", "gongkai/store"},
	"gongkai/crawler":                 {"gongkai/crawler/discover", "gongkai/crawler/fetch", "gongkai/crawler/outage", "gongkai/crawler/pace", "gongkai/crawler/portal", "gongkai/crawler/robots", "gongkai/crawler/visit", "gongkai/crawler/weburl", "gongkai/extract", "gongkai/extract/coding", "gongkai/extract/division", "gongkai/extract/filetype", "gongkai/extract/markup", "gongkai/seeds", "gongkai/store", "gongkai/store/frontier", "gongkai/store/reading"},
	"gongkai/crawler/collection":      {"gongkai/crawler/discover", "gongkai/crawler/fetch", "gongkai/crawler/portal", "gongkai/crawler/visit", "gongkai/crawler/weburl", "gongkai/extract", "gongkai/extract/markup", "gongkai/seeds", "gongkai/store", "gongkai/store/reading", "gongkai/store/warc"},
	"gongkai/crawler/coverage":        {"gongkai/extract", "gongkai/extract/division", "gongkai/seeds", "gongkai/store"},
	"gongkai/crawler/discover":        {"gongkai/crawler/portal", "gongkai/crawler/weburl", "gongkai/extract", "gongkai/extract/division", "gongkai/extract/text", "gongkai/seeds"},
	"gongkai/crawler/fetch":           {"gongkai/extract/coding", "gongkai/extract/filetype", "gongkai/seeds"},
	"gongkai/crawler/outage":          {},
	"gongkai/crawler/pace":            {"gongkai/store/frontier"},
	"gongkai/crawler/portal":          {"gongkai/crawler/weburl", "gongkai/extract", "gongkai/extract/markup", "gongkai/seeds"},
	"gongkai/crawler/robots":          {},
	"gongkai/crawler/replica":         {},
	"gongkai/crawler/visit":           {"gongkai/crawler/fetch", "gongkai/crawler/pace", "gongkai/crawler/portal", "gongkai/crawler/weburl", "gongkai/extract/coding", "gongkai/extract/markup", "gongkai/seeds", "gongkai/store", "gongkai/store/reading"},
	"gongkai/crawler/weburl":          {},
	"gongkai/crawler/runreport":       {"gongkai/crawler", "gongkai/crawler/coverage", "gongkai/store/atomicfile", "gongkai/seeds", "gongkai/store", "gongkai/store/frontier", "gongkai/store/history"},
	"gongkai/testdata":                {},
	"gongkai/cmd/gongkai/config":      {"gongkai/crawler", "gongkai/crawler/pace", "gongkai/seeds", "gongkai/store/export", "gongkai/store/reading"},
	"gongkai/cmd/gongkai/disk":        {},
	"gongkai/cmd/gongkai/metrics":     {"gongkai/crawler", "gongkai/crawler/runreport"},
	"gongkai/cmd/gongkai/term":        {"gongkai/crawler", "gongkai/store"},
	"gongkai/cmd/gongkai/view":        {"gongkai/cmd/gongkai/term", "gongkai/crawler", "gongkai/crawler/coverage", "gongkai/crawler/runreport", "gongkai/extract", "gongkai/extract/form", "gongkai/store", "gongkai/store/export", "gongkai/store/history"},
	"gongkai/cmd/gongkai": {"gongkai/cmd/gongkai/config", "gongkai/cmd/gongkai/disk", "gongkai/cmd/gongkai/metrics", "gongkai/cmd/gongkai/term", "gongkai/cmd/gongkai/view", "gongkai/crawler", "gongkai/crawler/collection", "gongkai/crawler/coverage", "gongkai/crawler/fetch", "gongkai/crawler/pace",
		"gongkai/crawler/replica", "gongkai/crawler/runreport", "gongkai/extract", "gongkai/extract/division", "gongkai/extract/form", "gongkai/extract/pdf", "gongkai/store/atomicfile", "gongkai/seeds", "gongkai/store",
		"gongkai/store/export", "gongkai/store/frontier", "gongkai/store/history", "gongkai/store/reading", "gongkai/store/warc", "gongkai/testdata"},
}

// homes holds the one package, with its sub-packages, that a library lives in.
var homes = map[string]string{
	"github.com/gocolly/colly/v2":         "gongkai/crawler",
	"github.com/PuerkitoBio/goquery":      "gongkai/extract",
	"github.com/nlnwa/whatwg-url":         "gongkai/extract",
	"github.com/tdewolff/parse/v2":        "gongkai/extract",
	"golang.org/x/net/html":               "gongkai/extract",
	"go.etcd.io/bbolt":                    "gongkai/store",
	"github.com/jimsmart/grobotstxt":      "gongkai/crawler/robots",
	"github.com/parquet-go/parquet-go":    "gongkai/store/export",
	"github.com/xuri/excelize/v2":         "gongkai/store/export",
	"modernc.org/sqlite":                  "gongkai/store/export",
	"github.com/spf13/cobra":              "gongkai/cmd/gongkai",
	"github.com/jedib0t/go-pretty/v6":     "gongkai/cmd/gongkai",
	"github.com/prometheus/client_golang": "gongkai/cmd/gongkai",
	"github.com/robfig/cron/v3":           "gongkai/cmd/gongkai",
}

func TestArrows(t *testing.T) {
	for _, l := range listPackages(t, "{{.ImportPath}} {{join .Imports \" \"}}") {
		imports := strings.Fields(l)
		pkg := imports[0]
		allowed, known := arrows[pkg]
		if !known {
			t.Errorf("%s: add it to arrows, with what it may import", pkg)
		}
		for _, imported := range imports[1:] {
			if strings.HasPrefix(imported, "gongkai/") && !slices.Contains(allowed, imported) {
				t.Errorf("%s must not import %s", pkg, imported)
			}
			for library, home := range homes {
				if (imported == library || strings.HasPrefix(imported, library+"/")) && pkg != home && !strings.HasPrefix(pkg, home+"/") {
					t.Errorf("%s imports %s, which lives in %s only", pkg, imported, home)
				}
			}
		}
	}
}

// TestCollyInOneFile keeps Colly replaceable in an afternoon.
func TestCollyInOneFile(t *testing.T) {
	var files []string
	for _, l := range listPackages(t, "{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}\n{{end}}") {
		source, err := os.ReadFile(l)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), `"github.com/gocolly/colly`) {
			files = append(files, l)
		}
	}
	if len(files) != 1 || !strings.HasSuffix(files[0], "/crawler/fetch/fetch.go") {
		t.Errorf("Colly is imported by %v, want crawler/fetch/fetch.go alone", files)
	}
}

// listPackages lists the module's packages, testdata included, a line each as the template says.
func listPackages(t *testing.T, template string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", template, "gongkai/...", "gongkai/testdata").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}
