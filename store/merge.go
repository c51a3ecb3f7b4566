package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gongkai/store/atomicfile"
	"gongkai/store/internal/item"
)

// Merged says what a merger did.
type Merged struct {
	Captures int      `json:"captures"`
	Bodies   int      `json:"bodies"`
	Records  int      `json:"records"`
	Head     string   `json:"head"` // hash of the newest link of the chain
	Sources  []Source `json:"sources"`
	Same     int      `json:"same"`     // captures that several of them had
	Restated int      `json:"restated"` // captures that are unchanged, or are not, only beside those of the others
	Returned int      `json:"returned"` // records of versions that came back after one that another archive has
	Dropped  int      `json:"dropped"`  // records of pages that had not changed since another archive read them
	Size     int64    `json:"size"`     // bytes of the file
}

// Merge makes a new archive, in a folder that holds none, of what others hold: all captures in the order of their time,
// those that several have (of one URL, time, outcome and digest) once, as if one crawler had made them. What a capture was
// before it, and how the versions of a report differ, is computed anew. The sources are verified first, and the new
// archive before it appears; they may be written to meanwhile, and are not changed. What is kept of them besides is told
// by Sources and Origins. Its memory does not grow with them. An archive that has lost rows of captures is refused: what was
// read from them has no capture to stand beside in a new archive, and would be gone without a word.
func Merge(out string, dirs []string, o Rewrite) (n Merged, err error) {
	m := merging{o: o, out: out}
	defer func() { err = o.reason(errors.Join(err, m.close())) }()
	if err := m.open(dirs); err != nil {
		return n, err
	}
	if _, none := os.Lstat(out); errors.Is(none, os.ErrNotExist) {
		defer func() {
			if err != nil {
				_ = os.Remove(out) // where something has come into it, it stays
			}
		}()
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return n, err
	}
	o.at("begin")
	work, err := workFolder(out)
	if err != nil {
		return n, full(err)
	}
	defer os.RemoveAll(work)
	m.work = work
	v, err := m.make()
	if err != nil {
		return n, full(err)
	}
	m.n.Captures, m.n.Bodies, m.n.Records, m.n.Head = v.Captures, v.Bodies, v.Records, v.Head
	fresh := filepath.Join(work, "final", fileName)
	if m.n.Size, err = sizeOfFile(fresh); err != nil {
		return n, err
	}
	o.at("publish")
	if err := atomicfile.PublishNew(fresh, filepath.Join(out, fileName)); errors.Is(err, os.ErrExist) {
		return n, fmt.Errorf("%w: there is one in %s by now", ErrLocked, out)
	} else if err != nil {
		return n, full(err)
	}
	return m.n, writeReadme(out)
}

// A merging is under way.
type merging struct {
	o    Rewrite
	out  string
	work string
	from []*source
	w    *collector
	last uint64 // id given last
	n    Merged

	waiting []waiting
}

// A source is an archive that is being merged.
type source struct {
	*Store
	n      int    // from 0
	number int    // among the Sources
	inner  int    // number of the first that it had been merged from itself, less 1
	last   uint64 // its newest capture when the merger began
	sorted bool   // its captures were archived in the order of their times
	ids    *os.File
	total  int
}

// open opens and verifies the archives.
func (m *merging) open(dirs []string) error {
	if _, err := os.Lstat(filepath.Join(m.out, fileName)); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w in %s; name a folder that holds none", ErrExists, m.out)
	}
	for i, dir := range dirs {
		for _, other := range append(dirs[:i:i], m.out) {
			if same, err := sameFolder(dir, other); err != nil || same {
				return errors.Join(err, fmt.Errorf("%s is named twice", dir))
			}
		}
		s, err := OpenReadOnly(dir)
		if err != nil {
			return err
		}
		s.StopWhen(m.o.Stop)
		m.from = append(m.from, &source{Store: s, n: i, number: i + 1})
	}
	for _, s := range m.from {
		m.o.doing("proving "+s.dir, 0, 0)
		v, err := s.faultless()
		if err != nil {
			return fmt.Errorf("%s: %w; it must be repaired first", s.dir, err)
		}
		if n := v.Lost.Captures; n > 0 {
			return fmt.Errorf("%s has lost rows of captures (%d), as a repair noted: a merger can take over neither what was read from them nor the note; "+
				"repair the damaged file, which was kept, from a backup, or export to WARC what is left, import it into an archive of its own, and merge that", s.dir, n)
		}
		if s.last, err = s.LastID(); err != nil {
			return err
		}
		if s.sorted, err = s.inOrder(); err != nil {
			return err
		}
		s.total = v.Captures
		if err := m.describe(s); err != nil {
			return err
		}
	}
	return m.describeInner()
}

// inOrder reports whether the captures of an archive were archived in the order of their times.
func (s *Store) inOrder() (ok bool, err error) {
	last, ok := uint64(0), true
	for after, n := []byte(nil), 1; n > 0 && ok && err == nil; {
		err = s.view(func(t *txn) error {
			n = 0
			c := t.Bucket(timeBucket).Cursor()
			l := listing{after: after}
			for k := l.start(c); k != nil && n < 4096; k, _ = c.Next() {
				ok = ok && number(k) > last
				last, after = number(k), append(after[:0], k...)
				n++
			}
			return nil
		})
	}
	return ok, err
}

// describe adds an archive to the list of sources.
func (m *merging) describe(s *source) error {
	head, err := s.Head()
	if err != nil {
		return err
	}
	path, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	d := Source{Archive: s.number, Path: path, Captures: s.total, LastID: s.last, Head: head.Hash, Merged: time.Now().UTC().Truncate(time.Second)}
	err = s.view(func(t *txn) error {
		b := t.Bucket(metaBucket)
		d.Created, d.Gongkai = string(b.Get([]byte("created"))), string(b.Get([]byte("gongkai")))
		return nil
	})
	m.n.Sources = append(m.n.Sources, d)
	return err
}

// describeInner adds what the archives had been merged from themselves.
func (m *merging) describeInner() error {
	for _, s := range m.from {
		list, err := s.Sources()
		if err != nil {
			return err
		}
		s.inner = len(m.n.Sources)
		for _, d := range list {
			d.Archive += s.inner
			if d.In == 0 {
				d.In = s.number
			} else {
				d.In += s.inner
			}
			m.n.Sources = append(m.n.Sources, d)
		}
	}
	if len(m.n.Sources) > 1<<16-1 {
		return errors.New("too many archives were merged already")
	}
	return nil
}

func (m *merging) close() (err error) {
	for _, s := range m.from {
		err = errors.Join(err, s.Close())
		if s.ids != nil {
			err = errors.Join(err, s.ids.Close())
		}
	}
	return err
}

// make makes the new archive in the work folder.
func (m *merging) make() (v Verification, err error) {
	to, err := newDraft(m.work)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, to.file.Close()) }()
	m.o.at("draft")
	m.w = &collector{to: to, body: m.body}
	if err := m.fill(); err != nil {
		return v, err
	}
	if v, err = m.o.finish(to.file, m.work); err != nil {
		return v, err
	}
	if v.Captures != m.w.captures || v.Bodies != m.w.bodies || v.Records < m.w.read {
		err = fmt.Errorf("%w: the new archive came to %d captures, %d bodies and %d records instead of %d, %d and %d; it was thrown away",
			ErrDamaged, v.Captures, v.Bodies, v.Records, m.w.captures, m.w.bodies, m.w.read)
	}
	return v, err
}

// fill takes in what the sources hold.
func (m *merging) fill() error {
	if err := m.sign(); err != nil {
		return err
	}
	for _, s := range m.from {
		var err error
		if s.ids, err = os.Create(filepath.Join(m.work, fmt.Sprint("ids", s.n))); err != nil {
			return err
		}
	}
	return m.captures()
}

// sign says in meta what the archive is made of, before anything is in it.
func (m *merging) sign() error {
	h := sha256.New()
	for _, d := range m.n.Sources {
		if d.In == 0 {
			sum, _ := hex.DecodeString(d.Head)
			h.Write(sum)
		}
	}
	text, err := json.Marshal(m.n.Sources)
	if err != nil {
		return err
	}
	return m.w.to.commit(func(t *txn) error {
		b := t.Bucket(metaBucket)
		return errors.Join(b.Put([]byte("origin"), []byte(hex.EncodeToString(h.Sum(nil)))), b.Put(metaSources, text), sumMeta(b))
	})
}

// body reads a body from the first archive that holds it.
func (m *merging) body(c *cargo) ([]byte, error) {
	var first error
	for _, s := range m.from {
		body, err := s.body(c.SHA256)
		if err == nil {
			return body, nil
		}
		var lost lostError
		if first == nil || !errors.Is(err, ErrNotFound) && !errors.As(first, &lost) {
			first = err
		}
	}
	return nil, first
}

// A passing is a capture of a source whose turn it is.
type passing struct {
	cargo
	from  *source
	there uint64 // its id there
}

// all yields the captures of all sources in the order of their times; of one time, in that of the sources and ids.
func (m *merging) all() iter.Seq2[passing, error] {
	return func(yield func(passing, error) bool) {
		var streams []*stream
		for _, s := range m.from {
			st := &stream{from: s}
			var stop func()
			st.pull, stop = iter.Pull2(s.byTime())
			defer stop()
			if !st.next() {
				continue
			}
			streams = append(streams, st)
		}
		for len(streams) > 0 {
			st := slices.MinFunc(streams, func(a, b *stream) int {
				return cmp.Or(a.head.Time.Compare(b.head.Time), cmp.Compare(a.from.n, b.from.n))
			})
			if !yield(passing{st.head, st.from, st.head.ID}, st.err) || st.err != nil {
				return
			}
			if !st.next() {
				streams = slices.DeleteFunc(streams, func(other *stream) bool { return other == st })
			}
		}
	}
}

// A stream is what is to come of a source.
type stream struct {
	from *source
	pull func() (cargo, error, bool)
	head cargo
	err  error
}

func (st *stream) next() (ok bool) {
	st.head, st.err, ok = st.pull()
	if ok && st.err == nil && st.head.ID > st.from.last { // archived since the merger began
		return st.next()
	}
	return ok
}

// byTime yields all captures in the order of their times.
func (s *Store) byTime() iter.Seq2[cargo, error] {
	return list(s, listing{order: timeBucket, rows: captureBucket}, func(it item.Item) (cargo, error) {
		plain, err := s.unpack(&it)
		if err != nil {
			return cargo{}, fmt.Errorf("capture %d: %w", it.ID, err)
		}
		c, err := parseCapture(it.ID, plain)
		return cargo{c, plain}, err
	})
}

// captures takes in the captures of all sources, and the records as soon as the captures of their parts are there.
func (m *merging) captures() error {
	total := uint64(0)
	for _, s := range m.from {
		total += uint64(s.total)
	}
	var now []passing // already taken, of the same time
	done := uint64(0)
	for p, err := range m.all() {
		if err != nil {
			return err
		}
		if len(now) > 0 && !now[0].Time.Equal(p.Time) {
			now = now[:0]
		}
		if now, err = m.take(p, now); err != nil {
			return err
		}
		if err := m.await(&p); err != nil {
			return err
		}
		if len(m.w.incoming) == 0 || len(m.waiting) >= 2*batchRows {
			if err := m.records(mostWaiting); err != nil {
				return err
			}
		}
		done++
		m.o.doing("captures", done, total)
	}
	return m.records(0)
}

// take takes in a capture, unless it is among those already taken of its time, to which it is added under its new id.
func (m *merging) take(p passing, now []passing) ([]passing, error) {
	origins := []Origin{{Archive: p.from.number, ID: p.ID}}
	inner, err := p.from.Origins(p.ID)
	if err != nil {
		return now, err
	}
	for _, o := range inner {
		o.Archive += p.from.inner
		origins = append(origins, o)
	}
	for _, q := range now {
		if q.from != p.from && q.URL == p.URL && q.SHA256 == p.SHA256 && q.Status == p.Status && q.Error == p.Error {
			m.n.Same++
			m.w.origins(q.ID, origins)
			return now, p.from.remember(p.ID, q.ID)
		}
	}
	m.last++
	if err := p.from.remember(p.ID, m.last); err != nil {
		return now, err
	}
	if err := m.restate(&p, origins); err != nil {
		return now, err
	}
	p.ID = m.last
	m.w.origins(p.ID, origins)
	err = m.w.capture(&p.cargo)
	p.row = nil
	return append(now, p), err
}

// restate decides anew whether an answer is unchanged: 200 with the bytes that the URL had last. That a server says so
// itself, 304, is what it said of the bytes it was asked about.
func (m *merging) restate(p *passing, origins []Origin) error {
	if !hasBody(p.State) || p.Status == 304 {
		return nil
	}
	last, err := m.w.lastBody(p.URL)
	if err != nil {
		return err
	}
	state := StateOK
	if last == p.SHA256 {
		state = StateUnchanged
	}
	if state != p.State {
		origins[0].State = p.State
		p.State, p.row = state, nil
		m.n.Restated++
	}
	return nil
}

// remember notes which id a capture has got.
func (s *source) remember(id, now uint64) error {
	_, err := s.ids.WriteAt(idKey(now), int64(id)*8)
	return err
}

// now returns which id a capture has got; 0 when it has not been taken.
func (s *source) now(id uint64) (uint64, error) {
	var b [8]byte
	if id == 0 || id > s.last {
		return 0, nil
	}
	if _, err := s.ids.ReadAt(b[:], int64(id)*8); err != nil && err != io.EOF {
		return 0, err
	}
	return binary.BigEndian.Uint64(b[:]), nil
}
