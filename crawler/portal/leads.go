package portal

import (
	"net/url"

	"gongkai/extract"
	"gongkai/seeds"
)

// Leads is the quick half of Read: it finds Rows and Columns, not where the listing goes on, nor what software it comes
// from. It serves those who look for listings among all the pages of a site.
func Leads(body []byte, contentType string, page *url.URL, p seeds.Portal) (Listing, error) {
	decoded, _ := extract.Decode(body, contentType)
	r := reading{text: string(decoded), page: page, base: page, portal: p}
	if err := r.parse(); err != nil {
		return Listing{}, err
	}
	l := Listing{Rows: r.rows()}
	l.Columns = columns(r.links, page, len(l.Rows) > 0 && page.Path != "/")
	return l, nil
}
