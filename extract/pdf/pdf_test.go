package pdf_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gongkai/extract/pdf"
)

// htmlOf reads a document and returns what stands in its body.
func htmlOf(t *testing.T, body []byte) string {
	t.Helper()
	page, err := reader().HTML(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "<body>\n")
	text, _, _ = strings.Cut(text, "</body>")
	return text
}

// sample is a table of two by three with two merged cells, between two lines. y is where it stands.
func sample(y float64) string {
	return show(50, y+100, "Before") +
		stroke([4]float64{50, y + 90, 350, y + 90}, [4]float64{150, y + 60, 350, y + 60}, [4]float64{50, y + 30, 350, y + 30},
			[4]float64{50, y, 350, y}, [4]float64{50, y + 90, 50, y}, [4]float64{150, y + 90, 150, y},
			[4]float64{250, y + 60, 250, y}, [4]float64{350, y + 90, 350, y}) +
		show(60, y+60, "Kind") + show(60, y+48, "of it") + show(200, y+70, "Year") + show(160, y+40, "Made") + show(260, y+40, "Void") +
		show(60, y+10, "Rules") + show(190, y+10, "1") + show(200, y+10, "2") + show(290, y+10, "0") +
		show(50, y-20, "After")
}

const sampleHTML = `<p>Before</p>
<table>
<tr><td rowspan="2">Kind of it</td><td colspan="2">Year</td></tr>
<tr><td>Made</td><td>Void</td></tr>
<tr><td>Rules</td><td>12</td><td>0</td></tr>
</table>
<p>After</p>
`

func TestTable(t *testing.T) {
	for _, test := range []struct {
		about, entries, content string
	}{
		{"upright", "", sample(400)},
		{"in a form", "", "q 0.5 0 0 0.5 100 100 cm\n" + sample(300) + "Q\n"},
		{"turned by the page", "/Rotate 90", "q 0 1 -1 0 600 100 cm\n" + sample(300) + "Q\n"},
		{"turned back by the page", "/Rotate 270", "q 0 -1 1 0 0 600 cm\n" + sample(300) + "Q\n"},
		{"upside down by the page", "/Rotate 180", "q -1 0 0 -1 600 800 cm\n" + sample(300) + "Q\n"},
		{"printed across the page", "", "q 0 1 -1 0 600 100 cm\n" + sample(300) + "Q\n"},
		{"printed across the page, the other way", "", "q 0 -1 1 0 0 600 cm\n" + sample(300) + "Q\n"},
		{"on a moved sheet", "/CropBox [20 20 580 780]", sample(400)},
	} {
		if got := htmlOf(t, document(test.entries, test.content)); got != sampleHTML {
			t.Errorf("%s: got\n%s", test.about, got)
		}
	}
}

// TestFilledRules: Word draws rules as thin boxes, cell by cell.
func TestFilledRules(t *testing.T) {
	var b strings.Builder
	for _, y := range []float64{500, 470, 440} {
		for _, x := range []float64{100, 200} {
			fmt.Fprintf(&b, "%g %g 99.5 0.5 re f\n", x, y)
		}
	}
	for _, x := range []float64{100, 200, 300} {
		fmt.Fprintf(&b, "%g 440 0.5 30 re f %g 470.5 0.5 29.5 re f\n", x, x)
	}
	b.WriteString("0.9 g 100 440 100 30 re f 0 g\n") // the tint of a cell is no rule
	b.WriteString(show(110, 480, "行政许可") + show(210, 480, "3") + show(110, 450, "行政处罚") + show(210, 450, "4"))
	want := "<table>\n<tr><td>行政许可</td><td>3</td></tr>\n<tr><td>行政处罚</td><td>4</td></tr>\n</table>\n"
	if got := htmlOf(t, document("", b.String())); got != want {
		t.Errorf("got %s", got)
	}
}

// TestVertical (in letters: PDFium loses single Chinese characters of fonts that are not embedded): heads of narrow
// columns are stacked, or set vertically in columns from right to left.
func TestVertical(t *testing.T) {
	content := stroke([4]float64{50, 500, 250, 500}, [4]float64{50, 400, 250, 400}, [4]float64{50, 380, 250, 380},
		[4]float64{50, 500, 50, 380}, [4]float64{100, 500, 100, 380}, [4]float64{150, 500, 150, 380}, [4]float64{250, 500, 250, 380})
	for i, r := range []rune("789") {
		content += show(70, 480-float64(i)*11, string(r))
	}
	for i, r := range []rune("123456") {
		content += show(130-float64(i/3)*15, 480-float64(i%3)*11, string(r))
	}
	content += showTurned("0 1 -1 0", 200, 420, 10, "UP") // turned to be read upwards
	content += show(70, 385, "1") + show(120, 385, "2") + show(200, 385, "3")
	want := "<table>\n<tr><td>789</td><td>123456</td><td>UP</td></tr>\n<tr><td>1</td><td>2</td><td>3</td></tr>\n</table>\n"
	if got := htmlOf(t, document("", content)); got != want {
		t.Errorf("got %s", got)
	}
}

// TestPageBreaks: tables go on overleaf, cut between rows, in a row, and with their head repeated.
func TestPageBreaks(t *testing.T) {
	table := func(top float64, rows ...[3]string) string {
		bottom := top - 30*float64(len(rows))
		b := stroke([4]float64{50, top, 50, bottom}, [4]float64{150, top, 150, bottom}, [4]float64{250, top, 250, bottom}, [4]float64{350, top, 350, bottom},
			[4]float64{50, top, 350, top})
		for i, row := range rows {
			y := top - 30*float64(i+1)
			b += stroke([4]float64{50, y, 350, y})
			for x, text := range row {
				if text != "" {
					b += show(60+100*float64(x), y+10, text)
				}
			}
		}
		return b
	}
	head := [3]string{"信息内容", "制发", "废止"}
	for _, test := range []struct {
		about        string
		above, below string
		want         string
	}{
		{"between rows", table(200, head, [3]string{"1.规章", "1", "2"}), table(780, [3]string{"2.文件", "3", "4"}),
			"1.规章|1|2 2.文件|3|4"},
		{"head repeated", table(200, head, [3]string{"1.规章", "1", "2"}), table(780, head, [3]string{"2.文件", "3", "4"}),
			"1.规章|1|2 2.文件|3|4"},
		{"in a row, figures above", table(200, head, [3]string{"1.行政规范", "1", "2"}), table(780, [3]string{"性文件", "", ""}),
			"1.行政规范性文件|1|2"},
		{"in a row, figures below", table(200, head, [3]string{"1.行政规范", "", ""}), table(780, [3]string{"性文件", "1", "2"}),
			"1.行政规范性文件|1|2"},
		{"blank figures are no half of a row", table(200, head, [3]string{"1.规章", "1", "2"}), table(780, [3]string{"2.文件", "", ""}),
			"1.规章|1|2 2.文件||"},
		{"one blank figure", table(200, head, [3]string{"规章", "1", "2"}), table(780, [3]string{"文件", "", "3"}),
			"规章|1|2 文件||3"},
		{"page numbers between", table(200, head, [3]string{"1.规章", "1", "2"}) + show(290, 20, "-1-"), table(780, [3]string{"2.文件", "3", "4"}) + show(290, 20, "-2-"),
			"1.规章|1|2 2.文件|3|4"},
	} {
		got := htmlOf(t, document("", test.above, test.below))
		got = strings.NewReplacer("</td><td>", "|", "<tr><td>", "", "</td></tr>\n", " ", "<table>\n", "", "</table>\n", "").Replace(got)
		if want := "信息内容|制发|废止 " + test.want + " "; got != want {
			t.Errorf("%s: got %q, want %q", test.about, got, want)
		}
	}
}

// TestAligned: a table without rules is told by its figures, and only where there are five in a row.
func TestAligned(t *testing.T) {
	row := func(y float64, label string, figures ...string) string {
		b := show(50, y, label)
		for i, f := range figures {
			if f != "" {
				b += show(250+50*float64(i), y, f)
			}
		}
		return b
	}
	content := row(700, "Label", "H1", "H2", "H3", "H4", "H5", "H6") + row(688, "", "a", "a", "a", "a", "a", "a") +
		row(660, "First", "1", "2", "3", "4", "5", "21") + row(640, "Second", "1", "", "3", "4", "5", "6") + show(50, 630, "lines") +
		row(600, "Third", "0", "0", "0", "0", "0", "0") + row(500, "No table", "1", "2")
	got := strings.NewReplacer("</td><td>", "|", "<tr><td>", "", "</td></tr>", "").Replace(htmlOf(t, document("", content)))
	want := "<table>\nLabel|||H1a|H2a|H3a|H4a|H5a|H6a\n||First|1|2|3|4|5|21\n||Secondlines|1||3|4|5|6\n||Third|0|0|0|0|0|0\n</table>\n<p>No table 1 2</p>\n"
	if got != want {
		t.Errorf("got %s", got)
	}
}

func TestParagraphs(t *testing.T) {
	long := strings.Repeat("政府信息公开工作", 6)[:3*45]
	content := showTurned("1 0 0 1", 130, 760, 18, "衢江区人民政府办公室二〇二一年") + showTurned("1 0 0 1", 160, 735, 18, "政府信息公开工作年度报告")
	y := 700.0
	for _, l := range []struct {
		x    float64
		text string
	}{
		{70, "一、总体情况"}, {70, long[:3*43]}, {50, long}, {50, "到此为止。"}, {70, long[:3*43]}, {50, long[:3*44] + "。"}, {50, "同一段。"},
		{70, "（一）" + long[:3*40]}, {50, "又一行。"}, {70, "二、主动公开"},
	} {
		content += show(l.x, y, l.text)
		y -= 20
	}
	content += showTurned("0.7 0.7 -0.7 0.7", 200, 300, 60, "样本") // a watermark
	want := []string{"衢江区人民政府办公室二〇二一年政府信息公开工作年度报告", "一、总体情况", long[:3*43] + long + "到此为止。", long[:3*43] + long[:3*44] + "。同一段。",
		"（一）" + long[:3*40] + "又一行。", "二、主动公开"}
	if got := htmlOf(t, document("", content)); got != "<p>"+strings.Join(want, "</p>\n<p>")+"</p>\n" {
		t.Errorf("got %s", got)
	}
}

func TestErrors(t *testing.T) {
	image := "q 500 0 0 700 50 50 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q\n"
	encrypted, err := os.ReadFile("testdata/encrypted.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		about string
		body  []byte
		want  error
	}{
		{"nothing", nil, pdf.ErrBroken},
		{"a page", []byte("<html>"), pdf.ErrBroken},
		{"a header", []byte("%PDF-1.7\n"), pdf.ErrBroken},
		{"encrypted", encrypted, pdf.ErrEncrypted},
		{"scan", document("", image, image), pdf.ErrNoText},
		{"scan with page numbers", document("", image+show(300, 20, "1"), image+show(300, 20, "2")), pdf.ErrNoText},
		{"nothing on it", document("", ""), pdf.ErrNoText},
		{"501 pages", document("", make([]string, 501)...), pdf.ErrTooLarge},
	} {
		if _, err := reader().HTML(t.Context(), test.body); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.about, err, test.want)
		}
	}
	_, err = reader().HTML(t.Context(), document("", image, image))
	var scan *pdf.NoTextError
	if !errors.As(err, &scan) || scan.Pages != 2 || scan.Images != 2 {
		t.Errorf("scan: %#v", err)
	}
}

// TestHostile: documents that loop, or that are small only on the outside, end in an error in time.
func TestHostile(t *testing.T) {
	reader().HTML(t.Context(), document("", show(0, 0, "start"))) //nolint:errcheck // only started, outside of the clock
	quick := &pdf.Reader{CacheDir: reader().CacheDir, Timeout: time.Second}
	defer quick.Close()
	for _, test := range []struct {
		about string
		body  []byte
	}{
		{"forms in forms", laughs(9)},
		{"a form in itself", selfish()},
		{"a stream of 50 MB", inflated(50 << 20)},
		{"deep arrays", []byte("%PDF-1.7\n1 0 obj " + strings.Repeat("[", 1<<20) + "\ntrailer << /Root 1 0 R >>")},
	} {
		if _, err := quick.HTML(t.Context(), test.body); err == nil {
			t.Errorf("%s: no error", test.about)
		}
	}
	// What broke one instance must not reach the next.
	if _, err := quick.HTML(t.Context(), document("", sample(400))); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestMemory: a document that takes more memory than it may ends in an error of one line.
func TestMemory(t *testing.T) {
	_, err := reader().HTML(t.Context(), inflated(100<<20))
	if !errors.Is(err, pdf.ErrTooLarge) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a stream of 100 MB: %v, want %v", err, pdf.ErrTooLarge)
	}
	if page, err := reader().HTML(t.Context(), document("", sample(400))); err != nil || !strings.Contains(string(page), sampleHTML) {
		t.Errorf("afterwards: %s, %v", page, err)
	}
}

// laughs makes a page that draws a form ten times, which draws a form ten times, and so on.
func laughs(depth int) []byte {
	f := &pdfFile{}
	inner := f.stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "0 0 m 9 9 l S")
	for range depth {
		inner = f.stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>", inner),
			strings.Repeat("/X Do ", 10))
	}
	return f.pages("", fmt.Sprintf("/XObject << /X %d 0 R >>", inner), "/X Do")
}

func selfish() []byte {
	f := &pdfFile{}
	f.stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 1 0 R >> >>", "/X Do /X Do")
	return f.pages("", "/XObject << /X 1 0 R >>", "/X Do")
}

// inflated makes a page whose content unpacks to size bytes.
func inflated(size int) []byte {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	chunk := bytes.Repeat([]byte("0 0 m "), 1<<16)
	for n := 0; n < size; n += len(chunk) {
		if _, err := z.Write(chunk); err != nil {
			panic(err) // unreachable: a bytes.Buffer takes everything
		}
	}
	z.Close()
	f := &pdfFile{}
	f.add("<< /Type /Pages /Count 1 /Kids [2 0 R] >>")
	f.add("<< /Type /Page /Parent 1 0 R /MediaBox [0 0 600 800] /Contents 3 0 R >>")
	f.stream("/Filter /FlateDecode", packed.String())
	return f.bytes(f.add("<< /Type /Catalog /Pages 1 0 R >>"))
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := reader().HTML(ctx, document("", sample(400))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	slow := &pdf.Reader{CacheDir: reader().CacheDir, Timeout: time.Nanosecond}
	defer slow.Close()
	if _, err := slow.HTML(t.Context(), document("", sample(400))); !errors.Is(err, pdf.ErrTooSlow) {
		t.Errorf("error %v, want %v", err, pdf.ErrTooSlow)
	}
}

func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			page, err := reader().HTML(t.Context(), document("", sample(400)))
			if err != nil || !strings.Contains(string(page), sampleHTML) {
				t.Errorf("%s, %v", page, err)
			}
		})
	}
	wg.Wait()
}

func FuzzHTML(f *testing.F) {
	f.Add(document("/Rotate 90", sample(400)))
	f.Add(document("", sample(400), sample(300)))
	f.Add(laughs(2))
	f.Fuzz(func(t *testing.T, body []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		page, err := reader().HTML(ctx, body)
		if err == nil && !bytes.Contains(page, []byte("<body>")) {
			t.Error("neither page nor error")
		}
	})
}

// BenchmarkHTML reads a whole report, PDFium running.
func BenchmarkHTML(b *testing.B) {
	body, err := os.ReadFile("testdata/qujiang.libreoffice.pdf")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := reader().HTML(b.Context(), body); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reader().HTML(b.Context(), body); err != nil {
			b.Fatal(err)
		}
	}
}
