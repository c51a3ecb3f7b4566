package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"gongkai/cmd/gongkai/config"
	"gongkai/crawler"
	"gongkai/seeds"
)

func newSeedsDiscover(e *env) *cobra.Command {
	var c choice
	var write string
	var units bool
	cmd := &cobra.Command{
		Use:   "discover [URL]...",
		Short: "find a portal's listing of annual reports from its home page",
		Long: fmt.Sprintf(`Discover looks for the listings of annual reports (政府信息公开年报) on portals of which the home page is known: of the
catalogue, or at any address. It asks for at most %d pages a portal, robots.txt and redirects included, and believes a page to be
the listing only when it lists such reports. What it finds is kept in the archive's folder, in %s, and is where the next crawl
begins; with -write it goes into a seeds file as well, which may exist already.

A portal that the catalogue does not know is added by one command:

  gongkai seeds discover https://www.example.gov.cn/ -write my-portals.toml

with seeds.files = ["my-portals.toml"] in config.toml. Exit code 3 means that no listing was found on some portals.`, crawler.MostRequests, seeds.DiscoveryFile),
		Example: `  gongkai seeds discover -division 330800
  gongkai seeds discover -portal 330802 -json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.discover(cmd.Context(), args, c, write, units)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&write, "write", "", "add what is found to this seeds `FILE`")
	cmd.Flags().BoolVar(&units, "units", false, "with -write: the sections of bodies below a government as well")
	return cmd
}

// A discovered is a portal with what came of looking for its listing.
type discovered struct {
	seeds.Portal
	Discovery seeds.Discovery `json:"discovery"`
}

func (e *env) discover(ctx context.Context, addresses []string, c choice, write string, units bool) error {
	if len(addresses) == 0 && c.none() {
		return usagef("say which: an address, -portal, -division, -level, -family, -confidence, or -all for the whole catalogue")
	}
	conf, err := e.loadConfig()
	if err != nil {
		return err
	}
	conf.Seeds.Files = slices.DeleteFunc(conf.Seeds.Files, func(f string) bool { return sameFile(f, write) && !exists(f) }) // it is about to be made
	portals, err := toDiscover(&conf, addresses, c)
	if err != nil {
		return err
	}
	if err := checkWritable(write); err != nil { // before portals are asked for what could not be kept
		return err
	}
	var found []seeds.Discovery
	err = e.asking(ctx, &conf, portals, func(run *crawler.Crawler) (err error) {
		found, _, err = run.Discoveries(ctx)
		return err
	})
	if err != nil && !errors.As(err, new(partialError)) {
		return err
	}
	all := []discovered{}
	missed := 0
	for _, d := range found {
		i := slices.IndexFunc(portals, func(p seeds.Portal) bool { return p.ID == d.Portal })
		all = append(all, discovered{d.Complete(portals[i]), d})
		if d.Outcome != seeds.Found {
			missed++
		}
	}
	if write != "" {
		err = errors.Join(err, e.writeFound(write, all, units))
	}
	if e.asJSON {
		err = errors.Join(err, e.printJSON(all))
	} else {
		e.discoverTable(all)
	}
	if err == nil && missed > 0 {
		err = partialError{fmt.Sprintf("no listing was found on %d of %d portals", missed, len(all))}
	}
	return err
}

// checkWritable refuses a file that portals cannot be added to; "" is no file.
func checkWritable(file string) error {
	if file == "" {
		return nil
	}
	if _, err := seeds.Append(file, nil); err != nil {
		return config.UsageError{Err: err}
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return usagef("-write: there is no folder %s", filepath.Dir(file))
	}
	return nil
}

// toDiscover returns the portals that are meant: those chosen of the catalogue, and those at addresses. An address that
// the catalogue knows as a home page is that portal.
func toDiscover(conf *config.Config, addresses []string, c choice) (portals []seeds.Portal, err error) {
	if !c.none() {
		if portals, err = c.from(conf); err != nil {
			return nil, err
		}
	}
	all, err := conf.Portals(nil)
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		u, err := homePage(address)
		if err != nil {
			return nil, err
		}
		p := seeds.Portal{ID: newID(u, append(slices.Clone(all), portals...)), Home: u.String(), Start: []string{u.String()}, Confidence: seeds.HomeOnly}
		for _, known := range all {
			if bareHost(known.HomePage()) == bareHost(u.String()) && bareHost(u.String()) != "" {
				p = known
			}
		}
		if !slices.ContainsFunc(portals, func(o seeds.Portal) bool { return o.ID == p.ID }) {
			portals = append(portals, p)
		}
	}
	return portals, nil
}

// homePage reads the address of a portal, which may lack what is the same in all.
func homePage(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, usagef("%q is no address of a portal such as https://www.example.gov.cn/", address)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// bareHost is what home pages of one portal have in common.
func bareHost(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Host), "www.")
}

// newID makes an id of a host's name: example for www.example.gov.cn.
func newID(u *url.URL, taken []seeds.Portal) string {
	host := strings.TrimPrefix(strings.ToLower(u.Host), "www.")
	host = strings.TrimSuffix(host, ".gov.cn")
	word := strings.Join(strings.FieldsFunc(host, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }), "-")
	id := cmp.Or(word, "portal")
	for n := 2; slices.ContainsFunc(taken, func(p seeds.Portal) bool { return p.ID == id }); n++ {
		id = fmt.Sprintf("%s-%d", cmp.Or(word, "portal"), n)
	}
	return id
}

// writeFound adds to a seeds file the portals on which something was found.
func (e *env) writeFound(file string, all []discovered, units bool) error {
	var portals []seeds.Portal
	for _, d := range all {
		if d.Discovery.Outcome != seeds.Found {
			continue
		}
		portals = append(portals, d.Portal)
		if units {
			portals = append(portals, d.Discovery.Units...)
		}
	}
	left, err := seeds.Append(file, portals)
	if err != nil {
		return err
	}
	for _, p := range left {
		if known, err := seeds.Load(file); err == nil && slices.ContainsFunc(known, func(o seeds.Portal) bool { return o.ID == p.ID && slices.Equal(o.Start, p.Start) }) {
			continue // it says the same
		}
		fmt.Fprintf(e.stderr, "gongkai: %s has a portal %s already, which is left as it is; found now: %s\n", file, p.ID, strings.Join(p.Start, " "))
	}
	return nil
}

func (e *env) discoverTable(all []discovered) {
	t := e.newTable("portal", "outcome", "requests", "rows", "years", "family", "listing")
	for _, d := range all {
		if d.Discovery.Outcome != seeds.Found {
			t.AppendRow(table.Row{d.ID, d.Discovery.Outcome, d.Discovery.Requests, "", "", "", d.Discovery.Reason})
			continue
		}
		for i, l := range d.Discovery.Listings {
			row := table.Row{d.ID, d.Discovery.Outcome, d.Discovery.Requests, l.Rows, yearsWord(l.Years), l.Family, l.URL + " " + l.Name}
			if i > 0 {
				row[0], row[1], row[2] = "", "", ""
			}
			t.AppendRow(row)
		}
		if n := len(d.Discovery.Units); n > 0 {
			t.AppendRow(table.Row{"", "", "", "", "", "", fmt.Sprintf("and %d bodies with a section of their own", n)})
		}
	}
	t.Render()
	fmt.Fprintf(e.stdout, "%d portals\n", len(all))
}

func sameFile(a, b string) bool {
	x, err1 := filepath.Abs(a)
	y, err2 := filepath.Abs(b)
	return b != "" && err1 == nil && err2 == nil && x == y
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
