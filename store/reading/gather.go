package reading

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"gongkai/extract"
	"gongkai/extract/filetype"
	"gongkai/extract/markup"
	"gongkai/store"
)

// A Gathering puts a report together from its page and its parts.
type Gathering struct {
	Store *store.Store
	Ask   func(p store.Part) error // asks the portal for a part first; nil: only the archive is asked
	Deny  func(u *url.URL) string  // why nobody will ask for an address, "" when somebody will; nil: unknown

	before uint64            // only captures older than this; 0: all there are
	known  []store.Part      // of an earlier reading, which is held to the same captures
	budget *Budget           // nil: there are no bounds
	room   roomFor           // nil: it has been taken
	drop   bool              // documents are not held while parts are asked for: it is of no use for reading
	frees  []func()          // give back what documents are held with
	doc    *extract.Document // the page; nil when it cannot be parsed
	why    string            // it cannot be parsed
	cut    string            // why the page may be a part only; "" when it is whole
	whole  bool              // it has its own end all the same
	parts  []part            // in page order
	over   int               // attachments beyond the bound
	number map[string]int    // parts so far, by kind
}

// A part is a Part and what reading it takes.
type part struct {
	store.Part
	capture store.Capture
	doc     *extract.Document // of pages and frames
}

const (
	// MostAttachments bounds what one report may make us ask for.
	MostAttachments = 40
	// MostRedirects is how many redirects are followed from one link.
	MostRedirects = 5
)

// Gather asks for the parts of a report, whose page has this body, and puts it together. While it waits for them the parsed
// pages are held in memory, which Free gives back; when there is no room for them they are dropped, and parsed again when
// the parts are there. It returns with the memory that reading takes in the lease.
func (g *Gathering) Gather(ctx context.Context, l *Lease, c store.Capture, body []byte) error {
	g.budget, g.room = l.budget, l.waiting(ctx)
	if err := g.gather(c, body); err != nil || len(g.parts) == 0 {
		return err
	}
	if err := l.Take(ctx, g.cost(c, body)); err != nil {
		return err
	}
	g.room = nil
	if !g.drop {
		return nil
	}
	body, err := g.Store.Body(c.SHA256)
	if err != nil {
		return err
	}
	*g = Gathering{Store: g.Store, Deny: g.Deny, budget: g.budget}
	return g.gather(c, body)
}

// cost is what reading takes of what has been gathered.
func (g *Gathering) cost(c store.Capture, body []byte) int64 {
	cost, packed := g.budget.Cost(c.SHA256, body, c.Size), int64(0)
	for _, p := range g.parts {
		if p.Capture == 0 {
			continue
		}
		cost += g.budget.Cost(p.SHA256, nil, p.capture.Size)
		if p.Kind == extract.PartAttachment { // they are read one after the other, and may all be packed
			packed = max(packed, extract.MostCost(p.capture.Size))
		}
	}
	return cost + packed
}

// gather parses a page and finds its parts, and the parts of these.
func (g *Gathering) gather(c store.Capture, body []byte) error {
	g.cut, g.whole = c.Truncated, filetype.Ended(body)
	doc, err := Parse(g.budget, c, body)
	if err != nil {
		g.why = err.Error()
		return nil
	}
	g.doc, g.number = doc, map[string]int{extract.PartPage: 1} // the page itself is the first
	return g.add(c.URL, doc, false)
}

// add finds the parts of a document: of the page, or of a part of it. Attachments stand at the end of an article, so on
// its last page; and the frame that holds an article has those of the article.
func (g *Gathering) add(page string, doc *extract.Document, deep bool) error {
	named := PartsOf(doc)
	if !deep && len(named) > 0 {
		g.hold(doc)
	}
	doc = nil // it may have been dropped
	for _, n := range named {
		inner, err := g.addPart(page, n)
		if err == nil && inner != nil && !deep {
			err = g.add(page, inner, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addPart finds a part that a document names, unless that was named before. It returns what it has parsed of it: pages and
// frames, as attachments are parsed when they are read.
func (g *Gathering) addPart(page string, named extract.Part) (*extract.Document, error) {
	address, err := Settled(g.Store, named.URL)
	if err != nil {
		return nil, err
	}
	if address == page || slices.ContainsFunc(g.parts, func(p part) bool { return p.URL == address }) {
		return nil, nil
	}
	if named.Kind == extract.PartAttachment && g.number[named.Kind] == MostAttachments {
		g.over++
		return nil, nil
	}
	g.number[named.Kind]++
	p := part{Part: store.Part{Name: named.Kind + " " + strconv.Itoa(g.number[named.Kind]), Kind: named.Kind, URL: address, Title: named.Name}}
	if g.Ask != nil {
		if err := g.Ask(p.Part); err != nil {
			return nil, err
		}
	}
	if err := g.find(&p); err != nil {
		return nil, err
	}
	var doc *extract.Document
	if p.Kind != extract.PartAttachment && p.Capture != 0 {
		if doc, err = g.open(&p); err != nil {
			return nil, err
		}
		g.hold(doc)
	}
	if !g.drop {
		p.doc = doc
	}
	g.parts = append(g.parts, p)
	return doc, nil
}

// Find adds a part that an earlier reading has named, with the capture that has its body now, or why there is none.
func (g *Gathering) Find(known store.Part) error {
	p := part{Part: store.Part{Name: known.Name, Kind: known.Kind, URL: known.URL, Title: known.Title}}
	if err := g.find(&p); err != nil {
		return err
	}
	g.parts = append(g.parts, p)
	return nil
}

// hold counts a document as held while parts are asked for. When there is no room for it none is held any more.
func (g *Gathering) hold(doc *extract.Document) {
	if g.Ask == nil || doc == nil {
		return
	}
	if !g.drop {
		if free, ok := g.budget.Hold(doc.Weight()); ok {
			g.frees = append(g.frees, free)
			return
		}
	}
	g.drop, g.doc = true, nil
	for i := range g.parts {
		g.parts[i].doc = nil
	}
	g.Free()
}

// Free gives back what documents were held with.
func (g *Gathering) Free() {
	for _, free := range g.frees {
		free()
	}
	g.frees = nil
}

// find finds the capture of a part's body, or says why there is none. What was held once speaks for a part that cannot
// be had today, as it does for a page.
func (g *Gathering) find(p *part) (err error) {
	i := slices.IndexFunc(g.known, func(k store.Part) bool { return k.URL == p.URL })
	if i >= 0 && g.known[i].Capture != 0 {
		var ok bool
		if p.capture, ok, err = g.Store.Capture(g.known[i].Capture); err != nil || ok {
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

func (g *Gathering) take(p *part, err error) error {
	if err == nil {
		p.capture, err = Served(g.Store, p.capture)
	}
	p.Capture, p.SHA256 = p.capture.ID, p.capture.SHA256
	if err != nil || p.capture.Truncated == "" {
		return err
	}
	body, err := g.Store.Body(p.SHA256)
	if store.IsLost(err) {
		return nil // verify tells more
	}
	p.Pending = !filetype.Ended(body)
	return err
}

const notAsked = "not asked for"

// follow finds the capture that tells the body of a URL, over redirects. Without one it says why, and returns the
// capture that shows it, if there is one.
func (g *Gathering) follow(address string) (c store.Capture, reason string, err error) {
	prefix := ""
	for range MostRedirects + 1 {
		last, ok, err := g.Store.LastBefore(address, g.before)
		if err != nil {
			return c, "", err
		}
		if !ok {
			return c, prefix + g.denied(address), nil
		}
		if last.State != store.StateRedirect {
			c, ok, err = g.Store.LastBefore(address, g.before, store.StateOK, store.StateUnchanged)
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
		u, err := markup.Relocated(base, last.Destination())
		if err != nil {
			return c, prefix + "redirects to a malformed address", nil
		}
		address = u.String()
		prefix = "redirects to " + address + ": "
	}
	return c, "redirects too often", nil
}

// denied says why a URL has no capture.
func (g *Gathering) denied(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "a malformed address"
	}
	if g.Deny == nil {
		return notAsked
	}
	if reason := g.Deny(u); reason != "" {
		return reason
	}
	return notAsked
}

// open parses the body of a part; nil when it cannot, which is then told in Unread. Its error is that of room.
func (g *Gathering) open(p *part) (*extract.Document, error) {
	body, fault, err := load(g.Store, p.capture, g.room)
	switch {
	case err != nil:
		return nil, err
	case store.IsLost(fault):
		p.Unread = "the archive has lost it" // verify tells more
		return nil, nil
	case fault != nil:
		p.Unread = fault.Error()
		return nil, nil
	}
	doc, err := Parse(g.budget, p.capture, body)
	if err != nil {
		p.Unread = err.Error()
		return nil, nil
	}
	return doc, nil
}

// Parts returns the parts as a Record has them.
func (g *Gathering) Parts() []store.Part {
	var parts []store.Part
	for _, p := range g.parts {
		parts = append(parts, p.Part)
	}
	return parts
}

// Same reports whether a record was read from what has been gathered.
func (g *Gathering) Same(c store.Capture, r *store.Record) bool {
	now := store.Record{SHA256: c.SHA256, Parts: g.Parts()}
	return r.Same(&now) && r.Pending() == now.Pending()
}
