package store

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/extract/markup"
)

// A recordReader reads rows of records as row writes them. With it an export of 3,000 reports takes 63 % of the processor time
// that it takes with github.com/go-json-experiment/json. It takes less than JSON: of a row that is laid out in any other way
// it says that it is odd, and what that one means, or that it is damaged, is for encoding/json to say. One goroutine uses
// it. It remembers columns and words: most are the same, byte for byte, from one report to the next.
type recordReader struct {
	row     []byte
	at      int
	odd     bool
	outline bool // leave out what Outlines leaves out

	columns [9]knownColumns
	words   map[string]string
}

// read reads the row of a record; ok is false when it is odd.
func (d *recordReader) read(plain []byte) (r Record, ok bool) {
	d.row, d.at, d.odd = plain, 0, false
	if controls(plain) || !utf8.Valid(plain) {
		d.fail()
	}
	d.take('{')
	if d.name(`"parts":`) {
		r.Parts = array(d, (*recordReader).part)
	}
	d.textOf(`"url":`, &r.URL)
	if d.name(`"time":`) {
		r.Time = d.time()
	}
	d.wordOf(`"portal":`, &r.Portal)
	d.wordOf(`"home":`, &r.Home)
	d.textOf(`"sha256":`, &r.SHA256)
	d.intOf(`"version":`, &r.Version)
	if d.name(`"read":`) {
		r.Read = d.time()
	}
	d.textOf(`"rejected":`, &r.Rejected)
	d.wordOf(`"change":`, &r.Change)
	d.textOf(`"suspicious":`, &r.Suspicious)
	d.textOf(`"text_sha256":`, &r.Text)
	d.textOf(`"fields_sha256":`, &r.Fields)
	d.textOf(`"attachments_sha256":`, &r.Attachments)
	if d.name(`"report":`) {
		r.Report = d.report()
	}
	d.take('}')
	return r, !d.odd && d.at == len(d.row)
}

func (d *recordReader) report() *extract.Report {
	r := new(extract.Report)
	d.take('{')
	d.textOf(`"title":`, &r.Title)
	if d.name(`"agency":`) {
		r.Agency = d.agency()
	}
	d.intOf(`"year":`, &r.Year)
	d.wordOf(`"scope":`, &r.Scope)
	d.wordOf(`"script":`, &r.Script)
	d.wordOf(`"form":`, &r.Form)
	d.textOf(`"published":`, &r.Published)
	r.Fields = arrayOf(d, `"fields":`, (*recordReader).field)
	r.Sections = arrayOf(d, `"sections":`, (*recordReader).section)
	if d.name(`"forms":`) {
		r.Forms = d.forms()
	}
	r.Checks = arrayOf(d, `"checks":`, (*recordReader).check)
	r.Problems = arrayOf(d, `"problems":`, (*recordReader).problem)
	d.wordOf(`"quality":`, &r.Quality)
	if d.outline { // what follows is not wanted
		d.row, d.at = []byte("{}}"), 1
		d.take('}')
		return r
	}
	r.Attachments = arrayOf(d, `"attachments":`, (*recordReader).attachment)
	if d.name(`"encoding":`) {
		r.Encoding = d.encoding()
	}
	if d.name(`"figures":`) {
		r.Figures = d.figures()
	}
	d.take('}')
	return r
}

func (d *recordReader) agency() (a extract.Agency) {
	d.take('{')
	var key string
	d.textOf(`"key":`, &key)
	a.Key = extract.AgencyKey(key)
	d.textOf(`"name":`, &a.Name)
	d.textOf(`"printed":`, &a.Printed)
	d.wordOf(`"division":`, &a.Division)
	d.wordOf(`"level":`, &a.Level)
	a.Evidence = arrayOf(d, `"evidence":`, (*recordReader).text)
	d.take('}')
	return a
}

func (d *recordReader) part() (p Part) {
	d.take('{')
	d.wordOf(`"name":`, &p.Name)
	d.wordOf(`"kind":`, &p.Kind)
	d.textOf(`"url":`, &p.URL)
	d.textOf(`"title":`, &p.Title)
	if d.name(`"capture":`) {
		p.Capture = d.number()
	}
	d.textOf(`"sha256":`, &p.SHA256)
	d.trueOf(`"read":`, &p.Read)
	d.textOf(`"unread":`, &p.Unread)
	d.textOf(`"missing":`, &p.Missing)
	d.trueOf(`"pending":`, &p.Pending)
	d.take('}')
	return p
}

func (d *recordReader) field() (f extract.Field) {
	d.take('{')
	d.wordOf(`"name":`, &f.Name)
	d.textOf(`"value":`, &f.Value)
	d.wordOf(`"label":`, &f.Label)
	d.wordOf(`"where":`, &f.Where)
	d.take('}')
	return f
}

func (d *recordReader) section() (s extract.Section) {
	d.take('{')
	d.intOf(`"number":`, &s.Number)
	d.textOf(`"heading":`, &s.Heading)
	d.textOf(`"text":`, &s.Text)
	d.take('}')
	return s
}

func (d *recordReader) check() (c form.Check) {
	d.take('{')
	d.wordOf(`"id":`, &c.ID)
	d.wordOf(`"table":`, &c.Table)
	d.wordOf(`"at":`, &c.At)
	d.wordOf(`"result":`, &c.Result)
	d.textOf(`"detail":`, &c.Detail)
	d.take('}')
	return c
}

func (d *recordReader) problem() (p form.Problem) {
	d.take('{')
	d.wordOf(`"kind":`, &p.Kind)
	d.textOf(`"where":`, &p.Where)
	d.textOf(`"detail":`, &p.Detail)
	d.take('}')
	return p
}

func (d *recordReader) attachment() (p extract.Part) {
	d.take('{')
	d.wordOf(`"kind":`, &p.Kind)
	d.textOf(`"url":`, &p.URL)
	d.textOf(`"name":`, &p.Name)
	d.take('}')
	return p
}

func (d *recordReader) encoding() (e markup.Encoding) {
	d.take('{')
	d.wordOf(`"name":`, &e.Name)
	d.wordOf(`"evidence":`, &e.Evidence)
	d.wordOf(`"declared":`, &e.Declared)
	d.intOf(`"replaced":`, &e.Replaced)
	d.wordOf(`"undone":`, &e.Undone)
	d.take('}')
	return e
}

// forms reads the one map that a report has.
func (d *recordReader) forms() map[string]string {
	m := make(map[string]string)
	for d.take('{'); d.peek() == '"'; {
		table := d.word()
		d.take(':')
		m[table] = d.word()
		if d.peek() != ',' {
			break
		}
		d.at++
	}
	d.take('}')
	return m
}

// figures reads the figures, which are kept by column.
func (d *recordReader) figures() []form.Figure {
	d.take('{')
	table := d.column(`"table":`, 0, 0)
	n := len(table)
	row, column, value := d.column(`"row":`, 1, n), d.column(`"column":`, 2, n), d.column(`"value":`, valueColumn, n)
	raw := value
	if d.name(`"raw":`) {
		raw = d.raws(value)
	}
	blank, unit, edition := d.column(`"blank":`, 4, n), d.column(`"unit":`, 5, n), d.column(`"form":`, 6, n)
	check, locator := d.column(`"check":`, 7, n), d.column(`"locator":`, 8, n)
	d.take('}')
	if d.odd {
		return nil
	}
	figures := make([]form.Figure, n)
	for i := range figures {
		figures[i] = form.Figure{Table: table[i], Row: row[i], Column: column[i], Value: value[i], Raw: raw[i], Blank: blank[i],
			Unit: unit[i], Form: edition[i], Check: check[i], Locator: locator[i]}
	}
	return figures
}

// raws reads what the cells say where that is not their value.
func (d *recordReader) raws(value []string) []string {
	raw := append([]string(nil), value...)
	for d.take('{'); d.peek() == '"'; {
		d.at++
		i := d.number()
		d.take('"')
		d.take(':')
		if i >= uint64(len(raw)) {
			d.fail()
			break
		}
		raw[i] = d.text()
		if d.peek() != ',' {
			break
		}
		d.at++
	}
	d.take('}')
	return raw
}

// knownColumns are columns as they were last: one that is the same need not be read again.
type knownColumns [4]struct {
	row   string // from [ to ]
	cells []string
}

const valueColumn = 3 // is never the same

// column reads a column, which has as many cells as the first one; that one is read with n 0. A column that is left out
// has empty cells. Columns share their memory, with those of other reports too, and are not to be changed.
func (d *recordReader) column(name string, which, n int) []string {
	if !d.name(name) {
		if n == 0 {
			d.fail()
		}
		return make([]string, n)
	}
	known := &d.columns[which]
	cells := known.find(d)
	if cells == nil {
		begin := d.at
		cells = d.cells()
		if which != valueColumn && !d.odd {
			known.put(d.row[begin:d.at], cells)
		}
	}
	if n != 0 && len(cells) != n {
		d.fail()
		return make([]string, n)
	}
	return cells
}

func (k *knownColumns) find(d *recordReader) []string {
	rest := d.row[d.at:]
	for i := range k {
		if n := len(k[i].row); n > 0 && n <= len(rest) && string(rest[:n]) == k[i].row {
			found := k[i]
			copy(k[1:i+1], k[:i])
			k[0] = found
			d.at += n
			return found.cells
		}
	}
	return nil
}

func (k *knownColumns) put(row []byte, cells []string) {
	copy(k[1:], k[:])
	k[0].row, k[0].cells = string(row), cells
}

// cells reads an array of texts, which share their memory.
func (d *recordReader) cells() (cells []string) {
	end := bytes.Index(d.row[d.at:], []byte(`"]`))
	if end < 0 || d.peek() != '[' {
		d.fail()
		return nil
	}
	rest := string(d.row[d.at+1 : d.at+end+1])
	if strings.IndexByte(rest, '\\') >= 0 { // then that may not have been the end
		return array(d, (*recordReader).text)
	}
	d.at += end + len(`"]`)
	cells = make([]string, 0, 1+strings.Count(rest, `","`))
	for strings.HasPrefix(rest, `"`) {
		cell, after, whole := strings.Cut(rest[1:], `"`)
		if !whole {
			break
		}
		cells = append(cells, cell)
		if after == "" {
			return cells
		}
		if after[0] != ',' {
			break
		}
		rest = after[1:]
	}
	d.fail()
	return nil
}

// array reads an array, which is not empty.
func array[T any](d *recordReader, item func(*recordReader) T) (items []T) {
	for d.take('['); !d.odd; d.at++ {
		items = append(items, item(d))
		if d.peek() != ',' {
			break
		}
	}
	d.take(']')
	return items
}

// arrayOf reads an array with a name. Outlines are without.
func arrayOf[T any](d *recordReader, name string, item func(*recordReader) T) []T {
	switch {
	case !d.name(name):
		return nil
	case d.outline:
		d.skipArray()
		return nil
	}
	return array(d, item)
}

// skipArray passes over an array, whatever is in it.
func (d *recordReader) skipArray() {
	depth := 0
	for {
		switch d.peek() {
		case '"':
			d.skipText()
			continue
		case '[':
			depth++
		case ']':
			depth--
		case 0:
			d.fail()
			return
		}
		if d.at++; depth == 0 {
			return
		}
	}
}

// skipText passes over a text: up to the first quote that is not escaped.
func (d *recordReader) skipText() {
	begin := d.at + 1
	for end := begin; ; end++ {
		n := bytes.IndexByte(d.row[end:], '"')
		if n < 0 {
			d.fail()
			return
		}
		end += n
		before := end
		for before > begin && d.row[before-1] == '\\' {
			before--
		}
		if (end-before)%2 == 0 {
			d.at = end + 1
			return
		}
	}
}

func (d *recordReader) textOf(name string, s *string) {
	if d.name(name) {
		*s = d.text()
	}
}

func (d *recordReader) wordOf(name string, s *string) {
	if d.name(name) {
		*s = d.word()
	}
}

func (d *recordReader) intOf(name string, n *int) {
	if d.name(name) {
		*n = int(d.number())
	}
}

func (d *recordReader) trueOf(name string, b *bool) {
	if d.name(name) {
		*b = d.literal("true")
	}
}

// name takes a name with its colon, and the comma before it, if they come next.
func (d *recordReader) name(name string) bool {
	at := d.at
	if at == 0 {
		return false
	}
	if d.row[at-1] != '{' { // not the first in its object
		if d.peek() != ',' {
			return false
		}
		at++
	}
	if len(d.row)-at < len(name) || string(d.row[at:at+len(name)]) != name {
		return false
	}
	d.at = at + len(name)
	return true
}

// text takes a text.
func (d *recordReader) text() string {
	raw, plain := d.quoted()
	if plain {
		return string(raw)
	}
	return d.unescape(raw)
}

// word is text for one of few: it is kept, to be given out again.
func (d *recordReader) word() string {
	const most, longest = 4096, 64
	raw, plain := d.quoted()
	if known, ok := d.words[string(raw)]; plain && ok {
		return known
	}
	if !plain {
		return d.unescape(raw)
	}
	s := string(raw)
	if len(s) <= longest {
		if d.words == nil || len(d.words) >= most {
			d.words = make(map[string]string)
		}
		d.words[s] = s
	}
	return s
}

// quoted takes a text as it stands between its quotes; it is plain when nothing in it is escaped.
func (d *recordReader) quoted() (raw []byte, plain bool) {
	if d.peek() != '"' {
		d.fail()
		return nil, true
	}
	begin := d.at + 1
	n := bytes.IndexByte(d.row[begin:], '"')
	if n < 0 {
		d.fail()
		return nil, true
	}
	raw = d.row[begin : begin+n]
	if bytes.IndexByte(raw, '\\') < 0 {
		d.at = begin + n + 1
		return raw, true
	}
	if d.skipText(); d.odd {
		return nil, true
	}
	return d.row[begin : d.at-1], false
}

// unescape reads a text with escapes in it. Halves of characters, which row does not write, are odd.
func (d *recordReader) unescape(raw []byte) string {
	var b strings.Builder
	b.Grow(len(raw))
	for len(raw) > 0 {
		n := bytes.IndexByte(raw, '\\')
		if n < 0 {
			b.Write(raw)
			break
		}
		b.Write(raw[:n])
		raw = raw[n+1:]
		if i := strings.IndexByte(`"\/bfnrt`, raw[0]); i >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[i])
			raw = raw[1:]
			continue
		}
		var code [2]byte
		if len(raw) < 5 || raw[0] != 'u' {
			d.fail()
			return ""
		}
		if _, err := hex.Decode(code[:], raw[1:5]); err != nil {
			d.fail()
			return ""
		}
		c := rune(binary.BigEndian.Uint16(code[:]))
		if utf16.IsSurrogate(c) {
			d.fail()
			return ""
		}
		b.WriteRune(c)
		raw = raw[5:]
	}
	return b.String()
}

// number takes a number that is whole and not negative.
func (d *recordReader) number() (n uint64) {
	begin := d.at
	for c := d.peek(); c >= '0' && c <= '9'; c = d.peek() {
		n = n*10 + uint64(c-'0')
		d.at++
	}
	if digits := d.at - begin; digits == 0 || digits > 18 || digits > 1 && d.row[begin] == '0' {
		d.fail()
	}
	return n
}

func (d *recordReader) time() (t time.Time) {
	begin := d.at
	if d.quoted(); d.odd || t.UnmarshalJSON(d.row[begin:d.at]) != nil {
		d.fail()
	}
	return t
}

func (d *recordReader) literal(word string) bool {
	if !bytes.HasPrefix(d.row[d.at:], []byte(word)) {
		d.fail()
		return false
	}
	d.at += len(word)
	return true
}

func (d *recordReader) take(c byte) {
	if d.peek() != c {
		d.fail()
		return
	}
	d.at++
}

// peek is the next byte, 0 at the end.
func (d *recordReader) peek() byte {
	if d.at >= len(d.row) {
		return 0
	}
	return d.row[d.at]
}

// fail says that the row is odd. There is then nothing more to read.
func (d *recordReader) fail() { d.odd, d.row, d.at = true, nil, 0 }

// controls reports whether there is a control character, which JSON has only between its values.
func controls(b []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if (w-0x20*ones)&^w&high != 0 {
			return true
		}
		b = b[8:]
	}
	return slices.ContainsFunc(b, func(c byte) bool { return c < 0x20 })
}
