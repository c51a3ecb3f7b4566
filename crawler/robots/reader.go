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
	inRules          bool // the current group has rules: the next User-agent begins another
}

// A group is what all groups for one product say together.
type group struct {
	list  []rule
	delay time.Duration
}

func (g *group) rules() *Rules { return &Rules{rules: g.list, Delay: min(g.delay, MaxDelay)} }

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
	r.add(rule{true, normal(value), "Allow: " + value})
}
func (r *reader) HandleDisallow(_ int, value string) {
	r.add(rule{false, normal(value), "Disallow: " + value})
}

func (r *reader) add(rule rule) {
	r.inRules = true
	if rule.pattern == "" {
		return // an empty pattern matches nothing
	}
	r.groups(func(g *group) { g.list = append(g.list, rule) })
}

// HandleUnknownAction sees every other line. Crawl-delay is in seconds; what is no number is no delay.
func (r *reader) HandleUnknownAction(_ int, action, value string) {
	if !strings.EqualFold(action, "crawl-delay") {
		return
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(seconds > 0) { // "not above zero" is true of NaN as well
		return
	}
	delay := MaxDelay
	if seconds < MaxDelay.Seconds() {
		delay = time.Duration(seconds * float64(time.Second))
	}
	r.groups(func(g *group) { g.delay = max(g.delay, delay) })
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

func (r *reader) HandleRobotsStart()        {}
func (r *reader) HandleRobotsEnd()          {}
func (r *reader) HandleSitemap(int, string) {}
