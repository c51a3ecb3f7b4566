package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/view"
	"gongkai/crawler/runreport"
)

func newReport(e *env) *cobra.Command {
	var list bool
	cmd := &cobra.Command{
		Use:   "report [RUN]",
		Short: "what the last run came to: new, revised, withdrawn, blocked, failing, suspiciously few",
		Long: `Report prints the report of the last crawl, backfill or night of the daemon, or of the RUN named: the beginning of
its time, such as 2026-11-25 or 2026-11-25T1400Z; of several, the last. Reports are kept in the folder report.path, the
newest report.keep of them. Each capture of the archive is in one report, those of killed runs in the one that follows.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("report takes one RUN at most, such as 2026-11-25T1400Z")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if list {
				return e.listReports()
			}
			return e.showRun(strings.Join(args, ""))
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the reports there are")
	return cmd
}

// reportFolder is where the reports of the archive's runs are.
func reportFolder(c *config.Config) runreport.Folder {
	return runreport.Folder{Dir: c.Report.Path, Archive: c.Archive.Path}
}

func (e *env) showRun(about string) error {
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	s := reportFolder(&c)
	names, err := s.Runs()
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, about) })
	switch {
	case len(names) == 0 && about == "":
		return fmt.Errorf("no run of the archive %s has been reported in %s yet; gongkai crawl makes the first report", c.Archive.Path, c.Report.Path)
	case len(names) == 0:
		return fmt.Errorf("no report %s in %s; gongkai report -list lists them", about, c.Report.Path)
	}
	n, err := s.Get(names[len(names)-1])
	if err != nil {
		return err
	}
	if e.asJSON {
		return e.printJSON(n)
	}
	_, err = fmt.Fprint(e.stdout, view.Run(&n))
	return err
}

func (e *env) listReports() error {
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	s := reportFolder(&c)
	names, err := s.Runs()
	if err != nil {
		return err
	}
	if e.asJSON {
		return e.printJSON(names)
	}
	for _, name := range names {
		n, err := s.Get(name)
		if err != nil {
			fmt.Fprintf(e.stdout, "%s  cannot be read: %v\n", name, err)
			continue
		}
		fmt.Fprintf(e.stdout, "%s  %s: %s\n", name, n.Kind, n.Outcome)
	}
	return nil
}
