package store

import (
	"bytes"
	"cmp"
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

	"github.com/klauspost/compress/zstd"
	bolt "go.etcd.io/bbolt"

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
	Mended   int `json:"mended"`        // pieces of the log of which a single bit was wrong
	Copied   int `json:"copied"`        // damaged pieces of the log that a backup gave back to the byte
	Restored int `json:"restored"`      // payloads that another archive gave back
	Rebuilt  int `json:"rebuilt"`       // rows of captures made of what indexes, payloads and records told
	Unread   int `json:"unread"`        // records that are lost: to be read again

	Reread []uint64 `json:"-"` // those of captures that have an earlier record now

	Lost Losses `json:"lost"`   // for good, with what repairs before had noted
	Told []Loss `json:"losses"` // what this one lost or rebuilt, the first thousand

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
// gap. All indexes are made anew. A capture is never dropped: where its row is lost, it is made again of what is known and
// says so; where its body is lost, the archive says that. Records that are lost can be read again from their pages.
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
	r := &repair{o: o, dir: dir, now: time.Now().UTC().Truncate(time.Second), spans: map[uint64]span{}, hurt: map[uint64]item.Position{}}
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
	sound bool  // there is nothing to do
	found bool  // there is something of an archive
	tried int64 // bytes, to find wrong bits
	other bool  // the log is not what it was, to the byte

	wreck *boltfile.Wreck
	to    *Store                   // the draft
	from  []*donor                 // that may help
	end   item.Position            // of the log
	known bool                     // that is where it did end
	spans map[uint64]span          // that rows of captures had
	hurt  map[uint64]item.Position // where records are lost
	last  uint64                   // newest capture that anything tells of
}

// A donor is an archive that may give what is damaged.
type donor struct {
	*Store
	same bool // its log is that of the archive, as far as it goes
	end  item.Position
}

// A span is a piece of the log.
type span struct{ from, to item.Position }

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
	if r.wreck, err = boltfile.OpenWreck(filepath.Join(r.dir, fileName)); err != nil {
		return err
	}
	return r.schema()
}

// schema refuses an archive of another schema, as far as what tells so can be believed.
func (r *repair) schema() error {
	meta := map[string]string{}
	err := r.wreck.Bucket(metaBucket, func(k, v []byte) error { meta[string(k)] = string(v); return nil }, func(string, bool) {})
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
	if r.wreck != nil {
		err = errors.Join(err, r.wreck.Close())
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
		{"what is known of it", r.furniture}, {"log", r.log}, {"donors", r.donors}, {"items", r.items}, {"captures", r.captures},
		{"payloads", r.payloads}, {"records", r.records}, {"chain", r.chain}, {"sign", r.sign},
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

// furniture takes over what is neither log nor index: meta, the chain, and what mergers and repairs have noted; and the
// templates, which would only be missed by what is still to come.
func (r *repair) furniture() error {
	take := func(bucket []byte, good func(k, v []byte) bool) error {
		w := rowWriter{to: r.to, bucket: bucket}
		bad := 0
		put := func(k, v []byte) error {
			if !good(k, v) {
				return nil
			}
			return w.put(k, v)
		}
		err := errors.Join(r.wreck.Bucket(bucket, put, func(string, bool) { bad++ }), w.flush())
		if err != nil || bad == 0 || bytes.Equal(bucket, templateBucket) {
			return err
		}
		return errors.Join(r.wreck.Scraps(func(k, v []byte) error {
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
	most := uint64(r.wreck.Size()) / 16 // captures take more
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

// log copies the chunks of the log to where they were. Where one is missing, any page of the file that has it will do;
// where there is none, it is filled with zeros.
func (r *repair) log() error {
	c := chunks{missing: map[uint64]bool{}, w: rowWriter{to: r.to, bucket: logBucket}, may: r.may}
	bad, tail := 0, false
	err := r.wreck.Bucket(logBucket, c.put, func(_ string, last bool) { bad++; tail = tail || last })
	if err == nil && c.odd { // the name leads to another bucket
		bad, tail, c.missing, c.next, c.w.batch = bad+1, true, nil, 0, nil
		err = r.to.commit(func(t *txn) error {
			err := t.DeleteBucket(logBucket)
			if err == nil {
				_, err = t.CreateBucket(logBucket)
			}
			return err
		})
	}
	if err = errors.Join(err, c.w.flush()); err != nil {
		return err
	}
	r.n.Pages += bad
	r.known = !tail && c.next > 0
	if bad > 0 || len(c.missing) > 0 {
		if c.next, err = r.scraps(c.missing, c.next); err != nil {
			return err
		}
	}
	return r.fill(c.next)
}

// Chunks are those of the log as its tree has them: each but the last is of one size.
type chunks struct {
	w       rowWriter
	may     func(uint64) bool
	next    uint64 // the number to come
	missing map[uint64]bool
	short   bool // one has come that must have been the last
	odd     bool // they cannot be those of a log
}

func (c *chunks) put(k, v []byte) error {
	if c.odd = c.odd || c.short || len(k) != 8 || len(v) > chunkSize || !c.may(number(k)) || number(k) < c.next; c.odd {
		return nil
	}
	c.short = len(v) < chunkSize
	for ; c.next < number(k); c.next++ {
		c.missing[c.next] = true
	}
	c.next++
	return c.w.put(k, v)
}

// extend lets the log go on as a backup has it, where its end is lost.
func (r *repair) extend(d *donor) error {
	if d.end <= r.end {
		return nil
	}
	w := rowWriter{to: r.to, bucket: logBucket}
	for n := uint64(r.end) / chunkSize; item.Position(n*chunkSize) < d.end; n++ {
		var chunk []byte
		err := d.view(func(t *txn) error {
			chunk = bytes.Clone(t.Bucket(logBucket).Get(idKey(n)))
			return nil
		})
		if err == nil && n == uint64(r.end)/chunkSize { // what there is of it stays
			err = r.to.view(func(t *txn) error {
				copy(chunk, t.Bucket(logBucket).Get(idKey(n)))
				return nil
			})
		}
		if err == nil {
			err = w.put(idKey(n), chunk)
		}
		if err != nil {
			return err
		}
	}
	r.n.Copied++
	if err := w.flush(); err != nil {
		return err
	}
	return r.to.view(func(t *txn) error { r.end = t.base; return nil })
}

// may reports whether a file of this size can have a chunk of a number.
func (r *repair) may(chunk uint64) bool { return chunk < uint64(r.wreck.Size())/chunkSize+1 }

// scraps looks through all pages for chunks that are missing, of which the longest is the newest, and returns the number
// of the one to come.
func (r *repair) scraps(missing map[uint64]bool, next uint64) (uint64, error) {
	found := map[uint64]int{}
	w := rowWriter{to: r.to, bucket: logBucket}
	end := next
	if next > 0 && !missing[next-1] { // the last one, of which there may be more
		err := r.to.view(func(t *txn) error {
			found[next-1] = len(t.Bucket(logBucket).Get(idKey(next - 1)))
			return nil
		})
		if err != nil {
			return end, err
		}
	}
	err := r.wreck.Scraps(func(k, v []byte) error {
		if len(k) != 8 || len(v) == 0 || len(v) > chunkSize {
			return nil
		}
		n := number(k)
		if !missing[n] && (r.known || n+1 < next) || !r.may(n) || found[n] >= len(v) {
			return nil
		}
		if l, err := parseLink(k, v); err == nil && r.plausible(l, v) || len(v) == 8 {
			return nil // a row of another bucket
		}
		found[n] = len(v)
		end = max(end, n+1)
		return w.put(k, v)
	})
	return end, errors.Join(err, w.flush())
}

// fill makes the log whole up to a chunk: with zeros where there is nothing, and where a chunk that is not the last is too
// short.
func (r *repair) fill(next uint64) error {
	w := rowWriter{to: r.to, bucket: logBucket}
	for n := range next {
		var chunk []byte
		err := r.to.view(func(t *txn) error {
			chunk = bytes.Clone(t.Bucket(logBucket).Get(idKey(n)))
			return nil
		})
		if err == nil && len(chunk) < chunkSize && n < next-1 {
			err = w.put(idKey(n), append(chunk, make([]byte, chunkSize-len(chunk))...))
		}
		if err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	return r.to.view(func(t *txn) error { r.end = t.base; return nil })
}

// A rowWriter writes rows of a bucket, some at a time.
type rowWriter struct {
	to     *Store
	bucket []byte
	batch  []row
	size   int
}

type row struct{ key, value []byte }

func (w *rowWriter) put(k, v []byte) error {
	w.batch = append(w.batch, row{bytes.Clone(k), bytes.Clone(v)})
	if w.size += len(k) + len(v); w.size < 8*batchBytes {
		return nil
	}
	return w.flush()
}

func (w *rowWriter) flush() error {
	err := w.to.file.Update(func(tx *bolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(w.bucket); err != nil {
			return err
		}
		b := ascending(tx, w.bucket)
		for _, r := range w.batch {
			if err := b.Put(r.key, r.value); err != nil {
				return err
			}
		}
		return nil
	})
	w.batch, w.size = nil, 0
	return translate(err)
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

// sift takes out links that cannot stand where they do: each adds a capture at least.
func (r *repair) sift() error {
	return r.to.commit(func(t *txn) error {
		var odd [][]byte
		b := t.Bucket(chainBucket)
		var last Link
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			l, err := parseLink(k, v)
			if err != nil || l.Last <= last.Last || l.Number-last.Number > l.Last-last.Last {
				odd = append(odd, bytes.Clone(k))
				continue
			}
			last = l
		}
		for _, k := range odd {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
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

// items goes through the log, proves each item, and makes its entries. What is damaged is replaced, or becomes a gap.
func (r *repair) items() error {
	for at := item.Position(0); at < r.end; {
		r.o.doing("reading the log", uint64(at), uint64(r.end))
		items, err := r.read(at)
		if err != nil {
			return err
		}
		for i := range items {
			at = items[i].At + item.Position(items[i].Length())
			r.found = true
		}
		err = r.to.commit(func(t *txn) error {
			for i := range items {
				if err := t.reindex(&items[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(items) == 0 {
			if err := r.mend(at); err != nil {
				return err
			}
		}
	}
	if err := r.anything(); err != nil {
		return err
	}
	return r.pruneTemplates()
}

// anything refuses a file in which nothing of an archive was found: whatever it is, it must not be replaced.
func (r *repair) anything() error {
	if !r.found {
		return fmt.Errorf("%w: nothing in %s is of one", ErrNotArchive, fileName)
	}
	return nil
}

// pruneTemplates forgets dictionaries that are gone.
func (r *repair) pruneTemplates() error {
	return r.to.commit(func(t *txn) error {
		var gone [][]byte
		b := t.Bucket(templateBucket)
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if head, err := t.head(item.Position(number(v))); err != nil || head.Kind == item.Gap || head.Plain > item.MaxDictionary {
				gone = append(gone, bytes.Clone(k))
			}
		}
		for _, k := range gone {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// read reads items that follow, up to the first that cannot be proven.
func (r *repair) read(at item.Position) (items []proven, err error) {
	var raw []item.Item
	err = r.to.view(func(t *txn) error {
		raw = nil
		for size := 0; at < r.end && len(raw) < batchRows && size < batchBytes; {
			it, err := t.item(at)
			if err != nil {
				return nil
			}
			raw = append(raw, it)
			size += it.Length()
			at += item.Position(it.Length())
		}
		return nil
	})
	for _, it := range raw {
		plain, err := r.to.unpack(&it)
		if errors.Is(err, ErrDamaged) || err == nil && !sensible(&it, plain) {
			break
		}
		if err != nil {
			return items, err
		}
		items = append(items, proven{it, plain})
	}
	return items, err
}

// sensible reports whether the plain bytes of an item can be read: a checksum of four bytes may be right by chance.
func sensible(it *item.Item, plain []byte) bool {
	var err error
	switch it.Kind {
	case item.Capture:
		_, err = parseCapture(it.ID, plain)
	case item.Record:
		_, err = parseRecord(it.ID, plain)
	}
	return err == nil
}

// reindex makes the entries of an item. Of a row or payload that is there twice the first is as good.
func (t *txn) reindex(it *proven) error {
	switch it.Kind {
	case item.Body:
		if _, held := t.held(it.Sum); held {
			return nil
		}
	case item.Capture:
		if _, held := t.place(captureBucket, it.ID); held {
			return nil
		}
		c, err := parseCapture(it.ID, it.plain)
		if err != nil {
			return err
		}
		return errors.Join(t.indexCapture(&c, it.At), t.Bucket(captureBucket).SetSequence(max(it.ID, t.Bucket(captureBucket).Sequence())))
	}
	return t.index(it)
}

// mend sees to the item at a place that cannot be read. Afterwards there is something that can.
func (r *repair) mend(at item.Position) error {
	var head item.Item
	var next item.Position
	err := r.to.view(func(t *txn) error {
		var err error
		if head, err = t.head(at); err == nil && at+item.Position(head.Length()) <= r.end {
			next = at + item.Position(head.Length())
			return nil
		}
		head = item.Item{}
		for next = at + 1; next < r.end; {
			var found bool
			if next, found = t.seek(next, r.end); found && next >= at+leastGap {
				break
			} else if found {
				next++ // there is no room for a gap in between
			}
		}
		next = min(next, r.end)
		return nil
	})
	if err != nil {
		return err
	}
	s := span{at, next}
	if done, err := r.copied(s); done || err != nil {
		return err
	}
	r.found = r.found || head.Kind != 0
	if done, err := r.flipped(s); done || err != nil {
		return err
	}
	if done, err := r.restored(s, &head); done || err != nil {
		return err
	}
	switch head.Kind {
	case item.Capture:
		r.spans[head.ID] = s
	case item.Record:
		r.hurt[head.ID] = at
	}
	return r.gap(s)
}

// copied takes a piece of the log from a backup, if that makes sense.
func (r *repair) copied(s span) (done bool, err error) {
	for _, d := range r.from {
		if !d.same || s.to > d.end {
			continue
		}
		var piece []byte
		err := d.view(func(t *txn) error {
			for at := s.from; at < s.to; {
				it, err := t.item(at)
				if err != nil {
					return err
				}
				plain, err := t.unpack(&it)
				if err != nil || !sensible(&it, plain) || it.Kind == item.Gap {
					return cmp.Or(err, errors.ErrUnsupported)
				}
				at += item.Position(it.Length())
				if at > s.to {
					return errors.ErrUnsupported
				}
			}
			piece = t.read(s.from, int(s.to-s.from))
			return nil
		})
		if err != nil || item.Position(len(piece)) != s.to-s.from {
			continue // that one does not have it either
		}
		was := r.other
		if err := r.write(s.from, piece); err != nil {
			return false, err
		}
		r.other = was // it is again what it was
		if items, err := r.read(s.from); err != nil || len(items) > 0 {
			r.n.Copied++
			return err == nil, err
		}
	}
	return false, nil
}

// What is spent on finding wrong bits, in bytes that are unpacked: on one piece, some seconds; and in all.
const (
	mostTries    = 1 << 33
	mostTriesAll = 1 << 37
)

// flipped finds out whether a single bit of a piece is wrong, as happens in memory and on disks, by trying each: what
// then has the sum that its head tells is what it was.
func (r *repair) flipped(s span) (done bool, err error) {
	var piece []byte
	if err := r.to.view(func(t *txn) error { piece = t.read(s.from, int(s.to-s.from)); return nil }); err != nil {
		return false, err
	}
	head, err := item.ParseHead(piece, s.from)
	if err != nil { // then it may be in the head, which proves itself
		for bit := range 8 * min(item.MaxHead, len(piece)) {
			piece[bit/8] ^= 1 << (bit % 8)
			if head, err := item.ParseHead(piece, s.from); err == nil && head.Length() <= len(piece) {
				if done, err := r.trial(&head, piece); done || err != nil {
					return done, err
				}
			}
			piece[bit/8] ^= 1 << (bit % 8)
		}
		return false, nil
	}
	cost := 8 * int64(head.Size) * int64(head.Plain+4096)
	if cost > cmp.Or(r.o.tries, mostTries) || r.tried+cost > mostTriesAll || head.Length() > len(piece) {
		return false, nil
	}
	r.tried += cost
	dict, err := r.dictionary(&head)
	if err != nil || head.Codec >= item.CodecDict && dict == nil {
		return false, err
	}
	// A wrong bit may make a frame claim any size.
	options := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(uint64(head.Plain) + 1<<20)}
	if dict != nil {
		options = append(options, zstd.WithDecoderDictRaw(0, dict.Plain))
	}
	dec, err := zstd.NewReader(nil, options...)
	if err != nil {
		return false, err
	}
	defer dec.Close()
	plain := make([]byte, 0, head.Plain+16)
	for bit := 8 * head.Head; bit < 8*head.Length(); bit++ {
		piece[bit/8] ^= 1 << (bit % 8)
		got, err := piece[head.Head:head.Length()], error(nil)
		if head.Codec != item.CodecPlain {
			got, err = dec.DecodeAll(got, plain)
		}
		if err == nil && head.Prove(got) == nil && sensible(&head, got) {
			return r.mended(&head, piece)
		}
		piece[bit/8] ^= 1 << (bit % 8)
	}
	return false, nil
}

// mended writes a piece that is again what it was.
func (r *repair) mended(head *item.Item, piece []byte) (done bool, err error) {
	r.n.Mended++
	was := r.other
	err = r.write(head.At, piece[:head.Length()])
	r.other = was
	return err == nil, err
}

// dictionary reads what an item needs; nil when that cannot be had either.
func (r *repair) dictionary(head *item.Item) (d *item.Dictionary, err error) {
	err = r.to.view(func(t *txn) error {
		d, err = t.dictionaryFor(head, 0)
		return err
	})
	if errors.Is(err, ErrDamaged) {
		return nil, nil
	}
	return d, err
}

// trial writes a piece if the item in it is now what its head says.
func (r *repair) trial(head *item.Item, piece []byte) (done bool, err error) {
	it := *head
	it.Data = piece[it.Head:it.Length()]
	dict, err := r.dictionary(&it)
	if err != nil || dict == nil && it.Codec >= item.CodecDict {
		return false, err
	}
	plain, err := r.to.packer.Unpack(&it, dict)
	if err != nil || !sensible(&it, plain) {
		return false, nil
	}
	return r.mended(head, piece)
}

// restored puts a payload that another archive holds to where it was. It is packed anew, as tightly as need be.
func (r *repair) restored(s span, head *item.Item) (done bool, err error) {
	if head.Kind != item.Body {
		return false, nil
	}
	body := r.given(head.Sum)
	if body == nil {
		return false, nil
	}
	it := item.Item{Kind: item.Body, ID: head.ID}
	if done, err = r.place(s, it, body, head); done {
		r.n.Restored++
	}
	return done, err
}

// given returns a body that a donor holds; nil when none does.
func (r *repair) given(sum item.Digest) []byte {
	for _, d := range r.from {
		if body, err := d.body(sum.String()); err == nil {
			return body
		}
	}
	return nil
}

// place puts an item into a piece of the log, with a gap behind it, if it can be packed so that there is room. old is what
// stood there, which tells a dictionary; nil when nobody knows.
func (r *repair) place(s span, it item.Item, plain []byte, old *item.Item) (bool, error) {
	room := int(s.to - s.from)
	var dicts []*item.Dictionary
	if old != nil && old.Codec == item.CodecDict {
		err := r.to.view(func(t *txn) error {
			if d, err := t.dictionary(old.Dict, s.from, 1); err == nil {
				dicts = append(dicts, d)
			}
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	for _, d := range append(dicts, nil) {
		for _, tight := range []bool{false, true} {
			if r.to.packer.Pack(&it, plain, d); tight {
				tighten(&it, plain, d)
			}
			b := it.AppendTo(nil)
			if len(b) != room && len(b)+leastGap > room {
				continue
			}
			err := r.write(s.from, b)
			if err == nil && len(b) < room {
				err = r.gap(span{s.from + item.Position(len(b)), s.to})
			}
			return err == nil, err
		}
	}
	return false, nil
}

// tighten packs an item as tightly as zstd can, which takes long.
func tighten(it *item.Item, plain []byte, d *item.Dictionary) {
	options := []zstd.EOption{zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1)}
	if d != nil {
		options = append(options, zstd.WithEncoderDictRaw(0, d.Plain))
	}
	enc, err := zstd.NewWriter(nil, options...)
	if err != nil {
		return // it stays as it is
	}
	defer enc.Close()
	if packed := enc.EncodeAll(plain, nil); len(packed) < it.Size {
		it.Data, it.Size = packed, len(packed)
		if it.Codec == item.CodecPlain {
			it.Codec = item.CodecZstd
			if d != nil {
				it.Codec, it.Dict = item.CodecDict, d.At
			}
		}
	}
}

// leastGap is the shortest piece of the log that a gap can be made of.
const leastGap = 2 + 1 + 1 + 1 + 4 + 4

// gap makes a piece of the log an item of its own, which keeps the bytes that were found there but for the first few.
func (r *repair) gap(s span) error {
	for s.from < s.to {
		size := min(int(s.to-s.from), 64<<20)
		if rest := int(s.to-s.from) - size; rest > 0 && rest < leastGap {
			size -= leastGap
		}
		var found []byte
		if err := r.to.view(func(t *txn) error { found = t.read(s.from, size); return nil }); err != nil {
			return err
		}
		b, ok := gapOf(found, size)
		if !ok { // the last few bytes of the log: an item is longer
			r.end = s.from
			return r.cut(s.from)
		}
		if err := r.write(s.from, b); err != nil {
			return err
		}
		s.from += item.Position(size)
	}
	return nil
}

// gapOf makes a gap of exactly so many bytes. As the lengths in its head have lengths themselves, not every size can be
// had; the id, which means nothing, makes up for that.
func gapOf(found []byte, size int) ([]byte, bool) {
	for head := leastGap; head <= item.MaxHead && head <= size; head++ {
		data := make([]byte, size-head)
		copy(data, found[min(head, len(found)):])
		for _, id := range []uint64{0, 1 << 7, 1 << 14} {
			it := item.Item{Kind: item.Gap, Codec: item.CodecPlain, ID: id, Plain: len(data), Sum: item.SumOf(item.Gap, data), Data: data}
			if b := it.AppendTo(nil); len(b) == size {
				return b, true
			}
		}
	}
	return nil, false
}

// write overwrites a piece of the log.
func (r *repair) write(at item.Position, b []byte) error {
	r.other = true
	return r.to.file.Update(func(tx *bolt.Tx) error {
		bucket := ascending(tx, logBucket)
		for len(b) > 0 {
			key := idKey(uint64(at) / chunkSize)
			chunk := bytes.Clone(bucket.Get(key))
			n := copy(chunk[at%chunkSize:], b)
			if n == 0 {
				return fmt.Errorf("%w: the log has no byte %d", ErrDamaged, at)
			}
			if err := bucket.Put(key, chunk); err != nil {
				return err
			}
			at, b = at+item.Position(n), b[n:]
		}
		return nil
	})
}

// cut ends the log at a place.
func (r *repair) cut(at item.Position) error {
	return r.to.file.Update(func(tx *bolt.Tx) error {
		bucket := ascending(tx, logBucket)
		key := idKey(uint64(at) / chunkSize)
		if at%chunkSize == 0 {
			return bucket.Delete(key)
		}
		return bucket.Put(key, bytes.Clone(bucket.Get(key)[:at%chunkSize]))
	})
}

// captures makes captures again whose rows are lost, of what is known of them.
func (r *repair) captures() error {
	if err := r.newest(); err != nil {
		return err
	}
	facts := map[uint64]*Capture{}
	err := r.to.view(func(t *txn) error {
		c := t.Bucket(captureBucket).Cursor()
		next := uint64(1)
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			for ; next < number(k); next++ {
				facts[next] = &Capture{ID: next}
			}
			next = number(k) + 1
		}
		for ; next <= r.last; next++ {
			facts[next] = &Capture{ID: next}
		}
		return nil
	})
	if err != nil || len(facts) == 0 {
		return err
	}
	if err := r.learn(facts); err != nil {
		return err
	}
	for id := uint64(1); id <= r.last; id++ {
		if c := facts[id]; c != nil {
			if err := r.rebuild(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// newest finds the newest capture that anything tells of.
func (r *repair) newest() error {
	err := r.to.view(func(t *txn) error {
		r.last = t.lastID()
		c := t.Bucket(chainBucket).Cursor()
		if k, v := c.Last(); k != nil {
			if l, err := parseLink(k, v); err == nil {
				r.last = max(r.last, l.Last)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Where the chain is cut short, indexes may know of more. One alone may have a damaged number.
	captures, times := map[uint64]bool{}, map[uint64]bool{}
	note := func(k, v []byte) error {
		if id := uint64(0); len(k) == 8 && len(v) == 8 || len(k) == 16 && len(v) == 0 {
			if id = number(k); id > r.last && id < r.last+1<<20 {
				captures[id], times[id] = captures[id] || len(k) == 8, times[id] || len(k) == 16
			}
		}
		return nil
	}
	bad := 0
	count := func(string, bool) { bad++ }
	err = errors.Join(r.wreck.Bucket(captureBucket, note, count), r.wreck.Bucket(timeBucket, note, count))
	if err == nil && bad > 0 {
		err = r.wreck.Scraps(note)
	}
	for id := range captures {
		if captures[id] && times[id] {
			r.last = max(r.last, id)
		}
	}
	return err
}

// number8 is number of a key that may be odd; 0 then.
func number8(k []byte) uint64 {
	if len(k) != 8 {
		return 0
	}
	return number(k)
}

// learn gathers what the indexes of the damaged file, the payloads and the records say of captures.
func (r *repair) learn(facts map[uint64]*Capture) error {
	state := func(k, v []byte) error {
		url, id, ok := bytes.Cut(k, []byte{0})
		if !ok || len(k) < 10 || len(id) < 8 {
			return nil
		}
		if c := facts[number(k)]; c != nil && slices.Contains(states, string(v)) && len(k) == len(url)+9 && checkURL(string(url)) == nil {
			c.URL, c.State = string(url), string(v)
		}
		return nil
	}
	instant := func(k, v []byte) error {
		if len(k) != 16 || len(v) != 0 {
			return nil
		}
		if c := facts[number(k)]; c != nil {
			if t := time.Unix(0, int64(number(k[:8]))).UTC(); t.After(firstTime) && t.Before(lastTime) {
				c.Time = t
			}
		}
		return nil
	}
	bad := 0
	err := errors.Join(r.wreck.Bucket(urlBucket, state, func(string, bool) { bad++ }), r.wreck.Bucket(timeBucket, instant, func(string, bool) { bad++ }))
	if err == nil && bad > 0 {
		err = r.wreck.Scraps(func(k, v []byte) error { return errors.Join(state(k, v), instant(k, v)) })
	}
	if err != nil {
		return err
	}
	for head, err := range r.to.heads(0, r.end) {
		if err != nil {
			return err
		}
		c := facts[head.ID]
		switch {
		case c == nil:
		case head.Kind == item.Body:
			c.SHA256, c.Size = head.Sum.String(), int64(head.Plain)
		case head.Kind == item.Record:
			if err := r.learnRecord(c, &head); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *repair) learnRecord(c *Capture, head *item.Item) error {
	return r.to.view(func(t *txn) error {
		rec, err := t.recordAt(head.At, head.ID)
		if err == nil {
			c.URL, c.Time, c.Portal, c.SHA256, c.Kind = rec.URL, rec.Time, rec.Portal, rec.SHA256, KindReport
			c.State = cmp.Or(c.State, StateOK)
		}
		return nil
	})
}

// rebuild archives again what is known of a capture.
func (r *repair) rebuild(c *Capture) error {
	why, err := r.complete(c)
	if err != nil {
		return err
	}
	c.Damaged = fmt.Sprintf("%s (repair of %s)", why, r.now.Format(time.DateOnly))
	plain, err := c.row()
	if err != nil {
		return err
	}
	r.n.Rebuilt++
	r.other = true
	r.tell(Loss{"capture", c.ID, c.URL, c.SHA256, why})
	it := item.Item{Kind: item.Capture, ID: c.ID}
	at, placed := r.spans[c.ID], false
	if at.to > at.from {
		if placed, err = r.place(at, it, plain, nil); err != nil {
			return err
		}
	}
	return r.to.commit(func(t *txn) error {
		if !placed {
			r.to.packer.Pack(&it, plain, nil)
			at.from = t.append(it.AppendTo(nil))
		}
		return errors.Join(t.reindex(&proven{Item: item.Item{Kind: item.Capture, ID: c.ID, At: at.from}, plain: plain}),
			t.lose(lostCapture, idKey(c.ID), r.loss(why)))
	})
}

// complete fills in what can be told of a capture from those around it, and says what could not.
func (r *repair) complete(c *Capture) (why string, err error) {
	why = "its row could not be read; address, time and state are those of the indexes, the rest is lost"
	if c.URL == "" {
		why = "its row could not be read, and no index tells its address"
		c.URL = fmt.Sprintf("unknown:capture-%d", c.ID)
	}
	last, known, err := r.to.LastBefore(c.URL, c.ID)
	if err != nil {
		return why, err
	}
	if known {
		c.Kind, c.Portal = cmp.Or(c.Kind, last.Kind), cmp.Or(c.Portal, last.Portal)
	}
	if c.State == StateUnchanged && c.SHA256 == "" {
		body, _, err := r.to.LastBefore(c.URL, c.ID, StateOK, StateUnchanged)
		if err != nil {
			return why, err
		}
		c.SHA256, c.Size = body.SHA256, body.Size
	}
	switch {
	case c.State == "" && c.SHA256 != "":
		c.State = StateOK
	case c.SHA256 == "" && (c.State == "" || hasBody(c.State)):
		c.State = StateFailed
		c.Error = "lost: which body it had is not known"
	}
	if c.Time.IsZero() {
		why += "; its time is that of the capture before it"
		if c.Time, err = r.about(c.ID); err != nil {
			return why, err
		}
	}
	c.Kind = cmp.Or(c.Kind, KindOther)
	return why, nil
}

// about returns the time of the newest capture before one.
func (r *repair) about(id uint64) (at time.Time, err error) {
	at = firstTime
	err = r.to.view(func(t *txn) error {
		if k, _ := before(t.Bucket(captureBucket).Cursor(), idKey(id)); k != nil {
			if c, ok, err := t.capture(number(k)); err == nil && ok {
				at = c.Time
			}
		}
		return nil
	})
	return at, err
}

// payloads gives back bodies that captures name and the log has no more, or notes that they are lost.
func (r *repair) payloads() error {
	for c, err := range r.to.Captures(0) {
		if err != nil {
			return err
		}
		r.o.doing("looking for payloads", c.ID, r.last)
		if c.SHA256 == "" {
			continue
		}
		sum, err := item.ParseDigest(c.SHA256)
		if err != nil {
			return fmt.Errorf("%w: capture %d: %w", ErrDamaged, c.ID, err)
		}
		known := false
		err = r.to.view(func(t *txn) error {
			_, held := t.held(sum)
			_, noted := t.lost(lostPayload, sum[:])
			known = held || noted && r.given(sum) == nil
			return nil
		})
		if err == nil && !known {
			err = r.payload(&c, sum)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *repair) payload(c *Capture, sum item.Digest) error {
	body := r.given(sum)
	if body == nil {
		const why = "the bytes in the archive are damaged, and no other archive gave them"
		r.tell(Loss{"payload", c.ID, c.URL, c.SHA256, why})
		return r.to.commit(func(t *txn) error { return t.lose(lostPayload, sum[:], r.loss(why)) })
	}
	r.n.Restored++
	r.other = true
	it := item.Item{Kind: item.Body, ID: c.ID}
	r.to.packer.Pack(&it, body, nil)
	return r.to.commit(func(t *txn) error {
		at := t.append(it.AppendTo(nil))
		return t.Bucket(digestBucket).Put(sum[:], at.Key())
	})
}

// records counts what is to be read again: entries of the damaged file say for which captures there were records, and where
// the one is that counts.
func (r *repair) records() error {
	err := r.wreck.Bucket(recordBucket, func(k, v []byte) error {
		id := number8(k)
		if id == 0 || id > r.last || len(v) != 8 {
			return nil
		}
		return r.to.view(func(t *txn) error {
			if at, there := t.place(recordBucket, id); !there || at < item.Position(number(v)) {
				r.hurt[id] = max(r.hurt[id], item.Position(number(v)))
			}
			return nil
		})
	}, func(string, bool) { r.n.Pages++ })
	for _, id := range slices.Sorted(maps.Keys(r.hurt)) {
		var at item.Position
		older := false
		err = errors.Join(err, r.to.view(func(t *txn) error { at, older = t.place(recordBucket, id); return nil }))
		if err != nil {
			return err
		}
		if older && at >= r.hurt[id] { // what was read later is there
			continue
		}
		c, _, err := r.to.Capture(id)
		if err != nil {
			return err
		}
		r.n.Unread++
		why := "what was read from the page is damaged; it is to be read again"
		if older {
			r.n.Reread = append(r.n.Reread, id)
			why = "what was read last from the page is damaged, and what was read before counts again until it is read again"
		}
		r.tell(Loss{"record", id, c.URL, "", why})
	}
	return err
}

// chain notes the links that can no longer be computed, and closes the chain over what has none.
func (r *repair) chain() error {
	var head Link
	var odd []uint64
	err := r.to.view(func(t *txn) error {
		before := Link{Hash: string(t.Bucket(metaBucket).Get([]byte("origin")))}
		c := t.Bucket(chainBucket).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			l, err := parseLink(k, v)
			if err != nil {
				return err
			}
			for n := before.Number + 1; n < l.Number; n++ {
				odd = append(odd, n)
			}
			_, noted := t.lost(lostLink, k)
			if added, err := t.unsealed(before.Last, l.Last+1); err != nil || (l.Number != before.Number+1 || chained(before.Hash, added) != l.Hash) && !noted {
				odd = append(odd, l.Number)
			}
			before = l
		}
		head = before
		return nil
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(odd, batchRows) {
		err := r.to.commit(func(t *txn) error {
			for _, n := range some {
				if err := r.oddLink(t, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return r.to.commit(func(t *txn) error {
		rest, err := t.unsealed(head.Last, r.last+1)
		if err != nil || len(rest) == 0 {
			return err
		}
		l := Link{Number: head.Number + 1, Last: rest[len(rest)-1].id, Time: r.now, Hash: chained(head.Hash, rest)}
		return t.Bucket(chainBucket).Put(idKey(l.Number), putLink(l))
	})
}

// oddLink notes that a link cannot be computed again. One that is lost itself gets a row without a hash.
func (r *repair) oddLink(t *txn, n uint64) error {
	const why = "something that it covers is lost, or it is itself"
	b := t.Bucket(chainBucket)
	if b.Get(idKey(n)) == nil {
		last := Link{Time: r.now}
		if n > 1 {
			var err error
			if last, err = t.link(n - 1); err != nil {
				return err
			}
		}
		last.Number, last.Hash = n, item.Digest{}.String()
		if err := b.Put(idKey(n), putLink(last)); err != nil {
			return err
		}
	}
	r.tell(Loss{What: "link", Why: fmt.Sprintf("commit %d of the chain: %s", n, why)})
	return t.lose(lostLink, idKey(n), r.loss(why))
}

// sign notes in meta that the archive was repaired, and what became of it.
func (r *repair) sign() error {
	return r.to.commit(func(t *txn) error {
		b := t.Bucket(metaBucket)
		var list []repairNote
		_ = json.Unmarshal(b.Get([]byte("repairs")), &list) // what is damaged of it is gone
		list = append(list, repairNote{r.now, r.n.Mended, r.n.Copied, r.n.Restored, r.n.Rebuilt, r.n.Unread, len(r.n.Told)})
		text, err := json.Marshal(list)
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
	Mended   int       `json:"mended"`
	Copied   int       `json:"copied"`
	Restored int       `json:"restored"`
	Rebuilt  int       `json:"rebuilt"`
	Unread   int       `json:"unread"`
	Told     int       `json:"told"`
}
