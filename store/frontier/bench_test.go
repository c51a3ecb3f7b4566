package frontier

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// BenchmarkMillion finds a million pages on 3,209 sites, asks for a tenth of them, is stopped, and goes on. It tells the memory
// that the process takes, the pages of the file that are mapped included, and how long a restart takes.
func BenchmarkMillion(b *testing.B) {
	const sites, each = 3209, 312
	for b.Loop() {
		dir := b.TempDir()
		f := open1(b, dir)
		walks := make([]*Walk, sites)
		for i := range walks {
			walks[i] = walkOf(b, f, fmt.Sprint("portal-", i))
		}
		began := time.Now()
		for page := range each / 24 { // listing by listing, as they are found
			for i, w := range walks {
				for n := range 24 {
					path := fmt.Sprintf("www.portal-%d.gov.cn/art/2022/1/%d/art_1229%d_%d.html", i, n, page, page*100+n)
					if ok, err := w.Add(Item{Key: path, Class: Report, URL: "http://" + path, Kind: "report", Title: "某某市某某局2021年政府信息公开工作年度报告",
						From: fmt.Sprintf("http://www.portal-%d.gov.cn/col/col%d/index.html", i, page), Date: "2022-01-29"}); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
				if _, _, ok, err := w.Next(noon); !ok || err != nil {
					b.Fatal(ok, err)
				}
				w.Done(Done)
			}
		}
		b.ReportMetric(float64(sites*each)/time.Since(began).Seconds(), "found/s")
		began = time.Now()
		asked := 0
		for range each / 10 {
			for _, w := range walks {
				if _, _, ok, err := w.Next(noon); !ok || err != nil {
					b.Fatal(ok, err)
				}
				w.Done(Done)
				asked++
			}
		}
		b.ReportMetric(float64(asked)/time.Since(began).Seconds(), "asked/s")
		report(b, "VmHWM", "peak-MB")
		report(b, "RssAnon", "anonymous-MB")
		f.Close()
		runtime.GC()
		began = time.Now()
		f = open1(b, dir)
		w := walkOf(b, f, "portal-7")
		if _, _, ok, err := w.Next(noon); !ok || err != nil || !w.Resumed {
			b.Fatal(ok, err)
		}
		b.ReportMetric(time.Since(began).Seconds(), "restart-s")
		report(b, "VmHWM", "peak-MB")
		info, err := os.Stat(f.file.DB().Path())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/1e6, "file-MB")
		f.Close()
	}
}

// report reports a line of /proc/self/status, where there is one.
func report(b *testing.B, name, unit string) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte(name+":")); ok {
			if kb, err := strconv.Atoi(string(bytes.Fields(rest)[0])); err == nil {
				b.ReportMetric(float64(kb)/1e3, unit)
			}
		}
	}
}
