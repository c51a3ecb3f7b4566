package pdf

import (
	"cmp"
	"math"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A span is text of which the document itself says how it reads, by an entry ActualText (ISO 32000-1, 14.9.4). PDFium
// uses such entries too, but puts their text where the form that holds them was before it was placed, gives all of it
// to the first piece of what it stands for, and drops it where marks are nested. So they are taken out before PDFium
// reads the text, and put in place of the glyphs afterwards, by the glyphs' own boxes.
type span struct {
	text   []rune
	glyphs []char // what is printed, of the page's own coordinates
}

// A mark is what a sequence of marked content says about its objects.
type mark struct {
	object uint64 // one of them
	span   *span  // nil where it says nothing of their text
}

const (
	maxMarks  = 64       // around one object
	maxActual = 64 << 10 // bytes of one ActualText; 32 KiB is what PDFium takes in the content of a page
)

// actualText is the key, as C has strings; keyAt is where in the scratch memory it stands, behind what functions
// return.
const (
	actualText = "ActualText\x00"
	keyAt      = 32
)

// marked remembers whether something says how a text object reads. What stands outermost counts: it replaces all
// within.
func (g *graphics) marked(object uint64) {
	n := min(g.in.count("FPDFPageObj_CountMarks", object), maxMarks)
	for i := range n {
		handle := g.in.call("FPDFPageObj_GetMark", object, uint64(i))
		m, known := g.marks[handle]
		if !known {
			m = mark{object, g.in.actual(handle)}
			g.marks[handle] = m
		}
		if m.span != nil && g.spans[object] == nil {
			g.spans[object] = m.span
		}
	}
}

// unmark takes the entries out, so that PDFium reads the glyphs.
func (g *graphics) unmark() {
	for handle, m := range g.marks {
		g.in.memory.Write(g.in.scratch+keyAt, []byte(actualText))
		g.in.call("FPDFPageObjMark_RemoveParam", m.object, handle, uint64(g.in.scratch)+keyAt)
	}
}

// actual returns what the ActualText of a mark says; nil where there is none, or none that can be believed: one without
// text would make printed characters vanish, and one that is neither Unicode nor ASCII is in nobody knows what
// encoding.
func (in *instance) actual(handle uint64) *span {
	size, key := uint64(in.scratch), uint64(in.scratch)+keyAt
	in.memory.Write(uint32(key), []byte(actualText))
	in.memory.WriteUint32Le(in.scratch, 0)
	if uint32(in.call("FPDFPageObjMark_GetParamBlobValue", handle, key, 0, 0, size)) == 0 {
		return nil
	}
	n, _ := in.memory.ReadUint32Le(in.scratch)
	if n == 0 || n > maxActual {
		return nil
	}
	at := in.call("malloc", uint64(n))
	defer in.call("free", at)
	if at == 0 || uint32(in.call("FPDFPageObjMark_GetParamBlobValue", handle, key, at, uint64(n), size)) == 0 {
		return nil
	}
	data, _ := in.memory.Read(uint32(at), n)
	text := textString(data)
	if !slices.ContainsFunc(text, printed) {
		return nil
	}
	return &span{text: slices.DeleteFunc(text, func(r rune) bool { return !printed(r) && !unicode.IsSpace(r) })}
}

// textString decodes a text string of a PDF (ISO 32000-2, 7.9.2.2); nil where it is neither Unicode nor ASCII.
func textString(data []byte) []rune {
	if len(data) >= 2 && (data[0] == 0xfe && data[1] == 0xff || data[0] == 0xff && data[1] == 0xfe) {
		high, low := 0, 1
		if data[0] == 0xff {
			high, low = 1, 0
		}
		units := make([]uint16, 0, len(data)/2)
		for i := 2; i+1 < len(data); i += 2 {
			units = append(units, uint16(data[i+high])<<8|uint16(data[i+low]))
		}
		return utf16.Decode(units)
	}
	if len(data) >= 3 && string(data[:3]) == "\ufeff" && utf8.Valid(data) {
		return []rune(string(data[3:]))
	}
	if slices.ContainsFunc(data, func(b byte) bool { return b >= utf8.RuneSelf }) {
		return nil
	}
	return []rune(string(data))
}

// replace adds the text of spans to the page, where their glyphs stand.
func (p *page) replace(spans []*span) {
	if len(spans) == 0 {
		return
	}
	for _, s := range spans {
		p.chars = append(p.chars, s.spread()...)
	}
	slices.SortStableFunc(p.chars, func(a, b char) int { return cmp.Compare(a.order, b.order) })
}

// spread puts the text where the glyphs stand: one for one where they are as many, else in proportion.
func (s *span) spread() []char {
	n, m := len(s.text), len(s.glyphs)
	out := make([]char, 0, n)
	for j, r := range s.text {
		if m == 0 || !printed(r) {
			continue
		}
		from := j * m / n
		c := s.glyphs[from]
		if n > m { // several characters of one glyph
			first := (from*n + m - 1) / m // of those that the glyph stands for
			next := ((from+1)*n + m - 1) / m
			c.box = c.part(j-first, next-first)
		}
		for _, other := range s.glyphs[from+1 : max((j+1)*m/n, from+1)] {
			if c.beside(other) {
				c.box = c.box.union(other.box)
			}
		}
		c.r = plain(r)
		out = append(out, c)
	}
	return out
}

// part returns the k-th of n parts of a character, in the direction that it is read.
func (c char) part(k, n int) box {
	b := c.box
	w, h := (b.x1-b.x0)/float64(n), (b.y1-b.y0)/float64(n)
	from := float64(k)
	if c.turn >= 2 {
		from = float64(n - 1 - k)
	}
	if c.turn&1 == 0 {
		return box{b.x0 + from*w, b.y0, b.x0 + (from+1)*w, b.y1}
	}
	// Turned clockwise, it is read downwards, and y grows upwards.
	from = float64(n-1) - from
	return box{b.x0, b.y0 + from*h, b.x1, b.y0 + (from+1)*h}
}

// beside reports whether two characters stand on one line.
func (c char) beside(o char) bool {
	if c.turn&1 == 1 {
		return math.Abs(c.midX()-o.midX()) < (c.x1-c.x0)/2
	}
	return math.Abs(c.midY()-o.midY()) < (c.y1-c.y0)/2
}
