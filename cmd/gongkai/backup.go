package main

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/store"
)

func newBackup(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "backup DIR",
		Short: "copy the archive, or what is new in it, to another folder; also while a crawl runs",
		Long: `Backup brings the archive in DIR, which it makes if there is none, to what the archive holds at this moment. It adds what
has been archived since the last backup and rewrites nothing, so a nightly backup takes as long as the night brought
new pages. Every page and row is proven before it is copied. The copy is an archive like any other.

DIR may only hold an earlier state of the same archive: what was removed or changed there, or is of another archive, is
refused.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("backup takes one DIR")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return e.backup(cmd.Context(), args[0]) },
	}
}

func (e *env) backup(ctx context.Context, dir string) error {
	return e.view(func(_ config.Config, s *store.Store) error {
		s.StopWhen(ctx.Err)
		copied, err := s.Backup(dir)
		if ctx.Err() != nil {
			return partialError{fmt.Sprintf("backup: stopped before the end; %s holds an earlier state of the archive, and the next backup goes on", dir)}
		}
		if err != nil {
			return fmt.Errorf("back up to %s: %w", dir, err)
		}
		if e.asJSON {
			return e.printJSON(copied)
		}
		_, err = fmt.Fprintf(e.stdout, "backup: %d captures (%s) added to %s, which holds all up to %d\n", copied.Captures, humanize.IBytes(uint64(copied.Bytes)), dir, copied.LastID)
		return err
	})
}
