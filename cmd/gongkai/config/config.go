// Package config reads config.toml: what can be set, what the defaults are, and what is refused. It does nothing with
// the settings; other packages get plain fields from package main and never see it.
//
//	config.go      the settings and their bounds
//	values.go      durations, sizes, years as they are written
//	catalogue.go   the portals that a configuration names
//	window.go      a daily stretch of time
//	timetable.go   when runs are due
//	toml.go        the lines of settings, and numbers without a unit
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/pelletier/go-toml/v2"

	"gongkai/crawler/pace"
	"gongkai/store/export"
	"gongkai/store/reading"
)

// Metrics says where numbers are served.
type Metrics struct {
	Listen      string `toml:"listen"`
	AllowRemote bool   `toml:"allow_remote"`
}

// A Config is the content of config.toml. The defaults are those of config.toml in the repository, which a test
// compares with Default.
type Config struct {
	Archive struct {
		Path    string `toml:"path"`
		MinFree Size   `toml:"min_free"`
	} `toml:"archive"`
	Crawl struct {
		UserAgent            string   `toml:"user_agent"`
		Delay                Duration `toml:"delay"`
		Jitter               float64  `toml:"jitter"`
		Hosts                int      `toml:"hosts"`
		Memory               Budget   `toml:"memory"`
		MaxPageBytes         Size     `toml:"max_page_bytes"`
		PortalTime           Duration `toml:"portal_time"`
		PortalRequests       int      `toml:"portal_requests"`
		Window               Window   `toml:"window"`
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
		Longest  Duration `toml:"longest"`
		Verify   int      `toml:"verify"`
		Export   string   `toml:"export"`
		Formats  []string `toml:"export_formats"`
		Backfill YearSpan `toml:"backfill"`
	} `toml:"schedule"`
	Report struct {
		Path    string   `toml:"path"`
		Webhook string   `toml:"webhook"`
		Timeout Duration `toml:"timeout"`
		Keep    int      `toml:"keep"`
	} `toml:"report"`
	Metrics Metrics `toml:"metrics"`
}

// Default returns the settings of a program, such as gongkai/0.1.0, when nothing is set.
func Default(program string) Config {
	var c Config
	c.Archive.Path = "archive"
	c.Archive.MinFree = 1 << 30
	c.Crawl.UserAgent = program + " (archiver of annual disclosure reports; set crawl.user_agent to add your contact)"
	c.Crawl.Delay = Duration(3 * time.Second)
	c.Crawl.Jitter = 0.3
	c.Crawl.Hosts = 64
	c.Crawl.MaxPageBytes = 32 << 20
	c.Crawl.PortalTime = Duration(8 * time.Hour)
	c.Crawl.PortalRequests = 5000
	c.Seeds.Builtin = true
	c.Schedule.Crawl = "0 22 * * *"
	c.Schedule.Zone = "Asia/Shanghai"
	c.Schedule.Missed = MissedOnce
	c.Schedule.Verify = 30
	c.Schedule.Formats = []string{"csv"}
	c.Report.Timeout = Duration(10 * time.Second)
	c.Report.Keep = 1000
	return c
}

// Load reads the file at path, else, when path is "", ./config.toml if there is one, else takes the defaults of a
// program. An archive that is not "" overrides. Paths in the file are relative to it. Whatever is wrong with the file
// is one UsageError with its line.
func Load(path, archive, program string) (Config, error) {
	c := Default(program)
	file := cmp.Or(path, "config.toml")
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == "":
	case err != nil:
		return c, Usagef("configuration: %w", err)
	default:
		if err := decode(data, &c); err != nil {
			return c, Usagef("%s:%w", file, err)
		}
		c.resolve(filepath.Dir(file))
	}
	if archive != "" {
		c.Archive.Path = archive
	}
	if c.Report.Path == "" {
		c.Report.Path = filepath.Join(filepath.Dir(filepath.Clean(c.Archive.Path)), "reports")
	}
	return c, nil
}

// decode reads TOML strictly; the error begins with the line.
func decode(data []byte, c *Config) error {
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

func (c *Config) check() error {
	if c.Archive.Path == "" {
		return errors.New("archive.path is empty")
	}
	return cmp.Or(c.checkCrawl(), c.checkSchedule(), c.checkReport(), checkListen(c.Metrics.Listen, c.Metrics.AllowRemote))
}

func (c *Config) checkCrawl() error {
	switch crawl := &c.Crawl; {
	case crawl.UserAgent == "":
		return errors.New("crawl.user_agent is empty")
	case time.Duration(crawl.Delay) < pace.LeastDelay && !crawl.AllowPrivateNetworks:
		return fmt.Errorf("crawl.delay is %v, and public portals are asked no more often than every %v; write delay = %q, or more",
			time.Duration(crawl.Delay), pace.LeastDelay, pace.LeastDelay)
	case !(crawl.Jitter >= 0 && crawl.Jitter <= 10): // so that NaN is refused
		return fmt.Errorf("crawl.jitter is %v, not between 0 and 10", crawl.Jitter)
	case crawl.Hosts < 1 || crawl.Hosts > 10_000:
		return fmt.Errorf("crawl.hosts is %d, not between 1 and 10000", crawl.Hosts)
	case crawl.PortalRequests < 0:
		return fmt.Errorf("crawl.portal_requests is %d, not a number of requests", crawl.PortalRequests)
	case crawl.MaxPageBytes < 1<<10 || crawl.MaxPageBytes > 1<<30:
		return fmt.Errorf("crawl.max_page_bytes is %d, not between 1KiB and 1GiB", crawl.MaxPageBytes)
	case c.tooShort(crawl.PortalTime):
		return fmt.Errorf("crawl.portal_time is %v, in which no portal is visited; write portal_time = \"8h\", or \"0s\" for no bound", time.Duration(crawl.PortalTime))
	case crawl.Memory != 0 && crawl.Memory < reading.LeastMemory: // the largest page would not fit
		return fmt.Errorf("crawl.memory is %s, not at least %s", humanize.IBytes(uint64(crawl.Memory)), humanize.IBytes(reading.LeastMemory))
	}
	return nil
}

func (c *Config) checkSchedule() error {
	switch schedule := &c.Schedule; {
	case c.tooShort(schedule.Longest):
		return fmt.Errorf("schedule.longest is %v, in which no run does anything; write longest = \"20h\", or \"0s\" for no bound", time.Duration(schedule.Longest))
	case schedule.Missed != MissedOnce && schedule.Missed != MissedSkip:
		return fmt.Errorf("schedule.missed is %q, neither once nor skip", schedule.Missed)
	case schedule.Verify < 0:
		return fmt.Errorf("schedule.verify is %d, not a number of nights", schedule.Verify)
	}
	for _, format := range c.Schedule.Formats {
		if !slices.Contains(export.Formats(), format) {
			return fmt.Errorf("schedule.export_formats: %q is none of %s", format, strings.Join(export.Formats(), ", "))
		}
	}
	_, err := c.Timetable()
	return err
}

func (c *Config) checkReport() error {
	switch {
	case c.Report.Keep < 0:
		return fmt.Errorf("report.keep is %d, not a number of reports", c.Report.Keep)
	case c.Report.Timeout == 0:
		return errors.New("report.timeout is 0: a webhook that hangs would hold up the next run")
	}
	return checkWebhook(c.Report.Webhook)
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

// checkListen refuses addresses that others than this machine can reach, unless that is allowed.
func checkListen(address string, allowRemote bool) error {
	if address == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("metrics.listen: %q is no address such as 127.0.0.1:9464", address)
	}
	ip, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && ip.IsLoopback() || allowRemote {
		return nil
	}
	return fmt.Errorf("metrics.listen: %q can be reached from other machines; use 127.0.0.1, or set metrics.allow_remote", address)
}

// tooShort reports whether a bound is so short that nothing would ever be done: mistaken for another unit, most likely.
func (c *Config) tooShort(bound Duration) bool {
	return bound > 0 && time.Duration(bound) < 20*pace.LeastDelay && !c.Crawl.AllowPrivateNetworks
}

func (c *Config) resolve(dir string) {
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
