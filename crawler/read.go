package crawler

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"gongkai/crawler/portal"
	"gongkai/extract"
	"gongkai/extract/filetype"
	"gongkai/seeds"
	"gongkai/store"
)

// Read reads a report from the archive: the page that c captured, and those of its parts that were held before the
// page was visited again. Crawling reads so what it has just archived, and reading again comes to the same. p is the
// portal it was found on; its zero value means that nobody knows. A page that is no report is no error but a Record
// that says so; digests and change are for the archive to fill in. It takes its memory from a budget, which may be nil,
// and waits for it until ctx ends.
func Read(ctx context.Context, s *store.Store, b *Budget, c store.Capture, p seeds.Portal) (store.Record, error) {
	l := &lease{budget: b}
	defer l.release()
	if err := l.take(ctx, b.cost(c.SHA256, nil, c.Size)); err != nil {
		return store.Record{}, err
	}
	rec, err := read(s, l, c, p)
	if !errors.Is(err, errMoreMemory) {
		return rec, err
	}
	if err := l.take(ctx, math.MaxInt64); err != nil {
		return store.Record{}, err
	}
	return read(s, l, c, p)
}

// errMoreMemory means that a page and its parts take more memory than was taken for the page, and no more is there now.
var errMoreMemory = errors.New("no memory is left for the parts of a page")

// read reads a report with what memory it has and can have at once.
func read(s *store.Store, l *lease, c store.Capture, p seeds.Portal) (store.Record, error) {
	c, err := served(s, c)
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
	g := gathering{store: s, known: old.Parts, budget: l.budget, room: func(c store.Capture, head []byte) error {
		if !l.grow(l.budget.cost(c.SHA256, head, c.Size)) {
			return errMoreMemory
		}
		return nil
	}}
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
	return g.read(c, p)
}

// served returns a capture with the header that its body came with: a 304 need not repeat it.
func served(s *store.Store, c store.Capture) (store.Capture, error) {
	if c.State != store.StateUnchanged || c.Header.Get("Content-Type") != "" {
		return c, nil
	}
	first, ok, err := s.LastBefore(c.URL, c.ID, store.StateOK)
	if ok && first.SHA256 == c.SHA256 {
		c.Header = first.Header
	}
	return c, err
}

// A gathering puts a report together from its page and its parts.
type gathering struct {
	store  *store.Store
	before uint64                   // only captures older than this; 0: all there are
	known  []store.Part             // of an earlier reading, which is held to the same captures
	ask    func(p store.Part) error // asks the portal first; nil: only the archive is asked
	deny   func(u *url.URL) string  // why nobody will ask for an address; nil: unknown
	drop   bool                     // documents are not held while parts are asked for: it is of no use for reading
	budget *Budget                  // nil: there are no bounds
	room   roomFor                  // nil: it has been taken
	frees  []func()                 // give back what documents are held with
	doc    *extract.Document        // the page; nil when it cannot be parsed
	why    string                   // it cannot be parsed
	cut    string                   // why the page may be a part only; "" when it is whole
	whole  bool                     // it has its own end all the same
	parts  []part                   // in page order
	over   int                      // attachments beyond the bound
	number map[string]int           // parts so far, by kind
}

// A roomFor takes memory for reading a body, of which head is what is known; nil before it was had from the archive.
type roomFor func(c store.Capture, head []byte) error

// dearer reports whether reading a body takes more than its length alone tells: it is packed.
func dearer(body []byte) bool {
	n := int64(len(body))
	return extract.Cost(body, n) > extract.Cost(nil, n)
}

// A part is a Part and what reading it takes.
type part struct {
	store.Part
	capture store.Capture
	doc     *extract.Document // of pages and frames
}

// mostAttachments bounds what one report may make us ask for.
const mostAttachments = 40

// gather parses a page and finds its parts, and the parts of these.
func (g *gathering) gather(c store.Capture, body []byte) error {
	g.cut, g.whole = c.Truncated, filetype.Ended(body)
	doc, err := file(g.budget, c, body)
	if err != nil {
		g.why = err.Error()
		return nil
	}
	g.doc, g.number = doc, map[string]int{extract.PartPage: 1} // the page itself is the first
	return g.add(c.URL, doc, false)
}

// add finds the parts of a document: of the page, or of a part of it. Attachments stand at the end of an article, so on
// its last page; and the frame that holds an article has those of the article.
func (g *gathering) add(page string, doc *extract.Document, deep bool) error {
	named := partsOf(doc)
	if !deep && len(named) > 0 {
		g.hold(doc)
	}
	doc = nil
	for _, named := range named {
		var err error
		if named.URL, err = settled(g.store, named.URL); err != nil {
			return err
		}
		if named.URL == page || slices.ContainsFunc(g.parts, func(p part) bool { return p.URL == named.URL }) {
			continue
		}
		if named.Kind == extract.PartAttachment && g.number[named.Kind] == mostAttachments {
			g.over++
			continue
		}
		g.number[named.Kind]++
		p := part{Part: store.Part{Name: named.Kind + " " + strconv.Itoa(g.number[named.Kind]), Kind: named.Kind, URL: named.URL, Title: named.Name}}
		if g.ask != nil {
			if err := g.ask(p.Part); err != nil {
				return err
			}
		}
		if err := g.find(&p); err != nil {
			return err
		}
		if p.Kind != extract.PartAttachment && p.Capture != 0 {
			var err error
			if p.doc, err = g.open(&p); err != nil {
				return err
			}
			g.hold(p.doc)
		}
		inner := p.doc
		if g.drop {
			p.doc = nil
		}
		g.parts = append(g.parts, p)
		if inner != nil && !deep {
			if err := g.add(page, inner, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// settled returns the address by which the archive knows a page: that which it was held under before queries were sent in
// the encoding of the page that links to it, where the server has answered that; else the address itself.
func settled(s *store.Store, address string) (string, error) {
	former := extract.FormerAddress(address)
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

// hold counts a document as held while parts are asked for. When there is no room for it none is held any more.
func (g *gathering) hold(doc *extract.Document) {
	if g.ask == nil || doc == nil {
		return
	}
	if !g.drop {
		if free, ok := g.budget.hold(doc); ok {
			g.frees = append(g.frees, free)
			return
		}
	}
	g.drop, g.doc = true, nil
	for i := range g.parts {
		g.parts[i].doc = nil
	}
	g.free()
}

// free gives back what documents were held with.
func (g *gathering) free() {
	for _, free := range g.frees {
		free()
	}
	g.frees = nil
}

// partsOf is what a document says belongs to it. A hostile page must not end a night's crawl.
func partsOf(doc *extract.Document) (parts []extract.Part) {
	defer func() {
		if recover() != nil {
			parts = nil // reading it will tell
		}
	}()
	return doc.Parts()
}

// find finds the capture of a part's body, or says why there is none. What was held once speaks for a part that cannot
// be had today, as it does for a page.
func (g *gathering) find(p *part) (err error) {
	i := slices.IndexFunc(g.known, func(k store.Part) bool { return k.URL == p.URL })
	if i >= 0 && g.known[i].Capture != 0 {
		var ok bool
		if p.capture, ok, err = g.store.Capture(g.known[i].Capture); err != nil || ok {
			return g.take(p, err)
		}
	}
	c, reason, err := g.follow(p.URL)
	switch {
	case err != nil:
		return err
	case c.ID != 0 && reason == "":
		p.capture = c
		return g.take(p, nil)
	case i >= 0 && g.known[i].Missing != "":
		p.Missing, p.Pending = g.known[i].Missing, g.known[i].Pending // nothing has been learnt since
	case c.ID == 0:
		p.Missing, p.Pending = reason, reason == notAsked
	default:
		p.Missing, p.Pending = reason, c.MayPass()
	}
	return nil
}

func (g *gathering) take(p *part, err error) error {
	if err == nil {
		p.capture, err = served(g.store, p.capture)
	}
	p.Capture, p.SHA256 = p.capture.ID, p.capture.SHA256
	if err != nil || p.capture.Truncated == "" {
		return err
	}
	body, err := g.store.Body(p.SHA256)
	if errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrNotFound) {
		return nil // verify tells more
	}
	p.Pending = !filetype.Ended(body)
	return err
}

const notAsked = "not asked for"

// follow finds the capture that tells the body of a URL, over redirects. Without one it says why, and returns the
// capture that shows it, if there is one.
func (g *gathering) follow(address string) (c store.Capture, reason string, err error) {
	prefix := ""
	for range farthest + 1 {
		last, ok, err := g.store.LastBefore(address, g.before)
		if err != nil {
			return c, "", err
		}
		if !ok {
			return c, prefix + g.denied(address), nil
		}
		if last.State != store.StateRedirect {
			c, ok, err = g.store.LastBefore(address, g.before, store.StateOK, store.StateUnchanged)
			if ok || err != nil {
				return c, "", err
			}
			return last, prefix + last.Trouble(), nil
		}
		c = last
		base, err := url.Parse(address)
		if err != nil {
			return c, "a malformed address", nil
		}
		u, err := extract.Relocated(base, last.Destination())
		if err != nil {
			return c, prefix + "redirects to a malformed address", nil
		}
		address = u.String()
		prefix = "redirects to " + address + ": "
	}
	return c, "redirects too often", nil
}

// denied says why a URL has no capture.
func (g *gathering) denied(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "a malformed address"
	}
	if g.deny == nil {
		return notAsked
	}
	if reason := g.deny(u); reason != "" {
		return reason
	}
	return notAsked
}

// open parses the body of a part; nil when it cannot, which is then told in Unread. Its error is that of room.
func (g *gathering) open(p *part) (*extract.Document, error) {
	if g.room != nil {
		if err := g.room(p.capture, nil); err != nil {
			return nil, err
		}
	}
	body, err := g.store.Body(p.SHA256)
	if g.room != nil && err == nil && dearer(body) {
		head := bytes.Clone(body[:min(len(body), 1024)])
		body = nil // nobody waits for memory while holding some
		if err := g.room(p.capture, head); err != nil {
			return nil, err
		}
		body, err = g.store.Body(p.SHA256)
	}
	switch {
	case errors.Is(err, store.ErrDamaged), errors.Is(err, store.ErrNotFound):
		p.Unread = "the archive has lost it" // verify tells more
		return nil, nil
	case err != nil:
		p.Unread = err.Error()
		return nil, nil
	}
	doc, err := file(g.budget, p.capture, body)
	if err != nil {
		p.Unread = err.Error()
		return nil, nil
	}
	return doc, nil
}

// list returns the parts as a Record has them.
func (g *gathering) list() []store.Part {
	var parts []store.Part
	for _, p := range g.parts {
		parts = append(parts, p.Part)
	}
	return parts
}

// same reports whether a record was read from what has been gathered.
func (g *gathering) same(c store.Capture, r *store.Record) bool {
	now := store.Record{SHA256: c.SHA256, Parts: g.list()}
	return r.Same(&now) && r.Pending() == now.Pending()
}

// read reads what has been gathered. It uses the documents up. Its error is that of room.
func (g *gathering) read(c store.Capture, p seeds.Portal) (rec store.Record, err error) {
	rec = store.Record{Capture: c.ID, URL: c.URL, Time: c.Time, Portal: c.Portal, Home: p.Division, SHA256: c.SHA256, Version: extract.Version}
	defer func() {
		rec.Parts = g.list()
		if r := recover(); r != nil { // one hostile page must not end a night's crawl
			rec.Report, rec.Rejected = nil, fmt.Sprintf("reading panicked: %v", r)
		}
	}()
	if g.doc == nil {
		rec.Rejected = g.why
		return rec, nil
	}
	done, err := g.budget.begin(c.SHA256, stageReport)
	if err != nil {
		rec.Rejected = err.Error()
		return rec, nil
	}
	defer done()
	report, err := g.report(extract.Hints{Agency: p.Agency, Division: p.Division, LinkTitle: c.Title, LinkDate: c.Date, Seen: c.Time})
	if errors.Is(err, errMoreMemory) {
		return rec, err
	}
	if err != nil {
		rec.Rejected = err.Error()
		return rec, nil
	}
	g.doubt(report)
	rec.Report = report
	return rec, nil
}

// report reads the page with its further pages and frames. Where these are not the whole report, it goes on with the
// attachments, in order, until they are: the same report is often attached in several formats.
func (g *gathering) report(h extract.Hints) (*extract.Report, error) {
	for i := range g.parts {
		if p := &g.parts[i]; p.doc != nil {
			g.append(p, p.doc)
		}
	}
	report, err := extract.ReadReport(g.doc, h)
	if !g.doc.NeedsParts() {
		return report, err
	}
	for i := range g.parts {
		p := &g.parts[i]
		if p.Kind != extract.PartAttachment || p.Capture == 0 {
			continue
		}
		if err == nil && whole(report) {
			break
		}
		doc, failed := g.open(p)
		if failed != nil {
			return nil, failed
		}
		if doc != nil && g.append(p, doc) {
			report, err = extract.ReadReport(g.doc, h)
		}
	}
	return report, err
}

// append adds a part to the page, and reports whether it could.
func (g *gathering) append(p *part, doc *extract.Document) bool {
	if err := g.doc.Append(doc, p.Name); err != nil {
		p.Unread = err.Error()
		return false
	}
	p.Read = true
	return true
}

// whole reports whether a report has most of its six sections, and figures.
func whole(r *extract.Report) bool {
	sections := map[int]bool{}
	for _, s := range r.Sections {
		sections[s.Number] = s.Number > 0
	}
	delete(sections, 0)
	return len(sections) >= 4 && len(r.Figures) > 0
}

// doubt adds to a report what is known of its parts only.
func (g *gathering) doubt(r *extract.Report) {
	add := func(kind, where, detail string) {
		r.Problems = append(r.Problems, extract.Problem{Kind: kind, Where: where, Detail: detail})
		if r.Quality == extract.QualityClean {
			r.Quality = extract.QualityNoted
		}
	}
	if g.cut != "" {
		add("part", "page 1", "the page may not be whole: "+g.cut)
		if !g.whole {
			r.Quality = worse(r.Quality)
		}
	}
	for _, p := range g.parts {
		what := strings.TrimSpace(p.Title + " " + p.URL)
		kind := "part"
		if p.Kind == extract.PartAttachment && p.Missing == "" {
			kind = "attachment"
		}
		switch {
		case p.Missing != "":
			add(kind, p.Name, what+": "+p.Missing)
		case p.Unread != "":
			add(kind, p.Name, what+": "+p.Unread)
		case p.capture.Truncated != "":
			add("part", p.Name, what+" may not be whole: "+p.capture.Truncated)
			if p.Read && p.Pending {
				r.Quality = worse(r.Quality)
			}
			continue
		default:
			continue
		}
		if p.Kind != extract.PartAttachment {
			r.Quality = worse(r.Quality) // a piece of the article itself is missing
		}
	}
	if g.over > 0 {
		add("part", "", fmt.Sprintf("%d attachments more than the %d that are asked for", g.over, mostAttachments))
	}
}

// worse returns the quality of a report of which a piece is missing.
func worse(quality string) string {
	if quality == extract.QualityNoted {
		return extract.QualityDoubtful
	}
	return quality
}

// file parses a report's page or a part of it, of whatever kind it is. The error says in few words why it cannot.
func file(b *Budget, c store.Capture, body []byte) (doc *extract.Document, err error) {
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

// listed reads a listing, the answer to a request. Its error says in few words why it is no page.
func listed(b *Budget, c store.Capture, body []byte, p seeds.Portal, r portal.Request) (portal.Listing, error) {
	return readPage(b, c, body, r.URL, func(u *url.URL) (portal.Listing, error) {
		return portal.Read(body, c.Header.Get("Content-Type"), u, p, r)
	})
}

// readPage reads a web page that was asked for under an address, "" for the capture's own.
func readPage(b *Budget, c store.Capture, body []byte, asked string, read func(*url.URL) (portal.Listing, error)) (l portal.Listing, err error) {
	done, err := b.begin(c.SHA256, stageListing)
	if err != nil {
		return l, err
	}
	defer done()
	defer func() {
		if r := recover(); r != nil { // one hostile page must not end a night's crawl
			l, err = portal.Listing{}, fmt.Errorf("reading panicked: %v", r)
		}
	}()
	u, err := url.Parse(cmp.Or(asked, c.URL))
	if err != nil {
		return l, err
	}
	if len(body) == 0 {
		return l, errors.New("empty page")
	}
	// What the bytes look like decides, not what the server calls them: PDF comes as text/html too.
	if kind := http.DetectContentType(body); !strings.HasPrefix(kind, "text/") && kind != "application/octet-stream" {
		return l, fmt.Errorf("no web page: %s", kind)
	}
	return read(u)
}
