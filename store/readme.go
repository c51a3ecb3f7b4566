package store

import (
	_ "embed"
	"errors"
	"os"
	"path/filepath"

	"gongkai/store/atomicfile"
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
	return atomicfile.Write(path, readme)
}
