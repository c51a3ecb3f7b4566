package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/disk"
	"gongkai/cmd/gongkai/metrics"
	"gongkai/cmd/gongkai/term"
	"gongkai/crawler"
	"gongkai/crawler/pace"
	"gongkai/crawler/runreport"
	"gongkai/store"
	"gongkai/store/export"
)

func newDaemon(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "daemon",
		Short: "crawl on the schedule of config.toml, and export after it",
		Long: `Daemon waits for the times of schedule.crawl and then does what a night needs: crawl, verify a part of the archive, and
export where schedule.export says so. Each night has a report, as after any run. One nightly run goes on at a time, and it ends
in time for the next one, or after schedule.longest; what becomes of runs that were missed is for schedule.missed to say. A step that fails does not stop those after it, unless
the archive is in danger.

With schedule.backfill, past years are filled in whenever crawl.window is open. The nightly crawl goes first, site by
site, and both keep to the same clocks.

Between runs the archive is closed: gongkai status, show and export work. SIGHUP reads the configuration again; when
something is wrong with it, the old one stays. SIGTERM and SIGINT end it within seconds; the next run goes on.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			reload := make(chan os.Signal, 1)
			signal.Notify(reload, syscall.SIGHUP)
			defer signal.Stop(reload)
			return e.daemon(cmd.Context(), reload)
		},
	}
}

// A daemon is what goes on between the nights. Its loop owns it, but for what is under mu.
type daemon struct {
	*env
	log     *slog.Logger
	metrics *metrics.Server
	done    time.Time                                  // all that was due until then has been dealt with
	rest    time.Duration                              // that what follows a crawl took last
	served  config.Metrics                             // as they were when it was started
	night   func(ctx context.Context, s session) error // one run; tests have their own

	mu   sync.Mutex
	held *openArchive // the archive while a run needs it
}

func (e *env) daemon(ctx context.Context, reload <-chan os.Signal) error {
	s, err := e.setUp(nil)
	if err == nil {
		err = s.RefuseNameless(s.portals, program())
	}
	if err != nil {
		return err
	}
	m, err := e.serveMetrics(&s.Config, s.log, false)
	if err != nil {
		return err
	}
	defer m.Close()
	d := &daemon{env: e, log: s.log, metrics: m, served: s.Metrics}
	d.night = d.nightly
	// What was due since the last run while no daemon ran is missed as well.
	d.done = time.Now()
	if last := reportFolder(&s.Config).State().Success["crawl"]; !last.IsZero() && last.Before(d.done) {
		d.done = last
	}
	return d.loop(ctx, s, reload)
}

// look is how often the clock on the wall is looked at: timers stand still while a machine sleeps.
const look = 20 * time.Second

// loop waits and runs until it is told to end, which is no error.
func (d *daemon) loop(ctx context.Context, s session, reload <-chan os.Signal) error {
	backfill := d.startBackfill(ctx, s)
	defer func() { backfill.stop() }()
	said := time.Time{}
	for {
		table, err := s.Timetable()
		if err != nil {
			return err // checked when it was loaded
		}
		now := time.Now().Round(0) // the wall's
		u := table.Turn(d.done, now)
		if u.Missed > 0 {
			d.log.Warn("missed", "runs", u.Missed, "first", u.First, "made_up", u.Run)
		}
		d.metrics.Due(u.Next)
		switch {
		case u.Run || u.Missed > 0:
			d.done = now
			if u.Run {
				d.outcome(d.night(ctx, s))
			}
		case !u.Next.Equal(said):
			said = u.Next
			d.log.Info("waiting", "next", u.Next.Format(time.RFC3339), "schedule", s.Schedule.Crawl, "zone", s.Schedule.Zone)
		}
		if ctx.Err() != nil {
			d.log.Info("told to end")
			return nil
		}
		if u.Run {
			continue
		}
		wait := look
		if !u.Next.IsZero() {
			wait = min(look, max(u.Next.Sub(now), 0))
		}
		select {
		case <-time.After(wait):
		case <-reload:
			if fresh, ok := d.reload(); ok {
				backfill.stop()
				s, said = fresh, time.Time{}
				backfill = d.startBackfill(ctx, s)
			}
		case <-ctx.Done():
		}
	}
}

// reload reads the configuration again; false when something is wrong with it.
func (d *daemon) reload() (session, bool) {
	s, err := d.setUp(nil)
	if err != nil {
		d.log.Error("the new configuration is not used; the old one stays", "err", err)
		return s, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log.Info("configuration read again", "portals", len(s.portals), "digest", digest(&s.Config, s.portals)[:8])
	if s.Metrics != d.served {
		d.log.Warn("the new [metrics] count from the next start of the daemon on")
	}
	return s, true
}

// serveMetrics serves numbers and health where the configuration says. lenient: not where another process does already.
func (e *env) serveMetrics(c *config.Config, log *slog.Logger, lenient bool) (*metrics.Server, error) {
	return metrics.Serve(metrics.Options{Listen: c.Metrics.Listen, Lenient: lenient, Version: version(), Archive: c.Archive.Path, Reports: reportFolder(c),
		MinFree: int64(c.Archive.MinFree), Free: func() (int64, error) { return e.freeSpace(disk.Existing(c.Archive.Path)) }, Log: log})
}

// failure is the error of a run that could not do its work; nil of one that could, in part at least.
func failure(err error) error {
	if code := codeOf(err); code == exitDone || code == exitPartial {
		return nil
	}
	return err
}

func (d *daemon) outcome(err error) {
	var partial partialError
	switch {
	case err == nil:
		d.log.Info("run ended", "outcome", "done")
	case errors.As(err, &partial):
		d.log.Warn("run ended", "outcome", err.Error())
	default:
		d.log.Error("run failed", "err", err)
	}
}

// An openArchive is the archive and the traffic into it, while runs of this process share them.
type openArchive struct {
	store   *store.Store
	traffic *pace.Traffic
	users   int
}

// Another process may read the archive just when a run is due, an export perhaps: it is waited for.
const (
	lockedWait = 30 * time.Second
	lockedTry  = 2 * time.Hour
)

// take opens the archive, unless a run of this process has, and waits a while for other processes, but not until the
// run has to be over.
func (d *daemon) take(ctx context.Context, s session, until time.Time) (*openArchive, error) {
	for began := time.Now(); ; {
		h, err := d.tryTake(s)
		if !errors.Is(err, store.ErrLocked) || time.Since(began) > lockedTry || !until.IsZero() && time.Now().Add(lockedWait).After(until) {
			return h, err
		}
		d.log.Warn("waiting for the archive", "err", err)
		select {
		case <-time.After(lockedWait):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (d *daemon) tryTake(s session) (*openArchive, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held == nil {
		if err := d.room(s.Archive.Path, s.Archive.MinFree); err != nil {
			return nil, err
		}
		opened, err := store.Open(s.Archive.Path)
		if err != nil {
			return nil, err
		}
		traffic, err := pace.OpenTraffic(opened.Dir())
		if err != nil {
			return nil, errors.Join(err, opened.Close())
		}
		d.held = &openArchive{store: opened, traffic: traffic}
	}
	d.held.users++
	return d.held, nil
}

// give closes the archive when no run of this process needs it any more.
func (d *daemon) give() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held.users--; d.held.users > 0 {
		return nil
	}
	h := d.held
	d.held = nil
	return errors.Join(h.traffic.Close(), h.store.Close())
}

// run does one job with the archive of this process.
func (d *daemon) run(ctx context.Context, j *job) (err error) {
	h, err := d.take(ctx, j.session, j.until)
	switch {
	case err != nil && ctx.Err() != nil:
		return partialError{stopped(nil)}
	case err != nil && !disk.IsFull(err):
		return err
	case err == nil:
		j.store, j.traffic = h.store, h.traffic
		defer func() { err = errors.Join(err, d.give()) }()
	} // otherwise carryOut finds the disk full too, and reports it
	kind := j.kind()
	began := time.Now()
	j.watch = func(p crawler.Progress) {
		d.metrics.Progress(kind, p)
		if time.Since(began) > 10*time.Minute {
			began = time.Now()
			d.log.Info(kind, "progress", term.ProgressLine(p))
		}
	}
	err = d.carryOut(ctx, j)
	d.metrics.Ended(kind, failure(err))
	d.log.Info(kind, "result", j.sum.String())
	return err
}

// nightly is what a night needs.
func (d *daemon) nightly(ctx context.Context, s session) error {
	j := &job{session: s, until: d.until(s, time.Now())}
	j.after = func(ctx context.Context, archive *store.Store) []runreport.Step {
		began := time.Now()
		defer func() { d.rest = time.Since(began) }()
		return d.afterwards(ctx, s, archive)
	}
	return d.run(ctx, j)
}

// until returns when a crawl that begins now is over: schedule.longest from now, or in time for what follows it to be
// done when the next run is due. That has a twentieth of the time, or half as much again as it took last, up to the
// half. It is zero when nothing more is due.
func (d *daemon) until(s session, now time.Time) time.Time {
	if longest := time.Duration(s.Schedule.Longest); longest > 0 {
		return now.Add(longest)
	}
	table, err := s.Timetable()
	if err != nil {
		return time.Time{} // checked when it was loaded
	}
	due := table.Next(now)
	if due.IsZero() {
		return due
	}
	span := due.Sub(now)
	return due.Add(-min(max(span/20, d.rest*3/2), span/2))
}

// afterwards verifies a part of the archive and exports it. An export of damaged data is not made.
func (d *daemon) afterwards(ctx context.Context, s session, archive *store.Store) (steps []runreport.Step) {
	sound := true
	if s.Schedule.Verify > 0 {
		slice := int(time.Now().Unix()/(24*60*60)) % s.Schedule.Verify
		st := timed(fmt.Sprintf("verify %d/%d", slice+1, s.Schedule.Verify), func() (string, error) {
			return verifySlice(ctx, archive, slice, s.Schedule.Verify)
		})
		sound = st.Outcome == runreport.StepDone
		steps = append(steps, st)
	}
	switch {
	case s.Schedule.Export == "":
	case ctx.Err() != nil:
		steps = append(steps, runreport.Step{Name: "export", Outcome: runreport.StepSkipped, Detail: "told to end"})
	case !sound:
		steps = append(steps, runreport.Step{Name: "export", Outcome: runreport.StepSkipped, Detail: "the archive must be looked at first"})
	default:
		steps = append(steps, timed("export", func() (string, error) {
			sum, err := exportPackage(ctx, &s.Config, archive, s.Schedule.Export, export.Options{Formats: s.Schedule.Formats, Tool: "gongkai " + version()})
			return fmt.Sprintf("to %s: %v", s.Schedule.Export, sum), err
		}))
	}
	return steps
}

func timed(name string, do func() (string, error)) runreport.Step {
	began := time.Now()
	detail, err := do()
	s := runreport.Step{Name: name, Outcome: runreport.StepDone, Detail: detail, Seconds: time.Since(began).Seconds()}
	if err != nil {
		s.Outcome, s.Detail = runreport.StepFailed, err.Error()
	}
	return s
}

// A backfilling is the backfill that goes on beside the nights.
type backfilling struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

func (b *backfilling) stop() {
	if b != nil {
		b.cancel()
		<-b.ended
	}
}

// againAfter is how long after the end of a backfill the listings are looked at again: what is missing may have come,
// or have been put back.
const againAfter = 7 * 24 * time.Hour

// startBackfill fills in past years beside the nights, until it is stopped; nil when none are asked for.
func (d *daemon) startBackfill(ctx context.Context, s session) *backfilling {
	years := crawler.Years(s.Schedule.Backfill)
	if years == (crawler.Years{}) {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	b := &backfilling{cancel, make(chan struct{})}
	go func() {
		defer close(b.ended)
		for ctx.Err() == nil {
			open, _ := s.Crawl.Window.Stretch(time.Now())
			pause := time.Until(open)
			if pause <= 0 {
				j := &job{session: s, years: years}
				err := d.run(ctx, j)
				d.outcome(err)
				pause = againAfter
				if len(j.report.Notes) > 0 || failure(err) != nil {
					pause = 10 * time.Minute // the window has closed, or something has to be put right first
				}
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
	}()
	return b
}
