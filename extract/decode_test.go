package extract_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"gongkai/extract/markup"
)

// An encodedSample is a text in some encoding with some declaration, and what it should be read as.
type encodedSample struct {
	text, contentType, encoding, declaration string
	body                                     []byte
}

// encodedSamples makes samples from the sample reports: simplified and traditional, from six characters to a whole
// report, in every encoding that can hold them, declared rightly, wrongly, late, or not at all.
func encodedSamples(t testing.TB) []encodedSample {
	t.Helper()
	var samples []encodedSample
	for _, portal := range portals {
		whole, err := os.ReadFile(filepath.Join("..", "testdata", "texts", portal+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range excerpts(string(whole)) {
			for name, enc := range map[string]encoding.Encoding{
				"utf-8": encoding.Nop, "gb18030": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GBK, "big5": traditionalchinese.Big5,
			} {
				for _, declared := range []string{"", "right", "gb2312", "utf-8", "iso-8859-1"} {
					if declared == "right" {
						declared = name
					}
					for _, late := range []string{"header", "meta", "late meta"} {
						if s, ok := encode(text, name, enc, declared, late); ok {
							samples = append(samples, s)
						}
					}
				}
			}
		}
	}
	return samples
}

// excerpts cuts a text: the whole, its paragraphs, and short pieces.
func excerpts(whole string) []string {
	list := []string{whole}
	for i, line := range strings.Split(whole, "\n") {
		runes := []rune(strings.TrimSpace(line))
		switch {
		case len(runes) >= 60 && i%3 == 0:
			list = append(list, string(runes), string(runes[:20]))
		case len(runes) >= 6 && len(runes) < 40 && i%11 == 0:
			list = append(list, string(runes))
		}
	}
	return list
}

func encode(text, name string, enc encoding.Encoding, declared, where string) (encodedSample, bool) {
	s := encodedSample{encoding: name, declaration: where + " " + declared}
	page := "<html><head>"
	switch {
	case declared == "":
		if where != "header" {
			return s, false // no declaration is no declaration wherever
		}
	case where == "header":
		s.contentType = "text/html; charset=" + declared
	case where == "meta":
		page += `<meta http-equiv="Content-Type" content="text/html; charset=` + declared + `">`
	default:
		page += "<script>" + strings.Repeat("var x = 1;\n", 200) + `</script><meta charset="` + declared + `">`
	}
	s.text = page + "</head><body>" + text + "</body></html>"
	body, err := enc.NewEncoder().String(s.text)
	s.body = []byte(body)
	return s, err == nil
}

// TestDecode reads every sample right but a few very short ones, whatever is declared.
func TestDecode(t *testing.T) {
	samples := encodedSamples(t)
	wrong := 0
	for _, s := range samples {
		text, enc := markup.Decode(s.body, s.contentType)
		if string(text) != s.text {
			wrong++
			if utf8.RuneCountInString(s.text) > 1200 || wrong < 4 {
				t.Logf("%s with %s read as %s (%s): %.60q", s.encoding, s.declaration, enc.Name, enc.Evidence, s.text[strings.Index(s.text, "<body>"):])
			}
		}
	}
	t.Logf("%d of %d samples wrong", wrong, len(samples))
	if wrong*1000 > len(samples) {
		t.Errorf("%d of %d samples wrong, want at most one in a thousand", wrong, len(samples))
	}
}

// TestDecodeEvidence holds what is told of the reading.
func TestDecodeEvidence(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("<p>政府信息公开工作年度报告，本年度收到申请。</p>")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, body, contentType string
		want                    markup.Encoding
	}{
		{"bom", "\xef\xbb\xbf公开", "text/html; charset=gbk", markup.Encoding{Name: "utf-8", Evidence: "bom", Declared: "gbk"}},
		{"utf-16", "\xff\xfe\x6c\x51\x00\x5f", "", markup.Encoding{Name: "utf-16le", Evidence: "bom"}},
		{"valid", "公开", "", markup.Encoding{Name: "utf-8", Evidence: "valid"}},
		{"lying header", gbk, "text/html; charset=utf-8", markup.Encoding{Name: "gb18030", Evidence: "statistics", Declared: "utf-8"}},
		{"gb2312 means gb18030", gbk, "text/html;charset=GB2312", markup.Encoding{Name: "gb18030", Evidence: "declared", Declared: "gb2312"}},
		{"one byte lost", "政府信息公开工作年度报告\xe5\xb9，本年度收到申请若干件", "", markup.Encoding{Name: "utf-8", Evidence: "statistics", Replaced: 1}},
		{"empty", "", "", markup.Encoding{Name: "utf-8", Evidence: "valid"}},
	} {
		if _, got := markup.Decode([]byte(test.body), test.contentType); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// BenchmarkDecode and BenchmarkDetermineEncoding read the same samples; wrong/op is the share read wrong.
func BenchmarkDecode(b *testing.B) {
	benchmarkDecoder(b, func(s encodedSample) string {
		text, _ := markup.Decode(s.body, s.contentType)
		return string(text)
	})
}

func BenchmarkDetermineEncoding(b *testing.B) {
	benchmarkDecoder(b, func(s encodedSample) string {
		e, _, _ := charset.DetermineEncoding(s.body, s.contentType)
		text, err := e.NewDecoder().Bytes(s.body)
		if err != nil {
			return ""
		}
		return string(text)
	})
}

func benchmarkDecoder(b *testing.B, decode func(encodedSample) string) {
	samples := encodedSamples(b)
	size, wrong := 0, 0
	for _, s := range samples {
		size += len(s.body)
		if decode(s) != s.text {
			wrong++
		}
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, s := range samples {
			decode(s)
		}
	}
	b.ReportMetric(100*float64(wrong)/float64(len(samples)), "%wrong")
}

// FuzzDecode wants valid UTF-8 of whatever bytes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("公开"), "text/html; charset=gbk")
	f.Add([]byte("\xfe\xff\x00"), "")
	f.Add([]byte("\xb9\xab\xbf\xaa<meta charset=big5>"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		if text, enc := markup.Decode(body, contentType); !utf8.Valid(text) || enc.Name == "" {
			t.Errorf("%q read as %s is not UTF-8", body, enc.Name)
		}
	})
}
