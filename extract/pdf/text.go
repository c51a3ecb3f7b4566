package pdf

import (
	"slices"
	"strings"
	"unicode"
)

// A line is a line of text, as printed.
type line struct {
	box
	text  string
	chars []char // left to right
	size  float64
	page  int
}

// cellText is the text of a cell: its lines one after the other, top to bottom. Characters stacked in a narrow column
// are lines of one character each, and come out right; text set vertically in several columns is read column by column.
func cellText(chars []char) string {
	if len(chars) == 0 {
		return ""
	}
	if columns := vertical(chars); columns != nil {
		return strings.Join(columns, "")
	}
	var b strings.Builder
	for i, l := range lines(chars) {
		if i > 0 && needsBlank(b.String(), l.text) {
			b.WriteByte(' ')
		}
		b.WriteString(l.text)
	}
	return b.String()
}

// needsBlank reports whether a blank belongs between two lines: only where both sides are letters of words. Chinese is
// broken anywhere, and so are numbers in narrow cells.
func needsBlank(before, after string) bool {
	if before == "" || after == "" {
		return false
	}
	return isLatin(lastRune(before)) && isLatin(firstRune(after))
}

func isLatin(r rune) bool { return r < 0x250 && unicode.IsLetter(r) }

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

func lastRune(s string) rune {
	r := []rune(s[max(len(s)-4, 0):])
	return r[len(r)-1]
}

// vertical returns the columns of text that is set vertically, in reading order; nil for text that is not. The order
// in which the page draws its characters tells: down, then to the next column. Characters that were turned on their
// side are read in the direction they were turned to.
func vertical(chars []char) []string {
	sideways := 0
	for _, c := range chars {
		if c.turn&1 == 1 {
			sideways++
		}
	}
	upward := false
	switch {
	case sideways*2 > len(chars):
		upward = chars[0].turn == 3
	case len(chars) < 4 || !drawnDown(chars):
		return nil
	}
	return columnsOf(chars, upward)
}

// drawnDown reports whether most characters are drawn right below the one before, with some beside it too: with
// nothing beside it is one stack, which needs no column.
func drawnDown(chars []char) bool {
	down, aside := 0, 0
	for i := 1; i < len(chars); i++ {
		a, b := chars[i-1], chars[i]
		switch dx, dy := b.midX()-a.midX(), b.midY()-a.midY(); {
		case dx < a.size/2 && dx > -a.size/2 && dy > 0:
			down++
		case dy < a.size/2 && dy > -a.size/2:
			aside += 2 // a neighbour on the same line: horizontal
		}
	}
	return down > 2*aside && down*2 >= len(chars)
}

// columnsOf reads characters in columns: right to left and down, or left to right and up.
func columnsOf(chars []char, upward bool) []string {
	sorted := slices.Clone(chars)
	slices.SortStableFunc(sorted, func(a, b char) int { return cmpFloat(b.midX(), a.midX()) })
	var columns [][]char
	for _, c := range sorted {
		if n := len(columns); n > 0 && columns[n-1][0].midX()-c.midX() < columns[n-1][0].size/2 {
			columns[n-1] = append(columns[n-1], c)
			continue
		}
		columns = append(columns, []char{c})
	}
	if upward {
		slices.Reverse(columns)
	}
	texts := make([]string, len(columns))
	for i, column := range columns {
		slices.SortStableFunc(column, func(a, b char) int {
			if upward {
				return cmpFloat(b.midY(), a.midY())
			}
			return cmpFloat(a.midY(), b.midY())
		})
		var b strings.Builder
		for _, c := range column {
			b.WriteRune(c.r)
		}
		texts[i] = b.String()
	}
	return texts
}

// lines puts characters into lines, top to bottom: a character whose middle is within a line's height belongs to it.
// What is drawn twice, to look bold, is kept once.
func lines(chars []char) []line {
	sorted := slices.Clone(chars)
	slices.SortStableFunc(sorted, func(a, b char) int { return cmpFloat(a.midY(), b.midY()) })
	var rows [][]char
	var bottom, size float64
	for _, c := range sorted {
		if n := len(rows); n > 0 && c.midY()-bottom < 0.5*min(size, c.size) {
			rows[n-1] = append(rows[n-1], c)
			continue
		}
		rows = append(rows, []char{c})
		bottom, size = c.midY(), c.size
	}
	out := make([]line, 0, len(rows))
	for _, row := range rows {
		out = append(out, newLine(row))
	}
	return out
}

func newLine(row []char) line {
	slices.SortStableFunc(row, func(a, b char) int { return cmpFloat(a.x0, b.x0) })
	l := line{box: row[0].box, size: row[0].size}
	var text strings.Builder
	for _, c := range row {
		if n := len(l.chars); n > 0 {
			p := l.chars[n-1]
			if c.r == p.r && c.midX()-p.midX() < 0.3*min(c.x1-c.x0, p.x1-p.x0) {
				continue
			}
			if apart(p, c) {
				text.WriteByte(' ')
			}
		}
		text.WriteRune(c.r)
		l.chars = append(l.chars, c)
		l.box = l.box.union(c.box)
		l.size = max(l.size, c.size)
	}
	l.text = text.String()
	return l
}

// words cuts a line where there is a blank wider than gap, in sizes of the text.
func (l line) words(gap float64) []word {
	var words []word
	start := 0
	for i, c := range l.chars {
		if i+1 < len(l.chars) && l.chars[i+1].x0-c.x1 <= gap*c.size {
			continue
		}
		words = append(words, newWord(l.chars[start:i+1]))
		start = i + 1
	}
	return words
}

func newWord(chars []char) word {
	w := word{box: chars[0].box}
	var text strings.Builder
	for _, c := range chars {
		text.WriteRune(c.r)
		w.box = w.box.union(c.box)
	}
	w.text = text.String()
	return w
}

// apart reports whether there is a blank between neighbours on a line: a fifth of the size between words of letters,
// most of a character's width in Chinese, where justified lines are spread a little.
func apart(p, c char) bool {
	gap := c.x0 - p.x1
	if isLatin(p.r) && isLatin(c.r) {
		return gap > 0.18*c.size
	}
	return gap > 0.7*c.size
}
