package export

import (
	"context"
	"slices"
	"unsafe"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	parquetzstd "github.com/parquet-go/parquet-go/compress/zstd"
)

// parquetFormat writes a Parquet file a table: typed columns, zstd, dictionaries.
type parquetFormat struct{ out *folder }

const (
	groupRows   = 122_880   // of a row group, at most: the unit in which DuckDB reads
	groupValues = 1_900_000 // likewise: a row group is kept in memory
	wideValues  = 600_000   // likewise, of a table as wide as panel: what is kept for a column counts then
	wide        = 40        // columns
	groupBytes  = 12 << 20  // of texts that are not those of the row before, likewise
	batchSize   = 1024      // rows that are handed on at once, column by column
	pageBytes   = 256 << 10 // of a page, about
	dictBytes   = 1 << 20   // a column with more different texts in a row group goes on without a dictionary
)

func (p parquetFormat) begin(t shape) (writer, error) {
	w := &parquetWriter{plainFile: plainFile{t, p.out.create(t.name + ".parquet"), 0, "parquet", "application/vnd.apache.parquet"}}
	options := []parquet.WriterOption{parquet.NewSchema(t.name, newColumns(t)), parquet.Compression(newPageCodec()),
		parquet.PageBufferSize(pageBytes), parquet.DictionaryMaxBytes(dictBytes),
		parquet.DataPageStatistics(false), // row groups and the index of pages have them
		parquet.CreatedBy("gongkai", "1", "parquet-go")}
	for _, f := range t.fields {
		if f.kind == text && !slices.Contains(inOrder, f.name) {
			options = append(options, parquet.SkipPageBounds(f.name))
		}
	}
	w.out = parquet.NewGenericWriter[any](w.file, options...)
	w.group = min(groupValues, groupRows*len(t.fields))
	if len(t.fields) > wide {
		w.group = wideValues
	}
	w.columns = make([]parquetColumn, len(t.fields))
	for i := range w.columns {
		w.columns[i].batch = make([]parquet.Value, 0, batchSize)
	}
	return w, w.file.err
}

// inOrder are the texts by which rows stand, roughly: least and greatest of a page tell a reader what to pass over. Of other
// texts they tell nothing, and to find them takes long.
var inOrder = []string{"agency_id", "division_code", "province", "prefecture"}

func (parquetFormat) finish(context.Context) error { return nil }

func (parquetFormat) abandon() {}

type parquetWriter struct {
	plainFile
	out     *parquet.GenericWriter[any]
	columns []parquetColumn
	group   int // values of a row group
	values  int // of the row group
	bytes   int // of its texts
}

// A parquetColumn has the values not handed on yet.
type parquetColumn struct {
	batch []parquet.Value
	block []parquet.Value // of the block being written
	grown []int           // bytes of the texts of the block up to each row, but for those of the row before it
	last  value           // of the block before
}

func (w *parquetWriter) write(b *block) error {
	for i := range w.columns {
		w.bytes += w.columns[i].take(b.columns[i], b.same[i], i)
	}
	for row := 0; row < b.rows; {
		end := min(b.rows, row+batchSize-len(w.columns[0].batch))
		for i := range w.columns {
			w.bytes += w.columns[i].add(row, end)
		}
		w.rows += end - row
		w.values += (end - row) * len(w.columns)
		if row = end; len(w.columns[0].batch) < batchSize {
			return nil
		}
		if err := w.flush(); err != nil {
			return err
		}
		if w.values < w.group && w.bytes < groupBytes {
			continue
		}
		w.values, w.bytes = 0, 0
		if err := w.out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// take makes the values of a block, and returns how many bytes the first one adds to the texts.
func (c *parquetColumn) take(values []value, same bool, column int) (bytes int) {
	if values[0] != c.last {
		bytes = len(values[0].text)
	}
	c.last = values[len(values)-1]
	if same && len(c.block) > 0 {
		return bytes
	}
	c.block, c.grown = c.block[:0], c.grown[:0]
	grown := 0
	for i := range values {
		if i > 0 && values[i] == values[i-1] {
			c.block = append(c.block, c.block[i-1])
		} else {
			if i > 0 {
				grown += len(values[i].text)
			}
			c.block = append(c.block, parquetValue(&values[i], column))
		}
		c.grown = append(c.grown, grown)
	}
	return bytes
}

// add adds rows of the block to the batch, and returns how many bytes they add to the texts.
func (c *parquetColumn) add(row, end int) (bytes int) {
	if len(c.block) == 1 {
		for range end - row {
			c.batch = append(c.batch, c.block[0])
		}
		return 0
	}
	c.batch = append(c.batch, c.block[row:end]...)
	return c.grown[end-1] - c.grown[max(row-1, 0)]
}

func (w *parquetWriter) flush() error {
	for i, c := range w.out.ColumnWriters() {
		if _, err := c.WriteRowValues(w.columns[i].batch); err != nil {
			return err
		}
		w.columns[i].batch = w.columns[i].batch[:0]
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

// A pageCodec packs pages with zstd. The library's has windows of 8 MB, for pages that are much smaller.
type pageCodec struct {
	parquetzstd.Codec
	encoder *zstd.Encoder
}

func newPageCodec() *pageCodec {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(2*pageBytes), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true))
	if err != nil {
		panic(err) // options that never depend on input
	}
	return &pageCodec{encoder: e}
}

func (c *pageCodec) Encode(dst, src []byte) ([]byte, error) {
	return c.encoder.EncodeAll(src, dst[:0]), nil
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

// unlike are the texts of which hardly two are alike where a row is a report or a capture: a dictionary of them is of no use,
// and large.
var unlike = []string{"url", "sha256", "capture_sha256", "title", "link_title", "index_no", "doc_no", "detail"}

func newColumns(t shape) *columnsNode {
	c := &columnsNode{Group: parquet.Group{}}
	for _, f := range t.fields {
		node := parquetNode(f.kind)
		if f.kind == text && (t.parent || !slices.Contains(unlike, f.name)) || f.kind == decimal && t.parent {
			node = parquet.Encoded(node, &parquet.RLEDictionary)
		}
		node = parquet.Optional(node)
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
		return parquet.Leaf(parquet.DoubleType)
	case truth:
		return parquet.Leaf(parquet.BooleanType)
	case day:
		return parquet.Date()
	case instant:
		return parquet.Timestamp(parquet.Millisecond)
	}
	return parquet.String()
}
