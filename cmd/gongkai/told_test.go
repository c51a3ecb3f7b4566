package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gongkai/crawler"
	"gongkai/crawler/coverage"
	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
)

// TestToldOnce: a report goes on where the one before it ended, so that it tells what a run archived that was killed before
// its own report.
func TestToldOnce(t *testing.T) {
	t.Parallel()
	dir, _ := replicas(t)
	config, archive := filepath.Join(dir, "config.toml"), filepath.Join(dir, "a")
	told := func() (n nightReport) {
		t.Helper()
		mustRun(t, "crawl", "-config", config, "-archive", archive, "-log-level", "error", "-portal", "qujiang")
		if err := json.Unmarshal([]byte(mustRun(t, "report", "-json", "-config", config, "-archive", archive)), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := told()
	s, err := store.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	killed := store.Capture{URL: "http://a.gov.cn/1.html", Time: time.Now().UTC(), Kind: store.KindReport, Portal: "qujiang", State: store.StateOK, Status: 200}
	rec := store.Record{Version: extract.Version, Report: &extract.Report{Title: "年度报告", Year: 2022, Agency: extract.Agency{Key: "330803-财政局"}}}
	if err := errors.Join(s.AddCapture(&killed, []byte("x"), &rec), s.Close()); err != nil {
		t.Fatal(err)
	}
	second, third := told(), told()
	if first.To == 0 || second.After != first.To || third.After != second.To {
		t.Errorf("reports tell %d-%d, %d-%d, %d-%d", first.After, first.To, second.After, second.To, third.After, third.To)
	}
	if len(second.New) != 1 || second.New[0].URL != killed.URL || len(third.New) != 0 {
		t.Errorf("told as new: %+v, then %+v", second.New, third.New)
	}
}

// TestLearn: what a report has told, when each portal gave something, and when a run of each kind came to its end, or why it did
// not, is there for the next report.
func TestLearn(t *testing.T) {
	s := shelf{t.TempDir(), filepath.Join(t.TempDir(), "archive")}
	began := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	run := func(night int, kind string, code int, outcome string, portals ...crawler.PortalSummary) time.Time {
		t.Helper()
		st, started := s.state(), began.AddDate(0, 0, night)
		n := nightReport{Kind: kind, Started: started, Ended: started.Add(time.Hour), To: uint64(100 * night), ExitCode: code, Outcome: outcome}
		st.learn(&n, crawler.Summary{Portals: portals})
		if _, err := s.put(&n, st, 0); err != nil {
			t.Fatal(err)
		}
		return n.Ended
	}
	gave := func(id string, fresh, same int) crawler.PortalSummary {
		return crawler.PortalSummary{ID: id, Counts: crawler.Counts{New: fresh, Unchanged: same}}
	}
	first := run(1, "crawl", exitDone, "done", gave("a", 1, 0), gave("b", 0, 1), gave("c", 0, 0))
	if st := s.state(); st.Told != 100 || !maps.Equal(st.Portals, map[string]time.Time{"a": first, "b": first}) || !st.Success["crawl"].Equal(first) || len(st.Failed) != 0 {
		t.Errorf("after a run: %+v", st)
	}
	second := run(2, "crawl", exitPartial, "done, in part", gave("a", 0, 0), gave("b", 2, 0))
	third := run(3, "backfill 2008-2024", exitDone, "done")
	run(4, "crawl", exitFailed, "no portal has answered "+strings.Repeat("x", 2*mostRepeated))
	st := s.state()
	if st.Told != 400 || !st.Portals["a"].Equal(first) || !st.Portals["b"].Equal(second) || len(st.Reports) != 4 {
		t.Errorf("after four runs: %+v", st)
	}
	if !st.Success["crawl"].Equal(second) || !st.Success["backfill"].Equal(third) || !strings.HasPrefix(st.Failed["crawl"], "no portal has answered") || len(st.Failed["crawl"]) > 2*mostRepeated {
		t.Errorf("success %v, failed %v", st.Success, st.Failed)
	}
	fifth := run(5, "crawl", exitDone, "done")
	if st := s.state(); !st.Success["crawl"].Equal(fifth) || len(st.Failed) != 0 {
		t.Errorf("after a run that did its work: %+v", st)
	}
	write(t, filepath.Join(s.archive, stateFile), `{"told":`)
	if st := s.state(); st.Told != 0 || st.Portals == nil || st.Success == nil || st.Failed == nil {
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
	var n nightReport
	n.problems(portals, sum, map[string]time.Time{"b": since})
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
	want := []deadPortal{{"b", "of b", "u", "robots.txt", since}, {"e", "of e", "", "7 requests, no page had", time.Time{}}}
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
	var b strings.Builder
	section(&b, &n, "few", "suspiciously few", list, func(i int) string { return fmt.Sprint("#", i) })
	if text := b.String(); !strings.Contains(text, fmt.Sprintf("(%d):", mostListed+3)) || strings.Count(text, "#") != perSection ||
		!strings.Contains(text, fmt.Sprintf("and %d more", mostListed+3-perSection)) {
		t.Errorf("a section:\n%s", text)
	}
}

// TestHoldings: what is held of an agency goes by the best reading of each year and the name of the newest; what is rejected,
// or without a key or a year, does not count; and what a span lacks is told of the portals that were asked for.
func TestHoldings(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(i int, portal, key, name string, year int, quality, rejected string) {
		t.Helper()
		c := store.Capture{URL: fmt.Sprintf("http://%s.gov.cn/%d", portal, i), Time: time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC), Kind: store.KindReport, Portal: portal, State: store.StateOK, Status: 200}
		rec := store.Record{Version: extract.Version, Rejected: rejected}
		if rejected == "" {
			rec.Report = &extract.Report{Title: "年度报告", Year: year, Quality: quality, Form: quality, Agency: extract.Agency{Key: extract.AgencyKey(key), Name: name}}
		}
		if err := s.AddCapture(&c, fmt.Append(nil, i), &rec); err != nil {
			t.Fatal(err)
		}
	}
	put(1, "a", "330803-财政局", "新名", 2023, extract.QualityDoubtful, "")
	put(2, "b", "330803-财政局", "旧名", 2021, extract.QualityClean, "")
	put(3, "a", "330803-财政局", "旧名", 2021, extract.QualityNoted, "")
	put(4, "a", "", "无", 2021, extract.QualityClean, "")
	put(5, "a", "330803-教育局", "教育局", 0, extract.QualityClean, "")
	put(6, "c", "330804-财政局", "", 2021, "", "no report")
	held, err := coverage.Holdings(s)
	if err != nil || len(held) != 1 {
		t.Fatal(held, err)
	}
	if h := held[0]; h.Key != "330803-财政局" || h.Name != "新名" || len(h.Portals) != 2 || h.Years[2023] != extract.QualityDoubtful || h.Years[2021] != extract.QualityClean || h.Forms[2021] != extract.QualityClean {
		t.Errorf("%+v", h)
	}
	for asked, want := range map[string]string{"a": "330803-财政局  新名: 2020, 2022", "c": "c  of c: 2020-2023"} {
		list, err := missing(s, []seeds.Portal{{ID: asked, Agency: "of " + asked}}, crawler.Years{First: 2020, Last: 2023})
		if err != nil || len(list) != 1 || list[0].String() != want {
			t.Errorf("of %s: %v, %v; want %s", asked, list, err, want)
		}
	}
}
