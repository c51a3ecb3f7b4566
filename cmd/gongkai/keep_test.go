package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/store"
)

// spoil overwrites bytes of the log of an archive, in each of its pages, and nothing else: the file can still be
// opened, and most of what is in the log is lost.
func spoil(t *testing.T, archive string) {
	t.Helper()
	const page = 4096
	file := filepath.Join(archive, "archive.db")
	image := readFile(t, file)
	names := func(at int) bool { return binary.NativeEndian.Uint64(image[at:]) == uint64(at/page) }
	leaves := 0
	for at := 2 * page; at+4*page <= len(image); at += page {
		// bbolt's head of a page: number, flags (2 is a leaf), entries, how many further pages belong to it. No index
		// has entries that fill four pages. A page that is free may still say so, while those behind it are in use.
		if names(at) && binary.NativeEndian.Uint16(image[at+8:]) == 2 && binary.NativeEndian.Uint32(image[at+12:]) == 3 &&
			!names(at+page) && !names(at+2*page) && !names(at+3*page) {
			for hole := at + page/2; hole < at+4*page; hole += page {
				for i := range 100 {
					image[hole+i] ^= 0x5a
				}
			}
			leaves++
		}
	}
	if leaves < 2 {
		t.Fatalf("%s has %d pages of the log", file, leaves)
	}
	if err := os.WriteFile(file, image, 0o644); err != nil {
		t.Fatal(err)
	}
}

// sameTables compares the tables of two exports.
func sameTables(t *testing.T, a, b string, tables ...string) {
	t.Helper()
	for _, table := range tables {
		if x, y := readFile(t, filepath.Join(a, table)), readFile(t, filepath.Join(b, table)); !bytes.Equal(x, y) {
			t.Errorf("%s of %s and %s differ", table, filepath.Base(a), filepath.Base(b))
		}
	}
}

var allTables = []string{"reports.csv", "figures.csv", "panel.csv", "problems.csv", "captures.csv", "coverage.csv"}

// keeping serves the sample portals. in is a path in the folder of their configuration, g a command with that.
func keeping(t *testing.T) (in func(name string) string, g func(args ...string) []string) {
	t.Helper()
	dir, _ := replicas(t)
	in = func(name string) string { return filepath.Join(dir, name) }
	g = func(args ...string) []string {
		return append(args, "-config", in("config.toml"), "-log-level", "error")
	}
	return in, g
}

// TestRepairCommand damages an archive, repairs it with what it has itself, and, another copy, from a backup.
func TestRepairCommand(t *testing.T) {
	t.Parallel()
	in, g := keeping(t)
	mustRun(t, g("crawl")...)
	mustRun(t, g("export", "-out", in("before"))...)
	mustRun(t, g("backup", in("backup"))...)
	whole := readFile(t, filepath.Join(in("archive"), "archive.db"))

	spoil(t, in("archive"))
	stdout, stderr, code := gongkai(t, g("verify")...)
	if code != exitPartial || !strings.Contains(stderr, "verify -repair") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	stdout, stderr, code = gongkai(t, g("verify", "-repair")...)
	if code != exitPartial || !strings.Contains(stdout, "the bytes in the archive are damaged") || !strings.Contains(stdout, "read again: ") || !strings.Contains(stderr, "not all of it") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	told := strings.Count("\n"+stdout, "\ncapture of capture ")
	if stdout := mustRun(t, g("verify")...); !strings.Contains(stdout, ": 0 faults\nlost, as repairs have found: ") {
		t.Errorf("verify after it: %s", stdout)
	}
	if stdout := mustRun(t, g("verify", "-repair")...); !strings.Contains(stdout, "no fault; nothing was changed") {
		t.Errorf("again: %s", stdout)
	}
	mustRun(t, g("export", "-out", in("alone"))...)
	if was, now := readCSV(t, in("before/captures.csv")), readCSV(t, in("alone/captures.csv")); len(was) != len(now)+told || now[len(now)-1]["capture"] != "26" {
		t.Errorf("%d captures, %d told as lost, and %d before", len(now), told, len(was))
	}
	if stdout := mustRun(t, g("extract", "-all")...); !strings.Contains(stdout, " lost in the archive") {
		t.Errorf("reading again: %s", stdout)
	}
	lostPage(t, whole, in("config.toml"))

	if err := os.WriteFile(filepath.Join(in("archive"), "archive.db"), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	spoil(t, in("archive"))
	var said struct {
		Captures, Copied int
		Lost             store.Losses
		Kept             string
		Read             struct{ First int }
	}
	if err := json.Unmarshal([]byte(mustRun(t, g("verify", "-repair", "-from", in("backup"), "-json")...)), &said); err != nil {
		t.Fatal(err)
	}
	if said.Captures != 26 || said.Copied == 0 || said.Lost.Any() || said.Kept == "" {
		t.Errorf("%+v", said)
	}
	mustRun(t, g("export", "-out", in("helped"))...)
	sameTables(t, in("before"), in("helped"), allTables...)
	mustRun(t, g("backup", in("backup"))...)
}

// lostPage damages one place after the other until a page is lost of which the record is not: the problems of an export
// tell it.
func lostPage(t *testing.T, whole []byte, config string) {
	t.Helper()
	for at := 8_000; at < len(whole); at += 4_000 {
		dir := t.TempDir()
		image := bytes.Clone(whole)
		image[at] ^= 255
		if err := os.WriteFile(filepath.Join(dir, "archive.db"), image, 0o644); err != nil {
			t.Fatal(err)
		}
		if n, err := store.Repair(dir, store.Rewrite{}); err != nil {
			t.Fatal(err)
		} else if n.Lost.Payloads == 0 {
			continue
		}
		out := filepath.Join(dir, "csv")
		mustRun(t, "export", "-config", config, "-archive", dir, "-out", out)
		for _, row := range readCSV(t, filepath.Join(out, "problems.csv")) {
			if row["kind"] == "lost" && row["agency_id"] != "" && strings.Contains(row["detail"], "a repair of ") {
				return
			}
		}
	}
	t.Error("problems.csv never tells what is lost")
}

// TestCompactCommand: what is exported before and after is the same, also of a moment; nothing is done beside a writer,
// or where there is no room.
func TestCompactCommand(t *testing.T) {
	t.Parallel()
	in, g := keeping(t)
	mustRun(t, g("crawl")...)
	mustRun(t, g("export", "-out", in("before"), "-as-of", "20")...)
	s, err := store.Open(in("archive"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"compact"}, {"verify", "-repair"}} {
		if _, stderr, code := gongkai(t, g(command...)...); code != exitLocked || !strings.Contains(stderr, fmt.Sprint("process ", os.Getpid())) {
			t.Errorf("%s beside a writer: exit code %d, %s", command, code, stderr)
		}
	}
	s.Close()
	var out, errs bytes.Buffer
	e := &env{stdout: &out, stderr: &errs, configFile: in("config.toml"), free: func(string) (int64, error) { return 1000, nil }}
	for what, do := range map[string]func() error{"compact": func() error { return e.compact(t.Context(), false) }, "repair": func() error { return e.repair(t.Context(), nil) },
		"merge": func() error { return e.merge(t.Context(), in("merged"), []string{in("archive"), in("other")}) }} {
		if err := do(); codeOf(err) != exitFailed || !strings.Contains(fmt.Sprint(err), "1000 B is free") {
			t.Errorf("%s on a full disk: %v", what, err)
		}
	}
	if stdout := mustRun(t, g("compact", "-remove-old")...); !strings.Contains(stdout, " before, ") || strings.Contains(stdout, "the old file") {
		t.Errorf("it says %s", stdout)
	}
	if left, _ := filepath.Glob(in("archive/archive.db*")); len(left) != 1 {
		t.Errorf("left: %q", left)
	}
	mustRun(t, g("export", "-out", in("after"), "-as-of", "20")...)
	sameTables(t, in("before"), in("after"), append(allTables, "datapackage.json")...)
	if stdout := mustRun(t, g("compact")...); !strings.Contains(stdout, "the old file is ") {
		t.Errorf("it says %s", stdout)
	}
}

// TestMergeCommand: what two imported halves come to is, to the byte, what one import of both comes to.
func TestMergeCommand(t *testing.T) {
	t.Parallel()
	in, g := keeping(t)
	mustRun(t, g("crawl")...)
	mustRun(t, g("crawl", "-full")...)
	divisions := []string{"330803", "360500", "320581", "510781", "360100", "000000"}
	var files [2][]string
	for i, division := range divisions {
		out := in("warc-" + division)
		if _, stderr, code := gongkai(t, g("export", "-format", "warc", "-division", division, "-out", out)...); code == exitDone {
			files[i%2] = append(files[i%2], out)
		} else if code != exitUsage {
			t.Fatal(stderr)
		}
	}
	mustRun(t, g(append([]string{"import", "-archive", in("one")}, append(files[0], files[1]...)...)...)...)
	for i, half := range []string{"a", "b"} {
		mustRun(t, g(append([]string{"import", "-archive", in(half)}, files[i]...)...)...)
	}
	write(t, filepath.Join(in("a"), "discoveries.jsonl"), `{"portal":"qujiang","time":"2024-01-01T00:00:00Z","outcome":"not found","requests":3}`+"\n")
	stdout := mustRun(t, g("merge", in("a"), in("b"), "-out", in("merged"))...)
	if !strings.Contains(stdout, "archive 2: ") || !strings.Contains(stdout, in("b")) {
		t.Errorf("it says %s", stdout)
	}
	for _, archive := range []string{"one", "merged"} {
		mustRun(t, g("verify", "-archive", in(archive))...)
		mustRun(t, g("export", "-archive", in(archive), "-out", in("csv-"+archive))...)
	}
	sameTables(t, in("csv-one"), in("csv-merged"), "reports.csv", "figures.csv", "panel.csv", "problems.csv", "captures.csv")
	if n := len(readCSV(t, filepath.Join(in("csv-one"), "reports.csv"))); n < 3 {
		t.Errorf("%d reports only", n)
	}
	if stdout := mustRun(t, g("status", "-archive", in("merged"))...); !strings.Contains(stdout, "archive 1: ") || !strings.Contains(stdout, in("a")) {
		t.Errorf("status says %s", stdout)
	}
	if !bytes.Contains(readFile(t, filepath.Join(in("merged"), "discoveries.jsonl")), []byte("qujiang")) {
		t.Error("discoveries are not there")
	}
	for _, args := range [][]string{{"merge", in("a"), "-out", in("x")}, {"merge", in("a"), in("b")}, {"merge", in("a"), in("b"), "-out", in("merged")}} {
		if _, stderr, code := gongkai(t, g(args...)...); code != exitUsage {
			t.Errorf("%s: exit code %d, %s", args, code, stderr)
		}
	}
}

// TestReadOnly: commands that read change nothing in the folder of the archive, not even beside it, and work where they
// could not. With -read-only, those that would change something are refused.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	g := func(args ...string) []string {
		return append(args, "-config", in("config.toml"), "-log-level", "error", "-read-only")
	}
	mustRun(t, "crawl", "-config", in("config.toml"), "-log-level", "error")
	for _, locks := range []bool{true, false} { // those files are not there in a copy that was burnt on a disc
		if !locks {
			names, _ := filepath.Glob(in("archive/*.lock?"))
			for _, name := range names {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
		}
		err := filepath.WalkDir(in("archive"), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				err = os.Chmod(path, 0o444)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(in("archive"), 0o555); err != nil { // which root may write to: so the files are compared
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(in("archive"), 0o755) })
		before := listing(t, in("archive"))
		for _, args := range [][]string{{"status"}, {"verify"}, {"verify", "-slice", "2/3"}, {"export", "-out", in("csv")}, {"export", "-format", "warc", "-out", in("warc")},
			{"show", "330803/2021"}, {"coverage"}, {"why", "127.0.0.1"}, {"backup", in("backup")}, {"seeds", "list"}} {
			if stdout, stderr, code := gongkai(t, g(args...)...); code != exitDone {
				t.Errorf("%s: exit code %d, %s%s", args, code, stdout, stderr)
			}
		}
		for _, args := range [][]string{{"crawl"}, {"backfill", "-years", "2021"}, {"daemon"}, {"extract"}, {"import", in("warc")}, {"compact"}, {"verify", "-repair"}, {"seeds", "check"}} {
			if _, stderr, code := gongkai(t, g(args...)...); code != exitUsage || !strings.Contains(stderr, "-read-only forbids") {
				t.Errorf("%s: exit code %d, %s", args, code, stderr)
			}
		}
		if after := listing(t, in("archive")); after != before {
			t.Errorf("the folder has changed:\n%s\nwas\n%s", after, before)
		}
		os.Chmod(in("archive"), 0o755)
	}
}

// listing describes the files of a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, info.Name(), info.Size(), info.ModTime())
	}
	return b.String()
}
