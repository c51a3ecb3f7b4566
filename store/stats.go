package store

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gongkai/extract/markup"
	"gongkai/store/internal/item"
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

	// Of the newest version of each report, how many there are of each quality, read from each form; and how many
	// of their parts could not be had or not be read, by reason.
	Quality map[string]int `json:"quality,omitempty"`
	Form    map[string]int `json:"form,omitempty"`
	Missing map[string]int `json:"missing,omitempty"`
	Unread  map[string]int `json:"unread,omitempty"`

	TooLarge int `json:"too_large,omitempty"` // pages that are archived and too large to be read
}

// Stats counts what the archive holds. It reads every capture, and the outline of every record.
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
	if err := s.countReports(portals); err != nil {
		return Stats{}, err
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
	return s.view(func(t *txn) error {
		if err := t.countBody(p, &c); err != nil {
			return err
		}
		switch _, read := t.place(recordBucket, c.ID); {
		case !read:
		case t.isVersion(c.URL, c.ID):
			p.Records++
		default:
			p.Rejected++
		}
		return nil
	})
}

// countBody counts the body that a capture brought.
func (t *txn) countBody(p *PortalStats, c *Capture) error {
	if c.SHA256 == "" {
		return nil
	}
	sum, err := item.ParseDigest(c.SHA256)
	if err != nil {
		return fmt.Errorf("%w: capture %d: %w", ErrDamaged, c.ID, err)
	}
	at, ok := t.held(sum)
	if !ok {
		return nil
	}
	it, err := t.head(at)
	if err == nil && it.ID == c.ID {
		p.Bodies++
		p.Raw += int64(it.Plain)
		p.Stored += int64(it.Length())
	}
	return err
}

// countReports counts the newest version of each report, and of each page that is none. Versions of one URL that claim
// several agencies or years count for each.
func (s *Store) countReports(portals map[string]*PortalStats) error {
	if err := s.countNewest(portals, keyBucket); err != nil {
		return err
	}
	return s.countNewest(portals, rejectedBucket) // their parts may be what could not be read
}

// countNewest counts the records in the order of an index, of each URL the newest.
func (s *Store) countNewest(portals map[string]*PortalStats, order []byte) error {
	var last *Record
	for r, err := range s.recordsAhead(s.recordItems(order), true) {
		if err != nil {
			return err
		}
		if last != nil && last.URL != r.URL {
			portals[last.Portal].learn(last)
		}
		last = &r
	}
	if last != nil {
		portals[last.Portal].learn(last)
	}
	return nil
}

// learn counts what a record says, by its outline. p is nil for a portal without captures, and there is none: a record has
// its portal from its capture.
func (p *PortalStats) learn(r *Record) {
	if p == nil {
		return
	}
	if r.Report != nil {
		tally(&p.Quality, r.Report.Quality)
		tally(&p.Form, r.Report.Form)
	}
	if strings.HasPrefix(r.Rejected, markup.ErrTooLarge.Error()) {
		p.TooLarge++
	}
	for _, part := range r.Parts {
		tally(&p.Missing, part.Missing)
		tally(&p.Unread, part.Unread)
	}
}

// tally counts a word, unless there is none.
func tally(n *map[string]int, word string) {
	if word == "" {
		return
	}
	if *n == nil {
		*n = map[string]int{}
	}
	(*n)[word]++
}
