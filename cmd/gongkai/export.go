package main

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/crawler/coverage"
	"gongkai/extract"
	"gongkai/extract/division"
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
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			switch {
			case out == "":
				return usagef("export needs -out DIR")
			case o.Level != "" && !slices.Contains(seeds.Levels, o.Level):
				return usagef("-level is one of %s, not %q", strings.Join(seeds.Levels, ", "), o.Level)
			case o.Division != "" && !knownDivision(o.Division):
				return usagef("-division is a code of GB/T 2260, six digits such as 330803 or 330000, not %q", o.Division)
			case agency != "" && !agencyKey.MatchString(agency):
				return usagef("-agency is a key as agency_id has it, such as 330803-人民政府办公室, not %q; the shell's completion offers those of the archive", agency)
			}
			o.Agency = extract.AgencyKey(agency)
			if o.Years, err = parseYears(years); err != nil {
				return err
			}
			if format == "warc" || format == "wacz" {
				return e.exportWARC(cmd.Context(), out, asOf, o, format == "wacz")
			}
			if o.Formats, err = parseFormats(format); err != nil {
				return err
			}
			return e.export(cmd.Context(), out, asOf, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "csv", "one or more `FORMATS`: "+strings.Join(export.Formats(), ", ")+"; several as csv,parquet; or warc, or wacz, alone")
	flags.StringVar(&out, "out", "", "folder to write to; it may hold an earlier export (`DIR`)")
	flags.StringVar(&agency, "agency", "", "only this agency, by its `KEY`: 330803-人民政府办公室")
	flags.StringVar(&o.Division, "division", "", "only this division and those below it: 330803, 330000 (`CODE`)")
	flags.StringVar(&years, "year", "", "only reports on these years: 2021, 2019-2023 (`YEARS`)")
	flags.StringVar(&o.Level, "level", "", "only agencies of this `LEVEL`: "+strings.Join(seeds.Levels, ", "))
	flags.StringVar(&asOf, "as-of", "", "the archive as it was at this `MOMENT`: 2026-01-31, an RFC 3339 time, a capture id, or what an export says of itself, as 1234@56789")
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
	return division.Level(code) != "" || division.Level(code[:4]+"00") != "" || division.Level(code[:2]+"0000") != ""
}

func (e *env) export(ctx context.Context, out, asOf string, o export.Options) error {
	return e.view(func(c config.Config, s *store.Store) error {
		m, err := moment(s, asOf)
		if err != nil {
			return err
		}
		o.AsOf, o.Log = m.Capture, m.Log
		sum, err := exportPackage(ctx, &c, s, out, o)
		switch {
		case err != nil && ctx.Err() != nil:
			return partialError{"stopped before the end; " + out + " is as it was"}
		case err != nil:
			return err
		case e.asJSON:
			return e.printJSON(sum)
		}
		if sum.Reports == 0 {
			fmt.Fprintln(e.stderr, "gongkai: no report of the archive fits; gongkai coverage says what it holds")
		}
		_, err = fmt.Fprintf(e.stdout, "export: %s, in %s\n", sum, out)
		return err
	})
}

var agencyKey = regexp.MustCompile(`^\d{6}-.`)

// exportPackage writes a data package with what the catalogue expects. All that goes into it is that of one moment, so
// that the moment has one export whenever it is made.
func exportPackage(ctx context.Context, c *config.Config, s *store.Store, out string, o export.Options) (sum export.Summary, err error) {
	past, err := s.Snapshot(store.Moment{Capture: o.AsOf, Log: o.Log})
	if err != nil {
		return sum, err
	}
	m := past.Moment()
	o.AsOf, o.Log = m.Capture, m.Log
	until, err := nextAfter(s, m)
	if err != nil {
		return sum, err
	}
	found, err := seeds.ReadDiscoveriesUntil(c.Archive.Path, until)
	if err != nil {
		return sum, err
	}
	portals, err := c.Catalogue(found)
	if err != nil {
		return sum, err
	}
	when := time.Now()
	if m.Capture != 0 {
		last, _, err := s.Capture(m.Capture)
		if err != nil {
			return sum, err
		}
		when = last.Time
	}
	expected, err := coverage.Expectations(ctx, s, coverage.Query{Portals: portals, Found: found, Builtin: c.Seeds.Builtin, Past: past, Now: when})
	if err != nil {
		return sum, err
	}
	o.Expected = exportable(expected)
	return export.Write(ctx, s, out, o)
}

// nextAfter returns the time of the first capture after a moment: what was found without one, such as where listings
// are, was found before that. The zero time when there is none.
func nextAfter(s *store.Store, m store.Moment) (time.Time, error) {
	for c, err := range s.Captures(m.Capture) {
		return c.Time, err
	}
	return time.Time{}, nil
}

// exportable yields expectations as the export has them.
func exportable(all []coverage.Expectation) iter.Seq2[export.Expected, error] {
	return func(yield func(export.Expected, error) bool) {
		for _, x := range all {
			e := export.Expected{Agency: x.Agency, Name: x.Name, Division: x.Division, Level: x.Level, Year: x.Year, State: export.CoverageMissing, Reason: x.Why}
			switch {
			case x.Not != "":
				e.State, e.Reason = export.CoverageNotExpected, x.Not
			case x.Exists:
				e.State = export.CoverageFailed
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// moment turns what -as-of says into a moment; the zero one is now. A day means its end in China. A moment that is
// still to come is refused: the archive may grow until then, and one moment has one export.
func moment(s *store.Store, text string) (m store.Moment, err error) {
	if text == "" {
		return m, nil
	}
	capture, log, whole := strings.Cut(text, "@")
	if id, err := strconv.ParseUint(capture, 10, 64); err == nil && id > 0 {
		m.Capture = id
		if m.Log, err = strconv.ParseUint(log, 10, 64); whole && (err != nil || m.Log == 0) {
			return m, usagef("-as-of: after the @ stands a number of bytes, as in 1234@56789, not %q", log)
		}
		last, err := s.LastID()
		if err != nil {
			return m, err
		}
		if id > last {
			return m, usagef("-as-of: the archive has no capture %d yet, its last is %d", id, last)
		}
		if _, err := s.Snapshot(m); err != nil {
			return m, usagef("-as-of: %w", err)
		}
		return m, nil
	}
	at, ok := instant(text)
	if !ok {
		return m, usagef("-as-of is a day such as 2026-01-31, an RFC 3339 time, a capture id, or what an export says of itself, such as 1234@56789, not %q", text)
	}
	if at.After(time.Now()) {
		return m, usagef("-as-of: %s is not over yet (a day ends in China), and what the archive will hold then is not known", text)
	}
	m, err = s.MomentOf(at)
	if err == nil && m.Capture == 0 {
		err = usagef("-as-of: the archive has nothing from before %s", text)
	}
	return m, err
}

// instant reads a day, which means its end in China, or an RFC 3339 time.
func instant(text string) (time.Time, bool) {
	const china = 8 * time.Hour
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-china - time.Nanosecond), true
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
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
