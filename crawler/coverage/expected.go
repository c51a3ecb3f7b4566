package coverage

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
)

// An Expectation is a report that an archive should hold, or a year for which there is a reason why it need not.
type Expectation struct {
	Agency   extract.AgencyKey
	Name     string
	Division string
	Level    string
	Year     int
	Not      string // why none is expected: "abolished in 2018"; "" when one is
	Why      string // why one that is expected is not held, as far as it is known: a class, and after a colon what is known more
	Exists   bool   // one that is not held is known to exist
}

// A Query says what is expected of an archive.
type Query struct {
	Portals []seeds.Portal
	Found   *seeds.Discoveries // of listings
	Builtin bool               // the portals hold the catalogue of the program: what it lacks is expected too, see seeds.Expected
	Span    Span               // the open one is from the first year with reports to the last one due
	Past    *store.Snapshot    // the archive at a moment; nil: now
	Now     time.Time
}

// Expectations joins what the catalogue expects with what an archive knows of gaps. Those whose report is held, under
// the agency's own name or that of its office, are among them, without a reason. They are in the order of agency, as
// bytes, and year, each once. When ctx ends, so does it, with the error of ctx.
func Expectations(ctx context.Context, s *store.Store, q Query) ([]Expectation, error) {
	past, err := q.Past, error(nil)
	if past == nil {
		if past, err = s.Snapshot(store.Moment{}); err != nil {
			return nil, err
		}
	}
	holdings, err := holdingsOf(interruptible(ctx, past.Outlines()))
	if err != nil {
		return nil, err
	}
	held := heldYears{}
	for _, h := range holdings {
		held[h.Key] = h
	}
	gaps, err := readGaps(ctx, s, q.Portals, held, past)
	if err != nil {
		return nil, err
	}
	first, last := seeds.FirstYear, lastDue(q.Now)
	if q.Span != (Span{}) {
		first, last = q.Span.First, min(q.Span.Last, last)
	}
	var all []Expectation
	for _, w := range seeds.Expected(q.Portals, first, last, q.Builtin) {
		if x, own := expectationOf(w, held, gaps, q.Found); own {
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(a, b Expectation) int { return cmp.Or(cmp.Compare(a.Agency, b.Agency), a.Year-b.Year) })
	return slices.CompactFunc(all, func(a, b Expectation) bool { return a.Agency == b.Agency && a.Year == b.Year }), nil
}

// expectationOf says what became of a report that the catalogue expects; false when the agency's office has reported,
// which has a line of its own. An agency of which nothing at all is held stands under the name of its office, when that
// has reported on other years.
func expectationOf(w seeds.Expectation, held heldYears, gaps *gaps, found *seeds.Discoveries) (x Expectation, own bool) {
	x = Expectation{Agency: w.Agency, Name: w.Name, Division: w.Division, Level: w.Level, Year: w.Year, Not: w.Not}
	keys := append([]extract.AgencyKey{w.Agency}, w.Or...)
	by := slices.IndexFunc(keys, func(k extract.AgencyKey) bool { return held.has(k, w.Year) })
	switch {
	case by > 0:
		return x, false
	case by < 0 && x.Not == "":
		x.Why, x.Exists = gaps.why(w, keys, found)
	}
	if len(held[w.Agency].Years) == 0 {
		if i := slices.IndexFunc(keys, func(k extract.AgencyKey) bool { return len(held[k].Years) > 0 }); i > 0 {
			x.Agency, x.Name = keys[i], held[keys[i]].Name
		}
	}
	return x, true
}

// heldYears is what is held, by agency.
type heldYears map[extract.AgencyKey]Holding

func (h heldYears) has(key extract.AgencyKey, year int) bool {
	_, ok := h[key].Years[year]
	return ok
}

// lastDue is the last year whose reports are due: they must be published by the end of January (by the end of March
// before 2019).
func lastDue(now time.Time) int {
	if now.Month() == time.January {
		return now.Year() - 2
	}
	return now.Year() - 1
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
