package store

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/boltfile"
)

// view and update are the only ways into the database, and no code but this package's runs inside them: a read
// transaction that waits for its caller keeps pages from being used again (a 74 MB file grew to 1.9 GB), and a
// write from inside one stops for ever.
func (s *Store) view(read func(*txn) error) error {
	return translate(s.file.View(func(tx *bolt.Tx) error { return read(&txn{Tx: tx, store: s, base: logEnd(tx)}) }))
}

// update makes a change, together with those of others that wait for the disk. When it returns nil the change is on the
// disk; otherwise nothing of it is. It may be made several times, each time on a transaction where it was not.
func (s *Store) update(write func(*txn) error) error { return s.group.Do(write) }

// commit is one commit of several changes.
func (s *Store) commit(write func(*txn) error) error {
	return translate(s.file.Update(func(tx *bolt.Tx) error {
		t := &txn{Tx: tx, store: s, base: logEnd(tx), fresh: s.room[:0]}
		if err := write(t); err != nil {
			return err
		}
		if cap(t.fresh) <= mostRoom {
			s.room = t.fresh
		}
		return errors.Join(t.flush(), t.seal())
	}))
}

// mostRoom is how much memory for what a commit adds to the log is kept for the next.
const mostRoom = 4 << 20

// translate gives an error of the file the meaning that this package's callers know.
func translate(err error) error {
	switch {
	case errors.Is(err, boltfile.ErrDamaged) && !errors.Is(err, ErrDamaged):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case errors.Is(err, boltfile.ErrFull):
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// full gives an error of the system that there is no room its meaning, wherever it came up.
func full(err error) error {
	if err == nil || errors.Is(err, ErrFull) || !boltfile.Full(err) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrFull, err)
}
