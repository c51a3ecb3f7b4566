package term

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/text"

	"gongkai/crawler"
	"gongkai/store"
)

// A Display shows how far a run of the crawler has come: on a terminal in a block that is drawn in place, with the portals
// that have most left to do; elsewhere a line now and then.
type Display struct {
	what   string
	w      io.Writer
	screen *Writer // nil: lines
	paint  func(colour int, text string) string
	said   time.Time
}

// The shape of the display.
const (
	mostRows  = 12 // for portals
	barWidth  = 12
	lineEvery = time.Minute
)

// NewDisplay returns a display on w. It shows nothing before the first progress.
func NewDisplay(w io.Writer, what string) *Display {
	d := &Display{what: what, w: w, paint: Painter(w), said: time.Now()}
	if p, ok := w.(*Writer); ok {
		if _, _, ok := p.size(); ok {
			d.screen = p
		}
	}
	return d
}

// Colours reports whether to print in colour: on a terminal, unless NO_COLOR says otherwise (no-color.org).
func Colours(w io.Writer) bool {
	return IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Show shows how far the run has come.
func (d *Display) Show(p crawler.Progress) {
	if d.screen != nil {
		if width, height, ok := d.screen.size(); ok {
			d.screen.SetBlock(d.block(p, width, height))
		}
		return
	}
	if time.Since(d.said) >= lineEvery {
		d.said = time.Now()
		fmt.Fprintf(d.w, "%s: %s\n", d.what, ProgressLine(p))
	}
}

// Close takes the block away.
func (d *Display) Close() {
	if d.screen != nil {
		d.screen.SetBlock(nil)
	}
}

// block is what a screen shows: what the run has come to, and as many portals as there is room for.
func (d *Display) block(p crawler.Progress, width, height int) (lines []string) {
	visited := 0
	for _, portal := range p.Portals {
		visited += portal.Visited
	}
	whole := fmt.Sprintf("%s %s pages", d.what, d.bar(visited, visited+p.Queued))
	if eta := remaining(p); eta > 0 {
		whole += fmt.Sprintf(", about %v left", eta)
	}
	lines = append(lines, whole, "  "+d.sites(p), "  "+d.results(p))
	rows := d.portals(p, min(mostRows, height-1-len(lines)))
	names := 0
	for _, portal := range rows {
		names = max(names, text.StringWidth(portal.ID))
	}
	names = min(names, max(10, width-52)) // beside a name stand a bar, numbers, and why it waits
	for _, portal := range rows {
		lines = append(lines, fmt.Sprintf("  %s %s  %s", text.Pad(text.Snip(Plain(portal.ID), names, "…"), names, ' '),
			d.bar(portal.Visited, portal.Visited+portal.Queued), waits(portal)))
	}
	return lines
}

// sites says how far the portals' sites have come.
func (d *Display) sites(p crawler.Progress) string {
	return fmt.Sprintf("%d of %s done, %d being asked; %s, %.1f a second, %v", p.Done, count(p.Sites, "site"), p.Asking,
		count(p.Requests, "request"), float64(p.Requests)/max(p.Took.Seconds(), 1), p.Took.Round(time.Second))
}

// results says what was had.
func (d *Display) results(p crawler.Progress) string {
	said := fmt.Sprintf("%s new or changed, %s", count(p.Reports, "report"), count(p.Figures, "figure"))
	if n := p.States[store.StateUnchanged]; n > 0 {
		said += fmt.Sprintf("; %s unchanged", count(n, "page"))
	}
	for _, state := range []string{store.StateBlocked, store.StateFailed} {
		if n := p.States[state]; n > 0 {
			said += "; " + d.paint(Red, fmt.Sprintf("%d %s", n, state))
		}
	}
	return said
}

// portals chooses those that are shown: of those being visited, the ones with most left to do.
func (d *Display) portals(p crawler.Progress, most int) []crawler.PortalProgress {
	all := slices.DeleteFunc(slices.Clone(p.Portals), func(p crawler.PortalProgress) bool { return p.Finished || p.Requests == 0 })
	slices.SortStableFunc(all, func(a, b crawler.PortalProgress) int { return cmp.Compare(b.Queued, a.Queued) })
	all = all[:min(len(all), max(most, 0))]
	slices.SortStableFunc(all, func(a, b crawler.PortalProgress) int { return strings.Compare(a.ID, b.ID) }) // each keeps its row
	return all
}

// bar draws how much of a total is done, with the numbers.
func (d *Display) bar(done, total int) string {
	full := 0
	if total > 0 {
		full = done * barWidth / total
	}
	return d.paint(Green, strings.Repeat("█", full)) + strings.Repeat("░", barWidth-full) + fmt.Sprintf(" %*d/%d", len(fmt.Sprint(total)), done, total)
}

// waits says what a portal waits for, unless that is only the delay between two requests.
func waits(p crawler.PortalProgress) string {
	left := time.Until(p.Next).Round(time.Second)
	if left < 5*time.Second || p.Waits == "" {
		return ""
	}
	return fmt.Sprintf("waits %v: %s", left, Plain(p.Waits))
}

// count is a number of things in words: "1 page", "1,204 pages".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return humanize.Comma(int64(n)) + " " + what + "s"
}

// ProgressLine says it in one line: "12 of 40 sites done, 8 being asked; 1204 requests, 3.1 a second; …".
func ProgressLine(p crawler.Progress) string {
	text := fmt.Sprintf("%d of %d sites done, %d being asked; %d requests, %.1f a second, %d pages queued", p.Done, p.Sites, p.Asking,
		p.Requests, float64(p.Requests)/max(p.Took.Seconds(), 1), p.Queued)
	for _, state := range []string{store.StateBlocked, store.StateFailed} {
		if n := p.States[state]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, state)
		}
	}
	if eta := remaining(p); eta > 0 {
		text += fmt.Sprintf(", about %v left", eta)
	}
	return text
}

// remaining estimates how long the run still takes: as long as the portal with most to do, asked as often as it was.
func remaining(p crawler.Progress) time.Duration {
	longest := time.Duration(0)
	for _, portal := range p.Portals {
		if !portal.Finished && portal.Visited > 2 && p.Took > 10*time.Second {
			longest = max(longest, time.Duration(float64(p.Took)/float64(portal.Visited)*float64(portal.Queued)))
		}
	}
	return longest.Round(time.Second)
}
