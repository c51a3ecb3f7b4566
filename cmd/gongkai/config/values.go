package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"gongkai/crawler"
)

// A UsageError is the caller's mistake: flags, arguments, configuration.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }

// Usagef makes a UsageError as fmt.Errorf does.
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// A Duration is written "3s"; negative ones are refused.
type Duration time.Duration

func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 3s or 500ms", text)
	}
	if v < 0 {
		return fmt.Errorf("%q is negative", text)
	}
	*d = Duration(v)
	return nil
}

// A Size is written "32MiB".
type Size int64

func (s *Size) UnmarshalText(text []byte) error {
	v, err := humanize.ParseBytes(string(text))
	if err == nil && strings.TrimRight(string(text), "0123456789. ") == "" {
		return fmt.Errorf("%q has no unit; write one such as 32MiB", text)
	}
	if err != nil || v > 1<<40 {
		return fmt.Errorf("%q is not a size such as 32MiB", text)
	}
	*s = Size(v)
	return nil
}

// A Budget is a size, or "" for what suits the machine.
type Budget Size

func (b *Budget) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*b = 0
		return nil
	}
	return (*Size)(b).UnmarshalText(text)
}

// A YearSpan is written "2008-2024", or "2019" for one year; the zero one is none.
type YearSpan crawler.Years

func (y *YearSpan) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*y = YearSpan{}
		return nil
	}
	first, last, isRange := strings.Cut(string(text), "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.Atoi(first)
	b, err2 := strconv.Atoi(last)
	switch {
	case err1 != nil, err2 != nil, len(first) != 4, len(last) != 4:
		return fmt.Errorf("%q is not a range of years such as 2008-2024", text)
	case a > b:
		return fmt.Errorf("%q ends before it begins", text)
	case a < firstYear:
		return fmt.Errorf("%q begins before %d: the first annual reports are on that year", text, firstYear)
	}
	*y = YearSpan{First: a, Last: b}
	return nil
}

// firstYear is the one in which the regulation on open government information (政府信息公开条例) came into force; a few
// places published reports on years before by rules of their own.
const firstYear = 2003

// ParseUntil reads a time of day, a moment, or a duration from now; zero for "". The error goes on after the name of what
// was read.
func ParseUntil(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		if !t.After(now) {
			return t, fmt.Errorf("is %s, which is over", text)
		}
		return t, nil
	}
	clock, err := time.ParseInLocation("15:04", text, now.Location())
	if err != nil {
		return time.Time{}, fmt.Errorf("is a time such as 06:00 or 2026-11-30T06:00:00+08:00, or a duration such as 8h, not %q", text)
	}
	t := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !t.After(now) {
		t = time.Date(now.Year(), now.Month(), now.Day()+1, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	return t, nil
}
