package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"gongkai/cmd/gongkai/term"
	"gongkai/store"
	"gongkai/store/history"
)

// showDiff prints what two revisions of the report that a record claims differ in.
func (e *env) showDiff(s *store.Store, rec store.Record, between []string) error {
	life, err := history.OfRecord(s, rec)
	if err != nil {
		return err
	}
	a, b, err := twoRevisions(life, rec.URL, between)
	if err != nil {
		return err
	}
	d, err := history.CompareRevisions(s, a, b)
	if err != nil {
		return err
	}
	if e.asJSON {
		return e.printJSON(d)
	}
	e.printDiff(d, life)
	return nil
}

// twoRevisions finds the revisions that are asked for. Numbers count at the address shown; captures and times may be of
// any address that the report has had.
func twoRevisions(life *history.Report, url string, between []string) (a, b history.PageRevision, err error) {
	var here, all []history.PageRevision
	for _, p := range life.Pages {
		for _, v := range p.Revisions {
			if v.Key != life.Key || v.Scope != life.Scope {
				continue
			}
			all = append(all, history.PageRevision{URL: p.URL, Revision: v})
			if p.URL == url {
				here = append(here, history.PageRevision{URL: p.URL, Revision: v})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b history.PageRevision) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Capture, b.Capture))
	})
	last := here
	if len(here) < 2 {
		last = all // it has moved
	}
	switch {
	case len(between) < 2 && len(last) < 2:
		return a, b, fmt.Errorf("%s has one revision only: there is nothing to compare it with", life.Key)
	case len(between) == 0:
		return last[len(last)-2], last[len(last)-1], nil
	}
	if a, err = findRevision(here, all, between[0]); err != nil {
		return a, b, err
	}
	if len(between) == 1 {
		return a, last[len(last)-1], nil
	}
	b, err = findRevision(here, all, between[1])
	return a, b, err
}

// findRevision finds a revision by its number, by a capture as in c1234, or by a day or time at which it was there.
func findRevision(here, all []history.PageRevision, name string) (history.PageRevision, error) {
	if id, isCapture := strings.CutPrefix(name, "c"); isCapture {
		n, err := strconv.ParseUint(id, 10, 64)
		i := slices.IndexFunc(all, func(v history.PageRevision) bool { return v.Capture == n })
		if err != nil || i < 0 {
			return history.PageRevision{}, usagef("-diff: no revision came with capture %s; -history lists them", id)
		}
		return all[i], nil
	}
	if n, err := strconv.Atoi(name); err == nil {
		i := slices.IndexFunc(here, func(v history.PageRevision) bool { return v.Number == n })
		if i < 0 {
			return history.PageRevision{}, usagef("-diff: there is no revision %d; -history lists them", n)
		}
		return here[i], nil
	}
	at, ok := instant(name)
	if !ok {
		return history.PageRevision{}, usagef("-diff takes numbers of revisions, captures as in c1234, days such as 2023-05-01 or RFC 3339 times, not %q", name)
	}
	was := func(list []history.PageRevision) int {
		return slices.IndexFunc(list, func(v history.PageRevision) bool { return v.Time.After(at) })
	}
	for _, list := range [][]history.PageRevision{here, all} {
		switch i := was(list); {
		case i > 0:
			return list[i-1], nil
		case i < 0 && len(list) > 0:
			return list[len(list)-1], nil
		}
	}
	return history.PageRevision{}, fmt.Errorf("nothing was held at %s; the first revision is of %s", clockWord(at), clockWord(all[0].Time))
}

// printDiff writes for people what two revisions of a report differ in.
func (e *env) printDiff(d *history.RevisionDiff, life *history.Report) {
	w := e.stdout
	fmt.Fprintf(w, "%s %s\n%s\n", life.Key, life.Scope, d.After.URL)
	for _, v := range []struct {
		word string
		history.PageRevision
	}{{"-", d.Before}, {"+", d.After}} {
		fmt.Fprintf(w, "%s revision %d, captured %s (capture %d), sha256 %s", v.word, v.Number, clockWord(v.Time), v.Capture, shorten(v.SHA256))
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
	printMetadata(w, d)
	e.printFigures(d)
	printSections(w, d)
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

func printMetadata(w io.Writer, d *history.RevisionDiff) {
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

func (e *env) printFigures(d *history.RevisionDiff) {
	if d.Cells == 0 {
		return
	}
	fmt.Fprintf(e.stdout, "\nfigures: %d of %d differ\n", len(d.Figures), d.Cells)
	if len(d.Figures) == 0 {
		return
	}
	t := e.newTable("table", "row", "column", "what", "before", "after", "doubts")
	for _, f := range d.Figures {
		t.AppendRow(table.Row{f.Table, f.Row, f.Column, text.WrapHard(f.Label, widestLabel), f.Before, f.After, strings.Join(f.Doubts, "\n")})
	}
	t.Render()
}

func printSections(w io.Writer, d *history.RevisionDiff) {
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
