package export

import (
	"context"
	"errors"

	"gongkai/store"
)

// Pages returns what tells the captures that the filters of o let through from the others, as captures.csv has them: those
// of the pages that claim a report wanted, and of their parts. It is nil when nothing is filtered.
func Pages(ctx context.Context, s *store.Store, o Options) (func(store.Capture) bool, error) {
	if !o.filtered() {
		return nil, nil
	}
	p := &dataPackage{options: o, pages: map[[16]byte]bool{}}
	past, err := o.past(s)
	if err != nil {
		return nil, err
	}
	for r, err := range past.Outlines() {
		if err := errors.Join(ctx.Err(), err); err != nil {
			return nil, err
		}
		if !o.wants(r.Report) {
			continue
		}
		if err := p.mark(s, &r); err != nil {
			return nil, err
		}
	}
	return func(c store.Capture) bool { return p.pages[pageKey(c.URL)] }, nil
}
