package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

func newSeeds(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "seeds",
		Short: "the catalogue of portals",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("seeds has no command %q in this version; there is seeds list", args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(later("check"), later("discover"))
	cmd.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "show the portals that would be visited",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return e.listSeeds() },
	})
	return cmd
}

func (e *env) listSeeds() error {
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	portals, err := c.portals(nil)
	if err != nil {
		return err
	}
	if e.asJSON {
		return e.printJSON(portals)
	}
	t := e.newTable("id", "agency", "division", "level", "start")
	for _, p := range portals {
		t.AppendRow(table.Row{p.ID, p.Agency, p.Division, p.Level, strings.Join(p.Start, " ")})
	}
	t.Render()
	_, err = fmt.Fprintf(e.stdout, "%d portals\n", len(portals))
	return err
}
