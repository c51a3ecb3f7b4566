package store

import (
	"fmt"
	"testing"
	"time"
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
