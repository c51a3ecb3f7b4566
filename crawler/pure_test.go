package crawler

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

func TestDue(t *testing.T) {
	day := 24 * time.Hour
	now := time.Date(2024, 3, 1, 22, 0, 0, 0, time.UTC)
	tests := []struct {
		name             string
		changed, visited time.Duration // ago
		want             bool
	}{
		{"new, the same night", 2 * time.Hour, 2 * time.Hour, false},
		{"new, the next night", day, day, true},
		{"new, the next night a little earlier", 21 * time.Hour, 21 * time.Hour, true},
		{"unchanged for 4 days, visited yesterday", 5 * day, day, false},
		{"unchanged for 4 days, visited 4 days ago", 8 * day, 4 * day, true},
		{"old, visited 29 days ago", 1000 * day, 29 * day, false},
		{"old, visited 30 days ago", 1000 * day, 30 * day, true},
	}
	for _, tt := range tests {
		if got := !now.Before(dueAt(now.Add(-tt.changed), now.Add(-tt.visited))); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestRecallStreaks: what the newest answers say in a row, and what is held below them, however many there are.
func TestRecallStreaks(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const b = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d" // of the body "b"
	for _, tt := range []struct {
		name, states   string // oldest first: o ok, u not modified, f failed, g gone
		held           bool
		believed, gone int
		first          bool
	}{
		{"new", "o", true, 0, 0, false},
		{"confirmed", "ouu", true, 2, 0, false},
		{"interrupted", "oufuu", true, 2, 0, false},
		{"confirmed too often", "o" + strings.Repeat("u", 12), true, mostBelieved, 0, false},
		{"missing once", "oug", true, 0, 1, true},
		{"withdrawn", "ogggg", true, 0, mostGone, true},
		{"never there", "fgfg", false, 0, 1, true},
		{"failing for long", "o" + strings.Repeat("f", 30), true, 0, 0, false},
		{"gone for long", "o" + strings.Repeat("g", 30), true, 0, mostGone, true},
		{"always failing", strings.Repeat("f", 30), false, 0, 0, true},
	} {
		url := "http://a.gov.cn/" + strings.ReplaceAll(tt.name, " ", "-")
		began := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		for day, state := range tt.states {
			c := store.Capture{URL: url, Time: began.AddDate(0, 0, day)}
			var body []byte
			switch state {
			case 'o':
				c.State, c.Status, body = store.StateOK, http.StatusOK, []byte("b")
			case 'u':
				c.State, c.Status, c.SHA256 = store.StateUnchanged, http.StatusNotModified, b
			case 'g':
				c.State, c.Status = store.StateGone, http.StatusNotFound
			default:
				c.State = store.StateFailed
			}
			if err := s.AddCapture(&c, body, nil); err != nil {
				t.Fatal(err)
			}
		}
		p, err := recall(s, url)
		if err != nil {
			t.Fatal(err)
		}
		if (p.held == b) != tt.held || p.believed != tt.believed || p.gone != tt.gone || p.first.Equal(began) != tt.first {
			t.Errorf("%s: got %+v", tt.name, p)
		}
	}
}

func TestRecall(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2024, 1, day, 0, 0, 0, 0, time.UTC) }
	const a = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" // of the body "a"
	captures := []store.Capture{
		{Time: at(1), State: store.StateFailed},
		{Time: at(2), State: store.StateOK, Header: http.Header{"Etag": {`"a"`}, "Last-Modified": {"Mon, 01 Jan 2024 00:00:00 GMT"}, "Content-Type": {"text/html"}}},
		{Time: at(3), State: store.StateUnchanged, SHA256: a, Header: http.Header{"Etag": {`W/"a"`}}},
		{Time: at(4), State: store.StateFailed},
	}
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range captures {
		c.URL = "http://a.gov.cn/"
		var body []byte
		if c.State == store.StateOK {
			body = []byte("a")
		}
		if err := s.AddCapture(&c, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	p, err := recall(s, "http://a.gov.cn/")
	if err != nil {
		t.Fatal(err)
	}
	if p.held != a || !p.changed.Equal(at(2)) || p.last.State != store.StateFailed || p.contentType != "text/html" {
		t.Errorf("got %+v", p)
	}
	h := p.conditions()
	if h.Get("If-None-Match") != `W/"a"` || h.Get("If-Modified-Since") != "Mon, 01 Jan 2024 00:00:00 GMT" {
		t.Errorf("conditions: got %v", h)
	}
	if !p.due(at(4)) {
		t.Error("a page that failed last is not due")
	}
	if p, err := recall(s, "http://a.gov.cn/unknown"); err != nil || p.held != "" || !p.first.IsZero() || p.last.ID != 0 {
		t.Errorf("unknown: got %+v, %v", p, err)
	}
	if got := (urlHistory{}).conditions(); len(got) > 0 {
		t.Errorf("conditions of a page that is not held: %v", got)
	}
}

func TestBySite(t *testing.T) {
	groups, err := bySite([]seeds.Portal{
		{ID: "a", Start: []string{"http://www.x.gov.cn/a", "http://bureau.x.gov.cn/", "http://www.y.gov.cn/"}},
		{ID: "b", Start: []string{"https://x.gov.cn/b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range groups {
		for _, e := range g.jobs {
			got = append(got, e.portal.ID+strconv.Itoa(len(e.start)))
		}
		got = append(got, "|")
	}
	if want := "a2 b1 | a1 |"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
