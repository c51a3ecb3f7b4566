package warc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"

	"gongkai/store/atomicfile"
)

const (
	indexName    = "index.cdxj"
	manifestName = "manifest-sha256.txt" // as sha256sum -c reads it
	waczName     = "gongkai.wacz"
	partialName  = ".partial"
)

// A folder receives the files of an export: they appear together, when all are whole.
type folder struct {
	dir   string
	made  bool     // the export has made the folder
	names []string // in the order in which they were made
	sums  map[string]string
}

// openFolder makes dir, or checks that it holds nothing but an earlier export.
func openFolder(dir string) (*folder, error) {
	_, none := os.Lstat(dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !isOurs(e.Name()) {
			return nil, fmt.Errorf("the folder holds %s; name an empty folder, or one of an earlier export as WARC", e.Name())
		}
	}
	f := &folder{dir: dir, made: errors.Is(none, os.ErrNotExist), sums: map[string]string{}}
	if err := os.RemoveAll(f.partial()); err != nil { // of an export that was killed
		return nil, err
	}
	return f, os.Mkdir(f.partial(), 0o777)
}

func (f *folder) partial() string { return filepath.Join(f.dir, partialName) }

// note notes a file that is whole.
func (f *folder) note(name string, sum hash.Hash) {
	f.names = append(f.names, name)
	f.sums[name] = hex.EncodeToString(sum.Sum(nil))
}

// put makes a whole file.
func (f *folder) put(name string, write func(io.Writer) error) error {
	out, err := os.Create(filepath.Join(f.partial(), name))
	if err != nil {
		return err
	}
	sum := sha256.New()
	err = errors.Join(write(io.MultiWriter(out, sum)), out.Sync(), out.Close())
	f.note(name, sum)
	return err
}

// finish moves the files into place and takes those of an earlier export away, unless err tells that they are not whole;
// it returns what went wrong. The manifest goes last: until then none vouches for the files.
func (f *folder) finish(err error) error {
	if err == nil {
		var manifest bytes.Buffer
		for _, name := range f.names {
			fmt.Fprintf(&manifest, "%s  %s\n", f.sums[name], name)
		}
		err = f.put(manifestName, func(w io.Writer) error {
			_, err := manifest.WriteTo(w)
			return err
		})
	}
	if err == nil {
		err = f.replace()
	}
	err = errors.Join(err, os.RemoveAll(f.partial()))
	if err != nil && f.made {
		_ = os.Remove(f.dir) // where something has come into it, it stays
	}
	return err
}

func (f *folder) replace() error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name != partialName && (name == manifestName || !slices.Contains(f.names, name)) {
			if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
				return err
			}
		}
	}
	for _, name := range f.names {
		if err := os.Rename(filepath.Join(f.partial(), name), filepath.Join(f.dir, name)); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(f.dir)
}
