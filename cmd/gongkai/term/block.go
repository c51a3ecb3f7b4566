package term

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// A block is some lines at the end of a terminal that are drawn in place again and again. What is written meanwhile goes
// above them.
type block struct{ lines []string }

// The control sequences of a block (ECMA-48; 2026 is the synchronized output of terminal emulators, others ignore it).
const (
	holdScreen = "\x1b[?2026h\x1b[?25l" // show nothing until it is whole; no cursor
	showScreen = "\x1b[?25h\x1b[?2026l"
	cutLines   = "\x1b[?7l"
	breakLines = "\x1b[?7h"
	eraseLine  = "\x1b[K"
	eraseBelow = "\x1b[J"
)

// SetBlock draws lines below all that was written, in the place of those that were drawn last; none take them away. Lines are
// cut to the width of the screen, and the last ones are left out where it has not as many rows. Without a terminal it does
// nothing.
func (p *Writer) SetBlock(lines []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	width, height, ok := p.size()
	if !ok {
		return
	}
	p.draw(nil, lines[:min(len(lines), max(height-1, 1))], width)
}

// draw writes what goes above the block, and the block with these lines, in one go.
func (p *Writer) draw(above []byte, lines []string, width int) error {
	var out bytes.Buffer
	out.WriteString(holdScreen)
	if rows := p.block.rows(width); rows > 0 {
		fmt.Fprintf(&out, "\x1b[%dA\r", rows)
	}
	p.rise = append(p.rise, above...)
	if end := bytes.LastIndexByte(p.rise, '\n') + 1; end > 0 {
		out.Write(bytes.ReplaceAll(p.rise[:end], []byte("\n"), []byte(eraseLine+"\n")))
		p.rise = slices.Clone(p.rise[end:])
	}
	if len(lines) == 0 { // there is nothing any more that a line without an end would run into
		out.Write(p.rise)
		p.rise = nil
	}
	out.WriteString(cutLines)
	p.block.lines = nil
	for _, line := range lines {
		line = text.Trim(line, width)
		p.block.lines = append(p.block.lines, line)
		out.WriteString(p.unmark(line) + eraseLine + "\n")
	}
	out.WriteString(breakLines + eraseBelow + showScreen)
	_, err := out.WriteTo(p.to)
	return err
}

// rows is how many rows the block takes on a screen of a width. Terminals break lines that have become too long for them.
func (b block) rows(width int) (n int) {
	for _, line := range b.lines {
		n += max(1, (text.StringWidthWithoutEscSequences(line)+width-1)/width)
	}
	return n
}

// unmark replaces what steers terminals in a line, and turns marks of colours into colours.
func (p *Writer) unmark(line string) string {
	out, _ := p.pass([]byte(line)) // what is cut within a mark is lost with it
	return strings.ReplaceAll(string(out), "\n", " ")
}
