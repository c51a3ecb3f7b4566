// Package portal reads listing pages: which of their links are reports, where the listing goes on, and which links
// lead to listings of reports. It asks for nothing, follows nothing and remembers nothing; when to stop is for the
// walk to say.
package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"

	"gongkai/extract"
	"gongkai/seeds"
)

// A Listing is what one page says about where reports are.
type Listing struct {
	Rows    []extract.Link // links that claim to be annual reports, in page order
	Next    []Page         // further pages of the same listing, nearest first
	Columns []extract.Link // links that are named like a listing of annual reports

	// Items counts what the page lists, reports or not. Signature tells two pages that list the same from two that
	// do not: servers that are asked for a page past the end like to repeat the last one. It is "" for no items.
	Items     int
	Signature string
}

// A Page is a further page of a listing.
type Page struct {
	URL   string
	Guess bool // announced by a script that may count wrong: that there is none is no failure
}

// Read reads a listing page that was served from page.
func Read(doc *extract.Document, page *url.URL, p seeds.Portal) Listing {
	links := doc.Links()
	l := Listing{
		Rows:    rows(doc, links, p),
		Next:    next(doc, links, page, p),
		Columns: columns(links),
	}
	l.Items, l.Signature = signature(links)
	return l
}

// rows returns the links that claim to be annual reports. Menus repeat titles, so what stands in page furniture
// counts only where nothing else does.
func rows(doc *extract.Document, links []extract.Link, p seeds.Portal) []extract.Link {
	if !p.Rows.IsZero() {
		return keep(doc.LinksIn(p.Rows), isReport)
	}
	return outsideFirst(keep(links, isReport))
}

// columns returns the links that are named like a listing of annual reports. On a home page they may well stand
// in the menu only.
func columns(links []extract.Link) []extract.Link {
	return outsideFirst(keep(links, func(l extract.Link) bool { return extract.ColumnTitle(l.Name()) }))
}

func isReport(l extract.Link) bool {
	_, ok := extract.ReportTitle(l.Name())
	return ok && !extract.ColumnTitle(l.Name())
}

func keep(links []extract.Link, ok func(extract.Link) bool) []extract.Link {
	var kept []extract.Link
	for _, l := range links {
		if ok(l) {
			kept = append(kept, l)
		}
	}
	return kept
}

// outsideFirst returns the links outside page furniture, or all of them when none is.
func outsideFirst(links []extract.Link) []extract.Link {
	outside := keep(links, func(l extract.Link) bool { return !l.Chrome })
	if len(outside) > 0 {
		return outside
	}
	return links
}

// signature counts and digests what a page lists: links with a date beside them, and reports.
func signature(links []extract.Link) (items int, digest string) {
	sum := sha256.New()
	for _, l := range links {
		if l.Chrome || l.Date == "" && !isReport(l) {
			continue
		}
		items++
		io.WriteString(sum, l.URL+"\n") // a hash never fails
	}
	if items == 0 {
		return 0, ""
	}
	return items, hex.EncodeToString(sum.Sum(nil))
}
