package markup

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestStripStyles(t *testing.T) {
	for _, tt := range []struct{ page, want string }{
		{`<p style="color:red">x</p>`, `<p >x</p>`},
		{`<p style='color:red' class=a lang=ZH-CN>x</p>`, `<p  class=a >x</p>`},
		{`<TD STYLE = "mso-border-alt:solid" VALIGN=top WIDTH=56 rowspan=3>1</TD>`, `<TD    rowspan=3>1</TD>`},
		{`<td width="5>6" colspan="2">`, `<td  colspan="2">`},
		{`<p style="Display:None">x</p>`, `<p style="Display:None">x</p>`},
		{`<p style="font-size:0">x</p>`, `<p style="font-size:0">x</p>`},
		{`<span style="text-decoration:LINE-THROUGH">1</span>`, `<span style="text-decoration:LINE-THROUGH">1</span>`},
		{`<img width=1 height=1 style="border:0" src=a>`, `<img width=1 height=1  src=a>`},
		{`<a title="style=&quot;x&quot;" href=b lang=c/>`, `<a title="style=&quot;x&quot;" href=b >`},
		{`<!-- <p style="a"> --><p lang=b>`, `<!-- <p style="a"> --><p >`},
		{`<script>s = '<p style="a">'</script><p style="b">`, `<script>s = '<p style="a">'</script><p >`},
		{`<title>a <b lang=x></title><b lang=x>`, `<title>a <b lang=x></title><b >`},
		{`1 < 2 lang=b`, `1 < 2 lang=b`},
		{`<p lang="b`, `<p lang="b`},
		{`<p style`, `<p style`},
		{`<p style>`, `<p >`},
		{`<p style=>x`, `<p >x`},
		{`<p =lang=b lang=c>`, `<p =lang=b >`},
		{`<a x lang=b =>`, `<a x lang=b =>`},
		{`<script lang=a>x`, `<script >x`},
		{`<p></style></p lang=b>1 <lang=b`, `<p></style></p lang=b>1 <lang=b`},
		{`plain`, `plain`},
		{`<span style="font-size:12pt;opacity:1">1</span>`, `<span style="font-size:12pt;opacity:1">1</span>`},
		{`<p style="FONT-SIZE: 16pt; font-family:仿宋">x</p>`, `<p >x</p>`},
		{`<p style="font-size:12pt;font-size:0">x</p>`, `<p style="font-size:12pt;font-size:0">x</p>`},
		{`<p style="font-size:.0em">x</p>`, `<p style="font-size:.0em">x</p>`},
		{`<p><span style="color:red">1<o:p></o:p></span><SPAN lang=EN-US >2</SPAN ></p>`, `<p>12</p>`},
		{`<span>一<br><font color=red>二</font></span>`, `一<br>二`},
		{`<span class="date">1</span>`, `<span class="date">1</span>`},
		{`<span style="display:none">1<font>2</font></span>3`, `<span style="display:none">12</span>3`},
		{`<span>1<b>2</b></span>`, `<span>1<b>2</b></span>`},                          // what b does may reach beyond the span
		{`<td><span>1<td>2</span><td><span>3</span>`, `<td><span>1<td>2</span><td>3`}, // whose end tag is it?
		{`<span><font>1</span></font>`, `<span><font>1</span></font>`},
		{`<span>&am</span>p;`, `<span>&am</span>p;`},
		{`1 <<span>b</span>`, `1 <<span>b</span>`},
		{`12<span>3</span>4`, `1234`},
		{`<svg><text><span>1</span></svg><span>2</span>`, `<svg><text><span>1</span></svg><span>2</span>`},
		{`<style type=a>p > span { display: none }</style >1`, `<style type=a></style >1`},
		{`<!<span>>1</span>`, `<!<span>>1</span>`},
		{`</1<span>2</span>`, `</1<span>2</span>`},
		{`<plaintext><span>1</span>`, `<plaintext><span>1</span>`},
		{`<textarea><span>1</span></textarea>`, `<textarea><span>1</span></textarea>`},
	} {
		if got := string(StripStyles([]byte(tt.page))); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.page, got, tt.want)
		}
	}
}

// outline writes down what a parser makes of a page, but for how it looks: StripStyles must not change it.
func outline(page []byte) string {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return "" // nested too deeply
	}
	var b strings.Builder
	var write func(n *html.Node)
	write = func(n *html.Node) {
		mere := n.Type == html.ElementNode && isMere([]byte(n.Data))
		switch n.Type {
		case html.TextNode:
			if n.Parent.Data != "style" {
				b.WriteString(n.Data)
			}
			return
		case html.ElementNode:
			var says strings.Builder
			for _, a := range n.Attr {
				if !(attribute{key: []byte(a.Key), value: []byte(a.Val)}).looks([]byte(n.Data)) {
					fmt.Fprintf(&says, " %s=%q", a.Key, a.Val)
				}
			}
			if mere = mere && says.Len() == 0; !mere {
				b.WriteString("<" + n.Data + says.String() + ">")
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			write(c)
		}
		if n.Type == html.ElementNode && !mere {
			b.WriteString("</" + n.Data + ">")
		}
	}
	write(root)
	return b.String()
}

// TestStripStylesKeeps: of all saved pages a parser makes the same, thin or not, but for how it looks.
func TestStripStylesKeeps(t *testing.T) {
	pages, err := filepath.Glob("../../testdata/*/*/*.http")
	if err != nil || len(pages) < 100 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, name := range pages {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, page, _ := bytes.Cut(data, []byte("\r\n\r\n"))
		text, _ := Decode(page, "")
		if got, want := outline(StripStyles(text)), outline(text); got != want {
			t.Errorf("%s reads otherwise", name)
		}
	}
}

// FuzzStripStyles: whatever the page is, a parser makes the same of it, thin or not, but for how it looks.
func FuzzStripStyles(f *testing.F) {
	f.Add([]byte(`<p style="a" lang=b><script>"<p style=c>"</script><td width='5`))
	f.Add([]byte("<a \x00style=x =y z='<b lang=c>'><!-- <p lang=x> -->"))
	f.Add([]byte("<table><tr><td><span style=a>1<o:p></o:p></span><font>2<br></font>&am<span>p;</span></table><style>x</style>"))
	f.Fuzz(func(t *testing.T, page []byte) {
		thinned := StripStyles(page)
		if len(thinned) > len(page) {
			t.Errorf("%q grows to %q", page, thinned)
		}
		if got, want := outline(thinned), outline(page); got != want && want != "" {
			t.Errorf("%q\nthinned %q\n got %s\nwant %s", page, thinned, got, want)
		}
	})
}
