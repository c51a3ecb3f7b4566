package history

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gongkai/extract"
	"gongkai/store"
)

// A Difference is one thing that two readings of one page disagree about. Old and New are as they are printed: a value
// in quotes, or a word such as Blank or None.
type Difference struct {
	URL     string `json:"url"`
	Capture uint64 `json:"capture"`
	Field   string `json:"field"`           // one of DifferenceFields
	Where   string `json:"where,omitempty"` // within the field: "t3 r1 total"
	Old     string `json:"old"`
	New     string `json:"new"`
}

func (d Difference) String() string {
	field := d.Field
	if d.Where != "" {
		field += " " + d.Where
	}
	return fmt.Sprintf("%s: %s %s -> %s", d.URL, field, d.Old, d.New)
}

// DifferenceFields are the things that readings can disagree about, in the order in which they are counted.
var DifferenceFields = []string{"rejected", "title", "agency", "year", "scope", "published", "form", "quality", "metadata", "sections",
	"tables", "figures", "checks", "problems", "parts"}

// None is printed for a value that there is not, Blank for a cell that the form has and the agency has left empty.
const (
	None  = "none"
	Blank = "blank"
)

// Differences lists what two readings of one page disagree about, field by field. Where a figure stood and what its
// digests are does not count.
func Differences(before, now *store.Record) []Difference {
	d := differ{url: now.URL, capture: now.Capture}
	d.value("rejected", "", before.Rejected, now.Rejected)
	d.pairs("parts", partPairs(before.Parts), partPairs(now.Parts))
	if before.Report != nil && now.Report != nil {
		d.report(before.Report, now.Report)
	}
	slices.SortStableFunc(d.list, func(a, b Difference) int {
		return cmp.Compare(slices.Index(DifferenceFields, a.Field), slices.Index(DifferenceFields, b.Field))
	})
	return d.list
}

type differ struct {
	url     string
	capture uint64
	list    []Difference
}

func (d *differ) report(a, b *extract.Report) {
	d.value("title", "", a.Title, b.Title)
	d.value("agency", "", strings.TrimSpace(string(a.Agency.Key)+" "+a.Agency.Name), strings.TrimSpace(string(b.Agency.Key)+" "+b.Agency.Name))
	d.value("year", "", strconv.Itoa(a.Year), strconv.Itoa(b.Year))
	d.value("scope", "", a.Scope, b.Scope)
	d.value("published", "", a.Published, b.Published)
	d.value("form", "", a.Form, b.Form)
	d.value("quality", "", a.Quality, b.Quality)
	d.pairs("metadata", metadataPairs(a), metadataPairs(b))
	d.sections(a.Sections, b.Sections)
	d.pairs("tables", formPairs(a), formPairs(b))
	d.pairs("figures", figurePairs(a), figurePairs(b))
	d.pairs("checks", checkPairs(a), checkPairs(b))
	d.pairs("problems", problemPairs(a), problemPairs(b))
}

func (d *differ) add(field, where, before, now string) {
	d.list = append(d.list, Difference{d.url, d.capture, field, where, before, now})
}

func (d *differ) value(field, where, before, now string) {
	if before != now {
		d.add(field, where, quoted(before), quoted(now))
	}
}

// quoted prints a value; there is None when it is empty.
func quoted(s string) string {
	if s == "" {
		return None
	}
	return strconv.Quote(s)
}

// A pair is a named value, as printed. Names may repeat.
type pair struct{ name, value string }

// pairs compares named values: the n-th one of a name with the n-th one of it.
func (d *differ) pairs(field string, before, now []pair) {
	left := map[string][]string{}
	for _, p := range now {
		left[p.name] = append(left[p.name], p.value)
	}
	for _, p := range before {
		value := None
		if values := left[p.name]; len(values) > 0 {
			value, left[p.name] = values[0], values[1:]
		}
		if value != p.value {
			d.add(field, p.name, p.value, value)
		}
	}
	for _, p := range now {
		if values := left[p.name]; len(values) > 0 {
			d.add(field, p.name, None, values[0])
			left[p.name] = values[1:]
		}
	}
}

func metadataPairs(r *extract.Report) (list []pair) {
	for _, f := range r.Fields {
		list = append(list, pair{f.Name, quoted(f.Value)})
	}
	return list
}

func formPairs(r *extract.Report) (list []pair) {
	for table, form := range r.Forms {
		list = append(list, pair{table, form})
	}
	slices.SortFunc(list, func(a, b pair) int { return cmp.Compare(a.name, b.name) })
	return list
}

// figurePairs prints figures: a number, Blank, or a cell that cannot be read.
func figurePairs(r *extract.Report) (list []pair) {
	for _, f := range r.Figures {
		value := quoted(f.Value)
		switch {
		case f.Blank != "":
			value = Blank
		case f.Value == "":
			value = "unreadable " + strconv.Quote(f.Raw)
		}
		list = append(list, pair{f.Table + " " + f.Row + " " + f.Column, value})
	}
	return list
}

func checkPairs(r *extract.Report) (list []pair) {
	for _, c := range r.Checks {
		list = append(list, pair{c.ID + " " + c.Table + " " + c.At, c.Result})
	}
	return list
}

func problemPairs(r *extract.Report) (list []pair) {
	for _, p := range r.Problems {
		list = append(list, pair{strings.TrimSpace(p.Kind + " " + p.Where), strconv.Quote(p.Detail)})
	}
	return list
}

func partPairs(parts []store.Part) (list []pair) {
	for _, p := range parts {
		value := "kept"
		switch {
		case p.Missing != "":
			value = "missing: " + p.Missing
		case p.Unread != "":
			value = "unread: " + p.Unread
		case p.Read:
			value = "read"
		}
		list = append(list, pair{p.Name + " " + p.URL, strconv.Quote(value)})
	}
	return list
}

// sections compares the texts of sections of one number, and prints where they begin to differ.
func (d *differ) sections(before, now []extract.Section) {
	texts := func(sections []extract.Section) (list []pair) {
		for _, s := range sections {
			list = append(list, pair{strconv.Itoa(s.Number), s.Heading + "\n" + s.Text})
		}
		return list
	}
	var compared differ
	compared.pairs("sections", texts(before), texts(now))
	for _, c := range compared.list {
		d.add("sections", c.Where, excerpt(c.Old, c.New), excerpt(c.New, c.Old))
	}
}

// excerpt prints what stands in a text from where it begins to differ from another.
func excerpt(text, other string) string {
	if text == None {
		return None
	}
	runes, o := []rune(text), []rune(other)
	from := 0
	for from < len(runes) && from < len(o) && runes[from] == o[from] {
		from++
	}
	to := min(from+30, len(runes))
	shown := string(runes[from:to])
	if from > 0 {
		shown = "…" + shown
	}
	if to < len(runes) {
		shown += "…"
	}
	return strconv.Quote(shown)
}

// A DifferenceCount counts in how many records each field came out otherwise, and cells of figures one by one.
type DifferenceCount struct {
	Fields map[string]int `json:"fields"`
	Cells  struct {
		Changed int `json:"changed"`
		Gained  int `json:"gained"`
		Lost    int `json:"lost"`
	} `json:"cells"`
}

// Add counts the differences of one record.
func (n *DifferenceCount) Add(list []Difference) {
	if n.Fields == nil {
		n.Fields = map[string]int{}
		for _, field := range DifferenceFields {
			n.Fields[field] = 0
		}
	}
	seen := map[string]bool{}
	for _, d := range list {
		if !seen[d.Field] {
			seen[d.Field] = true
			n.Fields[d.Field]++
		}
		switch {
		case d.Field != "figures":
		case d.Old == None:
			n.Cells.Gained++
		case d.New == None:
			n.Cells.Lost++
		default:
			n.Cells.Changed++
		}
	}
}

// String says it in one line: "title 3, agency 1, year 0, figures 12 (cells: 30 changed, 4 gained, 0 lost), …".
func (n *DifferenceCount) String() string {
	var parts []string
	for _, field := range DifferenceFields {
		part := fmt.Sprint(field, " ", n.Fields[field])
		if field == "figures" {
			part += fmt.Sprintf(" (cells: %d changed, %d gained, %d lost)", n.Cells.Changed, n.Cells.Gained, n.Cells.Lost)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}
