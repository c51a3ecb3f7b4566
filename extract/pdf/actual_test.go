package pdf_test

import (
	"errors"
	"strings"
	"testing"

	"gongkai/extract/pdf"
)

// between puts content into the page where the cell of a table is, [200, 300] by [400, 430], with a cell at either
// side.
func between(content string) string {
	return stroke([4]float64{100, 430, 400, 430}, [4]float64{100, 400, 400, 400}, [4]float64{100, 430, 100, 400}, [4]float64{200, 430, 200, 400},
		[4]float64{300, 430, 300, 400}, [4]float64{400, 430, 400, 400}) + show(110, 410, "Left") + content + show(310, 410, "Right")
}

// TestActualText: what a document says of how glyphs read stands where the glyphs do, whatever form they are in, and
// nothing of it is lost.
func TestActualText(t *testing.T) {
	span := actual("1155", show(210, 410, "abcd"))
	down := "" // in columns from right to left, of which every other character is of a span
	for i, r := range "123456" {
		glyph := show(240-float64(i/3)*15, 422-float64(i%3)*10, string(r))
		if i%2 == 0 {
			glyph = actual(string(r), glyph)
		}
		down += glyph
	}
	for _, test := range []struct {
		about string
		body  []byte
		want  string
	}{
		{"on the page", document("", between(span)), "1155"},
		{"under a matrix of the page", document("", between("q 0.5 0 0 0.5 0 0 cm\n"+actual("1155", show(420, 820, "abcd"))+"Q\n")), "1155"},
		{"in a form", placed("1 0 0 1 0 0", span, between("/X Do\n")), "1155"},
		{"in a form that is moved by its matrix", placed("1 0 0 1 200 400", actual("1155", show(10, 10, "abcd")), between("/X Do\n")), "1155"},
		{"in a form that is moved where it is drawn", placed("1 0 0 1 0 0", actual("1155", show(10, 10, "abcd")), between("q 1 0 0 1 200 400 cm /X Do Q\n")), "1155"},
		{"in a form that is scaled and moved", placed("0.5 0 0 0.5 10 0", actual("1155", show(20, 20, "abcd")), between("q 1 0 0 1 190 400 cm /X Do Q\n")), "1155"},
		{"in a form in a form", placed("0.5 0 0 0.5 -15 20", actual("1155", show(-590, 390, "abcd")), between("q 1 0 0 1 800 0 cm /Outer Do Q\n")), "1155"},
		{"in a form that turns", placed("0 1 -1 0 200 400", actual("1155", showTurned("0 -1 1 0", 10, -10, 10, "abcd")), between("/X Do\n")), "1155"},
		{"twice in one form", placed("1 0 0 1 0 0", actual("7", show(210, 410, "a"))+actual("77", show(220, 410, "bc")), between("/X Do\n")), "777"},
		{"a form drawn twice", placed("1 0 0 1 0 0", actual("7", show(0, 0, "a")), between("q 1 0 0 1 210 410 cm /X Do Q q 1 0 0 1 220 410 cm /X Do Q\n")), "77"},
		{"of several pieces", document("", between(actual("1155", show(210, 410, "a")+show(220, 410, "bc")+show(240, 410, "d")))), "1155"},
		{"of two lines", document("", between(actual("1155", show(210, 420, "ab")+show(210, 405, "cd")))), "1155"},
		{"of more than is printed", document("", between(actual("115544", show(210, 410, "ab")))), "115544"},
		{"of less than is printed", document("", between(actual("56", show(210, 410, "abcde")))), "56"},
		{"of less than is printed, on two lines", document("", between(actual("行政", show(210, 420, "ab")+show(210, 405, "cdef"))+show(230, 420, "X"))), "行X政"},
		{"of what is not seen", document("", between(actual("行\u200b政", show(210, 410, "abc")))), "行政"},
		{"with blanks around", document("", between(actual(" 1155 ", show(210, 410, "abcdef")))), "1155"},
		{"of hyphens", document("", between(actual("ab\u00adcd", show(210, 410, "vwxyz")))), "ab-cd"},
		{"set vertically", document("", between(down)), "123456"},
		{"of one ligature", document("", between(actual("office", show(210, 410, "o")+show(220, 410, "X")+show(230, 410, "ce")))), "office"},
		{"of words", document("", between(actual("of it", show(210, 410, "ab cd")))), "of it"},
		{"in Chinese", document("", between(actual("行政許可", show(210, 410, "abcd")))), "行政許可"},
		{"of radicals", document("", between(actual("\u2f8f政\u2f42件", show(210, 410, "abcd")))), "行政文件"},
		{"around other marks", document("", between(actual("1155", "/P << /MCID 0 >> BDC\n"+show(210, 410, "abcd")+"EMC\n"))), "1155"},
		{"within other marks", document("", between("/P << /MCID 0 >> BDC\n"+span+"EMC\n")), "1155"},
		{"around another", document("", between(actual("1155", actual("9", show(210, 410, "ab"))+show(230, 410, "cd")))), "1155"},
		{"by one name, twice", placed("1 0 0 1 0 0", "", between("/Span /P1 BDC\n"+show(210, 410, "ab")+"EMC\n/Span /P1 BDC\n"+show(230, 410, "cd")+"EMC\n")), "1212"},
		{"of a soft hyphen", document("", between(show(210, 410, "ab")+actual("\u00ad", show(230, 410, "-"))+show(240, 410, "cd"))), "ab-cd"},
		// What would make print vanish is not believed.
		{"empty", document("", between(actual("", show(210, 410, "abcd")))), "abcd"},
		{"blank", document("", between(actual("  ", show(210, 410, "abcd")))), "abcd"},
		{"of no encoding", document("", between("/Span << /ActualText <61D0D062> >> BDC\n"+show(210, 410, "abcd")+"EMC\n")), "abcd"},
		{"no text at all", document("", between("/Span << /ActualText 12 >> BDC\n"+show(210, 410, "abcd")+"EMC\n")), "abcd"},
		{"in UTF-8", document("", between("/Span << /ActualText <EFBBBFE8A18CE694BF> >> BDC\n"+show(210, 410, "ab")+"EMC\n")), "行政"},
		{"in UTF-16, the other way", document("", between("/Span << /ActualText <FFFE4C883F65> >> BDC\n"+show(210, 410, "ab")+"EMC\n")), "行政"},
		{"longer than any text", placed("1 0 0 1 0 0", "", between("/Span /P2 BDC\n"+show(210, 410, "abcd")+"EMC\n")), "abcd"},
	} {
		want := "<table>\n<tr><td>Left</td><td>" + test.want + "</td><td>Right</td></tr>\n</table>\n"
		if got := htmlOf(t, test.body); got != want {
			t.Errorf("%s: got %.200s", test.about, got)
		}
	}
}

// TestActualTextTurned: text that runs another way is parted that way. The page is turned so that it stands upright.
func TestActualTextTurned(t *testing.T) {
	for turn, q := range map[string]string{
		"0 1 -1 0": "q 0 1 -1 0 800 0 cm\n", "0 -1 1 0": "q 0 -1 1 0 0 600 cm\n", "-1 0 0 -1": "q -1 0 0 -1 600 800 cm\n",
	} {
		content := q + actual("一二三四五六", show(100, 400, "ab")) + show(130, 400, "cd") + show(100, 380, "e") + "Q\n"
		if got, want := htmlOf(t, document("", content)), "<p>一二三四五六 cd</p>\n<p>e</p>\n"; got != want {
			t.Errorf("%s: got %s", turn, got)
		}
	}
}

// TestActualTextLimits: it counts as much as what is printed.
func TestActualTextLimits(t *testing.T) {
	var b strings.Builder
	for i := range 200 {
		b.WriteString(actual(strings.Repeat("9", 30_000), show(10, float64(10+3*i), "a")))
	}
	if _, err := reader().HTML(t.Context(), document("", b.String())); !errors.Is(err, pdf.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}
