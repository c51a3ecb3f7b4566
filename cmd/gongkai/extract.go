package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"gongkai/cmd/gongkai/term"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/history"
	"gongkai/store/reading"
)

func newExtract(e *env) *cobra.Command {
	var all, diffs, retry bool
	cmd := &cobra.Command{
		Use:   "extract",
		Short: "read the archive again with today's extractor; no network",
		Long: `Extract reads archived reports that have no record of today's extractor yet, pages with their parts and attachments,
and keeps what it reads. Crawling reads what it archives; this is for after an update of the program. It counts what
came out otherwise by field: in how many records, and for figures in how many cells; -diff shows each.

A record that comes out otherwise is no revision of the report: its captures stay the same. With -json -diff there is
a line of JSON for each difference, and one for the summary at the end.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.extract(cmd.Context(), all, diffs, retry) },
	}
	cmd.Flags().BoolVar(&all, "all", false, "read every page, also those that today's extractor has read")
	cmd.Flags().BoolVar(&retry, "retry", false, "try again to read pages whose reading has ended the process before")
	cmd.Flags().BoolVar(&diffs, "diff", false, "print a line for each difference: URL, field, old and new value")
	return cmd
}

// extractCount is what reading again did.
type extractCount struct {
	Read     int                     `json:"read"`
	First    int                     `json:"first"` // had no record before
	Changed  int                     `json:"changed"`
	Rejected int                     `json:"rejected"`
	Failed   int                     `json:"failed"`
	Left     int                     `json:"left_alone"`
	Lost     int                     `json:"lost,omitempty"` // pages that the archive has lost, as a repair has noted
	Diff     history.DifferenceCount `json:"diff"`
}

func (n *extractCount) String() string {
	text := fmt.Sprintf("%d pages read (%d for the first time, %d came out otherwise, %d are no reports, %d failed), %d left alone",
		n.Read, n.First, n.Changed, n.Rejected, n.Failed, n.Left)
	if n.Lost > 0 {
		text += fmt.Sprintf(", %d lost in the archive", n.Lost)
	}
	if n.Changed > 0 {
		text += "\nchanged: " + n.Diff.String()
	}
	return text
}

func (e *env) extract(ctx context.Context, all, diffs, retry bool) error {
	w, err := e.setUp(nil)
	if err != nil {
		return err
	}
	s, err := openExisting(w.Archive.Path)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := e.lend(&w.Config, retry)
	if err != nil {
		return err
	}
	x := extraction{env: e, store: s, budget: m.budget, log: w.log, portals: map[string]seeds.Portal{}, all: all, diffs: diffs}
	for _, p := range w.portals {
		x.portals[p.ID] = p
	}
	err = x.run(ctx)
	x.progress.Clear()
	if err != nil && ctx.Err() != nil {
		return partialError{"stopped before the end: " + x.n.String()}
	}
	if err != nil {
		return err
	}
	switch {
	case e.asJSON && diffs:
		err = e.newEncoder().Encode(map[string]any{"summary": x.n})
	case e.asJSON:
		err = e.printJSON(x.n)
	default:
		_, err = fmt.Fprintln(e.stdout, "extract:", &x.n)
	}
	if err == nil && x.n.Failed > 0 {
		return partialError{fmt.Sprintf("%d pages could not be read", x.n.Failed)}
	}
	return err
}

// An extraction reads the archive again, some pages at a time: several goroutines read the pages of a batch, then one
// keeps and counts what they have read, in the order of the captures.
type extraction struct {
	*env
	store      *store.Store
	budget     *reading.Budget
	log        *slog.Logger
	portals    map[string]seeds.Portal
	all, diffs bool
	missing    bool     // only pages that have no record, and
	again      []uint64 // these
	after      uint64   // only captures archived after this one

	n        extractCount
	batch    []pageReading
	progress term.Progress
}

// batchPages bounds what is in memory for each goroutine.
const batchPages = 16

// A pageReading is one page to read, and what came of it.
type pageReading struct {
	capture store.Capture
	old     store.Record
	had     bool // there is an old record
	record  store.Record
	err     error
	same    bool // nothing is to be kept
}

func (x *extraction) run(ctx context.Context) error {
	last, err := x.store.LastID()
	if err != nil {
		return err
	}
	x.progress.Start(x.stderr, "extract")
	for capture, err := range x.store.Captures(x.after) {
		if err != nil {
			return err
		}
		if err := errors.Join(ctx.Err(), x.consider(capture)); err != nil {
			return err
		}
		if len(x.batch) < batchPages*runtime.GOMAXPROCS(0) {
			continue
		}
		if err := x.flush(ctx); err != nil {
			return err
		}
		x.progress.At(capture.ID, last, fmt.Sprintf("%d read, %d came out otherwise", x.n.Read, x.n.Changed))
	}
	return x.flush(ctx)
}

// consider adds a capture to the batch if a record belongs to it: one that brought the body of a page, one that has a
// record already, as parts of the report had changed, and one whose record of that is lost.
func (x *extraction) consider(c store.Capture) error {
	switch {
	case c.Kind == store.KindReport && c.State == store.StateOK:
		return x.add(c, true)
	case c.Kind == store.KindReport && c.State == store.StateUnchanged:
		return x.add(c, false)
	case (c.Kind == store.KindPart || c.Kind == store.KindAttachment) && c.State == store.StateOK:
		page, ok, err := x.store.LastBefore(c.From, c.ID)
		if err != nil || !ok || page.State != store.StateUnchanged || page.Kind != store.KindReport {
			return err
		}
		if _, had, err := x.store.Record(page.ID); err != nil || had {
			return err
		}
		return x.add(page, true)
	}
	return nil
}

// add adds a page to the batch, once. When it has no record it is added only if it should have one.
func (x *extraction) add(c store.Capture, should bool) error {
	old, had, err := x.store.Record(c.ID)
	switch {
	case err != nil:
		return err
	case !had && !should:
	case had && (x.missing && !slices.Contains(x.again, c.ID) || !x.missing && old.Version == extract.Version && !x.all):
		x.n.Left++
	case !slices.ContainsFunc(x.batch, func(r pageReading) bool { return r.capture.ID == c.ID }):
		x.batch = append(x.batch, pageReading{capture: c, old: old, had: had})
	}
	return nil
}

// flush reads the batch and keeps what was read.
func (x *extraction) flush(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range x.batch {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			x.read(ctx, &x.batch[i]) // each goroutine owns one element
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := x.keep(); err != nil {
		return err
	}
	for i := range x.batch {
		if err := x.report(&x.batch[i]); err != nil {
			return err
		}
	}
	x.batch = x.batch[:0]
	return nil
}

func (x *extraction) read(ctx context.Context, r *pageReading) {
	p := x.portals[r.capture.Portal]
	r.record, r.err = reading.Read(ctx, x.store, x.budget, r.capture, reading.Publisher{Agency: p.Agency, Division: p.Division})
	r.same = r.err == nil && r.had && r.old.Version == r.record.Version && r.old.Home == r.record.Home && sameJSON(r.old.Report, r.record.Report) &&
		sameJSON(r.old.Parts, r.record.Parts) && r.old.Rejected == r.record.Rejected
}

func sameJSON(a, b any) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// keep archives the records of the batch that are new, in one commit; where that fails, one by one.
func (x *extraction) keep() error {
	var records []*store.Record
	for i := range x.batch {
		if r := &x.batch[i]; r.err == nil && !r.same {
			records = append(records, &r.record)
		}
	}
	if x.store.PutRecords(records) == nil {
		return nil
	}
	for i := range x.batch {
		if r := &x.batch[i]; r.err == nil && !r.same {
			if r.err = x.store.PutRecord(&r.record); errors.Is(r.err, store.ErrDamaged) {
				return r.err
			}
		}
	}
	return nil
}

// report counts one reading, and prints what it changed.
func (x *extraction) report(r *pageReading) error {
	if errors.Is(r.err, store.ErrDamaged) {
		if why, err := x.store.Lost(r.capture.SHA256); err == nil && why != "" {
			x.n.Lost++ // verify and the problems of an export tell of it
			return nil
		}
	}
	if r.err != nil {
		x.n.Failed++
		x.log.Warn("cannot read", "capture", r.capture.ID, "url", r.capture.URL, "err", r.err)
		return nil
	}
	x.n.Read++
	if r.record.Rejected != "" {
		x.n.Rejected++
	}
	if !r.had {
		x.n.First++
		return nil
	}
	list := history.Differences(&r.old, &r.record)
	x.n.Diff.Add(list)
	if len(list) > 0 {
		x.n.Changed++
	}
	if !x.diffs {
		return nil
	}
	for _, d := range list {
		if err := x.print(d); err != nil {
			return err
		}
	}
	return nil
}

func (x *extraction) print(d history.Difference) error {
	x.progress.Clear()
	if x.asJSON {
		return x.newEncoder().Encode(d)
	}
	_, err := fmt.Fprintln(x.stdout, d)
	return err
}
