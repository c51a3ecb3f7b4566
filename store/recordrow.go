package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"gongkai/extract"
	"gongkai/extract/form"
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
	if r.Report == nil {
		return rowOf(&row)
	}
	row.Report = &reportRow{Report: r.Report}
	plain, err := rowOf(&row)
	if err != nil || len(r.Report.Figures) == 0 {
		return plain, err
	}
	whole, isLast := bytes.CutSuffix(plain, []byte("}}")) // the report is the last of the record, and its figures of it
	if !isLast {
		return nil, errors.New("a record's row does not end with its report")
	}
	whole = append(slices.Grow(whole, 200*len(r.Report.Figures)), `,"figures":`...)
	return append(appendFigures(whole, r.Report.Figures), "}}"...), nil
}

// appendFigures appends figures as the JSON of figureColumns.
func appendFigures(b []byte, figures []form.Figure) []byte {
	column := func(name string, always bool, text func(f *form.Figure) string) {
		begin, some := len(b), always
		b = append(b, name...)
		for i := range figures {
			s := text(&figures[i])
			some = some || s != ""
			b = append(appendText(b, s, false), ',')
		}
		if b[len(b)-1] = ']'; !some {
			b = b[:begin]
		}
	}
	column(`{"table":[`, true, func(f *form.Figure) string { return f.Table })
	column(`,"row":[`, true, func(f *form.Figure) string { return f.Row })
	column(`,"column":[`, true, func(f *form.Figure) string { return f.Column })
	column(`,"value":[`, false, func(f *form.Figure) string { return f.Value })
	b = appendRaw(b, figures)
	column(`,"blank":[`, false, func(f *form.Figure) string { return f.Blank })
	column(`,"unit":[`, false, func(f *form.Figure) string { return f.Unit })
	column(`,"form":[`, false, func(f *form.Figure) string { return f.Form })
	column(`,"check":[`, false, func(f *form.Figure) string { return f.Check })
	column(`,"locator":[`, false, func(f *form.Figure) string { return f.Locator })
	return append(b, '}')
}

// appendRaw appends the cells that are not printed as their values are.
func appendRaw(b []byte, figures []form.Figure) []byte {
	before := `,"raw":{"`
	for i, f := range figures {
		if f.Raw == f.Value {
			continue
		}
		b = strconv.AppendInt(append(b, before...), int64(i), 10)
		b = appendText(append(b, `":`...), f.Raw, false)
		before = `,"`
	}
	if before == `,"` {
		b = append(b, '}')
	}
	return b
}

// parseRecord reads the row of the record of a capture.
func parseRecord(id uint64, plain []byte) (Record, error) { return new(recordReader).parse(id, plain) }

// parse reads the row of the record of a capture.
func (d *recordReader) parse(id uint64, plain []byte) (Record, error) {
	if r, ok := d.read(plain); ok {
		r.Capture = id
		return r, nil
	}
	return parseAnyRecord(id, plain)
}

// parseAnyRecord reads a row however it is laid out: that of an earlier program, perhaps, or of a later one.
func parseAnyRecord(id uint64, plain []byte) (r Record, err error) {
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

func (c *figureColumns) figures() ([]form.Figure, error) {
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
	figures := make([]form.Figure, n)
	for i := range figures {
		raw, differs := c.Raw[i]
		if !differs {
			raw = c.Value[i]
		}
		figures[i] = form.Figure{Table: c.Table[i], Row: c.Row[i], Column: c.Column[i], Value: c.Value[i], Raw: raw, Blank: c.Blank[i],
			Unit: c.Unit[i], Form: c.Form[i], Check: c.Check[i], Locator: c.Locator[i]}
	}
	return figures, nil
}
