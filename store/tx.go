package store

import (
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// view and update are the only ways into the database, and no code but this package's runs inside them: a read
// transaction that waits for its caller keeps pages from being used again (a 74 MB file grew to 1.9 GB), and a
// write from inside one stops for ever.
func (s *Store) view(read func(*bolt.Tx) error) error { return view(s.db, read) }

// update is one commit. When it returns nil the change is on the disk; otherwise nothing has changed.
func (s *Store) update(write func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recovered(&err)
	return s.db.Update(write)
}

func view(db *bolt.DB, read func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer recovered(&err)
	return db.View(read)
}

// recovered turns a panic into ErrDamaged. Data pages of bbolt have no checksum: one that was hit points
// anywhere, and bbolt then panics, or faults on a page that the file no longer has.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrDamaged, p)
	}
}
