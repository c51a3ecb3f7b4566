package config

import (
	"fmt"
	"strings"
	"time"
)

// A Window is a daily stretch of time in a zone, "22:00-06:00 Asia/Shanghai". The zero window is always open.
type Window struct {
	From, To time.Duration // since midnight; To may lie before From, on the next day
	Zone     *time.Location
}

func (w *Window) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*w = Window{}
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
	}{{from, &w.From}, {to, &w.To}} {
		t, err := time.Parse("15:04", part.text)
		if err != nil {
			return fmt.Errorf("%q is not a time of day", part.text)
		}
		*part.at = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	if w.From == w.To {
		return fmt.Errorf("%q begins when it ends", text)
	}
	location, err := time.LoadLocation(strings.TrimSpace(zone))
	if err != nil || strings.TrimSpace(zone) == "" {
		return fmt.Errorf("%q names no time zone such as Asia/Shanghai", text)
	}
	w.Zone = location
	return nil
}

// next returns the stretch that is open at now or opens next. Both are computed on the calendar of the zone, so
// that a day on which clocks change is as long as it is.
func (w Window) next(now time.Time) (opens, closes time.Time) {
	now = now.In(w.Zone)
	for day := -1; ; day++ {
		midnight := time.Date(now.Year(), now.Month(), now.Day()+day, 0, 0, 0, 0, w.Zone)
		opens, closes = clockTime(midnight, w.From), clockTime(midnight, w.To)
		if w.To < w.From {
			closes = clockTime(midnight.AddDate(0, 0, 1), w.To)
		}
		if closes.After(now) {
			return opens, closes
		}
	}
}

// Stretch returns the stretch that is open at now or opens next. The zero window is open for ever: from now, until the
// zero time.
func (w Window) Stretch(now time.Time) (opens, closes time.Time) {
	if w.Zone == nil {
		return now, time.Time{}
	}
	return w.next(now)
}

func clockTime(midnight time.Time, sinceMidnight time.Duration) time.Time {
	return time.Date(midnight.Year(), midnight.Month(), midnight.Day(), 0, int(sinceMidnight/time.Minute), 0, 0, midnight.Location())
}
