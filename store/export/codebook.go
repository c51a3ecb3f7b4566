package export

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"gongkai/extract/form"
)

// An entry explains one thing: a column of a file, a table, row or column of the statutory form, a series.
type entry struct {
	item, id            string
	en, zh              string
	kind, unit          string
	versions            string
	comparability, note string
}

var codebookTable = table[entry]{
	name: "codebook",
	en:   "What the words mean: columns of the files; tables, rows and columns of the statutory form; harmonised series.",
	zh:   "编码说明：各文件的字段，统计表的表、行、列，可比指标",
	columns: []column[entry]{
		{"item", text, "field, word, table, row, column or series", "类别", func(e entry) value { return textValue(e.item) }},
		{"id", text, "file.field; file.field=word; table; table/row; table/column; name of a series", "编码", func(e entry) value { return textValue(e.id) }},
		{"en", text, "in English", "英文", func(e entry) value { return textValue(e.en) }},
		{"zh", text, "in Chinese; of the form, as it prints it", "中文", func(e entry) value { return textValue(e.zh) }},
		{"type", text, "type of the values", "类型", func(e entry) value { return textValue(e.kind) }},
		{"unit", text, "unit of the values", "单位", func(e entry) value { return textValue(e.unit) }},
		{"versions", text, "editions of the form that have it", "表式版本", func(e entry) value { return textValue(e.versions) }},
		{"comparability", text, "of a series, over editions", "可比性", func(e entry) value { return textValue(e.comparability) }},
		{"note", text, "of a series: its figures in each edition, table/row/column, added up; remarks", "说明", func(e entry) value { return textValue(e.note) }},
	},
}

// writeCodebook explains the sheets there are, itself included. It always is in CSV too: a person must be able to read it.
func (p *dataPackage) writeCodebook() error {
	var also []format
	if !slices.Contains(p.options.formats(), "csv") {
		also = append(also, csvFormat{p.out, p.options.BOM})
	}
	var book *sheet[entry]
	if err := addSheet(p, &book, codebookTable, also...); err != nil {
		return err
	}
	for _, s := range p.sheets {
		for _, e := range fieldEntries(s.shape()) {
			if err := book.write(e); err != nil {
				return err
			}
		}
	}
	var err error
	for _, e := range formEntries(form.Schema()) {
		err = errors.Join(err, book.write(e))
	}
	return err
}

// fieldEntries explains the columns of a table, and the words that may stand in them.
func fieldEntries(t shape) (list []entry) {
	for _, f := range t.fields {
		id := t.name + "." + f.name
		list = append(list, entry{item: "field", id: id, en: f.en, zh: f.zh, kind: f.kind.String()})
		for _, w := range f.words {
			list = append(list, entry{item: "word", id: id + "=" + w.text, en: w.en, zh: w.zh})
		}
	}
	return list
}

// formEntries explains the statutory form, in its order.
func formEntries(s *form.Definition) (list []entry) {
	for _, t := range s.Tables {
		list = append(list, entry{item: "table", id: t.ID, en: t.EN, zh: t.ZH, versions: strings.Join(t.Versions, ";")})
		for _, r := range t.Rows {
			list = append(list, entry{item: "row", id: t.ID + "/" + r.ID, en: r.EN, zh: r.ZH, unit: r.Unit, versions: strings.Join(r.Versions, ";")})
		}
		for _, c := range t.Columns {
			list = append(list, entry{item: "column", id: t.ID + "/" + c.ID, en: c.EN, zh: c.ZH, kind: c.Type, unit: c.Unit,
				versions: strings.Join(c.Versions, ";")})
		}
	}
	for _, s := range s.Harmonised {
		list = append(list, entry{item: "series", id: s.Name, en: s.EN, zh: s.ZH, kind: decimal.String(),
			versions: strings.Join(slices.Sorted(maps.Keys(s.Terms)), ";"), comparability: s.Comparability, note: seriesNote(s)})
	}
	return list
}

// seriesNote spells out a series: "v2014: t14/a3.1/value; v2019: …".
func seriesNote(s form.Series) string {
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(s.Terms)) {
		var terms []string
		for _, t := range s.Terms[version] {
			terms = append(terms, t.Table+"/"+t.Row+"/"+t.Column)
		}
		parts = append(parts, version+": "+strings.Join(terms, " + "))
	}
	if s.Note != "" {
		parts = append(parts, s.Note)
	}
	return strings.Join(parts, "; ")
}
