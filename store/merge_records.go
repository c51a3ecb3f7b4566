package store

import "slices"

// A waiting capture is one whose record is to be decided on.
type waiting struct {
	from  *source
	id    uint64   // there
	parts []uint64 // captures of its record's parts there, that may be yet to come
}

// mostWaiting bounds how many captures wait for the parts of the first of them: more than a crawl makes in a night between
// a page and its attachments.
const mostWaiting = 1 << 17

// await notes that the record of a capture is to be decided on.
func (m *merging) await(p *passing) error {
	own, had, err := p.from.brief(p.ID)
	if err != nil || !had && (p.Kind != KindReport || !hasBody(p.State)) {
		return err
	}
	w := waiting{from: p.from, id: p.there}
	for _, part := range own.Parts {
		if part.Capture > 0 {
			w.parts = append(w.parts, part.Capture)
		}
	}
	m.waiting = append(m.waiting, w)
	return nil
}

// ready reports whether the captures of all parts are there.
func (w *waiting) ready() (bool, error) {
	for len(w.parts) > 0 {
		now, err := w.from.now(w.parts[0])
		if err != nil || now == 0 {
			return false, err
		}
		w.parts = w.parts[1:]
	}
	return true, nil
}

// records decides on the records of captures that wait, in their order, until there comes one whose parts are not there,
// unless more than so many wait.
func (m *merging) records(most int) error {
	if err := m.w.flush(); err != nil {
		return err
	}
	n := 0
	for ; n < len(m.waiting); n++ {
		w := &m.waiting[n]
		ready, err := w.ready()
		if err != nil {
			return err
		}
		if !ready && len(m.waiting)-n <= most {
			break
		}
		c, _, err := w.from.Capture(w.id)
		if err == nil {
			err = m.read(c, w.from)
		}
		if err != nil {
			return err
		}
	}
	m.waiting = append(m.waiting[:0], m.waiting[n:]...)
	return m.w.flushRecords()
}

// read takes in the record of a capture. Where no other archive has the page, it is as it was there.
func (m *merging) read(p Capture, from *source) error {
	own, had, err := from.Record(p.ID)
	if err != nil {
		return err
	}
	id, err := from.now(p.ID)
	if err != nil {
		return err
	}
	shared, err := m.shared(p.URL, from)
	switch {
	case err != nil:
		return err
	case !shared && !had:
		return nil
	case !shared:
		return m.put(from, own, id)
	}
	before, known, err := m.w.lastRecord(p.URL, id)
	switch {
	case err != nil:
		return err
	case !had:
		return m.readReturned(&p, from, id, &before, known)
	case known:
		told, err := m.told(&own, from, id, &before)
		if told {
			m.n.Dropped++
		}
		if err != nil || told {
			return err
		}
	}
	return m.put(from, own, id)
}

// readReturned sees to a page that had not changed and so has no record: where another archive saw another version in
// between, the one before has come back.
func (m *merging) readReturned(p *Capture, from *source, id uint64, before *Record, known bool) error {
	own, had, err := from.lastRecord(p.URL, p.ID)
	if err != nil || !had || own.SHA256 != p.SHA256 {
		return err // it was never read
	}
	if known && before.SHA256 == own.SHA256 && agree(before.Parts, own.Parts) {
		return nil
	}
	m.n.Returned++
	return m.put(from, own, id)
}

// told reports whether a record says nothing that the one before it does not: it is of the same capture, which both archives
// have read, or another archive has read the same bytes before, and no worse. Of one capture that was read in two ways
// reading again will tell.
func (m *merging) told(own *Record, from *source, id uint64, before *Record) (bool, error) {
	switch {
	case before.Capture == id:
		return true, nil
	case before.SHA256 != own.SHA256 || !covers(before.Parts, own.Parts) || (before.Rejected == "") != (own.Rejected == ""), before.Version < own.Version:
		return false, nil
	}
	ours, err := m.w.cameFrom(before.Capture, from.number)
	return !ours, err
}

// covers reports whether all parts that b has are among those that a has.
func covers(a, b []Part) bool {
	sums := make(map[string]string, len(a))
	for _, p := range had(a) {
		sums[p.URL] = p.SHA256
	}
	return !slices.ContainsFunc(had(b), func(p Part) bool { return sums[p.URL] != p.SHA256 })
}

// shared reports whether the captures of a URL stand among others now than they did.
func (m *merging) shared(url string, from *source) (bool, error) {
	if !from.sorted {
		return true, nil
	}
	for _, s := range m.from {
		if s == from {
			continue
		}
		if _, ok, err := s.FirstCapture(url); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// lastRecord returns the record, without its Report perhaps, of the newest capture of a URL up to an id that has one.
func (s *Store) lastRecord(url string, upTo uint64) (r Record, ok bool, err error) {
	err = s.view(func(t *txn) error {
		for id := range backwards(t.Tx, url, urlKey(url, upTo+1)) {
			if _, read := t.place(recordBucket, id); read {
				r, ok, err = t.record(id)
				return err
			}
		}
		return nil
	})
	return r, ok, err
}

// put takes in a record, with the captures of its parts under their new ids.
func (m *merging) put(from *source, r Record, id uint64) error {
	r.Capture, r.Parts = id, slices.Clone(r.Parts)
	for i := range r.Parts {
		now, err := from.now(r.Parts[i].Capture)
		if err != nil {
			return err
		}
		r.Parts[i].Capture = now
	}
	return m.w.addRecord(&r)
}
