package store

import (
	"net/http"
	"strconv"
	"strings"

	"gongkai/extract"
)

// StatusText describes a status of HTTP; not every one has a name.
func StatusText(status int) string {
	return strings.TrimSpace("status " + strconv.Itoa(status) + " " + http.StatusText(status))
}

// Destination returns where a redirect leads, as its header has it: to the page itself when nothing else is said.
func (c Capture) Destination() string {
	if location := c.Header.Get("Location"); location != "" || c.Status != http.StatusOK {
		return location
	}
	if ref, ok := extract.RefreshTarget(c.Header.Get("Refresh")); ok && ref != "" {
		return ref
	}
	return c.URL
}

// Trouble says in few words why a capture has no body.
func (c Capture) Trouble() string {
	if c.State == StateGone {
		return "gone: " + StatusText(c.Status)
	}
	return c.Error
}

// MayPass reports whether what kept a page from being had may be over at the next visit: no answer, a broken one, or one
// that says so. What robots.txt forbids, what is too large and what is gone is asked for again when its page is.
func (c Capture) MayPass() bool {
	switch c.State {
	case StateFailed:
		return c.Status < 300 && c.Error != StatusText(c.Status) || c.Status >= 500 || c.Status == http.StatusTooManyRequests || c.Status == http.StatusRequestTimeout
	case StateBlocked:
		return c.Robots.Allowed
	}
	return false
}
