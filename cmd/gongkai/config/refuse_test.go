package config

import (
	"errors"
	"strings"
	"testing"

	"gongkai/seeds"
)

// TestRefused: no setting undoes a promise without a word.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"[crawl]\ndelay = 3":                    `2: crawl.delay: 3 has no unit; write delay = "3s"`,
		"[crawl]\n\ndelay = 3.5":                `3: crawl.delay: 3.5 has no unit; write delay = "3.5s"`,
		"[crawl]\nDelay = 3":                    `2: crawl.delay: 3 has no unit`,
		"crawl.delay = 3000000000":              `1: crawl.delay: 3000000000 has no unit`,
		"crawl = { jitter = 0.1, delay = 5 }":   `1: crawl.delay: 5 has no unit`,
		"[crawl]\nmax_page_bytes = 33554432":    `2: crawl.max_page_bytes: 33554432 has no unit; write max_page_bytes = "33554432MiB"`,
		"[crawl]\nportal_time = 8":              "2: crawl.portal_time: 8 has no unit",
		"[archive]\nmin_free = 5":               `2: archive.min_free: 5 has no unit; write min_free = "5MiB"`,
		"[archive]\nmin_free = \"5\"":           "has no unit",
		"[schedule]\nlongest = 10":              "2: schedule.longest: 10 has no unit",
		"[report]\ntimeout = 10":                "2: report.timeout: 10 has no unit",
		"[report]\ntimeout = \"10\"":            "2: report.timeout",
		"[report]\ntimeout = \"0s\"":            "report.timeout is 0",
		"[crawl]\ndelay = \"0s\"":               "crawl.delay is 0s",
		"[crawl]\ndelay = \"0\"":                "crawl.delay is 0s",
		"[crawl]\ndelay = \"1ms\"":              `crawl.delay is 1ms, and public portals are asked no more often than every 3s; write delay = "3s"`,
		"[crawl]\nhosts = 5\ndelay = \"1s\"":    `3: crawl.delay is 1s`,
		"crawl.delay = \"1s\"":                  `1: crawl.delay is 1s`,
		"crawl = { delay = \"1s\" }":            `crawl.delay is 1s`,
		"[crawl]\nportal_time = \"1ns\"":        `2: crawl.portal_time is 1ns, in which no portal is visited; write portal_time = "8h"`,
		"[crawl]\nportal_time = \"59s\"":        `2: crawl.portal_time is 59s`,
		"[crawl]\nportal_time = \"-1h\"":        "negative",
		"[schedule]\nlongest = \"1ns\"":         `2: schedule.longest is 1ns, in which no run does anything; write longest = "20h"`,
		"[schedule]\nlongest = \"-1h\"":         "negative",
		"[schedule]\nverify = -1":               "2: schedule.verify is -1",
		"[report]\nkeep = -1":                   "2: report.keep is -1",
		"[archive]\nmin_free = \"-1GiB\"":       "2: archive.min_free",
		"[crawl]\nmax_page_bytes = \"-1MiB\"":   "2: crawl.max_page_bytes",
		"[crawl]\nmax_page_bytes = \"1TiB\"":    "2: crawl.max_page_bytes is 1099511627776, not between 1KiB and 1GiB",
		"[crawl]\nmax_page_bytes = \"2EiB\"":    "is not a size",
		"[crawl]\nmemory = \"1MiB\"":            "crawl.memory",
		"[crawl]\ndelay = \"2999ms\"":           "crawl.delay is 2.999s",
		"[crawl]\ndelay = \"-3s\"":              "negative",
		"[crawl]\njitter = -0.1":                "crawl.jitter is -0.1",
		"[crawl]\njitter = nan":                 "crawl.jitter is NaN",
		"[crawl]\njitter = inf":                 "crawl.jitter is +Inf",
		"[crawl]\nhosts = 0":                    "crawl.hosts is 0",
		"[crawl]\nhosts = -1":                   "crawl.hosts is -1",
		"[crawl]\nhosts = 1000000000000":        "crawl.hosts is 1000000000000",
		"[crawl]\nmax_page_bytes = \"0B\"":      "crawl.max_page_bytes is 0",
		"[crawl]\nportal_requests = -1":         "crawl.portal_requests is -1",
		"[crawl]\nuser_agent = \"\"":            "crawl.user_agent is empty",
		"[crawl]\nwindow = \"22:00\"":           "is not a window",
		"[crawl]\nwindow = \"22:00-22:00 UTC\"": "begins when it ends",
		"[crawl]\nwindow = \"22:00-06:00\"":     "names no time zone",
		"[crawl]\nwindow = \"25:00-06:00 UTC\"": "is not a time of day",
		"[crawl]\nignore_robots = true":         "2: unknown setting crawl.ignore_robots",
	} {
		c := Default(program)
		if err := decode([]byte(text), &c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	for _, text := range []string{"", "[crawl]\ndelay = \"3s\"\n", "[crawl]\ndelay = \"1m\"\n", "[crawl]\ndelay = \"1ms\"\nallow_private_networks = true\n", "[archive]\nmin_free = \"5GB\"\n",
		"[archive]\nmin_free = \"0B\"\n", "[crawl]\nportal_time = \"0s\"\n", "[crawl]\nportal_time = \"1m\"\n", "[schedule]\nlongest = \"0s\"\n",
		"[crawl]\nmax_page_bytes = \"1GiB\"\n", "[crawl]\nportal_time = \"1s\"\nallow_private_networks = true\n"} {
		c := Default(program)
		if err := decode([]byte(text), &c); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestRefuseNameless: no public portal is visited by a crawler that names no contact.
func TestRefuseNameless(t *testing.T) {
	public, private := "http://www.example.gov.cn/", "http://127.0.0.1:8080/"
	for _, tt := range []struct {
		agent, start string
		refused      bool
	}{
		{Default(program).Crawl.UserAgent, public, true},
		{Default(program).Crawl.UserAgent, private, false},
		{Default(program).Crawl.UserAgent, "http://localhost:8080/", false},
		{Default(program).Crawl.UserAgent, "http://[::1]:8080/", false},
		{Default(program).Crawl.UserAgent, "http://61.1.2.3/", true},
		{Default(program).Crawl.UserAgent, "http://localhost.gov.cn/", true},
		{"gongkai/0.1", public, true},
		{"gongkai/0.1 (research)", public, true},
		{"gongkai/0.1 (+https://)", public, true},
		{"gongkai/0.1 (me@home)", public, true},
		{"gongkai/0.1 (+https://YOUR-PROJECT; YOU@YOUR-MAIL)", public, true},
		{"gongkai/0.1 (+https://example.org/our-project; mail@example.org)", public, true},
		{"gongkai/0.1 (+https://archive.pku.edu.cn/gongkai)", public, false},
		{"gongkai/0.1 (mail@pku.edu.cn)", public, false},
		{"gongkai/0.1 (https://example.org; 某人@中国.cn)", public, false},
	} {
		var c Config
		c.Crawl.UserAgent = tt.agent
		err := c.RefuseNameless([]seeds.Portal{{Start: []string{private}}, {Start: []string{tt.start}}}, program)
		if (err != nil) != tt.refused || err != nil && !errors.As(err, new(UsageError)) {
			t.Errorf("%s to %s: %v", tt.agent, tt.start, err)
		}
	}
}
