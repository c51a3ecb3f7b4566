package store

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gongkai/extract"
	"gongkai/extract/form"
)

// Better reports whether a speaks for a key and scope rather than b. Of two versions of one URL it is the newer
// one, whatever it says: that is what the agency publishes. But one that is suspicious does not take the place of one that is
// not. Of two URLs it is the one
//
//   - that is not suspicious: what is left of a report that was cut may claim the key of another;
//   - that names its agency itself, if the other has the name from its portal only: that one may be anybody's;
//   - with more figures, as a mirror or an excerpt loses some, blank ones counted;
//   - with fewer identities that fail, as a copy adds errors;
//   - on the portal of the agency's own division, if that is known of only one;
//   - captured last.
//
// It compares versions of one URL by another rule than URLs: compare the newest of each URL only, as Rivals does.
func Better(a, b Record) bool {
	if a.URL == b.URL {
		return a.Capture > b.Capture && a.Replaces(&b) || a.Capture < b.Capture && !b.Replaces(&a)
	}
	return cmp.Or(
		cmp.Compare(believed(a), believed(b)),
		cmp.Compare(namesItself(a), namesItself(b)),
		cmp.Compare(len(a.Report.Figures), len(b.Report.Figures)),
		cmp.Compare(failedChecks(b.Report), failedChecks(a.Report)),
		cmp.Compare(athome(a), athome(b)),
		cmp.Compare(a.Capture, b.Capture),
	) > 0
}

// namesItself is 0 when only the portal says whose report a record is: a reader of pages asks it last, after title, link,
// prose, metadata and whatever else is the page's own.
func namesItself(r Record) int {
	if slices.ContainsFunc(r.Report.Agency.Evidence, func(e string) bool { return strings.HasPrefix(e, "portal: ") }) {
		return 0
	}
	return 1
}

func believed(r Record) int {
	if r.Suspicious == "" {
		return 1
	}
	return 0
}

func failedChecks(r *extract.Report) (n int) {
	for _, c := range r.Checks {
		if c.Result == form.CheckFailed {
			n++
		}
	}
	return n
}

func athome(r Record) int {
	if r.Home != "" && r.Home == r.Report.Agency.Division {
		return 1
	}
	return 0
}

// A Choice is the record that speaks for an agency, year and scope.
type Choice struct {
	Record
	Revisions int     // versions of its URL held that differ in text, metadata, figures or attachments; 1 = never changed
	Others    []Other // URLs that claim the same key and scope and do not speak for it, in order

	newest Record // of the versions added so far
}

// An Other is a page that claims the key and scope of a Choice, as it was last: what can be compared, without the text.
type Other struct {
	URL     string
	SHA256  string // of the page as served
	Figures []form.Figure
}

// Rivals chooses among the records of one key, which are added in the order of RecordsOf: by URL, then by capture.
// The zero one is ready. It keeps one record a scope and the figures of each URL in hand, however many versions
// there are.
type Rivals struct {
	best, current map[string]*Choice // by scope; current is of the URL being added
	others        map[string][]Other // by scope
}

// Add takes one more record. Rejected ones do not count.
func (v *Rivals) Add(r Record) {
	if r.Rejected != "" {
		return
	}
	if v.current == nil {
		*v = Rivals{map[string]*Choice{}, map[string]*Choice{}, map[string][]Other{}}
	}
	scope := r.Report.Scope
	now := v.current[scope]
	if now == nil || now.URL != r.URL {
		v.settle(scope)
		v.current[scope] = &Choice{Record: r, Revisions: 1, newest: r}
		return
	}
	if last := &now.newest; r.Change != ChangeParts && (last.Text != r.Text || last.Fields != r.Fields || reattached(last, &r)) {
		now.Revisions++
	}
	now.newest = r
	now.newest.Report = nil
	if r.Replaces(&now.Record) {
		now.Record = r
	}
}

// settle compares the newest version of the URL just finished with the best so far.
func (v *Rivals) settle(scope string) {
	now, best := v.current[scope], v.best[scope]
	delete(v.current, scope)
	if now == nil {
		return
	}
	if best == nil || Better(now.Record, best.Record) {
		now, best = best, now
	}
	v.best[scope] = best
	if now != nil {
		v.others[scope] = append(v.others[scope], Other{now.URL, now.SHA256, now.Report.Figures})
	}
}

// Choices returns one record a scope, ordered by scope, and forgets all that was added. A scope of which all records are
// suspicious has none.
func (v *Rivals) Choices() []Choice {
	var choices []Choice
	for _, scope := range slices.Sorted(maps.Keys(v.current)) {
		v.settle(scope)
	}
	for _, scope := range slices.Sorted(maps.Keys(v.best)) {
		c := v.best[scope]
		if c.Suspicious != "" {
			continue // what is left of another report speaks for none
		}
		c.Others = v.others[scope]
		slices.SortFunc(c.Others, func(a, b Other) int { return cmp.Compare(a.URL, b.URL) })
		choices = append(choices, *c)
	}
	*v = Rivals{}
	return choices
}
