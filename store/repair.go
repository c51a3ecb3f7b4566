package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"gongkai/store/internal/boltfile"
	"gongkai/store/internal/item"
)

// Repaired says what a repair did.
type Repaired struct {
	Captures int    `json:"captures"` // that the archive holds now
	Bodies   int    `json:"bodies"`
	Records  int    `json:"records"`
	Head     string `json:"head"` // hash of the newest link of the chain

	Pages    int `json:"damaged_pages"` // of the file, that no index or log could be read from
	Copied   int `json:"copied"`        // damaged pieces of the log that a backup gave back to the byte
	Restored int `json:"restored"`      // payloads that another archive gave back
	Unread   int `json:"unread"`        // records that are lost: to be read again

	Reread []uint64 `json:"-"` // those of captures that have an earlier record now

	Lost Losses `json:"lost"`   // for good, with what repairs before had noted
	Told []Loss `json:"losses"` // what this one found lost, the first thousand

	Before int64  `json:"before"` // bytes of the file
	After  int64  `json:"after"`
	Kept   string `json:"kept"` // path of the damaged file; "" when there was no fault, and nothing was done
}

// A Loss is one thing that is not as it was archived.
type Loss struct {
	What    string `json:"what"` // payload, capture, record, link
	Capture uint64 `json:"capture,omitempty"`
	URL     string `json:"url,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	Why     string `json:"why"`
}

func (l Loss) String() string {
	text := l.What
	if l.Capture != 0 {
		text += fmt.Sprintf(" of capture %d", l.Capture)
	}
	if l.URL != "" {
		text += " " + l.URL
	}
	if l.SHA256 != "" {
		text += " " + l.SHA256
	}
	return text + ": " + l.Why
}

// Repair makes a new file of what can still be read of the archive in a folder, whatever is damaged. The log is kept as it
// is, each item at its place; pieces that make no sense are taken from the archives of o.From: to the byte from a backup, and
// single payloads from any archive that holds them. What then is still missing stays in the log as it was found, as a
// gap. All indexes are made anew. Nothing is made up: where the row of a capture is lost, or its body, the archive says that,
// and what was read from the page stays. Records that are lost can be read again from their pages.
//
// An archive without fault is left as it is. Otherwise the new file is verified before it takes the name, and the
// damaged one is kept under another name. Killed at any moment, the archive is either file. It needs as much room as the
// archive has twice. ErrLocked when somebody writes to it, ErrFull, and then nothing has changed.
func Repair(dir string, o Rewrite) (n Repaired, err error) {
	if err := present(dir); err != nil && !errors.Is(err, ErrNotArchive) {
		return n, err
	} else if err != nil {
		return n, fmt.Errorf("repair archive %s: %w", dir, err)
	}
	release, err := hold(dir) // a writer is told of at once, and not after an hour's look at the archive
	if err != nil {
		return n, err
	}
	if err := errors.Join(sweep(dir), release()); err != nil {
		return n, err
	}
	r := &repair{o: o, dir: dir, now: time.Now().UTC().Truncate(time.Second), hurt: map[uint64]item.Position{}}
	defer func() { err = o.reason(errors.Join(err, r.close())) }()
	if err := r.look(); err != nil || r.sound {
		return r.n, err
	}
	if release, err = hold(dir); err != nil {
		return n, err
	}
	defer func() { err = errors.Join(err, unsignWriter(dir), release()) }()
	if err := errors.Join(signWriter(dir), r.open()); err != nil {
		return n, err
	}
	o.at("begin")
	if r.work, err = workFolder(dir); err != nil {
		return n, full(err)
	}
	defer os.RemoveAll(r.work)
	if err := r.make(); err != nil {
		return r.n, full(err)
	}
	r.n.Before, r.n.After, r.n.Kept, err = install(dir, r.work, "damaged", o)
	return r.n, full(err)
}

// A repair is under way.
type repair struct {
	o     Rewrite
	dir   string
	work  string
	now   time.Time
	n     Repaired
	sound bool // there is nothing to do
	found bool // there is something of an archive
	other bool // the log is not what it was, to the byte

	raw   *boltfile.RawFile
	to    *Store                   // the draft
	from  []*donor                 // that may help
	end   item.Position            // of the log
	known bool                     // that is where it did end
	hurt  map[uint64]item.Position // where records are lost
	last  uint64                   // newest capture that the chain or the log tells of
}

// A donor is an archive that may give what is damaged.
type donor struct {
	*Store
	same bool // its log is that of the archive, as far as it goes
	end  item.Position
}

// hold keeps writers from an archive that may be too damaged to be opened.
func hold(dir string) (release func() error, err error) {
	release, err = boltfile.Hold(filepath.Join(dir, fileName))
	if errors.Is(err, boltfile.ErrLocked) {
		err = locked(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("repair archive %s: %w", dir, full(err))
	}
	return release, nil
}

// look looks whether there is anything to do.
func (r *repair) look() error {
	r.o.doing("looking for damage", 0, 0)
	s, err := OpenReadOnly(r.dir)
	if err != nil {
		return nil // it is to be seen what that is
	}
	s.StopWhen(r.o.Stop)
	v, err := s.faultless()
	if stop := r.o.stopped(); stop != nil {
		return errors.Join(stop, s.Close())
	}
	if r.sound = err == nil; r.sound {
		r.n.Captures, r.n.Bodies, r.n.Records, r.n.Head, r.n.Lost = v.Captures, v.Bodies, v.Records, v.Head, v.Lost
	}
	return s.Close()
}

// open opens the archives that are to help, and the damaged one page by page.
func (r *repair) open() (err error) {
	for _, dir := range r.o.From {
		if same, err := sameFolder(dir, r.dir); err != nil || same {
			return errors.Join(err, errors.New("an archive cannot be repaired from itself"))
		}
		s, err := OpenReadOnly(dir)
		if err != nil {
			return err
		}
		r.from = append(r.from, &donor{Store: s})
	}
	if r.raw, err = boltfile.OpenRaw(filepath.Join(r.dir, fileName)); err != nil {
		return err
	}
	return r.schema()
}

// schema refuses an archive of another schema, as far as what tells so can be believed.
func (r *repair) schema() error {
	meta := map[string]string{}
	err := r.raw.Bucket(metaBucket, func(k, v []byte) error { meta[string(k)] = string(v); return nil }, func(string, bool) {})
	version, bad := strconv.Atoi(meta["schema"])
	if err != nil || bad != nil || version == schema {
		return err
	}
	h := crc32.New(castagnoli)
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		if k != string(metaSum) {
			fmt.Fprintf(h, "%s\x00%s\x00", k, meta[k])
		}
	}
	if sum, ok := meta[string(metaSum)]; ok && sum != fmt.Sprintf("%08x", h.Sum32()) {
		return nil // it is damaged
	}
	return ofSchema(version)
}

func (r *repair) close() (err error) {
	for _, d := range r.from {
		err = errors.Join(err, d.Close())
	}
	if r.raw != nil {
		err = errors.Join(err, r.raw.Close())
	}
	if r.to != nil {
		err = errors.Join(err, r.to.file.Close())
	}
	return err
}

// make makes the new file in the work folder.
func (r *repair) make() (err error) {
	if r.to, err = newDraft(r.work); err != nil {
		return err
	}
	r.to.StopWhen(r.o.Stop)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"what is known of it", r.metadata}, {"log", r.log}, {"donors", r.donors}, {"items", r.items}, {"chain", r.chain},
		{"payloads", r.payloads}, {"records", r.records}, {"sign", r.sign},
	} {
		r.o.at("draft-" + step.name[:3])
		r.o.doing("repairing: "+step.name, 0, 0)
		if err := r.o.stopped(); err != nil {
			return err
		}
		if err := step.do(); err != nil {
			return err
		}
	}
	v, err := r.o.finish(r.to.file, r.work)
	r.n.Captures, r.n.Bodies, r.n.Records, r.n.Head, r.n.Lost = v.Captures, v.Bodies, v.Records, v.Head, v.Lost
	return err
}

// tell notes what is lost, in what the repair returns.
func (r *repair) tell(l Loss) {
	if len(r.n.Told) < mostTold {
		r.n.Told = append(r.n.Told, l)
	}
}

func (r *repair) loss(why string) loss { return loss{r.now, why} }

// metadata takes over what is neither log nor index: meta, the chain, and what mergers and repairs have noted; and the
// templates, which would only be missed by what is still to come.
func (r *repair) metadata() error {
	take := func(bucket []byte, good func(k, v []byte) bool) error {
		w := rowWriter{to: r.to, bucket: bucket}
		bad := 0
		put := func(k, v []byte) error {
			if !good(k, v) {
				return nil
			}
			return w.put(k, v)
		}
		err := errors.Join(r.raw.Bucket(bucket, put, func(string, bool) { bad++ }), w.flush())
		if err != nil || bad == 0 || bytes.Equal(bucket, templateBucket) {
			return err
		}
		return errors.Join(r.raw.Scraps(func(k, v []byte) error {
			if there, err := r.has(bucket, k); there || err != nil {
				return err
			}
			return put(k, v)
		}), w.flush())
	}
	return errors.Join(
		take(metaBucket, func(k, v []byte) bool { return slices.Contains(metaNames, string(k)) && len(v) > 0 }),
		take(chainBucket, func(k, v []byte) bool { l, err := parseLink(k, v); return err == nil && r.plausible(l, v) }),
		take(mergedBucket, func(k, v []byte) bool { _, err := parseOrigin(k, v); return err == nil }),
		take(lostBucket, func(k, v []byte) bool { _, err := parseLoss(k, v); return err == nil }),
		take(templateBucket, func(k, v []byte) bool { return len(v) == 8 && bytes.IndexByte(k, 0) > 0 }),
		r.dropEmpty(mergedBucket), r.dropEmpty(lostBucket),
	)
}

// metaNames are the names in meta that an archive cannot make up.
var metaNames = []string{"created", "gongkai", "origin", "sources", "repairs", "rewritten"}

// plausible reports whether a row may be a link: one without a checksum could be anything of its length, and no checksum
// covers its number.
func (r *repair) plausible(l Link, v []byte) bool {
	most := uint64(r.raw.Size()) / 16 // captures take more
	return l.Number > 0 && l.Number <= l.Last && l.Last < most && (len(v) > linkSize || l.Time.Year() > 2000 && l.Time.Year() < 2200)
}

// has reports whether the draft has a key.
func (r *repair) has(bucket, key []byte) (ok bool, err error) {
	err = r.to.view(func(t *txn) error {
		b := t.Bucket(bucket)
		ok = b != nil && has(b, key)
		return nil
	})
	return ok, err
}

func (r *repair) dropEmpty(name []byte) error {
	return r.to.commit(func(t *txn) error {
		if b := t.Bucket(name); b != nil {
			if k, _ := b.Cursor().First(); k == nil {
				return t.DeleteBucket(name)
			}
		}
		return nil
	})
}

// donors finds out whose log is that of the archive: that of a backup has a link of the chain in common.
func (r *repair) donors() error {
	for _, d := range r.from {
		err := d.view(func(t *txn) error {
			d.end = t.base
			head, err := lastLink(t.Tx)
			if err != nil {
				return err
			}
			return r.to.view(func(own *txn) error {
				if string(own.Bucket(metaBucket).Get(metaRewritten)) != string(t.Bucket(metaBucket).Get(metaRewritten)) {
					return nil // one of them was repaired
				}
				c := own.Bucket(chainBucket).Cursor()
				for k, v := before(c, idKey(head.Number+1)); k != nil; k, v = c.Prev() { // the newest that both have
					ours, err := parseLink(k, v)
					theirs, err2 := t.link(number(k))
					if err == nil && err2 == nil {
						d.same = ours.Hash == theirs.Hash
						return nil
					}
				}
				return nil
			})
		})
		if err == nil && d.same {
			err = errors.Join(r.missing(d, chainBucket), r.missing(d, mergedBucket), r.extend(d))
		}
		if err != nil {
			return err
		}
	}
	return r.sift()
}

// missing takes from a backup the rows of a bucket that are lost.
func (r *repair) missing(d *donor, bucket []byte) error {
	w := rowWriter{to: r.to, bucket: bucket}
	err := d.view(func(t *txn) error {
		b := t.Bucket(bucket)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			if there, err := r.has(bucket, k); there || err != nil {
				return err
			}
			return w.put(k, v)
		})
	})
	if len(w.batch) == 0 {
		return err
	}
	return errors.Join(err, w.flush())
}

// sign notes in meta that the archive was repaired, and what became of it.
func (r *repair) sign() error {
	return r.to.commit(func(t *txn) error {
		b := t.Bucket(metaBucket)
		var list []json.RawMessage
		_ = json.Unmarshal(b.Get([]byte("repairs")), &list) // what is damaged of it is gone
		note, err := json.Marshal(repairNote{r.now, r.n.Copied, r.n.Restored, r.n.Unread, len(r.n.Told)})
		if err != nil {
			return err
		}
		text, err := json.Marshal(append(list, note))
		if err != nil {
			return err
		}
		if err = b.Put([]byte("repairs"), text); err == nil && r.other {
			err = b.Put(metaRewritten, []byte(r.now.Format(time.RFC3339)))
		}
		return errors.Join(err, sumMeta(b))
	})
}

// A repairNote is what meta says of a repair.
type repairNote struct {
	Time     time.Time `json:"time"`
	Copied   int       `json:"copied"`
	Restored int       `json:"restored"`
	Unread   int       `json:"unread"`
	Told     int       `json:"told"`
}
