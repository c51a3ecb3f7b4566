package main

import (
	"fmt"
	"strings"
	"time"
)

// A window is a daily stretch of time in a zone, "22:00-06:00 Asia/Shanghai". The zero window is always open.
type window struct {
	from, to time.Duration // since midnight; to may lie before from, on the next day
	zone     *time.Location
}

func (w *window) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*w = window{}
		return nil
	}
	span, zone, _ := strings.Cut(string(text), " ")
	from, to, ok := strings.Cut(span, "-")
	if !ok {
		return fmt.Errorf("%q is not a window such as 22:00-06:00 Asia/Shanghai", text)
	}
	for _, part := range []struct {
		text string
		at   *time.Duration
	}{{from, &w.from}, {to, &w.to}} {
		t, err := time.Parse("15:04", part.text)
		if err != nil {
			return fmt.Errorf("%q is not a time of day", part.text)
		}
		*part.at = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	if w.from == w.to {
		return fmt.Errorf("%q begins when it ends", text)
	}
	location, err := time.LoadLocation(strings.TrimSpace(zone))
	if err != nil || strings.TrimSpace(zone) == "" {
		return fmt.Errorf("%q names no time zone such as Asia/Shanghai", text)
	}
	w.zone = location
	return nil
}

// next returns the stretch that is open at now or opens next. Both are computed on the calendar of the zone, so
// that a day on which clocks change is as long as it is.
func (w window) next(now time.Time) (opens, closes time.Time) {
	now = now.In(w.zone)
	for day := -1; ; day++ {
		midnight := time.Date(now.Year(), now.Month(), now.Day()+day, 0, 0, 0, 0, w.zone)
		opens, closes = clockTime(midnight, w.from), clockTime(midnight, w.to)
		if w.to < w.from {
			closes = clockTime(midnight.AddDate(0, 0, 1), w.to)
		}
		if closes.After(now) {
			return opens, closes
		}
	}
}

// stretch is next, for the zero window too: that is open for ever.
func (w window) stretch(now time.Time) (opens, closes time.Time) {
	if w.zone == nil {
		return now, time.Time{}
	}
	return w.next(now)
}

func clockTime(midnight time.Time, sinceMidnight time.Duration) time.Time {
	return time.Date(midnight.Year(), midnight.Month(), midnight.Day(), 0, int(sinceMidnight/time.Minute), 0, 0, midnight.Location())
}
