package term

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"

	"gongkai/crawler"
)

// A screen is a terminal with somebody before it.
type fakeScreen struct {
	*vt.Emulator
	w *Writer
}

// Write does what the driver of a terminal does: a line end is a return too.
func (s *fakeScreen) Write(b []byte) (int, error) {
	s.Emulator.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
	return len(b), nil
}

func newScreen(t *testing.T, width, height int) *fakeScreen {
	t.Helper()
	s := &fakeScreen{Emulator: vt.NewEmulator(width, height)}
	s.w = NewWriter(s)
	s.w.size = func() (int, int, bool) { return s.Width(), s.Height(), true }
	return s
}

// rows is what is seen, and has been scrolled away, without blank rows at the end.
func (s *fakeScreen) rows() (rows []string) {
	for y := range s.ScrollbackLen() {
		var row strings.Builder
		for x := range s.Width() {
			if c := s.ScrollbackCellAt(x, y); c != nil {
				row.WriteString(c.Content)
			}
		}
		rows = append(rows, strings.TrimRight(row.String(), " "))
	}
	for row := range strings.SplitSeq(s.String(), "\n") {
		rows = append(rows, strings.TrimRight(row, " "))
	}
	for len(rows) > 0 && rows[len(rows)-1] == "" {
		rows = rows[:len(rows)-1]
	}
	return rows
}

func (s *fakeScreen) shows(t *testing.T, want ...string) {
	t.Helper()
	if got := s.rows(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the screen shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestBlock: a block stays in its place however often it is drawn, what is written goes above it in whole lines, and in the
// end nothing is left of it.
func TestBlock(t *testing.T) {
	s := newScreen(t, 30, 6)
	fmt.Fprintln(s.w, "before")
	for i := range 50 {
		s.w.SetBlock([]string{fmt.Sprint("one ", i), "two 政府信息公开年度报告 long long long long", "three"})
	}
	s.shows(t, "before", "one 49", "two 政府信息公开年度报告 long", "three")
	fmt.Fprint(s.w, "a log li")
	fmt.Fprint(s.w, "ne, longer than the screen is wide\nand the next")
	s.w.SetBlock([]string{"one 50", "two"})
	s.shows(t, "before", "a log line, longer than the sc", "reen is wide", "one 50", "two")
	fmt.Fprintln(s.w)
	s.shows(t, "before", "a log line, longer than the sc", "reen is wide", "and the next", "one 50", "two")
	for i := range 20 {
		fmt.Fprintln(s.w, "line", i)
	}
	if got := s.rows(); len(got) != 26 || got[23] != "line 19" || strings.Count(strings.Join(got, "\n"), "one 50") != 1 {
		t.Errorf("after twenty lines: %q", got)
	}
	s.w.SetBlock(make([]string, 40)) // more than there is room for
	s.w.SetBlock([]string{"\x1b[2Jevil", "two\nthree"})
	s.w.SetBlock(nil)
	fmt.Fprintln(s.w, "the end")
	got := s.rows()
	if text := strings.Join(got, "\n"); got[len(got)-1] != "the end" || strings.Contains(text, "evil") || strings.Contains(text, "one 50") {
		t.Errorf("in the end: %q", got)
	}
	if s.CursorHidden() {
		t.Error("the cursor is hidden")
	}

	s = newScreen(t, 30, 6)
	s.w.SetBlock([]string{"one"})
	fmt.Fprint(s.w, "a line that has no end yet")
	s.shows(t, "one")
	s.w.SetBlock(nil)
	s.shows(t, "a line that has no end yet")
}

// TestDisplayOnScreen: what matters of a run is there, in a block that fits any screen and grows with it; names give way, the
// reasons for waiting do not.
func TestDisplayOnScreen(t *testing.T) {
	p := crawler.Progress{Sites: 40, Done: 12, Asking: 8, Requests: 1204, Queued: 300, Reports: 96, Figures: 19032, Took: 10 * time.Minute,
		States: map[string]int{"unchanged": 800, "blocked": 2}}
	for i := range 20 {
		p.Portals = append(p.Portals, crawler.PortalProgress{ID: fmt.Sprintf("%d-a-bureau-with-a-name-that-goes-on-and-on", 330000+i), Requests: 1, Visited: 30, Queued: 100 + i})
	}
	p.Portals[19].Next, p.Portals[19].Waits = time.Now().Add(14*time.Minute), "Retry-After"
	for _, size := range [][2]int{{120, 40}, {140, 30}, {80, 24}, {60, 8}, {20, 3}} {
		s := newScreen(t, size[0], size[1])
		d := NewDisplay(s.w, "crawl")
		for range 30 {
			d.Show(p)
		}
		got := s.rows()
		if want := min(3+mostRows, size[1]-1); len(got) != want || s.ScrollbackLen() > 0 {
			t.Errorf("%v: %d rows, want %d:\n%s", size, len(got), want, strings.Join(got, "\n"))
		}
		if size[0] < 60 {
			continue
		}
		for i, want := range []string{"crawl ████████░░░░ 600/900 pages", "  12 of 40 sites done, 8 being asked; 1,204 requests, 2.0 a s",
			"  96 reports new or changed, 19,032 figures; 800 pages uncha"} {
			if !strings.HasPrefix(got[i], want[:min(len(want), len(got[i]))]) || len(got[i]) < 30 {
				t.Errorf("%v: row %d is %q, want %q", size, i, got[i], want)
			}
		}
		if last := got[len(got)-1]; !strings.Contains(last, "waits 14m0s: Ret") {
			t.Errorf("%v: %q does not say why it waits", size, last)
		}
		s.Resize(size[0]+20, size[1]+5)
		d.Show(p)
		if again := s.rows(); again[0] != got[0] && len(again[0]) < len(got[0]) || len(again) < len(got) || len(again) > 3+mostRows {
			t.Errorf("%v, and larger:\n%s", size, strings.Join(again, "\n"))
		}
		d.Close()
		s.shows(t)
	}
}
