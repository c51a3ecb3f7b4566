package crawler

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestRobotsWithinRun: a run that lasts longer than a day asks for robots.txt again, and keeps to what it says then.
func TestRobotsWithinRun(t *testing.T) {
	var asked []time.Time
	began := time.Time{}
	pages := map[string]http.HandlerFunc{
		"www.a.gov.cn/robots.txt": func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, time.Now())
			fmt.Fprint(w, "User-agent: *\n")
			if time.Since(began) > 48*time.Hour {
				fmt.Fprint(w, "Disallow: /nb/\n")
			}
		},
	}
	var names []string
	for i := range 90 {
		names = append(names, fmt.Sprint("x", i))
		pages[fmt.Sprintf("www.a.gov.cn/nb/x%d.html", i)] = article
	}
	pages["www.a.gov.cn/"] = listing(strings.Join(names, " "), "")
	night(t, pages, 1, func(t *testing.T, c *Crawler, f *fake) {
		began = time.Now()
		c.Delay = time.Hour
		if _, err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(asked) < 3 || len(asked) > 5 {
			t.Errorf("robots.txt was asked for %d times in %v", len(asked), time.Since(began))
		}
		for i, at := range asked[1:] {
			if gap := at.Sub(asked[i]); gap < believed || gap > believed+3*time.Hour {
				t.Errorf("it was asked for %v after the time before", gap)
			}
		}
		late := 0
		for _, r := range f.log {
			if strings.Contains(r.url, "/nb/") && r.start.Sub(began) > 48*time.Hour && r.start.After(asked[len(asked)-1]) {
				late++
			}
		}
		if reports := len(f.log) - len(asked) - 1; late > 0 || reports < 40 || reports > 80 {
			t.Errorf("%d of %d reports were asked for after it forbade them", late, reports)
		}
	})
}
