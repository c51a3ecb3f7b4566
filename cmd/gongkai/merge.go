package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/seeds"
	"gongkai/store"
)

func newMerge(e *env) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "merge DIR DIR...",
		Short: "make one archive of several: of two crawlers, or of a crawl and an import of older pages",
		Long: `Merge makes a new archive in the folder that -out names of what the archives in the other folders hold, which stay as they
are. Captures stand in the order of their time, those that several archives have once; whether an answer is unchanged, and
how the versions of a report differ, is computed anew. The result is what one crawler would have archived.

Of each capture the new archive tells which of the archives it was in, and under which number; of each archive its path and the
hash of its newest commit, which the new chain of commits begins with: gongkai status lists them. Numbers of captures and
moments of exports are those of the new archive. What earlier extractors had read of a page stays behind; the frontier, which
is no part of an archive, too: the next crawl looks at the listings again.

An archive that a repair found to have lost rows of captures is refused: what was read from them would be lost with no word of it.

An import refuses pages that are older than those held of the same address. Import them into an archive of their own, and merge.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("merge takes two folders of archives, or more")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return e.merge(cmd.Context(), out, args) },
	}
	cmd.Flags().StringVar(&out, "out", "", "the folder of the new archive (`DIR`)")
	return cmd
}

func (e *env) merge(ctx context.Context, out string, dirs []string) error {
	switch {
	case out == "":
		return usagef("merge needs -out DIR, the folder of the new archive")
	case e.archive != "":
		return usagef("merge makes an archive of others: name them all, and the new one with -out")
	}
	if err := e.roomFor("merge", out, 2, dirs...); err != nil {
		return err
	}
	var shown term.Progress
	n, err := store.Merge(out, dirs, store.Rewrite{Watch: e.watch(&shown), Stop: unchanged(ctx)})
	shown.Clear()
	if err == nil {
		err = seeds.MergeDiscoveries(out, dirs...)
	}
	switch {
	case errors.Is(err, store.ErrExists):
		return config.UsageError{Err: err}
	case err != nil:
		return fmt.Errorf("merge: %w", err)
	case e.asJSON:
		return e.printJSON(n)
	}
	fmt.Fprintf(e.stdout, "merge: %d captures, %d bodies, %d records in %s, %s\n", n.Captures, n.Bodies, n.Records, filepath.Join(out, "archive.db"), humanize.IBytes(uint64(n.Size)))
	for _, s := range n.Sources {
		fmt.Fprintln(e.stdout, sourceWords(s))
	}
	_, err = fmt.Fprintf(e.stdout, "%d captures were in several; %d are unchanged, or are not, only beside the others'; %d versions came back after another's\nhead of the chain: %s\n",
		n.Same, n.Restated, n.Returned, n.Head)
	return err
}

// sourceWords says what an archive was merged from.
func sourceWords(s store.Source) string {
	words := fmt.Sprintf("  archive %d: %d captures of %s, up to commit %s", s.Archive, s.Captures, s.Path, s.Head)
	if s.In != 0 {
		words += fmt.Sprintf(", in archive %d", s.In)
	}
	return words
}
