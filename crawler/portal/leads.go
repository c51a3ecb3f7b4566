package portal

import (
	"net/url"

	"gongkai/seeds"
)

// Leads is the quick half of Read: it finds Rows and Columns, not where the listing goes on, nor what software it comes
// from. It serves those who look for listings among all the pages of a site.
func Leads(body []byte, contentType string, page *url.URL, p seeds.Portal) (Listing, error) {
	r, err := newReading(body, contentType, page, p, Request{})
	if err != nil {
		return Listing{}, err
	}
	if err := r.parse(); err != nil {
		return Listing{}, err
	}
	l := Listing{Rows: r.rows()}
	l.Columns = columns(r.links, page, len(l.Rows) > 0 && page.Path != "/")
	return l, nil
}
