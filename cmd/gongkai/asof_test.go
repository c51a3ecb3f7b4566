package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gongkai/extract"
	"gongkai/store"
	"gongkai/store/export"
)

// sameFiles compares two folders byte by byte.
func sameFiles(t *testing.T, what, was, is string) {
	t.Helper()
	before, err := os.ReadDir(was)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadDir(is)
	if err != nil || len(before) != len(after) || len(before) == 0 {
		t.Errorf("%s: %d files, were %d (%v)", what, len(after), len(before), err)
	}
	for _, f := range before {
		a, err := os.ReadFile(filepath.Join(was, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(is, f.Name()))
		if err == nil && bytes.Equal(a, b) {
			continue
		}
		at := 0
		for at < min(len(a), len(b)) && a[at] == b[at] {
			at++
		}
		t.Errorf("%s: %s differs at byte %d (%v):\n%.200q\nwas\n%.200q", what, f.Name(), at, err, b[min(at, len(b)):], a[min(at, len(a)):])
	}
}

// TestAsOf: a moment has one export, in every format, whatever the portal and the readers of pages have done since.
func TestAsOf(t *testing.T) {
	t.Parallel()
	p := newLivingPortal(t)
	attached := `<p>附件：<a href="/files/1.docx">附件1.docx</a></p></BODY>`
	p.publish("/2023.html", anjuReport(t, "</BODY>", attached)) // the attachment cannot be had yet
	p.publish("/2022.html", anjuReport(t, "2023年", "2022年", "14285", "13000"))
	p.publish("/2021.html", anjuReport(t, "2023年", "2021年"))
	p.publish("/2020.html", anjuReport(t, "2023年", "2020年"))
	p.put("/files/1.docx", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "soon", http.StatusServiceUnavailable) })
	p.crawl()

	formats := strings.Join(export.Formats(), ",")
	exported := func(name string, args ...string) string {
		dir := filepath.Join(p.dir, name)
		p.run(append([]string{"export", "-out", dir}, args...)...)
		return dir
	}
	var d struct {
		AsOf struct {
			Capture, Log uint64
		} `json:"as_of"`
	}
	now := exported("now", "-format", formats)
	text, err := os.ReadFile(filepath.Join(now, "datapackage.json"))
	if err != nil || json.Unmarshal(text, &d) != nil {
		t.Fatalf("%v: %s", err, text)
	}
	capture := fmt.Sprint(d.AsOf.Capture)
	exact := store.Moment{Capture: d.AsOf.Capture, Log: d.AsOf.Log}.String()
	clock := time.Now().UTC().Format(time.RFC3339Nano)
	warcs := exported("warc", "-format", "warc", "-year", "2022")
	sameFiles(t, "by its capture, at once", now, exported("at-once", "-format", formats, "-as-of", capture))

	// A better reader comes: it reads what is archived otherwise, moves a report to another agency, and gives one up.
	s, err := store.Open(filepath.Join(p.dir, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range s.Records() {
		if err != nil {
			t.Fatal(err)
		}
		again := store.Record{Capture: r.Capture, Version: r.Version + 1, Report: r.Report, Parts: r.Parts}
		switch n++; n {
		case 1:
			again.Report.Agency = extract.Agency{Key: "510900-财政局", Name: "遂宁市财政局", Division: "510900"}
		case 2:
			again.Report, again.Rejected = nil, "a better reader says that it is none"
		default:
			again.Report.Figures[0].Value = "999"
		}
		if err := s.PutRecord(&again); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// And the portal goes on: a revision, a withdrawal, a new report, a move; an attachment comes.
	p.publish("/2023.html", anjuReport(t, "14285", "14286", "</BODY>", attached))
	p.put("/files/1.docx", html("not a document"))
	p.list("/2022.html", "")
	p.put("/2022.html", nil)
	p.publish("/2019.html", anjuReport(t, "2023年", "2019年"))
	p.publish("/moved/2021.html", anjuReport(t, "2023年", "2021年"))
	p.list("/2021.html", "")
	p.put("/2021.html", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/moved/2021.html", http.StatusMovedPermanently)
	})
	p.crawl()
	p.crawl()

	sameFiles(t, "by what the export says of itself", now, exported("exact", "-format", formats, "-as-of", exact))
	sameFiles(t, "by the time", now, exported("time", "-format", formats, "-as-of", clock))
	sameFiles(t, "WARC", warcs, exported("warc-again", "-format", "warc", "-year", "2022", "-as-of", exact))

	// By the capture alone, the moment ends where the next capture begins, and what was read again before that is in
	// it.
	first := exported("capture", "-format", formats, "-as-of", capture)
	p.publish("/2018.html", anjuReport(t, "2023年", "2018年"))
	p.crawl()
	p.run("extract", "-all")
	sameFiles(t, "by its capture", first, exported("capture-again", "-format", formats, "-as-of", capture))
	sameFiles(t, "by what the export says of itself, at last", now, exported("exact-again", "-format", formats, "-as-of", exact))
	rows := readCSV(t, filepath.Join(first, "reports.csv"))
	latest := readCSV(t, filepath.Join(exported("latest"), "reports.csv"))
	if len(rows) != 3 || len(latest) != 6 {
		t.Errorf("%d reports then, %d now", len(rows), len(latest))
	}
}

// TestExportStops: told to end, an export ends at once, says so, and leaves the folder as it was.
func TestExportStops(t *testing.T) {
	t.Parallel()
	p := newLivingPortal(t)
	p.publish("/2023.html", anjuReport(t))
	p.crawl()
	for _, format := range []string{strings.Join(export.Formats(), ","), "warc", "wacz"} {
		dir, was := filepath.Join(p.dir, "out-"+format[:4]), filepath.Join(p.dir, "was-"+format[:4])
		for _, out := range []string{dir, was} {
			p.run("export", "-format", format, "-out", out)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var out, errs bytes.Buffer
		code := run(ctx, []string{"export", "-format", format, "-out", dir, "-config", p.config}, &out, &errs)
		if code != exitPartial || !strings.Contains(errs.String(), "stopped before the end") || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %s%s", format, code, out.String(), errs.String())
		}
		sameFiles(t, format, was, dir)
	}
}
