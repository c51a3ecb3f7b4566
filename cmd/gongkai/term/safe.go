package term

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	xterm "golang.org/x/term"
)

// What pages say is printed on terminals, and terminals obey some characters: a title could clear the screen, change
// what stands above it, or turn the order of a line around. So all text goes through a Writer, in which no character
// has any effect but to be seen. What programs read (JSON, CSV, pages as served) goes to the writer below it, see Bare,
// as it is.

// A Writer passes on text in which every character that steers terminals is replaced by a sign that stands for it, and
// what is no UTF-8 by U+FFFD. Line ends and tabs stay. Its own colours, from Paint, pass.
type Writer struct {
	to    io.Writer
	nonce uint64 // in the marks of colours: nobody else can make them

	size func() (width, height int, ok bool) // of the screen; not ok when there is none

	mu    sync.Mutex
	rest  []byte // the beginning of a character or mark, whose end is to come
	block block
	rise  []byte // the beginning of a line that goes above the block when it has its end
}

// NewWriter returns a Writer that writes to another.
func NewWriter(to io.Writer) *Writer {
	return &Writer{to: to, nonce: rand.Uint64(), size: func() (int, int, bool) { return screen(to) }} // seeded by the system: nobody foresees it
}

// Bare returns what a Writer writes to, and any other writer itself.
func Bare(w io.Writer) io.Writer {
	if p, ok := w.(*Writer); ok {
		return p.to
	}
	return w
}

// The colours of Paint, as terminals number them.
const (
	Red   = 31
	Green = 32
)

// Painter returns what marks text to be shown in a colour where w shows colours, and leaves it as it is elsewhere.
func Painter(w io.Writer) func(colour int, text string) string {
	p, ok := w.(*Writer)
	if !ok || !Colours(w) {
		return func(_ int, text string) string { return text }
	}
	return p.Paint
}

// Paint marks text to be shown in a colour.
func (p *Writer) Paint(colour int, text string) string {
	return p.mark(colour) + text + p.mark(0)
}

// mark looks like a change of colour to whoever measures text, and is none on any terminal until Write has made it one.
func (p *Writer) mark(colour int) string { return fmt.Sprintf("\x1b[%d;%dm", colour, p.nonce) }

func (p *Writer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, rest := p.pass(append(p.rest, b...))
	p.rest = bytes.Clone(rest)
	if err := p.put(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// put writes what a terminal is to be sent: above the block, while there is one.
func (p *Writer) put(out []byte) error {
	if len(p.block.lines) > 0 {
		if width, _, ok := p.size(); ok {
			return p.draw(out, p.block.lines, width)
		}
	}
	_, err := p.to.Write(out)
	return err
}

// pass returns what a terminal is to be sent for a text, and the end of it that may be the beginning of something.
func (p *Writer) pass(text []byte) (out, rest []byte) {
	for len(text) > 0 {
		if text[0] == '\x1b' {
			if colour, n, more := p.marked(text); more {
				return out, text
			} else if n > 0 {
				out = fmt.Appendf(out, "\x1b[%dm", colour)
				text = text[n:]
				continue
			}
		}
		if !utf8.FullRune(text) {
			return out, text
		}
		r, n := utf8.DecodeRune(text)
		out = utf8.AppendRune(out, shown(r))
		text = text[n:]
	}
	return out, nil
}

// marked reads one of our marks at the beginning of text; more when it may be one and goes on.
func (p *Writer) marked(text []byte) (colour, n int, more bool) {
	for _, colour := range []int{0, Red, Green} {
		mark := p.mark(colour)
		if bytes.HasPrefix(text, []byte(mark)) {
			return colour, len(mark), false
		}
		more = more || strings.HasPrefix(mark, string(text))
	}
	return 0, 0, more
}

// Flush passes on what was begun and has not been ended.
func (p *Writer) Flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := p.rest
	p.rest = nil
	for len(rest) > 0 {
		r, n := utf8.DecodeRune(rest)
		io.WriteString(p.to, string(shown(r)))
		rest = rest[n:]
	}
}

// shown returns the sign for a character that steers terminals; any other as it is.
func shown(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return r
	case r < ' ':
		return '␀' + r // ␛ for ESC
	case r == 0x7f:
		return '␡'
	case r < 0xa0 && r > 0x7f, unicode.In(r, steering):
		return utf8.RuneError
	}
	return r
}

// steering are characters that change how others are ordered or broken into lines, or that hide.
var steering = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x061c, Hi: 0x061c, Stride: 1}, // Arabic letter mark
		{Lo: 0x200b, Hi: 0x200b, Stride: 1}, // zero width space
		{Lo: 0x200e, Hi: 0x200f, Stride: 1}, // left-to-right and right-to-left mark
		{Lo: 0x2028, Hi: 0x202e, Stride: 1}, // line and paragraph separator, embeddings and overrides
		{Lo: 0x2060, Hi: 0x206f, Stride: 1}, // word joiner, isolates, deprecated format characters
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1}, // byte order mark
		{Lo: 0xfff9, Hi: 0xfffb, Stride: 1}, // annotations
	},
	R32: []unicode.Range32{{Lo: 0xe0000, Hi: 0xe007f, Stride: 1}}, // tags
}

// Plain is what a Writer makes of a text.
func Plain(text string) string {
	return strings.Map(shown, text)
}

// screen returns the size of the terminal behind w; not ok when there is none, or it cannot place its cursor.
func screen(w io.Writer) (width, height int, ok bool) {
	width, height, ok = sizeOf(w)
	return width, height, ok && width > 0 && height > 0 && os.Getenv("TERM") != "dumb"
}

// sizeOf returns how many cells a line of the terminal behind w has, and how many lines there are; not ok when there is no
// terminal.
func sizeOf(w io.Writer) (width, height int, ok bool) {
	f, ok := Bare(w).(*os.File)
	if !ok {
		return 0, 0, false
	}
	width, height, err := xterm.GetSize(int(f.Fd()))
	return width, height, err == nil
}

// terminal returns the terminal behind w, if there is one.
func terminal(w io.Writer) (*os.File, bool) {
	f, ok := Bare(w).(*os.File)
	if !ok {
		return nil, false
	}
	info, err := f.Stat()
	return f, err == nil && info.Mode()&os.ModeCharDevice != 0
}
