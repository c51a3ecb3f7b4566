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

	"gongkai/extract"
	"gongkai/store"
	"gongkai/store/history"
)

// A revisionDiff is what two revisions of a report differ in.
type revisionDiff struct {
	Before      pageRevision     `json:"before"`
	After       pageRevision     `json:"after"`
	Level       string           `json:"level"` // of the change: none, cosmetic, text, figures
	Readers     []int            `json:"readers,omitempty"`
	Metadata    []difference     `json:"metadata"`
	Cells       int              `json:"cells"` // that either has
	Figures     []figureChange   `json:"figures"`
	Sections    []sectionChange  `json:"sections"`
	Attachments []partChange     `json:"attachments"`
	Problems    []difference     `json:"problems"`
	records     [2]*store.Record // what is compared
}

// A pageRevision is a revision with its address.
type pageRevision struct {
	URL string `json:"url"`
	history.Revision
}

// A figureChange is a cell that two revisions have otherwise. Values are numbers, blank, none where there is no such cell,
// or what cannot be read, as it is printed.
type figureChange struct {
	Table  string   `json:"table"`
	Row    string   `json:"row"`
	Column string   `json:"column"`
	Label  string   `json:"label,omitempty"` // of the form
	Before string   `json:"before"`
	After  string   `json:"after"`
	Doubts []string `json:"doubts,omitempty"`
}

// A sectionChange is a section whose text differs: its paragraphs, and the rows of its tables.
type sectionChange struct {
	Number  int          `json:"number"`
	Heading string       `json:"heading"`
	Prose   []history.Op `json:"prose,omitempty"`
	Rows    []history.Op `json:"rows,omitempty"`
}

// A partChange is a further page, a frame or an attachment that two revisions have otherwise; a digest is "" where there
// is none.
type partChange struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Before string `json:"before_sha256"`
	After  string `json:"after_sha256"`
	What   string `json:"what"`
}

// showDiff prints what two revisions of the report that a record claims differ in.
func (e *env) showDiff(s *store.Store, rec store.Record, between []string) error {
	life, err := lifeOf(s, rec)
	if err != nil {
		return err
	}
	a, b, err := twoRevisions(life, rec.URL, between)
	if err != nil {
		return err
	}
	d, err := diffRevisions(s, a, b)
	if err != nil {
		return err
	}
	if e.asJSON {
		return e.printJSON(d)
	}
	d.print(e, life)
	return nil
}

// twoRevisions finds the revisions that are asked for. Numbers count at the address shown; captures and times may be of
// any address that the report has had.
func twoRevisions(life *history.Report, url string, between []string) (a, b pageRevision, err error) {
	var here, all []pageRevision
	for _, p := range life.Pages {
		for _, v := range p.Revisions {
			if v.Key != life.Key || v.Scope != life.Scope {
				continue
			}
			all = append(all, pageRevision{p.URL, v})
			if p.URL == url {
				here = append(here, pageRevision{p.URL, v})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b pageRevision) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Capture, b.Capture)) })
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
func findRevision(here, all []pageRevision, name string) (pageRevision, error) {
	if id, isCapture := strings.CutPrefix(name, "c"); isCapture {
		n, err := strconv.ParseUint(id, 10, 64)
		i := slices.IndexFunc(all, func(v pageRevision) bool { return v.Capture == n })
		if err != nil || i < 0 {
			return pageRevision{}, usagef("-diff: no revision came with capture %s; -history lists them", id)
		}
		return all[i], nil
	}
	if n, err := strconv.Atoi(name); err == nil {
		i := slices.IndexFunc(here, func(v pageRevision) bool { return v.Number == n })
		if i < 0 {
			return pageRevision{}, usagef("-diff: there is no revision %d; -history lists them", n)
		}
		return here[i], nil
	}
	at, ok := instant(name)
	if !ok {
		return pageRevision{}, usagef("-diff takes numbers of revisions, captures as in c1234, days such as 2023-05-01 or RFC 3339 times, not %q", name)
	}
	was := func(list []pageRevision) int {
		return slices.IndexFunc(list, func(v pageRevision) bool { return v.Time.After(at) })
	}
	for _, list := range [][]pageRevision{here, all} {
		switch i := was(list); {
		case i > 0:
			return list[i-1], nil
		case i < 0 && len(list) > 0:
			return list[len(list)-1], nil
		}
	}
	return pageRevision{}, fmt.Errorf("nothing was held at %s; the first revision is of %s", clockWord(at), clockWord(all[0].Time))
}

func diffRevisions(s *store.Store, a, b pageRevision) (*revisionDiff, error) {
	d := &revisionDiff{Before: a, After: b, Level: levelOf(&a.Revision, &b.Revision),
		Metadata: []difference{}, Figures: []figureChange{}, Sections: []sectionChange{}, Attachments: []partChange{}, Problems: []difference{}}
	for i, v := range []pageRevision{a, b} {
		r, ok, err := s.Record(v.Record)
		if err != nil {
			return nil, err
		}
		if !ok || r.Report == nil {
			return nil, fmt.Errorf("the record of capture %d: %w", v.Record, store.ErrNotFound)
		}
		d.records[i] = &r
	}
	if a.Extractor != b.Extractor {
		d.Readers = []int{a.Extractor, b.Extractor}
	}
	d.compare()
	return d, nil
}

// levelOf is how much two revisions differ, which need not follow each other.
func levelOf(a, b *history.Revision) string {
	switch {
	case a.Fields != b.Fields, a.Attachments != b.Attachments:
		return store.ChangeFigures
	case a.Text != b.Text:
		return store.ChangeText
	case a.SHA256 != b.SHA256:
		return store.ChangeCosmetic
	}
	return store.ChangeNone
}

func (d *revisionDiff) compare() {
	a, b := d.records[0], d.records[1]
	for _, one := range diff(a, b) {
		switch one.Field {
		case "sections", "figures", "checks", "parts":
		case "problems":
			d.Problems = append(d.Problems, one)
		default:
			d.Metadata = append(d.Metadata, one)
		}
	}
	d.figures(a.Report, b.Report)
	d.sections(a.Report.Sections, b.Report.Sections)
	d.parts(a.Parts, b.Parts)
}

// figures compares cell by cell; a cell that stands twice is compared in order.
func (d *revisionDiff) figures(a, b *extract.Report) {
	type place struct {
		at [3]string
		n  int
	}
	count := map[[3]string]int{}
	var order []place
	values := map[place][2]string{}
	failed := map[place][2]bool{}
	for i, r := range []*extract.Report{a, b} {
		clear(count)
		for _, f := range r.Figures {
			at := [3]string{f.Table, f.Row, f.Column}
			p := place{at, count[at]}
			count[at]++
			v, known := values[p]
			if !known {
				order = append(order, p)
				v = [2]string{none, none}
			}
			v[i] = figureWord(f)
			values[p] = v
			bad := failed[p]
			bad[i] = f.Check == extract.CheckFailed
			failed[p] = bad
		}
	}
	d.Cells = len(order)
	label := labelsOfForm()
	for _, p := range order {
		if v := values[p]; v[0] != v[1] {
			at := strings.Join(p.at[:], " ")
			c := figureChange{Table: p.at[0], Row: p.at[1], Column: p.at[2], Label: label(p.at), Before: v[0], After: v[1]}
			for i, when := range []string{"before", "after"} {
				if failed[p][i] {
					c.Doubts = append(c.Doubts, when+": an identity fails")
				}
				c.Doubts = append(c.Doubts, doubtsOf([]*extract.Report{a, b}[i], at, when)...)
			}
			d.Figures = append(d.Figures, c)
		}
	}
}

// doubtsOf lists the problems of a cell.
func doubtsOf(r *extract.Report, at, when string) (list []string) {
	for _, p := range r.Problems {
		if p.Where == at && p.Kind != "identity" {
			list = append(list, when+": "+p.Kind+", "+p.Detail)
		}
	}
	return list
}

// figureWord prints a figure as figureChange has it.
func figureWord(f extract.Figure) string {
	switch {
	case f.Blank != "":
		return blank
	case f.Value == "":
		return "unreadable " + strconv.Quote(f.Raw)
	}
	return f.Value
}

// labelsOfForm returns what rows and columns are called on the statutory form: "本年新收 / 总计".
func labelsOfForm() func(at [3]string) string {
	names := map[[2]string]string{}
	for _, t := range extract.Schema().Tables {
		for _, r := range t.Rows {
			names[[2]string{t.ID, "row " + r.ID}] = r.ZH
		}
		for _, c := range t.Columns {
			names[[2]string{t.ID, "column " + c.ID}] = c.ZH
		}
	}
	return func(at [3]string) string {
		row, column := names[[2]string{at[0], "row " + at[1]}], names[[2]string{at[0], "column " + at[2]}]
		return strings.Trim(row+" / "+column, " /")
	}
}

// sections compares the n-th section of each number with the n-th of it.
func (d *revisionDiff) sections(a, b []extract.Section) {
	type place struct{ number, n int }
	var order []place
	texts := map[place][2]*extract.Section{}
	for i, list := range [][]extract.Section{a, b} {
		count := map[int]int{}
		for k := range list {
			p := place{list[k].Number, count[list[k].Number]}
			count[p.number]++
			pair, known := texts[p]
			if !known {
				order = append(order, p)
			}
			pair[i] = &list[k]
			texts[p] = pair
		}
	}
	slices.SortStableFunc(order, func(a, b place) int { return cmp.Or(a.number-b.number, a.n-b.n) })
	var words history.Comparison // one for all: a page may have thousands of sections
	for _, p := range order {
		var prose, rows, heading [2]string
		for i, s := range texts[p] {
			if s != nil {
				heading[i], rows[i] = s.Heading, rowsOf(s.Text)
				prose[i] = strings.TrimPrefix(s.Heading+"\n"+proseOf(s.Text), "\n")
			}
		}
		c := sectionChange{Number: p.number, Heading: cmp.Or(heading[1], heading[0])}
		if prose[0] != prose[1] {
			c.Prose = words.Words(prose[0], prose[1])
		}
		if rows[0] != rows[1] {
			c.Rows = words.Words(rows[0], rows[1])
		}
		if c.Prose != nil || c.Rows != nil {
			d.Sections = append(d.Sections, c)
		}
	}
}

// rowsOf returns the lines of a text that are rows of tables.
func rowsOf(t string) string {
	var b strings.Builder
	for line := range strings.Lines(t) {
		if strings.HasPrefix(line, "\t") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// parts compares what belongs to the report by its address; what is at another one and has the same bytes has moved.
func (d *revisionDiff) parts(a, b []store.Part) {
	find := func(list []store.Part, same func(store.Part) bool) *store.Part {
		if i := slices.IndexFunc(list, same); i >= 0 {
			return &list[i]
		}
		return nil
	}
	name := func(p store.Part) string { return strings.TrimSpace(p.Name + " " + p.Title) }
	for _, p := range a {
		q := find(b, func(q store.Part) bool { return q.URL == p.URL })
		switch moved := find(b, func(q store.Part) bool { return p.SHA256 != "" && q.SHA256 == p.SHA256 }); {
		case q == nil && moved != nil:
			d.Attachments = append(d.Attachments, partChange{name(p), p.URL, p.SHA256, moved.SHA256, "is now at " + moved.URL})
		case q == nil:
			d.Attachments = append(d.Attachments, partChange{name(p), p.URL, p.SHA256, "", "is not there any more"})
		case q.SHA256 == p.SHA256:
		case q.SHA256 == "":
			d.Attachments = append(d.Attachments, partChange{name(*q), p.URL, p.SHA256, "", "could not be had: " + q.Missing})
		case p.SHA256 == "":
			d.Attachments = append(d.Attachments, partChange{name(*q), p.URL, "", q.SHA256, "could be had"})
		default:
			d.Attachments = append(d.Attachments, partChange{name(*q), p.URL, p.SHA256, q.SHA256, "has other bytes"})
		}
	}
	for _, q := range b {
		if find(a, func(p store.Part) bool { return p.URL == q.URL || q.SHA256 != "" && p.SHA256 == q.SHA256 }) == nil {
			d.Attachments = append(d.Attachments, partChange{name(q), q.URL, "", q.SHA256, strings.TrimSuffix("is new; could not be had: "+q.Missing, "; could not be had: ")})
		}
	}
}

// print writes it for people.
func (d *revisionDiff) print(e *env, life *history.Report) {
	w := e.stdout
	fmt.Fprintf(w, "%s %s\n%s\n", life.Key, life.Scope, d.After.URL)
	for _, v := range []struct {
		word string
		pageRevision
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
	d.printMetadata(w)
	d.printFigures(e)
	d.printSections(w)
	if len(d.Attachments) > 0 {
		fmt.Fprintf(w, "\nattachments and further pages\n")
	}
	for _, p := range d.Attachments {
		fmt.Fprintf(w, "  %s %s\n  %s", p.Name, p.What, p.URL)
		if p.Before != p.After {
			fmt.Fprintf(w, "  %s -> %s", cmp.Or(shorten(p.Before), none), cmp.Or(shorten(p.After), none))
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

func (d *revisionDiff) printMetadata(w io.Writer) {
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

func (d *revisionDiff) printFigures(e *env) {
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

func (d *revisionDiff) printSections(w io.Writer) {
	differing := map[string]bool{} // tables with figures that differ: their rows need not be shown again
	for _, f := range d.Figures {
		table, _, _ := strings.Cut(f.Table, ".")
		differing[table] = true
	}
	paint := painter(w)
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
			b.WriteString(paint(red, "[-"+o.Text+"-]"))
		case history.Insert:
			b.WriteString(paint(green, "{+"+o.Text+"+}"))
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
