package export

import (
	"context"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// parquetFormat writes a Parquet file a table: typed columns, zstd, dictionaries.
type parquetFormat struct{ out *folder }

const (
	groupRows = 122_880 // of a row group: what is kept in memory, and the unit in which DuckDB reads
	batchSize = 1024    // rows that are handed on at once, column by column
	dictBytes = 4 << 20 // a column with more different texts in a row group goes on without a dictionary
)

func (p parquetFormat) begin(t shape) (writer, error) {
	w := &parquetWriter{plainFile: plainFile{t, p.out.create(t.name + ".parquet"), 0, "parquet", "application/vnd.apache.parquet"}}
	w.out = parquet.NewGenericWriter[any](w.file, parquet.NewSchema(t.name, newColumns(t.fields)), parquet.Compression(&parquet.Zstd),
		parquet.DictionaryMaxBytes(dictBytes), parquet.CreatedBy("gongkai", "1", "parquet-go"))
	w.columns = make([][]parquet.Value, len(t.fields))
	for i := range w.columns {
		w.columns[i] = make([]parquet.Value, 0, batchSize)
	}
	return w, w.file.err
}

func (parquetFormat) finish(context.Context) error { return nil }

func (parquetFormat) abandon() {}

type parquetWriter struct {
	plainFile
	out     *parquet.GenericWriter[any]
	columns [][]parquet.Value // rows not handed on yet
}

func (w *parquetWriter) write(row []value) error {
	for i := range row {
		w.columns[i] = append(w.columns[i], parquetValue(&row[i], i))
	}
	w.rows++
	if len(w.columns[0]) < batchSize {
		return nil
	}
	if err := w.flush(); err != nil || w.rows%groupRows != 0 {
		return err
	}
	return w.out.Flush()
}

func (w *parquetWriter) flush() error {
	for i, c := range w.out.ColumnWriters() {
		if _, err := c.WriteRowValues(w.columns[i]); err != nil {
			return err
		}
		w.columns[i] = w.columns[i][:0]
	}
	return nil
}

func (w *parquetWriter) close() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.out.Close(); err != nil {
		return err
	}
	return w.file.close()
}

func parquetValue(v *value, column int) parquet.Value {
	if !v.ok {
		return parquet.NullValue().Level(0, 0, column)
	}
	var p parquet.Value
	switch v.kind {
	case text:
		// The library wants bytes, copies them, and changes none.
		p = parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(v.text), len(v.text)))
	case whole:
		p = parquet.Int64Value(v.n)
	case decimal:
		p = parquet.DoubleValue(v.float())
	case truth:
		p = parquet.BooleanValue(v.n != 0)
	case day:
		p = parquet.Int32Value(int32(v.n))
	case instant:
		p = parquet.Int64Value(v.n * 1000)
	}
	return p.Level(0, 1, column)
}

// columnsNode is a group whose columns keep their order: the library's own has them by name.
type columnsNode struct {
	parquet.Group
	fields []parquet.Field
}

func (c *columnsNode) Fields() []parquet.Field { return c.fields }

func newColumns(fields []field) *columnsNode {
	c := &columnsNode{Group: parquet.Group{}}
	for _, f := range fields {
		node := parquet.Optional(parquetNode(f.kind))
		c.Group[f.name] = node
		c.fields = append(c.fields, parquet.Group{f.name: node}.Fields()...)
	}
	return c
}

// parquetNode is the type of a column. A decimal is a double: every reader has those, and up to 15 digits come out as
// they went in.
func parquetNode(k kind) parquet.Node {
	switch k {
	case whole:
		return parquet.Int(64)
	case decimal:
		return parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.RLEDictionary)
	case truth:
		return parquet.Leaf(parquet.BooleanType)
	case day:
		return parquet.Date()
	case instant:
		return parquet.Timestamp(parquet.Millisecond)
	}
	return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
}
