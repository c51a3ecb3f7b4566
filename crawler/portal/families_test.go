package portal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gongkai/seeds"
)

const listings = "../../testdata/listings"

// A fake is a saved portal that answers POST too: under the address by which the archive would know the answer.
type fake struct {
	start    string
	pages    map[string]string // canonical address to file
	dir      string
	reports  map[string]string // path to title
	requests []string
}

func load(t testing.TB, dir string) *fake {
	t.Helper()
	var m struct {
		Start string
		Pages map[string]string
	}
	f := &fake{dir: dir, pages: make(map[string]string), reports: make(map[string]string)}
	readJSON(t, filepath.Join(dir, "site.json"), &m)
	readJSON(t, filepath.Join(dir, "reports.json"), &f.reports)
	f.start = m.Start
	for address, file := range m.Pages {
		f.pages[sorted(t, address)] = file
	}
	return f
}

func readJSON(t testing.TB, file string, v any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sorted is the form of an address that does not depend on the order of its query.
func sorted(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path + "?" + u.Query().Encode()
}

// ask answers a request as the portal would.
func (f *fake) ask(t testing.TB, r Request) (status int, contentType string, body []byte) {
	t.Helper()
	f.requests = append(f.requests, r.Method+" "+r.Key())
	if strings.Contains(r.URL, "api-gateway") && r.Header.Get("Referer") == "" {
		return http.StatusForbidden, "", nil
	}
	file, ok := f.pages[sorted(t, r.Key())]
	if !ok {
		return http.StatusNotFound, "", nil
	}
	data, err := os.ReadFile(filepath.Join(f.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), body
}

// visit walks a listing as a crawler would, only shorter: what is there is read, what Read asks for is asked for.
func (f *fake) visit(t testing.TB) (found map[string]Row, pages []Listing) {
	t.Helper()
	const host = "http://www.test.gov.cn"
	found = make(map[string]Row)
	seen := make(map[string]bool)
	signatures := make(map[string]bool)
	missing := make(map[string]bool) // by the listing
	queue, spare := []Request{Start(host + f.start)}, []Request(nil)
	for len(queue) > 0 || len(spare) > 0 {
		if len(queue) == 0 {
			queue, spare = spare[:1:1], spare[1:]
			if !missing[queue[0].From] {
				queue = nil
				continue
			}
		}
		r := queue[0]
		queue = queue[1:]
		if seen[r.Key()] {
			continue
		}
		seen[r.Key()] = true
		u, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		status, contentType, body := f.ask(t, r)
		if status != http.StatusOK {
			missing[r.From] = true
			continue
		}
		l, err := Read(body, contentType, u, seeds.Portal{}, r)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, l)
		if r.Number > 0 && (len(l.Items) == 0 || signatures[l.Signature]) && r.Series != nil {
			missing[r.From] = true
		}
		signatures[l.Signature] = true
		for _, row := range l.Rows {
			if strings.HasPrefix(row.URL, host) {
				found[strings.TrimPrefix(row.URL, host)] = row
			}
		}
		for _, n := range l.Next {
			if n.Spare {
				spare = append(spare, n)
			} else {
				queue = append(queue, n)
			}
		}
		for _, c := range l.Columns {
			queue = append(queue, Start(c.URL))
		}
	}
	return found, pages
}

// TestVersion: what Read makes of the saved listings is what it was when Version got its number.
func TestVersion(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(listings, "*", "site.json"))
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	sum := sha256.New()
	for _, file := range dirs {
		_, pages := load(t, filepath.Dir(file)).visit(t)
		text, err := json.Marshal(pages)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(text)
	}
	if got, want := fmt.Sprintf("%d %x", Version, sum.Sum(nil)[:8]), "1 3b878d3fa43dfb0b"; got != want {
		t.Errorf("listings are read otherwise than they were: raise Version, and write %q here for %q", got, want)
	}
}

// TestFamilies: of every family, all reports on all pages and nothing else, for next to no request more than pages.
func TestFamilies(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(listings, "*", "site.json"))
	if err != nil || len(dirs) < 20 {
		t.Fatalf("%d sites, %v", len(dirs), err)
	}
	all := 0
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			f := load(t, dir)
			found, pages := f.visit(t)
			for path, title := range f.reports {
				row, ok := found[path]
				if !ok {
					t.Errorf("not found: %s %s", path, title)
				} else if row.Name() != title || row.Date == "" {
					t.Errorf("%s: got %q of %q, want %q", path, row.Name(), row.Date, title)
				}
			}
			for path := range found {
				if f.reports[path] == "" {
					t.Errorf("no report: %s %s", path, found[path].Name())
				}
			}
			all += len(found)
			most := 3 + 2
			if filepath.Base(dir) == "epoint_from_1" {
				most++ // its script, and a page 0 that is none
			}
			if len(f.requests) > most {
				t.Errorf("%d requests for three pages", len(f.requests))
			}
			var families []string
			rows := 0
			for _, l := range pages {
				families = append(families, l.Family.Name)
				rows = max(rows, l.Announced.Rows)
			}
			t.Logf("%d of %d with %d requests, announced %d, families %v", len(found), len(f.reports), len(f.requests), rows, families)
			if t.Failed() {
				t.Logf("requests:\n%s", strings.Join(f.requests, "\n"))
				t.Logf("next:\n%s", text(pages[0].Next))
			}
		})
	}
	if want := 24 * len(dirs); all != want {
		t.Errorf("found %d of %d", all, want)
	}
}
