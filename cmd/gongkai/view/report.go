package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
	"gongkai/store/history"
)

// Report writes a record of a report: where it comes from, its metadata, sections and figures, and every doubt, with
// those that are not from its page.
func Report(w io.Writer, rec store.Record, beside []form.Problem) {
	r := rec.Report
	fmt.Fprintf(w, "%s\n\n", r.Title)
	for _, pair := range [][2]string{
		{"key", r.Key().String()},
		{"agency", r.Agency.Name},
		{"scope", r.Scope},
		{"published", r.Published},
		{"quality", r.Quality},
		{"form", r.Form},
		{"forms", formsOf(r)},
		{"url", rec.URL},
		{"captured", rec.Time.In(time.Local).Format(time.DateTime)},
		{"sha256", rec.SHA256},
		{"change", rec.Change},
	} {
		if pair[1] != "" {
			fmt.Fprintf(w, "%-10s %s\n", pair[0], pair[1])
		}
	}
	for _, f := range r.Fields {
		fmt.Fprintf(w, "%-16s %s  (%s, %s)\n", f.Name, f.Value, f.Label, f.Where)
	}
	sections(w, r)
	fmt.Fprintf(w, "\n%s\n", checksOf(r))
	failedChecks(w, r)
	for _, p := range slices.Concat(r.Problems, beside) {
		fmt.Fprintf(w, "  problem: %s %s: %s\n", p.Kind, p.Where, p.Detail)
	}
}

// sections prints the sections. Where figures were read from the tables of one, these are drawn as the form has them;
// all others as the page does.
func sections(w io.Writer, r *extract.Report) {
	parts := formParts(r)
	for _, s := range r.Sections {
		ours := func(p formPart) bool {
			table := sectionTables(s.Number)
			return table != "" && (p.table.ID == table || strings.HasPrefix(p.table.ID, table+"."))
		}
		fmt.Fprintf(w, "\n%s\n", s.Heading)
		if !slices.ContainsFunc(parts, ours) {
			drawText(w, s.Text)
			continue
		}
		fmt.Fprint(w, history.Prose(s.Text))
		for _, p := range parts {
			if ours(p) {
				p.draw(w)
			}
		}
		parts = slices.DeleteFunc(parts, ours)
	}
	for _, p := range parts {
		p.draw(w)
	}
}

// drawText prints paragraphs, and draws runs of table rows as tables.
func drawText(w io.Writer, text string) {
	var rows []table.Row
	draw := func() {
		if len(rows) == 0 {
			return
		}
		t := table.NewWriter()
		t.SetOutputMirror(w)
		t.SetStyle(table.StyleLight)
		t.AppendRows(rows)
		t.Render()
		rows = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if row, ok := strings.CutPrefix(line, "\t"); ok {
			var cells table.Row
			for cell := range strings.SplitSeq(row, "\t") {
				cells = append(cells, cell)
			}
			rows = append(rows, cells)
			continue
		}
		draw()
		fmt.Fprintln(w, line)
	}
	draw()
}

func formsOf(r *extract.Report) string {
	var parts []string
	for table, form := range r.Forms {
		parts = append(parts, table+" "+form)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// checksOf sums up the identities: "42 identities tested: 34 hold, 8 hold with blanks as zero".
func checksOf(r *extract.Report) string {
	n := map[string]int{}
	for _, c := range r.Checks {
		n[c.Result]++
	}
	text := fmt.Sprintf("%d figures; %d identities tested: %d hold", len(r.Figures), len(r.Checks), n[form.CheckOK])
	for _, rest := range [][2]string{
		{form.CheckBlankZero, "hold with blanks as zero"},
		{form.CheckFailed, "FAIL"},
		{form.CheckInconclusive, "cannot be decided"},
	} {
		if n[rest[0]] > 0 {
			text += fmt.Sprintf(", %d %s", n[rest[0]], rest[1])
		}
	}
	return text
}
