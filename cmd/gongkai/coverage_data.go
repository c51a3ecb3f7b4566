package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"gongkai/crawler"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/export"
)

// An expectation is a report that the archive should hold, or a year for which there is a reason why it need not.
type expectation struct {
	agency   extract.AgencyKey
	name     string
	division string
	level    string
	year     int
	reason   string // why none is expected: "abolished in 2018"; "" when one is
	why      string // why one that is expected is not held, as far as it is known: a class, and after a colon what is known more
	failed   bool   // one is known to exist
}

// The classes of reasons for gaps. Scripts count them; they do not change.
const (
	gapNoAddress    = "no address known"
	gapUndiscovered = "not discovered"
	gapUncrawled    = "not crawled"
	gapBlocked      = "blocked"
	gapUnreachable  = "unreachable"
	gapMoved        = "moved"
	gapFailed       = "failed"
	gapNoReport     = "no report"
	gapUnpublished  = "not published"
)

// unreadWord says why a report has no figures.
func unreadWord(form string) string {
	switch form {
	case extract.FormImage:
		return "image only"
	case extract.FormAttachment:
		return "attachment unread"
	}
	return "no tables"
}

// expectations joins what the catalogue expects with what the archive knows of gaps, at a moment; nil is now. Those
// whose report is held, under the agency's own name or that of its office, are among them, without a reason. They are in the
// order of agency, as bytes, and year, each once.
func (c *config) expectations(ctx context.Context, s *store.Store, portals []seeds.Portal, span crawler.Years, past *store.Past, now time.Time) (all []expectation, err error) {
	first, last := seeds.FirstYear, lastDue(now)
	if span != (crawler.Years{}) {
		first, last = span.First, min(span.Last, last)
	}
	if past == nil {
		if past, err = s.Past(store.Moment{}); err != nil {
			return nil, err
		}
	}
	held, err := holdingsOf(interruptible(ctx, past.Outlines()))
	if err != nil {
		return nil, err
	}
	has, names := map[extract.AgencyKey]map[int]string{}, map[extract.AgencyKey]string{}
	for _, h := range held {
		has[h.Key], names[h.Key] = h.Years, h.Name
	}
	until, err := nextAfter(s, past.Moment())
	if err != nil {
		return nil, err
	}
	found, err := seeds.ReadDiscoveriesUntil(c.Archive.Path, until)
	if err != nil {
		return nil, err
	}
	gaps, err := readGaps(ctx, s, portals, has, past)
	if err != nil {
		return nil, err
	}
	for _, w := range seeds.Expected(portals, first, last, c.Seeds.Builtin) {
		x := expectation{agency: w.Agency, name: w.Name, division: w.Division, level: w.Level, year: w.Year, reason: w.Not}
		keys := append([]extract.AgencyKey{w.Agency}, w.Or...)
		by := slices.IndexFunc(keys, func(k extract.AgencyKey) bool { _, ok := has[k][w.Year]; return ok })
		switch {
		case by > 0:
			continue // its office has reported, and has a line of its own
		case by < 0 && x.reason == "":
			x.why, x.failed = gaps.why(w, keys, found)
		}
		if len(has[w.Agency]) == 0 { // nothing at all under this name
			if i := slices.IndexFunc(keys, func(k extract.AgencyKey) bool { return len(has[k]) > 0 }); i > 0 {
				x.agency, x.name = keys[i], names[keys[i]]
			}
		}
		all = append(all, x)
	}
	slices.SortStableFunc(all, func(a, b expectation) int { return cmp.Or(cmp.Compare(a.agency, b.agency), a.year-b.year) })
	return slices.CompactFunc(all, func(a, b expectation) bool { return a.agency == b.agency && a.year == b.year }), nil
}

// nextAfter returns the time of the first capture after a moment: what was found without one, such as where listings are, was
// found before that. The zero time when there is none.
func nextAfter(s *store.Store, m store.Moment) (time.Time, error) {
	for c, err := range s.Captures(m.Capture) {
		return c.Time, err
	}
	return time.Time{}, nil
}

// interruptible passes on a sequence until ctx ends, and then its error.
func interruptible[T any](ctx context.Context, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if ctx.Err() != nil {
				yield(v, ctx.Err())
				return
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// gaps is what the archive knows of reports that it does not hold.
type gaps struct {
	listings map[string]*listingState // by portal
	reports  map[extract.Key]pageState
}

// A listingState is what became of a portal's listings.
type listingState struct {
	asked   bool
	read    time.Time         // newest that was had
	trouble map[string]string // by start page: why its newest answer is none
}

// A pageState is what became of a page that a listing names as a report.
type pageState struct {
	state, detail string
	id            uint64
}

// readGaps goes once through the captures.
func readGaps(ctx context.Context, s *store.Store, portals []seeds.Portal, has map[extract.AgencyKey]map[int]string, past *store.Past) (*gaps, error) {
	g := &gaps{map[string]*listingState{}, map[extract.Key]pageState{}}
	byID := map[string]*seeds.Portal{}
	starts := map[string]bool{}
	for i := range portals {
		byID[portals[i].ID] = &portals[i]
		for _, start := range portals[i].Start {
			bare, _, _ := strings.Cut(start, "#")
			starts[bare] = true
		}
	}
	keys := map[[2]string]extract.AgencyKey{} // by name and division
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
			claim, ok := extract.ReportTitle(c.Title)
			p := byID[c.Portal]
			if !ok || claim.Year == 0 || p == nil {
				continue
			}
			name := [2]string{cmp.Or(claim.Agency, p.Agency), p.Division}
			key, known := keys[name]
			if !known {
				key = extract.Identify(name[0], name[1]).Key
				keys[name] = key
			}
			if _, held := has[key][claim.Year]; !held && key != "" {
				g.reports[extract.Key{Agency: key, Year: claim.Year}] = pageState{c.State, c.Error, c.ID}
			}
		}
	}
	for key, page := range g.reports {
		if page.state != store.StateOK && page.state != store.StateUnchanged {
			continue
		}
		rec, read, err := past.Record(page.id)
		if err != nil {
			return nil, err
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
	return g, nil
}

// listing notes an answer of a listing.
func (g *gaps) listing(c store.Capture, start bool) {
	l := g.listings[c.Portal]
	if l == nil {
		l = &listingState{trouble: map[string]string{}}
		g.listings[c.Portal] = l
	}
	l.asked = true
	switch c.State {
	case store.StateOK, store.StateUnchanged:
		l.read = c.Time
		delete(l.trouble, c.URL)
	case store.StateBlocked:
		l.note(start, c.URL, gapBlocked+": "+c.Error)
	case store.StateGone:
		l.note(start, c.URL, gapMoved+": "+cmp.Or(c.Error, statusWord(c.Status)))
	case store.StateFailed, store.StateRefused:
		l.note(start, c.URL, gapUnreachable+": "+c.Error)
	}
}

func (l *listingState) note(start bool, url, why string) {
	if start {
		l.trouble[url] = why
	}
}

// why says why what is expected is not held, and whether it is known to exist.
func (g *gaps) why(w seeds.Expectation, keys []extract.AgencyKey, found *seeds.Discoveries) (why string, failed bool) {
	for _, key := range keys {
		page, named := g.reports[extract.Key{Agency: key, Year: w.Year}]
		switch {
		case !named:
		case page.state == store.StateOK, page.state == store.StateUnchanged:
			return gapNoReport + ": " + page.detail, true
		case page.state == store.StateBlocked:
			return gapBlocked + ": " + page.detail, true
		case page.state != store.StateRedirect:
			return strings.TrimSpace(gapFailed + ": " + cmp.Or(page.detail, page.state)), true
		}
	}
	p := w.Portal
	switch {
	case p == nil:
		return gapNoAddress, false
	case len(p.Start) == 0:
		return gapNoAddress + ": " + p.Evidence, false
	}
	l := g.listings[p.ID]
	if !p.Listed() {
		d, tried := found.Last(p.ID)
		switch {
		case !tried:
			return gapUndiscovered + ": not looked for yet", false
		case d.Outcome == seeds.Blocked:
			return gapBlocked + ": " + d.Reason, false
		case d.Outcome == seeds.Unreachable:
			return gapUnreachable + ": " + d.Reason, false
		}
		return gapUndiscovered + ": " + d.Reason, false
	}
	switch {
	case l == nil || !l.asked:
		return gapUncrawled, false
	case len(l.trouble) >= len(p.Start):
		return l.trouble[slices.Min(slices.Collect(maps.Keys(l.trouble)))], false
	case l.read.IsZero():
		return gapUncrawled, false
	}
	if d, ok := found.Last(p.ID); ok && len(d.Listings) > 0 && slices.Equal(d.Instead, p.Given) && !slices.ContainsFunc(d.Listings, func(l seeds.Listing) bool { return !l.Units }) {
		return gapUndiscovered + ": only a listing of the bodies below it is known", false
	}
	return gapUnpublished + ": not in the listing as of " + l.read.Format(time.DateOnly), false
}

// wanted yields expectations as the export has them.
func wanted(all []expectation) iter.Seq2[export.Expected, error] {
	return func(yield func(export.Expected, error) bool) {
		for _, x := range all {
			e := export.Expected{Agency: x.agency, Name: x.name, Division: x.division, Level: x.level, Year: x.year, State: export.CoverageMissing, Reason: x.why}
			switch {
			case x.reason != "":
				e.State, e.Reason = export.CoverageNotExpected, x.reason
			case x.failed:
				e.State = export.CoverageFailed
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// A coverCount is a line of coverage in numbers.
type coverCount struct {
	What     string         `json:"what"`
	Expected int            `json:"expected"`
	Held     int            `json:"held"`
	Unread   int            `json:"unread"`  // of these, without figures
	Share    float64        `json:"share"`   // held of expected
	Reasons  map[string]int `json:"reasons"` // of the gaps, by class
	years    map[int][2]int // expected and held
	code     string         // least of the divisions counted
}

// count adds up the cells of a map by what is asked for.
func (m *coverMap) count(by string) []coverCount {
	at := map[string]*coverCount{}
	for _, c := range m.rows() {
		if c.State == coverNone {
			continue
		}
		class, _, _ := strings.Cut(c.Reason, ":")
		what := ""
		switch by {
		case "province":
			what, _, _ = extract.DivisionPath(c.Division)
			if c.Division == "000000" || c.Division == "" {
				what = "中央"
			}
		case "level":
			what = c.Level
		case "year":
			what = fmt.Sprint(c.Year)
		case "reason":
			if what = class; c.State == coverHeld {
				what = coverHeld
			}
		}
		n := at[what]
		if n == nil {
			n = &coverCount{What: what, code: c.Division, Reasons: map[string]int{}, years: map[int][2]int{}}
			at[what] = n
		}
		n.Expected++
		n.code = min(n.code, c.Division)
		y := n.years[c.Year]
		y[0]++
		if c.State == coverHeld {
			n.Held++
			y[1]++
			if c.Quality == extract.QualityUnread {
				n.Unread++
			}
		} else {
			n.Reasons[cmp.Or(class, "unknown")]++
		}
		n.years[c.Year] = y
	}
	var all []coverCount
	for _, n := range at {
		n.Share = float64(n.Held) / float64(n.Expected)
		all = append(all, *n)
	}
	slices.SortFunc(all, func(a, b coverCount) int {
		if by == "level" {
			return slices.Index(seeds.Levels, a.What) - slices.Index(seeds.Levels, b.What)
		}
		if by == "reason" {
			return cmp.Or(b.Expected-a.Expected, cmp.Compare(a.What, b.What))
		}
		if by == "province" {
			return cmp.Compare(a.code, b.code)
		}
		return cmp.Compare(a.What, b.What)
	})
	return all
}

// coverNumbers prints coverage in numbers.
func (e *env) coverNumbers(m coverMap, by string) error {
	counts := m.count(by)
	if e.asJSON {
		if counts == nil {
			counts = []coverCount{}
		}
		return e.printJSON(counts)
	}
	m.numbers(e.stdout, by, counts, 8)
	_, err := fmt.Fprintln(e.stdout, m.sum())
	return err
}

// numbers prints counts, with the share that is held of the reports for each of so many years.
func (m *coverMap) numbers(w io.Writer, by string, counts []coverCount, lastYears int) {
	head := []any{by, "expected", "held", "held %", "unread"}
	years := m.years[max(0, len(m.years)-lastYears):]
	if by == "year" || by == "reason" {
		years = nil
	}
	for _, y := range years {
		head = append(head, fmt.Sprintf("%02d %%", y%100))
	}
	if by == "reason" {
		head = []any{by, "reports"}
	} else {
		head = append(head, "gaps")
	}
	t := newTableOn(w, head...)
	for _, n := range counts {
		if by == "reason" {
			t.AppendRow(table.Row{n.What, n.Expected})
			continue
		}
		row := []any{n.What, n.Expected, n.Held, percent(n.Held, n.Expected), n.Unread}
		for _, y := range years {
			row = append(row, percent(n.years[y][1], n.years[y][0]))
		}
		t.AppendRow(append(row, strings.Join(countList(n.Reasons), ", ")))
	}
	renderWithin(t, w, len(head), terminalWidth(w))
}

// percent is a share in whole percent, which is 100 only when nothing is missing.
func percent(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprint(part * 100 / whole)
}
