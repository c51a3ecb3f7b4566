package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// dtaFormat writes a Stata file a table, in format 118 (Stata 14 and later; UTF-8), as StataCorp describes it in
// "help dta". A variable has its explanation as label and, whole and in both languages, as notes. Columns with a closed
// list of words are bytes with value labels.
//
// The head of such a file says how wide each column is, so rows are kept in a file of their own until all are known.
type dtaFormat struct {
	out  *folder
	time time.Time // written into the files; the zero one is none
}

// The limits of format 118, in bytes and characters.
const (
	dtaName  = 129 // bytes for a name, with the zero at its end
	dtaLabel = 80  // characters of a label
	dtaStr   = 255 // bytes of text in a column of fixed width; a column with longer ones has long strings (strL). The format has 2045
)

// The types of format 118. Below dtaStrL, a type is the width of a text.
const (
	dtaStrL   = 32768
	dtaDouble = 65526
	dtaLong   = 65528
	dtaInt    = 65529
	dtaByte   = 65530
)

// The largest values of the types, and what stands for an empty cell: the next one.
const (
	maxByte, maxInt, maxLong = 100, 32740, 2147483620
	dtaMissing               = 0x7fe0000000000000 // of a double
)

// Stata counts days and milliseconds from here.
var dtaEpoch = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)

func (d dtaFormat) begin(t shape) (writer, error) {
	w := &dtaWriter{plainFile: plainFile{t, d.out.create(t.name + ".dta"), 0, "dta", "application/x-stata"}, time: d.time}
	var err error
	if w.spool, err = newSpool(d.out.path(".")); err != nil {
		return nil, err
	}
	if w.long, err = newSpool(d.out.path(".")); err != nil {
		return nil, errors.Join(err, w.spool.close())
	}
	for _, f := range t.fields {
		c := dtaColumn{field: f}
		for _, word := range f.words {
			c.labels = append(c.labels, word.text)
		}
		if f.kind == truth {
			c.labels = []string{"false", "true"}
		}
		w.columns = append(w.columns, c)
	}
	return w, w.file.err
}

func (dtaFormat) finish(context.Context) error { return nil }

func (dtaFormat) abandon() {}

type dtaWriter struct {
	plainFile
	time    time.Time
	columns []dtaColumn
	spool   *spool // the rows: of each value whether there is one, then its number or text
	long    *spool // the long strings
	offset  uint64 // in the file, as far as it is written
	buf     []byte
	failed  error
}

// A dtaColumn is what is known of a column once all rows are.
type dtaColumn struct {
	field
	labels      []string // its words
	width       int      // of its longest text
	least, most int64    // of its whole numbers
	text        int64    // bytes of all long strings, if it has them
}

// dtaType is the type of a column, the smallest that holds it.
func (c *dtaColumn) dtaType() int {
	switch {
	case c.labels != nil:
		return dtaByte
	case c.kind == text && c.width > dtaStr:
		return dtaStrL
	case c.kind == text:
		return max(1, c.width)
	case c.kind == decimal || c.kind == instant:
		return dtaDouble
	case c.kind == day:
		return dtaLong
	case c.least >= -127 && c.most <= maxByte:
		return dtaByte
	case c.least >= -32767 && c.most <= maxInt:
		return dtaInt
	case c.least >= -2147483647 && c.most <= maxLong:
		return dtaLong
	}
	return dtaDouble
}

// size is how many bytes of a row a column of a type takes.
func size118(dtaType int) int {
	switch dtaType {
	case dtaByte:
		return 1
	case dtaInt:
		return 2
	case dtaLong:
		return 4
	case dtaDouble, dtaStrL:
		return 8
	}
	return dtaType
}

func (w *dtaWriter) write(b *block) error { return b.each(w.writeRow) }

func (w *dtaWriter) writeRow(rows *block, row int) error {
	w.rows++
	b := w.buf[:0]
	for i := range w.columns {
		v, c := rows.at(row, i), &w.columns[i]
		if !v.ok {
			b = append(b, 0)
			continue
		}
		b = append(b, 1)
		n := v.n
		switch {
		case v.kind == text && c.labels != nil:
			code, err := c.code(v.text)
			if err != nil {
				return err
			}
			b = binary.AppendVarint(b, code)
			continue
		case v.kind == text:
			c.width = max(c.width, len(v.text))
			c.text += int64(longHead + len(v.text) + 1)
			b = append(binary.AppendVarint(b, int64(len(v.text))), v.text...)
			continue
		case v.kind == decimal:
			n = int64(math.Float64bits(v.float()))
		case v.kind == whole:
			c.least, c.most = min(c.least, n), max(c.most, n)
		}
		b = binary.AppendVarint(b, n)
	}
	w.buf = b
	return w.spool.write(b)
}

// code is the number of a word, from 1. One that is not in the list of the column is added to it: it must not be lost.
func (c *dtaColumn) code(word string) (int64, error) {
	i := slices.Index(c.labels, word)
	if i < 0 {
		if i = len(c.labels); i == maxByte {
			return 0, fmt.Errorf("%s has too many words for Stata: %q", c.name, word)
		}
		c.labels = append(c.labels, strings.Clone(word))
	}
	return int64(i) + 1, nil
}

func (w *dtaWriter) abandon() { _ = errors.Join(w.spool.close(), w.long.close()) }

// close writes the file from front to back.
func (w *dtaWriter) close() error {
	w.head()
	w.characteristics()
	w.data()
	w.longStrings()
	w.valueLabels()
	w.put("</stata_dta>")
	return errors.Join(w.failed, w.spool.close(), w.long.close(), w.file.close())
}

func (w *dtaWriter) put(parts ...any) {
	b := w.buf[:0]
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		default: // numbers of fixed size
			b, _ = binary.Append(b, binary.LittleEndian, p)
		}
	}
	w.buf = b
	w.offset += uint64(len(b))
	_, err := w.file.Write(b)
	w.fail(err)
}

// fail keeps the first thing that went wrong.
func (w *dtaWriter) fail(err error) {
	if w.failed == nil {
		w.failed = err
	}
}

// fixed is a text in a field of n bytes, which ends with a zero byte.
func fixed(s string, n int) []byte {
	b := make([]byte, n)
	copy(b[:n-1], s)
	return b
}

// label118 is a text as a label: cut at 80 characters, with a mark that it is.
func label118(s string) string {
	if utf8.RuneCountInString(s) <= dtaLabel {
		return s
	}
	cut := string([]rune(s)[:dtaLabel-1])
	if blank := strings.LastIndexByte(cut, ' '); blank > dtaLabel/2 {
		cut = cut[:blank]
	}
	return cut + "…"
}

// head writes everything before the characteristics; the map in it tells where each part of the file begins.
func (w *dtaWriter) head() {
	label, stamp := label118(w.en), ""
	if !w.time.IsZero() {
		stamp = w.time.UTC().Format("02 Jan 2006 15:04")
	}
	k := len(w.columns)
	w.put("<stata_dta><header><release>118</release><byteorder>LSF</byteorder><K>", uint16(k), "</K><N>", uint64(w.rows), "</N><label>",
		uint16(len(label)), label, "</label><timestamp>", uint8(len(stamp)), stamp, "</timestamp></header>")
	width, long := 0, int64(0)
	for i := range w.columns {
		t := w.columns[i].dtaType()
		width += size118(t)
		if t == dtaStrL {
			long += w.columns[i].text
		}
	}
	starts := []uint64{0, w.offset}
	next := func(tag string, content int) {
		starts = append(starts, starts[len(starts)-1]+uint64(2*len(tag)+5+content))
	}
	next("map", 14*8)
	next("variable_types", 2*k)
	next("varnames", dtaName*k)
	next("sortlist", 2*(k+1))
	next("formats", 57*k)
	next("value_label_names", dtaName*k)
	next("variable_labels", 321*k)
	next("characteristics", len(w.notes()))
	next("data", width*w.rows)
	next("strls", int(long))
	next("value_labels", len(w.labelTables()))
	starts = append(starts, starts[len(starts)-1]+uint64(len("</stata_dta>")))
	w.put("<map>", starts, "</map>")
	w.variables()
}

func (w *dtaWriter) variables() {
	var types, names, formats, labelNames, labels []any
	for i := range w.columns {
		c := &w.columns[i]
		t := c.dtaType()
		types, names = append(types, uint16(t)), append(names, fixed(c.name, dtaName))
		formats, labels = append(formats, fixed(c.format(t), 57)), append(labels, fixed(label118(c.en), 321))
		name := ""
		if c.labels != nil {
			name = c.name
		}
		labelNames = append(labelNames, fixed(name, dtaName))
	}
	w.part("variable_types", types...)
	w.part("varnames", names...)
	w.part("sortlist", make([]uint16, len(w.columns)+1))
	w.part("formats", formats...)
	w.part("value_label_names", labelNames...)
	w.part("variable_labels", labels...)
}

func (w *dtaWriter) part(tag string, content ...any) {
	w.put("<" + tag + ">")
	w.put(content...)
	w.put("</" + tag + ">")
}

// format is how Stata shows a column.
func (c *dtaColumn) format(dtaType int) string {
	switch {
	case c.labels != nil:
		return "%10.0g"
	case c.kind == day:
		return "%td"
	case c.kind == instant:
		return "%tc"
	case dtaType == dtaStrL:
		return "%-40s"
	case c.kind == text:
		return fmt.Sprintf("%%-%ds", min(dtaType, 40))
	case c.kind == decimal:
		return "%14.0g"
	}
	return "%12.0g"
}

func (w *dtaWriter) characteristics() { w.part("characteristics", w.notes()) }

// notes are what the table and its columns mean, whole: a first note in English, a second in Chinese.
func (w *dtaWriter) notes() []byte {
	var b []byte
	ch := func(variable, name, content string) {
		b = append(b, "<ch>"...)
		b = binary.LittleEndian.AppendUint32(b, uint32(2*dtaName+len(content)+1))
		b = append(append(b, fixed(variable, dtaName)...), fixed(name, dtaName)...)
		b = append(append(b, content...), "\x00</ch>"...)
	}
	note := func(variable, en, zh string) {
		ch(variable, "note0", "2")
		ch(variable, "note1", en)
		ch(variable, "note2", zh)
	}
	note("_dta", w.en, w.zh)
	for _, c := range w.columns {
		note(c.name, c.en, c.zh)
	}
	return b
}

// data writes the rows, and puts the long strings aside.
func (w *dtaWriter) data() {
	w.put("<data>")
	in, err := w.spool.read()
	types := make([]int, len(w.columns))
	for i := range w.columns {
		types[i] = w.columns[i].dtaType()
	}
	var room []byte
	for row := 1; err == nil && row <= w.rows; row++ {
		b := w.buf[:0]
		for i := range w.columns {
			if b, room, err = w.cell(b, in, row, i, types[i], room); err != nil {
				break
			}
		}
		w.buf = b
		w.offset += uint64(len(b))
		if _, wrong := w.file.Write(b); err == nil {
			err = wrong
		}
	}
	w.fail(err)
	w.put("</data>")
}

// cell moves one value from the spool to b. room is for a text, and is handed back.
func (w *dtaWriter) cell(b []byte, in *bufio.Reader, row, column, dtaType int, room []byte) ([]byte, []byte, error) {
	there, err := in.ReadByte()
	if err != nil {
		return b, room, err
	}
	n := int64(0)
	if there == 1 {
		if n, err = binary.ReadVarint(in); err != nil {
			return b, room, err
		}
	}
	c := &w.columns[column]
	if c.kind != text || c.labels != nil {
		return appendNumber(b, c, dtaType, n, there == 1), room, nil
	}
	room = slices.Grow(room[:0], int(n))[:n]
	if _, err := io.ReadFull(in, room); err != nil {
		return b, room, err
	}
	switch {
	case dtaType != dtaStrL:
		b = append(b, room...)
		return append(b, make([]byte, dtaType-len(room))...), room, nil
	case there == 0:
		return append(b, 0, 0, 0, 0, 0, 0, 0, 0), room, nil
	}
	// Two bytes for the variable, six for the observation.
	b = binary.LittleEndian.AppendUint64(b, uint64(row)<<16|uint64(column+1))
	return b, room, w.long.write(longString(column+1, row, room))
}

// longHead is how many bytes stand before a long string.
const longHead = 3 + 4 + 8 + 1 + 4

// longString is one as the file has it: named by the first variable and observation that use it. Type 130 is text.
func longString(variable, observation int, s []byte) []byte {
	b := append(make([]byte, 0, longHead+len(s)+1), "GSO"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(variable))
	b = binary.LittleEndian.AppendUint64(b, uint64(observation))
	b = binary.LittleEndian.AppendUint32(append(b, 130), uint32(len(s)+1))
	return append(append(b, s...), 0)
}

// appendNumber writes a number as its column has it, or what stands for none.
func appendNumber(b []byte, c *dtaColumn, dtaType int, n int64, there bool) []byte {
	if c.kind == day {
		n -= dtaEpoch.Unix() / secondsADay
	}
	le := binary.LittleEndian
	switch dtaType {
	case dtaByte:
		if !there {
			n = maxByte + 1
		}
		return append(b, byte(n))
	case dtaInt:
		if !there {
			n = maxInt + 1
		}
		return le.AppendUint16(b, uint16(n))
	case dtaLong:
		if !there {
			n = maxLong + 1
		}
		return le.AppendUint32(b, uint32(n))
	}
	switch {
	case !there:
		return le.AppendUint64(b, dtaMissing)
	case c.kind == decimal:
		return le.AppendUint64(b, uint64(n))
	case c.kind == instant:
		n = (n - dtaEpoch.Unix()) * 1000
	}
	return le.AppendUint64(b, math.Float64bits(float64(n)))
}

func (w *dtaWriter) longStrings() {
	w.put("<strls>")
	in, err := w.long.read()
	if err == nil {
		var n int64
		n, err = io.Copy(w.file, in)
		w.offset += uint64(n)
	}
	w.fail(err)
	w.put("</strls>")
}

func (w *dtaWriter) valueLabels() { w.part("value_labels", w.labelTables()) }

// labelTables lists the words of each column that has them: numbers from 1, from 0 for false and true.
func (w *dtaWriter) labelTables() []byte {
	var b []byte
	le := binary.LittleEndian
	for i := range w.columns {
		c := &w.columns[i]
		if c.labels == nil {
			continue
		}
		first := 1
		if c.kind == truth {
			first = 0
		}
		var offsets, values, words []byte
		for k, word := range c.labels {
			offsets = le.AppendUint32(offsets, uint32(len(words)))
			values = le.AppendUint32(values, uint32(first+k))
			words = append(append(words, word...), 0)
		}
		b = le.AppendUint32(append(b, "<lbl>"...), uint32(8+len(offsets)+len(values)+len(words)))
		b = append(append(b, fixed(c.name, dtaName)...), 0, 0, 0)
		b = le.AppendUint32(le.AppendUint32(b, uint32(len(c.labels))), uint32(len(words)))
		b = append(append(append(append(b, offsets...), values...), words...), "</lbl>"...)
	}
	return b
}

// A spool is a file that is written once, read once, and taken away.
type spool struct {
	file *os.File // nil once closed
	out  *bufio.Writer
}

func newSpool(dir string) (*spool, error) {
	file, err := os.CreateTemp(dir, "spool-")
	if err != nil {
		return nil, err
	}
	return &spool{file, bufio.NewWriterSize(file, 1<<16)}, nil
}

func (s *spool) write(b []byte) error {
	_, err := s.out.Write(b)
	return err
}

func (s *spool) read() (*bufio.Reader, error) {
	if err := s.out.Flush(); err != nil {
		return bufio.NewReader(bytes.NewReader(nil)), err
	}
	_, err := s.file.Seek(0, io.SeekStart)
	return bufio.NewReaderSize(s.file, 1<<16), err
}

// close takes the file away. Closing again does nothing.
func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.file.Close(), os.Remove(s.file.Name()))
	s.file = nil
	return err
}
