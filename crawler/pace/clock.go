// Package pace says when whom may be asked: the clock of a site, the clocks of the machines behind sites, and which of
// several crawls has a site. It asks nobody, and what a robots.txt says it is told.
package pace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"gongkai/store/frontier"
)

// A Clock says when one site may be asked next. It is owned by the goroutine that visits the site. Every request
// to the site goes by it: pages, robots.txt, redirects, retries. What it must know over a restart is in Host.
type Clock struct {
	Delay  time.Duration // from the end of an answer to the next request
	Jitter float64       // lengthens the delay by up to this part
	Host   frontier.Host

	chance float64 // the part of the jitter for the delay that runs, drawn when it begins
}

// Rules tell what robots.txt says of a time: how long to wait between requests, and when visits are welcome.
type Rules func(time.Time) (pause time.Duration, opens time.Time)

// The bounds of what a clock does by itself.
const (
	mostFactor  = 16                 // by which faults lengthen the delay
	longestRest = time.Minute        // after an answer that took long
	mostStrikes = 5                  // faults in a row before the site gets a pause
	mostTrips   = 3                  // pauses in a row before it is left alone in this run
	longestTrip = 24 * time.Hour     // the longest pause; each is twice the one before
	MostAsked   = 7 * 24 * time.Hour // that a server may ask to be left alone for; then one request shows whether it still does
	longestWait = 15 * time.Minute   // that a site is waited for in a run, except for its Visit-time
)

// LeastDelay is the shortest delay between two requests to a public site, whatever is configured.
const LeastDelay = 3 * time.Second

// Gap is the shortest time from the end of an answer to the next request: the delay, that which robots.txt asks
// for, or as long as the server takes to answer, whichever is longest; and a multiple of it while there are faults.
func (c *Clock) Gap() time.Duration {
	gap := max(c.Delay, c.Host.Delay, min(c.Host.Took, longestRest))
	return time.Duration(float64(gap) * max(c.Host.Factor, 1))
}

// Next returns when the site may be asked, and why not before. chance, from 0 to 1, is the part of the jitter.
func (c *Clock) Next(chance float64) (time.Time, string) {
	until, why := c.Host.Barred, c.Host.Why
	if !c.Host.Seen.IsZero() {
		gap := c.Gap()
		if t := c.Host.Seen.Add(gap + time.Duration(float64(gap)*c.Jitter*chance)); t.After(until) {
			until, why = t, "delay"
		}
	}
	return until, why
}

// Bar forbids requests for a while from now.
func (c *Clock) Bar(d time.Duration, why string) {
	if until := time.Now().Add(d); d > 0 && until.After(c.Host.Barred) {
		c.Host.Barred, c.Host.Why = until.UTC(), why
	}
}

// AskedFor says why a site is left alone that has asked for it.
func AskedFor(d time.Duration) string {
	if d >= MostAsked {
		return fmt.Sprintf("asks to be left alone for %v or more", MostAsked)
	}
	return fmt.Sprintf("asks to be left alone for %v", d.Round(time.Second))
}

// Mend bounds what is known of a host from earlier runs: it was not seen in the future, where the clock of the machine
// stood once, and whatever it asked for then, it is asked again when the longest pause is over.
func (c *Clock) Mend(now time.Time) {
	h := &c.Host
	if h.Seen.After(now) {
		h.Seen = now.UTC()
	}
	since := h.Seen
	if since.IsZero() {
		since = now
	}
	if limit := since.Add(MostAsked); h.Barred.After(limit) {
		h.Barred = limit.UTC()
	}
}

// Seen notes the end of an answer, or of the wait for one.
func (c *Clock) Seen(end time.Time) {
	if end.After(c.Host.Seen) {
		c.Host.Seen, c.chance = end.UTC(), rand.Float64()
	}
}

// Answered draws the conclusions of an answer that took so long. fault says what was wrong with it if that may pass.
func (c *Clock) Answered(took time.Duration, fault string) {
	h := &c.Host
	if fault == "" {
		c.Took(took)
		h.Factor = max(h.Factor/2, 1)
		h.Strikes, h.Trips, h.Fault = 0, 0, ""
		return
	}
	h.Factor = min(max(h.Factor, 1)*2, mostFactor)
	h.Fault = fault
	if h.Strikes++; h.Strikes < mostStrikes {
		return
	}
	c.Bar(c.trip(h.Trips), fmt.Sprintf("%d faults in a row, the last one: %s", h.Strikes, fault))
	h.Trips++
}

// Took notes how long an answer took.
func (c *Clock) Took(d time.Duration) { c.Host.Took = (3*c.Host.Took + d) / 4 }

// trip is how long the pause after too many faults is. One request then shows whether it was long enough.
func (c *Clock) trip(before int) time.Duration {
	return min(max(20*c.Delay, time.Second)<<min(before, 16), longestTrip)
}

// Pause returns how long to wait before a page is tried again that has failed so many times: longer each time.
func (c *Clock) Pause(tries int) time.Duration {
	d := 2 * max(c.Delay, c.Host.Delay)
	for range tries {
		d *= 3
	}
	return min(d, max(c.Gap(), 10*time.Minute))
}

// Forgive forgets the faults of earlier runs: one request shows whether there are any now.
func (c *Clock) Forgive() {
	h := &c.Host
	h.Strikes, h.Factor = min(h.Strikes, mostStrikes-1), 1
	if strings.HasSuffix(h.Why, h.Fault) {
		h.Barred, h.Why = time.Time{}, ""
	}
}

// LeftAlone says why the site is to be left alone in this run, "" while it is not.
func (c *Clock) LeftAlone() string {
	switch wait := time.Until(c.Host.Barred).Round(time.Second); {
	case wait > longestWait:
		return fmt.Sprintf("%s (until %s)", c.Host.Why, c.Host.Barred.Format(time.RFC3339))
	case c.Host.Trips > mostTrips && wait > 0:
		return c.Host.Why
	}
	return ""
}

// Wait returns when the site may be asked, or with ctx's error as soon as ctx is done.
func (c *Clock) Wait(ctx context.Context, rules Rules) error {
	for {
		ahead := c.Ahead(time.Now(), rules)
		if ahead <= 0 {
			return ctx.Err()
		}
		if err := Sleep(ctx, ahead); err != nil {
			return err
		}
	}
}

// Ahead returns for how long from now the site must not be asked.
func (c *Clock) Ahead(now time.Time, rules Rules) time.Duration {
	pause, opens := rules(now)
	c.Host.Delay = pause
	until, _ := c.Next(c.chance)
	if opens.After(until) {
		until = opens
	}
	return until.Sub(now)
}

// Sleep waits, or returns ctx's error as soon as ctx is done.
func Sleep(ctx context.Context, d time.Duration) error {
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
