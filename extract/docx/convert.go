package docx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
)

// A converter makes the one pass over the document part.
type converter struct {
	dec    *xml.Decoder
	lists  *lists
	out    *flow
	depth  int // of XML elements
	tables int // of tables in tables
	cells  int

	images  int
	anyText bool
}

// A flow collects blocks: the document's, a table cell's or a text box's.
type flow struct {
	html strings.Builder
	para *paragraph // the one being read, if any
	tab  *table     // the table being read, if any
}

// A paragraph is collected until its end, because its number comes from properties and its text boxes come after it.
type paragraph struct {
	text   strings.Builder // escaped
	boxes  strings.Builder // text boxes anchored in it, as blocks
	style  string
	list   listItem
	hidden bool // the current run is
}

var errTooDeep = fmt.Errorf("%w: elements nested deeper than %d", ErrTooLarge, maxDepth)

func newConverter(document []byte, l *lists) *converter {
	return &converter{dec: newDecoder(document), lists: l, out: &flow{}}
}

func newDecoder(part []byte) *xml.Decoder {
	dec := xml.NewDecoder(bytes.NewReader(part))
	dec.CharsetReader = charset.NewReaderLabel // some converters declare GBK
	return dec
}

func (c *converter) convert() error {
	for {
		token, err := c.dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := c.element(c.out, start); err != nil {
				return err
			}
		}
	}
}

// children reads up to the end of the current element, into f.
func (c *converter) children(f *flow) error {
	if c.depth++; c.depth > maxDepth {
		return errTooDeep
	}
	defer func() { c.depth-- }()
	for {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := c.element(f, t); err != nil {
				return err
			}
		}
	}
}

// isWord reports whether a name is of WordprocessingML, of either edition of the standard.
func isWord(n xml.Name) bool {
	return strings.HasSuffix(n.Space, "/wordprocessingml/2006/main") || strings.HasSuffix(n.Space, "/wordprocessingml/main")
}

// element reads one element with all that is in it. Elements that only wrap text, such as content controls, insertions,
// smart tags and hyperlinks, are read through.
func (c *converter) element(f *flow, e xml.StartElement) error {
	if !isWord(e.Name) {
		return c.foreign(f, e)
	}
	switch e.Name.Local {
	case "p":
		return c.paragraph(f)
	case "tbl":
		return c.table(f)
	case "tr":
		return c.row(f)
	case "tc":
		return c.cell(f)
	case "t":
		return c.text(f)
	case "txbxContent":
		return c.textBox(f)
	case "ruby":
		return c.ruby(f)
	case "del":
		f.tab.markDeleted(f)
		return c.skip()
	case "moveFrom", "delText", "instrText", "sectPr", "sdtPr", "tblPr", "tblGrid":
		return c.skip()
	case "pPrChange", "rPrChange", "tcPrChange", "trPrChange", "tblPrExChange": // how it was before the last revision
		return c.skip()
	case "r":
		if f.para != nil {
			f.para.hidden = false
		}
		return c.children(f)
	}
	c.mark(f, e)
	return c.children(f)
}

// mark takes note of the empty elements: what they stand for, or the property they set.
func (c *converter) mark(f *flow, e xml.StartElement) {
	if f.para != nil {
		f.para.mark(e)
	}
	if f.tab != nil {
		f.tab.mark(e)
	}
}

func (p *paragraph) mark(e xml.StartElement) {
	switch e.Name.Local {
	case "tab", "ptab":
		if attr(e, "pos") == "" { // with a position it is a tab stop, a property of the paragraph
			p.text.WriteByte('\t')
		}
	case "br", "cr":
		if t := attr(e, "type"); t == "" || t == "textWrapping" {
			p.text.WriteString("<br>")
		}
	case "noBreakHyphen":
		p.text.WriteByte('-')
	case "vanish":
		p.hidden = isOn(e)
	case "pStyle":
		p.style = attr(e, "val")
	case "ilvl":
		p.list.level, p.list.levelSet = number(e), true
	case "numId":
		p.list.num, p.list.numSet = attr(e, "val"), true
	}
}

// foreign reads elements of other vocabularies: drawings for the text boxes in them, alternatives for one branch.
func (c *converter) foreign(f *flow, e xml.StartElement) error {
	switch e.Name.Local {
	case "AlternateContent":
		return c.alternate(f)
	case "blip", "imagedata":
		c.images++
	case "textpath": // WordArt, of which "绝密" and "样本" are made
		return c.skip()
	}
	return c.children(f)
}

// alternate reads the first branch of an mc:AlternateContent: the others say the same for older programs.
func (c *converter) alternate(f *flow) error {
	taken := false
	for {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if taken {
				err = c.skip()
			} else {
				err = c.children(f)
			}
			if err != nil {
				return err
			}
			taken = true
		}
	}
}

// ruby reads the base text of an annotated word; what stands above it is left out.
func (c *converter) ruby(f *flow) error {
	for {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if t.Name.Local == "rubyBase" {
				err = c.children(f)
			} else {
				err = c.skip()
			}
			if err != nil {
				return err
			}
		}
	}
}

// skip leaves an element out. It has a limit of its own: the decoder keeps a note of every element that is open.
func (c *converter) skip() error {
	for depth := 1; depth > 0; {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		if depth > maxDepth {
			return errTooDeep
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

func (c *converter) paragraph(f *flow) error {
	outer := f.para // text in a paragraph in a paragraph is wrong, but it is text
	p := &paragraph{}
	f.para = p
	err := c.children(f)
	f.para = outer
	if err != nil {
		return err
	}
	label := c.lists.label(p)
	f.html.WriteString("<p>")
	f.html.WriteString(html.EscapeString(label))
	f.html.WriteString(p.text.String())
	f.html.WriteString("</p>\n")
	f.html.WriteString(p.boxes.String())
	return nil
}

// text reads a w:t.
func (c *converter) text(f *flow) error {
	var text strings.Builder
	for {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			if err := c.skip(); err != nil {
				return err
			}
		case xml.EndElement:
			if f.para == nil || f.para.hidden {
				return nil
			}
			f.para.text.WriteString(html.EscapeString(text.String()))
			c.anyText = c.anyText || strings.TrimSpace(text.String()) != ""
			return nil
		}
	}
}

// textBox reads the content of a text box; it follows the paragraph that it is anchored in.
func (c *converter) textBox(f *flow) error {
	box := &flow{}
	if err := c.children(box); err != nil {
		return err
	}
	if f.para != nil {
		f.para.boxes.WriteString(box.html.String())
	} else {
		f.html.WriteString(box.html.String())
	}
	return nil
}

// attr returns the value of an attribute, whatever its namespace: producers disagree about prefixes.
func attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// isOn reads a switch: present means on, unless it says otherwise.
func isOn(e xml.StartElement) bool {
	switch attr(e, "val") {
	case "0", "false", "off":
		return false
	}
	return true
}

// number reads the val of e.
func number(e xml.StartElement) int { return digitsOf(attr(e, "val")) }

// digitsOf reads the digits that s begins with; 0 where there are none, never negative and never absurd.
func digitsOf(s string) int {
	n := 0
	for _, r := range s {
		if r < '0' || r > '9' || n > 1<<20 {
			break
		}
		n = n*10 + int(r-'0')
	}
	return n
}
