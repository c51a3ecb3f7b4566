package term

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/crawler"
)

// TestDisplay: what is no terminal gets a line a minute, without control characters, with what is blocked and the time
// left.
func TestDisplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		d := NewDisplay(&b, "backfill 2008-2024")
		for i := range 150 {
			time.Sleep(time.Second)
			d.Show(crawler.Progress{Sites: 4, Done: 1, Asking: 2, Requests: i, Queued: 300, Took: time.Duration(i) * time.Second,
				States: map[string]int{"blocked": 7}, Portals: []crawler.PortalProgress{{ID: "a", Visited: max(i, 1), Queued: 300, Requests: i}}})
		}
		d.Close()
		if lines := strings.Split(strings.TrimSpace(b.String()), "\n"); len(lines) != 2 || strings.Contains(b.String(), "\x1b") ||
			lines[0] != "backfill 2008-2024: 1 of 4 sites done, 2 being asked; 59 requests, 1.0 a second, 300 pages queued, 7 blocked, about 5m0s left" {
			t.Errorf("got %q", lines)
		}
	})
}

// TestRemaining: a run takes as long as the portal with most to do.
func TestRemaining(t *testing.T) {
	p := crawler.Progress{Took: time.Minute, Portals: []crawler.PortalProgress{{Visited: 10, Queued: 100}, {Visited: 30, Queued: 60},
		{Visited: 10, Queued: 1000, Finished: true}}}
	if got := remaining(p); got != 10*time.Minute {
		t.Errorf("%v", got)
	}
}
