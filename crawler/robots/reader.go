package robots

import (
	"strconv"
	"strings"
	"time"
)

// A reader collects the rules of a robots.txt that concern us. It is the handler of the parser's events.
type reader struct {
	product string

	ours, anyone group // what is said to our product, and to "*"
	named        bool  // some group names our product: "*" does not concern us then

	inOurs, inAnyone bool // whom the current group addresses
	sitemaps         []string

	inRules bool // the current group has rules: the next User-agent begins another
}

// A group is what all groups for one product say together.
type group struct {
	list   []rule
	delay  time.Duration
	rates  []rate
	visits []span
}

func (g *group) rules() *Rules {
	return &Rules{rules: g.list, Delay: min(g.delay, MaxDelay), rates: g.rates, visits: g.visits}
}

func (r *reader) HandleUserAgent(_ int, value string) {
	if r.inRules {
		r.inOurs, r.inAnyone, r.inRules = false, false, false
	}
	switch product := Product(value); {
	case value == "*", strings.HasPrefix(value, "* "):
		r.inAnyone = true
	case product != "" && strings.EqualFold(product, r.product):
		r.inOurs, r.named = true, true
	}
}

func (r *reader) HandleAllow(_ int, value string) {
	r.add(rule{true, pattern(value), "Allow: " + value})
}
func (r *reader) HandleDisallow(_ int, value string) {
	r.add(rule{false, pattern(value), "Disallow: " + value})
}

func (r *reader) add(rule rule) {
	r.inRules = true
	if rule.pattern == "" {
		return // an empty pattern matches nothing
	}
	r.groups(func(g *group) { g.list = append(g.list, rule) })
}

// HandleUnknownAction sees every other line. What cannot be understood asks for nothing.
func (r *reader) HandleUnknownAction(_ int, action, value string) {
	switch strings.ToLower(action) {
	case "crawl-delay":
		if delay, ok := parseDelay(value); ok {
			r.groups(func(g *group) { g.delay = max(g.delay, delay) })
		}
	case "request-rate":
		if rate, ok := parseRate(value); ok {
			r.groups(func(g *group) { g.rates = append(g.rates, rate) })
		}
	case "visit-time":
		if span, ok := parseSpan(value); ok {
			r.groups(func(g *group) { g.visits = append(g.visits, span) })
		}
	}
}

// parseDelay reads a Crawl-delay, seconds.
func parseDelay(value string) (time.Duration, bool) {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(seconds > 0) { // "not above zero" is true of NaN as well
		return 0, false
	}
	if seconds < MaxDelay.Seconds() {
		return time.Duration(seconds * float64(time.Second)), true
	}
	return MaxDelay, true
}

// groups calls f with every group that the current lines are addressed to.
func (r *reader) groups(f func(*group)) {
	if r.inOurs {
		f(&r.ours)
	}
	if r.inAnyone {
		f(&r.anyone)
	}
}

func (r *reader) HandleRobotsStart() {}
func (r *reader) HandleRobotsEnd()   {}

// HandleSitemap sees the lines that name maps of the site. They belong to no group (sitemaps.org, "Submitting your Sitemap
// via your site's robots.txt file").
func (r *reader) HandleSitemap(_ int, value string) {
	if value = strings.TrimSpace(value); value != "" && len(r.sitemaps) < mostSitemaps {
		r.sitemaps = append(r.sitemaps, value)
	}
}

// mostSitemaps is how many maps of a site are remembered.
const mostSitemaps = 20
