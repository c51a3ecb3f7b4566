package export

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"gongkai/extract/form"
	"gongkai/store"
)

var keep = flag.String("export.keep", "", "leave the package of TestFormatsAgree in this folder, for other readers")

// oddTexts are what no format may lose, run, or stumble over.
var oddTexts = []string{"=1+1", "+1", "-", "@SUM(A1)", "\t=1", "\r=1", "'quoted", "＝1", "a,b", `"公开"科`, "two\nlines", " blank ", "\\", "NA", "null", "true",
	"007", "1e3", "2022-01-29", "_x0041_", "<b>&amp;", "\u00a0", "😀𠮷", strings.Repeat("长", 200)}

// oddArchive has a report of odd texts and numbers, besides the usual ones.
func oddArchive(t testing.TB) *store.Store {
	s := newArchive(t)
	r := office("1")
	r.Agency.Key, r.Year, r.Figures, r.Checks, r.Problems, r.Published = "330803-财政局", 2020, nil, nil, nil, "1900-01-01"
	for i, raw := range oddTexts {
		r.Figures = append(r.Figures, form.Figure{Table: "other.1", Row: fmt.Sprint(i), Column: "c", Raw: raw, Locator: raw})
	}
	for i, n := range []string{"0", "-0", "-5", "96171.6", "59237.2449", "0.10", "125780419", "999999999999999", "123456789012.345"} {
		r.Figures = append(r.Figures, form.Figure{Table: "other.2", Row: fmt.Sprint(i), Column: "c", Value: n, Raw: n, Form: "v1999", Check: "a new word"})
	}
	c := store.Capture{URL: "http://www.qjq.gov.cn/odd.html", Time: time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC), Kind: store.KindReport, State: store.StateOK,
		Header: http.Header{"Content-Type": {strings.Repeat("x", 3000)}}, Error: "zero\x00byte"}
	if err := s.AddCapture(&c, []byte("odd"), &store.Record{Report: r}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFormatsAgree reads every table of every format that has a reader in Go, and compares each cell with CSV. Stata's
// files are read by others: .ci/export/run.
func TestFormatsAgree(t *testing.T) {
	dir := t.TempDir()
	if *keep != "" {
		dir = *keep
	}
	mustWrite(t, oddArchive(t), dir, Options{Formats: Formats(), Tool: "gongkai 0.1"})
	var d dataDescriptor
	readJSON(t, filepath.Join(dir, descriptorName), &d)
	compared := 0
	for _, r := range d.Resources {
		if r.Format != "csv" {
			continue
		}
		name := strings.TrimSuffix(r.Path, ".csv")
		want := readCSV(t, filepath.Join(dir, r.Path))
		for format, read := range map[string]func(*testing.T, string, string) []map[string]any{
			"jsonl": readJSONL, "parquet": readParquet, "xlsx": readXLSX, "sqlite": readSQLite} {
			got := read(t, dir, name)
			if len(got) != len(want) {
				t.Errorf("%s has %d rows in %s, %d in CSV", name, len(got), format, len(want))
				continue
			}
			for i, row := range want {
				for _, f := range r.Schema.Fields {
					compared++
					k := kindOf(t, f.Type)
					if a, b := plainCSV(k, row[f.Name]), plainCell(k, got[i][f.Name]); a != b {
						t.Errorf("%s row %d, %s: %q in %s, %q in CSV", name, i+1, f.Name, b, format, a)
					}
				}
			}
		}
	}
	if compared < 2000 {
		t.Errorf("only %d cells compared", compared)
	}
}

func kindOf(t *testing.T, word string) kind {
	t.Helper()
	for k := range notDecimal {
		if k.String() == word {
			return k
		}
	}
	t.Fatalf("no kind is called %q", word)
	return 0
}

// plainCSV takes guard and trailing zeros off.
func plainCSV(k kind, cell string) string {
	switch k {
	case text:
		return strings.TrimPrefix(cell, "'")
	case decimal:
		return plain(cell)
	}
	return cell
}

// plainCell writes a cell as CSV has it, whatever type its format gave it.
func plainCell(k kind, cell any) string {
	switch c := cell.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(c+0, 'f', -1, 64)
	case json.Number:
		return plain(c.String())
	case bool:
		return strconv.FormatBool(c)
	case int64:
		switch k {
		case truth:
			return strconv.FormatBool(c != 0)
		case day:
			return string((&value{n: c, kind: day}).appendTo(nil))
		case instant:
			return string((&value{n: c / 1000, kind: instant}).appendTo(nil))
		}
		return strconv.FormatInt(c, 10)
	}
	return fmt.Sprint(cell)
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readJSONL(t *testing.T, dir, name string) (rows []map[string]any) {
	text, err := os.ReadFile(filepath.Join(dir, name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		row := map[string]any{}
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		rows = append(rows, row)
	}
	return rows
}

func readParquet(t *testing.T, dir, name string) (rows []map[string]any) {
	file, err := os.Open(filepath.Join(dir, name+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := parquet.NewReader(file)
	defer r.Close()
	columns := r.Schema().Columns()
	buf := make([]parquet.Row, 1)
	for {
		n, err := r.ReadRows(buf)
		if n == 1 {
			row := map[string]any{}
			for _, v := range buf[0] {
				row[columns[v.Column()][0]] = parquetCell(v)
			}
			rows = append(rows, row)
		}
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func parquetCell(v parquet.Value) any {
	switch {
	case v.IsNull():
		return nil
	case v.Kind() == parquet.ByteArray:
		return string(v.ByteArray())
	case v.Kind() == parquet.Double:
		return v.Double()
	case v.Kind() == parquet.Boolean:
		return v.Boolean()
	case v.Kind() == parquet.Int32:
		return int64(v.Int32())
	}
	return v.Int64()
}

func readXLSX(t *testing.T, dir, name string) (rows []map[string]any) {
	book, err := excelize.OpenFile(filepath.Join(dir, workbookName), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	panes, err := book.GetPanes(name)
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the header of %s is not frozen: %+v, %v", name, panes, err)
	}
	cells, err := book.GetRows(name)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]kind{}
	for _, s := range [][]field{reportTable.shape().fields, figureTable.shape().fields, panelTable(newLayout()).shape().fields, problemTable.shape().fields,
		captureTable.shape().fields, coverageTable.shape().fields, codebookTable.shape().fields} {
		for _, f := range s {
			kinds[f.name] = f.kind // no two tables differ in the kind of a name, but for panel's and reports' figures
		}
	}
	for n, line := range cells[1:] {
		row := map[string]any{}
		for i, cell := range line {
			column := cells[0][i]
			if at, _ := excelize.CoordinatesToCellName(i+1, n+2); cell != "" {
				if formula, err := book.GetCellFormula(name, at); err != nil || formula != "" {
					t.Errorf("%s %s is a formula: %q, %v", name, at, formula, err)
				}
				if link, target, err := book.GetCellHyperLink(name, at); err != nil || link {
					t.Errorf("%s %s leads to %q, %v", name, at, target, err)
				}
				row[column] = excelCell(t, kinds[column], cell)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func excelCell(t *testing.T, k kind, cell string) any {
	switch k {
	case truth:
		return cell == "1" || cell == "TRUE"
	case day, decimal, instant:
		if cell == "1900-01-01" { // a day that Excel has wrong
			return cell
		}
		n, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			t.Errorf("%q is no number", cell)
		}
		switch k {
		case day:
			return int64(n) - 25569
		case instant:
			return int64((n-25569)*secondsADay+0.5) * 1000
		}
		return n
	}
	return cell
}

func readSQLite(t *testing.T, dir, name string) (list []map[string]any) {
	db, err := sql.Open("sqlite", filepath.Join(dir, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT * FROM " + name + " ORDER BY rowid")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells := make([]any, len(columns))
		pointers := make([]any, len(columns))
		for i := range cells {
			pointers[i] = &cells[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		row := map[string]any{}
		for i, c := range columns {
			row[c] = cells[i]
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestOtherFormat: what an export leaves of an earlier one in other formats is taken away, and nothing else.
func TestOtherFormat(t *testing.T) {
	s := newArchive(t)
	t.Chdir(t.TempDir())
	const dir = "a folder?with=odd#name%20" // relative, too
	mustWrite(t, s, dir, Options{Formats: []string{"csv", "xlsx", "sqlite"}})
	letter := filepath.Join(dir, "notes.csv.txt")
	if err := os.WriteFile(letter, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, dir, Options{Formats: []string{"parquet"}})
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		names[i] = filepath.Base(n)
	}
	want := []string{"README.md", "captures.parquet", "codebook.csv", "codebook.parquet", "coverage.parquet", "datapackage.json", "figures.parquet",
		"notes.csv.txt", "panel.parquet", "problems.parquet", "reports.parquet"}
	if !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
}

// TestTwoExports: an export into a folder that another one is writing to spoils neither.
func TestTwoExports(t *testing.T) {
	s, dir := newArchive(t), t.TempDir()
	first, err := newPackage(t.Context(), s, dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, dir, Options{AsOf: 3})
	if err := first.out.finish(first.write(t.Context(), s)); err == nil {
		t.Error("the first export did not notice")
	}
	var d dataDescriptor
	readJSON(t, filepath.Join(dir, descriptorName), &d)
	if d.AsOf.Capture != 3 {
		t.Errorf("the folder holds capture %d, want 3", d.AsOf.Capture)
	}
}

// TestFailures breaks exports in every format while they are written: the folder stays as it was.
func TestFailures(t *testing.T) {
	s, dir := newArchive(t), t.TempDir()
	mustCSV(t, s, dir, Options{AsOf: 3})
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	broken := func(yield func(Expected, error) bool) { yield(Expected{}, io.ErrUnexpectedEOF) }
	for _, format := range Formats() {
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := func(yield func(Expected, error) bool) {
			cancel() // in the middle: reports are written, coverage is not
			yield(Expected{Agency: "330803-a", Year: 2020}, nil)
		}
		if _, err := Write(ctx, s, dir, Options{Formats: []string{format}, Expected: cancelled}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", format, err)
		}
		if _, err := Write(t.Context(), s, dir, Options{Formats: []string{format}, Expected: broken}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", format, err)
		}
		after, err := os.ReadDir(dir)
		if err != nil || len(after) != len(before) {
			t.Errorf("%s: %v, %v", format, after, err)
		}
	}
	for _, made := range []bool{true, false} { // by us
		to := filepath.Join(t.TempDir(), "new")
		if !made {
			if err := os.Mkdir(to, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Write(t.Context(), s, to, Options{Formats: []string{"csv"}, Expected: broken})
		if _, none := os.Stat(to); err == nil || errors.Is(none, os.ErrNotExist) != made {
			t.Errorf("after %v of a folder that we made: %v, it is %v", err, made, none)
		}
	}
	if _, err := Write(t.Context(), s, dir, Options{Formats: []string{"csv", "odt"}}); err == nil {
		t.Error("an unknown format was taken")
	}
}

func TestCoverage(t *testing.T) {
	expected := []Expected{
		{Agency: "330803-人民政府办公室", Name: "old name", Year: 2020, State: CoverageFailed, Reason: "404"},
		{Agency: "330803-人民政府办公室", Name: "old name", Year: 2021, Reason: "not used: it is held"},
		{Agency: "330803-财政局", Name: "衢江区财政局", Division: "330803", Level: "county", Year: 2021},
		{Agency: "330803-财政局", Name: "衢江区财政局", Division: "330803", Level: "county", Year: 2022, State: CoverageNotExpected, Reason: "merged"},
	}
	seq := func(list []Expected) func(func(Expected, error) bool) {
		return func(yield func(Expected, error) bool) {
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
	s, dir := newArchive(t), t.TempDir()
	mustCSV(t, s, dir, Options{Expected: seq(expected)})
	var got []string
	for _, r := range readCSV(t, filepath.Join(dir, "coverage.csv")) {
		got = append(got, strings.Join([]string{r["agency_id"], r["year"], r["expected"], r["state"], r["reports"], r["reason"]}, " "))
	}
	want := []string{"330803-人民政府办公室 2020 true failed 0 404", "330803-人民政府办公室 2021 true held 1 ", "330803-财政局 2021 true missing 0 ",
		"330803-财政局 2022 false not_expected 0 merged", "360500-人民政府 2021 false unread 2 "}
	if !slices.Equal(got, want) {
		t.Errorf("coverage\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	slices.Reverse(expected)
	if _, err := CSV(t.Context(), s, dir, Options{Expected: seq(expected)}); err == nil {
		t.Error("what is out of order was taken")
	}
	mustCSV(t, s, dir, Options{Expected: seq(nil), Division: "330803"})
	if rows := readCSV(t, filepath.Join(dir, "coverage.csv")); len(rows) != 1 || rows[0]["expected"] != "false" {
		t.Errorf("with nothing expected: %v", rows)
	}
}

// TestExcelLimits: rows beyond Excel's go on in further sheets, text beyond a cell's limit is cut aloud.
func TestExcelLimits(t *testing.T) {
	long := strings.Repeat("𠮷", excelText)
	got := fitExcel(long)
	if n := len([]rune(got)); n >= len([]rune(long)) || !strings.Contains(got, "cut") || strings.Contains(got, "\ufffd") || !utf8.ValidString(got) {
		t.Errorf("%d characters, ends %q", n, got[len(got)-80:])
	}
	if same := strings.Repeat("长", excelText); fitExcel(same) != same {
		t.Error("a text that fits was cut")
	}
	d, err := openFolder(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	x, err := newXLSX(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	x.limit = 1000
	s, err := newSheet([]format{x}, table[int]{name: "t", columns: []column[int]{{"n", whole, "", "", wholeValue}}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range x.limit + 5 {
		if err := s.write(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.close(), x.finish(t.Context())); err != nil {
		t.Fatal(err)
	}
	made := s.describe()[0]
	if len(made) != 2 || *made[0].Rows != x.limit-1 || *made[1].Rows != 6 || made[1].Dialect.SheetName != "t_2" {
		t.Errorf("sheets %+v", made)
	}
	book, err := excelize.OpenFile(d.path(workbookName))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if cell, err := book.GetCellValue("t_2", "A2"); cell != fmt.Sprint(x.limit-1) {
		t.Errorf("the second sheet begins with %q, %v", cell, err)
	}
}

// TestExcelCuts: where a text was cut is told by the README, by the summary and in the cell; other formats have it whole.
func TestExcelCuts(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	add := func(year int, raw string) {
		r := office("69")
		r.Year = year
		r.Figures = r.Figures[:1]
		r.Figures[0].Raw = raw
		c := store.Capture{URL: fmt.Sprint(officePage, year), Time: time.Unix(1.7e9, 0), Kind: store.KindReport, Portal: "qujiang", State: store.StateOK}
		if err := s.AddCapture(&c, fmt.Append(nil, year), &store.Record{Report: r}); err != nil {
			t.Fatal(err)
		}
	}
	add(2000, strings.Repeat("长", excelText)) // fits
	dir := filepath.Join(t.TempDir(), "export")
	if sum := mustWrite(t, s, dir, Options{Formats: []string{"xlsx"}}); sum.Cut != 0 || strings.Contains(sum.String(), "cut") {
		t.Errorf("nothing is cut, and told is %s", sum)
	}
	if text := readFile(t, dir, readmeName); strings.Contains(text, "cut") {
		t.Errorf("nothing is cut, and the README says\n%s", text)
	}
	for year := 2001; year <= 2000+mostCuts+1; year++ {
		add(year, strings.Repeat("长", 40_000))
	}
	sum := mustWrite(t, s, dir, Options{Formats: []string{"xlsx", "jsonl"}})
	if sum.Cut != mostCuts+1 || !strings.Contains(sum.String(), "gongkai.xlsx: 21 texts cut") {
		t.Errorf("told is %s", sum)
	}
	text := readFile(t, dir, readmeName)
	at := regexp.MustCompile("- sheet figures, cell ([A-Z]+3) \\(`raw`\\): 40000 characters\n").FindStringSubmatch(text)
	if at == nil || strings.Count(text, "40000 characters") != mostCuts || !strings.Contains(text, "and others") {
		t.Fatalf("the README says\n%s", text)
	}
	book, err := excelize.OpenFile(filepath.Join(dir, workbookName))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if cell, err := book.GetCellValue("figures", at[1]); err != nil || !strings.HasSuffix(cell, "other formats have it whole]") {
		t.Errorf("the cell has %d bytes, %v", len(cell), err)
	}
	if !strings.Contains(readFile(t, dir, "figures.jsonl"), strings.Repeat("长", 40_000)) {
		t.Error("JSON Lines has not the whole text")
	}
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestStataNames: what Stata limits is within its limits.
func TestStataNames(t *testing.T) {
	reserved := []string{"_all", "_b", "byte", "double", "float", "if", "in", "int", "long", "using", "with", "strL"}
	for _, s := range []shape{reportTable.shape(), figureTable.shape(), panelTable(newLayout()).shape(), problemTable.shape(), captureTable.shape(), coverageTable.shape(), codebookTable.shape()} {
		for _, f := range s.fields {
			if len(f.name) > 32 || slices.Contains(reserved, f.name) {
				t.Errorf("%s.%s is no name of a variable", s.name, f.name)
			}
			if n := len([]rune(label118(f.en))); n > dtaLabel {
				t.Errorf("%s.%s: a label of %d characters", s.name, f.name, n)
			}
		}
	}
}

// TestExcelInstant: a moment in a workbook has 15 digits, and is neither before its second nor much behind it, also for readers
// that leave out what is more than whole seconds.
func TestExcelInstant(t *testing.T) {
	for n := int64(-86_400 * 400); n < 4_000_000_000; n += 7_654_321 {
		for _, seconds := range []int64{n, n + 1, n - n%secondsADay} {
			text := strconv.FormatFloat(excelInstant(seconds), 'f', -1, 64)
			if len(text) > 16 {
				t.Fatalf("%d is %s, which loses digits", seconds, text)
			}
			days, err := strconv.ParseFloat(text, 64)
			whole := math.Floor(days)
			got := (int64(whole)+excelEpoch)*secondsADay + int64(math.Floor((days-whole)*secondsADay))
			if err != nil || got != seconds {
				t.Fatalf("%d is read as %d from %s, %v", seconds, got, text, err)
			}
		}
	}
}
