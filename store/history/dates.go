package history

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"gongkai/store"
)

var china = time.FixedZone("China", 8*60*60)

func dayOf(t time.Time) string { return t.In(china).Format(time.DateOnly) }

// dates finds revisions whose date of publication does not fit what was seen.
func dates(s *store.Store, p *Page) error {
	for i := range p.Revisions {
		r := &p.Revisions[i]
		if r.Published == "" {
			continue
		}
		var why, kind string
		var err error
		if i == 0 || p.Revisions[i-1].Key != r.Key {
			kind = BackDating
			why, err = absent(s, p, r)
		} else {
			kind, why = redated(&p.Revisions[i-1], r)
		}
		if err != nil {
			return err
		}
		if why != "" {
			p.Events = append(p.Events, Event{Kind: kind, URL: p.URL, Capture: r.Capture, Time: r.Time, Last: r.Time, Answers: 1, Detail: why})
		}
	}
	return nil
}

// redated compares the dates of two revisions. A date that goes back while there is something new is a back-dating.
func redated(before, r *Revision) (kind, why string) {
	if before.Published == r.Published || before.Published == "" {
		return "", ""
	}
	why = fmt.Sprintf("revision %d is dated %s, revision %d was dated %s", r.Number, r.Published, before.Number, before.Published)
	if r.Published < before.Published && before.Text != r.Text {
		return BackDating, why + ", and its text is another"
	}
	return ReDating, why
}

// grace is how many days after its date a report may appear without being remarkable: portals put pages into listings
// at night, and caches keep the old ones.
const grace = 2

// absent says that the first revision of a report was seen not to be there after the day that it gives; "" when nothing
// shows that. What shows it is that its own address answered that there is nothing, or that the listing which led to it
// did not have it then.
func absent(s *store.Store, p *Page, r *Revision) (string, error) {
	published, err := time.ParseInLocation(time.DateOnly, r.Published, china)
	if err != nil {
		return "", nil // no day: the record has a problem that says so
	}
	after := published.AddDate(0, 0, grace)
	why := func(seen time.Time, what string) string {
		return fmt.Sprintf("dated %s, and on %s %s", r.Published, dayOf(seen), what)
	}
	for _, e := range p.Events {
		if (e.Kind == Absent || e.Kind == Withdrawal) && e.Capture < r.Capture && !e.Last.Before(after) {
			return why(e.Last, "there was nothing at its address: "+e.Detail), nil
		}
	}
	first, ok, err := s.Capture(r.Capture)
	if err != nil || !ok || first.From == "" {
		return "", err
	}
	listing, err := unlisted(s, &first, after)
	if err != nil || listing.IsZero() {
		return "", err
	}
	return why(listing, "the listing "+first.From+" did not have it"), nil
}

// unlisted returns when, after a day, the listing that led to a page was seen without it; the zero time when it was
// not.
func unlisted(s *store.Store, page *store.Capture, after time.Time) (time.Time, error) {
	name := nameIn(page.URL)
	if name == "" {
		return time.Time{}, nil
	}
	has := map[string]bool{} // by digest of the listing
	listed := false          // seen to have it, by this name
	before := page.ID
	for range mostListings {
		c, ok, err := s.LastBefore(page.From, before, store.StateOK, store.StateUnchanged)
		if err != nil || !ok || c.Time.Before(after) {
			return time.Time{}, err
		}
		before = c.ID
		known, seen := has[c.SHA256]
		if !seen {
			body, err := s.Body(c.SHA256)
			if store.IsLost(err) {
				continue // verify tells
			}
			if err != nil {
				return time.Time{}, err
			}
			known = bytes.Contains(body, []byte(name))
			has[c.SHA256] = known
		}
		switch {
		case !known && listed:
			return c.Time, nil
		case !known:
			return time.Time{}, nil // the listing that led to it names it in another way
		}
		listed = true
	}
	return time.Time{}, nil
}

// mostListings is how many visits to a listing are looked at.
const mostListings = 1000

// nameIn is what a listing must contain to link to an address, however it writes that: the last piece of the path, and
// the query. "" when that is too little to tell.
func nameIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	name := path.Base(u.EscapedPath())
	if u.RawQuery != "" {
		name = u.RawQuery
	}
	if len(name) < 6 || strings.HasPrefix(name, "index") || strings.Contains(name, "&") || strings.Contains(name, "%") {
		return ""
	}
	return name
}

// target is where a redirect leads, as an absolute address without a fragment; "" when nowhere.
func target(c *store.Capture) string {
	base, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	u, err := base.Parse(http.Header(c.Header).Get("Location"))
	if err != nil {
		return ""
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String()
}
