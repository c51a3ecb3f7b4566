package reading

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gongkai/extract"
	"gongkai/extract/markup"
	"gongkai/store"
)

func openBudget(t *testing.T, dir string) *Budget {
	t.Helper()
	b, err := OpenBudget(dir, LeastMemory, false)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLeases lets many take more than there is: never more is lent than there is, and everybody has a turn, those who want
// all of it too.
func TestLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := openBudget(t, t.TempDir())
		turns := make(chan int64, 100)
		for i := range int64(100) {
			go func() {
				l := NewLease(b)
				want := b.total / 10 * (1 + i%15)
				for range 3 {
					if err := l.Take(t.Context(), want); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Second)
				}
				if i%2 == 0 && l.Grow(b.total/10) {
					time.Sleep(time.Second)
				}
				l.Release()
				l.Release()
				turns <- i
			}()
		}
		for range 100 {
			<-turns
		}
		if !b.working.TryAcquire(b.total) {
			t.Error("something is still lent")
		}
		b.working.Release(b.total)
		l := NewLease(b)
		if err := l.Take(t.Context(), 1<<40); err != nil || l.n != b.total {
			t.Errorf("%d of %d, %v", l.n, b.total, err)
		}
		for _, n := range []int64{1 << 40, 1 << 20, 2 << 20} {
			if err := l.Settle(t.Context(), n); err != nil || l.n != min(n, b.total) || !b.working.TryAcquire(b.total-l.n) {
				t.Errorf("settled at %d: %d, %v", n, l.n, err)
			}
			b.working.Release(b.total - l.n)
		}
		l.Release()
		if !b.working.TryAcquire(b.total) {
			t.Error("something is still lent after settling")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := NewLease(b).Take(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("waiting for what is not given back: %v", err)
		}
	})
}

// deathsOf returns how often the reading of a body ended the process.
func deathsOf(b *Budget, sum string) int {
	n, _ := b.Died(sum)
	return n
}

// TestDeaths goes through the life of a page whose reading ends the process.
func TestDeaths(t *testing.T) {
	sum, other := strings.Repeat("a", 64), strings.Repeat("b", 64)
	dir := t.TempDir()
	ends := func(s stage, sums ...string) { // the process ends while these are read
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			b := openBudget(t, dir)
			for _, sum := range sums {
				if _, err := b.begin(sum, s); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(2 * noted)
			synctest.Wait()
		})
	}
	read := func(sum string, s stage) error {
		done, err := openBudget(t, dir).begin(sum, s)
		if err == nil {
			done()
		}
		return err
	}
	want := func(what string, n, nOther int) {
		t.Helper()
		b := openBudget(t, dir)
		if deathsOf(b, sum) != n || deathsOf(b, other) != nOther {
			t.Errorf("%s: %d and %d deaths", what, deathsOf(b, sum), deathsOf(b, other))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		b := openBudget(t, dir)
		quick, err := b.begin(other, stageParse)
		if err != nil {
			t.Fatal(err)
		}
		quick()
		if notes, _ := os.ReadDir(filepath.Join(dir, deathsFolder)); len(notes) != 0 {
			t.Errorf("notes of a page that is read in no time: %v", notes)
		}
		slow, _ := b.begin(other, stageParse)
		if _, err := b.begin(sum, stageReport); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * noted)
		synctest.Wait()
		slow()
	})
	want("the page that was not done", 1, 0)
	b := openBudget(t, dir)
	if b.Cost(sum, nil, 10) != b.total || b.Cost(other, nil, 10) != extract.Cost(nil, 10) {
		t.Error("it is not read alone")
	}
	// That it is parsed says nothing of what comes then.
	if err := read(sum, stageParse); err != nil {
		t.Fatal(err)
	}
	ends(stageReport, sum)
	want("twice", 2, 0)
	rejected := &store.Record{SHA256: sum, Rejected: errDeadly.Error()}
	inPart := &store.Record{SHA256: other, Parts: []store.Part{{SHA256: sum, Unread: errDeadly.Error()}}}
	for range 2 {
		if err := read(sum, stageParse); !errors.Is(err, errDeadly) || !errors.Is(err, markup.ErrTooLarge) {
			t.Errorf("after two deaths: %v", err)
		}
		if b := openBudget(t, dir); b.Retries(rejected) || b.Retries(inPart) {
			t.Error("it is tried again at once")
		}
	}
	// A week later it is tried again, and then after two.
	rest := func(days time.Duration) {
		t.Helper()
		b := openBudget(t, dir)
		path := filepath.Join(dir, deathsFolder, sum+string(stageReport))
		var note death
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &note)
		}
		note.Time = note.Time.Add(-days * 24 * time.Hour)
		if err = errors.Join(err, b.write(filepath.Base(path), note)); err != nil {
			t.Fatal(err)
		}
	}
	rest(8)
	b = openBudget(t, dir)
	if deathsOf(b, sum) != 2 || b.Cost(sum, nil, 10) != b.total {
		t.Error("it is tried again, and not alone")
	}
	if !b.Retries(rejected) || !b.Retries(inPart) || b.Retries(&store.Record{SHA256: sum, Rejected: "no report"}) {
		t.Error("what was not read is to be tried again")
	}
	ends(stageReport, sum)
	rest(8)
	if err := read(sum, stageReport); !errors.Is(err, errDeadly) {
		t.Errorf("a week after three deaths: %v", err)
	}
	rest(7)
	if err := read(sum, stageReport); err != nil {
		t.Fatal(err)
	}
	want("read after all", 0, 0)
	// Of several that are read nobody knows which it was.
	for range 3 {
		ends(stageParse, sum, other)
	}
	want("never alone", 1, 1)
	ends(stageListing, sum)
	ends(stageListing, sum)
	want("a listing", 2, 1)
	// Whoever asks for it may try again.
	b, err := OpenBudget(dir, LeastMemory, true)
	if err != nil || deathsOf(b, sum) != 0 {
		t.Fatal(deathsOf(b, sum), err)
	}
	// What another extractor died of is nothing to this one; a note that was not written to its end is one.
	for name, note := range map[string]string{sum: `{"version":-1,"deaths":2}`, other + nowSuffix: `{"vers`} {
		if err := os.WriteFile(filepath.Join(dir, deathsFolder, name), []byte(note), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want("notes of others", 0, 1)
}

// TestDearer: what is packed takes more than its length tells, whatever the server calls it.
func TestDearer(t *testing.T) {
	for head, want := range map[string]bool{
		"<html><body>page": false, "%PDF-1.7 document": true, "PK\x03\x04word file": true, "": false, "\xd0\xcf\x11\xe0 old": false,
	} {
		if got := dearer([]byte(head + strings.Repeat(" ", 2000))); got != want {
			t.Errorf("%.10q: %v", head, got)
		}
	}
	for _, size := range []int64{0, 40_000, 30 << 20} {
		for _, head := range []string{"", "%PDF-1.7", "PK\x03\x04"} {
			if extract.Cost([]byte(head), size) > extract.MostCost(size) {
				t.Errorf("%q of %d bytes takes more than the most", head, size)
			}
		}
	}
}

// TestLoad: memory for a body is taken before it is had, and again where its bytes show that it takes more; want of memory
// is told from what is wrong in the archive.
func TestLoad(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	held := func(address, body string) store.Capture {
		c := store.Capture{URL: address, Kind: store.KindReport, State: store.StateOK, Status: 200, Time: time.Now()}
		if err := s.AddCapture(&c, []byte(body), nil); err != nil {
			t.Fatal(err)
		}
		return c
	}
	plain := held("http://a.gov.cn/1", "<html><body>page</body></html>")
	packed := held("http://a.gov.cn/2", "%PDF-1.7"+strings.Repeat(" ", 5000))
	lost := store.Capture{SHA256: strings.Repeat("0", 64)}
	full := errors.New("no room")
	for _, tt := range []struct {
		name  string
		c     store.Capture
		most  int // times that there is room
		heads []int
		body  bool
		fault error
		err   error
	}{
		{"plain", plain, 9, []int{0}, true, nil, nil},
		{"packed", packed, 9, []int{0, 1024}, true, nil, nil},
		{"no room", plain, 0, []int{0}, false, nil, full},
		{"no room for what is packed", packed, 1, []int{0, 1024}, false, nil, full},
		{"lost", lost, 9, []int{0}, false, store.ErrNotFound, nil},
	} {
		var heads []int
		body, fault, err := load(s, tt.c, func(_ store.Capture, head []byte) error {
			if heads = append(heads, len(head)); len(heads) > tt.most {
				return full
			}
			return nil
		})
		if !slices.Equal(heads, tt.heads) || (body != nil) != tt.body || !errors.Is(fault, tt.fault) || !errors.Is(err, tt.err) {
			t.Errorf("%s: asked for room with %v; %d bytes, %v, %v", tt.name, heads, len(body), fault, err)
		}
	}
}
