package crawler

import (
	"sync/atomic"
	"time"
)

// Progress is how far a run has come.
type Progress struct {
	Sites    int           // to be visited
	Done     int           // of these, those that need nothing more
	Requests int           // sent
	Queued   int           // pages known that are still to be asked for
	Took     time.Duration // since the run began
}

// live counts while a run goes on. All sites add to it.
type live struct {
	began                   time.Time
	sites, requests, queued atomic.Int64
}

// watch shows the progress once a second until stop is called, which waits for the last showing.
func (c *Crawler) watch(sites int) (stop func()) {
	if c.Watch == nil {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.Watch(Progress{sites, int(c.live.sites.Load()), int(c.live.requests.Load()), int(c.live.queued.Load()), time.Since(c.live.began)})
			case <-end:
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}
