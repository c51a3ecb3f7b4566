package form

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

// schemas.json holds the statutory tables of every form version with stable ids, the six sections, the identities
// that tie figures together, and the series that compare across forms. It is data: a new form is an edit there.
//
//go:embed schemas.json
var schemaData []byte

// A Definition is the content of schemas.json.
type Definition struct {
	Versions   []Version  `json:"versions"`
	Sections   []Section  `json:"sections"`
	Tables     []Table    `json:"tables"`
	Identities []Identity `json:"identities"`
	Harmonised []Series   `json:"harmonised"`
}

// A Version is one edition of the statutory form.
type Version struct {
	ID         string `json:"id"`    // "v2021"
	Years      [2]int `json:"years"` // report years it was meant for; 0 is open. Reports do not keep to them.
	Label      string `json:"label"`
	LegalBasis string `json:"legal_basis"`
}

// A Section is one of the six parts of a report.
type Section struct {
	Number  int      `json:"number"`
	ZH      string   `json:"zh"`
	EN      string   `json:"en"`
	Aliases []string `json:"aliases"`
}

// A Table is one statutory table over all versions: "t2.art20_1" … "t2.art20_9", "t3", "t4", "t14".
type Table struct {
	ID       string   `json:"id"`
	ZH       string   `json:"zh"`
	EN       string   `json:"en"`
	Versions []string `json:"versions"`
	Rows     []Row    `json:"rows"`
	Columns  []Column `json:"columns"`

	rowsOf    map[string][]Row    // the rows of each version that hold figures
	columnsOf map[string][]Column // the columns of each version that hold figures
}

// A Row is a row of a table. Rows that are not leaves only head others.
type Row struct {
	ID       string   `json:"id"`
	ZH       string   `json:"zh"`
	EN       string   `json:"en"`
	Parent   string   `json:"parent"`
	Leaf     bool     `json:"leaf"`
	Unit     string   `json:"unit"`
	Versions []string `json:"versions"`
	Aliases  []string `json:"aliases"`
}

// A Column is a column of a table. A column may stand once for each version when its label changed with it.
type Column struct {
	ID       string   `json:"id"`
	ZH       string   `json:"zh"`
	EN       string   `json:"en"`
	Parent   string   `json:"parent"`
	Unit     string   `json:"unit"`
	Type     string   `json:"type"` // int, signed_int, decimal; header for one that only heads others
	Versions []string `json:"versions"`
	Aliases  []string `json:"aliases"`
}

// An Identity is an equation of the form: the sum of Left equals the sum of Right, on rows in each column, or on
// columns in each row.
type Identity struct {
	ID       string   `json:"id"`
	Table    string   `json:"table"`
	Versions []string `json:"versions"`
	On       string   `json:"on"` // "rows" or "columns": what Left and Right name
	Left     []string `json:"left"`
	Right    []string `json:"right"`
	Severity string   `json:"severity"`
	Basis    string   `json:"basis"`
}

// A Series is a variable that can be followed over several forms.
type Series struct {
	Name          string            `json:"name"`
	ZH            string            `json:"zh"`
	EN            string            `json:"en"`
	Comparability string            `json:"comparability"`
	Note          string            `json:"note"`
	Terms         map[string][]Term `json:"terms"` // form version -> figures to add; a version that is absent has no such figure
}

// A Term names a figure: table, row, column.
type Term struct{ Table, Row, Column string }

// UnmarshalJSON reads the form ["t3", "r1", "total"].
func (t *Term) UnmarshalJSON(data []byte) error {
	var parts [3]string
	err := json.Unmarshal(data, &parts)
	t.Table, t.Row, t.Column = parts[0], parts[1], parts[2]
	return err
}

// Schema returns the schema of the statutory form. It is shared: callers must not change it.
var Schema = sync.OnceValue(func() *Definition {
	s := new(Definition)
	if err := json.Unmarshal(schemaData, s); err != nil {
		panic("form: schemas.json: " + err.Error()) // it is part of the program: whatever reads a report finds out
	}
	for i := range s.Tables {
		s.Tables[i].sort()
	}
	return s
})

// Table returns the table with an id, or nil.
func (s *Definition) Table(id string) *Table {
	for i := range s.Tables {
		if s.Tables[i].ID == id {
			return &s.Tables[i]
		}
	}
	return nil
}

// leafRows lists the rows of a version that hold figures. The list is shared.
func (t *Table) leafRows(version string) []Row { return t.rowsOf[version] }

// leafColumns lists the columns of a version that hold figures. The list is shared.
func (t *Table) leafColumns(version string) []Column { return t.columnsOf[version] }

// sort files rows and columns by version.
func (t *Table) sort() {
	t.rowsOf, t.columnsOf = map[string][]Row{}, map[string][]Column{}
	for _, version := range t.Versions {
		for _, r := range t.Rows {
			if r.Leaf && slices.Contains(r.Versions, version) {
				t.rowsOf[version] = append(t.rowsOf[version], r)
			}
		}
		for _, c := range t.Columns {
			if c.Type != "header" && slices.Contains(c.Versions, version) {
				t.columnsOf[version] = append(t.columnsOf[version], c)
			}
		}
	}
}

// row returns the row with an id; the zero row when there is none.
func (t *Table) row(id string) Row {
	for _, r := range t.Rows {
		if r.ID == id {
			return r
		}
	}
	return Row{}
}
