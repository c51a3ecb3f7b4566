package seeds

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"gongkai/extract/division"
)

// A Listing is a page that was found to list annual reports.
type Listing struct {
	URL        string `json:"url"`
	Name       string `json:"name,omitempty"`   // what it is called there
	Family     string `json:"family,omitempty"` // of the page's software
	Rows       int    `json:"rows"`             // reports on its first page
	Years      []int  `json:"years,omitempty"`  // of these, ascending
	Units      bool   `json:"units,omitempty"`  // of the bodies below the government
	Confidence string `json:"confidence"`       // Verified, or Derived where nothing names it as the column
	Evidence   string `json:"evidence"`
}

// What came of looking for the listings of a portal.
const (
	Found       = "found"
	NotFound    = "not found"   // as far as its pages led, within the bound of requests
	Blocked     = "blocked"     // robots.txt or a firewall forbids it
	Unreachable = "unreachable" // its home page could not be had
	Died        = "died"        // its listing, which is on another site than its home page, lists nothing any more: it is to be looked for
)

// A Discovery is what came of looking for the listings of one portal at one time.
type Discovery struct {
	Portal   string    `json:"portal"`
	Time     time.Time `json:"time"`
	Instead  []string  `json:"instead,omitempty"` // of these start pages of the catalogue
	Outcome  string    `json:"outcome"`
	Reason   string    `json:"reason,omitempty"`
	Requests int       `json:"requests"`
	Site     string    `json:"site,omitempty"`     // what the site calls itself
	SiteID   string    `json:"site_id,omitempty"`  // 网站标识码
	Division string    `json:"division,omitempty"` // that the site is of, as far as it tells
	Listings []Listing `json:"listings,omitempty"` // best first
	Units    []Portal  `json:"units,omitempty"`    // bodies below that have a section of their own
	Steps    []Step    `json:"steps,omitempty"`    // what was looked at, in order

	Elsewhere []string `json:"elsewhere,omitempty"` // addresses on other sites that are named like the column or its section, and were not looked at
}

// A Step is one page that was looked at.
type Step struct {
	URL    string `json:"url"`
	Points int    `json:"points"` // how promising it seemed, up to some hundred
	Why    string `json:"why"`
	Result string `json:"result"`
}

// DiscoveryFile is the name of the file in an archive's folder that keeps discoveries: a line of JSON each, in the order
// in which they were made. Lines are only ever added, so the file also tells where listings were in former years.
const DiscoveryFile = "discoveries.jsonl"

// Discoveries are those of one archive. The zero value is none. Methods may be used by several goroutines.
type Discoveries struct {
	path  string
	mu    sync.Mutex
	last  map[string]Discovery // newest, by portal
	good  map[string]Discovery // newest that found something
	whose map[string]string    // portals by the listings found on them
}

// ReadDiscoveries reads those of an archive's folder; none where there is no file. A last line that was cut off, as the
// process was killed, is no discovery; any other that cannot be read is an error.
func ReadDiscoveries(dir string) (*Discoveries, error) {
	return ReadDiscoveriesUntil(dir, time.Time{})
}

// ReadDiscoveriesUntil is ReadDiscoveries without those that were made after a time; the zero one leaves none out.
func ReadDiscoveriesUntil(dir string, until time.Time) (*Discoveries, error) {
	d := &Discoveries{path: filepath.Join(dir, DiscoveryFile), last: map[string]Discovery{}, good: map[string]Discovery{}, whose: map[string]string{}}
	f, err := os.Open(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		var one Discovery
		if err := json.Unmarshal(line, &one); err != nil {
			if bytes.IndexByte(line, 0) >= 0 {
				continue // the system went down before it had written what it said it had
			}
			return nil, fmt.Errorf("%s:%d: %w", d.path, n, err)
		}
		if until.IsZero() || !one.Time.After(until) {
			d.note(one)
		}
	}
}

func (d *Discoveries) note(one Discovery) {
	d.last[one.Portal] = one
	if one.Outcome == Found {
		d.good[one.Portal] = one
		for _, l := range one.Listings {
			d.whose[pageKey(l.URL)] = one.Portal
		}
	}
}

// Whose returns the portal on which a listing was found; "" when on none.
func (d *Discoveries) Whose(listing string) (portal string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.whose[pageKey(listing)]
}

// Add keeps a discovery. When it returns, that is on the disk.
func (d *Discoveries) Add(one Discovery) (err error) {
	line, err := json.Marshal(one)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	end, err := whole(f)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(append(line, '\n'), end); err != nil {
		return errors.Join(err, f.Truncate(end))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	d.note(one)
	return nil
}

// whole returns where the next line goes: after the last whole one.
func whole(f *os.File) (int64, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return end, err
	}
	var b [4096]byte
	for end > 0 {
		from := max(end-int64(len(b)), 0)
		n, err := f.ReadAt(b[:end-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return from + int64(i) + 1, f.Truncate(from + int64(i) + 1)
		}
		end = from
	}
	return 0, f.Truncate(0)
}

// Last returns the newest discovery on a portal.
func (d *Discoveries) Last(portal string) (Discovery, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, ok := d.last[portal]
	return one, ok
}

// Listings returns the addresses of the listings that were found last on a portal, as the catalogue has it now; none when
// nothing was, or the catalogue has been changed since.
func (d *Discoveries) Listings(p Portal) (start []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, ok := d.good[p.ID]
	if ok && slices.Equal(one.Instead, p.Start) {
		for _, l := range one.Listings {
			start = append(start, l.URL)
		}
	}
	return start
}

// Apply returns the portals with what has been discovered on them: their listings in place of their start pages, and the
// bodies below them behind them. A portal whose start pages in the catalogue have been changed since has these.
func (d *Discoveries) Apply(portals []Portal) []Portal {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.good) == 0 {
		return portals
	}
	ids := make(map[string]bool, len(portals))
	for _, p := range portals {
		ids[p.ID] = true
	}
	all := make([]Portal, 0, len(portals))
	for _, p := range portals {
		one, ok := d.good[p.ID]
		if !ok || !slices.Equal(one.Instead, p.Start) {
			all = append(all, p)
			continue
		}
		all = append(all, one.apply(p))
		for _, u := range one.Units {
			if u.ID == "" || ids[u.ID] {
				continue
			}
			ids[u.ID] = true
			if below, ok := d.good[u.ID]; ok && slices.Equal(below.Instead, u.Start) {
				u = below.apply(u)
			}
			all = append(all, u)
		}
	}
	return all
}

// apply puts the listings of a discovery into a portal.
func (one Discovery) apply(p Portal) Portal {
	if len(one.Listings) == 0 {
		return p
	}
	p.Home = p.HomePage()
	p.Given, p.Start = p.Start, nil
	p.Confidence = one.Listings[0].Confidence
	p.Checked = one.Time.Format(time.DateOnly)
	var evidence []string
	for _, l := range one.Listings {
		p.Start = append(p.Start, l.URL)
		evidence = append(evidence, l.Evidence)
	}
	p.Evidence = "Discovered by gongkai from " + p.Home + ": " + strings.Join(evidence, "; ") + "."
	return p
}

var siteWords = regexp.MustCompile(`(?:中国政府网|政府信息公开.*|信息公开.*|政务公开.*|官方|门户|网站|官网|首页|欢迎.*|--+.*|[-_|—].*|\s.*)+$`)

// Complete returns the portal that a discovery was about with what the site says of itself, where nobody has said it:
// whose it is, and of which division. Of a site that does not tell, the division is empty and the level county.
func (one Discovery) Complete(p Portal) Portal {
	if p.Division == "" && p.Level != "central" {
		p.Division = one.Division
	}
	if strings.HasPrefix(one.SiteID, "bm") && p.Level == "" {
		p.Level, p.Division = "central", ""
	}
	if p.Level == "" {
		if p.Level = division.Level(p.Division); p.Level == "" {
			p.Level = "county"
		}
	}
	if p.Agency == "" {
		p.Agency = strings.TrimSpace(siteWords.ReplaceAllString(strings.TrimSpace(one.Site), ""))
		if province, prefecture, county := division.Path(p.Division); strings.HasSuffix(p.Agency, "人民") {
			p.Agency += "政府"
		} else if p.Agency == "" || p.Agency == county || p.Agency == prefecture || p.Agency == province {
			p.Agency = cmp.Or(p.Agency, county, prefecture, province, p.ID)
			if p.Agency != p.ID {
				p.Agency += "人民政府"
			}
		}
	}
	p.Home = p.HomePage()
	if one.Outcome == Found {
		p = one.apply(p)
	}
	return p
}
