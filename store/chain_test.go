package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"gongkai/store/internal/item"
)

// TestLinkOf: a moment has one link, also when the archive has grown.
func TestLinkOf(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	hashes := map[uint64]string{}
	for n := uint64(1); n <= 20; n++ {
		c := Capture{URL: fmt.Sprint("http://a.gov.cn/", n), Time: time.Unix(int64(n), 0), State: StateOK, Status: 200}
		if err := s.AddCapture(&c, fmt.Append(nil, n), nil); err != nil {
			t.Fatal(err)
		}
		head, err := s.Head()
		if err != nil {
			t.Fatal(err)
		}
		hashes[n] = head.Hash
		for id, want := range hashes {
			if l, err := s.LinkOf(id); err != nil || l.Hash != want || l.Last < id {
				t.Errorf("capture %d of %d: %+v, %v, want %s", id, n, l, err, want)
			}
		}
	}
	for _, id := range []uint64{0, 21} {
		if l, err := s.LinkOf(id); err != nil || l != (Link{}) {
			t.Errorf("capture %d: %+v, %v", id, l, err)
		}
	}
}

// TestChainCovers: the hash of a link is what archive_readme.txt says, so it changes with the one before it, with each
// capture's number, and with what each capture says, its body's digest included.
func TestChainCovers(t *testing.T) {
	head := func(change func(c *Capture, body *string)) string {
		s := newStore(t)
		for n := range 2 {
			c, body := newCapture(fmt.Sprint(reportURL, n), n), fmt.Sprint("页面", n)
			if n == 0 {
				change(c, &body)
			}
			add(t, s, c, body, nil)
		}
		l, err := s.Head()
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		for id := uint64(1); id <= 2; id++ {
			err = s.view(func(t *txn) error {
				at, _ := t.place(captureBucket, id)
				it, err := t.itemOf(at, item.Capture, id)
				if err != nil {
					return err
				}
				row, err := t.unpack(&it)
				sum := sha256.Sum256(row)
				next := sha256.Sum256(slices.Concat(want, idKey(id), sum[:]))
				want = next[:]
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if l.Hash != hex.EncodeToString(want) {
			t.Errorf("the newest link is %s, want %x", l.Hash, want)
		}
		return l.Hash
	}
	was := head(func(*Capture, *string) {})
	if again := head(func(*Capture, *string) {}); again != was {
		t.Errorf("the same captures make %s and %s", was, again)
	}
	for name, change := range map[string]func(c *Capture, body *string){
		"body":    func(_ *Capture, body *string) { *body += "1" },
		"address": func(c *Capture, _ *string) { c.URL += "1" },
		"time":    func(c *Capture, _ *string) { c.Time = c.Time.Add(time.Nanosecond) },
		"status":  func(c *Capture, _ *string) { c.Status = 203 },
		"header":  func(c *Capture, _ *string) { c.Header.Set("Etag", `"2"`) },
		"robots":  func(c *Capture, _ *string) { c.Robots.Allowed = false },
	} {
		if head(change) == was {
			t.Errorf("another %s of an earlier capture does not change the hash", name)
		}
	}
	if one := (link{id: 1, sum: item.Digest{1}}); chained("", []link{one}) == chained("", []link{{id: 2, sum: one.sum}}) {
		t.Error("the number of a capture does not change the hash")
	}
}
