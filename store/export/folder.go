package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
)

const descriptorName = "datapackage.json"

// partialName is the folder inside the target where files grow. Inside and not beside it, as the target may be a
// mounted volume, and a rename does not cross into one.
const partialName = ".partial"

// A folder receives the files of an export: they appear together, when all are whole.
type folder struct {
	dir   string
	files []*file
}

// openFolder makes dir, or checks that it holds nothing but an earlier export.
func openFolder(dir string) (*folder, error) {
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
	return &folder{dir: dir}, os.Mkdir(partial, 0o777)
}

// create begins a file. When it cannot be made, every Write says so.
func (d *folder) create(name string) *file {
	f := &file{name: name, sum: sha256.New()}
	d.files = append(d.files, f)
	if f.out, f.err = os.Create(filepath.Join(d.dir, partialName, name)); f.err == nil {
		f.buf = bufio.NewWriterSize(f.out, 1<<16)
	}
	return f
}

// put writes a whole file.
func (d *folder) put(name string, text []byte) error {
	f := d.create(name)
	_, err := f.Write(text)
	return err
}

// finish moves the files into place, unless err tells that they are not whole; it returns what went wrong. The
// descriptor goes first: an interrupted move leaves digests that do not match, and a folder that the next export
// recognises as its own.
func (d *folder) finish(err error) error {
	for _, f := range d.files {
		if closed := f.close(); err == nil {
			err = closed
		}
	}
	slices.SortStableFunc(d.files, func(a, b *file) int { return rank(a.name) - rank(b.name) })
	partial := filepath.Join(d.dir, partialName)
	for _, f := range d.files {
		if err == nil {
			err = os.Rename(filepath.Join(partial, f.name), filepath.Join(d.dir, f.name))
		}
	}
	return errors.Join(err, os.RemoveAll(partial), syncDir(d.dir))
}

func rank(name string) int {
	if name == descriptorName {
		return 0
	}
	return 1
}

// syncDir makes the names durable where the file system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // not every system can sync a folder; the files have been
	return d.Close()
}

// A file is written once, from front to back, and knows its length and digest.
type file struct {
	name  string
	out   *os.File // nil when it could not be made, and once it is closed
	buf   *bufio.Writer
	sum   hash.Hash
	bytes int64
	err   error // the first, which every call returns from then on
}

func (f *file) Write(p []byte) (n int, err error) {
	if f.err == nil {
		n, f.err = f.buf.Write(p)
		f.sum.Write(p[:n])
		f.bytes += int64(n)
	}
	return n, f.err
}

// close makes the file durable. Closing again does nothing.
func (f *file) close() error {
	if f.out == nil {
		return f.err
	}
	err := errors.Join(f.buf.Flush(), f.out.Sync(), f.out.Close())
	f.out = nil
	if f.err == nil {
		f.err = err
	}
	return f.err
}

func (f *file) digest() string { return "sha256:" + hex.EncodeToString(f.sum.Sum(nil)) }
