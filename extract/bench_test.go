package extract_test

import (
	"bytes"
	"testing"

	"golang.org/x/net/html"

	"gongkai/extract"
)

// BenchmarkParseOnly is the yardstick: what html.Parse alone costs on the same page.
func BenchmarkParseOnly(b *testing.B) {
	p := reportPage(b, "qujiang")
	b.SetBytes(int64(len(p.body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := html.Parse(bytes.NewReader(p.body)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadReport is the whole extraction of the same page: decode, parse, read, check.
func BenchmarkReadReport(b *testing.B) {
	p := reportPage(b, "qujiang")
	b.SetBytes(int64(len(p.body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := extract.ReadReport(p.parse(b), hints["qujiang"]); err != nil {
			b.Fatal(err)
		}
	}
}
