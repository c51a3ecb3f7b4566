package seeds

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"gongkai/store/atomicfile"
)

// Text returns portals in the form of a seeds file.
func Text(portals []Portal) []byte {
	var b bytes.Buffer
	for i, p := range portals {
		if i > 0 {
			b.WriteByte('\n')
		}
		division := p.Division
		if division == "" && p.Level != "central" {
			division = "unknown"
		}
		b.WriteString("[[portal]]\n")
		for _, f := range []struct{ key, value string }{
			{"id", p.ID}, {"agency", p.Agency}, {"division", division}, {"level", p.Level}, {"home", p.Home}, {"start", ""}, {"hub", p.Hub}, {"family", p.Family},
			{"rows", text(p.Rows.MarshalText())}, {"next", text(p.Next.MarshalText())}, {"confidence", p.Confidence}, {"checked", p.Checked}, {"evidence", p.Evidence},
		} {
			switch {
			case f.key == "start" && p.Confidence == HomeOnly && len(p.Start) == 1 && p.Start[0] == p.Home, f.key == "start" && len(p.Start) == 0:
			case f.key == "start":
				var quoted []string
				for _, s := range p.Start {
					quoted = append(quoted, quote(s))
				}
				fmt.Fprintf(&b, "%-10s = [%s]\n", f.key, strings.Join(quoted, ", "))
			case f.value != "":
				fmt.Fprintf(&b, "%-10s = %s\n", f.key, quote(f.value))
			}
		}
	}
	return b.Bytes()
}

// text is of a selector, which always has one.
func text(s []byte, _ error) string { return string(s) }

// quote writes a basic string of TOML.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Append adds portals to a seeds file, which it makes where there is none. What stands in it is left as it is, comments
// too: a portal whose id it has already is not added, but returned. The file is replaced as a whole or not at all.
func Append(name string, portals []Portal) (left []Portal, err error) {
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	known, err := parse(name, old)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool)
	for _, p := range known {
		ids[p.ID] = true
	}
	var added []Portal
	for _, p := range portals {
		if ids[p.ID] {
			left = append(left, p)
			continue
		}
		ids[p.ID] = true
		added = append(added, p)
	}
	if len(added) == 0 {
		return left, nil
	}
	if len(old) > 0 {
		old = append(bytes.TrimRight(old, "\n"), "\n\n"...)
	}
	whole := append(old, Text(added)...)
	if _, err := parse(name, whole); err != nil {
		return nil, fmt.Errorf("what was found cannot be written: %w", err)
	}
	return left, atomicfile.Write(name, whole)
}
