package crawler

import (
	"net/http"
	"slices"
	"strings"

	"gongkai/crawler/fetch"
	"gongkai/seeds"
)

// ways returns the networks of the portals whose entries allow more of TLS than is usual. Those that allow the same share one.
func ways(portals []seeds.Portal, allowPrivate bool) map[string]http.RoundTripper {
	made, shared := make(map[string]http.RoundTripper), make(map[string]http.RoundTripper)
	for _, p := range portals {
		if len(p.TLS) == 0 {
			continue
		}
		allow := strings.Join(slices.Sorted(slices.Values(p.TLS)), " ")
		if shared[allow] == nil {
			shared[allow] = fetch.Network(allowPrivate, p.TLS)
		}
		made[p.ID] = shared[allow]
	}
	return made
}

// way returns the network by which a portal is reached.
func (r *run) way(portal string) http.RoundTripper {
	if w := r.ways[portal]; w != nil {
		return w
	}
	return r.conf.Network
}
