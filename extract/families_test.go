package extract_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"gongkai/extract"
	"gongkai/extract/form"
)

// A pageTruth is what a person reads from a page of testdata/families; its README says how the pages were made.
type pageTruth struct {
	URL   string
	Hints struct {
		Agency, Division string
		LinkTitle        string `json:"link_title"`
	}
	NotReport bool `json:"not_report"`
	Kind      string

	Title, Agency, Division, Scope, Published string
	AgencyAlso                                []string `json:"agency_also"` // other names that are as good
	Year                                      int
	Fields                                    map[string]string // "": the label is there, its value is not
	Forms                                     map[string]string
	Figures                                   [][4]*string      // table, row, column, value; null is a blank cell
	Units                                     map[string]string // "table/row/column" -> unit printed in cell or head
	Sections                                  []int
	TextContains                              []string `json:"text_contains"` // each exactly once
	TextLacks                                 []string `json:"text_lacks"`
	FailedIdentities                          []string `json:"failed_identities"` // "T3-COLSUM r1"
	ProblemMentions                           []string `json:"problem_mentions"`  // a doubt should quote them
	Encoding, Form                            string
	Attachments                               []string
	Traps                                     []string
}

// A cellCount tells how the figures of the corpus were read. A figure is flagged when the record has a Problem on
// its table and row, or when an identity that covers it fails: then a person is sent to look.
type cellCount struct {
	right, flaggedWrong, flaggedMissing, wrong, missing, invented int
	pages, faultless                                              int
}

func (c cellCount) String() string {
	return fmt.Sprintf("families: %d pages, %d without a fault; %d cells right, %d flagged wrong, %d flagged missing, %d WRONG UNFLAGGED, %d MISSING UNFLAGGED, %d INVENTED",
		c.pages, c.faultless, c.right, c.flaggedWrong, c.flaggedMissing, c.wrong, c.missing, c.invented)
}

// TestFamilies reads the corpus of page families and compares everything with the truth written beside each page.
func TestFamilies(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "families", "*", "*.truth.json"))
	if err != nil || len(files) < 70 {
		t.Fatalf("%d pages in testdata/families (%v)", len(files), err)
	}
	var count cellCount
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".truth.json")
		t.Run(name, func(t *testing.T) {
			truth := loadTruth(t, file)
			page := familyPage(t, strings.TrimSuffix(file, ".truth.json")+".http", truth.URL)
			count.pages++
			checkPage(t, page.parse(t), truth, &count)
			if !t.Failed() {
				count.faultless++
			}
		})
	}
	t.Log(count)
}

func loadTruth(t *testing.T, file string) pageTruth {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var truth pageTruth
	if err := json.Unmarshal(data, &truth); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return truth
}

// familyPage loads a page from disk: the corpus is not embedded, no program needs it.
func familyPage(t *testing.T, file, address string) savedPage {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return savedPage{"families", file, body, resp.Header.Get("Content-Type"), base}
}

func checkPage(t *testing.T, d *extract.Document, want pageTruth, count *cellCount) {
	h := extract.Hints{Agency: want.Hints.Agency, Division: want.Hints.Division, LinkTitle: want.Hints.LinkTitle}
	r, err := extract.ReadReport(d, h)
	if want.NotReport {
		if !errors.Is(err, extract.ErrNotReport) {
			t.Errorf("not report: a %s was read as a report (%v); title %q", want.Kind, err, r.Title)
		}
		return
	}
	if err != nil {
		count.missing += len(want.Figures)
		t.Fatalf("report of form %s: %v; %d figures lost", want.Form, err, len(want.Figures))
	}
	if r.Form != want.Form {
		t.Errorf("form: got %q, want %q", r.Form, want.Form)
	}
	checkAttachments(t, r, want)
	if e := d.Encoding(); e.Name != want.Encoding {
		t.Errorf("encoding: got %+v, want %s", e, want.Encoding)
	}
	checkIdentity(t, r, want)
	checkFields(t, r, want)
	checkText(t, r, want)
	checkFigures(t, r, want, count)
	checkDoubts(t, r, want)
}

func checkIdentity(t *testing.T, r *extract.Report, want pageTruth) {
	if squeeze(r.Title) != squeeze(want.Title) {
		t.Errorf("title: got %q, want %q", r.Title, want.Title)
	}
	if r.Agency.Name != want.Agency && !slices.Contains(want.AgencyAlso, r.Agency.Name) {
		t.Errorf("agency: got %q, want %q; evidence %q", r.Agency.Name, want.Agency, r.Agency.Evidence)
	}
	if r.Agency.Division != want.Division {
		t.Errorf("division: got %q, want %q; evidence %q", r.Agency.Division, want.Division, r.Agency.Evidence)
	}
	if r.Year != want.Year {
		t.Errorf("year: got %d, want %d", r.Year, want.Year)
	}
	if r.Scope != want.Scope {
		t.Errorf("scope: got %q, want %q", r.Scope, want.Scope)
	}
	if r.Published != want.Published {
		t.Errorf("published: got %q, want %q", r.Published, want.Published)
	}
}

func checkFields(t *testing.T, r *extract.Report, want pageTruth) {
	for _, name := range slices.Sorted(maps.Keys(want.Fields)) {
		value := want.Fields[name]
		if got := r.Field(name); squeeze(got) != squeeze(value) {
			t.Errorf("field %s: got %q, want %q", name, got, value)
		}
	}
}

func checkText(t *testing.T, r *extract.Report, want pageTruth) {
	var sections []int
	for _, s := range r.Sections {
		if s.Number > 0 {
			sections = append(sections, s.Number)
		}
	}
	if !slices.Equal(sections, want.Sections) {
		t.Errorf("sections: got %v, want %v", sections, want.Sections)
	}
	text := squeeze(r.Text())
	for _, s := range want.TextContains {
		if n := strings.Count(text, squeeze(s)); n != 1 {
			t.Errorf("text: %d times %q, want once", n, s)
		}
	}
	for _, s := range want.TextLacks {
		if at := strings.Index(text, squeeze(s)); at >= 0 {
			t.Errorf("chrome in text: %q", s)
		}
	}
}

// squeeze drops white space: Word puts it where it likes.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' {
			return -1
		}
		return r
	}, s)
}

func checkFigures(t *testing.T, r *extract.Report, want pageTruth, count *cellCount) {
	for _, table := range slices.Sorted(maps.Keys(want.Forms)) {
		form := want.Forms[table]
		if r.Forms[table] != form {
			t.Errorf("form of %s: got %q, want %q", table, r.Forms[table], form)
		}
	}
	got := map[[3]string]form.Figure{}
	for _, f := range r.Figures {
		got[[3]string{f.Table, squeeze(f.Row), squeeze(f.Column)}] = f
	}
	var faults cellFaults
	worst := func(format string, args ...any) {
		faults.unflagged = append(faults.unflagged, fmt.Sprintf(format, args...))
	}
	known := func(format string, args ...any) {
		faults.flagged = append(faults.flagged, fmt.Sprintf(format, args...))
	}
	for _, w := range want.Figures {
		key := [3]string{*w[0], squeeze(*w[1]), squeeze(*w[2])}
		f, ok := got[key]
		delete(got, key)
		flag := f.Check == form.CheckFailed || flagged(r.Problems, key)
		switch {
		case ok && sameCell(f, w[3]):
			count.right++
			if unit, said := want.Units[strings.Join(key[:], "/")]; said && f.Unit != unit {
				t.Errorf("unit of %v: got %q, want %q; cell %q", key, f.Unit, unit, f.Raw)
			}
		case ok && flag:
			count.flaggedWrong++
			known("cell %v: got %s, want %s (flagged; %s)", key, printed(f), orBlank(w[3]), f.Locator)
		case ok:
			count.wrong++
			worst("cell %v: got %s, want %s: WRONG AND UNFLAGGED (%s)", key, printed(f), orBlank(w[3]), f.Locator)
		case flag:
			count.flaggedMissing++
			known("cell %v: missing, want %s (flagged)", key, orBlank(w[3]))
		default:
			count.missing++
			worst("cell %v: missing, want %s: UNFLAGGED", key, orBlank(w[3]))
		}
	}
	for _, f := range r.Figures {
		key := [3]string{f.Table, squeeze(f.Row), squeeze(f.Column)}
		if _, left := got[key]; !left {
			continue
		}
		count.invented++
		worst("cell %v: got %s, but the page has no such figure: INVENTED (%s)", key, printed(f), f.Locator)
	}
	faults.report(t)
}

// cellFaults are what a page's cells have wrong. One cause makes them wrong by the dozen, so only the first few are
// printed, those that nothing flags before the others.
type cellFaults struct{ unflagged, flagged []string }

const mostCells = 8

func (c cellFaults) report(t *testing.T) {
	all := slices.Concat(c.unflagged, c.flagged)
	for _, s := range all[:min(len(all), mostCells)] {
		t.Error(s)
	}
	if len(all) > mostCells {
		t.Errorf("cells: %d more are wrong or missing; in all %d unflagged, %d flagged", len(all)-mostCells, len(c.unflagged), len(c.flagged))
	}
}

func sameCell(f form.Figure, want *string) bool {
	if want == nil {
		return f.Blank != "" && f.Value == ""
	}
	g, ok := new(big.Rat).SetString(f.Value)
	w, _ := new(big.Rat).SetString(*want)
	return ok && g.Cmp(w) == 0
}

func printed(f form.Figure) string {
	if f.Blank != "" {
		return "blank " + f.Blank
	}
	return fmt.Sprintf("%q (printed %q)", f.Value, f.Raw)
}

func orBlank(value *string) string {
	if value == nil {
		return "a blank"
	}
	return *value
}

// flagged reports whether a Problem sends a person to a figure: one on its table as a whole, or on its row or column.
// What a failed identity says about a figure stands in the figure itself.
func flagged(problems []form.Problem, key [3]string) bool {
	return slices.ContainsFunc(problems, func(p form.Problem) bool {
		where := strings.Fields(p.Where)
		if p.Kind == "identity" || len(where) == 0 || where[0] != key[0] && !strings.HasPrefix(key[0], where[0]+".") {
			return false
		}
		if len(where) > 1 {
			return slices.Contains(where[1:], key[1]) || slices.Contains(where[1:], key[2])
		}
		return p.Kind != "missing" || strings.Contains(p.Detail, "whole table") || strings.Contains(p.Detail, "no such table") ||
			strings.Contains(p.Detail+",", " "+key[1]+" "+key[2]+",")
	})
}

func checkDoubts(t *testing.T, r *extract.Report, want pageTruth) {
	var failed []string
	for _, c := range r.Checks {
		if c.Result == form.CheckFailed {
			failed = append(failed, c.ID+" "+c.At)
		}
	}
	slices.Sort(failed)
	slices.Sort(want.FailedIdentities)
	if !slices.Equal(failed, want.FailedIdentities) {
		t.Errorf("failed identities: got %q, want %q", failed, want.FailedIdentities)
	}
	if len(want.ProblemMentions) == 0 {
		for _, p := range r.Problems {
			if p.Kind == "prose" {
				t.Errorf("doubts: prose and tables agree on this page, but: %s", p.Detail)
			}
		}
	}
	for _, s := range want.ProblemMentions {
		if !slices.ContainsFunc(r.Problems, func(p form.Problem) bool { return strings.Contains(p.Detail, s) }) {
			t.Errorf("doubts: the prose says %s where the table says otherwise, and no problem mentions it", s)
		}
	}
}

// checkAttachments compares the documents that the article links to; those in related lists are not of the report.
func checkAttachments(t *testing.T, r *extract.Report, want pageTruth) {
	var got []string
	for _, p := range r.Attachments {
		got = append(got, p.URL)
	}
	slices.Sort(got)
	slices.Sort(want.Attachments)
	if !slices.Equal(got, want.Attachments) {
		t.Errorf("attachments: got %q, want %q", got, want.Attachments)
	}
}
