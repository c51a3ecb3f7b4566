package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Compacted says what a compaction did.
type Compacted struct {
	Captures int    `json:"captures"`
	Bodies   int    `json:"bodies"`
	Records  int    `json:"records"` // also superseded ones
	Head     string `json:"head"`    // hash of the newest link of the chain
	Before   int64  `json:"before"`  // bytes of the file
	After    int64  `json:"after"`
	Kept     string `json:"kept"` // path of the old file
}

// Compact writes the archive in a folder into a new file without what nobody needs: free pages, and half-filled ones. The
// log stays as it is, to the byte: captures, what was read from them at any moment, and the chain. A hash that was
// published proves what it proved, a moment that an export names is the same, and a backup is gone on with.
//
// The archive must be without fault: it is verified first, and so is the new file before it takes the name. The old one
// is kept under another name. Killed at any moment, the archive is either file, whole. It needs as much room as the
// archive has. ErrLocked when somebody writes to it; ErrDamaged, ErrFull, and then nothing has changed.
func Compact(dir string, o Rewrite) (c Compacted, err error) {
	s, err := openExisting(dir)
	if err != nil {
		return c, err
	}
	defer func() { err = o.reason(errors.Join(err, s.Close())) }()
	s.StopWhen(o.Stop)
	o.doing("proving the archive", 0, 0)
	before, err := s.faultless()
	if err != nil {
		return c, fmt.Errorf("%w; it must be repaired first", err)
	}
	o.at("begin")
	work, err := workFolder(dir)
	if err != nil {
		return c, full(err)
	}
	defer os.RemoveAll(work)
	after, err := o.finish(s.file, work)
	if err != nil {
		return c, full(err)
	}
	if after != before {
		return c, fmt.Errorf("%w: the new file came to %+v instead of %+v, and was thrown away", ErrDamaged, after, before)
	}
	c = Compacted{Captures: after.Captures, Bodies: after.Bodies, Records: after.Records, Head: after.Head}
	if c.Before, c.After, c.Kept, err = install(dir, work, "before", o); err != nil {
		return c, full(err)
	}
	return c, nil
}

// install puts the final file of a work folder in the place of the archive's, and tells the sizes of both, and where the old
// one is kept: under a name with a word and the day.
func install(dir, work, word string, o Rewrite) (before, after int64, kept string, err error) {
	fresh := filepath.Join(work, "final", fileName)
	before, err1 := sizeOfFile(filepath.Join(dir, fileName))
	after, err2 := sizeOfFile(fresh)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, "", err
	}
	kept = freeName(dir, word, time.Now().UTC().Format(time.DateOnly))
	return before, after, filepath.Join(dir, kept), replace(dir, fresh, kept, o.at)
}

// openExisting is Open where there must be an archive.
func openExisting(dir string) (*Store, error) {
	if err := present(dir); err != nil {
		return nil, fmt.Errorf("open archive %s: %w", dir, err)
	}
	return Open(dir)
}
