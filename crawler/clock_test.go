package crawler

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/store/frontier"
)

// asking is a robots.txt that asks for a pause and is always open.
func asking(pause time.Duration) func(time.Time) (time.Duration, time.Time) {
	return func(now time.Time) (time.Duration, time.Time) { return pause, now }
}

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c := clock{delay: 3 * time.Second, jitter: 0.3}
		check := func(what string, pause, min, max time.Duration) {
			t.Helper()
			start := time.Now()
			if err := c.wait(ctx, asking(pause)); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(start); got < min || got > max {
				t.Errorf("%s: waited %v, want %v to %v", what, got, min, max)
			}
		}
		answer := func(took time.Duration, fault string) {
			time.Sleep(took)
			c.seen(time.Now())
			c.answered(took, fault)
		}
		check("first request", 0, 0, 0)
		answer(2*time.Second, "")
		check("after an answer", 0, 3*time.Second, 3900*time.Millisecond)
		answer(time.Second, "")
		check("a shorter Crawl-delay", time.Second, 3*time.Second, 3900*time.Millisecond)
		answer(time.Second, "")
		check("a longer Crawl-delay", 10*time.Second, 10*time.Second, 13*time.Second)
		answer(time.Second, "")
		c.bar(time.Minute, "Retry-After")
		c.bar(time.Second, "less")
		check("Retry-After", 0, time.Minute, time.Minute)
		for range 20 {
			answer(20*time.Second, "")
		}
		check("a slow server", 0, 19*time.Second, 26*time.Second)
		for range 20 {
			answer(time.Hour, "")
		}
		check("a very slow server", 0, longestRest, 2*longestRest)
		for range 40 {
			answer(0, "")
		}
		check("a fast one again", 0, 3*time.Second, 3900*time.Millisecond)
		answer(0, "status 500")
		check("a fault", 0, 6*time.Second, 7800*time.Millisecond)
		answer(0, "status 500")
		check("two faults", 0, 12*time.Second, 15600*time.Millisecond)
		answer(0, "")
		check("then none", 0, 6*time.Second, 7800*time.Millisecond)
		answer(0, "")
		check("then none again", 0, 3*time.Second, 3900*time.Millisecond)
	})
}

// TestClockRestart: the time of the last answer, and what was asked for then, hold after a restart.
func TestClockRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock{delay: 3 * time.Second}
		c.seen(time.Now())
		host := c.host
		host.Delay = 10 * time.Second
		time.Sleep(4 * time.Second)
		c = clock{delay: 3 * time.Second, host: host}
		start := time.Now()
		if err := c.wait(t.Context(), func(now time.Time) (time.Duration, time.Time) { return c.host.Delay, now }); err != nil || time.Since(start) != 6*time.Second {
			t.Errorf("waited %v, %v", time.Since(start), err)
		}
	})
}

func TestTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock{delay: 3 * time.Second}
		var pauses []time.Duration
		for range 30 {
			c.answered(0, "status 500")
			if wait := time.Until(c.host.Barred); wait > 0 {
				pauses = append(pauses, wait)
				if left := c.left(); (left != "") != (len(pauses) > mostTrips) || left != "" && !strings.Contains(left, "status 500") {
					t.Errorf("after %d pauses: %q", len(pauses), left)
				}
				time.Sleep(wait)
			}
		}
		if len(pauses) != 30-mostStrikes+1 {
			t.Errorf("%d pauses: one request after each", len(pauses))
		}
		for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute} {
			if pauses[i] != want {
				t.Errorf("pause %d: %v, want %v", i, pauses[i], want)
			}
		}
		if last := pauses[len(pauses)-1]; last != longestTrip {
			t.Errorf("in the end: %v", last)
		}
		c.answered(0, "")
		if c.host.Strikes != 0 || c.host.Trips != 0 || c.left() != "" {
			t.Errorf("after an answer: %+v", c.host)
		}
		if c = (clock{host: frontier.Host{Barred: time.Now().Add(time.Hour), Why: "Retry-After"}}); !strings.HasPrefix(c.left(), "Retry-After (until ") {
			t.Errorf("got %q", c.left())
		}
	})
}

func TestClockStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := clock{delay: time.Hour}
		c.seen(time.Now())
		start := time.Now()
		if err := c.wait(ctx, asking(0)); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want the context's error after 1s", err, time.Since(start))
		}
		if err := (&clock{}).wait(ctx, asking(0)); err == nil {
			t.Error("a done context: no error")
		}
	})
}

// TestClockMend: neither a bar that an earlier version has let stand for decades nor a machine whose clock was wrong keeps a
// site from being asked.
func TestClockMend(t *testing.T) {
	now := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	decades := now.AddDate(30, 0, 0)
	tests := []struct {
		name               string
		seen, barred, want time.Time
	}{
		{"an hour", now, now.Add(time.Hour), now.Add(time.Hour)},
		{"decades, just asked", now, decades, now.Add(mostAsked)},
		{"decades, for long", now.Add(-8 * 24 * time.Hour), decades, now.Add(-24 * time.Hour)},
		{"never seen", time.Time{}, decades, now.Add(mostAsked)},
		{"seen in the future", decades, decades, now.Add(mostAsked)},
	}
	for _, tt := range tests {
		c := clock{delay: time.Second, host: frontier.Host{Seen: tt.seen, Barred: tt.barred}}
		c.mend(now)
		if !c.host.Barred.Equal(tt.want) || c.host.Seen.After(now) {
			t.Errorf("%s: got %+v, want barred until %v", tt.name, c.host, tt.want)
		}
	}
}
