package term

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// TestWriter: signs stand for what steers terminals, whatever pieces it comes in; our colours pass, and no others.
func TestWriter(t *testing.T) {
	for in, want := range map[string]string{
		"年度报告\tx\n":                  "年度报告\tx\n",
		"a\x1b[2Jb\rc\x07d\x00e\x7f": "a␛[2Jb␍c␇d␀e␡",
		"\u009b2J\u0085":             "\ufffd2J\ufffd",
		"\x9b2J 年\xe5\xb9":           "\ufffd2J 年\ufffd\ufffd",
		"公\u202e开\u2066\u2028":       "公\ufffd开\ufffd\ufffd",
		"\x1b[31;1mred\x1b[0m":       "␛[31;1mred␛[0m",
		"\x1b":                       "␛",
		"e\u0301 👩\u200d👧 \u00a0":    "e\u0301 👩\u200d👧 \u00a0",
	} {
		for _, piece := range []int{1, 2, 3, 1000} {
			var out bytes.Buffer
			w := NewWriter(&out)
			for text := in; text != ""; {
				n := min(piece, len(text))
				if k, err := io.WriteString(w, text[:n]); k != n || err != nil {
					t.Fatal(k, err)
				}
				text = text[n:]
			}
			w.Flush()
			if out.String() != want {
				t.Errorf("%q, in pieces of %d: %q, want %q", in, piece, out.String(), want)
			}
		}
		if utf8.ValidString(in) && Plain(in) != want {
			t.Errorf("Plain(%q) = %q", in, Plain(in))
		}
	}
	var out bytes.Buffer
	w := NewWriter(&out)
	fmt.Fprint(w, w.Paint(Red, "old"), " ", w.Paint(Green, "new\x1b["), NewWriter(w).Paint(Red, "x"))
	w.Flush()
	if got, _, _ := strings.Cut(out.String(), "␛[31;"); got != "\x1b[31mold\x1b[0m \x1b[32mnew␛[\x1b[0m" {
		t.Errorf("colours: %q", out.String())
	}
	out.Reset()
	in, text := "a\u202eb\u009b\x7f\U000e0041年 <&>\n", ""
	if err := WriteJSON(NewWriter(&out), in); err != nil || json.Unmarshal(out.Bytes(), &text) != nil || text != in ||
		out.String() != `"a\u202eb\u009b\u007f\udb40\udc41年 <&>\n"`+"\n" {
		t.Errorf("JSON: %s, which is %q (%v)", out.String(), text, err)
	}
	if _, err := io.WriteString(NewWriter(iotestWriter{}), "x"); err == nil {
		t.Error("an error of the terminal is lost")
	}
}

type iotestWriter struct{}

func (iotestWriter) Write([]byte) (int, error) { return 0, iotest.ErrTimeout }

// TestRenderWithin: what is too wide for a terminal goes on in the next line, and Chinese is two cells wide.
func TestRenderWithin(t *testing.T) {
	for width, want := range map[int]string{
		0:  "what    gaps                                 \n四川省  3595 not discovered, 36 not crawled  \n",
		40: "what    gaps                            \n四川省  3595 not discovered, 36 not     \n        crawled                         \n",
	} {
		var b bytes.Buffer
		table := NewTable(&b, "what", "gaps")
		table.AppendRow([]any{"四川省", "3595 not discovered, 36 not crawled"})
		if RenderWithin(table, &b, 2, width); b.String() != want {
			t.Errorf("in %d cells:\n%q, want\n%q", width, b.String(), want)
		}
	}
}

func TestNoColour(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	if Colours(os.Stdout) {
		t.Error("in colour in spite of NO_COLOR")
	}
}
