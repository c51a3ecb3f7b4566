package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/disk"
	"gongkai/cmd/gongkai/term"
	"gongkai/store"
)

func newCompact(e *env) *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "rewrite the archive into its smallest form; nothing that it holds changes",
		Long: `Compact writes the archive into a new file without pages that are free or half empty. Captures, everything that was ever
read from them, their order and the chain of commits stay as they are, to the byte: a hash that was published proves what
it proved, an export of a moment is the same, and gongkai backup goes on where it was.

The archive is verified first, and so is the new file before it takes the place of the old one, which is kept beside it under
a name with the day; -remove-old removes it at the end. Whenever it is stopped or killed the archive is whole. No other
process may write to the archive meanwhile (exit code 4). A damaged archive is refused: gongkai verify -repair comes first.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.compact(cmd.Context(), remove) },
	}
	cmd.Flags().BoolVar(&remove, "remove-old", false, "do not keep the old file")
	return cmd
}

func (e *env) compact(ctx context.Context, remove bool) error {
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	if err := e.roomFor("compact", c.Archive.Path, 1, c.Archive.Path); err != nil {
		return err
	}
	var shown term.Progress
	n, err := store.Compact(c.Archive.Path, store.Rewrite{Watch: e.watch(&shown), Stop: unchanged(ctx)})
	shown.Clear()
	if err != nil {
		return err
	}
	if remove {
		if err := os.Remove(n.Kept); err != nil {
			return err
		}
		n.Kept = ""
	}
	if e.asJSON {
		return e.printJSON(n)
	}
	_, err = fmt.Fprintf(e.stdout, "compact: %s before, %s now; %d captures, %d bodies, %d records\nhead of the chain: %s\n",
		humanize.IBytes(uint64(n.Before)), humanize.IBytes(uint64(n.After)), n.Captures, n.Bodies, n.Records, n.Head)
	if err == nil && n.Kept != "" {
		_, err = fmt.Fprintf(e.stdout, "the old file is %s; delete it when you need its room\n", n.Kept)
	}
	return err
}

// unchanged is for work that changes nothing unless it comes to its end: it says so when ctx is done.
func unchanged(ctx context.Context) func() error {
	return func() error {
		if ctx.Err() != nil {
			return errors.New("stopped before the end; nothing was changed")
		}
		return nil
	}
}

// watch shows how far a rewriting has come.
func (e *env) watch(p *term.Progress) func(doing string, done, total uint64) {
	return func(doing string, done, total uint64) {
		p.Start(e.stderr, doing)
		p.At(done, total, "")
	}
}

// roomFor refuses to begin where there is not room for so many times the files of some archives.
func (e *env) roomFor(what, dir string, times int64, archives ...string) error {
	need := int64(0)
	for _, archive := range archives {
		info, err := os.Stat(filepath.Join(archive, "archive.db"))
		if err != nil {
			continue // opening it says it better
		}
		need += times * info.Size()
	}
	free, err := e.freeSpace(disk.Existing(dir))
	if err != nil {
		return fmt.Errorf("free space of %s: %w", dir, err)
	}
	if free < need {
		return fmt.Errorf("%w: to %s may take %s on the disk of %s, and %s is free there; nothing was changed", disk.ErrFull, what,
			humanize.IBytes(uint64(need)), dir, humanize.IBytes(uint64(max(free, 0))))
	}
	return nil
}
