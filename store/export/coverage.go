package export

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"gongkai/extract"
	"gongkai/store"
)

// What is held of an agency's report for a year.
const (
	CoverageHeld        = "held"         // a report, with figures
	CoverageUnread      = "unread"       // a report, without figures
	CoverageMissing     = "missing"      // none
	CoverageFailed      = "failed"       // none, though one is known to exist: it could not be had
	CoverageNotExpected = "not_expected" // none, and there is none to be held
)

// An Expected is a report that the archive should hold, or is known not to: one agency and year.
type Expected struct {
	Agency   extract.AgencyKey
	Name     string
	Division string
	Level    string
	Year     int
	State    string // when none is held: CoverageMissing (or ""), CoverageFailed or CoverageNotExpected
	Reason   string // why none is held, as far as it is known
}

func (e *Expected) key() extract.Key { return extract.Key{Agency: e.Agency, Year: e.Year} }

// An agencyYear is a row of coverage: what was expected of an agency for a year, and what is held.
type agencyYear struct {
	Expected
	Wanted  bool // it was expected
	Reports int  // held, of both scopes
	Figures int
}

func (a *agencyYear) state() string {
	switch {
	case a.Figures > 0:
		return CoverageHeld
	case a.Reports > 0:
		return CoverageUnread
	}
	return cmp.Or(a.State, CoverageMissing)
}

func (a *agencyYear) reason() string {
	if a.Reports > 0 {
		return ""
	}
	return a.Reason
}

var coverageTable = table[*agencyYear]{
	name: "coverage",
	en: "One row an agency and year: what is expected, and what is held. What is expected comes from the catalogue; without one, " +
		"every agency in the archive is expected to report on each year from the first to the last that any report of the export is on.",
	zh:  "覆盖情况：每个机构每个年度应有与已收录的报告",
	key: []string{"agency_id", "year"},
	columns: []column[*agencyYear]{
		{"agency_id", text, "as in reports", "机构标识", func(a *agencyYear) value { return textValue(string(a.Agency)) }},
		{"agency_name", text, "name of the agency in full", "机构全称", func(a *agencyYear) value { return textValue(a.Name) }},
		{"division_code", text, "division of GB/T 2260, six digits: text, not a number", "行政区划代码（GB/T 2260，六位文本）",
			func(a *agencyYear) value { return textValue(a.Division) }},
		{"level", text, "level of the agency: central, province, prefecture, county, township", "行政层级", func(a *agencyYear) value { return textValue(a.Level) }},
		{"year", whole, "year reported on", "报告年度", func(a *agencyYear) value { return wholeValue(a.Year) }},
		{"expected", truth, "a report is expected", "是否应有", func(a *agencyYear) value { return truthValue(a.Wanted && a.State != CoverageNotExpected) }},
		{"state", text, "held: with figures; unread: a report without figures; missing; failed: known to exist, could not be had; not_expected", "状态",
			func(a *agencyYear) value { return textValue(a.state()) }},
		{"reports", whole, "rows in reports: 2 when both scopes are held", "已收录报告数", func(a *agencyYear) value { return wholeValue(a.Reports) }},
		{"figures", whole, "rows in figures", "统计数据项数", func(a *agencyYear) value { return wholeValue(a.Figures) }},
		{"reason", text, "why none is held, as far as it is known", "缺失原因", func(a *agencyYear) value { return textValue(a.reason()) }},
	},
}

// A coverage notes what is held, agency by agency, in a file: only when all is read is it known which years there are,
// and there may be more agencies than memory should hold.
type coverage struct {
	file        *os.File
	out         *bufio.Writer
	rows        *json.Encoder
	last        agencyYear
	first, upto int // years that any report is on; 0 when there is none
}

// newCoverage keeps its file where the export grows, so that it is taken away with what is left there.
func newCoverage(d *folder) (*coverage, error) {
	file, err := os.CreateTemp(d.path("."), "coverage-")
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriter(file)
	return &coverage{file: file, out: out, rows: json.NewEncoder(out)}, nil
}

// add notes a report; they come in the order of agency and year.
func (c *coverage) add(r *store.Choice) error {
	k := r.Report.Key()
	if c.first == 0 || k.Year < c.first {
		c.first = k.Year
	}
	c.upto = max(c.upto, k.Year)
	if c.last.key() != k {
		if err := c.flush(); err != nil {
			return err
		}
		a := r.Report.Agency
		c.last = agencyYear{Expected: Expected{Agency: k.Agency, Name: a.Name, Division: a.Division, Level: a.Level, Year: k.Year}}
	}
	c.last.Reports++
	c.last.Figures += len(r.Report.Figures)
	return nil
}

func (c *coverage) flush() error {
	if c.last.Reports == 0 {
		return nil
	}
	return c.rows.Encode(c.last)
}

// end writes what is left. Nothing is added after it.
func (c *coverage) end() error { return errors.Join(c.flush(), c.out.Flush()) }

// held reads back what was noted; several may read at a time.
func (c *coverage) held() iter.Seq2[agencyYear, error] {
	return func(yield func(agencyYear, error) bool) {
		file, err := os.Open(c.file.Name())
		if err != nil {
			yield(agencyYear{}, err)
			return
		}
		defer file.Close()
		rows := json.NewDecoder(bufio.NewReader(file))
		for err == nil {
			var a agencyYear
			if err = rows.Decode(&a); err == nil && !yield(a, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(agencyYear{}, err)
		}
	}
}

func (c *coverage) close() error { return c.file.Close() }

// known is what can be expected without a catalogue: of each agency held, every year that any report is on.
func (c *coverage) known() iter.Seq2[Expected, error] {
	return func(yield func(Expected, error) bool) {
		var last extract.AgencyKey
		for a, err := range c.held() {
			if err != nil {
				yield(Expected{}, err)
				return
			}
			if a.Agency == last {
				continue
			}
			last = a.Agency
			for year := c.first; year <= c.upto; year++ {
				e := a.Expected
				e.Year = year
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// merge joins what is expected with what is held; both are in the order of agency, as bytes, and year.
func merge(expected iter.Seq2[Expected, error], held iter.Seq2[agencyYear, error], write func(*agencyYear) error) error {
	next, stop := iter.Pull2(held)
	defer stop()
	h, err, more := next()
	var last extract.Key
	for e, wrong := range expected {
		if wrong = errors.Join(wrong, err); wrong != nil {
			return wrong
		}
		if compareKeys(e.key(), last) <= 0 && last != (extract.Key{}) {
			return fmt.Errorf("what is expected is out of order: %s follows %s", e.key(), last)
		}
		last = e.key()
		for more && compareKeys(h.key(), e.key()) < 0 {
			if err := write(&h); err != nil {
				return err
			}
			if h, err, more = next(); err != nil {
				return err
			}
		}
		row := agencyYear{Expected: e, Wanted: true}
		if more && h.key() == e.key() {
			row.Reports, row.Figures = h.Reports, h.Figures
			row.Name, row.Division, row.Level = h.Name, h.Division, h.Level // as in reports
			h, err, more = next()
		}
		if err := errors.Join(err, write(&row)); err != nil {
			return err
		}
	}
	for more {
		if err := errors.Join(err, write(&h)); err != nil {
			return err
		}
		h, err, more = next()
	}
	return err
}

func compareKeys(a, b extract.Key) int {
	return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Year, b.Year))
}
