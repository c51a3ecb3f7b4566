package robots

import (
	"testing"
	"time"
)

func at(clock string) time.Time {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err) // a test's own words
	}
	return t.AddDate(2026, 0, 0)
}

func TestRequestRate(t *testing.T) {
	tests := []struct {
		robots, clock string
		want          time.Duration
	}{
		{"Request-rate: 1/5s", "12:00", 5 * time.Second},
		{"Request-rate: 1/5", "12:00", 5 * time.Second},
		{"request-rate: 1/10m", "12:00", 10 * time.Minute},
		{"Request-rate: 3/1m", "12:00", 20 * time.Second},
		{"Request-rate: 3/10s", "12:00", 3333333334},
		{"Request-rate: 1/10m 0900-1700", "12:00", 10 * time.Minute},
		{"Request-rate: 1/10m 0900-1700", "08:59", 0},
		{"Request-rate: 1/10m 0900-1700", "17:00", 0},
		{"Request-rate: 1/10m 2200-0600", "02:00", 10 * time.Minute},
		{"Request-rate: 1/10m 2200-0600\nRequest-rate: 1/2s", "12:00", 2 * time.Second},
		{"Crawl-delay: 7\nRequest-rate: 1/2s", "12:00", 7 * time.Second},
		{"Request-rate: 1/9999d", "12:00", MaxDelay},
		{"Request-rate: 1/2147483647d", "12:00", MaxDelay},
		{"Request-rate: 2147483647/2147483647h", "12:00", MaxDelay},
		{"Request-rate: 0/5s", "12:00", 0},
		{"Request-rate: 1/5w", "12:00", 0},
		{"Request-rate: 1", "12:00", 0},
		{"Request-rate: 1/5s sometimes", "12:00", 0},
		{"Request-rate:", "12:00", 0},
		{"User-agent: other\nRequest-rate: 1/5s", "12:00", 5 * time.Second}, // one group: no rule stands between
		{"Disallow: /x\nUser-agent: other\nRequest-rate: 1/5s", "12:00", 0},
	}
	for _, tt := range tests {
		if got := Parse([]byte("User-agent: *\n"+tt.robots+"\n"), agent).Pause(at(tt.clock)); got != tt.want {
			t.Errorf("%q at %s: got %v, want %v", tt.robots, tt.clock, got, tt.want)
		}
	}
}

func TestVisitTime(t *testing.T) {
	tests := []struct{ robots, clock, want string }{
		{"Visit-time: 0200-0630", "02:00", "02:00"},
		{"Visit-time: 0200-0630", "06:29", "06:29"},
		{"Visit-time: 0200-0630", "06:30", "26:00"},
		{"Visit-time: 0200-0630", "00:10", "02:00"},
		{"visit-time: 02:00 - 06:30", "00:10", "02:00"},
		{"Visit-time: 2200-0600", "23:00", "23:00"},
		{"Visit-time: 2200-0600", "05:59", "05:59"},
		{"Visit-time: 2200-0600", "12:00", "22:00"},
		{"Visit-time: 0200-0300\nVisit-time: 1400-1500", "12:00", "14:00"},
		{"Visit-time: 0000-2400", "12:00", "12:00"},
		{"Visit-time: 2400-0100", "00:30", "00:30"},
		{"Visit-time: at night", "12:00", "12:00"},
		{"Visit-time: 0260-0630", "12:00", "12:00"},
		{"Visit-time: 200-630", "12:00", "12:00"},
		{"", "12:00", "12:00"},
	}
	for _, tt := range tests {
		want := at("00:00")
		hours, minutes := int(tt.want[0]-'0')*10+int(tt.want[1]-'0'), int(tt.want[3]-'0')*10+int(tt.want[4]-'0')
		want = want.Add(time.Duration(hours*60+minutes) * time.Minute)
		if got := Parse([]byte("User-agent: *\n"+tt.robots+"\n"), agent).Opens(at(tt.clock)); !got.Equal(want) {
			t.Errorf("%q at %s: got %v, want %v", tt.robots, tt.clock, got, want)
		}
	}
	beijing := time.Date(2026, 1, 2, 11, 0, 0, 0, time.FixedZone("", 8*3600)) // 03:00 UTC
	if got := Parse([]byte("User-agent: *\nVisit-time: 0200-0630\n"), agent).Opens(beijing); !got.Equal(beijing) {
		t.Errorf("in another zone: got %v", got)
	}
}

func FuzzTimes(f *testing.F) {
	f.Add("1/5s", "0200-0630")
	f.Add("1/10m 0900-1700", "23:59-24:00")
	f.Fuzz(func(t *testing.T, rate, visit string) {
		now := at("12:00")
		if r, ok := parseRate(rate); ok && (r.pause < 0 || r.pause > MaxDelay) {
			t.Errorf("%q: %v", rate, r.pause)
		}
		if s, ok := parseSpan(visit); ok {
			if opens := s.opens(now); opens.Before(now) || opens.Sub(now) > day {
				t.Errorf("%q: %v", visit, opens)
			}
		}
	})
}
