package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestNameless: no command visits public portals for a crawler that names no contact.
func TestNameless(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "archive")
	for _, command := range [][]string{{"crawl", "-portal", "330100"}, {"backfill", "-years", "2020", "-portal", "330100"}, {"daemon"}, {"seeds", "check", "-portal", "330100"}, {"seeds", "discover", "-portal", "330100"}} {
		var out, errs strings.Builder
		if code := run(t.Context(), append(command, "-archive", archive), &out, &errs); code != exitUsage || !strings.Contains(errs.String(), "user_agent = \"gongkai/") {
			t.Errorf("%v: exit code %d, %s", command, code, errs.String())
		}
	}
}
