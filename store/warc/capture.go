package warc

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"gongkai/store"
)

// What a capture knows beyond the answer stands in a metadata record of lines, so that nothing is lost on the way: from
// these records and the answers the captures can be had again as they were. Two names are Heritrix's, the rest is ours:
//
//	via                     the page that led here
//	fetchTimeMs             until the end of the answer, milliseconds
//	gongkai-kind            listing, report, part, attachment, robots, other
//	gongkai-state           ok, unchanged, redirect, gone, failed, refused, blocked
//	gongkai-status          of HTTP; none when there was no answer
//	gongkai-sha256          of the body; none when there was none
//	gongkai-url             as it was asked for, where that is no URI of RFC 3986
//	gongkai-added           fields of the HTTP header that were not served
//	gongkai-truncated       why the body may be a part only
//	gongkai-mended          what was mended in the head of the answer
//	gongkai-portal, gongkai-link-title, gongkai-link-date, gongkai-remote, gongkai-error,
//	gongkai-robots-allowed, gongkai-robots-reason, gongkai-robots-sha256
//	                        as the archive has them
//
// A value that begins with a quotation mark, or has line ends in it, is written as a JSON string.
const metaPrefix = "gongkai-"

// origPrefix is put before the names of fields that were served and are not true of the body as it is kept.
const origPrefix = "X-Archive-Orig-"

// metaOf returns the lines of a capture's metadata record.
func metaOf(c store.Capture, added []string) Fields {
	var f Fields
	put := func(name, value string) {
		if value == "" {
			return
		}
		if strings.HasPrefix(value, `"`) || strings.ContainsAny(value, "\r\n\x00") || strings.TrimSpace(value) != value {
			value = quoted(value)
		}
		f = append(f, Field{name, value})
	}
	if asciiURL(c.URL) != c.URL {
		put(metaPrefix+"url", c.URL)
	}
	put("via", c.From)
	put("fetchTimeMs", strconv.FormatInt(c.Took, 10))
	put(metaPrefix+"kind", c.Kind)
	put(metaPrefix+"portal", c.Portal)
	put(metaPrefix+"link-title", c.Title)
	put(metaPrefix+"link-date", c.Date)
	put(metaPrefix+"state", c.State)
	if c.Status != 0 {
		put(metaPrefix+"status", strconv.Itoa(c.Status))
	}
	put(metaPrefix+"error", c.Error)
	put(metaPrefix+"sha256", c.SHA256)
	put(metaPrefix+"truncated", c.Truncated)
	put(metaPrefix+"mended", c.Mended)
	put(metaPrefix+"remote", c.Remote)
	put(metaPrefix+"added", strings.Join(added, ", "))
	put(metaPrefix+"robots-allowed", strconv.FormatBool(c.Robots.Allowed))
	put(metaPrefix+"robots-reason", c.Robots.Reason)
	put(metaPrefix+"robots-sha256", c.Robots.SHA256)
	return f
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(b)
}

// captureOf reads what metaOf wrote: all of a capture but its header and body. It is false when the lines are not ours.
func captureOf(f Fields, url string, at time.Time) (c store.Capture, added []string, ok bool) {
	get := func(name string) string {
		v := f.Get(name)
		var plain string
		if strings.HasPrefix(v, `"`) && json.Unmarshal([]byte(v), &plain) == nil {
			return plain
		}
		return v
	}
	c = store.Capture{
		URL: url, Time: at, Kind: get(metaPrefix + "kind"), Portal: get(metaPrefix + "portal"), From: get("via"),
		Title: get(metaPrefix + "link-title"), Date: get(metaPrefix + "link-date"), State: get(metaPrefix + "state"),
		Error: get(metaPrefix + "error"), SHA256: get(metaPrefix + "sha256"), Truncated: get(metaPrefix + "truncated"), Mended: get(metaPrefix + "mended"), Remote: get(metaPrefix + "remote"),
		Robots: store.Robots{Allowed: get(metaPrefix+"robots-allowed") == "true", Reason: get(metaPrefix + "robots-reason"),
			SHA256: get(metaPrefix + "robots-sha256")},
	}
	if asked := get(metaPrefix + "url"); asked != "" && asciiURL(asked) == url {
		c.URL = asked
	}
	c.Took, _ = strconv.ParseInt(get("fetchTimeMs"), 10, 64)
	c.Status, _ = strconv.Atoi(get(metaPrefix + "status"))
	for name := range strings.SplitSeq(get(metaPrefix+"added"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			added = append(added, name)
		}
	}
	return c, added, c.State != "" && c.Kind != ""
}

// httpHeader returns the HTTP header of a capture as it is true of a body of size bytes, -1 for an answer whose body is
// not in the block as it must not have one. What was served otherwise is kept under another name; added names what was
// not served at all.
func httpHeader(c store.Capture, size int64) (text string, added []string) {
	var f Fields
	length := strconv.FormatInt(size, 10)
	has := false
	for _, name := range sortedNames(c.Header) {
		for _, value := range c.Header[name] {
			plain := name
			switch {
			case strings.EqualFold(name, "Content-Length"):
				if size >= 0 && value != length || has {
					plain = origPrefix + name
				} else {
					has = true
				}
			case strings.EqualFold(name, "Content-Encoding"), strings.EqualFold(name, "Transfer-Encoding"), hasPrefixFold(name, origPrefix):
				plain = origPrefix + name
			}
			f = append(f, Field{plain, lineEnds.Replace(value)})
		}
	}
	if size >= 0 && !has {
		f = append(f, Field{"Content-Length", length})
		added = append(added, "Content-Length")
	}
	reason := http.StatusText(c.Status)
	return strings.TrimSpace(fmt.Sprintf("HTTP/1.1 %d %s", c.Status, reason)) + "\r\n" + f.String() + "\r\n", added
}

// served returns the header as it was before httpHeader.
func served(f Fields, added []string) http.Header {
	h := http.Header{}
	for _, field := range f {
		name := textproto.CanonicalMIMEHeaderKey(field.Name)
		if slices.Contains(added, name) {
			continue
		}
		if hasPrefixFold(name, origPrefix) {
			name = name[len(origPrefix):]
		}
		h[name] = append(h[name], field.Value)
	}
	return h
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ipOf returns the address that answered, without its port.
func ipOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return ""
	}
	return host
}
