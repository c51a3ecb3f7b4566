// Package boltfile opens a bbolt file so that one process can write it while others read it. It knows nothing of what
// is in the file.
//
// bbolt itself lets a writer in alone, because it reuses pages that no transaction of its own process reads any more:
// those of other processes it cannot see. Here they are seen. A state of the file has a number, that of the transaction
// that made it; transaction w overwrites only pages that no state from w-1 on needs. So it is enough that nobody still
// reads state w-2, or an older one, when w begins: readers hold a shared lock on one of two lock files, the one of
// their state's parity, and the writer takes that of its own parity exclusively. A reader never waits for a commit, a
// commit waits at most for transactions that began two commits ago, and readers that keep coming cannot starve it.
package boltfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

var (
	// ErrLocked means that another process, or another File of this one, is in the way.
	ErrLocked = errors.New("another process uses it")
	// ErrInvalid means that the file is no bbolt file, or that its first pages are damaged.
	ErrInvalid = errors.New("no bbolt file, or its first pages are damaged")
	// ErrDamaged means that bbolt stumbled over pages that cannot be.
	ErrDamaged = errors.New("the file is damaged")
	// ErrCircle, an ErrDamaged too, means that pages lead in circles. bbolt would follow them until its stack, and with it the
	// program, is at an end: nothing can be read any more but by Check.
	ErrCircle = errors.New("its pages lead in circles")
	// ErrFull means that there was no room for a change. Nothing was changed, and later changes may succeed.
	ErrFull = errors.New("there is no room on the disk; free some and go on")
	// ErrPlace means that a file must not be opened where it is.
	ErrPlace = errors.New("cannot be used here")
)

// lockTimeout is how long a file in use is waited for: bbolt's own default is for ever.
const lockTimeout = 1500 * time.Millisecond

// A File is an open bbolt file. All methods may be called by several goroutines.
type File struct {
	path     string
	readOnly bool
	slots    *slots // nil: bbolt's own lock keeps other processes away

	mu     sync.RWMutex // all below changes under it, and only for a reader
	db     *bolt.DB
	file   *os.File // of db, which closes it
	inode  fs.FileInfo
	mapped int64 // as many bytes of the file db is certain to see

	stop   func() error // asked before each transaction; nil: never
	circle error        // for a reader: pages lead in circles, and nothing may follow them

	writing sync.Mutex
	size    int64 // before the last commit, as much of it as is used
	broken  error // after which nothing more is written: what is on the disk is not known
}

// Open opens a file for writing, and makes it when it does not exist; or an existing one for reading, and then changes
// nothing, not even beside it. One process may have it open for writing, any number for reading. ErrLocked when that
// takes too long; ErrInvalid, ErrPlace, or an error of the file system. For writing every page is looked at first, and
// ErrDamaged when one cannot be; a damaged file can be read as far as it is sound.
func Open(path string, readOnly bool) (*File, error) {
	if err := checkPlace(path); err != nil {
		return nil, err
	}
	f := &File{path: path, readOnly: readOnly}
	for range 10 {
		if !readOnly {
			if err := lookFirst(path); err != nil {
				return nil, err
			}
		}
		if err := f.open(); err != nil {
			return nil, err
		}
		if f.current() {
			if readOnly {
				f.circle = f.circles()
			}
			return f, nil
		}
		if err := f.Close(); err != nil { // another file has taken its name since we opened it
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: it is replaced again and again", ErrLocked)
}

func (f *File) open() (err error) {
	if f.slots, err = openSlots(f.path, f.readOnly); err != nil {
		return err
	}
	if err := f.openDB(); err != nil {
		return errors.Join(err, f.slots.close())
	}
	return nil
}

// openDB opens the database and, where slots keep others apart, makes way for them: a writer's lock becomes one that
// keeps away writers only, a reader's goes.
func (f *File) openDB() (err error) {
	var file *os.File
	db, err := openBolt(f.path, f.readOnly, func(name string, flag int, perm os.FileMode) (*os.File, error) {
		var err error
		file, err = os.OpenFile(name, flag, perm)
		return file, err
	})
	if err != nil {
		return err
	}
	if f.slots != nil {
		err = makeWay(file, f.readOnly)
	}
	info, statErr := file.Stat()
	if err := errors.Join(err, statErr); err != nil {
		return errors.Join(err, db.Close())
	}
	db.AllocSize = growth(info.Size(), 0)
	f.db, f.file, f.inode, f.mapped = db, file, info, info.Size()
	return nil
}

// openBolt opens the database itself. NoFreelistSync with the map type made small commits to a large file 50 times
// cheaper; the price is a scan of the file when a writer opens it.
func openBolt(path string, readOnly bool, openFile func(string, int, os.FileMode) (*os.File, error)) (db *bolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recovered(&err)
	db, err = bolt.Open(path, 0o644, &bolt.Options{
		Timeout:        lockTimeout,
		ReadOnly:       readOnly,
		NoFreelistSync: true,
		FreelistType:   bolt.FreelistMapType,
		NoStatistics:   true,
		OpenFile:       openFile,
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrLocked
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch),
		errors.Is(err, bolterrors.ErrChecksum), err != nil && !ofSystem(err):
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return db, err
}

// ofSystem reports whether an error says nothing of what is in a file.
func ofSystem(err error) bool {
	var path *fs.PathError
	var number syscall.Errno
	return errors.As(err, &path) || errors.As(err, &number) || errors.Is(err, ErrDamaged)
}

// A file grows by this much at a time, by a part of its size, or by what so many commits take, up to what bbolt would always
// take: more than most archives are when they are young. Each time costs a sync.
const (
	leastGrowth   = 1 << 20
	growthPart    = 64
	growthCommits = 8
	mostGrowth    = 16 << 20
)

// growth returns how much a file of a size grows at a time, whose last commit took so many bytes.
func growth(size, commit int64) int {
	return int(min(max(size/growthPart, growthCommits*commit, leastGrowth), mostGrowth))
}

// current reports whether the path still names the file that is open.
func (f *File) current() bool {
	info, err := os.Stat(f.path)
	return err == nil && os.SameFile(info, f.inode)
}

// Close ends the use of the file, and gives back what it has grown by and does not use. It waits for transactions that are
// under way.
func (f *File) Close() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.giveBack()
	return errors.Join(f.db.Close(), f.slots.close())
}

// giveBack cuts the file behind its last page that a state has ever used: readers in other processes need no other. It is
// no harm when that fails, or is lost with the power. Where one of the two states is damaged, what belonged to it is left
// for a repair to look at.
func (f *File) giveBack() {
	if f.size == 0 || f.broken != nil {
		return // nothing was written
	}
	states := looker{layout: layout{file: f.file}}
	if states.meta(0) == nil || states.meta(int64(f.db.Info().PageSize)) == nil {
		return
	}
	used := int64(0)
	err := f.db.View(func(tx *bolt.Tx) error {
		used = tx.Size()
		return nil
	})
	if info, statErr := f.file.Stat(); err == nil && statErr == nil && info.Size() > used {
		f.file.Truncate(used)
	}
}

// DB returns the database, for what only its owner may do to it: no other process must be let in meanwhile.
func (f *File) DB() *bolt.DB { return f.db }

// View runs read in a short transaction that shows one state of the file. A panic of bbolt, whose data pages have no
// checksum, or a fault on a page that the file does not have, becomes ErrDamaged.
func (f *File) View(read func(*bolt.Tx) error) error {
	if f.circle != nil {
		return f.circle
	}
	return f.read(read)
}

// StopWhen lets every transaction fail that would begin when stop returns an error, with that. It is for work that consists of
// many, to be called before it begins.
func (f *File) StopWhen(stop func() error) { f.stop = stop }

// Stopped returns what stop says.
func (f *File) Stopped() error {
	if f.stop == nil {
		return nil
	}
	return f.stop()
}

// read is View for those who follow no pages but by themselves.
func (f *File) read(read func(*bolt.Tx) error) error {
	for {
		if err := f.Stopped(); err != nil {
			return err
		}
		f.mu.RLock()
		err := f.view(read)
		f.mu.RUnlock()
		if err != errOutgrown {
			return err
		}
		if err := f.reopen(); err != nil {
			return err
		}
	}
}

// errOutgrown means that the file has to be mapped again before it can be read.
var errOutgrown = errors.New("the file has outgrown its mapping")

func (f *File) view(read func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recovered(&err)
	if !f.readOnly || f.slots == nil {
		return f.db.View(read)
	}
	tx, leave, err := f.enter()
	if err != nil {
		return err
	}
	defer leave()
	defer tx.Rollback()
	if tx.Size() > f.mapped {
		return errOutgrown
	}
	return read(tx)
}

// enter begins a transaction whose pages no writer will overwrite until leave is called. It must have been begun under
// the lock of its own state: one begun before may be too old by then.
func (f *File) enter() (tx *bolt.Tx, leave func(), err error) {
	for tries := 0; ; tries++ {
		state, err := f.state()
		if err != nil {
			return nil, nil, err
		}
		leave, err := f.slots.share(state)
		if err == errBusy { // the writer is two states ahead
			time.Sleep(time.Duration(min(tries, 100)) * 10 * time.Microsecond)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		tx, err := f.db.Begin(false)
		if err == nil && tx.ID() == state {
			return tx, leave, nil
		}
		if err == nil {
			err = tx.Rollback()
		}
		leave()
		if err != nil {
			return nil, nil, err
		}
	}
}

// state returns the number of the newest state of the file.
func (f *File) state() (id int, err error) {
	tx, err := f.db.Begin(false)
	if err != nil {
		return 0, err
	}
	return tx.ID(), tx.Rollback()
}

// reopen maps the file again, as far as it has grown.
func (f *File) reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		return err
	case !os.SameFile(info, f.inode):
		return fmt.Errorf("%w: another file has taken its place; start again", ErrLocked)
	case info.Size() == f.mapped:
		return fmt.Errorf("%w: it was cut short: %d bytes are there", ErrDamaged, info.Size())
	}
	old := f.db
	if err := f.openDB(); err != nil {
		return err
	}
	return old.Close()
}

// Update is one commit. When it returns nil the change is on the disk; otherwise nothing has changed. ErrFull when
// there is no room; after any other failure to write, all further calls fail: what the disk holds is only known after
// opening it again.
func (f *File) Update(change func(*bolt.Tx) error) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	if err := errors.Join(f.broken, f.Stopped()); err != nil {
		return err
	}
	return f.update(change)
}

func (f *File) update(change func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recovered(&err)
	if f.slots != nil && !f.readOnly {
		leave, err := f.turn()
		if err != nil {
			return err
		}
		defer leave()
	}
	made, changed, err := f.commit(change)
	if err == nil || changed != nil || made == 0 {
		return err
	}
	if state, lost := f.state(); Full(err) && lost == nil && state < made {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	f.broken = fmt.Errorf("writing failed, and nothing more is written until the archive is opened again: %w", err)
	return f.broken
}

// commit makes a change and writes it. made is the number of the state that this makes, 0 when none was begun, and changed
// why the change was not made. bbolt's own Update meets a panic by following all pages in another goroutine, where a second
// panic would end the program. Here the pages are left alone.
func (f *File) commit(change func(*bolt.Tx) error) (made int, changed, err error) {
	tx, err := f.db.Begin(true)
	if err != nil {
		return 0, nil, err
	}
	defer func() {
		if tx.DB() != nil { // it has panicked, or the change failed
			err = errors.Join(err, tx.Rollback())
		}
	}()
	made = tx.ID()
	if f.size > 0 {
		f.db.AllocSize = growth(tx.Size(), tx.Size()-f.size)
	}
	f.size = tx.Size()
	if changed = safely(tx, change); changed != nil {
		return made, changed, changed
	}
	return made, nil, safely(tx, (*bolt.Tx).Commit)
}

// safely calls what may panic over damaged pages.
func safely(tx *bolt.Tx, do func(*bolt.Tx) error) (err error) {
	defer recovered(&err)
	return do(tx)
}

// turn waits until no other process reads what the next transaction may overwrite.
func (f *File) turn() (leave func(), err error) {
	state, err := f.state()
	if err != nil {
		return nil, err
	}
	return f.slots.exclude(state + 1)
}

// Full reports whether something failed for want of room. bbolt passes some errors of the system on as text only.
func Full(err error) bool {
	for _, e := range []error{bolterrors.ErrMaxSizeReached, syscall.ENOSPC, syscall.EFBIG, syscall.EDQUOT} {
		if errors.Is(err, e) || strings.Contains(err.Error(), e.Error()) {
			return true
		}
	}
	return false
}

// recovered turns a panic into ErrDamaged.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrDamaged, p)
	}
}
