package seeds

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A mistake is what is wrong with one key of a portal.
type mistake struct{ key, reason string }

var (
	idShape       = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	divisionShape = regexp.MustCompile(`^[0-9]{6}$`)
)

// portal returns e as a Portal and what is wrong with it.
func (e entry) portal() (Portal, []mistake) {
	p := Portal{
		ID: e.ID, Agency: strings.TrimSpace(e.Agency), Division: e.Division, Level: e.Level,
		Start: e.Start, Family: e.Family, TLS: e.TLS, Evidence: e.Evidence,
	}
	var found []mistake
	wrong := func(key, format string, args ...any) {
		found = append(found, mistake{key, fmt.Sprintf(format, args...)})
	}
	if !idShape.MatchString(e.ID) {
		wrong("id", "id %q is not made of a-z, 0-9 and single hyphens", e.ID)
	}
	if p.Agency == "" {
		wrong("agency", "agency is missing")
	}
	if !slices.Contains(Levels, e.Level) {
		wrong("level", "level %q is none of %s", e.Level, strings.Join(Levels, ", "))
	}
	if reason := checkDivision(e.Division, e.Level); reason != "" {
		wrong("division", "%s", reason)
	}
	if e.Family != "" && !idShape.MatchString(e.Family) {
		wrong("family", "family %q is not made of a-z, 0-9 and single hyphens", e.Family)
	}
	for _, word := range e.TLS {
		if word != TLSOld && word != TLSUnverified {
			wrong("tls", "tls %q is neither %s nor %s", word, TLSOld, TLSUnverified)
		}
	}
	if len(e.Start) == 0 {
		wrong("start", "start is missing")
	}
	for _, s := range e.Start {
		if reason := checkStart(s); reason != "" {
			wrong("start", "start %q %s", s, reason)
		}
	}
	if err := p.Rows.UnmarshalText([]byte(e.Rows)); err != nil {
		wrong("rows", "%v", err)
	}
	if err := p.Next.UnmarshalText([]byte(e.Next)); err != nil {
		wrong("next", "%v", err)
	}
	return p, found
}

// checkDivision says what is wrong with a division code, or "".
func checkDivision(code, level string) string {
	central := code == "" || code == "000000"
	switch {
	case level == "central" && !central:
		return fmt.Sprintf("division %q: a central body has none", code)
	case level == "central":
		return ""
	case code == "":
		return "division is missing"
	case central, !divisionShape.MatchString(code):
		return fmt.Sprintf("division %q is no six-digit code of GB/T 2260", code)
	}
	return ""
}

// checkStart says what is wrong with an address, or "".
func checkStart(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "is no address"
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return "is no absolute http or https address"
	case u.User != nil:
		return "carries a user name"
	}
	return ""
}
