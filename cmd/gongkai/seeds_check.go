package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/cmd/gongkai/term"
	"gongkai/crawler"
	"gongkai/seeds"
	"gongkai/store"
)

// A choice is which portals of the catalogue a command is about.
type choice struct {
	ids    []string
	filter seeds.Filter
	all    bool
}

// flags adds those that make a choice.
func (c *choice) flags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&c.ids, "portal", nil, "this portal; may be repeated (`ID`)")
	chosen(cmd, &c.filter)
	cmd.Flags().BoolVar(&c.all, "all", false, "every portal of the catalogue")
}

// none reports whether nothing has been chosen.
func (c *choice) none() bool {
	f := c.filter
	return len(c.ids) == 0 && !c.all && len(f.Divisions)+len(f.Levels)+len(f.Families)+len(f.Confidences) == 0
}

// from returns the portals chosen.
func (c *choice) from(conf *config.Config) ([]seeds.Portal, error) {
	if err := c.filter.Check(); err != nil {
		return nil, config.UsageError{Err: err}
	}
	all, err := conf.Portals(c.ids)
	return c.filter.Choose(all), err
}

func newSeedsCheck(e *env) *cobra.Command {
	var c choice
	cmd := &cobra.Command{
		Use:   "check",
		Short: "ask for the start pages of portals and say what answers",
		Long: `Check asks for each start page once, as politely as a crawl and as robots.txt permits, follows no link, and says
what answers: the state, the family of software, how many annual reports its first page lists, and of which years. Where only
the home page is known, it says whether that answers. The answers are archived.

The exit code is 3 when a page does not answer, or a listing lists nothing.`,
		Example: `  gongkai seeds check -portal 330803
  gongkai seeds check -confidence seen -json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.checkSeeds(cmd.Context(), c) },
	}
	c.flags(cmd)
	return cmd
}

func (e *env) checkSeeds(ctx context.Context, c choice) error {
	if c.none() {
		return usagef("say which: -portal, -division, -level, -family, -confidence, or -all for the whole catalogue")
	}
	conf, err := e.loadConfig()
	if err != nil {
		return err
	}
	portals, err := c.from(&conf)
	if err != nil {
		return err
	}
	var list []crawler.Checked
	err = e.asking(ctx, &conf, portals, func(run *crawler.Crawler) (err error) {
		list, _, err = run.Check(ctx)
		return err
	})
	if err != nil && !errors.As(err, new(partialError)) {
		return err
	}
	if e.asJSON {
		if list == nil {
			list = []crawler.Checked{}
		}
		err = errors.Join(err, e.printJSON(list))
	} else {
		e.checkTable(list)
	}
	bad := 0
	for _, k := range list {
		if !k.OK() && !(k.Confidence == seeds.HomeOnly && (k.State == store.StateOK || k.State == store.StateUnchanged)) {
			bad++
		}
	}
	if err == nil && bad > 0 {
		err = partialError{fmt.Sprintf("%d of %d pages do not answer, or list nothing", bad, len(list))}
	}
	return err
}

func (e *env) checkTable(list []crawler.Checked) {
	t := e.newTable("portal", "confidence", "answer", "family", "rows", "years", "address")
	for _, k := range list {
		answer := k.Detail
		if !strings.HasPrefix(answer, k.State) {
			answer = strings.TrimSpace(k.State + " " + answer)
		}
		rows := fmt.Sprint(k.Rows)
		switch {
		case k.Rows == 0 && k.Further:
			rows = "by script"
		case k.Rows == 0 && k.Columns > 0:
			rows = fmt.Sprintf("0, %d columns", k.Columns)
		}
		address := k.URL
		if k.Final != "" {
			address += " -> " + k.Final
		}
		t.AppendRow(table.Row{k.Portal, k.Confidence, answer, k.Family, rows, yearsWord(k.Years), address})
	}
	t.Render()
	fmt.Fprintf(e.stdout, "%d pages\n", len(list))
}

// yearsWord prints years in few words: 2008-2011, 2013.
func yearsWord(years []int) string {
	var parts []string
	for i := 0; i < len(years); {
		k := i
		for k+1 < len(years) && years[k+1] == years[k]+1 {
			k++
		}
		if k == i {
			parts = append(parts, fmt.Sprint(years[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", years[i], years[k]))
		}
		i = k + 1
	}
	return strings.Join(parts, ", ")
}

// asking opens the archive and lets a crawler ask portals for something else than a crawl.
func (e *env) asking(ctx context.Context, conf *config.Config, portals []seeds.Portal, ask func(*crawler.Crawler) error) (err error) {
	log, err := e.logger()
	if err != nil {
		return err
	}
	if len(portals) == 0 {
		return usagef("no portal of the catalogue is like that; gongkai seeds list shows them")
	}
	if err := conf.RefuseNameless(portals, program()); err != nil {
		return err
	}
	s, err := store.Open(conf.Archive.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	run := newCrawler(conf, portals, s)
	run.Log = log
	m, err := e.lend(conf, false)
	if err != nil {
		return err
	}
	run.Budget, run.Buffers = m.budget, m.buffers
	var shown term.Progress
	shown.Start(e.stderr, "sites")
	run.Watch = func(p crawler.Progress) {
		shown.At(uint64(p.Done), uint64(p.Sites), fmt.Sprintf("%d requests", p.Requests))
	}
	err = ask(&run)
	shown.Clear()
	if err != nil && ctx.Err() != nil {
		return partialError{"stopped before the end"}
	}
	return err
}
