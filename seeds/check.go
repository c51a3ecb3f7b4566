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

	"gongkai/extract/division"
)

// A mistake is what is wrong with one key of a portal.
type mistake struct{ key, reason string }

type mistakes []mistake

func (m *mistakes) add(key, format string, args ...any) {
	*m = append(*m, mistake{key, fmt.Sprintf(format, args...)})
}

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
	var found mistakes
	e.checkBody(&p, &found)
	e.checkSoftware(&found)
	e.checkAddresses(&p, &found)
	e.checkSource(&found)
	if err := p.Rows.UnmarshalText([]byte(e.Rows)); err != nil {
		found.add("rows", "%v", err)
	}
	if err := p.Next.UnmarshalText([]byte(e.Next)); err != nil {
		found.add("next", "%v", err)
	}
	return p, found
}

// checkBody looks at whose portal it is. Its division is the one of today: records of a former name lead to the key of today.
func (e entry) checkBody(p *Portal, found *mistakes) {
	if !idShape.MatchString(e.ID) {
		found.add("id", "id %q is not made of a-z, 0-9 and single hyphens", e.ID)
	}
	if p.Agency == "" {
		found.add("agency", "agency is missing")
	}
	if !slices.Contains(Levels, e.Level) {
		found.add("level", "level %q is none of %s", e.Level, strings.Join(Levels, ", "))
	}
	if reason := checkDivision(e.Division, e.Level); reason != "" {
		found.add("division", "%s", reason)
	} else if today := division.Current(e.Division); today != "" {
		p.Division = today
	}
	if e.Division == "unknown" {
		p.Division = ""
	}
}

// checkSoftware looks at the words for the software of a site.
func (e entry) checkSoftware(found *mistakes) {
	if e.Family != "" && !idShape.MatchString(e.Family) {
		found.add("family", "family %q is not made of a-z, 0-9 and single hyphens", e.Family)
	}
	for _, word := range e.TLS {
		if word != TLSOld && word != TLSUnverified {
			found.add("tls", "tls %q is neither %s nor %s", word, TLSOld, TLSUnverified)
		}
	}
}

// checkSource looks at how an entry is known.
func (e entry) checkSource(found *mistakes) {
	if e.Confidence != "" && !slices.Contains(Confidences, e.Confidence) {
		found.add("confidence", "confidence %q is none of %s", e.Confidence, strings.Join(Confidences, ", "))
	}
	if _, err := time.Parse(time.DateOnly, e.Checked); err != nil && e.Checked != "" {
		found.add("checked", "checked %q is no day such as 2026-04-26", e.Checked)
	}
}

// checkAddresses looks at the addresses of an entry. A home page alone is where to start.
func (e entry) checkAddresses(p *Portal, found *mistakes) {
	for _, a := range []struct{ key, address string }{{"home", e.Home}, {"hub", e.Hub}} {
		if reason := checkStart(a.address); a.address != "" && reason != "" {
			found.add(a.key, "%s %q %s", a.key, a.address, reason)
		}
	}
	for _, s := range e.Start {
		if reason := checkStart(s); reason != "" {
			found.add("start", "start %q %s", s, reason)
		}
	}
	switch {
	case len(e.Start) > 0 && e.Confidence == Unknown:
		found.add("confidence", "confidence is %q, but there is a start", Unknown)
	case len(e.Start) > 0, e.Confidence == Unknown:
	case e.Home == "":
		found.add("start", "start is missing")
	default:
		p.Start = []string{e.Home}
		if p.Confidence == "" {
			p.Confidence = HomeOnly
		}
	}
}

// strict says what is wrong with an entry of the embedded catalogue that a user's file may have: a code that is not of
// the gazetteer may be newer than that, and users need not give reasons.
func (e entry) strict() []mistake {
	var found mistakes
	e.strictDivision(&found)
	if strings.TrimSpace(e.Evidence) == "" {
		found.add("evidence", "evidence is missing")
	}
	for _, f := range []struct{ key, text string }{{"agency", e.Agency}, {"evidence", e.Evidence}} {
		if !utf8.ValidString(f.text) || strings.ContainsFunc(f.text, unicode.IsControl) {
			found.add(f.key, "%s %q has characters that cannot be printed", f.key, f.text)
		}
	}
	e.strictConfidence(&found)
	e.strictGovernment(&found)
	for _, a := range append([]string{e.Home, e.Hub}, e.Start...) {
		if u, err := url.Parse(a); err == nil && u.Host != "" && !strings.HasSuffix(u.Hostname(), ".gov.cn") && !slices.Contains(elsewhere, u.Hostname()) {
			found.add("home", "%q is not below gov.cn", a)
		}
	}
	return found
}

// strictDivision wants a division of today.
func (e entry) strictDivision(found *mistakes) {
	switch today := division.Current(e.Division); {
	case e.Level == "central", today == e.Division, !divisionShape.MatchString(e.Division):
	case today != "":
		found.add("division", "division %q is %s today", e.Division, today)
	default:
		found.add("division", "division %q is not in the list of divisions", e.Division)
	}
}

// strictConfidence wants a confidence that goes with what is known of the listing.
func (e entry) strictConfidence(found *mistakes) {
	listed := len(e.Start) > 1 || len(e.Start) == 1 && e.Start[0] != e.Home
	ofListing := e.Confidence == Seen || e.Confidence == Derived || e.Confidence == Verified
	switch {
	case e.Confidence == "":
		found.add("confidence", "confidence is missing")
	case listed && e.Confidence == HomeOnly, !listed && ofListing:
		found.add("confidence", "confidence is %q with start %q", e.Confidence, strings.Join(e.Start, " "))
	case e.Confidence == Verified && e.Checked == "":
		found.add("checked", "verified, and no day checked")
	}
}

// strictGovernment wants the entry of a government to be of the division that its id names, by level and name.
func (e entry) strictGovernment(found *mistakes) {
	code := e.Division
	m := governmentID.FindStringSubmatch(e.ID)
	if m == nil || e.Level == "central" || division.Current(code) != code {
		return
	}
	known, below := division.Level(code), m[2] != ""
	switch {
	case m[1] != code && division.Current(m[1]) != code:
		found.add("id", "id begins with %s, the division is %s", m[1], code)
	case below:
	case rank(e.Level) > rank(known):
		found.add("level", "level is %q, division %s is a %s", e.Level, code, known)
	case division.Find(e.Agency, code) != code:
		found.add("agency", "agency %q is not of division %s", e.Agency, code)
	}
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
	return checkPlace(code, level)
}

// checkPlace says what is wrong with the place of a code in the gazetteer, or "".
func checkPlace(code, level string) string {
	known := division.Level(code)
	if rank(level) >= 0 && rank(level) < rank(known) {
		return fmt.Sprintf("division %q is a %s, not a %s", code, known, level)
	}
	if known != "" || division.Former(code) {
		return ""
	}
	for _, above := range [...]string{code[:2] + "0000", code[:4] + "00"} {
		if division.Level(above) == "" && !(code[4:] != "00" && directly.MatchString(above)) {
			return fmt.Sprintf("division %q lies in %s, which is not in GB/T 2260", code, above)
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
