package extract

import (
	"strconv"
	"strings"

	"gongkai/extract/form"
	"gongkai/extract/markup"
)

// Version identifies what this package reads out of a page. It grows with every change that makes a page
// yield something else, so that a difference between two records can be told from a difference between two pages.
const Version = 2

// A Report is what one page says before anyone believes it: the claim that an agency reported for a year, the
// text, the figures, and every doubt about them. All texts are UTF-8 and as printed, except where a field says
// that it was normalised.
type Report struct {
	Title  string `json:"title"`            // as printed
	Agency Agency `json:"agency"`           // who reports
	Year   int    `json:"year"`             // the year reported on, not that of publication; 0 when unknown
	Scope  string `json:"scope"`            // ScopeOwn or ScopeAggregate
	Script string `json:"script,omitempty"` // text.Simplified or text.Traditional
	Form   string `json:"form"`             // what the text was read from: one of the Form constants

	Published string  `json:"published,omitempty"` // day of publication in China, 2006-01-02; empty when the page does not say
	Fields    []Field `json:"fields,omitempty"`    // metadata, in page order, one a canonical name

	Sections []Section         `json:"sections,omitempty"` // in page order; 0 is what stands before the first heading
	Forms    map[string]string `json:"forms,omitempty"`    // form version of each statutory table: "t2" -> "v2021"
	Figures  []form.Figure     `json:"figures,omitempty"`  // in page order
	Checks   []form.Check      `json:"checks,omitempty"`   // the identities tested
	Problems []form.Problem    `json:"problems,omitempty"` // doubts; the rest stands
	Quality  string            `json:"quality"`            // one of the Quality constants, drawn from the problems

	Attachments []Part `json:"attachments,omitempty"` // documents linked from the article, whether read or not

	Encoding markup.Encoding `json:"encoding"` // how the bytes were read
}

// The scopes of a report.
const (
	ScopeOwn       = "own"       // the agency's own work
	ScopeAggregate = "aggregate" // a whole region: the government with everything below it
)

// What a report was read from.
const (
	FormHTML       = "html"
	FormText       = "text"       // plain text
	FormPDF        = "pdf"        // the text layer of a PDF
	FormDOCX       = "docx"       // a Word document
	FormImage      = "image"      // pictures of pages: nothing could be read
	FormAttachment = "attachment" // the page only points to documents, and none of them could be read
)

// What a researcher can filter on. A report has the first of these that fits.
const (
	QualityUnread   = "unread"   // no figures of a statutory table: a scan, an unread attachment, a report without these tables
	QualityDoubtful = "doubtful" // an identity fails, a figure is missing, unreadable or contradicted, or only the portal says whose report it is
	QualityNoted    = "noted"    // figures are whole and agree; something else was odd
	QualityClean    = "clean"    // nothing was odd
)

// An AgencyKey says who an agency is across years, portals and spellings: a division code of GB/T 2260, a
// hyphen, and the unit's name without the division's name, in simplified script: "330803-人民政府办公室".
type AgencyKey string

// Division returns the six-digit division code of k.
func (k AgencyKey) Division() string {
	division, _, _ := strings.Cut(string(k), "-")
	return division
}

// A Key names one agency's report for one year. An agency may have several records under a key: of both scopes,
// from several pages, of several moments.
type Key struct {
	Agency AgencyKey
	Year   int
}

// String returns the form that commands accept and print: "330803-人民政府办公室/2021".
func (k Key) String() string { return string(k.Agency) + "/" + strconv.Itoa(k.Year) }

// ParseKey reads the form that String writes. ok is false for anything else.
func ParseKey(s string) (k Key, ok bool) {
	agency, year, found := strings.Cut(s, "/")
	n, err := strconv.Atoi(year)
	if !found || err != nil || n < 1900 || n > 2999 || !strings.Contains(agency, "-") {
		return Key{}, false
	}
	return Key{AgencyKey(agency), n}, true
}

// An Agency is the publisher of a report as far as the page and its portal tell.
type Agency struct {
	Key      AgencyKey `json:"key"`
	Name     string    `json:"name"`               // in full and in simplified script
	Printed  string    `json:"printed,omitempty"`  // as the page prints it
	Division string    `json:"division,omitempty"` // six digits of GB/T 2260
	Level    string    `json:"level,omitempty"`    // of the division: central, province, prefecture, county
	Evidence []string  `json:"evidence,omitempty"` // where name and division come from: "title: …", "site id: 330803"
}

// Key returns the key of the report.
func (r *Report) Key() Key { return Key{r.Agency.Key, r.Year} }

// Filled counts the figures that are not blank.
func (r *Report) Filled() (n int) {
	for i := range r.Figures {
		if r.Figures[i].Blank == "" {
			n++
		}
	}
	return n
}

// Field returns the value of the metadata field with a canonical name, or "".
func (r *Report) Field(name string) string {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Text returns the whole report as paragraphs, headings included, one a line. Table rows stand in their place:
// a line that begins with a tab is a row, its cells separated by tabs.
func (r *Report) Text() string {
	var b strings.Builder
	for _, s := range r.Sections {
		for _, line := range [2]string{s.Heading, s.Text} {
			if line != "" {
				b.WriteString(line)
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

// A Field is one value of a page's metadata block.
type Field struct {
	Name  string `json:"name"`  // canonical: index_no, published_date, publisher, …
	Value string `json:"value"` // as printed, spaces trimmed
	Label string `json:"label"` // as printed: "信息索引号:"
	Where string `json:"where"` // meta tag, label block, information line
}

// A Section is one of the six parts of a report.
type Section struct {
	Number  int    `json:"number"`            // 1 to 6; 0 for what precedes the first
	Heading string `json:"heading,omitempty"` // as printed
	Text    string `json:"text,omitempty"`    // paragraphs and table rows, see Report.Text
}
