package pdf

import (
	"fmt"
	"math"
	"unicode"

	"gongkai/extract/text"
)

// A page is what is on a page, upright: x grows to the right, y grows downwards, in points.
type page struct {
	bounds box // what is shown of the paper, in the page's own coordinates: y grows upwards
	chars  []char
	rules  []rule
	images int
}

// A box is a rectangle; y0 is above y1.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) midX() float64 { return (b.x0 + b.x1) / 2 }
func (b box) midY() float64 { return (b.y0 + b.y1) / 2 }

// A char is one character where it stands.
type char struct {
	box
	r     rune
	size  float64 // of the font, in points as printed
	turn  int     // quarter turns clockwise of the character on the upright page
	order int     // in which the page draws it
}

// A rule is a straight line, drawn or filled: horizontal where y0 == y1, vertical where x0 == x1.
type rule struct{ box }

func (r rule) horizontal() bool { return r.y0 == r.y1 }

// The limits of a page. A page of small print has 5,000 characters and a table 1,000 rules.
const (
	maxPageChars = 100_000

	maxRules   = 200_000
	maxObjects = 500_000
	maxForms   = 12 // of forms in forms
)

// readPage reads the page with an index.
func (in *instance) readPage(doc uint64, index int, budget *int) (*page, error) {
	handle := in.call("FPDF_LoadPage", doc, uint64(index))
	if in.err != nil {
		return nil, in.err
	}
	if handle == 0 {
		return nil, fmt.Errorf("%w: page %d cannot be loaded", ErrBroken, index+1)
	}
	p := &page{bounds: in.pageBounds(handle)}
	g := &graphics{in: in, page: p, spans: map[uint64]*span{}, marks: map[uint64]mark{}}
	g.objects("FPDFPage_CountObjects", "FPDFPage_GetObject", handle, identity, 0)
	g.unmark()
	in.readChars(p, handle, g.spans, budget)
	turns := int(in.call("FPDFPage_GetRotation", handle)) & 3
	in.call("FPDF_ClosePage", handle)
	if in.err != nil {
		return nil, in.err
	}
	if *budget < 0 {
		return nil, fmt.Errorf("%w: more than %d characters, or %d on a page", ErrTooLarge, maxChars, maxPageChars)
	}
	p.upright(turns)
	return p, nil
}

// pageBounds returns what of the paper is shown, or nothing where the document talks nonsense about it.
func (in *instance) pageBounds(handle uint64) box {
	if uint32(in.call("FPDF_GetPageBoundingBox", handle, uint64(in.scratch))) == 0 {
		return box{}
	}
	var f [4]float64 // left, top, right, bottom
	in.floats(f[:])
	if !finite(f[:]) {
		return box{}
	}
	return box{f[0], f[3], f[2], f[1]}
}

// readChars reads the characters as PDFium finds them, in the page's own coordinates; budget is how many are still
// allowed. spans has the text objects of which the document says how they read.
func (in *instance) readChars(p *page, handle uint64, spans map[uint64]*span, budget *int) {
	text := in.call("FPDFText_LoadPage", handle)
	if text == 0 {
		return
	}
	n := in.count("FPDFText_CountChars", text)
	if n > maxPageChars {
		n, *budget = 0, -1
	}
	if *budget -= n; *budget < 0 {
		return
	}
	p.chars = make([]char, 0, n)
	var replaced []*span
	for i := 0; i < n && in.err == nil; i++ {
		r := rune(uint32(in.call("FPDFText_GetUnicode", text, uint64(i))))
		if r == endHyphen && in.call("FPDFText_IsHyphen", text, uint64(i)) == 1 {
			r = '-'
		}
		var s *span
		if len(spans) > 0 {
			s = spans[in.call("FPDFText_GetTextObject", text, uint64(i))]
		}
		if s == nil && !printed(r) {
			continue
		}
		c, ok := in.place(text, uint64(i))
		c.r, c.order = plain(r), i
		switch {
		case !ok:
		case s == nil:
			p.chars = append(p.chars, c)
		default:
			if len(s.glyphs) == 0 {
				*budget -= len(s.text)
				replaced = append(replaced, s)
			}
			s.glyphs = append(s.glyphs, c)
		}
	}
	in.call("FPDFText_ClosePage", text)
	if *budget >= 0 {
		p.replace(replaced)
	}
}

// endHyphen is what PDFium has for a hyphen at the end of a line, if it takes the word to go on in the next.
const endHyphen = 2

// softHyphen is printed wherever it is in a PDF: fonts have one glyph for both hyphens, and many name it so.
const softHyphen = '\u00ad'

// plain returns the character of writing for what only looks like it.
func plain(r rune) rune {
	if r == softHyphen {
		return '-'
	}
	return text.Unified(r)
}

// printed reports whether a character leaves ink.
func printed(r rune) bool {
	return r == softHyphen || r >= ' ' && r != unicode.ReplacementChar && !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r)
}

// place returns where a character stands. ok is false for what PDFium adds of its own, and for what is written aslant.
func (in *instance) place(text, i uint64) (c char, ok bool) {
	if in.call("FPDFText_IsGenerated", text, i) == 1 {
		return c, false
	}
	// A FS_RECTF is left, top, right, bottom, with y growing upwards.
	if uint32(in.call("FPDFText_GetLooseCharBox", text, i, uint64(in.scratch))) == 0 {
		return c, false
	}
	var f [4]float64
	in.floats(f[:])
	c.box = box{min(f[0], f[2]), min(f[1], f[3]), max(f[0], f[2]), max(f[1], f[3])}
	if !finite(f[:]) || c.x1-c.x0 > 1000 || c.y1-c.y0 > 1000 {
		return c, false
	}
	angle := float64(math.Float32frombits(uint32(in.call("FPDFText_GetCharAngle", text, i))))
	turns := max(angle, 0) / (math.Pi / 2) // negative when PDFium cannot say
	if math.Abs(turns-math.Round(turns)) > 0.1 {
		return c, false // written aslant: a watermark
	}
	c.turn = int(math.Round(turns)) & 3
	return c, true
}

func finite(values []float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.Abs(v) > 1e6 {
			return false
		}
	}
	return true
}

// upright turns the page as its Rotate entry says, then so that most of its characters stand upright: wide tables are
// printed across pages. It ends with the origin in the upper left corner of the paper.
func (p *page) upright(turns int) {
	var turned [4]int
	for _, c := range p.chars {
		turned[c.turn]++
	}
	for t, n := range turned {
		if n > turned[(4-turns)&3] {
			turns = (4 - t) & 3
		}
	}
	for i := range p.chars {
		c := &p.chars[i]
		c.box = c.box.turned(p.bounds, turns)
		c.turn = (c.turn + turns) & 3
		c.size = c.y1 - c.y0
		if c.turn&1 == 1 {
			c.size = c.x1 - c.x0
		}
	}
	for i := range p.rules {
		p.rules[i].box = p.rules[i].box.turned(p.bounds, turns)
	}
}

func (b box) union(o box) box {
	return box{min(b.x0, o.x0), min(b.y0, o.y0), max(b.x1, o.x1), max(b.y1, o.y1)}
}

// turned maps b, with y growing upwards, to what it is when the paper is turned clockwise by quarters, with y growing
// downwards from the upper left corner of its bounds.
func (b box) turned(bounds box, quarters int) box {
	var r box
	switch quarters {
	case 0:
		r = box{b.x0 - bounds.x0, bounds.y1 - b.y1, b.x1 - bounds.x0, bounds.y1 - b.y0}
	case 1: // what was at the left is at the top
		r = box{b.y0 - bounds.y0, b.x0 - bounds.x0, b.y1 - bounds.y0, b.x1 - bounds.x0}
	case 2:
		r = box{bounds.x1 - b.x1, b.y0 - bounds.y0, bounds.x1 - b.x0, b.y1 - bounds.y0}
	case 3:
		r = box{bounds.y1 - b.y1, bounds.x1 - b.x1, bounds.y1 - b.y0, bounds.x1 - b.x0}
	}
	return r
}

// A matrix maps coordinates of a form to those of the page: x' = a·x + c·y + e, y' = b·x + d·y + f.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

func (m matrix) apply(x, y float64) (float64, float64) {
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// after returns the matrix that applies inner first.
func (m matrix) after(inner matrix) matrix {
	return matrix{
		m[0]*inner[0] + m[2]*inner[1], m[1]*inner[0] + m[3]*inner[1],
		m[0]*inner[2] + m[2]*inner[3], m[1]*inner[2] + m[3]*inner[3],
		m[0]*inner[4] + m[2]*inner[5] + m[4], m[1]*inner[4] + m[3]*inner[5] + m[5],
	}
}

// graphics collects rules, counts images, and finds the text of which the document says how it reads.
type graphics struct {
	in    *instance
	page  *page
	seen  int // objects, in all forms
	point [2]float64
	start [2]float64
	spans map[uint64]*span // by text object
	marks map[uint64]mark  // by PDFium's handle
}

// PDFium's kinds of objects and path segments.
const (
	objectText  = 1
	objectPath  = 2
	objectImage = 3
	objectForm  = 5

	segmentLine   = 0
	segmentBezier = 1
	segmentMove   = 2
)

func (g *graphics) objects(count, get string, owner uint64, m matrix, depth int) {
	n := g.in.count(count, owner)
	for i := 0; i < n && g.in.err == nil; i++ {
		if g.seen++; g.seen > maxObjects || len(g.page.rules) > maxRules {
			return // a drawing, not a table; the text is read all the same
		}
		object := g.in.call(get, owner, uint64(i))
		if object == 0 {
			continue
		}
		switch g.in.call("FPDFPageObj_GetType", object) {
		case objectText:
			g.marked(object)
		case objectPath:
			g.path(object, m.after(g.matrix(object)))
		case objectImage:
			g.page.images++
		case objectForm:
			if depth < maxForms {
				g.objects("FPDFFormObj_CountObjects", "FPDFFormObj_GetObject", object, m.after(g.matrix(object)), depth+1)
			}
		}
	}
}

func (g *graphics) matrix(object uint64) matrix {
	if uint32(g.in.call("FPDFPageObj_GetMatrix", object, uint64(g.in.scratch))) == 0 {
		return identity
	}
	var m matrix
	g.in.floats(m[:])
	return m
}

// path adds what a path draws: its straight lines where it is stroked, its thin boxes where it is filled. Word draws
// rules either way; the fill of a cell is no rule.
func (g *graphics) path(object uint64, m matrix) {
	fill := uint64(g.in.scratch)
	g.in.call("FPDFPath_GetDrawMode", object, fill, fill+4)
	modes, ok := g.in.memory.Read(g.in.scratch, 8)
	if !ok {
		return
	}
	filled, stroked := modes[0] != 0, modes[4] != 0
	if !filled && !stroked {
		return // only clips
	}
	n := g.in.count("FPDFPath_CountSegments", object)
	bounds := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	curved := false
	for i := 0; i < n && i < maxRules && g.in.err == nil; i++ {
		segment := g.in.call("FPDFPath_GetPathSegment", object, uint64(i))
		kind := uint32(g.in.call("FPDFPathSegment_GetType", segment))
		x, y := g.segmentPoint(segment, m)
		if kind == segmentMove && filled && !stroked {
			g.thin(bounds, curved) // the box before this one
			bounds, curved = box{x, y, x, y}, false
		}
		bounds = bounds.union(box{x, y, x, y})
		g.segment(kind, x, y, stroked)
		curved = curved || kind == segmentBezier
		if uint32(g.in.call("FPDFPathSegment_GetClose", segment)) != 0 {
			g.segment(segmentLine, g.start[0], g.start[1], stroked)
		}
	}
	if !stroked {
		g.thin(bounds, curved)
	}
}

func (g *graphics) segmentPoint(segment uint64, m matrix) (x, y float64) {
	g.in.call("FPDFPathSegment_GetPoint", segment, uint64(g.in.scratch), uint64(g.in.scratch)+4)
	var f [2]float64
	g.in.floats(f[:])
	return m.apply(f[0], f[1])
}

// segment draws on from the current point.
func (g *graphics) segment(kind uint32, x, y float64, stroked bool) {
	switch {
	case kind == segmentMove:
		g.start = [2]float64{x, y}
	case kind == segmentLine && stroked:
		g.rule(box{min(g.point[0], x), min(g.point[1], y), max(g.point[0], x), max(g.point[1], y)}, straight)
	}
	g.point = [2]float64{x, y}
}

const (
	straight = 0.8 // points a line may lean
	thick    = 3.5 // points a rule may be thick
	short    = 1.5 // points below which a line is a dot
)

// thin adds a filled box that is thin enough to be a rule.
func (g *graphics) thin(b box, curved bool) {
	if !curved && b.x0 <= b.x1 {
		g.rule(b, thick)
	}
}

// rule adds a box that is at most thin one way and longer the other.
func (g *graphics) rule(b box, thin float64) {
	w, h := b.x1-b.x0, b.y1-b.y0
	if !finite([]float64{b.x0, b.y0, b.x1, b.y1}) {
		return
	}
	switch {
	case h <= thin && w > short && w > h:
		y := b.midY()
		g.page.rules = append(g.page.rules, rule{box{b.x0, y, b.x1, y}})
	case w <= thin && h > short:
		x := b.midX()
		g.page.rules = append(g.page.rules, rule{box{x, b.y0, x, b.y1}})
	}
}
