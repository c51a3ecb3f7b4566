package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/cmd/gongkai/view"
	"gongkai/crawler"
	"gongkai/store"
	"gongkai/store/frontier"
)

func newStatus(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "what the archive holds, what is queued, and what failed and why, per portal",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return e.status() },
	}
}

// A trouble is a URL whose last answer was none.
type trouble struct {
	Portal string `json:"portal"`
	URL    string `json:"url"`
	State  string `json:"state"`
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
}

func (e *env) status() error { return e.view(e.statusOf) }

func (e *env) statusOf(c config.Config, s *store.Store) error {
	stats, err := s.Stats()
	if err != nil {
		return err
	}
	troubles, err := findTroubles(s)
	if err != nil {
		return err
	}
	runs, walks, err := crawls(c.Archive.Path)
	if err != nil {
		return err
	}
	sources, err := s.Sources()
	if err != nil {
		return err
	}
	if e.asJSON {
		return e.printJSON(map[string]any{"archive": c.Archive.Path, "stats": stats, "troubles": troubles, "runs": runs, "walks": walks, "sources": sources})
	}
	fmt.Fprintf(e.stdout, "archive %s: %s, %d captures\n", c.Archive.Path, humanize.IBytes(uint64(stats.FileSize)), stats.LastID)
	for _, source := range sources {
		fmt.Fprintf(e.stdout, "%s\n", sourceWords(source))
	}
	fmt.Fprintln(e.stdout)
	t := e.newTable("portal", "captures", "new", "unchanged", "failed", "bodies", "raw", "stored", "reports", "no reports")
	for _, p := range stats.Portals {
		var all, ok, same, bad int
		for _, states := range p.Captures {
			for state, n := range states {
				all += n
				switch state {
				case store.StateOK:
					ok += n
				case store.StateUnchanged:
					same += n
				case store.StateFailed, store.StateRefused, store.StateBlocked:
					bad += n
				}
			}
		}
		t.AppendRow(table.Row{p.Portal, all, ok, same, bad, p.Bodies, humanize.IBytes(uint64(p.Raw)),
			humanize.IBytes(uint64(p.Stored)), p.Records, p.Rejected})
	}
	t.Render()
	e.statusCounts(stats)
	e.statusCrawls(c.Archive.Path, runs, walks)
	if len(troubles) > 0 {
		fmt.Fprintf(e.stdout, "\nlast answer was none for %d addresses:\n", len(troubles))
		for _, tr := range troubles {
			fmt.Fprintf(e.stdout, "  %s %s %s: %s\n", tr.Portal, tr.State, term.Clip(tr.URL, view.MostShown), term.Clip(strings.TrimSpace(fmt.Sprint(view.Status(tr.Status), " ", tr.Error)), view.MostShown))
		}
	}
	return nil
}

// mostRuns is how many runs are shown.
const mostRuns = 5

// crawls reads the newest runs, and the walks that have something left to do. Without a frontier there are none.
func crawls(dir string) (runs []frontier.Run, walks []frontier.Count, err error) {
	f, err := frontier.OpenReadOnly(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	for w, err := range f.Walks() {
		if err != nil {
			return nil, nil, err
		}
		if w.Ended.IsZero() {
			walks = append(walks, w)
		}
	}
	runs, err = f.Runs(mostRuns)
	return runs, walks, err
}

// statusCrawls prints the newest runs, and what is left to do.
func (e *env) statusCrawls(archive string, runs []frontier.Run, walks []frontier.Count) {
	if len(runs) > 0 {
		fmt.Fprintln(e.stdout, "\nlast runs:")
	}
	pid, since, writing := store.Writer(archive)
	for _, r := range runs {
		var counts crawler.Counts
		result := "no end noted: it was killed"
		if writing && !r.Started.Before(since.Add(-time.Second)) {
			result = fmt.Sprintf("goes on, process %d", pid)
		}
		if !r.Ended.IsZero() && json.Unmarshal(r.Result, &counts) == nil {
			took := r.Ended.Sub(r.Started)
			result = fmt.Sprintf("%s after %v: %v", r.Outcome, took.Round(time.Second), counts)
			if took > time.Second {
				result += fmt.Sprintf("; %.1f requests a second", float64(counts.Requests)/took.Seconds())
			}
		}
		fmt.Fprintf(e.stdout, "  %d %s %s, %d portals, configuration %.8s, %s\n", r.ID, view.Clock(r.Started), r.Kind, r.Portals, r.Config, result)
	}
	if len(walks) > 0 {
		fmt.Fprintln(e.stdout, "\nleft to do:")
	}
	for _, w := range walks {
		fmt.Fprintf(e.stdout, "  %s\n", walkWord(w))
	}
}

// statusCounts prints the counts of the newest versions of all reports, over portals.
func (e *env) statusCounts(stats store.Stats) {
	var all store.PortalStats
	for _, p := range stats.Portals {
		sumUp(&all.Quality, p.Quality)
		sumUp(&all.Form, p.Form)
		sumUp(&all.Missing, p.Missing)
		sumUp(&all.Unread, p.Unread)
		all.TooLarge += p.TooLarge
	}
	fmt.Fprintln(e.stdout)
	for _, n := range []struct {
		what   string
		counts map[string]int
	}{{"reports by quality", all.Quality}, {"reports by form", all.Form}} {
		if len(n.counts) > 0 {
			fmt.Fprintf(e.stdout, "%s: %s\n", n.what, strings.Join(view.Counts(n.counts), ", "))
		}
	}
	if all.TooLarge > 0 {
		fmt.Fprintf(e.stdout, "pages that are archived and too large to be read: %d\n", all.TooLarge)
	}
	for _, n := range []struct {
		what   string
		counts map[string]int
	}{{"parts of reports that are not held", all.Missing}, {"parts of reports that cannot be read", all.Unread}} {
		if len(n.counts) > 0 {
			fmt.Fprintf(e.stdout, "%s:\n  %s\n", n.what, strings.Join(view.Counts(n.counts), "\n  "))
		}
	}
}

func sumUp(all *map[string]int, counts map[string]int) {
	if *all == nil {
		*all = map[string]int{}
	}
	for word, n := range counts {
		(*all)[word] += n
	}
}

// findTroubles lists the addresses whose newest capture is a failure, in the order in which they were first asked for.
func findTroubles(s *store.Store) ([]trouble, error) {
	at := map[string]int{}
	var all []trouble
	for c, err := range s.Captures(0) {
		if err != nil {
			return nil, err
		}
		i, known := at[c.URL]
		bad := c.State == store.StateFailed || c.State == store.StateRefused || c.State == store.StateBlocked
		switch {
		case !known && !bad:
			continue
		case !known:
			i = len(all)
			at[c.URL] = i
			all = append(all, trouble{})
		}
		if all[i] = (trouble{}); bad {
			all[i] = trouble{c.Portal, c.URL, c.State, c.Status, c.Error}
		}
	}
	left := all[:0]
	for _, t := range all {
		if t.URL != "" {
			left = append(left, t)
		}
	}
	return left, nil
}

// openExisting opens an archive for writing. Where there is none it makes none, and says what commands that read say.
func openExisting(dir string) (*store.Store, error) {
	looked, err := store.OpenReadOnly(dir)
	if err != nil {
		return nil, err
	}
	if err := looked.Close(); err != nil {
		return nil, err
	}
	return store.Open(dir)
}
