package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
)

// A sight is an answer that one of two crawlers gets.
type sight struct {
	url     string
	second  int
	body    string // "" for none
	status  int
	crawler int
}

// see archives answers as a crawl does: what is new or changed is read.
func see(t testing.TB, s *Store, sights ...sight) {
	t.Helper()
	for _, v := range sights {
		c := newCapture(v.url, v.second)
		c.Status = v.status
		var body []byte
		switch {
		case v.status == 304:
			last, ok, err := s.LastBody(v.url)
			if err != nil || !ok {
				t.Fatal(v, err)
			}
			c.State, c.SHA256 = StateUnchanged, last.SHA256
		case v.status != 200:
			c.State = StateGone
		default:
			body = []byte(v.body)
		}
		if err := s.AddCapture(c, body, nil); err != nil {
			t.Fatal(err)
		}
		if c.State == StateOK {
			r := recordOf(v.body)
			r.Capture = c.ID
			if err := s.PutRecord(r); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// recordOf is what is read from a body, whoever reads it.
func recordOf(body string) *Record {
	if strings.Contains(body, "challenge") {
		return &Record{Version: 1, Rejected: "a challenge"}
	}
	report := newReport(fmt.Sprint(len(body)))
	report.Sections[0].Text = body
	report.Agency.Key = extract.AgencyKey(body[:5])
	return &Record{Version: 1, Report: report}
}

// timeline makes what there is to see on some pages: versions come, go and come back, and now and then nothing does.
func timeline(r *rand.Rand, pages, n int) (list []sight) {
	for i := range n {
		page := r.IntN(pages)
		v := sight{url: fmt.Sprint("http://a.gov.cn/", page), second: 10 * i, status: 200, crawler: r.IntN(2)}
		switch version := r.IntN(10); {
		case version == 0:
			v.status = 404
		case version == 1:
			v.body = fmt.Sprintf("%05d challenge %d", page, r.IntN(2))
		default:
			v.body = fmt.Sprintf("%05d %s", page, strings.Repeat("版", 1+version/4))
		}
		list = append(list, v)
	}
	return list
}

// telling is what an archive tells to those who export it, without the numbers of its commits.
func telling(t testing.TB, s *Store) (lines []string) {
	t.Helper()
	for c, err := range s.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%+v", c))
		if c.SHA256 != "" {
			body, err := s.Body(c.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(body))
		}
		at, err := s.At(c.Time)
		if err != nil || at != c.ID {
			t.Errorf("At(%v) = %d, %v, want %d", c.Time, at, err, c.ID)
		}
	}
	for _, records := range []func(func(Record, error) bool){s.Records(), s.Rejected()} {
		for r, err := range records {
			if err != nil {
				t.Fatal(err)
			}
			report := r.Report
			r.Report, r.Read = nil, time.Time{}
			lines = append(lines, fmt.Sprintf("%+v %+v", r, report))
		}
	}
	return lines
}

func merged(t testing.TB, dirs ...string) (*Store, Merged) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "merged")
	n, err := Merge(out, dirs, Rewrite{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if faults := faultsOf(t, s, 1); len(faults) > 0 {
		t.Errorf("the merged archive has %q", faults)
	}
	if names, _ := filepath.Glob(filepath.Join(out, ".*")); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
	return s, n
}

func differ(t testing.TB, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("line %d of %d and %d:\n%s\nwant\n%s", i, len(got), len(want), strings.Join(got[i:min(i+1, len(got))], ""), strings.Join(want[i:min(i+1, len(want))], ""))
		}
	}
}

// TestMergeAsOne: two crawlers that take turns at random come to the archive that one would have made, whatever comes
// back in between.
func TestMergeAsOne(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		list := timeline(r, 1+int(seed)*3, 150)
		one, halves := newStore(t), [2]*Store{newStore(t), newStore(t)}
		one.file.DB().NoSync = true
		see(t, one, list...)
		for i, s := range halves {
			s.file.DB().NoSync = true
			see(t, s, slices.DeleteFunc(slices.Clone(list), func(v sight) bool { return v.crawler != i })...)
		}
		got, n := merged(t, halves[0].Dir(), halves[1].Dir())
		differ(t, telling(t, got), telling(t, one))
		if n.Captures != len(list) || n.Same != 0 {
			t.Errorf("%+v", n)
		}
		t.Logf("%d restated, %d returned, %d dropped", n.Restated, n.Returned, n.Dropped)
		other, _ := merged(t, halves[1].Dir(), halves[0].Dir())
		differ(t, telling(t, other), telling(t, one))
	}
}

// TestMergeOfBranches: a copy of an archive and the archive itself have gone on; what they have in common is there once.
func TestMergeOfBranches(t *testing.T) {
	list := timeline(rand.New(rand.NewPCG(9, 9)), 7, 120)
	one, a := newStore(t), newStore(t)
	see(t, one, list...)
	see(t, a, list[:60]...)
	dir := t.TempDir()
	if _, err := a.Backup(dir); err != nil {
		t.Fatal(err)
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range []*Store{a, b} {
		see(t, s, slices.DeleteFunc(slices.Clone(list[60:]), func(v sight) bool { return v.crawler != i })...)
	}
	defer b.Close()
	got, n := merged(t, a.Dir(), b.Dir())
	differ(t, telling(t, got), telling(t, one))
	if n.Captures != 120 || n.Same != 60 {
		t.Errorf("%+v", n)
	}
}

// TestMergeOlder: what is older than what an archive holds comes to stand before it. That is what an import into an
// archive of its own, and a merger, are for.
func TestMergeOlder(t *testing.T) {
	now, old := newStore(t), newStore(t)
	see(t, now, sight{url: reportURL, second: 100, status: 200, body: "00000 new"})
	see(t, old, sight{url: reportURL, second: 10, status: 200, body: "00000 old and longer"}, sight{url: reportURL, second: 5, status: 200, body: "00000 new"})
	got, _ := merged(t, now.Dir(), old.Dir())
	var said []string
	for r, err := range got.Records() {
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, fmt.Sprint(r.Time.Sub(start).Seconds(), " ", r.Change))
	}
	if want := []string{"5 first", "10 figures", "100 figures"}; !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
}

// TestMergeTells where everything comes from, over several mergers.
func TestMergeTells(t *testing.T) {
	var dirs []string
	var heads []string
	for i := range 3 {
		s := newStore(t)
		see(t, s, sight{url: reportURL, second: 10 * i, status: 200, body: "00000 same"}, sight{url: fmt.Sprint(reportURL, i), second: 100 + i, status: 200, body: fmt.Sprint("00000 ", i)})
		head, _ := s.Head()
		dirs, heads = append(dirs, s.Dir()), append(heads, head.Hash)
	}
	ab, _ := merged(t, dirs[0], dirs[1])
	abc, n := merged(t, dirs[2], ab.Dir())
	sources, err := abc.Sources()
	if err != nil || !reflect.DeepEqual(sources, n.Sources) || len(sources) != 4 {
		t.Fatalf("%+v, %v, %+v", sources, err, n)
	}
	head, _ := ab.Head()
	for i, want := range []struct {
		in   int
		head string
	}{{0, heads[2]}, {0, head.Hash}, {2, heads[0]}, {2, heads[1]}} {
		if s := sources[i]; s.Archive != i+1 || s.In != want.in || s.Head != want.head || s.Captures == 0 || s.Path == "" {
			t.Errorf("%+v, want %+v", s, want)
		}
	}
	if n.Restated != 1 { // of the archive that was not merged yet; that of the other was restated before
		t.Errorf("%+v", n)
	}
	var got []string
	for c, err := range abc.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		origins, err := abc.Origins(c.ID)
		got = append(got, fmt.Sprint(c.ID, c.State, origins, err))
	}
	want := []string{"1ok[{2 1 } {3 1 }] <nil>", "2unchanged[{2 2 } {4 1 ok}] <nil>", "3unchanged[{1 1 ok}] <nil>", "4ok[{2 3 } {3 2 }] <nil>", "5ok[{2 4 } {4 2 }] <nil>", "6ok[{1 2 }] <nil>"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	copied := t.TempDir()
	if _, err := abc.Backup(copied); err != nil {
		t.Fatal(err)
	}
	abc.Close()
	for _, dir := range []string{copied, abc.Dir()} {
		if _, err := Compact(dir, Rewrite{}); err != nil {
			t.Fatal(err)
		}
		s, err := OpenReadOnly(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Sources()
		origins, err2 := s.Origins(2)
		s.Close()
		if err != nil || err2 != nil || !reflect.DeepEqual(again, sources) || len(origins) != 2 {
			t.Errorf("copied or compacted: %+v, %v, %v, %v", again, origins, err, err2)
		}
	}
}

// TestMergeParts: records name the captures of their parts under their new numbers.
func TestMergeParts(t *testing.T) {
	var dirs []string
	for i := range 2 {
		s := newStore(t)
		for n := range 3 {
			c := newCapture(fmt.Sprint(reportURL, i), 100*n+10*i)
			add(t, s, c, fmt.Sprint("page ", i, n), nil)
			a := newCapture(attachedURL, 100*n+10*i+1)
			a.Kind = KindAttachment
			add(t, s, a, fmt.Sprint("attached ", n), nil)
			r := &Record{Capture: c.ID, Report: newReport(fmt.Sprint(n)), Parts: []Part{{Name: "attachment 1", Kind: extract.PartAttachment, URL: attachedURL, Capture: a.ID}}}
			if err := s.PutRecord(r); err != nil {
				t.Fatal(err)
			}
		}
		dirs = append(dirs, s.Dir())
	}
	got, _ := merged(t, dirs...)
	n := 0
	for r, err := range got.Records() {
		if err != nil {
			t.Fatal(err)
		}
		c, ok, err := got.Capture(r.Parts[0].Capture)
		if err != nil || !ok || c.URL != attachedURL || c.SHA256 != r.Parts[0].SHA256 || c.Time.Sub(r.Time).Seconds() != 1 {
			t.Errorf("%+v leads to %+v, %v", r.Parts, c, err)
		}
		n++
	}
	if n != 6 {
		t.Errorf("%d records", n)
	}
}

// TestMergeNotModified: what a server said of the bytes it was asked about stays, and the version they are comes back.
func TestMergeNotModified(t *testing.T) {
	a, b := newStore(t), newStore(t)
	see(t, a, sight{url: reportURL, second: 0, status: 200, body: "00000 one"}, sight{url: reportURL, second: 20, status: 304}, sight{url: reportURL, second: 40, status: 304})
	see(t, b, sight{url: reportURL, second: 10, status: 200, body: "00000 other"})
	got, n := merged(t, a.Dir(), b.Dir())
	var said []string
	for r, err := range got.Records() {
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, fmt.Sprint(r.Time.Sub(start).Seconds(), " ", r.Change, " ", r.Report.Sections[0].Text))
	}
	if want := []string{"0 first 00000 one", "10 figures 00000 other", "20 figures 00000 one"}; !slices.Equal(said, want) || n.Returned != 1 {
		t.Errorf("%q, want %q; %+v", said, want, n)
	}
}

func TestMergeRefuses(t *testing.T) {
	a, b := newStore(t), newStore(t)
	see(t, a, sight{url: reportURL, status: 200, body: "00000 one"})
	see(t, b, sight{url: reportURL, status: 200, body: "00000 two"})
	for _, tt := range []struct {
		out  string
		dirs []string
		says string
	}{
		{t.TempDir(), []string{a.Dir(), a.Dir()}, "named twice"},
		{a.Dir(), []string{a.Dir(), b.Dir()}, "archive already"},
		{t.TempDir(), []string{a.Dir(), filepath.Join(t.TempDir(), "none")}, "no such folder"},
	} {
		if _, err := Merge(tt.out, tt.dirs, Rewrite{}); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.says, err)
		}
	}
	put(t, b, timeBucket, timeKey(start, 77), nil)
	out := t.TempDir()
	if _, err := Merge(out, []string{a.Dir(), b.Dir()}, Rewrite{}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), b.Dir()) {
		t.Errorf("damaged: %v", err)
	}
	if names, _ := os.ReadDir(out); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

// TestMergeRefusesLost: the record of a capture whose row is lost does not vanish in a merger, nor does the note of it.
func TestMergeRefusesLost(t *testing.T) {
	a, b := newStore(t), newStore(t)
	see(t, a, sight{url: reportURL, status: 200, body: "00000 one"}, sight{url: reportURL, second: 10, status: 200, body: "00000 two"})
	see(t, b, sight{url: attachedURL, status: 200, body: "00000 three"})
	var row []byte
	if err := a.view(func(t *txn) error {
		at, _ := t.place(captureBucket, 2) // what 1 has is a dictionary
		it, err := t.item(at)
		row = it.AppendTo(nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	a.Close()
	damage(t, a.Dir(), func(image []byte) {
		for i := bytes.Index(image, row); i >= 0; i = bytes.Index(image, row) { // free pages have it, too
			image[i+len(row)-1] ^= 1
		}
	})
	if n, err := Repair(a.Dir(), Rewrite{}); err != nil || n.Lost.Captures != 1 {
		t.Fatalf("%+v, %v", n, err)
	}
	out := filepath.Join(t.TempDir(), "out")
	_, err := Merge(out, []string{b.Dir(), a.Dir()}, Rewrite{})
	if err == nil || !strings.Contains(err.Error(), a.Dir()+" has lost rows of captures (1)") {
		t.Errorf("merged: %v", err)
	}
	if _, err := os.Lstat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}
