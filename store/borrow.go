package store

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"gongkai/store/internal/item"
)

// The text of a report stands in its page, too. A record is packed with the piece of the page that has it, behind the
// dictionary that it has in common with other records: of the text, little is then left.

// mostBorrowed bounds that piece, and leastText is how much text makes it worth while.
const (
	mostBorrowed = 64 << 10
	leastText    = 600
)

// borrow adds to the record's dictionary a piece of its page, where that is worth while. Coming is the page when it is on
// its way with the record, nil when it is in the archive.
func (n *pendingRecord) borrow(s *Store, coming *item.Dictionary) error {
	d := n.plan.Dict
	if d == nil || n.Report == nil || d.Depth+1 >= item.MaxDepth || n.plan.MakesAny() {
		return nil // also where the record is to be a dictionary: those that need it would need its page, too
	}
	text := 0
	for _, section := range n.Report.Sections {
		text += len(section.Text)
	}
	if text < leastText {
		return nil
	}
	sum, err := item.ParseDigest(n.SHA256)
	if err != nil {
		return nil // a page without a body has no text
	}
	page := coming
	if page == nil {
		page, err = s.page(sum)
	}
	if err != nil || page == nil || page.Depth+1 > item.MaxDepth {
		return nil // a damaged page is for verify to tell; the record does without
	}
	from, to := n.textIn(page.Plain)
	if to <= from {
		return nil
	}
	if d, err = d.With(page, from, to-from); err == nil {
		d.Once = true
		n.plan.Dict = d
	}
	return err
}

// page returns a page as a dictionary; nil when it is too large for one.
func (s *Store) page(sum item.Digest) (page *item.Dictionary, err error) {
	err = s.view(func(t *txn) error {
		at, ok := t.held(sum)
		if !ok {
			return nil
		}
		if page = s.recent.Get(at); page != nil {
			return nil
		}
		head, err := t.head(at)
		if err != nil || head.Plain > item.MaxDictionary {
			return err
		}
		page, err = t.dictionary(at, t.base, 1)
		return err
	})
	return page, err
}

// textIn returns the piece of a page in which the record's text begins and ends.
func (n *pendingRecord) textIn(page []byte) (from, to int) {
	from = len(page)
	next := 0 // lines come in the order of the page
	for _, section := range n.Report.Sections {
		for line := range strings.SplitSeq(section.Text, "\n") {
			if len(line) < 60 {
				continue
			}
			i := indexFrom(page, line[:runeBoundary(line, 48)], next)
			if i < 0 {
				continue
			}
			next = i
			from, to = min(from, i), max(to, min(i+2*len(line), len(page)))
		}
	}
	return from, min(to, from+mostBorrowed)
}

// indexFrom returns where a text stands in a page, looking behind a place first.
func indexFrom(page []byte, text string, at int) int {
	probe := []byte(text)
	if i := bytes.Index(page[at:], probe); i >= 0 {
		return at + i
	}
	return bytes.Index(page[:at], probe)
}

// runeBoundary returns the last beginning of a rune up to n.
func runeBoundary[T string | []byte](b T, n int) int {
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}
