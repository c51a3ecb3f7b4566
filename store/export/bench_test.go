package export

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"gongkai/extract"
	"gongkai/extract/form"
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
	for _, t := range form.Schema().Tables {
		for _, row := range t.Rows {
			for _, c := range t.Columns {
				if len(r.Figures) < 200 && row.Leaf && c.Type != "header" {
					n := len(r.Figures)
					r.Figures = append(r.Figures, form.Figure{Table: t.ID, Row: row.ID, Column: c.ID, Value: fmt.Sprint(n * agency % 1000), Raw: fmt.Sprint(n * agency % 1000),
						Unit: "件", Form: "v2021", Check: form.CheckOK, Locator: fmt.Sprintf("table %d row %d cell %d", n/80+1, n/8%10+1, n%8+1)})
				}
			}
		}
	}
	return r
}

// bigArchive holds as many reports as -export.reports says, of ten years: pages of 110 KB from forty portals, as they are
// archived, with what was read from them.
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
	p := newPress(b)
	var turns errgroup.Group
	turns.SetLimit(64) // many share a commit
	for i := range *benchReports {
		turns.Go(func() error {
			c, body, r := p.print(i)
			if err := s.AddCapture(c, body, nil); err != nil {
				return err
			}
			r.Capture = c.ID
			return s.PutRecord(r)
		})
	}
	if err := turns.Wait(); err != nil {
		b.Fatal(err)
	}
	return s
}

// A press prints pages of reports: saved ones, with other sentences and numbers in them, and the furniture of a portal around.
type press struct {
	pages []pressPage
	stock []string // sentences of real reports
}

type pressPage struct {
	body   string
	report []byte // JSON
	prose  []string
}

func newPress(b *testing.B) *press {
	p := &press{}
	texts, _ := filepath.Glob("../../testdata/texts/*")
	for _, name := range texts {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		p.stock = append(p.stock, sentences(string(text))...)
	}
	names, _ := filepath.Glob("../../testdata/families/*/clean.http")
	for _, name := range names {
		if page := readPage(b, name); len(page.prose) > 4 { // not one in another encoding
			p.pages = append(p.pages, page)
		}
	}
	if len(p.pages) < 5 || len(p.stock) < 50 {
		b.Fatalf("%d pages, %d sentences", len(p.pages), len(p.stock))
	}
	return p
}

func sentences(text string) (list []string) {
	for s := range strings.SplitSeq(text, "。") {
		if s = strings.TrimSpace(s); len(s) > 60 && len(s) < 400 && !strings.ContainsAny(s, "\n\t<&") {
			list = append(list, s)
		}
	}
	return list
}

func readPage(b *testing.B, name string) (p pressPage) {
	raw, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	_, p.body, _ = strings.Cut(string(raw), "\r\n\r\n")
	u, _ := url.Parse("http://www.example.gov.cn/art/2023/1/29/art_1.html")
	doc, err := extract.Parse([]byte(p.body), "text/html", u)
	if err != nil {
		b.Fatal(err)
	}
	report, err := extract.ReadReport(doc, extract.Hints{Agency: "衢江区人民政府", Division: "330803"})
	if err != nil {
		b.Fatal(name, err)
	}
	for _, section := range report.Sections {
		for _, s := range sentences(section.Text) {
			if strings.Count(p.body, s) == 1 {
				p.prose = append(p.prose, s)
			}
		}
	}
	p.report, err = json.Marshal(report)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// print prints the i-th report: ten years of an agency follow each other, on one of forty portals.
func (p *press) print(i int) (*store.Capture, []byte, *store.Record) {
	agency, year := i/10, 2014+i%10
	portal := agency % 40
	from := p.pages[portal%len(p.pages)]
	random := rand.New(rand.NewPCG(1, uint64(i)))
	var pairs []string
	for _, s := range from.prose {
		pairs = append(pairs, s, fmt.Sprintf("%s%d", p.stock[random.IntN(len(p.stock))], random.IntN(1000)))
	}
	reword := strings.NewReplacer(pairs...)
	r := new(extract.Report)
	if err := json.Unmarshal(from.report, r); err != nil {
		panic(err) // it was made above
	}
	name := fmt.Sprintf("第%06d局", agency)
	r.Agency.Key, r.Agency.Name = extract.AgencyKey(fmt.Sprintf("%06d-%s", 330000+portal, name)), "某市"+name
	r.Year, r.Title = year, fmt.Sprint(r.Agency.Name, year, "年政府信息公开工作年度报告")
	var cells strings.Builder
	for i := range r.Figures {
		if f := &r.Figures[i]; f.Value != "" && f.Value != "0" {
			f.Value = fmt.Sprint(random.IntN(900))
			f.Raw = f.Value
		}
		fmt.Fprint(&cells, "<td>", r.Figures[i].Raw, "</td>")
	}
	for i := range r.Sections {
		r.Sections[i].Text = reword.Replace(r.Sections[i].Text)
	}
	body := reword.Replace(from.body) + cells.String() + furniture(portal, 110_000-len(from.body))
	at := time.Unix(int64(i)+1.7e9, 0)
	c := &store.Capture{URL: fmt.Sprintf("http://www.p%d.gov.cn/art/%d/1/29/art_%d_%08d.html", portal, year+1, 1389600+portal, i), Time: at,
		Kind: store.KindReport, Portal: fmt.Sprint("portal-", portal), Title: r.Title, State: store.StateOK, Status: 200, Remote: "61.153.1.1:80",
		Header: http.Header{"Content-Type": {"text/html"}, "Date": {at.Format(http.TimeFormat)}}, Robots: store.Robots{Allowed: true, Reason: "no rule"}}
	return c, []byte(body), &store.Record{Version: extract.Version, Report: r}
}

// furniture is what the pages of a portal have in common.
func furniture(portal, size int) string {
	own := rand.New(rand.NewPCG(2, uint64(portal)))
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, ".box-%d .title-%d{margin:%dpx auto;background:url(/images/%d/bg.png)}\n", own.IntN(400), own.IntN(40), own.IntN(1200), portal)
	}
	return b.String()
}

// BenchmarkExport exports an archive: what is measured is reading it and writing. A figure is a cell of a statutory table, a
// value is a cell of figures.*.
func BenchmarkExport(b *testing.B) {
	s := bigArchive(b)
	for _, name := range Formats() {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			peak := watchMemory(b)
			figures, busy := 0, processorTime()
			for b.Loop() {
				figures += mustWrite(b, s, dir, Options{Formats: []string{name}}).Figures
			}
			rates(b, figures)
			if busy = processorTime() - busy; busy > 0 {
				b.ReportMetric(float64(figures)/busy.Seconds(), "figures/cpu-s")
			}
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
	rep := newLayout().newReport(store.Choice{Record: store.Record{URL: officePage, SHA256: strings.Repeat("6", 64), Report: wholeReport(7, 2021)}}, nil)
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
			cells := rep.cellsFrom(0, nil)
			for b.Loop() {
				if err := s.writeBlock(cells); err != nil {
					b.Fatal(err)
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

// processorTime is what this process has had of the processors, where the system tells it: on a machine that others use
// too, it says more than a clock.
func processorTime() time.Duration {
	stat, _ := os.ReadFile("/proc/self/stat")
	_, rest, _ := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(rest); len(fields) > 12 {
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		return time.Duration(user+system) * (time.Second / 100)
	}
	return 0
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
