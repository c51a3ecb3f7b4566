package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gongkai/cmd/gongkai/disk"
	"gongkai/cmd/gongkai/view"
	"gongkai/crawler"
	"gongkai/crawler/pace"
	"gongkai/crawler/runreport"
	"gongkai/store"
)

// A job is one run of the crawler as somebody asks for it, with all that belongs to a run: the window, the free space,
// what follows it, and the report.
type job struct {
	session
	recheck, full bool
	years         crawler.Years // of a backfill
	maxRequests   int
	until         time.Time              // the run is over then; zero: when all is done
	traffic       *pace.Traffic          // nil: no other run goes on in this process
	watch         func(crawler.Progress) // nil: nobody watches
	after         func(ctx context.Context, s *store.Store) []runreport.Step

	sum    crawler.Summary
	report runreport.Report
	first  uint64 // newest capture when it began
}

func (j *job) kind() string {
	return (&crawler.Crawler{Recheck: j.recheck, Full: j.full, Years: j.years}).Kind()
}

// carryOut does a job whose archive is open, or to be opened, and reports on it whatever comes of it. Its error is what
// the exit code stands for.
func (e *env) carryOut(ctx context.Context, j *job) (err error) {
	j.report = runreport.Report{Version: 1, Program: "gongkai " + version(), Kind: j.kind(), Started: time.Now().UTC()}
	if len(j.portals) == 0 {
		return usagef("the catalogue is empty: seeds.builtin is false and seeds.files names no portals")
	}
	if err := j.RefuseNameless(j.portals, program()); err != nil {
		return err
	}
	err = e.room(j.Archive.Path, j.Archive.MinFree)
	if err == nil && j.store == nil {
		if j.store, err = store.Open(j.Archive.Path); errors.Is(err, store.ErrLocked) {
			return err // it is another process that works, and will report
		}
		if err == nil {
			defer func() { err = errors.Join(err, j.store.Close()) }()
		}
	}
	if err == nil {
		err = e.visit(ctx, j)
	}
	name, written := e.conclude(j, &err)
	if written != nil {
		j.log.Error("the report cannot be written", "folder", j.Report.Path, "err", written)
	} else if !e.asJSON && j.sum.Portals != nil {
		fmt.Fprintf(e.stderr, "report: %s\n", reportFolder(&j.Config).File(name+".txt"))
	}
	e.send(ctx, j, name, written == nil)
	return err
}

// conclude writes the report. Of two runs that end together one waits for the other, so that no capture is in both
// reports, or in none.
func (e *env) conclude(j *job, err *error) (name string, written error) {
	e.concluding.Lock()
	defer e.concluding.Unlock()
	n, state := &j.report, reportFolder(&j.Config).State()
	n.After, n.To = state.Told, state.Told
	if j.sum.Portals != nil {
		if found := e.findOut(j, state); found != nil && codeOf(*err) != exitFailed {
			*err = errors.Join(*err, found)
		}
	}
	n.Ended = time.Now().UTC()
	n.ExitCode = codeOf(*err)
	n.Outcome = outcome(*err)
	n.DiskFree, _ = e.freeSpace(disk.Existing(j.Archive.Path)) // 0 when it cannot be told
	state.Learn(n, j.sum, failure(*err) == nil)
	return reportFolder(&j.Config).Put(n, view.Run(n), state, j.Report.Keep)
}

// findOut fills in what is new, what is wrong, and what is missing.
func (e *env) findOut(j *job, state runreport.State) error {
	n := &j.report
	last, err := j.store.LastID()
	if err != nil {
		return err
	}
	if n.After == 0 || n.After > last { // the first report, or one after the archive was replaced
		n.After = j.first
	}
	n.TellProblems(j.portals, j.sum, state.Portals)
	if err := n.TellNews(j.store); err != nil {
		return err
	}
	if (j.years != crawler.Years{}) {
		n.Missing, err = runreport.Missing(j.store, j.portals, j.years)
	}
	return err
}

// visit crawls, and does what follows.
func (e *env) visit(ctx context.Context, j *job) (err error) {
	if j.first, err = j.store.LastID(); err != nil {
		return err
	}
	n := &j.report
	ctx, unguard := e.guard(ctx, j.Archive.Path, j.Archive.MinFree)
	defer unguard()
	open, closeWindow, err := waitFor(ctx, j.Crawl.Window, j.until, j.log)
	if err == nil {
		defer closeWindow()
		err = e.crawlOnce(open, j)
	}
	if j.after != nil && ctx.Err() == nil && !atStake(err) {
		n.Steps = j.after(ctx, j.store)
	}
	for _, s := range n.Steps {
		if s.Outcome == runreport.StepFailed && err == nil {
			err = partialError{s.Name + " failed: " + s.Detail}
		}
	}
	return err
}

// atStake reports whether what went wrong may be a sign of an archive in danger: then nothing more is done with it.
func atStake(err error) bool { return errors.Is(err, store.ErrDamaged) || disk.IsFull(err) }

// note adds a sentence to the report.
func (j *job) note(format string, args ...any) {
	j.report.Notes = append(j.report.Notes, fmt.Sprintf(format, args...))
}

// crawlOnce runs the crawler.
func (e *env) crawlOnce(ctx context.Context, j *job) error {
	if j.sum.Portals == nil {
		for _, p := range j.portals { // when the crawler does not get as far as that
			j.sum.Portals = append(j.sum.Portals, crawler.PortalSummary{ID: p.ID})
		}
	}
	run := newCrawler(&j.Config, j.portals, j.store)
	run.Log, run.Recheck, run.Full, run.Years, run.MaxRequests = j.log, j.recheck, j.full, j.years, j.maxRequests
	run.Traffic, run.Watch, run.Until = j.traffic, j.watch, j.until
	if (j.years != crawler.Years{}) {
		run.PortalTime, run.PortalRequests = backfillShare*run.PortalTime, backfillShare*run.PortalRequests
	}
	m, err := e.lend(&j.Config, false)
	if err != nil {
		return err
	}
	run.Budget, run.Buffers = m.budget, m.buffers
	sum, err := run.Run(ctx)
	if len(sum.Portals) == len(j.portals) {
		j.sum = sum
	}
	if sum.SetAside != "" {
		j.note("the frontier was damaged, is kept as %s, and was made anew: all listings are looked at again, and waits that servers had asked for are forgotten", sum.SetAside)
	}
	return j.ranUntil(ctx, sum, err)
}

// ranUntil turns what came of running the crawler into the outcome of a command. A closed window, a time that is over
// and a used-up budget end a run as they should; so does a signal, but then there is more to do.
func (j *job) ranUntil(ctx context.Context, sum crawler.Summary, err error) error {
	cause := context.Cause(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		return err
	case disk.IsFull(cause):
		return cause
	case err != nil && !errors.Is(cause, errWindowClosed) && !errors.Is(cause, errUntil):
		return partialError{stopped(cause)}
	case err != nil:
		j.note("%s", stopped(cause))
	}
	if j.maxRequests > 0 && sum.Unvisited > 0 {
		j.note("stopped after %d requests, as asked for: %d pages known are left; the next run goes on", j.maxRequests, sum.Unvisited)
	}
	if sum.Sent > 0 && sum.Answers == 0 {
		return errNoAnswer
	}
	if !j.until.IsZero() && !time.Now().Before(j.until) && sum.Unvisited > 0 {
		j.note("the run was over at %s: %d pages known are left; the next run goes on", view.Clock(j.until), sum.Unvisited)
	}
	if !sum.Clean() {
		return errNotAll
	}
	return nil
}

// backfillShare is how many times as much of a run a portal has in a backfill: there is no other of the next night, but
// it has an end, and a report, too.
const backfillShare = 10

var (
	errWindowClosed = errors.New("the window has closed")
	errUntil        = errors.New("the time given is over")
)

// errNoAnswer is what a run ends with that was good for nothing.
var errNoAnswer = errors.New("no portal has answered")

// errNotAll is what most nights end with.
var errNotAll = partialError{"not everything could be had"}

// stopped puts into words why a run ended before its end; "" when it did not.
func stopped(cause error) string {
	switch {
	case cause == nil:
		return ""
	case errors.Is(cause, errWindowClosed):
		return "stopped, the window has closed; the next run goes on"
	case errors.Is(cause, errUntil):
		return "stopped, the time given is over; the next run goes on"
	case disk.IsFull(cause):
		return "stopped: " + cause.Error()
	}
	return "stopped before the end; the next run goes on"
}

// outcome puts what came of a job into a sentence.
func outcome(err error) string {
	var partial partialError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &partial):
		return "done in part: " + err.Error()
	case disk.IsFull(err) && !errors.Is(err, disk.ErrFull):
		return "could not: the disk is full; what was archived before is safe: " + err.Error()
	}
	return "could not: " + err.Error()
}

// send sends the report. Whatever goes wrong with that is said, and changes nothing about the run.
func (e *env) send(ctx context.Context, j *job, name string, written bool) {
	if j.Report.Webhook == "" {
		return
	}
	// A run that was told to stop is still reported, for as long as the webhook may take.
	failed := runreport.Post(context.WithoutCancel(ctx), j.Report.Webhook, "gongkai/"+version(), time.Duration(j.Report.Timeout), &j.report)
	if failed == nil {
		return
	}
	j.note("this report could not be sent: %v", failed)
	j.log.Error("the report could not be sent", "err", failed)
	if !written {
		return
	}
	e.concluding.Lock()
	defer e.concluding.Unlock()
	if err := reportFolder(&j.Config).Write(name, &j.report, view.Run(&j.report)); err != nil {
		j.log.Error("the report cannot be written", "folder", j.Report.Path, "err", err)
	}
}
