package reading

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"gongkai/extract"
	"gongkai/extract/filetype"
	"gongkai/store"
	"gongkai/testdata"
)

// TestReadOdd: what cannot be read is a record that says so, whatever happens.
func TestReadOdd(t *testing.T) {
	c := store.Capture{URL: "http://a.gov.cn/a.pdf"}
	held := store.Capture{ID: 1, SHA256: strings.Repeat("0", 64)}
	attached := part{Part: store.Part{Kind: extract.PartAttachment, Capture: held.ID, SHA256: held.SHA256}, capture: held}
	hostile := Gathering{doc: new(extract.Document), parts: []part{attached}} // no store
	rec, err := hostile.Read(c, Publisher{})
	if err != nil || !strings.HasPrefix(rec.Rejected, "reading panicked: ") || rec.Report != nil {
		t.Errorf("got %+v", rec)
	}
	var empty Gathering
	if err := empty.gather(c, nil); err != nil {
		t.Fatal(err)
	}
	if rec, _ := empty.Read(c, Publisher{}); rec.Rejected != "empty" {
		t.Errorf("got %q", rec.Rejected)
	}
}

// TestCutQuality: a report of which a piece may be missing is never clean, and doubtful when its end is.
func TestCutQuality(t *testing.T) {
	page := strings.TrimSpace(string(sample(t)))
	if !filetype.Ended([]byte(page)) {
		t.Fatal("the sample has no end")
	}
	for _, tt := range []struct{ cut, page, want string }{
		{"", page, extract.QualityClean},
		{"unexpected EOF", page, extract.QualityNoted},
		{"unexpected EOF", strings.TrimSuffix(page, "</html>"), extract.QualityDoubtful},
	} {
		c := store.Capture{URL: "http://www.jiangyou.gov.cn/x.html", State: store.StateOK, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Truncated: tt.cut}
		g := Gathering{}
		if err := g.gather(c, []byte(tt.page)); err != nil {
			t.Fatal(err)
		}
		g.parts = nil // nothing of it is held
		rec, _ := g.Read(c, Publisher{})
		if rec.Report == nil || rec.Report.Quality != tt.want || partProblems(rec.Report) != min(len(tt.cut), 1) {
			t.Errorf("%q: %s %v", tt.cut, rec.Report.Quality, rec.Report.Problems)
		}
	}
}

// sample returns the page of a real report.
func sample(t *testing.T) []byte {
	t.Helper()
	f, err := testdata.Portals().Open("jiangyou/report.http")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	res, err := http.ReadResponse(bufio.NewReader(f), nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// partProblems counts the problems of kind part.
func partProblems(r *extract.Report) (n int) {
	for _, p := range r.Problems {
		if p.Kind == "part" {
			n++
		}
	}
	return n
}
