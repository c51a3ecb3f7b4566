// Package badfile makes the file of a bbolt database fail as disks do. It is for tests only: bbolt takes no file but one of
// the system, so this reaches into the database, and panics when bbolt has become another.
package badfile

import (
	"fmt"
	"os"
	"reflect"

	bolt "go.etcd.io/bbolt"
)

// A Call is what can be asked of a file.
type Call string

// The calls that fail.
const (
	Write Call = "write"       // nothing is written
	Short Call = "short write" // the first half is
	Sync  Call = "sync"        // twice a commit: of its pages, and of the page that makes them valid
	Grow  Call = "grow"
)

// A file is a database's file that is to fail.
type file struct {
	db      *bolt.DB
	handle  **os.File                                        // the database's own
	writeAt *func(b []byte, offset int64) (n int, err error) // likewise
	good    *os.File
	write   func(b []byte, offset int64) (n int, err error)
	bad     *os.File // can neither be synced nor resized

	call   Call
	left   int // calls until the one that fails
	err    error
	within bool // a commit has begun to write
}

// Break lets the n-th call of a kind from now on, counted from 1, fail: a write with err, the others with what the system
// says of a pipe. Of Grow it is the next commit, if that has the file grow. Nobody may use the database meanwhile. Mend
// ends that.
func Break(db *bolt.DB, call Call, n int, err error) (mend func(), _ error) {
	f := &file{db: db, call: call, left: n, err: err}
	v := reflect.ValueOf(db).Elem()
	f.handle = field[*os.File](v.FieldByName("file"))
	f.writeAt = field[func([]byte, int64) (int, error)](v.FieldByName("ops").FieldByName("writeAt"))
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	f.bad, f.good, f.write = r, *f.handle, *f.writeAt
	*f.writeAt = f.at
	if call == Grow {
		*f.handle = f.bad
	}
	return func() {
		*f.handle, *f.writeAt = f.good, f.write
		r.Close()
		w.Close()
	}, nil
}

// field returns where a field of another package is.
func field[T any](v reflect.Value) *T {
	if want := reflect.TypeFor[T](); !v.IsValid() || v.Type() != want {
		panic(fmt.Sprintf("bbolt has no %v where it used to be", want))
	}
	return (*T)(v.Addr().UnsafePointer())
}

// at stands for WriteAt of the file.
func (f *file) at(b []byte, offset int64) (n int, err error) {
	meta := offset < 2*int64(f.db.Info().PageSize)
	if meta || !f.within { // a sync comes after this one, and more of its kind
		f.within = !meta
		*f.handle = f.good
		if f.call == Sync && f.reached() {
			*f.handle = f.bad
		}
	}
	switch {
	case f.call == Write && f.reached():
		return 0, f.err
	case f.call == Short && f.reached():
		n, err = f.write(b[:len(b)/2], offset)
		if err == nil {
			err = f.err
		}
		return n, err
	}
	return f.write(b, offset)
}

func (f *file) reached() bool {
	f.left--
	return f.left == 0
}
