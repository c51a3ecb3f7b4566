package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/seeds"
)

func newSeeds(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "seeds",
		Short: "the catalogue of portals",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("seeds has no command %q; there are list, check and discover", args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newSeedsList(e), newSeedsCheck(e), newSeedsDiscover(e))
	return cmd
}

// chosen adds the flags that choose portals of the catalogue.
func chosen(cmd *cobra.Command, f *seeds.Filter) {
	cmd.Flags().StringSliceVar(&f.Divisions, "division", nil, "only this `CODE` of GB/T 2260 and what lies below it; may be repeated")
	cmd.Flags().StringSliceVar(&f.Levels, "level", nil, "only this `LEVEL`: "+strings.Join(seeds.Levels, ", "))
	cmd.Flags().StringSliceVar(&f.Families, "family", nil, "only this `FAMILY` of portal software, as the catalogue names it")
	cmd.Flags().StringSliceVar(&f.Confidences, "confidence", nil, "only with this `WORD`: "+strings.Join(seeds.Confidences, ", "))
}

func newSeedsList(e *env) *cobra.Command {
	var f seeds.Filter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "show the portals that would be visited",
		Long: `List shows the catalogue: the portals in the program, those of seeds.files, and what was discovered on them. The
word for confidence says how far the addresses are to be trusted as listings of annual reports: verified (read on the day
checked, and reports found), seen (named by somebody), derived (cut from the address of a report), home (only the home page
is known; a crawl discovers the listing), none (no address is known).`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return e.listSeeds(f) },
	}
	chosen(cmd, &f)
	return cmd
}

func (e *env) listSeeds(f seeds.Filter) error {
	if err := f.Check(); err != nil {
		return config.UsageError{Err: err}
	}
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	portals, err := c.Portals(nil)
	if err != nil {
		return err
	}
	portals = f.Choose(portals)
	if e.asJSON {
		return e.printJSON(portals)
	}
	t := e.newTable("id", "agency", "division", "level", "confidence", "checked", "start")
	for _, p := range portals {
		t.AppendRow(table.Row{p.ID, p.Agency, p.Division, p.Level, p.Confidence, p.Checked, strings.Join(p.Start, " ")})
	}
	t.Render()
	_, err = fmt.Fprintf(e.stdout, "%d portals\n", len(portals))
	return err
}
