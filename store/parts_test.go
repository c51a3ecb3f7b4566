package store

import (
	"errors"
	"maps"
	"testing"

	"gongkai/extract"
)

const attachedURL = "http://www.example.gov.cn/files/a.pdf"

// TestChangeOfParts: how versions of one page compare whose parts differ.
func TestChangeOfParts(t *testing.T) {
	s := newStore(t)
	n := 0
	attach := func(url, body string) Part {
		t.Helper()
		n++
		c := newCapture(url, n)
		c.Kind = KindAttachment
		add(t, s, c, body, nil)
		return Part{Name: "attachment 1", Kind: extract.PartAttachment, URL: url, Capture: c.ID}
	}
	one, two := attach(attachedURL, "one"), attach(attachedURL, "two")
	same := attach("http://www.example.gov.cn/files/moved.pdf", "two")
	other := attach("http://www.example.gov.cn/files/b.pdf", "three")
	page := attach("http://www.example.gov.cn/2.html", "page 2")
	page.Kind = extract.PartPage
	lost := Part{Name: "attachment 1", Kind: extract.PartAttachment, URL: attachedURL, Missing: "gone"}

	steps := []struct {
		name, body string
		figure     string
		parts      []Part
		want       string
	}{
		{"the first", "1", "1", []Part{one}, ChangeFirst},
		{"nothing", "1", "1", []Part{one}, ChangeNone},
		{"other bytes of an attachment", "1", "1", []Part{two}, ChangeFigures},
		{"the same bytes from elsewhere, in another page", "2", "1", []Part{same}, ChangeCosmetic},
		{"one more", "3", "1", []Part{same, other}, ChangeFigures},
		{"one less", "4", "1", []Part{other}, ChangeFigures},
		{"one more could be had of the same page", "4", "2", []Part{other, page}, ChangeParts},
		{"one less could be had of the same page", "4", "2", []Part{page, {Kind: extract.PartAttachment, URL: other.URL, Missing: "status 500"}}, ChangeParts},
		{"it can be had again, and the page has another date in its foot", "5", "2", []Part{page, other}, ChangeCosmetic},
		{"one that was never had", "6", "2", []Part{page, other, lost}, ChangeCosmetic},
		{"and is had", "7", "2", []Part{page, other, two}, ChangeCosmetic},
	}
	for _, step := range steps {
		n++
		rec := &Record{Report: newReport(step.figure), Parts: step.parts}
		add(t, s, newCapture(reportURL, n), step.body, rec)
		if rec.Change != step.want {
			t.Errorf("%s: change %q, want %q", step.name, rec.Change, step.want)
		}
		got, ok, err := s.LastRecord(reportURL)
		if err != nil || !ok || got.Capture != rec.Capture || got.Attachments != rec.Attachments || len(got.Parts) != len(step.parts) {
			t.Errorf("%s: last record %+v, %v, %v", step.name, got, ok, err)
		}
	}
	var v Rivals
	for r, err := range s.RecordsOf(newReport("").Key()) {
		if err != nil {
			t.Fatal(err)
		}
		v.Add(r)
	}
	if got := v.Choices(); len(got) != 1 || got[0].Revisions != 4 { // the first, other bytes, one more, one less
		t.Errorf("choices %+v", got)
	}
}

func TestAttachmentDigest(t *testing.T) {
	a := Part{Kind: extract.PartAttachment, SHA256: "aa"}
	b := Part{Kind: extract.PartAttachment, SHA256: "bb"}
	page := Part{Kind: extract.PartPage, SHA256: "cc"}
	none := Part{Kind: extract.PartAttachment}
	if attachments([]Part{a, b}) != attachments([]Part{b, page, none, a, a}) {
		t.Error("order, pages or what is not held tell attachments apart")
	}
	if attachments([]Part{a}) == attachments([]Part{b}) || attachments([]Part{page, none}) != "" {
		t.Error("attachments are not told apart")
	}
}

// TestPartsMustBeHeld: a record names captures that there are, and takes their digests from them.
func TestPartsMustBeHeld(t *testing.T) {
	s := newStore(t)
	gone := newCapture(attachedURL, 0)
	gone.State = StateGone
	if err := s.AddCapture(gone, nil, nil); err != nil {
		t.Fatal(err)
	}
	add(t, s, newCapture(reportURL, 1), "1", nil)
	if _, ok, err := s.LastRecord(reportURL); ok || err != nil {
		t.Errorf("a record of what was not read: %v, %v", ok, err)
	}
	for _, id := range []uint64{gone.ID, 99} {
		r := &Record{Capture: 2, Report: newReport("1"), Parts: []Part{{Name: "attachment 1", Capture: id}}}
		if err := s.PutRecord(r); !errors.Is(err, ErrNotFound) {
			t.Errorf("part of capture %d: %v", id, err)
		}
	}
	good, bad := &Record{Capture: 2, Report: newReport("1")}, &Record{Capture: 99, Report: newReport("1")}
	if err := s.PutRecords([]*Record{good, bad}); !errors.Is(err, ErrNotFound) {
		t.Errorf("records: %v", err)
	}
	if _, ok, _ := s.Record(2); ok {
		t.Error("half of the records were kept")
	}
	forged := &Record{Capture: 2, Report: newReport("1"), Parts: []Part{{Name: "attachment 1", SHA256: "made up"}}}
	if err := s.PutRecord(forged); err != nil || forged.Parts[0].SHA256 != "" {
		t.Errorf("forged: %+v, %v", forged.Parts, err)
	}
}

func TestLastBefore(t *testing.T) {
	s := newStore(t)
	other := newCapture(reportURL+"x", 0)
	for i, body := range []string{"1", "1", "", "2", "2"} {
		add(t, s, other, "other", nil)
		c := newCapture(reportURL, i)
		if body == "" {
			c.State = StateGone
			if err := s.AddCapture(c, nil, nil); err != nil {
				t.Fatal(err)
			}
			continue
		}
		add(t, s, c, body, nil)
	}
	// Captures of the page are 2 ok, 4 unchanged, 6 gone, 8 ok, 10 unchanged.
	for _, tt := range []struct {
		before uint64
		states []string
		want   uint64
	}{
		{0, nil, 10}, {10, nil, 8}, {9, nil, 8}, {8, nil, 6}, {2, nil, 0}, {1 << 60, nil, 10},
		{0, []string{StateOK}, 8}, {8, []string{StateOK, StateUnchanged}, 4}, {4, []string{StateOK}, 2}, {0, []string{StateFailed}, 0},
	} {
		got, ok, err := s.LastBefore(reportURL, tt.before, tt.states...)
		if err != nil || got.ID != tt.want || ok != (tt.want != 0) {
			t.Errorf("before %d %v: %d, %v, %v; want %d", tt.before, tt.states, got.ID, ok, err, tt.want)
		}
	}
	for after, want := range map[uint64]uint64{0: 2, 2: 4, 3: 4, 10: 0} {
		got, ok, err := s.Next(reportURL, after)
		if err != nil || got.ID != want || ok != (want != 0) {
			t.Errorf("next after %d: %d, %v, %v; want %d", after, got.ID, ok, err, want)
		}
	}
	if got, ok, err := s.FirstCapture(reportURL); got.ID != 2 || !ok || err != nil {
		t.Errorf("first: %d, %v, %v", got.ID, ok, err)
	}
}

// TestStatsOfReports counts the newest version of each report only.
func TestStatsOfReports(t *testing.T) {
	s := newStore(t)
	report := func(quality, form string) *Record {
		r := newReport("1")
		r.Quality, r.Form = quality, form
		return &Record{Report: r, Parts: []Part{{Name: "attachment 1", Missing: "off the site"}, {Name: "attachment 2", Unread: "a scan"}, {Name: "attachment 3"}}}
	}
	add(t, s, newCapture(reportURL, 0), "1", report(extract.QualityUnread, extract.FormImage))
	add(t, s, newCapture(reportURL, 1), "2", report(extract.QualityClean, extract.FormPDF))
	add(t, s, newCapture(reportURL+"2", 2), "3", report(extract.QualityClean, extract.FormHTML))
	add(t, s, newCapture(reportURL+"3", 3), "4", &Record{Rejected: "a guide"})
	stats, err := s.Stats()
	if err != nil || len(stats.Portals) != 1 {
		t.Fatal(stats, err)
	}
	p := stats.Portals[0]
	for _, n := range []struct{ got, want map[string]int }{
		{p.Quality, map[string]int{"clean": 2}}, {p.Form, map[string]int{"pdf": 1, "html": 1}},
		{p.Missing, map[string]int{"off the site": 2}}, {p.Unread, map[string]int{"a scan": 2}},
	} {
		if !maps.Equal(n.got, n.want) {
			t.Errorf("counts %v, want %v", n.got, n.want)
		}
	}
}
