package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestEvilTitle: what a page calls itself reaches no terminal as more than signs, by no command, and programs exactly.
func TestEvilTitle(t *testing.T) {
	t.Parallel()
	p := newLivingPortal(t)
	const evil = "\u202e\u009b2J\u2066"
	page := anjuReport(t, "安居区人民政府2023年", "安居区人民政府"+evil+"2023年", "14285", "14285\u009b", "王喆", "王\x1b]0;owned\x07喆")
	p.put("/2023.html", html(page))
	p.list("/2023.html", "遂宁市安居区人民政府2023年政府信息公开工作年度报告"+evil)
	p.put("/2022\u202e.html", html(anjuReport(t, "2023年", "2022年")))
	p.list("/2022\u202e.html", "遂宁市安居区人民政府2022年政府信息公开工作年度报告"+evil)
	p.list("/2021\u009b.html", "遂宁市安居区人民政府2021年政府信息公开工作年度报告"+evil)
	check := func(what, text string) {
		t.Helper()
		for i, r := range text {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
				t.Errorf("%s prints %U: %q", what, r, text[max(0, i-40):min(len(text), i+40)])
				return
			}
		}
	}
	p.crawl()
	edited := strings.Replace(page, "14285", "14999", 1)
	p.put("/2023.html", html(edited))
	stdout, stderr, _ := gongkai(t, "crawl", "-full", "-config", p.config)
	check("crawl", stdout+stderr)
	signs := 0
	for _, command := range []string{"show 510904/2023", "show 510904/2023 -history", "show 510904/2022", "status", "report", "coverage -division 510904", "extract -all -diff",
		"why " + p.url + "/2023.html", "why " + p.url + "/2021%C2%9B.html", "verify"} {
		stdout, stderr, code := gongkai(t, append(strings.Fields(command), "-config", p.config)...)
		if code != exitDone && code != exitPartial {
			t.Errorf("%s: exit code %d, %s", command, code, stderr)
		}
		check(command, stdout+stderr)
		signs += strings.Count(stdout+stderr, "\ufffd")
	}
	if signs == 0 {
		t.Error("nothing evil was printed: this test tests nothing")
	}
	files, err := filepath.Glob(filepath.Join(p.dir, "reports", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Error("no reports", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		check(file, string(text))
	}
	var shown struct{ Report struct{ Title string } }
	if err := json.Unmarshal([]byte(p.run("show", "510904/2023", "-json")), &shown); err != nil || !strings.Contains(shown.Report.Title, "\u202e") {
		t.Errorf("programs get the title %q, %v", shown.Report.Title, err)
	}
	for _, command := range []string{"show 510904/2023 -json", "status -json", "report -json", "extract -all -json -diff"} {
		check(command, p.run(strings.Fields(command)...))
	}
	if raw := p.run("show", "510904/2023", "-raw"); raw != edited {
		t.Error("the page comes out otherwise than it was served")
	}
}

// TestOneWayOut: what commands print goes through the writers of package term, and nowhere past them.
func TestOneWayOut(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	past := regexp.MustCompile(`os\.Std(out|err)\b|json\.NewEncoder\(\w+\.std(out|err)\)|fmt\.Print`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "main.go" {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := past.Find(source); found != nil {
			t.Errorf("%s has %s: text goes to e.stdout and e.stderr, JSON to e.newEncoder(), what is exact to e.exact()", file, found)
		}
	}
}
