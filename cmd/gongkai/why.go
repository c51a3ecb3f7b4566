package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/cmd/gongkai/view"
	"gongkai/crawler"
	"gongkai/store"
	"gongkai/store/frontier"
)

func newWhy(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "why URL|HOST",
		Short: "why an address was or was not fetched, and what its host is waiting for",
		Long: `Why asks nobody. It tells what the archive, the frontier (what a crawl has still to do) and the catalogue know of an
address: whether it lies within bounds, what robots.txt said of it, what came of it, when it is due again, and what its
site is waiting for. Given a host, it tells the latter only.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("why takes one URL or host, such as www.example.gov.cn")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return e.why(args[0]) },
	}
}

func (e *env) why(about string) error {
	return e.view(func(c config.Config, s *store.Store) error {
		portals, err := c.Portals(nil)
		if err != nil {
			return err
		}
		run := newCrawler(&c, portals, s)
		y, err := run.Why(about)
		if err != nil {
			return err
		}
		if e.asJSON {
			return e.printJSON(y)
		}
		if y.URL != "" {
			e.whyURL(y)
		}
		e.whySite(y, c)
		return nil
	})
}

// line prints what is known about one thing.
func (e *env) line(what, format string, args ...any) {
	fmt.Fprintf(e.stdout, "%-10s %s\n", what, fmt.Sprintf(format, args...))
}

func (e *env) whyURL(y crawler.Why) {
	fmt.Fprintln(e.stdout, y.URL)
	if y.Denied != "" {
		e.line("bounds", "out of bounds: %s", y.Denied)
	}
	switch {
	case y.Robots == nil:
		e.line("robots.txt", "none in the archive that is young enough to be believed")
	case y.Robots.Allowed:
		e.line("robots.txt", "permits it: %s", y.Robots.Reason)
	default:
		e.line("robots.txt", "forbids it: %s", y.Robots.Reason)
	}
	if y.Last == nil {
		e.line("archive", "never asked for")
	} else {
		said := view.Status(y.Last.Status)
		if y.Last.Error != "" {
			said += " " + term.Clip(y.Last.Error, view.MostShown)
		}
		e.line("archive", "asked for %d times; last %s as %s: %s %s", y.Held, view.Clock(y.Last.Time), y.Last.Kind, y.Last.State, said)
		if y.Last.From != "" {
			e.line("", "found on %s as %q", term.Clip(y.Last.From, view.MostShown), term.Clip(y.Last.Title, view.MostShown))
		}
		if !y.Last.Robots.Allowed && y.Last.Kind != store.KindRobots {
			e.line("", "robots.txt said then: %s", y.Last.Robots.Reason)
		}
	}
	if y.Due != nil {
		e.line("due", "%s", view.Clock(*y.Due))
	}
	for _, f := range y.Found {
		e.line("frontier", "%s: %s", f.Portal, foundWord(f))
	}
	if len(y.Found) == 0 {
		e.line("frontier", "no walk has come across it")
	}
}

func foundWord(f frontier.Finding) string {
	switch {
	case f.Item == nil:
		return f.State
	case !f.Item.Leased.IsZero():
		return "being asked for since " + view.Clock(f.Item.Leased)
	}
	text := "queued as " + f.Item.Kind
	if f.Item.From != "" {
		text += ", found on " + f.Item.From
	}
	if f.Item.Tries > 0 {
		text += fmt.Sprintf(", tried %d times", f.Item.Tries)
	}
	if f.Item.After.After(time.Now()) {
		text += ", not before " + view.Clock(f.Item.After)
	}
	return text
}

func (e *env) whySite(y crawler.Why, c config.Config) {
	e.line("site", "%s", y.Site)
	if len(y.Portals) == 0 {
		e.line("", "no portal of the catalogue begins on it")
	}
	switch h := y.Host; {
	case h == nil:
		e.line("", "never asked")
	default:
		if !h.Seen.IsZero() {
			e.line("", "last answer %s", view.Clock(h.Seen))
		}
		if y.Wait != "" {
			e.line("", "not to be asked before %s: %s", view.Clock(y.Next), y.Wait)
		}
		if h.Delay > time.Duration(c.Crawl.Delay) {
			e.line("", "its robots.txt asks for %v between requests", h.Delay)
		}
		if h.Factor > 1 {
			e.line("", "the delay is %v times as long, for its faults", h.Factor)
		}
		if h.Strikes > 0 {
			e.line("", "%d faults in a row, the last one: %s", h.Strikes, h.Fault)
		}
	}
	for _, lost := range y.Lost {
		e.line("listing", "%s", term.Clip(lost, view.MostShown))
	}
	for _, w := range y.Walks {
		e.line("walk", "%s", walkWord(w))
	}
}

// walkWord says how far a walk has come.
func walkWord(w frontier.Count) string {
	text := fmt.Sprintf("%s (%s, begun %s): ", w.Portal, w.Kind, view.Clock(w.Started))
	switch {
	case !w.Ended.IsZero():
		text += "ended " + view.Clock(w.Ended)
	case w.Stopped != "":
		text += "stopped, " + w.Stopped
	default:
		text += "under way, or killed"
	}
	for _, state := range []string{frontier.New, frontier.Done, frontier.Failed, frontier.Gone, frontier.Blocked} {
		if n := w.States[state]; n > 0 {
			text += fmt.Sprintf("; %d %s", n, state)
		}
	}
	if w.Next.After(time.Now()) {
		text += "; the next not before " + view.Clock(w.Next)
	}
	return text
}
