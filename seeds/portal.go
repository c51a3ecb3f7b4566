// Package seeds says where annual reports are published: the catalogue of portals, embedded as TOML data, and the
// files in which users add portals of their own. It visits nothing; whether an address still answers is for the
// crawler to find out.
package seeds

import (
	"gongkai/extract"
)

// A Portal is one site that publishes reports, and how to find them on it.
type Portal struct {
	ID       string           // stable, of a-z, 0-9 and hyphens; captures carry it
	Agency   string           // whose reports these are when a page does not say
	Division string           // six digits of GB/T 2260; empty or 000000 for central bodies
	Level    string           // one of Levels
	Start    []string         // listing pages, or the home page: absolute http(s) addresses
	Family   string           // of the site's software: "hanweb-jpage"; empty: told from each page
	TLS      []string         // what is let pass that is not safe: words of TLSOld, TLSUnverified; none is the rule
	Evidence string           // where the addresses were seen, in plain words
	Rows     extract.Selector // the report links of a listing; zero: told from each page
	Next     extract.Selector // the links to further listing pages; zero: told from each page
}

// What a portal's entry may let pass of TLS. Captures tell where it was made use of.
const (
	TLSOld        = "old"        // versions before 1.2, and ciphers that are not thought safe any more
	TLSUnverified = "unverified" // certificates without a chain to a known authority, of another name, or out of date
)

// Levels are the words for a portal's place in the state, highest first.
var Levels = []string{"central", "province", "prefecture", "county", "township"}

// Merge returns the portals of all lists in order. A portal that bears the ID of an earlier one takes its place:
// so a user's file corrects the built-in catalogue.
func Merge(lists ...[]Portal) []Portal {
	var all []Portal
	at := make(map[string]int)
	for _, list := range lists {
		for _, p := range list {
			i, known := at[p.ID]
			if known {
				all[i] = p
				continue
			}
			at[p.ID] = len(all)
			all = append(all, p)
		}
	}
	return all
}
