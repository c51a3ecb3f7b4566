package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExchangeCommands: archive -> WARC and WACZ -> import into an empty archive -> CSV gives the same figures, to the
// byte.
func TestExchangeCommands(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config := filepath.Join(dir, "config.toml")
	in := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, "crawl", "-config", config, "-log-level", "error")
	mustRun(t, "export", "-config", config, "-out", in("csv"))
	mustRun(t, "export", "-config", config, "-out", in("warc"), "-format", "warc")
	mustRun(t, "export", "-config", config, "-out", in("wacz"), "-format", "wacz")
	for _, source := range []string{"warc", filepath.Join("wacz", "gongkai.wacz")} {
		archive := in("from-" + filepath.Base(source))
		stdout := mustRun(t, "import", "-config", config, "-archive", archive, in(source))
		if !strings.Contains(stdout, " 26 new captures (") || !strings.Contains(stdout, "read: 5 pages for the first time, 0 of them are no reports") {
			t.Errorf("import says %s", stdout)
		}
		out := in("csv-of-" + filepath.Base(source))
		mustRun(t, "export", "-config", config, "-archive", archive, "-out", out)
		for _, table := range []string{"reports.csv", "figures.csv", "panel.csv", "problems.csv"} {
			if a, b := readFile(t, filepath.Join(in("csv"), table)), readFile(t, filepath.Join(out, table)); !bytes.Equal(a, b) {
				t.Errorf("%s: %s differs", source, table)
			}
		}
		var again struct {
			New, Held int
			NotTaken  int `json:"not_taken"`
			Read      struct{ Read, First int }
		}
		stdout = mustRun(t, "import", "-json", "-config", config, "-archive", archive, in(source))
		if err := json.Unmarshal([]byte(stdout), &again); err != nil || again.New != 0 || again.Held != 26 || again.NotTaken != 0 || again.Read.Read != 0 {
			t.Errorf("imported again: %s%v", stdout, err)
		}
	}

	filtered := mustRun(t, "export", "-config", config, "-out", in("one"), "-format", "warc", "-division", "330803")
	if !strings.Contains(filtered, "export: 1 captures") {
		t.Errorf("of one division: %s", filtered)
	}
	first := mustRun(t, "export", "-config", config, "-out", in("first"), "-format", "warc", "-as-of", "3", "-json")
	if !strings.Contains(first, `"captures": 3`) {
		t.Errorf("as of capture 3: %s", first)
	}

	// A damaged file: what is whole is taken, the rest is told, and the exit code says so.
	data := readFile(t, filepath.Join(in("warc"), "gongkai-00000.warc.gz"))
	damaged := in("damaged.warc.gz")
	write(t, damaged, string(data[:len(data)-100]))
	stdout, stderr, code := gongkai(t, "import", "-config", config, "-archive", in("other"), damaged)
	if code != exitPartial || !strings.Contains(stdout, "25 new captures") && !strings.Contains(stdout, "26 new captures") || !strings.Contains(stderr, "damaged.warc.gz, byte ") {
		t.Errorf("a damaged file: exit code %d\n%s%s", code, stdout, stderr)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestImportMistakes: what users get wrong is answered by one sentence.
func TestImportMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "notes.txt"), "not a collection")
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"import"}, exitUsage, "import takes WARC or WACZ files"},
		{[]string{"import", filepath.Join(dir, "none.warc.gz")}, exitFailed, "none.warc.gz"},
		{[]string{"import", filepath.Join(dir, "notes.txt")}, exitFailed, "neither a WARC nor a WACZ file"},
		{[]string{"import", dir}, exitFailed, "no file in it is called .warc"},
		{[]string{"export", "-format", "warc,csv", "-out", dir}, exitUsage, "-format"},
		{[]string{"export", "-format", "warc", "-bom", "-out", dir}, exitUsage, "-bom"},
	} {
		_, stderr, code := gongkai(t, append(test.args, "-archive", filepath.Join(dir, "archive"))...)
		if code != test.code || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("gongkai %s: exit code %d, want %d; said %q, want %q", strings.Join(test.args, " "), code, test.code, stderr, test.want)
		}
	}
}
