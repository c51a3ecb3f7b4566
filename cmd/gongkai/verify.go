package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/store"
)

func newVerify(e *env) *cobra.Command {
	var slice string
	var mend bool
	var from []string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "fixity of every payload, of every index and of the chain of commits",
		Long: `Verify reads the archive, or a slice of it, and proves that it is what was put there: every page and row is unpacked and
held against its SHA-256 or checksum, every index entry is looked up and traced back, and the chain of commits, in which
each hash covers all that was archived before, is computed anew. It prints a line for each fault.

It works while a crawl writes. -slice 3/30 verifies the third of thirty parts: one each night comes to the whole archive
in a month.

The hash that it prints at the end stands for all captures up to then. Kept elsewhere, in a paper say, it proves later
that nothing was removed: the same archive, however much has been added, has it in its chain for ever.

-repair verifies, and where there is a fault makes a new file of all that can be read, whatever is damaged: every index is
made anew from the log, and records that are lost are read again from their pages. -from DIR names a backup, or any other
archive, that may give what is damaged here; a backup gives it back to the byte. Nothing is made up: if the row or the body
of a capture is lost, the archive notes that, and what was read from the page stays; the problems of an export tell of lost
bodies. The damaged file is kept beside the new one, which is verified before it takes its name.
Whenever that is stopped or killed, the archive is one or the other. Exit code 3: repaired, but something is lost.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case !mend && len(from) > 0:
				return usagef("-from is for -repair")
			case mend && slice != "":
				return usagef("-repair is for the whole archive, -slice for a part")
			case mend:
				return e.repair(cmd.Context(), from)
			}
			return e.verify(cmd.Context(), slice)
		},
	}
	cmd.Flags().StringVar(&slice, "slice", "", "only this part, as in `K/N`")
	cmd.Flags().BoolVar(&mend, "repair", false, "make a new file of what can be read, and put it in the place of the damaged one")
	cmd.Flags().StringSliceVar(&from, "from", nil, "with -repair: an archive that may give what is damaged, a backup say; may be repeated (`DIR`)")
	return cmd
}

func (e *env) verify(ctx context.Context, slice string) error {
	k, n := 1, 1
	if slice != "" {
		var rest string
		if got, _ := fmt.Sscanf(slice, "%d/%d%s", &k, &n, &rest); got != 2 || k < 1 || k > n {
			return usagef("-slice is K/N, such as 3/30, not %q", slice)
		}
	}
	return e.view(func(_ config.Config, s *store.Store) error {
		s.StopWhen(ctx.Err)
		faults := []store.Fault{}
		v, err := s.Verify(k, n, func(f store.Fault) error {
			if e.asJSON {
				faults = append(faults, f)
				return nil
			}
			_, err := fmt.Fprintln(e.stdout, f)
			return err
		})
		if ctx.Err() != nil {
			return errors.New("verify: stopped before the end; what it had told by then holds")
		}
		if err != nil {
			return err
		}
		if e.asJSON {
			err = e.printJSON(map[string]any{"slice": k, "of": n, "verified": v, "faults": faults})
		} else {
			_, err = fmt.Fprintf(e.stdout, "verify: %d captures, %d bodies (%s), %d records, %d index entries, %d commits: %d faults\n%shead of the chain: %s\n",
				v.Captures, v.Bodies, humanize.IBytes(uint64(v.Bytes)), v.Records, v.Entries, v.Links, v.Faults, lostLine(v.Lost), v.Head)
		}
		if err == nil && v.Faults > 0 {
			return partialError{fmt.Sprintf("%d faults found; gongkai verify -repair mends what can be mended", v.Faults)}
		}
		return err
	})
}

// verifySlice verifies the n-th of so many parts of an archive, from 0, so that one a night comes round to all of it.
func verifySlice(ctx context.Context, s *store.Store, n, of int) (string, error) {
	var first string
	v, err := s.Verify(n+1, of, func(f store.Fault) error {
		if first == "" {
			first = f.String()
		}
		return ctx.Err()
	})
	switch {
	case err != nil:
		return "", err
	case v.Faults > 0:
		return "", fmt.Errorf("%d faults, the first: %s; gongkai verify lists them", v.Faults, first)
	}
	return fmt.Sprintf("%d captures, %d bodies, %d records, %d index entries: no fault; head of the chain %s", v.Captures, v.Bodies, v.Records, v.Entries, v.Head), nil
}
