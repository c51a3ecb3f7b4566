package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"gongkai/store"
	"gongkai/store/history"
)

// heldThen finds what was held of the pages that a key stands for at the time that a text names.
func heldThen(s *store.Store, key string, records []store.Record, text string) (*history.HeldAt, []store.Record, error) {
	at, ok := instant(text)
	if !ok {
		return nil, nil, usagef("-at is a day such as 2023-05-01, or an RFC 3339 time, not %q", text)
	}
	then, held, err := history.AsOf(s, records, at)
	switch {
	case err != nil || len(held) > 0:
		return then, held, err
	case then.First == nil:
		return nil, nil, fmt.Errorf("no revision of %s is held", key)
	}
	return nil, nil, fmt.Errorf("nothing of %s was held at %s; the first is of %s: gongkai show %s -at %[3]s", key, clockWord(at), clockWord(then.First.Time.Add(time.Second)), key)
}

// printThen says before a report which of its revisions it is; nothing of one as it is now.
func printThen(w io.Writer, h *history.HeldAt) {
	if h == nil {
		return
	}
	fmt.Fprintf(w, "at %s: revision %d of %d of %s\n", clockWord(h.Time), h.Revision.Number, h.Of, h.URL)
	fmt.Fprintf(w, "  captured   %s (capture %d), there until %s at least\n", clockWord(h.Revision.Time), h.Revision.Capture, clockWord(h.Revision.Seen))
	if v := h.Before; v != nil {
		fmt.Fprintf(w, "  before it  revision %d, captured %s\n", v.Number, clockWord(v.Time))
	}
	if v := h.After; v != nil {
		fmt.Fprintf(w, "  after it   revision %d, captured %s: %s\n", v.Number, clockWord(v.Time), changeWord(v.Change))
	}
	for _, e := range h.Since {
		fmt.Fprintf(w, "  then       %s since %s: %s\n", e.Kind, clockWord(e.Time), eventWord(e))
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
		parts = append(parts, fmt.Sprintf("%d answers until %s", e.Answers, clockWord(e.Last)))
	}
	if e.Kind == history.Withdrawal {
		parts = append(parts, map[bool]string{true: "confirmed", false: "not confirmed yet"}[e.Confirmed])
	}
	return strings.Join(parts, "; ")
}

// showHistory prints the life of the report that a record claims.
func (e *env) showHistory(s *store.Store, rec store.Record) error {
	r, err := history.OfRecord(s, rec)
	if err != nil {
		return err
	}
	return e.printHistory(r)
}

// showPage prints the life of an address that the archive has no report from.
func (e *env) showPage(s *store.Store, url string) error {
	p, err := history.OfPage(s, url)
	if err != nil {
		return err
	}
	if p.Asked == 0 {
		return fmt.Errorf("%s was never asked for", url)
	}
	return e.printHistory(&history.Report{Pages: []*history.Page{p}})
}

func (e *env) printHistory(r *history.Report) error {
	if e.asJSON {
		if r.Moves == nil {
			r.Moves = []history.Event{}
		}
		for _, p := range r.Pages {
			p.Revisions, p.Events = slices.Concat([]history.Revision{}, p.Revisions), slices.Concat([]history.Event{}, p.Events)
		}
		return e.printJSON(r)
	}
	if r.Key != "" {
		fmt.Fprintf(e.stdout, "%s %s\n", r.Key, r.Scope)
	}
	many := len(r.Pages) > 1
	number := map[string]int{}
	for i, p := range r.Pages {
		number[p.URL] = i + 1
		fmt.Fprintln(e.stdout)
		if many {
			fmt.Fprintf(e.stdout, "page %d: ", i+1)
		}
		fmt.Fprintln(e.stdout, p.URL)
		if p.Asked == 1 {
			fmt.Fprintf(e.stdout, "asked for once, %s\n", clockWord(p.First))
		} else {
			fmt.Fprintf(e.stdout, "asked for %d times from %s to %s\n", p.Asked, clockWord(p.First), clockWord(p.Last))
		}
		e.printRevisions(r, p)
	}
	events := r.Events()
	if len(events) == 0 {
		_, err := fmt.Fprintln(e.stdout, "\nnothing else happened to it")
		return err
	}
	fmt.Fprintln(e.stdout)
	head := []any{"since", "event", "what"}
	if many {
		head = slices.Insert(head, 1, any("page"))
	}
	t := e.newTable(head...)
	for _, v := range events {
		row := table.Row{clockWord(v.Time), v.Kind, eventWord(v)}
		if many {
			row = slices.Insert(row, 1, any(number[v.URL]))
		}
		t.AppendRow(row)
	}
	t.Render()
	return nil
}

func (e *env) printRevisions(r *history.Report, p *history.Page) {
	if len(p.Revisions) == 0 {
		fmt.Fprintf(e.stdout, "no revision: it was asked for as %s, and nothing that was served there was read as a report\n", p.Kind)
		return
	}
	t := e.newTable("revision", "change", "captured", "there until", "visits", "capture", "dated", "sha256", "text", "fields", "attachments")
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
		t.AppendRow(table.Row{v.Number, v.Change, clockWord(v.Time), clockWord(v.Seen), v.Visits, v.Capture, cmp.Or(v.Published, "-"),
			shorten(v.SHA256), shorten(v.Text), shorten(v.Fields), cmp.Or(shorten(v.Attachments), "-")})
	}
	t.Render()
	for _, remark := range remarks {
		fmt.Fprintln(e.stdout, remark)
	}
}
