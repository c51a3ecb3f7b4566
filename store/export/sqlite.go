package export

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite", without cgo
)

// sqliteFormat writes one database: a table a table, typed, with keys, indexes, and what it is in the table about. Days
// and moments are text as in CSV, which SQLite's own functions understand; true is 1.
type sqliteFormat struct {
	out    *folder
	db     *sql.DB
	tx     *sql.Tx
	tables []*sqliteWriter
	file   *file // once finished
}

const databaseName = "gongkai.sqlite"

// One connection writes, and a database that is not whole is thrown away: no journal. Memory is bounded by the cache
// (KiB). Bytes that are free are zero, so that one moment has one file.
const pragmas = "?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=locking_mode(exclusive)&_pragma=page_size(8192)" +
	"&_pragma=cache_size(-65536)&_pragma=secure_delete(on)&_pragma=temp_store(file)&_pragma=encoding('UTF-8')"

func newSQLite(d *folder, about [][2]string) (*sqliteFormat, error) {
	f := &sqliteFormat{out: d}
	path, err := filepath.Abs(d.path(databaseName)) // a relative one would be taken for a host
	if err != nil {
		return nil, err
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	if f.db, err = sql.Open("sqlite", address.String()+pragmas); err != nil {
		return nil, err
	}
	f.db.SetMaxOpenConns(1)
	if f.tx, err = f.db.Begin(); err != nil {
		return nil, errors.Join(err, f.db.Close())
	}
	if _, err := f.tx.Exec(`CREATE TABLE about (key TEXT PRIMARY KEY NOT NULL, value TEXT)`); err != nil {
		return nil, errors.Join(err, f.db.Close())
	}
	for _, line := range about {
		if _, err := f.tx.Exec(`INSERT INTO about VALUES (?, ?)`, line[0], line[1]); err != nil {
			return nil, errors.Join(err, f.db.Close())
		}
	}
	return f, nil
}

func (f *sqliteFormat) begin(t shape) (writer, error) {
	if _, err := f.tx.Exec(createTable(t)); err != nil {
		return nil, err
	}
	insert, err := f.tx.Prepare("INSERT INTO " + t.name + " VALUES (" + strings.TrimPrefix(strings.Repeat(", ?", len(t.fields)), ", ") + ")")
	w := &sqliteWriter{shape: t, format: f, insert: insert, args: make([]any, len(t.fields))}
	f.tables = append(f.tables, w)
	return w, err
}

// createTable declares a table: primary key, and the key of the report that a row belongs to.
func createTable(t shape) string {
	var lines []string
	for _, f := range t.fields {
		lines = append(lines, quoteName(f.name)+" "+sqliteType(f.kind))
	}
	if len(t.key) > 0 {
		lines = append(lines, "PRIMARY KEY "+nameList(t.key))
	}
	if t.parent {
		lines = append(lines, "FOREIGN KEY "+nameList(reportTable.key)+" REFERENCES reports "+nameList(reportTable.key))
	}
	return "CREATE TABLE " + t.name + " (\n  " + strings.Join(lines, ",\n  ") + "\n)"
}

// quoteName lets columns be called table, row, column, check, where.
func quoteName(name string) string { return `"` + name + `"` }

func nameList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quoteName(n)
	}
	return "(" + strings.Join(quoted, ", ") + ")"
}

func sqliteType(k kind) string {
	switch k {
	case whole, truth:
		return "INTEGER"
	case decimal:
		return "REAL"
	}
	return "TEXT"
}

// sqliteIndexes are what people look things up by, besides primary keys.
func sqliteIndexes() []string {
	return []string{
		`CREATE INDEX figures_report ON figures (agency_id, year, scope)`,
		`CREATE INDEX figures_cell ON figures ("table", "row", "column")`,
		`CREATE INDEX reports_division ON reports (division_code, year)`,
		`CREATE INDEX problems_report ON problems (agency_id, year, scope)`,
		`CREATE INDEX captures_url ON captures (url)`,
		`CREATE INDEX captures_sha256 ON captures (sha256)`,
		`CREATE INDEX codebook_id ON codebook (id)`,
	}
}

func (f *sqliteFormat) finish(ctx context.Context) error {
	for _, index := range sqliteIndexes() {
		if _, err := f.tx.ExecContext(ctx, index); err != nil {
			return fmt.Errorf("%s: %w", index, err)
		}
	}
	if err := errors.Join(f.tx.Commit(), f.db.Close()); err != nil {
		return err
	}
	var err error
	f.file, err = f.out.adopt(databaseName)
	return err
}

// abandon ends the transaction, without which the database does not close. The rest is nobody's concern any more.
func (f *sqliteFormat) abandon() { _ = errors.Join(f.tx.Rollback(), f.db.Close()) }

type sqliteWriter struct {
	shape
	format *sqliteFormat
	insert *sql.Stmt
	args   []any // used again for each row
	rows   int
}

func (w *sqliteWriter) write(b *block) error { return b.each(w.writeRow) }

func (w *sqliteWriter) writeRow(b *block, row int) error {
	for i := range w.args {
		switch v := b.at(row, i); {
		case !v.ok:
			w.args[i] = nil
		case v.kind == text:
			w.args[i] = v.text
		case v.kind == whole || v.kind == truth:
			w.args[i] = v.n
		case v.kind == decimal:
			w.args[i] = v.float()
		default:
			w.args[i] = string(v.appendTo(nil))
		}
	}
	w.rows++
	_, err := w.insert.Exec(w.args...)
	return err
}

func (w *sqliteWriter) close() error { return w.insert.Close() }

func (w *sqliteWriter) abandon() {} // the database is

func (w *sqliteWriter) describe() []dataResource {
	d := w.format.file.resource(w.shape, "sqlite", "application/vnd.sqlite3", w.rows)
	d.Dialect, d.Encoding = &dialect{Schema: dialectProfile, Table: w.shape.name}, ""
	return []dataResource{d}
}
