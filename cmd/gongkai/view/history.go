package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"gongkai/cmd/gongkai/term"
	"gongkai/store"
	"gongkai/store/history"
)

// Held says before a report which of its revisions it is; nothing of one as it is now.
func Held(w io.Writer, h *history.HeldAt) {
	if h == nil {
		return
	}
	fmt.Fprintf(w, "at %s: revision %d of %d of %s\n", Clock(h.Time), h.Revision.Number, h.Of, h.URL)
	fmt.Fprintf(w, "  captured   %s (capture %d), there until %s at least\n", Clock(h.Revision.Time), h.Revision.Capture, Clock(h.Revision.Seen))
	if v := h.Before; v != nil {
		fmt.Fprintf(w, "  before it  revision %d, captured %s\n", v.Number, Clock(v.Time))
	}
	if v := h.After; v != nil {
		fmt.Fprintf(w, "  after it   revision %d, captured %s: %s\n", v.Number, Clock(v.Time), changeWord(v.Change))
	}
	for _, e := range h.Since {
		fmt.Fprintf(w, "  then       %s since %s: %s\n", e.Kind, Clock(e.Time), eventWord(e))
	}
	fmt.Fprintln(w)
}

// changeWord says what a change is.
func changeWord(change string) string {
	switch change {
	case store.ChangeFirst:
		return "the first"
	case store.ChangeCosmetic:
		return "only bytes differ"
	case store.ChangeText:
		return "the text differs"
	case store.ChangeFigures:
		return "figures, metadata or attachments differ"
	}
	return change
}

// eventWord says what an event is, without its kind.
func eventWord(e history.Event) string {
	var parts []string
	if e.To != "" && e.Kind == history.Move {
		parts = append(parts, "to "+e.To)
	}
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	if e.Answers > 1 {
		parts = append(parts, fmt.Sprintf("%d answers until %s", e.Answers, Clock(e.Last)))
	}
	if e.Kind == history.Withdrawal {
		parts = append(parts, map[bool]string{true: "confirmed", false: "not confirmed yet"}[e.Confirmed])
	}
	return strings.Join(parts, "; ")
}

// History writes the life of a report: of each page its revisions, then what happened besides.
func History(w io.Writer, r *history.Report) {
	if r.Key != "" {
		fmt.Fprintf(w, "%s %s\n", r.Key, r.Scope)
	}
	many := len(r.Pages) > 1
	number := map[string]int{}
	for i, p := range r.Pages {
		number[p.URL] = i + 1
		fmt.Fprintln(w)
		if many {
			fmt.Fprintf(w, "page %d: ", i+1)
		}
		fmt.Fprintln(w, p.URL)
		if p.Asked == 1 {
			fmt.Fprintf(w, "asked for once, %s\n", Clock(p.First))
		} else {
			fmt.Fprintf(w, "asked for %d times from %s to %s\n", p.Asked, Clock(p.First), Clock(p.Last))
		}
		revisions(w, r, p)
	}
	events := r.Events()
	if len(events) == 0 {
		fmt.Fprintln(w, "\nnothing else happened to it")
		return
	}
	fmt.Fprintln(w)
	head := []any{"since", "event", "what"}
	if many {
		head = slices.Insert(head, 1, any("page"))
	}
	t := term.NewTable(w, head...)
	for _, v := range events {
		row := table.Row{Clock(v.Time), v.Kind, eventWord(v)}
		if many {
			row = slices.Insert(row, 1, any(number[v.URL]))
		}
		t.AppendRow(row)
	}
	t.Render()
}

func revisions(w io.Writer, r *history.Report, p *history.Page) {
	if len(p.Revisions) == 0 {
		fmt.Fprintf(w, "no revision: it was asked for as %s, and nothing that was served there was read as a report\n", p.Kind)
		return
	}
	t := term.NewTable(w, "revision", "change", "captured", "there until", "visits", "capture", "dated", "sha256", "text", "fields", "attachments")
	var remarks []string
	for _, v := range p.Revisions {
		if v.SameAs != 0 {
			remarks = append(remarks, fmt.Sprintf("revision %d is as revision %d was, byte for byte", v.Number, v.SameAs))
		}
		if v.Suspicious != "" {
			remarks = append(remarks, fmt.Sprintf("revision %d is suspicious, and not believed yet: %s", v.Number, v.Suspicious))
		}
		if v.Key != r.Key && r.Key != "" {
			remarks = append(remarks, fmt.Sprintf("revision %d is another report: %s", v.Number, v.Key))
		}
		t.AppendRow(table.Row{v.Number, v.Change, Clock(v.Time), Clock(v.Seen), v.Visits, v.Capture, cmp.Or(v.Published, "-"),
			shorten(v.SHA256), shorten(v.Text), shorten(v.Fields), cmp.Or(shorten(v.Attachments), "-")})
	}
	t.Render()
	for _, remark := range remarks {
		fmt.Fprintln(w, remark)
	}
}
