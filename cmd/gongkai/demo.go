package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/crawler"
	"gongkai/crawler/replica"
	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/export"
	"gongkai/testdata"
)

func newDemo(e *env) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "crawl, archive and export five replica portals on loopback; needs no network",
		Long: `Demo serves five saved portals on loopback addresses and does the whole job on them with the code that visits the
real ones: crawl, archive, extract, export. The figures are compared with those read from the reports by hand.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.demo(cmd.Context(), dir) },
	}
	cmd.Flags().StringVar(&dir, "dir", "", "keep archive and export in this `DIR` (default a new temporary folder)")
	return cmd
}

// demoDelay is short because the demonstration asks its own servers; robots.txt of one of them lengthens it.
const demoDelay = 50 * time.Millisecond

func (e *env) demo(ctx context.Context, dir string) error {
	log, err := e.logger()
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "gongkai-demo-"); err != nil {
			return err
		}
	}
	fmt.Fprintf(e.stdout, "demo in %s\n", dir)
	farm, err := replica.Start(testdata.Portals())
	if err != nil {
		return err
	}
	defer farm.Close()
	portals, err := demoPortals(farm)
	if err != nil {
		return err
	}
	s, err := store.Open(filepath.Join(dir, "archive"))
	if err != nil {
		return err
	}
	defer s.Close()
	run := crawler.Crawler{
		UserAgent: config.Default(program()).Crawl.UserAgent, Delay: demoDelay, Jitter: 0.3, Hosts: len(portals),
		AllowPrivate: true, Program: "gongkai " + version(), Portals: portals, Store: s, Log: log,
	}
	sum, err := run.Run(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, "crawl:", sum)
	out := filepath.Join(dir, "export")
	exported, err := export.CSV(ctx, s, out, export.Options{Tool: "gongkai " + version()})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "export: %s\n\n", exported)
	if err := e.demoResult(s, farm); err != nil {
		return err
	}
	if !sum.Clean() {
		return fmt.Errorf("the crawl was not clean: %v", sum.Problems())
	}
	fmt.Fprintf(e.stdout, `
What to try next:
  gongkai show 330803/2021 -archive %[1]s
  gongkai status -archive %[1]s
  open %[2]s
`, filepath.Join(dir, "archive"), filepath.Join(out, "figures.csv"))
	return nil
}

// demoPortals takes the replicas' entries of the catalogue and puts the replicas' addresses in.
func demoPortals(farm *replica.Farm) ([]seeds.Portal, error) {
	catalogue, err := seeds.Builtin()
	if err != nil {
		return nil, err
	}
	var portals []seeds.Portal
	for _, site := range farm.Sites {
		i := slices.IndexFunc(catalogue, func(p seeds.Portal) bool { return p.ID == site.ID })
		if i < 0 {
			return nil, fmt.Errorf("no portal %s in the catalogue", site.ID)
		}
		p := catalogue[i]
		named := slices.ContainsFunc(p.Start, func(start string) bool { return strings.HasSuffix(start, site.Start) })
		if !named {
			return nil, fmt.Errorf("the catalogue's entry of %s does not name the page %s that its replica begins at", site.ID, site.Start)
		}
		p.Start = []string{site.URL + site.Start} // it has no other column
		portals = append(portals, p)
	}
	return portals, nil
}

// demoResult prints a line a report and returns an error unless every replica's report is there with the figures
// that it really has.
func (e *env) demoResult(s *store.Store, farm *replica.Farm) error {
	t := e.newTable("agency", "year", "索引号", "公开日期", "figures", "identities")
	var wrong []error
	for _, site := range farm.Sites {
		c, ok, err := s.LastBody(site.URL + site.Report)
		if err != nil {
			return err
		}
		rec, read, err := newestRecord(s, site.URL+site.Report)
		switch {
		case err != nil:
			return err
		case !ok || !read || rec.Report == nil:
			wrong = append(wrong, fmt.Errorf("%s: no report (%s %s)", site.ID, c.State, rec.Rejected))
			continue
		}
		r := rec.Report
		right, total, err := compareFigures(r, site.ID)
		if err != nil {
			return err
		}
		if right != total || len(r.Figures) != total {
			wrong = append(wrong, fmt.Errorf("%s: %d of %d figures are right, %d were read", site.ID, right, total, len(r.Figures)))
		}
		held := 0
		for _, c := range r.Checks {
			if c.Result == form.CheckOK || c.Result == form.CheckBlankZero {
				held++
			}
		}
		t.AppendRow(table.Row{r.Agency.Name, r.Year, r.Field("index_no"), r.Published,
			fmt.Sprintf("%d/%d", right, total), fmt.Sprintf("%d/%d hold", held, len(r.Checks))})
	}
	t.Render()
	return errors.Join(wrong...)
}

// newestRecord returns the record of the newest version of a page.
func newestRecord(s *store.Store, url string) (newest store.Record, ok bool, err error) {
	for c, err := range s.CapturesOf(url) {
		if err != nil {
			return newest, false, err
		}
		r, have, err := s.Record(c.ID)
		if err != nil {
			return newest, false, err
		}
		if have {
			newest, ok = r, true
		}
	}
	return newest, ok, nil
}

// compareFigures counts the figures that equal those read from the sample by hand, blanks included.
func compareFigures(r *extract.Report, sample string) (right, total int, err error) {
	data, err := fs.ReadFile(testdata.Portals(), sample+"/figures.json")
	if err != nil {
		return 0, 0, err
	}
	var want [][4]any // table, row, column, number or null
	if err := json.Unmarshal(data, &want); err != nil {
		return 0, 0, err
	}
	got := map[[3]any]form.Figure{}
	for _, f := range r.Figures {
		got[[3]any{f.Table, f.Row, f.Column}] = f
	}
	for _, w := range want {
		f, ok := got[[3]any{w[0], w[1], w[2]}]
		n, err := json.Number(f.Value).Float64()
		if value, isNumber := w[3].(float64); ok && (isNumber && err == nil && n == value || !isNumber && f.Blank != "") {
			right++
		}
	}
	return right, len(want), nil
}
