package crawler

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"gongkai/crawler/portal"
	"gongkai/crawler/weburl"
	"gongkai/extract/markup"
	"gongkai/store"
	"gongkai/store/reading"
)

// A target is a page to ask for, and why.
type target struct {
	url    string
	kind   string // a store.Kind
	portal string
	from   string // the page that led here
	title  string // the link's text there
	date   string // the date beside it

	further bool     // a further page of a listing, not its first
	guess   bool     // a script announced it, perhaps wrongly
	extra   bool     // worth asking for only when another page that was announced with it was not there
	origin  string   // the page that its listing began at; "" for that page itself
	depth   int      // how many columns were followed to get here
	via     []string // redirects that led here, first one first
	cookie  bool     // one of them has set one

	request portal.Request // how to ask for a listing; its zero value stands for a GET of url

	alternates  int    // how many other addresses of a start page were tried
	alternateOf string // the one that the catalogue names

	tries int       // how often it was asked for and failed in passing
	waits int       // how often the server said when to come again
	after time.Time // not to be asked for before

	held  bool // the archive has an answer of it; after is then when that was
	anew  bool // a start page that a walk of several nights looks at once more
	ahead bool // a report that such a page leads to, and the archive does not hold

	interrupted bool // it was being asked for when the process was killed
}

// capture returns what is known before the answer.
func (t target) capture() store.Capture {
	return store.Capture{URL: t.url, Kind: t.kind, Portal: t.portal, From: t.from, Title: t.title, Date: t.date}
}

// address returns the URL to ask for. That of the archive has the parameters of a POST in its query.
func (t target) address() string {
	if t.request.URL != "" {
		return t.request.URL
	}
	return t.url
}

func (t target) method() string {
	if t.request.Method != "" {
		return t.request.Method
	}
	return http.MethodGet
}

// listing names the listing that a page belongs to.
func (t target) listing() string {
	if t.origin != "" {
		return t.origin
	}
	return t.url
}

// deepest is how many columns are followed below a start page: 年报, and in it 2021年. A backfill goes further down.
const (
	deepest         = 2
	deepestBackfill = 4
)

func (c *Crawler) deepest() int {
	if c.backfills() {
		return deepestBackfill
	}
	return deepest
}

// follow says what to ask for after a listing page. repeated means that the page lists what another page of its
// listing has listed: the server gave a page for one that does not exist. deepest is how many columns are followed.
func follow(t target, l portal.Listing, repeated bool, deepest int) []target {
	var next []target
	for _, row := range l.Rows {
		next = append(next, target{url: row.URL, kind: store.KindReport, portal: t.portal, from: t.url, title: row.Name(), date: row.Date})
	}
	if !t.further || len(l.Items) > 0 && !repeated {
		for _, r := range l.Next {
			next = append(next, target{url: r.Key(), kind: store.KindListing, portal: t.portal, from: t.url, title: t.title,
				further: r.Kind == portal.Page || r.Number > 1, guess: r.Guess, extra: r.Spare, origin: r.From, depth: t.depth, request: r})
		}
	}
	if t.further || t.depth >= deepest {
		return next // what it calls a column leads away from it
	}
	for _, c := range l.Columns {
		next = append(next, target{url: c.URL, kind: store.KindListing, portal: t.portal, from: t.url, title: c.Name(), depth: t.depth + 1})
	}
	return next
}

// visited reports whether a redirect leads back to a page that was asked for before this one.
func (t target) visited(url string) bool { return slices.Contains(t.via, url) }

// repeats reports whether an address stands twice in a list.
func repeats(all []string) bool {
	for i, a := range all {
		if slices.Contains(all[:i], a) {
			return true
		}
	}
	return false
}

// redirected returns the target that a redirect leads to, or why it leads nowhere.
func redirected(t target, location string, s scope) (next target, reason string) {
	base, err := url.Parse(t.address())
	if err != nil {
		return target{}, "redirects from a malformed address"
	}
	u, err := markup.Relocated(base, location)
	if err != nil {
		return target{}, "redirects to a malformed address"
	}
	plain := weburl.Canonical(u)
	next = t
	next.url, next.from = plain.String(), t.url
	next.via = append(slices.Clip(t.via), t.url)
	next.tries, next.waits, next.after, next.interrupted = 0, 0, time.Time{}, false
	next.request.URL, next.request.Method, next.request.Body = "", "", "" // a POST goes on as a GET
	if plain != u {
		next.request.URL = u.String() // without the session that it is sent to, it would be sent there again
	}
	switch deny := s.deny(u); {
	case deny != "":
		return target{}, "redirects to " + next.url + ": " + deny
	case t.visited(next.url) && (!t.cookie || repeats(next.via)):
		return target{}, "redirects in a circle" // back once, with a cookie, and to itself
	case len(next.via) > reading.MostRedirects:
		return target{}, "redirects too often"
	}
	return next, ""
}
