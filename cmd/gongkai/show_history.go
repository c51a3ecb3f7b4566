package main

import (
	"fmt"
	"slices"
	"time"

	"gongkai/cmd/gongkai/view"
	"gongkai/store"
	"gongkai/store/history"
)

// heldThen finds what was held of the pages that a key stands for at the time that a text names.
func heldThen(s *store.Store, key string, records []store.Record, text string) (*history.HeldAt, []store.Record, error) {
	at, ok := instant(text)
	if !ok {
		return nil, nil, usagef("-at is a day such as 2023-05-01, or an RFC 3339 time, not %q", text)
	}
	then, held, err := history.AsOf(s, records, at)
	switch {
	case err != nil || len(held) > 0:
		return then, held, err
	case then.First == nil:
		return nil, nil, fmt.Errorf("no revision of %s is held", key)
	}
	return nil, nil, fmt.Errorf("nothing of %s was held at %s; the first is of %s: gongkai show %s -at %[3]s", key, view.Clock(at), view.Clock(then.First.Time.Add(time.Second)), key)
}

// showHistory prints the life of the report that a record claims.
func (e *env) showHistory(s *store.Store, rec store.Record) error {
	r, err := history.OfRecord(s, rec)
	if err != nil {
		return err
	}
	return e.printHistory(r)
}

// showPage prints the life of an address that the archive has no report from.
func (e *env) showPage(s *store.Store, url string) error {
	p, err := history.OfPage(s, url)
	if err != nil {
		return err
	}
	if p.Asked == 0 {
		return fmt.Errorf("%s was never asked for", url)
	}
	return e.printHistory(&history.Report{Pages: []*history.Page{p}})
}

func (e *env) printHistory(r *history.Report) error {
	if e.asJSON {
		if r.Moves == nil {
			r.Moves = []history.Event{}
		}
		for _, p := range r.Pages {
			p.Revisions, p.Events = slices.Concat([]history.Revision{}, p.Revisions), slices.Concat([]history.Event{}, p.Events)
		}
		return e.printJSON(r)
	}
	view.History(e.stdout, r)
	return nil
}
