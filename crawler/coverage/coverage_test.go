package coverage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/seeds"
	"gongkai/store"
	"gongkai/store/storetest"
)

// TestGaps: each gap has the reason that the archive and the catalogue know.
func TestGaps(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found, err := seeds.ReadDiscoveries(dir)
	if err != nil {
		t.Fatal(err)
	}
	county := func(id, name, code, confidence string, start ...string) seeds.Portal {
		return seeds.Portal{ID: id, Agency: name, Division: code, Level: "county", Start: start, Confidence: confidence, Evidence: "its list"}
	}
	listed := func(host string) string { return "http://" + host + ".gov.cn/nb/" }
	portals := []seeds.Portal{
		county("a", "杭州市上城区人民政府", "330102", seeds.Unknown),
		county("b", "杭州市拱墅区人民政府", "330105", seeds.HomeOnly, "http://b.gov.cn/"),
		county("c", "杭州市西湖区人民政府", "330106", seeds.HomeOnly, "http://c.gov.cn/"),
		county("d", "杭州市滨江区人民政府", "330108", seeds.HomeOnly, "http://d.gov.cn/"),
		county("e", "杭州市萧山区人民政府", "330109", seeds.Seen, listed("e")),
		county("f", "杭州市余杭区人民政府", "330110", seeds.Seen, listed("f")),
		county("g", "杭州市富阳区人民政府", "330111", seeds.Seen, listed("g")),
		county("h", "杭州市临安区人民政府", "330112", seeds.Seen, listed("h")),
		county("i", "桐庐县人民政府办公室", "330122", seeds.Seen, listed("i")),
	}
	below := county("j", "淳安县人民政府", "330127", seeds.Verified, listed("j")) // of which only the list of its bureaus was found
	below.Given = []string{"http://j.gov.cn/"}
	portals = append(portals, below)
	for _, d := range []seeds.Discovery{{Portal: "j", Outcome: seeds.Found, Instead: below.Given, Listings: []seeds.Listing{{URL: listed("j"), Units: true}}}, {Portal: "c", Outcome: seeds.NotFound, Reason: "12 requests led to no listing"}, {Portal: "d", Outcome: seeds.Blocked, Reason: "robots.txt: Disallow: /"}} {
		if err := found.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	capture := func(portal, kind, url, title, state, detail, body string) uint64 {
		c := store.Capture{URL: url, Time: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), Kind: kind, Portal: portal, State: state, Title: title, Error: detail}
		if err := s.AddCapture(&c, []byte(body), nil); err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	capture("f", store.KindListing, listed("f"), "", store.StateBlocked, "challenge:ruishu (status 412)", "")
	capture("g", store.KindListing, listed("g"), "", store.StateGone, "status 404", "")
	capture("h", store.KindListing, listed("h"), "", store.StateOK, "", "<html>list</html>")
	capture("h", store.KindReport, "http://h.gov.cn/2021", "杭州市临安区人民政府2021年政府信息公开工作年度报告", store.StateFailed, "status 500", "")
	capture("h", store.KindReport, "http://h.gov.cn/2022", "2022年政府信息公开工作年度报告", store.StateOK, "", "<html>x</html>")
	capture("j", store.KindListing, listed("j"), "", store.StateOK, "", "<html>list</html>")
	capture("i", store.KindListing, listed("i"), "", store.StateOK, "", "<html>list</html>")
	storetest.AddReport(t, s, "http://i.gov.cn/1", "330122-人民政府办公室", "桐庐县人民政府办公室", 2021, extract.QualityUnread)

	now := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	all, err := Expectations(t.Context(), s, Query{Portals: portals, Found: found, Span: Span{2021, 2023}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Of(s, all, "", Span{2021, 2023}, now)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range m.Cells() {
		got = append(got, strings.TrimSpace(r.Key[:6]+" "+strings.TrimPrefix(r.Key[7:], "人民政府")+" "+r.State+" "+r.Reason))
	}
	want := `330102  missing no address known: its list
330102  missing no address known: its list
330102  missing no address known: its list
330105  missing not discovered: not looked for yet
330105  missing not discovered: not looked for yet
330105  missing not discovered: not looked for yet
330106  missing not discovered: 12 requests led to no listing
330106  missing not discovered: 12 requests led to no listing
330106  missing not discovered: 12 requests led to no listing
330108  missing blocked: robots.txt: Disallow: /
330108  missing blocked: robots.txt: Disallow: /
330108  missing blocked: robots.txt: Disallow: /
330109  missing not crawled
330109  missing not crawled
330109  missing not crawled
330110  missing blocked: challenge:ruishu (status 412)
330110  missing blocked: challenge:ruishu (status 412)
330110  missing blocked: challenge:ruishu (status 412)
330111  missing moved: status 404
330111  missing moved: status 404
330111  missing moved: status 404
330112  missing failed: status 500
330112  missing no report: its page has not been read yet
330112  missing not published: not in the listing as of 2024-05-01
330122 办公室 held no tables
330122 办公室 missing not published: not in the listing as of 2024-05-01
330122 办公室 missing not published: not in the listing as of 2024-05-01
330127  missing not discovered: only a listing of the bodies below it is known
330127  missing not discovered: only a listing of the bodies below it is known
330127  missing not discovered: only a listing of the bodies below it is known`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	counts := m.Count(ByProvince)
	if len(counts) != 1 || counts[0].What != "浙江省" || counts[0].Expected != 30 || counts[0].Held != 1 || counts[0].Unread != 1 || counts[0].Reasons[Blocked] != 6 || counts[0].Years[2021] != (Tally{10, 1}) {
		t.Errorf("got %+v", counts)
	}
	last := ""
	for _, x := range all {
		if string(x.Agency) < last {
			t.Fatalf("%s follows %s", x.Agency, last)
		}
		last = string(x.Agency)
		if (strings.HasPrefix(x.Why, Failed) || strings.HasPrefix(x.Why, NoReport)) != x.Exists {
			t.Errorf("%+v", x)
		}
	}
}

// TestExpected: what the catalogue expects makes lines of its own, and reasons for gaps.
func TestExpected(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	storetest.AddReport(t, s, "http://a.gov.cn/1", "330803-财政局", "财政局", 2020, extract.QualityClean)
	m, err := Of(s, []Expectation{{Agency: "330803-财政局", Division: "330803", Year: 2019}, {Agency: "330803-财政局", Division: "330803", Year: 2020},
		{Agency: "330803-财政局", Division: "330803", Year: 2021, Not: "merged"}, {Agency: "330804-审计局", Name: "审计局", Division: "330804", Year: 2020}}, "", Span{}, time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, c := range m.Cells() {
		got += c.State + c.Reason + " "
	}
	if want := "missing held not_expectedmerged not_expectednothing is known of it for this year missing not_expectednothing is known of it for this year "; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestHoldings: what is held of an agency goes by the best reading of each year and the name of the newest; what is
// rejected, or without a key or a year, does not count.
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
	held, err := Holdings(s)
	if err != nil || len(held) != 1 {
		t.Fatal(held, err)
	}
	if h := held[0]; h.Key != "330803-财政局" || h.Name != "新名" || len(h.Portals) != 2 || h.Years[2023] != extract.QualityDoubtful || h.Years[2021] != extract.QualityClean || h.Forms[2021] != extract.QualityClean {
		t.Errorf("%+v", h)
	}
}
