// Package store is the archive: what portals served, as they served it, and the records read from it. It does
// not visit portals, does not read documents, and does not decide what a figure means; it keeps, finds, and
// proves that what it gives back is what it was given.
package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// An archive is a folder: archive.db (a bbolt file), README, and, while somebody writes, a file called writer.
// Integers in keys are big-endian, so that keys ascend as numbers do; "," below joins without a separator.
//
//	meta       name                                 => text: schema, created, gongkai
//	captures   id u64                               => row: JSON Capture
//	bodies     id u64 of the first capture, n u16   => n-th piece of a payload: the body as served
//	records    id u64 of the capture                => row: JSON Record
//	by_url     url \0, id u64                       => the capture's State
//	by_time    unix nanoseconds u64, id u64         => nothing
//	by_digest  SHA-256 of a body                    => id u64 in bodies
//	by_key     agency \0, year u16, url \0, id u64  => nothing; records that are reports
//	rejected   url \0, id u64                       => nothing; records that are none
//
// A row and a payload each begin with a byte that names their codec (pack.go, body.go), so that a later codec can
// stand beside an earlier one. Captures and bodies are only ever added, under ascending keys: bbolt then writes
// 1.1 bytes a byte kept, and "every capture up to this id" is a snapshot that needs no long transaction.
// Records and the five indexes can be rebuilt from captures and bodies.
var (
	metaBucket     = []byte("meta")
	captureBucket  = []byte("captures")
	bodyBucket     = []byte("bodies")
	recordBucket   = []byte("records")
	urlBucket      = []byte("by_url")
	timeBucket     = []byte("by_time")
	digestBucket   = []byte("by_digest")
	keyBucket      = []byte("by_key")
	rejectedBucket = []byte("rejected")
)

// schema is the layout above. A program refuses an archive whose schema is newer than the one it knows.
const schema = 1

const fileName = "archive.db"

// lockTimeout is how long an archive in use is waited for: bbolt's own default is for ever.
const lockTimeout = 1500 * time.Millisecond

var (
	// ErrLocked means that another process, or another Store of this one, has the archive open.
	ErrLocked = errors.New("archive is in use")
	// ErrNotArchive means that there is no archive here, or none that this program understands.
	ErrNotArchive = errors.New("not an archive this program can read")
	// ErrNotFound means that the archive does not hold what was asked for.
	ErrNotFound = errors.New("not in the archive")
	// ErrDamaged means that the archive gave back something else than what was put into it.
	ErrDamaged = errors.New("archive is damaged")
)

// A Store is an open archive. All methods may be called by several goroutines.
type Store struct {
	dir      string
	db       *bolt.DB
	codec    codec
	readOnly bool
}

// Open opens the archive in a folder for reading and writing, and makes both when they do not exist. A file that
// is no archive is never written to. An archive has one writer and, meanwhile, no readers in other processes:
// when it is in use Open gives up within two seconds with ErrLocked.
func Open(dir string) (*Store, error) {
	s, err := open(dir)
	if err != nil {
		return nil, fmt.Errorf("open archive %s: %w", dir, err)
	}
	return s, nil
}

func open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(dir, fileName)); errors.Is(err, os.ErrNotExist) {
		if err := create(dir); err != nil {
			return nil, err
		}
	}
	// Looking first, read-only: opened for writing, bbolt scans the whole file and dies if that was cut short.
	looked, err := inspect(dir)
	if err != nil {
		return nil, err
	}
	if err := looked.Close(); err != nil {
		return nil, err
	}
	db, err := openFile(dir, false)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, db: db, codec: newCodec()}
	if err := s.furnish(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// furnish writes the files beside the database that a writer owes.
func (s *Store) furnish() error {
	if err := writeReadme(s.dir); err != nil {
		return err
	}
	return signWriter(s.dir)
}

// OpenReadOnly opens an existing archive for reading and changes nothing in its folder. ErrNotArchive when there
// is none, ErrLocked when another process writes to it; any number of readers may have it open.
func OpenReadOnly(dir string) (*Store, error) {
	db, err := inspect(dir)
	if err != nil {
		return nil, fmt.Errorf("open archive %s: %w", dir, err)
	}
	return &Store{dir: dir, db: db, codec: newCodec(), readOnly: true}, nil
}

// Close ends the use of the archive. Iterators that are still running end with an error.
func (s *Store) Close() error {
	var err error
	if !s.readOnly {
		err = unsignWriter(s.dir) // before the lock goes: afterwards the file may be the next writer's
	}
	return errors.Join(err, s.db.Close())
}

// Dir returns the folder of the archive.
func (s *Store) Dir() string { return s.dir }

// create makes an empty archive in dir. It appears under its name only when it is whole; when another process
// was faster, its archive stays.
func create(dir string) error {
	tmp, err := os.MkdirTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := initialise(tmp); err != nil {
		return err
	}
	if err := publish(filepath.Join(tmp, fileName), filepath.Join(dir, fileName)); err != nil {
		return err
	}
	return syncDir(dir)
}

// publish gives a file its name. A link never replaces what another process has just put there; a file system
// that has no links gets a rename.
func publish(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, os.ErrExist) {
		return nil
	}
	return os.Rename(from, to)
}

func initialise(dir string) error {
	db, err := openFile(dir, false)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{metaBucket, captureBucket, bodyBucket, recordBucket, urlBucket, timeBucket,
			digestBucket, keyBucket, rejectedBucket} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return putMeta(tx.Bucket(metaBucket))
	})
	return errors.Join(err, db.Close())
}

func putMeta(b *bolt.Bucket) error {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	return errors.Join(
		b.Put([]byte("schema"), []byte(strconv.Itoa(schema))),
		b.Put([]byte("created"), []byte(time.Now().UTC().Format(time.RFC3339))),
		b.Put([]byte("gongkai"), []byte(version)),
	)
}

// openFile opens the database itself. NoFreelistSync with the map type made small commits to a large file 50
// times cheaper; the price is a scan of the file when a writer opens it.
func openFile(dir string, readOnly bool) (db *bolt.DB, err error) {
	defer recovered(&err)
	db, err = bolt.Open(filepath.Join(dir, fileName), 0o644, &bolt.Options{
		Timeout:        lockTimeout,
		ReadOnly:       readOnly,
		NoFreelistSync: true,
		FreelistType:   bolt.FreelistMapType,
		NoStatistics:   true,
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, locked(dir)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch),
		errors.Is(err, bolterrors.ErrChecksum):
		return nil, fmt.Errorf("%w: %s is no bbolt file, or its first pages are damaged: %w", ErrNotArchive, fileName, err)
	}
	return db, err
}

// inspect opens the archive in dir read-only and refuses whatever is not one.
func inspect(dir string) (*bolt.DB, error) {
	if err := present(dir); err != nil {
		return nil, err
	}
	db, err := openFile(dir, true)
	if err != nil {
		return nil, err
	}
	if err := view(db, understood); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// present says in one sentence what is missing in dir.
func present(dir string) error {
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err == nil {
		switch {
		case info.IsDir():
			return fmt.Errorf("%w: %s is a folder", ErrNotArchive, fileName)
		case info.Size() == 0:
			return fmt.Errorf("%w: %s is empty; if this archive never held anything, delete that file", ErrNotArchive, fileName)
		}
		return nil
	}
	if info, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: there is no such folder", ErrNotArchive)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("%w: it is a file, and an archive is a folder", ErrNotArchive)
	}
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: the folder has no %s", ErrNotArchive, fileName)
	}
	return err
}

// understood checks that the file is whole and of a schema that we know.
func understood(tx *bolt.Tx) error {
	info, err := os.Stat(tx.DB().Path())
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("%w: %s was cut short: %d of %d bytes are there", ErrDamaged, fileName, info.Size(), tx.Size())
	}
	meta := tx.Bucket(metaBucket)
	if meta == nil || meta.Get([]byte("schema")) == nil {
		return fmt.Errorf("%w: %s is a bbolt file of another program", ErrNotArchive, fileName)
	}
	version, err := strconv.Atoi(string(meta.Get([]byte("schema"))))
	if err != nil || version < 1 {
		return fmt.Errorf("%w: schema %q is no number", ErrDamaged, meta.Get([]byte("schema")))
	}
	if version > schema {
		return fmt.Errorf("%w: it has schema %d and this gongkai knows up to %d; use a newer gongkai", ErrNotArchive, version, schema)
	}
	return nil
}
