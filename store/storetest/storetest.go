// Package storetest makes archives for the tests of those who use them. Nothing but tests imports it.
package storetest

import (
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/extract/form"
	"gongkai/store"
)

// Open returns an empty archive in a folder of the test, which closes it.
func Open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// AddReport archives a report of an agency and year, of the scope own and the level county.
func AddReport(t testing.TB, s *store.Store, url string, key extract.AgencyKey, name string, year int, quality string, figures ...form.Figure) {
	t.Helper()
	r := &extract.Report{Title: name + "年度报告", Year: year, Scope: extract.ScopeOwn, Quality: quality, Figures: figures,
		Agency: extract.Agency{Key: key, Name: name, Division: key.Division(), Level: "county"}}
	c := store.Capture{URL: url, Time: time.Now(), Kind: store.KindReport, State: store.StateOK, Status: 200, Portal: "p"}
	if err := s.AddCapture(&c, []byte(url), &store.Record{Report: r}); err != nil {
		t.Fatal(err)
	}
}

// Newest returns the record of the newest capture of a URL.
func Newest(t testing.TB, s *store.Store, url string) store.Record {
	t.Helper()
	c, ok, err := s.LastCapture(url)
	if err != nil || !ok {
		t.Fatalf("%s: capture %v, %v", url, ok, err)
	}
	rec, ok, err := s.Record(c.ID)
	if err != nil || !ok {
		t.Fatalf("%s: record %v, %v", url, ok, err)
	}
	return rec
}
