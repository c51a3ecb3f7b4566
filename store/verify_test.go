package store

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// flipsEnv is how many bits TestFlippedBits flips: a thousand takes minutes.
const flipsEnv = "GONGKAI_FLIPS"

// faultsOf verifies an archive in slices.
func faultsOf(t testing.TB, s *Store, slices int) (faults []string) {
	t.Helper()
	for i := range slices {
		_, err := s.Verify(i+1, slices, func(f Fault) error {
			faults = append(faults, f.String())
			return nil
		})
		if err != nil {
			faults = append(faults, "error: "+err.Error())
		}
	}
	return faults
}

// sample is an archive with something of everything, packed in every way.
func sample(t testing.TB, pages int) *Store {
	t.Helper()
	s := newStore(t)
	s.file.DB().NoSync = true
	press := newPress(t, 40_000)
	for i := range pages {
		c, body, rec := press.page(i%3, i/3)
		add(t, s, c, string(body), nil)
		if rec.Capture = c.ID; i%5 == 4 {
			rec = &Record{Capture: c.ID, Rejected: "no report"}
		}
		if err := s.PutRecord(rec); err != nil {
			t.Fatal(err)
		}
		if i%4 == 3 { // read again, otherwise
			if rec.Report != nil {
				rec.Report.Year++
			}
			if err := s.PutRecord(rec); err != nil {
				t.Fatal(err)
			}
			again := newCapture(c.URL, 1e6+i)
			again.Portal = c.Portal
			add(t, s, again, string(body), nil)
			gone := newCapture(c.URL+"?gone", i)
			gone.State = StateGone
			if err := s.AddCapture(gone, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.file.DB().Sync(); err != nil {
		t.Fatal(err)
	}
	return s
}

// contents digests all that an archive gives back, up to a capture.
func contents(s *Store, upTo uint64) (string, error) {
	h := sha256.New()
	for c, err := range s.Captures(0) {
		if err != nil {
			return "", err
		}
		if c.ID > upTo {
			break
		}
		fmt.Fprintf(h, "%+v\n", c)
		if c.SHA256 != "" {
			body, err := s.Body(c.SHA256)
			if err != nil {
				return "", err
			}
			h.Write(body)
		}
		last, _, err := s.LastBefore(c.URL, upTo+1)
		if err != nil {
			return "", err
		}
		at, err := s.At(c.Time)
		if err != nil {
			return "", err
		}
		link, err := s.LinkOf(c.ID)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, last.ID, min(at, upTo), link)
	}
	for url, err := range s.URLs("") {
		if err != nil {
			return "", err
		}
		if first, _, err := s.FirstCapture(url); err != nil {
			return "", err
		} else if first.ID <= upTo {
			fmt.Fprintln(h, url, first.ID)
		}
	}
	err := s.view(func(t *txn) error {
		for _, name := range []string{"schema", "created", "gongkai", "origin"} {
			fmt.Fprintf(h, "%s %s\n", name, t.Bucket(metaBucket).Get([]byte(name)))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, records := range []func(func(Record, error) bool){s.Records(), s.Rejected()} {
		for r, err := range records {
			if err != nil {
				return "", err
			}
			report := r.Report
			r.Report = nil
			fmt.Fprintf(h, "%+v\n%+v\n", r, report)
		}
	}
	for _, state := range states {
		for c, err := range s.CapturesIn(state, 0) {
			if err != nil {
				return "", err
			}
			if c.ID <= upTo {
				fmt.Fprintln(h, state, c.ID)
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

func TestVerify(t *testing.T) {
	s := sample(t, 40)
	for _, slices := range []int{1, 3, 30, 500} {
		if got := faultsOf(t, s, slices); len(got) > 0 {
			t.Errorf("in %d slices: %q", slices, got)
		}
	}
	v, err := s.Verify(1, 1, func(Fault) error { return nil })
	head, _ := s.Head()
	if err != nil || v.Captures != 60 || v.Bodies != 40 || v.Records != 50 || v.Head != head.Hash || v.Links != int(head.Number) {
		t.Errorf("%+v, %v; head %+v", v, err, head)
	}
	total := Verification{}
	for i := range 7 {
		v, err := s.Verify(i+1, 7, func(Fault) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		total.Captures, total.Bodies, total.Records, total.Links, total.Entries = total.Captures+v.Captures, total.Bodies+v.Bodies, total.Records+v.Records, total.Links+v.Links, total.Entries+v.Entries
	}
	if total.Captures != v.Captures || total.Bodies != v.Bodies || total.Records != v.Records || total.Links != v.Links || total.Entries != v.Entries {
		t.Errorf("slices come to %+v, the whole to %+v", total, v)
	}
}

// TestVerifyFinds damages one thing after the other.
func TestVerifyFinds(t *testing.T) {
	c := newCapture(reportURL, 0)
	for _, tt := range []struct {
		name   string
		damage func(t *txn) error
		says   string
	}{
		{"address", func(t *txn) error { return t.Bucket(urlBucket).Delete(urlKey(reportURL, 1)) }, "index: capture 1: not in by_url"},
		{"other state", func(t *txn) error { return t.Bucket(urlBucket).Put(urlKey(reportURL, 1), []byte("gone")) }, "index: capture 1: not in by_url"},
		{"time", func(t *txn) error { return t.Bucket(timeBucket).Delete(timeKey(c.Time, 1)) }, "not in by_time"},
		{"state", func(t *txn) error { return t.Bucket(stateBucket).Delete(urlKey(StateOK, 1)) }, "not in by_state"},
		{"key", func(t *txn) error { return t.Bucket(rejectedBucket).Delete(urlKey(reportURL+"?2", 2)) }, "capture 2: not in rejected"},
		{"digest", func(t *txn) error {
			k, _ := t.Bucket(digestBucket).Cursor().First()
			return t.Bucket(digestBucket).Delete(k)
		}, "by_digest"},
		{"capture", func(t *txn) error { return t.Bucket(captureBucket).Delete(idKey(1)) }, "captures has  for 0000000000000001"},
		{"record", func(t *txn) error { return t.Bucket(recordBucket).Delete(idKey(1)) }, "records has"},
		{"orphan of an address", func(t *txn) error { return t.Bucket(urlBucket).Put(urlKey("http://x/", 1), []byte("ok")) }, "the capture says something else"},
		{"orphan of a capture", func(t *txn) error { return t.Bucket(timeBucket).Put(timeKey(c.Time, 77), nil) }, "there is no such capture"},
		{"orphan of a key", func(t *txn) error { return t.Bucket(rejectedBucket).Put(urlKey(reportURL, 1), nil) }, "the record says something else"},
		{"wrong position", func(t *txn) error { return t.Bucket(captureBucket).Put(idKey(1), item.Position(3).Key()) }, "no item at 3"},
		{"chain", func(t *txn) error {
			return t.Bucket(chainBucket).Put(idKey(1), putLink(Link{1, 1, c.Time, hexSum(nil)}))
		}, "something was changed or removed"},
		{"link", func(t *txn) error { return t.Bucket(chainBucket).Delete(idKey(1)) }, "link 1 is missing"},
		{"log", func(t *txn) error { return t.Bucket(logBucket).Put(idKey(0), []byte("nothing")) }, "log: "},
	} {
		s := newStore(t)
		add(t, s, newCapture(reportURL, 0), "page", &Record{Report: newReport("1")})
		add(t, s, newCapture(reportURL+"?2", 1), "guide", &Record{Rejected: "a guide"})
		if got := faultsOf(t, s, 1); len(got) > 0 {
			t.Fatalf("before: %q", got)
		}
		if err := s.file.Update(func(tx *bolt.Tx) error { return tt.damage(&txn{Tx: tx, store: s}) }); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(faultsOf(t, s, 1), "\n"); !strings.Contains(got, tt.says) {
			t.Errorf("%s: %s, want %q", tt.name, got, tt.says)
		}
		s.Close()
	}
}

// TestRemoved rewrites the history of an archive as somebody would who wants to remove a capture without a trace: all
// indexes agree. Only who knows the head of the chain can tell.
func TestRemoved(t *testing.T) {
	whole, without := newStore(t), newStore(t)
	for i := range 4 {
		add(t, whole, newCapture(fmt.Sprint(reportURL, i), i), fmt.Sprint(i), nil)
		if i != 2 {
			add(t, without, newCapture(fmt.Sprint(reportURL, i), i), fmt.Sprint(i), nil)
		}
	}
	a, err1 := whole.Head()
	b, err2 := without.Head()
	if err1 != nil || err2 != nil || a.Hash == b.Hash || len(a.Hash) != 64 {
		t.Errorf("heads %+v and %+v, %v, %v", a, b, err1, err2)
	}
}

// TestFlippedBits flips single bits of the file: every other one anywhere, the rest where bbolt keeps its own, in the
// heads of pages. Verify finds each, or nothing has changed that the archive gives back, it can be opened for writing and
// written to, and verify finds nothing then, too.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	flips, err := strconv.Atoi(cmp.Or(os.Getenv(flipsEnv), "60"))
	if err != nil {
		t.Fatal(err)
	}
	s := sample(t, 12)
	last, err := s.LastID()
	if err != nil {
		t.Fatal(err)
	}
	want, err := contents(s, last)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	image, err := os.ReadFile(filepath.Join(s.Dir(), fileName))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	found := map[string]int{}
	for n := range flips {
		bit := r.IntN(len(image) * 8)
		if n%2 == 1 {
			bit = r.IntN(len(image)/pageBytes)*pageBytes*8 + r.IntN(96*8)
		}
		found[flipped(t, dir, image, bit, last, want)]++
		if t.Failed() {
			t.Fatalf("flip %d: bit %d of byte %d", n, bit%8, bit/8)
		}
	}
	t.Logf("%d flips in %d bytes: %v", flips, len(image), found)
}

const pageBytes = 4096

// flipped flips a bit of an archive and says what becomes of that.
func flipped(t *testing.T, dir string, image []byte, bit int, last uint64, want string) string {
	image[bit/8] ^= 1 << (bit % 8)
	err := os.WriteFile(filepath.Join(dir, fileName), image, 0o644)
	image[bit/8] ^= 1 << (bit % 8)
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenReadOnly(dir)
	if err != nil {
		return "refused"
	}
	faults := faultsOf(t, s, 1)
	got, err := contents(s, last)
	s.Close()
	if len(faults) > 0 {
		return "found"
	}
	if err != nil || got != want {
		t.Errorf("not found, and the contents are others: %v", err)
	}
	w, err := Open(dir)
	if err != nil {
		t.Errorf("not found, and it cannot be opened for writing: %v", err)
		return ""
	}
	defer w.Close()
	for i := range 3 {
		c := newCapture(fmt.Sprint(reportURL, i), int(1e7)+i)
		if err := w.AddCapture(c, []byte(strings.Repeat(fmt.Sprint("new ", i), 5000)), nil); err != nil {
			t.Errorf("not found, and nothing can be added: %v", err)
		}
	}
	if faults := faultsOf(t, w, 1); len(faults) > 0 {
		t.Errorf("not found before it was written to, and then %q", faults)
	}
	if got, err := contents(w, last); err != nil || got != want {
		t.Errorf("not found, and the contents are others after a write: %v", err)
	}
	return "harmless"
}
