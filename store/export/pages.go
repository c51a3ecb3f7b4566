package export

import (
	"gongkai/store"
)

// Pages returns what tells the captures that the filters of o let through from the others, as captures.csv has them: those
// of the pages that claim a report wanted, and of their parts. It is nil when nothing is filtered.
func Pages(s *store.Store, o Options) (func(store.Capture) bool, error) {
	if !o.filtered() {
		return nil, nil
	}
	p := &dataPackage{options: o, pages: map[[16]byte]bool{}}
	for r, err := range s.Records() {
		if err != nil {
			return nil, err
		}
		if o.AsOf != 0 && r.Moment() > o.AsOf || !o.wants(r.Report) {
			continue
		}
		if err := p.mark(s, &r); err != nil {
			return nil, err
		}
	}
	return func(c store.Capture) bool { return p.pages[pageKey(c.URL)] }, nil
}
