package frontier

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"
	bolt "go.etcd.io/bbolt"
)

// Most listings are the same every night. What was read from one is kept beside the walks of its portal, packed, with a
// digest of all that it was read from; the next walk that gets the same bytes need not read them again. It is dropped when
// a walk ends that has not asked for the listing.

// mostReading is how large a reading may be, unpacked. One of 10,000 rows has 3 MB.
const mostReading = 16 << 20

// A packer packs readings. Several goroutines may use it. A frame has a checksum: what is damaged is not unpacked.
type packer struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newPacker() packer {
	// Neither has an option that could be refused, nor a stream that could fail.
	enc, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(128<<10))
	dec, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostReading))
	return packer{enc, dec}
}

// readings is what the places of the readings of a walk begin with.
func (w *Walk) readings() []byte { return append(bytes.Clone(w.name), 0, 0) }

// KeepReading notes what was read from the leased page, as JSON. of is a digest of all that it was read from. It is kept as
// Keep is.
func (w *Walk) KeepReading(of [sha256.Size]byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil || len(text) > mostReading || bytes.Contains(text, []byte(`\ufffd`)) { // of bytes that are no text, which JSON cannot keep
		return err
	}
	w.read = w.f.readings.enc.EncodeAll(text, bytes.Clone(of[:]))
	return nil
}

// Reading decodes what was last read from the leased page into v; false when nothing was, or it was read from something else
// than what of is a digest of.
func (w *Walk) Reading(of [sha256.Size]byte, v any) (ok bool, err error) {
	err = w.f.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(readBucket)
		if b == nil {
			return nil
		}
		kept := b.Get(append(w.readings(), w.id[:]...))
		if len(kept) < len(of) || !bytes.Equal(kept[:len(of)], of[:]) {
			return nil
		}
		text, err := w.f.readings.dec.DecodeAll(kept[len(of):], nil)
		ok = err == nil && json.Unmarshal(text, v) == nil // else it is read again
		return nil
	})
	return ok, err
}

// dropReadings drops what was read from pages that the walk, which ends, has not asked for.
func (w *Walk) dropReadings(b *bolt.Bucket) error {
	known := b.Bucket(knownBucket)
	prefix := w.readings()
	c := b.Tx().Bucket(readBucket).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); {
		if known.Get(k[len(prefix):]) != nil {
			k, _ = c.Next()
			continue
		}
		k = bytes.Clone(k)
		if err := c.Delete(); err != nil {
			return fmt.Errorf("reading: %w", err)
		}
		k, _ = c.Seek(k)
	}
	return nil
}
