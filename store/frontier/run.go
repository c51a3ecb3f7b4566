package frontier

import (
	"encoding/binary"
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A Run is one use of the crawler, from its start to its end.
type Run struct {
	ID      uint64          `json:"id"`                // ascending
	Kind    string          `json:"kind"`              // what was asked of the crawler: crawl, recheck, full, backfill
	Program string          `json:"program,omitempty"` // name and version
	Extract int             `json:"extract,omitempty"` // version of the reading of documents
	Config  string          `json:"config,omitempty"`  // digest of the configuration
	Portals int             `json:"portals"`
	Resumed int             `json:"resumed,omitempty"` // walks that went on where an earlier run had stopped
	Started time.Time       `json:"started"`
	Ended   time.Time       `json:"ended,omitzero"` // zero: it runs, or was killed
	Outcome string          `json:"outcome,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"` // counts
}

// mostRuns is how many runs are remembered.
const mostRuns = 1000

// Begin notes that a run begins, and gives it its ID. killed tells that the run before did not come to its end: what
// it was doing in its last moment is not known.
func (f *Frontier) Begin(r *Run) (killed bool, err error) {
	err = f.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(runBucket)
		killed = false
		if _, last := b.Cursor().Last(); last != nil {
			var before Run
			if err := json.Unmarshal(last, &before); err != nil {
				return err
			}
			killed = before.Ended.IsZero()
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
		return putRun(tx, r)
	})
	return killed, err
}

// End notes how a run ended.
func (f *Frontier) End(r *Run) error {
	return f.update(func(tx *bolt.Tx) error { return putRun(tx, r) })
}

func putRun(tx *bolt.Tx, r *Run) error {
	return put(tx.Bucket(runBucket), binary.BigEndian.AppendUint64(nil, r.ID), r)
}

// Runs returns the newest runs, newest first, at most n.
func (f *Frontier) Runs(n int) (runs []Run, err error) {
	err = f.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(runBucket)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, v := c.Last(); k != nil && len(runs) < n; k, v = c.Prev() {
			var r Run
			if err := json.Unmarshal(v, &r); err != nil {
				return err
			}
			runs = append(runs, r)
		}
		return nil
	})
	return runs, err
}
