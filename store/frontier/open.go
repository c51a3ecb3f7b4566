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
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
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

// lockTimeout is how long a frontier in use is waited for.
const lockTimeout = 1500 * time.Millisecond

// ErrUnusable means that the file is no frontier, or a damaged one. It may be deleted.
var ErrUnusable = errors.New("the frontier cannot be used; nothing is lost by deleting it")

// A Frontier is open. All methods may be called by several goroutines.
type Frontier struct {
	db *bolt.DB

	open map[uint64]bool // runs begun here that have not ended; only changes touch it, one at a time

	mu      sync.Mutex
	waiting []*commit // for the next transaction
	writing bool      // somebody is at it
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

func open(dir string, readOnly bool) (f *Frontier, err error) {
	defer recovered(&err)
	db, err := bolt.Open(filepath.Join(dir, FileName), 0o644, &bolt.Options{
		Timeout:        lockTimeout,
		ReadOnly:       readOnly,
		NoFreelistSync: true,
		FreelistType:   bolt.FreelistMapType,
		NoStatistics:   true,
	})
	switch {
	case err == nil:
		return &Frontier{db: db, open: make(map[uint64]bool)}, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, errors.New("another process uses it")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
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
func (f *Frontier) Close() error { return f.db.Close() }

// A commit is one change on its way to the disk.
type commit struct {
	change func(*bolt.Tx) error
	done   chan error
}

// update makes a change and returns when it is on the disk. Changes that come while another is being written are
// written together: thousands of sites do not wait for one disk one after the other. A change may be made twice, on
// an undone transaction.
func (f *Frontier) update(change func(*bolt.Tx) error) error {
	c := &commit{change, make(chan error, 1)}
	f.mu.Lock()
	f.waiting = append(f.waiting, c)
	if !f.writing {
		f.writing = true
		go f.write()
	}
	f.mu.Unlock()
	return <-c.done
}

// write writes what waits until nothing does.
func (f *Frontier) write() {
	for {
		f.mu.Lock()
		batch := f.waiting
		f.waiting = nil
		f.writing = len(batch) > 0
		f.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		if err := f.together(batch); err == nil {
			for _, c := range batch {
				c.done <- nil
			}
			continue
		}
		for _, c := range batch { // one of them is at fault, and answers for it alone
			c.done <- f.together([]*commit{c})
		}
	}
}

func (f *Frontier) together(batch []*commit) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recovered(&err)
	return f.db.Update(func(tx *bolt.Tx) error {
		for _, c := range batch {
			if err := c.change(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *Frontier) view(read func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recovered(&err)
	return f.db.View(read)
}

// recovered turns a panic of bbolt, whose data pages have no checksum, into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrUnusable, p)
	}
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
