package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"gongkai/store/internal/item"
)

// repairsEnv is how many archives TestRepair damages in each way.
const repairsEnv = "GONGKAI_REPAIRS"

// damage overwrites pieces of the file of an archive.
func damage(t testing.TB, dir string, change func(image []byte)) {
	t.Helper()
	path := filepath.Join(dir, fileName)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change(image)
	if err := os.WriteFile(path, image, 0o644); err != nil {
		t.Fatal(err)
	}
}

// repaired repairs an archive and proves that nothing is lost that is not told, and nothing made up: of each capture there is
// the row that was archived, or a note of its loss; the body, or a note; the record, or it is counted.
func repaired(t testing.TB, dir string, was *Store, from ...string) Repaired {
	t.Helper()
	n, err := Repair(dir, Rewrite{From: from})
	if err != nil {
		t.Fatalf("%v after %+v", err, n)
	}
	s, err := Open(dir) // which a writer's look at the file is part of
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if faults := faultsOf(t, s, 1); len(faults) > 0 {
		t.Fatalf("%d faults: %q", len(faults), faults[:min(len(faults), 5)])
	}
	unread := 0
	for c, err := range was.Captures(0) {
		if err != nil {
			t.Fatal(err)
		}
		now, there, err := s.Capture(c.ID)
		if err != nil || there == noted(t, s, c.ID) {
			t.Fatalf("capture %d is there: %v, and it is not so that it is told as lost otherwise; %v", c.ID, there, err)
		}
		if there && fmt.Sprint(now) != fmt.Sprint(c) {
			t.Errorf("capture %d is %+v, and was %+v", c.ID, now, c)
		}
		if _, err := s.Body(c.SHA256); there && c.SHA256 != "" && err != nil {
			why, err2 := s.Lost(c.SHA256)
			if err2 != nil || why == "" {
				t.Errorf("body of capture %d: %v, and lost: %q, %v", c.ID, err, why, err2)
			}
		}
		r, had, err := was.Record(c.ID)
		if err != nil || !had {
			continue
		}
		if again, ok, err := s.Record(c.ID); err != nil {
			t.Error(err)
		} else if !ok || slices.Contains(n.Reread, c.ID) {
			unread++
		} else if n.Pages == 0 && again.Read.Equal(r.Read) && (again.Fields != r.Fields || again.Text != r.Text) {
			t.Errorf("record of capture %d: %+v, was %+v", c.ID, again, r)
		}
	}
	if unread > n.Unread && n.Pages == 0 {
		t.Errorf("%d records are missing, and %d are told: %+v", unread, n.Unread, n)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
	return n
}

// noted reports whether a capture is noted as lost.
func noted(t testing.TB, s *Store, id uint64) (ok bool) {
	t.Helper()
	err := s.view(func(t *txn) error {
		_, ok = t.lost(lostCapture, idKey(id))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// TestRepair damages archives in many ways, at random: with a backup at hand everything comes back, and without one what
// does not is told. The seed of a failure is in its name.
func TestRepair(t *testing.T) {
	s := sample(t, 24)
	backup := t.TempDir()
	if _, err := s.Backup(backup); err != nil {
		t.Fatal(err)
	}
	s.Close()
	was, err := OpenReadOnly(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer was.Close()
	want := holding(t, s.Dir())
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv(repairsEnv), "2"))
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string]func(r *rand.Rand, image []byte){
		"flipped bits": func(r *rand.Rand, image []byte) {
			for range 1 + r.IntN(20) {
				image[r.IntN(len(image))] ^= 1 << r.IntN(8)
			}
		},
		"zeroed pages": func(r *rand.Rand, image []byte) {
			for range 1 + r.IntN(4) {
				at := r.IntN(len(image)/pageBytes) * pageBytes
				clear(image[at : at+pageBytes])
			}
		},
		"noise across pages": func(r *rand.Rand, image []byte) {
			at := r.IntN(len(image) - 9000)
			for i := range 1 + r.IntN(9000) {
				image[at+i] = byte(r.Uint32())
			}
		},
		"lost metadata": func(_ *rand.Rand, image []byte) { clear(image[:2*pageBytes]) },
	}
	for name, do := range damages {
		for seed := range uint64(rounds) {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) {
				dir, helped := imageOf(t, s.Dir()), imageOf(t, s.Dir())
				for _, dir := range []string{dir, helped} {
					damage(t, dir, func(image []byte) { do(rand.New(rand.NewPCG(seed, 7)), image) })
				}
				n := repaired(t, dir, was)
				if again, err := Repair(dir, Rewrite{}); err != nil || again.Kept != "" {
					t.Errorf("again: %+v, %v", again, err)
				}
				m := repaired(t, helped, was, backup)
				if got := holding(t, helped); got != want && m.Lost.Captures+m.Unread+m.Lost.Payloads > 0 {
					t.Errorf("with a backup: %+v", m)
				} else if got != want {
					t.Errorf("with a backup the contents are others: %+v", m)
				}
				if whole := m.Lost.Captures+m.Restored+int(m.Lost.Bytes) == 0; whole {
					b, err := OpenReadOnly(helped)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := b.Backup(backup); err != nil {
						t.Errorf("the backup is not gone on with: %v", err)
					}
					b.Close()
				}
				t.Logf("%d told, %+v; with a backup %d copied, %d restored", len(n.Told), n.Lost, m.Copied, m.Restored)
			})
		}
	}
}

// TestGapOf: a gap can be of any length from the shortest on.
func TestGapOf(t *testing.T) {
	for size := range 16_500 {
		if size > 300 && size < 16_300 { // the lengths of lengths change at 128 and 16384
			continue
		}
		found := make([]byte, size)
		b, ok := gapOf(found, size)
		if ok != (size >= leastGap) {
			t.Fatalf("%d: %v", size, ok)
		}
		if it, err := item.ParseHead(b, 0); ok && (err != nil || it.Length() != size || it.Kind != item.Gap) {
			t.Fatalf("%d: %+v, %v", size, it, err)
		}
	}
}

// TestRepairIndexes: without any index that is right, all comes back from the log.
func TestRepairIndexes(t *testing.T) {
	s := sample(t, 12)
	dir := s.Dir()
	last, _ := s.LastID()
	want, err := contents(s, last)
	if err != nil {
		t.Fatal(err)
	}
	err = s.file.Update(func(tx *bolt.Tx) error {
		for i, name := range [][]byte{captureBucket, recordBucket, digestBucket, urlBucket, timeBucket, stateBucket, keyBucket, rejectedBucket, templateBucket} {
			if i%2 == 0 {
				if err := tx.DeleteBucket(name); err != nil {
					return err
				}
				continue
			}
			b := tx.Bucket(name)
			k, _ := b.Cursor().First()
			if err := errors.Join(b.Delete(slices.Clone(k)), b.Put([]byte("nobody's, but of some length"), []byte("odd"))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	n, err := Repair(dir, Rewrite{})
	if err != nil || n.Lost.Any() || n.Kept == "" || n.Captures != 18 {
		t.Fatalf("%+v, %v", n, err)
	}
	if got := holding(t, dir); got != want {
		t.Error("the contents are others")
	}
}

// hurt damages what a repair makes again, wherever times and packing have put it: the newest record, and the root pages of
// those indexes that have one. No capture and no body is lost by it.
func hurt(t testing.TB, dir string) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var roots []int
	err = s.file.Update(func(tx *bolt.Tx) error {
		_, v := tx.Bucket(recordBucket).Cursor().Last()
		at := binary.BigEndian.Uint64(v) + 60 // behind the head of the item
		log := tx.Bucket(logBucket)
		for n := range uint64(9) { // it may go on in the next chunk
			chunk := slices.Clone(log.Get(idKey((at + n) / chunkSize)))
			chunk[(at+n)%chunkSize] ^= 255
			if err := log.Put(idKey((at+n)/chunkSize), chunk); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.file.View(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{captureBucket, digestBucket, urlBucket, timeBucket, recordBucket} {
			if root := int(tx.Bucket(name).Root()); root > 0 { // a small bucket stands in its parent
				roots = append(roots, root*pageBytes)
			}
		}
		return nil
	})
	if err != nil || len(roots) == 0 {
		t.Fatal(roots, err)
	}
	s.Close()
	damage(t, dir, func(image []byte) {
		for _, at := range roots {
			clear(image[at : at+pageBytes])
		}
	})
}

// TestRepairKilled: whenever it is killed, the archive is the damaged one or the repaired one, and can be repaired.
func TestRepairKilled(t *testing.T) {
	s := sample(t, 8)
	s.Close()
	was, err := OpenReadOnly(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer was.Close()
	damaged := imageOf(t, s.Dir())
	hurt(t, damaged)
	dir := imageOf(t, damaged)
	steps := killedAt(t, "repair", "", dir)
	if len(steps) < 10 || !slices.Contains(steps, "rename") {
		t.Fatalf("steps %q", steps)
	}
	want := holding(t, dir)
	for _, step := range steps {
		dir := imageOf(t, damaged)
		killedAt(t, "repair", step, dir)
		if step == "resync" { // it has happened
			if n, err := Repair(dir, Rewrite{}); err != nil || n.Kept != "" {
				t.Errorf("killed before %s: %+v, %v", step, n, err)
			}
		} else if n := repaired(t, dir, was); n.Lost.Payloads+n.Lost.Captures > 0 || n.Unread == 0 {
			t.Errorf("killed before %s: %+v", step, n)
		}
		if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) > 0 {
			t.Errorf("left behind: %q", names)
		}
		if got := holding(t, dir); got != want {
			t.Errorf("killed before %s: the contents are others", step)
		}
	}
}

// TestRepairRefuses what is no archive, or no damaged one.
func TestRepairRefuses(t *testing.T) {
	s := newStore(t)
	add(t, s, newCapture(reportURL, 1), "page", nil)
	if _, err := Repair(s.Dir(), Rewrite{}); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("beside a writer: %v", err)
	}
	old := newStore(t)
	for s, schema := range map[*Store]string{s: "3", old: "1"} {
		put(t, s, metaBucket, []byte("schema"), []byte(schema))
		if err := s.update(func(t *txn) error { return sumMeta(t.Bucket(metaBucket)) }); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	text := t.TempDir()
	if err := os.WriteFile(filepath.Join(text, fileName), []byte(strings.Repeat("a letter\n", 5000)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{s.Dir(), old.Dir(), text, t.TempDir(), filepath.Join(text, "none")} {
		before, _ := os.ReadFile(filepath.Join(dir, fileName))
		n, err := Repair(dir, Rewrite{})
		if !errors.Is(err, ErrNotArchive) {
			t.Errorf("%s: %+v, %v", dir, n, err)
		}
		if after, _ := os.ReadFile(filepath.Join(dir, fileName)); string(after) != string(before) {
			t.Errorf("%s was changed", dir)
		}
	}
	if _, err := os.Stat(filepath.Join(text, "none")); err == nil {
		t.Error("a folder was made")
	}
}

// TestRepairLosesCaptures: a capture whose row is lost is not there, and told; the numbers of the lost are never given again,
// what was read from it stays, and all goes on: slices of a verification, a backup, the next capture.
func TestRepairLosesCaptures(t *testing.T) {
	s := newStore(t)
	for i := range 8 {
		c := newCapture(fmt.Sprint(reportURL, i), i)
		add(t, s, c, fmt.Sprint("page ", i), &Record{Report: newReport(fmt.Sprint(i))})
	}
	lost := []uint64{3, 4, 8}
	err := s.file.Update(func(tx *bolt.Tx) error {
		log := tx.Bucket(logBucket)
		for _, id := range lost {
			at := number(tx.Bucket(captureBucket).Get(idKey(id))) + 30 // behind the head of the item
			chunk := slices.Clone(log.Get(idKey(at / chunkSize)))
			chunk[at%chunkSize] ^= 255
			if err := log.Put(idKey(at/chunkSize), chunk); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	n, err := Repair(s.Dir(), Rewrite{})
	if err != nil || n.Captures != 5 || n.Lost.Captures != 3 || n.Lost.Payloads != 0 || n.Unread != 0 {
		t.Fatalf("%+v, %v", n, err)
	}
	var told []uint64
	for _, l := range n.Told {
		if l.What == "capture" {
			told = append(told, l.Capture)
			if l.URL != fmt.Sprint(reportURL, l.Capture-1) {
				t.Errorf("capture %d: its record tells its address, and it is told as %q", l.Capture, l.URL)
			}
		}
	}
	if !slices.Equal(told, lost) {
		t.Errorf("told are %v", told)
	}
	if s, err = Open(s.Dir()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	backup := t.TempDir()
	if _, err := s.Backup(backup); err != nil {
		t.Fatal(err)
	}
	copied, err := Open(backup)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	for _, s := range []*Store{s, copied} {
		for of := range 3 {
			if faults := faultsOf(t, s, of+1); len(faults) > 0 {
				t.Errorf("in %d parts: %q", of+1, faults)
			}
		}
		for _, id := range lost {
			if _, there, err := s.Capture(id); err != nil || there || !noted(t, s, id) {
				t.Errorf("capture %d is there: %v, noted: %v; %v", id, there, noted(t, s, id), err)
			}
			if _, read, err := s.Record(id); err != nil || !read {
				t.Errorf("the record of capture %d is there: %v, %v", id, read, err)
			}
		}
		c := newCapture(reportURL, 100)
		if add(t, s, c, "next", nil); c.ID != 9 {
			t.Errorf("the next capture has number %d", c.ID)
		}
		if faults := faultsOf(t, s, 1); len(faults) > 0 {
			t.Errorf("then: %q", faults)
		}
	}
}

// TestRepairedGoesOn: a payload that is lost is had again when it is served again; a backup must begin anew.
func TestRepairedGoesOn(t *testing.T) {
	s := newStore(t)
	body := strings.Repeat("某一页的正文。", 4000)
	add(t, s, newCapture(reportURL, 1), body, &Record{Report: newReport("1")})
	add(t, s, newCapture(reportURL+"?", 2), "other", nil)
	backup := t.TempDir()
	if _, err := s.Backup(backup); err != nil {
		t.Fatal(err)
	}
	c, _, _ := s.LastCapture(reportURL)
	var at item.Position
	s.view(func(t *txn) error {
		sum, _ := item.ParseDigest(c.SHA256)
		at, _ = t.held(sum)
		return nil
	})
	err := s.file.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(logBucket)
		chunk := slices.Clone(b.Get(idKey(0)))
		for i := range 9 {
			chunk[at+60+item.Position(i)] ^= 255
		}
		return b.Put(idKey(0), chunk)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	n, err := Repair(s.Dir(), Rewrite{})
	if err != nil || n.Lost.Payloads != 1 || len(n.Told) != 1 || n.Told[0].URL != reportURL {
		t.Fatalf("%+v, %v", n, err)
	}
	if s, err = Open(s.Dir()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Body(c.SHA256); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "a repair of") {
		t.Errorf("the lost body: %v", err)
	}
	if _, err := s.Backup(backup); !errors.Is(err, ErrNotArchive) || !strings.Contains(err.Error(), "repaired since") {
		t.Errorf("over an old backup: %v", err)
	}
	if _, err := s.Backup(t.TempDir()); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
	add(t, s, newCapture(reportURL, 10), body, nil)
	if _, err := s.Body(c.SHA256); err != nil {
		t.Errorf("served again: %v", err)
	}
	if faults := faultsOf(t, s, 1); len(faults) > 0 {
		t.Errorf("then: %q", faults)
	}
	if v, err := s.Verify(1, 1, func(Fault) error { return nil }); err != nil || v.Lost.Payloads != 0 {
		t.Errorf("lost: %+v, %v", v.Lost, err)
	}
}

// TestSift: links that cannot stand where they do are dropped, and no other: numbers and newest captures rise together, and
// each link adds a capture at least.
func TestSift(t *testing.T) {
	s := newStore(t)
	for name, c := range map[string]struct{ links, left []Link }{
		"all can":                  {[]Link{{Number: 1, Last: 3}, {Number: 2, Last: 4}, {Number: 5, Last: 9}}, []Link{{Number: 1, Last: 3}, {Number: 2, Last: 4}, {Number: 5, Last: 9}}},
		"adds nothing":             {[]Link{{Number: 1, Last: 3}, {Number: 2, Last: 3}, {Number: 3, Last: 5}}, []Link{{Number: 1, Last: 3}, {Number: 3, Last: 5}}},
		"goes back":                {[]Link{{Number: 1, Last: 3}, {Number: 2, Last: 2}, {Number: 3, Last: 5}}, []Link{{Number: 1, Last: 3}, {Number: 3, Last: 5}}},
		"too many links between":   {[]Link{{Number: 1, Last: 3}, {Number: 6, Last: 5}, {Number: 7, Last: 9}}, []Link{{Number: 1, Last: 3}, {Number: 7, Last: 9}}},
		"more links than captures": {[]Link{{Number: 4, Last: 3}, {Number: 5, Last: 9}}, []Link{{Number: 5, Last: 9}}},
	} {
		err := s.update(func(t *txn) error {
			if err := t.DeleteBucket(chainBucket); err != nil {
				return err
			}
			b, err := t.CreateBucket(chainBucket)
			for _, l := range c.links {
				l.Time, l.Hash = start, strings.Repeat("ab", 32)
				err = errors.Join(err, b.Put(idKey(l.Number), putLink(l)))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := (&repair{to: s}).sift(); err != nil {
			t.Fatal(err)
		}
		var left []Link
		err = s.view(func(t *txn) error {
			return t.Bucket(chainBucket).ForEach(func(k, v []byte) error {
				l, err := parseLink(k, v)
				left = append(left, Link{Number: l.Number, Last: l.Last})
				return err
			})
		})
		if err != nil || !slices.Equal(left, c.left) {
			t.Errorf("%s: left are %v, %v, want %v", name, left, err, c.left)
		}
	}
}
