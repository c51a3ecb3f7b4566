package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/atomicfile"
	"gongkai/store/internal/boltfile"
	"gongkai/store/internal/item"
)

// An archive is a folder: archive.db (a bbolt file), README, and what keeps programs apart: archive.lock0, archive.lock1
// and, while somebody writes, a file called writer. Integers in keys are big-endian, so that keys ascend as numbers do;
// "," below joins without a separator.
//
//	meta       name                                 => text: schema, created, gongkai, origin, sum of these
//	log        number u64                           => 8160 bytes of the log, the last of them perhaps fewer
//	captures   id u64                               => position u64 in the log: row, JSON Capture
//	records    id u64 of the capture                => position u64 in the log: row, JSON Record
//	by_digest  SHA-256 of a body                    => position u64 in the log: payload, the body as served
//	by_url     url \0, id u64                       => the capture's State
//	by_time    unix nanoseconds u64, id u64         => nothing
//	by_state   state \0, id u64                     => nothing
//	by_key     agency \0, year u16, url \0, id u64  => nothing; records that are reports
//	rejected   url \0, id u64                       => nothing; records that are none
//	templates  name                                 => position u64 in the log: what their items are packed with
//	chain      number u64                           => last id u64, unix nanoseconds u64, SHA-256, CRC-32C: a commit
//	merged     id u64, archive u16                  => what the capture was in an archive that was merged (origins.go)
//	lost       a word \0, what it is                => what a repair could not bring back (lost.go)
//
// The log holds items one after the other (internal/item): each says what it is, proves itself by a sum of its plain bytes,
// and names what it takes to unpack it. It is only ever added to: bbolt then writes little more than what is kept, and
// "every capture up to this id" is a snapshot that needs no long transaction. All buckets but log, chain, meta,
// merged and lost can be rebuilt from it. A record that was read again is added again; the earlier one stays
// where it is.
//
// Instead of one value an item, or one a commit, the log is cut into values of a fixed size, whatever is in them: that
// fills the pages of bbolt to the brim, takes bodies of any size without a special case, and rewrites at most four
// small values in a commit.
var (
	metaBucket     = []byte("meta")
	logBucket      = []byte("log")
	captureBucket  = []byte("captures")
	recordBucket   = []byte("records")
	digestBucket   = []byte("by_digest")
	urlBucket      = []byte("by_url")
	timeBucket     = []byte("by_time")
	stateBucket    = []byte("by_state")
	keyBucket      = []byte("by_key")
	rejectedBucket = []byte("rejected")
	templateBucket = []byte("templates")
	chainBucket    = []byte("chain")
)

var buckets = [][]byte{metaBucket, logBucket, captureBucket, recordBucket, digestBucket, urlBucket, timeBucket, stateBucket,
	keyBucket, rejectedBucket, templateBucket, chainBucket}

// rareBuckets are there only in archives that were merged (origins.go) or repaired (lost.go). Like the log and the chain they
// cannot be made again.
var rareBuckets = [][]byte{mergedBucket, lostBucket}

// schema is the layout above. A program refuses an archive of any other.
const schema = 2

const fileName = "archive.db"

var (
	// ErrLocked means that another process, or another Store of this one, has the archive open.
	ErrLocked = errors.New("archive is in use")
	// ErrNotArchive means that there is no archive here, or none that this program understands.
	ErrNotArchive = errors.New("not an archive this program can read")
	// ErrNotFound means that the archive does not hold what was asked for.
	ErrNotFound = errors.New("not in the archive")
	// ErrDamaged means that the archive gave back something else than what was put into it.
	ErrDamaged = item.ErrDamaged
	// ErrExists means that there is an archive where a new one is to be made.
	ErrExists = errors.New("there is an archive already")
	// ErrFull means that the disk has no room for a change. Nothing was changed; with room, it can be made.
	ErrFull = errors.New("the disk of the archive is full")
)

// IsLost reports whether an error means that the archive cannot give what it was asked for, ErrDamaged or ErrNotFound: that
// is for verify to tell of, and whoever can do without goes on. Any other error is a reason to stop.
func IsLost(err error) bool { return errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotFound) }

// A Store is an open archive. All methods may be called by several goroutines. Its memory does not grow with the
// archive.
type Store struct {
	dir       string
	file      *boltfile.File
	group     *boltfile.Group[*txn]
	packer    *item.Packer
	rooms     sync.Pool   // *[]byte, for pages that are needed for a moment
	dicts     *item.Cache // dictionaries
	recent    *item.Cache // pages just archived: their records are about to come
	latest    latest
	templates *item.Templates
	readOnly  bool
	room      []byte // of what the last commit added to the log; only the next one touches it
}

func attach(dir string, file *boltfile.File, readOnly bool) *Store {
	s := &Store{dir: dir, file: file, packer: item.NewPacker(), dicts: item.NewCache(dictBytes), recent: item.NewCache(recentBytes), templates: item.NewTemplates(), readOnly: readOnly}
	s.group = boltfile.NewGroup(s.commit)
	return s
}

// Open opens the archive in a folder for reading and writing, and makes both when they do not exist. A file that
// is no archive is never written to. An archive has one writer, and any number of readers meanwhile, in this process
// and in others: when somebody writes to it Open gives up within two seconds with ErrLocked.
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
	file, err := openFile(dir, false)
	if err != nil {
		return nil, err
	}
	s := attach(dir, file, false)
	if err := s.furnish(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// furnish writes the files beside the database that a writer owes, and removes those that nobody needs.
func (s *Store) furnish() error {
	if err := writeReadme(s.dir); err != nil {
		return err
	}
	return errors.Join(sweep(s.dir), signWriter(s.dir))
}

// OpenReadOnly opens an existing archive for reading and changes nothing in its folder. ErrNotArchive when there
// is none, or of another schema. Others may read it and one may write to it meanwhile: each look at
// it shows one moment, and a later look a later one.
func OpenReadOnly(dir string) (*Store, error) {
	file, err := inspect(dir)
	if err != nil {
		return nil, fmt.Errorf("open archive %s: %w", dir, err)
	}
	return attach(dir, file, true), nil
}

// Close ends the use of the archive. Iterators that are still running end with an error.
func (s *Store) Close() error {
	var err error
	if !s.readOnly {
		err = unsignWriter(s.dir) // before the lock goes: afterwards the file may be the next writer's
	}
	return errors.Join(err, s.file.Close())
}

// StopWhen lets whatever is done with the archive end when stop returns an error, with that, at the next transaction. Long work
// consists of many. It is to be called before the archive is used by several.
func (s *Store) StopWhen(stop func() error) { s.file.StopWhen(stop) }

// Dir returns the folder of the archive.
func (s *Store) Dir() string { return s.dir }

// create makes an empty archive in dir. It appears under its name only when it is whole; when another process
// was faster, its archive stays.
func create(dir string) error {
	tmp, err := os.MkdirTemp(dir, atomicfile.Prefix+"*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := initialise(tmp); err != nil {
		return err
	}
	if err := atomicfile.PublishNew(filepath.Join(tmp, fileName), filepath.Join(dir, fileName)); !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

func initialise(dir string) error {
	file, err := openFile(dir, false)
	if err != nil {
		return err
	}
	return errors.Join(file.Update(layOut), file.Close())
}

// layOut makes the buckets of an empty archive.
func layOut(tx *bolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return putMeta(tx.Bucket(metaBucket))
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
		sumMeta(b),
	)
}

// sumMeta puts what proves the rest of meta. An archive that an early gongkai made has none.
func sumMeta(b *bolt.Bucket) error { return b.Put(metaSum, metaSumOf(b)) }

var metaSum = []byte("sum")

// metaSumOf is the CRC-32C, hexadecimal, of all names and values but its own, in order, each with a zero byte behind it.
func metaSumOf(b *bolt.Bucket) []byte {
	h := crc32.New(castagnoli)
	c := b.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if !bytes.Equal(k, metaSum) {
			fmt.Fprintf(h, "%s\x00%s\x00", k, v)
		}
	}
	return fmt.Appendf(nil, "%08x", h.Sum32())
}

// openFile opens the database itself.
func openFile(dir string, readOnly bool) (*boltfile.File, error) {
	f, err := boltfile.Open(filepath.Join(dir, fileName), readOnly)
	switch {
	case errors.Is(err, boltfile.ErrLocked):
		return nil, locked(dir)
	case errors.Is(err, boltfile.ErrInvalid):
		return nil, fmt.Errorf("%w: %s is %w", ErrNotArchive, fileName, err)
	}
	return f, translate(err)
}

// inspect opens the archive in dir read-only and refuses whatever is not one.
func inspect(dir string) (*boltfile.File, error) {
	if err := present(dir); err != nil {
		return nil, err
	}
	file, err := openFile(dir, true)
	if err != nil {
		return nil, err
	}
	if err := translate(file.View(understood)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
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
	return ofSchema(version)
}

// ofSchema refuses an archive of another schema than the one that this program has.
func ofSchema(version int) error {
	switch {
	case version < schema:
		return fmt.Errorf("%w: it has schema %d, of a gongkai before the first release, and this one has %d; keep the folder, which the gongkai that made it can read, and begin a new archive in another one",
			ErrNotArchive, version, schema)
	case version > schema:
		return fmt.Errorf("%w: it has schema %d and this gongkai knows up to %d; use a newer gongkai", ErrNotArchive, version, schema)
	}
	return nil
}
