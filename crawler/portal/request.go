package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// What a Request is for.
const (
	Page     = "page"     // a further page of the listing
	Data     = "data"     // rows that a script would have asked for, or what it needs to know before
	Frame    = "frame"    // a frame that may hold the listing
	Redirect = "redirect" // where a script or a meta tag sends its reader
)

// A Request is something to ask for so that a listing is whole. It is plain data: it can be kept and sent later.
type Request struct {
	Kind   string
	Method string      // GET or POST
	URL    string      // absolute
	Body   string      // of a POST
	Header http.Header // what the site's own script would send: Referer, Content-Type
	From   string      // URL of the page that the listing began at

	Guess  bool // announced by a script that may count wrong: that there is none is no failure
	Spare  bool // worth asking for only when another page of the same Series was not there, or repeated one
	Number int  // which page of the listing it is, from 1; 0 when that is not known
	Hops   int  // frames and redirects that led here

	Series *Series // what is needed to go on from the answer; nil when it tells by itself
}

// A Series is a listing whose pages are asked for by number.
type Series struct {
	Pager string            // name of a pager in the table of families
	Vars  map[string]string // what the page said
	Pages int               // 0 until an answer says it
}

// Key returns the address under which the answer is archived: that of a GET is its URL. A POST has its parameters
// added to the query, after "__wb_method=POST", so that different questions have different addresses. Web archives
// have done so for long (pywb); nobody must ask for such an address.
func (r Request) Key() string {
	if r.Method != http.MethodPost {
		return r.URL
	}
	query := "__wb_method=POST"
	body := strings.TrimSpace(r.Body)
	if strings.HasPrefix(body, "{") {
		if v, _, ok := literal(body, 0); ok {
			o, _ := v.(object)
			body = flat(o)
		}
	}
	if body != "" {
		query += "&" + body
	}
	address, fragment, _ := strings.Cut(r.URL, "#")
	switch {
	case !strings.Contains(address, "?"):
		address += "?" + query
	case strings.HasSuffix(address, "?"):
		address += query
	default:
		address += "&" + query
	}
	if fragment != "" {
		return address + "#" + fragment
	}
	return address
}

// flat writes the members of a JSON object as a query, in order; nested objects give theirs.
func flat(o object) string {
	var parts []string
	for _, m := range o {
		switch v := m.value.(type) {
		case string:
			parts = append(parts, url.QueryEscape(m.key)+"="+url.QueryEscape(v))
		case object:
			parts = append(parts, flat(v))
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "&")
}
