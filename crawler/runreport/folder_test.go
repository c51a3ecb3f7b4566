package runreport

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/crawler"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/atomicfile"
	"gongkai/store/frontier"
)

// TestOldState: reports and state.json that archives shared are read on by the archive that they are of, and by no
// other.
func TestOldState(t *testing.T) {
	dir := t.TempDir()
	began := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	runs := map[string][]int{"a": {0, 2}, "b": {1}} // by the hour
	for archive, hours := range runs {
		s := Folder{filepath.Join(dir, "reports"), filepath.Join(dir, archive)}
		if err := os.MkdirAll(s.Archive, 0o777); err != nil {
			t.Fatal(err)
		}
		f, err := frontier.Open(s.Archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hours {
			r := frontier.Run{Kind: "crawl", Started: began.Add(time.Duration(h)*time.Hour + time.Minute)}
			if _, err := f.Begin(&r); err != nil {
				t.Fatal(err)
			}
			if err := f.End(&r); err != nil {
				t.Fatal(err)
			}
		}
		f.Close()
	}
	reports := filepath.Join(dir, "reports")
	if err := os.Mkdir(reports, 0o777); err != nil {
		t.Fatal(err)
	}
	for h := range 3 {
		start := began.Add(time.Duration(h) * time.Hour)
		n := Report{Kind: "crawl", Started: start, Ended: start.Add(10 * time.Minute), To: uint64(100 * (h + 1))}
		if err := (Folder{Dir: reports}).Write(start.Format("2006-01-02T1504Z"), &n, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(reports, oldState), []byte(`{"told":300,"portals":{"x":"2026-11-25T16:00:00Z"},"success":{"crawl":"2026-11-25T16:10:00Z"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	a, b := Folder{reports, filepath.Join(dir, "a")}.State(), Folder{reports, filepath.Join(dir, "b")}.State()
	if want := []string{"2026-11-25T1400Z", "2026-11-25T1600Z"}; a.Told != 300 || a.Portals["x"].IsZero() || !slices.Equal(a.Reports, want) {
		t.Errorf("the archive of the last run: %+v", a)
	}
	if want := []string{"2026-11-25T1500Z"}; b.Told != 200 || len(b.Portals) != 0 || !slices.Equal(b.Reports, want) {
		t.Errorf("the other one: %+v", b)
	}
}

// TestKeep: of an archive's own reports the newest are kept, as many as are to be, and those of others are left alone;
// no two have one name.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	mine, other := Folder{dir, filepath.Join(dir, "a")}, Folder{dir, filepath.Join(dir, "b")}
	n := Report{Kind: "crawl", Started: time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)}
	if _, err := other.Put(&n, "", other.State(), 3); err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 12 {
		n.To = uint64(i)
		name, err := mine.Put(&n, "", mine.State(), 3)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	got, err := mine.Runs()
	if err != nil || !slices.Equal(got, names[9:]) || got[0] == got[1] || got[1] == got[2] {
		t.Errorf("kept %v, %v of %v", got, err, names)
	}
	if newest, err := mine.Get(got[2]); err != nil || newest.To != 11 {
		t.Errorf("the newest is that up to %d: %v", newest.To, err)
	}
	if got, err := other.Runs(); err != nil || len(got) != 1 {
		t.Errorf("of the other archive: %v, %v", got, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "2026*"))
	if err != nil || len(files) != 2*4 {
		t.Errorf("files: %v, %v", files, err)
	}
	if _, err := mine.Put(&n, "", mine.State(), 0); err != nil {
		t.Fatal(err)
	}
	if got, _ := mine.Runs(); len(got) != 4 {
		t.Errorf("0 keeps %v", got)
	}
}

// TestSweepReports: a report goes whose writing was broken off for good, and no other.
func TestSweepReports(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{atomicfile.Prefix + "1": 61 * time.Minute, atomicfile.Prefix + "2": 59 * time.Minute, "mine": 1000 * time.Hour} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	mine := Folder{dir, filepath.Join(dir, "a")}
	if _, err := mine.Put(&Report{Kind: "crawl"}, "", mine.State(), 3); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{atomicfile.Prefix + "1": false, atomicfile.Prefix + "2": true, "mine": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBoundedItem: what somebody else has written goes into a report in part only.
func TestBoundedItem(t *testing.T) {
	long := strings.Repeat("某", 1<<18)
	r := store.Record{URL: "http://www.a.gov.cn/" + long, Report: &extract.Report{Title: long, Agency: extract.Agency{Name: long}}}
	if text, err := json.Marshal(item(r, store.Capture{})); err != nil || len(text) > 4000 || !strings.Contains(string(text), "某…") {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

// TestLearn: what a report has told, when each portal gave something, and when a run of each kind came to its end, or
// why it did not, is there for the next report.
func TestLearn(t *testing.T) {
	s := Folder{t.TempDir(), filepath.Join(t.TempDir(), "archive")}
	began := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	run := func(night int, kind string, done bool, outcome string, portals ...crawler.PortalSummary) time.Time {
		t.Helper()
		st, started := s.State(), began.AddDate(0, 0, night)
		n := Report{Kind: kind, Started: started, Ended: started.Add(time.Hour), To: uint64(100 * night), Outcome: outcome}
		st.Learn(&n, crawler.Summary{Portals: portals}, done)
		if _, err := s.Put(&n, "", st, 0); err != nil {
			t.Fatal(err)
		}
		return n.Ended
	}
	gave := func(id string, fresh, same int) crawler.PortalSummary {
		return crawler.PortalSummary{ID: id, Counts: crawler.Counts{New: fresh, Unchanged: same}}
	}
	first := run(1, "crawl", true, "done", gave("a", 1, 0), gave("b", 0, 1), gave("c", 0, 0))
	if st := s.State(); st.Told != 100 || !maps.Equal(st.Portals, map[string]time.Time{"a": first, "b": first}) || !st.Success["crawl"].Equal(first) || len(st.Failed) != 0 {
		t.Errorf("after a run: %+v", st)
	}
	second := run(2, "crawl", true, "done, in part", gave("a", 0, 0), gave("b", 2, 0))
	third := run(3, "backfill 2008-2024", true, "done")
	run(4, "crawl", false, "no portal has answered "+strings.Repeat("x", 2*mostRepeated))
	st := s.State()
	if st.Told != 400 || !st.Portals["a"].Equal(first) || !st.Portals["b"].Equal(second) || len(st.Reports) != 4 {
		t.Errorf("after four runs: %+v", st)
	}
	if !st.Success["crawl"].Equal(second) || !st.Success["backfill"].Equal(third) || !strings.HasPrefix(st.Failed["crawl"], "no portal has answered") || len(st.Failed["crawl"]) > 2*mostRepeated {
		t.Errorf("success %v, failed %v", st.Success, st.Failed)
	}
	fifth := run(5, "crawl", true, "done")
	if st := s.State(); !st.Success["crawl"].Equal(fifth) || len(st.Failed) != 0 {
		t.Errorf("after a run that did its work: %+v", st)
	}
	if err := os.WriteFile(filepath.Join(s.Archive, stateFile), []byte(`{"told":`), 0o644); err != nil {
		t.Fatal(err)
	}
	if st := s.State(); st.Told != 0 || st.Portals == nil || st.Success == nil || st.Failed == nil {
		t.Errorf("of a damaged file: %+v", st)
	}
}

// TestProblemsTold: each kind of problem has its list, a list has its bound, and what is left out is counted.
func TestProblemsTold(t *testing.T) {
	kinds := []string{crawler.ProblemSuspicious, crawler.ProblemFew, crawler.ProblemBlocked, crawler.ProblemGone, crawler.ProblemSkipped, crawler.ProblemBound, crawler.ProblemFailed}
	living := crawler.PortalSummary{ID: "a", Counts: crawler.Counts{New: 1}, Trouble: len(kinds) + 2}
	for _, kind := range kinds {
		living.Problems = append(living.Problems, crawler.Problem{Kind: kind, Portal: "a", URL: kind})
	}
	trouble := func(id string, fresh, trouble int, problems ...crawler.Problem) crawler.PortalSummary {
		return crawler.PortalSummary{ID: id, Counts: crawler.Counts{New: fresh, Requests: 7}, Trouble: trouble, Problems: problems}
	}
	sum := crawler.Summary{Portals: []crawler.PortalSummary{living, trouble("b", 0, 1, crawler.Problem{Kind: crawler.ProblemBlocked, URL: "u", Detail: "robots.txt"}),
		trouble("c", 0, 1, crawler.Problem{Kind: crawler.ProblemBound}), trouble("d", 0, 0), trouble("e", 0, 3)}}
	var portals []seeds.Portal
	for _, p := range sum.Portals {
		portals = append(portals, seeds.Portal{ID: p.ID, Agency: "of " + p.ID})
	}
	since := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var n Report
	n.TellProblems(portals, sum, map[string]time.Time{"b": since})
	got := func(list []crawler.Problem) (all string) {
		for _, p := range list {
			all += p.Kind + " "
		}
		return all
	}
	for list, want := range map[*[]crawler.Problem]string{&n.Suspicious: crawler.ProblemSuspicious + " ", &n.Few: crawler.ProblemFew + " ", &n.Blocked: crawler.ProblemBlocked + " ", &n.Gone: crawler.ProblemGone + " ",
		&n.Skipped: crawler.ProblemSkipped + " " + crawler.ProblemBound + " " + crawler.ProblemBound + " ", &n.Failing: crawler.ProblemFailed + " "} {
		if got(*list) != want {
			t.Errorf("got %q, want %q", got(*list), want)
		}
	}
	want := []DeadPortal{{"b", "of b", "u", "robots.txt", since}, {"e", "of e", "", "7 requests, no page had", time.Time{}}}
	if !slices.Equal(n.Dead, want) || n.Portals != 5 || n.More["problems of a"] != 2 {
		t.Errorf("dead %+v, %d portals, more %v", n.Dead, n.Portals, n.More)
	}
	var list []int
	for i := range mostListed + 3 {
		add(&n, "few", &list, i)
	}
	if len(list) != mostListed || n.More["few"] != 3 {
		t.Errorf("%d listed, %d left out", len(list), n.More["few"])
	}
}

// TestMissing: what a span lacks is told of the portals that were asked for.
func TestMissing(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, year := range []int{2021, 2023} {
		c := store.Capture{URL: fmt.Sprintf("http://a.gov.cn/%d", year), Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Kind: store.KindReport, Portal: "a", State: store.StateOK, Status: 200}
		rec := store.Record{Version: extract.Version, Report: &extract.Report{Title: "年度报告", Year: year, Agency: extract.Agency{Key: "330803-财政局", Name: "财政局"}}}
		if err := s.AddCapture(&c, fmt.Append(nil, year), &rec); err != nil {
			t.Fatal(err)
		}
	}
	for asked, want := range map[string]MissingYears{"a": {Key: "330803-财政局", Name: "财政局", Years: []int{2020, 2022}}, "c": {Portal: "c", Name: "of c", Years: []int{2020, 2021, 2022, 2023}}} {
		list, err := Missing(s, []seeds.Portal{{ID: asked, Agency: "of " + asked}}, crawler.Years{First: 2020, Last: 2023})
		if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], want) {
			t.Errorf("of %s: %+v, %v; want %+v", asked, list, err, want)
		}
	}
}
