// Package frontier keeps what a crawl has still to do, and when each host may be asked again, so that a crawl that
// was stopped or killed goes on where it was. It decides nothing: which page is worth asking for and how long a host
// is left alone is for package crawler to say. It is no part of the archive: deleted, it is made again from the
// catalogue and the archive, at the price of looking at the listings again and of waiting once where a server had
// asked for it.
package frontier

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/boltfile"
)

// FileName is the frontier's file in the folder of an archive, a bbolt file. Integers in keys are big-endian; ","
// below joins without a separator.
//
//	meta    "schema"            => text
//	runs    id u64              => JSON Run
//	hosts   name                => JSON Host
//	walks   portal \0 site      => bucket of one walk; a walk of another lane than the nightly one has \0 lane behind it:
//	    "walk"                                   => JSON Status
//	    "kept"                                   => JSON of the crawler: what it must know to go on
//	    queue  class u8, after u64, order u64    => key in known, JSON Item; the first is the next to be asked for
//	    known  first 12 bytes of SHA-256(key)    => its state
//
//	memory  as in walks         => JSON of the crawler: what it must know in the next walk
//
// Nothing of this is held in memory, whatever its size.
const FileName = "frontier.db"

const schema = 1

var (
	metaBucket  = []byte("meta")
	runBucket   = []byte("runs")
	hostBucket  = []byte("hosts")
	walkBucket  = []byte("walks")
	memoBucket  = []byte("memory")
	queueBucket = []byte("queue")
	knownBucket = []byte("known")
	walkKey     = []byte("walk")
	keptKey     = []byte("kept")
)

// ErrUnusable means that the file is no frontier, or a damaged one. It may be deleted.
var ErrUnusable = errors.New("the frontier cannot be used; nothing is lost by deleting it")

// A Frontier is open. All methods may be called by several goroutines.
type Frontier struct {
	file  *boltfile.File
	group *boltfile.Group[*bolt.Tx]
	open  map[uint64]bool // runs begun here that have not ended; only changes touch it, one at a time
}

// Open opens the frontier in the folder of an archive, and makes it when it does not exist. Whoever has the archive
// open for writing has the right to.
func Open(dir string) (*Frontier, error) {
	f, err := open(dir, false)
	if err == nil {
		if err = f.update(furnish); err != nil {
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(dir, FileName), err)
	}
	return f, nil
}

// OpenReadOnly opens an existing frontier for reading; fs.ErrNotExist when there is none.
func OpenReadOnly(dir string) (*Frontier, error) {
	f, err := open(dir, true)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(dir, FileName), err)
	}
	return f, nil
}

func open(dir string, readOnly bool) (*Frontier, error) {
	file, err := boltfile.Open(filepath.Join(dir, FileName), readOnly)
	switch {
	case err == nil:
		return &Frontier{file, boltfile.NewGroup(file.Update), make(map[uint64]bool)}, nil
	case errors.Is(err, boltfile.ErrLocked), errors.Is(err, boltfile.ErrPlace), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
}

func furnish(tx *bolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists(metaBucket)
	if err != nil {
		return err
	}
	if have := meta.Get([]byte("schema")); have != nil && string(have) != strconv.Itoa(schema) {
		return fmt.Errorf("%w: it has schema %s and this gongkai knows %d", ErrUnusable, have, schema)
	}
	for _, name := range [][]byte{runBucket, hostBucket, walkBucket, memoBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return meta.Put([]byte("schema"), []byte(strconv.Itoa(schema)))
}

// Close ends the use of the frontier.
func (f *Frontier) Close() error { return f.file.Close() }

// update makes a change and returns when it is on the disk. Changes that come while another is being written are
// written together: thousands of sites do not wait for one disk one after the other. A change may be made several
// times, each time on a transaction where it was not.
func (f *Frontier) update(change func(*bolt.Tx) error) error { return translate(f.group.Do(change)) }

func (f *Frontier) view(read func(*bolt.Tx) error) error { return translate(f.file.View(read)) }

// translate says of a damaged file that it may be deleted.
func translate(err error) error {
	if errors.Is(err, boltfile.ErrDamaged) {
		return fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	return err
}

func put(b *bolt.Bucket, key []byte, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return b.Put(key, text)
}

// get reads a JSON value; false when there is none.
func get(b *bolt.Bucket, key []byte, value any) (bool, error) {
	if b == nil {
		return false, nil
	}
	text := b.Get(key)
	if text == nil {
		return false, nil
	}
	if err := json.Unmarshal(text, value); err != nil {
		return false, fmt.Errorf("%w: %q: %w", ErrUnusable, key, err)
	}
	return true, nil
}
