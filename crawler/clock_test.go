package crawler

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c := clock{delay: 3 * time.Second, jitter: 0.3}
		waited := func() time.Duration {
			start := time.Now()
			if err := c.wait(ctx); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		if got := waited(); got != 0 {
			t.Errorf("first request: waited %v", got)
		}
		time.Sleep(10 * time.Second) // the answer took long
		c.answered()
		if got := waited(); got < 3*time.Second || got > 3900*time.Millisecond {
			t.Errorf("after an answer: waited %v, want 3s to 3.9s from its end", got)
		}
		c.answered()
		c.slow(time.Second)
		if got := waited(); got < 3*time.Second {
			t.Errorf("a shorter Crawl-delay: waited %v", got)
		}
		c.answered()
		c.slow(10 * time.Second)
		if got := waited(); got < 10*time.Second {
			t.Errorf("a longer Crawl-delay: waited %v", got)
		}
		c.answered()
		c.bar(time.Minute)
		c.bar(time.Second)
		if got := waited(); got != time.Minute {
			t.Errorf("Retry-After: waited %v", got)
		}
	})
}

func TestClockStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := clock{delay: time.Hour}
		c.answered()
		start := time.Now()
		if err := c.wait(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v, want the context's error after 1s", err, time.Since(start))
		}
		if err := (&clock{}).wait(ctx); err == nil {
			t.Error("a done context: no error")
		}
	})
}
