// Package export writes what the archive holds as a data package that a paper can cite: tables in one format or several,
// a codebook, a README, and a datapackage.json (Frictionless, version 2) that describes and digests them. It reads records
// and decides which of them speaks for an agency and year; it does not read pages, and corrects no figure.
//
// Rows are made once, column by column, in blocks that are handed to the writer of each format. The files are
//
//	export.go     what to export
//	package.go    the one pass over the archive
//	table.go      tables, columns, the interface of formats; value.go: a cell; words.go: columns with closed lists of words
//	report.go     reports, figures, problems; panel.go, capture.go, coverage.go, codebook.go: the other tables
//	years.go      doubts about pairs of years; rival.go: pages that were not chosen; lost.go: bytes that are gone
//	csv.go        the formats, a file each
//	folder.go     files that appear together; descriptor.go: datapackage.json; readme.go
package export

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"gongkai/extract"
	"gongkai/store"
)

// Formats are the formats that tables can be written in.
func Formats() []string { return []string{"csv", "jsonl", "parquet", "xlsx", "dta", "sqlite"} }

// Options say what to export. The zero value exports all there is, as CSV.
type Options struct {
	Formats  []string          // of Formats, in the order in which datapackage.json lists them; none is csv
	AsOf     uint64            // the moment, a capture id: later captures are left out; 0 is now. See store.Moment
	Log      uint64            // with AsOf: how long the log was, as Summary has it; 0: up to the next capture. See store.Moment
	Agency   extract.AgencyKey // only this agency
	Division string            // only agencies of this division and those below it: 330803, 330800, 330000
	Level    string            // only agencies of this level: central, province, prefecture, county
	Years    Years             // only reports on these years
	BOM      bool              // begin each CSV file with a byte order mark, as Excel wants it
	Tool     string            // name and version of the program, for datapackage.json

	// Expected yields what the archive should hold, in the order of agency (as bytes) and year, each once. When it is nil,
	// every agency held is expected to report on every year that any report of the export is on.
	Expected iter.Seq2[Expected, error]
}

// Years is a range that includes both ends; an end of 0 is open.
type Years struct{ From, To int }

// A Summary counts what was written.
type Summary struct {
	AsOf     uint64    `json:"as_of"`            // the moment exported
	Log      uint64    `json:"log"`              // how long the archive's log was then: the moment is AsOf and Log
	Commit   string    `json:"commit,omitempty"` // hash of the link of the archive's chain that the moment is in: see store.LinkOf
	Time     time.Time `json:"time"`             // of the newest capture within it
	Formats  []string  `json:"formats"`          // in which it was written
	Reports  int       `json:"reports"`
	Figures  int       `json:"figures"`
	Problems int       `json:"problems"`
	Captures int       `json:"captures"`
	Cut      int       `json:"cut_cells,omitempty"` // cells of the workbook that have not room for their text; the README names them
}

// Moment returns the moment exported.
func (s Summary) Moment() store.Moment { return store.Moment{Capture: s.AsOf, Log: s.Log} }

func (s Summary) String() string {
	text := fmt.Sprintf("%d reports, %d figures, %d problems, %d captures as of capture %d",
		s.Reports, s.Figures, s.Problems, s.Captures, s.AsOf)
	if s.Cut > 0 {
		text += fmt.Sprintf("; %s: %d texts cut to what a cell of Excel holds, see README.md", workbookName, s.Cut)
	}
	return text
}

// Write writes the data package into the folder dir, which is made if need be. A folder that holds anything else
// than an earlier export is refused; files of that export are taken away. Two exports of one moment are byte for byte the
// same, in every format, whatever has been archived or read again since. When ctx is cancelled, Write ends with its error, and
// the folder is as it was.
//
// Memory does not grow with the number of reports, except by 16 bytes for each page when reports are filtered, and by what
// store.Snapshot takes for records that were read again after the moment.
func Write(ctx context.Context, s *store.Store, dir string, o Options) (Summary, error) {
	for i, name := range o.Formats {
		if !slices.Contains(Formats(), name) || slices.Contains(o.Formats[:i], name) {
			return Summary{}, fmt.Errorf("export to %s: %q is no format, or there twice", dir, name)
		}
	}
	p, err := newPackage(ctx, s, dir, o)
	if p != nil && p.out != nil {
		if err == nil {
			err = p.write(ctx, s)
		}
		if err != nil {
			p.abandon()
		}
		err = p.out.finish(err)
	}
	if err != nil {
		return Summary{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	return p.sum, nil
}

// CSV is Write in the format that needs no choice.
func CSV(ctx context.Context, s *store.Store, dir string, o Options) (Summary, error) {
	o.Formats = []string{"csv"}
	return Write(ctx, s, dir, o)
}

func (o *Options) formats() []string {
	if len(o.Formats) == 0 {
		return []string{"csv"}
	}
	return o.Formats
}

// newFormat begins a format, by its name in Formats.
func (p *dataPackage) newFormat(name string) (format, error) {
	switch name {
	case "csv":
		return csvFormat{p.out, p.options.BOM}, nil
	case "jsonl":
		return jsonlFormat{p.out}, nil
	case "parquet":
		return parquetFormat{p.out}, nil
	case "xlsx":
		return newXLSX(p.out, p.about())
	case "dta":
		return dtaFormat{p.out, p.sum.Time}, nil
	case "sqlite":
		return newSQLite(p.out, p.about())
	}
	return nil, fmt.Errorf("%q is no format", name)
}

// past returns the archive as it was at the moment.
func (o Options) past(s *store.Store) (*store.Snapshot, error) {
	return s.Snapshot(store.Moment{Capture: o.AsOf, Log: o.Log})
}

// wants reports whether the filters let a report through.
func (o Options) wants(r *extract.Report) bool {
	return (o.Agency == "" || o.Agency == r.Agency.Key) &&
		(o.Level == "" || o.Level == r.Agency.Level) &&
		strings.HasPrefix(r.Agency.Division, divisionPrefix(o.Division)) &&
		o.Years.hold(r.Year)
}

// wantsExpected is wants for what is expected.
func (o Options) wantsExpected(e *Expected) bool {
	return o.wants(&extract.Report{Agency: extract.Agency{Key: e.Agency, Level: e.Level, Division: e.Division}, Year: e.Year})
}

// remembers reports whether a report that is not wanted is the year before one that may be.
func (o Options) remembers(r *extract.Report) bool {
	years := o.Years
	o.Years = Years{}
	return o.wants(r) && r.Year == years.From-1
}

func (y Years) hold(year int) bool {
	return (y.From == 0 || y.From <= year) && (y.To == 0 || year <= y.To)
}

// filtered reports whether any report may be left out.
func (o Options) filtered() bool {
	return o.Agency != "" || o.Level != "" || o.Division != "" || o.Years != Years{}
}

// divisionPrefix is what the codes of a division and of all below it begin with: GB/T 2260 has two digits a level.
func divisionPrefix(code string) string {
	return strings.TrimSuffix(strings.TrimSuffix(code, "00"), "00")
}
