package store

import (
	_ "embed"
	"errors"
	"os"
	"path/filepath"
)

// readme is put into every archive, for somebody who finds it and knows nothing of us.
//
//go:embed archive_readme.txt
var readme []byte

// writeReadme leaves a README that is there alone: an archive keeps the words of the program that began it.
func writeReadme(dir string) error {
	path := filepath.Join(dir, "README")
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(path+".new", readme, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// syncDir makes the names in a folder durable. Windows and some network file systems cannot, and say so; the
// files themselves are safe without it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}
