package store

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
)

// linesOf returns what a sequence of records yields, a line each.
func linesOf(t *testing.T, records iter.Seq2[Record, error]) (lines []string) {
	t.Helper()
	for r, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(text))
	}
	return lines
}

// aReading is what a reader may make of a page: a report of one of some agencies and years, or none.
func aReading(rng *rand.Rand, n int) Record {
	if rng.IntN(6) == 0 {
		return Record{Rejected: fmt.Sprint("no report ", n), Version: n}
	}
	return Record{Version: n, Report: &extract.Report{Title: fmt.Sprint("reading ", n), Year: 2019 + rng.IntN(3),
		Agency: extract.Agency{Key: extract.AgencyKey(fmt.Sprint("33080", rng.IntN(3), "-x"))}, Scope: extract.ScopeOwn}}
}

// TestSnapshot: whatever is archived and read again, every moment that was shows what was there, for ever.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	type state struct {
		moment            Moment
		reports, rejected []string
	}
	var states []state
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 120 {
		last, err := s.LastID()
		if err != nil {
			t.Fatal(err)
		}
		rec := aReading(rng, n)
		switch again := n > 5 && rng.IntN(2) == 0; {
		case again:
			rec.Capture = 1 + rng.Uint64N(last)
			err = s.PutRecord(&rec)
		default:
			c := Capture{URL: fmt.Sprint("http://a.gov.cn/", rng.IntN(8)), Time: time.Unix(int64(1e9+n), 0), Kind: KindReport, State: StateOK}
			with := &rec
			if rng.IntN(4) == 0 {
				with = nil // it is read later, or never
			}
			err = s.AddCapture(&c, fmt.Appendf(nil, "page %d", n), with)
		}
		if err != nil {
			t.Fatal(err)
		}
		now, err := s.Snapshot(Moment{})
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, state{now.Moment(), linesOf(t, s.Records()), linesOf(t, s.Rejected())})
	}
	for i, want := range states {
		p, err := s.Snapshot(want.moment)
		if err != nil {
			t.Fatal(err)
		}
		reports, rejected := linesOf(t, p.Records()), linesOf(t, p.Rejected())
		if !slices.Equal(reports, want.reports) || !slices.Equal(rejected, want.rejected) {
			t.Fatalf("state %d, %+v:\n%s\nwas\n%s", i, want.moment, strings.Join(reports, "\n"), strings.Join(want.reports, "\n"))
		}
		var byID []string
		for id := uint64(1); id <= want.moment.Capture+1; id++ {
			r, ok, err := p.Record(id)
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := json.Marshal(r); ok {
				byID = append(byID, string(text))
			}
		}
		all := slices.Concat(want.reports, want.rejected)
		slices.Sort(all)
		if slices.Sort(byID); !slices.Equal(byID, all) {
			t.Fatalf("state %d, %+v: one by one the records are others", i, want.moment)
		}
	}
}

// TestSnapshotOfCapture: a moment that is named by its capture ends where the next one begins; what was not read until then counts
// as it was first read.
func TestSnapshotOfCapture(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	page := func(n int, rec *Record) uint64 {
		c := Capture{URL: fmt.Sprint("http://a.gov.cn/", n), Time: time.Unix(int64(1e9+n), 0), Kind: KindReport, State: StateOK}
		if err := s.AddCapture(&c, fmt.Appendf(nil, "page %d", n), rec); err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	reading := func(id uint64, title string) *Record {
		return &Record{Capture: id, Report: &extract.Report{Title: title, Year: 2020, Agency: extract.Agency{Key: "330803-x"}}}
	}
	put := func(id uint64, title string) {
		if err := s.PutRecord(reading(id, title)); err != nil {
			t.Fatal(err)
		}
	}
	titles := func(m Moment) (list []string) {
		t.Helper()
		p, err := s.Snapshot(m)
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range p.Records() {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, r.Report.Title)
		}
		return list
	}
	page(1, reading(0, "one"))
	two := page(2, nil)
	put(1, "one again")
	was, err := s.Snapshot(Moment{})
	if err != nil {
		t.Fatal(err)
	}
	page(3, nil)
	put(two, "two, late")
	put(two, "two, later")
	put(1, "one at last")
	page(4, reading(0, "four"))
	for _, test := range []struct {
		m    Moment
		want string
	}{
		{Moment{Capture: 1}, "one"},
		{Moment{Capture: 2}, "one again, two, late"},
		{was.Moment(), "one again"},
		{Moment{Capture: 3}, "one at last, two, later"},
		{Moment{Capture: 4}, "one at last, two, later, four"},
		{Moment{}, "one at last, two, later, four"},
	} {
		if got := strings.Join(titles(test.m), ", "); got != test.want {
			t.Errorf("as of %+v: %s, want %s", test.m, got, test.want)
		}
	}
	for _, m := range []Moment{{Capture: 9}, {Log: 7}, {Capture: 1, Log: 1 << 40}, {Capture: 1, Log: was.Moment().Log}, {Capture: 2, Log: 3},
		{Capture: 2, Log: was.Moment().Log - 1}} {
		if _, err := s.Snapshot(m); err == nil {
			t.Errorf("%+v is a moment", m)
		}
	}
}

// TestMomentOf: what was read again after a time does not count at that time, though no page was archived since.
func TestMomentOf(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	read := func(at time.Time, title string) *Record {
		return &Record{Capture: 1, Read: at, Report: &extract.Report{Title: title, Year: 2020, Agency: extract.Agency{Key: "330803-x"}}}
	}
	c := Capture{URL: "http://a.gov.cn/", Time: day, Kind: KindReport, State: StateOK}
	if err := s.AddCapture(&c, []byte("page"), read(day, "first")); err != nil {
		t.Fatal(err)
	}
	if err := s.PutRecord(read(day.AddDate(0, 0, 3), "second")); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[int]string{1: "first", 3: "second", 4: "second"} {
		m, err := s.MomentOf(day.AddDate(0, 0, after))
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Snapshot(m)
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range p.Records() {
			if err != nil || r.Report.Title != want {
				t.Errorf("after %d days the %s reading counts, want the %s one (%v)", after, r.Report.Title, want, err)
			}
		}
	}
	if m, err := s.MomentOf(day.Add(-time.Second)); err != nil || m != (Moment{}) {
		t.Errorf("before everything: %+v, %v", m, err)
	}
}

// TestSnapshotMeanwhile: a listing of a moment is not disturbed by what is read again while it runs, wherever that moves records.
func TestSnapshotMeanwhile(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	const pages = 3 * batchRows
	for n := range pages {
		c := Capture{URL: fmt.Sprint("http://a.gov.cn/", n), Time: time.Unix(int64(1e9+n), 0), Kind: KindReport, State: StateOK}
		if err := s.AddCapture(&c, fmt.Appendf(nil, "page %d", n), nil); err != nil {
			t.Fatal(err)
		}
	}
	readAll := func() {
		var records []*Record
		for id := uint64(1); id <= pages; id++ {
			r := aReading(rng, int(id))
			r.Capture = id
			records = append(records, &r)
		}
		if err := s.PutRecords(records); err != nil {
			t.Fatal(err)
		}
	}
	readAll()
	want := linesOf(t, s.Records())
	p, err := s.Snapshot(Moment{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	got := linesOf(t, func(yield func(Record, error) bool) {
		for r, err := range p.Records() {
			if !yield(r, err) {
				return
			}
			if n++; n%200 == 1 {
				readAll()
			}
		}
	})
	if !slices.Equal(got, want) {
		t.Errorf("%d records, %d were there", len(got), len(want))
	}
}

// BenchmarkSnapshot opens the moment before all that there is was read again, and reads all that there was.
func BenchmarkSnapshot(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const pages = 2000
	rng := rand.New(rand.NewPCG(9, 9))
	for n := range pages {
		c := Capture{URL: fmt.Sprint("http://a.gov.cn/", n), Time: time.Unix(int64(1e9+n), 0), Kind: KindReport, State: StateOK}
		rec := aReading(rng, n)
		if err := s.AddCapture(&c, fmt.Appendf(nil, "page %d", n), &rec); err != nil {
			b.Fatal(err)
		}
	}
	now, err := s.Snapshot(Moment{})
	if err != nil {
		b.Fatal(err)
	}
	var again []*Record
	for id := uint64(1); id <= pages; id++ {
		r := aReading(rng, int(id))
		r.Capture = id
		again = append(again, &r)
	}
	if err := s.PutRecords(again); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p, err := s.Snapshot(now.Moment())
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range p.Records() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pages, "ns/record")
}
