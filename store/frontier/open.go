// Package frontier keeps what a crawl has still to do, and when each host may be asked again, so that a crawl that
// was stopped or killed goes on where it was. It decides nothing: which page is worth asking for and how long a host
// is left alone is for package crawler to say. It is no part of the archive: deleted, it is made again from the
// catalogue and the archive, at the price of looking at the listings again and of waiting once where a server had
// asked for it.
package frontier

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

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
//	readings  as in walks \0 \0, key as in known  => SHA-256 of what it was read from, zstd of JSON of the crawler
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
	readBucket  = []byte("readings")
	queueBucket = []byte("queue")
	knownBucket = []byte("known")
	walkKey     = []byte("walk")
	keptKey     = []byte("kept")
)

// ErrUnusable means that the file is no frontier, or a damaged one. It may be deleted.
var ErrUnusable = errors.New("the frontier cannot be used; nothing is lost by deleting it")

// errNewer tells of a frontier that is of use to another program.
var errNewer = errors.New("use a newer one")

// A Frontier is open. All methods may be called by several goroutines.
type Frontier struct {
	file  *boltfile.File
	group *boltfile.Group[*bolt.Tx]
	open  map[uint64]bool // runs begun here that have not ended; only changes touch it, one at a time
	aside *SetAside

	readings packer
}

// SetAside says that a frontier could not be used, and where it is now.
type SetAside struct {
	Path string
	Why  error
}

// SetAside returns what Open has set aside to make a new frontier; nil when there was no need.
func (f *Frontier) SetAside() *SetAside { return f.aside }

// Open opens the frontier in the folder of an archive, and makes it when it does not exist. Whoever has the archive
// open for writing has the right to. All of it is read first: when it is damaged it gets another name, and a new one takes its
// place.
func Open(dir string) (*Frontier, error) {
	f, err := openSound(dir)
	var aside *SetAside
	if errors.Is(err, ErrUnusable) && !errors.Is(err, errNewer) {
		aside = &SetAside{Why: err}
		if aside.Path, err = setAside(filepath.Join(dir, FileName)); err == nil {
			f, err = openSound(dir)
		} else {
			err = errors.Join(aside.Why, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(dir, FileName), err)
	}
	f.aside = aside
	return f, nil
}

// openSound opens a frontier for writing of which everything makes sense.
func openSound(dir string) (*Frontier, error) {
	f, err := open(dir, false)
	if err != nil {
		return nil, err
	}
	if err = f.view(sensible); err == nil {
		err = f.update(furnish)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// setAside gives a file a name under which nobody looks for it.
func setAside(path string) (string, error) {
	for i := 0; ; i++ {
		to := path + ".damaged-" + time.Now().UTC().Format("20060102T150405Z")
		if i > 0 {
			to += "-" + strconv.Itoa(i)
		}
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			return to, os.Rename(path, to)
		} else if err != nil {
			return "", err
		}
	}
}

// sensible proves that all values can be read. It is what a crawl would stumble over later.
func sensible(tx *bolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		return unused(tx)
	}
	if have := meta.Get([]byte("schema")); have != nil && string(have) != strconv.Itoa(schema) {
		if n, err := strconv.Atoi(string(have)); err == nil && n > schema {
			return fmt.Errorf("%w: it has schema %d and this gongkai knows %d: %w", ErrUnusable, n, schema, errNewer)
		}
		return fmt.Errorf("%w: it has schema %q and this gongkai knows %d", ErrUnusable, have, schema)
	}
	for name, fresh := range map[string]func() any{string(runBucket): func() any { return new(Run) }, string(hostBucket): func() any { return new(Host) },
		string(memoBucket): func() any { return new(json.RawMessage) }} {
		b := tx.Bucket([]byte(name))
		if b == nil {
			return fmt.Errorf("%w: it has no %s", ErrUnusable, name)
		}
		err := b.ForEach(func(k, _ []byte) error {
			_, err := get(b, k, fresh())
			return err
		})
		if err != nil {
			return err
		}
	}
	walks := tx.Bucket(walkBucket)
	if walks == nil {
		return fmt.Errorf("%w: it has no %s", ErrUnusable, walkBucket)
	}
	return walks.ForEach(func(name, _ []byte) error { return sensibleWalk(name, walks.Bucket(name)) })
}

// unused proves that a file without metadata has just been made.
func unused(tx *bolt.Tx) error {
	if k, _ := tx.Cursor().First(); k != nil {
		return fmt.Errorf("%w: it is a file of another program", ErrUnusable)
	}
	return nil
}

func sensibleWalk(name []byte, b *bolt.Bucket) error {
	if b == nil || b.Bucket(queueBucket) == nil || b.Bucket(knownBucket) == nil {
		return fmt.Errorf("%w: walk %q has no queue", ErrUnusable, name)
	}
	var st Status
	if there, err := get(b, walkKey, &st); err != nil || !there || !bytes.Equal(walkName(st), name) {
		return errors.Join(fmt.Errorf("%w: walk %q is not what it seems", ErrUnusable, name), err)
	}
	if _, err := get(b, keptKey, new(json.RawMessage)); err != nil {
		return err
	}
	return b.Bucket(queueBucket).ForEach(func(k, v []byte) error {
		id, _, err := parseRow(k, v)
		if err == nil && b.Bucket(knownBucket).Get(id[:]) == nil {
			err = fmt.Errorf("%w: walk %q does not know of a page in its queue", ErrUnusable, name)
		}
		return err
	})
}

// OpenReadOnly opens an existing frontier for reading; fs.ErrNotExist when there is none.
func OpenReadOnly(dir string) (*Frontier, error) {
	f, err := open(dir, true)
	if err == nil {
		if err = translate(f.file.Sound()); err != nil {
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(dir, FileName), err)
	}
	return f, nil
}

func open(dir string, readOnly bool) (*Frontier, error) {
	file, err := boltfile.Open(filepath.Join(dir, FileName), readOnly)
	switch {
	case err == nil:
		return &Frontier{file: file, group: boltfile.NewGroup(file.Update), open: make(map[uint64]bool), readings: newPacker()}, nil
	case errors.Is(err, boltfile.ErrDamaged), errors.Is(err, boltfile.ErrInvalid), errors.Is(err, syscall.EISDIR):
		return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	return nil, err
}

func furnish(tx *bolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists(metaBucket)
	if err != nil {
		return err
	}
	for _, name := range [][]byte{runBucket, hostBucket, walkBucket, memoBucket, readBucket} {
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
