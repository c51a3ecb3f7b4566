package config

import (
	"net/netip"
	"net/url"
	"regexp"

	"gongkai/seeds"
)

// Portals loads the catalogue that the configuration names, with what has been discovered for the archive; ids, when
// given, choose among them.
func (c *Config) Portals(ids []string) ([]seeds.Portal, error) {
	found, err := seeds.ReadDiscoveries(c.Archive.Path)
	if err != nil {
		return nil, err
	}
	all, err := c.Catalogue(found)
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
			return nil, Usagef("no portal %q in the catalogue; gongkai seeds list shows them", id)
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

// Catalogue loads the catalogue that the configuration names, with what has been discovered.
func (c *Config) Catalogue(found *seeds.Discoveries) ([]seeds.Portal, error) {
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
			return nil, UsageError{err}
		}
		lists = append(lists, list)
	}
	return found.Apply(seeds.Merge(lists...)), nil
}

// contact is an address at which an administrator reaches whoever crawls; nobody is at those that are for examples (RFC
// 2606, 3).
var (
	contact     = regexp.MustCompile(`(?i)https?://[^\s()<>;,"/]*[\pL\d]\.\pL[^\s()<>;,"]*|[^\s()<>;,"@]+@[\pL\d-]+(?:\.[\pL\d-]+)+`)
	placeholder = regexp.MustCompile(`(?i)(?:^|[@/.])(?:example\.(?:org|com|net)|[\pL\d-]+\.example)(?:[/:?#]|$)`)
)

// RefuseNameless refuses to visit public portals with a user agent that names no contact. The error says what to write,
// for a program such as gongkai/0.1.0.
func (c *Config) RefuseNameless(portals []seeds.Portal, program string) error {
	for _, address := range contact.FindAllString(c.Crawl.UserAgent, -1) {
		if !placeholder.MatchString(address) {
			return nil
		}
	}
	for _, p := range portals {
		for _, start := range p.Start {
			if !isPrivate(start) {
				return Usagef("crawl.user_agent names no contact, so that no administrator of a portal could write to you. Put this into "+
					"config.toml, with your own address:\n\n[crawl]\nuser_agent = \"%s (+https://YOUR-PROJECT; YOU@YOUR-MAIL)\"\n", program)
			}
		}
	}
	return nil
}

// isPrivate reports whether an address names a host of this machine or of a private network.
func isPrivate(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return u.Hostname() == "localhost"
	}
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}
