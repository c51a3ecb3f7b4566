package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gongkai/cmd/gongkai/view"
	"gongkai/store"
	"gongkai/store/history"
)

// showDiff prints what two revisions of the report that a record claims differ in.
func (e *env) showDiff(s *store.Store, rec store.Record, between []string) error {
	life, err := history.OfRecord(s, rec)
	if err != nil {
		return err
	}
	a, b, err := twoRevisions(life, rec.URL, between)
	if err != nil {
		return err
	}
	d, err := history.CompareRevisions(s, a, b)
	if err != nil {
		return err
	}
	if e.asJSON {
		return e.printJSON(d)
	}
	view.Diff(e.stdout, d, life)
	return nil
}

// twoRevisions finds the revisions that are asked for. Numbers count at the address shown; captures and times may be of
// any address that the report has had.
func twoRevisions(life *history.Report, url string, between []string) (a, b history.PageRevision, err error) {
	var here, all []history.PageRevision
	for _, p := range life.Pages {
		for _, v := range p.Revisions {
			if v.Key != life.Key || v.Scope != life.Scope {
				continue
			}
			all = append(all, history.PageRevision{URL: p.URL, Revision: v})
			if p.URL == url {
				here = append(here, history.PageRevision{URL: p.URL, Revision: v})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b history.PageRevision) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Capture, b.Capture))
	})
	last := here
	if len(here) < 2 {
		last = all // it has moved
	}
	switch {
	case len(between) < 2 && len(last) < 2:
		return a, b, fmt.Errorf("%s has one revision only: there is nothing to compare it with", life.Key)
	case len(between) == 0:
		return last[len(last)-2], last[len(last)-1], nil
	}
	if a, err = findRevision(here, all, between[0]); err != nil {
		return a, b, err
	}
	if len(between) == 1 {
		return a, last[len(last)-1], nil
	}
	b, err = findRevision(here, all, between[1])
	return a, b, err
}

// findRevision finds a revision by its number, by a capture as in c1234, or by a day or time at which it was there.
func findRevision(here, all []history.PageRevision, name string) (history.PageRevision, error) {
	if id, isCapture := strings.CutPrefix(name, "c"); isCapture {
		n, err := strconv.ParseUint(id, 10, 64)
		i := slices.IndexFunc(all, func(v history.PageRevision) bool { return v.Capture == n })
		if err != nil || i < 0 {
			return history.PageRevision{}, usagef("-diff: no revision came with capture %s; -history lists them", id)
		}
		return all[i], nil
	}
	if n, err := strconv.Atoi(name); err == nil {
		i := slices.IndexFunc(here, func(v history.PageRevision) bool { return v.Number == n })
		if i < 0 {
			return history.PageRevision{}, usagef("-diff: there is no revision %d; -history lists them", n)
		}
		return here[i], nil
	}
	at, ok := instant(name)
	if !ok {
		return history.PageRevision{}, usagef("-diff takes numbers of revisions, captures as in c1234, days such as 2023-05-01 or RFC 3339 times, not %q", name)
	}
	was := func(list []history.PageRevision) int {
		return slices.IndexFunc(list, func(v history.PageRevision) bool { return v.Time.After(at) })
	}
	for _, list := range [][]history.PageRevision{here, all} {
		switch i := was(list); {
		case i > 0:
			return list[i-1], nil
		case i < 0 && len(list) > 0:
			return list[len(list)-1], nil
		}
	}
	return history.PageRevision{}, fmt.Errorf("nothing was held at %s; the first revision is of %s", view.Clock(at), view.Clock(all[0].Time))
}
