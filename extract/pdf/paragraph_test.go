package pdf_test

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A set is a column of lines, 30 characters wide from x = 50; a line that begins with one or more ">" is indented by
// that many characters, an empty one is a gap of a line, and "\f" begins the next page.
func set(lines ...string) []byte {
	var pages []string
	for page := range strings.SplitSeq(strings.Join(lines, "\n"), "\n\f\n") {
		content := ""
		for i, l := range strings.Split(page, "\n") {
			text := strings.TrimLeft(l, ">")
			x := 50 + 10*float64(len(l)-len(text))
			content += show(x, 760-18*float64(i), text)
		}
		pages = append(pages, content)
	}
	return document("", pages...)
}

// full is a line that fills the column: what is given, and what else fits.
func full(before, after string) string {
	n := utf8.RuneCountInString(before + after)
	return before + strings.Repeat("公开", 30)[:3*(30-n)] + after
}

// TestLineEnds: what belongs to one paragraph is joined, and nothing else. Each "|" of what is wanted ends a paragraph.
func TestLineEnds(t *testing.T) {
	body := full("", "")
	indented := full(">>", "")
	plain := strings.TrimLeft(indented, ">")
	// Three indented paragraphs show that the document has indents, three that begin at the margin that it has none.
	indents := []string{indented, body, "完。", indented, body, "完。", indented, body, "完。"}
	other := strings.ReplaceAll(body, "公开", "政务") // PDFium takes two lines of the same text for one that is printed twice
	none := []string{other, body, "完。", other, body, "完。", other, body, "完。"}
	for _, test := range []struct {
		about string
		ahead []string
		lines []string
		want  string
	}{
		{"a paragraph", indents, []string{indented, body, "末。"}, plain + body + "末。"},
		{"two paragraphs", indents, []string{indented, "末。", ">>又。"}, plain + "末。|又。"},
		{"a full last line", indents, []string{indented, full("", "。"), indented, "末。"}, plain + full("", "。") + "|" + plain + "末。"},
		{"a sentence ends with a line", indents, []string{full(">>", "。"), "又一句。"}, plain[:len(plain)-3] + "。又一句。"},
		{"a numbered line goes on", indents, []string{full(">>", "。"), "二是又一句。"}, plain[:len(plain)-3] + "。二是又一句。"},
		{"a heading at the margin", indents, []string{indented, full("", "。"), "二、主动公开政府信息情况", indented}, plain + full("", "。") + "|二、主动公开政府信息情况|" + plain},
		{"a heading of a full line", indents, []string{full("（二）", ""), indented, "末。"}, full("（二）", "") + "|" + plain + "末。"},
		{"list items", indents, []string{full(">>1.", ""), full(">>2.", ""), ">>3.末。"}, full(">>1.", "")[2:] + "|" + full(">>2.", "")[2:] + "|3.末。"},
		{"a signature and a date", indents, []string{indented, full("", "。"), ">>>>>>>>>>>>>>>>>>>>某某市人民政府办公室", ">>>>>>>>>>>>>>>>>>>>>2022年1月28日"},
			plain + full("", "。") + "|某某市人民政府办公室|2022年1月28日"},
		{"over a page", indents, []string{indented, body, "\f", "末。", indented, body, "末。"}, plain + body + "末。|" + plain + body + "末。"},
		{"over a page, not", indents, []string{indented, body, "\f", indented, "末。"}, plain + body + "|" + plain + "末。"},
		{"over a page with numbers", indents, []string{indented, body, ">>>>>>>>>>>>>>-1-", "\f", "末。", ">>>>>>>>>>>>>>-2-"}, plain + body + "末。"},

		{"a paragraph without indents", none, []string{other, body, "末。"}, other + body + "末。"},
		{"two paragraphs without indents", none, []string{other, "末。", body, "又。"}, other + "末。|" + body + "又。"},
		{"a full last line without indents", none, []string{full("", "。"), body, "又。"}, full("", "。") + "|" + body + "又。"},
		{"a list without indents", none, []string{full("1.", ""), full("2.", ""), "末。"}, full("1.", "") + "|" + full("2.", "") + "末。"},
		{"a heading without indents", none, []string{other, "三、收到和处理情况", body}, other + "|三、收到和处理情况|" + body},
		{"a gap without indents", none, []string{other, "", "又一段。"}, other + "|又一段。"},
		{"over a page without indents", none, []string{other, "\f", body, "末。"}, other + body + "末。"},

		{"a number that does not fit", indents, []string{indented[:len(indented)-9], "2020年末。"}, plain[:len(plain)-9] + "2020年末。"},
		{"an address that does not fit", indents, []string{indented[:len(indented)-24], "www.example.gov.cn末。"}, plain[:len(plain)-24] + "www.example.gov.cn末。"},
		{"a short line before a number", indents, []string{indented[:len(indented)-24], "2020年末。"}, plain[:len(plain)-24] + "|2020年末。"},

		{"words", indents, []string{full(">>", "open data"), "policy末。"}, full(">>", "open data")[2:] + " policy末。"},
		{"a word and a number", indents, []string{full(">>", "COVID"), "19 末。"}, full(">>", "COVID")[2:] + " 19 末。"},
		{"a number and a word", indents, []string{full(">>", "12"), "km末。"}, full(">>", "12")[2:] + " km末。"},
		{"a number", indents, []string{full(">>", "20"), "21年末。"}, full(">>", "20")[2:] + "21年末。"},
		{"words and a comma", indents, []string{full(">>", "data,"), "policy末。"}, full(">>", "data,")[2:] + " policy末。"},
		{"a word before Chinese", indents, []string{full(">>", "data"), "末。"}, full(">>", "data")[2:] + "末。"},
		{"Chinese before a word", indents, []string{full(">>", ""), "data末。"}, full(">>", "")[2:] + "data末。"},
		{"a broken word", indents, []string{full(">>", "infor-"), "mation末。"}, full(">>", "infor")[2:len(full(">>", "infor-"))-6] + "information末。"},
		{"a compound", indents, []string{full(">>", "COVID-"), "19末。"}, full(">>", "COVID-")[2:] + "19末。"},
		{"a name", indents, []string{full(">>", "Sino-"), "British末。"}, full(">>", "Sino-")[2:] + "British末。"},
		{"one letter", indents, []string{full(">>", "e-"), "mail末。"}, full(">>", "e-")[2:] + "mail末。"},
		{"a telephone", indents, []string{full(">>", "0570-"), "3832381末。"}, full(">>", "0570-")[2:] + "3832381末。"},
		{"an address", indents, []string{full(">>", "http://www.a.gov."), "cn/x末。"}, full(">>", "http://www.a.gov.")[2:] + "cn/x末。"},
	} {
		got := htmlOf(t, set(append(test.ahead[:len(test.ahead):len(test.ahead)], test.lines...)...))
		got = strings.NewReplacer("<p>", "", "</p>\n", "|").Replace(got)
		var ahead []string // three paragraphs
		for range 3 {
			ahead = append(ahead, strings.TrimLeft(test.ahead[0], ">")+body+"完。")
		}
		if want := strings.Join(ahead, "|") + "|" + test.want + "|"; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.about, strings.TrimPrefix(got, strings.Join(ahead, "|")), test.want)
		}
	}
}
