package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/store/internal/item"
)

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
			s.file.DB().NoSync = !sync
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
	s.file.DB().NoSync = true
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

// TestPackTogether packs a record that comes with its page as well as one that comes after it.
func TestPackTogether(t *testing.T) {
	press := newPress(t, 40_000)
	sizes := map[bool]int{}
	for _, together := range []bool{true, false} {
		s := newStore(t)
		var all []func() error
		for n := range 24 {
			all = append(all, func() error {
				c, body, rec := press.page(0, n/2) // each twice, at about the same time
				if c.URL = fmt.Sprint(c.URL, "?", n%2); together {
					return s.AddCapture(c, body, rec)
				}
				if err := s.AddCapture(c, body, nil); err != nil {
					return err
				}
				rec.Capture = c.ID
				return s.PutRecord(rec)
			})
		}
		atOnce(t, 1, all[:4]) // make the dictionaries
		atOnce(t, 8, all[4:])
		s = reopened(t, s)
		clean(t, s)
		with := 0
		err := s.view(func(tx *txn) error {
			for at := item.Position(0); at < tx.base; {
				it, err := tx.item(at)
				if err != nil {
					return err
				}
				if at += item.Position(it.Length()); it.Kind == item.Record && it.Codec == item.CodecPage {
					with++
				}
			}
			sizes[together] = int(tx.base)
			return nil
		})
		if err != nil || with < 20 || len(held(t, s)) != 24 {
			t.Errorf("together %v: %d records with their pages, %v", together, with, err)
		}
	}
	if sizes[true] > sizes[false]*105/100 {
		t.Errorf("together they take %d bytes, one after the other %d", sizes[true], sizes[false])
	}
}

// TestDictionaries: whatever damage makes of the places that items name, reading ends with an error: a dictionary stands
// before the item that needs it, and no chain of them is longer than a writer makes one.
func TestDictionaries(t *testing.T) {
	s := newStore(t)
	plain := []byte(strings.Repeat("政府信息公开工作年度报告", 50))
	undo := errors.New("undo")
	err := s.update(func(tx *txn) error {
		var first item.Item
		first.Kind, first.ID = item.Body, 1
		s.packer.Pack(&first, plain, nil)
		// made is an item whose dictionary is said to be at a place.
		made := func(dict item.Position) *item.Item {
			it := item.Item{Kind: item.Body, ID: 1}
			s.packer.Pack(&it, plain, &item.Dictionary{At: dict, Plain: plain})
			if it.Codec != item.CodecDict {
				t.Fatalf("packed with codec %d", it.Codec)
			}
			return &it
		}
		read := func(at item.Position) error {
			it, err := tx.item(at)
			if err == nil {
				_, err = tx.unpack(&it)
			}
			return err
		}
		tx.append(make([]byte, 200)) // so that places of all items are numbers of one length
		itself := tx.add(made(tx.end()))
		behind := tx.end() + item.Position(len(made(tx.end()).AppendTo(nil)))
		early := tx.add(made(behind))
		if at := tx.add(&first); at != behind || read(at) != nil {
			t.Fatalf("an item is at %d and not at %d: %v", at, behind, read(at))
		}
		for name, at := range map[string]item.Position{"itself": itself, "a whole one behind it": early} {
			if err := read(at); !errors.Is(err, ErrDamaged) {
				t.Errorf("an item whose dictionary is %s: %v", name, err)
			}
		}

		at := tx.add(&first)
		for n := 1; n <= item.MaxDepth+3; n++ {
			at = tx.add(made(at))
			if err := read(at); (err == nil) != (n <= item.MaxDepth+1) {
				t.Errorf("%d dictionaries one behind the other: %v", n, err)
			} else if err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("%d dictionaries: %v", n, err)
			}
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
}
