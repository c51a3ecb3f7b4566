// Package view writes for people what the packages below the program know: reports, their revisions, coverage, runs. It
// looks nothing up, and decides nothing.
//
//	report.go          a report: its sections, figures and doubts
//	form.go            figures as the statutory form lays them out
//	history.go         what became of a report
//	diff.go            what two revisions differ in
//	coverage.go        coverage as tables and CSV
//	coverage_html.go   coverage as a page with maps
//	run.go             what a run came to
//	words.go           times, counts
package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Clock prints a time, in UTC.
func Clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// MostShown is how many characters are shown of a text that somebody else has written.
const MostShown = 300

// Counts prints words with their counts, most frequent first.
func Counts(counts map[string]int) []string {
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, word := range words {
		words[i] = fmt.Sprint(counts[word], " ", word)
	}
	return words
}

// Status prints the status of an answer; "" when there was none.
func Status(code int) string {
	if code == 0 {
		return ""
	}
	return fmt.Sprint("HTTP ", code)
}

func shorten(digest string) string { return digest[:min(len(digest), 12)] }
