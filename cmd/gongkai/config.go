package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/pelletier/go-toml/v2"

	"gongkai/crawler"
	"gongkai/crawler/pace"
	"gongkai/seeds"
	"gongkai/store/export"
)

// metricsConfig says where numbers are served.
type metricsConfig struct {
	Listen      string `toml:"listen"`
	AllowRemote bool   `toml:"allow_remote"`
}

// A config is the content of config.toml. The defaults are those of config.toml in the repository, which a test
// compares with defaultConfig.
type config struct {
	Archive struct {
		Path    string `toml:"path"`
		MinFree size   `toml:"min_free"`
	} `toml:"archive"`
	Crawl struct {
		UserAgent            string   `toml:"user_agent"`
		Delay                duration `toml:"delay"`
		Jitter               float64  `toml:"jitter"`
		Hosts                int      `toml:"hosts"`
		Memory               budget   `toml:"memory"`
		MaxPageBytes         size     `toml:"max_page_bytes"`
		PortalTime           duration `toml:"portal_time"`
		PortalRequests       int      `toml:"portal_requests"`
		Window               window   `toml:"window"`
		AllowHosts           []string `toml:"allow_hosts"`
		AllowPrivateNetworks bool     `toml:"allow_private_networks"`
	} `toml:"crawl"`
	Seeds struct {
		Builtin bool     `toml:"builtin"`
		Files   []string `toml:"files"`
	} `toml:"seeds"`
	Schedule struct {
		Crawl    string   `toml:"crawl"`
		Zone     string   `toml:"zone"`
		Missed   string   `toml:"missed"`
		Longest  duration `toml:"longest"`
		Verify   int      `toml:"verify"`
		Export   string   `toml:"export"`
		Formats  []string `toml:"export_formats"`
		Backfill yearSpan `toml:"backfill"`
	} `toml:"schedule"`
	Report struct {
		Path    string   `toml:"path"`
		Webhook string   `toml:"webhook"`
		Timeout duration `toml:"timeout"`
		Keep    int      `toml:"keep"`
	} `toml:"report"`
	Metrics metricsConfig `toml:"metrics"`
}

func defaultConfig() config {
	var c config
	c.Archive.Path = "archive"
	c.Archive.MinFree = 1 << 30
	c.Crawl.UserAgent = "gongkai/" + version() + " (archiver of annual disclosure reports; set crawl.user_agent to add your contact)"
	c.Crawl.Delay = duration(3 * time.Second)
	c.Crawl.Jitter = 0.3
	c.Crawl.Hosts = 64
	c.Crawl.MaxPageBytes = 32 << 20
	c.Crawl.PortalTime = duration(8 * time.Hour)
	c.Crawl.PortalRequests = 5000
	c.Seeds.Builtin = true
	c.Schedule.Crawl = "0 22 * * *"
	c.Schedule.Zone = "Asia/Shanghai"
	c.Schedule.Missed = missedOnce
	c.Schedule.Verify = 30
	c.Schedule.Formats = []string{"csv"}
	c.Report.Timeout = duration(10 * time.Second)
	c.Report.Keep = 1000
	return c
}

// loadConfig reads the file that -config names, else ./config.toml, else takes the defaults. -archive overrides.
// Paths in the file are relative to it. Whatever is wrong with the file is one error with its line.
func (e *env) loadConfig() (config, error) {
	c := defaultConfig()
	path := e.configFile
	if path == "" {
		path = "config.toml"
	}
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && e.configFile == "":
	case err != nil:
		return c, usagef("configuration: %w", err)
	default:
		if err := decodeConfig(data, &c); err != nil {
			return c, usagef("%s:%w", path, err)
		}
		c.resolve(filepath.Dir(path))
	}
	if e.archive != "" {
		c.Archive.Path = e.archive
	}
	c.limitMemory()
	if c.Report.Path == "" {
		c.Report.Path = filepath.Join(filepath.Dir(filepath.Clean(c.Archive.Path)), "reports")
	}
	return c, nil
}

// decodeConfig reads TOML strictly; the error begins with the line.
func decodeConfig(data []byte, c *config) error {
	if err := refuseBare(data); err != nil {
		return err
	}
	d := toml.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	err := d.Decode(c)
	var strict *toml.StrictMissingError
	var at *toml.DecodeError
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		line, _ := strict.Errors[0].Position()
		return fmt.Errorf("%d: unknown setting %s", line, strings.Join(strict.Errors[0].Key(), "."))
	case errors.As(err, &at):
		line, _ := at.Position()
		what := strings.TrimPrefix(at.Error(), "toml: ")
		if key := strings.Join(at.Key(), "."); key != "" { // broken syntax is at no key
			what = key + ": " + what
		}
		return fmt.Errorf("%d: %s", line, what)
	case err != nil:
		return fmt.Errorf(" %w", err)
	}
	if err := c.check(); err != nil {
		if line := lineOf(data, settingName.FindString(err.Error())); line > 0 {
			return fmt.Errorf("%d: %w", line, err)
		}
		return fmt.Errorf(" %w", err)
	}
	return nil
}

// settingName is what an error about a setting begins with.
var settingName = regexp.MustCompile(`^[a-z_]+\.[a-z_]+`)

func (c *config) check() error {
	switch {
	case c.Archive.Path == "":
		return errors.New("archive.path is empty")
	case c.Crawl.UserAgent == "":
		return errors.New("crawl.user_agent is empty")
	case time.Duration(c.Crawl.Delay) < pace.LeastDelay && !c.Crawl.AllowPrivateNetworks:
		return fmt.Errorf("crawl.delay is %v, and public portals are asked no more often than every %v; write delay = %q, or more",
			time.Duration(c.Crawl.Delay), pace.LeastDelay, pace.LeastDelay)
	case !(c.Crawl.Jitter >= 0 && c.Crawl.Jitter <= 10): // so that NaN is refused
		return fmt.Errorf("crawl.jitter is %v, not between 0 and 10", c.Crawl.Jitter)
	case c.Crawl.Hosts < 1 || c.Crawl.Hosts > 10_000:
		return fmt.Errorf("crawl.hosts is %d, not between 1 and 10000", c.Crawl.Hosts)
	case c.Crawl.PortalRequests < 0:
		return fmt.Errorf("crawl.portal_requests is %d, not a number of requests", c.Crawl.PortalRequests)
	case c.Crawl.MaxPageBytes < 1<<10 || c.Crawl.MaxPageBytes > 1<<30:
		return fmt.Errorf("crawl.max_page_bytes is %d, not between 1KiB and 1GiB", c.Crawl.MaxPageBytes)
	case c.tooShort(c.Crawl.PortalTime):
		return fmt.Errorf("crawl.portal_time is %v, in which no portal is visited; write portal_time = \"8h\", or \"0s\" for no bound", time.Duration(c.Crawl.PortalTime))
	case c.tooShort(c.Schedule.Longest):
		return fmt.Errorf("schedule.longest is %v, in which no run does anything; write longest = \"20h\", or \"0s\" for no bound", time.Duration(c.Schedule.Longest))
	case c.checkMemory() != nil:
		return c.checkMemory()
	case c.Schedule.Missed != missedOnce && c.Schedule.Missed != missedSkip:
		return fmt.Errorf("schedule.missed is %q, neither once nor skip", c.Schedule.Missed)
	case c.Schedule.Verify < 0:
		return fmt.Errorf("schedule.verify is %d, not a number of nights", c.Schedule.Verify)
	case c.Report.Keep < 0:
		return fmt.Errorf("report.keep is %d, not a number of reports", c.Report.Keep)
	case c.Report.Timeout == 0:
		return errors.New("report.timeout is 0: a webhook that hangs would hold up the next run")
	}
	for _, format := range c.Schedule.Formats {
		if !slices.Contains(export.Formats(), format) {
			return fmt.Errorf("schedule.export_formats: %q is none of %s", format, strings.Join(export.Formats(), ", "))
		}
	}
	if _, err := c.timetable(); err != nil {
		return err
	}
	if err := checkWebhook(c.Report.Webhook); err != nil {
		return err
	}
	return checkListen(c.Metrics.Listen, c.Metrics.AllowRemote)
}

func checkWebhook(address string) error {
	if address == "" {
		return nil
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("report.webhook: %q is no address such as https://example.org/hook", address)
	}
	return nil
}

// tooShort reports whether a bound is so short that nothing would ever be done: mistaken for another unit, most likely.
func (c *config) tooShort(bound duration) bool {
	return bound > 0 && time.Duration(bound) < 20*pace.LeastDelay && !c.Crawl.AllowPrivateNetworks
}

func (c *config) resolve(dir string) {
	for _, path := range []*string{&c.Archive.Path, &c.Report.Path, &c.Schedule.Export} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	for i, f := range c.Seeds.Files {
		if !filepath.IsAbs(f) {
			c.Seeds.Files[i] = filepath.Join(dir, f)
		}
	}
}

// portals loads the catalogue that the configuration names, with what has been discovered for the archive; ids, when given,
// choose among them.
func (c *config) portals(ids []string) ([]seeds.Portal, error) {
	found, err := seeds.ReadDiscoveries(c.Archive.Path)
	if err != nil {
		return nil, err
	}
	all, err := c.catalogue(found)
	if err != nil || len(ids) == 0 {
		return all, err
	}
	byID := map[string]seeds.Portal{}
	for _, p := range all {
		byID[p.ID] = p
	}
	var chosen []seeds.Portal
	for _, id := range ids {
		p, ok := byID[id]
		if !ok {
			return nil, usagef("no portal %q in the catalogue; gongkai seeds list shows them", id)
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

// catalogue loads the catalogue that the configuration names, with what has been discovered.
func (c *config) catalogue(found *seeds.Discoveries) ([]seeds.Portal, error) {
	var lists [][]seeds.Portal
	if c.Seeds.Builtin {
		builtin, err := seeds.Builtin()
		if err != nil {
			return nil, err
		}
		lists = append(lists, builtin)
	}
	for _, file := range c.Seeds.Files {
		list, err := seeds.Load(file)
		if err != nil {
			return nil, usageError{err}
		}
		lists = append(lists, list)
	}
	return found.Apply(seeds.Merge(lists...)), nil
}

// A duration is written "3s"; negative ones are refused.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 3s or 500ms", text)
	}
	if v < 0 {
		return fmt.Errorf("%q is negative", text)
	}
	*d = duration(v)
	return nil
}

// A size is written "32MiB".
type size int64

func (s *size) UnmarshalText(text []byte) error {
	v, err := humanize.ParseBytes(string(text))
	if err == nil && strings.TrimRight(string(text), "0123456789. ") == "" {
		return fmt.Errorf("%q has no unit; write one such as 32MiB", text)
	}
	if err != nil || v > 1<<40 {
		return fmt.Errorf("%q is not a size such as 32MiB", text)
	}
	*s = size(v)
	return nil
}

// A budget is a size, or "" for what suits the machine.
type budget size

func (b *budget) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*b = 0
		return nil
	}
	return (*size)(b).UnmarshalText(text)
}

// A yearSpan is written "2008-2024", or "2019" for one year; the zero one is none.
type yearSpan crawler.Years

func (y *yearSpan) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*y = yearSpan{}
		return nil
	}
	first, last, isRange := strings.Cut(string(text), "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.Atoi(first)
	b, err2 := strconv.Atoi(last)
	switch {
	case err1 != nil, err2 != nil, len(first) != 4, len(last) != 4:
		return fmt.Errorf("%q is not a range of years such as 2008-2024", text)
	case a > b:
		return fmt.Errorf("%q ends before it begins", text)
	case a < firstYear:
		return fmt.Errorf("%q begins before %d: the first annual reports are on that year", text, firstYear)
	}
	*y = yearSpan{First: a, Last: b}
	return nil
}

// firstYear is the one in which the regulation on open government information (政府信息公开条例) came into force; a few
// places published reports on years before by rules of their own.
const firstYear = 2003
