package view

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"gongkai/cmd/gongkai/term"
	"gongkai/crawler"
	"gongkai/crawler/runreport"
)

// PerSection is how many entries of a list the text shows.
const PerSection = 25

// Run writes the report of a run.
func Run(n *runreport.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gongkai %s: %s\n\n", n.Kind, n.Outcome)
	fmt.Fprintf(&b, "  from %s to %s, %v\n", Clock(n.Started), Clock(n.Ended), n.Ended.Sub(n.Started).Round(time.Second))
	fmt.Fprintf(&b, "  %d portals, %v\n", n.Portals, n.Counts)
	if n.DiskFree > 0 {
		fmt.Fprintf(&b, "  %s free on the disk of the archive\n", humanize.IBytes(uint64(n.DiskFree)))
	}
	for _, s := range n.Steps {
		fmt.Fprintf(&b, "  %s: %s\n", s.Name, strings.TrimSpace(s.Outcome+" "+s.Detail))
	}
	for _, note := range n.Notes {
		fmt.Fprintf(&b, "  note: %s\n", note)
	}
	section(&b, n, "new", "new reports", n.New, newsWord)
	section(&b, n, "revised", "revised reports", n.Revised, newsWord)
	section(&b, n, "withdrawn", "withdrawn reports: they were there, and are gone", n.Withdrawn, newsWord)
	section(&b, n, "dead", "portals that gave nothing", n.Dead, deadWord)
	section(&b, n, "suspicious", "suspicious: they have lost much", n.Suspicious, problemWord)
	section(&b, n, "few", "suspiciously few", n.Few, problemWord)
	section(&b, n, "blocked", "blocked", n.Blocked, problemWord)
	section(&b, n, "failing", "failing", n.Failing, problemWord)
	section(&b, n, "gone", "listed, and not there", n.Gone, problemWord)
	section(&b, n, "skipped", "not asked for", n.Skipped, problemWord)
	section(&b, n, "missing", "still missing in the years asked for", n.Missing, missingWord)
	return term.Plain(b.String()) // files of reports are read on terminals, too
}

func section[T any](b *strings.Builder, n *runreport.Report, name, title string, list []T, word func(T) string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s (%d):\n", title, len(list)+n.More[name])
	for _, entry := range list[:min(len(list), PerSection)] {
		fmt.Fprintf(b, "  %s\n", word(entry))
	}
	if more := len(list) + n.More[name] - PerSection; more > 0 {
		fmt.Fprintf(b, "  … and %d more, in the report's JSON\n", more)
	}
}

func newsWord(i runreport.NewsItem) string {
	text := fmt.Sprintf("%s  %s\n    %s", i.Key, i.Title, i.URL)
	if i.Change != "" {
		text += ", other " + i.Change
	}
	for _, f := range i.Figures {
		text += "\n    " + f
	}
	return text
}

func deadWord(d runreport.DeadPortal) string {
	since := "it never gave anything"
	if !d.Since.IsZero() {
		since = "last gave something " + Clock(d.Since)
	}
	return fmt.Sprintf("%s  %s\n    %s: %s (%s)", d.Portal, d.Agency, d.URL, d.Why, since)
}

func problemWord(p crawler.Problem) string {
	return fmt.Sprintf("%s  %s: %s", p.Portal, p.URL, p.Detail)
}

func missingWord(m runreport.MissingYears) string {
	return fmt.Sprintf("%s  %s: %s", cmp.Or(m.Key, m.Portal), m.Name, yearList(m.Years))
}

// yearList writes "2008-2011, 2014".
func yearList(years []int) string {
	var parts []string
	for i := 0; i < len(years); {
		k := i
		for k+1 < len(years) && years[k+1] == years[k]+1 {
			k++
		}
		parts = append(parts, crawler.Years{First: years[i], Last: years[k]}.String())
		i = k + 1
	}
	return strings.Join(parts, ", ")
}
