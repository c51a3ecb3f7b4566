package crawler

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gongkai/crawler/portal"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/store"
	"gongkai/store/frontier"
	"gongkai/store/reading"
)

// Some portals put a new token into each link: t=<time>, sid=<session>. Every visit then finds an address that nobody has asked
// for, and each would be another page with the same report. Which parameter is such a token cannot be told from its name or
// its value, so it is learnt, by site and shape of path, and never believed against what was seen: two addresses that differ
// in it alone, to which links of the same name led, gave the same page, more than once, and never two different ones at
// the same time. What differs in anything that is not learnt, or was not had yet, is asked for, and is the known page only if
// what comes is what that has.

// mostSiblings bounds the addresses that are looked at, mostShapes what is remembered of a site.
const (
	mostSiblings = 200
	mostShapes   = 500
)

// A sibling is a page of the archive whose address differs from another one in some parameters only.
type sibling struct {
	url     string
	shape   string // of the path, and the parameters
	differs int    // in so many parameters
	first   uint64 // its first capture
}

// before reports whether a sibling is the page rather than another one: it differs in fewer parameters, or is older.
func (s sibling) before(other sibling) bool {
	return cmp.Or(cmp.Compare(s.differs, other.differs), cmp.Compare(s.first, other.first)) < 0
}

// mayHaveSibling reports whether a page may be one that is known under another address. It has a query and was led to by
// name; and past its end a pager gives one page for many numbers.
func mayHaveSibling(t visit.Target, u *url.URL) bool {
	return u.RawQuery != "" && t.Title != "" && !t.Further && t.Method() == http.MethodGet && (t.Kind == store.KindReport || t.Kind == store.KindListing)
}

// sibling returns the page that is in the archive and may be the one at a new address; false when there is none, or the address
// is known. Links of the same name must have led to both.
func (w *walk) sibling(t visit.Target) (best sibling, ok bool, err error) {
	u, err := url.Parse(t.URL)
	if err != nil || !mayHaveSibling(t, u) {
		return best, false, nil
	}
	if _, known, err := w.store.LastCapture(t.URL); err != nil || known {
		return best, false, err
	}
	looked := 0
	stem, _, _ := strings.Cut(t.URL, "?")
	for address, err := range w.store.URLs(stem + "?") {
		if err != nil {
			return best, false, err
		}
		if looked++; looked > mostSiblings {
			break
		}
		_, query, _ := strings.Cut(address, "?")
		names := weburl.Differing(u.RawQuery, query)
		s := sibling{url: address, shape: weburl.Shape(u, names), differs: len(names)}
		if s.differs == 0 || ok && s.differs > best.differs || w.site.clock.Host.Volatile[s.shape].Other > 0 {
			continue
		}
		is, err := w.holds(&s, t)
		if err != nil {
			return best, false, err
		}
		if is && (!ok || s.before(best)) {
			best, ok = s, true
		}
	}
	return best, ok, nil
}

// holds reports whether the archive has a body of a sibling, to which links of the same name led as to a target.
func (w *walk) holds(s *sibling, t visit.Target) (bool, error) {
	first, known, err := w.store.FirstCapture(s.url)
	if err != nil || !known || first.Kind != t.Kind || first.Title != t.Title {
		return false, err
	}
	s.first = first.ID
	body, held, err := w.store.LastBody(s.url)
	return held && body.Portal == w.portal.ID, err
}

// recognised returns a target that is the known page, when what is learnt says so; it is asked for as its link has it.
func (w *walk) recognised(t visit.Target) (visit.Target, error) {
	s, ok, err := w.sibling(t)
	if err != nil || !ok || !w.site.clock.Host.Volatile[s.shape].Ignored() {
		return t, err
	}
	return t.As(s.url), nil
}

// same takes an answer from a new address for one of the page that is known, if what came is what that has. It learns from
// either. It returns the target as it is then.
func (w *walk) same(ctx context.Context, t visit.Target, p *visit.Page) (visit.Target, error) {
	if p.State != store.StateOK {
		return t, nil
	}
	if t.Kind == store.KindReport && t.Address() != t.URL {
		return w.parted(t, p)
	}
	s, ok, err := w.sibling(t)
	if err != nil || !ok {
		return t, err
	}
	held, _, err := w.store.LastBody(s.url)
	if err != nil {
		return t, err
	}
	// One is parsed after the other, with both bodies there.
	need := max(w.site.budget.Cost(held.SHA256, nil, held.Size), extract.Cost(p.Body, int64(len(p.Body)))) + held.Size
	if err := w.site.lease.Settle(ctx, need); err != nil {
		return t, err
	}
	body, err := w.store.Body(held.SHA256)
	if err != nil {
		return t, nil // lost: for verify to tell
	}
	if held, err = reading.Served(w.store, held); err != nil {
		return t, err
	}
	before, now := p.Capture, held
	before.URL = s.url // the same links lead from both
	is := w.alike(t, before, p.Body, now, body)
	if held.ID > w.site.run.first || is {
		w.learn(s, is)
	}
	if !is {
		return t, nil
	}
	w.site.log.Debug("the same page as at another address", "url", t.URL, "known", s.url)
	t = t.As(s.url)
	p.URL = s.url
	u, err := url.Parse(s.url)
	if err == nil {
		_, err = w.front.Mark(weburl.Key(u)) // it has been asked for
	}
	return t, err
}

// learn notes what two values of parameters gave.
func (w *walk) learn(s sibling, same bool) {
	h := &w.site.clock.Host
	v := h.Volatile[s.shape]
	if v == (frontier.Parameters{}) && len(h.Volatile) >= mostShapes {
		return
	}
	h.Volatile = maps.Clone(h.Volatile) // the frontier may be writing the old one
	if h.Volatile == nil {
		h.Volatile = map[string]frontier.Parameters{}
	}
	if same {
		v.Same++
	} else {
		v.Other++
	}
	h.Volatile[s.shape] = v
}

// parted takes an answer that was asked for as a known page for one of its own, when it is another report than that: what was
// learnt of the parameters is no longer so.
func (w *walk) parted(t visit.Target, p *visit.Page) (visit.Target, error) {
	last, read, err := w.store.LastRecord(t.URL)
	if err != nil || !read || last.Report == nil {
		return t, err
	}
	if now := w.reportOf(p.Capture, p.Body); now == nil || now.Key() == last.Report.Key() {
		return t, nil
	}
	own := t
	own.URL, own.Request.URL = t.Request.URL, ""
	s, ok, err := w.sibling(own)
	if err != nil || !ok {
		return t, err
	}
	w.learn(s, false)
	p.URL = own.URL
	return own, nil
}

// alike reports whether two bodies are the same page: the same bytes, the same report, or a listing of the same rows. A page
// that is neither a report nor lists anything, as of a portal that draws itself by script, is like no other.
func (w *walk) alike(t visit.Target, a store.Capture, bodyA []byte, b store.Capture, bodyB []byte) bool {
	if t.Kind == store.KindListing {
		la, err1 := listed(w.site.budget, a, bodyA, w.portal, portal.Request{})
		lb, err2 := listed(w.site.budget, b, bodyB, w.portal, portal.Request{})
		return err1 == nil && err2 == nil && len(la.Rows) > 0 && slices.EqualFunc(la.Rows, lb.Rows, func(r, s portal.Row) bool { return r.Name() == s.Name() && r.Date == s.Date })
	}
	ra := w.reportOf(a, bodyA)
	if ra == nil || bytes.Equal(bodyA, bodyB) {
		return ra != nil
	}
	rb := w.reportOf(b, bodyB)
	return rb != nil && ra.Key() == rb.Key() && ra.Scope == rb.Scope && ra.Published == rb.Published && ra.Text() == rb.Text()
}

// reportOf reads the report on a page, without its parts; nil when there is none.
func (w *walk) reportOf(c store.Capture, body []byte) *extract.Report {
	return reading.Alone(w.site.budget, c, body, publisher(w.portal))
}
