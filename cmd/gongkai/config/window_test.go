package config

import (
	"testing"
	"time"
)

// TestWindow: when a window opens and closes next, also over midnight, and where clocks change.
func TestWindow(t *testing.T) {
	const form = "2006-01-02 15:04"
	for _, c := range []struct{ window, now, opens, closes string }{
		{"22:00-06:00 Asia/Shanghai", "2024-03-01 21:59", "2024-03-01 22:00", "2024-03-02 06:00"},
		{"22:00-06:00 Asia/Shanghai", "2024-03-01 22:00", "2024-03-01 22:00", "2024-03-02 06:00"},
		{"22:00-06:00 Asia/Shanghai", "2024-03-02 00:30", "2024-03-01 22:00", "2024-03-02 06:00"},
		{"22:00-06:00 Asia/Shanghai", "2024-03-02 05:59", "2024-03-01 22:00", "2024-03-02 06:00"},
		{"22:00-06:00 Asia/Shanghai", "2024-03-02 06:00", "2024-03-02 22:00", "2024-03-03 06:00"},
		{"22:30-00:15 Asia/Shanghai", "2024-02-29 23:59", "2024-02-29 22:30", "2024-03-01 00:15"},
		{"01:15-02:45 Asia/Shanghai", "2024-03-01 01:00", "2024-03-01 01:15", "2024-03-01 02:45"},
		{"01:15-02:45 Asia/Shanghai", "2024-03-01 02:00", "2024-03-01 01:15", "2024-03-01 02:45"},
		{"01:15-02:45 Asia/Shanghai", "2024-12-31 02:45", "2025-01-01 01:15", "2025-01-01 02:45"},
		{"22:00-06:00 Europe/Berlin", "2024-03-31 01:00", "2024-03-30 22:00", "2024-03-31 06:00"}, // a night of seven hours
		{"22:00-06:00 Europe/Berlin", "2024-10-27 01:00", "2024-10-26 22:00", "2024-10-27 06:00"}, // and one of nine
	} {
		var w Window
		if err := w.UnmarshalText([]byte(c.window)); err != nil {
			t.Fatal(err)
		}
		now, err := time.ParseInLocation(form, c.now, w.Zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, now := range []time.Time{now, now.UTC()} {
			opens, closes := w.Stretch(now)
			if opens.Format(form) != c.opens || closes.Format(form) != c.closes {
				t.Errorf("%s at %s: %s to %s, want %s to %s", c.window, c.now, opens.Format(form), closes.Format(form), c.opens, c.closes)
			}
		}
	}
	var always Window
	if opens, closes := always.Stretch(time.Unix(1e9, 0)); !opens.Equal(time.Unix(1e9, 0)) || !closes.IsZero() {
		t.Errorf("no window: %v to %v", opens, closes)
	}
	if err := always.UnmarshalText(nil); err != nil || always.Zone != nil {
		t.Errorf("an empty window: %+v, %v", always, err)
	}
	for _, bad := range []string{"22:00", "22-06 Asia/Shanghai", "22:00-24:00 Asia/Shanghai", "22:00-22:00 Asia/Shanghai", "22:00-06:00", "22:00-06:00 Nowhere/City"} {
		if err := new(Window).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestUntil(t *testing.T) {
	now := at(t, "2026-11-25T23:00:00Z")
	for text, want := range map[string]string{"8h": "2026-11-26T07:00:00Z", "06:00": "2026-11-26T06:00:00Z", "23:30": "2026-11-25T23:30:00Z",
		"2026-12-01T00:00:00+08:00": "2026-12-01T00:00:00+08:00", "": "0001-01-01T00:00:00Z", "-3h": "", "25:00": "", "2020-01-01T00:00:00Z": ""} {
		got, err := ParseUntil(text, now)
		if want == "" && err == nil || want != "" && (err != nil || got.Format(time.RFC3339) != want) {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
}
