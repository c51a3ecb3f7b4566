package main

import (
	"context"
	"fmt"
	"log/slog"

	"gongkai/cmd/gongkai/term"
	"gongkai/seeds"
	"gongkai/store"
)

// repair repairs the archive, and reads again what was read from it and is lost.
func (e *env) repair(ctx context.Context, from []string) error {
	if e.readOnly {
		return errReadOnly
	}
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	if err := e.roomFor("repair", c.Archive.Path, 2, c.Archive.Path); err != nil {
		return err
	}
	var shown term.Progress
	n, err := store.Repair(c.Archive.Path, store.Rewrite{From: from, Watch: e.watch(&shown), Stop: unchanged(ctx)})
	shown.Clear()
	if err != nil {
		return err
	}
	read := &extractCount{}
	if n.Kept != "" {
		if read, err = e.readAgain(ctx, n.Reread); err != nil {
			return err
		}
	}
	if e.asJSON {
		err = e.printJSON(struct {
			store.Repaired
			Read *extractCount `json:"read"`
		}{n, read})
	} else {
		err = e.printRepaired(&n, read)
	}
	if lost := n.Lost.Payloads + n.Lost.Captures + read.Failed + read.Lost; err == nil && n.Kept != "" && lost > 0 {
		return partialError{"repaired, but not all of it could be brought back"}
	}
	return err
}

func (e *env) printRepaired(n *store.Repaired, read *extractCount) error {
	if n.Kept == "" {
		_, err := fmt.Fprintf(e.stdout, "repair: no fault; nothing was changed\n%s", lostLine(n.Lost))
		return err
	}
	for _, l := range n.Told {
		if l.What == "record" && read.Failed+read.Lost == 0 {
			continue // it was read again
		}
		fmt.Fprintln(e.stdout, l)
	}
	fmt.Fprintf(e.stdout, "repair: %d captures, %d bodies, %d records; all indexes made anew, %d damaged pages of the file\n", n.Captures, n.Bodies, n.Records+read.First, n.Pages)
	if n.Copied+n.Restored > 0 {
		fmt.Fprintf(e.stdout, "given back: %d pieces of the log to the byte, %d payloads\n", n.Copied, n.Restored)
	}
	fmt.Fprintf(e.stdout, "read again: %d records, from their pages\n%s", read.Read, lostLine(n.Lost))
	_, err := fmt.Fprintf(e.stdout, "head of the chain: %s\nthe damaged file is %s; keep it until a backup of the repaired archive is made\n", n.Head, n.Kept)
	return err
}

// lostLine says what an archive has lost; "" when nothing.
func lostLine(l store.Losses) string {
	if !l.Any() {
		return ""
	}
	return "lost, as repairs have found: " + l.String() + "\n"
}

// readAgain reads pages that should have a record, and have none, and some others.
func (e *env) readAgain(ctx context.Context, again []uint64) (*extractCount, error) {
	w, err := e.setUp(nil)
	if err != nil {
		return nil, err
	}
	s, err := openExisting(w.Archive.Path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	m, err := e.lend(&w.Config, false)
	if err != nil {
		return nil, err
	}
	x := extraction{env: e, store: s, budget: m.budget, log: slog.New(slog.DiscardHandler), portals: map[string]seeds.Portal{}, missing: true, again: again}
	for _, p := range w.portals {
		x.portals[p.ID] = p
	}
	err = x.run(ctx)
	x.progress.Clear()
	return &x.n, err
}
