package crawler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"gongkai/crawler/fetch"
	"gongkai/crawler/outage"
	"gongkai/crawler/pace"
	"gongkai/crawler/robots"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/frontier"
	"gongkai/store/reading"
)

// A Crawler visits Portals and keeps what they answer in Store. Its fields must not change while it runs.
type Crawler struct {
	UserAgent    string        // honest, with a contact; robots.txt is matched against its product token
	Delay        time.Duration // between the end of an answer and the next request to the same site; at least LeastDelay where that is public
	Jitter       float64       // lengthens delays by up to this part, at random: 0.3
	Hosts        int           // sites asked at the same time; at least one. Those that wait do not count
	MaxPageBytes int64         // larger answers are refused, never cut; 0 means 32 MiB
	AllowHosts   []string      // beyond *.gov.cn and the hosts of Portals: "host" or "host:port"
	AllowPrivate bool          // private and loopback addresses too: for tests and intranets
	Recheck      bool          // ask for known reports as well that are not due, conditionally
	Full         bool          // ask for everything, unconditionally
	Years        Years         // a backfill: only what may be a report of these years and is not held; zero: the nightly crawl
	MaxRequests  int           // stop after so many, politely; 0: no bound
	Discover     bool          // look for the listings of portals of which only the home page is known, or whose listing has died

	PortalTime     time.Duration // that a portal has of a run, on each of its sites; 0: as much as it needs
	PortalRequests int           // the same in requests
	Until          time.Time     // when the run has come to its end, whatever is left; zero: when all is done

	Program string // name and version, for the record of the run
	Config  string // digest of the configuration, for the same

	Portals []seeds.Portal
	Store   *store.Store      // the frontier is kept in its folder
	Log     *slog.Logger      // nil: no log
	Watch   func(Progress)    // called once a second while it runs; nil: nobody watches
	Network http.RoundTripper // nil: the real one, with a guard against private addresses
	Budget  *reading.Budget   // of memory, shared by all that goes on in this process; nil: there are no bounds
	Buffers *fetch.Buffers    // for bodies that are still coming, shared by all crawls of this process; nil: they are kept in memory
	Traffic *pace.Traffic     // shared with other crawls of this process into the same Store; nil: there are none

	resolve pace.Resolver // nil: with the real network the system's, and otherwise nobody knows which hosts share an address
}

// A run is one use of a Crawler: what all its sites share.
type run struct {
	conf *Crawler // a copy, with what was left out filled in
	task task

	discoveries *seeds.Discoveries           // nil: nothing is discovered in this run
	hosts       map[string]bool              // that may be visited
	ways        map[string]http.RoundTripper // by portal: for those that allow more of TLS than usual
	frontier    *frontier.Frontier
	record      *frontier.Run
	first       uint64 // newest capture of the archive when the run began
	killed      bool   // a run before did not come to its end
	live        *live
	network     *outage.Watch
	places      chan struct{} // filled by the sites that have one
}

// A task is what a run does with each portal on each of its sites.
type task struct {
	kind  string // in a word: a run is gone on with by one of its kind only
	do    func(context.Context, *site, *job, *PortalSummary) error
	known []seeds.Portal // the portals as the catalogue has them
	walks bool           // where a portal begins may be told by what was discovered
}

const defaultMaxPageBytes = 32 << 20

// Run visits every portal once, or goes on where a run was stopped or killed a short while ago. A page that cannot be
// had is no error: it is archived as such and counted. Run returns an error when the archive cannot be written, or
// ctx's when it was stopped; the Summary tells in every case what was done until then, what the stopped run did for the
// same portals included.
func (c *Crawler) Run(ctx context.Context) (Summary, error) {
	walk := func(ctx context.Context, s *site, e *job, sum *PortalSummary) error { return s.walk(ctx, e, sum) }
	return c.perform(ctx, task{kind: c.Kind(), do: walk, known: c.Portals, walks: true})
}

// perform does one thing with every portal.
func (c *Crawler) perform(ctx context.Context, t task) (sum Summary, err error) {
	run := newRun(c, t)
	if err := run.prepare(); err != nil {
		return Summary{}, err
	}
	if _, err := bySite(c.Portals); err != nil { // what is wrong with them is said before anything is opened
		return Summary{}, err
	}
	if c.Traffic == nil {
		if run.conf.Traffic, err = pace.OpenTraffic(c.Store.Dir()); err != nil {
			return Summary{}, err
		}
		defer func() { err = errors.Join(err, run.conf.Traffic.Close()) }()
	}
	run.frontier = run.conf.Traffic.Frontier()
	if err := run.begin(); err != nil {
		return Summary{}, err
	}
	groups, err := bySite(run.sent(c.Portals))
	if err != nil {
		return Summary{}, err
	}
	run.live.jobs = lineUp(groups)
	stop := run.watch()
	sum, err = run.visit(ctx, groups)
	stop()
	if aside := run.frontier.SetAside(); aside != nil {
		sum.SetAside = aside.Path
	}
	return sum, errors.Join(err, run.end(sum, err))
}

// newRun returns a run of a crawler, of whose configuration it has a copy.
func newRun(c *Crawler, t task) *run {
	conf := *c
	return &run{conf: &conf, task: t}
}

// Kind says in a word what is asked of the crawler: "crawl", "recheck", "full", or "backfill 2008-2024".
func (c *Crawler) Kind() string {
	switch {
	case c.Years != Years{}:
		return "backfill " + c.Years.String()
	case c.Full:
		return "full"
	case c.Recheck:
		return "recheck"
	}
	return "crawl"
}

// visit visits all sites, each in a goroutine of its own: most of them wait most of the time.
func (r *run) visit(ctx context.Context, groups []group) (Summary, error) {
	sums := make([][]PortalSummary, len(groups)) // each goroutine owns one element
	r.network = outage.New(len(groups), r.conf.Log)
	ctx, cancel := r.until(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	for i, group := range groups {
		sums[i] = make([]PortalSummary, len(group.jobs))
		laps := r.live.jobs[i]
		g.Go(func() error {
			defer r.live.sites.Add(1)
			s := newSite(r, visit.Scope{Site: group.site, Hosts: r.hosts}, laps)
			defer r.network.Leaves(&s.heardOf)
			return s.visit(ctx, group.jobs, sums[i])
		})
	}
	err := g.Wait()
	sum := summarize(r.conf.Portals, sums)
	sum.Sent, sum.Answers = int(r.live.sent.Load()), int(r.live.answers.Load())
	return sum, err
}

// begin notes that the run begins.
func (r *run) begin() (err error) {
	r.record = &frontier.Run{Kind: r.task.kind, Program: r.conf.Program, Extract: extract.Version, Config: r.conf.Config, Portals: len(r.conf.Portals), Started: time.Now().UTC()}
	if r.conf.Discover {
		if r.discoveries, err = seeds.ReadDiscoveries(r.conf.Store.Dir()); err != nil {
			return err
		}
	}
	if r.first, err = r.conf.Store.LastID(); err != nil {
		return err
	}
	if aside := r.frontier.SetAside(); aside != nil {
		r.conf.Log.Warn("the frontier was damaged: a new one is made, and all listings are looked at again", "kept", aside.Path, "why", aside.Why)
	}
	r.killed, err = r.frontier.Begin(r.record)
	return err
}

// end notes how the run ended.
func (r *run) end(sum Summary, err error) error {
	record := *r.record
	record.Ended = time.Now().UTC()
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		record.Outcome = "stopped"
	case err != nil:
		record.Outcome = "failed: " + err.Error()
	case sum.Clean():
		record.Outcome = "done"
	default:
		record.Outcome = "done, with problems"
	}
	for _, p := range sum.Portals {
		record.Resumed += p.resumed
	}
	var failed error
	if record.Result, failed = json.Marshal(sum.Counts); failed != nil {
		return failed
	}
	return r.frontier.End(&record)
}

// prepare fills in what was left out.
func (r *run) prepare() error {
	if robots.Product(r.conf.UserAgent) == "" {
		return fmt.Errorf("user agent %q does not begin with a product name", r.conf.UserAgent)
	}
	if r.conf.MaxPageBytes <= 0 {
		r.conf.MaxPageBytes = defaultMaxPageBytes
	}
	if r.conf.Log == nil {
		r.conf.Log = slog.New(slog.DiscardHandler)
	}
	if r.conf.Network == nil {
		r.conf.Network = fetch.Network(r.conf.AllowPrivate, nil)
		if r.conf.resolve == nil {
			r.conf.resolve = pace.Lookup
		}
		r.ways = fetch.Networks(r.conf.Portals, r.conf.AllowPrivate)
	}
	r.live = &live{began: time.Now()}
	r.places = make(chan struct{}, max(r.conf.Hosts, 1))
	r.hosts = visit.Allowed(r.conf.Portals, r.conf.AllowHosts)
	return nil
}

// A job is one portal, and those of its start pages that lie on one site.
type job struct {
	portal seeds.Portal
	start  []string
}

// A group is what is to be done on one site.
type group struct {
	site string
	jobs []job
}

// bySite groups the portals by the sites that their start pages lie on: portals that share a site are visited one
// after the other, and a portal on two sites is visited on both.
func bySite(portals []seeds.Portal) ([]group, error) {
	var groups []group
	at := make(map[string]int)
	for _, p := range portals {
		for _, start := range p.Start {
			u, err := url.Parse(start)
			if err != nil {
				return nil, fmt.Errorf("portal %s: %w", p.ID, err)
			}
			site := weburl.Site(u)
			i, known := at[site]
			if !known {
				i = len(groups)
				at[site] = i
				groups = append(groups, group{site: site})
			}
			groups[i].jobs = send(groups[i].jobs, p, start)
		}
	}
	return groups, nil
}

// send adds a start page to a site's jobs.
func send(jobs []job, p seeds.Portal, start string) []job {
	if n := len(jobs); n > 0 && jobs[n-1].portal.ID == p.ID {
		jobs[n-1].start = append(jobs[n-1].start, start)
		return jobs
	}
	return append(jobs, job{p, []string{start}})
}

// way returns the network by which a portal is reached.
func (r *run) way(portal string) http.RoundTripper {
	if w := r.ways[portal]; w != nil {
		return w
	}
	return r.conf.Network
}
