package pace

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
		c := Clock{Delay: 3 * time.Second, Jitter: 0.3}
		check := func(what string, pause, min, max time.Duration) {
			t.Helper()
			start := time.Now()
			if err := c.Wait(ctx, asking(pause)); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(start); got < min || got > max {
				t.Errorf("%s: waited %v, want %v to %v", what, got, min, max)
			}
		}
		answer := func(took time.Duration, fault string) {
			time.Sleep(took)
			c.Seen(time.Now())
			c.Answered(took, fault)
		}
		check("first request", 0, 0, 0)
		answer(2*time.Second, "")
		check("after an answer", 0, 3*time.Second, 3900*time.Millisecond)
		answer(time.Second, "")
		check("a shorter Crawl-delay", time.Second, 3*time.Second, 3900*time.Millisecond)
		answer(time.Second, "")
		check("a longer Crawl-delay", 10*time.Second, 10*time.Second, 13*time.Second)
		answer(time.Second, "")
		c.Bar(time.Minute, "Retry-After")
		c.Bar(time.Second, "less")
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
		c := Clock{Delay: 3 * time.Second}
		c.Seen(time.Now())
		host := c.Host
		host.Delay = 10 * time.Second
		time.Sleep(4 * time.Second)
		c = Clock{Delay: 3 * time.Second, Host: host}
		start := time.Now()
		if err := c.Wait(t.Context(), func(now time.Time) (time.Duration, time.Time) { return c.Host.Delay, now }); err != nil || time.Since(start) != 6*time.Second {
			t.Errorf("waited %v, %v", time.Since(start), err)
		}
	})
}

func TestTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Clock{Delay: 3 * time.Second}
		var pauses []time.Duration
		for range 30 {
			c.Answered(0, "status 500")
			if wait := time.Until(c.Host.Barred); wait > 0 {
				pauses = append(pauses, wait)
				if left := c.LeftAlone(); (left != "") != (len(pauses) > mostTrips) || left != "" && !strings.Contains(left, "status 500") {
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
		c.Answered(0, "")
		if c.Host.Strikes != 0 || c.Host.Trips != 0 || c.LeftAlone() != "" {
			t.Errorf("after an answer: %+v", c.Host)
		}
		if c = (Clock{Host: frontier.Host{Barred: time.Now().Add(time.Hour), Why: "Retry-After"}}); !strings.HasPrefix(c.LeftAlone(), "Retry-After (until ") {
			t.Errorf("got %q", c.LeftAlone())
		}
	})
}

func TestClockStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := Clock{Delay: time.Hour}
		c.Seen(time.Now())
		start := time.Now()
		if err := c.Wait(ctx, asking(0)); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want the context's error after 1s", err, time.Since(start))
		}
		if err := (&Clock{}).Wait(ctx, asking(0)); err == nil {
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
		{"decades, just asked", now, decades, now.Add(MostAsked)},
		{"decades, for long", now.Add(-8 * 24 * time.Hour), decades, now.Add(-24 * time.Hour)},
		{"never seen", time.Time{}, decades, now.Add(MostAsked)},
		{"seen in the future", decades, decades, now.Add(MostAsked)},
	}
	for _, tt := range tests {
		c := Clock{Delay: time.Second, Host: frontier.Host{Seen: tt.seen, Barred: tt.barred}}
		c.Mend(now)
		if !c.Host.Barred.Equal(tt.want) || c.Host.Seen.After(now) {
			t.Errorf("%s: got %+v, want barred until %v", tt.name, c.Host, tt.want)
		}
	}
}
