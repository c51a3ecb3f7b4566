// Package atomicfile gives files their names when they are whole, so that nobody ever finds half of one. It does not keep
// writers apart: of two that write one file the last to publish wins.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Prefix begins the name of a file that is not whole yet. One that a kill has left behind is for the owner of its folder to
// remove.
const Prefix = ".new-"

// A File is being written, beside the place where it is to be.
type File struct {
	*os.File
	path string
}

// Create begins a file that is to be at a path. It ends with Publish or Discard.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), Prefix+"*")
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

// Publish makes what was written durable and gives it the file's name, in place of what had that before. It has the mode
// of what it replaces, 0644 where that is nothing. When it returns an error, nothing is replaced and nothing left behind.
func (f *File) Publish() error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(f.path); err == nil {
		mode = info.Mode().Perm()
	}
	err := errors.Join(f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return SyncDir(filepath.Dir(f.path))
}

// Discard ends the file without a trace.
func (f *File) Discard() {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// Write puts data into a file as Create and Publish do.
func Write(path string, data []byte) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.Discard()
		return err
	}
	return f.Publish()
}

// PublishNew gives a file that is whole and durable another name, which nothing has yet: os.ErrExist, and then nothing has
// changed. A file system that has no links gets a rename, which may replace what somebody else has just put there.
func PublishNew(from, to string) error {
	err := os.Link(from, to)
	if err != nil && !errors.Is(err, os.ErrExist) {
		err = os.Rename(from, to)
	}
	return errors.Join(err, SyncDir(filepath.Dir(to)))
}

// SyncDir makes the names in a folder durable. Windows and some network file systems cannot, and say so; the files
// themselves are safe without it.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}
