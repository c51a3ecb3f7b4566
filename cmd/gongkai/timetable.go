package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// What is done about a run whose time came while it could not begin: the machine slept, or the run before took too long.
const (
	missedOnce = "once" // it is made up for, once however many were missed
	missedSkip = "skip" // the next one is waited for
)

// A timetable says when a run is due. The zero one says never.
type timetable struct {
	schedule cron.Schedule // nil: never
	zone     *time.Location
	skip     bool // missed runs are not made up for
}

// timetable reads the schedule of the configuration. The expressions are read by robfig/cron, whose Schedule.Next is a
// pure function of a time and its zone (a time of day that comes twice when clocks go back is due twice); its scheduler is not used.
func (c *config) timetable() (timetable, error) {
	zone, err := time.LoadLocation(c.Schedule.Zone)
	if err != nil || c.Schedule.Zone == "" {
		return timetable{}, fmt.Errorf("schedule.zone: %q is no time zone such as Asia/Shanghai", c.Schedule.Zone)
	}
	t := timetable{zone: zone, skip: c.Schedule.Missed == missedSkip}
	if strings.TrimSpace(c.Schedule.Crawl) == "" {
		return t, nil
	}
	if strings.Contains(c.Schedule.Crawl, "=") { // the library takes a zone there, and stumbles over a lone one
		return t, fmt.Errorf("schedule.crawl: %q names a zone; schedule.zone is the place for it", c.Schedule.Crawl)
	}
	if t.schedule, err = cron.ParseStandard(c.Schedule.Crawl); err != nil {
		return t, fmt.Errorf("schedule.crawl: %q is no cron expression such as \"0 22 * * *\": %w", c.Schedule.Crawl, err)
	}
	if t.next(time.Now()).IsZero() {
		return t, fmt.Errorf("schedule.crawl: %q never comes", c.Schedule.Crawl)
	}
	return t, nil
}

// next returns when the first run after a time is due; zero for never.
func (t timetable) next(after time.Time) time.Time {
	if t.schedule == nil {
		return time.Time{}
	}
	return t.schedule.Next(after.In(t.zone))
}

// punctual is how late a run may begin and still be the one that was due.
const punctual = 5 * time.Minute

// A turn is what a timetable says at a moment.
type turn struct {
	run    bool      // a run is due now
	missed int       // runs that were due and did not begin
	first  time.Time // when the first of these was due
	next   time.Time // the next one to wait for; zero for never
}

// turn says what to do now, when all that was due until done has been dealt with.
func (t timetable) turn(done, now time.Time) turn {
	var u turn
	due := t.next(done)
	for ; !due.IsZero() && !due.After(now); due = t.next(due) {
		if now.Sub(due) <= punctual {
			u.run = true
			continue
		}
		if u.missed == 0 {
			u.first = due
		}
		if u.missed++; u.missed == mostMissed { // a clock that was years wrong
			due = now
		}
	}
	if u.missed > 0 && !t.skip {
		u.run = true
	}
	u.next = due
	return u
}

// mostMissed is how many missed runs are counted.
const mostMissed = 1000
