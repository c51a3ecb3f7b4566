package portal

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"gongkai/extract"
	"gongkai/extract/markup"
	"gongkai/seeds"
)

// reload is what a script does that sends its reader to the page that it stands in.
var reload = regexp.MustCompile(`\blocation\.reload\(|\blocation(?:\.href)?\s*=\s*(?:window\.|document\.|self\.)?location\b|\blocation\.replace\(\s*(?:window\.|document\.)?location\b|\bhistory\.go\(\s*0\s*\)`)

// Onward reports that an answer has nothing to offer and sends its reader on: by a Refresh header, or, with a cookie that it
// sets, to the page itself. itself says which.
func Onward(header http.Header, body []byte, page *url.URL) (itself, ok bool) {
	refresh, cookie := header.Get("Refresh"), header.Get("Set-Cookie") != ""
	if refresh == "" && (!cookie || !bytes.ContainsRune(body, '<')) {
		return false, false
	}
	if len(body) > emptiest || linksIn(body, 1) > 0 || len(visible(body, shortPage)) > shortPage {
		return false, false
	}
	if ref, ok := extract.RefreshTarget(refresh); ok {
		return refreshesBy(ref, page, cookie)
	}
	itself = cookie && reloads(body, header.Get("Content-Type"), page)
	return itself, itself
}

// refreshesBy says where a Refresh header sends the reader of a page; to the page itself it sends on only with a cookie.
func refreshesBy(ref string, page *url.URL, cookie bool) (itself, ok bool) {
	u, err := RefreshesTo(page, ref)
	switch {
	case err != nil, above(u, page):
		return false, false
	case same(u, page):
		return true, cookie
	}
	return false, true
}

// reloads reports whether a page asks for itself again, by a meta tag or a script.
func reloads(body []byte, contentType string, page *url.URL) bool {
	r, err := newReading(body, contentType, page, seeds.Portal{}, Request{})
	if err != nil || r.parse() != nil || r.doc == nil {
		return false
	}
	itself := func(address string) bool {
		u, err := r.doc.Resolve(address)
		return err == nil && same(u, page)
	}
	if ref, ok := r.doc.Refresh(); ok {
		return ref == "" || itself(ref)
	}
	return reload.MatchString(r.scripts) || slices.ContainsFunc(r.redirects(), itself)
}

// RefreshesTo returns where the address of a Refresh header leads; without one it is the page itself.
func RefreshesTo(page *url.URL, ref string) (*url.URL, error) {
	if ref == "" {
		return page, nil
	}
	return markup.Relocated(page, ref)
}

func same(a, b *url.URL) bool {
	bare := *b
	bare.Fragment, bare.RawFragment = "", ""
	return a.String() == bare.String()
}
