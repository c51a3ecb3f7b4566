package form

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract/markup"
)

// A Reading is what the tables of one report say.
type Reading struct {
	Figures  []Figure          // in page order
	Forms    map[string]string // form version of each statutory table: "t2" -> "v2021"
	Problems []Problem         // what could not be read, or only with a doubt

	at map[[3]string]int // table, row, column -> index in Figures
}

// Read reads what it can from the tables of a report, in page order, and says what it could not. The year is that which
// the title says is reported on, 0 when it says none. Where no table is a statutory one, it is put together from the
// lines of text of the sections of tables, which are asked for only then.
func Read(tables []*markup.Table, year int, lines iter.Seq[string]) *Reading {
	f := &reader{labels: labelsOfForm(), forms: map[string]map[string]int{}, year: year}
	if len(tables) > 0 {
		f.figures = make([]Figure, 0, 208) // what a whole form has
	}
	f.seen = make(map[[3]string]int, cap(f.figures))
	for _, t := range tables {
		f.table(t)
	}
	have := map[string]bool{}
	for _, fig := range f.figures {
		group, _, _ := strings.Cut(fig.Table, ".")
		have[group] = true
	}
	if !have["t2"] || !have["t3"] || !have["t4"] {
		for _, t := range flatTables(lines, have) {
			f.table(t)
		}
	}
	f.dropHead()
	forms := f.settleForms()
	f.missing(forms)
	return &Reading{Figures: f.figures, Forms: forms, Problems: f.problems, at: f.seen}
}

// A reader reads the statutory tables of one report. Which table it has before it, which form version, and
// what each row and column means it learns from their labels alone, never from the year: reports mix forms.
type reader struct {
	labels   *formLabels
	figures  []Figure
	problems []Problem
	forms    map[string]map[string]int // "t2" -> version -> columns or rows that speak for it
	seen     map[[3]string]int         // table, row, column -> index in figures
	year     int                       // that the title says is reported on; 0 when it does not
	head     *requestHead              // of the last t3 seen, for a table that goes on without one
	t14Keys  []string                  // of the annex's rows
}

// A valueColumn is a column of figures: where it stands and what it counts.
type valueColumn struct {
	x    int
	id   string
	unit string
	form string
}

func (f *reader) problem(kind, where, format string, args ...any) {
	f.problems = append(f.problems, Problem{kind, where, fmt.Sprintf(format, args...)})
}

// table reads one table as what its labels say it is; a table of other things is left alone.
func (f *reader) table(t *markup.Table) {
	if t.Cut {
		f.problem("table", fmt.Sprintf("table %d", t.Number), "larger than %d cells; the rest was not read", markup.MaxSlots)
	}
	keys := map[string]bool{}
	for y := range t.Rows {
		for _, c := range t.Own(y) {
			keys[headKey(c)] = true
		}
	}
	if keys["结果维持"] || keys["自然人"] || keys["信息内容"] {
		if f.ofOtherYear(t.Note) {
			f.problem("table", fmt.Sprintf("table %d", t.Number), "%q stands above it; not read", t.Note)
			return
		}
		if t.Section == 1 || t.Section > 4 {
			f.problem("table", fmt.Sprintf("table %d", t.Number), "a statutory table outside its section")
		}
	}
	switch {
	case keys["自然人"] && (keys["商业企业"] || keys["科研机构"] || keys["社会公益组织"]):
		f.t3(t)
	case keys["结果维持"] && (keys["行政复议"] || keys["行政诉讼"] || keys["未经复议直接起诉"] || keys["复议后起诉"]):
		f.t4(t)
	case f.t2(t):
	case f.head != nil && f.t3Continued(t):
	case f.t14(t):
	default:
		f.generic(t)
	}
}

// ofOtherYear reports whether a text names a year, and another than the one reported on.
func (f *reader) ofOtherYear(text string) bool {
	years := statedYear.FindAllStringSubmatch(text, -1)
	return f.year != 0 && len(years) > 0 && !slices.ContainsFunc(years, func(m []string) bool { return m[1] == strconv.Itoa(f.year) })
}

func (f *reader) vote(table, version string) {
	if f.forms[table] == nil {
		f.forms[table] = map[string]int{}
	}
	f.forms[table][version]++
}

// add keeps a figure. A figure that stands twice, as on pages that repeat a block for mobile screens, is kept once;
// if the two differ that is a problem.
func (f *reader) add(t *markup.Table, table, row string, column valueColumn, c *markup.Cell) {
	parsed := parseCell(c.Text)
	fig := Figure{
		Table: table, Row: row, Column: column.id, Value: parsed.value, Raw: c.Text, Blank: parsed.blank,
		Unit: column.unit, Form: column.form, Locator: locator(t, c),
	}
	if c.Opaque || c.Unsure {
		parsed, fig.Value, fig.Blank = cell{}, "", ""
	}
	if parsed.unit != "" {
		fig.Unit = parsed.unit
	}
	at := [3]string{table, row, column.id}
	if i, ok := f.seen[at]; ok {
		if f.figures[i].Value != fig.Value || f.figures[i].Blank != fig.Blank {
			f.problem("conflict", strings.Join(at[:], " "), "%q in %s, %q in %s; the first was kept", f.figures[i].Raw, f.figures[i].Locator, fig.Raw, fig.Locator)
		}
		return
	}
	f.seen[at] = len(f.figures)
	f.figures = append(f.figures, fig)
	if moneyWord.MatchString(parsed.unit) && column.unit == "件" {
		f.problem("domain", strings.Join(at[:], " "), "S-NONNEG: %q counts money in a column of cases", c.Text)
	}
	switch {
	case c.Unsure:
		f.problem("cell", strings.Join(at[:], " "), "%q may not be what a reader sees: it is styled out of sight or out of its place in part (%s)", c.Text, fig.Locator)
	case c.Opaque:
		f.problem("cell", strings.Join(at[:], " "), "%q is not a number (%s)", "a picture, control or script", fig.Locator)
	case !parsed.ok:
		f.problem("cell", strings.Join(at[:], " "), "%q is not a number (%s)", c.Text, fig.Locator)
	}
}

// locator says where a cell stands, counted from 1: "table 2 row 5 cell 4".
func locator(t *markup.Table, c *markup.Cell) string {
	b := make([]byte, 0, 32)
	if t.Part != "" {
		b = append(append(b, t.Part...), ' ')
	}
	if t.Number == 0 {
		b = append(b, "text"...) // put together from lines: there is no table to count
	} else {
		b = append(b, "table "...)
		b = strconv.AppendInt(b, int64(t.Number), 10)
	}
	b = append(b, " row "...)
	b = strconv.AppendInt(b, int64(c.Row+1), 10)
	b = append(b, " cell "...)
	return string(strconv.AppendInt(b, int64(c.Order), 10))
}

// settleForms decides the form version of each table and writes it into the figures that do not say it themselves.
func (f *reader) settleForms() map[string]string {
	forms := map[string]string{}
	for table, votes := range f.forms {
		for version, n := range votes {
			if best := forms[table]; best == "" || n > votes[best] || n == votes[best] && version > best {
				forms[table] = version
			}
		}
	}
	if f.has("t3") && forms["t3"] == "" {
		forms["t3"] = "v2021"
		f.problem("missing", "t3 r3.6", "neither the row (六)其他处理 of the form of 2019 nor its three rows of 2021; taken for 2021")
	}
	if forms["t4"] != "" && forms["t3"] != "" {
		forms["t4"] = forms["t3"] // the same table in both: it goes with its neighbour
	}
	for i := range f.figures {
		if f.figures[i].Form == "" {
			table, _, _ := strings.Cut(f.figures[i].Table, ".")
			f.figures[i].Form = forms[table]
		}
	}
	return forms
}

func (f *reader) has(table string) bool {
	return slices.ContainsFunc(f.figures, func(fig Figure) bool { return fig.Table == table })
}

// missing reports the tables and figures of the form that the page does not have.
func (f *reader) missing(forms map[string]string) {
	for _, t := range Schema().Tables {
		group, _, _ := strings.Cut(t.ID, ".")
		version := forms[group]
		if version == "" || !slices.Contains(t.Versions, version) {
			continue
		}
		var absent []string
		total := 0
		for _, r := range t.leafRows(version) {
			for _, c := range t.leafColumns(version) {
				total++
				if _, ok := f.seen[[3]string{t.ID, r.ID, c.ID}]; !ok {
					absent = append(absent, r.ID+" "+c.ID)
				}
			}
		}
		switch {
		case len(absent) == total:
			f.problem("missing", t.ID, "the whole table")
		case len(absent) > 0:
			f.problem("missing", t.ID, "%d of %d figures: %s", len(absent), total, strings.Join(absent, ", "))
		}
	}
}

func texts(cells []*markup.Cell) string {
	parts := make([]string, len(cells))
	for i, c := range cells {
		parts[i] = c.Text
	}
	return strings.Join(parts, " | ")
}
