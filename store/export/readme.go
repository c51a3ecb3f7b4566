package export

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"text/template"
)

const readmeName = "README.md"

//go:embed readme.md.tmpl
var readmeText string

// readme is what a data package says of itself to a person: it has snippets for the formats that are there.
func (p *dataPackage) readme() []byte {
	var b bytes.Buffer
	t := template.Must(template.New(readmeName).Delims("[[", "]]").Parse(readmeText))
	err := t.Execute(&b, struct {
		Summary
		Tool, At, Filters string
		Has               map[string]bool
		Tables            []tableInfo
		Cuts              []string
	}{p.sum, p.options.Tool, stamp(p.sum.Time), p.options.filterText(), p.has(), p.tables(), p.cuts})
	if err != nil {
		panic("export: " + err.Error()) // unreachable: the template and what it is given are ours, and tested
	}
	return b.Bytes()
}

func (p *dataPackage) has() map[string]bool {
	has := map[string]bool{}
	for _, f := range p.options.formats() {
		has[f] = true
	}
	return has
}

type tableInfo struct{ Name, EN, ZH string }

func (p *dataPackage) tables() (list []tableInfo) {
	for _, s := range p.sheets {
		t := s.shape()
		list = append(list, tableInfo{t.name, t.en, t.zh})
	}
	return list
}

func (f *file) readmeResource() dataResource {
	_ = f.close() // what went wrong is remembered
	return dataResource{Name: "readme", Path: f.name, Title: "说明 Read me", Description: "What the files are, how to load them, how to cite them.",
		Format: "md", MediaType: "text/markdown", Encoding: "utf-8", Bytes: f.bytes, Hash: f.digest()}
}

// about is what a file that holds everything says of itself.
func (p *dataPackage) about() [][2]string {
	lines := [][2]string{
		{"title", packageTitle},
		{"as_of", p.sum.Moment().String()},
		{"as_of_capture", strconv.FormatUint(p.sum.AsOf, 10)},
		{"as_of_time", stamp(p.sum.Time)},
		{"commit", p.sum.Commit},
		{"software", p.options.Tool},
		{"filters", p.options.filterText()},
		{"about", aboutPackage},
	}
	return slices.DeleteFunc(lines, func(l [2]string) bool { return l[1] == "" })
}

// filterText says what was left out, as the command line would: "-division 330000 -year 2019-2023".
func (o *Options) filterText() string {
	var b bytes.Buffer
	for _, f := range [][2]string{{"agency", string(o.Agency)}, {"division", o.Division}, {"level", o.Level}, {"year", o.Years.String()}} {
		if f[1] != "" {
			fmt.Fprintf(&b, " -%s %s", f[0], f[1])
		}
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// String writes years as the command line has them: "2021", "2019-2023", "-2023"; "" when both ends are open.
func (y Years) String() string {
	end := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	switch {
	case y == Years{}:
		return ""
	case y.From == y.To:
		return end(y.From)
	}
	return end(y.From) + "-" + end(y.To)
}
