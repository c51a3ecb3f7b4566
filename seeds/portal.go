// Package seeds says where annual reports are published: the catalogue of portals, embedded as data, and the files in
// which users add portals of their own. It visits nothing; whether an address still answers is for the crawler to find
// out.
//
// The catalogue is kept by hand, one file a province: builtin/33-zhejiang.csv, a line a portal; 00-central.csv for
// central bodies, samples.toml in the form of a user's file. A government's id is the division code that it had when it
// was entered, that of a body of it has a word behind the code: 410000-tyj. Codes are given once and for all, while
// names are shared and changed, and hosts are sold; should the division get another code, the id stays, as captures
// and exports carry it, and only the division is put right. Central bodies have the word of their domain.
package seeds

import (
	"net/url"
	"strings"

	"gongkai/extract"
)

// A Portal is one site that publishes reports, and how to find them on it.
type Portal struct {
	ID       string   `json:"id"`                 // stable, of a-z, 0-9 and hyphens; captures carry it
	Agency   string   `json:"agency"`             // whose reports these are when a page does not say
	Division string   `json:"division"`           // six digits of GB/T 2260; empty or 000000 for central bodies
	Level    string   `json:"level"`              // one of Levels
	Home     string   `json:"home,omitempty"`     // the home page; empty: that of the first of Start
	Start    []string `json:"start"`              // listing pages, or the home page: absolute http(s) addresses; none only where no address is known
	Hub      string   `json:"hub,omitempty"`      // the page of the disclosure section, where one is known; it leads on to listings
	Family   string   `json:"family,omitempty"`   // of the site's software: "hanweb-jpage"; empty: told from each page
	TLS      []string `json:"tls,omitempty"`      // what is let pass that is not safe: words of TLSOld, TLSUnverified; none is the rule
	Evidence string   `json:"evidence,omitempty"` // where the addresses were seen, in plain words

	Confidence string           `json:"confidence,omitempty"` // in Start, one of Confidences; empty: whoever wrote it is sure
	Checked    string           `json:"checked,omitempty"`    // the day on which an address was last asked, as 2026-04-26; Evidence says what came of it; empty: never
	Rows       extract.Selector `json:"rows,omitzero"`        // the report links of a listing; zero: told from each page
	Next       extract.Selector `json:"next,omitzero"`        // the links to further listing pages; zero: told from each page

	Given []string `json:"-"` // Start as the catalogue has it, where something else was discovered
}

// What a portal's entry may let pass of TLS. Captures tell where it was made use of.
const (
	TLSOld        = "old"        // versions before 1.2, and ciphers that are not thought safe any more
	TLSUnverified = "unverified" // certificates without a chain to a known authority, of another name, or out of date
)

// Levels are the words for a portal's place in the state, highest first.
var Levels = []string{"central", "province", "prefecture", "county", "township"}

// How far the addresses of Start are to be trusted as those of listings of annual reports, best first.
const (
	Verified = "verified" // the listing was read on the day checked, and reports were found in it
	Seen     = "seen"     // somebody names it as that
	Derived  = "derived"  // cut from the address of a report, or made by a rule of the site's software
	HomeOnly = "home"     // no listing is known: only the home page, from where one is to be discovered
	Unknown  = "none"     // no address is known at all
)

// Confidences are the words for a portal's confidence, best first.
var Confidences = []string{Verified, Seen, Derived, HomeOnly, Unknown}

// HomePage returns the address of the portal's home page: the one that is given, else the top of the host of its first
// start page; "" when no address is known.
func (p Portal) HomePage() string {
	if p.Home != "" || len(p.Start) == 0 {
		return p.Home
	}
	u, err := url.Parse(p.Start[0])
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/"
}

// Listed reports whether a listing is known. Where none is, Start is the home page.
func (p Portal) Listed() bool {
	switch {
	case p.Confidence == HomeOnly, len(p.Start) == 0:
		return false
	case p.Confidence != "":
		return true
	}
	for _, s := range p.Start {
		if u, err := url.Parse(s); err != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return true
		}
	}
	return false
}

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
