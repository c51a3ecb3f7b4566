package store

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzPayload feeds damaged payloads to what reads them: an error or the very bytes, and never a panic.
func FuzzPayload(f *testing.F) {
	z := newCodec()
	for _, body := range []string{"", "x", strings.Repeat("政府信息公开", 100)} {
		f.Add(z.packBody([]byte(body), sha256.Sum256([]byte(body))))
	}
	f.Add([]byte{codecZstd})
	f.Fuzz(func(t *testing.T, stored []byte) {
		p, err := parsePayload(stored)
		if err != nil {
			return
		}
		body, err := z.unpackBody(stored, p.sum)
		if err == nil && (digest(sha256.Sum256(body)) != p.sum || uint64(len(body)) != p.length) {
			t.Errorf("%d bytes accepted for another payload", len(body))
		}
	})
}

func FuzzRow(f *testing.F) {
	z := newCodec()
	row, err := z.packRow(newCapture(reportURL, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(row)
	f.Fuzz(func(t *testing.T, row []byte) {
		var c Capture
		_ = z.unpackRow(row, &c)
	})
}

// page makes a page of about 100 KB that is as repetitive as a portal's: the same furniture, other figures.
func page(n int) []byte {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "<li class=\"nav-item item-%d\"><a href=\"/col/col%d/index.html\" target=\"_blank\">栏目%d</a></li>\n", i, 1389000+i, i)
	}
	for b.Len() < 100_000 {
		fmt.Fprintf(&b, "<tr><td style=\"border:1px solid\">行政许可</td><td>%d</td><td>%d</td></tr>\n", r.IntN(5000), r.IntN(50))
	}
	return []byte(b.String())
}

func BenchmarkAddCapture(b *testing.B) {
	for _, sync := range []bool{true, false} {
		b.Run(fmt.Sprintf("sync=%v", sync), func(b *testing.B) {
			s := newStore(b)
			s.db.NoSync = !sync
			report := newReport("1")
			for i := range 200 {
				f := report.Figures[0]
				f.Row = fmt.Sprint("r", i)
				report.Figures = append(report.Figures, f)
			}
			b.SetBytes(100_000)
			n := 0
			for b.Loop() {
				b.StopTimer()
				body := page(n)
				b.StartTimer()
				add(b, s, newCapture(fmt.Sprintf("http://a.gov.cn/%d", n), n), string(body), &Record{Report: report})
				n++
			}
			b.StopTimer()
			info, err := os.Stat(filepath.Join(s.Dir(), fileName))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "pages/s")
			b.ReportMetric(float64(info.Size())/float64(n), "B/page")
		})
	}
}

func BenchmarkBody(b *testing.B) {
	s := newStore(b)
	s.db.NoSync = true
	var sums []string
	for i := range 200 {
		c := newCapture(fmt.Sprintf("http://a.gov.cn/%d", i), i)
		add(b, s, c, string(page(i)), nil)
		sums = append(sums, c.SHA256)
	}
	b.SetBytes(100_000)
	for i := 0; b.Loop(); i++ {
		if _, err := s.Body(sums[i%len(sums)]); err != nil {
			b.Fatal(err)
		}
	}
}
