package pdf

import (
	"bytes"
	"fmt"
	"html"
)

// render writes blocks as HTML: paragraphs and tables, nothing else.
func render(blocks []block) []byte {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n")
	for _, bl := range blocks {
		if bl.table != nil {
			bl.table.render(&b)
			continue
		}
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(bl.text))
	}
	b.WriteString("</body></html>\n")
	return b.Bytes()
}

func (t *table) render(b *bytes.Buffer) {
	b.WriteString("<table>\n")
	for y, row := range t.rows {
		b.WriteString("<tr>")
		for x := 0; x < len(row); x++ {
			c := row[x]
			if c == nil {
				b.WriteString("<td></td>")
				continue
			}
			cols, rows := t.span(x, y)
			if x+cols <= len(row) && (y == 0 || t.rows[y-1][x] != c) {
				writeCell(b, c.text, cols, rows)
			}
			x += cols - 1
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")
}

// span counts the slots that the cell at (x, y) fills to the right and down.
func (t *table) span(x, y int) (cols, rows int) {
	c := t.rows[y][x]
	for x+cols < len(t.rows[y]) && t.rows[y][x+cols] == c {
		cols++
	}
	for y+rows < len(t.rows) && t.rows[y+rows][x] == c {
		rows++
	}
	return cols, rows
}

func writeCell(b *bytes.Buffer, text string, cols, rows int) {
	b.WriteString("<td")
	if cols > 1 {
		fmt.Fprintf(b, ` colspan="%d"`, cols)
	}
	if rows > 1 {
		fmt.Fprintf(b, ` rowspan="%d"`, rows)
	}
	fmt.Fprintf(b, ">%s</td>", html.EscapeString(text))
}
