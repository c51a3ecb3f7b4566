package export

import (
	"bytes"
	"encoding/json"

	"gongkai/extract"
)

// The types below are the parts of Frictionless Data Package v2 that we use; fields that the standard does not
// know (rows, as_of, …) are allowed by it.

type dataDescriptor struct {
	Schema      string         `json:"$schema"`
	Name        string         `json:"name"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	AsOf        asOf           `json:"as_of"`
	Software    software       `json:"software"`
	Filters     *filters       `json:"filters,omitempty"`
	Resources   []dataResource `json:"resources"`
}

type asOf struct {
	Capture uint64 `json:"capture"`          // the newest in the export
	Log     uint64 `json:"log"`              // how long the archive's log was: it tells how the captures had been read
	Time    string `json:"time,omitempty"`   // when it was made
	Commit  string `json:"commit,omitempty"` // hash of the link of the archive's chain that it is in
}

type software struct {
	Tool       string `json:"tool,omitempty"`
	Extractor  int    `json:"extractor"`            // of this program
	Extractors []int  `json:"extractors,omitempty"` // that read the reports exported
}

type filters struct {
	Agency   extract.AgencyKey `json:"agency,omitempty"`
	Division string            `json:"division,omitempty"`
	Level    string            `json:"level,omitempty"`
	From     int               `json:"year_from,omitempty"`
	To       int               `json:"year_to,omitempty"`
}

type dataResource struct {
	Name        string       `json:"name"`
	Path        string       `json:"path"`
	Type        string       `json:"type,omitempty"`
	Title       string       `json:"title"`
	Description string       `json:"description"`
	Format      string       `json:"format"`
	MediaType   string       `json:"mediatype"`
	Encoding    string       `json:"encoding,omitempty"`
	Bytes       int64        `json:"bytes"`
	Hash        string       `json:"hash"`
	Rows        *int         `json:"rows,omitempty"` // below the header
	Dialect     *dialect     `json:"dialect,omitempty"`
	Schema      *tableSchema `json:"schema,omitempty"`
}

// A dialect says where in a file a table is that holds several, and that null stands for an empty cell.
type dialect struct {
	Schema    string `json:"$schema"`
	SheetName string `json:"sheetName,omitempty"`
	Table     string `json:"table,omitempty"`
}

const (
	packageProfile = "https://datapackage.org/profiles/2.0/datapackage.json"
	tableProfile   = "https://datapackage.org/profiles/2.0/tableschema.json"
	dialectProfile = "https://datapackage.org/profiles/2.0/tabledialect.json"
)

type tableSchema struct {
	Schema        string        `json:"$schema"`
	Fields        []schemaField `json:"fields"`
	MissingValues []string      `json:"missingValues"`
	PrimaryKey    []string      `json:"primaryKey,omitempty"`
	ForeignKeys   []foreignKey  `json:"foreignKeys,omitempty"`
}

type schemaField struct {
	Name        string     `json:"name"`
	Type        string     `json:"type"`
	Title       string     `json:"title"` // in Chinese
	Description string     `json:"description"`
	Categories  []category `json:"categories,omitempty"` // the closed list of words of the column, in a stable order
}

type category struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

type foreignKey struct {
	Fields    []string  `json:"fields"`
	Reference reference `json:"reference"`
}

type reference struct {
	Resource string   `json:"resource"`
	Fields   []string `json:"fields"`
}

const packageTitle = "政府信息公开工作年度报告 Annual reports on government information disclosure"

const aboutPackage = `Annual reports on government information disclosure (政府信息公开工作年度报告), as published on Chinese ` +
	`government portals, archived and read by gongkai. Rows stand in the order of agency, year and scope. Where several pages ` +
	`claim one report, the newest version of each page counts, and of these one that names its agency itself before one whose agency ` +
	`only its portal tells, then the one with more figures, then with fewer failed identities, then on the agency's own portal, then ` +
	`captured last; problems.csv names the others, as rival. ` +
	`A blank cell is empty (null), never a zero. Codes of divisions are text. In CSV, a text cell that begins with = + - @ (also full-width), a tab, a line ` +
	`end or an apostrophe has an apostrophe put before it, so that no spreadsheet runs it: take one leading apostrophe off. ` +
	`Every row names the page, or the attachment, it was read from by its SHA-256.`

// descriptor returns the text of datapackage.json. It has no current time: one moment has one export. A table that is
// there in several formats has its name once, in the first, and is named after its format too in the others.
func descriptor(p *dataPackage, resources []dataResource) ([]byte, error) {
	named := map[string]bool{}
	for i, r := range resources {
		if named[r.Name] {
			resources[i].Name += "-" + r.Format
		}
		named[r.Name] = true
	}
	d := dataDescriptor{
		Schema:      packageProfile,
		Name:        "gongkai-disclosure-reports",
		Title:       packageTitle,
		Description: aboutPackage,
		AsOf:        asOf{Capture: p.sum.AsOf, Log: p.sum.Log, Commit: p.sum.Commit},
		Software:    software{p.options.Tool, extract.Version, p.extractors()},
		Resources:   resources,
	}
	if p.sum.AsOf != 0 {
		d.AsOf.Time = stamp(p.sum.Time)
	}
	if o := p.options; o.filtered() {
		d.Filters = &filters{o.Agency, o.Division, o.Level, o.Years.From, o.Years.To}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(d)
	return text.Bytes(), err
}
