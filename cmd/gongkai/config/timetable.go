package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// What is done about a run whose time came while it could not begin: the machine slept, or the run before took too
// long.
const (
	MissedOnce = "once" // it is made up for, once however many were missed
	MissedSkip = "skip" // the next one is waited for
)

// A Timetable says when a run is due. The zero one says never.
type Timetable struct {
	schedule cron.Schedule // nil: never
	zone     *time.Location
	skip     bool // missed runs are not made up for
}

// Timetable reads the schedule of the configuration. The expressions are read by robfig/cron, whose Schedule.Next is a
// pure function of a time and its zone (a time of day that comes twice when clocks go back is due twice); its scheduler
// is not used.
func (c *Config) Timetable() (Timetable, error) {
	zone, err := time.LoadLocation(c.Schedule.Zone)
	if err != nil || c.Schedule.Zone == "" {
		return Timetable{}, fmt.Errorf("schedule.zone: %q is no time zone such as Asia/Shanghai", c.Schedule.Zone)
	}
	t := Timetable{zone: zone, skip: c.Schedule.Missed == MissedSkip}
	if strings.TrimSpace(c.Schedule.Crawl) == "" {
		return t, nil
	}
	if strings.Contains(c.Schedule.Crawl, "=") { // the library takes a zone there, and stumbles over a lone one
		return t, fmt.Errorf("schedule.crawl: %q names a zone; schedule.zone is the place for it", c.Schedule.Crawl)
	}
	if t.schedule, err = cron.ParseStandard(c.Schedule.Crawl); err != nil {
		return t, fmt.Errorf("schedule.crawl: %q is no cron expression such as \"0 22 * * *\": %w", c.Schedule.Crawl, err)
	}
	if t.Next(time.Now()).IsZero() {
		return t, fmt.Errorf("schedule.crawl: %q never comes", c.Schedule.Crawl)
	}
	return t, nil
}

// Next returns when the first run after a time is due; zero for never.
func (t Timetable) Next(after time.Time) time.Time {
	if t.schedule == nil {
		return time.Time{}
	}
	return t.schedule.Next(after.In(t.zone))
}

// punctual is how late a run may begin and still be the one that was due.
const punctual = 5 * time.Minute

// A Turn is what a timetable says at a moment.
type Turn struct {
	Run    bool      // a run is due now
	Missed int       // runs that were due and did not begin
	First  time.Time // when the first missed one was due
	Next   time.Time // the next one to wait for; zero for never
}

// Turn says what to do now, when all that was due until done has been dealt with.
func (t Timetable) Turn(done, now time.Time) Turn {
	var u Turn
	due := t.Next(done)
	for ; !due.IsZero() && !due.After(now); due = t.Next(due) {
		if now.Sub(due) <= punctual {
			u.Run = true
			continue
		}
		if u.Missed == 0 {
			u.First = due
		}
		if u.Missed++; u.Missed == mostMissed { // a clock that was years wrong
			due = now
		}
	}
	if u.Missed > 0 && !t.skip {
		u.Run = true
	}
	u.Next = due
	return u
}

// mostMissed is how many missed runs are counted.
const mostMissed = 1000
