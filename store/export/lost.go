package export

import (
	"gongkai/store"
)

// writeLost writes a row of kind lost for each of the bytes that a report was read from and that the archive has no more: what
// was read from them stands, and can no longer be read again.
func (p *dataPackage) writeLost(r *store.Record) error {
	tell := func(where, url, sha256 string) error {
		if sha256 == "" {
			return nil
		}
		why, err := p.lost(sha256)
		if err != nil || why == "" {
			return err
		}
		return p.problems.write(newProblem(r, "lost", "", where, url+", "+sha256+": "+why))
	}
	if err := tell("", r.URL, r.SHA256); err != nil {
		return err
	}
	for _, part := range r.Parts {
		if err := tell(part.Name, part.URL, part.SHA256); err != nil {
			return err
		}
	}
	return nil
}
