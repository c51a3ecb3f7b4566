package form

import "strings"

// A Figure is one cell of a statutory table. A blank cell is a Figure too, with Blank set and no Value: blank is
// not zero.
type Figure struct {
	Table   string `json:"table"`           // "t2.art20_1", "t3", "t4"
	Row     string `json:"row"`             // "normative", "r3.1", "cases"
	Column  string `json:"column"`          // "made", "natural", "lit_direct.upheld"
	Value   string `json:"value"`           // a plain decimal: "69", "-5", "96171.6"; empty when Blank or unreadable
	Raw     string `json:"raw"`             // the cell as printed
	Blank   string `json:"blank,omitempty"` // why there is no value: "empty", "dash", "slash", "none"
	Unit    string `json:"unit,omitempty"`  // 件, 项, 万元, 元
	Form    string `json:"form,omitempty"`  // form version of the table: "v2021"
	Check   string `json:"check,omitempty"` // CheckOK or CheckFailed when an identity covers the figure
	Locator string `json:"locator"`         // where it stood: "table 2 row 5 cell 4", counted from 1 in the report
}

// otherTable begins the name of a table that is none of the statutory form; the table's number follows.
const otherTable = "other."

// Statutory reports whether a figure is of a table of the statutory form.
func (f *Figure) Statutory() bool { return !strings.HasPrefix(f.Table, otherTable) }

// The outcomes of an identity.
const (
	CheckOK           = "ok"           // holds, whatever blanks mean
	CheckBlankZero    = "blank=0"      // holds when blank cells count as zero
	CheckFailed       = "failed"       // does not hold
	CheckInconclusive = "inconclusive" // a figure is missing or unreadable
)

// A Check is one identity of the form, tested on one row or column.
type Check struct {
	ID     string `json:"id"`     // T3-BALANCE, T3-COLSUM, …
	Table  string `json:"table"`  // "t3"
	At     string `json:"at"`     // the column or row it was tested on
	Result string `json:"result"` // one of the Check constants
	Detail string `json:"detail,omitempty"`
}

// A Problem is a doubt about part of a report; the rest stands.
type Problem struct {
	Kind   string `json:"kind"`            // a stable word to count by: "identity", "cell", "row", "section", …
	Where  string `json:"where,omitempty"` // table, row, column, section or field
	Detail string `json:"detail"`          // for a person
}
