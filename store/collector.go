package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"gongkai/store/internal/item"
)

// A collector makes a new archive of what others hold: captures with the bodies that they bring, and their records,
// which follow when the captures of all their parts are there. Everything is packed anew. It holds some captures at a
// time, whatever their number.
type collector struct {
	to   *Store
	body func(c *cargo) ([]byte, error) // reads the body of a capture, where the new archive does not hold it

	incoming []*incoming
	told     []origin  // of captures that wait
	records  []*Record // that wait
	size     int       // bytes of the captures that wait
	captures int       // that came in
	bodies   int
	read     int // records
}

// A cargo is a capture on its way into a new archive.
type cargo struct {
	Capture        // its ID is the one that it has there
	row     []byte // its plain bytes as they were archived; nil: they are made anew
}

// An incoming is a cargo that waits to be written.
type incoming struct {
	pendingCapture
	id   uint64
	lost *loss // of its body
}

// capture takes a capture in, under its id, which is greater than all before it.
func (w *collector) capture(c *cargo) (err error) {
	in := &incoming{pendingCapture: pendingCapture{Capture: c.Capture, given: c.State, bodyAt: nowhere}, id: c.ID}
	in.Capture.ID = 0
	if err := in.parseSum(); err != nil {
		return fmt.Errorf("%w: capture %d: %w", ErrDamaged, c.ID, err)
	}
	var body []byte
	if in.SHA256 != "" && !w.holds(in.sum) {
		var lost lostError
		switch body, err = w.body(c); {
		case errors.As(err, &lost):
			in.lost = &lost.loss
		case err != nil:
			return fmt.Errorf("capture %d: %w", c.ID, err)
		}
	}
	w.incoming = append(w.incoming, in) // its plans are to be settled, whatever happens
	if err := in.pack(w.to, body, body == nil); err != nil {
		return err
	}
	if c.row != nil && sha256.Sum256(c.row) != in.rowSum {
		in.rowSum = sha256.Sum256(c.row)
		w.to.packer.Pack(&in.row, c.row, in.rowPlan.Dict)
	}
	w.size += len(body) + 1024
	// What makes a dictionary is written at once: the next page is to be packed with it.
	if w.size > batchBytes*8 || len(w.incoming) >= 2*batchRows || in.bodyPlan.MakesAny() || in.rowPlan.MakesAny() {
		return w.flush()
	}
	return nil
}

// holds reports whether the new archive has a body.
func (w *collector) holds(sum item.Digest) (ok bool) {
	for _, in := range w.incoming {
		if in.sum == sum && in.body.Kind != 0 {
			return true
		}
	}
	err := w.to.view(func(t *txn) error {
		_, ok = t.held(sum)
		return nil
	})
	return ok && err == nil
}

// flush writes the captures that wait.
func (w *collector) flush() error {
	err := w.to.commit(func(t *txn) error {
		for _, in := range w.incoming {
			if err := in.moveIn(t); err != nil {
				return err
			}
		}
		return t.putOrigins(w.told)
	})
	for _, in := range w.incoming {
		in.settle(err == nil)
		w.captures++
		if in.bodyAt != nowhere {
			w.bodies++
		}
	}
	w.incoming, w.told, w.size = w.incoming[:0], w.told[:0], 0
	return err
}

// moveIn puts a capture under its id.
func (in *incoming) moveIn(t *txn) error {
	in.ID, in.row.ID, in.pendingCapture.body.ID = in.id, in.id, in.id
	if in.pendingCapture.body.Kind != 0 {
		if err := in.putBody(t); err != nil {
			return err
		}
	}
	if in.lost != nil {
		if err := t.lose(lostPayload, in.sum[:], *in.lost); err != nil {
			return err
		}
	}
	in.rowAt = t.append(in.row.AppendTo(nil))
	t.added = append(t.added, link{in.id, in.rowSum})
	return errors.Join(t.putTemplates(&in.rowPlan, in.rowAt), t.indexCapture(&in.Capture, in.rowAt), t.Bucket(captureBucket).SetSequence(in.id))
}

// origins notes what a capture was.
func (w *collector) origins(id uint64, list []Origin) {
	for _, o := range list {
		w.told = append(w.told, origin{id, o})
	}
}

// lastBody returns the digest of the body that a URL had last in the new archive; "" when it had none.
func (w *collector) lastBody(url string) (sum string, err error) {
	for _, in := range slices.Backward(w.incoming) {
		if in.URL == url && hasBody(in.State) {
			return in.SHA256, nil
		}
	}
	c, _, err := w.to.LastBody(url)
	return c.SHA256, err
}

// lastRecord is that of the new archive, with what waits.
func (w *collector) lastRecord(url string, upTo uint64) (Record, bool, error) {
	for _, r := range slices.Backward(w.records) {
		if r.URL == url {
			return *r, true, nil
		}
	}
	return w.to.lastRecord(url, upTo)
}

// cameFrom reports whether a capture was in a source.
func (w *collector) cameFrom(id uint64, archive int) (ok bool, err error) {
	err = w.to.view(func(t *txn) error {
		ok = t.Bucket(mergedBucket).Get(originKey(id, archive)) != nil
		return nil
	})
	return ok, err
}

// addRecord takes in a record whose digests and change are to be computed.
func (w *collector) addRecord(r *Record) error {
	w.records = append(w.records, r)
	if len(w.records) < recordRows {
		return nil
	}
	return w.flushRecords()
}

// recordRows is how many records wait: some megabytes.
const recordRows = 64

// flushRecords writes the records that wait.
func (w *collector) flushRecords() error {
	err := w.to.PutRecords(w.records)
	w.read += len(w.records)
	w.records = w.records[:0]
	return err
}
