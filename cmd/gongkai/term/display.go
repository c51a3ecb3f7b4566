package term

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	pretty "github.com/jedib0t/go-pretty/v6/progress"

	"gongkai/crawler"
	"gongkai/store"
)

// A Display shows how far a run of the crawler has come: on a terminal a bar for all of it and one for each of the
// busiest portals, elsewhere a line now and then.
type Display struct {
	what   string
	w      io.Writer
	bars   pretty.Writer // nil: lines
	whole  *pretty.Tracker
	portal map[string]*pretty.Tracker // that have a bar
	said   time.Time
	now    crawler.Progress
	ended  sync.WaitGroup
}

// The shape of the display.
const (
	mostBars  = 12
	lineEvery = time.Minute
)

// NewDisplay returns a display on w. Its bars appear with the first progress.
func NewDisplay(w io.Writer, what string) *Display {
	d := &Display{what: what, w: w, portal: map[string]*pretty.Tracker{}, said: time.Now()}
	if IsTerminal(w) {
		d.bars = pretty.NewWriter()
		d.bars.SetOutputWriter(Bare(w)) // it moves the cursor; what it shows are ids and numbers
		d.bars.SetUpdateFrequency(250 * time.Millisecond)
		d.bars.SetTrackerLength(20)
		d.bars.SetMessageLength(36)
		d.bars.SetTrackerPosition(pretty.PositionRight)
		d.bars.SetSortBy(pretty.SortByMessage)
		style := pretty.StyleBlocks
		style.Visibility = pretty.StyleVisibility{ETA: true, Percentage: true, Pinned: true, Tracker: true, TrackerOverall: false, Value: true}
		if Colours(w) {
			style.Colors = pretty.StyleColorsExample
		}
		d.bars.SetStyle(style)
	}
	return d
}

// Colours reports whether to print in colour: on a terminal, unless NO_COLOR says otherwise (no-color.org).
func Colours(w io.Writer) bool {
	return IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Show shows how far the run has come.
func (d *Display) Show(p crawler.Progress) {
	d.now = p
	if d.bars == nil {
		if time.Since(d.said) >= lineEvery {
			d.said = time.Now()
			fmt.Fprintf(d.w, "%s: %s\n", d.what, ProgressLine(p))
		}
		return
	}
	if d.whole == nil {
		d.whole = d.bar(d.what)
		d.ended.Add(1)
		go func() {
			defer d.ended.Done()
			d.bars.Render()
		}()
	}
	d.bars.SetPinnedMessages(ProgressLine(p))
	visited := 0
	for _, portal := range p.Portals {
		visited += portal.Visited
	}
	d.whole.UpdateTotal(int64(visited + p.Queued + 1)) // it ends when the run has, and not before
	d.whole.SetValue(int64(visited))
	d.showPortals(p.Portals)
}

// showPortals keeps a bar for the portals that have most to do.
func (d *Display) showPortals(all []crawler.PortalProgress) {
	all = slices.DeleteFunc(slices.Clone(all), func(p crawler.PortalProgress) bool {
		tracker := d.portal[p.ID]
		if p.Finished && tracker != nil {
			tracker.UpdateTotal(int64(max(p.Visited, 1)))
			if p.Closed != "" {
				tracker.UpdateMessage(p.ID + ": left alone")
				tracker.MarkAsErrored()
			} else {
				tracker.MarkAsDone()
			}
			delete(d.portal, p.ID)
		}
		return p.Finished || p.Requests == 0
	})
	slices.SortFunc(all, func(a, b crawler.PortalProgress) int { return cmp.Compare(b.Queued, a.Queued) })
	for _, p := range all {
		tracker := d.portal[p.ID]
		if tracker == nil {
			if len(d.portal) >= mostBars {
				continue
			}
			tracker = d.bar(p.ID)
			d.portal[p.ID] = tracker
		}
		tracker.UpdateTotal(int64(p.Visited + p.Queued + 1)) // it ends when it is finished, and not before
		tracker.SetValue(int64(p.Visited))
	}
}

func (d *Display) bar(what string) *pretty.Tracker {
	t := &pretty.Tracker{Message: what, Total: 1, RemoveOnCompletion: what != d.what, DeferStart: false}
	d.bars.AppendTracker(t)
	return t
}

// ProgressLine says it in one line: "12 of 40 sites done, 8 asked just now; 1,204 requests, 3.1 a second; …".
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

// Close takes the bars away.
func (d *Display) Close() {
	if d.bars == nil || d.whole == nil {
		return
	}
	for id := range maps.Keys(d.portal) {
		d.portal[id].MarkAsDone()
	}
	d.whole.MarkAsDone()
	d.bars.Stop()
	d.ended.Wait()
}
