package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/crawler"
	"gongkai/seeds"
)

func newBackfill(e *env) *cobra.Command {
	var years, until, division string
	var portals []string
	var most int
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "get the reports of past years (历年年报), for days if need be",
		Long: `Backfill looks for the annual reports on past years: it follows listings and their year directories further than
crawl does, and asks only for reports that may be of the years asked for and that the archive does not hold.

It can be stopped at any time and goes on where it was, whatever time has passed, when the same years are asked for. A
budget of requests or of time ends it politely. It keeps to the same clocks as the nightly crawl; the two do not disturb
what the other has still to do. While another process has the archive open it ends with exit code 4; to have both in one
process, use gongkai daemon and schedule.backfill, where the nightly crawl goes first.

At the end it says what is still missing in the years asked for; gongkai report has the list.`,
		Example: `  gongkai backfill -years 2008-2024
  gongkai backfill -years 2008-2024 -division 330000 -max-requests 20000
  gongkai backfill -years 2019 -portal qujiang -until 06:00`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.backfill(cmd.Context(), years, portals, division, most, until)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&years, "years", "", "the years that the reports are on, `A-B` or one (required)")
	flags.StringSliceVar(&portals, "portal", nil, "only this portal; may be repeated (`ID`)")
	flags.StringVar(&division, "division", "", "only portals of this division (行政区划) and those below it, by `CODE`: 330803, 330800, 330000")
	flags.IntVar(&most, "max-requests", 0, "stop after `N` requests; 0 = no bound")
	flags.StringVar(&until, "until", "", "stop at a `TIME`, 06:00 or 2026-11-30T06:00:00+08:00, or after a duration, 8h")
	return cmd
}

func (e *env) backfill(ctx context.Context, years string, ids []string, division string, most int, until string) error {
	var span config.YearSpan
	if years == "" {
		return usagef("backfill needs -years A-B, such as -years 2008-2024")
	}
	if err := span.UnmarshalText([]byte(years)); err != nil {
		return usagef("-years: %w", err)
	}
	if span.Last > time.Now().Year() {
		return usagef("-years: there are no reports on %d yet", span.Last)
	}
	if most < 0 {
		return usagef("-max-requests is %d, not a number of requests", most)
	}
	end, err := config.ParseUntil(until, time.Now())
	if err != nil {
		return usagef("-until %w", err)
	}
	s, err := e.setUp(ids)
	if err != nil {
		return err
	}
	if s.portals, err = below(s.portals, division); err != nil {
		return err
	}
	if !end.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, end, errUntil)
		defer cancel()
	}
	j := &job{session: s, years: crawler.Years(span), maxRequests: most}
	show := term.NewDisplay(e.stderr, j.kind())
	stop, err := e.serveMetrics(&s.Config, s.log, true)
	if err != nil {
		return err
	}
	defer stop.Close()
	j.watch = func(p crawler.Progress) { show.Show(p); stop.Progress(j.kind(), p) }
	err = e.carryOut(ctx, j)
	show.Close()
	err = e.crawled(j, err)
	missing := 0
	for _, m := range j.report.Missing {
		missing += len(m.Years)
	}
	if missing > 0 && !e.asJSON {
		fmt.Fprintf(e.stdout, "still missing in %v: %d reports of %d agencies; gongkai report lists them\n", j.years, missing, len(j.report.Missing))
	}
	return err
}

// below chooses the portals of a division and those below it.
func below(portals []seeds.Portal, division string) (chosen []seeds.Portal, err error) {
	if division == "" {
		return portals, nil
	}
	if !knownDivision(division) {
		return nil, usagef("-division is a six-digit code of GB/T 2260, such as 330803, not %q", division)
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(division, "00"), "00")
	for _, p := range portals {
		if strings.HasPrefix(p.Division, stem) {
			chosen = append(chosen, p)
		}
	}
	if len(chosen) == 0 {
		return nil, usagef("no portal of the catalogue is of division %s; gongkai seeds list shows them", division)
	}
	return chosen, nil
}
