package coverage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
)

// The classes of reasons for gaps. Scripts count them; they do not change.
const (
	NoAddress    = "no address known"
	Undiscovered = "not discovered"
	Uncrawled    = "not crawled"
	Blocked      = "blocked"
	Unreachable  = "unreachable"
	Moved        = "moved"
	Failed       = "failed"
	NoReport     = "no report"
	Unpublished  = "not published"
)

const notLookedFor = Undiscovered + ": not looked for yet"

// unasked reports whether a gap is there because nobody has looked.
func unasked(reason string) bool {
	class := classOf(reason)
	return class == NoAddress || class == Uncrawled || reason == notLookedFor
}

// gaps is what the archive knows of reports that it does not hold.
type gaps struct {
	listings map[string]*listingState // by portal
	reports  map[extract.Key]pageState
}

// A listingState is what became of a portal's listings that were asked for.
type listingState struct {
	read    time.Time         // newest that was had
	trouble map[string]string // by start page: why its newest answer is none
}

// A pageState is what became of a page that a listing names as a report.
type pageState struct {
	state, detail string
	id            uint64
}

// readGaps goes once through the captures.
func readGaps(ctx context.Context, s *store.Store, portals []seeds.Portal, held heldYears, past *store.Snapshot) (*gaps, error) {
	g := &gaps{map[string]*listingState{}, map[extract.Key]pageState{}}
	namer := reportNamer{portals: map[string]*seeds.Portal{}, keys: map[[2]string]extract.AgencyKey{}}
	starts := map[string]bool{}
	for i := range portals {
		namer.portals[portals[i].ID] = &portals[i]
		for _, start := range portals[i].Start {
			bare, _, _ := strings.Cut(start, "#")
			starts[bare] = true
		}
	}
	for c, err := range interruptible(ctx, s.Captures(0)) {
		if err != nil {
			return nil, err
		}
		if c.ID > past.Moment().Capture {
			break
		}
		switch c.Kind {
		case store.KindListing:
			g.listing(c, starts[c.URL])
		case store.KindReport:
			if key, ok := namer.key(c); ok && !held.has(key.Agency, key.Year) {
				g.reports[key] = pageState{c.State, c.Error, c.ID}
			}
		}
	}
	return g, g.readings(past)
}

// A reportNamer tells from a listing's title of a page which report it should be.
type reportNamer struct {
	portals map[string]*seeds.Portal
	keys    map[[2]string]extract.AgencyKey // of names in divisions
}

func (n *reportNamer) key(c store.Capture) (extract.Key, bool) {
	claim, ok := extract.ReportTitle(c.Title)
	p := n.portals[c.Portal]
	if !ok || claim.Year == 0 || p == nil {
		return extract.Key{}, false
	}
	name := [2]string{cmp.Or(claim.Agency, p.Agency), p.Division}
	key, known := n.keys[name]
	if !known {
		key = extract.Identify(name[0], name[1]).Key
		n.keys[name] = key
	}
	return extract.Key{Agency: key, Year: claim.Year}, key != ""
}

// readings notes what became of the pages that were had, and are not the reports that they should be.
func (g *gaps) readings(past *store.Snapshot) error {
	for key, page := range g.reports {
		if page.state != store.StateOK && page.state != store.StateUnchanged {
			continue
		}
		rec, read, err := past.Record(page.id)
		if err != nil {
			return err
		}
		switch {
		case !read:
			page.detail = "its page has not been read yet"
		case rec.Rejected != "":
			page.detail = rec.Rejected
		case rec.Report != nil:
			page.detail = "the page is read as that of " + rec.Report.Key().String()
		}
		g.reports[key] = page
	}
	return nil
}

// listing notes an answer of a listing.
func (g *gaps) listing(c store.Capture, start bool) {
	l := g.listings[c.Portal]
	if l == nil {
		l = &listingState{trouble: map[string]string{}}
		g.listings[c.Portal] = l
	}
	switch c.State {
	case store.StateOK, store.StateUnchanged:
		l.read = c.Time
		delete(l.trouble, c.URL)
	case store.StateBlocked:
		l.note(start, c.URL, Blocked+": "+c.Error)
	case store.StateGone:
		why := c.Error
		if why == "" && c.Status != 0 {
			why = fmt.Sprint("HTTP ", c.Status)
		}
		l.note(start, c.URL, Moved+": "+why)
	case store.StateFailed, store.StateRefused:
		l.note(start, c.URL, Unreachable+": "+c.Error)
	}
}

func (l *listingState) note(start bool, url, why string) {
	if start {
		l.trouble[url] = why
	}
}

// why says why what is expected is not held, and whether it is known to exist: from the page that should be it, else
// from the portal that should name it.
func (g *gaps) why(w seeds.Expectation, keys []extract.AgencyKey, found *seeds.Discoveries) (why string, exists bool) {
	for _, key := range keys {
		if page, named := g.reports[extract.Key{Agency: key, Year: w.Year}]; named && page.state != store.StateRedirect {
			return page.why(), true
		}
	}
	switch p := w.Portal; {
	case p == nil:
		return NoAddress, false
	case len(p.Start) == 0:
		return NoAddress + ": " + p.Evidence, false
	case !p.Listed():
		return undiscovered(p, found), false
	default:
		return g.unlisted(p, found), false
	}
}

// why says why a page that should be a report has given none.
func (p pageState) why() string {
	switch p.state {
	case store.StateOK, store.StateUnchanged:
		return NoReport + ": " + p.detail
	case store.StateBlocked:
		return Blocked + ": " + p.detail
	}
	return strings.TrimSpace(Failed + ": " + cmp.Or(p.detail, p.state))
}

// undiscovered says why the listing of a portal is not known.
func undiscovered(p *seeds.Portal, found *seeds.Discoveries) string {
	d, tried := found.Last(p.ID)
	switch {
	case !tried:
		return notLookedFor
	case d.Outcome == seeds.Blocked:
		return Blocked + ": " + d.Reason
	case d.Outcome == seeds.Unreachable:
		return Unreachable + ": " + d.Reason
	}
	return Undiscovered + ": " + d.Reason
}

// unlisted says why the listing of a portal has not named a report.
func (g *gaps) unlisted(p *seeds.Portal, found *seeds.Discoveries) string {
	l := g.listings[p.ID]
	switch {
	case l == nil:
		return Uncrawled
	case len(l.trouble) >= len(p.Start):
		return l.trouble[slices.Min(slices.Collect(maps.Keys(l.trouble)))]
	case l.read.IsZero():
		return Uncrawled
	}
	d, ok := found.Last(p.ID)
	if ok && len(d.Listings) > 0 && slices.Equal(d.Instead, p.Given) && !slices.ContainsFunc(d.Listings, func(l seeds.Listing) bool { return !l.Units }) {
		return Undiscovered + ": only a listing of the bodies below it is known"
	}
	return Unpublished + ": not in the listing as of " + l.read.Format(time.DateOnly)
}
