package robots

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Request-rate and Visit-time are no part of RFC 9309. They stem from a draft of 1996 and are found to this day:
//
//	Visit-time: 0200-0630              visits are welcome between these times, UTC; several lines add up
//	Request-rate: 1/10m                one document in ten minutes; units are s, m, h and d, s when there is none
//	Request-rate: 1/10m 0900-1700      the same between these times, UTC
//
// A line that says neither is passed over.

const day = 24 * time.Hour

// A span is a daily stretch of time, UTC, since midnight. When it ends before it begins it ends on the next day.
type span struct{ from, to time.Duration }

// A rate is a pause between requests, in a span.
type rate struct {
	pause time.Duration
	span  span
}

// Pause returns how long the file asks to wait between two requests at a time: the longest of what Crawl-delay and
// Request-rate say then, 0 when they say nothing.
func (r *Rules) Pause(t time.Time) time.Duration {
	pause := r.Delay
	for _, rate := range r.rates {
		if rate.span.opens(t).Equal(t) {
			pause = max(pause, rate.pause)
		}
	}
	return pause
}

// Opens returns when visits are welcome next: t, when they are just then.
func (r *Rules) Opens(t time.Time) time.Time {
	var first time.Time
	for _, s := range r.visits {
		if opens := s.opens(t); first.IsZero() || opens.Before(first) {
			first = opens
		}
	}
	if first.IsZero() {
		return t
	}
	return first
}

// opens returns when the span begins next, t when it lasts.
func (s span) opens(t time.Time) time.Time {
	midnight := t.UTC().Truncate(day)
	for days := -1; ; days++ {
		from := midnight.Add(time.Duration(days)*day + s.from)
		to := midnight.Add(time.Duration(days)*day + s.to)
		if s.to <= s.from {
			to = to.Add(day)
		}
		switch {
		case t.Before(from):
			return from
		case t.Before(to):
			return t
		}
	}
}

// parseSpan reads "0200-0630", also with colons.
func parseSpan(text string) (span, bool) {
	from, to, found := strings.Cut(strings.TrimSpace(text), "-")
	if !found {
		return span{}, false
	}
	s := span{}
	for _, part := range []struct {
		text string
		at   *time.Duration
	}{{from, &s.from}, {to, &s.to}} {
		digits := strings.ReplaceAll(strings.TrimSpace(part.text), ":", "")
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || len(digits) != 4 || n > 2400 || n%100 > 59 {
			return span{}, false
		}
		*part.at = time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	}
	return s, true
}

var units = map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": day}

// parseRate reads "1/5s", with a span behind it or without.
func parseRate(text string) (rate, bool) {
	fields := strings.Fields(text)
	if len(fields) == 0 || len(fields) > 2 {
		return rate{}, false
	}
	documents, interval, _ := strings.Cut(fields[0], "/")
	number := strings.TrimRight(interval, "smhdSMHD")
	n, err1 := strconv.ParseUint(documents, 10, 31)
	count, err2 := strconv.ParseUint(number, 10, 31)
	unit, known := units[strings.ToLower(interval[len(number):])]
	if err1 != nil || err2 != nil || n == 0 || !known {
		return rate{}, false
	}
	pause := MaxDelay
	if exact := math.Ceil(float64(count) * float64(unit) / float64(n)); exact < float64(MaxDelay) {
		pause = time.Duration(exact)
	}
	r := rate{pause, span{0, day}}
	if len(fields) == 2 {
		var ok bool
		if r.span, ok = parseSpan(fields[1]); !ok {
			return rate{}, false
		}
	}
	return r, true
}
