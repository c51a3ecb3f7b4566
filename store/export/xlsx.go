package export

import (
	"context"
	"fmt"
	"math"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// xlsxFormat writes one workbook: a sheet a table, and more sheets where Excel's rows are not enough. All text is in
// string cells, which no spreadsheet runs, whatever they begin with.
type xlsxFormat struct {
	out    *folder
	book   *excelize.File
	styles map[kind]int
	head   int // style of the first row
	limit  int // of rows in a sheet
	sheets []*xlsxWriter
	file   *file    // once finished
	cut    int      // cells whose text was cut
	where  []string // the first of them
}

const (
	workbookName = "gongkai.xlsx"
	excelRows    = 1_048_576 // of a sheet, the header among them
	excelText    = 32_767    // UTF-16 units of a cell
	mostCuts     = 20        // cells that the README names
)

func newXLSX(d *folder, about [][2]string) (*xlsxFormat, error) {
	x := &xlsxFormat{out: d, book: excelize.NewFile(excelize.Options{TmpDir: d.path(".")}), styles: map[kind]int{}, limit: excelRows}
	if err := x.style(); err != nil {
		return nil, err
	}
	if err := x.book.SetSheetName("Sheet1", "about"); err != nil {
		return nil, err
	}
	w, err := x.book.NewStreamWriter("about")
	if err != nil {
		return nil, err
	}
	if err := w.SetColWidth(2, 2, 100); err != nil {
		return nil, err
	}
	for i, line := range about {
		if err := w.SetRow(fmt.Sprint("A", i+1), []any{line[0], line[1]}); err != nil {
			return nil, err
		}
	}
	return x, w.Flush()
}

// style makes the formats of days and moments: without, they would be shown as numbers.
func (x *xlsxFormat) style() (err error) {
	date, moment := "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
	if x.styles[day], err = x.book.NewStyle(&excelize.Style{CustomNumFmt: &date}); err != nil {
		return err
	}
	if x.styles[instant], err = x.book.NewStyle(&excelize.Style{CustomNumFmt: &moment}); err != nil {
		return err
	}
	x.head, err = x.book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	return err
}

func (x *xlsxFormat) begin(t shape) (writer, error) {
	w := &xlsxWriter{shape: t, format: x, cells: make([]any, len(t.fields))}
	x.sheets = append(x.sheets, w)
	return w, w.next()
}

// finish writes the workbook. The library would put it together in memory, and the sheets in any order.
func (x *xlsxFormat) finish(context.Context) error {
	z := &sortedZip{file: x.out.create(workbookName), dir: x.out.path(".")}
	x.file = z.file
	x.book.SetZipWriter(z.writer)
	if _, err := x.book.WriteToBuffer(); err != nil {
		return err
	}
	if err := x.book.Close(); err != nil {
		return err
	}
	return z.file.close()
}

func (x *xlsxFormat) abandon() { _ = x.book.Close() }

// An xlsxWriter fills the sheets of one table.
type xlsxWriter struct {
	shape
	format *xlsxFormat
	out    *excelize.StreamWriter
	names  []string // of its sheets
	rows   []int    // of each, without the header
	cells  []any    // used again for each row
}

// next begins a sheet: figures, then figures_2, …
func (w *xlsxWriter) next() (err error) {
	if err := w.close(); err != nil {
		return err
	}
	name := w.shape.name
	if len(w.names) > 0 {
		name = fmt.Sprint(name, "_", len(w.names)+1)
	}
	w.names, w.rows = append(w.names, name), append(w.rows, 0)
	if _, err := w.format.book.NewSheet(name); err != nil {
		return err
	}
	if w.out, err = w.format.book.NewStreamWriter(name); err != nil {
		return err
	}
	head := make([]any, len(w.fields))
	for i, f := range w.fields {
		head[i] = excelize.Cell{StyleID: w.format.head, Value: f.name}
		if err := w.out.SetColWidth(i+1, i+1, xlsxWidth(f)); err != nil {
			return err
		}
	}
	if err := w.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return w.out.SetRow("A1", head)
}

func xlsxWidth(f field) float64 {
	if f.kind == text || f.kind == instant {
		return 20
	}
	return float64(max(10, len(f.name)+2))
}

func (w *xlsxWriter) write(b *block) error { return b.each(w.writeRow) }

func (w *xlsxWriter) writeRow(b *block, row int) error {
	n := len(w.rows) - 1
	if w.rows[n]+1 == w.format.limit {
		if err := w.next(); err != nil {
			return err
		}
		n++
	}
	w.rows[n]++
	for i := range w.cells {
		v := b.at(row, i)
		w.cells[i] = w.format.cell(v)
		if v.kind == text && len(v.text) > excelText && w.cells[i] != v.text {
			if err := w.format.noteCut(w.names[n], w.fields[i].name, i+1, w.rows[n]+1, v.text); err != nil {
				return err
			}
		}
	}
	return w.out.SetRow(fmt.Sprint("A", w.rows[n]+1), w.cells)
}

// noteCut notes that a text was cut, for the README and for whoever exports.
func (x *xlsxFormat) noteCut(sheet, field string, column, row int, whole string) error {
	if x.cut++; x.cut > mostCuts {
		return nil
	}
	cell, err := excelize.CoordinatesToCellName(column, row)
	x.where = append(x.where, fmt.Sprintf("sheet %s, cell %s (`%s`): %d characters", sheet, cell, field, utf8.RuneCountInString(whole)))
	return err
}

// Excel counts days from here, with a leap day in 1900 that never was: before March 1900 its days have other numbers, and
// programs do not agree on them.
const (
	excelEpoch = -25569
	excelMarch = excelEpoch + 61
)

func (x *xlsxFormat) cell(v *value) any {
	switch {
	case !v.ok:
		return nil
	case v.kind == text:
		return fitExcel(v.text)
	case v.kind == whole:
		return v.n
	case v.kind == decimal:
		return v.float()
	case v.kind == truth:
		return v.n != 0
	case v.kind == day && v.n < excelMarch:
		return string(v.appendTo(nil))
	case v.kind == day:
		return excelize.Cell{StyleID: x.styles[day], Value: v.n - excelEpoch}
	}
	return excelize.Cell{StyleID: x.styles[instant], Value: excelInstant(v.n)}
}

// excelInstant is a moment in days, with as many digits as Excel and the library keep: 15. It is never a hair before its
// second, as LibreOffice leaves out what is more than whole ones.
func excelInstant(seconds int64) float64 {
	const digits = 1e10 // five are before the point, for days from 1927 to 2173
	days := math.Floor(float64(seconds) / secondsADay)
	second := float64(seconds - int64(days)*secondsADay)
	days -= excelEpoch
	for n := math.Ceil(second * digits / secondsADay); ; n++ {
		if at := days + n/digits; (at-days)*secondsADay >= second {
			return at
		}
	}
}

// fitExcel cuts a text that is too long for a cell, and says so in it.
func fitExcel(s string) string {
	if len(s) <= excelText {
		return s
	}
	const note = "… [cut: Excel's cells end here; other formats have it whole]"
	units := utf16.Encode([]rune(s))
	if len(units) <= excelText {
		return s
	}
	end := excelText - len(note)
	if utf16.IsSurrogate(rune(units[end-1])) && utf16.IsSurrogate(rune(units[end])) && units[end-1] < 0xdc00 {
		end-- // not between the halves of a character
	}
	return string(utf16.Decode(units[:end])) + note
}

func (w *xlsxWriter) close() error {
	if w.out == nil {
		return nil
	}
	out := w.out
	w.out = nil
	return out.Flush()
}

func (w *xlsxWriter) abandon() {} // the workbook is

func (w *xlsxWriter) describe() (list []dataResource) {
	for i, name := range w.names {
		d := w.format.file.resource(w.shape, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", w.rows[i])
		d.Dialect, d.Encoding = &dialect{Schema: dialectProfile, SheetName: name}, ""
		if i > 0 {
			d.Name = name
		}
		list = append(list, d)
	}
	return list
}
