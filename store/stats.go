package store

import (
	"maps"
	"os"
	"path/filepath"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Stats is what an archive holds.
type Stats struct {
	LastID   uint64        `json:"last_id"`
	FileSize int64         `json:"file_size"` // of the database
	Portals  []PortalStats `json:"portals"`   // by portal id
}

// PortalStats is what an archive holds of one portal. A body or record that two portals share counts for the one
// whose capture brought it.
type PortalStats struct {
	Portal   string                    `json:"portal"`
	Captures map[string]map[string]int `json:"captures"` // kind -> state -> how many
	Bodies   int                       `json:"bodies"`
	Raw      int64                     `json:"raw"`      // bytes of these bodies
	Stored   int64                     `json:"stored"`   // bytes they take in the archive
	Records  int                       `json:"records"`  // rejected ones not counted
	Rejected int                       `json:"rejected"` // pages that turned out to be no reports
}

// Stats counts what the archive holds. It reads every capture: a second for some 200,000.
func (s *Store) Stats() (Stats, error) {
	portals := map[string]*PortalStats{}
	for c, err := range s.Captures(0) {
		if err != nil {
			return Stats{}, err
		}
		if portals[c.Portal] == nil {
			portals[c.Portal] = &PortalStats{Portal: c.Portal, Captures: map[string]map[string]int{}}
		}
		if err := s.count(portals[c.Portal], c); err != nil {
			return Stats{}, err
		}
	}
	info, err := os.Stat(filepath.Join(s.dir, fileName))
	if err != nil {
		return Stats{}, err
	}
	stats := Stats{FileSize: info.Size()}
	for _, portal := range slices.Sorted(maps.Keys(portals)) {
		stats.Portals = append(stats.Portals, *portals[portal])
	}
	stats.LastID, err = s.LastID()
	return stats, err
}

// count adds one capture and what came with it.
func (s *Store) count(p *PortalStats, c Capture) error {
	if p.Captures[c.Kind] == nil {
		p.Captures[c.Kind] = map[string]int{}
	}
	p.Captures[c.Kind][c.State]++
	return s.view(func(tx *bolt.Tx) error {
		plain, stored, err := pieces(tx, idKey(c.ID))
		if stored > 0 {
			p.Bodies++
		}
		p.Raw += plain
		p.Stored += stored
		switch {
		case tx.Bucket(recordBucket).Get(idKey(c.ID)) == nil:
		case isVersion(tx, c.URL, c.ID):
			p.Records++
		default:
			p.Rejected++
		}
		return err
	})
}
