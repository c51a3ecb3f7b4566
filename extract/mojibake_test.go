package extract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"gongkai/extract"
	"gongkai/extract/markup"
)

// plainPage is a whole saved report as UTF-8, without a declaration of it.
func plainPage(t *testing.T) string {
	t.Helper()
	saved, err := os.ReadFile("../testdata/families/trs_classic/clean.http")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(saved, []byte("\r\n\r\n"))
	text, _ := markup.Decode(body, "")
	return strings.NewReplacer("gb2312", "utf-8", "GBK", "utf-8").Replace(string(text))
}

func readPage(t *testing.T, body []byte) *extract.Report {
	t.Helper()
	d, err := extract.Parse(body, "text/html", anywhere)
	if err != nil {
		t.Fatal(err)
	}
	r, err := extract.ReadReport(d, extract.Hints{Agency: "某某县人民政府", Division: "330803", LinkTitle: "某某县2021年政府信息公开工作年度报告"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// latin1 takes bytes for windows-1252, as browsers take Latin-1, and writes them as UTF-8. The five bytes that
// windows-1252 has no character for become controls.
func latin1(text []byte) []byte {
	var b strings.Builder
	for _, c := range text {
		r := charmap.Windows1252.DecodeByte(c)
		if r == '\uFFFD' {
			r = rune(c)
		}
		b.WriteRune(r)
	}
	return []byte(b.String())
}

// TestEncodedTwice: what was encoded over again is undone where nothing was lost, and then all is read as it was.
func TestEncodedTwice(t *testing.T) {
	page := plainPage(t)
	want := readPage(t, []byte(page))
	if len(want.Figures) < 150 || want.Quality == extract.QualityUnread {
		t.Fatalf("the page itself: %d figures, %s", len(want.Figures), want.Quality)
	}
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	hz := must(simplifiedchinese.HZGB2312.NewEncoder().String(strings.Map(func(r rune) rune {
		if _, err := simplifiedchinese.HZGB2312.NewEncoder().String(string(r)); err != nil {
			return -1
		}
		return r
	}, page)))
	article := strings.LastIndex(page[:strings.Index(page, "总体情况")], "<")
	for name, body := range map[string][]byte{
		"as it is":                    []byte(page),
		"utf-8 as latin":              latin1([]byte(page)),
		"utf-8 as latin, three times": latin1(latin1([]byte(page))),
		"utf-8 as latin, with a BOM":  append([]byte("\xef\xbb\xbf"), latin1([]byte("\ufeff"+page))...),
		"the article alone":           append([]byte(page[:article]), latin1([]byte(page[article:]))...),
		"gbk as latin":                latin1(gbk),
		"hz":                          []byte(hz),
	} {
		r := readPage(t, body)
		undone := name != "as it is"
		if (r.Encoding.Undone != "") != undone || problemOf(r, "encoding", "encoded twice") != undone {
			t.Errorf("%s: undone %q, %+v", name, r.Encoding.Undone, r.Problems)
		}
		if figuresOf(r) != figuresOf(want) {
			t.Errorf("%s: other figures: %d, want %d", name, len(r.Figures), len(want.Figures))
		}
		if r.Title != want.Title || r.Agency.Key != want.Agency.Key || r.Year != want.Year || len(r.Sections) != len(want.Sections) {
			t.Errorf("%s: %q, %s, %d, %d sections; want %q, %s, %d", name, r.Title, r.Agency.Key, r.Year, len(r.Sections), want.Title, want.Agency.Key, len(want.Sections))
		}
	}
}

func figuresOf(r *extract.Report) string {
	var b strings.Builder
	for _, f := range r.Figures {
		fmt.Fprintln(&b, f.Table, f.Row, f.Column, f.Value, f.Blank, f.Unit)
	}
	return b.String()
}

// TestNotUndone: texts that are as they should be stay, to the byte, and so do those of which something was lost.
func TestNotUndone(t *testing.T) {
	page := plainPage(t)
	broken := strings.ReplaceAll(string(latin1([]byte(page))), "\u201d", "?")
	gbkAsUTF8, err := simplifiedchinese.GB18030.NewDecoder().String(page) // an odd byte is lost at the end of each run
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a page":           page,
		"european":         strings.Repeat("Größe, naïve, Ærøskøbing, señor, façade, «guillemets» — ©®°±²³·¼½ ", 40),
		"signs":            strings.Repeat("· × ÷ ° § ± · ", 60) + "某某县2021年政府信息公开工作年度报告",
		"rare characters":  strings.Repeat("龘靐齉齾爩鱻麤龗灪吁", 10),
		"japanese":         strings.Repeat("情報公開の年次報告書について、ご覧ください。", 10),
		"tildes":           "~{ no text ~} ~~ " + strings.Repeat("plain ", 50),
		"with lost bytes":  broken,
		"GBK from nowhere": gbkAsUTF8,
	} {
		got, enc := markup.Decode([]byte(text), "text/html; charset=utf-8")
		if enc.Undone != "" || string(got) != text {
			t.Errorf("%s: undone %q", name, enc.Undone)
		}
	}
}

// TestMojibakeIsUnread: where nothing can be undone there are no statutory figures, and the report is unread, whatever
// numbers are found.
func TestMojibakeIsUnread(t *testing.T) {
	page := plainPage(t)
	for name, body := range map[string]string{
		"with lost bytes": strings.ReplaceAll(string(latin1([]byte(page))), "\u00e6", "?"),
		"gbk as utf-8":    strings.ToValidUTF8(must(simplifiedchinese.GB18030.NewEncoder().String(page)), "\uFFFD"),
	} {
		if r := readPage(t, []byte(body)); r.Quality != extract.QualityUnread {
			t.Errorf("%s: %s with %d figures", name, r.Quality, len(r.Figures))
		}
	}
}

func must[T any](b T, err error) T {
	if err != nil {
		panic(err)
	}
	return b
}

// TestRadicals: a page whose characters are those of dictionaries' radicals is read as one of ordinary characters.
func TestRadicals(t *testing.T) {
	page := plainPage(t)
	want := readPage(t, []byte(page))
	signs := strings.NewReplacer("文", "\u2f42", "行", "\u2f8f", "金", "\u2fa6", "一", "\u2f00", "二", "\u2f06", "工", "\u2f2f", "人", "\u2f08",
		"力", "\u2f12", "大", "\u2f24", "小", "\u2f29", "日", "\u2f47", "月", "\u2f49", "民", "\u2ea0", "长", "\u2ed3", "门", "\u2ed4", "自", "\u2f83", "示", "\u2f70",
		"立", "\u2f74", "言", "\u2f94", "里", "\u2fa5", "見", "\u2f92", "见", "\u2ec5", "业", "业", "又", "\u2f1c", "方", "\u2f45", "生", "\u2f63", "用", "\u2f64",
		"年", "\uf98e", "不", "\uf967", "理", "\uf9e4", "度", "\ufa01", "里", "\uf9e9", "例", "\uf9b5", "率", "\uf961", "更", "\uf901", "冬", "\U0002f81a")
	r := readPage(t, []byte(signs.Replace(page)))
	if a, b := figuresOf(r), figuresOf(want); a != b {
		t.Errorf("%d figures, want %d", len(r.Figures), len(want.Figures))
	}
	if r.Title != want.Title || r.Agency.Key != want.Agency.Key || r.Agency.Name != want.Agency.Name || r.Published != want.Published || r.Quality != want.Quality {
		t.Errorf("got %q, %+v, %s, %s: %+v", r.Title, r.Agency, r.Published, r.Quality, r.Problems)
	}
	for i := range want.Sections {
		if i >= len(r.Sections) || r.Sections[i] != want.Sections[i] {
			t.Errorf("section %d differs", i)
		}
	}
	a, _ := json.Marshal(r.Fields)
	b, _ := json.Marshal(want.Fields)
	if !bytes.Equal(a, b) {
		t.Errorf("fields %s, want %s", a, b)
	}
}
