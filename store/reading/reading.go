// Package reading makes records from captures: it puts a report together from its archived page and the parts of that,
// parses them within a budget of memory, and says what of it could not be had or read. Both a crawl, of what it has just
// archived, and reading the archive again do it, and come to the same.
//
// It asks no portal for anything, archives nothing, and does not say what a page means: that is for package extract.
package reading

import (
	"context"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/url"
	"path"

	"gongkai/extract"
	"gongkai/extract/markup"
	"gongkai/store"
)

// A Publisher is who publishes on the portal that a report was found on. Its zero value means that nobody knows.
type Publisher struct {
	Agency   string // its name
	Division string // the code of its place
}

// Read reads a report from the archive: the page that c captured, and those of its parts that were held before the
// page was visited again. A page that is no report is no error but a Record that says so; digests and change are for the
// archive to fill in. It takes its memory from a budget, which may be nil, and waits for it until ctx ends.
func Read(ctx context.Context, s *store.Store, b *Budget, c store.Capture, by Publisher) (store.Record, error) {
	l := NewLease(b)
	defer l.Release()
	if err := l.Take(ctx, b.Cost(c.SHA256, nil, c.Size)); err != nil {
		return store.Record{}, err
	}
	rec, err := read(s, l, c, by)
	if !errors.Is(err, errMoreMemory) {
		return rec, err
	}
	if err := l.Take(ctx, math.MaxInt64); err != nil {
		return store.Record{}, err
	}
	return read(s, l, c, by)
}

// errMoreMemory means that a page and its parts take more memory than was taken for the page, and no more is there now.
var errMoreMemory = errors.New("no memory is left for the parts of a page")

// read reads a report with what memory it has and can have at once.
func read(s *store.Store, l *Lease, c store.Capture, by Publisher) (store.Record, error) {
	c, err := Served(s, c)
	if err != nil {
		return store.Record{}, err
	}
	next, again, err := s.Next(c.URL, c.ID)
	if err != nil {
		return store.Record{}, err
	}
	old, _, err := s.Record(c.ID)
	if err != nil {
		return store.Record{}, err
	}
	g := Gathering{Store: s, known: old.Parts, budget: l.budget, room: l.atOnce}
	if again {
		g.before = next.ID
	}
	body, err := s.Body(c.SHA256)
	if err != nil {
		return store.Record{}, err
	}
	if dearer(body) {
		if err := g.room(c, body); err != nil {
			return store.Record{}, err
		}
	}
	if err := g.gather(c, body); err != nil {
		return store.Record{}, err
	}
	return g.Read(c, by)
}

// Alone reads the report on a page, without its parts; nil when there is none. body is that of the capture, which need not
// be archived.
func Alone(b *Budget, c store.Capture, body []byte, by Publisher) (r *extract.Report) {
	defer func() {
		if recover() != nil { // one hostile page must not end a night's crawl
			r = nil
		}
	}()
	doc, err := Parse(b, c, body)
	if err != nil {
		return nil
	}
	done, err := b.begin(c.SHA256, stageReport)
	if err != nil {
		return nil
	}
	defer done()
	r, err = extract.ReadReport(doc, extract.Hints{Agency: by.Agency, Division: by.Division, LinkTitle: c.Title})
	if err != nil {
		return nil
	}
	return r
}

// Served returns a capture with the header that its body came with: a 304 need not repeat it.
func Served(s *store.Store, c store.Capture) (store.Capture, error) {
	if c.State != store.StateUnchanged || c.Header.Get("Content-Type") != "" {
		return c, nil
	}
	first, ok, err := s.LastBefore(c.URL, c.ID, store.StateOK)
	if ok && first.SHA256 == c.SHA256 {
		c.Header = first.Header
	}
	return c, err
}

// Settled returns the address by which the archive knows a page: that which it was held under before queries were sent in
// the encoding of the page that links to it, where the server has answered that; else the address itself.
func Settled(s *store.Store, address string) (string, error) {
	former := markup.FormerAddress(address)
	if former == "" {
		return address, nil
	}
	if _, held, err := s.LastBody(address); err != nil || held {
		return address, err
	}
	if _, held, err := s.LastBody(former); err != nil || !held {
		return address, err
	}
	return former, nil
}

// Parse parses a report's page or a part of it, of whatever kind it is. The error says in few words why it cannot.
func Parse(b *Budget, c store.Capture, body []byte) (doc *extract.Document, err error) {
	done, err := b.begin(c.SHA256, stageParse)
	if err != nil {
		return nil, err
	}
	defer done()
	defer func() {
		if r := recover(); r != nil {
			doc, err = nil, fmt.Errorf("parsing panicked: %v", r)
		}
	}()
	base, err := url.Parse(c.URL)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, errors.New("empty")
	}
	return extract.ParseFile(body, c.Header.Get("Content-Type"), fileName(c, base), base)
}

// fileName is the name that a document was served under: the header's, else the address's, else the link's text.
func fileName(c store.Capture, u *url.URL) string {
	if _, params, err := mime.ParseMediaType(c.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		return params["filename"]
	}
	if base := path.Base(u.Path); path.Ext(base) != "" && u.RawQuery == "" {
		return base
	}
	return c.Title
}

// PartsOf is what a document says belongs to it; nothing where it is so hostile that it cannot be told.
func PartsOf(doc *extract.Document) (parts []extract.Part) {
	defer func() {
		if recover() != nil {
			parts = nil // reading it will tell
		}
	}()
	return doc.Parts()
}
