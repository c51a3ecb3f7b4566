package extract_test

import (
	"bytes"
	"testing"
	"time"

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

// BenchmarkReadingOverParsing is the cost target as one number from one run: whole reading over html.Parse alone, turn
// by turn so that a noisy machine hits both. The target is 1.5.
func BenchmarkReadingOverParsing(b *testing.B) {
	p := reportPage(b, "qujiang")
	var parsing, reading time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := html.Parse(bytes.NewReader(p.body)); err != nil {
			b.Fatal(err)
		}
		parsed := time.Now()
		if _, err := extract.ReadReport(p.parse(b), hints["qujiang"]); err != nil {
			b.Fatal(err)
		}
		parsing += parsed.Sub(start)
		reading += time.Since(parsed)
	}
	b.ReportMetric(float64(reading)/float64(parsing), "x/parse")
}
