package export

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/store"
)

// How much the benchmarks export: -export.reports=100000, for one. An archive is kept between runs in -export.archive.
var (
	benchReports = flag.Int("export.reports", 300, "reports that the benchmarks export, of 200 figures each")
	benchArchive = flag.String("export.archive", "", "archive of the benchmarks, kept; made when it does not exist")
)

// wholeReport is a report as most are: 200 figures of the form of 2021.
func wholeReport(agency, year int) *extract.Report {
	r := office("69")
	r.Agency.Key = extract.AgencyKey(fmt.Sprintf("330803-第%06d局", agency))
	r.Agency.Name = fmt.Sprintf("衢州市衢江区第%06d局", agency)
	r.Year, r.Title = year, fmt.Sprint(r.Agency.Name, year, "年政府信息公开工作年度报告")
	r.Sections = []extract.Section{{Heading: "一、总体情况", Text: strings.Repeat("平稳有序，依法公开。", 150)}}
	r.Figures, r.Checks, r.Problems = nil, nil, nil
	for _, t := range extract.Schema().Tables {
		for _, row := range t.Rows {
			for _, c := range t.Columns {
				if len(r.Figures) < 200 && row.Leaf && c.Type != "header" {
					n := len(r.Figures)
					r.Figures = append(r.Figures, extract.Figure{Table: t.ID, Row: row.ID, Column: c.ID, Value: fmt.Sprint(n * agency % 1000), Raw: fmt.Sprint(n * agency % 1000),
						Unit: "件", Form: "v2021", Check: extract.CheckOK, Locator: fmt.Sprintf("table %d row %d cell %d", n/80+1, n/8%10+1, n%8+1)})
				}
			}
		}
	}
	return r
}

// bigArchive holds as many reports as -export.reports says, of ten years.
func bigArchive(b *testing.B) *store.Store {
	dir := *benchArchive
	if dir == "" {
		dir = b.TempDir()
	}
	s, err := store.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	last, err := s.LastID()
	if err != nil || last > 0 {
		return s
	}
	const batch = 500
	var records []*store.Record
	for i := range *benchReports {
		c := store.Capture{URL: fmt.Sprintf("http://www.qjq.gov.cn/art/%d/1/29/art_1229495085_%08d.html", 2015+i%10, i), Time: time.Unix(int64(i)+1.7e9, 0),
			Kind: store.KindReport, Portal: "qujiang", State: store.StateOK, Status: 200}
		if err := s.AddCapture(&c, fmt.Append(nil, i), nil); err != nil {
			b.Fatal(err)
		}
		records = append(records, &store.Record{Capture: c.ID, Report: wholeReport(i/10, 2014+i%10)})
		if len(records) == batch || i == *benchReports-1 {
			if err := s.PutRecords(records); err != nil {
				b.Fatal(err)
			}
			records = records[:0]
		}
	}
	return s
}

// BenchmarkExport exports an archive: what is measured is reading it and writing. A figure is a cell of a statutory table, a
// value is a cell of figures.*.
func BenchmarkExport(b *testing.B) {
	s := bigArchive(b)
	for _, name := range Formats() {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			peak := watchMemory(b)
			figures := 0
			for b.Loop() {
				figures += mustWrite(b, s, dir, Options{Formats: []string{name}}).Figures
			}
			rates(b, figures)
			b.ReportMetric(float64(peak())/(1<<20), "peak-MB")
			files, _ := filepath.Glob(filepath.Join(dir, "*"))
			for _, f := range files {
				os.Remove(f)
			}
		})
	}
}

// BenchmarkRows writes the figures of one report again and again: the formats alone, without an archive.
func BenchmarkRows(b *testing.B) {
	rep := newReport(store.Choice{Record: store.Record{URL: officePage, SHA256: strings.Repeat("6", 64), Report: wholeReport(7, 2021)}}, nil)
	for _, name := range []string{"csv", "jsonl", "parquet", "dta"} {
		b.Run(name, func(b *testing.B) {
			d, err := openFolder(b.Context(), b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			f, err := (&dataPackage{out: d}).newFormat(name)
			if err != nil {
				b.Fatal(err)
			}
			s, err := newSheet([]format{f}, figureTable)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var cell figure
			for b.Loop() {
				for n := range rep.Figures {
					cell.place(rep, n)
					if err := s.write(&cell); err != nil {
						b.Fatal(err)
					}
				}
			}
			rates(b, s.rows)
			s.abandon()
			_ = d.finish(os.ErrClosed) // nothing is to be kept
		})
	}
}

func rates(b *testing.B, figures int) {
	b.ReportMetric(float64(figures)/b.Elapsed().Seconds(), "figures/s")
	b.ReportMetric(float64(figures*len(figureTable.columns))/b.Elapsed().Seconds(), "values/s")
}

// watchMemory looks at the heap every 50 ms; what it returns ends that, and returns the most that was seen.
func watchMemory(b *testing.B) (peak func() uint64) {
	debug.FreeOSMemory() // of what ran before
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		var top uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			top = max(top, m.HeapSys-m.HeapReleased)
			select {
			case <-done:
				most <- top
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(done); return <-most }
}
