package crawler

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
)

// Read returns what a page that was asked for as a report says, or why it is none. p is the portal it was found
// on; its zero value means that nobody knows. ID, digests and change are for the archive to fill in.
func Read(c store.Capture, doc *extract.Document, p seeds.Portal) (rec store.Record) {
	rec = record(c, p)
	defer func() {
		if r := recover(); r != nil { // one hostile page must not end a night's crawl
			rec.Report, rec.Rejected = nil, fmt.Sprintf("reading panicked: %v", r)
		}
	}()
	report, err := extract.ReadReport(doc, extract.Hints{Agency: p.Agency, Division: p.Division, LinkTitle: c.Title})
	if err != nil {
		rec.Rejected = err.Error()
		return rec
	}
	rec.Report = report
	return rec
}

// ReadBody is Read for a page as it was served.
func ReadBody(c store.Capture, body []byte, p seeds.Portal) store.Record {
	doc, err := document(c, body)
	if err != nil {
		rec := record(c, p)
		rec.Rejected = err.Error()
		return rec
	}
	return Read(c, doc, p)
}

// record returns the record of a capture before anything was read.
func record(c store.Capture, p seeds.Portal) store.Record {
	return store.Record{Capture: c.ID, URL: c.URL, Time: c.Time, Portal: c.Portal, Home: p.Division, SHA256: c.SHA256, Version: extract.Version}
}

// document parses a page as it was served. Its error says in few words why it is no page.
func document(c store.Capture, body []byte) (doc *extract.Document, err error) {
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
		return nil, fmt.Errorf("empty page")
	}
	// What the bytes look like decides, not what the server calls them: PDF comes as text/html too.
	if kind := http.DetectContentType(body); !strings.HasPrefix(kind, "text/") && kind != "application/octet-stream" {
		return nil, fmt.Errorf("no web page: %s", kind)
	}
	return extract.Parse(body, c.Header.Get("Content-Type"), base)
}
