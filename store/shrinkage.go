package store

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"gongkai/extract"
	"gongkai/store/internal/item"
)

// What servers cut short, and say themselves that it is whole, would otherwise take the place of the report that it was cut
// from. So a version that has lost much against the one before it is suspicious. It is kept, and what came before it stands,
// until the loss is confirmed: until a request without conditions brings the same on another day. Whoever reads the archive
// again comes to the same, as all that it takes is in the archive.

// anotherDay is how far apart two answers are that confirm each other. A night may begin a little earlier than the one before.
const anotherDay = 20 * time.Hour

// Replaces reports whether a record takes the place of an older one of the same URL.
func (r *Record) Replaces(older *Record) bool { return r.Suspicious == "" || older.Suspicious != "" }

// suspicion says what a record has lost against the version before it that stands; "" when nothing, or when that is
// confirmed. before is the version before it, nil when there is none.
func (t *txn) suspicion(before, r *Record) (string, error) {
	standing, same, err := t.standing(before, r)
	if err != nil || standing == nil {
		return "", err
	}
	why := shrinkage(standing, r)
	if why == "" && r.Rejected == "" && shorter(standing, r) {
		lost, err := t.lostEnd(standing, r)
		if err != nil {
			return "", err
		}
		if lost {
			why = "the page ends without its end"
		}
	}
	if why == "" {
		return "", nil
	}
	confirmed, err := t.confirmed(r, same)
	if err != nil || confirmed {
		return "", err
	}
	return why, nil
}

// standing returns the newest version up to before that is not suspicious, nil when there is none, and whether one of the
// suspicious ones since has said on another day what r says.
func (t *txn) standing(before, r *Record) (standing *Record, same bool, err error) {
	standing = before
	for standing != nil && standing.Suspicious != "" {
		same = same || alike(standing, r) && r.Time.Sub(standing.Time) >= anotherDay
		id, _, ok := t.versionBefore(r.URL, standing.Capture)
		if !ok {
			return nil, same, nil
		}
		older, _, err := t.record(id)
		if err != nil {
			return nil, same, err
		}
		standing = &older
	}
	return standing, same, nil
}

// alike reports whether two versions say the same.
func alike(a, b *Record) bool {
	return a.Text == b.Text || a.Fields == b.Fields && a.Report != nil && len(a.Report.Figures) > 0
}

// shrinkage says what a record has lost against a version that stands, as far as the two tell.
func shrinkage(was, now *Record) string {
	before := was.Report.Filled()
	if now.Rejected != "" {
		return fmt.Sprintf("it was a report of %d figures, and is none: %s", before, now.Rejected)
	}
	if n := now.Report.Filled(); 2*n < before {
		return fmt.Sprintf("it has %d figures, and had %d", n, before)
	}
	if !shorter(was, now) {
		return ""
	}
	a, b := lastSection(was.Report), lastSection(now.Report)
	switch {
	case b < a:
		return fmt.Sprintf("it ends in section %d, and had %d", b, a)
	case begins(was.Report.Text(), now.Report.Text()):
		return "the text ends without its end"
	}
	return ""
}

func lastSection(r *extract.Report) (last int) {
	for _, s := range r.Sections {
		last = max(last, s.Number)
	}
	return last
}

func shorter(was, now *Record) bool {
	return was.Text != now.Text && utf8.RuneCountInString(now.Report.Text()) < utf8.RuneCountInString(was.Report.Text())
}

// begins reports whether a text is the beginning of a longer one. Where it was cut there may be half a character.
func begins(whole, text string) bool {
	return strings.HasPrefix(strings.TrimSpace(whole), strings.TrimRight(strings.TrimSpace(text), "\ufffd"))
}

// endMarks end documents, by what these begin with: "" stands for web pages.
var endMarks = []struct{ begin, end string }{{"%PDF", "%%EOF"}, {"", "</html"}}

// lostEnd reports whether the page of a record has lost the mark that ends it.
func (t *txn) lostEnd(was, now *Record) (bool, error) {
	ended, err := t.ended(was.SHA256)
	if err != nil || !ended {
		return false, err
	}
	if sum, err := item.ParseDigest(now.SHA256); err != nil {
		return false, err
	} else if _, held := t.held(sum); !held {
		return false, nil // it comes with its record
	}
	ended, err = t.ended(now.SHA256)
	return !ended, err
}

func (t *txn) ended(sha256 string) (bool, error) {
	sum, err := item.ParseDigest(sha256)
	if err != nil {
		return false, err
	}
	at, held := t.held(sum)
	if !held {
		return false, nil // lost: nothing can be said of it
	}
	it, err := t.itemOf(at, item.Body, 0)
	if err == nil && it.Sum != sum {
		err = ErrDamaged
	}
	var body []byte
	if err == nil {
		body, err = t.unpack(&it)
	}
	if errors.Is(err, ErrDamaged) {
		return false, nil // for verify to tell
	}
	if err != nil {
		return false, err
	}
	body = bytes.ReplaceAll(body, []byte{0}, nil) // UTF-16
	for _, m := range endMarks {
		if bytes.HasPrefix(body, []byte(m.begin)) {
			return bytes.Contains(bytes.ToLower(body[max(0, len(body)-16<<10):]), bytes.ToLower([]byte(m.end))), nil
		}
	}
	return false, nil
}

// confirmed reports whether what a record has lost was lost on another day, too: it says what a suspicious version before it
// said, or its page was served again, by an answer that had a body.
func (t *txn) confirmed(r *Record, same bool) (bool, error) {
	if own, ok, err := t.capture(r.Capture); err != nil || ok && same && own.Status != http.StatusNotModified {
		return err == nil, err
	}
	prefix := urlPrefix(r.URL)
	c := t.Bucket(urlBucket).Cursor()
	for k, _ := c.Seek(urlKey(r.URL, r.Capture+1)); bytes.HasPrefix(k, prefix) && r.Capture != 0; k, _ = c.Next() {
		later, _, err := t.capture(number(k))
		switch {
		case err != nil:
			return false, err
		case !hasBody(later.State):
			continue
		case later.SHA256 != r.SHA256:
			return false, nil
		case later.Status != http.StatusNotModified && later.Time.Sub(r.Time) >= anotherDay:
			return true, nil
		}
	}
	return false, nil
}
