package seeds

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gongkai/extract"
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
		Home: e.Home, Start: e.Start, Hub: e.Hub, Family: e.Family, TLS: e.TLS,
		Evidence: strings.TrimSpace(e.Evidence), Confidence: e.Confidence, Checked: e.Checked,
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
	} else if today := extract.CurrentDivision(e.Division); today != "" {
		p.Division = today // records of a former name lead to the key of today
	}
	if e.Division == "unknown" {
		p.Division = ""
	}
	if e.Family != "" && !idShape.MatchString(e.Family) {
		wrong("family", "family %q is not made of a-z, 0-9 and single hyphens", e.Family)
	}
	for _, word := range e.TLS {
		if word != TLSOld && word != TLSUnverified {
			wrong("tls", "tls %q is neither %s nor %s", word, TLSOld, TLSUnverified)
		}
	}
	e.checkAddresses(&p, wrong)
	if e.Confidence != "" && !slices.Contains(Confidences, e.Confidence) {
		wrong("confidence", "confidence %q is none of %s", e.Confidence, strings.Join(Confidences, ", "))
	}
	if _, err := time.Parse(time.DateOnly, e.Checked); err != nil && e.Checked != "" {
		wrong("checked", "checked %q is no day such as 2026-04-26", e.Checked)
	}
	if err := p.Rows.UnmarshalText([]byte(e.Rows)); err != nil {
		wrong("rows", "%v", err)
	}
	if err := p.Next.UnmarshalText([]byte(e.Next)); err != nil {
		wrong("next", "%v", err)
	}
	return p, found
}

// checkAddresses looks at the addresses of an entry. A home page alone is where to start.
func (e entry) checkAddresses(p *Portal, wrong func(key, format string, args ...any)) {
	for _, a := range []struct{ key, address string }{{"home", e.Home}, {"hub", e.Hub}} {
		if reason := checkStart(a.address); a.address != "" && reason != "" {
			wrong(a.key, "%s %q %s", a.key, a.address, reason)
		}
	}
	for _, s := range e.Start {
		if reason := checkStart(s); reason != "" {
			wrong("start", "start %q %s", s, reason)
		}
	}
	switch {
	case len(e.Start) > 0 && e.Confidence == Unknown:
		wrong("confidence", "confidence is %q, but there is a start", Unknown)
	case len(e.Start) > 0, e.Confidence == Unknown:
	case e.Home == "":
		wrong("start", "start is missing")
	default:
		p.Start = []string{e.Home}
		if p.Confidence == "" {
			p.Confidence = HomeOnly
		}
	}
}

// strict says what is wrong with an entry of the embedded catalogue that a user's file may have: a code that is not of
// the gazetteer may be newer than that, and users need not give reasons.
func (e entry) strict() (found []mistake) {
	code := e.Division
	if today := extract.CurrentDivision(code); e.Level != "central" && today != code && divisionShape.MatchString(code) {
		reason := fmt.Sprintf("division %q is not in the list of divisions", code)
		if today != "" {
			reason = fmt.Sprintf("division %q is %s today", code, today)
		}
		found = append(found, mistake{"division", reason})
	}
	wrong := func(key, format string, args ...any) {
		found = append(found, mistake{key, fmt.Sprintf(format, args...)})
	}
	if strings.TrimSpace(e.Evidence) == "" {
		wrong("evidence", "evidence is missing")
	}
	for _, f := range []struct{ key, text string }{{"agency", e.Agency}, {"evidence", e.Evidence}} {
		if !utf8.ValidString(f.text) || strings.ContainsFunc(f.text, unicode.IsControl) {
			wrong(f.key, "%s %q has characters that cannot be printed", f.key, f.text)
		}
	}
	listed := len(e.Start) > 1 || len(e.Start) == 1 && e.Start[0] != e.Home
	switch {
	case e.Confidence == "":
		wrong("confidence", "confidence is missing")
	case listed && e.Confidence == HomeOnly, !listed && (e.Confidence == Seen || e.Confidence == Derived || e.Confidence == Verified):
		wrong("confidence", "confidence is %q with start %q", e.Confidence, strings.Join(e.Start, " "))
	case e.Confidence == Verified && e.Checked == "":
		wrong("checked", "verified, and no day checked")
	}
	known := extract.DivisionLevel(code)
	if m := governmentID.FindStringSubmatch(e.ID); m != nil && e.Level != "central" && extract.CurrentDivision(code) == code {
		switch own := extract.CurrentDivision(m[1]); {
		case m[1] != code && own != code:
			wrong("id", "id begins with %s, the division is %s", m[1], code)
		case m[2] == "" && rank(e.Level) > rank(known):
			wrong("level", "level is %q, division %s is a %s", e.Level, code, known)
		case m[2] == "" && extract.FindDivision(e.Agency, code) != code:
			wrong("agency", "agency %q is not of division %s", e.Agency, code)
		}
	}
	for _, a := range append([]string{e.Home, e.Hub}, e.Start...) {
		if u, err := url.Parse(a); err == nil && u.Host != "" && !strings.HasSuffix(u.Hostname(), ".gov.cn") && !slices.Contains(elsewhere, u.Hostname()) {
			wrong("home", "%q is not below gov.cn", a)
		}
	}
	return found
}

// governmentID is the id of a government, with the word of a body below it.
var governmentID = regexp.MustCompile(`^(\d{6})(-[a-z0-9-]+)?$`)

// elsewhere are the hosts of bodies that are known not to live below gov.cn.
var elsewhere = []string{"www.cas.cn", "www.cass.cn", "www.cae.cn", "122.137.242.24"}

// checkDivision says what is wrong with a division code, or "". Codes of counties may be newer than the gazetteer; that
// nobody knows the province and prefecture they lie in is a slip.
func checkDivision(code, level string) string {
	central := code == "" || code == "000000"
	switch {
	case level == "central" && !central:
		return fmt.Sprintf("division %q: a central body has none", code)
	case level == "central":
		return ""
	case code == "":
		return "division is missing"
	case code == "unknown":
		return ""
	case central, !divisionShape.MatchString(code):
		return fmt.Sprintf("division %q is no six-digit code of GB/T 2260", code)
	}
	known := extract.DivisionLevel(code)
	if rank(level) >= 0 && rank(level) < rank(known) {
		return fmt.Sprintf("division %q is a %s, not a %s", code, known, level)
	}
	if known == "" && !extract.FormerDivision(code) {
		for _, above := range [...]string{code[:2] + "0000", code[:4] + "00"} {
			if extract.DivisionLevel(above) == "" && !(code[4:] != "00" && directly.MatchString(above)) {
				return fmt.Sprintf("division %q lies in %s, which is not in GB/T 2260", code, above)
			}
		}
	}
	return ""
}

// directly are the codes above counties that lie directly below a province or municipality.
var directly = regexp.MustCompile(`^\d\d(?:01|02|90)00$`)

// hostShape is that of a name in the DNS: labels of letters, digits and inner hyphens.
var hostShape = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`)

// rank is the place of a level in Levels; an unknown one has none, and is above nothing.
func rank(level string) int {
	if i := slices.Index(Levels, level); i >= 0 && level != "" {
		return i
	}
	return -1
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
	case u.Hostname() != strings.ToLower(u.Hostname()), !hostShape.MatchString(u.Hostname()) && net.ParseIP(u.Hostname()) == nil:
		return "has no host such as www.example.gov.cn"
	case u.Port() != "":
		if n, err := strconv.Atoi(u.Port()); err != nil || n < 1 || n > 65535 {
			return "has no port from 1 to 65535"
		}
	}
	return ""
}
