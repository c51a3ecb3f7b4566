package store

import (
	"bytes"
	"fmt"

	"gongkai/extract"
)

// A recordRow is a Record as the archive keeps it. The capture's id is that of its item. The figures are kept by
// column: what one report has in common with the next, and that is all but the values, are then a few long runs, which
// pack three times as well as cells, and are read twice as fast.
type recordRow struct {
	Record
	Capture uint64     `json:"capture,omitempty"`
	Report  *reportRow `json:"report,omitempty"`
}

type reportRow struct {
	*extract.Report
	Figures *figureColumns `json:"figures,omitempty"`
}

// figureColumns are the figures, the i-th of each column those of the i-th. A column that would be empty throughout is
// left out.
type figureColumns struct {
	Table   []string       `json:"table"`
	Row     []string       `json:"row"`
	Column  []string       `json:"column"`
	Value   []string       `json:"value,omitempty"`
	Raw     map[int]string `json:"raw,omitempty"` // where it is not the value
	Blank   []string       `json:"blank,omitempty"`
	Unit    []string       `json:"unit,omitempty"`
	Form    []string       `json:"form,omitempty"`
	Check   []string       `json:"check,omitempty"`
	Locator []string       `json:"locator,omitempty"`
}

// row returns the plain bytes of a record's row.
func (r *Record) row() ([]byte, error) {
	row := recordRow{Record: *r}
	row.Record.Report = nil
	if r.Report != nil {
		row.Report = &reportRow{Report: r.Report, Figures: columnsOf(r.Report.Figures)}
	}
	return rowOf(&row)
}

// parseRecord reads the row of the record of a capture.
func parseRecord(id uint64, plain []byte) (r Record, err error) {
	row := recordRow{}
	if bytes.Contains(plain, []byte(`"report":`)) {
		row.Report = &reportRow{Report: new(extract.Report)}
	}
	if err := parseRow(plain, &row); err != nil {
		return Record{}, fmt.Errorf("record of capture %d: %w", id, err)
	}
	r = row.Record
	r.Capture = id
	if row.Report == nil {
		return r, nil
	}
	r.Report = row.Report.Report
	if r.Report.Figures, err = row.Report.Figures.figures(); err != nil {
		return Record{}, fmt.Errorf("record of capture %d: %w", id, err)
	}
	return r, nil
}

func columnsOf(figures []extract.Figure) *figureColumns {
	if len(figures) == 0 {
		return nil
	}
	n := len(figures)
	all := make([]string, 9*n)
	column := func(i int) []string { return all[i*n : (i+1)*n : (i+1)*n] }
	c := figureColumns{column(0), column(1), column(2), column(3), nil, column(4), column(5), column(6), column(7), column(8)}
	for i, f := range figures {
		c.Table[i], c.Row[i], c.Column[i], c.Value[i], c.Blank[i] = f.Table, f.Row, f.Column, f.Value, f.Blank
		c.Unit[i], c.Form[i], c.Check[i], c.Locator[i] = f.Unit, f.Form, f.Check, f.Locator
		if f.Raw != f.Value {
			if c.Raw == nil {
				c.Raw = make(map[int]string)
			}
			c.Raw[i] = f.Raw
		}
	}
	for _, column := range []*[]string{&c.Value, &c.Blank, &c.Unit, &c.Form, &c.Check, &c.Locator} {
		if empty(*column) {
			*column = nil
		}
	}
	return &c
}

func empty(column []string) bool {
	for _, s := range column {
		if s != "" {
			return false
		}
	}
	return true
}

func (c *figureColumns) figures() ([]extract.Figure, error) {
	if c == nil {
		return nil, nil
	}
	n := len(c.Table)
	for _, column := range []*[]string{&c.Row, &c.Column, &c.Value, &c.Blank, &c.Unit, &c.Form, &c.Check, &c.Locator} {
		switch len(*column) {
		case 0:
			*column = make([]string, n)
		case n:
		default:
			return nil, fmt.Errorf("%w: columns of figures have %d and %d cells", ErrDamaged, n, len(*column))
		}
	}
	figures := make([]extract.Figure, n)
	for i := range figures {
		raw, differs := c.Raw[i]
		if !differs {
			raw = c.Value[i]
		}
		figures[i] = extract.Figure{Table: c.Table[i], Row: c.Row[i], Column: c.Column[i], Value: c.Value[i], Raw: raw, Blank: c.Blank[i],
			Unit: c.Unit[i], Form: c.Form[i], Check: c.Check[i], Locator: c.Locator[i]}
	}
	return figures, nil
}
