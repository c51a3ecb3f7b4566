package docx_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"gongkai/extract/docx"
)

const namespaces = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" ` +
	`xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" ` +
	`xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" ` +
	`xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"`

// document makes a .docx of the body given, and of parts: a name and the XML inside its root element.
func document(t testing.TB, body string, parts ...[2]string) []byte {
	t.Helper()
	return archive(t, append([][2]string{{"word/document.xml", "<w:body>" + body + "</w:body>"}}, parts...)...)
}

func archive(t testing.TB, parts ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.Create(p[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><w:root %s>%s</w:root>`, namespaces, p[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// htmlOf returns what stands in the body of the HTML, without the line breaks between blocks.
func htmlOf(t *testing.T, doc []byte) string {
	t.Helper()
	page, err := docx.HTML(doc)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(page), "<body>\n")
	body, _, _ = strings.Cut(body, "</body>")
	return strings.ReplaceAll(body, "\n", "")
}

// p makes a paragraph of one run.
func p(text string) string { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }

// tc makes a cell with properties.
func tc(text, properties string) string {
	return "<w:tc><w:tcPr>" + properties + "</w:tcPr>" + p(text) + "</w:tc>"
}

func TestText(t *testing.T) {
	for _, test := range []struct{ about, body, want string }{
		{"escaping", p("1 &lt; 2 &amp; &quot;x&quot;"), "<p>1 &lt; 2 &amp; &#34;x&#34;</p>"},
		{"runs, tab and break", `<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="1"/></w:tabs></w:pPr><w:r><w:t>一、</w:t><w:tab/><w:t xml:space="preserve">总 体</w:t><w:br/><w:t>情况</w:t><w:br w:type="page"/></w:r></w:p>`,
			"<p>一、\t总 体<br>情况</p>"},
		{"hyphen", `<w:p><w:r><w:t>0816</w:t><w:noBreakHyphen/><w:t>3233045</w:t></w:r></w:p>`, "<p>0816-3233045</p>"},
		{"wrappers", `<w:sdt><w:sdtPr><w:t>x</w:t></w:sdtPr><w:sdtContent><w:p><w:hyperlink><w:r><w:t>链</w:t></w:r></w:hyperlink><w:smartTag><w:r><w:t>接</w:t></w:r></w:smartTag><w:ins><w:r><w:t>新</w:t></w:r></w:ins></w:p></w:sdtContent></w:sdt>`,
			"<p>链接新</p>"},
		{"deleted and moved away", `<w:p><w:del><w:r><w:delText>旧</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>走</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>来</w:t></w:r></w:moveTo></w:p>`, "<p>来</p>"},
		{"fields", `<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText><w:fldChar w:fldCharType="separate"/><w:t>3</w:t></w:r><w:fldSimple w:instr="DATE"><w:r><w:t>2021</w:t></w:r></w:fldSimple></w:p>`, "<p>32021</p>"},
		{"hidden", `<w:p><w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr><w:r><w:t>见</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>不见</w:t></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>也见</w:t></w:r></w:p>`, "<p>见也见</p>"},
		{"before the last revision", `<w:p><w:pPr><w:pPrChange><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:pPrChange></w:pPr><w:r><w:t>文</w:t></w:r></w:p>`, "<p>文</p>"},
		{"text box", `<w:p><w:r><w:t>正文</w:t><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx><w:txbxContent>` + p("框") + `</w:txbxContent></wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>` + p("框") + `</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>` + p("下文"),
			"<p>正文</p><p>框</p><p>下文</p>"},
		{"ruby", `<w:p><w:r><w:ruby><w:rt><w:r><w:t>qu</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>衢</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>`, "<p>衢</p>"},
	} {
		if got := htmlOf(t, document(t, test.body)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.about, got, test.want)
		}
	}
}

func TestTables(t *testing.T) {
	for _, test := range []struct{ about, body, want string }{
		{"spans", `<w:tbl><w:tr>` + tc("a", `<w:vMerge w:val="restart"/>`) + tc("b", `<w:gridSpan w:val="2"/>`) + `</w:tr><w:tr>` + tc("", `<w:vMerge/>`) + tc("c", "") + tc("d", "") + `</w:tr></w:tbl>`,
			`<table><tr><td rowspan="2"><p>a</p></td><td colspan="2"><p>b</p></td></tr><tr><td><p>c</p></td><td><p>d</p></td></tr></table>`},
		{"two merges below each other", `<w:tbl><w:tr>` + tc("a", `<w:vMerge w:val="restart"/>`) + `</w:tr><w:tr>` + tc("", `<w:vMerge/>`) + `</w:tr><w:tr>` + tc("b", `<w:vMerge w:val="restart"/>`) + `</w:tr><w:tr>` + tc("", `<w:vMerge/>`) + `</w:tr></w:tbl>`,
			`<table><tr><td rowspan="2"><p>a</p></td></tr><tr></tr><tr><td rowspan="2"><p>b</p></td></tr><tr></tr></table>`},
		{"a merge of nothing", `<w:tbl><w:tr>` + tc("a", `<w:vMerge/>`) + `</w:tr></w:tbl>`, `<table><tr><td><p>a</p></td></tr></table>`},
		{"merged the old way", `<w:tbl><w:tr>` + tc("a", `<w:hMerge w:val="restart"/>`) + tc("", `<w:hMerge/>`) + tc("b", "") + `</w:tr></w:tbl>`,
			`<table><tr><td colspan="2"><p>a</p></td><td><p>b</p></td></tr></table>`},
		{"columns left out", `<w:tbl><w:tr><w:trPr><w:gridBefore w:val="2"/><w:gridAfter w:val="1"/></w:trPr>` + tc("a", "") + `</w:tr></w:tbl>`,
			`<table><tr><td colspan="2"></td><td><p>a</p></td><td colspan="1"></td></tr></table>`},
		{"a deleted row", `<w:tbl><w:tr><w:trPr><w:del/></w:trPr>` + tc("a", "") + `</w:tr><w:tr>` + tc("b", "") + `</w:tr></w:tbl>`, `<table><tr><td><p>b</p></td></tr></table>`},
		{"nested", `<w:tbl><w:tr><w:tc>` + p("a") + `<w:tbl><w:tr>` + tc("b", "") + `</w:tr></w:tbl></w:tc></w:tr></w:tbl>`,
			`<table><tr><td><p>a</p><table><tr><td><p>b</p></td></tr></table></td></tr></table>`},
		{"a row in a content control", `<w:tbl><w:sdt><w:sdtContent><w:tr>` + tc("a", "") + `</w:tr></w:sdtContent></w:sdt></w:tbl>`, `<table><tr><td><p>a</p></td></tr></table>`},
	} {
		if got := htmlOf(t, document(t, test.body)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.about, got, test.want)
		}
	}
}

// TestRequestsTable merges cells as the statutory table of requests does.
func TestRequestsTable(t *testing.T) {
	restart, on := `<w:vMerge w:val="restart"/>`, `<w:vMerge/>`
	row := func(cells ...string) string { return "<w:tr>" + strings.Join(cells, "") + "</w:tr>" }
	body := "<w:tbl>" +
		row(tc("note", `<w:gridSpan w:val="3"/>`+restart), tc("applicants", `<w:gridSpan w:val="3"/>`)) +
		row(tc("", `<w:gridSpan w:val="3"/>`+on), tc("natural", restart), tc("legal", ""), tc("total", restart)) +
		row(tc("", `<w:gridSpan w:val="3"/>`+on), tc("", on), tc("other", ""), tc("", on)) +
		row(tc("三", restart), tc("(三)", restart), tc("1", ""), tc("0", ""), tc("1", ""), tc("1", "")) +
		row(tc("", on), tc("", on), tc("2", ""), tc("0", ""), tc("", ""), tc("0", "")) +
		row(tc("", on), tc("(七)", `<w:gridSpan w:val="2"/>`), tc("0", ""), tc("1", ""), tc("1", "")) +
		"</w:tbl>"
	want := `<table><tr><td colspan="3" rowspan="3">note</td><td colspan="3">applicants</td></tr>` +
		`<tr><td rowspan="2">natural</td><td>legal</td><td rowspan="2">total</td></tr><tr><td>other</td></tr>` +
		`<tr><td rowspan="3">三</td><td rowspan="2">(三)</td><td>1</td><td>0</td><td>1</td><td>1</td></tr>` +
		`<tr><td>2</td><td>0</td><td></td><td>0</td></tr><tr><td colspan="2">(七)</td><td>0</td><td>1</td><td>1</td></tr></table>`
	if got := strings.NewReplacer("<p>", "", "</p>", "").Replace(htmlOf(t, document(t, body))); got != want {
		t.Errorf("got %s", got)
	}
}

func TestLists(t *testing.T) {
	level := func(n int, format, text string) string {
		return fmt.Sprintf(`<w:lvl w:ilvl="%d"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/></w:lvl>`, n, format, text)
	}
	numbering := `<w:abstractNum w:abstractNumId="0">` + level(0, "chineseCountingThousand", "%1、") + level(1, "chineseCounting", "（%2）") + level(2, "decimal", "%3.") + `</w:abstractNum>` +
		`<w:abstractNum w:abstractNumId="1">` + level(0, "bullet", "•") + `</w:abstractNum>` +
		`<w:abstractNum w:abstractNumId="2">` + level(0, "decimal", "%1") + level(1, "decimal", "%1.%2") + `</w:abstractNum>` +
		`<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>` +
		`<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>` +
		`<w:num w:numId="4"><w:abstractNumId w:val="2"/></w:num>`
	styles := `<w:style w:styleId="H1"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style><w:style w:styleId="H2"><w:basedOn w:val="H1"/></w:style>`
	item := func(num, ilvl, text string) string {
		return `<w:p><w:pPr><w:numPr><w:ilvl w:val="` + ilvl + `"/><w:numId w:val="` + num + `"/></w:numPr></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
	}
	styled := func(id, text string) string {
		return `<w:p><w:pPr><w:pStyle w:val="` + id + `"/></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
	}
	body := item("1", "0", "总体情况") + item("1", "1", "主动") + item("1", "1", "申请") + item("1", "2", "细") + styled("H1", "主动公开") + item("1", "0", "") + item("1", "1", "再") +
		item("2", "0", "点") + styled("H2", "收到") + item("3", "0", "问题") + item("0", "0", "不编号") + item("4", "0", "2023年") + item("4", "1", "上半年") + item("9", "0", "无此表")
	want := "一、总体情况|（一）主动|（二）申请|1.细|二、主动公开||（一）再|点|三、收到|五、问题|不编号|1 2023年|1.1 上半年|无此表"
	got := htmlOf(t, document(t, body, [2]string{"word/numbering.xml", numbering}, [2]string{"word/styles.xml", styles}))
	if got := strings.TrimSuffix(strings.NewReplacer("<p>", "", "</p>", "|").Replace(got), "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestErrors(t *testing.T) {
	var long strings.Builder
	for i := 0; long.Len() <= 16<<20; i++ {
		long.WriteString(p(strconv.Itoa(i * 7919)))
	}
	deep := strings.Repeat("<w:sdt>", 500) + strings.Repeat("</w:sdt>", 500)
	nested := strings.Repeat("<w:tbl><w:tr><w:tc>", 20) + p("x") + strings.Repeat("</w:tc></w:tr></w:tbl>", 20)
	cells := "<w:tbl><w:tr>" + strings.Repeat("<w:tc/>", 100_001) + "</w:tr></w:tbl>"
	for _, test := range []struct {
		about string
		doc   []byte
		want  error
	}{
		{"nothing", nil, docx.ErrNotDocx},
		{"no archive", []byte("PK\x03\x04 and no more"), docx.ErrNotDocx},
		{"no document", archive(t, [2]string{"xl/workbook.xml", ""}), docx.ErrNotDocx},
		{"no text", document(t, `<w:p><w:r><w:drawing><a:blip/></w:drawing></w:r></w:p>`), docx.ErrNoText},
		{"bomb", document(t, strings.Repeat(" ", 64<<20)), docx.ErrTooLarge},
		{"long", document(t, long.String()), docx.ErrTooLarge},
		{"bomb in the numbering", document(t, p("x"), [2]string{"word/numbering.xml", strings.Repeat(" ", 16<<20)}), docx.ErrTooLarge},
		{"deep", document(t, deep), docx.ErrTooLarge},
		{"deep in what is left out", document(t, "<w:del>"+deep+"</w:del>"), docx.ErrTooLarge},
		{"deep tables", document(t, nested), docx.ErrTooLarge},
		{"many cells", document(t, cells), docx.ErrTooLarge},
	} {
		if _, err := docx.HTML(test.doc); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", test.about, err, test.want)
		}
	}
	_, err := docx.HTML(document(t, `<w:p><w:r><w:drawing><a:blip/></w:drawing><w:pict><v:imagedata/></w:pict></w:r></w:p>`))
	var none *docx.NoTextError
	if !errors.As(err, &none) || none.Images != 2 {
		t.Errorf("pictures only: %#v", err)
	}
	if _, err := docx.HTML(document(t, "<w:p>")); err == nil {
		t.Error("no error for broken XML")
	}
}

// FuzzXML reads documents whose XML is anything.
func FuzzXML(f *testing.F) {
	f.Add(p("x") + `<w:tbl><w:tr>` + tc("a", `<w:vMerge/><w:gridSpan w:val="9999999"/>`) + `</w:tr></w:tbl>`)
	f.Add(`<w:tr><w:tc><w:tr><w:tc>` + p("x"))
	f.Add(`<w:p><w:p><w:tbl><w:tc/><w:tr><w:trPr><w:gridBefore w:val="5"/></w:trPr></w:tr></w:tbl></w:p></w:p>`)
	f.Fuzz(func(t *testing.T, xml string) {
		page, err := docx.HTML(document(t, xml, [2]string{"word/numbering.xml", xml}, [2]string{"word/styles.xml", xml}))
		if err == nil && !bytes.Contains(page, []byte("<body>")) {
			t.Error("neither page nor error")
		}
	})
}

// FuzzHTML reads archives that are anything.
func FuzzHTML(f *testing.F) {
	if body, err := os.ReadFile("testdata/qujiang.docx"); err == nil {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := docx.HTML(body)
		if err == nil && !bytes.Contains(page, []byte("<body>")) {
			t.Error("neither page nor error")
		}
	})
}
