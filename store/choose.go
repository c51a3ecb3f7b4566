package store

import (
	"cmp"
	"maps"
	"slices"

	"gongkai/extract"
)

// Better reports whether a speaks for a key and scope rather than b. Of two versions of one URL it is the newer
// one, whatever it says: that is what the agency publishes. Of two URLs it is the one
//
//   - with more figures, as a mirror or an excerpt loses some, blank ones counted;
//   - with fewer identities that fail, as a copy adds errors;
//   - on the portal of the agency's own division, if that is known of only one;
//   - captured last.
//
// It compares versions of one URL by another rule than URLs: compare the newest of each URL only, as Rivals does.
func Better(a, b Record) bool {
	if a.URL == b.URL {
		return a.Capture > b.Capture
	}
	return cmp.Or(
		cmp.Compare(len(a.Report.Figures), len(b.Report.Figures)),
		cmp.Compare(failedChecks(b.Report), failedChecks(a.Report)),
		cmp.Compare(athome(a), athome(b)),
		cmp.Compare(a.Capture, b.Capture),
	) > 0
}

func failedChecks(r *extract.Report) (n int) {
	for _, c := range r.Checks {
		if c.Result == extract.CheckFailed {
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
	Revisions int // versions of its URL held that differ in text, metadata, figures or attachments; 1 = never changed
	Pages     int // URLs that claim the same key and scope, this one included
}

// Rivals chooses among the records of one key, which are added in the order of RecordsOf: by URL, then by capture.
// The zero one is ready. It keeps one record a scope and URL in hand, however many versions there are.
type Rivals struct {
	best, current map[string]*Choice // by scope; current is of the URL being added
}

// Add takes one more record. Rejected ones do not count.
func (v *Rivals) Add(r Record) {
	if r.Rejected != "" {
		return
	}
	if v.current == nil {
		v.best, v.current = map[string]*Choice{}, map[string]*Choice{}
	}
	scope := r.Report.Scope
	now := v.current[scope]
	if now == nil || now.URL != r.URL {
		v.settle(scope)
		v.current[scope] = &Choice{Record: r, Revisions: 1}
		return
	}
	if r.Change != ChangeParts && (now.Text != r.Text || now.Fields != r.Fields || reattached(&now.Record, &r)) {
		now.Revisions++
	}
	now.Record = r
}

// settle compares the newest version of the URL just finished with the best so far.
func (v *Rivals) settle(scope string) {
	now, best := v.current[scope], v.best[scope]
	delete(v.current, scope)
	switch {
	case now == nil:
	case best == nil:
		now.Pages = 1
		v.best[scope] = now
	case Better(now.Record, best.Record):
		now.Pages = best.Pages + 1
		v.best[scope] = now
	default:
		best.Pages++
	}
}

// Choices returns one record a scope, ordered by scope, and forgets all that was added.
func (v *Rivals) Choices() []Choice {
	var choices []Choice
	for _, scope := range slices.Sorted(maps.Keys(v.current)) {
		v.settle(scope)
	}
	for _, scope := range slices.Sorted(maps.Keys(v.best)) {
		choices = append(choices, *v.best[scope])
	}
	*v = Rivals{}
	return choices
}
