package main

import (
	"fmt"
	"io"
	"time"
)

// A progress shows on a terminal how far long work has come. Elsewhere, and before it is started, it shows nothing.
type progress struct {
	w     io.Writer // nil: nobody looks
	what  string
	total uint64
	began time.Time
	shown time.Time
}

// start begins to show progress on w if that is a terminal.
func (p *progress) start(w io.Writer, what string, total uint64) {
	if t, ok := terminal(w); ok {
		*p = progress{w: t, what: what, total: total, began: time.Now()}
	}
}

func isTerminal(w io.Writer) bool {
	_, ok := terminal(w)
	return ok
}

// at shows that the work has come to done of the total, a few times a second at most.
func (p *progress) at(done uint64, note string) {
	if p.w == nil || time.Since(p.shown) < 200*time.Millisecond {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K%s: %d of %d, %s", p.what, done, p.total, plain(note))
	if took := time.Since(p.began); done > 0 && took > 5*time.Second && done < p.total {
		fmt.Fprintf(p.w, ", %v left", time.Duration(float64(took)/float64(done)*float64(p.total-done)).Round(time.Second))
	}
}

// clear takes the line away, before something else is printed.
func (p *progress) clear() {
	if p.w != nil && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = time.Time{}
	}
}
