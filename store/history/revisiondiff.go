package history

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

// A RevisionDiff is what two revisions of a report differ in.
type RevisionDiff struct {
	Before      PageRevision     `json:"before"`
	After       PageRevision     `json:"after"`
	Level       string           `json:"level"` // of the change: None, cosmetic, text, figures
	Readers     []int            `json:"readers,omitempty"`
	Metadata    []Difference     `json:"metadata"`
	Cells       int              `json:"cells"` // that either has
	Figures     []FigureChange   `json:"figures"`
	Sections    []SectionChange  `json:"sections"`
	Attachments []PartChange     `json:"attachments"`
	Problems    []Difference     `json:"problems"`
	records     [2]*store.Record // what is compared
}

// A PageRevision is a revision with its address.
type PageRevision struct {
	URL string `json:"url"`
	Revision
}

// A FigureChange is a cell that two revisions have otherwise. Values are numbers, blank, none where there is no such
// cell, or what cannot be read, as it is printed.
type FigureChange struct {
	Table  string   `json:"table"`
	Row    string   `json:"row"`
	Column string   `json:"column"`
	Label  string   `json:"label,omitempty"` // of the form
	Before string   `json:"before"`
	After  string   `json:"after"`
	Doubts []string `json:"doubts,omitempty"`
}

// A SectionChange is a section whose text differs: its paragraphs, and the rows of its tables.
type SectionChange struct {
	Number  int    `json:"number"`
	Heading string `json:"heading"`
	Prose   []Op   `json:"prose,omitempty"`
	Rows    []Op   `json:"rows,omitempty"`
}

// A PartChange is a further page, a frame or an attachment that two revisions have otherwise; a digest is "" where
// there is none.
type PartChange struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Before string `json:"before_sha256"`
	After  string `json:"after_sha256"`
	What   string `json:"what"`
}

// CompareRevisions compares the records that stand of two revisions, which need not follow each other nor be at one
// address.
func CompareRevisions(s *store.Store, a, b PageRevision) (*RevisionDiff, error) {
	d := &RevisionDiff{Before: a, After: b, Level: levelOf(&a.Revision, &b.Revision),
		Metadata: []Difference{}, Figures: []FigureChange{}, Sections: []SectionChange{}, Attachments: []PartChange{}, Problems: []Difference{}}
	for i, v := range []PageRevision{a, b} {
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
func levelOf(a, b *Revision) string {
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

func (d *RevisionDiff) compare() {
	a, b := d.records[0], d.records[1]
	for _, one := range Differences(a, b) {
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
func (d *RevisionDiff) figures(a, b *extract.Report) {
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
				v = [2]string{None, None}
			}
			v[i] = figureWord(f)
			values[p] = v
			bad := failed[p]
			bad[i] = f.Check == form.CheckFailed
			failed[p] = bad
		}
	}
	d.Cells = len(order)
	label := labelsOfForm()
	for _, p := range order {
		if v := values[p]; v[0] != v[1] {
			at := strings.Join(p.at[:], " ")
			c := FigureChange{Table: p.at[0], Row: p.at[1], Column: p.at[2], Label: label(p.at), Before: v[0], After: v[1]}
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

// figureWord prints a figure as FigureChange has it.
func figureWord(f form.Figure) string {
	switch {
	case f.Blank != "":
		return Blank
	case f.Value == "":
		return "unreadable " + strconv.Quote(f.Raw)
	}
	return f.Value
}

// labelsOfForm returns what rows and columns are called on the statutory form: "本年新收 / 总计".
func labelsOfForm() func(at [3]string) string {
	names := map[[2]string]string{}
	for _, t := range form.Schema().Tables {
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
func (d *RevisionDiff) sections(a, b []extract.Section) {
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
	var words Comparison // one for all: a page may have thousands of sections
	for _, p := range order {
		var prose, rows, heading [2]string
		for i, s := range texts[p] {
			if s != nil {
				heading[i], rows[i] = s.Heading, rowsOf(s.Text)
				prose[i] = strings.TrimPrefix(s.Heading+"\n"+Prose(s.Text), "\n")
			}
		}
		c := SectionChange{Number: p.number, Heading: cmp.Or(heading[1], heading[0])}
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

// Prose returns the lines of a section's text that are no rows of tables.
func Prose(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "\t") {
			b.WriteString(line)
		}
	}
	return b.String()
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
func (d *RevisionDiff) parts(a, b []store.Part) {
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
			d.Attachments = append(d.Attachments, PartChange{name(p), p.URL, p.SHA256, moved.SHA256, "is now at " + moved.URL})
		case q == nil:
			d.Attachments = append(d.Attachments, PartChange{name(p), p.URL, p.SHA256, "", "is not there any more"})
		case q.SHA256 == p.SHA256:
		case q.SHA256 == "":
			d.Attachments = append(d.Attachments, PartChange{name(*q), p.URL, p.SHA256, "", "could not be had: " + q.Missing})
		case p.SHA256 == "":
			d.Attachments = append(d.Attachments, PartChange{name(*q), p.URL, "", q.SHA256, "could be had"})
		default:
			d.Attachments = append(d.Attachments, PartChange{name(*q), p.URL, p.SHA256, q.SHA256, "has other bytes"})
		}
	}
	for _, q := range b {
		if find(a, func(p store.Part) bool { return p.URL == q.URL || q.SHA256 != "" && p.SHA256 == q.SHA256 }) == nil {
			d.Attachments = append(d.Attachments, PartChange{name(q), q.URL, "", q.SHA256, strings.TrimSuffix("is new; could not be had: "+q.Missing, "; could not be had: ")})
		}
	}
}
