package export

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"gongkai/store/atomicfile"
)

const descriptorName = "datapackage.json"

// partialName is the folder inside the target where files grow. Inside and not beside it, as the target may be a
// mounted volume, and a rename does not cross into one.
const partialName = ".partial"

// A folder receives the files of an export: they appear together, when all are whole.
type folder struct {
	ctx   context.Context // of the export: its files take nothing once it has ended
	dir   string
	made  bool        // the export has made the folder
	own   os.FileInfo // of the partial folder that we made: another export may put its own in place
	files []*file
}

// openFolder makes dir, or checks that it holds nothing but an earlier export.
func openFolder(ctx context.Context, dir string) (*folder, error) {
	_, none := os.Lstat(dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	named := func(name string) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == name })
	}
	others := slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != partialName })
	if others && !named(descriptorName) {
		return nil, fmt.Errorf("the folder holds other things and no %s; name an empty folder, or one of an earlier export", descriptorName)
	}
	partial := filepath.Join(dir, partialName)
	if err := os.RemoveAll(partial); err != nil { // of an export that was killed
		return nil, err
	}
	if err := os.Mkdir(partial, 0o777); err != nil {
		return nil, err
	}
	own, err := os.Stat(partial)
	return &folder{ctx: ctx, dir: dir, made: errors.Is(none, os.ErrNotExist), own: own}, err
}

// path is where a file grows.
func (d *folder) path(name string) string { return filepath.Join(d.dir, partialName, name) }

// create begins a file. When it cannot be made, every Write says so.
func (d *folder) create(name string) *file {
	f := &file{ctx: d.ctx, name: name, sum: sha256.New()}
	d.files = append(d.files, f)
	if f.out, f.err = os.Create(d.path(name)); f.err != nil {
		f.out = nil
	}
	return f
}

// adopt takes over a file that a library has written and closed: it is read once more, for its digest.
func (d *folder) adopt(name string) (*file, error) {
	f := &file{name: name, sum: sha256.New()}
	d.files = append(d.files, f)
	in, err := os.OpenFile(d.path(name), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	f.bytes, err = io.Copy(f.sum, in)
	return f, errors.Join(err, d.ctx.Err(), in.Sync(), in.Close())
}

// put writes a whole file.
func (d *folder) put(name string, text []byte) error {
	f := d.create(name)
	_, err := f.Write(text)
	return err
}

// finish moves the files into place, unless err tells that they are not whole; it returns what went wrong. The
// descriptor goes first: an interrupted move leaves digests that do not match, and a folder that the next export
// recognises as its own. Files of an earlier export that this one has not are taken away.
func (d *folder) finish(err error) error {
	for _, f := range d.files {
		if err != nil {
			f.drop()
		} else if closed := f.close(); closed != nil {
			err = closed
		}
	}
	var old []string
	if err == nil {
		old, err = d.earlier()
	}
	slices.SortStableFunc(d.files, func(a, b *file) int { return rank(a.name) - rank(b.name) })
	for _, f := range d.files {
		if err == nil {
			err = d.move(f.name)
		}
		old = slices.DeleteFunc(old, func(name string) bool { return name == f.name })
	}
	for _, name := range old {
		if err == nil {
			err = os.Remove(filepath.Join(d.dir, name))
		}
	}
	if d.intact() {
		err = errors.Join(err, os.RemoveAll(filepath.Join(d.dir, partialName)))
	}
	if err != nil && d.made && os.Remove(d.dir) == nil { // where something has come into it, it stays
		return err
	}
	return errors.Join(err, atomicfile.SyncDir(d.dir))
}

func (d *folder) move(name string) error {
	if !d.intact() {
		return fmt.Errorf("another export writes to the same folder")
	}
	return os.Rename(d.path(name), filepath.Join(d.dir, name))
}

// intact reports whether the partial folder is still the one that we made.
func (d *folder) intact() bool {
	now, err := os.Stat(filepath.Join(d.dir, partialName))
	return err == nil && os.SameFile(now, d.own)
}

// earlier lists the files in the folder that an earlier export says it has written. A name that no export writes is
// nobody's, whatever the descriptor says: it may have been edited.
func (d *folder) earlier() (names []string, err error) {
	text, err := os.ReadFile(filepath.Join(d.dir, descriptorName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var old struct{ Resources []struct{ Path string } }
	if err != nil || json.Unmarshal(text, &old) != nil {
		return nil, err // not to be read: nothing is known
	}
	for _, r := range old.Resources {
		_, err := os.Lstat(filepath.Join(d.dir, filepath.Base(r.Path)))
		if ours.MatchString(r.Path) && err == nil && !slices.Contains(names, r.Path) {
			names = append(names, r.Path)
		}
	}
	return names, nil
}

// ours are the names that exports give to their files.
var ours = regexp.MustCompile(`^(README\.md|gongkai\.(xlsx|sqlite)|[a-z]+\.(csv|jsonl|parquet|dta))$`)

func rank(name string) int {
	if name == descriptorName {
		return 0
	}
	return 1
}

// A file is written once, from front to back, and knows its length and digest. What is written to it goes on in blocks to
// a goroutine that digests and writes them, as making rows takes as long: it has ended once the file is closed.
type file struct {
	ctx   context.Context
	name  string
	out   *os.File // nil when it could not be made, and once it is closed
	sum   hash.Hash
	bytes int64
	err   error // the first, which every call returns from then on

	block []byte      // that is being filled
	full  chan []byte // nil until there is a full one
	empty chan written
}

// A written is a block that may be filled again, and what went wrong with it or one before it.
type written struct {
	block []byte
	err   error
}

// A file has so many blocks of so many bytes.
const (
	fileBlocks = 4
	blockSize  = 64 << 10
)

func (f *file) Write(p []byte) (n int, err error) {
	if f.err == nil {
		f.err = f.ctx.Err()
	}
	for n < len(p) && f.err == nil {
		if f.block == nil {
			f.block = make([]byte, 0, blockSize)
		}
		m := copy(f.block[len(f.block):cap(f.block)], p[n:])
		f.block = f.block[:len(f.block)+m]
		if n += m; len(f.block) == cap(f.block) {
			f.pass()
		}
	}
	f.bytes += int64(n)
	return n, f.err
}

// pass hands a full block on, and takes an empty one.
func (f *file) pass() {
	if f.full == nil {
		f.full, f.empty = make(chan []byte, fileBlocks), make(chan written, fileBlocks)
		for range fileBlocks - 1 {
			f.empty <- written{}
		}
		go f.drain()
	}
	f.full <- f.block
	next := <-f.empty
	f.block, f.err = next.block[:0], next.err
}

// drain digests and writes what it is handed, until nothing more comes. After an error it only takes it.
func (f *file) drain() {
	defer close(f.empty)
	var err error
	for block := range f.full {
		if err == nil {
			err = f.put(block)
		}
		f.empty <- written{block, err}
	}
}

func (f *file) put(block []byte) error {
	f.sum.Write(block)
	_, err := f.out.Write(block)
	return err
}

// close makes the file durable. Closing again does nothing.
func (f *file) close() error {
	if f.out == nil {
		return f.err
	}
	err := f.err
	if f.full != nil {
		close(f.full)
		for w := range f.empty {
			err = cmp.Or(err, w.err)
		}
	}
	if err == nil {
		err = f.put(f.block)
	}
	err = errors.Join(err, f.out.Sync(), f.out.Close())
	f.out, f.block = nil, nil
	f.err = cmp.Or(f.err, err)
	return f.err
}

// drop closes a file that nobody wants: what of it is not on the disk need not be.
func (f *file) drop() {
	if f.out != nil {
		_ = f.out.Close()
		f.out = nil
	}
}

// resource describes a closed file that holds a table.
func (f *file) resource(t shape, format, mediatype string, rows int) dataResource {
	d := dataResource{
		Name: t.name, Path: f.name, Type: "table", Title: t.zh, Description: t.en,
		Format: format, MediaType: mediatype, Encoding: "utf-8", Bytes: f.bytes, Hash: f.digest(), Rows: &rows,
		Schema: &tableSchema{Schema: tableProfile, MissingValues: []string{""}, PrimaryKey: t.key},
	}
	for _, f := range t.fields {
		s := schemaField{Name: f.name, Type: f.kind.String(), Title: f.zh, Description: f.en}
		for _, w := range f.words {
			s.Categories = append(s.Categories, category{w.text, w.zh + " " + w.en})
		}
		d.Schema.Fields = append(d.Schema.Fields, s)
	}
	if t.parent {
		key := reportTable.key
		d.Schema.ForeignKeys = []foreignKey{{key, reference{"reports", key}}}
	}
	return d
}

func (f *file) digest() string { return "sha256:" + hex.EncodeToString(f.sum.Sum(nil)) }
