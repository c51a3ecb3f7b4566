package pace

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Addresses are the clocks of the machines behind the sites. Hundreds of portals may share one, and each of them asked
// once in three seconds is hundreds of requests to it. Two requests of different sites to one address begin at least
// the shorter of the delays of these sites apart. Only beginnings count: a site that is slow to answer does not hold
// up its neighbours. Addresses that are not public tell nothing of that kind.
type addresses struct {
	mu   sync.Mutex
	last map[netip.Addr]visit
}

// A visit is the newest request to an address.
type visit struct {
	site string
	time time.Time
	gap  time.Duration // of that site
}

// try notes that a site asks an address now; or returns how long it must wait before it tries again.
func (a *addresses) try(addr netip.Addr, site string, gap time.Duration) time.Duration {
	if !Public(addr) {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if v, ok := a.last[addr]; ok && v.site != site {
		if wait := v.time.Add(min(v.gap, gap)).Sub(now); wait > 0 {
			return wait
		}
	}
	a.last[addr] = visit{site, now, gap}
	return 0
}

func Public(addr netip.Addr) bool {
	return addr.IsValid() && addr.IsGlobalUnicast() && !addr.IsPrivate() && !addr.IsLoopback()
}

// A Resolver returns the addresses of a host.
type Resolver func(ctx context.Context, host string) ([]netip.Addr, error)

// Lookup is the resolver of the system, which gets a few seconds.
func Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// AddressOf returns the address that a host is known by: of several the lowest, so that all who share them agree. It
// is no address when the host has none; the request will tell why.
func AddressOf(ctx context.Context, resolve Resolver, host string) netip.Addr {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap()
	}
	if resolve == nil {
		return netip.Addr{}
	}
	all, err := resolve(ctx, host)
	if err != nil || len(all) == 0 {
		return netip.Addr{}
	}
	return slices.MinFunc(all, func(a, b netip.Addr) int { return a.Unmap().Compare(b.Unmap()) }).Unmap()
}
