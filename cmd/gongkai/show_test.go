package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gongkai/store"
	"gongkai/store/history"
)

// squeezed is a text with each run of white space as one blank.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// TestShowInTime: the life of a report as a portal and its crawler lead it: what it was at a time, what happened to it,
// and what was changed.
func TestShowInTime(t *testing.T) {
	t.Parallel()
	p := newLivingPortal(t)
	const attached = `<p>附件：<a href="/files/1.docx">附件1.docx</a></p></BODY>`
	first := anjuReport(t, "</BODY>", attached)
	now := func() string { // of a moment that no capture shares
		time.Sleep(2 * time.Millisecond)
		defer time.Sleep(2 * time.Millisecond)
		return time.Now().UTC().Format(time.RFC3339Nano)
	}
	p.put("/files/1.docx", html("attachment one"))
	p.list("/none.html", "关于其他事项的通知") // the listing is there, and the report is not
	p.crawl()
	p.publish("/art/2023.html", first)
	p.crawl()
	p.crawl()
	one := now()
	p.publish("/art/2023.html", anjuReport(t, "</BODY>", "<!-- visitor 2 -->"+attached))
	p.crawl()
	p.publish("/art/2023.html", anjuReport(t, "</BODY>", attached, "14285", "14286", "2024-01-30 10:05", "2023-12-30 10:05", "每日巡网审核制度", "每周巡网审核制度"))
	p.put("/files/1.docx", html("attachment two"))
	p.crawl()
	three := now()
	p.put("/art/2023.html", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, "<script>$_ts</script>")
	})
	p.crawl()
	p.put("/art/2023.html", html("<html><head><title>提示</title></head><body>您访问的页面不存在或已被删除</body></html>"))
	p.crawl() // after a challenge the site is left alone for a while
	p.crawl()
	p.put("/art/2023.html", nil)
	p.crawl()
	p.crawl()
	gone := now()
	p.publish("/art/2023.html", first)
	p.put("/files/1.docx", html("attachment one"))
	p.crawl()
	p.put("/art/2023.html", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/new/2023.html", http.StatusMovedPermanently)
	})
	p.list("/art/2023.html", "")
	p.publish("/new/2023.html", first)
	p.crawl()
	p.run("extract", "-all") // makes no revision
	old := p.url + "/art/2023.html"

	var life history.Report
	if err := json.Unmarshal([]byte(p.run("show", "510904/2023", "-history", "-json")), &life); err != nil {
		t.Fatal(err)
	}
	if len(life.Pages) != 2 || len(life.Moves) != 1 || life.Moves[0].URL != old || life.Moves[0].To != p.url+"/new/2023.html" {
		t.Errorf("%d pages, moves %+v", len(life.Pages), life.Moves)
	}
	var changes, events []string
	for _, v := range life.Pages[0].Revisions {
		changes = append(changes, fmt.Sprint(v.Change, " x", v.Visits))
		if v.SHA256 == "" || v.Text == "" || v.Fields == "" || v.Attachments == "" {
			t.Errorf("revision %d lacks a digest: %+v", v.Number, v)
		}
	}
	for _, v := range life.Events() {
		events = append(events, fmt.Sprint(v.Kind, " x", v.Answers))
	}
	if got, want := strings.Join(changes, ", "), "first x2, cosmetic x1, figures x1, figures x1"; got != want {
		t.Errorf("revisions: %s, want %s", got, want)
	}
	if got, want := strings.Join(events, ", "), "back-dating x1, back-dating x1, blocked x1, withdrawal x3, reappearance x1, re-dating x1, redirect x1, move x1"; got != want {
		t.Errorf("events: %s, want %s", got, want)
	}

	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"-history"}, []string{"page 1: " + old, "revision 4 is as revision 1 was, byte for byte", "1 withdrawal HTTP 404 Not Found; 3 answers until", "; not confirmed yet",
			"move to " + p.url + "/new/2023.html; its address leads there", "the listing " + p.url + "/list.html did not have it"}},
		{[]string{"-at", one}, []string{"revision 1 of 4 of " + old, "after it revision 2", "only bytes differ"}},
		{[]string{"-at", three}, []string{"revision 3 of 4 of " + old, "before it revision 2", "14286", "每周巡网"}},
		{[]string{"-at", gone}, []string{"revision 3 of 4", "then withdrawal since"}},
		{[]string{"-diff"}, []string{"the same bytes", "at " + old}}, // at two addresses
	} {
		got := squeezed(p.run(append([]string{"show", "510904/2023"}, tt.args...)...))
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("show %v does not say %q:\n%.1500s", tt.args, want, got)
			}
		}
	}
	for _, between := range [][]string{{"1", "3"}, {one, three}, {"1", three}} {
		got := squeezed(p.run(append([]string{"show", old, "-diff"}, between...)...))
		for _, want := range []string{"- revision 1,", "+ revision 3,", `published: "2024-01-30" -> "2023-12-30"`, "figures: 1 of 200 differ", "t2.art20_5 licensing decisions 行政许可 / 本年处理决定数量 14285 14286",
			"每[-日-]{+周+}巡网审核制度", "attachment 1 附件1.docx has other bytes"} {
			if !strings.Contains(got, want) {
				t.Errorf("diff %v does not say %q:\n%s", between, want, got)
			}
		}
	}
	var d history.RevisionDiff
	if err := json.Unmarshal([]byte(p.run("show", old, "-diff", "3", "2", "-json")), &d); err != nil || d.Level != store.ChangeFigures || len(d.Figures) != 1 || d.Figures[0].After != "14285" ||
		len(d.Attachments) != 1 || len(d.Sections) == 0 {
		t.Errorf("diff as JSON: %v %+v", err, d)
	}
	if raw := p.run("show", "510904/2023", "-at", one, "-raw"); raw != first {
		t.Error("the page comes out otherwise than it was served")
	}
	var shown struct {
		Capture uint64
		At      history.HeldAt
	}
	if err := json.Unmarshal([]byte(p.run("show", "510904/2023", "-at", three, "-json")), &shown); err != nil || shown.At.Revision.Number != 3 || shown.Capture != shown.At.Revision.Capture || shown.At.Before.Number != 2 {
		t.Errorf("at a time, as JSON: %v %+v", err, shown)
	}

	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-at", "2023-05-01"}, exitFailed, "nothing of 510904/2023 was held at 2023-05-01T15:59:59Z; the first is of"},
		{[]string{"-at", "2023"}, exitUsage, "-at is a day"},
		{[]string{"-diff", "9"}, exitUsage, "no revision 9"},
		{[]string{"-diff", "c99999"}, exitUsage, "capture 99999"},
		{[]string{"-diff", "soon"}, exitUsage, `not "soon"`},
		{[]string{"-diff", "2023-05-01"}, exitFailed, "nothing was held"},
		{[]string{"-diff", "1", "2", "3"}, exitUsage, "two revisions at most"},
		{[]string{"1"}, exitUsage, "one KEY"},
		{[]string{"-diff", "-history"}, exitUsage, "exclude each other"},
		{[]string{"-raw", "-diff"}, exitUsage, "exclude each other"},
	} {
		_, stderr, code := gongkai(t, append([]string{"show", "510904/2023", "-config", p.config}, tt.args...)...)
		if code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("show %v: exit code %d, %s", tt.args, code, stderr)
		}
	}
	if got := p.run("show", p.url+"/list.html", "-history"); !strings.Contains(got, "asked for as listing") {
		t.Errorf("of a listing: %s", got)
	}
	if _, stderr, code := gongkai(t, "show", p.url+"/never.html", "-history", "-config", p.config); code != exitFailed || !strings.Contains(stderr, "never asked for") {
		t.Errorf("of an unknown page: %d, %s", code, stderr)
	}
}
