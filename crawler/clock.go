package crawler

import (
	"context"
	"math/rand/v2"
	"time"
)

// A clock says when one site may be asked next. It is owned by the goroutine that visits the site. Every request
// to the site goes by it: pages, robots.txt, redirects, retries.
type clock struct {
	delay  time.Duration // from the end of an answer to the next request
	jitter float64       // lengthens the delay by up to this part

	end    time.Time // of the last answer; zero before the first
	barred time.Time // not before this moment, whatever the delay
}

// slow makes the delay at least d long.
func (c *clock) slow(d time.Duration) { c.delay = max(c.delay, d) }

// bar forbids requests for a while from now.
func (c *clock) bar(d time.Duration) {
	if until := time.Now().Add(d); until.After(c.barred) {
		c.barred = until
	}
}

// answered notes the end of an answer, or of the wait for one.
func (c *clock) answered() { c.end = time.Now() }

// wait returns when the site may be asked, or with ctx's error as soon as ctx is done.
func (c *clock) wait(ctx context.Context) error {
	until := c.barred
	if !c.end.IsZero() {
		gap := c.delay + time.Duration(float64(c.delay)*c.jitter*rand.Float64())
		if next := c.end.Add(gap); next.After(until) {
			until = next
		}
	}
	return sleep(ctx, time.Until(until))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
