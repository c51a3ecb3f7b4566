package frontier

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func open1(t testing.TB, dir string) *Frontier {
	t.Helper()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func always(Status) bool { return true }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func walkOf(t testing.TB, f *Frontier, portal string) *Walk {
	t.Helper()
	w, err := f.Walk(Status{Portal: portal, Site: portal + ".gov.cn", Kind: "crawl", Started: noon}, always)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func add(t testing.TB, w *Walk, class Class, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if ok, err := w.Add(Item{Key: key, Class: class, URL: "http://" + key, From: "http://" + key + "/from"}); err != nil || !ok {
			t.Fatalf("add %s: %v, %v", key, ok, err)
		}
	}
}

// next takes the next item, "" when there is none.
func next(t testing.TB, w *Walk) string {
	t.Helper()
	it, wait, ok, err := w.Next(noon)
	if err != nil {
		t.Fatal(err)
	}
	if !ok && wait > 0 {
		return "wait " + wait.String()
	}
	if ok && it.From != it.URL+"/from" && it.From != "" {
		t.Errorf("%s comes back from %q", it.URL, it.From)
	}
	return strings.TrimPrefix(it.URL, "http://")
}

func TestOrder(t *testing.T) {
	f := open1(t, t.TempDir())
	w := walkOf(t, f, "a")
	add(t, w, Known, "old")
	add(t, w, Report, "r1", "r2")
	add(t, w, Listing, "l1", "l2")
	var got []string
	for key := next(t, w); key != ""; key = next(t, w) {
		got = append(got, key)
		switch key {
		case "l1":
			w.Done(Done)
			add(t, w, Listing, "l3")
			if ok, err := w.Add(Item{Key: "l2"}); ok || err != nil {
				t.Errorf("a known key was added: %v", err)
			}
			if ok, err := w.Add(Item{Key: "l3"}); ok || err != nil {
				t.Errorf("a key was added twice: %v", err)
			}
		case "r1":
			w.Again(Item{URL: "http://r1 again", Class: Retry, After: noon.Add(-time.Second), Tries: 1})
		case "l2":
			w.Done(Gone)
			add(t, w, AtOnce, "moved")
		default:
			w.Done(Done)
		}
	}
	if want := "l1 l2 moved l3 r1 r2 old r1 again"; strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	for key, want := range map[string]string{"l2": Gone, "r1": Done, "moved": Done, "nobody": ""} {
		if got, err := w.State(key); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", key, got, err, want)
		}
	}
}

// TestPrefer: what is preferred comes before other classes, unless it has to wait; what was moved always comes first. Of one
// class, those that have waited longest come first. What is known can be asked for once more.
func TestPrefer(t *testing.T) {
	f := open1(t, t.TempDir())
	w := walkOf(t, f, "a")
	add(t, w, Listing, "l1", "l2")
	add(t, w, Report, "r")
	for key, age := range map[string]time.Duration{"k2": time.Hour, "k1": 2 * time.Hour, "k3": time.Minute} {
		if ok, err := w.Add(Item{Key: key, Class: Known, URL: "http://" + key, After: noon.Add(-age)}); !ok || err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := w.Add(Item{Key: "late", Class: Retry, URL: "http://late", After: noon.Add(time.Hour)}); !ok || err != nil {
		t.Fatal(err)
	}
	w.Prefer = Report
	var got []string
	for key := next(t, w); key != "" && !strings.HasPrefix(key, "wait"); key = next(t, w) {
		got = append(got, key)
		w.Done(Done)
		if key == "r" {
			add(t, w, AtOnce, "moved")
			if ok, err := w.Renew(Item{Key: "l1", URL: "http://l1"}); ok || err != nil {
				t.Errorf("what is queued was queued once more: %v", err)
			}
		}
		if key == "l2" && len(got) < 9 {
			if ok, err := w.Renew(Item{Key: "r", Class: Report, URL: "http://r again"}); !ok || err != nil {
				t.Errorf("what is known was not queued once more: %v", err)
			}
		}
	}
	if want := "r moved k1 k2 k3 l1 l2 r again"; strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestWaiting(t *testing.T) {
	f := open1(t, t.TempDir())
	w := walkOf(t, f, "a")
	add(t, w, Report, "x")
	next(t, w)
	w.Again(Item{URL: "http://x", Class: Retry, After: noon.Add(time.Minute)})
	if got := next(t, w); got != "wait 1m0s" {
		t.Errorf("got %q", got)
	}
	if it, _, ok, err := w.Next(noon.Add(time.Minute)); !ok || err != nil || it.URL != "http://x" {
		t.Errorf("a minute later: %+v, %v, %v", it, ok, err)
	}
}

// TestRestart: what was noted before the last commit is there again, and what was leased then is to be asked for.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	f := open1(t, dir)
	w := walkOf(t, f, "a")
	add(t, w, Report, "x", "y", "z")
	next(t, w)
	w.Done(Done)
	if err := w.Keep(map[string]int{"rows": 3}); err != nil {
		t.Fatal(err)
	}
	w.SetHost("a.gov.cn", Host{Barred: noon.Add(time.Hour), Why: "Retry-After"})
	if got := next(t, w); got != "y" {
		t.Fatalf("got %q", got)
	}
	w.Done(Done)                // not committed
	add(t, w, Report, "unkept") // neither
	f.Close()

	f = open1(t, dir)
	w = walkOf(t, f, "a")
	if !w.Resumed || !w.Started.Equal(noon) {
		t.Errorf("got %+v", w.Status)
	}
	if state, err := w.State("y"); state != New || err != nil {
		t.Errorf("y: %q, %v", state, err)
	}
	var kept map[string]int
	if ok, err := w.Kept(&kept); !ok || err != nil || kept["rows"] != 3 {
		t.Errorf("kept %v, %v, %v", kept, ok, err)
	}
	if h, ok, err := f.Host("a.gov.cn"); !ok || err != nil || !h.Barred.Equal(noon.Add(time.Hour)) || h.Why != "Retry-After" {
		t.Errorf("host %+v, %v, %v", h, ok, err)
	}
	if got := next(t, w); got != "y" {
		t.Errorf("after a restart: %q, want what was leased", got)
	}
	if err := w.Pause("the window has closed"); err != nil {
		t.Fatal(err)
	}
	if found, err := f.Find(func(Status) []string { return []string{"y"} }); err != nil || !found[0].Item.Leased.IsZero() {
		t.Errorf("after a pause y is %+v, %v", found, err)
	}

	w = walkOf(t, f, "a")
	if n, err := w.Left(10); n != 2 || err != nil || !w.Resumed {
		t.Errorf("%d left, %v", n, err)
	}
	for next(t, w) != "" {
		w.Done(Done)
	}
	if err := w.Finish(noon); err != nil {
		t.Fatal(err)
	}
	if w = walkOf(t, f, "a"); w.Resumed {
		t.Error("a walk that had ended goes on")
	}
	if state, err := w.State("x"); state != "" || err != nil {
		t.Errorf("x is %q in a new walk, %v", state, err)
	}
}

func TestNotResumed(t *testing.T) {
	f := open1(t, t.TempDir())
	add1 := walkOf(t, f, "a")
	add(t, add1, Report, "x")
	if err := add1.Pause("stopped"); err != nil {
		t.Fatal(err)
	}
	w, err := f.Walk(Status{Portal: "a", Site: "a.gov.cn", Kind: "full"}, func(before Status) bool { return before.Kind == "full" })
	if err != nil || w.Resumed {
		t.Fatalf("%v, %v", w, err)
	}
	if got := next(t, w); got != "" {
		t.Errorf("got %q of the walk before", got)
	}
}

func TestRuns(t *testing.T) {
	dir := t.TempDir()
	f := open1(t, dir)
	r := Run{Kind: "crawl", Started: noon}
	if killed, err := f.Begin(&r); killed || err != nil || r.ID != 1 {
		t.Errorf("%v, %v, %+v", killed, err, r)
	}
	f.Close()
	f = open1(t, dir)
	second := Run{Kind: "crawl", Started: noon}
	if killed, err := f.Begin(&second); !killed || err != nil || second.ID != 2 {
		t.Errorf("after a kill: %v, %v, %+v", killed, err, second)
	}
	second.Ended, second.Outcome = noon, "done"
	if err := f.End(&second); err != nil {
		t.Fatal(err)
	}
	third := Run{Kind: "full"}
	if killed, err := f.Begin(&third); killed || err != nil {
		t.Errorf("after an end: %v, %v", killed, err)
	}
	runs, err := f.Runs(2)
	if err != nil || len(runs) != 2 || runs[0].Kind != "full" || runs[1].Outcome != "done" {
		t.Errorf("got %+v, %v", runs, err)
	}
}

func TestLook(t *testing.T) {
	dir := t.TempDir()
	f := open1(t, dir)
	a, b := walkOf(t, f, "a"), walkOf(t, f, "b")
	add(t, a, Report, "x", "y", "z")
	add(t, b, Report, "x")
	next(t, a)
	a.Done(Failed)
	next(t, a)
	if err := b.Pause("asks to be left alone"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	f, err := OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []string
	for c, err := range f.Walks() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(c.Portal, " ", c.States, c.Stopped))
	}
	if want := "a map[failed:1 new:2]; b map[new:1]asks to be left alone"; strings.Join(got, "; ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), want)
	}
	found, err := f.Find(func(Status) []string { return []string{"x", "y"} })
	if err != nil || len(found) != 3 || found[0].State != Failed || found[0].Item != nil || found[1].Item.Leased.IsZero() ||
		found[1].Item.URL != "http://y" || found[2].Portal != "b" {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenReadOnly(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no frontier: %v", err)
	}
	f := open1(t, dir)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("opened twice: %v", err)
	}
	f.Close()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(strings.Repeat("no database ", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(dir); !errors.Is(err, ErrUnusable) {
		t.Errorf("another file: %v", err)
	}
}

// TestSetAside damages a frontier in each way that there is: it is kept under another name, and a new one can be used at once.
// Looking at it says that it cannot be used, or shows it.
func TestSetAside(t *testing.T) {
	dir := t.TempDir()
	f := open1(t, dir)
	for i := range 30 {
		w := walkOf(t, f, fmt.Sprint("portal-", i))
		for k := range 40 {
			add(t, w, Report, fmt.Sprint("page-", k))
		}
		next(t, w)
	}
	f.Close()
	path := filepath.Join(dir, FileName)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := func(from, to string) []byte { return []byte(strings.ReplaceAll(string(sound), from, to)) }
	for what, image := range map[string][]byte{
		"cut to 8 KiB": sound[:8<<10], "cut to 64 KiB": sound[:64<<10], "cut to half": sound[:len(sound)/2], "one byte": []byte("x"), "another file": make([]byte, 1<<16),
		"a row that is no JSON": text(`{"url":"`, `#"url":"`),
		"another portal":        text(`"portal":"portal-7"`, `"portal":"portal-8"`),
		"an earlier schema":     text("schema1", "schema0"),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), image, 0o644); err != nil {
			t.Fatal(err)
		}
		if f, err := OpenReadOnly(dir); err == nil {
			f.Close()
		} else if !errors.Is(err, ErrUnusable) {
			t.Errorf("%s, looked at: %v", what, err)
		}
		f, err := Open(dir)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		aside := f.SetAside()
		if aside == nil || !errors.Is(aside.Why, ErrUnusable) {
			t.Errorf("%s: set aside %+v", what, aside)
		} else if kept, err := os.ReadFile(aside.Path); err != nil || string(kept[:min(len(kept), len(image))]) != string(image) && what != "an earlier schema" {
			t.Errorf("%s: it was not kept: %d bytes, %v", what, len(kept), err)
		}
		if got := leftIn(t, f, "portal-1"); got != "" {
			t.Errorf("%s: it has %s", what, got)
		}
		f.Close()
	}
}

// TestSoundStays: a frontier without damage is as it was, and so is one of a later program.
func TestSoundStays(t *testing.T) {
	dir := t.TempDir()
	f := open1(t, dir)
	w := walkOf(t, f, "p")
	add(t, w, Report, "a", "b")
	next(t, w)
	f.Close()
	f = open1(t, dir)
	if got := leftIn(t, f, "p"); got != "a b" || f.SetAside() != nil {
		t.Errorf("left are %q; set aside %+v", got, f.SetAside())
	}
	f.Close()
	path := filepath.Join(dir, FileName)
	image, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(strings.ReplaceAll(string(image), "schema1", "schema9")), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a later schema: %v", err)
	}
	if entries, _ := filepath.Glob(path + ".damaged-*"); len(entries) > 0 {
		t.Error("set aside:", entries)
	}
}

// TestTogether: many walks at once, and a wrong use of one of them is nobody else's fault.
func TestTogether(t *testing.T) {
	f := open1(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 50 {
		w := walkOf(t, f, fmt.Sprint("p", i))
		wg.Go(func() {
			for n := range 5 {
				if _, err := w.Add(Item{Key: fmt.Sprint(n), URL: "u"}); err != nil {
					t.Error(err)
				}
			}
			n := 0
			for {
				_, _, ok, err := w.Next(noon)
				if err != nil {
					t.Error(err)
				}
				if !ok {
					break
				}
				n++
				w.Done(Done)
			}
			if n != 5 {
				t.Errorf("%d items", n)
			}
			w.Done(Done)
			if err := w.Finish(noon); err == nil {
				t.Error("an end without a lease: no error")
			}
		})
	}
	wg.Wait()
}
