package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"gongkai/store"
)

var update = flag.Bool("update", false, "rewrite docs/codebook.md")

// TestCodebook holds docs/codebook.md to the codebook that an export writes: its words are those of the code.
func TestCodebook(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(filepath.Join(dir, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "export", "-archive", filepath.Join(dir, "archive"), "-out", filepath.Join(dir, "export"))
	want := codebookPage(readCSV(t, filepath.Join(dir, "export", "codebook.csv")))
	const file = "docs/codebook.md"
	if *update {
		write(t, file, want)
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the code says (%v); go test ./cmd/gongkai -run TestCodebook -update writes it", file, err)
	}
}

// codebookPage writes the rows of codebook.csv as a page: a section a file, then the statutory form.
func codebookPage(rows []map[string]string) string {
	var b strings.Builder
	b.WriteString("# Codebook 编码说明\n\nWritten by a test from what `gongkai export` writes: do not edit. `codebook.csv` in each export has the same rows.\n" +
		"[research.md](research.md) says how to use the files.\n\n" +
		"由测试根据 `gongkai export` 的输出生成，请勿手工修改。每次导出的 `codebook.csv` 内容与此相同。\n")
	file := ""
	for _, r := range rows {
		switch r["item"] {
		case "field":
			name, column, _ := strings.Cut(r["id"], ".")
			if name != file {
				file = name
				fmt.Fprintf(&b, "\n## %s\n\n| column | type | in English | 中文 |\n|---|---|---|---|\n", file)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", column, r["type"], cell(r["en"]), cell(r["zh"]))
		case "word":
			_, column, _ := strings.Cut(r["id"], ".")
			column, word, _ := strings.Cut(column, "=")
			fmt.Fprintf(&b, "| `%s` = `%s` | | %s | %s |\n", column, word, cell(r["en"]), cell(r["zh"]))
		case "table":
			if file != "" {
				file = ""
				b.WriteString("\n# The statutory form 统计表\n\nRows and columns of the tables, by the ids that `figures.table`, `figures.row` and `figures.column` have.\n" +
					"A column whose label changed with the form stands once for each label.\n")
			}
			fmt.Fprintf(&b, "\n## %s\n\n%s. %s. %s\n\n| | id | unit | in English | 中文 | forms |\n|---|---|---|---|---|---|\n", r["id"], r["en"], r["zh"], r["versions"])
		case "row", "column":
			_, id, _ := strings.Cut(r["id"], "/")
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", r["item"], id, r["unit"], cell(r["en"]), cell(r["zh"]), r["versions"])
		case "series":
			if file != "series" {
				file = "series"
				b.WriteString("\n# Series 可比指标\n\nThe columns of `panel`, each with the figures that it adds up, by form.\n\n" +
					"| series | comparability | in English | 中文 | figures, table/row/column |\n|---|---|---|---|---|\n")
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r["id"], r["comparability"], cell(r["en"]), cell(r["zh"]), cell(r["note"]))
		}
	}
	return b.String()
}

// cell is a text as a table of Markdown can hold it.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ").Replace(s)
}

var (
	mdLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdHeading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	mdFence   = regexp.MustCompile("(?ms)^```.*?^```")
)

// TestLinks: what our documents point to is there, headings included.
func TestLinks(t *testing.T) {
	var checked int
	for _, file := range documents(t) {
		for _, link := range mdLink.FindAllStringSubmatch(prose(t, file), -1) {
			if strings.Contains(link[1], "://") || strings.HasPrefix(link[1], "mailto:") {
				continue
			}
			checked++
			path, anchor, _ := strings.Cut(link[1], "#")
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), filepath.FromSlash(path))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s points to %s, which is not there", file, link[1])
			} else if anchor != "" && !slices.Contains(anchors(prose(t, target)), anchor) {
				t.Errorf("%s points to %s, where there is no such heading", file, link[1])
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d links to files were found", checked)
	}
}

// documents lists the Markdown files of the project, testdata of packages left out.
func documents(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "golden"):
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// prose is a document without its blocks of code.
func prose(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return mdFence.ReplaceAllString(string(text), "")
}

// anchors lists what headings can be linked to by, as forges make them.
func anchors(text string) (list []string) {
	for _, h := range mdHeading.FindAllStringSubmatch(text, -1) {
		list = append(list, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, h[1]))
	}
	return list
}

// TestReadmesAgree: the Chinese README has the commands of the English one, which TestReadme runs, in the same order.
func TestReadmesAgree(t *testing.T) {
	en, zh := readmeCommands(t, "../../README.md"), readmeCommands(t, "../../README.zh-CN.md")
	if !slices.Equal(en, zh) {
		t.Errorf("README.md has the commands\n%s\nREADME.zh-CN.md has\n%s", strings.Join(en, "\n"), strings.Join(zh, "\n"))
	}
}

// TestGuidesAgree: a guide in Chinese has the commands of the English one, in the same order, and its headings and
// tables.
func TestGuidesAgree(t *testing.T) {
	files, err := filepath.Glob("docs/*.zh-CN.md")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d guides in Chinese, %v", len(files), err)
	}
	for _, file := range files {
		original := strings.TrimSuffix(file, ".zh-CN.md") + ".md"
		if en, zh := readmeCommands(t, original), readmeCommands(t, file); !slices.Equal(en, zh) {
			t.Errorf("%s has the commands\n%s\n%s has\n%s", original, strings.Join(en, "\n"), file, strings.Join(zh, "\n"))
		}
		for _, mark := range []string{"\n## ", "\n| ", "\n1. ", "\n4. "} {
			if en, zh := strings.Count(prose(t, original), mark), strings.Count(prose(t, file), mark); en != zh {
				t.Errorf("%s has %q %d times, %s %d times", original, mark, en, file, zh)
			}
		}
	}
}

// TestGuides: every gongkai command that a guide shows is one of this version, with flags that it knows.
func TestGuides(t *testing.T) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d guides, %v", len(files), err)
	}
	for _, file := range append(files, "../../ARCHITECTURE.md", "../../CONTRIBUTING.md", "../../SECURITY.md") {
		for _, command := range readmeCommands(t, file) {
			args := append(strings.Fields(command), "-h")
			if stdout, stderr, code := gongkai(t, args...); code != exitDone || !strings.Contains(stdout, "Usage:") {
				t.Errorf("%s: gongkai %s: exit code %d, %s", file, command, code, stderr)
			}
		}
	}
}
