package store

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// BenchmarkRewrite merges two archives of many pages each, compacts the result, and repairs it after some pages of the file
// were overwritten. It tells captures a second, and by how much the memory that is held had grown at its highest.
func BenchmarkRewrite(b *testing.B) {
	const pages = 3000
	press := newPress(b, 110_000)
	var dirs []string
	for half := range 2 {
		s := newStore(b)
		s.file.DB().NoSync = true
		for n := range pages {
			c, body, rec := press.page(n%20, 2*n+half)
			add(b, s, c, string(body), nil)
			rec.Capture = c.ID
			if err := s.PutRecord(rec); err != nil {
				b.Fatal(err)
			}
		}
		s.Close()
		dirs = append(dirs, s.Dir())
	}
	out := filepath.Join(b.TempDir(), "merged")
	measure := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				if name == "merge" {
					os.RemoveAll(out)
				} else if name == "repair" {
					damage(b, out, func(image []byte) { copy(image[len(image)/2:], "noise") })
				}
				stop, high := highest()
				b.StartTimer()
				if err := do(); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				close(stop)
				b.ReportMetric(float64(<-high)/(1<<20), "MB-high")
				b.StartTimer()
			}
			b.ReportMetric(2*pages*float64(b.N)/b.Elapsed().Seconds(), "captures/s")
		})
	}
	measure("merge", func() error { _, err := Merge(out, dirs, Rewrite{}); return err })
	measure("compact", func() error { _, err := Compact(out, Rewrite{}); return err })
	measure("repair", func() error { _, err := Repair(out, Rewrite{}); return err })
	info, err := os.Stat(filepath.Join(out, fileName))
	if err != nil {
		b.Fatal(err)
	}
	b.Log(fmt.Sprint(info.Size()/(2*pages), " bytes a page"))
}

// highest watches the heap until stop is closed, and then tells its highest.
func highest() (stop chan struct{}, high chan uint64) {
	stop, high = make(chan struct{}), make(chan uint64, 1)
	go func() {
		var most uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-stop:
				high <- most
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return stop, high
}
