package store

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time that this process has taken, in all.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCost tells the processor time that it takes to archive a page of 110 KB and its record, when so many sites
// are visited at a time: dictionaries then take turns.
func BenchmarkCost(b *testing.B) {
	for _, sites := range []struct {
		name        string
		sites, each int
	}{{"8 sites", 8, 50}, {"100 sites", 100, 4}} {
		b.Run(sites.name, func(b *testing.B) {
			press := newPress(b, 110_000)
			var busy time.Duration
			for b.Loop() {
				s := newStore(b)
				for n := range sites.each { // printing pages is not what is measured
					pages := make([]func() error, sites.sites)
					for i := range pages {
						c, body, rec := press.page(i, n)
						pages[i] = func() error {
							if err := s.AddCapture(c, body, nil); err != nil {
								return err
							}
							rec.Capture = c.ID
							return s.PutRecord(rec)
						}
					}
					began := cpu(b)
					atOnce(b, 8, pages)
					busy += cpu(b) - began
				}
			}
			b.ReportMetric(float64(busy.Microseconds())/float64(b.N*sites.sites*sites.each), "cpu-µs/page")
		})
	}
}

// BenchmarkStats tells what it takes to count what an archive holds, in which each of so many reports was found unchanged ten
// times.
func BenchmarkStats(b *testing.B) {
	for _, reports := range []int{100, 400} {
		b.Run(fmt.Sprint(reports, " reports"), func(b *testing.B) {
			s, press := newStore(b), newPress(b, 110_000)
			for n := range reports {
				c, body, rec := press.page(n%8, n/8)
				add(b, s, c, string(body), rec)
				for day := range 10 {
					again := &Capture{URL: c.URL, Kind: c.Kind, Portal: c.Portal, Status: 304, State: StateUnchanged, SHA256: c.SHA256,
						Time: c.Time.Add(time.Duration(day+1) * 24 * time.Hour)}
					if err := s.AddCapture(again, nil, nil); err != nil {
						b.Fatal(err)
					}
				}
			}
			for b.Loop() {
				if stats, err := s.Stats(); err != nil || len(stats.Portals) == 0 {
					b.Fatal(stats, err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*reports*11), "µs/capture")
		})
	}
}

// atOnce does all, so many at a time.
func atOnce(t testing.TB, most int, all []func() error) {
	errs := make([]error, len(all))
	turns := make(chan struct{}, most)
	var wg sync.WaitGroup
	for i, do := range all {
		turns <- struct{}{}
		wg.Go(func() {
			errs[i] = do() // each goroutine owns one element
			<-turns
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
