package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which of our packages import which, without "gongkai/". A shortcut fails here instead of starting an argument.
const arrows = `
extract                 -> extract/division extract/docx extract/filetype extract/form extract/markup
                           extract/pdf extract/text
extract/coding          -> extract/filetype
extract/division        -> extract/text
extract/docx            -> nothing
extract/filetype        -> nothing
extract/form            -> extract/markup extract/text
extract/markup          -> extract/text
extract/pdf             -> extract/text
extract/text            -> nothing
store/atomicfile        -> nothing
seeds                   -> extract extract/division store/atomicfile
store                   -> extract extract/form extract/markup store/atomicfile store/internal/boltfile
                           store/internal/item
store/internal/badfile  -> nothing
store/internal/boltfile -> nothing
store/internal/item     -> nothing
store/frontier          -> store/internal/boltfile
store/export            -> extract extract/division extract/form store store/atomicfile
store/history           -> extract extract/form store
store/reading           -> extract extract/filetype extract/form extract/markup store
store/storetest         -> extract extract/form store
store/warc              -> store store/atomicfile
crawler                 -> crawler/discover crawler/fetch crawler/outage crawler/pace crawler/portal
                           crawler/robots crawler/visit crawler/weburl extract extract/coding extract/division
                           extract/filetype extract/markup seeds store store/frontier store/reading
crawler/collection      -> crawler/discover crawler/fetch crawler/portal crawler/visit crawler/weburl extract
                           extract/markup seeds store store/reading store/warc
crawler/coverage        -> extract extract/division seeds store
crawler/crawltest       -> crawler crawler/replica seeds store/storetest testdata
crawler/discover        -> crawler/portal crawler/weburl extract extract/division extract/text seeds
crawler/fetch           -> extract/coding extract/filetype seeds
crawler/outage          -> nothing
crawler/pace            -> store/frontier
crawler/portal          -> crawler/weburl extract extract/markup seeds
crawler/robots          -> nothing
crawler/replica         -> nothing
crawler/visit           -> crawler/fetch crawler/pace crawler/portal crawler/weburl extract/coding
                           extract/markup seeds store store/reading
crawler/weburl          -> nothing
crawler/runreport       -> crawler crawler/coverage seeds store store/atomicfile store/frontier store/history
testdata                -> nothing
cmd/gongkai/config      -> crawler crawler/pace seeds store/export store/reading
cmd/gongkai/disk        -> nothing
cmd/gongkai/metrics     -> crawler crawler/runreport
cmd/gongkai/term        -> crawler store
cmd/gongkai/view        -> cmd/gongkai/term crawler crawler/coverage crawler/runreport extract extract/form
                           store store/export store/history
cmd/gongkai             -> cmd/gongkai/config cmd/gongkai/disk cmd/gongkai/metrics cmd/gongkai/term
                           cmd/gongkai/view crawler crawler/collection crawler/coverage crawler/fetch
                           crawler/pace crawler/replica crawler/runreport extract extract/division
                           extract/form extract/pdf seeds store store/atomicfile store/export store/frontier
                           store/history store/reading store/warc testdata
`

// homes holds the one package, with its sub-packages, that a library lives in.
var homes = map[string]string{
	"github.com/gocolly/colly/v2":         "crawler",
	"github.com/PuerkitoBio/goquery":      "extract",
	"github.com/nlnwa/whatwg-url":         "extract",
	"github.com/tdewolff/parse/v2":        "extract",
	"golang.org/x/net/html":               "extract",
	"go.etcd.io/bbolt":                    "store",
	"github.com/jimsmart/grobotstxt":      "crawler/robots",
	"github.com/parquet-go/parquet-go":    "store/export",
	"github.com/xuri/excelize/v2":         "store/export",
	"modernc.org/sqlite":                  "store/export",
	"github.com/spf13/cobra":              "cmd/gongkai",
	"github.com/jedib0t/go-pretty/v6":     "cmd/gongkai",
	"github.com/prometheus/client_golang": "cmd/gongkai",
	"github.com/robfig/cron/v3":           "cmd/gongkai",
}

// readArrows reads arrows: what each package imports of ours.
func readArrows() map[string][]string {
	read := make(map[string][]string)
	pkg := ""
	for line := range strings.Lines(arrows) {
		words := strings.Fields(line)
		if len(words) > 1 && words[1] == "->" {
			pkg, words = words[0], words[2:]
			read[pkg] = []string{}
		}
		if !slices.Equal(words, []string{"nothing"}) {
			read[pkg] = append(read[pkg], words...)
		}
	}
	return read
}

func TestArrows(t *testing.T) {
	arrows := readArrows()
	for _, l := range listPackages(t, "{{.ImportPath}} {{join .Imports \" \"}}") {
		imports := strings.Fields(l)
		pkg := strings.TrimPrefix(imports[0], "gongkai/")
		allowed, known := arrows[pkg]
		if !known {
			t.Errorf("%s: add it to arrows, with what it imports", pkg)
		}
		for _, imported := range imports[1:] {
			ours, is := strings.CutPrefix(imported, "gongkai/")
			if is && !slices.Contains(allowed, ours) {
				t.Errorf("%s must not import %s", pkg, ours)
			}
			for library, home := range homes {
				if (imported == library || strings.HasPrefix(imported, library+"/")) && pkg != home && !strings.HasPrefix(pkg, home+"/") {
					t.Errorf("%s imports %s, which lives in %s only", pkg, imported, home)
				}
			}
		}
		for _, arrow := range allowed {
			if !slices.Contains(imports[1:], "gongkai/"+arrow) {
				t.Errorf("%s does not import %s any more: take the arrow away", pkg, arrow)
			}
		}
		delete(arrows, pkg)
	}
	for pkg := range arrows {
		if pkg != "" {
			t.Errorf("there is no package %s any more", pkg)
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
