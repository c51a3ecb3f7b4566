package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/extract/markup"
	"gongkai/extract/text"
)

// wholeRecord has something in every field that a record can have.
func wholeRecord() *Record {
	r := &Record{URL: "http://www.qjq.gov.cn/a?b=1&c=<2>", Time: time.Date(2024, 3, 1, 22, 0, 0, 123456789, time.UTC), Portal: "qujiang", Home: "330803",
		SHA256: strings.Repeat("6", 64), Version: 7, Read: time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC), Change: ChangeText, Text: strings.Repeat("7", 64), Fields: strings.Repeat("8", 64), Attachments: strings.Repeat("9", 64),
		Parts: []Part{{Name: "page 2", Kind: extract.PartPage, URL: "http://www.qjq.gov.cn/a_2", Capture: 12, SHA256: strings.Repeat("1", 64), Read: true},
			{Name: "attachment 1", Kind: extract.PartAttachment, URL: "http://www.qjq.gov.cn/x.pdf", Title: "附件", Unread: "a \"scan\"", Missing: "404", Pending: true}}}
	r.Report = &extract.Report{Title: "衢江区\u20282021年\t\"年度\\报告\"\u0001\ufffd", Year: 2021, Scope: extract.ScopeOwn, Script: text.Simplified, Form: extract.FormHTML,
		Agency:    extract.Agency{Key: "330803-人民政府办公室", Name: "衢江区人民政府办公室", Printed: "衢江区政府办", Division: "330803", Level: "county", Evidence: []string{"title: 衢江", "site id: 330803"}},
		Published: "2022-01-29", Quality: extract.QualityDoubtful,
		Fields:      []extract.Field{{Name: "index_no", Value: "330803-003/2022", Label: "索引号：", Where: "label block"}},
		Sections:    []extract.Section{{Heading: "一、总体情况", Text: "平稳。\n\t甲\t乙"}, {Number: 2, Text: "]}\""}},
		Forms:       map[string]string{"t2": "v2021", "t3": "v2019"},
		Checks:      []form.Check{{ID: "T3-BALANCE", Table: "t3", At: "total", Result: form.CheckFailed, Detail: "69 = -5 does not hold"}},
		Problems:    []form.Problem{{Kind: "cell", Where: "t3 r2 total", Detail: `"三" is not a number`}},
		Attachments: []extract.Part{{Kind: extract.PartAttachment, URL: "http://www.qjq.gov.cn/x.pdf", Name: "附件"}},
		Encoding:    markup.Encoding{Name: "gb18030", Evidence: "declared", Declared: "gb2312", Replaced: 3, Undone: "utf-8"},
		Figures: []form.Figure{
			{Table: "t2.art20_1", Row: "normative", Column: "made", Value: "5", Raw: "5件", Unit: "件", Form: "v2021", Check: form.CheckOK, Locator: "table 1 row 3 cell 2"},
			{Table: "t3", Row: "r1", Column: "total", Raw: "/", Blank: "slash", Form: "v2019", Locator: "table 2 row 3 cell 2"},
			{Table: "other.1", Row: "项目 \"]\"", Column: `a\`, Value: "7", Raw: "7", Locator: "table 3"}}}
	return r
}

// TestWholeRecord: what TestRecordReader reads has something in every field that a row can have, so that a field which the
// reader does not know fails there.
func TestWholeRecord(t *testing.T) {
	filled := map[string]bool{}
	for _, r := range []*Record{wholeRecord(), {Rejected: "a guide", Suspicious: "it lost its figures"}} {
		fieldsOf(reflect.ValueOf(*r), filled)
	}
	delete(filled, "store.Record.Capture") // that of the item
	for name, some := range filled {
		if !some {
			t.Errorf("no record has %s", name)
		}
	}
	if len(filled) < 60 {
		t.Errorf("only %d fields", len(filled))
	}
}

// fieldsOf notes the fields of all structs in a value that a row has, and whether one of them is not zero.
func fieldsOf(v reflect.Value, filled map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fieldsOf(v.Elem(), filled)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fieldsOf(v.Index(i), filled)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Tag.Get("json") == "-" || v.Type() == reflect.TypeFor[time.Time]() {
				continue
			}
			name := v.Type().String() + "." + f.Name
			filled[name] = filled[name] || !v.Field(i).IsZero()
			fieldsOf(v.Field(i), filled)
		}
	}
}

// TestRecordReader reads rows as encoding/json does, whatever is left out of them: and all rows as row writes them itself.
func TestRecordReader(t *testing.T) {
	records := []*Record{wholeRecord(), {}, {Rejected: "a guide", Suspicious: "it lost its figures"}, {Report: &extract.Report{}}, {Report: newReport("5")}}
	for i := range reflect.TypeFor[extract.Report]().NumField() {
		r := wholeRecord()
		reflect.ValueOf(r.Report).Elem().Field(i).SetZero()
		records = append(records, r)
	}
	for i := range reflect.TypeFor[Record]().NumField() {
		r := wholeRecord()
		reflect.ValueOf(r).Elem().Field(i).SetZero()
		records = append(records, r)
	}
	d := new(recordReader)
	for i, r := range records {
		plain, err := r.row()
		if err != nil {
			t.Fatal(err)
		}
		got, ok := d.read(plain)
		if !ok {
			t.Errorf("record %d is odd: %s", i, plain)
			continue
		}
		want, err := parseAnyRecord(0, plain)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("record %d: %v\n%+v\nwant\n%+v", i, err, got, want)
		}
	}
}

// TestRecordReaderLeavesOdd leaves rows that row does not write to encoding/json.
func TestRecordReaderLeavesOdd(t *testing.T) {
	plain, err := wholeRecord().row()
	if err != nil {
		t.Fatal(err)
	}
	row := string(plain)
	for _, change := range [][2]string{
		{`{"parts"`, `{ "parts"`}, {`"portal":`, `"Portal":`}, {`"version":7`, `"version":-7`}, {`"version":7`, `"version":07`}, {`"version":7`, `"version":7,"version":8`},
		{`"version":7`, `"version":7,"new":1`}, {`"version":7`, `"version":null`}, {`"url":"`, "\"url\":\"\x01"}, {`"url":"`, "\"url\":\"\xff"}, {`"url":"`, `"url":"\ud800`},
		{`"url":"`, `"url":"\x`}, {`"read":true`, `"read":false`}, {`"raw":{"0":`, `"raw":{"9":`}, {`"row":["normative",`, `"row":[`}, {`}}`, `}} `}, {`}}`, `}`}, {`"time":"2024`, `"time":"x`},
		{`"checks":[`, `"checks":[],"checks":[`},
	} {
		odd := strings.Replace(row, change[0], change[1], 1)
		if odd == row {
			t.Fatalf("%s is not in the row: %s", change[0], row)
		}
		if _, ok := new(recordReader).read([]byte(odd)); ok {
			t.Errorf("%s is taken", change[1])
		}
	}
	for n := range plain {
		if _, ok := new(recordReader).read(plain[:n]); ok {
			t.Errorf("the first %d bytes are taken", n)
		}
	}
}

// TestOutlines leaves out what fills a record, and keeps the rest.
func TestOutlines(t *testing.T) {
	plain, err := wholeRecord().row()
	if err != nil {
		t.Fatal(err)
	}
	got, ok := (&recordReader{outline: true}).read(plain)
	want, err := parseAnyRecord(0, plain)
	if err != nil {
		t.Fatal(err)
	}
	r := want.Report
	r.Agency.Evidence, r.Fields, r.Sections, r.Checks, r.Problems, r.Attachments, r.Figures, r.Encoding = nil, nil, nil, nil, nil, nil, nil, markup.Encoding{}
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %+v\nwant %+v", ok, got.Report, want.Report)
	}
}

// FuzzRecordReader: what it takes, encoding/json reads the same.
func FuzzRecordReader(f *testing.F) {
	plain, err := wholeRecord().row()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Add([]byte(`{"url":"","time":"2024-03-01T22:00:00+08:00","sha256":"\\\u4e00","version":1,"change":"","report":{"forms":{"a":"b","a":"c"},"figures":{"table":["a","]"]}}}`))
	d, outlines := new(recordReader), &recordReader{outline: true} // which remember
	f.Fuzz(func(t *testing.T, plain []byte) {
		_, _ = outlines.read(plain)
		got, ok := d.read(plain)
		if !ok {
			return
		}
		want, err := parseAnyRecord(0, plain)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v\n%+v\nwant\n%+v", plain, err, got, want)
		}
	})
}

// BenchmarkParseRecord reads the row of a real report, and as encoding/json does.
func BenchmarkParseRecord(b *testing.B) {
	r := wholeRecord()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "portals", "qujiang", "report.golden.json"))
	if err == nil {
		err = json.Unmarshal(text, r.Report)
	}
	if err != nil {
		b.Fatal(err)
	}
	plain, err := r.row()
	if err != nil {
		b.Fatal(err)
	}
	d := new(recordReader)
	for name, parse := range map[string]func(uint64, []byte) (Record, error){"reader": d.parse, "json": parseAnyRecord} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(1, plain); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
