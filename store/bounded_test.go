package store

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestBounded: what a server says beside its page takes little room, however much it is; what is cut says so, and what tells
// of the page is not left out.
func TestBounded(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	long := strings.Repeat("长", 200_000)
	h := http.Header{"Content-Type": {"text/html"}, "X-Long": {long, "short"}, "Location": {"/" + long}, "X-Short": {"1", "2"}}
	for i := range 10_000 {
		h["A-"+strconv.Itoa(i)] = []string{"abcdefghijklmnopqrstuvwxyz"}
	}
	c := Capture{URL: "http://a.gov.cn/", Time: time.Now(), Kind: KindReport, State: StateFailed, Status: 302, Header: h, Error: long, Truncated: long, Mended: long}
	if err := s.AddCapture(&c, nil, nil); err != nil {
		t.Fatal(err)
	}
	got, _, err := s.Capture(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	size, values := 0, 0
	for name, all := range got.Header {
		for _, v := range all {
			size += len(name) + len(v)
			values++
		}
	}
	for _, text := range []string{got.Error, got.Truncated, got.Mended, got.Header.Get("Location")} {
		if len(text) > mostText || len(text) < mostText-200 || !strings.HasSuffix(text, " bytes)") || strings.Contains(text, "\ufffd") {
			t.Errorf("%d bytes, ends with %q", len(text), text[len(text)-60:])
		}
	}
	left, _ := strconv.Atoi(got.Header.Get(leftOut))
	if size > mostHeader+100 || left != 10_000+6-(values-1) || got.Header.Get("Content-Type") != "text/html" {
		t.Errorf("%d bytes in %d values, %d left out", size, values, left)
	}
	if len(h) != 10_004 || len(h["X-Long"][0]) != len(long) {
		t.Error("the caller's header was changed")
	}
	again := got
	if err := s.AddCapture(&again, nil, nil); err != nil || len(again.Header) != len(got.Header) || again.Error != got.Error {
		t.Errorf("archived again it is another: %v", err)
	}
	small := Capture{URL: "http://a.gov.cn/b", Time: time.Now(), Kind: KindReport, State: StateFailed, Status: 500, Error: "x", Header: http.Header{"X": {}, "Y": {"1"}}}
	if err := s.AddCapture(&small, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got, _, err := s.Capture(small.ID); err != nil || got.Error != "x" || len(got.Header) != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}
