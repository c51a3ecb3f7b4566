package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/term"
	"gongkai/crawler/collection"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/warc"
)

func newImport(e *env) *cobra.Command {
	var hosts []string
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "take WARC or WACZ files into the archive, and read the reports in them",
		Long: `Import takes collections that others have made, WARC files of any tool (.warc, .warc.gz, .warc.zst) and WACZ files, into
the archive, as if their pages had been crawled at the time, and reads the reports in them. FILE may be a folder.

What answers from *.gov.cn, from the hosts of the catalogue, of crawl.allow_hosts and of -allow-host is archived, whatever
it is; other hosts stay out, as copies of government pages are used to sell other things. Listings in the collection tell
which pages are reports, as they do for a crawl; so do pages that call themselves one.

Importing again adds nothing. What cannot be taken is named, and the exit code is then 3: damaged and cut records, revisits
of what is nowhere, and answers older than one that the archive holds of the same page: import those into an archive of their
own, and merge the two (gongkai merge).`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("import takes WARC or WACZ files, or folders of them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return e.importFiles(cmd.Context(), args, hosts) },
	}
	cmd.Flags().StringSliceVar(&hosts, "allow-host", nil, "take answers of this host as well; may be repeated (`HOST` or HOST:PORT)")
	return cmd
}

func (e *env) importFiles(ctx context.Context, files, hosts []string) error {
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	log, err := e.logger()
	if err != nil {
		return err
	}
	portals, err := c.Portals(nil)
	if err != nil {
		return err
	}
	opened, err := warc.OpenCollection("", files...)
	if err != nil {
		return err
	}
	defer opened.Close()
	opened.MostBytes = int64(c.Crawl.MaxPageBytes)
	s, err := store.Open(c.Archive.Path)
	if err != nil {
		return err
	}
	defer s.Close()
	var shown term.Progress
	m, err := e.lend(&c, false)
	if err != nil {
		return err
	}
	run := collection.Import{Budget: m.budget, Portals: portals, AllowHosts: slices.Concat(c.Crawl.AllowHosts, hosts), Store: s, Log: log,
		Watch: func(done, total int) {
			shown.Start(e.stderr, "import")
			shown.At(uint64(done), uint64(total), "answers")
		}}
	sum, err := run.Run(ctx, opened)
	shown.Clear()
	x := extraction{env: e, store: s, budget: m.budget, log: log, portals: map[string]seeds.Portal{}}
	if err == nil && sum.From > 0 {
		for _, p := range portals {
			x.portals[p.ID] = p
		}
		x.after = sum.From - 1
		err = x.run(ctx)
		x.progress.Clear()
	}
	return e.imported(ctx, sum, &x.n, err)
}

// imported prints what an import did and turns it into the command's outcome.
func (e *env) imported(ctx context.Context, sum collection.Summary, read *extractCount, err error) error {
	if err != nil && ctx.Err() == nil {
		return err
	}
	if e.asJSON {
		printed := e.printJSON(struct {
			collection.Summary
			Read *extractCount `json:"read"`
		}{sum, read})
		err = errors.Join(err, printed)
	} else {
		fmt.Fprintf(e.stdout, "import: %s\nread: %d pages for the first time, %d of them are no reports; %d could not be read\n",
			importWords(sum), read.First, read.Rejected, read.Failed)
	}
	if err != nil {
		return partialError{"stopped before the end; import the same files again to go on"}
	}
	if sum.NotTaken+read.Failed == 0 {
		return nil
	}
	for _, p := range sum.Problems {
		fmt.Fprintf(e.stderr, "  %s\n", p)
	}
	if more := sum.NotTaken - len(sum.Problems); more > 0 {
		fmt.Fprintf(e.stderr, "  … and %d more\n", more)
	}
	return partialError{fmt.Sprintf("%d records could not be taken, or not as a whole", sum.NotTaken+read.Failed)}
}

func importWords(s collection.Summary) string {
	text := fmt.Sprintf("%d records in %d files: %d new captures", s.Records, s.Files, s.New)
	if list := counts(s.Kinds); list != "" {
		text += " (" + list + ")"
	}
	text += fmt.Sprintf(", %d already held, %d not taken", s.Held, s.NotTaken)
	if list := counts(s.Skipped); list != "" {
		text += "; skipped: " + list
	}
	return text
}

// counts lists how many there are of what.
func counts(n map[string]int) string {
	var list []string
	for _, what := range slices.Sorted(maps.Keys(n)) {
		if n[what] > 0 {
			list = append(list, humanize.Comma(int64(n[what]))+" "+what)
		}
	}
	return strings.Join(list, ", ")
}
