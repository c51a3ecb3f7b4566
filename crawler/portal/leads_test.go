package portal

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"gongkai/seeds"
)

// TestLeads: Leads finds the rows that Read finds.
func TestLeads(t *testing.T) {
	files, err := filepath.Glob("../../testdata/listings/*/*.http")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		page := &url.URL{Scheme: "http", Host: "www.example.gov.cn", Path: "/col/" + filepath.Base(name)}
		want, err := Read(body, res.Header.Get("Content-Type"), page, seeds.Portal{}, Request{})
		if err != nil {
			continue
		}
		got, err := Leads(body, res.Header.Get("Content-Type"), page, seeds.Portal{})
		if err != nil || fmt.Sprint(got.Rows) != fmt.Sprint(want.Rows) {
			t.Errorf("%s: rows %v, want %v, %v", name, got.Rows, want.Rows, err)
		}
		rows += len(got.Rows)
	}
	if rows < 100 {
		t.Errorf("only %d rows in %d pages", rows, len(files))
	}
}
