package crawler

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gongkai/crawler/portal"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/reading"
)

// listed reads a listing, the answer to a request. Its error says in few words why it is no page.
func listed(b *reading.Budget, c store.Capture, body []byte, p seeds.Portal, r portal.Request) (portal.Listing, error) {
	return readPage(b, c, body, r.URL, func(u *url.URL) (portal.Listing, error) {
		return portal.Read(body, c.Header.Get("Content-Type"), u, p, r)
	})
}

// readPage reads a web page that was asked for under an address, "" for the capture's own.
func readPage(b *reading.Budget, c store.Capture, body []byte, asked string, read func(*url.URL) (portal.Listing, error)) (l portal.Listing, err error) {
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

// publisher is who publishes on a portal.
func publisher(p seeds.Portal) reading.Publisher {
	return reading.Publisher{Agency: p.Agency, Division: p.Division}
}
