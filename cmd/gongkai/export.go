package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gongkai/crawler"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/export"
)

func newExport(e *env) *cobra.Command {
	var format, out, agency, asOf, years string
	o := export.Options{Tool: "gongkai " + version()}
	cmd := &cobra.Command{
		Use:   "export -out DIR",
		Short: "write the archive as a data package: tables, codebook, digests",
		Long: `Export writes the archive as a Frictionless data package: reports, figures, panel, problems, captures and coverage in one
format or several, a codebook, a README with snippets that load the data, and datapackage.json with the digest of each file.

  csv      for everything; cells that a spreadsheet could run as formulas are guarded
  jsonl    a JSON object a line
  parquet  for DuckDB, pandas, R and large exports
  xlsx     one workbook for Excel, a sheet a table
  dta      for Stata 14 and later, with variable labels, value labels and notes
  sqlite   one database, typed and indexed

Or it writes what the portals answered, for other web archives, each format alone:

  warc     WARC 1.1 files with a CDXJ index
  wacz     the same in one WACZ file, with a list of pages`,
		Example: `  gongkai export -out export
  gongkai export -format csv,parquet -out zhejiang -division 330000 -year 2019-2023
  gongkai export -format dta -out stata -as-of 2026-01-31`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) (err error) {
			switch {
			case out == "":
				return usagef("export needs -out DIR")
			case o.Level != "" && !slices.Contains(seeds.Levels, o.Level):
				return usagef("-level is one of %s, not %q", strings.Join(seeds.Levels, ", "), o.Level)
			case o.Division != "" && !knownDivision(o.Division):
				return usagef("-division is a code of GB/T 2260, six digits such as 330803 or 330000, not %q", o.Division)
			}
			o.Agency = extract.AgencyKey(agency)
			if o.Years, err = parseYears(years); err != nil {
				return err
			}
			if format == "warc" || format == "wacz" {
				return e.exportWARC(out, asOf, o, format == "wacz")
			}
			if o.Formats, err = parseFormats(format); err != nil {
				return err
			}
			return e.export(out, asOf, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "csv", "one or more `FORMATS`: "+strings.Join(export.Formats(), ", ")+"; several as csv,parquet; or warc, or wacz, alone")
	flags.StringVar(&out, "out", "", "folder to write to; it may hold an earlier export (`DIR`)")
	flags.StringVar(&agency, "agency", "", "only this agency, by its `KEY`: 330803-人民政府办公室")
	flags.StringVar(&o.Division, "division", "", "only this division and those below it: 330803, 330000 (`CODE`)")
	flags.StringVar(&years, "year", "", "only reports on these years: 2021, 2019-2023 (`YEARS`)")
	flags.StringVar(&o.Level, "level", "", "only agencies of this `LEVEL`: "+strings.Join(seeds.Levels, ", "))
	flags.StringVar(&asOf, "as-of", "", "the archive as it was at this `MOMENT`: a capture id, 2026-01-31 or an RFC 3339 time")
	flags.BoolVar(&o.BOM, "bom", false, "begin CSV files with a byte order mark, for Excel")
	return cmd
}

// parseFormats reads "csv,parquet".
func parseFormats(text string) (formats []string, err error) {
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		switch {
		case !slices.Contains(export.Formats(), name):
			return nil, usagef("-format is one or more of %s, with commas between them, not %q", strings.Join(export.Formats(), ", "), text)
		case !slices.Contains(formats, name):
			formats = append(formats, name)
		}
	}
	return formats, nil
}

// knownDivision reports whether a code is of a division that the gazetteer has, or lies in one: codes that are no
// longer in use are on old records. 000000 stands for central bodies.
func knownDivision(code string) bool {
	if _, err := strconv.ParseUint(code, 10, 32); len(code) != 6 || err != nil {
		return false
	}
	return extract.DivisionLevel(code) != "" || extract.DivisionLevel(code[:4]+"00") != "" || extract.DivisionLevel(code[:2]+"0000") != ""
}

func (e *env) export(out, asOf string, o export.Options) error {
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	s, err := store.OpenReadOnly(c.Archive.Path)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.AsOf, err = moment(s, asOf); err != nil {
		return err
	}
	portals, err := c.portals(nil)
	if err != nil {
		return err
	}
	when := time.Now()
	if o.AsOf != 0 {
		last, _, err := s.Capture(o.AsOf)
		if err != nil {
			return err
		}
		when = last.Time
	}
	expected, err := c.expectations(s, portals, crawler.Years{}, o.AsOf, when)
	if err != nil {
		return err
	}
	o.Expected = wanted(expected)
	sum, err := export.Write(s, out, o)
	if err != nil {
		return err
	}
	if e.asJSON {
		return e.printJSON(sum)
	}
	_, err = fmt.Fprintf(e.stdout, "export: %s, in %s\n", sum, out)
	return err
}

// moment turns what -as-of says into a capture id; 0 is now. A day means its end in China. A moment that is still to
// come is refused: the archive may grow until then, and one moment has one export.
func moment(s *store.Store, text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	if id, err := strconv.ParseUint(text, 10, 64); err == nil && id > 0 {
		last, err := s.LastID()
		if err == nil && id > last {
			err = usagef("-as-of: the archive has no capture %d yet, its last is %d", id, last)
		}
		return id, err
	}
	at, err := time.Parse(time.RFC3339, text)
	if day, dayErr := time.Parse(time.DateOnly, text); dayErr == nil {
		const china = 8 * time.Hour
		at, err = day.AddDate(0, 0, 1).Add(-china-time.Nanosecond), nil
	}
	if err != nil {
		return 0, usagef("-as-of is a capture id, a day such as 2026-01-31, or an RFC 3339 time, not %q", text)
	}
	if at.After(time.Now()) {
		return 0, usagef("-as-of: %s is not over yet (a day ends in China), and what the archive will hold then is not known", text)
	}
	id, err := s.At(at)
	if err == nil && id == 0 {
		err = usagef("-as-of: the archive has nothing from before %s", text)
	}
	return id, err
}

// parseYears reads "2021" and "2019-2023".
func parseYears(text string) (export.Years, error) {
	if text == "" {
		return export.Years{}, nil
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	a, errA := strconv.Atoi(from)
	b, errB := strconv.Atoi(to)
	if errA != nil || errB != nil || a < 1990 || b < a || b > 2999 {
		return export.Years{}, usagef("-year is a year or a range such as 2019-2023, not %q", text)
	}
	return export.Years{From: a, To: b}, nil
}
