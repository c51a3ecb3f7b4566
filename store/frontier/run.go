package frontier

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A Run is one use of the crawler, from its start to its end.
type Run struct {
	ID      uint64          `json:"id"`                // ascending
	Kind    string          `json:"kind"`              // what was asked of the crawler: crawl, recheck, full, backfill 2008-2024
	Program string          `json:"program,omitempty"` // name and version
	Extract int             `json:"extract,omitempty"` // version of the reading of documents
	Config  string          `json:"config,omitempty"`  // digest of the configuration
	Portals int             `json:"portals"`
	Resumed int             `json:"resumed,omitempty"` // walks that went on where an earlier run had stopped
	Started time.Time       `json:"started"`
	Ended   time.Time       `json:"ended,omitzero"` // zero: it goes on, or was killed
	Outcome string          `json:"outcome,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"` // counts
}

// Killed is the Outcome of a run that did not come to its end, once a later one has seen that.
const Killed = "killed"

// mostRuns is how many runs are remembered. A backfill may be older than hundreds of nightly ones.
const mostRuns = 1000

// Begin notes that a run begins, and gives it its ID. killed tells that an earlier one did not come to its end: what
// it was doing in its last moment is not known. Several runs may go on at the same time.
func (f *Frontier) Begin(r *Run) (killed bool, err error) {
	err = f.update(func(tx *bolt.Tx) (err error) {
		b := tx.Bucket(runBucket)
		if killed, err = f.bury(tx); err != nil {
			return err
		}
		id, err := b.NextSequence()
		if err != nil {
			return err
		}
		r.ID = id
		if old := binary.BigEndian.AppendUint64(nil, id-mostRuns); id > mostRuns {
			if err := b.Delete(old); err != nil {
				return err
			}
		}
		f.open[id] = true
		return putRun(tx, r)
	})
	return killed, err
}

// bury notes of runs that did not end, and are not going on, that they were killed; and reports whether there are any.
func (f *Frontier) bury(tx *bolt.Tx) (any bool, err error) {
	runs, err := newest(tx, mostRuns)
	for _, r := range runs {
		if r.Ended.IsZero() && r.Outcome == "" && !f.open[r.ID] {
			any, r.Outcome = true, Killed
			err = errors.Join(err, putRun(tx, &r))
		}
	}
	return any, err
}

// End notes how a run ended.
func (f *Frontier) End(r *Run) error {
	return f.update(func(tx *bolt.Tx) error {
		delete(f.open, r.ID)
		return putRun(tx, r)
	})
}

func putRun(tx *bolt.Tx, r *Run) error {
	return put(tx.Bucket(runBucket), binary.BigEndian.AppendUint64(nil, r.ID), r)
}

// Runs returns the newest runs, newest first, at most n.
func (f *Frontier) Runs(n int) (runs []Run, err error) {
	err = f.view(func(tx *bolt.Tx) error {
		runs, err = newest(tx, n)
		return err
	})
	return runs, err
}

func newest(tx *bolt.Tx, n int) (runs []Run, err error) {
	b := tx.Bucket(runBucket)
	if b == nil {
		return nil, nil
	}
	c := b.Cursor()
	for k, v := c.Last(); k != nil && len(runs) < n; k, v = c.Prev() {
		var r Run
		if err := json.Unmarshal(v, &r); err != nil {
			return nil, fmt.Errorf("%w: run: %w", ErrUnusable, err)
		}
		runs = append(runs, r)
	}
	return runs, nil
}
