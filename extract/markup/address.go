package markup

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// errNowhere means that an address leads to no page.
var errNowhere = errors.New("leads nowhere")

// LongestAddress is how many bytes of an address are looked at: no server takes longer ones.
const LongestAddress = 8 << 10

// WithoutLineBreaks takes out what the URL standard takes out of every address.
func WithoutLineBreaks(address string) string { return lineBreaks.Replace(address) }

var lineBreaks = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// A per cent sign that begins no escape is escaped itself: it could not be sent otherwise.
var addresses = whatwg.NewParser(whatwg.WithPercentEncodeSinglePercentSign())

// ResolveURL makes an address absolute as browsers do, by the URL Standard of the WHATWG: ref as it stands in a page of
// an encoding, whose links are relative to base. What a query says in other characters than ASCII is sent in the page's
// encoding; in paths, UTF-8. The error says that the address leads to no page: it is malformed, empty, a mere fragment,
// or no http.
//
// An address that differs only in its spelling from what net/url makes of it has the spelling of net/url: archives
// know pages by that. There is no user information, no fragment, and no dot at the end of the host's name.
func ResolveURL(base *url.URL, ref string, page Encoding) (*url.URL, error) {
	ref = WithoutLineBreaks(strings.TrimFunc(ref, isBlank))
	if ref, _, _ = strings.Cut(ref, "#"); ref == "" || len(ref) > LongestAddress {
		return nil, errNowhere
	}
	if m := schemeOf.FindString(ref); m != "" && !strings.EqualFold(m, "http:") && !strings.EqualFold(m, "https:") {
		return nil, errNowhere
	}
	u, err := resolveGo(base, ref)
	if err == nil && plainAddress.MatchString(ref) {
		return u, nil // what both make of it is the same
	}
	standard, err2 := resolveStandard(base, page.encodeQuery(ref))
	switch {
	case err2 != nil:
		return nil, err2
	case err == nil && sameAddress(u, standard):
		return u, nil
	}
	return standard, nil
}

// isBlank reports whether a character stands around addresses by mistake: a control, or white space of any width.
func isBlank(r rune) bool {
	return r <= ' ' || strings.ContainsRune("\u00a0\u200b\u3000\ufeff", r)
}

var (
	schemeOf = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	// plainAddress is one that needs no care.
	plainAddress = regexp.MustCompile(`^(?:https?://[a-z0-9-]+(?:\.[a-z0-9-]*[a-z][a-z0-9-]*)+(?::[1-9]\d{0,3})?(?:[/?]|$)|/(?:[^/\\]|$)|[\w.?-])[\w./?=&~!$()*+,;@-]*$`)
)

// resolveGo is how addresses were resolved before the standard was kept to.
func resolveGo(base *url.URL, ref string) (*url.URL, error) {
	parsed, err := url.Parse(strings.ReplaceAll(strings.ReplaceAll(ref, `\`, "/"), " ", "%20"))
	if err != nil {
		return nil, err
	}
	u := base.ResolveReference(parsed)
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errNowhere
	}
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

func resolveStandard(base *url.URL, ref string) (*url.URL, error) {
	s, err := addresses.ParseRef(base.String(), ref)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errNowhere, err)
	}
	u, err := url.Parse(s.Href(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errNowhere, err)
	}
	u.User = nil
	u.Host = withoutDot(u)
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errNowhere
	}
	return u, nil
}

// withoutDot returns the host of a URL with its port, and without the dot by which a name may end.
func withoutDot(u *url.URL) string {
	name := strings.TrimSuffix(u.Hostname(), ".")
	if name == u.Hostname() {
		return u.Host
	}
	if port := u.Port(); port != "" {
		return name + ":" + port
	}
	return name
}

// sameAddress reports whether two ways to resolve one reference have come to the same request.
func sameAddress(u, standard *url.URL) bool {
	text := u.String()
	if !utf8.ValidString(text) || u.User != nil || strings.HasSuffix(u.Host, ":") || !strings.EqualFold(u.Hostname(), standard.Hostname()) {
		return false
	}
	if again, err := resolveStandard(u, text); err == nil && again.String() == standard.String() {
		return true
	}
	return unescaped(text) == unescaped(standard.String())
}

// unescaped undoes the escapes of an address, as far as they are some.
func unescaped(s string) string {
	return escapes.ReplaceAllStringFunc(s, func(e string) string {
		if t, err := url.PathUnescape(e); err == nil {
			return t
		}
		return e
	})
}

var escapes = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)

// encodeQuery escapes what is no ASCII in the query of an address as browsers do on a page of this encoding (URL
// Standard, "percent-encode after encoding"): characters that it does not have become numeric references.
func (e Encoding) encodeQuery(ref string) string {
	path, query, found := strings.Cut(ref, "?")
	encoder := e.encoder()
	if !found || encoder == nil {
		return ref
	}
	var b strings.Builder
	b.WriteString(path + "?")
	for _, r := range query {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		code, err := encoder.String(string(r))
		if err != nil {
			fmt.Fprintf(&b, "%%26%%23%d%%3B", r)
			continue
		}
		for _, c := range []byte(code) {
			if c < utf8.RuneSelf {
				b.WriteByte(c) // second bytes may be letters
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
	}
	return b.String()
}

// encoder returns what a browser encodes queries with on a page of this encoding; nil for UTF-8, and for those that
// are never sent.
func (e Encoding) encoder() *encoding.Encoder {
	switch e.Name {
	case "gb18030":
		if strings.EqualFold(e.Declared, "gb18030") {
			return simplifiedchinese.GB18030.NewEncoder()
		}
		return simplifiedchinese.GBK.NewEncoder()
	case "big5":
		return traditionalchinese.Big5.NewEncoder()
	}
	return nil
}

// QueryEncoding returns the encoding that the queries of a page's links are sent in: that which it was read in; where
// that does not show, as all of it is ASCII, that which it declares.
func QueryEncoding(text []byte, enc Encoding) Encoding {
	if enc.Name != "utf-8" || enc.Declared == "" || bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return enc
	}
	for _, name := range [...]string{"gb18030", "big5"} {
		if sameCharset(name, enc.Declared) {
			enc.Name = name
		}
	}
	return enc
}

// Relocated returns where the Location header of an answer leads that came from base. Bytes that are no ASCII are sent
// on as they are, whether location holds them or, as archives do, a character for each.
func Relocated(base *url.URL, location string) (*url.URL, error) {
	if raw, err := charmap.ISO8859_1.NewEncoder().String(location); err == nil && utf8.ValidString(location) {
		location = raw
	}
	if !utf8.ValidString(location) {
		var b strings.Builder
		for _, c := range []byte(location) {
			if c < utf8.RuneSelf {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		location = b.String()
	}
	if strings.HasPrefix(strings.TrimSpace(location), "#") {
		location = base.String() // the page itself
	}
	return ResolveURL(base, location, Encoding{Name: "utf-8"})
}

// FormerAddress returns the address under which archives know a page whose query is now sent in the encoding of the
// page that links to it: with the characters themselves, which were sent in UTF-8. It is "" for all other addresses.
func FormerAddress(address string) string {
	path, query, found := strings.Cut(address, "?")
	if !found || !escapes.MatchString(query) {
		return ""
	}
	for _, e := range [...]encoding.Encoding{simplifiedchinese.GB18030, traditionalchinese.Big5} {
		changed, ok := false, true
		former := escapes.ReplaceAllStringFunc(query, func(escaped string) string {
			raw, err := url.PathUnescape(escaped)
			if err != nil || utf8.ValidString(raw) {
				return escaped // as it stood in the page
			}
			text, err := e.NewDecoder().String(raw)
			changed, ok = true, ok && err == nil && !strings.ContainsRune(text, utf8.RuneError)
			return text
		})
		if changed && ok {
			return path + "?" + former
		}
	}
	return ""
}
