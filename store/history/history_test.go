package history

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

// An archiveOf is an archive that is filled visit by visit, one a day.
type archiveOf struct {
	*testing.T
	*store.Store
	day time.Time
}

func newArchive(t *testing.T) *archiveOf {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &archiveOf{t, s, time.Date(2023, 1, 1, 14, 0, 0, 0, time.UTC)} // 22:00 in China
}

// add archives an answer on the next day.
func (a *archiveOf) add(c store.Capture, body string, rec *store.Record) store.Capture {
	a.Helper()
	a.day = a.day.AddDate(0, 0, 1)
	c.Time, c.Kind = a.day, cmpOr(c.Kind, store.KindReport)
	var bytes []byte
	if body != "" {
		bytes = []byte(body)
	}
	if err := a.AddCapture(&c, bytes, rec); err != nil {
		a.Fatal(err)
	}
	return c
}

func cmpOr(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

const page = "http://a.gov.cn/art/report.html"

// report is what is read from a page.
func report(text, published, value string) *store.Record {
	return &store.Record{Version: extract.Version, Report: &extract.Report{Title: "年度报告", Year: 2022, Scope: extract.ScopeOwn, Published: published,
		Agency: extract.Agency{Key: "330803-财政局"}, Sections: []extract.Section{{Number: 1, Heading: "一、总体情况", Text: text}},
		Figures: []form.Figure{{Table: "t3", Row: "r1", Column: "total", Value: value}}}}
}

func (a *archiveOf) ok(body string, rec *store.Record) {
	a.Helper()
	a.add(store.Capture{URL: page, State: store.StateOK, Status: 200, From: "http://a.gov.cn/list.html"}, body, rec)
}

func (a *archiveOf) gone(status int, why string) {
	a.Helper()
	a.add(store.Capture{URL: page, State: store.StateGone, Status: status, Error: why}, "", nil)
}

// told lists what a page's life is: "1 first", "withdrawal x2".
func told(p *Page) (list []string) {
	for _, r := range p.Revisions {
		word := fmt.Sprintf("%d %s x%d", r.Number, r.Change, r.Visits)
		if r.SameAs != 0 {
			word += fmt.Sprint(" as ", r.SameAs)
		}
		list = append(list, word)
	}
	for _, e := range p.Events {
		word := fmt.Sprintf("%s x%d", e.Kind, e.Answers)
		if e.Confirmed {
			word += " confirmed"
		}
		list = append(list, word)
	}
	return list
}

// TestOfPage: what becomes a revision, what an event, and what neither.
func TestOfPage(t *testing.T) {
	t.Parallel()
	first := func(a *archiveOf) { a.ok("one", report("甲", "2023-01-02", "1")) }
	for name, tt := range map[string]struct {
		visits func(a *archiveOf)
		want   string
	}{
		"nothing":   {func(*archiveOf) {}, ""},
		"unchanged": {func(a *archiveOf) { first(a); a.ok("one", nil); a.ok("one", nil) }, "1 first x3"},
		"levels": {func(a *archiveOf) {
			first(a)
			a.ok("one, visited 2 times", report("甲", "2023-01-02", "1"))
			a.ok("two", report("乙", "2023-01-02", "1"))
			a.ok("three", report("乙", "2023-01-02", "2"))
		}, "1 first x1, 2 cosmetic x1, 3 text x1, 4 figures x1"},
		"attachments": {func(a *archiveOf) {
			c := a.add(store.Capture{URL: page + ".docx", Kind: store.KindAttachment, State: store.StateOK, Status: 200}, "docx", nil)
			d := a.add(store.Capture{URL: page + ".docx", Kind: store.KindAttachment, State: store.StateOK, Status: 200}, "another docx", nil)
			for i, id := range []uint64{c.ID, d.ID} {
				r := report("甲", "2023-01-02", "1")
				r.Parts = []store.Part{{Name: "attachment 1", Kind: extract.PartAttachment, URL: page + ".docx", Capture: id}}
				a.ok(fmt.Sprint("page ", i), r)
			}
		}, "1 first x1, 2 figures x1"},
		"put back": {func(a *archiveOf) {
			first(a)
			a.ok("two", report("乙", "2023-01-02", "1"))
			a.ok("one", report("甲", "2023-01-02", "1"))
		}, "1 first x1, 2 text x1, 3 text x1 as 1"},
		"challenge": {func(a *archiveOf) {
			first(a)
			a.add(store.Capture{URL: page, State: store.StateBlocked, Status: 412, Error: "challenge:ruishu"}, "", nil)
			a.add(store.Capture{URL: page, State: store.StateBlocked, Status: 412, Error: "challenge:ruishu"}, "", nil)
			a.ok("one", nil)
		}, "1 first x2, blocked x2"},
		"no report": {func(a *archiveOf) {
			first(a)
			a.ok("maintenance", &store.Record{Rejected: "no title"})
			a.ok("maintenance", nil)
			a.ok("one", nil)
		}, "1 first x2, no report x2, reappearance x1"},
		"gone once": {func(a *archiveOf) { first(a); a.gone(404, ""); a.ok("one", nil) }, "1 first x2, withdrawal x1, reappearance x1"},
		"soft 404":  {func(a *archiveOf) { first(a); a.gone(200, "gone:soft404") }, "1 first x1, withdrawal x1"},
		"withdrawn": {func(a *archiveOf) {
			first(a)
			a.gone(404, "")
			a.add(store.Capture{URL: page, State: store.StateFailed, Status: 503, Error: "status 503"}, "", nil)
			a.gone(404, "")
			a.gone(410, "")
		}, "1 first x1, withdrawal x3 confirmed, failed x1"},
		"back as another": {func(a *archiveOf) {
			first(a)
			a.gone(404, "")
			a.gone(404, "")
			a.gone(404, "")
			a.ok("two", report("甲", "2023-01-02", "2"))
		}, "1 first x1, 2 figures x1, withdrawal x3 confirmed, reappearance x1 confirmed"},
		"read again": {func(a *archiveOf) {
			first(a)
			r := report("better read", "2023-01-02", "9")
			r.Capture, r.Version = 1, extract.Version+1
			if err := a.PutRecord(r); err != nil {
				a.Fatal(err)
			}
			a.ok("one", nil)
		}, "1 first x2"},
		"not read": {func(a *archiveOf) { first(a); a.ok("two", nil) }, "1 first x1, unread x1"},
		"dated back": {func(a *archiveOf) {
			first(a)
			a.ok("two", report("乙", "2022-12-01", "1"))
		}, "1 first x1, 2 figures x1, back-dating x1"},
		"another date": {func(a *archiveOf) {
			first(a)
			a.ok("two", report("甲", "2022-12-01", "1"))
			a.ok("three", report("丙", "2023-02-01", "1"))
		}, "1 first x1, 2 figures x1, 3 figures x1, re-dating x1, re-dating x1"},
		"nothing there after its date": {func(a *archiveOf) {
			a.gone(404, "") // on the 2nd
			a.gone(404, "") // on the 3rd
			a.gone(404, "")
			first(a)
		}, "1 first x1, not there x3, back-dating x1"},
		"there within a day": {func(a *archiveOf) { a.gone(404, ""); first(a) }, "1 first x1, not there x1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t)
			tt.visits(a)
			p, err := OfPage(a.Store, page)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(told(p), ", "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestInARow: what is shown next ends what was shown before it: days on which a page was missing make a withdrawal only
// when nothing else came between them; and a fault, which says nothing of the page, does not come between.
func TestInARow(t *testing.T) {
	t.Parallel()
	gone := func(a *archiveOf) { a.gone(404, "") }
	moved := func(a *archiveOf) {
		a.add(store.Capture{URL: page, State: store.StateRedirect, Status: 302, Header: http.Header{"Location": {"/"}}}, "", nil)
	}
	rejected := func(a *archiveOf) { a.ok("under construction", &store.Record{Rejected: "no title"}) }
	failed := func(a *archiveOf) {
		a.add(store.Capture{URL: page, State: store.StateFailed, Error: "timeout"}, "", nil)
	}
	blocked := func(a *archiveOf) {
		a.add(store.Capture{URL: page, State: store.StateBlocked, Error: "robots.txt"}, "", nil)
	}
	first := func(a *archiveOf) { a.ok("one", report("甲", "2023-01-02", "1")) }
	for name, tt := range map[string]struct {
		visits []func(*archiveOf)
		want   string
	}{
		"three days":               {[]func(*archiveOf){first, gone, gone, gone}, "withdrawal x3 confirmed"},
		"thrice in a night":        {[]func(*archiveOf){first, gone, gone, func(a *archiveOf) { a.day = a.day.Add(-21 * time.Hour) }, gone}, "withdrawal x3"},
		"a redirect between":       {[]func(*archiveOf){first, gone, gone, moved, gone, gone}, "withdrawal x2, redirect x1, withdrawal x2"},
		"another page between":     {[]func(*archiveOf){first, gone, gone, rejected, gone, gone}, "withdrawal x2, no report x1, withdrawal x2"},
		"a fault between":          {[]func(*archiveOf){first, gone, failed, gone, gone}, "withdrawal x3 confirmed, failed x1"},
		"a ban between":            {[]func(*archiveOf){first, gone, blocked, gone, gone}, "withdrawal x3 confirmed, blocked x1"},
		"redirects apart":          {[]func(*archiveOf){first, moved, gone, moved}, "redirect x1, withdrawal x1, redirect x1"},
		"no reports apart":         {[]func(*archiveOf){first, rejected, moved, rejected, gone, rejected}, "no report x1, redirect x1, no report x1, withdrawal x1, no report x1"},
		"faults apart":             {[]func(*archiveOf){first, failed, gone, failed, moved, failed, rejected, failed}, "failed x1, withdrawal x1, failed x1, redirect x1, failed x1, no report x1, failed x1"},
		"bans apart":               {[]func(*archiveOf){first, blocked, gone, blocked, moved, blocked, rejected, blocked}, "blocked x1, withdrawal x1, blocked x1, redirect x1, blocked x1, no report x1, blocked x1"},
		"never there, but between": {[]func(*archiveOf){gone, moved, gone, rejected, gone}, "not there x1, redirect x1, not there x1, no report x1, not there x1"},
	} {
		a := newArchive(t)
		for _, visit := range tt.visits {
			visit(a)
		}
		p, err := OfPage(a.Store, page)
		if err != nil {
			t.Fatal(err)
		}
		got := told(&Page{Events: p.Events})
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, ", "), tt.want)
		}
	}
}

// TestListing: a report that appears in a listing long after the day it gives was put there later; and not, when the
// listing was not looked at, or names its reports in a way that is not understood.
func TestListing(t *testing.T) {
	t.Parallel()
	listing := func(a *archiveOf, body string) {
		a.add(store.Capture{URL: "http://a.gov.cn/list.html", Kind: store.KindListing, State: store.StateOK, Status: 200}, body, nil)
	}
	const link = `<a href="report.html">`
	for name, tt := range map[string]struct {
		listings  []string
		published string
		want      bool
	}{
		"not listed":             {[]string{"none", "none", "none yet", link}, "2023-01-02", true},
		"not listed on that day": {[]string{"none", link}, "2023-01-02", false},
		"by script":              {[]string{"none", "none", "none yet", "rows()"}, "2023-01-02", false},
		"never looked at":        {nil, "2020-01-02", false},
		"listed from the first":  {[]string{link, link, link}, "2020-01-02", false},
		"no day":                 {[]string{"none", "none", "none yet", link}, "soon", false},
	} {
		a := newArchive(t)
		for _, body := range tt.listings {
			listing(a, body)
		}
		a.ok("one", report("甲", tt.published, "1"))
		p, err := OfPage(a.Store, page)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(p.Events) == 1 && p.Events[0].Kind == BackDating && strings.Contains(p.Events[0].Detail, "2023-01-04"); got != tt.want {
			t.Errorf("%s: %+v", name, p.Events)
		}
	}
}

// TestMoves: the same report at another address, while it is not at the first any more.
func TestMoves(t *testing.T) {
	t.Parallel()
	const there = "http://a.gov.cn/new/report.html"
	at := func(a *archiveOf, url, body string, rec *store.Record) {
		a.add(store.Capture{URL: url, State: store.StateOK, Status: 200}, body, rec)
	}
	for name, tt := range map[string]struct {
		visits func(a *archiveOf)
		want   string
	}{
		"redirect": {func(a *archiveOf) {
			a.ok("one", report("甲", "", "1"))
			a.add(store.Capture{URL: page, State: store.StateRedirect, Status: 301, Header: http.Header{"Location": {"/hop"}}}, "", nil)
			a.add(store.Capture{URL: "http://a.gov.cn/hop", State: store.StateRedirect, Status: 302, Header: http.Header{"Location": {"/new/report.html#a"}}}, "", nil)
			at(a, there, "quite another", report("乙", "", "2"))
		}, "its address leads there"},
		"withdrawn here, there with the same text": {func(a *archiveOf) {
			a.ok("one", report("甲", "", "1"))
			at(a, there, "one, in a new design", report("甲", "", "1"))
			a.gone(404, "")
			at(a, there, "one, in a new design", nil)
		}, "the same text is there"},
		"the same figures": {func(a *archiveOf) {
			a.ok("one", report("甲", "", "1"))
			a.gone(404, "")
			at(a, there, "in short", report("乙", "", "1"))
		}, "the same metadata and figures are there"},
		"a copy": {func(a *archiveOf) {
			a.ok("one", report("甲", "", "1"))
			at(a, there, "one", report("甲", "", "1"))
			a.ok("one", nil)
		}, ""},
		"another report instead": {func(a *archiveOf) {
			a.ok("one", report("甲", "", "1"))
			a.gone(404, "")
			at(a, there, "other", report("乙", "", "2"))
		}, ""},
		"the copy was there and went first": {func(a *archiveOf) {
			at(a, there, "one", report("甲", "", "1"))
			a.ok("one", report("甲", "", "1"))
			a.gone(404, "")
		}, ""},
	} {
		a := newArchive(t)
		tt.visits(a)
		r, err := Of(a.Store, extract.Key{Agency: "330803-财政局", Year: 2022}, extract.ScopeOwn)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, m := range r.Moves {
			if m.URL != page || m.To != there || m.Kind != Move {
				t.Errorf("%s: %+v", name, m)
			}
			got += m.Detail
		}
		if got != tt.want || len(r.Pages) != 2 {
			t.Errorf("%s: moved as %q, want %q (%d pages)", name, got, tt.want, len(r.Pages))
		}
		if events := r.Events(); !slices.IsSortedFunc(events, func(a, b Event) int { return int(a.Capture) - int(b.Capture) }) {
			t.Errorf("%s: events are out of order: %+v", name, events)
		}
	}
}

// TestAt: the revision of a time, and what was known of it then.
func TestAt(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	start := a.day
	part := a.add(store.Capture{URL: page + "?2", Kind: store.KindPart, State: store.StateOK, Status: 200}, "page 2", nil)
	r := report("甲", "", "1")
	r.Parts = []store.Part{{Name: "page 2", Kind: extract.PartPage, URL: page + "?2", Missing: "status 503"}}
	a.ok("one", r)
	r = report("甲", "", "1")
	r.Parts = []store.Part{{Name: "page 2", Kind: extract.PartPage, URL: page + "?2", Capture: part.ID, Read: true}}
	a.ok("one", r)
	a.ok("two", report("乙", "", "2"))
	p, err := OfPage(a.Store, page)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(told(p), ", "); got != "1 first x2, 2 figures x1, parts x1" {
		t.Fatal(got)
	}
	for days, want := range map[int][2]int{0: {}, 1: {}, 2: {1, 2}, 3: {1, 3}, 4: {2, 4}, 100: {2, 4}} {
		at := start.AddDate(0, 0, days)
		var got [2]int
		if r := p.At(at); r != nil {
			got = [2]int{r.Number, int(r.RecordAt(at))}
		}
		if got != want {
			t.Errorf("after %d days revision %d from capture %d, want %v", days, got[0], got[1], want)
		}
	}
}

// TestAsOf: of a page that has another report since, what was held is the last revision that the report asked for was.
func TestAsOf(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	before := a.day
	a.ok("one", report("甲", "2023-01-02", "1"))
	a.ok("two", report("甲", "2023-01-02", "2"))
	own, _, err := a.LastRecord(page)
	if err != nil {
		t.Fatal(err)
	}
	another := report("乙", "2024-01-02", "3")
	another.Report.Year = 2023
	a.ok("three", another)
	a.gone(404, "")
	then, held, err := AsOf(a.Store, []store.Record{own}, a.day)
	if err != nil || len(held) != 1 || held[0].Capture != own.Capture {
		t.Fatal(held, err)
	}
	then.Choose(held[0])
	if then.Revision.Number != 2 || then.Of != 3 || then.Before.Number != 1 || then.After.Number != 3 || then.First.Number != 1 || len(then.Since) != 1 || then.Since[0].Kind != Withdrawal {
		t.Errorf("%+v", then)
	}
	if then, held, err = AsOf(a.Store, []store.Record{own}, before); err != nil || len(held) != 0 || then.First.Number != 1 {
		t.Error(then, held, err)
	}
}
