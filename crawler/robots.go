package crawler

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"gongkai/crawler/robots"
	"gongkai/crawler/visit"
	"gongkai/crawler/weburl"
	"gongkai/store"
)

// A robotsEntry is what the robots.txt of one authority says to us.
type robotsEntry struct {
	rules  *robots.Rules
	sha256 string    // of the file; "" when there was none
	asked  time.Time // for the file
}

// How long a robots.txt is believed: a day, and another one when it cannot be had again (RFC 9309, 2.4).
const (
	believed = 24 * time.Hour
	doubted  = 2 * believed
)

// robotsOf returns what the robots.txt of a URL's authority says. It is asked for once a day, also over restarts: in
// between the archive tells.
func (s *site) robotsOf(ctx context.Context, u *url.URL, sum *PortalSummary) (robotsEntry, error) {
	g, known := s.robots[weburl.Authority(u)]
	if known && time.Since(g.asked) < believed {
		return g, nil
	}
	t := visit.Target{URL: weburl.Authority(u) + "/robots.txt", Kind: store.KindRobots, Portal: sum.ID}
	old, err := s.robotsHeld().rules(t)
	if err != nil {
		return robotsEntry{}, err
	}
	s.clock.Seen(old.asked) // when the frontier was deleted, nobody else knows
	g = old
	if g.rules == nil || time.Since(g.asked) >= believed {
		if g, err = s.fetchRobots(ctx, t, sum); err != nil {
			return robotsEntry{}, err
		}
	}
	if g.rules.Unreachable() && old.rules != nil {
		g = old // RFC 9309, 2.3.1.4
		g.asked = time.Now()
	}
	s.robots[weburl.Authority(u)] = g
	return g, nil
}

// answers reports whether a capture of a robots.txt tells what is permitted. A status does not when what came with it
// is not whole, nor does a page that stands in the way of the file.
func answers(c store.Capture) bool {
	switch c.State {
	case store.StateOK, store.StateUnchanged: // some other statuses are taken for pages when there is one with them
		said := c.Status == http.StatusNotModified || !robots.Read(c.Status, nil, "").Unreachable()
		return said && c.Truncated == ""
	case store.StateGone, store.StateRedirect:
		return true
	case store.StateFailed:
		return c.Error == store.StatusText(c.Status) && !robots.Read(c.Status, nil, "").Unreachable()
	}
	return false
}

// A robotsArchive reads what the archive knows of robots.txt files.
type robotsArchive struct {
	store     *store.Store
	userAgent string
}

func (s *site) robotsHeld() robotsArchive { return robotsArchive{s.store, s.conf.UserAgent} }

// rules reads a robots.txt from the archive; its rules are nil when that has none to be believed. What is no answer
// changes nothing about what was known before it.
func (k robotsArchive) rules(t visit.Target) (robotsEntry, error) {
	var known []store.Capture
	err := k.store.Newest(t.URL, func(c store.Capture) bool {
		young := time.Since(c.Time) <= doubted
		if young && answers(c) {
			known = append(known, c)
		}
		return young
	})
	if err != nil {
		return robotsEntry{}, err
	}
	for _, c := range known {
		var body []byte
		if c.State == store.StateOK || c.State == store.StateUnchanged {
			if body, err = k.store.Body(c.SHA256); err != nil {
				return robotsEntry{}, nil // verify will tell; it is asked for again
			}
		}
		g, next, why := k.read(t, c, body)
		if why == "" && g.rules == nil {
			if g, err = k.rules(next); err != nil {
				return robotsEntry{}, err
			}
			g.asked = answeredAt(c)
		}
		if g.rules != nil {
			return g, nil
		}
	}
	return robotsEntry{}, nil
}

// read draws from an answer what the file says, or where it is to be asked for instead, or why nowhere.
func (k robotsArchive) read(t visit.Target, c store.Capture, body []byte) (g robotsEntry, next visit.Target, why string) {
	location := c.Header.Get("Location")
	t.Cookie = t.Cookie || visit.SetsCookie(c.Header)
	switch c.State {
	case store.StateOK, store.StateUnchanged:
		if !robots.Legible(body, c.Header.Get("Content-Encoding") != "") {
			return robotsEntry{}, visit.Target{}, "what came is no text"
		}
		if location = insteadOf(c, body); location == "" {
			return robotsEntry{robots.Read(http.StatusOK, body, k.userAgent), c.SHA256, answeredAt(c)}, visit.Target{}, ""
		}
	case store.StateRedirect:
	default:
		return robotsEntry{robots.Read(c.Status, nil, k.userAgent), "", answeredAt(c)}, visit.Target{}, ""
	}
	next, why = visit.Redirected(t, location, visit.Scope{Anywhere: true}) // RFC 9309, 2.3.1.2
	return robotsEntry{}, next, why
}

func answeredAt(c store.Capture) time.Time {
	return c.Time.Add(time.Duration(c.Took) * time.Millisecond)
}

// reloads is found in pages that set a cookie and have themselves, or what they stand in for, asked for again.
var reloads = regexp.MustCompile(`(?i)http-equiv\s*=\s*["']?refresh|location\s*(?:\.\s*(?:href|reload|replace|assign)|=)`)

// insteadOf returns the address that a web page served as a robots.txt sends its reader to, "" when it does not. Such a
// page is not the file: to take it for one without rules would permit everything.
func insteadOf(c store.Capture, body []byte) string {
	if !bytes.HasPrefix(bytes.TrimLeft(body, "\xef\xbb\xbf \t\r\n"), []byte("<")) {
		return ""
	}
	if location, ok := visit.Moved(visit.Page{Capture: c}, body); ok {
		return location
	}
	if c.Header.Get("Set-Cookie") != "" && reloads.Match(body) {
		return c.URL
	}
	return ""
}

// fetchRobots asks for a robots.txt, where it was moved to, and again when the fault may pass.
func (s *site) fetchRobots(ctx context.Context, t visit.Target, sum *PortalSummary) (robotsEntry, error) {
	known, err := recall(s.store, t.URL)
	if err != nil {
		return robotsEntry{}, err
	}
	p, err := s.requestAnywhere(ctx, t, known, sum, func(p *visit.Page) error {
		p.Robots = store.Robots{Allowed: true, Reason: "robots.txt itself"}
		return nil
	})
	if errors.Is(err, errElsewhere) {
		return s.noRobots(t, store.Capture{Status: 1, Error: err.Error()}, sum), nil
	}
	if err != nil {
		return robotsEntry{}, err
	}
	body, err := s.keep(ctx, &p, known, sum)
	if err != nil {
		return robotsEntry{}, err
	}
	if !answers(p.Capture) {
		if t.Tries++; p.Passing && t.Tries < mostTries && !s.once && s.closed == "" {
			if err := s.sleep(ctx, s.clock.Pause(t.Tries)); err != nil {
				return robotsEntry{}, err
			}
			return s.fetchRobots(ctx, t, sum)
		}
		return s.noRobots(t, p.Capture, sum), nil
	}
	g, next, why := s.robotsHeld().read(t, p.Capture, body)
	if body == nil && p.SHA256 != "" {
		why = "the archive has damaged it"
	}
	switch {
	case why != "":
		return s.noRobots(t, store.Capture{Status: p.Status, Error: why}, sum), nil
	case g.rules == nil:
		return s.fetchRobots(ctx, next, sum)
	}
	return g, nil
}

// noRobots is what holds when a robots.txt cannot be had.
func (s *site) noRobots(t visit.Target, c store.Capture, sum *PortalSummary) robotsEntry {
	sum.problem(t.URL, unread(c))
	if c.Status == 0 {
		return robotsEntry{robots.Unread(robots.Silent), "", time.Now()}
	}
	return robotsEntry{robots.Unread(unread(c)), "", time.Now()}
}

// unread says why a robots.txt is not known.
func unread(c store.Capture) string {
	if c.Error == "" || c.Error == store.StatusText(c.Status) {
		return "robots.txt answers " + strconv.Itoa(c.Status)
	}
	return "robots.txt cannot be had: " + c.Error
}
