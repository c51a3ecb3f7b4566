package crawler

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"gongkai/store/frontier"
)

// A clock says when one site may be asked next. It is owned by the goroutine that visits the site. Every request
// to the site goes by it: pages, robots.txt, redirects, retries. What it must know over a restart is in host.
type clock struct {
	delay  time.Duration // from the end of an answer to the next request
	jitter float64       // lengthens the delay by up to this part
	chance float64       // the part of that for the delay that runs, drawn when it begins
	host   frontier.Host
}

// The bounds of what a clock does by itself.
const (
	mostFactor  = 16                 // by which faults lengthen the delay
	longestRest = time.Minute        // after an answer that took long
	mostStrikes = 5                  // faults in a row before the site gets a pause
	mostTrips   = 3                  // pauses in a row before it is left alone in this run
	longestTrip = 24 * time.Hour     // of these pauses, which double
	mostAsked   = 7 * 24 * time.Hour // that a server may ask to be left alone for; then one request shows whether it still does
	longestWait = 15 * time.Minute   // that a site is waited for in a run, except for its Visit-time
)

// LeastDelay is the shortest delay between two requests to a public site, whatever Crawler.Delay says.
const LeastDelay = 3 * time.Second

// gap is the shortest time from the end of an answer to the next request: the delay, that which robots.txt asks
// for, or as long as the server takes to answer, whichever is longest; and a multiple of it while there are faults.
func (c *clock) gap() time.Duration {
	gap := max(c.delay, c.host.Delay, min(c.host.Took, longestRest))
	return time.Duration(float64(gap) * max(c.host.Factor, 1))
}

// next returns when the site may be asked, and why not before. chance, from 0 to 1, is the part of the jitter.
func (c *clock) next(chance float64) (time.Time, string) {
	until, why := c.host.Barred, c.host.Why
	if !c.host.Seen.IsZero() {
		gap := c.gap()
		if t := c.host.Seen.Add(gap + time.Duration(float64(gap)*c.jitter*chance)); t.After(until) {
			until, why = t, "delay"
		}
	}
	return until, why
}

// bar forbids requests for a while from now.
func (c *clock) bar(d time.Duration, why string) {
	if until := time.Now().Add(d); d > 0 && until.After(c.host.Barred) {
		c.host.Barred, c.host.Why = until.UTC(), why
	}
}

// askedFor says why a site is left alone that has asked for it.
func askedFor(d time.Duration) string {
	if d >= mostAsked {
		return fmt.Sprintf("asks to be left alone for %v or more", mostAsked)
	}
	return fmt.Sprintf("asks to be left alone for %v", d.Round(time.Second))
}

// mend bounds what is known of a host from earlier runs: it was not seen in the future, where the clock of the machine
// stood once, and whatever it asked for then, it is asked again when the longest pause is over.
func (c *clock) mend(now time.Time) {
	h := &c.host
	if h.Seen.After(now) {
		h.Seen = now.UTC()
	}
	since := h.Seen
	if since.IsZero() {
		since = now
	}
	if limit := since.Add(mostAsked); h.Barred.After(limit) {
		h.Barred = limit.UTC()
	}
}

// seen notes the end of an answer, or of the wait for one.
func (c *clock) seen(end time.Time) {
	if end.After(c.host.Seen) {
		c.host.Seen, c.chance = end.UTC(), rand.Float64()
	}
}

// answered draws the conclusions of an answer that took so long. fault says what was wrong with it if that may pass.
func (c *clock) answered(took time.Duration, fault string) {
	h := &c.host
	if fault == "" {
		c.took(took)
		h.Factor = max(h.Factor/2, 1)
		h.Strikes, h.Trips, h.Fault = 0, 0, ""
		return
	}
	h.Factor = min(max(h.Factor, 1)*2, mostFactor)
	h.Fault = fault
	if h.Strikes++; h.Strikes < mostStrikes {
		return
	}
	c.bar(c.trip(h.Trips), fmt.Sprintf("%d faults in a row, the last one: %s", h.Strikes, fault))
	h.Trips++
}

// took notes how long an answer took.
func (c *clock) took(d time.Duration) { c.host.Took = (3*c.host.Took + d) / 4 }

// trip is how long the pause after too many faults is. One request then shows whether it was long enough.
func (c *clock) trip(before int) time.Duration {
	return min(max(20*c.delay, time.Second)<<min(before, 16), longestTrip)
}

// left says why the site is to be left alone in this run, "" while it is not.
func (c *clock) left() string {
	switch wait := time.Until(c.host.Barred).Round(time.Second); {
	case wait > longestWait:
		return fmt.Sprintf("%s (until %s)", c.host.Why, c.host.Barred.Format(time.RFC3339))
	case c.host.Trips > mostTrips && wait > 0:
		return c.host.Why
	}
	return ""
}

// wait returns when the site may be asked, or with ctx's error as soon as ctx is done. rules tells what the site's
// robots.txt says of a time: how long to wait between requests, and when visits are welcome.
func (c *clock) wait(ctx context.Context, rules func(time.Time) (pause time.Duration, opens time.Time)) error {
	for {
		ahead := c.ahead(time.Now(), rules)
		if ahead <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, ahead); err != nil {
			return err
		}
	}
}

// ahead returns for how long from now the site must not be asked.
func (c *clock) ahead(now time.Time, rules func(time.Time) (pause time.Duration, opens time.Time)) time.Duration {
	pause, opens := rules(now)
	c.host.Delay = pause
	until, _ := c.next(c.chance)
	if opens.After(until) {
		until = opens
	}
	return until.Sub(now)
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
