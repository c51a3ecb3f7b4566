package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTimetable(t *testing.T) {
	for _, test := range []struct {
		crawl, zone, missed string
		done, now           string
		want                string // run, missed, next
	}{
		{"0 22 * * *", "Asia/Shanghai", "once", "2026-11-25T08:00:00+08:00", "2026-11-25T21:59:59+08:00", "false 0 2026-11-25T22:00:00+08:00"},
		{"0 22 * * *", "Asia/Shanghai", "once", "2026-11-25T08:00:00+08:00", "2026-11-25T22:00:00+08:00", "true 0 2026-11-26T22:00:00+08:00"},
		{"0 22 * * *", "Asia/Shanghai", "skip", "2026-11-25T08:00:00+08:00", "2026-11-25T22:04:00+08:00", "true 0 2026-11-26T22:00:00+08:00"},
		// The machine slept, or the run before took until morning.
		{"0 22 * * *", "Asia/Shanghai", "once", "2026-11-22T22:00:00+08:00", "2026-11-25T09:00:00+08:00", "true 2 2026-11-25T22:00:00+08:00"},
		{"0 22 * * *", "Asia/Shanghai", "skip", "2026-11-22T22:00:00+08:00", "2026-11-25T09:00:00+08:00", "false 2 2026-11-25T22:00:00+08:00"},
		{"0 22 * * *", "Asia/Shanghai", "skip", "2026-11-22T22:00:00+08:00", "2026-11-25T22:01:00+08:00", "true 2 2026-11-26T22:00:00+08:00"},
		// Clocks go back: 2:30 comes twice, and a run is due at both. They go forward: 2:30 does not come.
		{"30 2 * * *", "Europe/Berlin", "once", "2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+02:00", "true 0 2026-10-25T02:30:00+01:00"},
		{"30 1 * * 1-5", "Europe/Berlin", "once", "2026-03-28T12:00:00+01:00", "2026-03-28T12:00:00+01:00", "false 0 2026-03-30T01:30:00+02:00"},
		{"", "UTC", "once", "2026-11-25T08:00:00Z", "2026-11-25T22:00:00Z", "false 0 0001-01-01T00:00:00Z"},
		{"@weekly", "UTC", "once", "2026-11-25T08:00:00Z", "2026-11-25T22:00:00Z", "false 0 2026-11-29T00:00:00Z"},
	} {
		c := Default(program)
		c.Schedule.Crawl, c.Schedule.Zone, c.Schedule.Missed = test.crawl, test.zone, test.missed
		table, err := c.Timetable()
		if err != nil {
			t.Fatal(err)
		}
		u := table.Turn(at(t, test.done), at(t, test.now))
		if got := fmt.Sprint(u.Run, " ", u.Missed, " ", u.Next.Format(time.RFC3339)); got != test.want {
			t.Errorf("%q %s, %s, done until %s, now %s: %s, want %s", test.crawl, test.zone, test.missed, test.done, test.now, got, test.want)
		}
	}
}

func TestBadSchedules(t *testing.T) {
	for text, want := range map[string]string{
		"[schedule]\ncrawl = \"0 25 * * *\"\n":                   "schedule.crawl",
		"[schedule]\ncrawl = \"soon\"\n":                         "schedule.crawl",
		"[schedule]\ncrawl = \"0 0 30 2 *\"\n":                   "never comes",
		"[schedule]\ncrawl = \"TZ=\"\n":                          "schedule.zone",
		"[schedule]\nzone = \"China\"\n":                         "schedule.zone",
		"[schedule]\nmissed = \"twice\"\n":                       "schedule.missed",
		"[schedule]\nexport_formats = [\"wks\"]\n":               "schedule.export_formats",
		"[schedule]\nverify = -1\n":                              "schedule.verify",
		"[schedule]\nbackfill = \"2024-2008\"\n":                 "ends before it begins",
		"[schedule]\nbackfill = \"all\"\n":                       "not a range of years",
		"[report]\nwebhook = \"example.org\"\n":                  "report.webhook",
		"[report]\ntimeout = \"0s\"\n":                           "report.timeout",
		"[metrics]\nlisten = \"0.0.0.0:9464\"\n":                 "metrics.allow_remote",
		"[metrics]\nlisten = \":9464\"\n":                        "metrics.allow_remote",
		"[metrics]\nlisten = \"9464\"\n":                         "metrics.listen",
		"[metrics]\nlisten = \":9464\"\nallow_remote = true\n":   "",
		"[metrics]\nlisten = \"[::1]:9464\"\n":                   "",
		"[schedule]\nbackfill = \"2008-2024\"\ncrawl = \"\"\n":   "",
		"[archive]\nmin_free = \"0B\"\n[schedule]\nverify = 0\n": "",
	} {
		c := Default(program)
		err := decode([]byte(text), &c)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
