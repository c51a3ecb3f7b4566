package store

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/extract/form"
)

func TestChange(t *testing.T) {
	s := newStore(t)
	texts := newReport("2")
	texts.Sections[0].Text = "全年平稳有序。"
	viewed := newReport("2")
	viewed.Sections = texts.Sections
	viewed.Fields = []extract.Field{{Name: "views", Value: "17"}}
	viewed.Figures[0].Locator = "table 3"
	viewed.Problems = []form.Problem{{Kind: "cell", Detail: "odd"}}
	dated := newReport("2")
	dated.Sections = texts.Sections
	dated.Fields = []extract.Field{{Name: "published_date", Value: "2022-01-30"}}

	steps := []struct {
		body string
		rec  *Record
		want string
	}{
		{"1", &Record{Report: newReport("1")}, ChangeFirst},
		{"1", &Record{Report: newReport("1")}, ChangeNone},
		{"2", &Record{Report: newReport("1")}, ChangeCosmetic},
		{"3", &Record{Report: newReport("2")}, ChangeFigures},
		{"challenge", &Record{Rejected: "challenge page"}, ""},
		{"4", &Record{Report: newReport("2")}, ChangeCosmetic}, // not against the challenge page
		{"5", &Record{Report: texts}, ChangeText},
		{"6", &Record{Report: viewed}, ChangeCosmetic},
		{"7", &Record{Report: dated}, ChangeFigures},
	}
	for i, step := range steps {
		add(t, s, newCapture(reportURL, i), step.body, step.rec)
		got, ok, err := s.Record(uint64(i + 1))
		if err != nil || !ok || got.Change != step.want {
			t.Errorf("step %d: change %q, want %q (%v, %v)", i, got.Change, step.want, ok, err)
		}
	}
}

func TestUnreadableFigures(t *testing.T) {
	a, b := newReport(""), newReport("")
	a.Figures[0].Raw, b.Figures[0].Raw = "三", "四"
	ra, rb := &Record{Report: a}, &Record{Report: b}
	if err := errors.Join(ra.sum(), rb.sum()); err != nil {
		t.Fatal(err)
	}
	if ra.Fields == rb.Fields {
		t.Error("two unreadable cells that differ have one digest")
	}
}

// TestReread reads a page again: the record moves, the captures stay, and there is no revision.
func TestReread(t *testing.T) {
	s := newStore(t)
	add(t, s, newCapture(reportURL, 0), "1", &Record{Report: newReport("1")})
	add(t, s, newCapture(reportURL, 1), "2", &Record{Report: newReport("2")})
	key := newReport("").Key()

	again := &Record{Capture: 1, Version: 2, Report: newReport("2")} // now read right
	if err := s.PutRecord(again); err != nil {
		t.Fatal(err)
	}
	if again.URL != reportURL || again.Change != ChangeFirst || again.SHA256 == "" || again.Portal != "qujiang" {
		t.Errorf("completed record = %+v", again)
	}
	if got := changes(t, s, key); !slices.Equal(got, []string{"1 first", "2 cosmetic"}) {
		t.Errorf("after reading 1 again: %v", got)
	}

	if err := s.PutRecord(&Record{Capture: 1, Rejected: "a notice"}); err != nil {
		t.Fatal(err)
	}
	if got := changes(t, s, key); !slices.Equal(got, []string{"2 first"}) {
		t.Errorf("after rejecting 1: %v", got)
	}

	moved := newReport("1")
	moved.Year = 2020
	if err := s.PutRecord(&Record{Capture: 1, Report: moved}); err != nil {
		t.Fatal(err)
	}
	if got := changes(t, s, key); !slices.Equal(got, []string{"2 figures"}) {
		t.Errorf("after moving 1: %v", got)
	}
	if got := changes(t, s, moved.Key()); !slices.Equal(got, []string{"1 first"}) {
		t.Errorf("2020 = %v", got)
	}
	if n := entries(t, s, rejectedBucket); n != 0 {
		t.Errorf("%d entries left in rejected", n)
	}
	if id, _ := s.LastID(); id != 2 {
		t.Errorf("reading again made captures: LastID = %d", id)
	}
	if err := s.PutRecord(&Record{Capture: 9, Report: moved}); !errors.Is(err, ErrNotFound) {
		t.Errorf("record of no capture: %v", err)
	}
}

// changes lists the records of a key as "capture change".
func changes(t *testing.T, s *Store, k extract.Key) (got []string) {
	t.Helper()
	for r, err := range s.RecordsOf(k) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(r.Capture, " ", r.Change))
	}
	return got
}

func TestRecordsInOrder(t *testing.T) {
	s := newStore(t)
	for i, k := range []struct {
		agency extract.AgencyKey
		year   int
		url    string
	}{
		{"330803-b", 2021, "http://z/"}, {"330803-b", 2021, "http://a/"}, {"330803-b", 2008, "http://m/"},
		{"330803-a", 2023, "http://m/2"}, {"330803-a", 256, "http://n/"}, {"", 0, "http://unknown/"}, {"330803-b", 2021, "http://z/"},
	} {
		r := newReport(fmt.Sprint(i))
		r.Agency.Key, r.Year = k.agency, k.year
		add(t, s, newCapture(k.url, i), fmt.Sprint(i), &Record{Report: r})
	}
	add(t, s, newCapture("http://no/", 9), "x", &Record{Rejected: "no report"})
	var got []uint64
	for r, err := range s.Records() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Capture)
	}
	if want := []uint64{6, 5, 4, 3, 2, 1, 7}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	n := 0
	for r, err := range s.Rejected() {
		if err != nil || r.Rejected != "no report" {
			t.Fatal(r, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d rejected, want 1", n)
	}
	for range s.RecordsOf(extract.Key{Agency: "330803-a", Year: -1}) {
		t.Error("a record of the year -1")
	}
}

func TestBetter(t *testing.T) {
	rec := func(url string, capture uint64, figures, failed int, home string) Record {
		r := newReport("")
		r.Figures = make([]form.Figure, figures)
		for range failed {
			r.Checks = append(r.Checks, form.Check{Result: form.CheckFailed})
		}
		return Record{URL: url, Capture: capture, Home: home, Report: r}
	}
	named := func(r Record, evidence ...string) Record {
		r.Report.Agency.Evidence = append([]string{"division of the portal: 330803"}, evidence...)
		return r
	}
	for _, tt := range []struct {
		name string
		a, b Record
	}{
		{"its own title", named(rec("a", 1, 0, 3, ""), "title: 衢江区人民政府"), named(rec("b", 2, 200, 0, "330803"), "portal: 衢江区人民政府")},
		{"the link to it", named(rec("a", 1, 10, 0, ""), "link: 衢江区人民政府"), named(rec("b", 2, 200, 0, ""), "portal: 衢江区人民政府")},
		{"its prose", named(rec("a", 1, 10, 0, ""), "prose: 衢江区人民政府"), named(rec("b", 2, 200, 0, ""), "portal: 衢江区人民政府")},
		{"its publisher", named(rec("a", 1, 10, 0, ""), "publisher: 区政府", "name is of 330803"), named(rec("b", 2, 200, 0, ""), "portal: 衢江区人民政府")},
		{"its signature", named(rec("a", 1, 10, 0, ""), "signature: 区政府"), named(rec("b", 2, 200, 0, ""), "portal: 衢江区人民政府")},
		{"more figures, both named by the portal", named(rec("a", 1, 200, 0, ""), "portal: 甲"), named(rec("b", 2, 10, 0, ""), "portal: 甲")},
		{"more figures, both named by themselves", named(rec("a", 1, 200, 0, ""), "prose: 甲"), named(rec("b", 2, 10, 0, ""), "title: 甲")},
		{"newer version of a URL", rec("a", 2, 10, 1, ""), rec("a", 1, 200, 0, "")},
		{"more figures", rec("a", 1, 200, 3, ""), rec("b", 2, 199, 0, "")},
		{"fewer failures", rec("a", 1, 200, 0, ""), rec("b", 2, 200, 1, "330803")},
		{"own portal", rec("a", 1, 200, 0, "330803"), rec("b", 2, 200, 0, "330800")},
		{"newest", rec("a", 2, 200, 0, ""), rec("b", 1, 200, 0, "")},
	} {
		if !Better(tt.a, tt.b) || Better(tt.b, tt.a) {
			t.Errorf("%s does not win", tt.name)
		}
		if Better(tt.a, tt.a) {
			t.Errorf("%s: better than itself", tt.name)
		}
	}
}

func TestRivals(t *testing.T) {
	with := func(url string, capture uint64, scope string, values ...string) Record {
		r := newReport("")
		r.Scope, r.Figures = scope, nil
		for _, v := range values {
			r.Figures = append(r.Figures, form.Figure{Value: v})
		}
		rec := Record{URL: url, Capture: capture, Report: r}
		if err := rec.sum(); err != nil {
			t.Fatal(err)
		}
		return rec
	}
	var v Rivals
	if got := v.Choices(); got != nil {
		t.Errorf("choices of nothing = %v", got)
	}
	for _, r := range []Record{
		with("a", 1, "own", "1", "2", "3"), // most figures, but no longer published so
		with("a", 4, "own", "1"),
		with("a", 5, "own", "1"),
		with("b", 2, "own", "1", "2"),
		with("b", 3, "aggregate", "7"),
		{Rejected: "no report"},
	} {
		v.Add(r)
	}
	got := v.Choices()
	if len(got) != 2 || got[0].Capture != 3 || got[1].Capture != 2 || got[1].Revisions != 1 || len(got[0].Others) != 0 {
		t.Errorf("choices = %+v", got)
	}
	if o := got[1].Others; len(o) != 1 || o[0].URL != "a" || len(o[0].Figures) != 1 {
		t.Errorf("others = %+v, want a as it was last", o)
	}
	for _, r := range []Record{with("a", 1, "own", "1"), with("b", 2, "own", "1", "2"), with("c", 3, "own", "1", "2", "3"), with("d", 4, "own")} {
		v.Add(r)
	}
	got = v.Choices()
	var others []string
	for _, o := range got[0].Others {
		others = append(others, o.URL)
	}
	if got[0].URL != "c" || !slices.Equal(others, []string{"a", "b", "d"}) {
		t.Errorf("%s is chosen, of others %v", got[0].URL, others)
	}
	v.Add(with("a", 1, "own", "1", "2"))
	v.Add(with("a", 2, "own", "1"))
	v.Add(with("a", 3, "own", "1"))
	v.Add(with("a", 4, "own", "1", "2"))
	if got := v.Choices(); len(got) != 1 || got[0].Revisions != 3 || got[0].Capture != 4 {
		t.Errorf("choices = %+v", got)
	}
}

// TestLastBrief: it is the record but for the report.
func TestLastBrief(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := Capture{URL: "http://a.gov.cn/x.html", Time: time.Now(), Kind: KindReport, State: StateOK}
	rec := Record{Report: &extract.Report{Title: `odd ,"report":{ title`, Year: 2021}, Version: 3, Parts: []Part{{Name: `,"report":{`, Kind: extract.PartPage, URL: "http://a.gov.cn/y", Missing: "gone"}}}
	if err := s.AddCapture(&c, []byte("x"), &rec); err != nil {
		t.Fatal(err)
	}
	want, _, err := s.LastRecord(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	want.Report = nil
	got, ok, err := s.LastBrief(c.URL)
	if err != nil || !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v, %v\nwant %+v", got, ok, err, want)
	}
	if _, ok, err := s.LastBrief("http://a.gov.cn/none"); ok || err != nil {
		t.Errorf("of a page that nobody knows: %v, %v", ok, err)
	}
}
