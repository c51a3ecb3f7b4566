package view

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"gongkai/cmd/gongkai/term"
	"gongkai/store"
	"gongkai/store/history"
)

// Diff writes what two revisions of a report differ in.
func Diff(w io.Writer, d *history.RevisionDiff, life *history.Report) {
	fmt.Fprintf(w, "%s %s\n%s\n", life.Key, life.Scope, d.After.URL)
	for _, v := range []struct {
		word string
		history.PageRevision
	}{{"-", d.Before}, {"+", d.After}} {
		fmt.Fprintf(w, "%s revision %d, captured %s (capture %d), sha256 %s", v.word, v.Number, Clock(v.Time), v.Capture, shorten(v.SHA256))
		if v.URL != d.After.URL {
			fmt.Fprintf(w, ", at %s", v.URL)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s\n", map[string]string{store.ChangeNone: "the same bytes", store.ChangeCosmetic: "only bytes differ: nothing of what is read from them",
		store.ChangeText: "the text differs; figures, metadata and attachments do not", store.ChangeFigures: "figures, metadata or attachments differ"}[d.Level])
	if d.Readers != nil {
		fmt.Fprintf(w, "they were read by versions %d and %d of the reader, which may be why they differ: gongkai extract reads both with today's\n", d.Readers[0], d.Readers[1])
	}
	metadata(w, d)
	figures(w, d)
	changedSections(w, d)
	if len(d.Attachments) > 0 {
		fmt.Fprintf(w, "\nattachments and further pages\n")
	}
	for _, p := range d.Attachments {
		fmt.Fprintf(w, "  %s %s\n  %s", p.Name, p.What, p.URL)
		if p.Before != p.After {
			fmt.Fprintf(w, "  %s -> %s", cmp.Or(shorten(p.Before), history.None), cmp.Or(shorten(p.After), history.None))
		}
		fmt.Fprintln(w)
	}
	if len(d.Problems) > 0 {
		fmt.Fprintf(w, "\ndoubts\n")
	}
	for _, p := range d.Problems {
		fmt.Fprintf(w, "  %s: %s -> %s\n", p.Where, p.Old, p.New)
	}
}

func metadata(w io.Writer, d *history.RevisionDiff) {
	if len(d.Metadata) > 0 {
		fmt.Fprintf(w, "\nmetadata\n")
	}
	for _, m := range d.Metadata {
		name := m.Field
		if m.Where != "" {
			name = m.Where
		}
		fmt.Fprintf(w, "  %s: %s -> %s\n", name, m.Old, m.New)
	}
}

func figures(w io.Writer, d *history.RevisionDiff) {
	if d.Cells == 0 {
		return
	}
	fmt.Fprintf(w, "\nfigures: %d of %d differ\n", len(d.Figures), d.Cells)
	if len(d.Figures) == 0 {
		return
	}
	t := term.NewTable(w, "table", "row", "column", "what", "before", "after", "doubts")
	for _, f := range d.Figures {
		t.AppendRow(table.Row{f.Table, f.Row, f.Column, text.WrapHard(f.Label, widestLabel), f.Before, f.After, strings.Join(f.Doubts, "\n")})
	}
	t.Render()
}

func changedSections(w io.Writer, d *history.RevisionDiff) {
	differing := map[string]bool{} // tables with figures that differ: their rows need not be shown again
	for _, f := range d.Figures {
		table, _, _ := strings.Cut(f.Table, ".")
		differing[table] = true
	}
	paint := term.Painter(w)
	for _, s := range d.Sections {
		rows := s.Rows
		if differing[sectionTables(s.Number)] {
			rows = nil
		}
		if s.Prose == nil && rows == nil {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", cmp.Or(s.Heading, "before the first heading"))
		for _, ops := range [][]history.Op{s.Prose, rows} {
			for _, h := range hunks(ops, paint) {
				fmt.Fprintf(w, "  %s\n", h)
			}
		}
	}
}

// around is how many characters are shown on either side of a change.
const around = 20

// hunks prints changes with what stands around them, a line each: …公开[-14285-]{+14286+}条…
func hunks(ops []history.Op, paint func(int, string) string) (lines []string) {
	var b strings.Builder
	end := func() {
		if b.Len() > 0 {
			lines = append(lines, strings.NewReplacer("\n", " ⏎ ", "\t", " │ ").Replace(strings.Trim(b.String(), "\n")))
			b.Reset()
		}
	}
	for i, o := range ops {
		switch o.Kind {
		case history.Delete:
			b.WriteString(paint(term.Red, "[-"+o.Text+"-]"))
		case history.Insert:
			b.WriteString(paint(term.Green, "{+"+o.Text+"+}"))
		default:
			before, after := beginning(o.Text), ending(o.Text)
			switch {
			case i == 0:
				b.WriteString(after)
			case i == len(ops)-1:
				b.WriteString(before)
			case len(before)+len(after) < len(o.Text) || strings.Contains(o.Text, "\n"):
				b.WriteString(before)
				end()
				b.WriteString(after)
			default:
				b.WriteString(o.Text)
			}
		}
	}
	end()
	return lines
}

// beginning is what of a text stands around a change before it: to the end of the paragraph, or so many characters.
func beginning(s string) string {
	line, _, more := strings.Cut(s, "\n")
	if utf8.RuneCountInString(line) <= around {
		if more {
			return line
		}
		return s
	}
	return string([]rune(line)[:around]) + "…"
}

// ending is beginning from the other end.
func ending(s string) string {
	line := s[strings.LastIndexByte(s, '\n')+1:]
	if n := utf8.RuneCountInString(line); n > around {
		return "…" + string([]rune(line)[n-around:])
	}
	return line
}
