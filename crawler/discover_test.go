package crawler

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/seeds"
	"gongkai/store"
)

// searchTowns looks for the listings of portals and returns what came of each.
// townSeed is drawn from: another one makes another country.
const townSeed = 1

func searchTowns(t testing.TB, all []*town) []seeds.Discovery {
	t.Helper()
	s, err := store.Open(fast(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	network := towns{}
	c := &Crawler{UserAgent: "gongkai/test", Delay: time.Second, Hosts: 64, Network: network, Store: s}
	for _, one := range all {
		network[one.host] = one
		c.Portals = append(c.Portals, one.seed())
	}
	found, _, err := c.Discoveries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// check says what is wrong with what was found on a portal, or "".
func (t *town) check(d seeds.Discovery) string {
	first := true
	for _, l := range d.Listings {
		address := strings.Replace(l.URL, "https://", "http://", 1)
		switch {
		case t.right[address]:
		case t.also[address] && !first:
		default:
			return "wrong: " + l.URL
		}
		first = false
	}
	if first {
		return "missed: " + d.Outcome + " " + d.Reason
	}
	return ""
}

// TestTowns: on portals of all families, with nothing but the address, the right listing is found on nearly all, none is
// accepted that is not one, and no portal is asked for more than it may be.
func TestTowns(t *testing.T) {
	number := 10 * len(townFamilies)
	if testing.Short() || raced {
		number = 3 * len(townFamilies)
	}
	synctest.Test(t, func(t *testing.T) {
		var all []*town
		for n := range number {
			all = append(all, newTown(n, townSeed))
		}
		found := searchTowns(t, all)
		missed, requests := 0, 0
		for i, d := range found {
			one := all[i]
			if len(one.asked) > MostRequests || d.Requests != len(one.asked) {
				t.Errorf("%s: %d requests, %d counted", one.host, len(one.asked), d.Requests)
			}
			requests += len(one.asked)
			fault := one.check(d)
			if strings.HasPrefix(fault, "wrong") {
				t.Errorf("%s %s %v: %s\n%s", one.host, one.family, one.traits, fault, trail(d))
			} else if fault != "" {
				missed++
				t.Logf("%s %s %v: %s\n%s", one.host, one.family, one.traits, fault, trail(d))
			}
		}
		t.Logf("%d portals, %d missed, %.1f requests each", len(found), missed, float64(requests)/float64(len(found)))
		if len(found) != number || missed*50 > number {
			t.Errorf("%d of %d portals missed", missed, number)
		}
	})
}

// trail prints what was looked at.
func trail(d seeds.Discovery) string {
	var b strings.Builder
	for _, s := range d.Steps {
		fmt.Fprintf(&b, "    %3d %s: %s -> %s\n", s.Points, s.URL, s.Why, s.Result)
	}
	return b.String()
}
