package store

import (
	"net/http"
	"slices"
	"time"

	"gongkai/extract"
)

// A Capture is one answer from one URL at one moment, exactly as served, or why there was none. Captures are
// only ever added. The body is kept apart, by digest: an unchanged page costs one small row.
type Capture struct {
	ID     uint64    `json:"id"`               // ascending in the order of archiving; 0 until archived
	URL    string    `json:"url"`              // as asked for, absolute, without a fragment
	Time   time.Time `json:"time"`             // when the request was sent, UTC
	Took   int64     `json:"took_ms"`          // until the end of the answer, milliseconds
	Kind   string    `json:"kind"`             // what was expected there: one of the Kind constants
	Portal string    `json:"portal,omitempty"` // id in the catalogue
	From   string    `json:"from,omitempty"`   // URL of the page that led here
	Title  string    `json:"title,omitempty"`  // the link's text on that page
	Date   string    `json:"date,omitempty"`   // the date beside the link, as printed

	State  string      `json:"state"`            // one of the State constants
	Status int         `json:"status,omitempty"` // of HTTP; 0 when there was no answer
	Header http.Header `json:"header,omitempty"` // of the answer, as served; what is longer than any real one is cut, and says so
	Remote string      `json:"remote,omitempty"` // address and port that answered
	TLS    string      `json:"tls,omitempty"`    // its version, and why the certificate is not to be trusted if that was let pass: "TLS 1.0, not verified: x509: …"
	Error  string      `json:"error,omitempty"`  // why there is no usable answer

	SHA256 string `json:"sha256,omitempty"` // of the body as served: after transfer and content coding, before any charset decoding
	Size   int64  `json:"size,omitempty"`   // of that body, bytes

	// Truncated says why the body may be only a part of what the server has: it broke off, more than once at the same
	// place. It is "" for all others.
	Truncated string `json:"truncated,omitempty"`

	// Mended says what in the head of the answer breaks the rules of HTTP so that it had to be mended before anything could
	// be read: "header line without a colon \"X\"". Header has what the server said all the same. It is "" for all others.
	Mended string `json:"mended,omitempty"`

	Robots Robots `json:"robots"` // what permitted the request

}

// What was expected behind a URL.
const (
	KindListing    = "listing"    // a page that links to reports
	KindReport     = "report"     // a page, or a document, that a listing calls a report
	KindPart       = "part"       // a further page or a frame of a report; From is the report's page
	KindAttachment = "attachment" // a document linked from a report; From is the report's page
	KindRobots     = "robots"     // a robots.txt
	KindOther      = "other"      // something else that an imported collection holds
)

// What came of a request. The words are stored and exported: they do not change.
const (
	StateOK        = "ok"        // a body, new or changed
	StateUnchanged = "unchanged" // 304, or the same bytes as last time; SHA256 is that of the body held
	StateRedirect  = "redirect"  // 3xx; the Location header says where to
	StateGone      = "gone"      // 404 or 410
	StateFailed    = "failed"    // no answer, a broken one, or any other status
	StateRefused   = "refused"   // larger than the limit, or of a kind that is not kept; never cut
	StateBlocked   = "blocked"   // robots.txt forbids it, or a challenge page answered instead
)

// Robots is the decision of robots.txt on one request (RFC 9309).
type Robots struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason,omitempty"` // the rule that matched, or why there was none: "no rule", "404", "unreachable"
	SHA256  string `json:"sha256,omitempty"` // of the robots.txt it was read from, when there was one
}

// A Record is one page's claim to be an agency's report for a year, with the evidence for it. Records can be
// rebuilt from captures at any time; a page that was asked for as a report and is none has a Record too, with
// Rejected set, so that nothing is lost without a trace.
type Record struct {
	Capture  uint64    `json:"capture"`         // of the page it was read from, and its identity
	Parts    []Part    `json:"parts,omitempty"` // what else belongs to it, in page order
	URL      string    `json:"url"`
	Time     time.Time `json:"time"` // of the capture
	Portal   string    `json:"portal,omitempty"`
	Home     string    `json:"home,omitempty"`     // division of the portal, when who reads the page knows it: see Better
	SHA256   string    `json:"sha256"`             // of the body it was read from
	Version  int       `json:"version"`            // extract.Version that read it
	Read     time.Time `json:"read,omitzero"`      // when it was read, UTC; records of early programs do not say
	Rejected string    `json:"rejected,omitempty"` // why the page is not a report
	Change   string    `json:"change"`             // one of the Change constants; empty when Rejected: such a page is no version of a report
	// Suspicious says what it has lost against the version before it, which stands until that is confirmed: see Replaces.
	Suspicious string `json:"suspicious,omitempty"`
	Text       string `json:"text_sha256,omitempty"`
	Fields     string `json:"fields_sha256,omitempty"` // of metadata, figures and identity
	// Attachments digests the sorted digests of the attachments that are held, one a line; "" when none is.
	Attachments string          `json:"attachments_sha256,omitempty"`
	Report      *extract.Report `json:"report,omitempty"`
}

// A Part is something that belongs to a report besides its page: a further page, a frame, an attachment. It tells
// what was had of it, or why nothing was.
type Part struct {
	Name    string `json:"name"`              // in the locators of what was read from it: "page 2", "frame 1", "attachment 1"
	Kind    string `json:"kind"`              // extract.PartPage, PartFrame or PartAttachment
	URL     string `json:"url"`               // as the page names it
	Title   string `json:"title,omitempty"`   // of an attachment: the link's text
	Capture uint64 `json:"capture,omitempty"` // that tells its body; 0 when there is none
	SHA256  string `json:"sha256,omitempty"`  // of that body
	Read    bool   `json:"read,omitempty"`    // it was read with the page; an attachment is only kept when the page is whole
	Unread  string `json:"unread,omitempty"`  // why it could not be read though it was needed
	Missing string `json:"missing,omitempty"` // why it could not be had
	Pending bool   `json:"pending,omitempty"` // it could not be had for now: worth asking for at the next visit
}

// Pending reports whether something of the report could not be had for now.
func (r *Record) Pending() bool {
	return slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Pending })
}

// Moment returns the id of the newest capture that a record was read from: before it, there was no such record.
func (r *Record) Moment() uint64 {
	id := r.Capture
	for _, p := range r.Parts {
		id = max(id, p.Capture)
	}
	return id
}

// Same reports whether two records were read from the same bytes.
func (r *Record) Same(o *Record) bool { return r.SHA256 == o.SHA256 && sameParts(r.Parts, o.Parts) }

// How a record differs from the one before it of the same URL.
const (
	ChangeFirst    = "first"    // there is none before it
	ChangeNone     = "none"     // the bytes are the same
	ChangeParts    = "parts"    // the bytes that both have are the same, but other parts could be had
	ChangeCosmetic = "cosmetic" // the bytes differ, what is read from them does not
	ChangeText     = "text"     // the text differs, figures, metadata and attachments do not
	ChangeFigures  = "figures"  // figures, metadata, identity or attachments differ
)
