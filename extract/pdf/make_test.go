package pdf_test

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
)

// A pdfFile is a PDF made by hand, object by object, for what no office program would make.
type pdfFile struct{ objects []string }

// add adds an object and returns its number.
func (f *pdfFile) add(format string, args ...any) int {
	f.objects = append(f.objects, fmt.Sprintf(format, args...))
	return len(f.objects)
}

func (f *pdfFile) stream(dict, data string) int {
	return f.add("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

// bytes writes the file with its cross-reference table. root is the catalog.
func (f *pdfFile) bytes(root int) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range f.objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, a := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", a)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, root, xref)
	return b.Bytes()
}

// font adds a Chinese font that is not embedded; its CMap says what the characters are.
func (f *pdfFile) font() int {
	descriptor := f.add("<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>")
	cid := f.add("<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor %d 0 R /DW 1000 >>", descriptor)
	return f.add("<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UCS2-H /Encoding /UniGB-UCS2-H /DescendantFonts [%d 0 R] >>", cid)
}

// document makes a file of pages with the contents given. entries go into every page.
func document(entries string, contents ...string) []byte {
	f := &pdfFile{}
	font := f.font()
	return f.pages(entries, fmt.Sprintf("/Font << /F1 %d 0 R >>", font), contents...)
}

func (f *pdfFile) pages(entries, resources string, contents ...string) []byte {
	parent := len(f.objects) + 2*len(contents) + 1
	var kids []string
	for _, c := range contents {
		s := f.stream("", c)
		p := f.add("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 600 800] /Resources << %s >> /Contents %d 0 R %s >>", parent, resources, s, entries)
		kids = append(kids, fmt.Sprintf("%d 0 R", p))
	}
	f.add("<< /Type /Pages /Count %d /Kids [%s] >>", len(kids), strings.Join(kids, " "))
	return f.bytes(f.add("<< /Type /Catalog /Pages %d 0 R >>", parent))
}

// placed makes a page that draws a form with a matrix of its own; inner is the form's content, page what is beside it.
// The form is X, /P1 a property list whose ActualText is 12, and /P2 one with more than anybody would print.
func placed(matrix, inner, page string) []byte {
	f := &pdfFile{}
	resources := fmt.Sprintf("/Font << /F1 %d 0 R >> /Properties << /P1 << /ActualText (12) >> /P2 << /ActualText (%s) >> >>", f.font(), strings.Repeat("9", 100_000))
	form := f.form(matrix, resources, inner)
	outer := f.form("1 0 0 1 30 -20", fmt.Sprintf("%s /XObject << /X %d 0 R >>", resources, form), "q 2 0 0 2 0 0 cm /X Do Q\n")
	return f.pages("", fmt.Sprintf("%s /XObject << /X %d 0 R /Outer %d 0 R >>", resources, form, outer), page)
}

func (f *pdfFile) form(matrix, resources, content string) int {
	return f.stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [-2000 -2000 2000 2000] /Matrix [%s] /Resources << %s >>", matrix, resources), content)
}

// actual says how what content shows is to be read, as ASCII where it is that, else as UTF-16.
func actual(text, content string) string {
	var b strings.Builder
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
		b.WriteString("FEFF")
		for _, u := range utf16.Encode([]rune(text)) {
			fmt.Fprintf(&b, "%04X", u)
		}
	} else {
		fmt.Fprintf(&b, "%X", text)
	}
	return fmt.Sprintf("/Span << /ActualText <%s> >> BDC\n%sEMC\n", b.String(), content)
}

// show writes text with its baseline beginning at (x, y).
func show(x, y float64, text string) string { return showTurned("1 0 0 1", x, y, 10, text) }

// showTurned writes text of a size with a text matrix, of which turn is the first four numbers.
func showTurned(turn string, x, y, size float64, text string) string {
	var hex strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&hex, "%04X", u)
	}
	return fmt.Sprintf("BT /F1 %g Tf %s %g %g Tm <%s> Tj ET\n", size, turn, x, y, hex.String())
}

// stroke draws lines, of four numbers each.
func stroke(lines ...[4]float64) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%g %g m %g %g l S\n", l[0], l[1], l[2], l[3])
	}
	return b.String()
}
