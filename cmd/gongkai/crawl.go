package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/cmd/gongkai/view"
	"gongkai/crawler"
	"gongkai/seeds"
	"gongkai/store"
)

func newCrawl(e *env) *cobra.Command {
	var portals []string
	var recheck, full bool
	cmd := &cobra.Command{
		Use:   "crawl",
		Short: "visit the portals once and archive what they serve",
		Long: `Crawl visits every portal of the catalogue once: new pages, and known ones that are due. A report is due again
after as long as it has stayed the same, at least after 20 hours and at most after 30 days. Its further pages, frames and
attachments are asked for with it; what could not be had of them for now is asked for again in the next run.

A portal has crawl.portal_time and crawl.portal_requests of a run, and a run takes schedule.longest at most. What is left then
is told, and the next run goes on with it: new reports first, then those that were not looked at for longest.

Where only the home page of a portal is known, the listing of its reports is looked for first, and kept; where a listing
has none any more, it is looked for again. gongkai seeds discover does the same by itself.

With a window configured (crawl.window), it waits until the window opens and stops when it closes. A run that was stopped
or killed is gone on with by the next one, if that is of the same kind and follows within 20 hours: what is archived is
not asked for again, and no host is asked too soon. gongkai status shows what is left, gongkai why what a host waits for.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if recheck && full {
				return usagef("-recheck and -full exclude each other")
			}
			return e.crawl(cmd.Context(), portals, recheck, full)
		},
	}
	cmd.Flags().StringSliceVar(&portals, "portal", nil, "only this portal; may be repeated (`ID`)")
	cmd.Flags().BoolVar(&recheck, "recheck", false, "ask for every known page again, conditionally")
	cmd.Flags().BoolVar(&full, "full", false, "fetch every known page again, unconditionally")
	return cmd
}

func (e *env) crawl(ctx context.Context, ids []string, recheck, full bool) error {
	s, err := e.setUp(ids)
	if err != nil {
		return err
	}
	show := term.NewDisplay(e.stderr, "crawl")
	j := &job{session: s, recheck: recheck, full: full, watch: show.Show}
	if longest := time.Duration(s.Schedule.Longest); longest > 0 {
		j.until = time.Now().Add(longest)
	}
	err = e.carryOut(ctx, j)
	show.Close()
	return e.crawled(j, err)
}

// newCrawler returns a crawler as the configuration says.
func newCrawler(c *config.Config, portals []seeds.Portal, s *store.Store) crawler.Crawler {
	return crawler.Crawler{
		UserAgent:      c.Crawl.UserAgent,
		Delay:          time.Duration(c.Crawl.Delay),
		Jitter:         c.Crawl.Jitter,
		Hosts:          c.Crawl.Hosts,
		MaxPageBytes:   int64(c.Crawl.MaxPageBytes),
		PortalTime:     time.Duration(c.Crawl.PortalTime),
		PortalRequests: c.Crawl.PortalRequests,
		AllowHosts:     c.Crawl.AllowHosts,
		AllowPrivate:   c.Crawl.AllowPrivateNetworks,
		Discover:       true,
		Program:        "gongkai " + version(),
		Config:         digest(c, portals),
		Portals:        portals,
		Store:          s,
	}
}

// digest tells apart, in the records of runs, with what settings they visited which portals.
func digest(c *config.Config, portals []seeds.Portal) string {
	h := sha256.New()
	w := c.Crawl.Window
	fmt.Fprintf(h, "%v %d %q %v %v %d %d %v %v %v %q %t\n", c.Crawl.PortalTime, c.Crawl.PortalRequests, c.Crawl.UserAgent, c.Crawl.Delay, c.Crawl.Jitter, c.Crawl.Hosts, c.Crawl.MaxPageBytes,
		w.From, w.To, w.Zone, c.Crawl.AllowHosts, c.Crawl.AllowPrivateNetworks)
	for _, p := range portals {
		fmt.Fprintf(h, "%q %q %q %q\n", p.ID, p.Agency, p.Division, p.Start)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// crawled prints what a run did, and what went wrong in it.
func (e *env) crawled(j *job, err error) error {
	if j.sum.Portals == nil {
		return err // it did not begin
	}
	if e.asJSON {
		if err := e.printJSON(j.sum); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(e.stdout, "%s: %v\n", j.kind(), j.sum)
	}
	for _, note := range j.report.Notes {
		fmt.Fprintln(e.stderr, "gongkai:", note)
	}
	for i, p := range j.sum.Problems() {
		if i == view.PerSection {
			fmt.Fprintf(e.stderr, "  … and %d more; gongkai report lists them\n", len(j.sum.Problems())-i)
			break
		}
		fmt.Fprintf(e.stderr, "  %s: %s: %s\n", p.Portal, p.URL, p.Detail)
	}
	return err
}

// waitFor returns a context that lasts while the window is open, after waiting for that. The zero window lasts for
// ever. A window that opens only when the run has to be over, at until if that is not zero, is not waited for.
func waitFor(ctx context.Context, w config.Window, until time.Time, log *slog.Logger) (context.Context, context.CancelFunc, error) {
	if w.Zone == nil {
		return ctx, func() {}, nil
	}
	opens, closes := w.Stretch(time.Now())
	if !until.IsZero() && !opens.Before(until) {
		return nil, nil, partialError{fmt.Sprintf("the window opens at %s, and the run has to be over at %s", view.Clock(opens), view.Clock(until))}
	}
	if until := time.Until(opens); until > 0 {
		log.Info("waiting for the window to open", "opens", opens)
		select {
		case <-time.After(until):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	ctx, cancel := context.WithDeadlineCause(ctx, closes, errWindowClosed)
	return ctx, cancel, nil
}
