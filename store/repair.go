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

	wreck *boltfile.Wreck
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
		{"what is known of it", r.furniture}, {"log", r.log}, {"donors", r.donors}, {"items", r.items}, {"chain", r.chain},
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
			r.tells(&items[i].Item)
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

// tells notes the capture that an item tells of: its number must not be given again.
func (r *repair) tells(head *item.Item) {
	if head.Kind != item.Gap { // the id of a gap means nothing
		r.last = max(r.last, head.ID)
	}
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
	r.tells(&head)
	if head.Kind == item.Record {
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

// given returns a body that a donor holds; nil when none does.
func (r *repair) given(sum item.Digest) []byte {
	for _, d := range r.from {
		if body, err := d.body(sum.String()); err == nil {
			return body
		}
	}
	return nil
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

// number8 is number of a key that may be odd; 0 then.
func number8(k []byte) uint64 {
	if len(k) != 8 {
		return 0
	}
	return number(k)
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

// chain notes the links that can no longer be computed, and the captures that are lost, and closes the chain over what has
// no link.
func (r *repair) chain() error {
	head, odd, err := r.prove()
	if err != nil {
		return err
	}
	r.last = max(r.last, head.Last)
	if r.last > head.Last {
		odd = append(odd, oddLink{number: head.Number + 1, after: head.Last, last: r.last, told: true})
	}
	for _, l := range odd {
		if err := r.missed(l); err != nil {
			return err
		}
	}
	return r.to.commit(func(t *txn) error {
		if err := t.Bucket(captureBucket).SetSequence(r.last); err != nil || r.last == head.Last {
			return err
		}
		rest, err := t.unsealed(head.Last, r.last+1)
		if err != nil {
			return err
		}
		l := Link{Number: head.Number + 1, Last: r.last, Time: r.now, Hash: chained(head.Hash, rest)}
		return t.Bucket(chainBucket).Put(idKey(l.Number), putLink(l))
	})
}

// An oddLink is one that cannot be computed again, which may be known, or the one that is missing behind the last.
type oddLink struct {
	number      uint64
	after, last uint64 // the captures that it covers are above the one, up to the other
	told        bool   // nothing is to be noted of the link itself
}

// prove computes the chain again, and returns its last link and those that are odd.
func (r *repair) prove() (head Link, odd []oddLink, err error) {
	err = r.to.view(func(t *txn) error {
		head = Link{Hash: string(t.Bucket(metaBucket).Get([]byte("origin")))}
		c := t.Bucket(chainBucket).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			l, err := parseLink(k, v)
			if err != nil {
				return err
			}
			for n := head.Number + 1; n < l.Number; n++ {
				odd = append(odd, oddLink{number: n, after: head.Last, last: head.Last})
			}
			_, noted := t.lost(lostLink, k)
			added, err := t.unsealed(head.Last, l.Last+1)
			if err != nil || noted || l.Number != head.Number+1 || chained(head.Hash, added) != l.Hash {
				odd = append(odd, oddLink{l.Number, head.Last, l.Last, noted})
			}
			head = l
		}
		return nil
	})
	return head, odd, err
}

// missed notes an odd link, and which captures of those that it covers are lost.
func (r *repair) missed(l oddLink) error {
	if !l.told {
		if err := r.to.commit(func(t *txn) error { return r.oddLink(t, l.number) }); err != nil {
			return err
		}
	}
	for after := l.after; after < l.last; {
		upTo := min(l.last, after+batchRows)
		err := r.to.commit(func(t *txn) error {
			for id := after + 1; id <= upTo; id++ {
				if err := r.lostCapture(t, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = upTo
	}
	return nil
}

// lostCapture notes that a capture is lost, if it is. What was read from it tells its address.
func (r *repair) lostCapture(t *txn, id uint64) error {
	if _, there := t.place(captureBucket, id); there {
		return nil
	}
	const why = "its row in the archive is damaged, and no backup gave it"
	rec, _, err := t.record(id)
	if err != nil {
		return err
	}
	r.tell(Loss{"capture", id, rec.URL, rec.SHA256, why})
	return t.lose(lostCapture, idKey(id), r.loss(why))
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
