package crawler

import (
	"net/url"
	"strings"

	"gongkai/crawler/robots"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/store"
)

// Of 3,209 portals thirty answered only over https where http was known, or the other way round, and more are known
// with www where only the bare name answers. When nobody answers at the address that a catalogue names, its alternates are
// asked, one after the other and once each, and what the portal links to at the dead address is then looked for at the living one.

// alternate returns the next address to try for a start page at whose address nobody answers; false when there is none.
func (w *walk) alternate(t visit.Target, p visit.Page) (next visit.Target, ok bool) {
	if t.Kind != store.KindListing || t.From != "" || !silent(p) || w.site.closed != "" {
		return t, false
	}
	u, err := url.Parse(t.Address())
	if err != nil {
		return t, false
	}
	next = t
	if next.URL, ok = weburl.Alternate(u, t.Alternates); !ok {
		return t, false
	}
	next.Request.URL = ""
	next.Alternates, next.Tries, next.Waits = t.Alternates+1, mostTries-1, 0 // a single try each
	if next.AlternateOf == "" {
		next.AlternateOf = t.URL
	}
	return next, true
}

// silent reports whether nobody answers at an address, or not even its robots.txt can be had.
func silent(p visit.Page) bool {
	return p.State == store.StateFailed && p.Status == 0 || p.State == store.StateBlocked && p.Robots.Reason == robots.Silent
}

// alive notes that an alternate answers.
func (w *walk) alive(t visit.Target) {
	dead, err1 := url.Parse(t.AlternateOf)
	living, err2 := url.Parse(t.URL)
	if err1 != nil || err2 != nil {
		return // they were asked for
	}
	if w.Alternates == nil {
		w.Alternates = make(map[string]string)
	}
	w.Alternates[weburl.Authority(dead)] = weburl.Authority(living)
	w.site.log.Info("the portal answers at another address than the catalogue says", "portal", w.portal.ID, "known", t.AlternateOf, "answers", t.URL)
}

// living returns a target with the address of the alternate where its own is dead.
func (w *walk) living(t visit.Target) visit.Target {
	if len(w.Alternates) == 0 {
		return t
	}
	for _, address := range []*string{&t.URL, &t.Request.URL} {
		u, err := url.Parse(*address)
		if err != nil || *address == "" {
			continue
		}
		if other := w.Alternates[weburl.Authority(u)]; other != "" {
			*address = other + strings.TrimPrefix(*address, weburl.Authority(u))
		}
	}
	return t
}
