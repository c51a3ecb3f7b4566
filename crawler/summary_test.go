package crawler

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestBoundedProblem: a problem repeats a part of what a server says, whole characters of it.
func TestBoundedProblem(t *testing.T) {
	s := PortalSummary{ID: "a"}
	for i := range 3 {
		long := "x"[:i%2] + strings.Repeat("某", 1<<18)
		s.problem("http://www.a.gov.cn/"+long, "redirects to "+long)
	}
	s.problem("http://www.a.gov.cn/", "status 500")
	for _, p := range s.Problems[:3] {
		if len(p.URL)+len(p.Detail) > 2*(mostText+3) || !utf8.ValidString(p.URL+p.Detail) || !strings.HasSuffix(p.Detail, "某…") {
			t.Errorf("%d and %d bytes: %.60q", len(p.URL), len(p.Detail), p.Detail)
		}
	}
	if p := s.Problems[3]; p.URL != "http://www.a.gov.cn/" || p.Detail != "status 500" {
		t.Errorf("a short one: %+v", p)
	}
}
