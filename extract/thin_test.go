package extract

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestThin(t *testing.T) {
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
		{`<script lang=a>x`, `<script >x`},
		{`<p></style></p lang=b>1 <lang=b`, `<p></style></p lang=b>1 <lang=b`},
		{`plain`, `plain`},
	} {
		if got := string(thin([]byte(tt.page))); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.page, got, tt.want)
		}
	}
}

// tokens lists what a tokenizer makes of a page, without the attributes that thin may drop.
func tokens(page []byte) string {
	var b strings.Builder
	z := html.NewTokenizer(bytes.NewReader(page))
	for z.Next() != html.ErrorToken {
		t := z.Token()
		attrs := t.Attr
		t.Attr = nil
		for _, a := range attrs {
			if !(attribute{key: []byte(a.Key), value: []byte(a.Val)}).looks([]byte(t.Data)) {
				t.Attr = append(t.Attr, a)
			}
		}
		b.WriteString(t.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// TestThinKeeps: of all saved pages a tokenizer makes the same, thin or not, but for how it looks.
func TestThinKeeps(t *testing.T) {
	pages, err := filepath.Glob("../testdata/*/*/*.http")
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
		if got, want := tokens(thin(text)), tokens(text); got != want {
			t.Errorf("%s reads otherwise", name)
		}
	}
}

// FuzzThin: whatever the page is, thinning it once is enough, and it loses no text that stands outside tags.
func FuzzThin(f *testing.F) {
	f.Add([]byte(`<p style="a" lang=b><script>"<p style=c>"</script><td width='5`))
	f.Add([]byte("<a \x00style=x =y z='<b lang=c>'><!-- <p lang=x> -->"))
	f.Fuzz(func(t *testing.T, page []byte) {
		once := thin(page)
		if len(once) > len(page) {
			t.Errorf("%q grows to %q", page, once)
		}
		if twice := thin(once); !bytes.Equal(once, twice) {
			t.Errorf("%q: %q, then %q", page, once, twice)
		}
	})
}
