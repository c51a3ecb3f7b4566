// Package export writes what the archive holds as a data package that a paper can cite: CSV files, a codebook,
// and a datapackage.json (Frictionless, version 2) that describes and digests them. It reads records and decides
// which of them speaks for an agency and year; it does not read pages, and corrects no figure.
package export

import (
	"fmt"
	"strings"
	"time"

	"gongkai/extract"
	"gongkai/store"
)

// Options say what to export. The zero value exports all there is.
type Options struct {
	AsOf     uint64            // the moment, a capture id: later captures are left out; 0 is now. See store.At
	Agency   extract.AgencyKey // only this agency
	Division string            // only agencies of this division and those below it: 330803, 330800, 330000
	Level    string            // only agencies of this level: central, province, prefecture, county
	Years    Years             // only reports on these years
	BOM      bool              // begin each CSV file with a byte order mark, as Excel wants it
	Tool     string            // name and version of the program, for datapackage.json
}

// Years is a range that includes both ends; an end of 0 is open.
type Years struct{ From, To int }

// A Summary counts what was written.
type Summary struct {
	AsOf     uint64    // the moment exported
	Time     time.Time // of the newest capture within it
	Reports  int
	Figures  int
	Problems int
	Captures int
}

func (s Summary) String() string {
	return fmt.Sprintf("%d reports, %d figures, %d problems, %d captures as of capture %d",
		s.Reports, s.Figures, s.Problems, s.Captures, s.AsOf)
}

// CSV writes the data package into the folder dir, which is made if need be. A folder that holds anything else
// than an earlier export is refused. Two exports of one moment are byte for byte the same, as long as the records
// are: reading the archive again with another extractor changes them.
//
// Memory does not grow with the number of reports, except by 16 bytes for each page when reports are filtered.
func CSV(s *store.Store, dir string, o Options) (Summary, error) {
	p, err := newPackage(s, dir, o)
	if err != nil {
		return Summary{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	if err := p.out.finish(p.write(s)); err != nil {
		return Summary{}, fmt.Errorf("export to %s: %w", dir, err)
	}
	return p.sum, nil
}

// moment fixes what "now" is.
func moment(s *store.Store, asOf uint64) (uint64, time.Time, error) {
	last, err := s.LastID()
	if err != nil {
		return 0, time.Time{}, err
	}
	if asOf > last {
		return 0, time.Time{}, fmt.Errorf("as of capture %d: the newest in the archive is %d", asOf, last)
	}
	if asOf == 0 {
		asOf = last
	}
	c, _, err := s.Capture(asOf)
	return asOf, c.Time, err
}

// wants reports whether the filters let a report through.
func (o Options) wants(r *extract.Report) bool {
	return (o.Agency == "" || o.Agency == r.Agency.Key) &&
		(o.Level == "" || o.Level == r.Agency.Level) &&
		strings.HasPrefix(r.Agency.Division, divisionPrefix(o.Division)) &&
		o.Years.hold(r.Year)
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
