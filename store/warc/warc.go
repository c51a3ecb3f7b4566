// Package warc exchanges captures with other web archives: it writes an archive as WARC 1.1 files (ISO 28500:2017)
// with a CDXJ index, or as one WACZ file, and reads the WARC files of others. It visits nothing, does not decide what
// a page is, and does not put into the archive what it has read: that is for package crawler, which knows portals.
//
// Reader and writer are our own. github.com/nlnwa/gowarc (v2.2.4 and v3.1.0) was tried: of a file that was compressed
// as a whole it returns the first record and then the end, so that the rest is lost without a word; a header line of half
// a gigabyte, which is half a megabyte in gzip, made it take 1.5 GB; it knows no zstd. A collection that others made is
// hostile input, and what it holds must be taken or told. Here headers, blocks and what they unpack to have limits,
// and what is damaged is skipped up to the next record that is whole, and counted.
package warc

import (
	"strings"
	"time"
)

// The types of records of the standard.
const (
	typeInfo         = "warcinfo"
	typeRequest      = "request"
	typeResponse     = "response"
	typeRevisit      = "revisit"
	typeMetadata     = "metadata"
	typeResource     = "resource"
	typeConversion   = "conversion"
	typeContinuation = "continuation"
)

// The profiles of revisit records.
const (
	profileSame        = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
	profileNotModified = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
)

// Fields are the named fields of a record, of its HTTP header, or of a block of application/warc-fields, in order.
type Fields []Field

// A Field is one of them. Its value has no line ends.
type Field struct{ Name, Value string }

// Get returns the first value of a name in any case, or "".
func (f Fields) Get(name string) string {
	for _, field := range f {
		if strings.EqualFold(field.Name, name) {
			return field.Value
		}
	}
	return ""
}

// All returns every value of a name, in order.
func (f Fields) All(name string) (values []string) {
	for _, field := range f {
		if strings.EqualFold(field.Name, name) {
			values = append(values, field.Value)
		}
	}
	return values
}

// add appends a field, unless it has no value.
func (f *Fields) add(name, value string) {
	if value != "" {
		*f = append(*f, Field{name, lineEnds.Replace(value)})
	}
}

// lineEnds would begin a field of their own.
var lineEnds = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\x00", " ")

// String returns the fields as lines.
func (f Fields) String() string {
	var b strings.Builder
	for _, field := range f {
		b.WriteString(field.Name + ": " + field.Value + "\r\n")
	}
	return b.String()
}

// parseFields reads lines as fields. A line that begins with a blank goes on with the one before it; one without a
// colon is none, as real servers send such lines.
func parseFields(lines []string) Fields {
	var f Fields
	for _, line := range lines {
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			if n := len(f); n > 0 {
				f[n-1].Value = strings.TrimSpace(f[n-1].Value + " " + strings.TrimSpace(line))
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); ok && name != "" {
			f = append(f, Field{name, strings.TrimSpace(value)})
		}
	}
	return f
}

// formatTime writes a moment as WARC 1.1 has it: with as many decimals as it takes.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// parseTime reads the dates of WARC files. Old tools wrote fourteen digits.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "20060102150405", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// bare takes the angle brackets off a record id or an address: WARC 1.0 was read both ways.
func bare(s string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "<"), ">")
}
