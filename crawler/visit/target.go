// Package visit says what to ask a site for and what its answer means: where a crawl may go, what follows a listing or a
// redirect, and what an answer is archived as. It asks nobody and archives nothing, so that pages that were fetched long
// ago, by whomever, are judged as those of tonight.
package visit

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gongkai/crawler/portal"
	"gongkai/crawler/weburl"
	"gongkai/extract/markup"
	"gongkai/store"
	"gongkai/store/reading"
)

// A Target is a page to ask for, and why.
type Target struct {
	URL    string
	Kind   string // a store.Kind
	Portal string
	From   string // the page that led here
	Title  string // the link's text there
	Date   string // the date beside it

	Further bool     // a further page of a listing, not its first
	Guess   bool     // a script announced it, perhaps wrongly
	Extra   bool     // worth asking for only when another page that was announced with it was not there
	Origin  string   // the page that its listing began at; "" for that page itself
	Depth   int      // how many columns were followed to get here
	Via     []string // redirects that led here, first one first
	Cookie  bool     // a redirect on the way has set one

	Request portal.Request // how to ask for a listing; its zero value stands for a GET of URL

	Alternates  int    // how many other addresses of a start page were tried
	AlternateOf string // the address of that start page in the catalogue

	Tries int       // how often it was asked for and failed in passing
	Waits int       // how often the server said when to come again
	After time.Time // not to be asked for before

	Held  bool // the archive has an answer of it; After is then when that was
	Anew  bool // a start page that a walk of several nights looks at once more
	Ahead bool // a report that the archive does not hold, and a start page that is looked at once more leads to

	Interrupted bool // it was being asked for when the process was killed
}

// Capture returns what is known before the answer.
func (t Target) Capture() store.Capture {
	return store.Capture{URL: t.URL, Kind: t.Kind, Portal: t.Portal, From: t.From, Title: t.Title, Date: t.Date}
}

// Address returns the URL to ask for. That of the archive has the parameters of a POST in its query.
func (t Target) Address() string {
	if t.Request.URL != "" {
		return t.Request.URL
	}
	return t.URL
}

// Method returns the method of the request, GET unless the listing says otherwise.
func (t Target) Method() string {
	if t.Request.Method != "" {
		return t.Request.Method
	}
	return http.MethodGet
}

// Listing names the listing that a page belongs to.
func (t Target) Listing() string {
	if t.Origin != "" {
		return t.Origin
	}
	return t.URL
}

// How many columns are followed below a start page (年报, and in it 2021年), by a crawl and by a backfill or an import.
const (
	Deepest         = 2
	DeepestBackfill = 4
)

// Follow says what to ask for after a listing page. repeated means that the page lists what another page of its
// listing has listed: the server gave a page for one that does not exist. deepest is how many columns are followed.
func Follow(t Target, l portal.Listing, repeated bool, deepest int) []Target {
	var next []Target
	for _, row := range l.Rows {
		next = append(next, Target{URL: row.URL, Kind: store.KindReport, Portal: t.Portal, From: t.URL, Title: row.Name(), Date: row.Date})
	}
	if !t.Further || len(l.Items) > 0 && !repeated {
		for _, r := range l.Next {
			next = append(next, Target{URL: r.Key(), Kind: store.KindListing, Portal: t.Portal, From: t.URL, Title: t.Title,
				Further: r.Kind == portal.Page || r.Number > 1, Guess: r.Guess, Extra: r.Spare, Origin: r.From, Depth: t.Depth, Request: r})
		}
	}
	if t.Further || t.Depth >= deepest {
		return next // what it calls a column leads away from it
	}
	for _, c := range l.Columns {
		next = append(next, Target{URL: c.URL, Kind: store.KindListing, Portal: t.Portal, From: t.URL, Title: c.Name(), Depth: t.Depth + 1})
	}
	return next
}

// Visited reports whether a redirect leads back to a page that was asked for before this one.
func (t Target) Visited(url string) bool { return slices.Contains(t.Via, url) }

// repeats reports whether an address stands twice in a list.
func repeats(all []string) bool {
	for i, a := range all {
		if slices.Contains(all[:i], a) {
			return true
		}
	}
	return false
}

// Redirected returns the target that a redirect leads to, or why it leads nowhere.
func Redirected(t Target, location string, s Scope) (next Target, reason string) {
	base, err := url.Parse(t.Address())
	if err != nil {
		return Target{}, "redirects from a malformed address"
	}
	u, err := markup.Relocated(base, location)
	if err != nil {
		return Target{}, "redirects to a malformed address"
	}
	plain := weburl.Canonical(u)
	next = t
	next.URL, next.From = plain.String(), t.URL
	next.Via = append(slices.Clip(t.Via), t.URL)
	next.Tries, next.Waits, next.After, next.Interrupted = 0, 0, time.Time{}, false
	next.Request.URL, next.Request.Method, next.Request.Body = "", "", "" // a POST goes on as a GET
	if plain != u {
		next.Request.URL = u.String() // without the session that it is sent to, it would be sent there again
	}
	switch deny := s.Deny(u); {
	case deny != "":
		return Target{}, "redirects to " + next.URL + ": " + deny
	case t.Visited(next.URL) && (!t.Cookie || repeats(next.Via)):
		return Target{}, "redirects in a circle" // back once, with a cookie, and to itself
	case len(next.Via) > reading.MostRedirects:
		return Target{}, "redirects too often"
	}
	return next, ""
}

// As returns a target that is archived as another address.
func (t Target) As(address string) Target {
	t.Request.URL, t.URL = t.Address(), address
	return t
}

// Read has a web page read by a function, which gets the address that the page was asked for under: asked, or the capture's
// own where that is "". Its error says in few words why there is nothing to read, or that the function panicked.
func Read(b *reading.Budget, c store.Capture, body []byte, asked string, read func(*url.URL) (portal.Listing, error)) (l portal.Listing, err error) {
	done, err := b.BeginListing(c.SHA256)
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
